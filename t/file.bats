#!/usr/bin/env bats
# The file resource: what it makes of a path, and what awkward hosts do to it.
# $f is the path of most tests, alone in its directory $d.
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
mode() { stat -c %a "$1"; }

# file ARG ...: a resource with the title $f.
file() { resource file "$f" "$@"; }

# settled ARG ...: the same again is ok, and no writing call is made.
settled() {
	local trace=$BATS_TEST_TMPDIR/trace

	run -0 strace -qqo "$trace" -e trace=openat,openat2,mkdirat,unlinkat,renameat,renameat2,linkat,symlinkat,fchmod,fchmodat,fchown,fchownat,fsync,fsetxattr,utimensat \
	    resource file "$f" "$@"
	[ "$output" = ok ]
	run -1 grep -Ev 'O_RDONLY|O_PATH' "$trace"
}

# changes ARG ...: a dry run says it and leaves all as it is; then it is done,
# for the same reasons, and a second time there is nothing to do.
changes() {
	local before after said

	before=$(find "$d" -printf '%p %y %m %u %g %s %T@ %l\n' | sort)
	run -0 resource -n file "$f" "$@"
	said=${lines[0]}
	[[ $said == changed:* ]]
	after=$(find "$d" -printf '%p %y %m %u %g %s %T@ %l\n' | sort)
	[ "$before" = "$after" ]
	run -0 file "$@"
	[ "${lines[0]}" = "$said" ]
	settled "$@"
}

# fails REASON ARG ...: so does a dry run, and nothing changes.
fails() {
	local reason=$1 before after

	shift
	before=$(find "$d" -printf '%p %y %m %u %g %s %T@ %l\n' | sort)
	run -1 resource -n file "$f" "$@"
	[ "$output" = "failed: $reason" ]
	run -1 file "$@"
	[ "$output" = "failed: $reason" ]
	after=$(find "$d" -printf '%p %y %m %u %g %s %T@ %l\n' | sort)
	[ "$before" = "$after" ]
}

@test "file: present makes an empty file, and leaves one that is there" {
	umask 022
	changes
	[ ! -s "$f" ]
	[ "$(mode "$f")" = 644 ]
	echo text >"$f"
	settled ensure=file
	[ "$(cat "$f")" = text ]
}

@test "file: content is replaced, and the original kept once" {
	echo one >"$f"
	chmod 640 "$f"
	changes content=two
	[ "$(cat "$f")" = two ]
	[ "$(mode "$f")" = 640 ]
	[ "$(cat "$f.orig_partout")" = one ]
	[ "$(mode "$f.orig_partout")" = 640 ]
	changes content=three
	[ "$(cat "$f.orig_partout")" = one ]
	changes content=
	[ ! -s "$f" ]
	rm "$f.orig_partout"
	changes content=four
	[ ! -e "$f.orig_partout" ]
	changes content=five keep_orig=false
	[ "$(names)" = './file ' ]
}

