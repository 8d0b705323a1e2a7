#!/usr/bin/env bats
# What a second run does: nothing, where the first has done all.
# shellcheck disable=SC2016	# for the shell that a policy runs
load p2

calls=write,pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,fallocate
calls+=,copy_file_range,sendfile,splice,fsync,fdatasync,sync,syncfs
calls+=,sync_file_range,msync,rename,renameat,renameat2,link,linkat,symlink
calls+=,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,mknod,mknodat,chmod
calls+=,fchmod,fchmodat,chown,fchown,lchown,fchownat,utime,utimes,futimesat
calls+=,utimensat,setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr
calls+=,fremovexattr,open,openat,openat2,creat

# writes [ARG ...]: the calls of p2-apply that write, or open to write; LMDB
# opens its two files so, whatever it is going to do with them.
writes() {
	strace -f -qqq -y -e signal=none -e trace="$calls" -o trace p2-apply "$@" || return
	grep -v ' = -1 E' trace |
	    sed -e '/open.*O_RDONLY/{/O_CREAT\|O_TRUNC/!d}' \
		-e '/open.*\/\(data\|lock\)\.mdb"/d' -e '/"\/dev\/null"/d' \
		-e 's/^[0-9]* *//'
}

# Everything below here and in the store, with what a write would change.
state() {
	find . -mindepth 1 ! -name trace ! -name lock.mdb \
	    -printf '%p %y %m %u %s %T@ %C@\n' | sort
	sha256sum store/data.mdb
}

site() {
	cat <<-'END'
	p2.file('dir', {ensure: 'directory', mode: '0750'})
	.file('dir/file', {content: 'text\n', mode: '0640', notify: 'command:after'})
	.file('dir/template', {is_template: true, content: '{{title}}\n'})
	.file('dir/link', {ensure: 'link', target: 'file'})
	.file('dir/line', {line: 'b=2', match: '^b='})
	.file('tree', {source: 'dir', recurse: true})
	.file('absent', {ensure: 'absent'})
	.command('touch made', {creates: 'made'})
	.command('touch more', {unless: 'test -e more'})
	.command('false', {onlyif: 'false'})
	.lambda('look', function () { })
	.role('mine', {p2: function (title) { p2.file(title, {content: 'r'}); }})
	.mine('of-role')
	.command('after', {cmd: 'echo $$ >>after', refreshonly: true})
	.ini_file('my.ini', {cfg: {s: {a: 1}}});
	END
}

@test "second run: it writes nothing, as its system calls show" {
	site >site.p2
	run -0 p2-apply -d store site.p2
	[ -s after ]
	before=$(state)
	sleep 0.05
	run -0 writes -d store site.p2
	[ "$output" = "" ]
	diff <(echo "$before") <(state)
}

@test "second run: what is news is recorded, and no more" {
	echo "p2.file('a', {content: 'a'}).command('test -e b');" >site.p2
	run -2 p2-apply -d store site.p2
	run -2 p2-apply -d store site.p2
	run -0 partisci-query -d store runs
	[ ${#lines[@]} -eq 2 ]		# failures are
	touch b
	echo "p2.file('a', {content: 'a'}).version('1');" >site.p2
	run -0 p2-apply -d store site.p2
	run -0 p2-apply -d store site.p2
	run -0 partisci-query -d store runs
	[ ${#lines[@]} -eq 3 ]		# the second has found nothing new
	rm a
	run -0 p2-apply -d store site.p2
	run -0 p2-apply -d store site.p2
	run -0 partisci-query -d store runs
	[ ${#lines[@]} -eq 4 ]		# what was put right is
	sed -i "s/'1'/'2'/" site.p2
	run -0 p2-apply -d store site.p2
	run -0 p2-apply -d store site.p2
	run -0 partisci-query -d store runs
	[ ${#lines[@]} -eq 5 ]		# and so is another version
	run -0 partisci-query -t -d store versions -a policy:site
	[[ $output = *policy:site*2* ]]
	echo "p2.file('a', {content: 'a'}).file(process.env.MORE || 'a').version('2');" >site.p2
	run -0 p2-apply -d store site.p2
	touch c
	MORE=c run -0 p2-apply -d store site.p2
	run -0 partisci-query -d store results
	[ ${#lines[@]} -eq 3 ]		# and another resource
}
