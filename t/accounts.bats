#!/usr/bin/env bats
# shellcheck disable=SC2016 # hashes have a dollar sign
# Users and groups, on a host of the test's own: the files as a whole, and what
# shadow-utils say of them.
load scratch

setup() {
	scratch_setup
	etc=$BATS_TEST_TMPDIR/upper/etc
	mkdir -p "$etc" upper/root
	today=$(($(date +%s) / 86400))
	accounts passwd root:x:0:0:root:/root:/bin/bash \
	    'old:x:1000:1000:Old, User,,:/home/old:/bin/sh'
	accounts shadow 'root:*:19000:0:99999:7:::' \
	    'old:$y$hash:19001:0:99999:7:::'
	accounts group root:x:0: daemon:x:1: users:x:100:old old:x:1000:
	accounts gshadow 'root:*::' 'daemon:*::' 'users:*:root:old' 'old:!::'
	chmod 640 "$etc/shadow" "$etc/gshadow"
	chgrp 42 "$etc/shadow" "$etc/gshadow"
	printf '%s\n' 'UID_MIN 1000' 'UID_MAX 60000' 'GID_MIN 1000' \
	    'GID_MAX 60000' 'UMASK 022' 'PASS_MAX_DAYS 99999' \
	    'PASS_MIN_DAYS 0' 'PASS_WARN_AGE 7' 'USERGROUPS_ENAB yes' \
	    >"$etc/login.defs"
	mkdir -p "$etc/default" "$etc/skel/.config"
	setfattr -n trusted.overlay.opaque -v y "$etc/skel"
	echo SHELL=/bin/sh >"$etc/default/useradd"
	echo rc >"$etc/skel/.profile"
	echo x >"$etc/skel/.config/x"
	ln -s .profile "$etc/skel/link"
	mkdir -p upper/home/old
	setfattr -n trusted.overlay.opaque -v y upper/home
	chown 1000:1000 upper/home/old
}

# accounts FILE LINE ...
accounts() { printf '%s\n' "${@:2}" >"$etc/$1"; }

# file NAME: is it made of these lines?
file() { diff -u <(printf '%s\n' "${@:2}") "$etc/$1"; }

# sound: shadow-utils find nothing wrong, and have their files to themselves.
sound() {
	on_host sh -c '
	mkdir -p /home/old
	for d in $(cut -d : -f 6 /etc/passwd); do mkdir -p "$d"; done
	pwck -rq && grpck -r && useradd checkuser && userdel checkuser' ||
	    return 1
	run -1 compgen -G "$etc/.p2-*"
	run -1 compgen -G "$etc/*.lock"
}

@test "group: made, changed and removed, and nothing else" {
	on_host_apply -n <<-'END'
	p2.group('www', {user_list: ['old', 'root']})
	  .group('www', {user_list: ['root', 'old']})
	  .file('/root/f', {group: 'www'});
	END
	is 1 'would change group www: is missing
would change file /root/f: is missing'
	on_host_apply <<-'END'
	p2.group('www', {user_list: ['old', 'root']})
	  .group(['sys1', 'sys2'], {system: true})
	  .group('named', {name: 'real', gid: 77})
	  .file('/root/f', {group: 'www'});
	END
	is 0 'changed group www: Created group.
changed group sys1: Created group.
changed group sys2: Created group.
changed group named: Created group.
changed file /root/f: Created file.'
	[ "$(stat -c %g upper/root/f)" = 1001 ]
	file group root:x:0: daemon:x:1: users:x:100:old old:x:1000: \
	    www:x:1001:old,root sys1:x:999: sys2:x:998: real:x:77:
	file gshadow 'root:*::' 'daemon:*::' 'users:*:root:old' 'old:!::' \
	    'www:!::old,root' 'sys1:!::' 'sys2:!::' 'real:!::'
	[ "$(stat -c '%a %u %g' "$etc/gshadow")" = '640 0 42' ]
	sound
	on_host_apply <<-'END'
	p2.group('www', {user_list: ['root']})
	  .group('users', {user_list: ['old']})
	  .group('old', {gid: 1500})
	  .group(['sys1', 'sys2', 'none'], {ensure: 'absent'});
	END
	is 0 'changed group www: Changed group.
changed group old: Changed group.
changed group sys1: Removed group.
changed group sys2: Removed group.'
	file group root:x:0: daemon:x:1: users:x:100:old old:x:1500: \
	    www:x:1001:root real:x:77:
	file gshadow 'root:*::' 'daemon:*::' 'users:*:root:old' 'old:!::' \
	    'www:!::root' 'real:!::'
	file passwd root:x:0:0:root:/root:/bin/bash \
	    'old:x:1000:1500:Old, User,,:/home/old:/bin/sh'
	sound
}

