#!/usr/bin/env bats
# p2-facts, and lib/facts under it.
# shellcheck disable=SC2154	# run sets output, stderr and so on
# shellcheck disable=SC2030,SC2031	# each test is a subshell
# shellcheck disable=SC2016	# what is in single quotes is for others to expand

# shellcheck source=t/helper.bash
. "$BATS_TEST_DIRNAME/helper.bash"

dir=$BATS_TEST_DIRNAME/facts
page=$BATS_TEST_DIRNAME/../share/man/man1/p2-facts.1

setup() {
	common_setup
	root=$BATS_TEST_TMPDIR/root
	mkdir "$root"
}

# unpack NAME: the tree of t/facts/NAME.root becomes $root.
unpack() { "$dir/unpack" "$dir/$1.root" "$root"; }

# facts [ARG ...]: of $root.
facts() { p2-facts -R "$root" "$@"; }

no_clock=$(cat "$dir/no_clock.jq")

# same_as FILE: all facts of $root but the clock's are those in FILE, which
# t/facts/remake makes.
same_as() {
	facts -AOv >"$BATS_TEST_TMPDIR/out"
	jq "$no_clock" "$BATS_TEST_TMPDIR/out" | diff -u "$1" -
}

@test "facts: a Debian host, whole" { unpack debian; same_as "$dir/debian.json"; }
@test "facts: a RHEL-like host, whole" { unpack rocky; same_as "$dir/rocky.json"; }
@test "facts: a SUSE host, whole" { unpack suse; same_as "$dir/suse.json"; }
@test "facts: an Alpine host, whole" { unpack alpine; same_as "$dir/alpine.json"; }
@test "facts: an Arch host, whole" { unpack arch; same_as "$dir/arch.json"; }
@test "facts: a Gentoo host, whole" { unpack gentoo; same_as "$dir/gentoo.json"; }
@test "facts: a Void host, whole" { unpack void; same_as "$dir/void.json"; }
@test "facts: a Raspberry Pi, whole" { unpack raspberry; same_as "$dir/raspberry.json"; }
@test "facts: a container, whole" { unpack container; same_as "$dir/container.json"; }

@test "facts: a big machine, 256 processors, 4000 mounts, 2000 interfaces" {
	"$dir/big" "$root"
	facts -Av >"$BATS_TEST_TMPDIR/out"
	jq "$no_clock" "$BATS_TEST_TMPDIR/out" |
	    diff -u <(xz -dc "$dir/big.json.xz") -
	# what the file is about, for who cannot read it
	run -0 jq -c '[.processors.count, .processors.sockets,
	    .processors.cores, (.processors.models | map(.count)),
	    .processors.numa_nodes, .processors.nodes["3"].cpus]' \
	    "$BATS_TEST_TMPDIR/out"
	[ "$output" = '[256,2,128,[128,128],4,"192-255"]' ]
	run -0 jq -c '.mountpoints | [length, keys_unsorted[0, 1, 2, 1999]],
	    (map(.device | ltrimstr("none") | tonumber) | [min, max])' \
	    "$BATS_TEST_TMPDIR/out"
	[ "${lines[0]}" = '[2000,"/var/lib/m/0","/var/lib/m/1","/var/lib/m/2","/var/lib/m/1999"]' ]
	# the later of two mounts at one place
	[ "${lines[1]}" = '[2000,3999]' ]
	run -0 jq -c '.networking | [(.interfaces | length,
	    keys_unsorted[0, 1, 2, 3, 1999]), .primary, .ip, .netmask,
	    .gateway, (.routes | length), (.bridges.br0.members | length)],
	    .interfaces.veth1000.addresses[0].address' \
	    "$BATS_TEST_TMPDIR/out"
	[ "${lines[0]}" = '[2000,"br0","lo","veth0","veth1","veth1997","veth0","10.0.0.1","255.255.255.252","10.0.0.2",501,1998]' ]
	[ "${lines[1]}" = '"10.4.0.1"' ]
	run -0 bash -c 'p2-facts -R "$1" os_nics os_numcpus |
	    jq -c "[(.os_nics | length), .os_numcpus]"' bash "$root"
	[ "$output" = '[1998,256]' ]
}

@test "facts: what is printed piece by piece is what is kept as a whole" {
	"$dir/big" "$root"
	facts -k -A >"$BATS_TEST_TMPDIR/out"
	facts -k -A -s -d "$store"
	partisci-query -d "$store" facts |
	    sed 's/^{"host":"big","facts":\(.*\)}$/\1/' |
	    cmp - "$BATS_TEST_TMPDIR/out"
	# on a terminal it has the shape that jq gives it
	script -qec "p2-facts -k -A -R $root" /dev/null | tr -d '\r' |
	    cmp - <(jq . "$BATS_TEST_TMPDIR/out")
	run -3 --separate-stderr bash -c 'p2-facts -R "$1" >/dev/full' bash \
	    "$root"
	[ "$stderr" = 'p2-facts: stdout: No space left on device' ]
}

@test "facts: what is printed is in the tables, with its type, in their order" {
	local name

	p2-facts -G >"$BATS_TEST_TMPDIR/list"
	for name in debian rocky suse alpine arch gentoo void raspberry \
	    container
	do
		rm -rf "$root" && mkdir "$root"
		unpack "$name"
		facts -AO | "$dir/conform" "$BATS_TEST_TMPDIR/list"
	done
	p2-facts -AO | "$dir/conform" "$BATS_TEST_TMPDIR/list"
}

