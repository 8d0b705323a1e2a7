#!/usr/bin/env bats
# The role reboot, with a shutdown that is none: nothing here ever reboots.
# shellcheck disable=SC2016	# for the shell that it makes
load scratch

setup() {
	p2_setup
	mkdir bin
	# shellcheck disable=SC2016	# for the script
	printf '#!/bin/sh\necho "$0 $*" >>%s/ran\n' "$PWD" >bin/sleep
	cp bin/sleep bin/shutdown
	chmod 755 bin/*
	export PATH=$PWD/bin:$PATH
}

# A minute is soon over: the policy's own setTimeout is a thousand times faster.
quick='var slow = setTimeout; global.setTimeout = function (fn, ms) { slow(fn, ms / 1000); };'

@test "reboot: it drops what waits, calls shutdown, and ends with status 1" {
	apply <<<"$quick
	p2.command('touch before').reboot('new kernel').command('touch after');"
	is 1 'changed command touch before: runs each time
reboot: new kernel'
	[ -e before ]
	[ ! -e after ]
	wait_until grep -q shutdown ran
	[ "$(cat ran)" = "$PWD/bin/sleep 10
$PWD/bin/shutdown -r now" ]
}

@test "reboot: first_boot lets the cloud's scripts run once more" {
	local sem=upper/var/lib/cloud/instance/sem left option

	scratch_setup
	mkdir -p "$sem" upper/root/bin
	ln -s /bin/true upper/root/bin/sleep
	ln -s /bin/true upper/root/bin/shutdown
	for option in false true; do
		touch "$sem"/config_scripts_{user,vendor}
		on_host_apply <<<"$quick
		process.env.PATH = '/root/bin:' + process.env.PATH;
		p2.reboot('again', {first_boot: $option});
		p2.push_action(function () { console.log('never'); });"
		is 1 'reboot: again'
		[ "$(ls "$sem")" = "${left=$'config_scripts_user\nconfig_scripts_vendor'}" ]
		left=config_scripts_vendor
		rm "$sem"/*
	done
	: >"$sem/config_scripts_user"
	on_host_apply -n <<<"p2.reboot('again', {first_boot: true});"
	is 1 'reboot: again
would change reboot again: would reboot'
	[ -e "$sem/config_scripts_user" ]
}

@test "reboot: a dry run only says so" {
	apply -n <<<"p2.reboot('new kernel');"
	is 1 'reboot: new kernel
would change reboot new kernel: would reboot'
	apply <<<"p2.reboot('new kernel', {noop: true}).command('true');"
	is 0 'reboot: new kernel
noop reboot new kernel: would reboot
changed command true: runs each time'
	[ ! -e ran ]
}

@test "sensitive: no content is in what is said, shown as JSON, or kept" {
	db=$BATS_TEST_TMPDIR/store
	printf 'old-hidden\n' >f
	local policy="p2.file('f', {content: 'new-hidden\n', sensitive: true, keep_orig: false})
	.command('c', {cmd: 'echo out-hidden', sensitive: true, logoutput: true})
	.file('g', {line: 'line-hidden', sensitive: true, parents: true});"
	for how in -n -nv -nj -jv; do
		apply "$how" <<<"$policy"
		[[ $output$stderr != *hidden* ]] || {
			echo "$how: $output$stderr"
			return 1
		}
		printf 'old-hidden\n' >f
		rm -f g
	done
	[[ $(partisci-query -d "$db" results) != *hidden* ]]
}
