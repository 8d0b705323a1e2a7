#!/usr/bin/env bats
# The roles for volumes, databases and virtual machines, with stand-ins for the
# programs that they run; with the real ones, as far as that can be, in t/hosts.
# shellcheck disable=SC2016	# for the policy, or the stand-ins
load p2

setup() {
	p2_setup
	mkdir bin state
	PATH=$PWD/bin:$PATH
	: >log
}

# stand_in NAME <BODY: a program; "log" has what it is called with.
stand_in() {
	{
		printf '#!/bin/sh\ncd %q || exit\n' "$PWD/state"
		# shellcheck disable=SC2028	# for printf there
		echo 'log() { { printf "%s" "${0##*/}"; for a; do printf " <%s>" "$a"; done; echo; } >>../log; }'
		cat
	} >"bin/$1"
	chmod +x "bin/$1"
}

# logged: what was called since it was last asked.
logged() { cat log && : >log; }

# twice <POLICY: nothing in a dry run, all in the first, nothing in the second.
# $dry and $output are what the first two print; "did" has what was called.
twice() {
	local first rc

	cat >given
	apply -n <given
	[ "$status" -eq 1 ]
	dry=$output
	logged >tried
	apply <given
	first=$output rc=$status
	logged >did
	apply <given
	is 0 ''
	diff tried log
	: >log
	output=$first status=$rc
}

# Volumes are the names of files.
lvm() {
	stand_in pvdisplay <<<'[ -e "pv${1##*/}" ]'
	stand_in vgdisplay <<<'[ -e "vg$1" ]'
	stand_in pvcreate <<<'log "$@"; : >"pv${2##*/}"'
	stand_in pvremove <<<'log "$@"; rm "pv${2##*/}"'
	stand_in vgcreate <<<'log "$@"; : >"vg$1"'
	stand_in vgremove <<<'log "$@"; rm "vg$1"'
	stand_in wipefs <<<'! [ -e "is${4##*/}" ] || cat "is${4##*/}"'
}

@test "pv, vg: made and removed, each in its place" {
	lvm
	twice <<<"p2.pv(['/dev/b', '/dev/c']).vg('data', {pv: ['/dev/b', '/dev/c']}).vg('one', {pv: '/dev/d'});"
	is 0 'changed pv /dev/b: Made a physical volume.
changed pv /dev/c: Made a physical volume.
changed vg data: Made the volume group.
changed vg one: Made the volume group.'
	[ "$dry" = 'would change pv /dev/b: is no physical volume
would change pv /dev/c: is no physical volume
would change vg data: is no volume group
would change vg one: is no volume group' ]
	[ "$(cat did)" = 'pvcreate <-y> </dev/b>
pvcreate <-y> </dev/c>
vgcreate <data> </dev/b> </dev/c>
vgcreate <one> </dev/d>' ]
	twice <<<"p2.vg('data', {ensure: 'absent'}).pv('/dev/b', {ensure: 'absent'});"
	is 0 'changed vg data: Removed the volume group.
changed pv /dev/b: Removed the physical volume.'
	[ "$(cat did)" = 'vgremove <data>
pvremove <-y> </dev/b>' ]
}

@test "pv: nothing is overwritten unless the policy says so" {
	lvm
	printf 'ext4\nLVM2_member\n' >state/isb
	for option in '' -n; do
		apply $option <<<"p2.pv('/dev/b');"
		is 2 '' 'p2-apply: site.p2:1: pv /dev/b: there is something on it already (ext4, LVM2_member), which force: true overwrites'
	done
	[ "$(logged)" = "" ]
	twice <<<"p2.pv('/dev/b', {force: true}).on('pv:/dev/b:changed', function () { p2.logmsg('made'); });"
	is 0 'changed pv /dev/b: Made a physical volume.
made'
}

@test "pv, vg: what cannot be is refused before anything is done" {
	lvm
	while IFS='|' read -r call why; do
		apply <<<"p2.command('touch x').$call;"
		is 2 '' "p2-apply: site.p2:1: $why"
	done <<-'END'
	pv('sdb')|pv sdb: not the path of a device
	pv('/dev/b', {ensure: 'gone'})|pv /dev/b: TypeError: option ensure: gone is none of present, absent
	vg('-f', {pv: '/dev/b'})|vg -f: not the name of a volume group
	vg('data')|vg data: TypeError: option pv: not the path of a device, or several
	vg('data', {pvs: '/dev/b'})|vg data: TypeError: there is no option pvs; is it pv?
	END
	[ ! -e x ]
	stand_in pvcreate <<<'echo "  Device $2 not found." >&2; exit 5'
	apply <<<"p2.pv('/dev/b').command('touch x');"
	is 2 '' 'p2-apply: site.p2:1: pv /dev/b: pvcreate: Device /dev/b not found.'
	[ ! -e x ]
}

# The server's answers are files.
mysql() {
	stand_in mysql <<-'END'
	log "$@"
	text=$(cat)
	printf '%s|%s\n' "${MYSQL_PWD-none}" "${text#*show_create = 1;}" >>../log
	case $text in
	*"FROM mysql.user"*) cat user ;;
	*"SHOW GRANTS"*) cat grants ;;
	*"COUNT(*)"*) cat count ;;
	*CREATE\ DATABASE*) echo 1 >count ;;
	*DROP\ DATABASE*) echo 0 >count ;;
	esac
	END
	echo 0 >state/count
	: >state/user
}

