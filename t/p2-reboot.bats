#!/usr/bin/env bats
# The role reboot, with a shutdown that is none: nothing here ever reboots.
# shellcheck disable=SC2016	# for the shell that it makes
load p2

setup() {
	p2_setup
	mkdir bin
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

@test "reboot: a dry run only says so" {
	apply -n <<<"p2.reboot('new kernel');"
	is 1 'reboot: new kernel
would change reboot new kernel: would reboot'
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
