#!/usr/bin/env bats
# Services: the managers' own programs, or stand-ins that note what they are
# told, on a host of the test's own.
load scratch

setup() {
	scratch_setup
	upper=$BATS_TEST_TMPDIR/upper
	mkdir -p "$upper/root" "$upper/usr/local/sbin"
}

# on_systemd [ARG ...] <POLICY: where systemd runs, and knows the units in
# $units; $log is what it was told to do.  $under is what it runs under.
on_systemd() {
	units=$upper/root/units
	mkdir -p "$units"
	: >"$units/log"
	cat >"$upper/root/site.p2"
	run --separate-stderr on_host sh -c 'mkdir -p /run/systemd/system
	    exec /kit/t/systemd1 /run/systemd/private /root/units \
	    '"${under-}"' p2-apply -d "" "$@" /root/site.p2' sh "$@"
	stderr=${stderr//\/root\//}
	log=$(cat "$units/log")
}

# unit NAME LOAD ACTIVE FILE
unit() {
	mkdir -p "$upper/root/units"
	echo "$2 $3 $4" >"$upper/root/units/$1"
}

# stand_in PROGRAM: it notes its arguments in /root/log.
stand_in() {
	printf '#!/bin/sh\necho "%s $*" >>/root/log\n' "$1" \
	    >"$upper/usr/local/sbin/$1"
	chmod +x "$upper/usr/local/sbin/$1"
}

@test "systemd: what is in order is left alone" {
	unit cron.service loaded active enabled
	unit dbus.socket loaded active static
	unit off.service loaded inactive disabled
	unit no.service masked inactive masked
	on_systemd -v <<-'END'
		p2.service('cron', {ensure: 'running', enabled: true})
		  .service('dbus.socket', {ensure: 'running', enabled: false})
		  .service('off', {ensure: 'stopped', enabled: false})
		  .service('off', {enabled: false})
		  .service('nothing', {ensure: 'stopped', enabled: false})
		  .service('no', {masked: true});
	END
	is 0 'ok service cron
ok service dbus.socket
ok service off
ok service off
ok service nothing
ok service no' 'changed 0, ok 6, skipped 0, failed 0'
	[ "$log" = "" ]
}

@test "systemd: enabled comes before started, in one daemon-reload at the end" {
	unit a.service loaded inactive disabled
	unit b.service loaded active enabled
	unit c.service masked inactive masked
	on_systemd -n <<-'END'
		p2.service('a', {ensure: 'running', enabled: true})
		  .service('b', {ensure: 'stopped', enabled: false})
		  .service('a', {ensure: 'running'})
		  .service('b', {ensure: 'running'});
	END
	is 1 'would change service a: is not enabled; is not running
would change service b: is enabled; is running
would change service b: is not running'
	[ "$log" = "" ]
	on_systemd <<-'END'
		p2.service('a', {ensure: 'running', enabled: true})
		  .service('b', {ensure: 'stopped', enabled: false})
		  .service('c', {masked: false, ensure: 'running'});
	END
	is 0 'changed service a: Enabled. Started.
changed service b: Disabled. Stopped.
changed service c: Unmasked. Started.'
	[ "$log" = 'EnableUnitFiles a.service
StartUnit a.service
DisableUnitFiles b.service
StopUnit b.service
UnmaskUnitFiles c.service
Reload
StartUnit c.service' ]
	unit d.service loaded inactive disabled
	on_systemd <<-'END'
		p2.service('d', {enabled: true}).service('b', {masked: true});
	END
	is 0 'changed service d: Enabled.
changed service b: Masked.'
	[ "$log" = 'EnableUnitFiles d.service
MaskUnitFiles b.service
Reload' ]
}

@test "systemd: restart and reload, each time or when notified" {
	unit a.service loaded active enabled
	on_systemd <<-'END'
		p2.service('a', {ensure: 'restarted'})
		  .service('b', {name: 'a', ensure: 'reloaded'})
		  .file('/root/conf', {content: 'x', notify: ['service:one',
		    'service:two', 'service:three']})
		  .service('one', {name: 'a', ensure: 'running'})
		  .service('two', {name: 'a', refresh: 'reload'})
		  .service('three', {name: 'a', ensure: 'running',
		    refresh: 'none'});
	END
	is 0 'changed service a: Restarted.
changed service b: Reloaded.
changed file /root/conf: Created file.
changed service one: Restarted.
changed service two: Reloaded.'
	[ "$log" = 'RestartUnit a.service
ReloadUnit a.service
RestartUnit a.service
ReloadUnit a.service' ]
}

@test "systemd: many are asked for at once, and what was done is seen" {
	local i

	for ((i = 100; i < 300; i++)); do
		unit "s$i.service" loaded active enabled
		echo "p2.service('s$i', {ensure: 'running', enabled: true});"
	done >many
	under='strace -o /root/trace -e trace=%network' on_systemd <many
	is 0 ''
	# Who we are, and four times up to 64 of them.
	[ "$(grep -c '^send' "$upper/root/trace")" -eq 5 ]
	unit s150.service loaded inactive enabled
	on_systemd <many
	is 0 'changed service s150: Started.'
	on_systemd <<-'END'
		p2.service('s100', {ensure: 'running'})
		  .service('s101', {ensure: 'stopped'})
		  .service('s101', {ensure: 'running', enabled: false})
		  .service('s101', {ensure: 'running', enabled: true})
		  .service('s102', {ensure: 'running'});
	END
	is 0 'changed service s101: Stopped.
changed service s101: Disabled. Started.
changed service s101: Enabled.'
}

@test "systemd: failures are soft, are told with the reason, and are heard" {
	unit a.service loaded inactive enabled
	unit m.service masked inactive masked
	unit s.service loaded inactive static
	unit r.service loaded active enabled
	: >"$upper/root/units/a.service.fails"
	: >"$upper/root/units/r.service.fails"
	on_systemd <<-'END'
		p2.on('service:a:failed', function () { console.log('heard'); })
		p2.service('a', {ensure: 'running'})
		p2.service('m', {ensure: 'running'})
		p2.service('s', {enabled: true})
		p2.service('none', {ensure: 'running'})
		p2.service('r', {ensure: 'reloaded'}, say)
		p2.service('r', {ensure: 'running'}, say)
		function say(err) { console.log(err ? err.message : 'well'); }
		p2.command('true');
	END
	is 2 'heard
r.service: Job type reload is not applicable for unit r.service.
well
changed command true: runs each time' "p2-apply: site.p2:2: service a: a.service: to start it: failed, exit-code, status 7
p2-apply: site.p2:3: service m: m is masked
p2-apply: site.p2:4: service s: s cannot be enabled: its unit has no [Install] section
p2-apply: site.p2:5: service none: there is no service none (systemd)
p2-apply: site.p2:6: service r: r.service: Job type reload is not applicable for unit r.service."
}

@test "systemd: what takes too long is not waited for" {
	unit a.service loaded inactive enabled
	: >"$upper/root/units/a.service.hangs"
	on_systemd <<<"p2.service('a', {ensure: 'running', timeout: 0.2})"
	is 2 '' 'p2-apply: site.p2:1: service a: a: took longer than 0.2 s'
}

@test "systemd: units are made, all before the first is started" {
	on_systemd -n <<-'END'
		p2.service('web', {exec: '/bin/web -p 80', description: 'The web',
		    user: 'www-data', appdir: '/srv', dependson: ['db', 'x.socket'],
		    env: {A: 'b "c" 5%'}, ensure: 'running', enabled: true});
	END
	is 1 'would change service /etc/systemd/system/web.service: is missing
--- /dev/null
+++ /etc/systemd/system/web.service
@@ -0,0 +1,15 @@
+[Unit]
+Description=The web
+Requires=db.service x.socket
+After=db.service x.socket
+
+[Service]
+Type=exec
+Restart=on-failure
+ExecStart=/bin/web -p 80
+User=www-data
+WorkingDirectory=/srv
+Environment="A=b \"c\" 5%%"
+
+[Install]
+WantedBy=multi-user.target
would change service web: is not enabled; is not running'
	unit web.service loaded active enabled
	unit db.service loaded active enabled
	unit tick.timer loaded inactive disabled
	: >"$units/web.service.stale"
	: >"$units/db.service.stale"
	on_systemd <<-'END'
		p2.service('web', {exec: '/bin/web', ensure: 'running'})
		  .service('db', {dropin: {limits: '[Service]\nLimitNOFILE=5\n'},
		    ensure: 'running'})
		  .service('tick', {exec: '/bin/true', timer: 'daily',
		    ensure: 'running', enabled: true});
	END
	is 0 'changed service /etc/systemd/system/web.service: Created file.
changed service /etc/systemd/system/db.service.d/limits.conf: Created directory /etc/systemd/system/db.service.d. Created file /etc/systemd/system/db.service.d/limits.conf.
changed service /etc/systemd/system/tick.service: Created file.
changed service /etc/systemd/system/tick.timer: Created file.
changed service web: Restarted.
changed service db: Restarted.
changed service tick: Enabled. Started.'
	[ "$log" = 'Reload
RestartUnit web.service
RestartUnit db.service
EnableUnitFiles tick.timer
StartUnit tick.timer
Reload' ]
	[ "$(cat "$upper/etc/systemd/system/tick.timer")" = '[Unit]
Description=tick

[Timer]
OnCalendar=daily
Persistent=true

[Install]
WantedBy=timers.target' ]
	on_systemd <<-'END'
		p2.service('db', {dropin: {limits: ''}, ensure: 'running'});
	END
	is 0 'changed service /etc/systemd/system/db.service.d/limits.conf: Deleted file.
changed service db: Restarted.'
}

@test "service: no program is started where all is in order" {
	unit a.service loaded active enabled
	echo "p2.service('a', {ensure: 'running', enabled: true})" \
	    >"$upper/root/site.p2"
	run -0 on_host sh -c 'mkdir -p /run/systemd/system
	    /kit/t/systemd1 /run/systemd/private /root/units \
	    strace -f -o /root/trace -e trace=execve,clone,fork,vfork,clone3 \
	    p2-apply -d "" /root/site.p2'
	[ "$output" = "" ]
	[ "$(grep -c execve "$upper/root/trace")" = 1 ]
	run -1 grep -E 'clone|fork' "$upper/root/trace"
}

@test "service: what is wrong in a policy is told" {
	on_systemd <<<"p2.service('a', {ensure: 'runing'})"
	is 2 '' "p2-apply: site.p2:1: service a: ensure: 'runing' is none of its values"
	on_systemd <<<"p2.service('a', {provider: 'upstart'})"
	is 2 '' "p2-apply: site.p2:1: service a: provider: 'upstart' is none of systemd, openrc, runit and sysv"
	on_systemd <<<"p2.service('a', {enable: true})"
	is 2 '' 'p2-apply: site.p2:1: service a: TypeError: there is no option enable; is it enabled?'
	on_systemd <<<"p2.service('a/b', {exec: 'x'})"
	is 2 '' 'p2-apply: site.p2:1: service a/b: name: not the name of a service'
	on_systemd <<<"p2.service('a', {exec: 'x\ny'})"
	is 2 '' 'p2-apply: site.p2:1: service a: exec: has a line break in it'
	on_systemd <<<"p2.service('a', {timer: 'daily'})"
	is 2 '' 'p2-apply: site.p2:1: service a: timer: needs exec, which it starts'
	on_systemd <<<"p2.service('a', {provider: 'sysv', dropin: 'x'})"
	is 2 '' 'p2-apply: site.p2:1: service a: dropin: only systemd has that'
	on_systemd <<<"p2.service('cron', {masked: true, provider: 'openrc'})"
	is 2 '' 'p2-apply: site.p2:1: service cron: masked: openrc does not know masking'
	on_systemd <<<"p2.service('a', {masked: true, ensure: 'running'})"
	is 2 '' 'p2-apply: site.p2:1: service a: there is no service a (systemd)'
}

@test "openrc: states from its files, changes by its programs" {
	stand_in rc-service
	stand_in rc-update
	mkdir -p "$upper/etc/init.d" "$upper/etc/runlevels/default"
	: >"$upper/etc/init.d/up"
	: >"$upper/etc/init.d/down"
	ln -s /etc/init.d/up "$upper/etc/runlevels/default/up"
	cat >"$upper/root/site.p2" <<-'END'
		p2.service('up', {ensure: 'running', enabled: true})
		  .service('down', {ensure: 'stopped', enabled: false})
		  .service('up', {ensure: 'restarted'})
		  .service('up', {ensure: 'stopped', enabled: false})
		  .service('down', {ensure: 'running', enabled: true})
		  .service('none', {ensure: 'running'});
	END
	run --separate-stderr on_host sh -c 'mkdir -p /run/openrc/started
	    ln -s /etc/init.d/up /run/openrc/started/up
	    p2-apply -d "" -v /root/site.p2'
	is 2 'ok service up
ok service down
changed service up: Restarted.
changed service up: Disabled. Stopped.
changed service down: Enabled. Started.' 'p2-apply: /root/site.p2:6: service none: there is no service none (openrc)
changed 3, ok 2, skipped 0, failed 1'
	[ "$(cat "$upper/root/log")" = 'rc-service up restart
rc-update del up default
rc-service up stop
rc-update add down default
rc-service down start' ]
}

@test "runit: links and states are files, sv does the rest" {
	stand_in sv
	mkdir -p "$upper/etc/sv/up/supervise" "$upper/etc/sv/down/supervise" \
	    "$upper/etc/sv/new/supervise" "$upper/etc/service"
	: >"$upper/etc/sv/down/supervise/ok"
	: >"$upper/etc/sv/new/supervise/ok"
	echo 'run, got TERM' >"$upper/etc/sv/up/supervise/stat"
	ln -s /etc/sv/up "$upper/etc/service/up"
	on_host_apply -v <<-'END'
		p2.service('up', {ensure: 'running', enabled: true})
		  .service('down', {ensure: 'stopped', enabled: false})
		  .service('up', {ensure: 'stopped', enabled: false})
		  .service('down', {ensure: 'running', enabled: true, timeout: 5})
		  .service('none', {ensure: 'running'})
		  .service('new', {exec: '/bin/sleep 9', user: 'nobody',
		    env: {A: "it's"}, ensure: 'running', enabled: true});
	END
	is 2 "ok service up
ok service down
changed service up: Disabled. Stopped.
changed service down: Enabled. Started.
changed service /etc/sv/new/run: Created file.
--- /dev/null
+++ /etc/sv/new/run
@@ -0,0 +1,4 @@
+#!/bin/sh
+exec 2>&1
+export A='it'\\''s'
+exec chpst -u 'nobody' /bin/sleep 9
changed service new: Enabled. Started." 'p2-apply: site.p2:5: service none: there is no service none (runit)
changed 4, ok 2, skipped 0, failed 1'
	[ "$(cat "$upper/root/log")" = 'sv -w 90 stop /etc/sv/up
sv -w 5 start /etc/sv/down
sv -w 90 start /etc/sv/new' ]
	[ "$(readlink "$upper/etc/service/down")" = /etc/sv/down ]
	[ ! -L "$upper/etc/service/up" ]
}

@test "sysv: a script is made, and does start, stop and tell its state" {
	cat >"$upper/root/site.p2" <<-'END'
		p2.service('demo', {exec: '/bin/sleep 987', env: {A: 'b c'},
		    user: 'nobody', appdir: '/tmp', provider: 'sysv',
		    ensure: 'running', enabled: true});
	END
	cat >"$upper/root/stop.p2" <<-'END'
		p2.service('demo', {provider: 'sysv', ensure: 'stopped',
		    enabled: false});
	END
	# shellcheck disable=SC2016	# for the shell there
	run --separate-stderr on_host sh -c '
	    p2-apply -d "" /root/site.p2
	    until grep -q 987 "/proc/$(cat /run/demo.pid)/cmdline"
	    do sleep 0.05; done
	    stat -c %U "/proc/$(cat /run/demo.pid)"
	    tr "\0" "\n" <"/proc/$(cat /run/demo.pid)/environ" | grep ^A=
	    readlink "/proc/$(cat /run/demo.pid)/cwd"
	    ls /etc/rc2.d | grep demo
	    p2-apply -d "" /root/site.p2
	    kill "$(cat /run/demo.pid)"
	    while kill -0 "$(cat /run/demo.pid)"; do sleep 0.05; done 2>/dev/null
	    p2-apply -d "" /root/site.p2
	    p2-apply -d "" /root/stop.p2
	    pgrep -x sleep || ls /etc/rc2.d | grep demo'
	is 0 'changed service /etc/init.d/demo: Created file.
changed service demo: Enabled. Started.
nobody
A=b c
/tmp
S01demo
changed service demo: Started.
changed service demo: Disabled. Stopped.
K01demo' "$stderr"
	run -0 sh -n "$upper/etc/init.d/demo"
	run -0 shellcheck -s sh "$upper/etc/init.d/demo"
}

@test "service: where there is no manager, that is told" {
	run --separate-stderr on_host sh -c 'rm -r /etc/init.d
	    rm -rf /etc/sv /etc/service /etc/runlevels
	    echo "p2.service(\"x\", {ensure: \"running\"})" >/root/site.p2
	    p2-apply -d "" /root/site.p2'
	is 2 '' 'p2-apply: /root/site.p2:1: service x: no service manager was found: neither systemd, OpenRC nor runit runs here, and there is no /etc/init.d'
}
