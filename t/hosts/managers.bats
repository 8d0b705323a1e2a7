#!/usr/bin/env bats
# Packages by the real managers, from small repositories that are made here.
# shellcheck disable=SC2016	# for the policy
load ../scratch

setup() {
	scratch_setup
	mkdir -p upper/root upper/repo
}

# rpm_package NAME VERSION [LINE ...]: into /repo of the host.
rpm_package() {
	local name=$1 version=$2

	shift 2
	printf '%s\n' "Name: $name" "Version: $version" 'Release: 1' "Summary: $name" 'License: none' \
	    'BuildArch: noarch' "$@" '%description' "$name" '%install' "mkdir -p %{buildroot}/usr/share/$name" \
	    "echo $version >%{buildroot}/usr/share/$name/version" '%files' "/usr/share/$name" >"$name.spec"
	rpmbuild --quiet --define "_topdir $PWD/rpmbuild" --define "_rpmdir $PWD/upper/repo" \
	    --define '_build_name_fmt %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' -bb "$name.spec" >/dev/null 2>&1
}

# rpm_host ID: of that distribution, with an empty database of rpm.
rpm_host() {
	mkdir -p upper/etc/rpm
	printf 'ID=%s\nVERSION_ID=9\n' "$1" >upper/etc/os-release
	echo '%_dbpath /var/lib/rpm' >upper/etc/rpm/macros
	createrepo_c --quiet upper/repo
	on_host sh -c 'rm -rf /var/lib/rpm /root/.rpmdb; mkdir -p /var/lib/rpm; rpmdb --initdb'
}

