#!/usr/bin/env bats
# What the managers are told, word for word, by stand-ins for them that change
# a database as the real ones would.
# shellcheck disable=SC2016	# for the policy, or the stand-in
load scratch

setup() {
	scratch_setup
	mkdir -p upper/usr/local/bin upper/root
	: >upper/root/calls
	debian_host
}

# stub NAME [SCRIPT]: a program that notes its words and then is the script.
stub() {
	printf '#!/bin/sh\n(echo -n "${0##*/}"; for a; do echo -n " [$a]"; done; echo) >>/root/calls\n%s\n' \
	    "${2-}" >"upper/usr/local/bin/$1"
	chmod 755 "upper/usr/local/bin/$1"
}

# called: what was noted, once.
called() {
	cat upper/root/calls
	: >upper/root/calls
}

# told POLICY WORDS: that is what the stand-ins are told, whatever comes of it.
told() {
	on_host_apply <<<"p2$1;"
	printf '%s\n' "$output" "$stderr"
	diff -u <(printf '%s' "$2${2:+$'\n'}") <(called)
}

@test "dnf: installs, versions, upgrades, holds, removals" {
	stub dnf 'case $* in *check-update*) echo "old.noarch 2-1 updates"; exit 100; esac'
	told ".package(['a', 'b'], {provider: 'dnf', recommends: false})" \
	    'dnf [-y] [makecache]
dnf [-y] [install] [--setopt=install_weak_deps=False] [a] [b]'
	told ".package('a', {provider: 'dnf', version: '1.2-3', hold: true})" \
	    'dnf [-y] [makecache]
dnf [-y] [install] [a-1.2-3]
dnf [-y] [versionlock] [add] [a]'
	told ".package('a', {provider: 'dnf', ensure: '>=1.2'})" \
	    'dnf [-y] [makecache]
dnf [-y] [install] [a >= 1.2]'
	told ".package('a', {provider: 'dnf', ensure: 'absent'})" ''
}

@test "yum, by the family, where there is no dnf" {
	stub yum
	printf 'ID=centos\n' >upper/etc/os-release
	on_host rm -f /usr/bin/dnf
	told ".package('a', {version: '1'})" \
	    'yum [-y] [makecache]
yum [-y] [install] [a-1]'
	told ".package('a', {version: '>1'})" ''
	[ "$stderr" = 'p2-apply: site.p2:1: package a: version >1: yum takes no comparison' ]
}

@test "zypper" {
	stub zypper
	printf 'ID=opensuse-leap\n' >upper/etc/os-release
	told ".package('a', {recommends: true}).package('b', {recommends: true, version: '>=2'})" \
	    'zypper [--non-interactive] [refresh]
zypper [--non-interactive] [install] [--auto-agree-with-licenses] [--recommends] [a] [b>=2]'
	mkdir -p upper/etc/zypp
	printf 'type: package\nmatch_type: glob\nsolvable_name: a\n' >upper/etc/zypp/locks
	told ".package('a', {provider: 'zypp', hold: false})" \
	    'zypper [--non-interactive] [refresh]
zypper [--non-interactive] [removelock] [a]
zypper [--non-interactive] [install] [--auto-agree-with-licenses] [a]'
}

@test "pacman, with a database" {
	add='p=a; mkdir -p /var/lib/pacman/local/$p-1.0-1
	    printf "%%NAME%%\n$p\n\n%%VERSION%%\n1.0-1\n\n%%PROVIDES%%\nx\nlib$p=1\n\n" >/var/lib/pacman/local/$p-1.0-1/desc'
	stub pacman "case \"\$*\" in *-S\ *) $add;; *-Qu*) echo 'a 1.0-1 -> 1.1-1';; *-R*) rm -r /var/lib/pacman/local/a-1.0-1; esac"
	mkdir -p upper/var/lib/pacman/local
	setfattr -n trusted.overlay.opaque -v y upper/var/lib/pacman/local
	printf 'ID=arch\n' >upper/etc/os-release
	told ".package('a').package('liba').package('a', {version: '<2'})" \
	    'pacman [--noconfirm] [-Sy]
pacman [--noconfirm] [-S] [--needed] [a] [liba]'
	told ".package('a', {ensure: 'latest'})" \
	    'pacman [-Qu] [a]
pacman [--noconfirm] [-Sy]
pacman [-Qu] [a]
pacman [--noconfirm] [-S] [--needed] [a]'
	told ".package('a', {version: '0.9-1'})" \
	    'pacman [--noconfirm] [-Sy]
pacman [--noconfirm] [-S] [a=0.9-1]'
	: >upper/var/lib/pacman/db.lck
	told ".package('b', {lock_timeout: 0.2})" ''
	[ "$stderr" = 'p2-apply: site.p2:1: package b: /var/lib/pacman/db.lck is locked by somebody; waited 0.2 s' ]
	on_host rm /var/lib/pacman/db.lck
	told ".package('a', {ensure: 'purged'})" 'pacman [--noconfirm] [-Rn] [a]'
}

