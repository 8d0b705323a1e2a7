#!/usr/bin/env bats
# p2.archive: a directory that has what is in an archive, and what is refused.
# shellcheck disable=SC2016,SC2119,SC2120	# for the policy; some have arguments
load p2

setup() {
	p2_setup
	command -v bsdtar >/dev/null || skip 'there is no bsdtar'
	db=$store
	T=$PWD
	mkdir -p v1/app/bin v1/app/etc
	echo one >v1/app/bin/x
	chmod 4775 v1/app/bin/x
	echo conf >v1/app/etc/c
	ln -s ../bin/x v1/app/etc/x
	ln v1/app/bin/x v1/app/y
	touch -d @1000000000 v1/app/bin/x
}

# pack NAME DIR: an archive of all that is in DIR, as the name says.
pack() { bsdtar -a -cf "$1" -C "$2" app; }

digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# evil CODE: evil.tar of what a few lines of Python put into it, as t.
evil() {
	python3 - "$1" <<-'END'
	import io, sys, tarfile
	def add(name, data=b"", **more):
	    i = tarfile.TarInfo(name)
	    for k, v in more.items():
	        setattr(i, k, v)
	    i.size = len(data)
	    t.addfile(i, io.BytesIO(data))
	F, D, L, H = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
	with tarfile.open("evil.tar", "w") as t:
	    exec(sys.argv[1])
	END
}

# entries DIR: what is in it, but for the marker.
entries() { (cd "$1" && find . -mindepth 1 ! -name .p2-archive -printf '%P %y %m %l\n' | sed 's/ $//' | sort); }

# clean: nothing is left beside what was unpacked.
clean() { [ -z "$(find . -name '.p2-*.new')" ]; }

app='bin d 755
bin/x f 755
etc d 755
etc/c f 644
etc/x l 777 ../bin/x
y f 755'

@test "archive: of each kind, and nothing to do the second time" {
	for kind in tar tar.gz tar.bz2 tar.xz tar.zst zip; do
		pack "a.$kind" v1
		apply -n <<<"p2.archive('$T/out', {source: '$T/a.$kind', strip: 1});"
		[ "$status" -eq 1 ]
		[ "${lines[0]}" = "would change archive $T/out: is missing" ]
		[ "${lines[4]}" = "+digest: $(digest "a.$kind")" ]
		[ ! -e out ]
		apply <<<"p2.archive('$T/out', {source: '$T/a.$kind', strip: 1});"
		d=$(digest "a.$kind")
		is 0 "changed archive $T/out: Unpacked the archive sha256:${d:0:12}."
		diff -u <(echo "$app") <(entries out)
		[ "$(cat out/y out/etc/x out/etc/c)" = $'one\none\nconf' ]
		[ "$(stat -c '%Y %U' out/bin/x)" = "1000000000 $(id -un)" ]
		run -0 strace -f -qq -o calls -e trace=execve,clone,clone3,vfork,openat \
		    p2-apply -d "$db" site.p2
		[ "$output" = '' ]
		[ "$(grep -cE 'exec|clone|fork' calls)" = 1 ]
		run -1 grep -E "libarchive|libcurl|/a.$kind" calls
		apply <<<"p2.archive('$T/out', {ensure: 'absent'});"
		is 0 "changed archive $T/out: Removed the directory."
		[ ! -e out ]
	done
	run -1 grep libarchive <(ldd "$(command -v p2-apply)")
	clean
}

