#!/usr/bin/env bats
# What is mounted, and the lines of fstab.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	scratch_setup
	mkdir -p upper/etc upper/root
	printf '# mine\nproc  /proc proc\tdefaults 0 0\nother /mnt/other\\040dir ext4 noauto  0 0' >upper/etc/fstab
}

# mounts COMMAND ...: policies, and what is mounted then, in one namespace.
mounts() {
	cat >upper/root/site.p2
	run --separate-stderr on_host sh -c "$*"
	stderr=${stderr//\/root\//}
}

apply='p2-apply -d "" /root/site.p2'
state='awk "\$5 ~ \"^/mnt/p2\" {print \$5, \$6, \$8, \$9}" /proc/self/mountinfo'

@test "mount: mounted and in fstab, mounted anew with other options, and gone" {
	mounts "$apply -n; $state; $apply; $state; $apply -n; sed -i s/nodev/noexec/ /root/site.p2; $apply -n; $apply; $state; $apply" \
	    <<<"p2.mount('/mnt/p2 a', {device: 'p2', fstype: 'tmpfs', options: ['nosuid', 'nodev', 'size=64k'], pass: 1});"
	is 0 'would change mount /mnt/p2 a: is not mounted; /mnt/p2 a: is missing; /etc/fstab: content differs
--- /etc/fstab
+++ /etc/fstab
@@ -1,3 +1,4 @@
 # mine
 proc  /proc proc	defaults 0 0
-other /mnt/other\040dir ext4 noauto  0 0
\ No newline at end of file
+other /mnt/other\040dir ext4 noauto  0 0
+p2	/mnt/p2\040a	tmpfs	nosuid,nodev,size=64k	0	1
changed mount /mnt/p2 a: Mounted p2. Wrote the line.
/mnt/p2\040a rw,nosuid,nodev,relatime tmpfs p2
would change mount /mnt/p2 a: is mounted, but not noexec; /etc/fstab: content differs
--- /etc/fstab
+++ /etc/fstab
@@ -1,4 +1,4 @@
 # mine
 proc  /proc proc	defaults 0 0
 other /mnt/other\040dir ext4 noauto  0 0
-p2	/mnt/p2\040a	tmpfs	nosuid,nodev,size=64k	0	1
+p2	/mnt/p2\040a	tmpfs	nosuid,noexec,size=64k	0	1
changed mount /mnt/p2 a: Mounted it anew. Wrote the line.
/mnt/p2\040a rw,nosuid,noexec,relatime tmpfs p2'
	mounts "mount '/mnt/p2 a'; $apply; $state; $apply; ls -d '/mnt/p2 a'" \
	    <<<"p2.mount('/mnt/p2 a/', {ensure: 'absent'});"
	is 0 'changed mount /mnt/p2 a/: Unmounted it. Removed the line.
/mnt/p2 a'
	diff -u - upper/etc/fstab <<-'END'
	# mine
	proc  /proc proc	defaults 0 0
	other /mnt/other\040dir ext4 noauto  0 0
	END
}

@test "mount: what its line says is enough, and stays as it is" {
	printf '\np2  /mnt/p2 tmpfs nosuid   0\n' >upper/etc/fstab
	mounts "$apply; $apply; $state; mount -o remount,suid /mnt/p2; $apply; $state; umount /mnt/p2" \
	    <<<"p2.mount('/mnt/p2');"
	is 0 'changed mount /mnt/p2: Mounted p2.
/mnt/p2 rw,nosuid,relatime tmpfs p2
changed mount /mnt/p2: Mounted it anew.
/mnt/p2 rw,nosuid,relatime tmpfs p2'
	[ "$(cat upper/etc/fstab)" = $'\np2  /mnt/p2 tmpfs nosuid   0' ]
	mounts "$apply; $apply; $state" <<<"p2.mount('/mnt/p2', {ensure: 'present', options: 'noexec', remount: false});"
	is 0 'changed mount /mnt/p2: Wrote the line.'
	[ "$(cat upper/etc/fstab)" = $'\np2\t/mnt/p2\ttmpfs\tnoexec\t0\t0' ]
	mounts "mount /mnt/p2; $apply -n; $apply; $state; $apply" <<<"p2.mount('/mnt/p2', {ensure: 'unmounted'}).mount('/mnt/p2none', {ensure: 'unmounted'});"
	is 0 'would change mount /mnt/p2: is mounted
changed mount /mnt/p2: Unmounted it.'
	[ "$(cat upper/etc/fstab)" = $'\np2\t/mnt/p2\ttmpfs\tnoexec\t0\t0' ]
}

@test "mount: another device takes the place of the one that is mounted" {
	mkdir -p upper/mnt/p2
	mounts "$apply; sed -i s/one/two/ /root/site.p2; $apply; $state; $apply" \
	    <<<"p2.mount('/mnt/p2', {device: 'one', fstype: 'tmpfs'});"
	is 0 'changed mount /mnt/p2: Mounted one. Wrote the line.
changed mount /mnt/p2: Unmounted it. Mounted two. Wrote the line.
/mnt/p2 rw,relatime tmpfs two'
	# By a link, and read only.
	ln -s p2 upper/mnt/link
	mounts "mount -t tmpfs -o ro x /mnt/p2; $apply; $apply; $state" \
	    <<<"p2.mount('/mnt/link', {device: 'x', fstype: 'tmpfs', options: 'rw,noatime'});"
	is 0 'changed mount /mnt/link: Mounted it anew. Wrote the line.
/mnt/p2 rw,noatime tmpfs x'
}

@test "mount: a dry run knows what the steps before would have mounted" {
	mounts "$apply -n; $state" <<-'END'
	p2.mount('/mnt/p2', {device: 'a', fstype: 'tmpfs'}).mount('/mnt/p2', {device: 'a', fstype: 'tmpfs'})
	.mount('/mnt/p2', {ensure: 'unmounted'}).mount('/mnt/p2', {ensure: 'unmounted'})
	.mount('/mnt/p2', {ensure: 'absent'});
	END
	[ "$(grep '^would' <<<"$output")" = 'would change mount /mnt/p2: is not mounted; /mnt/p2: is missing; /etc/fstab: content differs
would change mount /mnt/p2: is mounted
would change mount /mnt/p2: /etc/fstab: content differs' ]
}

@test "mount: what cannot be mounted leaves fstab as it is" {
	before=$(cat upper/etc/fstab)
	mounts "$apply" <<<"p2.mount('/mnt/p2', {device: 'x', fstype: 'nosuchfs'});"
	[ "$status" = 2 ]
	[[ $stderr == *'mount: /mnt/p2: '*'p2-apply: site.p2:1: mount /mnt/p2: mount: exit status 32' ]]
	[ "$(cat upper/etc/fstab)" = "$before" ]
	mounts "mount -t tmpfs x /mnt/p2; cd /mnt/p2; $apply" <<<"p2.mount('/mnt/p2', {ensure: 'absent'});"
	[ "$status" = 2 ]
	[[ $stderr == *'target is busy'*'mount /mnt/p2: umount: exit status 32' ]]
	for bad in "'/a'|/a: device: is missing" "'/a', {device: ''}|/a: device: is empty" "'a', {device: 'x'}|a: not an absolute path without . and .." \
	    "'/a/../b', {device: 'x'}|/a/../b: not an absolute path without . and .." \
	    "'/a', {device: '-x'}|/a: device: not one: begins with -" "'/a', {device: 'x', options: 'a b'}|/a: options: not one: has white space" \
	    "'/a', {device: 'x', fstype: 'swap'}|/a: fstype swap: that is not mounted" "'/a', {device: 'x', pass: -1}|/a: pass: less than 0" \
	    "'/a', {ensure: 'there'}|/a: ensure there: neither mounted, unmounted, present nor absent"; do
		on_host_apply <<<"p2.mount(${bad%|*});"
		is 2 '' "p2-apply: site.p2:1: mount ${bad#*|}"
	done
	[ "$(cat upper/etc/fstab)" = "$before" ]
}

@test "mount: what somebody unmounts is mounted again under --watch" {
	mounts 'p2-apply -j -d "" -w /root/site.p2 >/root/out 2>&1 & pid=$!
	until_true() { i=0; until "$@"; do i=$((i + 1)); [ $i -lt 1200 ] || exit 3; sleep 0.05; done; }
	waits() { grep -q summary /root/out && [ "$(cut -d" " -f1 /proc/$pid/syscall)" = 271 ]; }
	until_true waits; umount /mnt/p2; until_true mountpoint -q /mnt/p2; until_true waits; kill $pid; wait $pid' \
	    <<<"p2.mount('/mnt/p2', {device: 'p2', fstype: 'tmpfs', target: '/root/fstab'});"
	is 0 ""
	[ "$(jq -c 'select(.type == "mount") | [.outcome, .why, .repair]' upper/root/out)" = \
	    '["changed","is not mounted; /mnt/p2: is missing; /root/fstab: is missing",null]
["changed","is not mounted",true]' ]
}
