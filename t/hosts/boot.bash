# shellcheck shell=bash
# boot: whole hosts, each booted in a container of its own with its own root.
# Who uses it says where they lie, hosts_dir, and where the toolkit does,
# hosts_kit.  Base images are kept in $P2_HOSTS.
#
#	host_boot NAME KIND [OPTION ...]	KIND as for t/hosts/base; options
#						are systemd-nspawn's
#	on NAME COMMAND [ARG ...]		as root there
#	host_stop NAME				shut down, as an admin would
#	host_start NAME				and boot again
#	hosts_end				all end, and nothing is left
: "${P2_HOSTS:=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/p2-hosts}"
export P2_HOSTS

# until_true SECONDS COMMAND ...
until_true() {
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "in vain: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

host_boot() {
	local name=$1 dir=$hosts_dir/$1 base

	base=$("$hosts_kit/t/hosts/base" "$2") || return
	shift 2
	mkdir -p "$dir/upper" "$dir/work" "$dir/root"
	mount -t overlay "p2-$name" -o \
	    "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
	printf '%s\n' "$@" >"$dir/options"
	mkdir -p "$dir/root/usr/local/share"
	make -s -C "$hosts_kit" B="$B" DESTDIR="$dir/root" PREFIX=/usr/local install
	echo "$name" >"$dir/root/etc/hostname"
	echo "127.0.1.1 $name" >>"$dir/root/etc/hosts"
	host_start "$name"
}

# The first process of the host, as it is called out here.
host_leader() {
	local outer

	outer=$(cat "$hosts_dir/$1/pid") &&
	    pgrep -o -P "$outer"
}

host_start() {
	local name=$1 dir=$hosts_dir/$1
	local -a options

	mapfile -t options < <(sed '/^$/d' "$dir/options")
	systemd-nspawn --quiet --register=no --keep-unit --boot \
	    --machine="p2-$name" --directory="$dir/root" --console=pipe \
	    "${options[@]:---private-network}" \
	    >>"$dir/console" 2>&1 </dev/null 3>&- &
	echo $! >"$dir/pid"
	until_true 60 host_leader "$name"
	until_true 120 host_is_up "$name" || {
		tail -n 30 "$dir/console" >&2
		return 1
	}
}

# Has its manager of services done what it does at the start?
host_is_up() {
	# shellcheck disable=SC2016	# for the shell there
	on "$1" sh -c '
	if [ -d /run/systemd/system ]; then
		case $(systemctl is-system-running) in
		running | degraded) exit 0 ;;
		esac
		exit 1
	fi
	[ ! -d /run/openrc ] ||
	    exec grep -qx default /run/openrc/softlevel
	[ ! -d /etc/runit ] || exec pgrep -x runsvdir
	runlevel | grep -q "[2-5]$" && ! pgrep -x rc'
}

on() {
	local name=$1

	shift
	nsenter --target "$(host_leader "$name")" --all \
	    env -i -C /root HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
	    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	    "$@"
}

host_stop() {
	local pid

	pid=$(cat "$hosts_dir/$1/pid")
	on "$1" init 0 || :
	until_true 60 host_has_ended "$pid" || kill -KILL "$pid"
	rm -f "$hosts_dir/$1/pid"
}

host_has_ended() { ! kill -0 "$1"; }

hosts_end() {
	local dir

	for dir in "$hosts_dir"/*/; do
		[ ! -e "${dir}pid" ] || host_stop "$(basename "$dir")"
		umount "${dir}root" 2>/dev/null || :
	done
	rm -rf "$hosts_dir"
}