@test "group: what cannot be is said, and nothing is changed" {
	local policy before

	before=$(cat "$etc"/{passwd,shadow,group,gshadow})
	while IFS='|' read -r policy why; do
		on_host_apply <<<"$policy"
		is 2 '' "p2-apply: site.p2:1: $why"
	done <<-'END'
	p2.group('a:b')|group a:b: name: a name has no blank, colon, comma, slash or control character
	p2.group('7')|group 7: name: a name is more than a number
	p2.group('g', {gid: 100})|group g: gid: 100 is that of users
	p2.group('old', {gid: 100})|group old: gid: 100 is that of users
	p2.group('g', {gid: -1})|group g: gid: -1 is not a group's number
	p2.group('g', {gid: 'x'})|group g: gid: 'x' is not a group's number
	p2.group('g', {user_list: ['nobody1']})|group g: user_list: no user is called nobody1
	p2.group('old', {ensure: 'absent'})|group old: is the group of user old
	p2.group('old', {ensure: 'gone'})|group old: ensure: 'gone' is none of its values
	p2.group('g', {members: []})|group g: TypeError: there is no option members
	END
	[ "$(cat "$etc"/{passwd,shadow,group,gshadow})" = "$before" ]
}

@test "user: made, with home and group and keys" {
	local policy="p2.user('web', {gecos: 'Web Site', home: true,
	    groups: ['users', 1], shell: '/bin/bash', smax: 90,
	    sexpire: '2030-12-31', authorized_keys: ['ssh-ed25519 AAAA a@b',
	    'ssh-rsa BBBB c@d']})
	    .user('daemon1', {system: true, dir: '/nonexistent'})
	    .file('/home/web/own', {owner: 'web', group: 'web'});"

	on_host_apply -n <<<"$policy"
	is 1 'would change user web: is missing; is not in group daemon; is not in group users; /home/web is missing; authorized_keys are missing
would change user daemon1: is missing
would change file /home/web/own: is missing'
	[ ! -e upper/home/web ]
	on_host_apply <<<"$policy"
	is 0 'changed user web: Created user. Created home directory. Wrote authorized keys.
changed user daemon1: Created user.
changed file /home/web/own: Created file.'
	file passwd root:x:0:0:root:/root:/bin/bash \
	    'old:x:1000:1000:Old, User,,:/home/old:/bin/sh' \
	    'web:x:1001:1001:Web Site:/home/web:/bin/bash' \
	    daemon1:x:999:999::/nonexistent:/bin/sh
	file shadow 'root:*:19000:0:99999:7:::' \
	    'old:$y$hash:19001:0:99999:7:::' \
	    "web:!:$today:0:90:7::22279:" "daemon1:!:$today::::::"
	file group root:x:0: daemon:x:1:web users:x:100:old,web old:x:1000: \
	    web:x:1001: daemon1:x:999:
	file gshadow 'root:*::' 'daemon:*::web' 'users:*:root:old,web' \
	    'old:!::' 'web:!::' 'daemon1:!::'
	[ "$(stat -c '%a %u %g' "$etc/shadow")" = '640 0 42' ]
	diff - <(cd upper/home && find web -printf '%p %m %U %G %l\n' | sort) <<-'END'
	web 755 1001 1001 
	web/.config 755 1001 1001 
	web/.config/x 644 1001 1001 
	web/.profile 644 1001 1001 
	web/.ssh 700 1001 1001 
	web/.ssh/authorized_keys 600 1001 1001 
	web/link 777 1001 1001 .profile
	web/own 644 1001 1001 
	END
	[ "$(cat upper/home/web/.ssh/authorized_keys)" = 'ssh-ed25519 AAAA a@b
ssh-rsa BBBB c@d' ]
	on_host_apply -v <<<"$policy"
	is 0 'ok user web
ok user daemon1
ok file /home/web/own' 'changed 0, ok 3, skipped 0, failed 0'
	sound
}