@test "file: what was done is told" {
	run -0 file content=one mode=600
	[ "$output" = 'changed: is missing
Created file.' ]
	run -0 file content=two mode=0644
	[ "$output" = 'changed: content differs; mode 0600 should be 0644
Content Replaced.
Changed mode from 0600 to 0644.' ]
	run -0 file ensure=absent
	[ "$output" = 'changed: is there
Deleted file.' ]
	run -0 file ensure=directory
	[ "$output" = 'changed: is missing
Created directory.' ]
	run -0 file ensure=absent
	[ "$output" = 'changed: is there
Deleted directory.' ]
	run -0 file ensure=link target=/nowhere
	[ "$output" = 'changed: is missing
Created link.' ]
}

@test "file: a diff shows what would change, but not what is sensitive" {
	printf 'one\ntwo\n' >"$f"
	run -0 resource -dn file "$f" content=$'one\n2\n'
	[ "$output" = "changed: content differs
--- $f
+++ $f
@@ -1,2 +1,2 @@
 one
-two
+2" ]
	run -0 resource -dns file "$f" content=$'one\n2\n'
	[ "$output" = 'changed: content differs' ]
	run -0 resource -dn file "$d/new" content=$'one\n'
	[ "$output" = "changed: is missing
--- /dev/null
+++ $d/new
@@ -0,0 +1 @@
+one" ]
}

@test "file: details are those of the end, in a dry run as well" {
	sum=$(printf one | sha256sum | cut -d' ' -f1)
	is="{\"path\":\"$f\",\"kind\":\"file\",\"mode\":\"0640\",\"owner\":$(id -u),\"group\":$(id -g),\"sha256\":\"$sum\"}"
	for opt in -jn -j -jn; do
		run -0 resource $opt file "$f" content=one mode=640
		[ "${lines[1]}" = "$is" ]
	done
	run -0 resource -js file "$f" content=one mode=640
	[ "${lines[1]}" = "${is%,*}}" ]
	run -0 resource -jn file "$f" ensure=absent
	[ "${lines[1]}" = "{\"path\":\"$f\",\"kind\":\"none\"}" ]
}

@test "file: a source is copied byte for byte" {
	head -c 200000 /dev/urandom >"$BATS_TEST_TMPDIR/source"
	changes source="$BATS_TEST_TMPDIR/source"
	cmp "$f" "$BATS_TEST_TMPDIR/source"
	printf x | dd of="$f" bs=1 seek=150000 conv=notrunc status=none
	[ "$(dd if="$f" bs=1 skip=150000 count=1 status=none)" = x ]
	if ! cmp -s "$f" "$BATS_TEST_TMPDIR/source"; then
		changes source="$BATS_TEST_TMPDIR/source"
	fi
	cmp "$f" "$BATS_TEST_TMPDIR/source"
	fails "$d/none: open: No such file or directory" source="$d/none"
}

@test "file: modes in digits leave set-id bits, and others are refused" {
	echo one >"$f"
	chmod 4755 "$f"
	changes mode=0700
	[ "$(mode "$f")" = 4700 ]
	changes mode=750
	[ "$(mode "$f")" = 4750 ]
	changes mode=2755
	[ "$(mode "$f")" = 2755 ]
	changes mode=g-s
	[ "$(mode "$f")" = 755 ]
	changes mode=u=rw,go=r
	[ "$(mode "$f")" = 644 ]
	for bad in 99 8888 07555 rwx u+q '' 0x1ff; do
		fails "mode: '$bad' is neither three or four octal digits nor like u=rw,go=r" \
		    mode="$bad"
	done
	chmod 751 "$f"
	fails "mode: 'u=g,g=o' never settles: made again it is another mode" \
	    mode=u=g,g=o
}

@test "file: owner and group by name or number" {
	need_root
	echo one >"$f"
	changes owner=1234 group=4321
	[ "$(stat -c %u:%g "$f")" = 1234:4321 ]
	changes owner=root group=root
	[ "$(stat -c %u:%g "$f")" = 0:0 ]
	for kind in owner:user group:group; do
		run -1 file "${kind%:*}=no-such-name"
		[ "$output" = "failed: ${kind%:*}: no ${kind#*:} is called no-such-name" ]
		# It may come to be before a run is there.
		run -0 resource -n file "$f" "${kind%:*}=no-such-name"
		[ "$output" = "changed: ${kind%:*} no-such-name does not exist yet" ]
	done
	[ "$(stat -c %u:%g "$f")" = 0:0 ]
	changes ensure=link target=x force=true owner=1234
	[ "$(stat -c %u "$f")" = 1234 ]
}

@test "file: absent removes files, links and empty directories" {
	settled ensure=absent
	echo one >"$f"
	changes ensure=absent
	ln -s "$d/target" "$f"
	touch "$d/target"
	changes ensure=absent
	[ -e "$d/target" ]
	mkdir "$f"
	changes ensure=absent
	mkdir -p "$f/a/b"
	touch "$f/a/b/c"
	fails "$f: is not empty (recurse: true would remove it)" ensure=absent
	changes ensure=absent recurse=true
	[ "$(names)" = './target ' ]
}

@test "file: a directory is made, one level of it" {
	changes ensure=directory mode=1770
	[ "$(mode "$f")" = 1770 ]
	rmdir "$f"
	echo one >"$f"
	fails "$f: is a file, not a directory (force: true would replace it)" \
	    ensure=directory
	changes ensure=directory force=true
	f=$d/a/b
	fails "$f: its directory $d/a is missing (parents: true would make it)" \
	    ensure=directory
	changes ensure=directory parents=true
}

@test "file: a link is made, and one that leads elsewhere replaced" {
	fails 'target: is missing; a link needs one' ensure=link
	changes ensure=link target=some/where
	[ "$(readlink "$f")" = some/where ]
	changes ensure=link target=/else/where
	[ "$(readlink "$f")" = /else/where ]
	rm "$f"
	echo one >"$f"
	fails "$f: is a file, not a symbolic link (force: true would replace it)" \
	    ensure=link target=x
	changes ensure=link target=x force=true
	[ "$(readlink "$f")" = x ]
}

@test "file: options that contradict each other are refused" {
	fails 'content and source exclude each other' content=x source=y
	fails 'line, block and remove exclude content and source' \
	    content=x line=y
	fails "ensure: 'here' is none of its values" ensure=here
	fails "target: is for ensure: 'link'" target=x
	fails 'content, line, block and remove are for files' \
	    ensure=directory content=x
}

@test "file: replace false leaves content, and corrects the mode" {
	changes content=one replace=false mode=600
	[ "$(cat "$f")" = one ]
	echo two >"$f"
	settled content=one replace=false mode=600
	changes content=one replace=false mode=640
	[ "$(cat "$f")" = two ]
}

# --- reference/awkward-hosts.md, row by row ---

@test "file: awkward: a full disk keeps the old file and leaves no other" {
	need_root
	mount -t tmpfs -o size=64k none "$d" || skip 'no tmpfs'
	mounts+=("$d")
	echo one >"$f"
	run -1 file content="$(head -c 100000 /dev/zero | tr '\0' x)"
	[ "$output" = "failed: $f: write: No space left on device" ]
	[ "$(cat "$f")" = one ]
	[ "$(names)" = './file ' ]
}

@test "file: awkward: a FIFO is the wrong type, and never blocks" {
	mkfifo "$f"
	run -1 timeout 5 resource file "$f" content=one
	[ "$output" = "failed: $f: is a FIFO, not a file (force: true would replace it)" ]
	run -1 timeout 5 resource file "$f" mode=600
	[ -p "$f" ]
	changes content=one force=true
	[ "$(cat "$f")" = one ]
}

@test "file: awkward: so is a device, which is not opened" {
	need_root
	mknod "$f" c 1 3 || skip 'no devices here'
	run -1 strace -qqo "$BATS_TEST_TMPDIR/trace" -P "$f" \
	    resource file "$f" content=one
	[ "$output" = "failed: $f: is a device, not a file (force: true would replace it)" ]
	run -1 grep -E 'open.*O_(RDONLY|RDWR|WRONLY)' "$BATS_TEST_TMPDIR/trace"
}

@test "file: awkward: a directory is left, or goes by force" {
	mkdir -p "$f/sub"
	touch "$f/sub/x" "$f/y"
	fails "$f: is a directory, not a file (force: true would replace it)" \
	    content=one
	run -0 resource -n file "$f" content=one force=true
	[ "$output" = "changed: is a directory, not a file; $f/sub: is to go; $f/sub/x: is to go; $f/y: is to go; is missing" ]
	changes content=one force=true
	[ "$(cat "$f")" = one ]
}

@test "file: awkward: content goes through a link, and the link stays" {
	echo one >"$d/target"
	ln -s target "$f"
	changes content=two keep_orig=false
	[ "$(readlink "$f")" = target ]
	[ "$(cat "$d/target")" = two ]
	changes content=three keep_orig=false follow=false
	[ ! -L "$f" ]
	[ "$(cat "$d/target")" = two ]
}

@test "file: awkward: but not through another user's link" {
	need_root
	echo one >"$d/target"
	ln -s target "$f"
	chown -h 1234 "$f"
	fails "$f: leads through a link of user 1234, who is neither root nor the owner of what it leads to" \
	    content=two
	chown 1234 "$d/target"
	changes content=two keep_orig=false
	[ "$(cat "$d/target")" = two ]
}

@test "file: awkward: a dangling link's target is made, where it can be" {
	ln -s target "$f"
	changes content=one
	[ "$(readlink "$f")" = target ]
	[ "$(cat "$d/target")" = one ]
	ln -sf gone/target "$f"
	fails "$f: is a link into a directory that is missing" content=one
	changes content=one follow=false
	[ ! -L "$f" ]
}

@test "file: awkward: a huge file of another size is not read" {
	truncate -s 2G "$f"
	run -0 strace -qqo "$BATS_TEST_TMPDIR/trace" -P "$f" \
	    resource -dn file "$f" content=one
	[ "$output" = "changed: content differs
Files $f and $f differ" ]
	run -1 grep read "$BATS_TEST_TMPDIR/trace"
	changes content=one
}

@test "file: awkward: attributes, ACL and capabilities are kept" {
	need_root
	echo one >"$f"
	chown 1234:4321 "$f"
	setfattr -n user.note -v hello "$f" || skip 'no extended attributes'
	setfacl -m u:77:rw,g:88:r "$f" || skip 'no ACLs'
	setcap cap_net_raw+ep "$f"
	before=$(getfacl -np "$f"; getfattr -d -m - "$f"; getcap "$f")
	changes content=two
	[ "$(getfacl -np "$f"; getfattr -d -m - "$f"; getcap "$f")" = "$before" ]
}

@test "file: awkward: a hard link is broken and that is said, or kept" {
	echo one >"$f"
	ln "$f" "$d/other"
	run -0 file content=two
	[ "$output" = 'changed: content differs; 1 other names of it keep the old content
Content Replaced.' ]
	[ "$(cat "$d/other")" = one ]
	rm "$d/other"
	ln "$f" "$d/other"
	changes content=three hardlinks=keep
	[ "$(cat "$d/other")" = three ]
}

@test "file: awkward: an immutable file is a failure, unless overridden" {
	need_root
	echo one >"$f"
	chattr +i "$f" || skip 'no chattr here'
	reason="$f: is immutable or append-only (chattr); immutable: 'override' works around that"
	fails "$reason" content=two
	fails "$reason" mode=600
	fails "$reason" ensure=absent
	changes content=two immutable=override
	lsattr "$f" | grep -q '^....i'
	changes mode=600 immutable=override
	lsattr "$f" | grep -q '^....i'
	changes ensure=absent immutable=override
}

@test "file: awkward: a file that is mounted is written in place" {
	need_root
	echo one >"$f"
	echo two >"$d/source"
	mount --bind "$d/source" "$f" || skip 'no bind mounts'
	mounts+=("$f")
	run -0 file content=three
	[ "$output" = 'changed: content differs; will be written in place, not atomically
Content Replaced.' ]
	[ "$(cat "$d/source")" = three ]
	settled content=three
	fails "$f: is a mount point" ensure=absent
}

@test "file: awkward: a missing directory is named, and made if asked" {
	f=$d/a/b/file
	fails "$f: its directory $d/a/b is missing (parents: true would make it)" \
	    content=one
	changes content=one parents=true
	[ "$(cat "$f")" = one ]
}

@test "file: that a directory cannot be written to is known beforehand" {
	need_root
	mount -t tmpfs -o size=64k none "$d" || skip 'no tmpfs'
	mounts+=("$d")
	echo one >"$f"
	mkdir "$d/dir"
	mount -o remount,ro "$d"
	reason="write to its directory: Read-only file system"
	fails "$f: $reason" content=two
	fails "$f: $reason" ensure=absent
	fails "$d/dir/x: $reason" path="$d/dir/x" content=two
	fails "$d/dir/x: $reason" path="$d/dir/x/y/z" content=two parents=true
	fails "$d/dir: $reason" path="$d/dir" ensure=absent
	settled content=$'one\n'
	mount -o remount,rw "$d"
	changes content=two
}

@test "file: nor is an immutable directory" {
	need_root
	echo one >"$f"
	chattr +i "$d" || skip 'no chattr here'
	fails "$f: write to its directory: Operation not permitted" content=two
	changes mode=600
	chattr -i "$d"
}

# --- and if it is killed, or a call fails, wherever that may be ---

# swept HOW ARG ...: run the resource with the n-th writing call injected, for
# every n that there is, each time from "old" and mode 644; check after each.
swept() {
	local how=$1 call n rc out only

	shift
	for call in openat write fchmod fsync linkat renameat; do
		only=()
		[ $call != openat ] || only=(-P "$d" -P "$f")
		for ((n = 1; n < 20; n++)); do
			rm -rf "${d:?}"/* "$d"/.p2-*
			echo old >"$f"
			chmod 644 "$f"
			rc=0
			out=$(strace -qqo "$BATS_TEST_TMPDIR/trace" \
			    "${only[@]}" -e trace="$call" -e inject="$call:$how:when=$n" \
			    resource file "$f" "$@" 2>&1) || rc=$?
			grep -Eq 'INJECTED|killed' "$BATS_TEST_TMPDIR/trace" ||
			    break
			after_sweep "$rc" "$out"
			run -0 resource file "$f" "$@"
			[ "$(cat "$f")" = new ]
			[ "$(mode "$f")" = 640 ]
			[ "$(names)" = './file ./file.orig_partout ' ]
			[ "$(cat "$f.orig_partout")" = old ]
		done
	done
}

@test "file: killed at any call it is whole, and the next run cleans up" {
	after_sweep() {
		[[ $(cat "$f") =~ ^(old|new)$ ]]
		[ "$(find "$d" -name '.p2-*' | wc -l)" -le 1 ]
	}
	swept signal=KILL content=new mode=640
}

@test "file: whatever call fails, it is whole, and the reason names the path" {
	after_sweep() {
		[[ $(cat "$f") =~ ^(old|new)$ ]]
		[ "$(find "$d" -name '.p2-*')" = '' ]
		[ "$1" = 0 ] || [[ $2 == "failed: $f: "* ]]
	}
	swept error=EIO content=new mode=640
	swept error=ENOSPC content=new mode=640
	swept error=EACCES content=new mode=640
}

# --- lines and blocks ---

@test "file: a line is there, in place of what match finds, or at the end" {
	printf 'a\n#Port 22\nPort 99\nb' >"$f"
	changes line='c' keep_orig=false
	[ "$(cat "$f")" = $'a\n#Port 22\nPort 99\nb\nc' ]
	changes line='Port 22' match='^#?Port ' keep_orig=false
	[ "$(cat "$f")" = $'a\n#Port 22\nPort 22\nb\nc' ]
	changes line='after a' after='^a' keep_orig=false
	[ "$(head -2 "$f")" = $'a\nafter a' ]
	changes remove='^#|^after' line='new' match='^b$' keep_orig=false
	[ "$(cat "$f")" = $'a\nPort 22\nnew\nc' ]
	changes line=x line=y keep_orig=false
	[ "$(tail -2 "$f")" = $'x\ny' ]
	fails "$f: line and block: never settle, since one undoes the other" \
	    line=zz line=qq remove=z
	fails "$f: (: Unmatched ( or \\(" line=x match='('
	fails "$f: match: goes with one line, not 2" line=q line=r match=q
	rm "$f"
	changes line=first
	[ "$(cat "$f")" = first ]
}

@test "file: a block stands between its markers" {
	printf 'one\ntwo\n' >"$f"
	changes block=$'x\ny\n' keep_orig=false
	[ "$(cat "$f")" = $'one\ntwo\n# BEGIN p2\nx\ny\n# END p2' ]
	echo three >>"$f"
	changes block=z keep_orig=false
	[ "$(cat "$f")" = $'one\ntwo\n# BEGIN p2\nz\n# END p2\nthree' ]
	changes block=$'q' marker='<!-- {mark} -->' after=one keep_orig=false
	[ "$(head -4 "$f")" = $'one\n<!-- BEGIN -->\nq\n<!-- END -->' ]
	changes block= keep_orig=false
	changes block= marker='<!-- {mark} -->' keep_orig=false
	[ "$(cat "$f")" = $'one\ntwo\nthree' ]
	echo '# END p2' >>"$f"
	fails "$f: block: its markers \"# BEGIN p2\" and \"# END p2\" are not there once each, in this order" \
	    block=x
	fails "$f: marker: none: not one line with {mark} in it" \
	    block=x marker=none
}

@test "file: validate has to approve before anything is replaced" {
	echo one >"$f"
	run -1 file content=two validate='grep -q "^one$" %'
	[ "$output" = "failed: $f: validate: grep exits 1" ]
	[ "$(cat "$f")" = one ]
	[ "$(names)" = './file ' ]
	run -1 file content=two validate='sh -c "echo no; echo good >&2; exit 3" - %'
	[ "$output" = "failed: $f: validate: sh exits 3: no good" ]
	run -1 file content=two validate="$d/none %"
	[ "$output" = "failed: $f: validate: $d/none: No such file or directory" ]
	changes content=three validate="grep -q 'three' %" keep_orig=false
	[ "$(cat "$f")" = three ]
	fails 'validate: true: has to be a command with % for the file' \
	    content=x validate=true
	fails 'validate: true "%: a quote is open' content=x validate='true "%'
	ln "$f" "$d/other"
	changes content=four hardlinks=keep validate='grep -q four %'
	run -1 file content=five hardlinks=keep validate='grep -q 6 %'
	[ "$(cat "$d/other")" = four ]
}

# --- trees ---

make_source() {
	s=$BATS_TEST_TMPDIR/source
	mkdir -p "$s/bin" "$s/etc/deep"
	echo '#!/bin/sh' >"$s/bin/run"
	chmod 755 "$s/bin/run" "$s/bin" "$s/etc"
	echo conf >"$s/etc/conf"
	chmod 640 "$s/etc/conf"
	chmod 700 "$s/etc/deep"
	ln -s ../etc/conf "$s/bin/link"
}

same_tree() {
	[ "$(cd "$1" && find . -mindepth 1 -printf '%p %y %m %l\n' | sort)" = \
	    "$(cd "$2" && find . -mindepth 1 -printf '%p %y %m %l\n' | sort)" ]
	diff -r "$1" "$2"
}

@test "file: a tree is copied, and what differs in it repaired" {
	make_source
	changes source="$s"
	same_tree "$s" "$f"
	echo drift >"$f/etc/conf"
	chmod 600 "$f/bin/run"
	rm "$f/bin/link"
	rmdir "$f/etc/deep"
	changes source="$s"
	same_tree "$s" "$f"
	touch "$f/more"
	settled source="$s"
	rm "$f/more"
	changes source="$s" mode=644
	[ "$(mode "$f") $(mode "$f/bin") $(mode "$f/bin/run")" = '755 755 644' ]
}

@test "file: many files are renamed after one barrier, and before another" {
	s=$BATS_TEST_TMPDIR/many
	mkdir -p "$s/sub"
	for i in {1..100}; do
		echo "$i" >"$s/sub/$i"
	done
	ln -s sub "$s/link"
	run -0 strace -qqo "$BATS_TEST_TMPDIR/trace" \
	    -e trace=fsync,fdatasync,syncfs,renameat resource file "$f" source="$s"
	same_tree "$s" "$f"
	[ "$(grep -c '^syncfs' "$BATS_TEST_TMPDIR/trace")" = 5 ] ||
	    [ "$(grep -c '^syncfs' "$BATS_TEST_TMPDIR/trace")" = 4 ]
	[ "$(grep -c '^fsync' "$BATS_TEST_TMPDIR/trace")" -le 3 ]
	settled source="$s"
}

@test "file: when one of many fails, each is old or new, and none is left over" {
	s=$BATS_TEST_TMPDIR/many
	mkdir "$s" "$f"
	for i in {1..20}; do
		echo "new $i" >"$s/$i"
		echo "old" >"$f/$i"
	done
	for call in write:when=7 fchmod:when=9 openat:when=60 syncfs:when=1 \
	    renameat:when=5 syncfs:when=2; do
		run -1 strace -qqo /dev/null -e trace="${call%:*}" \
		    -e inject="${call%:*}:error=EIO:${call#*:}" \
		    resource file "$f" source="$s" mode=640
		[[ $output == "failed: $f"* ]] || [[ $output == "failed: $s"* ]]
		[[ $output == *": Input/output error"* ]]
		[ "$(find "$f" -name '.p2-*')" = '' ]
		for i in {1..20}; do
			got=$(cat "$f/$i")
			[ "$got" = old ] || [ "$got" = "new $i" ]
			[ "$got" = old ] || [ "$(mode "$f/$i")" = 640 ]
		done
	done
	settled source="$s" mode=640
}

@test "file: purge removes what the source has not" {
	make_source
	changes source="$s"
	mkdir -p "$f/old/er" "$f/bin/own"
	touch "$f/old/er/x" "$f/etc/keep.me" "$f/etc/go"
	changes source="$s" purge=true ignore='keep*' ignore=own
	[ -e "$f/etc/keep.me" ]
	[ -e "$f/bin/own" ]
	changes source="$s" purge=true
	same_tree "$s" "$f"
	changes ensure=directory purge=true ignore=bin
	[ "$(names)" = './file ./file/bin ./file/bin/link ./file/bin/run ' ]
}

@test "file: recurse sets modes of all below, links apart" {
	make_source
	echo outside >"$BATS_TEST_TMPDIR/outside"
	chmod 604 "$BATS_TEST_TMPDIR/outside"
	changes source="$s"
	ln -s "$BATS_TEST_TMPDIR/outside" "$f/out"
	changes ensure=directory recurse=true mode=640
	[ "$(mode "$f") $(mode "$f/etc/deep") $(mode "$f/bin/run")" = \
	    '750 750 640' ]
	changes ensure=directory recurse=true mode=a+X,o=rX
	[ "$(mode "$f/etc") $(mode "$f/bin/run")" = '755 644' ]
	[ "$(mode "$BATS_TEST_TMPDIR/outside")" = 604 ]
}

@test "file: a tree and its source do not lie within each other" {
	make_source
	fails "source: $s and $s/bin are one within the other" \
	    path="$s/bin" source="$s"
	fails "source: $s/bin and $s are one within the other" \
	    path="$s" source="$s/bin"
}

# --- several resources, where a dry run knows what the first would do ---

@test "file: a dry run says of later resources what the run will do" {
	args=(file "$d/a/b" ensure=directory parents=true
	    -- file "$d/a/b/c" content=one
	    -- file "$d/a/b/c" mode=600
	    -- file "$d/a/b/c" content=two
	    -- file "$d/l" ensure=link target=a/b
	    -- file "$d/l/x" line=one
	    -- file "$d/l/x" line=two
	    -- file "$d/a/b/x" remove=one
	    -- file "$d/t" source="$d/a"
	    -- file "$d/t/b/x" ensure=absent
	    -- file "$d/a" ensure=absent recurse=true
	    -- file "$d/l" mode=700 follow=false)
	run -0 resource -dn "${args[@]}"
	said=$(grep -v '^\(Created\|Deleted\|Changed\|Content\)' <<<"$output")
	[ "$(names)" = '' ]
	run -0 resource -d "${args[@]}"
	[ "$(grep -v '^\(Created\|Deleted\|Changed\|Content\)' <<<"$output")" = "$said" ]
}

# --- while somebody exchanges what is on the path ---

# racing A B ARG ...: the same resource many times, and never for long; within
# $WALKS, if that is set.
racing() {
	local a=$1 b=$2

	shift 2
	# shellcheck disable=SC2016	# for the other shell to expand
	swap "$a" "$b" timeout 60 bash -c '
		f=$1; shift
		for ((i = 0; i < ${TIMES-150}; i++)); do
			timeout 5 $WALKS resource file "$f" content="$i" "$@"
			[ $? -le 1 ] || exit 3
		done >"$f.log"' - "$BATS_TEST_TMPDIR/run" path="$f" "$@"
}

@test "file: a directory that becomes another's link leads nowhere else" {
	need_root
	mkdir "$d/way" "$BATS_TEST_TMPDIR/outside"
	echo secret >"$BATS_TEST_TMPDIR/outside/file"
	ln -s "$BATS_TEST_TMPDIR/outside" "$d/evil"
	chown -h 1234 "$d/evil"
	before=$(find "$BATS_TEST_TMPDIR/outside" -printf '%p %m %u %i %s %T@\n')
	f=$d/way/file
	racing "$d/way" "$d/evil" mode=666 keep_orig=false
	racing "$d/way" "$d/evil" mode=666 hardlinks=keep
	# The same where the kernel has no openat2(2), and each part is opened.
	export TIMES=50 WALKS='strace -qqo /dev/null -e inject=openat2:error=ENOSYS'
	racing "$d/way" "$d/evil" mode=666 keep_orig=false
	[ "$(find "$BATS_TEST_TMPDIR/outside" -printf '%p %m %u %i %s %T@\n')" \
	    = "$before" ]
	[ "$(cat "$BATS_TEST_TMPDIR/outside/file")" = secret ]
}

@test "file: a file that becomes a FIFO or another's link is no way out" {
	need_root
	echo secret >"$BATS_TEST_TMPDIR/outside"
	before=$(stat -c '%i %a %u %s %Y' "$BATS_TEST_TMPDIR/outside")
	echo one >"$f"
	mkfifo "$d/other"
	racing "$f" "$d/other" mode=666 keep_orig=false
	rm -f "$f" "$d/other"
	echo one >"$f"
	ln -s "$BATS_TEST_TMPDIR/outside" "$d/other"
	chown -h 1234 "$d/other"
	racing "$f" "$d/other" mode=666 keep_orig=false
	[ "$(stat -c '%i %a %u %s %Y' "$BATS_TEST_TMPDIR/outside")" = "$before" ]
	[ "$(find "$d" -name '.p2-*')" = '' ]
}
