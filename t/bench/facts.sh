# shellcheck shell=bash
# shellcheck disable=SC2154	# work and short are run's, best_ms and rss_kb spawn's
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

# best TIMES COMMAND [ARG ...]: sets $best to the least of it and what it was.
best() {
	local before=$best

	measure spawn -n "$@" 2>/dev/null
	best=$best_ms
	[ -z "$before" ] || best=$(calc "$before < $best_ms ? $before : $best_ms" 3)
}

# beside WHAT FLOOR-OPTION [ARG ...]: time and memory of p2-facts ARG ...  Both
# in turn, and of each the least: what else the machine does is none of theirs.
# Sets $ours.
beside() {
	local what=$1 option=$2 times=50 floor='' own='' i

	shift 2
	[ -z "$short" ] || times=10
	sources "$@" >"$work/sources"
	for ((i = 0; i < 6; i++)); do
		best=$floor
		best "$times" factsfloor ${option:+"$option"} "$work/sources"
		floor=$best
		best=$own
		best "$times" p2-facts "$@"
		own=$best
	done
	ours=$own
	figure "$what, ms; beside the floor" "$own" "<=" 2 "$floor"
	figure "  memory, KiB" "$rss_kb" "<=" 5120
}

# peer NAME COMMAND [ARG ...]: what others take for the same, if they are here.
peer() {
	local name=$1 best=''

	command -v "$2" >/dev/null || return 0
	shift
	best 5 env LC_ALL=C.UTF-8 "$@"
	if [ "$name" = facter ]; then
		figure "  facter --json, ms; at least 150 times as much" \
		    "$best" ">=" 150 "$ours"
	else
		told "  $name, ms" "$best" "$ours"
	fi
}

# make bench BENCH_PEERS=1 installs them; cf-promises wants a policy.
facts_peers() {
	printf '%s\n' 'body common control { bundlesequence => { "main" }; }' \
	    'bundle agent main { }' >"$work/main.cf"
	chmod 600 "$work/main.cf"
	peer facter facter --json
	peer "ansible -m setup" ansible -c local -i localhost, -m setup all
	peer "cf-promises --show-vars" cf-promises --show-vars \
	    -f "$work/main.cf"
}

# 256 processors, 4,000 mounts, 2,000 interfaces.
big_machine() {
	mkdir "$work/big"
	t/facts/big "$work/big"
	measure spawn -n 3 p2-facts -R "$work/big"
	told "a big machine, ms" "$ms"
	figure "  memory, KiB" "$rss_kb" "<=" 5120
	measure spawn -n 3 p2-facts -A -R "$work/big"
	figure "  every group: memory, KiB" "$rss_kb" "<=" 5120
}

bench_facts() {
	section "p2-facts, whole processes"
	beside "os.name" '' os.name
	beside "default groups" -n
	facts_peers
	beside "default groups and packages" -n -g "$(p2-facts -G |
	    awk -F '\t' '$2 == "group" && $3 == "" { printf "%s,", $1 }
		END { print "packages,packages.list" }')"
	beside "packages as updates" '' packages
	measure spawn -n 10 p2-facts -A
	told "every group, ms" "$best_ms"
	figure "  memory, KiB" "$rss_kb" "<=" 8192
	big_machine
}
