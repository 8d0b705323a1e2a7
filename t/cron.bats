#!/usr/bin/env bats
# Lines of crontabs: those that are ours, and those that are not.
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	scratch_setup
	mkdir -p upper/etc upper/root upper/var/spool/cron/crontabs
	chown 0:crontab upper/var/spool/cron/crontabs
	chmod 1730 upper/var/spool/cron/crontabs
	tab=upper/var/spool/cron/crontabs/root
}

# twice POLICY STDOUT: a dry run, the run, and a second one that does nothing.
twice() {
	on_host_apply -n <<<"p2$1;"
	[ "$status" -eq 1 ]
	[ "$stderr" = "" ]
	on_host_apply <<<"p2$1;"
	is 0 "$2"
	on_host_apply <<<"p2$1;"
	is 0 ''
}

@test "cron: an entry is made, corrected where it is, and removed; the rest stays" {
	printf '%s\n' '# mine' 'MAILTO=root' '* * * * * true  # x' '' >"$tab"
	printf '5 4 * * * old' >>"$tab"
	chmod 600 "$tab"
	twice ".cron('backup', {command: 'backup --all', hour: 3, minute: '*/20', weekday: 'Mon-Fri,sun', month: ['jan', 6]})" \
	    'changed cron backup: Wrote the entry.'
	diff -u - "$tab" <<-'END'
	# mine
	MAILTO=root
	* * * * * true  # x

	5 4 * * * old
	# p2: backup
	*/20 3 * 1,6 1-5,0 backup --all
	END
	echo '7 7 * * * last' >>"$tab"
	twice ".cron('backup', {command: 'date +\\\\%F >d; cat', special: 'daily', environment: {PATH: '/bin:/usr/bin', MAILTO: '', A: ' \"b'}, stdin: 'one\n100%\n'}).cron('two', {command: 'two'})" \
	    'changed cron backup: Wrote the entry.
changed cron two: Wrote the entry.'
	diff -u - "$tab" <<-'END'
	# mine
	MAILTO=root
	* * * * * true  # x

	5 4 * * * old
	# p2: backup
	PATH=/bin:/usr/bin
	MAILTO=""
	A=' "b'
	@daily date +\%F >d; cat%one%100\%
	7 7 * * * last
	# p2: two
	* * * * * two
	END
	twice ".cron(['backup', 'two', 'none'], {ensure: 'absent'})" \
	    'changed cron backup: Removed the entry.
changed cron two: Removed the entry.'
	diff -u - "$tab" <<-'END'
	# mine
	MAILTO=root
	* * * * * true  # x

	5 4 * * * old
	7 7 * * * last
	END
}

@test "cron: a line that is there without a name gets one, where it is" {
	printf '%s\n' '# mine' '0 3 * * *  backup' '0 3 * * * backup' '1 1 * * * x' >"$tab"
	twice ".cron('nightly', {command: 'backup', hour: 3, minute: 0})" \
	    'changed cron nightly: Wrote the entry.'
	diff -u - "$tab" <<-'END'
	# mine
	0 3 * * *  backup
	# p2: nightly
	0 3 * * * backup
	1 1 * * * x
	END
	# What was its line is gone: a comment is none.
	printf '%s\n' '# p2: nightly' '# other' '1 1 * * * x' '# p2: nightly' '2 2 * * * y' >"$tab"
	twice ".cron('nightly', {command: 'backup', special: '@reboot'})" \
	    'changed cron nightly: Wrote the entry.'
	diff -u - "$tab" <<-'END'

	# p2: nightly
	@reboot backup
	# other
	1 1 * * * x
	END
}

