#!/usr/bin/env bats
# p2-sign, and what p2-apply makes of signed policies.
load p2

setup() {
	p2_setup
	mkdir -p tree/sub
	echo "var motd = {content: {template: p2.__p2dirname + '/motd.tmpl'}};
	    p2.include('sub/more').file('motd', motd);" >tree/site.p2
	echo "p2.file('more', {content: 'more'});" >tree/sub/more.p2
	echo 'Hello {{title}}' >tree/motd.tmpl
}

# key NAME: a pair of keys, and the tree is signed with it.
key() {
	p2-sign generate "$1"
	p2-sign -K "$1.sec" sign tree
}

# signed [ARG ...]: apply the tree with the key "site".
signed() {
	run --separate-stderr p2-apply -d '' -K site.pub "$@" tree/site.p2
	stderr=${stderr//$PWD\//}
}

# refused MESSAGE: nothing was done.
refused() {
	signed
	is 2 '' "$1"
	[ ! -e motd ]
	[ ! -e more ]
}

@test "p2-sign: keys, a manifest, a signature" {
	run -0 --separate-stderr p2-sign -c 'for tests' generate site
	is 0 ''
	[ "$(head -1 site.pub)" = 'untrusted comment: for tests public key' ]
	[ "$(head -1 site.sec)" = 'untrusted comment: for tests secret key' ]
	[ "$(stat -c %a site.pub site.sec)" = $'644\n600' ]
	run -0 --separate-stderr p2-sign -vK site.sec sign tree
	is 0 '' $'motd.tmpl\nsite.p2\nsub/more.p2'
	[ "$(cd tree && sha256sum --tag motd.tmpl site.p2 sub/more.p2)" = \
	    "$(cat tree/P2MANIFEST)" ]
	run -0 --separate-stderr p2-sign --verbose --key site.pub verify tree
	is 0 '' $'motd.tmpl\nsite.p2\nsub/more.p2'
}

@test "p2-sign: generate replaces no key" {
	p2-sign generate site
	cp -p site.pub site.pub.old
	cp -p site.sec site.sec.old
	run --separate-stderr p2-sign generate site
	is 2 '' 'p2-sign: site.sec: is there already'
	rm site.sec
	run --separate-stderr p2-sign generate site
	is 2 '' 'p2-sign: site.pub: File exists'
	cmp site.pub site.pub.old
	[ ! -e site.sec ]
}

@test "p2-sign: verify names each difference, and exits 1" {
	key site
	echo more >>tree/sub/more.p2
	rm tree/motd.tmpl
	: >tree/sub/new
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: motd.tmpl: is missing
p2-sign: sub/more.p2: is not what was signed
p2-sign: sub/new: is not in the signed manifest'
	rm tree/P2MANIFEST.sig
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: tree/P2MANIFEST: is not signed'
	rm tree/P2MANIFEST
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: tree/P2MANIFEST: No such file or directory'
}

@test "p2-sign: the whole manifest is signed, and the comment too" {
	key site
	sed -i 's/^trusted comment: t/trusted comment: T/' tree/P2MANIFEST.sig
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: tree/P2MANIFEST.sig: the signature is wrong'
	p2-sign -K site.sec sign tree
	sed -i '$d' tree/P2MANIFEST
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: tree/P2MANIFEST.sig: the signature is wrong'
	p2-sign generate other
	p2-sign -K other.sec sign tree
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: tree/P2MANIFEST.sig: was made with another key'
	echo nonsense >tree/P2MANIFEST.sig
	run --separate-stderr p2-sign -K site.pub verify tree
	is 1 '' 'p2-sign: tree/P2MANIFEST.sig: not a signature'
}

@test "p2-sign: what no manifest can hold is refused, and nothing written" {
	p2-sign generate site
	mkfifo tree/pipe
	run --separate-stderr p2-sign -K site.sec sign tree
	is 2 '' 'p2-sign: pipe: neither a file nor a directory, which no manifest can hold'
	rm tree/pipe
	ln -s sub tree/also
	run --separate-stderr p2-sign -K site.sec sign tree
	is 2 '' 'p2-sign: also: a link to something else than a file, which no manifest can hold'
	rm tree/also
	: >"tree/two
lines"
	run --separate-stderr p2-sign manifest tree
	is 2 '' 'p2-sign: two
lines: has a line break in its name'
	[ ! -e tree/P2MANIFEST ]
	rm "tree/two
lines"
	mkdir tree/.git
	: >tree/.git/index
	ln -s site.p2 tree/index.p2
	p2-sign manifest tree
	[ "$(sed 's/) = .*//; s/.*(//' tree/P2MANIFEST)" = 'index.p2
motd.tmpl
site.p2
sub/more.p2' ]
}

@test "p2-sign: wrong use is told" {
	run --separate-stderr p2-sign sign tree
	is 2 '' 'p2-sign: sign: -K says with what key'
	run --separate-stderr p2-sign -K x generate tree
	is 2 '' 'p2-sign: -K goes with sign and verify'
	run --separate-stderr p2-sign -c x manifest tree
	is 2 '' 'p2-sign: -c goes with generate'
	run --separate-stderr p2-sign burn tree
	is 2 '' 'p2-sign: burn: neither generate, manifest, sign nor verify'
	run --separate-stderr p2-sign -c $'a\nb' generate x
	is 2 '' 'p2-sign: -c: has a line break in it'
	run --separate-stderr p2-sign -K none sign tree
	is 2 '' 'p2-sign: none: No such file or directory'
	p2-sign generate site
	run --separate-stderr p2-sign -K site.pub sign tree
	is 2 '' 'p2-sign: site.pub: not a secret key'
	p2-sign -K site.sec sign tree
	run --separate-stderr p2-sign -K site.sec verify tree
	is 2 '' 'p2-sign: site.sec: not a public key'
	run --separate-stderr p2-sign sign
	[ "$status" -eq 2 ]
	[ "${stderr%%$'\n'*}" = 'usage: p2-sign [-hV] [-c comment] generate name' ]
}

@test "p2-sign: a manifest that is cut short, or leads out of its tree" {
	p2-sign generate site
	for line in 'SHA256 (../x) = @' 'SHA256 (/x) = @' 'SHA256 (x//y) = @' \
	    'SHA256 (x) = @0' 'SHA256 () = @' 'SHA512 (x) = @' ''; do
		echo "${line/@/$(printf '%064d' 0)}" >tree/P2MANIFEST
		signify-openbsd -S -s site.sec -m tree/P2MANIFEST
		run --separate-stderr p2-sign -K site.pub verify tree
		is 1 '' 'p2-sign: tree/P2MANIFEST:1: not a line of a manifest'
	done
}

@test "p2-sign: signify verifies ours, and its are verified" {
	key site
	run -0 signify-openbsd -V -p site.pub -m tree/P2MANIFEST
	[ "$output" = 'Signature Verified' ]
	signify-openbsd -S -s site.sec -m tree/P2MANIFEST
	p2-sign -K site.pub verify tree
	signify-openbsd -G -n -p its.pub -s its.sec
	p2-sign -K its.sec sign tree
	p2-sign -K its.pub verify tree
	signify-openbsd -S -s its.sec -m tree/P2MANIFEST
	p2-sign -K its.pub verify tree
	signed
	is 2 '' 'p2-apply: tree/P2MANIFEST.sig: was made with another key'
}

@test "p2-sign: minisign verifies ours, and its are verified" {
	key site
	run -0 minisign -V -p site.pub -m tree/P2MANIFEST \
	    -x tree/P2MANIFEST.sig
	[ "${lines[0]}" = 'Signature and comment signature verified' ]
	minisign -G -W -p its.pub -s its.sec >/dev/null
	p2-sign -K its.sec sign tree
	p2-sign -K its.pub verify tree
	rm tree/P2MANIFEST.sig
	minisign -S -s its.sec -m tree/P2MANIFEST
	p2-sign -K its.pub verify tree
	minisign -S -l -s its.sec -m tree/P2MANIFEST
	p2-sign -K its.pub verify tree
	printf 'x\nx\n' | minisign -G -f -p its.pub -s its.sec >/dev/null
	run --separate-stderr p2-sign -K its.sec sign tree
	is 2 '' 'p2-sign: its.sec: is protected by a passphrase; sign with the tool that asks for it'
}

@test "p2-apply -K: what is signed is applied" {
	key site
	signed
	is 0 'changed file more: Created file.
changed file motd: Created file.'
	[ "$(cat motd more)" = $'Hello motd\nmore' ]
	(cd tree && p2-apply -d '' --key ../site.pub ./../tree/./site.p2)
}

@test "p2-apply -K: what is not what was signed is not run" {
	key site
	echo "p2.file('more', {content: 'evil'});" >tree/sub/more.p2
	refused 'p2-apply: tree/site.p2:2: tree/sub/more.p2: is not what was signed'
	rm tree/sub/more.p2
	echo "p2.file('more', {content: 'evil'});" >tree/sub/more.js
	sed -i 's/more/more.js/' tree/site.p2
	refused 'p2-apply: tree/site.p2: is not what was signed'
	p2-sign -K site.sec sign tree
	echo "p2.file('more', {content: 'worse'});" >tree/sub/more.js
	refused 'p2-apply: tree/site.p2:2: tree/sub/more.js: is not what was signed'
}

@test "p2-apply -K: code outside signed trees is not run, data is the host's" {
	echo "p2.file('more', {content: 'evil'});" >outside.p2
	echo "p2.include('$PWD/outside.p2');" >tree/site.p2
	key site
	refused 'p2-apply: tree/site.p2:1: outside.p2: is in no signed tree'
	echo "p2.file('more', {content: {file: '$PWD/data'}});" >tree/site.p2
	echo data >data
	p2-sign -K site.sec sign tree
	signed
	is 0 'changed file more: Created file.'
	cmp data more
	echo 'p2.command("true")' >outside.p2
	run --separate-stderr p2-apply -d '' -K site.pub outside.p2
	is 2 '' "p2-apply: $PWD/outside.p2: is in no signed tree"
	run --separate-stderr p2-apply -d '' -K site.pub - <outside.p2
	is 2 '' 'p2-apply: stdin: is in no signed tree'
}

@test "p2-apply -K: data in signed trees has to be signed, too" {
	key site
	echo 'Evil {{title}}' >tree/motd.tmpl
	signed
	is 2 'changed file more: Created file.' \
	    'p2-apply: tree/site.p2:2: file motd: tree/motd.tmpl: is not what was signed'
	[ ! -e motd ]
	echo "p2.file('motd', {source: p2.__p2dirname + '/motd.tmpl'})" \
	    >tree/site.p2
	p2-sign -K site.sec sign tree
	echo 'Worse {{title}}' >tree/motd.tmpl
	for how in -n -v; do
		signed $how
		[ "$status" -eq 2 ]
		[ "${stderr%%$'\n'*}" = 'p2-apply: tree/site.p2:1: file motd: tree/motd.tmpl: is not what was signed' ]
		[ ! -e motd ]
	done
	p2-sign -K site.sec sign tree
	signed
	is 0 'changed file motd: Created file.'
	echo "console.log(require('fs').readFileSync(__dirname +
	    '/motd.tmpl', 'utf8'))" >tree/site.p2
	p2-sign -K site.sec sign tree
	signed
	is 0 'Worse {{title}}'
	echo 'Bad' >tree/motd.tmpl
	signed
	is 2 '' 'p2-apply: tree/site.p2:1: tree/motd.tmpl: is not what was signed'
}

