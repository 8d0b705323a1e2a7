#!/usr/bin/env bats
# Files replaced in one step or not at all.
# A name in $f, a directory of its own, and what is there afterwards.
load helper

setup() {
	common_setup
	d=$BATS_TEST_TMPDIR/d
	f=$d/file
	mkdir "$d"
	mounts=()
}

teardown() {
	local m

	for m in "${mounts[@]}"; do
		umount "$m"
	done
	chattr -R -i "$BATS_TEST_TMPDIR" 2>/dev/null || :
	common_teardown
}

need_root() { [ "$(id -u)" = 0 ] || skip 'needs root'; }
names() { (cd "$d" && find . -mindepth 1 | sort | tr '\n' ' '); }
attrs() { stat -c '%a %u %g' "$1"; }

@test "replace: a new file, and an old one with the same mode" {
	run -0 replace "$f" <<<one
	[ "$output" = "" ]
	[ "$(cat "$f")" = one ]
	chmod 4751 "$f"
	run -0 replace "$f" <<<two
	[ "$(cat "$f")" = two ]
	[ "$(stat -c %a "$f")" = 4751 ]
	[ "$(names)" = './file ' ]
}

@test "replace: a new file gets what the umask leaves" {
	(umask 027 && run -0 replace "$f" <<<one)
	[ "$(stat -c %a "$f")" = 640 ]
	rm "$f"
	run -0 replace -m 1600 "$f" <<<one
	[ "$(stat -c %a "$f")" = 1600 ]
}

@test "replace: owner, extended attributes, ACL and capabilities stay" {
	need_root
	echo one >"$f"
	chown 1234:4321 "$f"
	setfattr -n user.note -v hello "$f" || skip 'no extended attributes'
	setfacl -m u:77:rw,g:88:r "$f" || skip 'no ACLs'
	setcap cap_net_raw+ep "$f"
	before=$(getfacl -np "$f"; getfattr -d -m - "$f"; getcap "$f"; attrs "$f")
	run -0 replace "$f" <<<two
	[ "$(cat "$f")" = two ]
	[ "$(getfacl -np "$f"; getfattr -d -m - "$f"; getcap "$f"; attrs "$f")" \
	    = "$before" ]
}

@test "replace: capabilities stay on a file that is written in place" {
	need_root
	echo one >"$f"
	setcap cap_net_raw+ep "$f"
	chmod 4755 "$f"
	before=$(getcap "$f"; attrs "$f")
	run -0 replace -i "$f" <<<two
	[ "$output" = non-atomic ]
	[ "$(getcap "$f"; attrs "$f")" = "$before" ]
}

@test "replace: a directory's default ACL is for new files only" {
	need_root
	echo one >"$f"
	chmod 600 "$f"
	setfacl -d -m u:77:rw "$d" || skip 'no ACLs'
	before=$(getfacl -np "$f")
	run -0 replace "$f" <<<two
	[ "$(getfacl -np "$f")" = "$before" ]
	run -0 replace "$d/new" <<<two
	getfacl -np "$d/new" | grep -q 'user:77:rw'
}

@test "replace: the inode changes, unless it is to stay" {
	echo one >"$f"
	ln "$f" "$d/other"
	run -0 replace -i "$f" <<<'a longer line'
	[ "$output" = non-atomic ]
	[ "$(cat "$d/other")" = 'a longer line' ]
	run -0 replace -i "$f" <<<s
	[ "$(cat "$d/other")" = s ]
	run -0 replace "$f" <<<three
	[ "$(cat "$d/other")" = s ]
}

@test "replace: a file that is mounted on is written in place" {
	need_root
	echo one >"$f"
	echo two >"$d/source"
	mount --bind "$d/source" "$f" || skip 'no bind mounts'
	mounts+=("$f")
	run -0 replace "$f" <<<three
	[ "$output" = non-atomic ]
	[ "$(cat "$d/source")" = three ]
	[ "$(names)" = './file ./source ' ]
}

