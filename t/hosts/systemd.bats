#!/usr/bin/env bats
# A host with systemd: services, as its manager sees them.
load host

setup_file() { host_boot web systemd; }
teardown_file() { hosts_end; }

# apply <POLICY, as /root/site.p2; without a store, so that none is missed
apply() {
	policy web site.p2
	run --separate-stderr on web p2-apply -d '' site.p2
	stderr=${stderr//'/root/'}
}

# state UNIT ...: "active enabled" of each
state() {
	local unit

	for unit; do
		echo "$unit $(on web systemctl is-active "$unit" || :)" \
		    "$(on web systemctl is-enabled "$unit" 2>/dev/null || :)"
	done
}

reloads() { on web journalctl -q _PID=1 | grep -c 'Reloading\.' || :; }

@test "systemd: units are made, enabled and started in one daemon-reload" {
	before=$(reloads)
	apply <<-'END'
		p2.service('one', {exec: '/bin/sleep 1001', user: 'www-data',
		    description: "It's one", env: {A: 'b "c" 5%'}, appdir: '/srv',
		    ensure: 'running', enabled: true})
		  .service('two', {exec: '/bin/sleep 1002', dependson: 'one',
		    dropin: {limits: '[Service]\nLimitNOFILE=55\n'},
		    ensure: 'running', enabled: true})
		  .service('tick', {exec: '/bin/true', timer: 'daily',
		    ensure: 'running', enabled: true});
	END
	is 0 'changed service /etc/systemd/system/one.service: Created file.
changed service /etc/systemd/system/two.service: Created file.
changed service /etc/systemd/system/two.service.d/limits.conf: Created directory /etc/systemd/system/two.service.d. Created file /etc/systemd/system/two.service.d/limits.conf.
changed service /etc/systemd/system/tick.service: Created file.
changed service /etc/systemd/system/tick.timer: Created file.
changed service one: Enabled. Started.
changed service two: Enabled. Started.
changed service tick: Enabled. Started.'
	[ "$(state one.service two.service tick.timer)" = \
	    'one.service active enabled
two.service active enabled
tick.timer active enabled' ]
	[ $(($(reloads) - before)) -le 1 ]
	main=$(on web systemctl show -P MainPID one)
	[ "$(on web stat -c %U "/proc/$main")" = www-data ]
	on web cat "/proc/$main/environ" | tr '\0' '\n' | grep -qx 'A=b "c" 5%'
	[ "$(on web readlink "/proc/$main/cwd")" = /srv ]
	on web grep -q 'open files *55 ' \
	    "/proc/$(on web systemctl show -P MainPID two)/limits"
	# On a second look all is in order.
	run --separate-stderr on web p2-apply -v site.p2
	[ "$status" -eq 0 ]
	[ "$(grep -vc '^ok ' <<<"$output")" = 0 ]
}

@test "systemd: packages, services and users in order start no program" {
	policy web site.p2 <<-'END'
		p2.package(['bash', 'dpkg']).package('coreutils', {version: '>=1'})
		  .service('one', {ensure: 'running', enabled: true})
		  .service('two', {exec: '/bin/sleep 1002', dependson: 'one',
		    ensure: 'running', enabled: true})
		  .service('tick.timer', {ensure: 'running', enabled: true})
		  .service('no-such', {ensure: 'stopped', enabled: false})
		  .user('root', {uid: 0, shell: '/bin/bash'})
		  .user('www-data', {groups: []})
		  .group('www-data').user('nobody-there', {ensure: 'absent'});
	END
	run --separate-stderr strace -f -qq -o "$BATS_TEST_TMPDIR/trace" \
	    -e trace=process nsenter --target "$(host_leader web)" --all \
	    p2-apply -d '' -v /root/site.p2
	[ "$status" -eq 0 ]
	[ "$output" = 'ok package bash
ok package dpkg
ok package coreutils
ok service one
ok service /etc/systemd/system/two.service
ok service two
ok service tick.timer
ok service no-such
ok user root
ok user www-data
ok group www-data
ok user nobody-there' ]
	# Behind the start of p2-apply itself, in the host.
	sed '1,/execve(.*p2-apply", .* = 0$/d' "$BATS_TEST_TMPDIR/trace" |
	    grep -E 'fork|clone|exec' | grep -v CLONE_THREAD >"$BATS_TEST_TMPDIR/made" || :
	cat "$BATS_TEST_TMPDIR/made"
	grep -q 'execve(.*p2-apply", .* = 0$' "$BATS_TEST_TMPDIR/trace"
	[ ! -s "$BATS_TEST_TMPDIR/made" ]
}

@test "systemd: a unit that has changed is read again, and restarted" {
	main=$(on web systemctl show -P MainPID one)
	before=$(reloads)
	apply <<-'END'
		p2.service('one', {exec: '/bin/sleep 2001', ensure: 'running'})
		  .service('two', {exec: '/bin/sleep 2002', dropin: {limits: ''},
		    ensure: 'running'});
	END
	is 0 'changed service /etc/systemd/system/one.service: Content Replaced.
changed service /etc/systemd/system/two.service: Content Replaced.
changed service /etc/systemd/system/two.service.d/limits.conf: Deleted file.
changed service one: Restarted.
changed service two: Restarted.'
	[ $(($(reloads) - before)) -eq 1 ]
	[ "$(on web systemctl show -P MainPID one)" != "$main" ]
	[ "$(on web pgrep -a sleep | sed 's/.*sleep //' | sort)" = '2001
2002' ]
}

@test "systemd: restarted, reloaded, stopped, disabled, masked" {
	apply <<-'END'
		p2.service('one', {ensure: 'restarted'})
		  .service('two', {ensure: 'stopped', enabled: false})
		  .service('nothing', {masked: true});
	END
	is 0 'changed service one: Restarted.
changed service two: Disabled. Stopped.
changed service nothing: Masked.'
	[ "$(state one.service two.service nothing.service)" = \
	    'one.service active enabled
two.service inactive disabled
nothing.service inactive masked' ]
	apply <<-'END'
		p2.service('one', {ensure: 'reloaded'})
		  .service('nothing', {ensure: 'running'});
	END
	is 2 '' 'p2-apply: site.p2:1: service one: one.service: Job type reload is not applicable for unit one.service.
p2-apply: site.p2:2: service nothing: nothing is masked'
}

@test "systemd: what does not start is told, with its status" {
	apply <<-'END'
		p2.service('bad', {exec: '/bin/sh -c "exit 7"', dropin:
		    '[Service]\nType=oneshot\nRestart=no\n', ensure: 'running'});
	END
	[ "$status" -eq 2 ]
	[ "$stderr" = 'p2-apply: site.p2:1: service bad: bad.service: to start it: failed, exit-code, status 7' ]
	apply <<<"p2.service('none', {exec: '/no/such', ensure: 'running'});"
	[ "$status" -eq 2 ]
	[[ $stderr = 'p2-apply: site.p2:1: service none: none.service: to start it: failed, '* ]]
}

@test "systemd: p2-facts says of services what systemctl does" {
	on web systemctl mask -q unheard-of
	# One that fails for ever would be another each time one looks.
	on web systemctl stop none
	# shellcheck disable=SC2016	# for awk
	on web systemctl show '*.service' --all -p Id -p LoadState \
	    -p ActiveState -p SubState -p MainPID | awk -F = '
	function unit() {
		sub(/\.service$/, "", v["Id"])
		if (v["Id"] != "" && v["LoadState"] != "not-found")
			print v["Id"], v["ActiveState"] ~ /^(activ|reload)/ ? \
			    "true" : "false", v["SubState"], \
			    v["ActiveState"] == "failed" ? "true" : "false", \
			    v["SubState"] == "running" ? v["MainPID"] : "null"
		delete v
	}
	/^$/ { unit(); next } { v[$1] = $2 } END { unit() }' |
	    sort >"$BATS_TEST_TMPDIR/theirs"
	on web p2-facts services | jq -r '.services | to_entries[] |
	    select(.value | type == "object" and .state) |
	    "\(.key) \(.value | "\(.active) \(.state) \(.failed) \(.main_pid)")"' |
	    sort | diff - "$BATS_TEST_TMPDIR/theirs"
	grep -qx 'bad false failed true null' "$BATS_TEST_TMPDIR/theirs"
	grep -q '^one true running false [1-9]' "$BATS_TEST_TMPDIR/theirs"
	# Whether they start, and are masked; instances have no file of their own.
	on web systemctl list-unit-files --type=service --no-legend |
	    awk '$1 !~ /@\.service$/ { sub(/\.service$/, "", $1)
		print $1, $2 ~ /^enabled/ ? "true" : "false",
		    $2 ~ /^masked/ ? "true" : "false" }' |
	    sort >"$BATS_TEST_TMPDIR/theirs"
	on web p2-facts services | jq -r '.services | to_entries[] |
	    select(.value | type == "object") | select(.key | test("@") | not) |
	    "\(.key) \(.value.enabled) \(.value.masked // false)"' |
	    sort | diff - "$BATS_TEST_TMPDIR/theirs"
	grep -qx 'unheard-of false true' "$BATS_TEST_TMPDIR/theirs"
	on web systemctl unmask -q unheard-of
}

@test "systemd: all is as it was after the host has been restarted" {
	host_stop web
	host_start web
	[ "$(state one.service two.service tick.timer nothing.service)" = \
	    'one.service active enabled
two.service inactive disabled
tick.timer active enabled
nothing.service inactive masked' ]
}
