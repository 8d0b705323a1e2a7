#!/usr/bin/env bats
# Two hosts and a collector on a network of their own, and the questions that
# the collector is asked about them.
load host

setup_file() {
	ip netns add p2-net
	ip -n p2-net link add br0 type bridge
	ip -n p2-net link set br0 up
	host_on_net hub 1
	host_on_net one 2
	host_on_net two 3
	on hub systemd-sysusers
	on hub systemctl start partisci-recv
	until_true 20 on one curl -s http://10.77.0.1:7777/
}

teardown_file() {
	local ns

	hosts_end
	for ns in hub one two net; do
		ip netns del "p2-$ns" 2>/dev/null || :
	done
}

# host_on_net NAME NUMBER: 10.77.0.NUMBER, in a namespace with one interface.
host_on_net() {
	ip netns add "p2-$1"
	ip link add "p2v$2" netns p2-net type veth peer name eth0 netns "p2-$1"
	ip -n p2-net link set "p2v$2" master br0 up
	ip -n "p2-$1" link set lo up
	ip -n "p2-$1" addr add "10.77.0.$2/24" dev eth0
	ip -n "p2-$1" link set eth0 up
	host_boot "$1" systemd "--network-namespace-path=/run/netns/p2-$1"
}

# ask ARG ...: of the collector, from another host.
ask() { on two partisci-query -s 10.77.0.1 "$@"; }

@test "net: packages, facts and policies of two hosts become known" {
	local host

	for host in one two; do
		on "$host" sh -c 'p2-facts packages |
		    partisci-send -H -s 10.77.0.1 -'
		policy "$host" /root/site.p2 <<-END
			p2.version('41').file('/etc/motd', {content: '$host'});
		END
		on "$host" p2-apply site.p2
		on "$host" sh -c 'partisci-query versions -a policy:site |
		    partisci-send -H -s 10.77.0.1 -'
	done
	# What runs where, in which version?
	[ "$(ask versions -a policy:site | jq -r '"\(.host) \(.ver)"' | sort)" = \
	    'one 41
two 41' ]
	# On which hosts is it?
	[ "$(ask hosts -a dpkg | jq -r .host | sort)" = $'one\ntwo' ]
	# What is on a host?
	# shellcheck disable=SC2016	# for the shell there
	[ "$(ask versions -H one | jq -r .app | sort)" = \
	    "$(on one sh -c 'dpkg-query -f "\${Package}\n" -W; echo policy:site' |
	    sort -u)" ]
	# Which applications are known?
	ask apps | jq -r .app | grep -qx libc6
}

@test "net: who has not got the new one yet? and what was there before?" {
	policy one /root/site.p2 <<-'END'
		p2.version('42').file('/etc/motd', {content: 'new'});
	END
	on one p2-apply site.p2
	on one sh -c 'partisci-query versions -a policy:site |
	    partisci-send -H -s 10.77.0.1 -'
	[ "$(ask versions -a policy:site -r '<42' | jq -r .host)" = two ]
	[ "$(ask history -a policy:site -H one | jq -r .ver | sort | tail -2)" = \
	    $'41\n42' ]
}

@test "net: a host that goes silent is stale" {
	host_stop one
	on two sh -c 'sleep 3; partisci-query versions -a policy:site |
	    partisci-send -H -s 10.77.0.1 -'
	until_true 20 sh_stale
	[ "$(ask stale -o 3 -a policy:site | jq -r .host)" = one ]
}

sh_stale() { [ -n "$(ask stale -o 3 -a policy:site)" ]; }