client='<--batch> <--skip-column-names> <--binary-mode> <--default-character-set=utf8mb4>'

@test "mysql_connect: how to connect, and no password on a command line" {
	mysql
	apply <<-'END'
	p2.mysql_connect('all', {host: 'db', port: 3307, user: 'u', password: "it's $ecret", database: 'd'})
	  .mysql_connect('socket', {socketPath: '/run/x'})
	  .mysql_connect('all', {host: 'once per name'}).mysql_connect('plain');
	END
	is 0 ''
	[ "$(logged)" = "mysql <--no-defaults> $client <--host=db> <--port=3307> <--user=u> <--database=d> <--protocol=tcp>
it's \$ecret|
SELECT 1;
mysql <--no-defaults> $client <--socket=/run/x>
none|
SELECT 1;
mysql $client
none|
SELECT 1;" ]
}

@test "mysql_database: by the connection named, the host's, or the client's own" {
	mysql
	apply <<-'END'
	p2.mysql_database('a`b\'');
	END
	is 0 "changed mysql_database a\`b': Created the database."
	[ "$(grep -c -- "^mysql $client\$" log)" -eq 2 ]
	[ "$(grep '^CREATE' log)" = 'CREATE DATABASE `a``b'\''`;' ]
	: >log
	apply <<-'END'
	p2.mysql_connect(p2.facts.os_hostname, {user: 'host'}).mysql_connect('b', {user: 'b'})
	  .mysql_database('x').mysql_database('x', {connection: 'b', ensure: 'absent'});
	END
	is 0 'changed mysql_database x: Dropped the database.'
	[ "$(grep -o 'user=.*' log)" = 'user=host>
user=b>
user=host>
user=b>
user=b>' ]
}

@test "mysql: another name of the client, and none" {
	mysql
	mv bin/mysql bin/mariadb
	apply <<<"p2.mysql_connect('x', {user: 'u'});"
	is 0 ''
	[[ $(logged) == mariadb* ]]
	rm bin/mariadb
	apply <<<"process.env.PATH = '/nowhere'; p2.mysql_connect('x', {user: 'u'});"
	is 2 '' 'p2-apply: site.p2:1: mysql_connect x: mysql: No such file or directory'
	apply -n <<<"process.env.PATH = '/nowhere'; p2.mysql_connect('x', {user: 'u'}).mysql_database('x', {connection: 'x'});"
	is 1 'would change mysql_database x: cannot tell yet: mysql: No such file or directory'
}

@test "mysql_grant: of what is granted, only what is missing" {
	mysql
	grant() {
		apply "$@" <<-END
		p2.mysql_grant('g', {privileges: $privileges, privlevel: '$level', ${options-}
		    userspecs: {user: 'u', host: '%'}});
		END
		grep -E '^(GRANT|REVOKE|CREATE|ALTER) ' log >did || :
		: >log
	}
	printf 'mysql_native_password\t*0D3CED9BEC10A777AEC23CCC353A8C08A633045E\n' >state/user
	cat >state/grants <<-'END'
	GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*0D3C'
	GRANT SELECT, INSERT (`a`, `b`), DELETE ON `d`.* TO `u`@`%`
	GRANT ALL PRIVILEGES ON `e`.* TO `u`@`%` WITH GRANT OPTION
	GRANT SELECT ON `d`.`t` TO `u`@`%`
	END
	while IFS='|' read -r privileges level why sql; do
		grant -n
		is 1 "would change mysql_grant g: 'u'@'%' lacks $why"
		[ ! -s did ]
		grant
		[ "$(cat did)" = "$sql;" ]
	done <<-'END'
	'SELECT, INSERT'|d.*|INSERT on `d`.*|GRANT INSERT ON `d`.* TO 'u'@'%'
	['all']|d.*|ALL PRIVILEGES on `d`.*|GRANT ALL PRIVILEGES ON `d`.* TO 'u'@'%'
	'select, update'|d.t|UPDATE on `d`.`t`|GRANT UPDATE ON `d`.`t` TO 'u'@'%'
	'SELECT'|*.*|SELECT on *.*|GRANT SELECT ON *.* TO 'u'@'%'
	'SELECT'|a-b.*|SELECT on `a-b`.*|GRANT SELECT ON `a-b`.* TO 'u'@'%'
	'SELECT'|`a.``b`.*|SELECT on `a.``b`.*|GRANT SELECT ON `a.``b`.* TO 'u'@'%'
	END
	options="identifiedby: 'E',"
	while IFS='|' read -r privileges level; do
		grant
		[ "$(cat did)" = "ALTER USER 'u'@'%' IDENTIFIED BY 'E';" ]
	done <<-'END'
	'SELECT , delete'|d.*
	'USAGE'|d.*
	['SHOW VIEW', 'GRANT OPTION']|e.*
	'ALL'|`e`.*
	END
	options="ensure: 'absent',"
	while IFS='|' read -r privileges level sql; do
		grant
		[ "$(cat did)" = "$sql" ]
	done <<-'END'
	'INSERT, UPDATE, DELETE'|d.*|REVOKE DELETE ON `d`.* FROM 'u'@'%';
	'ALL'|d.*|REVOKE ALL PRIVILEGES ON `d`.* FROM 'u'@'%';
	'ALL'|f.*|
	'SELECT'|e.*|REVOKE SELECT ON `e`.* FROM 'u'@'%';
	END
}

@test "mysql_grant: a password that is as it should be is left, one that cannot be told, too" {
	mysql
	echo "GRANT SELECT ON \`d\`.* TO \`u\`@\`%\`" >state/grants
	policy="p2.mysql_grant('g', {privileges: 'SELECT', privlevel: 'd.*', userspecs: {user: 'u', host: '%'}, identifiedby: 'secret'});"
	printf 'mysql_native_password\t*14E65567ABDB5135D0CFD9A70B3032C179A49EE7\n' >state/user
	apply <<<"$policy"
	is 0 ''
	printf 'caching_sha2_password\t$A$005$x\n' >state/user
	apply <<<"$policy"
	is 0 ''
	printf 'mysql_native_password\t*0D3CED9BEC10A777AEC23CCC353A8C08A633045E\n' >state/user
	apply <<<"$policy"
	is 0 "changed mysql_grant g: Changed the password of 'u'@'%'."
	: >state/user
	apply -j <<<"$policy"
	[ "$status" -eq 0 ]
	[[ $output != *secret* ]]
	[ "$(sed -n 's/^CREATE/&/p' log)" = "CREATE USER 'u'@'%' IDENTIFIED BY 'secret';" ]
	[ "$(grep '^mysql.*secret' log)" = "" ]
}

@test "mysql: what cannot be is refused before anything is done" {
	mysql
	while IFS='|' read -r options why; do
		apply <<<"p2.command('touch x').mysql_grant('g', {$options});"
		is 2 '' "p2-apply: site.p2:1: mysql_grant g: $why"
	done <<-'END'
	privlevel: 'd.*', userspecs: {user: 'u', host: 'h'}|TypeError: option privileges: is required
	privileges: 'a; DROP', privlevel: 'd.*', userspecs: {user: 'u', host: 'h'}|privileges: "a; DROP" is none
	privileges: [], privlevel: 'd.*', userspecs: {user: 'u', host: 'h'}|privileges: there is none
	privileges: 'ALL', privlevel: 'd', userspecs: {user: 'u', host: 'h'}|privlevel: "d" is none of db.*, db.table and *.*
	privileges: 'ALL', privlevel: '*.d', userspecs: {user: 'u', host: 'h'}|privlevel: "*.d" is none of db.*, db.table and *.*
	privileges: 'ALL', privlevel: 'd`.*', userspecs: {user: 'u', host: 'h'}|privlevel: "d`.*" is none of db.*, db.table and *.*
	privileges: 'ALL', privlevel: 'd.*', userspecs: {user: 'u'}|userspecs: not {user: name, host: name}
	END
	[ ! -e x ]
}

@test "mysql: the server's error, and nothing of a statement with a password" {
	stand_in mysql <<-'END'
	text=$(cat)
	printf '%s\n' -------------- "$text" -------------- '' "ERROR 1064 (42000) at line 2: No near 'secret' at line 1" >&2
	exit 1
	END
	apply <<<"p2.mysql_database('d');"
	is 2 '' "p2-apply: site.p2:1: mysql_database d: mysql: ERROR 1064 (42000): No near 'secret' at line 1"
	stand_in mysql <<-'END'
	text=$(cat)
	case $text in
	*CREATE*)
		printf '%s\n' -------------- "$text" -------------- '' "ERROR 1064 (42000) at line 2: No near 'secret' at line 1" >&2
		exit 1
		;;
	esac
	END
	apply <<<"p2.mysql_grant('g', {privileges: 'ALL', privlevel: 'd.*', userspecs: {user: 'u', host: 'h'}, identifiedby: 'secret'});"
	is 2 '' 'p2-apply: site.p2:1: mysql_grant g: mysql: ERROR 1064 (42000): No'
}

# Domains have a table each of disks and of interfaces.
virsh() {
	stand_in virsh <<-'END'
	case $1 in
	domblklist)
		[ -e "disks-$3" ] || { echo "error: failed to get domain '$3'" >&2; exit 1; }
		printf ' Target   Source\n------------------\n'
		cat "disks-$3"
		echo
		exit
		;;
	domiflist)
		printf ' Interface   Type     Source   Model    MAC\n----\n'
		cat "interfaces-$3"
		echo
		exit
		;;
	list)
		case $* in
		*running) cat running ;;
		*autostart) cat autostart ;;
		esac
		exit
		;;
	esac
	log "$@"
	case $1 in
	attach-disk) echo " $7      $5" >>"disks-$3" ;;
	detach-disk) sed -i "/^ *$5 /d" "disks-$3" ;;
	attach-interface) echo " -      $5 $7 $9 52:54:00:00:00:01" >>"interfaces-$3" ;;
	detach-interface) sed -i "/$7\$/d" "interfaces-$3" ;;
	start) echo "$3" >>running ;;
	shutdown) sed -i "/^$3\$/d" running ;;
	autostart) case $4 in '') echo "$3" >>autostart ;; *) sed -i "/^$3\$/d" autostart ;; esac ;;
	esac
	END
	: >state/running
	: >state/autostart
	: >state/interfaces-m
	printf ' vda      /srv/root disk.img\n hdc      -\n' >state/disks-m
	stand_in qemu-img <<<'log "$@"; : >"$5"'
}