@test "cron: a crontab is its user's, and goes with its last line" {
	on_host_apply <<<"p2.user('p2cron', {uid: 4711}).cron('a', {user: 'p2cron', command: 'true', environment: {X: 1}});"
	is 0 'changed user p2cron: Created user.
changed cron a: Wrote the entry.'
	run -0 stat -c '%a %u %G' upper/var/spool/cron/crontabs/p2cron
	[ "$output" = '600 4711 crontab' ]
	on_host crontab -u p2cron -l >list
	# Of comments in the first lines it says nothing.
	diff -u - list <<-'END'

	# p2: a
	X=1
	* * * * * true
	END
	# cron insists on these.
	chmod 644 upper/var/spool/cron/crontabs/p2cron
	chown 0:0 upper/var/spool/cron/crontabs/p2cron
	twice ".cron('a', {user: 'p2cron', command: 'true', environment: {X: 1}})" \
	    'changed cron a: Wrote the entry.'
	run -0 stat -c '%a %u %G' upper/var/spool/cron/crontabs/p2cron
	[ "$output" = '600 4711 crontab' ]
	twice ".cron('a', {ensure: 'absent', user: 'p2cron'})" 'changed cron a: Removed the entry.'
	on_host test ! -e /var/spool/cron/crontabs/p2cron
	on_host_apply <<<"p2.cron('a', {user: 'nobody4711', command: 'true'});"
	[ "$status" = 2 ]
	[[ $stderr == *"nobody4711"* ]]
	on_host test ! -e /var/spool/cron/crontabs/nobody4711
}

@test "cron: a file below /etc/cron.d names the user" {
	twice ".cron('a', {target: '/etc/cron.d/p2_jobs-1', user: 'daemon', command: 'a', hour: '0-23/2', minute: 0}).cron('b', {target: '/etc/cron.d/p2_jobs-1', command: 'b'})" \
	    'changed cron a: Wrote the entry.
changed cron b: Wrote the entry.'
	diff -u - upper/etc/cron.d/p2_jobs-1 <<-'END'
	# p2: a
	0 0-23/2 * * * daemon a
	# p2: b
	* * * * * root b
	END
	[ "$(stat -c '%a %u' upper/etc/cron.d/p2_jobs-1)" = '644 0' ]
	twice ".cron(['a', 'b'], {target: '/etc/cron.d/p2_jobs-1', ensure: 'absent'})" \
	    'changed cron a: Removed the entry.
changed cron b: Removed the entry.'
	on_host test ! -e /etc/cron.d/p2_jobs-1
}