@test "apk, with a database" {
	db=upper/lib/apk/db/installed
	[ ! -L /lib ] || db=upper/usr/lib/apk/db/installed
	mkdir -p "${db%/*}"
	printf 'P:a\nV:1.0-r0\nA:x86_64\np:cmd:thing=1.0-r0 so:liba.so.1=1\n\n' >"$db"
	stub apk 'case "$*" in *version*) echo "Installed:    Available:"; echo "a-1.0-r0   < 1.1-r0"; esac'
	printf 'ID=alpine\n' >upper/etc/os-release
	told ".package('a', {version: '>=1.0'}).package('cmd:thing').package('b', {ensure: 'absent'})" ''
	told ".package('a', {ensure: 'latest'})" \
	    'apk [version] [-l] [<] [a]
apk [--wait] [60] [update]
apk [version] [-l] [<] [a]
apk [--wait] [60] [add] [--upgrade] [a]'
	[[ $stderr == *'package a: apk reports success, but a is still 1.0-r0' ]]
	told ".package('a', {version: '1.1'}).package('b', {ensure: '<3'})" \
	    'apk [--wait] [60] [update]
apk [--wait] [60] [add] [a=1.1] [b<3]'
	told ".package('a', {ensure: 'purged'})" 'apk [--wait] [60] [del] [--purge] [a]'
}

@test "portage, with a database" {
	mkdir -p upper/var/db/pkg/app-misc/a-1.0-r1
	stub emerge 'case "$*" in *pretend*) echo "[ebuild     U ] app-misc/a-1.1 [1.0-r1]"; esac'
	printf 'ID=gentoo\n' >upper/etc/os-release
	told ".package('app-misc/a', {version: '1.0'})" ''
	told ".package('app-misc/a', {ensure: 'latest'}).package('app-misc/b')" \
	    'emerge [--ask=n] [--quiet] [--pretend] [--update] [app-misc/a] [app-misc/b]
emerge [--ask=n] [--quiet] [--noreplace] [app-misc/b]
emerge [--ask=n] [--quiet] [--update] [app-misc/a]'
	told ".package('app-misc/a', {version: '<1'})" 'emerge [--ask=n] [--quiet] [--oneshot] [<app-misc/a-1]'
	told ".package('app-misc/a', {ensure: 'absent'})" 'emerge [--ask=n] [--quiet] [--depclean] [app-misc/a]'
}

@test "gem" {
	mkdir -p upper/var/lib/gems/3.1.0/specifications
	: >upper/var/lib/gems/3.1.0/specifications/rake-x-2.0.gemspec
	: >upper/var/lib/gems/3.1.0/specifications/thing-13.0.6.gemspec
	stub gem 'case "$*" in outdated) echo "thing (13.0.6 < 13.1.0)"; esac'
	told ".package('thing', {provider: 'gem', version: '>=13'}).package('rake-x', {provider: 'gem', version: '2.0'})" ''
	told ".package('thing', {provider: 'gem', ensure: 'latest'})" \
	    'gem [outdated]
gem [update] [--no-document] [thing]'
	told ".package('thing', {provider: 'gem', version: '1.0'}).package('new', {provider: 'gem', version: '>=2'})" \
	    'gem [install] [--no-document] [thing:1.0] [new:>=2]'
	told ".package('thing', {provider: 'gem', ensure: 'absent'})" \
	    'gem [uninstall] [--all] [--executables] [--abort-on-dependent] [thing]'
}

@test "a manager's own error, and its exit status, are told" {
	stub pacman 'echo "error: target not found: nosuch" >&2; echo "more" >&2; exit 1'
	on_host_apply <<<"p2.package('nosuch', {provider: 'pacman'}).command('true');"
	is 2 'changed command true: runs each time' 'error: target not found: nosuch
more
error: target not found: nosuch
more
p2-apply: site.p2:1: package nosuch: pacman: exit status 1: error: target not found: nosuch; the index was not refreshed: pacman: exit status 1: error: target not found: nosuch'
	on_host_apply <<<"p2.package('x', {provider: 'portage'});"
	is 2 '' 'p2-apply: site.p2:1: package x: emerge: No such file or directory'
}
