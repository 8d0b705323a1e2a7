#!/usr/bin/env bats
# p2-apply --watch: what is changed behind our back is as it was.
# shellcheck disable=SC2016,SC2119,SC2120	# for the policy; some have arguments
load p2
load watch

setup() {
	watch_setup
	mounted=()
}

teardown() {
	local m

	common_teardown
	for m in "${mounted[@]}"; do
		umount "$m"
	done
}

@test "watch: what is written to, removed, or replaced by rename is as it was" {
	watch <<<"p2.file('w/f', {content: 'good\n', mode: '0640', follow: false});"
	echo bad >w/f
	wait_until holds w/f good
	rm w/f
	wait_until holds w/f good
	echo bad >w/new
	mv w/new w/f
	wait_until holds w/f good
	chmod 600 w/f
	wait_until has_mode w/f 640
	: >w/f
	wait_until holds w/f good
	truncate -s 1 w/f
	wait_until holds w/f good
	ln -sf new w/f
	wait_until test ! -L w/f
	stop
	[ "$(log)" = "" ]
	[ "$(jq -r 'select(.repair) | .outcome' o/out | sort -u)" = changed ]
}

@test "watch: what is not there yet, and directories that go and come back" {
	watch <<-'END'
	p2.file('w/a/b/f', {content: 'good\n', parents: true})
	.file('w/gone', {ensure: 'absent'}).file('w/d', {ensure: 'directory', mode: '0750'});
	END
	# It may be back before rm(1) is through.
	rm -r w/a || :
	wait_until holds w/a/b/f good
	mv w/a w/elsewhere
	wait_until holds w/a/b/f good
	mkdir w/new w/new/b
	echo bad >w/new/b/f
	exchange w/new w/a
	wait_until holds w/a/b/f good
	echo >w/gone
	wait_until test ! -e w/gone
	rmdir w/d
	wait_until has_mode w/d 750
	stop
}

# exchange A B: at once.
exchange() {
	python3 -c 'import ctypes, sys
a, b = (p.encode() for p in sys.argv[1:])
sys.exit(ctypes.CDLL(None).renameat2(-100, a, -100, b, 2) != 0)' "$@"
}

@test "watch: links on the way, and at the end" {
	mkdir w/v1 w/v2
	ln -s v1 w/current
	echo other >w/target
	ln -s target w/link
	watch <<-'END'
	p2.file('w/current/f', {content: 'good\n'}).file('w/link', {content: 'good\n'})
	.file('w/l', {ensure: 'link', target: 'v1'});
	END
	ln -sfn v2 w/current
	wait_until holds w/v2/f good
	echo bad >w/v2/f
	wait_until holds w/v2/f good
	echo bad >w/target
	wait_until holds w/target good
	[ -L w/link ]
	ln -sfn v2 w/l
	wait_until test "$(readlink w/l)" = v1
	wait_until link_is w/l v1
	stop
}

link_is() { [ "$(readlink "$1")" = "$2" ]; }

@test "watch: trees, with directories that are made in them, and their sources" {
	mkdir -p src/sub
	echo one >src/sub/f
	watch <<<"p2.file('w/t', {source: '$PWD/src', recurse: true, purge: true});"
	echo bad >w/t/sub/f
	wait_until holds w/t/sub/f one
	mkdir -p o/more/below
	mv o/more w/t/more
	wait_until test ! -e w/t/more
	mkdir -p src/more
	echo two >src/more/g
	wait_until holds w/t/more/g two
	echo bad >w/t/more/g
	wait_until holds w/t/more/g two
	echo three >src/sub/f
	wait_until holds w/t/sub/f three
	rm -r w/t || :
	wait_until holds w/t/sub/f three
	stop
}

@test "watch: a command runs again when what it creates is gone" {
	watch <<-'END'
	p2.command('echo x >>log; touch w/c', {creates: 'w/c'});
	END
	[ "$(wc -l <log)" -eq 1 ]
	rm w/c
	wait_until test -e w/c
	quiet
	[ "$(wc -l <log)" -eq 2 ]
	[ "$(repairs 'echo x >>log; touch w/c')" -eq 1 ]
	stop
}

@test "watch: what somebody does while a command runs is seen" {
	watch <<-'END'
	p2.command('c', {cmd: 'echo x >>log; touch w/c; [ ! -e go ] || rm go w/c',
	  creates: 'w/c'});
	END
	touch go
	rm w/c
	wait_until holds log $'x\nx\nx'
	quiet
	[ ! -e go ]
	[ -e w/c ]
	holds log $'x\nx\nx'
	[ "$(repairs c)" -eq 2 ]
	stop
}