@test "cron: cron itself runs it, at once, with what it is to read" {
	on_host_apply <<<"p2.user('p2cron').cron('a', {user: 'p2cron', special: 'reboot', stdin: 'one\n2%\n', environment: {WHO: '  me'}, command: 'cd /tmp; { cat; echo \"\$WHO\$(date +\\\\%%)\"; id -un; } >said.new; mv said.new said'}).cron('b', {target: '/etc/cron.d/p2', special: '@reboot', command: 'while [ ! -e /tmp/said ]; do sleep 0.1; done; kill \$(cat /run/crond.pid)'});"
	[[ $stderr == *'command: a % without a backslash before it: for cron, the command ends there' ]]
	on_host_apply <<<"p2.user('p2cron').cron('a', {user: 'p2cron', special: 'reboot', stdin: 'one\n2%\n', environment: {WHO: '  me'}, command: 'cd /tmp; { cat; echo \"\$WHO\$(date +\\\\%Y | sed s/.*/x/)\"; id -un; } >said.new; mv said.new said'}).cron('b', {target: '/etc/cron.d/p2', special: '@reboot', command: 'while [ ! -e /tmp/said ]; do sleep 0.1; done; kill \$(cat /run/crond.pid)'});"
	[ "$status" = 0 ]
	run on_host timeout 60 cron -f
	[ "$(cat upper/tmp/said)" = 'one
2%
  mex
p2cron' ]
}

@test "cron: what cannot be is refused, and nothing is touched" {
	for bad in "'a'|command: is missing" "'a', {command: 'x\n y'}|command: not a line" \
	    "'a', {command: 'date +%F'}|command: a % without a backslash before it: for cron, the command ends there" \
	    "'a', {command: 'x', minute: 60}|minute 60: not from 0 to 59" \
	    "'a', {command: 'x', minute: -1}|minute -1: neither *, a number nor a range" \
	    "'a', {command: 'x', hour: '1-24'}|hour 1-24: not from 0 to 23" \
	    "'a', {command: 'x', hour: '5-1'}|hour 5-1: ends before it begins" \
	    "'a', {command: 'x', monthday: 0}|monthday 0: not from 1 to 31" \
	    "'a', {command: 'x', month: 'mon'}|month mon: neither *, a number nor a range" \
	    "'a', {command: 'x', weekday: 'Monday'}|weekday Monday: neither *, a number nor a range" \
	    "'a', {command: 'x', minute: '*/90'}|minute */90: not a step of that field" \
	    "'a', {command: 'x', minute: '5/10'}|minute 5/10: a step needs a range, or *" \
	    "'a', {command: 'x', minute: '1,,2'}|minute : neither *, a number nor a range" \
	    "'a', {command: 'x', minute: '1,'}|minute 1,: something is missing" \
	    "'a', {command: 'x', minute: []}|minute []: an empty list" \
	    "'a', {command: 'x', special: 'often'}|special often: not one that cron knows" \
	    "'a', {command: 'x', special: 'daily', hour: 3}|special: there is hour, too" \
	    "'a', {command: 'x', environment: {'A B': 1}}|environment A B: not the name of a variable" \
	    "'a', {command: 'x', environment: {A: ' \"\\''}}|environment A: cron has no way to write quotes of both kinds" \
	    "'a', {command: 'x', environment: {A: 'x '}}|environment A: ends in a blank, which cron does not keep" \
	    "'a', {command: 'x', environment: {A: 'x\ny'}}|environment A: more than a line" \
	    "'a', {command: 'x', user: '../x'}|user ../x: not the name of one" \
	    "'a', {command: 'x', target: '/etc/cron.d/a.sh'}|target /etc/cron.d/a.sh: cron passes over files of such a name" \
	    "'a', {command: 'x', target: 'x'}|target x: not an absolute path" \
	    "'a', {command: 'x', ensure: 'gone'}|ensure gone: neither present nor absent"; do
		on_host_apply <<<"p2.cron(${bad%|*});"
		is 2 '' "p2-apply: site.p2:1: cron a: ${bad#*|}"
	done
	[ ! -e "$tab" ]
	on_host_apply <<<"p2.cron('a\nb', {command: 'x'});"
	[[ $stderr == *': the title is not a line' ]]
}

@test "cron: where there is no cron, a run says so, and a dry run bears it" {
	on_host rm -r /var/spool/cron
	on_host_apply <<<"p2.cron('b', {ensure: 'absent'}).cron('a', {command: 'x'});"
	is 2 '' 'p2-apply: site.p2:1: cron a: there is no directory for crontabs: is cron installed?'
	on_host_apply -n <<<"p2.cron('a', {command: 'x'});"
	[ "$status" = 1 ]
	[ "${lines[0]}" = "would change cron a: /var/spool/cron/crontabs/root: /var/spool/cron: directory is missing; /var/spool/cron/crontabs: directory is missing; is missing" ]
	# Where others keep them.
	on_host mkdir -p /var/spool/cron
	twice ".cron('a', {command: 'x'})" 'changed cron a: Wrote the entry.'
	[ "$(cat upper/var/spool/cron/root)" = '
# p2: a
* * * * * x' ]
}

@test "cron: what the journal keeps of it, --undo puts back" {
	echo '1 1 * * * x' >"$tab"
	on_host sh -c 'echo "p2.cron(\"a\", {command: \"y\"});" >/root/a.p2; p2-apply -d /root/db /root/a.p2; p2-apply -d /root/db -u'
	[ "$(cat "$tab")" = '1 1 * * * x' ]
	on_host sh -c 'p2-apply -j -d /root/db /root/a.p2' >out
	[ "$(jq -r 'select(.type == "cron") | .outcome + " " + .path' out)" = 'changed /var/spool/cron/crontabs/root' ]
}
