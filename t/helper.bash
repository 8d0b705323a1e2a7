# shellcheck shell=bash
# helper: what the tests share.  A test has a store of its own, $store, and
# whatever it starts with one of these functions ends with it.
bats_require_minimum_version 1.5.0

B=${B:-$BATS_TEST_DIRNAME/../build}
PATH=$B/bin:$B/t:$PATH
unset PARTISCI_DB PARTISCI_SERVER PARTISCI_PORT
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export LC_ALL=C.UTF-8

# native WHY: for this reason the test is not for tools that qemu runs.
native() { :; }

if [ -n "${P2_SKIPPED-}" ]; then
	# shellcheck source=t/arm/emulator.bash
	. "${BASH_SOURCE[0]%/*}/arm/emulator.bash"
fi

# A file that needs more defines its own and calls these two.
common_setup() {
	if [ -n "${P2_SKIPPED-}" ]; then
		for_emulator
	fi
	store=$BATS_TEST_TMPDIR/store
	started=()
}

common_teardown() {
	local pid

	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

setup() { common_setup; }
teardown() { common_teardown; }

# wait_until COMMAND [ARG ...]: until it succeeds, and not for ever.
wait_until() {
	local i

	for ((i = 0; i < 600; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "in vain: wait_until $*" >&2
	return 1
}

# start COMMAND [ARG ...]: in the background, until the test ends; sets $pid.
# Its stderr goes to $BATS_TEST_TMPDIR/COMMAND.log.
start() {
	"$@" 2>>"$BATS_TEST_TMPDIR/${1##*/}.log" <&0 3>&- 4>&- 7>&- &
	pid=$!
	started+=("$pid")
}

# ended PID: is it gone?  Its status is for wait to tell.
ended() {
	! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1")" = Z ]
}

listens() { (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port: sets $port to one that nobody listens on.
free_port() {
	port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
	! listens "$port" || free_port
}

# start_recv [ARG ...]: partisci-recv on $store and a free port, or on $port
# where that is set; ready when it returns.  Sets $port and $recv, its pid.
start_recv() {
	[ -n "${port-}" ] || free_port
	start partisci-recv -d "$store" -p "$port" "$@"
	recv=$pid
	wait_until recv_ready
	! ended "$recv" || return 1
}

recv_ready() { listens "$port" || ended "$recv"; }

# stop_recv: let it commit what it has received, and return its status.
stop_recv() {
	local rc=0

	kill -TERM "$recv"
	wait "$recv" || rc=$?
	return "$rc"
}

# manual PAGE: the page as one reads it, from its source in share/man.
manual() {
	mandoc -T utf8 "$BATS_TEST_DIRNAME"/../share/man/man*/"$1" | col -bx
}

# examples PAGE: the code in its EXAMPLES, commands behind "$ ".
examples() {
	manual "$1" | sed -n '/^EXAMPLES/,/^SEE ALSO/s/^           //p'
}

# squeeze: all white space as single blanks, to compare what is laid out.
squeeze() { tr -s '[:space:]' ' ' | sed 's/^ //; s/ $//'; }
