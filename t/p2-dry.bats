#!/usr/bin/env bats
# A dry run shows what the run then does, and does nothing.
# shellcheck disable=SC2016	# for the policy, or jq
load helper

setup() {
	common_setup
	mkdir "$BATS_TEST_TMPDIR/host"
	cd "$BATS_TEST_TMPDIR/host" || return
}

# policy SEED: thirty resources on a few paths, so that they meet.
policy() {
	local names=(a b d d/x d/y) kinds i n

	RANDOM=$1
	kinds=('content: "1\n"' 'content: "2\n"' 'ensure: "absent"' 'mode: "0600"'
	    'content: "{{title}}\n", is_template: true' 'line: "l"' 'block: "b"'
	    'ensure: "link", target: "a", force: true' 'content: ""'
	    'ensure: "file", parents: true' 'ensure: "directory", force: true'
	    'line: "L", match: /^l$/i' 'line: "z", remove: /^[a1]/, after: /^l/gi')
	echo 'function tell(changed) { if (changed) console.log("changed"); }'
	for ((i = 0; i < 30; i++)); do
		if ((RANDOM % 6 == 0)); then
			n=$((RANDOM % 3))
			echo "p2.command('touch c$n; : $i', {creates: 'c$n'});"
		else
			echo "p2.file('${names[RANDOM % 5]}', {${kinds[RANDOM % 13]}, keep_orig: false}, tell);"
		fi
	done
}

# outcome [ARG ...]: of each resource; a run ends where one fails.  Where $under
# is set, whoever writes is killed.
outcome() {
	${under-} p2-apply -d '' -j "$@" ../site.p2 2>/dev/null | jq -r \
	    'select(.summary | not) | .type + " " + .title + " " + .outcome'
}

# state: all there is here.
state() { find . -printf '%p %y %m %l\n' | sort; find . -type f | sort | xargs -r sha256sum; }

@test "noop: any policy is carried out as the dry run has shown" {
	for seed in {1..25}; do
		policy "$seed" >../site.p2
		before=$(state)
		under=nowrite outcome -n >../dry
		diff <(echo "$before") <(state)
		outcome >../wet
		diff -u ../dry ../wet || {
			echo "seed $seed"
			cat ../site.p2
			return 1
		}
	done
}

@test "noop: what kills whoever writes lets a dry run be, and kills the run" {
	echo 'p2.file("a", {content: "1"}).command("touch b");' >../site.p2
	run -1 nowrite p2-apply -d '' -n ../site.p2
	[ "${lines[0]}" = 'would change file a: is missing' ]
	run -159 nowrite p2-apply -d '' ../site.p2
	[ ! -e a ]
	run -159 nowrite sh -c 'echo >a'
	run -0 nowrite sh -c 'echo 1; echo 2 >&2'
}

@test "noop: a dry run makes no call that writes" {
	command -v strace >/dev/null || skip 'there is no strace'
	mkdir d
	echo 1 >a
	cat >../site.p2 <<-'END'
	p2.file('a', {content: '2\n'}).file('d', {ensure: 'absent'})
	.file('n', {content: 'x', mode: '0600'}).command('touch c')
	.ini_file('i', {cfg: {k: 1}})
	.lambda('l', function () { require('fs').unlinkSync('a'); });
	END
	run -0 env ASAN_OPTIONS=detect_leaks=0 strace -f -o ../trace -e \
	    trace='%file,%process,write,pwrite64,ftruncate,fchmod,fchown,fsync' \
	    bash -c 'p2-apply -d "" -n ../site.p2 >/dev/null || [ $? -eq 1 ]'
	run -1 grep -E 'O_(WRONLY|RDWR|CREAT|TRUNC)|\b(mkdir|rmdir|unlink|rename|symlink|link|chmod|chown|setxattr|utimens|mknod|truncate|fsync)[a-z0-9]*\(' \
	    <(grep -v -e /dev/null -e /dev/tty ../trace)
}