@test "p2-apply -K: a source tree and partials are judged file by file" {
	mkdir tree/www
	echo one >tree/www/one
	echo two >tree/www/two
	echo '{{> part}}' >tree/motd.tmpl
	echo part >tree/part.mustache
	cat >tree/site.p2 <<-'END'
		p2.file('www', {ensure: 'directory', source: __dirname + '/www'});
		p2.file('motd', {content: {template: __dirname + '/motd.tmpl'}});
	END
	key site
	echo TWO >tree/www/two
	signed
	is 2 '' \
	    'p2-apply: tree/site.p2:1: file www: tree/www/two: is not what was signed'
	[ ! -e www ]
	echo two >tree/www/two
	echo evil >tree/part.mustache
	signed
	is 2 'changed file www: Created directory www. Created file www/one. Created file www/two.' \
	    'p2-apply: tree/site.p2:2: file motd: template: tree/part.mustache: is not what was signed'
	[ ! -e motd ]
	echo part >tree/part.mustache
	signed
	is 0 'changed file motd: Created file.'
	[ "$(cat motd www/one www/two)" = $'part\none\ntwo' ]
}

@test "p2-apply -K: the key itself is trusted only if nobody else may write it" {
	key site
	chmod g+w site.pub
	refused 'p2-apply: site.pub: others than its owner may write it'
	chmod g-w site.pub
	run --separate-stderr p2-apply -d '' -K none tree/site.p2
	is 2 '' 'p2-apply: none: open: No such file or directory'
	run --separate-stderr p2-apply -d '' -K site.sec tree/site.p2
	is 2 '' 'p2-apply: site.sec: not a public key'
	rm tree/P2MANIFEST.sig
	signed
	[ "$status" -eq 2 ]
	[[ $stderr = *'tree/P2MANIFEST: is not signed' ]]
}

