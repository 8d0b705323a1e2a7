# shellcheck shell=bash
# shellcheck disable=SC2154	# work and short are run's, ms and rss_kb spawn's
# apply: a section of t/bench/run.  Whole processes of p2-apply, beside one that
# opens and reads the same files, and beside others' programs for the same.

# file_names COUNT: the files of the policies here.
file_names() { seq -f "$work/apply/f%06.0f" "$1"; }

# write_policy COUNT: one chain of files with a line of content each.
write_policy() {
	echo p2
	file_names "$1" | awk '{ printf ".file(\"%s\", {content: \"line %d\\n\"," \
	    " mode: \"0644\"})\n", $0, NR }'
	echo ';'
}

# apply [ARG ...]: how long p2-apply takes, at best, for what is already so.
apply() {
	local times=21

	[ -z "$short" ] || times=5
	measure spawn -n "$times" p2-apply -d "$work/apply.store" "$@"
	must "  exit status" "$status" 0
	must "  lines printed" "$lines" 0
}

# loaded COUNT LIMIT: read from bytecode and declared, and nothing else.
loaded() {
	apply -c "$work/apply$1.p2"
	figure "$(human "$1") resources, loaded and declared, ms" "$best_ms" \
	    "<=" "$2"
}

# nothing_to_do COUNT: beside a process that opens and reads all.
nothing_to_do() {
	local floor_ms

	file_names "$1" >"$work/names"
	measure spawn -n 21 factsfloor "$work/names"
	floor_ms=$best_ms
	apply "$work/apply$1.p2"
	figure "$(human "$1") files, nothing to do, ms; beside open to close" \
	    "$best_ms" "<=" 2 "$floor_ms"
	idle_ms=$best_ms
	figure "  memory, KiB" "$rss_kb" "<=" 20480
}

# one_drifted COUNT: at best of five, beside nothing to do.
one_drifted() {
	local text best=

	for text in a b c d e; do
		echo "$text" >"$(file_names "$1" | tail -n 1)"
		measure spawn -n 1 p2-apply -d "$work/apply.store" \
		    "$work/apply$1.p2"
		must "  lines printed" "$lines" 1
		[ -n "$best" ] && [ "$(calc "$best < $ms")" = 1 ] || best=$ms
	done
	told "  one of them drifted, ms; beside that" "$best" "$idle_ms"
}

# all_made COUNT: beside as many made durable one by one.
all_made() {
	mkdir "$work/made"
	measure files "$work/made" 1 "$1"
	rm -rf "$work/made" "$work/apply"
	mkdir "$work/apply"
	measure spawn -n 1 p2-apply -d "$work/apply.store" "$work/apply$1.p2"
	must "  lines printed" "$lines" "$1"
	figure "$(human "$1") files, all made, ms; beside the least" "$ms" \
	    "<=" 2 "$(calc "$made_floor * $1 / 1000" 3)"
}

# What others are given: the first so many files.

write_cfengine() {
	echo 'body perms mode644 { mode => "644"; }'
	echo 'bundle agent main { files:'
	file_names "$1" | awk '{ printf "\"%s\" create => \"true\", content =>" \
	    " \"line %d\n\", perms => mode644;\n", $0, NR }'
	echo '}'
}

write_puppet() {
	file_names "$1" | awk '{ printf "file { \"%s\": ensure => file," \
	    " content => \"line %d\\n\", mode => \"0644\" }\n", $0, NR }'
}

write_ansible() {
	printf '%s\n' '- hosts: localhost' '  connection: local' \
	    '  gather_facts: false' '  tasks:' \
	    '  - ansible.builtin.copy: {dest: "{{ item.d }}",' \
	    '      content: "{{ item.c }}", mode: "0644"}' '    loop:'
	file_names "$1" | awk '{ printf "    - {d: \"%s\", c: \"line %d\\n\"}\n",
	    $0, NR }'
}

# apply_peer NAME COUNT OWN-MS COMMAND [ARG ...]: where it is installed; for each
# file, as the slow ones are given fewer.
apply_peer() {
	local name=$1 count=$2 own=$3

	shift 3
	command -v "$1" >/dev/null || return 0
	"$@" >/dev/null 2>&1 || {
		echo "  $name: left out, it fails here" >&2
		return 0
	}
	measure spawn -n 1 "$@" 2>/dev/null
	must "  $name: exit status" "$status" 0
	told "  $name, $(human "$count") files, µs each" \
	    "$(calc "$ms * 1000 / $count" 1)" "$own"
	told "    memory, KiB" "$rss_kb"
}

peers() {
	local own few=20

	[ -n "$short" ] || few=100
	own=$(calc "$idle_ms * 1000 / $1" 2)
	write_cfengine "$1" >"$work/peer.cf"
	write_puppet "$1" >"$work/peer.pp"
	write_ansible "$few" >"$work/peer.yml"
	chmod 600 "$work/peer.cf"
	apply_peer cf-agent "$1" "$own" cf-agent -KIf "$work/peer.cf"
	apply_peer "puppet apply" "$1" "$own" puppet apply "$work/peer.pp"
	LC_ALL=C.UTF-8 apply_peer ansible-playbook "$few" "$own" \
	    ansible-playbook "$work/peer.yml"
}

# packages_in_order: no child, one reading of the database, beside that alone.
packages_in_order() {
	local floor_ms status_file=/var/lib/dpkg/status

	[ -r "$status_file" ] || return 0
	dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | awk '
	    /^ii / && n++ < 50 { print "p2.package(\"" $2 "\");" }' \
	    >"$work/packages.p2"
	echo "$status_file" >"$work/names"
	measure spawn -n 21 factsfloor "$work/names"
	floor_ms=$best_ms
	apply "$work/packages.p2"
	figure "50 packages, nothing to do, ms" "$best_ms" "<=" 30
	told "  beside reading $(calc "$(stat -c %s "$status_file") / 1024") KiB of dpkg's database, ms" \
	    "$best_ms" "$floor_ms"
}

bench_apply() {
	local counts='1000 10000' n idle_ms=0

	[ -z "$short" ] || counts=1000
	section "p2-apply, whole processes"
	for n in $counts; do
		write_policy "$n" >"$work/apply$n.p2"
		mkdir -p "$work/apply"
		p2-apply -d "$work/apply.store" "$work/apply$n.p2" >/dev/null
		loaded "$n" $((n == 1000 ? 8 : 60))
		nothing_to_do "$n"
		one_drifted "$n"
		[ "$n" != 1000 ] || peers "$n"
		all_made "$n"
	done
	packages_in_order
	rm -rf "$work/apply" "$work/apply.store"
}