@test "user: fields that differ are corrected, others left alone" {
	on_host_apply <<-'END'
	p2.group('new').user('old', {uid: 2000, gid: 'new', gecos: 'x y',
	    dir: '/srv/old', home: true, shell: '/bin/false', spw: '$6$a$b',
	    smin: 1, smax: -1, swarn: 3, sinact: 4, sexpire: 5,
	    groups: ['daemon'], append: true})
	  .user('root', {gecos: 'root'});
	END
	is 0 'changed group new: Created group.
changed user old: Moved home directory. Changed user.'
	file passwd root:x:0:0:root:/root:/bin/bash \
	    'old:x:2000:1001:x y:/srv/old:/bin/false'
	file shadow 'root:*:19000:0:99999:7:::' "old:\$6\$a\$b:$today:1::3:4:5:"
	file group root:x:0: daemon:x:1:old users:x:100:old old:x:1000: \
	    new:x:1001:
	file gshadow 'root:*::' 'daemon:*::old' 'users:*:root:old' 'old:!::' \
	    'new:!::'
	[ -d upper/srv/old ]
	on_host test ! -e /home/old
	on_host_apply <<<"p2.user('old', {lock: true, groups: []});"
	is 0 'changed user old: Changed user.'
	file shadow 'root:*:19000:0:99999:7:::' "old:!\$6\$a\$b:$today:1::3:4:5:"
	file group root:x:0: daemon:x:1: users:x:100: old:x:1000: new:x:1001:
	file gshadow 'root:*::' 'daemon:*::' 'users:*:root:' 'old:!::' 'new:!::'
	on_host_apply -n <<<"p2.user('old', {lock: false, spw: '\$6\$a\$b'});"
	is 1 'would change user old: is locked'
	on_host_apply <<<"p2.user('old', {lock: false, slstchg: 0});"
	is 0 'changed user old: Changed user.'
	file shadow 'root:*:19000:0:99999:7:::' "old:\$6\$a\$b:0:1::3:4:5:"
	sound
}

@test "user: removed, and the home directory only if asked" {
	mkdir -p upper/home/old/sub
	ln -s /etc upper/home/old/sub/etc
	chown -hR 1000:1000 upper/home/old
	cp -a "$etc" etc.before
	on_host_apply -n <<<"p2.user('old', {ensure: 'absent', home: true});"
	is 1 'would change user old: is there; /home/old is there'
	on_host_apply <<<"p2.user(['old', 'none'], {ensure: 'absent'});"
	is 0 'changed user old: Removed user.'
	[ -d upper/home/old/sub ]
	file passwd root:x:0:0:root:/root:/bin/bash
	file shadow 'root:*:19000:0:99999:7:::'
	file group root:x:0: daemon:x:1: users:x:100:
	file gshadow 'root:*::' 'daemon:*::' 'users:*:root:'
	cp -a etc.before/. "$etc/"
	on_host_apply <<<"p2.user('old', {ensure: 'absent', home: true});"
	is 0 'changed user old: Removed home directory. Removed user.'
	on_host test ! -e /home/old
	on_host test -e /etc/passwd
	file passwd root:x:0:0:root:/root:/bin/bash
	file shadow 'root:*:19000:0:99999:7:::'
	sound
}