@test "watch: a command that never creates it has a second chance, and no third" {
	watch <<-'END'
	p2.command('d', {cmd: 'echo y >>log; touch w/d; rm w/d', creates: 'w/d'});
	END
	quiet
	: >log
	touch w/d
	rm w/d
	wait_until holds log $'y\ny'
	quiet
	holds log $'y\ny'
	stop
}

@test "watch: handlers, notified resources and callbacks follow a repair" {
	watch <<-'END'
	p2.on('file:w/f:changed', function () { p2.command('echo on >>log'); });
	p2.file('w/f', {content: 'good\n', notify: 'command:told'}, function (changed) {
	  p2.command('echo callback ' + changed + ' >>log');
	}).command('told', {cmd: 'echo told >>log', refreshonly: true});
	END
	sort log >first
	[ "$(cat first)" = $'callback true\non\ntold' ]
	for i in 1 2 3; do
		: >log
		echo "bad $i" >w/f
		wait_until same_lines log first
		holds w/f good
	done
	stop
	[ "$(log)" = "" ]
}

same_lines() { [ "$(sort "$1")" = "$(cat "$2")" ]; }

@test "watch: what is not to be watched is left, by the state at its declaration" {
	watch <<-'END'
	p2.watch(false).file('w/a', {content: 'x'}).file('w/b', {content: 'x', watch: true})
	.watch(true).file('w/c', {content: 'x'}).file('w/d', {content: 'x', watch: false})
	.role('r', {p2: function (t) { p2.file(t, {content: 'x'}); }}).r('w/e', {watch: false})
	.ini_file('w/f', {cfg: {k: 1}, watch: false});
	END
	for f in a b c d e f; do echo bad >w/$f; done
	wait_until holds w/b x
	wait_until holds w/c x
	quiet
	for f in a d e f; do holds w/$f bad; done
	stop
}

@test "watch: p2.watch(file, fn) is called for changes, one at a time" {
	echo 1 >w/f
	watch <<-'END'
	p2.watch('w/f', function (done, event, name) {
	  var fs = require('fs');
	  fs.appendFileSync('log', event + ' ' + name + ' ' + fs.readFileSync('w/f', 'utf8'));
	  setTimeout(function () { fs.writeFileSync('w/f', 'by itself\n'); done(); }, 20);
	});
	p2.P2_watch('w/g', function (done) { require('fs').appendFileSync('log', 'g\n'); done(); });
	p2.P2_unwatch('w/g');
	END
	echo 2 >w/f
	wait_until holds w/f 'by itself'
	quiet
	[ "$(cat log)" = 'change f 2' ]
	echo >w/g
	echo 3 >w/g2
	mv w/g2 w/f
	wait_until holds w/f 'by itself'
	quiet
	[ "$(cat log)" = $'change f 2\nrename f 3' ]
	stop
	# Without --watch, nothing of it has an effect.
	rm log
	run -0 p2-apply -d '' site.p2
	[ ! -e log ]
}

@test "watch: a policy, what it includes, and templates are read anew" {
	echo '{{f.x}} one' >t.mustache
	cat >inc.p2 <<<"p2.file('w/i', {content: 'i1\n'});"
	watch <<-'END'
	p2.facts.x = 'x';
	p2.include('inc').file('w/t', {content: {template: 't.mustache'}}).file('w/f', {content: 'f1\n'});
	END
	holds w/t 'x one'
	echo '{{f.x}} two' >t.mustache
	wait_until holds w/t 'x two'
	sed -i s/i1/i2/ inc.p2
	wait_until holds w/i i2
	sed -i s/f1/f2/ site.p2
	wait_until holds w/f f2
	# One that does not load leaves the old one; what it lacked is waited for.
	cat >site.p2 <<<"p2.include('more').file('w/f', {content: 'f3\n'});"
	wait_until said 'include more: no such file'
	echo bad >w/f
	wait_until holds w/f f2
	cat >more.p2 <<<"p2.file('w/m', {content: 'm\n'});"
	wait_until holds w/m m
	holds w/f f3
	echo bad >w/t
	quiet
	holds w/t bad
	echo 'p2.nonsense(' >site.p2
	wait_until said 'site.p2:'
	echo bad >w/f
	wait_until holds w/f f3
	stop
}

@test "watch: SIGHUP reads all anew, facts too" {
	mkdir facts
	echo '{"colour": "red"}' >facts/c.json
	watch -F facts <<<"p2.file('w/f', {content: p2.facts.external.c.colour + '\n'});"
	holds w/f red
	echo '{"colour": "blue"}' >facts/c.json
	kill -HUP "$watcher"
	wait_until holds w/f blue
	stop
}

