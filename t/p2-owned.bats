#!/usr/bin/env bats
# p2-apply: why something had to be changed, and what the policy has no longer.
load p2

setup() {
	p2_setup
	# shellcheck disable=SC2034	# for apply, in p2.bash
	db=$store
	T=$PWD
}

# told: of each object with a cause or that is an orphan, that; and the counts.
told() {
	run jq -r 'if .summary then "\(.changed) \(.drift) \(.orphans)"
	    else select(.cause or .result) | "\(.result // .outcome) \(.cause // "-") \(.title)"
	    end' <<<"$output"
	output=${output//$T\//}
	# shellcheck disable=SC2034	# is looks at it
	stderr=
}

a="keep_orig: false, content"

@test "cause: new, the policy, or drift; and a put-back is none of these" {
	apply -j <<<"p2.file('$T/a', {$a: '1'}).command('true');"
	told
	is 0 'changed new a
2 0 0'
	apply -j <<<"p2.file('$T/a', {$a: '2'});"
	told
	is 0 'changed policy a
1 0 0'
	echo tampered >a
	apply -nj <<<"p2.file('$T/a', {$a: '2'});"
	told
	is 0 'changed drift a
1 1 0'
	apply -j <<<"p2.file('$T/a', {$a: '2'});"
	told
	is 0 'changed drift a
1 1 0'
	p2-apply -d "$store" -u
	apply -nj <<<"p2.file('$T/a', {$a: '2'});"
	told
	is 0 'changed undone a
1 0 0'
	apply -j <<<"p2.file('$T/a', {$a: '2'});"
	told
	is 0 'changed undone a
1 0 0'
	chmod 600 a
	apply <<<"p2.file('$T/a', {$a: '3', mode: '0644'});"
	is 0 "changed file $T/a: Content Replaced. Changed mode from 0600 to 0644."
	chmod 600 a
	apply -v <<<"p2.file('$T/a', {$a: '3', mode: '0644'});"
	is 0 "changed file $T/a: Changed mode from 0600 to 0644. (drift)" \
	    'changed 1, ok 0, skipped 0, failed 0, drift 1'
}

@test "cause: the store has it, until the resource is as it should be" {
	apply <<<"p2.file('$T/a', {$a: '1'}).command('true');"
	echo tampered >a
	apply <<<"p2.file('$T/a', {$a: '1'}).command('true');"
	results
	is 0 'changed drift a
changed - true'
	apply <<<"p2.file('$T/a', {$a: '1'}).file('$T/b', {$a: '2'}).command('false');"
	results
	is 0 'ok - a
changed new b
failed - false
changed - true'
}

# results: what the store has of each.
results() {
	run partisci-query -d "$store" results
	run jq -r '"\(.outcome) \(.cause // "-") \(.title)"' <<<"$output"
	output=$(sort -k 3 <<<"${output//$T\//}")
	# shellcheck disable=SC2034	# is looks at it
	stderr=
}

@test "cause: a source that has changed is no drift" {
	echo 1 >source
	apply <<<"p2.file('$T/a', {source: '$T/source', keep_orig: false});"
	echo 2 >source
	apply -j <<<"p2.file('$T/a', {source: '$T/source', keep_orig: false});"
	told
	is 0 'changed policy a
1 0 0'
	echo 3 >a
	apply -j <<<"p2.file('$T/a', {source: '$T/source', keep_orig: false});"
	told
	is 0 'changed drift a
1 1 0'
}

@test "cause: what was right when it was first seen, and is not now, is drift" {
	printf 1 >a
	apply -j <<<"p2.file('$T/a', {$a: '1'});"
	told
	is 0 '0 0 0'
	rm a
	apply -j <<<"p2.file('$T/a', {$a: '1'});"
	told
	is 0 'changed drift a
1 1 0'
}

@test "orphans: what has left the policy is told once, and counted" {
	apply <<<"p2.file('$T/a', {$a: 'a'}).file('$T/b', {$a: 'b'});"
	apply -n <<<"p2.file('$T/a', {$a: 'a'});"
	is 0 "orphan file $T/b: the policy no longer has it"
	apply <<<"p2.file('$T/a', {$a: 'a'});"
	is 0 "orphan file $T/b: the policy no longer has it"
	before=$(sha256sum "$store/data.mdb")
	apply <<<"p2.file('$T/a', {$a: 'a'});"
	is 0 ''
	apply -j <<<"p2.file('$T/a', {$a: 'a'});"
	told
	is 0 '0 0 1'
	[ "$(sha256sum "$store/data.mdb")" = "$before" ]
	[ -e b ]
	apply -j <<<"p2.file('$T/a', {$a: 'a'}).file('$T/b', {$a: 'b'});"
	told
	is 0 '0 0 0'
	apply <<<"p2.file('$T/a', {$a: 'a'});"
	is 0 "orphan file $T/b: the policy no longer has it"
	rm b				# and then it is none any more
	apply -j <<<"p2.file('$T/a', {$a: 'a'});"
	told
	is 0 '0 0 1'
	apply -j <<<"p2.file('$T/a', {$a: 'a'});"
	told
	is 0 '0 0 0'
}

@test "orphans: they are removed if the policy says so, and whoever heard of them hears" {
	handlers="p2.command('h', {cmd: ':', refreshonly: true})
	.on('file:$T/a:changed', function () { console.log('a has changed'); });"
	apply <<<"$handlers p2.file('$T/a', {$a: 'a', notify: 'command:h'});"
	[ "$status" -eq 0 ]
	apply -n <<<"$handlers p2.orphans('remove');"
	is 1 "orphan file $T/a: the policy no longer has it
would change file $T/a: is there
a has changed
would change command h: runs each time"
	[ -e a ]
	apply <<<"$handlers p2.orphans('remove');"
	is 0 "orphan file $T/a: the policy no longer has it
changed file $T/a: Deleted file.
a has changed
changed command h: runs each time"
	[ ! -e a ]
	apply -j <<<"$handlers p2.orphans('remove');"
	told
	is 0 '0 0 0'
	p2-apply -d "$store" -u
	[ "$(cat a)" = a ]
}

@test "orphans: a tree goes, but not what is not as it was left, nor what was there" {
	mkdir source
	touch source/one source/two
	echo mine >b
	apply <<-END
	p2.file('$T/tree', {ensure: 'directory', source: '$T/source'})
	.file('$T/b', {$a: 'theirs'}).file('$T/c', {$a: 'c'})
	.file('$T/d', {line: 'a line'}).file('$T/l', {ensure: 'link', target: 'x'});
	END
	[ "$status" -eq 0 ]
	echo edited >c
	apply <<<"p2.orphans('remove');"
	is 0 "orphan file $T/b: the policy no longer has it, nor has it made it: it stays
orphan file $T/c: the policy no longer has it, but it has changed since: it stays
orphan file $T/d: the policy no longer has it, others may: it stays
orphan file $T/l: the policy no longer has it
orphan file $T/tree: the policy no longer has it
changed file $T/l: Deleted file.
changed file $T/tree/two: Deleted file.
changed file $T/tree/one: Deleted file.
changed file $T/tree: Deleted directory."
	[ "$(cat b c d)" = $'theirs\nedited\na line' ] ||
	    [ "$(cat b c d)" = $'theirsedited\na line' ]
}

@test "orphans: none by node(), a condition, a role passed over, a handler or a tag" {
	policy="p2.role('r', {onlyif: process.env.ROLE !== 'no', p2: function (t) {
	  p2.file('$T/in_' + t, {$a: 'r'});
	}});
	p2.node(process.env.HERE !== 'no').file('$T/node', {$a: 'n'}).r('one');
	p2.node(true).r('two')
	.file('$T/cond', {$a: 'c', onlyif: process.env.COND !== 'no'})
	.file('$T/x', {$a: 'x', tag: 't', on: {'file:$T/x:changed': function () {
	  p2.file('$T/handled', {$a: 'h'});
	}}}).lambda('l', function () {
	  if (process.env.LAMBDA !== 'no') p2.file('$T/lambda', {$a: 'l'});
	});"
	apply <<<"$policy"
	[ "$status" -eq 0 ]
	[ -e handled ]
	HERE=no ROLE=no COND=no LAMBDA=no apply -j <<<"$policy"
	told
	is 0 '0 0 0'
	apply -j -t t <<<"$policy"
	told
	is 0 '0 0 0'
	# But a role that is used, and has it no longer, or is used no longer:
	apply <<<"p2.role('r', {p2: function () {}}); p2.node(true).r('two');"
	[[ $output == *"orphan file $T/in_one"* ]]
	[[ $output == *"orphan file $T/in_two"* ]]
	[[ $output == *"orphan file $T/cond"* ]]
	[[ $output != *handled* ]]
	[[ $output != *lambda* ]]
}

@test "orphans: none of a run that failed, or of another policy" {
	apply <<<"p2.file('$T/a', {$a: 'a'});"
	apply <<<"p2.orphans('remove').command('false');"
	is 2 '' 'p2-apply: site.p2:1: command false: exit status 1'
	[ -e a ]
	echo "p2.file('$T/other', {$a: 'o'});" >other.p2
	run -0 p2-apply -d "$store" other.p2
	echo "p2.file('$T/a', {$a: 'a'});" >other.p2
	run -0 p2-apply -d "$store" other.p2
	[ "$output" = "orphan file $T/other: the policy no longer has it" ]
	apply -j <<<"p2.orphans('remove');"	# the other one has it now
	told
	is 0 '0 0 0'
	[ -e a ]
}

@test "orphans: commands, and what was to be absent, are none" {
	apply <<<"p2.command('true').file('$T/a', {ensure: 'absent'});"
	apply -j <<<"p2.command(':');"
	told
	is 0 '1 0 0'
}

@test "orphans: only report and remove" {
	apply <<<"p2.orphans('delete');"
	is 2 '' "p2-apply: site.p2:1: orphans: neither 'report' nor 'remove'"
}
