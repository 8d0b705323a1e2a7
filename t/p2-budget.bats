#!/usr/bin/env bats
# p2-apply: when a run may be, for how long, and at whose expense.
load p2

# window OFFSET: from one hour before that many hours from now to one after.
window() {
	echo "$(date -d "$1 hours 1 hour ago" +%H:%M)-$(date -d "$1 hours 1 hour" +%H:%M)"
}

@test "window: outside of it nothing is done, without a word" {
	apply -X "$(window 12)" <<<"p2.command('touch a');"
	is 0 ''
	[ ! -e a ]
	apply -vX "$(window 12)" <<<"p2.command('touch a');"
	is 0 '' "p2-apply: outside of $(window 12): nothing was done" ||
	    [[ $stderr == 'p2-apply: outside of '*': nothing was done' ]]
	apply -nX "$(window 12)" <<<"p2.command('touch a', {creates: 'a'});"
	is 1 'would change command touch a: a does not exist'
	apply -X "$(window 0)" <<<"p2.command('touch a', {creates: 'a'});"
	is 0 'changed command touch a: a does not exist'
	apply -X 2am <<<"p2.command('touch a');"
	is 2 '' "p2-apply: -X '2am' has a time that is not as in 02:00-04:00"
}

@test "deadline: the step at hand is ended, what is left is told" {
	policy="p2.command('sleep 1.2; touch ended').command('touch never')
	.file('never', {content: 'x'}).lambda('never', function () {});"
	apply -D 1 <<<"$policy"
	is 2 'changed command sleep 1.2; touch ended: runs each time' \
	    'p2-apply: the deadline of 1 s has passed: 3 resources are left'
	[ -e ended ]
	[ ! -e never ]
	apply -D 1 -j <<<"$policy"
	run jq -r 'select(.outcome == "skipped") | "\(.type) \(.title): \(.why)"' <<<"$output"
	[ "$output" = 'command touch never: the deadline has passed
file never: the deadline has passed
lambda never: the deadline has passed' ]
	apply -D 60 <<<"p2.command('touch never', {creates: 'never'});"
	is 0 'changed command touch never: never does not exist'
}

@test "nice: the run gives way, and what it starts" {
	apply -N 19 <<-'END'
	p2.command('nice; ionice', function (rc, out) { console.log(out.trim()); });
	END
	is 0 'changed command nice; ionice: runs each time
19
idle'
	apply -N 20 <<<''
	is 2 '' 'p2-apply: -N 20: too large'
}