@test "facts: the tree in the manual is that of the tables" {
	sed -n '/^\.\\" What follows/,/^\.\\" That was it/{/^\.\\"/d;p;}' \
	    "$page" | diff -u - <("$dir/tree")
}

@test "facts: a lone scalar is printed bare, all else as an object" {
	unpack debian
	[ "$(facts os.name)" = 'Debian GNU/Linux' ]
	[ "$(facts memory.total_bytes)" = 4126720000 ]
	[ "$(facts security.fips 2>&1)" = \
	    'p2-facts: security.fips: there is none on this host' ]
	[ "$(facts virtual.is_virtual)" = true ]
	[ "$(facts system.load.1m)" = 0.15 ]
	[ "$(facts mountpoints./.size_bytes)" = 10737418240 ]
	[ "$(facts 'mountpoints./boot efi.device')" = /dev/vda1 ]
	[ "$(facts os_family)" = debian ]
	[ "$(facts os_dist_home_url)" = 'https://www.debian.org/?a=b' ]
	[ "$(facts os_nics.eth0.ipv4.address)" = 192.0.2.11 ]
	[ "$(facts cpuinfo.0.'model name')" = 'Intel(R) Xeon(R) Gold 6240' ]
	[ "$(facts installed_packages.openssl.version)" = 3.0.15-1~deb12u1 ]
	[ "$(facts users.root.dir)" = /root ]
	[ "$(facts kernel.cmdline.1)" = root=UUID=deadbeef ]
	[ "$(facts external.rack.row)" = 7 ]
	[ "$(facts site)" = berlin ]
	[ "$(facts os.release)" = \
	    '{"os":{"release":{"full":"12.8","major":"12","minor":"8"}}}' ]
	[ "$(facts processors.count os.id os.family)" = \
	    '{"processors":{"count":2},"os":{"id":"debian","family":"debian"}}' ]
	[ "$(facts kernel.cmdline.0 kernel.cmdline.2)" = \
	    '{"kernel":{"cmdline":["BOOT_IMAGE=/vmlinuz","ro"]}}' ]
}

@test "facts: a name that is none exits 1 and tells the nearest" {
	run -1 --separate-stderr p2-facts os.nam
	[ "$output" = "" ]
	[ "$stderr" = 'p2-facts: os.nam: no such fact; the nearest is os.name' ]
	run -1 --separate-stderr p2-facts memory.total
	[ "$stderr" = 'p2-facts: memory.total: no such fact; the nearest is memory.total_bytes' ]
	run -1 --separate-stderr p2-facts os_famly
	[ "$stderr" = 'p2-facts: os_famly: no such fact; the nearest is os_family' ]
	# the others are printed
	unpack debian
	run -1 --separate-stderr facts nosuch os.id
	[ "$output" = '{"os":{"id":"debian"}}' ]
}