@test "archive: owner, group and mode of all, and other ones unpack it again" {
	pack a.tgz v1
	apply <<<"p2.archive('out', {source: 'a.tgz', mode: 'u=rwX,g=rX,o='});"
	[ "$status" -eq 0 ]
	diff -u - <(entries out) <<-END
	app d 750
	app/bin d 750
	app/bin/x f 750
	app/etc d 750
	app/etc/c f 640
	app/etc/x l 777 ../bin/x
	app/y f 750
	END
	[ "$(stat -c %a out)" = 750 ]
	apply -n <<<"p2.archive('out', {source: 'a.tgz', strip: 1});"
	[ "${lines[0]}" = 'would change archive out: was unpacked with other options' ]
	apply <<<"p2.archive('out', {source: 'a.tgz', strip: 1});"
	[ "$status" -eq 0 ]
	diff -u <(echo "$app") <(entries out)
	[ "$(id -u)" = 0 ] || return 0
	apply <<<"p2.archive('out', {source: 'a.tgz', owner: 'daemon', group: 2});"
	[ "$status" -eq 0 ]
	[ "$(find out ! -name .p2-archive -printf '%u %G\n' | sort -u)" = 'daemon 2' ]
	apply -v <<<"p2.archive('out', {source: 'a.tgz', owner: 1, group: 2});"
	is 0 'ok archive out' 'changed 0, ok 1, skipped 0, failed 0'
}

