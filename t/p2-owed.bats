#!/usr/bin/env bats
# Notifications: who is told of a change, when, and that nobody is forgotten.
load p2

setup() {
	p2_setup
	db=$BATS_TEST_TMPDIR/db
}

# owed LINE ...: what is owed now, but for the time.
owed() {
	run --separate-stderr p2-apply -O -d "$db"
	printf '%s\n' "$output" >&2
	diff -u <((($#)) && printf '%s\n' "$@" | sort) \
	    <([ -z "$output" ] || cut -f2- <<<"$output" | sort)
	[ "$status" -eq $(($# == 0)) ]
}

@test "p2: one that is notified runs once, when all others have" {
	apply <<-'END'
	p2
	.command('reload', {cmd: 'echo reload >>log', refreshonly: true})
	.file('a', {content: 'a', notify: 'command:reload'})
	.file('b', {content: 'b', notify: ['command:reload', 'command:late']})
	.command('late', {cmd: 'echo late >>log', refreshonly: true})
	.command('plain', {cmd: 'echo plain >>log', subscribe: 'file:b'})
	.command('last', {cmd: 'echo last >>log'});
	END
	is 0 'changed file a: Created file.
changed file b: Created file.
changed command plain: runs each time
changed command last: runs each time
changed command reload: runs each time
changed command late: runs each time'
	[ "$(tr '\n' ' ' <log)" = 'plain last reload late ' ]
	owed
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = 'changed command plain: runs each time
changed command last: runs each time' ]
}

@test "p2: one that has run runs again when it is notified, and notify_now at once" {
	apply <<-'END'
	p2
	.command('x', {cmd: 'echo x >>log'})
	.command('now', {cmd: 'echo now >>log', refreshonly: true})
	.file('a', {content: 'a', notify: 'command:x', notify_now: 'command:now'})
	.file('b', {content: 'b', notify: 'command:x'})
	.command('y', {cmd: 'echo y >>log'});
	END
	is 0 'changed command x: runs each time
changed file a: Created file.
changed command now: runs each time
changed file b: Created file.
changed command y: runs each time
changed command x: runs each time'
	owed
}

@test "p2: those that tell each other do so once" {
	apply <<-'END'
	p2
	.command('a', {cmd: 'echo a >>log', refreshonly: true, notify: 'command:b'})
	.command('b', {cmd: 'echo b >>log', refreshonly: true, notify: 'command:a'})
	.file('f', {content: 'f', notify: 'command:a'});
	END
	[ "$status" -eq 0 ]
	[ "$stderr" = 'p2-apply: command:a: notify command:b is owed, but they tell each other: struck out' ]
	[ "$(tr '\n' ' ' <log)" = 'a b a ' ]
	owed
}

@test "p2: a chain of those that are notified runs each once, in its order" {
	apply <<-'END'
	p2
	.command('reload', {cmd: 'echo reload >>log', refreshonly: true})
	.command('map', {cmd: 'echo map >>log', refreshonly: true, notify: 'command:reload'})
	.file('f', {content: 'f', notify: ['command:reload', 'command:map']});
	END
	[ "$status" -eq 0 ]
	[ "$(tr '\n' ' ' <log)" = 'map reload ' ]
}

@test "owed: a later failure leaves it so, and the next run delivers it" {
	apply <<-'END'
	p2
	.command('reload', {cmd: 'echo reload >>log', refreshonly: true, subscribe: 'file:a'})
	.file('a', {content: 'a', on: {'file:a:changed': function (e) {
		p2.command('first', {cmd: 'echo ' + e.eventname + ' >>log'})
		.command('fails', {cmd: 'test -e ok'});
	}}})
	.file('b', {content: 'b'});
	END
	is 2 'changed file a: Created file.
changed command first: runs each time' 'p2-apply: site.p2:5: command fails: exit status 1'
	owed 'site	file:a	notify command:reload' 'site	file:a	on file:a:changed'
	run -0 p2-apply -Oj -d "$db"
	[ "$(jq -c 'del(.since)' <<<"$output" | sort)" = '{"policy":"site","file":"'"$PWD"'/site.p2","resource":"file:a","handler":"notify command:reload"}
{"policy":"site","file":"'"$PWD"'/site.p2","resource":"file:a","handler":"on file:a:changed"}' ]
	[ ! -e b ]
	run -1 --separate-stderr p2-apply -n -d "$db" site.p2
	[ "$output" = 'would change command first: runs each time
would change command fails: runs each time
would change file b: is missing
--- /dev/null
+++ b
@@ -0,0 +1 @@
+b
\ No newline at end of file
would change command reload: runs each time' ]
	touch ok
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = 'changed command first: runs each time
changed command fails: runs each time
changed file b: Created file.
changed command reload: runs each time' ]
	owed
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = '' ]
	[ "$(tr '\n' ' ' <log)" = 'file:a:changed file:a:changed reload ' ]
}

@test "owed: a handler that fails is owed still, one that has succeeded is not" {
	apply <<-'END'
	p2
	.file('a', {content: 'a', notify: ['command:one', 'command:two']})
	.command('one', {cmd: 'echo one >>log', refreshonly: true})
	.command('two', {cmd: 'echo two >>log; test -e ok', refreshonly: true});
	END
	[ "$status" -eq 2 ]
	owed 'site	file:a	notify command:two'
	touch ok
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = 'changed command two: runs each time' ]
	[ "$(tr '\n' ' ' <log)" = 'one two two ' ]
	owed
}

@test "owed: commands, lambdas and roles are followed by what they call for" {
	apply <<-'END'
	p2
	.role('r', {p2: function (title) {
		return p2._now('file', title, {content: 'r'});
	}})
	.command('make', {cmd: 'touch made', creates: 'made', notify: 'command:h'})
	.lambda('write', function () {
		var fs = require('fs');

		if (fs.existsSync('written'))
			return {};
		fs.writeFileSync('written', '');
		return {result: 'changed'};
	})
	.r('byrole', {notify: 'command:h'})
	.on('lambda:write:changed', function () { p2.command('w', {cmd: 'echo w >>log'}); })
	.command('stop', {cmd: 'test -e ok', creates: 'ok'})
	.command('h', {cmd: 'echo h >>log', refreshonly: true});
	END
	[ "$status" -eq 2 ]
	owed 'site	r:byrole	notify command:h' 'site	command:make	notify command:h'
	touch ok
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = 'changed command h: runs each time' ]
	owed
	[ "$(tr '\n' ' ' <log)" = 'w h ' ]
}

@test "owed: what a lambda calls for is in the store before it writes" {
	cat >site.p2 <<-'END'
	p2
	.lambda('l', function () {
		require('fs').writeFileSync('written', '');
		process.exit(3);
	})
	.on('lambda:l:changed', function () {});
	END
	run -3 p2-apply -d "$db" site.p2
	owed 'site	lambda:l	on lambda:l:changed'
	cat >site.p2 <<-'END'
	p2
	.lambda('l', function () {
		p2.facts.x = 1;
	})
	.on('lambda:l:changed', function () { console.log('told'); });
	END
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = told ]
	owed
}

@test "owed: what the policy has no longer is struck out, with a word" {
	apply <<-'END'
	p2
	.file('a', {content: 'a', notify: 'command:h'})
	.file('b', {content: 'b', notify: 'command:h'})
	.file('c', {content: 'c', notify: 'command:h', on: {'file:c:changed': function () {}}})
	.command('false')
	.command('h', {refreshonly: true, cmd: 'echo h >>log'});
	END
	[ "$status" -eq 2 ]
	owed 'site	file:c	notify command:h' 'site	file:b	notify command:h' \
	    'site	file:a	notify command:h'
	apply -n <<-'END'
	p2.file('a', {content: 'a'}).file('c', {content: 'c', notify: 'command:h'})
	.command('h', {refreshonly: true, cmd: 'echo h >>log'});
	END
	is 1 'would change command h: runs each time'
	run -0 --separate-stderr p2-apply -d "$db" site.p2
	[ "$output" = 'changed command h: runs each time' ]
	[ "$stderr" = 'p2-apply: file:a: notify command:h is owed, but no longer called for: struck out
p2-apply: file:b: notify command:h is owed, but the policy has no such resource now: struck out' ]
	owed
}

@test "owed: a run of some tags leaves to others what is theirs" {
	apply <<-'END'
	p2
	.file('a', {content: 'a', tag: 'x', notify: 'command:h'})
	.file('b', {content: 'b', tag: 'y'})
	.command('h', {refreshonly: true, cmd: 'echo h >>log'});
	END
	is 0 'changed file a: Created file.
changed file b: Created file.
changed command h: runs each time'
	rm a
	run -0 p2-apply -t x -d "$db" site.p2
	[ "$output" = 'changed file a: Created file. (drift)' ]
	owed 'site	file:a	notify command:h'
	run -0 p2-apply -t y -d "$db" site.p2
	[ "$output" = '' ]
	owed 'site	file:a	notify command:h'
	run -0 p2-apply -d "$db" site.p2
	[ "$output" = 'changed command h: runs each time' ]
	owed
}

@test "owed: each policy has its own" {
	echo "p2.file('a', {content: 'a', notify: 'command:h'})
	.command('false').command('h', {refreshonly: true, cmd: ':'});" >one.p2
	echo "p2.file('b', {content: 'b'});" >two.p2
	run -2 p2-apply -d "$db" one.p2
	run -0 --separate-stderr p2-apply -d "$db" two.p2
	[ "$stderr" = '' ]
	owed 'one	file:a	notify command:h'
}

@test "owed: it goes with what is kept, and costs no commit of its own" {
	cat >site.p2 <<-'END'
	p2.file('a', {content: 'a'}).file('b', {content: 'b'}).command('true')
	.command('h', {refreshonly: true, cmd: ':'});
	END
	run -0 strace -qqfo trace -e trace=fdatasync,pwrite64,pwritev p2-apply -d "$db" site.p2
	before=$(grep -c fdatasync trace)
	sed "s/'b'}/'b', notify: 'command:h'}/" site.p2 >other.p2
	rm b
	run -0 strace -qqfo trace -e trace=fdatasync p2-apply -d "$db" site.p2
	plain=$(grep -c fdatasync trace)
	rm b
	run -0 strace -qqfo trace -e trace=fdatasync p2-apply -d "$db" other.p2
	[ "$(grep -c fdatasync trace)" -eq "$plain" ]
	[ "$plain" -le "$before" ]
}

@test "owed: a store that cannot take it is a failure before the change" {
	apply <<-'END'
	p2.file('a', {content: 'a'}).command('h', {refreshonly: true});
	END
	[ "$status" -eq 0 ]
	cat >site.p2 <<-'END'
	p2.file('a', {content: 'other', notify: 'command:h'}).command('h', {refreshonly: true, cmd: ':'});
	END
	run -2 --separate-stderr strace -qqfo /dev/null -P "$db/data.mdb" \
	    -e inject=fdatasync,pwrite64,pwritev:error=ENOSPC:when=1 \
	    p2-apply -d "$db" site.p2
	printf '%s\n' "$stderr"
	[ "$output" = '' ]
	grep -qxF "p2-apply: $PWD/site.p2:1: file a: $db: No space left on device" <<<"$stderr"
	[ "$(cat a)" = a ]
}

@test "owed: a store of before there was such a table" {
	echo "p2.file('a', {content: 'a'});" >site.p2
	run -0 p2-apply -d "$db" site.p2
	oldstore "$db"
	owed
	run -0 p2-apply -d "$db" site.p2
	owed
	run -2 --separate-stderr p2-apply -O -d ''
	[ "$stderr" = 'p2-apply: there is no store' ]
	run -2 --separate-stderr p2-apply -O -d nosuch
	[ "$stderr" = 'p2-apply: nosuch: No such file or directory' ]
}