@test "every: runs come again, with facts anew; --splay alone waits before one" {
	mkdir facts
	echo '{"colour": "red"}' >facts/c.json
	cat >site.p2 <<<"p2.file('w/f', {content: p2.facts.external.c.colour + '\n'});"
	: >o/out
	start p2-apply -j -d '' -z 1 -F facts site.p2 >>o/out
	watcher=$pid
	wait_until holds w/f red
	echo '{"colour": "blue"}' >facts/c.json
	wait_until holds w/f blue
	rm w/f
	wait_until holds w/f blue
	stop
	run -0 p2-apply -d '' -Y 1 -F facts site.p2
	[ "$output" = "" ]
	run -2 p2-apply -d '' -n -w site.p2
	[ "$output" = 'p2-apply: --noop: not with --watch or --every' ]
}

@test "watch: a repair that fails is told, and not the end" {
	watch <<-'END'
	p2.file('w/d/f', {content: 'good\n'}).file('w/g', {content: 'good\n'});
	END
	wait_until said 'w/d/f'
	[ ! -e w/g ]
	# The whole run had failed: so all is applied when that can be.
	mkdir w/d
	wait_until holds w/g good
	holds w/d/f good
	mv w/d o/d
	wait_until test "$(grep -c . "$BATS_TEST_TMPDIR/p2-apply.log")" -ge 1
	echo bad >w/g
	wait_until holds w/g good
	mkdir w/d
	wait_until holds w/d/f good
	stop INT
}

@test "watch: two that repair the same are noticed, and slowed down" {
	watch <<<"p2.file('w/f', {content: 'good\n', keep_orig: false});"
	mkdir other
	cat >other/site.p2 <<<"p2.file('w/f', {content: 'mine\n', keep_orig: false});"
	start p2-apply -d '' -w other/site.p2
	other=$pid
	wait_until said 'file w/f: was changed again at once after each of 10 repairs: somebody else repairs it, too; the next repair is in 1 s'
	kill "$other"
	wait "$other"
	wait_until holds w/f good
	stop
}

@test "watch: who changes it back every minute is noticed as well, and told more and more seldom" {
	local i

	with_clock
	watch <<<"p2.file('w/f', {content: 'good\n', keep_orig: false});"
	for ((i = 1; i <= 22; i++)); do
		ahead $((i * 60))
		echo "bad $i" >w/f
		wait_until holds w/f good
		wait_until waits "$watcher"
	done
	ahead $((i * 60 + 3600))
	echo bad >w/f
	wait_until holds w/f good
	stop
	[ "$(log)" = 'p2-apply: file w/f: was changed again within the hour after each of 10 repairs: does somebody else repair it, too?
p2-apply: file w/f: was changed again within the hour after each of 20 repairs: does somebody else repair it, too?' ]
}

@test "watch: our own writes do not wake us, and nothing happens while nothing does" {
	# What others mount meanwhile is something that happens.
	within=(unshare --map-root-user --mount)
	"${within[@]}" true || skip 'no namespaces here'
	watch <<-'END'
	p2.file('w/f', {content: 'good\n', keep_orig: false});
	END
	echo bad >w/f
	wait_until holds w/f good
	wait_until waits "$watcher"
	strace -o o/trace -p "$watcher" 3>&- &
	tracer=$!
	wait_until grep -q ppoll o/trace
	echo bad >o/new
	mv o/new w/f
	wait_until grep -q 'renameat.*"f"' o/trace
	wait_until ends_in_ppoll o/trace
	# Behind the rename its events are read, in the same turn: then it waits.
	sed '1,/renameat.*"f"/d' o/trace >o/after
	[ "$(grep -c 'ppoll(' o/after)" -eq 1 ]
	run -1 grep -E '^openat2?[(].*"([^"]*/)?f"' o/after
	cp o/trace o/before
	# Longer than anything that would come by itself.
	wait_until later_than o/before
	cmp o/trace o/before
	kill "$tracer"
	wait "$tracer" || :
	stop
}

ends_in_ppoll() { [[ $(tail -n 1 "$1") == *'ppoll('* ]]; }
later_than() { [ $(($(date +%s) - $(stat -c %Y "$1"))) -ge 3 ]; }

@test "watch: more than the kernel remembers is looked for everywhere" {
	watch <<-'END'
	p2.file('w/f', {content: 'good\n'}).file('w/d', {ensure: 'directory'}).file('w/d/g', {content: 'good\n'});
	END
	kill -STOP "$watcher"
	python3 - "$(cat /proc/sys/fs/inotify/max_queued_events)" <<-'END'
	import os, sys
	for i in range(int(sys.argv[1])):
	    os.close(os.open('w/x%d' % (i % 2), os.O_CREAT | os.O_WRONLY))
	END
	echo bad >w/f
	rm -r w/d
	kill -CONT "$watcher"
	wait_until holds w/f good
	wait_until holds w/d/g good
	stop
}

@test "watch: what is mounted over is repaired there, and below when that ends" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	mkdir w/d other lower upper work w/o
	echo bad >other/f
	echo bad >lower/g
	mount --bind other other || skip 'cannot mount here'
	umount other
	watch <<-'END'
	p2.file('w/d/f', {content: 'good\n'}).file('w/o/g', {content: 'good\n'});
	END
	mounted=(w/d)
	mount --bind other w/d
	wait_until holds other/f good
	echo bad >other/f
	wait_until holds other/f good
	if mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work over w/o; then
		mounted+=(w/o)
		wait_until holds upper/g good
		echo bad >w/o/g
		wait_until holds w/o/g good
		holds lower/g bad
	fi
	umount w/d
	mounted=("${mounted[@]:1}")
	echo bad >w/d/f
	wait_until holds w/d/f good
	stop
}

