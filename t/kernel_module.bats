#!/usr/bin/env bats
# Modules of the kernel: a /sys that is not the kernel's, and a modprobe that
# changes that.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	scratch_setup
	mkdir -p upper/root upper/usr/local/sbin "upper/usr/lib/modules/$(uname -r)" upper/etc
	echo kernel/fs/p2-built.ko >"upper/usr/lib/modules/$(uname -r)/modules.builtin"
	mkdir -p "upper/sys/module/p2_there" upper/etc/modprobe.d
	echo live >upper/sys/module/p2_there/initstate
	cat >upper/usr/local/sbin/modprobe <<-'END'
	#!/bin/sh
	name=$(echo "$1$2" | sed 's/^-r//' | tr - _)
	case $1 in
	-r) rm -r "/sys/module/$name" ;;
	*nosuch*) echo "modprobe: FATAL: Module $1 not found" >&2; exit 1 ;;
	*) mkdir "/sys/module/$name" && echo live >"/sys/module/$name/initstate" ;;
	esac
	END
	chmod 755 upper/usr/local/sbin/modprobe
}

# modules COMMAND ... <POLICY
modules() {
	cat >upper/root/site.p2
	run --separate-stderr on_host sh -c "$*"
	stderr=${stderr//\/root\//}
}

apply='p2-apply -d "" /root/site.p2'

@test "kernel_module: is loaded, now and with the host, with what it is given" {
	modules "$apply -n; $apply; $apply; ls /sys/module" \
	    <<<"p2.kernel_module('p2-new', {parameters: {debug: 1, name: 'x'}, blacklist: true}).kernel_module('p2-there', {boot: false}).kernel_module('p2_built', {boot: false});"
	is 0 'would change kernel_module p2-new: is not loaded; /etc/modules-load.d/p2-new.conf: is missing; /etc/modprobe.d/p2-new.conf: is missing
--- /dev/null
+++ /etc/modules-load.d/p2-new.conf
@@ -0,0 +1 @@
+p2-new
--- /dev/null
+++ /etc/modprobe.d/p2-new.conf
@@ -0,0 +1,2 @@
+blacklist p2-new
+options p2-new debug=1 name=x
changed kernel_module p2-new: Wrote /etc/modules-load.d/p2-new.conf. Wrote /etc/modprobe.d/p2-new.conf. Loaded it.
p2_new
p2_there'
	modules "$apply -n; $apply; $apply; ls /sys/module; ls /etc/modules-load.d/p2-new.conf /etc/modprobe.d/p2-new.conf" \
	    <<<"p2.kernel_module('p2-new', {ensure: 'unloaded', blacklist: true}).kernel_module('p2-new', {ensure: 'unloaded'});"
	[ "${lines[0]}" = 'would change kernel_module p2-new: is loaded; /etc/modules-load.d/p2-new.conf: a file goes; /etc/modprobe.d/p2-new.conf: content differs' ] ||
	    echo "$output"
	[[ $output == *'changed kernel_module p2-new: Removed /etc/modules-load.d/p2-new.conf. Wrote /etc/modprobe.d/p2-new.conf. Unloaded it.
p2_there
/etc/modprobe.d/p2-new.conf' ]]
	[ "$(cat upper/etc/modprobe.d/p2-new.conf)" = 'blacklist p2-new' ]
}

@test "kernel_module: a dry run knows what the steps before would have loaded" {
	modules "$apply -n" <<<"p2.kernel_module('p2-new', {boot: false}).kernel_module('p2_new', {boot: false}).kernel_module('p2_new', {ensure: 'unloaded'});"
	is 1 'would change kernel_module p2-new: is not loaded
would change kernel_module p2_new: is loaded'
}

@test "kernel_module: what cannot be is told" {
	modules "$apply" <<<"p2.kernel_module('nosuch', {boot: false});"
	is 2 '' 'modprobe: FATAL: Module nosuch not found
p2-apply: site.p2:1: kernel_module nosuch: modprobe: exit status 1'
	for bad in "'p2-built', {ensure: 'unloaded'}|p2-built: is built into the kernel" \
	    "'../x'|../x: not the name of a module" "'a', {ensure: 'gone'}|a: ensure gone: neither loaded nor unloaded" \
	    "'a', {parameters: {x: 'a b'}}|a: parameters x: a blank, a quote or the like is in it"; do
		modules "$apply" <<<"p2.kernel_module(${bad%|*});"
		is 2 '' "p2-apply: site.p2:1: kernel_module ${bad#*|}"
	done
}
