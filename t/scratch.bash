# shellcheck shell=bash
# scratch: a host to install on that is a copy of this one and goes with the
# test.  What is written lies in an overlay, in a mount namespace of its own.
load "${BASH_SOURCE[0]%/*}/p2"

# scratch_setup: $host, its root, which nobody else sees; needs root.
scratch_setup() {
	p2_setup
	[ "$(id -u)" = 0 ] || skip 'not root'
	host=$BATS_TEST_TMPDIR/host
	mkdir -p "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work" "$host"
	on_host true 2>/dev/null || skip 'no overlay can be mounted here'
}

# on_host COMMAND [ARG ...]: as on a machine of its own, without a network.
# What it writes is still there the next time.
on_host() {
	unshare --mount --net --uts --pid --fork --kill-child sh -ec '
	dir=$1; shift
	mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$dir/host"
	mount --rbind /dev "$dir/host/dev"
	mount -t proc proc "$dir/host/proc"
	mount -t tmpfs tmpfs "$dir/host/run"
	mkdir -p "$dir/host/kit"
	mount --bind "${B:-/}" "$dir/host/kit"
	exec chroot "$dir/host" env PATH="/kit/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
	' sh "$BATS_TEST_TMPDIR" "$@"
}

# on_host_apply [ARG ...] <POLICY
on_host_apply() {
	mkdir -p upper/root
	cat >upper/root/site.p2
	run --separate-stderr on_host p2-apply -d '' "$@" /root/site.p2
	stderr=${stderr//\/root\//}
}

# deb NAME VERSION [CONTROL ...]: a package of a few bytes, in $repo.
deb() {
	local dir=$BATS_TEST_TMPDIR/deb/$1 name=$1 version=$2

	shift 2
	mkdir -p "$dir/DEBIAN" "$dir/usr/share/$name" "$repo"
	printf '%s\n' "Package: $name" "Version: $version" 'Architecture: all' \
	    'Maintainer: nobody <nobody@example.org>' "$@" \
	    "Description: $name" >"$dir/DEBIAN/control"
	echo "$version" >"$dir/usr/share/$name/version"
	dpkg-deb --root-owner-group -b "$dir" "$repo" >/dev/null
}

# index: the list of what is in $repo.
index() { (cd "$repo" && dpkg-scanpackages -m . 2>/dev/null >Packages); }

# debian_host: on $host, dpkg knows but a few packages, and apt knows only what
# is in $repo.
debian_host() {
	local d=upper/var/lib/dpkg name

	repo=$BATS_TEST_TMPDIR/upper/repo
	mkdir -p "$repo" upper/root upper/etc/apt/{apt.conf.d,preferences.d,sources.list.d} \
	    upper/var/lib/apt/lists upper/var/log/apt \
	    "$d"/{info,updates,triggers,parts,alternatives}
	for name in upper/etc/apt/*.d upper/var/lib/apt/lists \
	    upper/var/log/apt "$d"; do
		setfattr -n trusted.overlay.opaque -v y "$name"
	done
	echo 'deb [trusted=yes] file:/repo ./' >upper/etc/apt/sources.list
	for name in apt bash coreutils dpkg libc6 mawk; do
		dpkg-query -s "$name" | grep -E '^(Package|Status|Version|Architecture|Provides|Maintainer|Multi-Arch|Essential):' &&
		    echo 'Description: x' && echo
		touch "$d/info/$name.list"
	done >"$d/status"
	: >upper/var/lib/apt/extended_states
}