@test "watch: runs by hand go on beside it, and repairs are in the store" {
	# shellcheck disable=SC2034	# for watch
	db=$store
	watch <<<"p2.version('7').file('w/f', {content: 'good\n'});"
	run -0 p2-apply -d "$store" -W 10 site.p2
	[ "$output" = "" ]
	echo bad >w/f
	wait_until holds w/f good
	wait_until told_of_repair
	[ "$(partisci-query -d "$store" versions | jq -r '.app + " " + .ver')" = 'policy:site 7' ]
	stop
}

told_of_repair() {
	[ "$(partisci-query -d "$store" runs | jq -s 'map(select(.outcome == "changed")) | length')" -ge 2 ]
}

@test "watch: tells the service manager that it is ready" {
	cat >site.p2 <<<"p2.file('w/f', {content: 'good\n'});"
	start manager notes p2-apply -d '' -w site.p2
	wait_until grep -q READY=1 notes
	holds w/f good
	kill "$pid"
	wait_until grep -q STOPPING=1 notes
}

# A line in a file, which is done by JavaScript; $1 goes into the definition.
line_module() {
	cat >line.js <<-END
	module.exports = {name: 'line', options: {file: {type: 'string', template: true}},
	  plan: function (r) {
	    r.text = r.read(r.options.file) || '';
	    if (r.text.indexOf(r.title + '\\n') < 0) r.why('is missing');
	  },
	  apply: function (r) {
	    require('fs').writeFileSync(r.options.file, r.text + r.title + '\\n');
	    r.did('Put ' + r.title + '.');
	  }${1-}};
	END
}

@test "watch: a module of the policy's own is repaired where it says" {
	line_module ', watch: function (r) { return [r.options.file]; }'
	watch <<-'END'
	p2.module('line')
	.line('one', {file: 'w/{{opts.parms.f}}', parms: {f: 'f'}, notify: 'command:: told'},
	    function (changed) { console.log(JSON.stringify({callback: changed})); })
	.line('two', {file: 'w/g', watch: false})
	.command(': told', {refreshonly: true});
	END
	[ "$(cat w/f w/g)" = $'one\ntwo' ]
	rm w/f w/g
	wait_until holds w/f one
	echo other >w/f
	wait_until holds w/f $'other\none'
	echo more >>w/f
	quiet
	stop
	[ "$(cat w/f)" = $'other\none\nmore' ]
	[ ! -e w/g ]
	[ "$(repairs one)" = 2 ]
	[ "$(jq -c 'select(.title == "one") | [.outcome, .why, .repair]' o/out)" = \
	    '["changed","is missing",null]
["changed","is missing",true]
["changed","is missing",true]' ]
	[ "$(repairs ': told')" = 0 ]
	[ "$(grep -c '"title":": told"' o/out)" = 3 ]
	[ "$(log)" = $'{"callback":true}\n{"callback":true}\n{"callback":true}' ]
}

@test "watch: a module that says nothing is not repaired, and a fight with one is told" {
	line_module
	watch <<<"p2.module('line').line('one', {file: 'w/f'}).file('w/z', {content: 'z\n'});"
	rm w/f w/z
	wait_until holds w/z z
	quiet
	stop
	[ ! -e w/f ]
	line_module ', watch: function (r) { return r.options.file; }'
	watch <<<"p2.module('line').line('one', {file: 'w/f'});"
	while ! said 'somebody else repairs it, too' && ! ended "$watcher"; do
		: >w/f
		wait_until waits "$watcher"
	done
	said 'line one: '
	stop
}

@test "watch: a line of a file that is ours is put back, and others' stay" {
	watch <<<"p2.cron('a', {command: 'x', target: '$PWD/w/tab'})
	    .hostentry('b', {ip: '::1', target: '$PWD/w/hosts'});"
	printf '# other\n' >w/tab
	printf '::2 b\n::3 c\n' >w/hosts
	wait_until holds w/tab $'# other\n# p2: a\n* * * * * root x'
	wait_until holds w/hosts $'::1\tb\n::3 c'
	stop
}
