#!/usr/bin/env bats
# Damaged records in what p2-apply keeps: it says so, or does without, and does
# nothing else than it would have done.
load p2

setup() {
	p2_setup
	echo c >c
	policy "p2.file('c', {content: 'kept', keep_orig: false});"
	V=1 run_all
	policy ''
	V=2 run_all
	V=3 C=false run_all
	p2-apply -d db -O
	mkdir start
	cp -a db a b c start
}

# Of what it has changed, c has left it, and somebody is to hear of a.
policy() {
	cat >site.p2 <<-END
	$1 p2.file('a', {content: process.env.V, keep_orig: false, notify: 'command:h'})
	.file('b', {content: 'b', keep_orig: false})
	.command(process.env.C || 'true').command('h', {cmd: 'echo h >>log', refreshonly: true});
	END
}

run_all() { p2-apply -d db site.p2 >/dev/null 2>&1 || :; }

# all_well HOW: after a command on a damaged store.
all_well() {
	if [ "$status" -gt 2 ] || [ "${#stderr_lines[@]}" -gt 1 ]; then
		false
	elif [ -n "$stderr" ]; then
		[[ $stderr =~ ^p2-apply:\ [^\ ]+:\ (.*:\ )?the\ store\ holds\ a\ damaged\ record$ ]]
	else
		[ "$status" -lt 2 ]
	fi || return 1
	[ "$(cat b c)" = bkept ] && [[ $(cat a) == [23] ]] &&
	    { [ ! -e log ] || [ "$(cat log)" = h ]; }
}

# damaged TABLE HOW [SEED]: each command, on a store of its own.
damaged() {
	local args

	for args in 'site.p2' '-n site.p2' '-O' '-y a' '-u'; do
		rm -rf db log
		cp -a start/. .
		[ "$(spoil db "$@")" -gt 0 ]
		# shellcheck disable=SC2086	# they are words
		V=3 run --separate-stderr p2-apply -d db $args
		all_well || {
			echo "$* $args: status $status"
			echo "$output"
			echo "$stderr"
			return 1
		}
	done
}

# kinds TABLE ...: of each, all kinds of damage.
kinds() {
	local table how seed

	for table; do
		for how in cut older newer empty; do
			damaged "$table" "$how"
		done
		for seed in 1 2 3 4; do
			damaged "$table" random "$seed"
		done
	done
}

@test "damage: of what is owed, and owned" {
	kinds owed holding left
	# It is told where it counts.
	damaged owed cut
	cp -a start/. .
	spoil db owed newer
	run -2 --separate-stderr p2-apply -O -d db
	[ "$output$stderr" = 'p2-apply: db: the store holds a damaged record' ]
}

@test "damage: of what is kept" {
	kinds change by_path content
	cp -a start/. .
	spoil db change newer
	run -2 --separate-stderr p2-apply -d db -u
	[ "$output$stderr" = 'p2-apply: db: the store holds a damaged record' ]
	[ "$(cat a)" = 3 ]
	cp -a start/. .
	spoil db content newer
	run -2 --separate-stderr p2-apply -d db -b a
	[ "$output" = '' ]
	[[ $stderr == *'/a: to put back what was there: the store holds a damaged record' ]]
	[ "$(cat a)" = 3 ]
}

@test "damage: of runs, results, and compiled policies, which are made anew" {
	kinds run result bytecode
	cp -a start/. .
	for table in run result bytecode; do spoil db $table random 7; done
	V=3 run -0 --separate-stderr p2-apply -d db site.p2
	[ "$output$stderr" = 'changed command true: runs each time
changed command h: runs each time' ]
}