@test "user: what cannot be is said, and nothing is changed" {
	local policy before

	printf '%s\n' odd:x:1005:1000::/usr:/bin/sh \
	    near:x:1000:1000::/home/old/:/bin/sh >>"$etc/passwd"
	before=$(cat "$etc"/{passwd,shadow,group,gshadow})
	while IFS='|' read -r policy why; do
		on_host_apply <<<"$policy"
		is 2 '' "p2-apply: site.p2:1: $why"
	done <<-'END'
	p2.user('-a')|user -a: name: a name does not begin with '-', '+', '~' or '#'
	p2.user('u', {uid: 1000})|user u: uid: 1000 is that of old
	p2.user('u', {uid: 'x'})|user u: uid: 'x' is not a user's number
	p2.user('u', {gid: 'none1'})|user u: gid: no group is called none1
	p2.user('u', {gid: 54321})|user u: gid: no group has the number 54321
	p2.user('u', {groups: ['none1']})|user u: groups: no group is called none1
	p2.user('u', {gecos: 'a:b'})|user u: gecos: has a colon or a control character in it
	p2.user('u', {dir: 'x'})|user u: dir: 'x' does not begin with '/'
	p2.user('u', {sexpire: 'soon'})|user u: sexpire: 'soon' is neither a number of days nor a date as 2030-12-31
	p2.user('u', {append: true})|user u: append is for groups, of which there are none
	p2.user('u', {authorized_keys: ['a\nb']})|user u: authorized_keys: one of them is more than a line
	p2.user('u', {authorized_keys: ['a']})|user u: authorized_keys: there is no directory /home/u
	p2.user('root', {ensure: 'absent'})|user root: has the number 0, without which there is no host
	p2.user('odd', {ensure: 'absent', home: true})|user odd: home: /usr is not a directory of this user's
	p2.user('near', {ensure: 'absent', home: true})|user near: home: /home/old/ has that of old in it
	p2.user('u', {geckos: 'x'})|user u: TypeError: there is no option geckos; is it gecos?
	END
	[ "$(cat "$etc"/{passwd,shadow,group,gshadow})" = "$before" ]
}

@test "user, group: in order, no process is started and nothing is written" {
	on_host_apply <<<"p2.user('u', {home: true, groups: ['users'],
	    append: true, authorized_keys: 'k\n'}).group('g', {user_list: ['u']});"
	[ "$status" -eq 0 ]
	run --separate-stderr on_host strace -f -qq -e signal=none -e \
	    trace=execve,vfork,fork,rename,renameat,renameat2,unlink,unlinkat,link,linkat,fchown,fchmod,mkdir,mkdirat \
	    -o /root/log p2-apply -v -d '' /root/site.p2
	is 0 'ok user u
ok group g' 'changed 0, ok 2, skipped 0, failed 0'
	run -1 grep -v 'execve("/kit/bin/p2-apply"' upper/root/log
}

@test "user, group: the facts are those of the moment" {
	on_host_apply <<-'END'
	function show(facts) {
		console.log(Object.keys(facts.users).sort().join(),
		    Object.keys(facts.groups).sort().join());
	}
	p2.lambda('a', show).user('u', {groups: ['users']})
	  .lambda('b', show).user('u', {ensure: 'absent'}).lambda('c', show);
	END
	is 0 'old,root daemon,old,root,users
changed user u: Created user.
old,root,u daemon,old,root,u,users
changed user u: Removed user.
old,root daemon,old,root,users'
}

