#!/usr/bin/env bats
# The roles for databases, volumes and disk images, with the real MariaDB, LVM
# and qemu-img.
# shellcheck disable=SC2016	# for the policy
load host

setup_file() {
	local file=$BATS_FILE_TMPDIR/volume
	local -a options=(--private-network)

	truncate -s 64M "$file"
	if loop=$(losetup --find --show "$file"); then
		options+=("--bind=$loop")
	fi
	export loop
	host_boot data data "${options[@]}"
	until_true 60 sql 'SELECT 1'
}

teardown_file() {
	hosts_end
	[ -z "$loop" ] || losetup --detach "$loop"
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

sql() { on data mysql -N -B -e "$1"; }

# apply [ARG ...] <POLICY
apply() {
	on data sh -c 'cat >/root/site.p2'
	run --separate-stderr on data p2-apply -d '' "$@" /root/site.p2
	stderr=${stderr//\/root\//}
}

# as USER PASSWORD STATEMENT: its answer.
as() { on data env MYSQL_PWD="$2" mysql --no-defaults -N -B -u "$1" -e "$3"; }

# twice <POLICY: the second run has nothing to do; $output and so on are those
# of the first.
twice() {
	local first rc

	cat >given
	apply <given
	first=$output rc=$status
	apply <given
	is 0 ''
	output=$first status=$rc
}

@test "mysql: the example of p2(5)" {
	sed -n '/^A database, and/,/^\.Ed/p' "$hosts_kit/share/man/man5/p2.5" |
	    sed '1,/^\.Bd/d; /^\.Ed/d; s/^\\&//' >example
	twice <example
	is 0 "changed mysql_database shop: Created the database.
changed mysql_grant shop: Created the user 'shop'@'localhost'. Granted ALL PRIVILEGES to 'shop'@'localhost'."
	[ "$(as shop secret 'SHOW DATABASES' | tr '\n' ' ')" = 'information_schema shop ' ]
	sql 'DROP DATABASE shop'
	sql 'DROP USER shop@localhost'
}

@test "mysql: a database, a user and what it may do, once" {
	cat >policy <<-'END'
	p2.mysql_database('shop')
	  .mysql_grant('shop', {privileges: ['select', 'insert'], privlevel: 'shop.*',
	    userspecs: {user: 'shop', host: 'localhost'}, identifiedby: 'secret'});
	END
	apply -n <policy
	is 1 "would change mysql_database shop: there is no such database
would change mysql_grant shop: there is no user 'shop'@'localhost'; 'shop'@'localhost' lacks SELECT, INSERT on \`shop\`.*"
	[ "$(sql "SHOW DATABASES LIKE 'shop'")" = "" ]
	twice <policy
	is 0 "changed mysql_database shop: Created the database.
changed mysql_grant shop: Created the user 'shop'@'localhost'. Granted SELECT, INSERT to 'shop'@'localhost'."
	[ "$(as shop secret 'SHOW GRANTS' | sed 1d)" = \
	    'GRANT SELECT, INSERT ON `shop`.* TO `shop`@`localhost`' ]
	apply -n <policy
	is 0 ''
}

@test "mysql: another password, more privileges, and fewer" {
	twice <<-'END'
	p2.mysql_grant('shop', {privileges: 'SELECT, DELETE,  create  view', privlevel: '`shop`.*',
	    userspecs: {user: 'shop', host: 'localhost'}, identifiedby: 'other'});
	END
	is 0 "changed mysql_grant shop: Changed the password of 'shop'@'localhost'. Granted DELETE, CREATE VIEW to 'shop'@'localhost'."
	[ "$(as shop other 'SELECT 1')" = 1 ]
	twice <<-'END'
	p2.mysql_grant('shop', {ensure: 'absent', privileges: ['INSERT', 'DELETE', 'UPDATE'],
	    privlevel: 'shop.*', userspecs: {user: 'shop', host: 'localhost'}});
	END
	is 0 "changed mysql_grant shop: Revoked INSERT, DELETE from 'shop'@'localhost'."
	[ "$(as shop other 'SHOW GRANTS' | sed 1d)" = \
	    'GRANT SELECT, CREATE VIEW ON `shop`.* TO `shop`@`localhost`' ]
}

@test "mysql: all privileges, of a table, of the server" {
	sql 'CREATE TABLE shop.item (a int)'
	twice <<-'END'
	var a = {user: 'a', host: 'localhost'};
	p2.mysql_grant('all', {privileges: 'all', privlevel: 'shop.*', userspecs: a, identifiedby: 'x'})
	  .mysql_grant('option', {privileges: ['ALL PRIVILEGES', 'GRANT OPTION'], privlevel: 'shop.item', userspecs: a})
	  .mysql_grant('server', {privileges: ['REPLICATION CLIENT', 'PROCESS', 'USAGE'], privlevel: '*.*', userspecs: a});
	END
	is 0 "changed mysql_grant all: Created the user 'a'@'localhost'. Granted ALL PRIVILEGES to 'a'@'localhost'.
changed mysql_grant option: Granted ALL PRIVILEGES, GRANT OPTION to 'a'@'localhost'.
changed mysql_grant server: Granted REPLICATION CLIENT, PROCESS to 'a'@'localhost'."
	[ "$(as a x 'SHOW GRANTS' | sed 's/ IDENTIFIED.*//' | sort)" = \
'GRANT ALL PRIVILEGES ON `shop`.* TO `a`@`localhost`
GRANT ALL PRIVILEGES ON `shop`.`item` TO `a`@`localhost` WITH GRANT OPTION
GRANT PROCESS, BINLOG MONITOR ON *.* TO `a`@`localhost`' ]
	twice <<-'END'
	[{user: 'a', host: 'localhost'}, {user: 'nobody', host: 'x'}].forEach(function (a) {
		p2.mysql_grant('all', {ensure: 'absent', privileges: 'all', privlevel: 'shop.*', userspecs: a})
		  .mysql_grant('option', {ensure: 'absent', privileges: ['all', 'grant option'], privlevel: 'shop.item', userspecs: a})
		  .mysql_grant('server', {ensure: 'absent', privileges: 'REPLICATION CLIENT', privlevel: '*.*', userspecs: a});
	});
	END
	is 0 "changed mysql_grant all: Revoked ALL PRIVILEGES from 'a'@'localhost'.
changed mysql_grant option: Revoked ALL PRIVILEGES, GRANT OPTION from 'a'@'localhost'.
changed mysql_grant server: Revoked REPLICATION CLIENT from 'a'@'localhost'."
	[ "$(as a x 'SHOW GRANTS' | sed 's/ IDENTIFIED.*//')" = \
	    'GRANT PROCESS ON *.* TO `a`@`localhost`' ]
}

@test "mysql: any name and any password stands for itself" {
	cat >policy <<-'END'
	var odd = 'a`b"c\'d\\e$f;g\\\'h-- \\g #i', user = 'u\'`\\"$(x)\\';
	var password = 'p\'"`\\\'; DROP DATABASE shop; -- \n\\g\r\ndelimiter x\n$HOME {{f.x}} é\\';
	p2.mysql_database(odd).mysql_grant('odd', {privileges: 'SELECT', connection: 'root',
	    privlevel: '`' + odd.replace(/`/g, '``') + '`.*', userspecs: {user: user, host: 'localhost'},
	    identifiedby: password});
	END
	{
		echo "p2.mysql_connect('root', {user: 'root', socketPath: '/run/mysqld/mysqld.sock'});"
		cat policy
		cat <<-'END'
		p2.mysql_connect('odd', {user: user, password: password})
		  .mysql_database('x', {connection: 'odd', ensure: 'absent'});
		END
	} >first
	twice <first
	[[ $output == *'Created the database.'*'Granted SELECT to '* ]]
	[ "$(sql "SHOW DATABASES LIKE 'shop'")" = shop ]
	name="a\`b\"c'd\\e\$f;g\\'h-- \\g #i"
	sql 'SELECT HEX(SCHEMA_NAME) FROM information_schema.SCHEMATA' >names
	grep -qxiF "$(printf '%s' "$name" | od -An -tx1 | tr -d ' \n')" names
	twice < <(sed "s/mysql_database(odd)/mysql_database(odd, {ensure: 'absent'})/
	    s/connection: 'root',/ensure: 'absent',/" policy)
	[ "$status" -eq 0 ]
	[[ $output == *'Dropped the database.'*'Revoked SELECT from '* ]]
	[ "$(sql 'SHOW DATABASES' | sort | tr '\n' ' ')" = \
	    'information_schema mysql performance_schema shop sys ' ]
}

@test "mysql: a failure is told in the server's words, without a secret" {
	apply <<-'END'
	p2.mysql_connect('x', {user: 'shop', password: 'not this'});
	END
	is 2 '' "p2-apply: site.p2:1: mysql_connect x: mysql: ERROR 1045 (28000): Access denied for user 'shop'@'localhost' (using password: YES)"
	apply <<-'END'
	p2.mysql_grant('x', {privileges: 'NONSENSE', privlevel: 'shop.*', userspecs: {user: 'b', host: '%'}, identifiedby: 'hidden'});
	END
	is 2 '' "p2-apply: site.p2:1: mysql_grant x: mysql: ERROR 1064 (42000): You have an error in your SQL syntax near 'ON \`shop\`.* TO 'b'@'%'' at line 1"
	apply <<-'END'
	p2.mysql_grant('x', {privileges: 'SELECT', privlevel: 'shop.*', userspecs: {user: 'too long'.repeat(40), host: '%'}, identifiedby: 'hidden'});
	END
	[ "$status" -eq 2 ]
	[[ $stderr == *'ERROR 1470 (HY000): String '*' is too long for user name '* && $stderr != *hidden* ]]
	apply <<-'END'
	p2.mysql_grant('x', {privileges: 'SELECT', privlevel: 'shop.*', userspecs: {user: 'c', host: '%'}});
	END
	is 2 '' "p2-apply: site.p2:1: mysql_grant x: there is no user 'c'@'%', and without identifiedby none is made"
	apply <<-'END'
	p2.mysql_database('x', {connection: 'none'});
	END
	is 2 '' "p2-apply: site.p2:1: mysql_database x: connection none: no mysql_connect has opened it"
}

@test "mysql: who says how to connect is not overruled by ~/.my.cnf" {
	on data sh -c 'printf "[client]\nuser=nobody\npassword=wrong\nport=1\n" >/root/.my.cnf'
	apply <<-'END'
	p2.mysql_connect('a', {user: 'shop', password: 'other', host: 'localhost'});
	END
	is 0 ''
	apply <<<"p2.mysql_database('x');"
	is 2 '' "p2-apply: site.p2:1: mysql_database x: mysql: ERROR 1045 (28000): Access denied for user 'nobody'@'localhost' (using password: YES)"
	on data rm /root/.my.cnf
}

@test "mysql: a database goes" {
	twice <<<"p2.mysql_database('shop', {ensure: 'absent'});"
	is 0 'changed mysql_database shop: Dropped the database.'
}

@test "lvm: a physical volume and a group, made and removed" {
	[ -n "$loop" ] || skip 'there is no loop device here'
	on data pvcreate -y "$loop" || skip 'pvcreate cannot use it here'
	on data pvremove -y "$loop"
	twice <<<"p2.pv('$loop').vg('data', {pv: '$loop'});"
	is 0 "changed pv $loop: Made a physical volume.
changed vg data: Made the volume group."
	[ "$(on data vgs --noheadings -o vg_name,pv_name | xargs)" = "data $loop" ]
	twice <<<"p2.vg('data', {ensure: 'absent'}).pv('$loop', {ensure: 'absent'});"
	is 0 "changed vg data: Removed the volume group.
changed pv $loop: Removed the physical volume."
	[ "$(on data pvs --noheadings)" = "" ]
}

@test "lvm: what is on a device is overwritten only where the policy says so" {
	[ -n "$loop" ] || skip 'there is no loop device here'
	on data mkfs.ext4 -q "$loop"
	apply <<<"p2.pv('$loop');"
	is 2 '' "p2-apply: site.p2:1: pv $loop: there is something on it already (ext4), which force: true overwrites"
	apply <<<"p2.pv('$loop', {force: true});"
	[ "$status" -eq 0 ] || skip 'pvcreate cannot use it here'
	is 0 "changed pv $loop: Made a physical volume."
}

@test "virsh_disk: an image by qemu-img, made once, and deleted" {
	twice <<<"p2.virsh_disk('/srv/a b.img', {sizeGbs: 2, format: 'qcow2'}).virsh_disk('/srv/raw', {sizeGbs: '0.5'});"
	is 0 'changed virsh_disk /srv/a b.img: Made an image of 2 GB.
changed virsh_disk /srv/raw: Made an image of 0.5 GB.'
	run -0 on data qemu-img info --output=json '/srv/a b.img'
	[ "$(jq -c '[.format, ."virtual-size"]' <<<"$output")" = '["qcow2",2147483648]' ]
	[ "$(on data stat -c %s /srv/raw)" = 536870912 ]
	twice <<<"p2.virsh_disk(['/srv/a b.img', '/srv/raw'], {ensure: 'absent'});"
	is 0 'changed virsh_disk /srv/a b.img: Deleted.
changed virsh_disk /srv/raw: Deleted.'
	run -2 on data ls '/srv/a b.img'
}
