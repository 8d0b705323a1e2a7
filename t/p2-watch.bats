#!/usr/bin/env bats
# p2-apply --watch: what is changed behind our back is as it was.
# shellcheck disable=SC2016,SC2119,SC2120	# for the policy; some have arguments
load p2

setup() {
	p2_setup
	mkdir w
	mounted=()
}

teardown() {
	local m

	common_teardown
	for m in "${mounted[@]}"; do
		umount "$m"
	done
}

# watch [ARG ...] <POLICY: stays on site.p2, with what it prints in out; ready
# when it returns.
watch() {
	cat >site.p2
	: >out
	start p2-apply -j -d "${db-}" -w "$@" site.p2 >>out
	watcher=$pid
	wait_until waits "$watcher"
	! ended "$watcher"
}

# waits PID: nothing is left to be done, or it is gone.
waits() {
	[ "$(cat "/proc/$1/wchan" 2>/dev/null || echo gone)" = gone ] ||
	    { [ "$(cut -d' ' -f1 "/proc/$1/syscall")" = 271 ] && summed; }
}

summed() { grep -q '"summary":true' out; }

# holds FILE TEXT
holds() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

has_mode() { [ "$(stat -c %a "$1")" = "$2" ]; }

# repairs TITLE: how many there have been.
repairs() {
	jq -r --arg t "$1" 'select(.repair and .title == $t and
	    .outcome == "changed") | .title' out | wc -l
}

# quiet: all that has happened was seen to.
quiet() {
	: >w/mark.$$.$RANDOM
	wait_until waits "$watcher"
}

log() { cat "$BATS_TEST_TMPDIR/p2-apply.log"; }

# said TEXT: on stderr.
said() { log | grep -qF -- "$1"; }

stop() {
	kill -"${1:-TERM}" "$watcher"
	wait "$watcher"
}

@test "watch: what is written to, removed, or replaced by rename is as it was" {
	watch <<<"p2.file('w/f', {content: 'good\n', mode: '0640', follow: false});"
	echo bad >w/f
	wait_until holds w/f good
	rm w/f
	wait_until holds w/f good
	echo bad >w/new
	mv w/new w/f
	wait_until holds w/f good
	chmod 600 w/f
	wait_until has_mode w/f 640
	: >w/f
	wait_until holds w/f good
	truncate -s 1 w/f
	wait_until holds w/f good
	ln -sf new w/f
	wait_until test ! -L w/f
	stop
	[ "$(log)" = "" ]
	[ "$(jq -r 'select(.repair) | .outcome' out | sort -u)" = changed ]
}