@test "p2-apply -K: the signature is verified where the bytecode is kept, too" {
	db=$PWD/db
	key site
	p2-apply -d "$db" -K site.pub tree/site.p2 >/dev/null
	echo "p2.file('more', {content: 'evil'});" >tree/sub/more.p2
	run --separate-stderr p2-apply -d "$db" tree/site.p2
	is 0 'changed file more: Content Replaced.'
	run --separate-stderr p2-apply -d "$db" -K site.pub tree/site.p2
	[ "$status" -eq 2 ]
	[ "$(cat more)" = evil ]
}

@test "p2-sign: its examples run" {
	mkdir policies
	cp -R tree/. policies
	mandoc -T ascii "$BATS_TEST_DIRNAME/../share/man/man1/p2-sign.1" |
	    col -bx | sed -n '/^EXAMPLES/,/^SEE/s/^ *\$ //p' >examples
	[ "$(wc -l <examples)" -eq 5 ]
	minisign -G -W -p m.pub -s key >/dev/null
	run -0 --separate-stderr bash -e examples
	is 0 'changed file more: Created file.
changed file motd: Created file.' "$stderr"
	rm policies/P2MANIFEST.sig
	p2-sign -K m.pub verify policies
}

# signed_at TIME: the tree, as if signed then.
signed_at() {
	echo $(($(date -d "$1" +%s) - $(date +%s))) >ahead
	LD_PRELOAD="$B/t/clock.so" CLOCK_AHEAD=ahead \
	    ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}" \
	    p2-sign -K site.sec sign tree
	rm -rf "tree.$1"
	cp -a tree "tree.$1"
}

