# shellcheck shell=bash
# shellcheck disable=SC2154	# work, short and BENCH_PEERS are run's, best_ms spawn's
# booted: a section of t/bench/run.  Packages, services and users that are as
# the policy says, on a host that is booted with systemd for it.

# in_order RESOURCES TYPE ...: a policy with those of the resources.
in_order() {
	local type

	printf 'p2'
	for type; do
		case $type in
		packages) sed 's/.*/.package("&")/' "$work/packages" ;;
		services) bench_names | sed \
		    's/.*/.service("&", {ensure: "running", enabled: true})/' ;;
		users) bench_names | awk '{ printf ".user(\"%s\", {uid: %d," \
		    " gecos: \"Number %d\", shell: \"/bin/sh\"," \
		    " groups: [\"users\"]})\n", $0, 2000 + NR, NR }' ;;
		esac
	done
	echo ';'
}

bench_names() { seq -f 'bench%02g' 20; }

# Units that do nothing, and the users.
bench_host() {
	local kind=systemd

	[ -z "${BENCH_PEERS-}" ] || kind=peers
	mkdir "$hosts_dir"
	host_boot bench "$kind" --private-network "--bind-ro=$B:/kit" || return
	# shellcheck disable=SC2016	# for dpkg-query
	on bench dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' |
	    awk '/^ii / && n++ < 50 { print $2 }' >"$work/packages"
	{
		bench_names | awk '{ printf "p2.service(\"%s\", {exec: " \
		    "\"/bin/sleep infinity\", ensure: \"running\", enabled: " \
		    "true});\n", $0 }'
		in_order users
	} | on bench sh -c 'cat >/root/make.p2 && p2-apply make.p2' >/dev/null
	in_order packages services users | on bench sh -c 'cat >/root/all.p2'
	for kind in packages services users; do
		in_order "$kind" | on bench sh -c "cat >/root/$kind.p2"
	done
}

# on_bench WHAT LIMIT POLICY
on_bench() {
	local times=41

	[ -z "$short" ] || times=5
	measure on bench /kit/t/bench/spawn -n "$times" p2-apply \
	    "/root/$3.p2"
	must "  exit status" "$status" 0
	must "  lines printed" "$lines" 0
	if [ "$2" = - ]; then
		told "$1" "$best_ms"
	else
		figure "$1" "$best_ms" "<=" "$2"
	fi
}

# Processes that are made on the way, threads not counted.
children() {
	strace -f -qq -o "$work/trace" -e trace=process \
	    nsenter --target "$(host_leader bench)" --all -- \
	    /usr/local/bin/p2-apply "$1" >/dev/null
	awk '/execve\("\/usr\/local\/bin\/p2-apply"/ { own = 1; next }
	    own && /fork\(|execve\(|clone3?\(/ && !/CLONE_THREAD/ { n++ }
	    END { print own ? n + 0 : "none of ours" }' "$work/trace"
}

bench_peer_policies() {
	{
		sed "s/.*/package { '&': ensure => present }/" "$work/packages"
		bench_names | awk '{
			printf "service { \"%s\": ensure => running, enable =>" \
			    " true }\n", $0
			printf "user { \"%s\": ensure => present, uid => %d," \
			    " comment => \"Number %d\", shell => \"/bin/sh\"," \
			    " groups => [\"users\"] }\n", $0, 2000 + NR, NR }'
	} | on bench sh -c 'cat >/root/peer.pp'
	{
		printf '%s\n' '- hosts: localhost' '  connection: local' \
		    '  gather_facts: false' '  tasks:' \
		    '  - ansible.builtin.apt:' '      name:'
		sed 's/^/      - /' "$work/packages"
		printf '%s\n' '  - ansible.builtin.systemd: {name: "{{ item }}",' \
		    '      state: started, enabled: true}' '    loop:'
		bench_names | sed 's/^/    - /'
		printf '%s\n' '  - ansible.builtin.user: {name: "{{ item.n }}",' \
		    '      uid: "{{ item.u }}", comment: "{{ item.c }}",' \
		    '      shell: /bin/sh, groups: users, append: true}' '    loop:'
		bench_names | awk '{ printf "    - {n: %s, u: %d, c: Number %d}\n",
		    $0, 2000 + NR, NR }'
	} | on bench sh -c 'cat >/root/peer.yml'
}

# booted_peer NAME OWN-MS COMMAND [ARG ...]: twice; the second has nothing to do.
booted_peer() {
	local name=$1 own=$2

	shift 2
	on bench "$@" >"$work/peer.out" 2>&1 || {
		echo "  $name: left out, it fails there" >&2
		tail -n 3 "$work/peer.out" >&2
		return 0
	}
	measure on bench /kit/t/bench/spawn -n 1 "$@" 2>/dev/null
	told "  $name, ms" "$ms" "$own"
}

bench_booted() {
	local own

	section "p2-apply on a booted host, nothing to do"
	if [ "$(id -u)" != 0 ] ||
	    ! command -v systemd-nspawn debootstrap >/dev/null; then
		echo '  left out: it takes root, systemd-nspawn and debootstrap'
		return 0
	fi
	bench_host || {
		echo '  left out: no host can be booted here'
		hosts_end
		return 0
	}
	on_bench "50 packages, 20 services and 20 users, ms" 30 all
	own=$best_ms
	must "  children" "$(children /root/all.p2)" 0
	on_bench "  of these the packages alone, ms" - packages
	on_bench "  the services, ms" - services
	on_bench "  the users, ms" - users
	if [ -n "${BENCH_PEERS-}" ]; then
		bench_peer_policies
		booted_peer "puppet apply" "$own" puppet apply /root/peer.pp
		booted_peer ansible-playbook "$own" \
		    ansible-playbook -i localhost, /root/peer.yml
	fi
	hosts_end
}
