#!/usr/bin/env bats
# Where packages come from, and the keys that they are signed with.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() { scratch_setup; }

# signed: an archive of package a, signed; its key is key.asc.
signed() {
	debian_host
	deb a 1.0
	index
	export GNUPGHOME=$BATS_TEST_TMPDIR/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-gen-key test@example.org ed25519 sign never 2>/dev/null
	gpg --batch --export --armor >key.asc
	(cd "$repo" && apt-ftparchive release . >../Release && mv ../Release . &&
	    gpg --batch --quiet --clearsign -o InRelease Release)
	gpgconf --kill all
	: >upper/etc/apt/sources.list
}

@test "repository: with its key, and a package from it, in one policy" {
	command -v gpg >/dev/null && command -v apt-ftparchive >/dev/null || skip 'there is no gpg'
	signed
	cp key.asc upper/root/
	cat >policy <<-'END'
	p2.package('dpkg')
	.repository('local', {uri: 'file:/repo', suites: './', key: '/root/key.asc', key_digest: 'DIGEST'})
	.package('a');
	END
	sed -i "s/DIGEST/$(sha256sum <key.asc | cut -c -64)/" policy
	on_host_apply -n <policy

	[ "$status" -eq 1 ]
	[ "$(grep '^would' <<<"$output")" = 'would change repository local: /etc/apt/keyrings/local.asc: is missing; /etc/apt/sources.list.d/local.sources: is missing
would change package a: a is not installed' ]
	[ ! -e upper/etc/apt/sources.list.d/local.sources ]
	on_host_apply <policy
	is 0 'changed repository local: Wrote /etc/apt/keyrings/local.asc. Wrote /etc/apt/sources.list.d/local.sources.
changed package a: Installed a 1.0.'
	on_host_apply <policy
	is 0 ''
	[ "$(cat upper/etc/apt/sources.list.d/local.sources)" = 'Types: deb
URIs: file:/repo
Suites: ./
Signed-By: /etc/apt/keyrings/local.asc' ]
	on_host_apply <<<"p2.repository('local', {ensure: 'absent'});"
	is 0 'changed repository local: Removed /etc/apt/sources.list.d/local.sources. Removed /etc/apt/keyrings/local.asc.'
	on_host_apply <<<"p2.repository('local', {ensure: 'absent'});"
	is 0 ''
	run -1 on_host test -e /etc/apt/sources.list.d/local.sources
}

@test "repository: every field of apt's, and the index read again behind it" {
	debian_host
	deb a 1.0
	index
	: >upper/etc/apt/sources.list
	on_host_apply <<-'END'
	p2.package('b', {ensure: 'absent'}).repository('x', {uri: ['http://a.example/d', 'http://b.example/d'], suites: ['s1', 's2'],
	  components: ['main', 'more'], types: ['deb', 'deb-src'], architectures: 'amd64', key: 'some bytes', enabled: false,
	  settings: {'Check-Valid-Until': 'no'}})
	.repository('flat', {uri: 'file:/repo', suites: './', trusted: true})
	.package('a');
	END
	is 0 'changed repository x: Wrote /etc/apt/keyrings/x.gpg. Wrote /etc/apt/sources.list.d/x.sources.
changed repository flat: Wrote /etc/apt/sources.list.d/flat.sources.
changed package a: Installed a 1.0.'
	[ "$(cat upper/etc/apt/sources.list.d/x.sources)" = 'Types: deb deb-src
URIs: http://a.example/d http://b.example/d
Suites: s1 s2
Components: main more
Architectures: amd64
Signed-By: /etc/apt/keyrings/x.gpg
Enabled: no
Check-Valid-Until: no' ]
	[ "$(cat upper/etc/apt/keyrings/x.gpg)" = 'some bytes' ]
	[ "$(stat -c '%a %U' upper/etc/apt/keyrings/x.gpg)" = '644 root' ]
}

@test "repository: for dnf, yum and zypper" {
	on_host_apply <<-'END'
	p2.repository('one', {provider: 'yum', uri: 'https://a.example/$releasever', key: 'K', description: 'The one',
	  settings: {priority: 10}})
	.repository('two', {provider: 'zypper', uri: ['file:/a', 'file:/b'], trusted: true, enabled: false});
	END
	is 0 'changed repository one: Wrote /etc/pki/rpm-gpg/RPM-GPG-KEY-one. Wrote /etc/yum.repos.d/one.repo.
changed repository two: Wrote /etc/zypp/repos.d/two.repo.'
	[ "$(cat upper/etc/yum.repos.d/one.repo)" = '[one]
name=The one
baseurl=https://a.example/$releasever
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-one
priority=10' ]
	[ "$(cat upper/etc/zypp/repos.d/two.repo)" = '[two]
name=two
baseurl=file:/a
	file:/b
enabled=0
gpgcheck=0' ]
}

@test "repository: what is wrong with it, and nothing is written" {
	wrong() {
		on_host_apply <<<"p2.repository($1);"
		[ "$status" -eq 2 ]
		[ "${stderr#p2-apply: site.p2:1: repository }" = "$2" ]
		[ ! -e upper/etc/apt/sources.list.d/r.sources ]
		[ ! -e upper/etc/apt/keyrings/r.gpg ]
	}
	wrong "'r'" 'r: uri: is missing'
	wrong "'r', {uri: 'file:/x'}" 'r: suites: is missing'
	wrong "'a b', {uri: 'file:/x', suites: './'}" 'a b: not a name for a repository: only letters, digits and - _ . may be in it'
	wrong "'r', {uri: 'file:/x', suites: './', key: 'K', key_digest: '00'}" \
	    "r: key: its SHA-256 is $(printf K | sha256sum | cut -c -64), not 00"
	wrong "'r', {uri: 'file:/x\\nTrusted: yes', suites: './'}" 'r: URIs: more than a line'
	wrong "'r', {uri: 'file:/x', suites: './', key: '/nowhere'}" 'r: key /nowhere: No such file or directory'
	wrong "'r', {uri: 'file:/x', provider: 'pacman'}" 'r: provider pacman: not one of apt, dnf, yum and zypper'
	wrong "'r', {ensure: 'latest'}" 'r: ensure latest: neither present nor absent'
}
