#!/usr/bin/env bats
# Files whose changes are made together: nobody can tell, but by the time.
load p2

# traced <POLICY: the calls that make things last, as names, and
# where each file got its name, in order.
traced() {
	cat >site.p2
	run -0 --separate-stderr strace -qqo trace \
	    -e trace=fsync,syncfs,renameat,linkat,execve,clone,clone3,vfork \
	    p2-apply -d '' site.p2
	sed -En 's/^(fsync|syncfs|vfork|clone3?)\(.*/\1/p
	    s/^renameat\(.*, "([^"]*)"\).*/\1/p
	    s/^linkat\(.*, "([^"]*)", 0\).*/+\1/p' trace | tr '\n' ' ' >calls
	cat calls
}

# made: the files a, b, c, and temporary ones.
made() { find . -name '[abc]' -o -name '.p2-*' | sort | tr '\n' ' '; }

@test "gather: files in a row cost two barriers, and each says what it did" {
	echo old >b
	traced <<-'END'
	p2.file('a', {content: 'a'}).file('b', {content: 'b'}).file('same', {content: ''})
	.file('c', {content: 'c', mode: '0600'});
	END
	[ "$(cat calls)" = '+b.orig_partout syncfs a b same c syncfs ' ]
	[ "$output" = 'changed file a: Created file.
changed file b: Content Replaced.
changed file same: Created file.
changed file c: Created file.' ]
	[ "$(cat a b c b.orig_partout)" = "abcold" ]
	[ "$(stat -c %a c)" = 600 ]
	traced <site.p2
	[ "$(cat calls)$output" = '' ]
}

@test "gather: what is as it should be among them is told in its turn" {
	printf b >b
	apply -v <<-'END'
	p2.file('a', {content: 'a'}).file('b', {content: 'b'}).file('c', {content: 'c'});
	END
	[ "$(grep -v '^[-+@\\]' <<<"$output")" = 'changed file a: Created file.
ok file b
changed file c: Created file.' ]
}

@test "gather: whatever might see a difference finds all done" {
	mkdir d
	ln -s d l
	ln -s ../x d/link
	echo one >h1
	ln h1 h2
	traced <<-'END'
	p2.file('a', {content: 'a'})
	.command('cat a')
	.file('b', {content: 'b'})
	.file('c', {source: 'b'})
	.file('d/e', {content: 'e'})
	.file('l/e', {content: 'f'})
	.file('x', {content: 'x'})
	.file('d/link', {content: 'y'})
	.file('h1', {content: 'two', keep_orig: false})
	.file('h2', {content: 'two', keep_orig: false})
	.file('./h1', {content: 'three'})
	.file('h1.orig_partout', {content: 'mine'})
	.file('end', {content: 'end'}, function () {
		console.log(require('fs').readFileSync('h1', 'utf8'));
	})
	.lambda('look', function () {
		console.log(require('fs').readdirSync('.').length);
	});
	END
	[ "$(cat c)" = b ]
	[ "$(cat d/e)" = f ]
	[ "$(cat x)" = y ]
	[ "$(cat h1.orig_partout)" = mine ]
	[ "$(grep -Ec '^(three|1?[0-9]+)$' <<<"$output")" = 2 ]
	printf '%s\n' "$output" | grep -qx three
	grep -q 'syncfs a syncfs' calls
}

@test "gather: the last word on a path is the last one's" {
	apply <<-'END'
	p2.file('f', {content: 'one'}).file('f', {content: 'two'}).file('./f', {content: 'three'})
	.file('f', {ensure: 'absent'}).file('f', {content: 'four'});
	END
	is 0 'changed file f: Created file.
changed file f: Content Replaced.
changed file ./f: Content Replaced.
changed file f: Deleted file.
changed file f: Created file.'
	[ "$(cat f)" = four ]
}

@test "gather: one that cannot be written ends the run behind those before it" {
	apply <<-'END'
	p2.file('a', {content: 'a'}).file('b', {content: 'b'})
	.file('no/such', {content: 'x'}).file('c', {content: 'c'});
	END
	is 2 'changed file a: Created file.
changed file b: Created file.' \
	    'p2-apply: site.p2:2: file no/such: no/such: its directory no is missing (parents: true would make it)'
	[ "$(made)" = './a ./b ' ]
}

@test "gather: of a failure at the end, each is told what came of it" {
	cat >site.p2 <<-'END'
	p2.file('a', {content: 'a'}).file('b', {content: 'b'})
	.file('c', {content: 'c'});
	END
	run -2 --separate-stderr strace -qqo /dev/null \
	    -e inject=renameat:error=EIO:when=2 p2-apply -d '' site.p2
	[ "$output" = 'changed file a: Created file.' ]
	[ "${stderr//$PWD\//}" = 'p2-apply: site.p2:1: file b: b: renameat: Input/output error' ]
	[ "$(made)" = './a ' ]
	rm a
	run -2 --separate-stderr strace -qqo /dev/null \
	    -e inject=syncfs:error=EIO:when=1 p2-apply -d '' site.p2
	[ "$output" = '' ]
	[ "${stderr//$PWD\//}" = 'p2-apply: site.p2:1: file a: a: syncfs: Input/output error' ]
	[ "$(made)" = '' ]
	run -2 --separate-stderr strace -qqo /dev/null \
	    -e inject=syncfs:error=EIO:when=2 p2-apply -d '' site.p2
	[ "$output" = 'changed file a: Created file.
changed file b: Created file.' ]
	[[ ${stderr//$PWD\//} == 'p2-apply: site.p2:2: file c: '*': syncfs: Input/output error' ]]
}

@test "gather: few descriptors are enough" {
	cat >site.p2 <<-'END'
	for (var i = 0; i < 200; i++)
		p2.file('f' + i, {content: 'x' + i});
	END
	for n in 32 50 100; do
		rm -f f*
		run -0 bash -c "ulimit -n $n; p2-apply -d '' site.p2"
		[ "${#lines[@]}" -eq 200 ]
		[ "$(find . -name 'f*' | wc -l)" -eq 200 ]
	done
}

@test "gather: a signal ends the run when what waits is done" {
	cat >site.p2 <<-'END'
	p2.file('a', {content: 'a'}).file('b', {content: 'b'})
	.file('c', {content: 'c'});
	END
	run -2 --separate-stderr strace -qqo /dev/null \
	    -e inject=flock:signal=TERM:when=2 p2-apply -d '' site.p2
	[ "$stderr" = 'p2-apply: ended by SIGTERM' ]
	[ -n "$output" ]
	[ "$output" = 'changed file a: Created file.' ] ||
	    [ "$output" = $'changed file a: Created file.\nchanged file b: Created file.' ]
	[ "$(wc -l <<<"$output")" -eq "$(find . -name '[abc]' | wc -l)" ]
	[ -z "$(find . -name '.p2-*')" ]
}

@test "gather: notified steps are owed in one commit, and run at the end" {
	db=$BATS_TEST_TMPDIR/db
	apply <<-'END'
	for (var i = 0; i < 30; i++)
		p2.file('f' + i, {content: 'x', notify: 'command:h'});
	p2.command('h', {cmd: 'ls f* | wc -l', refreshonly: true, logoutput: true});
	END
	[ "${lines[30]}" = 'changed command h: runs each time' ]
	[ "${lines[31]}" = 30 ]
	rm f*
	run -0 strace -qqfo trace -e trace=fdatasync,renameat p2-apply -d "$db" site.p2
	[ "$(awk '/renameat/ { exit } /fdatasync/ { n++ } END { print n }' trace)" -le 2 ]
	[ "$(grep -c fdatasync trace)" -le 5 ]
	run -1 p2-apply -O -d "$db"
	rm f*
	run -137 strace -qqfo /dev/null -e inject=renameat:signal=KILL:when=7 \
	    p2-apply -d "$db" site.p2
	run -0 p2-apply -O -d "$db"
	[ "${#lines[@]}" -eq 30 ]
	run -0 p2-apply -d "$db" site.p2
	[ "${lines[-2]}" = 'changed command h: runs each time' ]
	[ "$(find . -name '.p2-*' | wc -l)" -eq 0 ]
	run -1 p2-apply -O -d "$db"
}

@test "gather: generated policies leave what they would leave one by one" {
	local n

	for n in 1 2 3 4 5 6; do
		rm -rf one all
		mkdir -p one/d all/d
		ln -s d one/l
		ln -s d all/l
		python3 - "$n" >site.p2 <<-'END'
		import random, sys
		r = random.Random(int(sys.argv[1]))
		paths = ['a', 'b', 'd/a', 'l/a', './a', 'd/../b', 'd/s', 'a.orig_partout']
		print('var one = process.env.ONE === "1", fn = one ? function () {} : undefined;')
		for i in range(60):
		    p, k = r.choice(paths), r.random()
		    if k < .7:
		        print("p2.file('%s', {content: '%s'%s}, fn);" % (p, r.choice('xyz'),
		            r.choice(['', ", mode: '0600'", ', keep_orig: false'])))
		    elif k < .8:
		        print("p2.file('%s', {ensure: 'absent'});" % p)
		    elif k < .9:
		        print("p2.file('%s', {source: 'd/a', onlyif: 'test -e d/a'});" % p)
		    else:
		        print("p2.file('d/s', {ensure: 'link', target: '../a', force: true});")
		END
		(cd one && ONE=1 p2-apply -d '' ../site.p2) >one.out 2>&1 || :
		(cd all && ONE=0 p2-apply -d '' ../site.p2) >all.out 2>&1 || :
		diff -u one.out all.out
		diff -u <(cd one && find . -type f -exec grep -H . {} + | sort;
		    cd one && find . -printf '%p %y %m %l\n' | sort) \
		    <(cd all && find . -type f -exec grep -H . {} + | sort;
		    cd all && find . -printf '%p %y %m %l\n' | sort)
	done
}