@test "replace: what chattr protects is left, or its flags come back" {
	need_root
	echo one >"$f"
	chattr +i "$f" || skip 'no chattr here'
	run -1 replace "$f" <<<two
	[ "$output" = "$f: renameat: Operation not permitted" ]
	[ "$(cat "$f")" = one ]
	run -0 replace -o "$f" <<<two
	[ "$(cat "$f")" = two ]
	lsattr "$f" | grep -q '^....i'
	run -0 replace -i -o "$f" <<<three
	[ "$(cat "$f")" = three ]
	lsattr "$f" | grep -q '^....i'
	[ "$(names)" = './file ' ]
}

@test "replace: flags come back when the replacement fails" {
	need_root
	echo one >"$f"
	chattr +i "$f" || skip 'no chattr here'
	run -1 strace -qqo /dev/null -e inject=renameat:error=EIO \
	    replace -o "$f" <<<two
	lsattr "$f" | grep -q '^....i'
	[ "$(cat "$f")" = one ]
}

@test "replace: a full disk leaves the old file and nothing beside it" {
	need_root
	mount -t tmpfs -o size=64k none "$d" || skip 'no tmpfs'
	mounts+=("$d")
	echo one >"$f"
	run -1 replace "$f" < <(head -c 100000 /dev/zero)
	[ "$output" = "$f: write: No space left on device" ]
	[ "$(cat "$f")" = one ]
	[ "$(names)" = './file ' ]
	run -1 replace -i "$f" < <(head -c 100000 /dev/zero)
	[ "$output" = "$f: fallocate: No space left on device" ]
	[ "$(cat "$f")" = one ]
	run -0 replace "$f" <<<two
}

@test "replace: what a killed run has left is removed by the next one" {
	echo one >"$f"
	run -137 strace -qqo /dev/null -e inject=fsync:signal=KILL \
	    replace "$f" <<<two
	[ "$(cat "$f")" = one ]
	compgen -G "$d/.p2-*.new"
	touch "$d/.p2-0123456789abcdef.new" "$d/.p2-not-ours.new"
	ln -s nowhere "$d/.p2-0123456789abcde0.new"
	run -0 replace "$f" <<<three
	[ "$(names)" = './.p2-not-ours.new ./file ' ]
}

@test "replace: what a living run is writing is not removed" {
	mkfifo "$d/fifo"
	# shellcheck disable=SC2016	# for the other shell to expand
	start bash -c 'exec replace "$1" <"$2"' - "$f" "$d/fifo"
	exec 8<>"$d/fifo"
	wait_until compgen -G "$d/.p2-*.new"
	run -0 replace "$d/other" <<<x
	echo one >&8
	exec 8>&-
	wait "$pid"
	[ "$(cat "$f")" = one ]
	[ "$(names)" = './fifo ./file ./other ' ]
}

# inject CALL HOW: let the first such call fail when a file is replaced; only
# of openat others happen before.  Sets $out and $rc; false if there was none.
inject() {
	local only=()

	[ "$1" != openat ] || only=(-P "$d" -P "$f")
	rc=0
	echo one >"$f"
	chmod 751 "$f"
	setfattr -n user.a -v b "$f" 2>/dev/null || :
	[ "$(id -u)" != 0 ] || chown 12 "$f"
	out=$(strace -qqo "$BATS_TEST_TMPDIR/trace" "${only[@]}" \
	    -e "trace=$1" -e "inject=$1:$2" replace "$f" <<<two) || rc=$?
	grep -q INJECTED "$BATS_TEST_TMPDIR/trace"
}