# now_with TREE [ARG ...]: with a store, that one in the place of the other.
now_with() {
	rm -rf tree
	cp -a "tree.$1" tree
	shift
	run --separate-stderr p2-apply -d "$store" -K site.pub "$@" tree/site.p2
	stderr=${stderr//$PWD\//}
	[[ ! $stderr =~ signed\ (20..-..-..T..:..):..Z ]] ||
	    stderr=${stderr//${BASH_REMATCH[1]}:??Z/${BASH_REMATCH[1]}}
	[[ ! $stderr =~ of\ (20..-..-..T..:..):..Z ]] ||
	    stderr=${stderr//${BASH_REMATCH[1]}:??Z/${BASH_REMATCH[1]}}
}

older='p2-apply: tree: was signed 2030-01-01T00:00, and one of 2030-01-02T00:00 has been trusted here; with --force it is taken'

@test "p2-sign: what was signed earlier does not take the place of what was trusted" {
	key site
	signed_at 2030-01-01Z
	echo "p2.file('motd', {content: 'newer'});" >tree/site.p2
	signed_at 2030-01-02Z
	now_with 2030-01-01Z
	is 0 $'changed file more: Created file.\nchanged file motd: Created file.'
	now_with 2030-01-02Z -n
	[ "$status" -eq 1 ]
	now_with 2030-01-01Z			# a dry run remembers nothing
	is 0 ''
	now_with 2030-01-02Z
	[ "$output" = 'changed file motd: Content Replaced.
orphan file more: the policy no longer has it' ]
	now_with 2030-01-01Z
	is 2 '' "$older"
	now_with 2030-01-01Z -n
	is 2 '' "$older"
	now_with 2030-01-01Z -c
	is 2 '' "$older"
	[ "$(cat motd)" = newer ]
	now_with 2030-01-02Z
	is 0 ''
	before=$(sha256sum "$store/data.mdb")
	now_with 2030-01-02Z
	is 0 ''
	[ "$(sha256sum "$store/data.mdb")" = "$before" ]
	now_with 2030-01-01Z -f
	[ "$output" = 'changed file motd: Content Replaced.' ]
	now_with 2030-01-01Z			# and that is the last one now
	is 0 ''
	# Elsewhere, or without a store, nothing is known.
	cp -a tree.2030-01-02Z other
	run -0 p2-apply -n -d '' -K site.pub tree/site.p2
	[[ $(p2-apply -n -d "$store" -K site.pub other/site.p2) == *newer* ]]
	run -2 p2-apply -f site.p2
	[ "$output" = 'p2-apply: -f is for -b, -K and -u' ]
}

@test "p2-sign: a signature that does not say when is older than one that does" {
	key site
	signed_at 2030-01-02Z
	now_with 2030-01-02Z
	sed -i 3,4d tree/P2MANIFEST.sig
	rm -rf tree.none
	cp -a tree tree.none
	now_with none
	is 2 '' 'p2-apply: tree: does not say when it was signed, and one of 2030-01-02T00:00 has been trusted here; with --force it is taken'
	now_with none -f
	is 0 ''
	now_with none
	is 0 ''
}

@test "p2-sign: one that is older is no reason to leave what is applied and watched" {
	key site
	signed_at 2030-01-01Z
	echo "p2.file('motd', {content: 'newer'});" >tree/site.p2
	signed_at 2030-01-02Z
	start p2-apply -d "$store" -K site.pub -w tree/site.p2 >out
	watcher=$pid
	wait_until grep -q motd out
	cp -a tree.2030-01-01Z/. tree
	wait_until grep -q 'has been trusted here' "$BATS_TEST_TMPDIR/p2-apply.log"
	echo bad >motd
	wait_until grep -q newer motd
	kill "$watcher"
	wait "$watcher"
}