@test "noop: a directory may come with what is done before; a run wants it" {
	cat >../site.p2 <<-'END'
	p2.file('gone', {ensure: 'directory'}).file('gone', {ensure: 'absent'}).command(': install')
	.file('etc/conf', {content: 'x'}).file('etc/sub', {ensure: 'directory'})
	.file('etc/sub/conf', {content: 'x'}).file('gone/conf', {content: 'x'});
	END
	run -2 --separate-stderr p2-apply -d '' -n ../site.p2
	[ "$(grep '^would' <<<"$output")" = 'would change file gone: is missing
would change file gone: is there
would change command : install: runs each time
would change file etc/conf: its directory etc does not exist yet; is missing
would change file etc/sub: its directory etc does not exist yet; is missing
would change file etc/sub/conf: is missing' ]
	[ "${stderr#*site.p2}" = ':3: file gone/conf: gone/conf: its directory gone is missing (parents: true would make it)' ]
	run -2 --separate-stderr p2-apply -d '' ../site.p2
	[ "${stderr#*site.p2}" = ':2: file etc/conf: etc/conf: its directory etc is missing (parents: true would make it)' ]
	echo 'p2.command("true", {unless: "true"}).file("etc/conf", {content: ""});' >../site.p2
	run -2 --separate-stderr p2-apply -d '' -n ../site.p2
	[ "$output" = '' ]
}

@test "noop: an owner or group may come to be by then; a run wants them" {
	touch there
	cat >../site.p2 <<-'END'
	p2.command(': make deploy').file('new', {content: 'x', owner: 'deploy-'})
	.file('there', {owner: 'deploy-', group: 'staff-', mode: '0600', keep_orig: false})
	.file('there', {owner: 'root', mode: '0600'}).file('there', {ensure: 'absent', owner: 'deploy-'})
	.file('dir', {ensure: 'directory', group: 'staff-'});
	END
	run -1 --separate-stderr p2-apply -d '' -j -n ../site.p2
	[ "$stderr" = '' ]
	[ "$(jq -c '[.title, .outcome, .why]' <<<"$(grep -v summary <<<"$output")")" = 	    '[": make deploy","changed","runs each time"]
["new","changed","is missing; owner deploy- does not exist yet"]
["there","changed","mode 0644 should be 0600; owner deploy- does not exist yet; group staff- does not exist yet"]
["there","ok",null]
["there","changed","is there"]
["dir","changed","is missing; group staff- does not exist yet"]' ]
	run -2 --separate-stderr p2-apply -d '' ../site.p2
	[ "${stderr#*site.p2}" = ':1: file new: owner: no user is called deploy-' ]
	[ ! -e new ]
	cat >../site.p2 <<-'END'
	p2.command(': a', {user: 'deploy-', gid: 'staff-'}).command(': b', {uid: 0})
	.user('nobody', {ensure: 'absent'}).command(': c', {user: 'nobody'});
	END
	run -2 --separate-stderr p2-apply -d '' -n ../site.p2
	[ "$output" = 'would change command : a: runs each time; user deploy- does not exist yet; group staff- does not exist yet
would change command : b: runs each time
would change user nobody: is there' ]
	[ "${stderr#*site.p2}" = ':2: command : c: no user is called nobody' ]
	echo 'p2.file("there", {owner: "deploy-", noop: true});' >../site.p2
	run -2 --separate-stderr p2-apply -d '' ../site.p2
}

@test "noop: a source too large to show is still what others see" {
	truncate -s 65M ../big
	echo end >>../big
	cp --sparse=always ../big same
	chmod 644 ../big same
	touch drifted
	cat >../site.p2 <<-'END'
	p2.file('first', {source: '../big'}).file('same', {source: 'first'})
	.file('first', {mode: '0600'})
	.file('drifted', {source: 'first'}).file('drifted', {source: '../big'})
	.file('same', {content: 'x', keep_orig: true}).file('drifted', {source: 'same.orig_partout'});
	END
	run -1 --separate-stderr p2-apply -d '' -j -n ../site.p2
	[ "$stderr" = '' ]
	[ "$(jq -r 'select(.title) | .title + " " + .outcome' <<<"$output")" = \
	    'first changed
same ok
first changed
drifted changed
drifted ok
same changed
drifted ok' ]
	run -0 --separate-stderr p2-apply -d '' ../site.p2
	cmp ../big drifted
}