@test "replace: each call may fail once, and the old file stays" {
	local call error

	for call in openat write fchmod fchown fsync renameat fsetxattr; do
		for error in ENOSPC EIO EDQUOT EROFS; do
			inject $call error=$error:when=1 || continue
			[ "$rc" = 1 ]
			[[ $out == "$f: "* ]]
			[ "$(cat "$f")" = one ]
			[ "$(stat -c %a "$f")" = 751 ]
			[ "$(names)" = './file ' ]
		done
	done
	inject fsync error=EIO:when=2
	[ "$out" = "$f: fsync its directory: Input/output error" ]
}

@test "replace: an interrupted call is made again" {
	local call

	for call in openat openat2 write fchmod fchown fsync renameat; do
		inject $call error=EINTR:when=1 || continue
		[ "$rc$out" = 0 ]
		[ "$(cat "$f")" = two ]
		[ "$(names)" = './file ' ]
	done
}

@test "replace: links are taken by name, or followed if asked" {
	echo one >"$d/target"
	ln -s target "$f"
	run -0 replace -f "$f" <<<two
	[ "$(readlink "$f")" = target ]
	[ "$(cat "$d/target")" = two ]
	run -0 replace "$f" <<<three
	[ ! -L "$f" ]
	[ "$(cat "$d/target")" = two ]
	ln -sf "$d/missing" "$f"
	run -0 replace -f "$f" <<<four
	[ "$(cat "$d/missing")" = four ]
	ln -sf gone/missing "$f"
	run -1 replace -f "$f" <<<five
	[ "$output" = "$d/gone: openat: No such file or directory" ]
	ln -sf loop "$d/loop"
	run -1 replace -f "$d/loop" <<<six
	[ "$output" = "$d/loop: openat: Too many levels of symbolic links" ]
}

@test "replace: links on the way are followed, with and without openat2" {
	mkdir "$d/real"
	ln -s real "$d/link"
	ln -s "$d/link/../link/." "$d/again"
	run -0 replace "$d/again/x" <<<one
	[ "$(cat "$d/real/x")" = one ]
	run -0 strace -qqo /dev/null -e inject=openat2:error=ENOSYS \
	    replace -f "$d/again/x" <<<two
	[ "$(cat "$d/real/x")" = two ]
	run -1 replace "$d/again/no/x" <<<two
	[ "$output" = "$d/real/../real/no: openat: No such file or directory" ]
	run -0 replace -p "$d/again/no/so/x" <<<three
	[ "$(cat "$d/real/no/so/x")" = three ]
	run -1 replace "$d/real/x/y" <<<four
	[ "$output" = "$d/real/x: openat: Not a directory" ]
	run -1 replace "$d/.." <<<five
	[ "$output" = "$d/..: not the path of a file" ]
}

@test "replace: another user's link leads nowhere" {
	need_root
	mkdir "$d/bin" "$d/home"
	ln -s "$d/bin" "$d/home/way"
	echo one >"$d/bin/tool"
	ln -s ../bin/tool "$d/home/tool"
	chown -h 1234 "$d/home/way" "$d/home/tool"
	run -1 replace "$d/home/way/tool" <<<two
	[[ $output == *"leads through a link of user 1234"* ]]
	run -1 replace -f "$d/home/tool" <<<two
	[[ $output == "$d/home/tool: leads through a link of user 1234"* ]]
	[ "$(cat "$d/bin/tool")" = one ]
	chown 1234 "$d/bin/tool"
	run -0 replace -f "$d/home/tool" <<<two
	[ "$(cat "$d/bin/tool")" = two ]
}

@test "replace: a link takes the place of a file or a link" {
	echo one >"$f"
	run -0 replace -l some/where "$f"
	[ "$(readlink "$f")" = some/where ]
	run -0 replace -l else/where "$f"
	[ "$(readlink "$f")" = else/where ]
	[ "$(names)" = './file ' ]
	mkdir "$d/dir"
	run -1 replace -l x "$d/dir"
	[ "$output" = "$d/dir: renameat: Is a directory" ] ||
	    [ "$output" = "$d/dir: renameat: File exists" ]
	[ "$(names)" = './dir ./file ' ]
}