@test "facts: only what is asked for is looked at" {
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=openat,socket \
	    p2-facts os.name >/dev/null
	run -1 grep -E '/proc/(meminfo|self)|/sys/|NETLINK|/var/lib/dpkg/status' \
	    "$BATS_TEST_TMPDIR/trace"
	p2-facts -U -g os,memory 2>"$BATS_TEST_TMPDIR/timing" >/dev/null
	run -0 jq -c keys "$BATS_TEST_TMPDIR/timing"
	[ "$output" = '["memory","os"]' ]
	run -0 bash -c 'p2-facts -x networking,os | jq -c "has(\"os\"),
	    has(\"networking\"), has(\"kernel\"), has(\"processes\")"'
	[ "$output" = $'false\nfalse\ntrue\nfalse' ]
}

@test "facts: flat lines, and lines that a shell can evaluate" {
	unpack debian
	run -0 facts -f os.release kernel.cmdline
	[ "$output" = 'os.release.full=12.8
os.release.major=12
os.release.minor=8
kernel.cmdline.0=BOOT_IMAGE=/vmlinuz
kernel.cmdline.1=root=UUID=deadbeef
kernel.cmdline.2=ro
kernel.cmdline.3=quiet
kernel.cmdline.4=dyndbg="file a.c +p"' ]
	printf 'ID=x\nNAME="it'\''s $(touch %s) \\\\ `id`"\nVERSION_ID="1\t2"\n' \
	    "$root/bad" >"$root/usr/lib/os-release"
	expect="it's \$(touch $root/bad) \\ \`id\`"
	eval "$(facts -E os)"
	[ "$P2_OS_NAME" = "$expect" ]
	[ "$P2_OS_RELEASE_FULL" = $'1\t2' ]
	[ ! -e "$root/bad" ]
	run -0 facts -f os.release.full
	[ "$output" = 'os.release.full=1\t2' ]
	run -0 facts -P memory.total_bytes
	[ "$output" = '3.8 GiB' ]
	run -0 facts -P system.uptime_seconds
	[ "$output" = '3h 25m' ]
}

@test "facts: two stable runs are alike, byte for byte" {
	p2-facts -k >"$BATS_TEST_TMPDIR/a"
	sleep 1.1
	p2-facts -k >"$BATS_TEST_TMPDIR/b"
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	run -0 jq '.system | has("uptime_seconds"), has("hostname")' \
	    "$BATS_TEST_TMPDIR/a"
	[ "$output" = $'false\ntrue' ]
}

@test "facts: what -k leaves out is told by -L" {
	run -0 p2-facts -L
	[ "$output" = "$(p2-facts --list | awk -F '\t' '$3 ~ /~/ { print $1 }')" ]
	[ "$output" = "$(p2-facts --volatile)" ]
	run -0 --separate-stderr grep -cxE 'system.uptime_seconds|memory.free_bytes' \
	    <<<"$output"
	[ "$output" = 2 ]
}

@test "facts: sockets is another name of a group" {
	run -0 facts -g networking.listening
	mkdir -p "$root/proc/net"
	printf '%s\n' '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode' \
	    '   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000    7        0 4711 1' \
	    >"$root/proc/net/tcp"
	run -0 facts -g sockets
	[ "$output" = '{"networking":{"listening":[{"protocol":"tcp","address":"127.0.0.1","port":631,"uid":7,"inode":4711}]}}' ]
	run -0 bash -c "p2-facts -R '$root' -A -x sockets |
	    jq .networking.listening"
	[ "$output" = null ]
}

@test "facts: which kubelet it is" {
	mkdir -p "$root/var/lib/kubelet" "$root/var/lib/dpkg" \
	    "$root/etc/kubernetes/manifests"
	printf 'kind: KubeletConfiguration\nclusterDomain: "cluster.local"\n' \
	    >"$root/var/lib/kubelet/config.yaml"
	printf 'clusters:\n- cluster:\n    server: https://10.0.0.1:6443\n' \
	    >"$root/etc/kubernetes/kubelet.conf"
	run -0 facts -1 kubernetes
	[ "$output" = '{"kubernetes":{"cluster_domain":"cluster.local","server":"https://10.0.0.1:6443"}}' ]
	printf 'spec:\n  containers:\n  - image: x\n' \
	    >"$root/etc/kubernetes/manifests/kube-apiserver.yaml"
	run -1 --separate-stderr facts kubernetes.version
	printf 'spec:\n  containers:\n    image: registry.k8s.io/kube-apiserver:v1.29.1\n' \
	    >"$root/etc/kubernetes/manifests/kube-apiserver.yaml"
	run -0 facts kubernetes.version
	[ "$output" = 1.29.1 ]
	printf 'Package: kubelet\nStatus: install ok installed\nVersion: 1.29.2-1.1\n' \
	    >"$root/var/lib/dpkg/status"
	run -0 facts kubernetes.version
	[ "$output" = 1.29.2 ]
}

@test "facts: modules of Perl, of which the last to be installed counts" {
	local dir=$root/usr/local/lib/x86_64-linux-gnu/perl/5.36.0

	mkdir -p "$dir" "$root/usr/lib64/perl5"
	cat >"$dir/perllocal.pod" <<-'END'
	=head2 Tue Mar  5 12:00:00 2024: C<Module> L<JSON::XS|JSON::XS>

	=over 4

	=item *

	C<installed into: /usr/local/share/perl/5.36.0>

	=item *

	C<VERSION: 4.02>

	=back

	=head2 Tue Mar  5 12:01:00 2024: C<Module> L<Try::Tiny|Try::Tiny>

	C<VERSION: 0.31>

	=head2 Tue Mar  5 12:02:00 2024: C<Module> L<JSON::XS|JSON::XS>

	C<VERSION: 4.03>
	END
	run -0 facts packages.language.perl
	[ "$output" = '{"packages":{"language":{"perl":[{"name":"Try::Tiny","version":"0.31"},{"name":"JSON::XS","version":"4.03"}]}}}' ]
}

@test "facts: what programs in Go were built from" {
	mkdir -p "$root/usr/local/bin" "$root/root/go/bin"
	"$dir/gobuild" 'path	example.org/tools/cmd/gopher
mod	example.org/tools	v1.2.3	h1:abc=
dep	example.org/dep	v0.0.1
' >"$root/usr/local/bin/gopher"
	"$dir/gobuild" 'path	command-line-arguments
' >"$root/root/go/bin/own"
	head -c 300 "$root/usr/local/bin/gopher" >"$root/usr/local/bin/cut"
	printf '#!/bin/sh\n' >"$root/usr/local/bin/script"
	run -0 facts packages.language.go
	[ "$output" = '{"packages":{"language":{"go":[{"name":"example.org/tools/cmd/gopher","version":"v1.2.3"},{"name":"command-line-arguments"}]}}}' ]
}

@test "facts: pretty on a terminal, compact elsewhere" {
	unpack debian
	run -0 facts -g fstab
	[ "${#lines[@]}" -eq 1 ]
	run -0 script -qec "p2-facts -R $root os.release" /dev/null
	[ "${lines[1]}" = $'  "os": {\r' ]
	run -0 script -qec "p2-facts -1 -R $root os.release" /dev/null
	[ "${#lines[@]}" -eq 1 ]
}

@test "facts: bytes that are no UTF-8 do not get into the output" {
	unpack debian
	printf 'ID=x\nNAME="a\377b\000c"\n' >"$root/usr/lib/os-release"
	[ "$(facts os.name)" = 'a�b�c' ]
	facts -A | python3 -c 'import json, sys
json.loads(sys.stdin.buffer.read().decode("utf-8"))'
}

@test "facts: whatever befalls a source costs its own facts only" {
	unpack debian
	run -0 "$dir/hostile" "$root"
	[ "$output" = "" ]
}

# fail_each CALL ERROR STEP: make the n-th of these calls fail, for each n.
fail_each() {
	local all n skip=0

	strace -o "$BATS_TEST_TMPDIR/trace" -e trace="$1,openat" p2-facts \
	    >/dev/null
	# What loads the program comes first, and has to succeed.
	skip=$(awk -v call="$1(" '/O_NOCTTY|O_NONBLOCK/ { exit }
	    index($0, call) == 1 { n++ } END { print n + 0 }' \
	    "$BATS_TEST_TMPDIR/trace")
	all=$(grep -c "^$1(" "$BATS_TEST_TMPDIR/trace")
	for ((n = skip + 1; n <= all; n += $3)); do
		strace -o /dev/null -e trace="$1" \
		    -e inject="$1:error=$2:when=$n" p2-facts \
		    >"$BATS_TEST_TMPDIR/out"
		jq -e .p2.version "$BATS_TEST_TMPDIR/out" >/dev/null
	done
	# And all of them from there on.
	strace -o /dev/null -e trace="$1" \
	    -e inject="$1:error=$2:when=$((skip + 1))+" p2-facts -v \
	    >"$BATS_TEST_TMPDIR/out"
	jq -e .errors "$BATS_TEST_TMPDIR/out" >/dev/null
}

@test "facts: each open that fails costs no more than its facts" {
	skip_sanitized
	fail_each openat EACCES 1
}

@test "facts: each read that fails costs no more than its facts" {
	skip_sanitized
	fail_each read EIO 1
}

@test "facts: other calls that fail cost no more than their facts" {
	skip_sanitized
	fail_each openat EMFILE 17
	fail_each read EINTR 17
	fail_each newfstatat ENOMEM 5
	fail_each getdents64 EIO 5
	strace -o /dev/null -e inject=socket:error=EACCES p2-facts |
	    jq -e '.networking | has("interfaces") | not' >/dev/null
	strace -o /dev/null -e inject=recvfrom:error=ENOBUFS p2-facts |
	    jq -e '.networking.hostname' >/dev/null
	strace -o /dev/null -e inject=statfs:error=EIO p2-facts |
	    jq -e '.mountpoints["/"].device' >/dev/null
}

@test "facts: each call of netlink that fails costs no more than its facts" {
	local call n

	skip_sanitized
	for call in socket sendto recvfrom; do
		for n in 1 2 3 4 5 1+; do
			strace -o /dev/null \
			    -e inject="$call:error=ENOBUFS:when=$n" p2-facts \
			    -v -g networking,networking.listening |
			    jq -e .networking.hostname >/dev/null
		done
	done
}

# Ports that are open, and one of which the other end has gone.
listener='import os, socket, sys, time
t, u = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
t.bind(("127.0.0.1", 0))
t.listen()
u.bind(("127.0.0.1", 0))
c = socket.create_connection(t.getsockname())
a = t.accept()[0]
a.close()
c.close()
print(os.getpid(), t.getsockname()[1], u.getsockname()[1], flush=True)
time.sleep(600)'

@test "facts: who listens is told by sock_diag as by files" {
	local told=$BATS_TEST_TMPDIR/told who tcp udp mine

	start python3 -c "$listener" >"$told"
	wait_until test -s "$told"
	read -r who tcp udp <"$told"
	mine=".networking.listening | map(select(.pid == $who) |
	    del(.inode, .uid))"
	expect='[{"protocol":"tcp","address":"127.0.0.1","port":'$tcp',"pid":'$who',"process":"python3"},{"protocol":"udp","address":"127.0.0.1","port":'$udp',"pid":'$who',"process":"python3"}]'
	run -0 bash -c 'p2-facts networking.listening | jq -c "$1"' bash \
	    "$mine"
	[ "$output" = "$expect" ]
	skip_sanitized
	run -0 bash -c 'strace -o /dev/null -e inject=socket:error=EACCES \
	    p2-facts networking.listening | jq -c "$1"' bash "$mine"
	[ "$output" = "$expect" ]
}

# strace and a sanitizer's own calls do not go together.
skip_sanitized() {
	! grep -q __asan_init "$(command -v p2-facts)" ||
	    skip 'built with a sanitizer'
}

@test "facts: no child, no wait, no other host" {
	skip_sanitized
	strace -f -o "$BATS_TEST_TMPDIR/trace" \
	    -e trace=execve,fork,vfork,clone,clone3,connect,poll,ppoll,select,nanosleep,clock_nanosleep \
	    p2-facts -A -F "$root" >/dev/null
	# its own execve; systemd is asked over a socket, and has a deadline
	run -0 grep -cvE '^[0-9]+ +(\+\+\+|poll\(|connect\(.*AF_UNIX)' \
	    "$BATS_TEST_TMPDIR/trace"
	[ "$output" = 1 ]
}

# calls [ARG ...]: system calls of p2-facts on $root.
calls() {
	strace -o "$BATS_TEST_TMPDIR/calls" p2-facts -R "$root" "$@" \
	    >/dev/null
	grep -c '^[a-z]' "$BATS_TEST_TMPDIR/calls"
}

@test "facts: no group takes more system calls than its table says" {
	local base group cost n

	skip_sanitized
	unpack debian
	base=$(calls -g p2)
	while IFS=$'\t' read -r group cost; do
		n=$(($(calls -g "$group") - base))
		[ "$n" -le "$cost" ] || {
			echo "$group: $n, $cost is the most"
			return 1
		}
	done < <(p2-facts -G | awk -F '\t' '$2 == "group" {
	    print $1 "\t" $5 }')
}

# mounted HOW [ARG ...]: p2-facts where a remote file system is at $root/mnt.
mounted() {
	local how=$1

	shift
	unshare -m "$dir/fuse" "$how" "$root/mnt" p2-facts "$@" |
	    jq -c --arg p "$root/mnt" '[.errors, .mountpoints[$p] |
	    (arrays, del(.options)?)]'
}

@test "facts: remote file systems are asked where one says so, and not for long" {
	local plain='"device":"test","filesystem":"fuse.test","read_only":false,"propagation":"private"'

	mkdir "$root/mnt"
	unshare -m "$dir/fuse" answers "$root/mnt" true ||
	    skip 'nothing can be mounted here'
	run -0 mounted hangs -v -g mountpoints
	[ "$output" = "[[],{$plain}]" ]
	run -0 mounted answers -v -g mountpoints
	[ "$output" = "[[],{$plain}]" ]
	run -0 mounted answers -Qv -g mountpoints
	[ "$output" = "[[],{$plain,\"size_bytes\":4096000,\"available_bytes\":2048000,\"used_bytes\":1638400,\"inodes\":100,\"inodes_free\":90}]" ]
	run -0 timeout 30 bash -c "$(declare -f mounted)
	    root=$root dir=$dir; mounted hangs --network-mounts -v -g mountpoints"
	[ "$output" = "[[],{$plain,\"timed_out\":true}]" ]
	# what no helper comes back from
	mkdir -p "$root/proc/self"
	printf '1 0 0:9 / /srv rw - nfs4 files:/ rw\n2 1 0:8 / /srv/in rw - ext4 /dev/x rw\n' \
	    >"$root/proc/self/mountinfo"
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=statfs,fork,clone,clone3,vfork \
	    p2-facts -R "$root" -Q mountpoints >/dev/null
	run -1 grep -E '^[0-9]+ +[a-z]+' "$BATS_TEST_TMPDIR/trace"
}

# in_cloud NAME [ARG ...]: what p2-facts says there; requests are in $asked.
in_cloud() {
	asked=$BATS_TEST_TMPDIR/asked
	unshare -mn "$dir/cloud" "$1" "$asked" p2-facts -v -g virtual "${@:2}" |
	    jq -c '.virtual.cloud, (.errors[] | select(.source |
	    startswith("169.254")) | .reason)'
}