@test "virsh_disk: an image is made and attached; detached and deleted" {
	virsh
	twice <<-END
	p2.virsh_disk('$PWD/a b.img', {sizeGbs: 3, format: 'qcow2', attachedTo: 'm', target: 'vdb'})
	  .virsh_disk('/srv/root disk.img', {onlyif: function () { return false; }})
	  .virsh_disk('$PWD/raw', {sizeGbs: '1.5'});
	END
	output=${output//$PWD\//}
	is 0 'changed virsh_disk a b.img: Made an image of 3 GB. Attached to m.
changed virsh_disk raw: Made an image of 1.5 GB.'
	[ "${dry//$PWD\//}" = 'would change virsh_disk a b.img: is not there; is not attached to m
would change virsh_disk raw: is not there' ]
	[ "$(sed "s|$PWD/||" did)" = 'qemu-img <create> <-q> <-f> <qcow2> <a b.img> <3G>
virsh <attach-disk> <--domain> <m> <--source> <a b.img> <--target> <vdb> <--driver> <qemu> <--subdriver> <qcow2> <--persistent>
qemu-img <create> <-q> <-f> <raw> <raw> <1.5G>' ]
	twice <<<"p2.virsh_disk('$PWD/a b.img', {ensure: 'absent', attachedTo: 'm'});"
	output=${output//$PWD\//}
	is 0 'changed virsh_disk a b.img: Detached from m. Deleted.'
	[ "$(cat did)" = 'virsh <detach-disk> <--domain> <m> <--target> <vdb> <--persistent>' ]
	[ ! -e 'a b.img' ]
}

@test "virsh_disk: a domain that is not there is a failure; in a dry run it may come" {
	virsh
	: >img
	policy="p2.virsh_disk('$PWD/img', {attachedTo: 'none', target: 'vdb', persistent: false});"
	apply <<<"$policy"
	is 2 '' "p2-apply: site.p2:1: virsh_disk img: virsh: error: failed to get domain 'none'"
	apply -n <<<"$policy"
	output=${output//$PWD\//}
	is 1 "would change virsh_disk img: cannot tell yet: virsh: error: failed to get domain 'none'"
	apply <<<"p2.virsh_disk('$PWD/other');"
	is 2 '' 'p2-apply: site.p2:1: virsh_disk other: is not there, and without sizeGbs none is made'
}

@test "virsh_iface: attached by its source, detached by its MAC" {
	virsh
	printf ' vnet0    network  default virtio  52:54:00:00:00:09\n' >state/interfaces-m
	twice <<<"p2.virsh_iface('br0', {attachedTo: 'm'}).virsh_iface('default', {attachedTo: 'm', type: 'network'});"
	is 0 'changed virsh_iface br0: Attached to m.'
	[ "$(cat did)" = 'virsh <attach-interface> <--domain> <m> <--type> <bridge> <--source> <br0> <--model> <virtio> <--persistent>' ]
	twice <<<"p2.virsh_iface('br1', {attachedTo: 'm', target: 'tap1', model: 'e1000', persistent: false});"
	is 0 'changed virsh_iface br1: Attached to m.'
	[ "$(cat did)" = 'virsh <attach-interface> <--domain> <m> <--type> <bridge> <--source> <br1> <--model> <e1000> <--target> <tap1>' ]
	twice <<<"p2.virsh_iface('default', {ensure: 'absent', attachedTo: 'm', type: 'network'});"
	is 0 'changed virsh_iface default: Detached from m.'
	[ "$(cat did)" = 'virsh <detach-interface> <--domain> <m> <--type> <network> <--mac> <52:54:00:00:00:09> <--persistent>' ]
}

@test "virsh: what cannot be is refused before anything is done" {
	virsh
	while IFS='|' read -r call why; do
		apply <<<"p2.command('touch x').$call;"
		is 2 '' "p2-apply: site.p2:1: $why"
	done <<-'END'
	virsh_disk('a.img')|virsh_disk a.img: not an absolute path
	virsh_disk('/a', {sizeGbs: '1G'})|virsh_disk /a: TypeError: option sizeGbs: 1G is no size
	virsh_disk('/a', {sizeGbs: 0})|virsh_disk /a: TypeError: option sizeGbs: 0 is no size
	virsh_disk('/a', {attachedTo: 'm'})|virsh_disk /a: TypeError: option target: is required with attachedTo
	virsh_disk('/a', {attachedTo: '--all', target: 'vdb'})|virsh_disk /a: TypeError: option attachedTo: cannot be "--all"
	virsh_iface('br0')|virsh_iface br0: TypeError: option attachedTo: is required
	virsh_iface('-x', {attachedTo: 'm'})|virsh_iface -x: TypeError: option source: cannot be "-x"
	END
	[ ! -e x ]
}

uvt() {
	virsh
	stand_in uvt-simplestreams-libvirt <<-'END'
	case $1 in
	query) cat images ;;
	sync) log "$@"; echo "$2 $3 label=release (20240101)" >>images ;;
	esac
	END
	stand_in uvt-kvm <<-'END'
	case $1 in
	list) cat machines; exit ;;
	destroy) log "$@"; : >machines; exit ;;
	esac
	what=
	for a; do
		case $what in
		--*-data) stat -c %a "$a" >>../data; cat "$a" >>../data; a=FILE ;;
		esac
		what=$a
		printf ' <%s>' "$a"
	done >>../log
	echo >>../log
	echo vm >>machines
	echo vm >>running
	END
	: >state/machines
	: >state/images
}