@test "user, group: a host without shadow and gshadow, lines of NIS, no last newline" {
	rm "$etc/shadow" "$etc/gshadow"
	mknod "$etc/shadow" c 0 0
	mknod "$etc/gshadow" c 0 0
	printf 'root:x:0:0:root:/root:/bin/sh\n# kept: as it is\nodd line\n+nis\n-not::' \
	    >"$etc/passwd"
	printf 'root:x:0:\nusers:x:100:a, b' >"$etc/group"
	on_host_apply <<-'END'
	p2.user('u', {spw: 'HASH', gid: 100}).user('u', {lock: true})
	  .group('g', {user_list: ['u']});
	END
	is 0 'changed user u: Created user.
changed user u: Changed user.
changed group g: Created group.'
	[ "$(cat "$etc/passwd")" = 'root:x:0:0:root:/root:/bin/sh
# kept: as it is
odd line
u:!HASH:1000:100::/home/u:/bin/sh
+nis
-not::' ]
	file group root:x:0: 'users:x:100:a, b' 'g:!:1000:u'
	on_host_apply <<<"p2.group('g', {ensure: 'absent'})
	    .user('u', {ensure: 'absent'});"
	[ "$(cat "$etc/passwd")" = 'root:x:0:0:root:/root:/bin/sh
# kept: as it is
odd line
+nis
-not::' ]
	file group root:x:0: 'users:x:100:a, b'
	on_host test ! -e /etc/shadow
}

@test "user: in a dry run, one that would be gone owns nothing" {
	on_host_apply -n <<-'END'
	p2.user('old', {ensure: 'absent'}).file('/root/f', {owner: 'old'});
	END
	is 2 'would change user old: is there' \
	    'p2-apply: site.p2:1: file f: owner: no user is called old'
}

@test "user: watched, what others do to it is repaired" {
	cat >upper/root/site.p2 <<-'END'
	p2.user('u', {home: true, authorized_keys: ['k']});
	END
	cat >upper/root/watch <<-'END'
	p2-apply -d '' -w /root/site.p2 >/root/out &
	until_there() {
	    for i in $(seq 600); do
		grep -cxF "$1" /root/out | grep -qx "$2" && return
		sleep 0.05
	    done
	}
	until_there 'changed user u: Created user. Created home directory. Wrote authorized keys.' 1
	userdel u
	until_there 'changed user u: Created user.' 1
	echo evil >>/home/u/.ssh/authorized_keys
	until_there 'changed user u: Wrote authorized keys.' 1
	kill $!
	wait $!
	cat /root/out /home/u/.ssh/authorized_keys
	END
	run -0 on_host bash /root/watch
	echo "$output"
	[ "$output" = 'changed user u: Created user. Created home directory. Wrote authorized keys.
changed user u: Created user.
changed user u: Wrote authorized keys.
k' ]
	sound
}

@test "user: a half that is left over is completed, or goes" {
	accounts passwd root:x:0:0:root:/root:/bin/bash \
	    half:x:1001:1001::/home/half:/bin/sh
	accounts shadow 'root:*:19000:0:99999:7:::' 'rest:$y$x:1::::::' \
	    'back:$y$x:1::::::'
	accounts group root:x:0: half:x:1001: rest:x:1002: back:x:1003:
	accounts gshadow 'root:*::' 'ghost:!::' 'rest:!::' 'back:!::'
	on_host_apply <<-'END'
	p2.user('half').user('rest', {ensure: 'absent'}).user('back')
	  .group('half').group('ghost', {ensure: 'absent'});
	END
	is 0 'changed user half: Changed user.
changed user rest: Removed user.
changed user back: Created user.
changed group half: Changed group.
changed group ghost: Removed group.'
	file passwd root:x:0:0:root:/root:/bin/bash \
	    half:x:1001:1001::/home/half:/bin/sh \
	    back:x:1003:1003::/home/back:/bin/sh
	file shadow 'root:*:19000:0:99999:7:::' "back:!:$today:0:99999:7:::" \
	    "half:!:$today:0:99999:7:::"
	file group root:x:0: half:x:1001: back:x:1003:
	file gshadow 'root:*::' 'back:!::' 'half:!::'
	sound
}

@test "user: locks of others are waited for, and void ones are not" {
	printf '999999\0' >"$etc/passwd.lock"
	on_host_apply <<<"p2.group('g');"
	is 0 'changed group g: Created group.'
	on_host_apply <<<"p2.user('u');"
	is 0 'changed user u: Created user.'
	printf '1\0' >"$etc/group.lock"
	on_host_apply <<<"p2.group('h', {timeout: 0.1});"
	is 2 '' 'p2-apply: site.p2:1: group h: /etc/group.lock: is held by process 1 (p2-apply)'
	rm "$etc/group.lock"
	: >"$etc/gshadow.lock"
	on_host_apply <<<"p2.group('h', {timeout: 0.1});"
	is 2 '' 'p2-apply: site.p2:1: group h: /etc/gshadow.lock: is held by somebody else'
	rm "$etc/gshadow.lock"
	cat >upper/root/hold.py <<-'END'
	import fcntl, subprocess, sys
	f = open('/etc/.pwd.lock', 'w')
	fcntl.lockf(f, fcntl.LOCK_EX)
	sys.exit(subprocess.run(['p2-apply', '-d', '', '/root/site.p2']).returncode)
	END
	run --separate-stderr on_host python3 /root/hold.py
	is 2 '' 'p2-apply: /root/site.p2:1: group h: /etc/.pwd.lock: is held by process 1 (python3)'
	on_host_apply <<<"p2.group('h');"
	is 0 'changed group h: Created group.'
	sound
}

@test "user: keys go nowhere but into a directory of the user's" {
	ln -s /root upper/home/old/.ssh
	chown -h 1000:1000 upper/home/old/.ssh
	on_host_apply <<<"p2.user('old', {authorized_keys: ['k']});"
	is 2 '' 'p2-apply: site.p2:1: user old: /home/old/.ssh: is a symbolic link'
	on_host test ! -e /root/authorized_keys
	rm upper/home/old/.ssh
	mkdir -m 777 upper/home/old/.ssh
	ln -s /etc/shadow upper/home/old/.ssh/authorized_keys
	on_host_apply <<<"p2.user('old', {authorized_keys: ['k']});"
	is 0 'changed user old: Wrote authorized keys.'
	[ "$(stat -c '%F %a %u %g' upper/home/old/.ssh{,/authorized_keys})" = 'directory 700 1000 1000
regular file 600 1000 1000' ]
	[ "$(cat upper/home/old/.ssh/authorized_keys)" = k ]
	file shadow 'root:*:19000:0:99999:7:::' \
	    'old:$y$hash:19001:0:99999:7:::'
}

@test "user, group: undone as files are" {
	on_host_apply <<<"p2.group('g').user('u', {home: true, groups: ['g']});"
	mkdir -p upper/root/db
	cp -a "$etc"/{passwd,shadow,group,gshadow} .
	on_host p2-apply -d /root/db - <<<"p2.user('u', {ensure: 'absent',
	    home: true}).group('g', {ensure: 'absent'});"
	file passwd root:x:0:0:root:/root:/bin/bash \
	    'old:x:1000:1000:Old, User,,:/home/old:/bin/sh'
	on_host p2-apply -d /root/db -u
	for name in passwd shadow group gshadow; do
		cmp "$name" "$etc/$name"
	done
	[ "$(cat upper/home/u/.profile)" = rc ]
	sound
}

@test "user, group: one that has left its policy is told of, and stays" {
	mkdir -p upper/root/db
	site() {
		cat >upper/root/site.p2
		run -0 on_host p2-apply -d /root/db /root/site.p2
	}
	site <<<"p2.group('g').user('u', {home: true}).user('old').user('x', {ensure: 'absent'});"
	site <<<"p2.user('old').orphans('remove');"
	[ "$output" = 'orphan group g: the policy no longer has it, others may: it stays
orphan user u: the policy no longer has it, others may: it stays' ]
	on_host id u
	[ "$(cat upper/home/u/.profile)" = rc ]
	site <<<"p2.user('old');"
	[ "$output" = '' ]
}

@test "user: killed at any call that writes, the next run completes it" {
	accounts passwd root:x:0:0:root:/root:/bin/bash \
	    old:x:1000:1000:Old:/home/old:/bin/sh \
	    gone:x:1001:1001::/home/gone:/bin/sh
	accounts shadow 'root:*:19000:0:99999:7:::' 'old:!:19001:0:99999:7:::' \
	    'gone:!:19001:0:99999:7:::'
	accounts group root:x:0: users:x:100:old,gone old:x:1000: gone:x:1001:
	accounts gshadow 'root:*::' 'users:*::old,gone' 'old:!::' 'gone:!::'
	cat >upper/root/1.p2 <<-'END'
	p2.user('new', {home: true, groups: ['users'],
	    authorized_keys: ['k']});
	END
	cat >upper/root/2.p2 <<-'END'
	p2.user('old', {gecos: 'x', smin: 3, groups: [], dir: '/home/moved',
	    home: true});
	END
	cat >upper/root/3.p2 <<-'END'
	p2.user('gone', {ensure: 'absent', home: true});
	END
	cp "$BATS_TEST_DIRNAME/killaccounts.sh" upper/root/
	run on_host bash /root/killaccounts.sh
	echo "$output"
	[ "$status" -eq 0 ]
	# A pair of files that gets or loses a name is apart once.
	[ "${lines[*]::3}" = 'step 1: refused 2 step 2: refused 0 step 3: refused 2' ]
	[ "${lines[3]#killed }" -gt 50 ]
	sound
}
