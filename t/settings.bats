#!/usr/bin/env bats
# Names of hosts, parameters of the kernel, the host's own name and time zone.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	scratch_setup
	mkdir -p upper/etc upper/root
}

# twice POLICY STDOUT: a dry run, the run, and a second one that does nothing.
twice() {
	on_host_apply -n <<<"p2$1;"
	[ "$status" -eq 1 ]
	[ "$stderr" = "" ]
	on_host_apply <<<"p2$1;"
	is 0 "$2"
	on_host_apply <<<"p2$1;"
	is 0 ''
}

@test "hostentry: is written, kept, corrected and removed; other lines stay" {
	printf '127.0.0.1\tlocalhost\n::1  localhost ip6-localhost # six\n# a comment\n192.0.2.9 db\n192.0.2.1   db old\n192.0.2.2 web' >upper/etc/hosts
	twice ".hostentry('db', {ip: '192.0.2.7', aliases: ['db.example', 'sql']}).hostentry('new', {ip: '2001:db8::1'}).hostentry('localhost', {ip: '::1', aliases: 'ip6-localhost'})" \
	    'changed hostentry db: Wrote the entry.
changed hostentry new: Wrote the entry.'
	diff -u - upper/etc/hosts <<-END
	127.0.0.1	localhost
	::1  localhost ip6-localhost # six
	# a comment
	192.0.2.7	db db.example sql
	192.0.2.2 web
	2001:db8::1	new
	END
	twice ".hostentry('web', {ensure: 'absent'}).hostentry('localhost', {ensure: 'absent', ip: '::1'})" \
	    'changed hostentry web: Removed the entry.
changed hostentry localhost: Removed the entry.'
	diff -u - upper/etc/hosts <<-END
	127.0.0.1	localhost
	# a comment
	192.0.2.7	db db.example sql
	2001:db8::1	new
	END
	# Others' bytes stay, and are no reason to write anything.
	printf '192.0.2.1 a\r\n192.0.2.2 b' >upper/etc/hosts
	on_host_apply <<<"p2.hostentry('a', {ip: '192.0.2.1'}).hostentry('b', {ip: '192.0.2.2'});"
	is 0 ''
	twice ".hostentry('b', {ip: '192.0.2.3'})" 'changed hostentry b: Wrote the entry.'
	[ "$(od -c upper/etc/hosts)" = "$(printf '192.0.2.1 a\r\n192.0.2.3\tb\n' | od -c)" ]
	for bad in "'a b', {ip: '::1'}|a b: a b: not the name of a host" "'a', {ip: '1.2.3'}|a: ip 1.2.3: not an address" \
	    "'a'|a: ip: is missing" "'a', {ip: '::1', aliases: 'x#y'}|a: x#y: not the name of a host"; do
		on_host_apply <<<"p2.hostentry(${bad%|*});"
		is 2 '' "p2-apply: site.p2:1: hostentry ${bad#*|}"
	done
}

@test "sysctl: in the kernel and in a file" {
	value() { on_host_apply <<<"p2.sysctl('net.ipv4.ip_default_ttl', {value: 77}).command('cat /proc/sys/net/ipv4/ip_default_ttl', {logoutput: true});"; }
	# A network of its own has its own parameters, for as long as it lasts.
	value
	is 0 'changed sysctl net.ipv4.ip_default_ttl: Set to 77. Wrote /etc/sysctl.d/net.ipv4.ip_default_ttl.conf.
changed command cat /proc/sys/net/ipv4/ip_default_ttl: runs each time
77'
	[ "$(cat upper/etc/sysctl.d/net.ipv4.ip_default_ttl.conf)" = 'net.ipv4.ip_default_ttl = 77' ]
	value
	[ "${lines[0]}" = 'changed sysctl net.ipv4.ip_default_ttl: Set to 77.' ]
	on_host_apply <<<"p2.sysctl('net.ipv4.ip_default_ttl', {value: '77'}).sysctl('net/ipv4/ip_default_ttl', {value: 77, target: '/etc/sysctl.d/net.ipv4.ip_default_ttl.conf'});"
	[ "${lines[1]}" = 'changed sysctl net/ipv4/ip_default_ttl: Wrote /etc/sysctl.d/net.ipv4.ip_default_ttl.conf.' ]
	on_host_apply -n <<<"p2.sysctl('net.ipv4.tcp_rmem', {value: '4096 9999 99999'}).sysctl('net.ipv4.tcp_rmem', {value: '4096  9999  99999'});"
	[ "$status" -eq 1 ]
	[ "$(grep -c '^would' <<<"$output")" = 2 ]
	[[ ${lines[0]} == 'would change sysctl net.ipv4.tcp_rmem: is '*', not 4096 9999 99999; /etc/sysctl.d/net.ipv4.tcp_rmem.conf: is missing' ]]
	twice ".sysctl('net.ipv4.ip_default_ttl', {ensure: 'absent'})" \
	    'changed sysctl net.ipv4.ip_default_ttl: Removed /etc/sysctl.d/net.ipv4.ip_default_ttl.conf.'
	on_host_apply <<<"p2.sysctl('net.ipv4.nosuch', {value: 1});"
	is 2 '' 'p2-apply: site.p2:1: sysctl net.ipv4.nosuch: there is no such parameter here'
	on_host_apply <<<"p2.sysctl('net.ipv4.ip_default_ttl', {value: 'many'});"
	is 2 '' 'p2-apply: site.p2:1: sysctl net.ipv4.ip_default_ttl: /proc/sys/net/ipv4/ip_default_ttl: many: Invalid argument'
	on_host test ! -e /etc/sysctl.d/net.ipv4.ip_default_ttl.conf
	on_host_apply <<<"p2.sysctl('../x', {value: 1});"
	is 2 '' 'p2-apply: site.p2:1: sysctl ../x: not the name of a parameter'
}

