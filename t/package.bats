#!/usr/bin/env bats
# Packages, by a real apt on a scratch host.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	scratch_setup
	debian_host
}

# calls: the commands that apt was given, without the options that all have.
calls() {
	on_host sed -n 's/^Commandline: //p' /var/log/apt/history.log |
	    sed -E 's/ -(q|y)| -o [^ ]+| --auto-remove//g'
}

# version NAME: what dpkg says of it.
version() { on_host dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1"; }

@test "apt: packages in a row are one transaction; the second run does nothing" {
	deb first 1.0
	deb second 2.0 'Depends: third'
	deb third 3.0
	index
	cat >policy <<-'END'
	p2.package('first').package('second').package('third')
	.on('package:second:changed', function (e) { console.log(e.eventname); });
	END
	on_host_apply <policy
	is 0 'changed package first: Installed first 1.0.
changed package second: Installed second 2.0.
package:second:changed'
	run -0 calls
	[ "$output" = 'apt-get install first second' ]
	on_host_apply <policy
	is 0 ''
}

@test "apt: no child is started where there is nothing to do" {
	command -v strace >/dev/null || skip 'there is no strace'
	cat >upper/root/site.p2 <<-'END'
	p2.package(['dpkg', 'libc6', 'bash'], {ensure: 'installed'})
	.package('apt', {ensure: 'latest'}).package('coreutils', {version: '>=5', hold: false})
	.package('no-such-package', {ensure: 'purged'})
	.package('awk');
	END
	index
	on_host apt-get -qq update
	run -0 --separate-stderr on_host strace -f -o /root/trace \
	    -e trace=execve,clone,clone3,fork,vfork,sendto,connect \
	    p2-apply -d '' /root/site.p2
	[ "$output$stderr" = "" ]
	run -0 grep -c execve upper/root/trace
	[ "$output" = 1 ]
	run -1 grep -E 'clone|fork|connect' upper/root/trace
}

@test "apt: absent, purged, latest, versions, downgrades and holds" {
	deb a 1.0
	deb a 2.0
	deb b 1:1.0-1
	index
	on_host_apply <<<"p2.package('a', {version: '<2'}).package('b', {ensure: '1:1.0-1', hold: true});"
	is 0 'changed package a: Installed a 1.0.
changed package b: Installed b 1:1.0-1. Held b.'
	[ "$(version b)" = 'hi 1:1.0-1' ]
	on_host_apply <<<"p2.package('a', {ensure: 'latest'}).package('b', {hold: false});"
	is 0 'changed package a: Upgraded a from 1.0 to 2.0.
changed package b: Released b.'
	on_host_apply <<<"p2.package('a', {version: '1.0'}).package('b', {ensure: '>=1:0.9'});"
	is 0 'changed package a: Downgraded a from 2.0 to 1.0.'
	on_host_apply <<<"p2.package('a', {version: '>=3'});"
	is 2 '' 'p2-apply: site.p2:1: package a: a: apt has no version that is >=3; it has 2.0'
	on_host_apply <<<"p2.package(['a', 'b'], {ensure: 'absent'});"
	is 0 'changed package a: Removed a 1.0.
changed package b: Removed b 1:1.0-1.'
	run -0 calls
	[ "${lines[-1]}" = 'apt-get purge a b' ]
	on_host_apply <<<"p2.package(['a', 'b'], {ensure: 'purged'});"
	is 0 ''
}

@test "apt: a new version of one that is held, which stays held" {
	deb a 1.0
	index
	on_host_apply <<<"p2.package('a', {hold: true});"
	is 0 'changed package a: Installed a 1.0. Held a.'
	deb a 2.0
	index
	on_host_apply <<<"p2.package('a', {ensure: 'latest', hold: true});"
	is 0 'changed package a: Upgraded a from 1.0 to 2.0.'
	[ "$(version a)" = 'hi 2.0' ]
}

@test "apt: a list of names is one resource, with or without recommends" {
	deb a 1.0 'Recommends: extra'
	deb b 1.0 'Recommends: extra'
	deb extra 1.0
	index
	on_host_apply <<<"p2.package('tools', {name: ['a', 'b'], recommends: false});"
	is 0 'changed package tools: Installed a 1.0. Installed b 1.0.'
	run -0 calls
	echo "$output"
	[ "$output" = 'apt-get install --no-install-recommends a b' ]
	run -1 on_host dpkg -s extra
}

@test "apt: a changed configuration file stays, and nothing is asked" {
	mkdir -p deb/a/DEBIAN deb/a/etc
	echo /etc/a.conf >deb/a/DEBIAN/conffiles
	echo 'setting 1' >deb/a/etc/a.conf
	deb a 1.0
	index
	on_host_apply <<<"p2.package('a');"
	echo 'setting of mine' >upper/etc/a.conf
	echo 'setting 2' >deb/a/etc/a.conf
	printf '#!/bin/sh\nread answer\necho "$DEBIAN_FRONTEND,$answer" >/root/asked\n' >deb/a/DEBIAN/postinst
	chmod 755 deb/a/DEBIAN/postinst
	deb a 2.0
	index
	on_host apt-get -qq update
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 'changed package a: Upgraded a from 1.0 to 2.0.'
	[ "$(cat upper/etc/a.conf)" = 'setting of mine' ]
	[ "$(cat upper/root/asked)" = noninteractive, ]
	on_host_apply <<<"p2.package('a', {ensure: 'purged'});"
	run -1 on_host test -e /etc/a.conf
}

@test "apt: the index is refreshed once, and only if something is installed" {
	deb a 1.0
	deb b 1.0
	deb c 1.0
	index
	printf '#!/bin/sh\necho "$*" >>/root/calls\nexec /usr/bin/apt-get "$@"\n' >apt-get
	install -D -m 755 apt-get upper/usr/local/bin/apt-get
	on_host_apply <<<"p2.package('a').command('true').package('b').package('bash').command('true').package('c', {ensure: 'absent'});"
	[ "$status" -eq 0 ]
	[ "$(sed 's/.* -o [^ ]* //' upper/root/calls)" = '-q update
install a
install b' ]
}

@test "apt: one that fails is named, the others are installed, the queue goes on" {
	printf '#!/bin/sh\necho "no luck today" >&2\nexit 3\n' >fail
	install -D -m 755 fail deb/bad/DEBIAN/postinst
	deb bad 1.0
	deb good 1.0
	deb also 1.0
	index
	on_host_apply <<-'END'
	p2.package('good').package('bad', function (err, out) {
	  console.log('called', err instanceof Error, out.indexOf('no luck') >= 0 || out.indexOf('bad') >= 0); })
	.on('package:bad:failed', function () { console.log('heard'); })
	.package('also').command('echo on');
	END
	echo "$output"; echo "$stderr"
	[ "$status" -eq 2 ]
	[ "$output" = 'changed package good: Installed good 1.0.
called true true
heard
changed package also: Installed also 1.0.
changed command echo on: runs each time' ]
	[[ $stderr == *'no luck today'* ]]
	[[ $stderr == *'p2-apply: site.p2:1: package bad: apt-get: exit status 100: dpkg: error processing package bad (--configure): installed bad package post-installation script subprocess returned error exit status 3' ]]
	[ "$(version good)$(version also)" = 'ii 1.0ii 1.0' ]
}

@test "apt: of a transaction that fails as a whole, each is tried" {
	deb good 1.0
	deb bad 1.0 'Depends: nowhere'
	index
	on_host_apply <<<"p2.package(['good', 'bad', 'dpkg']).command('true');"
	echo "$output"; echo "$stderr"
	[ "$status" -eq 2 ]
	[ "$output" = 'changed package good: Installed good 1.0.
changed command true: runs each time' ]
	[[ $stderr == *'package bad: apt-get: exit status 100: E: Unable to correct problems, you have held broken packages.' ]]
}

@test "apt: an unknown name ends the run, and no expression is taken for a name" {
	deb good 1.0
	deb g++ 1.0
	index
	on_host_apply <<<"p2.package('good').package('nosuch').package('never');"
	is 2 'changed package good: Installed good 1.0.' 'p2-apply: site.p2:1: package nosuch: nosuch: apt knows no package of that name'
	on_host_apply <<<"p2.package('g++');"
	is 0 'changed package g++: Installed g++ 1.0.'
	on_host_apply <<<"p2.package('goo.');"
	is 2 '' 'p2-apply: site.p2:1: package goo.: goo.: apt knows no package of that name'
	for name in good- 'g*' -y '' 'a b' good/stable; do
		on_host_apply <<<"p2.package('t', {name: '$name'});"
		is 2 '' "p2-apply: site.p2:1: package t: ${name:-an empty string}: not the name of a package"
	done
}

@test "apt: a dry run names versions, and later packages see it" {
	deb a 1.0
	deb b 1.0
	index
	on_host apt-get -qq update
	state() { find upper ! -path 'upper/root*' ! -path 'upper/var/cache/*' -printf '%p %s %T@\n' | sort; }
	on_host true
	state >before
	on_host_apply -n <<-'END'
	p2.package('a').package('b', {hold: true}).package('a', {ensure: 'purged'}).package('a', {ensure: 'absent'})
	.package('later');
	END
	is 1 'would change package a: a 1.0 is not installed
would change package b: b 1.0 is not installed; b is not held
would change package a: a 1.0 is installed
would change package later: later is not installed'
	diff -u before <(state)
}

@test "apt: pins and releases that are held back have their say" {
	deb a 1.0
	deb a 2.0
	index
	mkdir -p upper/etc/apt/preferences.d
	printf 'Package: a\nPin: version 1.*\nPin-Priority: 900\n' >upper/etc/apt/preferences.d/a
	on_host_apply <<<"p2.package('a');"
	is 0 'changed package a: Installed a 1.0.'
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 ''
	rm upper/etc/apt/preferences.d/a
	on_host rm -rf /etc/apt/preferences.d/a
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 'changed package a: Upgraded a from 1.0 to 2.0.'
}

@test "apt: who has the lock is waited for, and named" {
	deb a 1.0
	index
	cat >upper/root/hold.py <<-'END'
	import fcntl, sys, time
	f = open('/var/lib/dpkg/lock-frontend', 'w')
	fcntl.lockf(f, fcntl.LOCK_EX)
	open('/root/held', 'w')
	time.sleep(float(sys.argv[1]))
	END
	cat >upper/root/site.p2 <<<"p2.package('a', {lock_timeout: 0.3});"
	run --separate-stderr on_host sh -c 'python3 /root/hold.py 60 &
	    while [ ! -e /root/held ]; do sleep 0.05; done
	    p2-apply -d "" /root/site.p2'
	[ "$status" -eq 2 ]
	[[ $stderr =~ ^p2-apply:\ .*/site.p2:1:\ package\ a:\ /var/lib/dpkg/lock-frontend\ is\ locked\ by\ python3\ \(process\ [0-9]+\)\;\ waited\ 0.3\ s$ ]]
	cat >upper/root/site.p2 <<<"p2.package('a');"
	run -0 --separate-stderr on_host sh -c 'rm /root/held; python3 /root/hold.py 1 &
	    while [ ! -e /root/held ]; do sleep 0.05; done
	    p2-apply -d "" /root/site.p2'
	[ "$output" = 'changed package a: Installed a 1.0.' ]
}

@test "apt: facts, callbacks and a provider by the family" {
	deb a 1.0
	index
	on_host_apply <<-'END'
	var before = p2.facts.installed_packages;
	p2.package('a', function (err, out) {
	  console.log(err, /Setting up a/.test(out), before.a.version, p2.facts.installed_packages.a.provider); })
	.package('a', function (err, out) { console.log(err, out === ''); })
	.package('a', {ensure: 'absent'}, function () { console.log(before.a, p2.facts.installed_packages.dpkg.name); })
	.lambda('f', function (facts) { facts.os_family = 'plan9'; })
	.package('a');
	END
	is 2 'changed package a: Installed a 1.0.
null true 1.0 apt
null true
changed package a: Removed a 1.0.
undefined dpkg' 'p2-apply: site.p2:7: package a: no provider is known for hosts of the family plan9'
}

@test "apt: onlyif, noop and require keep their meaning within a row" {
	deb a 1.0
	deb b 1.0
	deb c 1.0
	index
	on_host_apply <<-'END'
	p2.package('a').package('b', {onlyif: 'dpkg -s a >/dev/null 2>&1'})
	.package('c', {noop: true}).package('c', {require: 'package:b'});
	END
	is 0 'changed package a: Installed a 1.0.
changed package b: Installed b 1.0.
noop package c: c 1.0 is not installed
changed package c: Installed c 1.0.'
}

@test "deb: a file is installed, by its name or by what is in it" {
	deb a 1.0
	cp "$repo/a_1.0_all.deb" upper/root/some.deb
	on_host_apply <<<"p2.package('/repo/a_1.0_all.deb', {provider: 'deb'});"
	is 0 'changed package /repo/a_1.0_all.deb: Installed a 1.0.'
	on_host_apply <<<"p2.package('/repo/a_1.0_all.deb', {provider: 'deb'}).package('a', {provider: 'deb', source: '/root/some.deb'});"
	is 0 ''
	deb a 2.0
	on_host_apply <<<"p2.package('a', {provider: 'deb', source: '/repo/a_2.0_all.deb'});"
	is 0 'changed package a: Upgraded a from 1.0 to 2.0.'
	on_host_apply <<<"p2.package('a', {provider: 'deb', ensure: 'absent'});"
	is 0 'changed package a: Removed a 2.0.'
	on_host_apply <<<"p2.package('a', {provider: 'deb', source: '/repo/none.deb'});"
	[ "$status" -eq 2 ]
	[[ $stderr == *'package a: dpkg-deb: exit status 2: dpkg-deb: error: '*'/repo/none.deb'* ]]
}

@test "package: options that make no sense" {
	bad() {
		on_host_apply <<<"p2.package('t', {$1});"
		is 2 '' "p2-apply: site.p2:1: package t: $2"
	}
	bad "ensure: 'presnt'" 'ensure presnt: neither present, installed, latest, absent, purged nor a version'
	bad "provider: 'yast'" 'provider yast: not one of apt, dnf, yum, zypper, pacman, apk, portage, npm, pip, gem, deb and rpm'
	bad "ensure: 'absent', version: '1'" 'version: of a package that is not to be present'
	bad "ensure: '1', version: '1'" 'a version in ensure and in version'
	bad "ensure: '>='" 'ensure >=: no version given'
	bad "hold: true, provider: 'npm'" 'hold: npm cannot hold packages'
	bad "prefix: '/x'" 'prefix: for the providers npm and pip only'
	bad "source: '/x'" 'source: for the providers deb and rpm only'
	bad "provider: 'deb'" 'source: the path of the file is missing'
}

@test "apt: each of a transaction tells its own, and owes it until then" {
	deb a 1.0
	deb b 1.0
	deb c 1.0
	index
	on_host_apply <<-'END'
	p2.package('a', {notify: 'command:echo A'}).package('b').package('c', {notify: 'command:echo C'})
	.command('echo A', {refreshonly: true}).command('echo C', {refreshonly: true});
	END
	is 0 'changed package a: Installed a 1.0.
changed package b: Installed b 1.0.
changed package c: Installed c 1.0.
changed command echo A: runs each time
changed command echo C: runs each time'
	run -0 calls
	[ "$output" = 'apt-get install a b c' ]
	# The run ends as soon as apt has: what is owed of all is in the store.
	on_host dpkg --purge a b c
	printf '#!/bin/sh\n/usr/bin/apt-get "$@" || exit\ncase $* in *install*) kill -9 $PPID; esac\n' >apt-get
	install -D -m 755 apt-get upper/usr/local/bin/apt-get
	run -0 on_host sh -c 'p2-apply -d /root/store /root/site.p2; echo $?'
	[ "$output" = 137 ] || [ "${lines[-1]}" = 137 ]
	run -0 on_host p2-apply -d /root/store /root/site.p2
	[ "$output" = 'changed command echo A: runs each time
changed command echo C: runs each time' ]
	run -0 on_host p2-apply -d /root/store /root/site.p2
	[ "$output" = '' ]
}

@test "apt: what an interrupted dpkg has left is brought to an end first" {
	deb a 1.0
	deb b 1.0
	index
	on_host_apply <<<"p2.package('a');"
	sed -n '/^Package: a$/,/^$/p' upper/var/lib/dpkg/status |
	    sed 's/^Status: .*/Status: install ok half-configured/' >upper/var/lib/dpkg/updates/0001
	run -100 on_host apt-get -qq -y install b
	on_host_apply <<<"p2.package('b').package('a');"
	is 0 'changed package b: Installed b 1.0.'
}

@test "apt: a package that is watched comes back, and so does its repository" {
	deb a 1.0
	index
	: >upper/etc/apt/sources.list
	cat >upper/root/site.p2 <<-'END'
	p2.repository('flat', {uri: 'file:/repo', suites: './', trusted: true, watch: true}).package('a', {watch: true});
	END
	run -0 on_host sh -c '
	wait_for() { n=0; until eval "$1"; do n=$((n + 1)); [ $n -lt 200 ] || exit 9; sleep 0.1; done; }
	p2-apply -d "" -w /root/site.p2 >/root/out 2>&1 &
	wait_for "grep -q package /root/out"
	dpkg --purge a >/dev/null
	wait_for "[ \$(grep -c package /root/out) = 2 ]"
	echo x >/etc/apt/sources.list.d/flat.sources
	wait_for "[ \$(grep -c repository /root/out) = 2 ]"
	kill $!; wait || :'
	cat upper/root/out
	[ "$(grep -v ended upper/root/out)" = 'changed repository flat: Wrote /etc/apt/sources.list.d/flat.sources.
changed package a: Installed a 1.0.
changed package a: Installed a 1.0.
changed repository flat: Wrote /etc/apt/sources.list.d/flat.sources.' ]
}
