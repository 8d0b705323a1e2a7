#!/usr/bin/env bats
# p2-apply: which policy it is that owns things, and owes word of them.
load p2

setup() {
	p2_setup
	T=$PWD
	mkdir one two
}

a="keep_orig: false, content"

# from DIR [ARG ...]: apply the site.p2 that is there.
from() {
	run --separate-stderr p2-apply -d "$store" "${@:2}" "$1/site.p2"
	output=${output//$T\//}
	stderr=${stderr//$T\//}
}

# owing TEXT: a policy whose file TEXT has changed, and nobody was told.
owing() {
	echo "p2.file('$T/$1', {$a: '$1', notify: 'command:h'}).command('$2')
	.command('h', {cmd: 'echo $1 >>$T/log', refreshonly: true});"
}

@test "identity: two of one name owe, and own, each for itself" {
	owing a false >one/site.p2
	owing b true >two/site.p2
	from one
	is 2 'changed file a: Created file.' 'p2-apply: one/site.p2:1: command false: exit status 1'
	from two
	is 0 'changed file b: Created file.
changed command true: runs each time
changed command h: runs each time'
	run -0 p2-apply -Oj -d "$store"
	[ "$(jq -r '"\(.policy) \(.file) \(.resource)"' <<<"$output")" = \
	    "site $T/one/site.p2 file:$T/a" ]
	owing a true >one/site.p2
	from one
	is 0 'changed command true: runs each time
changed command h: runs each time'
	[ "$(cat log)" = $'b\na' ]
	run -1 p2-apply -O -d "$store"
	echo 'p2.orphans("remove");' >one/site.p2
	from one
	[[ $output == *'orphan file a'*'changed file a: Deleted file.'* ]]
	[ -e b ]
}

@test "identity: what a link leads to now is the policy that it led to before" {
	echo "p2.file('$T/a', {$a: 'a'}).file('$T/b', {$a: 'b'});" >one/site.p2
	echo "p2.file('$T/a', {$a: 'a'});" >two/site.p2
	ln -s one current
	from current
	[ "$status" -eq 0 ]
	ln -sfn two current
	from current
	is 0 'orphan file b: the policy no longer has it'
	# The same where it is named from within.
	echo "p2.file('$T/a', {$a: 'a'}).file('$T/b', {$a: 'b'});" >two/site.p2
	(cd current && p2-apply -d "$store" site.p2)
	ln -sfn one current
	echo "p2.file('$T/b', {$a: 'b'});" >one/site.p2
	run -0 p2-apply -d "$store" "$T/./current//../current/site.p2"
	[ "$output" = "orphan file $T/a: the policy no longer has it" ]
}

@test "identity: by another path to the same file it is the same" {
	echo "p2.file('$T/a', {$a: 'a'}).file('$T/b', {$a: 'b'});" >one/site.p2
	from one
	ln -s one link
	from link -j
	[ "$(jq -r 'select(.title) | .outcome' <<<"$output")" = $'ok\nok' ]
	echo "p2.file('$T/a', {$a: 'a'}).orphans('remove');" >one/site.p2
	from link
	is 0 'orphan file b: the policy no longer has it
changed file b: Deleted file.'
	from one
	is 0 ''
}

@test "identity: a policy that has moved keeps what it owes, and owns" {
	b="s|^p2|p2.file('$T/b', {$a: 'b'})|"
	owing a true | sed "$b" >one/site.p2
	from one
	rm log
	echo tampered >a
	owing a false | sed "$b" >one/site.p2
	from one
	[ "$status" -eq 2 ]
	mv one three
	owing a true | sed "$b" >three/site.p2
	from three
	is 0 'changed command true: runs each time
changed command h: runs each time'
	[ "$(cat log)" = a ]
	run -1 p2-apply -O -d "$store"
	mv three four
	from four
	is 0 'changed command true: runs each time'
	owing a true | sed "s|^p2|p2.orphans('remove')|" >four/site.p2
	from four
	is 0 'changed command true: runs each time
orphan file b: the policy no longer has it
changed file b: Deleted file.'
}

@test "identity: another one of its name is not it, where little is the same" {
	owing a false >one/site.p2
	from one
	owing a true >one/site.p2
	from one
	owing b false >two/site.p2
	rm -r one
	from two
	owing b true >two/site.p2
	echo "p2.orphans('remove');" >>two/site.p2
	from two
	[ "$stderr" = '' ]
	[[ $output != *orphan* ]]
	[ -e a ]
}

@test "identity: what is owed by one that is gone is left to it, if another one has no such resource" {
	owing a false >one/site.p2
	from one
	rm -r one
	owing b true >two/site.p2
	from two
	is 0 'changed file b: Created file.
changed command true: runs each time
changed command h: runs each time'
	run -0 p2-apply -O -d "$store"
	[[ $output == *"file:$T/a"* ]]
}