@test "hostname: of the kernel and in the file" {
	echo old >upper/etc/hostname
	on_host_apply <<<"p2.hostname('web-1.example').command('uname -n', {logoutput: true}).hostname('web-1.example');"
	is 0 'changed hostname web-1.example: Wrote /etc/hostname. Named the host.
changed command uname -n: runs each time
web-1.example'
	[ "$(cat upper/etc/hostname)" = web-1.example ]
	on_host_apply <<<"p2.hostname('a_b');"
	is 2 '' 'p2-apply: site.p2:1: hostname a_b: not the name of a host'
}

@test "timezone: the link, and the file where there is one" {
	[ -e /usr/share/zoneinfo/Etc/GMT+5 ] || skip 'there are no time zones'
	echo Etc/UTC >upper/etc/timezone
	twice ".timezone('Etc/GMT+5')" 'changed timezone Etc/GMT+5: Set the time zone.'
	[ "$(readlink upper/etc/localtime)" = /usr/share/zoneinfo/Etc/GMT+5 ]
	[ "$(cat upper/etc/timezone)" = Etc/GMT+5 ]
	on_host_apply <<<"p2.timezone('Mars/Olympus');"
	is 2 '' 'p2-apply: site.p2:1: timezone Mars/Olympus: there is no such time zone in /usr/share/zoneinfo'
	on_host_apply <<<"p2.timezone('../../etc/passwd');"
	is 2 '' 'p2-apply: site.p2:1: timezone ../../etc/passwd: there is no such time zone in /usr/share/zoneinfo'
}

@test "known_host: a key of a host, and its other names" {
	mkdir -p upper/etc/ssh
	printf '# mine\n|1|hash= ssh-rsa AAAA\nold,192.0.2.1 ssh-ed25519 AAAAold\nold ssh-rsa AAAArsa it\n@revoked old ssh-ed25519 AAAArev\n' >upper/etc/ssh/ssh_known_hosts
	twice ".known_host('old', {key: 'ssh-ed25519 AAAAnew a comment', aliases: ['192.0.2.1', '[old]:22']}).known_host('new', {type: 'ssh-rsa', key: 'AAAA+/=='}).known_host('old', {key: 'ssh-rsa AAAArsa'})" \
	    'changed known_host old: Wrote the key.
changed known_host new: Wrote the key.'
	diff -u - upper/etc/ssh/ssh_known_hosts <<-END
	# mine
	|1|hash= ssh-rsa AAAA
	old,192.0.2.1,[old]:22 ssh-ed25519 AAAAnew
	old ssh-rsa AAAArsa it
	@revoked old ssh-ed25519 AAAArev
	new ssh-rsa AAAA+/==
	END
	twice ".known_host('old', {ensure: 'absent', type: 'ssh-rsa'}).known_host('new', {ensure: 'absent'})" \
	    'changed known_host old: Removed the key.
changed known_host new: Removed the key.'
	run -0 grep -c old upper/etc/ssh/ssh_known_hosts
	[ "$output" = 2 ]
	for bad in "'a', {key: 'AAAA'}|a: type: is missing" "'a'|a: key: is missing" "'a', {key: 'ssh-rsa A*A'}|a: key: not in base64" \
	    "'a', {key: 'ssh-rsa AA', type: 'ssh-dss'}|a: type ssh-dss: the key's is ssh-rsa" "'*', {key: 'ssh-rsa AA'}|*: *: not the name of a host"; do
		on_host_apply <<<"p2.known_host(${bad%|*});"
		is 2 '' "p2-apply: site.p2:1: known_host ${bad#*|}"
	done
}

@test "alternatives: chosen, and left to the manager again" {
	command -v update-alternatives >/dev/null || skip 'there are no alternatives'
	on_host sh -c 'for i in "cat 10" "ls 20"; do update-alternatives --quiet --install /usr/bin/p2thing p2thing /bin/${i% *} ${i#* }; done'
	on_host_apply <<<"p2.alternatives('p2thing');"
	is 0 ''
	twice ".alternatives('p2thing', {path: '/bin/cat'})" 'changed alternatives p2thing: Set to /bin/cat.'
	[ "$(on_host readlink /etc/alternatives/p2thing)" = /bin/cat ]
	on_host_apply -n <<<"p2.alternatives('p2thing', {path: 'auto'}).alternatives('p2thing', {path: 'auto'});"
	is 1 'would change alternatives p2thing: was chosen by hand: /bin/cat'
	twice ".alternatives('p2thing', {path: 'auto'})" 'changed alternatives p2thing: Set to auto.'
	[ "$(on_host readlink /etc/alternatives/p2thing)" = /bin/ls ]
	on_host_apply <<<"p2.alternatives('nosuch', {path: '/bin/cat'});"
	is 2 '' 'p2-apply: site.p2:1: alternatives nosuch: there are no such alternatives'
	on_host_apply <<<"p2.alternatives('p2thing', {path: '/bin/nosuch'});"
	[ "$status" -eq 2 ]
	[[ $stderr == *'p2-apply: site.p2:1: alternatives p2thing: update-alternatives: exit status 2' ]]
	on_host_apply <<<"p2.alternatives('../x', {path: '/bin/cat'});"
	is 2 '' 'p2-apply: site.p2:1: alternatives ../x: not a name of alternatives'
}
