#!/usr/bin/env bats
# shellcheck disable=SC2016	# for the shell that the policy runs
# p2-apply: what was there comes back where whoever was told of a change fails.
load p2

setup() {
	p2_setup
	# shellcheck disable=SC2034	# for apply, in p2.bash
	db=$store
	echo good >conf
	chmod 640 conf
}

# A service that only starts with a good configuration.
start='grep -qs good conf && cp conf running'

conf="p2.file('conf', {content: 'bad\\n', mode: '0600', keep_orig: false, rollback: true"

@test "rollback: a notified resource that fails has the old content back, and is run again" {
	apply <<-END
	$conf, notify: 'command:start'})
	.file('later', {content: 'x'}).command('start', {cmd: '$start', refreshonly: true});
	END
	is 2 "changed file conf: Content Replaced. Changed mode from 0640 to 0600.
changed file later: Created file.
restored file $PWD/conf: content, mode 0600 to 0640
changed command start: runs each time" 'p2-apply: site.p2:2: command start: exit status 1'
	[ "$(cat conf running)" = $'good\ngood' ]
	[ "$(stat -c %a conf)" = 640 ]
	[ -e later ]
	run -1 p2-apply -d "$store" -O
	run -0 partisci-query -d "$store" results
	run jq -r '"\(.outcome) \(.title) \(.why)"' <<<"$output"
	[ "$output" = 'changed start runs each time
failed conf rolled back: command:start has failed
changed later is missing' ]
}

@test "rollback: so does a handler of its event, with all that it declares" {
	apply <<-END
	$conf, on: {'file:conf:changed': function () {
	  p2.command('before', {cmd: 'echo before >>log'});
	  p2.command('start', {cmd: '$start'});
	}}});
	END
	is 2 "changed file conf: Content Replaced. Changed mode from 0640 to 0600.
changed command before: runs each time
restored file $PWD/conf: content, mode 0600 to 0640
changed command before: runs each time
changed command start: runs each time" 'p2-apply: site.p2:3: command start: exit status 1'
	[ "$(cat conf running log)" = $'good\ngood\nbefore\nbefore' ]
	run -1 p2-apply -d "$store" -O
}

@test "rollback: a file that was not there goes; one that is told and fails again is left so" {
	rm conf
	apply <<-END
	$conf, notify: 'command:start'}).command('start', {cmd: '$start', refreshonly: true});
	END
	is 2 "changed file conf: Created file.
restored file $PWD/conf: a file goes" 'p2-apply: site.p2:1: command start: exit status 1'
	[ ! -e conf ]
	run -0 p2-apply -d "$store" -O
	[[ $output == *'file:conf	notify command:start' ]]
}

@test "rollback: only for the change that it is told of" {
	apply <<-END
	p2.file('other', {content: 'o', notify: 'command:start'});
	$conf}).command('start', {cmd: 'false', refreshonly: true});
	END
	is 2 'changed file other: Created file.
changed file conf: Content Replaced. Changed mode from 0640 to 0600.' \
	    'p2-apply: site.p2:2: command start: exit status 1'
	[ "$(cat conf)" = bad ]
}

@test "rollback: a second run finds the same, and an undo what there was" {
	policy="$conf, notify: 'command:start'}).command('start', {cmd: '$start', refreshonly: true});"
	apply <<<"$policy"
	[ "$status" -eq 2 ]
	apply <<<"$policy"
	[ "$status" -eq 2 ]
	[ "$(cat conf)" = good ]
	run -0 p2-apply -d "$store" -u
	[ "$(cat conf)" = good ]
}

@test "rollback: without a store there is none, and nothing is changed" {
	db='' apply <<<"$conf});"
	is 2 '' 'p2-apply: site.p2:1: file conf: rollback needs a store'
	[ "$(cat conf)" = good ]
	apply -n <<<"$conf});"
	[ "$status" -eq 1 ]
}