@test "facts: a cloud is asked where one says so, and not for long" {
	unshare -mn "$dir/cloud" aws /dev/null true ||
	    skip 'there are no namespaces here'
	run -0 in_cloud aws
	[ "$output" = '{"provider":"aws"}' ]
	[ ! -s "$BATS_TEST_TMPDIR/asked" ]
	run -0 in_cloud aws -M
	[ "$output" = '{"provider":"aws","instance_id":"i-0abc","region":"eu-west-1","zone":"eu-west-1b"}' ]
	[ "$(<"$BATS_TEST_TMPDIR/asked")" = 'PUT /latest/api/token HTTP/1.0
GET /latest/dynamic/instance-identity/document HTTP/1.0' ]
	run -0 in_cloud gce --metadata
	[ "$output" = '{"provider":"gce","instance_id":"4123456789012345678","region":"us-central1","zone":"us-central1-a"}' ]
	run -0 in_cloud hetzner -M
	[ "$output" = '{"provider":"hetzner","instance_id":"4711","region":"eu-central","zone":"fsn1-dc14"}' ]
	while read -r name reason; do
		run -0 timeout 30 bash -c "$(declare -f in_cloud)
		    BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR dir=$dir
		    in_cloud $name -M"
		[ "$output" = "{\"provider\":\"$name\"}
\"$reason\"" ] || {
			echo "$name: $output"
			return 1
		}
	done <<-'END'
	oracle it does not tell
	azure Connection timed out
	vultr not a value
	openstack it does not tell
	END
	# nobody there, and another root
	run -0 bash -c "unshare -n p2-facts -M -g virtual"
	run -0 --separate-stderr facts -M -v -g virtual
}

# A /run of one's own, in which systemd is at work.
own_run='mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/dbus'

# told HOW SOCKET [COMMAND ...]: what p2-facts gathers of it, see t/facts/peer.
told() {
	unshare -m sh -ec "$own_run"'; exec "$@"' sh "$dir/peer" "$1" "$2" \
	    "${@:3}" p2-facts -v -F /nowhere -g services |
	    jq -c '[.errors[].reason | select(. != "No such file or directory")],
	    .services.failed, .services.told.state,
	    (.services.told.main_pid // empty)'
}

@test "facts: systemd tells what is active and what has failed" {
	export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
	[ -x /lib/systemd/systemd ] || skip 'there is no systemd'
	mkdir -p "$XDG_CONFIG_HOME/systemd/user"
	printf '[Service]\nExecStart=/bin/false\n' \
	    >"$XDG_CONFIG_HOME/systemd/user/p2broken.service"
	printf '[Service]\nExecStart=/bin/sleep 100\n' \
	    >"$XDG_CONFIG_HOME/systemd/user/p2good.service"
	# A manager of a user speaks as that of the system does.
	cat >"$BATS_TEST_TMPDIR/in" <<-'END'
	set -e
	mkdir /run/user
	mount -t cgroup2 none /sys/fs/cgroup
	export XDG_RUNTIME_DIR=/run/user
	/lib/systemd/systemd --user --log-target=null >/dev/null 2>&1 3>&- &
	. "$1"
	wait_until systemctl --user start p2good
	systemctl --user start p2broken || :
	wait_until systemctl --user is-failed p2broken
	mkdir /run/user/systemd/system
	mount --bind /run/user/systemd /run/systemd
	p2-facts -v -g services
	systemctl --user show -P MainPID p2good
	END
	run -0 --separate-stderr timeout 60 unshare -mpfC --mount-proc \
	    bash -c "$own_run && . $BATS_TEST_TMPDIR/in" bash \
	    <(declare -f wait_until)
	run -0 jq -c --argjson pid "${lines[1]}" '.errors, .services.failed,
	    (.services | .p2good, .p2broken | [.active, .state, .failed]),
	    (.services | [.p2good.main_pid == $pid, .p2broken.main_pid])' \
	    <<<"${lines[0]}"
	[ "$output" = '[]
["p2broken"]
[true,"running",false]
[false,"failed",true]
[true,null]' ]
}

@test "facts: a systemd that is silent, strange or gone costs its own facts" {
	unshare -m sh -c "$own_run" || skip 'nothing can be mounted here'
	local bus=/run/dbus/system_bus_socket own=/run/systemd/private how

	# Whoever may not use its own socket asks the bus.
	run -0 told answers "$bus" setpriv --reuid 65534 --clear-groups
	[ "$output" = '[]
["told"]
"failed"' ]
	run -0 told runs "$bus" setpriv --reuid 65534 --clear-groups
	[ "$output" = '[]
[]
"running"
4242' ]
	run -0 told lies "$own"
	[ "$output" = '[]
[]
"running"' ]
	run -0 told refuses "$bus" setpriv --reuid 65534 --clear-groups
	[ "${lines[0]}" = '["not today"]' ]
	while read -r how reason; do
		run -0 timeout 10 bash -c "$(declare -f told)
		    own_run='$own_run' dir=$dir; told $how $own"
		[ "${lines[0]} ${lines[2]}" = "[\"$reason\"] null" ] || {
			echo "$how: $output"
			return 1
		}
	done <<-'END'
	silent it took too long
	leaves it hung up
	strange it does not let us in
	floods a message is malformed
	broken its answer is malformed
	END
}

@test "facts: openssl reads the same from certificates" {
	local file=$BATS_TEST_TMPDIR/pem subject

	mkdir -p "$root/etc/ssl/certs"
	while read -r days subject; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		    -nodes -keyout /dev/null -utf8 -subj "$subject" \
		    -days "$days" -out "$file" 2>/dev/null
		cp "$file" "$root/etc/ssl/certs/a.pem"
		run -0 --separate-stderr facts -v -g certificates
		jq -r '.certificates[0] | .subject, .issuer, .not_after' \
		    <<<"$output" >"$BATS_TEST_TMPDIR/ours"
		{
			openssl x509 -in "$file" -noout -subject -issuer \
			    -nameopt utf8,sep_comma_plus_space,sname |
			    sed 's/^[a-z]*=//'
			date -u +%FT%TZ -d "$(openssl x509 -in "$file" -noout \
			    -enddate | sed 's/.*=//')"
		} | diff - "$BATS_TEST_TMPDIR/ours"
	done <<-'END'
	10 /CN=a
	36500 /C=DE/ST=x/L=y/O=Ä & Söhne/OU=2/CN=www.example.org/emailAddress=a@b
	3650 /DC=org/DC=example/CN=x/serialNumber=7/2.5.4.999=z
	END
}

@test "facts: the tables of nftables, from the kernel itself" {
	unshare -n nft list tables || skip 'there is no nftables here'
	run -0 unshare -n sh -ec 'nft add table inet filter
	    nft add table bridge b; p2-facts networking.firewall.nft_tables'
	[ "$output" = '{"networking":{"firewall":{"nft_tables":[{"family":"inet","name":"filter"},{"family":"bridge","name":"b"}]}}}' ]
}

@test "facts: apt finds the same packages to be upgradable" {
	ls /var/lib/apt/lists/*_Packages* >/dev/null || skip 'apt has no lists'
	run -1 bash -c 'apt-config dump | grep -i "^APT::Default-Release"'
	apt list --upgradable 2>/dev/null | sed -n 's,/.*,,p' | sort -u \
	    >"$BATS_TEST_TMPDIR/apt"
	run -0 --separate-stderr p2-facts -v -g packages.upgradable
	jq -r '.packages.upgradable[]? | sub(":.*"; "")' <<<"$output" |
	    sort -u | diff "$BATS_TEST_TMPDIR/apt" -
}

@test "facts: packages of an rpm database, by way of librpm" {
	local top=$BATS_TEST_TMPDIR/top db='--define=_dbpath /var/lib/rpm'

	export HOME=$BATS_TEST_TMPDIR
	cat >"$BATS_TEST_TMPDIR/tiny.spec" <<-'END'
	Name: tiny
	Epoch: 1
	Version: 1.2
	Release: 3
	Summary: nothing
	License: none
	BuildArch: noarch
	%description
	Nothing.
	%files
	END
	rpmbuild -bb --quiet --define "_topdir $top" \
	    "$BATS_TEST_TMPDIR/tiny.spec"
	rpm --root "$root" "$db" --initdb
	# A database of nothing is one, too.
	run -0 facts -v -g packages
	[ "$output" = '{"errors":[]}' ]
	rpm --root "$root" "$db" -i --justdb --nodeps \
	    "$top/RPMS/noarch/tiny-1.2-3.noarch.rpm"
	run -0 facts -v packages.list packages.count packages.manager \
	    installed_packages
	[ "$output" = '{"packages":{"list":[{"name":"tiny","version":"1:1.2-3","architecture":"noarch","source":"tiny-1.2-3.src.rpm","installed_bytes":0}],"count":1,"manager":"rpm"},"installed_packages":{"tiny":{"name":"tiny","version":"1.2-3","arch":"noarch","provider":"rpm"}},"errors":[]}' ]
	run -0 facts packages
	[ "$output" = '{"app":"tiny","ver":"1:1.2-3","instance":0}' ]
	# What is no database costs the packages only.
	head -c 5000 /dev/zero >"$root/var/lib/rpm/rpmdb.sqlite"
	rm "$root"/var/lib/rpm/rpmdb.sqlite-*
	run -0 --separate-stderr facts -v -g packages
	[ "$output" = '{"errors":[{"source":"/var/lib/rpm/rpmdb.sqlite","reason":"holds no packages"}]}' ]
	[ "$stderr" = "" ]
}

@test "facts: the zone is that of the host, whoever asks" {
	run -0 p2-facts system.timezone
	[ "$output" = "$(TZ=Pacific/Chatham p2-facts system.timezone)" ]
}

@test "facts: the output that does not arrive is an error" {
	run -3 --separate-stderr bash -c 'p2-facts >/dev/full'
	[ "$stderr" = 'p2-facts: stdout: No space left on device' ]
	run -3 --separate-stderr bash -c 'p2-facts packages >/dev/full'
	run -2 --separate-stderr p2-facts -R "$root/nosuch"
	[ "$stderr" = "p2-facts: $root/nosuch: No such file or directory" ]
}

@test "facts: options that make no sense are refused" {
	run -2 --separate-stderr p2-facts -g nosuch
	[ "$stderr" = 'p2-facts: -g nosuch: no such group' ]
	run -2 --separate-stderr p2-facts -E -f
	run -2 --separate-stderr p2-facts -A os
	run -2 --separate-stderr p2-facts -C os
	run -2 --separate-stderr p2-facts -N web1
	run -2 --separate-stderr p2-facts -s packages
	run -2 --separate-stderr p2-facts -Z
	[[ $stderr == *'usage: p2-facts ['* ]]
}

@test "facts: packages are updates that partisci-send takes" {
	unpack debian
	run -0 --separate-stderr facts packages
	[ "$stderr" = "" ]
	[ "$output" = '{"app":"golang-github-a-very-long-name-that-goes-~1a3884ba","ver":"0.0~git20230101.0123456789abcdef012345678~1962f0a8","instance":0}
{"app":"libc6","ver":"2.36-9+deb12u9","instance":0}
{"app":"libc6:i386","ver":"2.36-9+deb12u9","instance":0}
{"app":"openssl","ver":"3.0.15-1~deb12u1","instance":0}' ]
	facts packages | partisci-send -s '' -d "$store" -N deb1 -
	run -0 partisci-query -d "$store" -H deb1 -a openssl versions
	[[ $output == *'"ver":"3.0.15-1~deb12u1"'* ]]
}

@test "facts: packages whose ids are alike have an instance each" {
	mkdir -p "$root/var/lib/dpkg"
	printf 'Package: %s\nStatus: install ok installed\nVersion: %s\n\n' \
	    linux 5.9 linux 5.10 a-b 1 a.b 2 c 3 >"$root/var/lib/dpkg/status"
	run -0 facts packages
	[ "$output" = '{"app":"a-b","ver":"1","instance":0}
{"app":"a.b","ver":"2","instance":1}
{"app":"c","ver":"3","instance":0}
{"app":"linux","ver":"5.10","instance":0}
{"app":"linux","ver":"5.9","instance":1}' ]
}

@test "facts: with -C an unchanged set of packages prints nothing" {
	unpack debian
	run -0 facts -C -d "$store" packages
	[ "${#lines[@]}" -eq 4 ]
	run -0 --separate-stderr facts -C -d "$store" packages
	[ "$output$stderr" = "" ]
	run -0 --separate-stderr facts --changed --db "$store" packages
	[ "$output$stderr" = "" ]
	# without -C nothing is remembered, and all is printed
	run -0 facts -d "$store" packages
	[ "${#lines[@]}" -eq 4 ]
	sed -i 's/^Version: 3.0.15-1~deb12u1/Version: 3.0.15-2/' \
	    "$root/var/lib/dpkg/status"
	# what did not arrive counts as not printed
	run -3 bash -c 'p2-facts -R "$1" -C -d "$2" packages >/dev/full' \
	    bash "$root" "$store"
	run -0 facts -C -d "$store" packages
	[ "${#lines[@]}" -eq 4 ]
	run -0 facts -C -d "$store" packages
	[ "$output" = "" ]
}

@test "facts: facts are kept in a store, also in one made before" {
	unpack debian
	run -0 --separate-stderr facts -s -d "$store"
	[ "$output$stderr" = "" ]
	partisci-query -d "$store" check
	partisci-send -s '' -d "$BATS_TEST_TMPDIR/old" -N web1 app 1
	oldstore "$BATS_TEST_TMPDIR/old"
	run -0 facts -s -N web1 -d "$BATS_TEST_TMPDIR/old" os
	partisci-query -d "$BATS_TEST_TMPDIR/old" check
	run -2 --separate-stderr facts -s -N '' -d "$store"
}

# custom [ARG ...]: the custom facts of $root, without a built-in one.
custom() { p2-facts -F "$root" -g external -v "$@"; }

@test "facts: partisci-query prints what was kept, of all hosts or of one" {
	local i

	unpack debian
	facts -s -N web2 -d "$store" -g os
	facts -s -d "$store" os.name
	facts -s -N web1 -d "$store" os.id
	facts -s -N web1 -d "$store" os.name
	run -0 --separate-stderr partisci-query -d "$store" facts
	[ "$(printf '%s\n' "${lines[@]}" | jq -r .host)" = 'deb1
web1
web2' ]
	[ "${lines[1]}" = '{"host":"web1","facts":{"os":{"name":"Debian GNU/Linux"}}}' ]
	run -0 --separate-stderr partisci-query -d "$store" -H web2 -v facts
	[ "$(jq -r .facts.os.family <<<"$output")" = debian ]
	[ "$stderr" = 'rows 1' ]
	run -1 --separate-stderr partisci-query -d "$store" -H web facts
	[ "$output$stderr" = "" ]
	# more than goes out at once: no host is lost or comes twice
	for i in {101..130}; do
		facts -s -N "many$i" -d "$store" -AO
	done
	run -0 bash -c 'partisci-query -d "$1" facts | jq -r .host' bash \
	    "$store"
	[ "$(printf '%s\n' "${lines[@]:1:30}")" = "$(printf 'many%d\n' {101..130})" ]
	[ "${#lines[@]}" -eq 33 ]
}

@test "facts: programs add facts, in an environment of their own" {
	printf '#!/bin/sh\necho "pwd=$(pwd)"\necho "env=$(env | sort | tr "\\n" " ")"
	    echo "pgrp=$(($(ps -o pgid= -p $$) == $$))"\n' >"$root/own.sh"
	printf '#!/bin/sh\necho "{\\"list\\": [1, 2], \\"text\\": \\"x\\"}"\n' \
	    >"$root/json"
	chmod 755 "$root"/*
	run -0 env SECRET=1 p2-facts -F "$root" -g external -v
	[ "$output" = '{"external":{"json":{"list":[1,2],"text":"x"},"own":{"pwd":"/","env":"LANG=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PWD=/","pgrp":"1"}},"errors":[]}' ]
}

@test "facts: programs that fail, flood or hang are told of and ended" {
	printf '#!/bin/sh\necho a=b\nexit 3\n' >"$root/fails"
	printf '#!/bin/sh\nyes\n' >"$root/floods"
	printf '#!/bin/sh\nsleep 300 & echo $! >%s; sleep 300\n' \
	    "$BATS_TEST_TMPDIR/pid" >"$root/hangs"
	chmod 755 "$root"/*
	echo 'no program' >"$root/ignored"
	SECONDS=0
	run -0 custom
	[ "$SECONDS" -lt 15 ]
	[ "$output" = "{\"errors\":[{\"source\":\"$root/fails\",\"reason\":\"failed\"},{\"source\":\"$root/floods\",\"reason\":\"printed too much\"},{\"source\":\"$root/hangs\",\"reason\":\"took too long\"}]}" ]
	wait_until ended "$(cat "$BATS_TEST_TMPDIR/pid")"
}

@test "facts: custom facts that others may write are refused" {
	echo a=b >"$root/good.txt"
	echo a=b >"$root/group.txt"
	echo a=b >"$root/world.txt"
	chmod 664 "$root/group.txt"
	chmod 646 "$root/world.txt"
	mkfifo "$root/fifo.json"
	ln -s nowhere "$root/link.json"
	run -0 custom
	[ "$output" = "{\"external\":{\"good\":{\"a\":\"b\"}},\"errors\":[{\"source\":\"$root/fifo.json\",\"reason\":\"not a regular file\"},{\"source\":\"$root/group.txt\",\"reason\":\"refused: others than its owner may write it\"},{\"source\":\"$root/link.json\",\"reason\":\"leads nowhere\"},{\"source\":\"$root/world.txt\",\"reason\":\"refused: others than its owner may write it\"}]}" ]
	chmod 777 "$root"
	run -0 custom
	[ "$output" = "{\"errors\":[{\"source\":\"$root\",\"reason\":\"refused: others than its owner may write it\"}]}" ]
}

@test "facts: a link in an image does not lead out of it" {
	mkdir -p "$root/etc"
	echo 'ID=outside' >"$BATS_TEST_TMPDIR/os-release"
	ln -s "$BATS_TEST_TMPDIR/os-release" "$root/etc/os-release"
	run -1 facts os.id
	ln -sf ../../../../../../../../../../etc/hostname \
	    "$root/etc/machine-id"
	run -1 facts system.machine_id
	mkdir -p "$root/usr/lib"
	echo 'ID=inside' >"$root/usr/lib/os-release"
	ln -sf /usr/lib/os-release "$root/etc/os-release"
	[ "$(facts os.id)" = inside ]
}

@test "facts: the examples of the manual run" {
	unpack debian
	eval "$(facts -E os.release memory.total_bytes)"
	[ "$P2_OS_RELEASE_MAJOR $P2_MEMORY_TOTAL_BYTES" = '12 4126720000' ]
	run -0 bash -c 'p2-facts -R "$1" networking.interfaces |
	    jq -r ".networking.interfaces | to_entries[] |
	    select(.value.state == \"up\") | .key"' bash "$root"
	[ "$output" = eth0 ]
}

@test "facts: facter and ansible say the same" {
	local out=$BATS_TEST_TMPDIR

	"$BATS_TEST_DIRNAME/need" facter ansible-core ||
	    skip 'they are not to be had here'
	command -v facter >/dev/null && command -v ansible >/dev/null ||
	    skip 'they are not to be had here'
	# It fails where it may not read the environment of process 1.
	facter --json >"$out/facter" 2>/dev/null || :
	ansible -c local -i localhost, -m setup all >"$out/ansible" \
	    2>/dev/null
	p2-facts -A >"$out/ours"
	run -0 "$dir/agree" "$out/ours" "$out/facter" "$out/ansible"
	[ "$output" = "" ]
}
