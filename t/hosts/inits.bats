#!/usr/bin/env bats
# Hosts without systemd: services by runit, OpenRC and scripts of System V.
load host

teardown() { hosts_end; }

# lives_through KIND PROVIDER: a service is made, started, found in order,
# killed and started again, restarted when told, stopped, and all that is
# still so after a restart of the host.
lives_through() {
	host_boot init "$1"
	policy init site.p2 <<-END
		p2.service('demo', {exec: '/bin/sleep 987', user: 'nobody',
		    ensure: 'running', enabled: true});
	END
	policy init restart.p2 <<-END
		p2.file('/root/conf', {content: 'x', notify: 'service:demo'})
		  .service('demo', {ensure: 'running'});
	END
	policy init stop.p2 <<-END
		p2.service('demo', {ensure: 'stopped', enabled: false});
	END
	apply site.p2
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 'changed service demo: Enabled. Started.' ]
	until_true 10 running
	[ "$(on init stat -c %U "/proc/$(running)")" = nobody ]
	until_true 10 fact_is "$1" true true
	apply -v site.p2
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 'ok service demo' ]
	old=$(running)
	apply restart.p2
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = 'changed service demo: Restarted.' ]
	until_true 10 running
	[ "$(running)" != "$old" ]
	host_stop init
	host_start init
	until_true 20 running
	apply site.p2
	is 0 ''
	apply stop.p2
	is 0 'changed service demo: Disabled. Stopped.'
	run -1 running
	until_true 10 fact_is "$1" false false
	host_stop init
	host_start init
	apply stop.p2
	is 0 ''
	run -1 running
}

apply() { run --separate-stderr on init p2-apply "$@"; echo "$output$stderr"; }
# fact_is MANAGER ENABLED ACTIVE: what p2-facts says of it.
fact_is() {
	[ "$(on init p2-facts services.demo | jq -r '.services.demo |
	    "\(.manager) \(.enabled) \(.active // false)"')" = "$*" ]
}

running() { on init pgrep -f '^/bin/sleep 987'; }

@test "runit: a service is made, enabled, started, restarted and stopped" {
	lives_through runit
}

@test "openrc: a service is made, enabled, started, restarted and stopped" {
	lives_through openrc
}

@test "sysv: a service is made, enabled, started, restarted and stopped" {
	lives_through sysv
}