@test "uvt_cloud_image: fetched once, and a fact" {
	uvt
	twice <<<"p2.uvt_cloud_image('jammy').uvt_cloud_image('arm', {release: 'noble', arch: 'arm64'}).uvt_cloud_image('again', {release: 'jammy', arch: 'x64'});"
	is 0 'changed uvt_cloud_image jammy: Fetched the image.
changed uvt_cloud_image arm: Fetched the image.'
	[ "$(cat did)" = 'uvt-simplestreams-libvirt <sync> <release=jammy> <arch=amd64>
uvt-simplestreams-libvirt <sync> <release=noble> <arch=arm64>' ]
	apply <<<"console.log(JSON.stringify(p2.facts.uvt_cloud_image['noble:arm64']));"
	is 0 '{"release":"noble","arch":"arm64","label":"release"}'
}

@test "uvt_kvm: a machine with its data, started or not" {
	uvt
	echo 'ssh-ed25519 AAAA me' >key.pub
	export TMPDIR=$PWD/tmp
	mkdir tmp
	twice <<-'END'
	p2.uvt_kvm('vm', {release: 'jammy', memory: 2048, disk: 20, cpu: 2, bridge: 'br0',
	    password: 'it\'s "$x"\nn', sshpubkey_files: 'key.pub', ipaddr: '10.0.0.5', netmask: '255.255.255.0',
	    gateway: '10.0.0.1', dns_nameservers: ['10.0.0.2', '10.0.0.3'], guest_nic: 'ens3'});
	END
	is 0 'changed uvt_kvm vm: Created the machine. Starts with the host.'
	[ "$dry" = 'would change uvt_kvm vm: there is no such machine; does not start with the host' ]
	[ "$(cat did)" = ' <create> <--memory> <2048> <--disk> <20> <--cpu> <2> <--bridge> <br0> <--user-data> <FILE> <--meta-data> <FILE> <vm> <release=jammy>
virsh <autostart> <--domain> <vm>' ]
	[ "$(ls tmp)" = "" ]
	diff <(sed 's/"instance-id": "[0-9a-f-]*"/ID/' data) - <<-'END'
	600
	#cloud-config
	{
	 "hostname": "vm",
	 "manage_etc_hosts": "localhost",
	 "ssh_authorized_keys": [
	  "ssh-ed25519 AAAA me"
	 ],
	 "password": "it's \"$x\"\nn",
	 "chpasswd": {
	  "expire": false
	 },
	 "ssh_pwauth": true
	}
	600
	{
	 ID,
	 "local-hostname": "vm",
	 "network-interfaces": "auto ens3\niface ens3 inet static\naddress 10.0.0.5\nnetmask 255.255.255.0\ngateway 10.0.0.1\ndns-nameservers 10.0.0.2 10.0.0.3\n"
	}
	END
	apply <<<"console.log(JSON.stringify(p2.facts.uvt_kvm_instance));"
	is 0 '{"vm":{"state":"running","autostart":true}}'
	twice <<<"p2.uvt_kvm('vm', {state: 'stopped', autostart: false});"
	is 0 'changed uvt_kvm vm: Shut down. Does not start with the host.'
	[ "$(cat did)" = 'virsh <shutdown> <--domain> <vm>
virsh <autostart> <--domain> <vm> <--disable>' ]
	twice <<<"p2.uvt_kvm('vm', {autostart: false});"
	is 0 'changed uvt_kvm vm: Started.'
	twice <<<"p2.uvt_kvm('vm', {ensure: 'absent'});"
	is 0 'changed uvt_kvm vm: Destroyed the machine.'
	[ "$(cat did)" = 'uvt-kvm <destroy> <vm>' ]
}

@test "uvt_kvm: templates, and what fails leaves no data behind" {
	uvt
	export TMPDIR=$PWD/tmp
	mkdir tmp
	echo 'name: {{title}} {{opts.cpu}} {{opts.parms.x}}' >user.mustache
	apply <<<"p2.uvt_kvm('vm', {user_data_template: 'user.mustache', cpu: 2, parms: {x: 'y'}, autostart: false});"
	is 0 'changed uvt_kvm vm: Created the machine.'
	[ "$(cat data)" = '600
name: vm 2 y' ]
	stand_in uvt-kvm <<<'[ "$1" = list ] || { echo "uvt-kvm: error: no image" >&2; exit 1; }'
	apply <<<"p2.uvt_kvm('vm', {password: 'x'});"
	is 2 '' 'p2-apply: site.p2:1: uvt_kvm vm: uvt-kvm: uvt-kvm: error: no image'
	[ "$(ls tmp)" = "" ]
	apply <<<"p2.uvt_kvm('vm', {ipaddr: '10.0.0.5'});"
	is 2 '' 'p2-apply: site.p2:1: uvt_kvm vm: TypeError: option ipaddr: needs netmask and guest_nic'
	apply <<<"p2.uvt_kvm('vm', {bridge: 'a\\nb'});"
	is 2 '' 'p2-apply: site.p2:1: uvt_kvm vm: TypeError: option bridge: cannot be "a\nb"'
}