@test "archive: the digest is checked before a byte is unpacked, and does for the archive" {
	pack a.zip v1
	d=$(digest a.zip)
	bad=$(printf '0%.0s' {1..64})
	for noop in '' -n; do
		apply $noop <<<"p2.archive('out', {source: 'a.zip', digest: 'sha256:$bad'});"
		is 2 '' "p2-apply: site.p2:1: archive out: source: its digest is sha256:$d, not sha256:$bad"
	done
	[ ! -e out ]
	apply <<<"p2.archive('out', {source: 'a.zip', digest: 'sha256:${d^^}'});"
	[ "$status" -eq 0 ]
	rm a.zip
	apply -v <<<"p2.archive('out', {source: 'a.zip', digest: 'sha256:$d'});"
	is 0 'ok archive out' 'changed 0, ok 1, skipped 0, failed 0'
	apply <<<"p2.archive('out', {source: 'a.zip', digest: 'sha256:$bad'});"
	is 2 '' "p2-apply: site.p2:1: archive out: source a.zip: No such file or directory"
	for bad in "digest: 'md5:1'|digest md5:1: not sha256: and 64 digits" \
	    "strip: -1|strip: -1 is none of 0 to 100" \
	    "mode: 'rwx'|mode rwx: *" "owner: 'nosuch'|no user is called nosuch" \
	    "ensure: 'there'|ensure there: neither present nor absent" \
	    "source: 'http://127.0.0.1/x'|digest: is missing; without it nobody can tell what comes over http"; do
		apply <<<"p2.archive('o2', {source: 'a.zip', ${bad%%|*}});"
		[ "$status" -eq 2 ]
		# shellcheck disable=SC2053	# one has a pattern
		[[ $stderr == "p2-apply: site.p2:1: archive o2: "${bad#*|} ]]
	done
	clean
}

@test "archive: another version takes the place of all, is undone, and goes as an orphan" {
	pack a.tgz v1
	mkdir -p v2/app/bin/x v2/app/etc
	echo two >v2/app/bin/x/two
	echo conf2 >v2/app/etc/c
	apply <<<"p2.archive('$T/out', {source: '$T/a.tgz', strip: 1, digest: 'sha256:$(digest a.tgz)'});"
	echo mine >out/etc/mine
	pack a.tgz v2
	policy="p2.command('h', {cmd: 'echo h', refreshonly: true, logoutput: true})
	.archive('$T/out', {source: '$T/a.tgz', strip: 1, digest: 'sha256:$(digest a.tgz)', notify: 'command:h'});"
	apply <<<"$policy"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = h ]
	[ "$(entries out)" = $'bin d 755\nbin/x d 755\nbin/x/two f 644\netc d 755\netc/c f 644' ]
	apply <<<"$policy"
	is 0 ''
	run -0 p2-apply -d "$db" -u
	diff -u <(sort <<<"$app"$'\netc/mine f 644') <(entries out)
	[ "$(cat out/bin/x out/etc/c out/etc/mine)" = $'one\nconf\nmine' ]
	apply <<<"$policy"
	[ "$status" -eq 0 ]
	apply <<<"p2.orphans('remove');"
	[ "${lines[0]}" = "orphan archive $T/out: the policy no longer has it" ]
	[ "${lines[-1]}" = "changed file $T/out: Deleted directory." ]
	[ ! -e out ]
}

@test "archive: a local one without a digest is looked at when it has changed" {
	pack a.tgz v1
	apply <<<"p2.archive('out', {source: 'a.tgz'});"
	[ "$status" -eq 0 ]
	touch a.tgz
	apply <<<"p2.archive('out', {source: 'a.tgz'});"
	is 0 ''
	echo new >v1/app/new
	pack a.tgz v1
	apply -n <<<"p2.archive('out', {source: 'a.tgz'});"
	[ "${lines[0]}" = 'would change archive out: its archive is another' ]
	apply <<<"p2.archive('out', {source: 'a.tgz'});"
	[ "$status" -eq 0 ]
	[ "$(cat out/app/new)" = new ]
}

@test "archive: a directory with something else in it stays, but for force; an empty one keeps its mode" {
	db=
	pack a.tgz v1
	mkdir out
	echo mine >out/mine
	for policy in "source: 'a.tgz'|out has something in it, and not from an archive; with force that goes" \
	    "ensure: 'absent'|out is not from an archive; with force it goes"; do
		apply <<<"p2.archive('out', {${policy%|*}});"
		is 2 '' "p2-apply: site.p2:1: archive out: ${policy#*|}"
		[ "$(cat out/mine)" = mine ]
	done
	apply <<<"p2.archive('out', {source: 'a.tgz', force: true});"
	[ "$status" -eq 0 ]
	[ ! -e out/mine ]
	mkdir -m 2710 empty
	apply <<<"p2.archive('empty', {source: 'a.tgz'});"
	[ "$status" -eq 0 ]
	[ "$(stat -c %a empty)" = 2710 ]
	touch file
	apply <<<"p2.archive('file', {source: 'a.tgz'});"
	is 2 '' 'p2-apply: site.p2:1: archive file: file is not a directory'
	for noop in '' -n; do
		apply $noop <<<"p2.archive('no/such', {source: 'a.tgz'});"
		is 2 '' 'p2-apply: site.p2:1: archive no/such: the directory that no/such is to be in is missing'
	done
	apply <<<"p2.archive('by', {source: 'a.tgz', creates: 'file'});"
	is 0 ''
	[ ! -e by ]
	clean
}

@test "archive: what leads out of the directory is refused, and nothing is unpacked" {
	echo old >old
	mkdir keep
	p2-apply -d '' - <<<"p2.archive('out', {source: '$(pack ok.tgz v1; echo ok.tgz)'});"
	before=$(entries out)
	while IFS='|' read -r code reason; do
		evil "$code"
		apply <<<"p2.archive('out', {source: 'evil.tar'});"
		is 2 '' "p2-apply: site.p2:1: archive out: source: member $reason"
		[ "$(entries out)" = "$before" ]
		clean
	done <<-'END'
	add("../x")|../x: its name has .. in it
	add("a/../../x")|a/../../x: its name has .. in it
	add("/etc/x")|/etc/x: its name is absolute
	add("a", type=L, linkname="/etc")|a: is a link that leads out of the archive
	add("a/b", type=L, linkname="../../x")|a/b: is a link that leads out of the archive
	add("a", type=L, linkname="d"); add("a/x")|a/x: is below what is no directory
	add("d", type=D); add("a", type=L, linkname="d"); add("a/x")|a/x: is below what is no directory
	add("a/b/l", type=L, linkname="../.."); add("m", type=L, linkname="a/b/l/../x")|m: is a link that leads out of the archive
	add("a", type=H, linkname="../old")|a: is a link that leads out of the archive
	add("a", type=H, linkname="/etc/passwd")|a: is a link that leads out of the archive
	add("a", type=H, linkname="nosuch")|a: is another name of a file that is not there
	add("l", type=L, linkname="d"); add("a", type=H, linkname="l")|a: is another name of a file that is not there
	add("f", type=tarfile.FIFOTYPE)|f: is neither a file, a directory nor a link
	add("d", type=tarfile.CHRTYPE, devmajor=1, devminor=3)|d: is neither a file, a directory nor a link
	add("a/b"); add("a")|a: another member is in its place
	add("a"); add("a", type=D)|a/: another member is in its place
	END
	# But several members of one name are none the worse.
	evil 'add("a", b"1"); add("l", type=L, linkname="a"); add("l", b"2"); add("./d//e", b"3")'
	apply <<<"p2.archive('out', {source: 'evil.tar'});"
	[ "$status" -eq 0 ]
	[ "$(cat out/a out/l out/d/e)" = 123 ]
	[ "$(cat old)" = old ]
}

@test "archive: one that is cut short, or is none, changes nothing" {
	head -c 200000 /dev/urandom >v1/app/data
	for kind in tar tgz tar.xz zip; do
		pack "a.$kind" v1
		head -c 100000 "a.$kind" >"cut.$kind"
		apply <<<"p2.archive('out', {source: 'cut.$kind'});"
		[ "$status" -eq 2 ]
		[[ $stderr == 'p2-apply: site.p2:1: archive out: source: cannot be unpacked: '* ]]
		[ ! -e out ]
	done
	echo '<html>404</html>' >page
	apply <<<"p2.archive('out', {source: 'page'});"
	is 2 '' 'p2-apply: site.p2:1: archive out: source: cannot be unpacked: Unrecognized archive format'
	evil pass
	apply <<<"p2.archive('out', {source: 'evil.tar'});"
	is 2 '' 'p2-apply: site.p2:1: archive out: source: there is nothing in it'
	apply <<<"p2.archive('out', {source: 'v1'});"
	is 2 '' 'p2-apply: site.p2:1: archive out: source v1: is not a file'
	clean
}

@test "archive: from a web server, through a redirect, with the digest that it has to have" {
	mkdir web
	pack web/a.tgz v1
	d=$(digest web/a.tgz)
	start python3 "$BATS_TEST_DIRNAME/serve.py" port web
	wait_until test -s port
	url=http://127.0.0.1:$(<port)
	echo 302 >web/moved.status
	echo /a.tgz >web/moved.location
	apply <<<"p2.archive('out', {source: '$url/moved', strip: 1, digest: 'sha256:$d'});"
	is 0 "changed archive out: Unpacked the archive sha256:${d:0:12}."
	diff -u <(echo "$app") <(entries out)
	[ "$(cat web/log)" = $'/moved\n/a.tgz' ]
	apply <<<"p2.archive('out', {source: '$url/moved', strip: 1, digest: 'sha256:$d'});"
	is 0 ''
	[ "$(cat web/log)" = $'/moved\n/a.tgz' ]
	apply <<<"p2.archive('o2', {source: '$url/nosuch', digest: 'sha256:$d'});"
	is 2 '' 'p2-apply: site.p2:1: archive o2: source: the server answers with status 404'
	echo cut >web/a.tgz.cut
	apply <<<"p2.archive('o2', {source: '$url/a.tgz', digest: 'sha256:$d'});"
	[ "$status" -eq 2 ]
	[[ $stderr == 'p2-apply: site.p2:1: archive o2: source: '* ]]
	echo file:///etc/passwd >web/moved.location
	apply <<<"p2.archive('o2', {source: '$url/moved', digest: 'sha256:$d'});"
	[ "$status" -eq 2 ]
	[[ $stderr == 'p2-apply: site.p2:1: archive o2: source: Protocol '* ]]
	[ ! -e o2 ]
	clean
}

@test "archive: killed at any call that writes, or failing there, and the next run completes it" {
	db=
	pack old.tgz v1
	echo two >v1/app/bin/x
	pack new.tgz v1
	echo "p2.archive('out', {source: 'new.tgz'});" >site.p2
	old=$(echo "p2.archive('out', {source: 'old.tgz'});" | p2-apply -d '' - >/dev/null && cat out/app/bin/x)
	for call in mkdirat openat write pwrite64 fchmod symlinkat linkat syncfs renameat2 fsync unlinkat; do
		for what in signal=KILL:when={1,2,4} error=ENOSPC:when={1,3}; do
			rm -rf out
			p2-apply -d '' - <<<"p2.archive('out', {source: 'old.tgz'});" >/dev/null
			run strace -qq -o calls -e trace="$call" -e inject="$call:$what" \
			    p2-apply -d '' site.p2
			[ -e out/app/bin/x ]
			now=$(cat out/app/bin/x)
			[ "$now" = "$old" ] || [ "$now" = two ]
			[ "$now" = two ] || [ "$(grep -c '' out/.p2-archive)" = 4 ]
			run -0 p2-apply -d '' site.p2
			[ "$(cat out/app/bin/x)" = two ]
			clean
			run -0 p2-apply -d '' site.p2
			[ "$output" = '' ]
		done
	done
}

@test "archive: one in a signed tree is that which was signed" {
	mkdir tree
	pack tree/a.tgz v1
	echo "p2.archive('out', {source: p2.__p2dirname + '/a.tgz'});" >tree/site.p2
	p2-sign generate site
	p2-sign -K site.sec sign tree
	echo two >v1/app/bin/x
	cp tree/a.tgz right.tgz
	pack tree/a.tgz v1
	for noop in '' -n; do
		run --separate-stderr p2-apply $noop -d '' -K site.pub tree/site.p2
		stderr=${stderr//$PWD\//}
		is 2 '' 'p2-apply: tree/site.p2:1: archive out: tree/a.tgz: is not what was signed'
		[ ! -e out ]
	done
	cp right.tgz tree/a.tgz
	run -0 p2-apply -d '' -K site.pub tree/site.p2
	[ "$(cat out/app/bin/x)" = one ]
	clean
}

@test "archive: in a dry run what comes later sees the directory" {
	pack a.tgz v1
	apply -n <<<"p2.file('d', {ensure: 'directory'}).archive('d/out', {source: 'a.tgz'});"
	[ "$status" -eq 1 ]
	apply -n <<<"p2.archive('out', {source: 'a.tgz'}).archive('out', {source: 'a.tgz'})
	    .file('out/local', {content: 'x'}).archive('out', {ensure: 'absent'}).archive('out', {ensure: 'absent'});"
	[ "$status" -eq 1 ]
	[ "$(grep '^would' <<<"$output")" = 'would change archive out: is missing
would change file out/local: is missing
would change archive out: out: is there; out/.p2-archive: is to go; out/local: is to go' ]
	[ ! -e out ]
}

@test "archive: a watch unpacks it again when it is gone" {
	pack a.tgz v1
	cat >site.p2 <<<"p2.archive('out', {source: 'a.tgz'});"
	start p2-apply -j -d '' -w site.p2 >log
	wait_until grep -q summary log
	mv out away
	wait_until test -e out/app/y
	wait_until test -e out/.p2-archive
	clean
}

@test "archive: without the library it says so" {
	pack a.tgz v1
	mkdir empty
	echo "p2.archive('out', {source: 'a.tgz'});" >site.p2
	run -2 --separate-stderr strace -qq -o calls -e trace=openat -P /lib/x86_64-linux-gnu/libarchive.so.13 \
	    -P /usr/lib/x86_64-linux-gnu/libarchive.so.13 -e inject=openat:error=ENOENT p2-apply -d '' site.p2
	[ -s calls ] || skip 'the library is elsewhere'
	[[ $stderr == *'archive out: libarchive.so.13 cannot be loaded' ]]
	[ ! -e out ]
	clean
}
