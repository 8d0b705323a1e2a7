# shellcheck shell=bash
# watch: what the tests of p2-apply --watch share, beside p2.bash.  What is
# watched is in w, what is said of it in o.

watch_setup() {
	p2_setup
	mkdir w o
	within=()
}

# watch [ARG ...] <POLICY: stays on site.p2, with what it prints in o/out; ready
# when it returns.
watch() {
	cat >site.p2
	: >o/out
	start "${within[@]}" p2-apply -j -d "${db-}" -w "$@" site.p2 >>o/out
	watcher=$pid
	wait_until waits "$watcher"
	! ended "$watcher"
}

# waits PID: nothing is left to be done, or it is gone.
waits() {
	[ "$(cat "/proc/$1/wchan" 2>/dev/null || echo gone)" = gone ] ||
	    { [ "$(cut -d' ' -f1 "/proc/$1/syscall")" = 271 ] && summed; }
}

summed() { grep -q '"summary":true' o/out; }

# holds FILE TEXT
holds() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

has_mode() { [ "$(stat -c %a "$1")" = "$2" ]; }

# repairs TITLE: how many there have been.
repairs() {
	jq -r --arg t "$1" 'select(.repair and .title == $t and
	    .outcome == "changed") | .title' o/out | wc -l
}

# quiet: all that has happened was seen to.
quiet() {
	: >w/mark.$$.$RANDOM
	wait_until waits "$watcher"
}

# What "watch" has started said, under whatever name.
log() { cat "$BATS_TEST_TMPDIR/${within[0]-p2-apply}.log"; }

# said TEXT: on stderr.
said() { log | grep -qF -- "$1"; }

stop() {
	kill -"${1:-TERM}" "$watcher"
	wait "$watcher"
}

# ahead SECONDS: for who has the clock of the shim, so much time has passed.
ahead() {
	echo "$1" >o/ahead.new
	mv o/ahead.new o/ahead
}

# with_clock: what "watch" starts next has that clock.
with_clock() {
	ahead 0
	within=(env LD_PRELOAD="$B/t/clock.so" CLOCK_AHEAD="$PWD/o/ahead"
	    ASAN_OPTIONS="verify_asan_link_order=0:${ASAN_OPTIONS-}")
}

# moment DATE: for who has that clock, it is about then; in UTC, and not before
# the last one.
moment() { ahead $(($(date -ud "$1" +%s) - $(date +%s))); }