@test "dnf: from a repository in the policy, versions and comparisons" {
	command -v dnf >/dev/null && command -v createrepo_c >/dev/null || skip 'there is no dnf'
	mkdir -p upper/etc
	rpm_package a 1.0
	rpm_package a 2.0
	rpm_package b 1.0 'Requires: a' 'Recommends: extra' 'Provides: perl(B::C)'
	rpm_package extra 1.0
	rpm_host fedora
	cat >policy <<-'END'
	p2.repository('local', {uri: 'file:///repo', trusted: true})
	.package('b', {recommends: false}).package('a', {recommends: false}).package('perl(B::C)', {recommends: false});
	END
	on_host_apply <policy
	is 0 'changed repository local: Wrote /etc/yum.repos.d/local.repo.
changed package b: Installed b 1.0-1.
changed package a: Installed a 2.0-1.
changed package perl(B::C): Installed perl(B::C).'
	on_host_apply <policy
	is 0 ''
	on_host_apply <<<"p2.package('a', {version: '<2'});"
	is 0 'changed package a: Downgraded a from 2.0-1 to 1.0-1.'
	on_host_apply <<<"p2.package('a', {version: '>=1'}).package('a', {version: '1.0'}).package('extra', {ensure: 'absent'});"
	is 0 ''
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 'changed package a: Upgraded a from 1.0-1 to 2.0-1.'
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 ''
	on_host_apply <<<"p2.package('good').package('extra').command('true');"
	[ "$status" -eq 2 ]
	[ "$output" = 'changed package extra: Installed extra 1.0-1.
changed command true: runs each time' ]
	[[ $stderr == *'package good: dnf: exit status 1: Error: Unable to find a match: good' ]]
	on_host_apply <<<"p2.package(['a', 'b'], {ensure: 'absent'});"
	is 0 'changed package a: Removed a 2.0-1.
changed package b: Removed b 1.0-1.'
	on_host_apply <<<"p2.package('/repo/a-1.0-1.noarch.rpm', {provider: 'rpm'});"
	is 0 'changed package /repo/a-1.0-1.noarch.rpm: Installed a 1.0-1.'
	on_host_apply <<<"p2.package('/repo/a-1.0-1.noarch.rpm', {provider: 'rpm'});"
	is 0 ''
}

@test "zypper: from a repository in the policy, versions and locks" {
	command -v zypper >/dev/null && command -v createrepo_c >/dev/null || skip 'there is no zypper'
	mkdir -p upper/etc
	rpm_package a 1.0
	rpm_package a 2.0
	rpm_package b 1.0 'Requires: a'
	rpm_host opensuse-leap
	cat >policy <<-'END'
	p2.repository('local', {uri: 'dir:///repo', trusted: true}).package('b').package('a', {hold: true});
	END
	on_host_apply <policy
	is 0 'changed repository local: Wrote /etc/zypp/repos.d/local.repo.
changed package b: Installed b 1.0-1.
changed package a: Installed a 2.0-1. Held a.'
	on_host_apply <policy
	is 0 ''
	on_host_apply <<<"p2.package('a', {hold: false, version: '1.0'});"
	is 0 'changed package a: Released a. Downgraded a from 2.0-1 to 1.0-1.'
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 'changed package a: Upgraded a from 1.0-1 to 2.0-1.'
	on_host_apply <<<"p2.package('nosuch').package('b', {ensure: 'absent'});"
	[ "$status" -eq 2 ]
	[ "$output" = 'changed package b: Removed b 1.0-1.' ]
	[[ $stderr == *"package nosuch: zypper: exit status 104: "*"nosuch"* ]]
}

@test "pacman: from a local repository, latest and removals" {
	command -v pacman >/dev/null && command -v repo-add >/dev/null || skip 'there is no pacman'
	mkdir -p upper/etc upper/var/lib/pacman/{local,sync}
	add_one() {
		mkdir -p "pkg/$1/usr/share/$1"
		echo "$2" >"pkg/$1/usr/share/$1/version"
		printf '%s\n' "pkgname = $1" "pkgver = $2" "pkgdesc = $1" 'arch = any' 'size = 8' 'builddate = 1' \
		    "packager = x" "url = x" "${3-license = none}" >"pkg/$1/.PKGINFO"
		(cd "pkg/$1" && tar -czf "../../upper/repo/$1-$2-any.pkg.tar.gz" --owner 0 --group 0 .PKGINFO usr)
		(cd upper/repo && repo-add -q own.db.tar.gz "$1-$2-any.pkg.tar.gz")
	}
	add_one a 1.0-1
	add_one b 1.0-1 'depend = a'
	printf 'ID=arch\n' >upper/etc/os-release
	printf '[options]\nArchitecture = auto\nSigLevel = Never\n[own]\nServer = file:///repo\n' >upper/etc/pacman.conf
	cat >policy <<-'END'
	p2.package('b').package('a', {version: '>=1'});
	END
	on_host_apply <policy
	is 0 'changed package b: Installed b 1.0-1.
changed package a: Installed a 1.0-1.'
	on_host_apply <policy
	is 0 ''
	add_one a 1.1-1
	on_host pacman -Sy --noconfirm >/dev/null
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 'changed package a: Upgraded a from 1.0-1 to 1.1-1.'
	on_host_apply <<<"p2.package('a', {ensure: 'latest'});"
	is 0 ''
	on_host_apply <<<"p2.package('nosuch').package('b', {ensure: 'purged'});"
	[ "$status" -eq 2 ]
	[ "$output" = 'changed package b: Removed b 1.0-1.' ]
	[[ $stderr == *'package nosuch: pacman: exit status 1: error: target not found: nosuch' ]]
}

@test "npm: into a prefix, from a file, and away again" {
	command -v npm >/dev/null || skip 'there is no npm'
	mkdir -p upper/root/thing upper/root/prefix
	echo '{"name": "thing", "version": "1.2.3"}' >upper/root/thing/package.json
	on_host sh -c 'cd /root/thing && npm pack --silent >/dev/null && npm install --silent --global --prefix /root/prefix ./thing-1.2.3.tgz' >/dev/null 2>&1
	on_host_apply <<<"p2.package('thing', {provider: 'npm', prefix: '/root/prefix', version: '^1'});"
	[ "$status" -eq 2 ]
	on_host_apply <<<"p2.package('thing', {provider: 'npm', prefix: '/root/prefix', version: '>=1.2'});"
	is 0 ''
	on_host_apply <<<"p2.package('thing', {provider: 'npm', prefix: '/root/prefix', ensure: 'absent'});"
	is 0 'changed package thing: Removed thing 1.2.3.'
	on_host_apply <<<"p2.package('thing', {provider: 'npm', prefix: '/root/prefix', ensure: 'absent'});"
	is 0 ''
}

@test "pip: into a virtual environment, from local wheels" {
	python3 -c 'import venv, ensurepip' 2>/dev/null || skip 'there is no venv'
	mkdir -p upper/root/wheels
	python3 - upper/root/wheels <<-'END'
	import sys, zipfile
	for v in ('1.0', '2.0'):
	    with zipfile.ZipFile('%s/my_thing-%s-py3-none-any.whl' % (sys.argv[1], v), 'w') as z:
	        d = 'my_thing-%s.dist-info/' % v
	        z.writestr('my_thing.py', 'v = "%s"\n' % v)
	        z.writestr(d + 'METADATA', 'Metadata-Version: 2.1\nName: my-thing\nVersion: %s\n' % v)
	        z.writestr(d + 'WHEEL', 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
	        z.writestr(d + 'RECORD', '')
	END
	on_host python3 -m venv /root/venv
	conf='export PIP_NO_INDEX=1 PIP_FIND_LINKS=/root/wheels PIP_CERT='
	eval "$conf"
	on_host_apply <<<"p2.package('My.Thing', {provider: 'pip', prefix: '/root/venv', version: '<2'});"
	is 0 'changed package My.Thing: Installed My.Thing 1.0.'
	on_host_apply <<<"p2.package('my-thing', {provider: 'pip', prefix: '/root/venv'});"
	is 0 ''
	on_host_apply <<<"p2.package('my-thing', {provider: 'pip', prefix: '/root/venv', version: '2.0'});"
	is 0 'changed package my-thing: Upgraded my-thing from 1.0 to 2.0.'
	on_host_apply <<<"p2.package('nosuch', {provider: 'pip', prefix: '/root/venv'});"

	[ "$status" -eq 2 ]
	[[ $stderr == *'package nosuch: venv/bin/pip: exit status 1: ERROR: '*nosuch* ]]
	on_host_apply <<<"p2.package('my-thing', {provider: 'pip', prefix: '/root/venv', ensure: 'absent'});"
	is 0 'changed package my-thing: Removed my-thing 2.0.'
}
