#!/usr/bin/env bats
# p2-apply: what a run has replaced and removed is kept, and put back.
load p2

setup() {
	p2_setup
	# shellcheck disable=SC2034	# for apply, in p2.bash
	db=$store
	mkdir tree
	export T=$PWD/tree
}

# back [ARG ...]: p2-apply without a policy; paths are shown below the tree.
back() {
	run --separate-stderr p2-apply -d "$store" "$@"
	output=${output//$PWD\//}
	stderr=${stderr//$PWD\//}
}

# file NAME [OPTIONS]: apply that one resource.
file() {
	apply <<<"p2.file('$T/$1', {keep_orig: false, ${2-}});"
	[ "$status" -eq 0 ]
}

@test "undo: content, mode, owner, attributes, ACLs and times come back" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	echo old >tree/a
	chown 1:2 tree/a
	chmod 750 tree/a
	setfacl -m u:3:r tree/a
	setfattr -n user.mark -v yes tree/a
	touch -d '2001-02-03 04:05:06.789' tree/a
	look() {
		stat -c '%a %u:%g %y' tree/a
		getfacl -p tree/a
		getfattr -d tree/a
		cat tree/a
	}
	before=$(look)
	file a "content: 'new', mode: '0600', owner: 0, group: 0"
	[ "$(stat -c '%a %u:%g' tree/a)" = '600 0:0' ]
	setfattr -x user.mark tree/a
	back -u
	is 2 '' 'p2-apply: tree/a: has changed since'
	setfattr -n user.mark -v yes tree/a
	back -u
	is 0 'restored file tree/a: content, mode 0600 to 0750, owner 0:0 to 1:2, attributes'
	[ "$(look)" = "$before" ]
}

@test "undo: what was made goes, what was removed comes back" {
	mkdir -p tree/d/e
	echo deep >tree/d/e/f
	ln -s target tree/l
	mkfifo -m 620 tree/p
	apply <<-END
	p2.file('$T/new/dir/file', {content: 'x', parents: true})
	.file('$T/d', {ensure: 'absent', recurse: true})
	.file('$T/l', {ensure: 'link', target: 'other'})
	.file('$T/p', {content: 'no FIFO', force: true});
	END
	[ "$status" -eq 0 ]
	back -nu
	is 1 'would change file tree/new/dir/file: a file goes
would change file tree/new/dir: a directory goes
would change file tree/new: a directory goes
would change file tree/d: a directory comes back
would change file tree/d/e: a directory comes back
would change file tree/d/e/f: a file comes back
would change file tree/l: leads to target again
would change file tree/p: a special file comes back'
	back -u
	[ "$status" -eq 0 ]
	[ ! -e tree/new ]
	[ "$(cat tree/d/e/f)" = deep ]
	[ "$(readlink tree/l)" = target ]
	[ "$(stat -c '%F %a' tree/p)" = 'fifo 620' ]
	back -u			# that was a run, too
	[ "$status" -eq 0 ]
	[ -e tree/new/dir/file ]
	[ ! -e tree/d ]
}

@test "undo: the copy that keep_orig makes goes as well" {
	echo old >tree/a
	apply <<<"p2.file('$T/a', {content: 'new'});"
	[ "$(cat tree/a.orig_partout)" = old ]
	back -u
	is 0 'restored file tree/a.orig_partout: a file goes
restored file tree/a: content'
	[ "$(ls tree)" = a ]
}

@test "undo: what has changed since is refused, and the rest is put back" {
	echo a >tree/a
	echo b >tree/b
	apply <<-END
	p2.file('$T/a', {content: 'a2', keep_orig: false})
	.file('$T/b', {content: 'b2', keep_orig: false})
	.file('$T/c', {content: 'c2'});
	END
	echo mine >tree/b
	echo mine >tree/c
	back -u
	is 2 'restored file tree/a: content' 'p2-apply: tree/c: has changed since
p2-apply: tree/b: has changed since'
	[ "$(cat tree/b)" = mine ]
	[ -e tree/c ]
	back -u -a 1 -f
	is 0 'restored file tree/c: a file goes
restored file tree/b: content'
	[ "$(cat tree/a tree/b)" = $'a\nb' ]
	back -u				# and what was forced can be undone
	[ "$(cat tree/b)" = mine ]
}

@test "undo: a directory that somebody else uses stays" {
	file d "ensure: 'directory'"
	touch tree/d/theirs
	back -u
	is 2 '' 'p2-apply: tree/d: rmdir: Directory not empty'
	[ -e tree/d/theirs ]
}

@test "undo: nothing to be undone is a no" {
	apply <<<"p2.command('true');"
	back -u
	is 1 '' 'p2-apply: there is nothing to undo'
	back -b tree/a
	is 1 '' 'p2-apply: tree/a: no change of it is known'
	back -y tree/a
	is 1 ''
	run --separate-stderr p2-apply -d '' -u
	is 2 '' 'p2-apply: there is no store, so nothing is kept'
}

@test "restore: one path, as it was before its last change, or at a time" {
	echo 1 >tree/a
	file a "content: '2'"
	file a "content: '3'"
	file b "content: 'b'"
	echo by hand >tree/a
	back -b "$T/a"
	is 0 'restored file tree/a: content'
	[ "$(cat tree/a)" = 2 ]
	back -b "$T/a"			# what was there by hand
	[ "$(cat tree/a)" = 'by hand' ]
	back -b tree//./a --at 2001-01-01
	is 0 'restored file tree/a: content'
	[ "$(cat tree/a)" = 1 ]
	[ -e tree/b ]
	back -b tree/b
	is 0 'restored file tree/b: a file goes'
	[ ! -e tree/b ]
	back -b tree/a --at 1h
	is 0 ''
	back -b tree/a --at noon
	is 2 '' 'p2-apply: --at noon: neither a span like 24h or 7d, nor seconds since 1970, nor a date like 2026-01-31T10:00'
}

@test "history: what became of a path, the last first" {
	printf old >tree/a
	chmod 644 tree/a
	file a "content: 'newer'"
	file a "mode: '0600'"
	file a "ensure: 'absent'"
	file a "ensure: 'link', target: 'x'"
	back -u
	back -y tree/a
	own=$(stat -c %u:%g tree)
	run sed 's/^[-0-9]*T[:0-9]*Z/TIME/' <<<"$output"
	is 0 "TIME	restored	was link to x $own	site file:tree/a
TIME	created	was nothing	site file:tree/a
TIME	removed	was file 0600 $own 5 bytes	site file:tree/a
TIME	attributes	was file 0644 $own 5 bytes	site file:tree/a
TIME	replaced	was file 0644 $own 3 bytes	site file:tree/a"
	back -jy tree/a
	run jq -r '[.what, .was.kind, .was.sha256 // "", .is.mode // "", .policy, .path] | join(" ")' <<<"$output"
	[ "$output" = "restored link   site tree/a
created nothing   site tree/a
removed file $(printf newer | sha256sum | cut -c 1-64)  site tree/a
attributes file  0600 site tree/a
replaced file $(printf old | sha256sum | cut -c 1-64) 0644 site tree/a" ]
}

@test "history: a link on the way is no other path" {
	ln -s tree way
	apply <<<"p2.file('$PWD/way/a', {content: 'x'});"
	back -y way/a
	there=$output
	back -y tree/a
	[ "$output" = "$there" ]
	[[ $output == *created* ]]
}

@test "keep: nothing of what is sensitive" {
	echo 'old secret' >tree/a
	file a "content: 'new secret', sensitive: true"
	is 0 "changed file $T/a: Content Replaced."
	run ! grep -aq 'old secret' "$store/data.mdb"
	back -u
	is 2 '' 'p2-apply: tree/a: what was there is not kept: it is sensitive'
	back -y tree/a
	[[ $output == *', not kept: it is sensitive'* ]]
}

@test "keep: what is too large is said, and not kept" {
	head -c 3000000 /dev/urandom >tree/big
	apply -k file=2 <<<"p2.file('$T/big', {content: 'x', keep_orig: false});"
	is 0 "changed file $T/big: Content Replaced." \
	    'p2-apply: tree/big: what was there is not kept: it is larger than is kept'
	back -u
	is 2 '' 'p2-apply: tree/big: what was there is not kept: it is larger than is kept'
	[ "$(cat tree/big)" = x ]
}

@test "keep: large files in pieces, and once whatever their names" {
	head -c 5000000 /dev/urandom >tree/one
	cp tree/one tree/two
	sum=$(sha256sum <tree/one)
	apply <<-END
	p2.file('$T/one', {ensure: 'absent'}).file('$T/two', {ensure: 'absent'});
	END
	[ "$(stat -c %b "$store/data.mdb")" -lt $((8000000 / 512)) ]
	back -u
	[ "$status" -eq 0 ]
	[ "$(sha256sum <tree/one)" = "$sum" ]
	[ "$(sha256sum <tree/two)" = "$sum" ]
	run -0 partisci-query -d "$store" check
}

@test "keep: what is too old, or more than is to be kept, is dropped" {
	for _ in 1 2 3 4; do
		head -c 700000 /dev/urandom >tree/a
		apply -k size=2 <<<"p2.file('$T/a', {ensure: 'absent'});"
		[ "$status" -eq 0 ]
	done
	back -y tree/a
	[ "$(wc -l <<<"$output")" -eq 2 ]
	run -0 partisci-query -d "$store" check
	sleep 0.01
	apply -k age=0 <<<"p2.file('$T/b', {content: 'b'});"
	back -y tree/a
	is 1 ''
	back -y tree/b
	[ "$status" -eq 0 ]
	run -0 partisci-query -d "$store" check
}

@test "keep: limits that are none are refused" {
	for limits in 'size' 'size=x' 'file=-1' 'depth=3'; do
		run -2 --separate-stderr p2-apply -d '' -k "$limits" site.p2
		[[ $stderr == "p2-apply: -k $limits"*': '* ]]
	done
}

@test "keep: without a store nothing is kept, and it works all the same" {
	echo old >tree/a
	db='' file a "content: 'new'"
	is 0 "changed file $T/a: Content Replaced."
}

@test "keep: it is in the store before the change can be seen" {
	echo old >tree/a
	echo "p2.file('$T/a', {content: 'new', keep_orig: false});" >site.p2
	# Killed when it would rename: the file is as it was, what was is kept.
	run strace -f -o trace -e trace=renameat,renameat2,rename \
	    -e inject=renameat,renameat2,rename:signal=KILL:when=1 \
	    p2-apply -d "$store" site.p2
	[ "$status" -ne 0 ]
	[ "$(cat tree/a)" = old ]
	back -y tree/a
	[[ $output == *'replaced	was file '* ]]
	back -u				# it has never been made
	is 0 ''
	[ "$(cat tree/a)" = old ]
}

@test "undo: killed anywhere, a file is old or new, and the next one ends it" {
	for n in 1 2 3 4 5 6; do
		rm -rf tree/* "$store"
		echo old >tree/a
		mkdir tree/d
		echo x >tree/d/f
		file a "content: 'new'"
		apply <<<"p2.file('$T/d', {ensure: 'absent', recurse: true});"
		run strace -f -o trace \
		    -e trace=renameat,mkdirat,fsync,fdatasync,unlinkat \
		    -e "inject=renameat,mkdirat,fsync,fdatasync,unlinkat:signal=KILL:when=$n" \
		    p2-apply -d "$store" -u -a 1
		case $(cat tree/a) in old | new) ;; *) false ;; esac
		back -u -a 1
		[ "$status" -eq 0 ]
		[ "$(cat tree/a tree/d/f)" = $'old\nx' ]
	done
}

# waits PID: in ppoll(2).
waits() { [ "$(cut -d' ' -f1 "/proc/$1/syscall")" = 271 ]; }

holds() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

@test "undo: each repair of a watch is a run of its own" {
	echo "p2.file('$T/a', {content: 'good', keep_orig: false});" >site.p2
	start p2-apply -d "$store" -w site.p2 >out
	wait_until holds tree/a good
	for bad in one two; do
		wait_until waits "$pid"
		echo "$bad" >tree/a
		wait_until holds tree/a good
	done
	kill "$pid"
	wait "$pid" || :
	back -y "$T/a"
	[ "$(jq -r .run <(p2-apply -d "$store" -jy "$T/a") | sort -u | wc -l)" -ge 3 ]
	back -u
	is 0 'restored file tree/a: content'
	[ "$(cat tree/a)" = two ]
}

@test "undo: random policies over random trees leave no trace" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	mkdir random
	cd random
	run -0 "$BATS_TEST_DIRNAME/undo.py" 1 40
	[[ $output == *' changed' ]]
}
