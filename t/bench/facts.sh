# shellcheck shell=bash
# shellcheck disable=SC2154	# work and short are run's, ms and rss_kb spawn's
# facts: a section of t/bench/run.  Each run of p2-facts stands beside a program
# that opens and reads the same files, and does the same dumps of netlink.

# sources [ARG ...]: what p2-facts opens, a path a line; directories end in "/".
sources() {
	strace -y -o "$work/trace" -e trace=openat p2-facts "$@" >/dev/null
	sed -n -e '/= -1/d' -e '/O_NOCTTY\|O_DIRECTORY\|localtime/!d' \
	    -e 's/^.* = [0-9]*<\(.*\)>$/\1/p' "$work/trace" |
	    while read -r path; do
		[ ! -d "$path" ] || path=$path/
		echo "$path"
	    done
}

# beside WHAT FLOOR-OPTION [ARG ...]: time and memory of p2-facts ARG ...
beside() {
	local what=$1 option=$2 times=300 floor

	shift 2
	[ -z "$short" ] || times=30
	sources "$@" >"$work/sources"
	measure spawn -n "$times" factsfloor ${option:+"$option"} \
	    "$work/sources"
	floor=$ms
	measure spawn -n "$times" p2-facts "$@"
	figure "$what, ms; beside the floor" "$ms" "<=" 2 "$floor"
	figure "  memory, KiB" "$rss_kb" "<=" 5120
}

# peer NAME COMMAND [ARG ...]: what others take for the same, if they are here.
peer() {
	local name=$1 own=$ms

	command -v "$2" >/dev/null || return 0
	shift
	measure spawn -n 3 env LC_ALL=C.UTF-8 "$@" 2>/dev/null
	if [ "$name" = facter ]; then
		figure "  facter --json, ms; at least 150 times as much" \
		    "$ms" ">=" 150 "$own"
	else
		told "  $name, ms" "$ms" "$own"
	fi
	ms=$own
}

bench_facts() {
	section "p2-facts, whole processes"
	beside "os.name" '' os.name
	beside "default groups" -n
	peer facter facter --json
	peer "ansible -m setup" ansible -c local -i localhost, -m setup all
	peer "cf-promises --show-vars" cf-promises --show-vars
	beside "default groups and packages" -n -g "$(p2-facts -G |
	    awk -F '\t' '$2 == "group" && $3 == "" { printf "%s,", $1 }
		END { print "packages,packages.list" }')"
	beside "packages as updates" '' packages
}
