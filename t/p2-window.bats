#!/usr/bin/env bats
# Maintenance windows: of resources, and of a watch; by clocks that are set here.
# The 5th of January 2030 is a Saturday.
# shellcheck disable=SC2016,SC2119,SC2120	# for the policy; some have arguments
load p2
load watch

setup() {
	watch_setup
	export TZ=UTC
	# shellcheck disable=SC2034	# for apply and watch
	db=$store
	with_clock
}

# at DATE [ARG ...] <POLICY: apply it then.
at() {
	cat >site.p2
	moment "$1"
	shift
	run --separate-stderr "${within[@]}" p2-apply -d "$store" "$@" site.p2
	stderr=${stderr//$PWD\//}
}

@test "window: outside of it a resource is looked at, and left" {
	policy="p2.window('Sat 02:00-04:00').file('w/a', {content: 'a'})
	.file('w/b', {content: 'b', window: '02:00-04:00; Mon'}).window()
	.file('w/c', {content: 'c'});"
	at '2030-01-04 12:00' -j <<<"$policy"
	[ "$(jq -r '"\(.outcome // .skipped) \(.result // "-") \(.title): \(.why)"' <<<"$output")" = \
'skipped waits w/a: is missing; outside of Sat 02:00-04:00
skipped waits w/b: is missing; outside of 02:00-04:00; Mon
changed - w/c: is missing
2 - null: null' ]
	at '2030-01-04 12:00' <<<"$policy"
	is 0 ''
	[ "$(ls w)" = c ]
	at '2030-01-04 12:00' -n <<<"$policy"	# which does not ask for the time
	[ "$status" -eq 1 ]
	[[ $output == 'would change file w/a: is missing'* ]]
	at '2030-01-05 02:30' <<<"$policy"
	is 0 'changed file w/a: Created file.
changed file w/b: Created file.'
	at '2030-01-05 12:00' -j <<<"$policy"	# as it should be, at any time
	[ "$(jq -r .outcome <<<"$output" | sort | uniq -c | xargs)" = '1 null 3 ok' ]
	at '2030-01-05 13:00' <<<"$policy"
	is 0 ''
}

@test "window: what is called for outside of it is owed, and done within" {
	policy="p2.file('w/conf', {content: process.env.V, keep_orig: false, notify: 'command:restart'})
	.command('restart', {cmd: 'echo restart >>o/log', refreshonly: true, window: 'Sat'});"
	V=1 at '2030-01-04 12:00' <<<"$policy"
	is 0 'changed file w/conf: Created file.'
	run -0 p2-apply -d "$store" -O
	[[ $output == *'file:w/conf'*'notify command:restart' ]]
	V=1 at '2030-01-04 13:00' <<<"$policy"
	is 0 ''
	[ ! -e o/log ]
	V=1 at '2030-01-05 00:30' <<<"$policy"
	is 0 'changed command restart: runs each time'
	run -1 p2-apply -d "$store" -O
	V=1 at '2030-01-05 01:00' <<<"$policy"
	is 0 ''
	[ "$(cat o/log)" = restart ]
}

@test "window: so it is with roles, modules, functions, and what needs them" {
	cat >line.js <<-'END'
	module.exports = {name: 'line', plan: function (r) {
	  if (r.read('w/line') === null) r.why('is missing');
	}, apply: function (r) { require('fs').writeFileSync('w/line', ''); }};
	END
	policy="p2.role('r', {p2: function (t) { p2.file('w/role', {content: t}); }});
	p2.module('line').window('Sat').r('x').line('l')
	.lambda('f', function () { require('fs').writeFileSync('w/lambda', ''); })
	.role('own', {p2: function () { require('fs').writeFileSync('w/own', ''); }}).own('o');
	p2.window().file('w/needs', {content: 'x', require: 'line:l'}).set_env('w/env', {window: 'Sat'});"
	policy=${policy%.set_env*}\;
	at '2030-01-04 12:00' -j <<<"$policy"
	[ "$(jq -r 'select(.title) | "\(.outcome) \(.result // "-") \(.title): \(.why)"' <<<"$output")" = \
'skipped waits w/role: is missing; outside of Sat
skipped waits l: is missing; outside of Sat
skipped - f: outside of Sat
skipped - o: outside of Sat
skipped - w/needs: needs line:l, which was skipped' ]
	[ "$(ls w)" = '' ]
	at '2030-01-05 12:00' <<<"$policy"
	run ls w
	[ "${lines[*]}" = 'lambda line needs own role' ]
}

@test "window: what is none is refused where it is declared" {
	apply <<<"p2.window('2am');"
	is 2 '' "p2-apply: site.p2:1: window: '2am' has a time that is not as in 02:00-04:00"
	apply <<<"p2.file('w/a', {window: 'Foo'});"
	is 2 '' "p2-apply: site.p2:1: file w/a: window: 'Foo' has a day that is none"
	[ ! -e w/a ]
}

@test "window: with --watch, a repair outside of it waits, which is told once" {
	moment '2030-01-05 12:00'
	watch <<<"p2.file('w/f', {content: 'good\n', keep_orig: false, window: 'Sat,Mon'});"
	moment '2030-01-06 12:00'
	echo bad >w/f
	wait_until told_waits
	echo worse >w/f
	quiet
	holds w/f worse
	moment '2030-01-07 00:00:30'
	wait_until holds w/f good
	stop
	[ "$(jq -c 'select(.repair) | [.outcome, .result, .why]' o/out)" = \
	    '["skipped","waits","content differs; outside of Sat,Mon"]' ]
	[ "$(log)" = "" ]
}

told_waits() { grep -q '"result":"waits"' o/out; }

@test "window: --window with --watch: runs and repairs wait, policies too" {
	moment '2030-01-04 12:00'
	cat >site.p2 <<<"p2.file('w/f', {content: 'good\n', keep_orig: false});"
	: >o/out
	start "${within[@]}" p2-apply -j -d "$store" -wX Sat,Sun site.p2 >>o/out
	watcher=$pid
	wait_until said 'outside of Sat,Sun: the first run waits'
	[ ! -e w/f ]
	moment '2030-01-05 12:00'
	wait_until holds w/f good
	wait_until waits "$watcher"
	moment '2030-01-07 12:00'
	echo bad >w/f
	wait_until told_waits
	sed -i s/good/better/ site.p2
	quiet
	holds w/f bad
	moment '2030-01-12 12:00'
	wait_until holds w/f better
	moment '2030-01-14 12:00'
	stop
	[ "$(log)" = 'p2-apply: outside of Sat,Sun: the first run waits' ]
}

@test "window: while it waits for the first run, a signal ends it" {
	moment '2030-01-04 12:00'
	cat >site.p2 <<<"p2.file('w/f', {content: 'good\n'});"
	start "${within[@]}" p2-apply -z 60 -d "$store" -X Sat site.p2
	watcher=$pid
	wait_until said 'the first run waits'
	stop
	[ ! -e w/f ]
}

@test "deadline: with --watch, each run and each repair has one" {
	echo 'echo 120 >o/ahead' >o/slow
	watch -D 60 <<-'END'
	p2.file('w/f', {content: 'good\n', keep_orig: false, notify: ['command:slow', 'command:told']})
	.command('slow', {cmd: 'sh o/slow', refreshonly: true})
	.command('told', {cmd: 'echo told >>o/log', refreshonly: true});
	END
	said 'the deadline of 60 s has passed: 1 resources are left'
	run -0 p2-apply -d "$store" -O
	[[ $output == *'notify command:told' ]]
	# What was left is done by the next run, which any change brings about.
	echo : >o/slow
	echo >>site.p2
	wait_until grep -q told o/log
	wait_until waits "$watcher"
	: >o/log
	echo 'echo 300 >o/ahead' >o/slow
	echo bad >w/f
	wait_until said_twice
	holds w/f good
	[ ! -s o/log ]
	run -0 p2-apply -d "$store" -O
	[[ $output == *'notify command:told' ]]
	stop
}

said_twice() { [ "$(log | grep -c 'the deadline of 60 s has passed: 1 resources are left')" -eq 2 ]; }
