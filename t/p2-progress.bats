#!/usr/bin/env bats
# How far a run is, on a terminal; and colours there.
load p2

setup() {
	p2_setup
	export TERM=xterm COLUMNS=80
	unset NO_COLOR
}

# on_terminal COMMAND: what it writes to one, into $screen; lines end as usual.
on_terminal() {
	run script -qec "$1" /dev/null
	screen=${output//$'\r\n'/$'\n'}
	screen=${screen%$'\r'}
}

# What is left to be read when all lines that were drawn over are gone, and
# drawings: what they were.
left() { printf '%s\n' "$screen" | sed $'s/\r[^\r]*\033\\[K//g'; }
drawings() { grep -o $'\r[^\r]*\033\\[K' <<<"$screen" | tr -d '\r' |
	sed $'s/\033\\[K//'; }

@test "progress: each step that takes long is drawn, and all is wiped" {
	echo "p2.command('sleep 0.3').command('true').command('sleep 0.4');" >a.p2
	on_terminal 'NO_COLOR=1 p2-apply -d "" a.p2'
	[ "$status" -eq 0 ]
	# What is short is seen only on a host that has a lot to do.
	[ "$(drawings | grep -v -e '^2/3 ' -e '^$')" = '1/3 command sleep 0.3
3/3 command sleep 0.4' ]
	[ "$(left)" = 'changed command sleep 0.3: runs each time
changed command true: runs each time
changed command sleep 0.4: runs each time' ]
	[[ $screen = *$'\r\033[Kchanged command sleep 0.4'* ]]
}

@test "progress: steps of roles count as they come, and titles are harmless" {
	cat >a.p2 <<-'END'
	p2.role('r', {p2: function () { for (var i = 0; i < 1500; i++) p2.lambda('l' + i, function () {});
	    p2.command('sleep 0.3; : \u001b[31m\u0007' + new Array(99).join('ä')); }});
	p2.r('x').lambda('y', function () {});
	END
	on_terminal 'stty cols 40; NO_COLOR=1 p2-apply -d "" a.p2 >/dev/null'
	[ "$status" -eq 0 ]
	[ "$(drawings | tail -n 2 | head -n 1)" = \
	    '1,502/1,503 command sleep 0.3; : ?[31m?' ]
	[ "$(left)" = "" ]
}

@test "progress: at most ten drawings a second" {
	cat >a.p2 <<-'END'
	p2.lambda('start', function () { global.end = Date.now() + 1000; });
	function again() { if (Date.now() < end) for (var i = 0; i < 50; i++) p2.lambda('l' + i, i ? function () {} : again); }
	p2.lambda('first', again);
	END
	before=${EPOCHREALTIME/./}
	on_terminal 'p2-apply -d "" a.p2'
	[ "$status" -eq 0 ]
	took=$((${EPOCHREALTIME/./} - before))
	n=$(drawings | grep -c .)
	[ "$n" -ge 2 ]
	[ "$n" -le $((took / 100000)) ]
	[ "$(left)" = "" ]
}

@test "progress: nowhere but on a terminal for people" {
	echo "p2.command('sleep 0.3');" >a.p2
	run -0 --separate-stderr p2-apply -d '' a.p2
	is 0 'changed command sleep 0.3: runs each time'
	on_terminal "p2-apply -d '' a.p2 2>err"
	[ ! -s err ]
	for how in '-j' '-v' '-c' "-e 'command:sleep 0.3'"; do
		on_terminal "p2-apply -d '' $how a.p2"
		[[ $screen != *$'\r'* ]]
	done
	on_terminal "TERM=dumb p2-apply -d '' a.p2"
	[[ $screen != *$'\r'* ]]
	# Nor where there was nothing to see.
	echo "p2.file('a.p2');" >b.p2
	on_terminal "p2-apply -d '' b.p2"
	[ "$screen" = "" ]
}

@test "progress: messages are not behind it" {
	echo "p2.command('sleep 0.3').command('sleep 0.3; false');" >a.p2
	on_terminal "NO_COLOR=1 p2-apply -d '' a.p2"
	[ "$status" -eq 2 ]
	[ "$(left)" = "changed command sleep 0.3: runs each time
p2-apply: $PWD/a.p2:1: command sleep 0.3; false: exit status 1" ]
}

@test "colour: on a terminal, unless NO_COLOR says no" {
	echo "p2.command('true');" >a.p2
	on_terminal "p2-apply -d '' a.p2"
	[ "$screen" = $'\033[33mchanged\033[m command true: runs each time' ]
	for how in 'NO_COLOR=1 p2-apply' 'p2-apply -j'; do
		on_terminal "$how -d '' a.p2"
		[[ $screen != *$'\033'* ]]
	done
	on_terminal "NO_COLOR= p2-apply -d '' a.p2"
	[[ $screen = *$'\033'* ]]
	on_terminal "p2-apply -d '' a.p2 >out"
	[ "$(cat out)" = 'changed command true: runs each time' ]
}
