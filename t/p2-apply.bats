#!/usr/bin/env bats
# p2-apply: the command resource, and the run as such.
# shellcheck disable=SC2016	# for the policy, or the shell that it runs
load p2

setup() {
	p2_setup
	# shellcheck disable=SC2034	# for apply, in p2.bash
	db=$store
}

@test "command: returns is a status, several, or ignore" {
	apply <<-'END'
	p2.command('exit 3', {returns: 3}).command('exit 4', {returns: [0, 4]})
	.command('exit 5', {returns: 'ignore'}).command('true', {returns: 1});
	END
	is 2 'changed command exit 3: runs each time
changed command exit 4: runs each time
changed command exit 5: runs each time' 'p2-apply: site.p2:2: command true: exit status 0'
}

@test "command: cwd, env, umask, and stdin of no use" {
	mkdir d
	apply <<-'END'
	p2.command('pwd; umask; cat; echo $A $HOME', {cwd: 'd', env: {A: 'x y'}, umask: '027'},
	    function (rc, out) { console.log(out.replace(/^.*\//, '').trim()); });
	process.env.P2_TEST = 'inherited';
	p2.command('echo $P2_TEST', function (rc, out) { console.log(out.trim()); });
	END
	is 0 'changed command pwd; umask; cat; echo $A $HOME: runs each time
d
0027
x y
changed command echo $P2_TEST: runs each time
inherited'
	apply <<<"p2.command('true', {cwd: 'missing'});"
	is 2 '' 'p2-apply: site.p2:1: command true: missing: No such file or directory'
}

@test "command: uid, gid and user are for root" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	apply <<-'END'
	function show(rc, out) { console.log(out.trim()); }
	p2.command('id -u; id -g', {uid: 65534, gid: 65533}, show)
	.command('id -un', {user: 'nobody'}, show);
	p2.command('true', {user: 'no-such-user'});
	END
	is 2 'changed command id -u; id -g: runs each time
65534
65533
changed command id -un: runs each time
nobody' 'p2-apply: site.p2:4: command true: there is no user no-such-user'
}

@test "command: timeout ends all that it has started" {
	apply <<-'END'
	p2.command('sleep 77 & echo $! >pid; wait', {timeout: 0.2});
	END
	is 2 '' 'p2-apply: site.p2:1: command sleep 77 & echo $! >pid; wait: took longer than 0.2 s'
	wait_until ended "$(cat pid)"
}

@test "command: tries again, and counts" {
	apply <<-'END'
	p2.command('echo x >>tries; test $(wc -l <tries) -eq 3', {tries: 5, try_sleep: 0.01});
	END
	[ "$status" -eq 0 ]
	[ "$(wc -l <tries)" -eq 3 ]
}

@test "command: what stays in the background does not hold up the run" {
	apply <<-'END'
	p2.command('sleep 30 & echo $! >pid; echo done', function (rc, out) { console.log(out.trim()); });
	END
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = 'done' ]
	run -1 ended "$(cat pid)"
	kill "$(cat pid)"
}

@test "command: any amount of output, and the last of it is kept" {
	apply <<-'END'
	p2.command('head -c 50000000 /dev/zero | tr "\\0" x; echo end', function (rc, out) {
	  console.log(out.length <= 16 << 20, out.slice(-5).trim());
	});
	END
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = 'true xend' ]
}

@test "command: killed by a signal, rc is null" {
	apply <<-'END'
	p2.command('kill -9 $$', function (rc) { console.log(rc); });
	END
	is 2 'null' 'p2-apply: site.p2:1: command kill -9 $$: ended by signal 9, Killed'
}

@test "powershell: without pwsh there is one clear failure" {
	! command -v pwsh >/dev/null || skip 'there is a pwsh'
	apply <<<"p2.powershell('Get-Date');"
	is 2 '' 'p2-apply: site.p2:1: powershell Get-Date: pwsh was not found: PowerShell is not installed here'
}

@test "powershell: pwsh gets the text" {
	mkdir bin
	printf '#!/bin/sh\nfor a; do echo "<$a>"; done\n' >bin/pwsh
	chmod +x bin/pwsh
	PATH=$PWD/bin:$PATH apply <<<"p2.powershell('Get-Date');"
	is 0 'changed powershell Get-Date: runs each time
<-NoProfile>
<-NonInteractive>
<-Command>
<Get-Date>'
}

@test "p2-apply: --noop changes nothing, and exits 1 if something would" {
	apply -n <<-'END'
	p2.command('touch a', {creates: 'a'}).command('touch a again', {creates: 'a'})
	.lambda('l', function () { require('fs').writeFileSync('b', 'x'); });
	END
	is 1 'would change command touch a: a does not exist
would change lambda l: would call writeFile b'
	[ ! -e a ]
	[ ! -e b ]
	touch a
	apply -n <<<"p2.command('touch a', {creates: 'a'});"
	is 0 ''
}

@test "p2-apply: the option noop holds one resource back" {
	apply <<<"p2.command('touch a', {noop: true}).command('touch b');"
	is 0 'noop command touch a: runs each time
changed command touch b: runs each time'
	[ ! -e a ]
}

@test "p2-apply: --check only loads" {
	apply -c <<<"p2.command('touch a'); console.log('loaded');"
	is 0 'loaded'
	apply -c <<<"p2.command('touch a', {no: 1});"
	[ "$status" -eq 2 ]
	[ ! -e a ]
}

@test "p2-apply: --json tells each resource, and a summary" {
	apply -j <<-'END'
	p2.command('echo x; exit 3', {returns: 3})
	.command('true', {creates: '/'});
	console.log('to stderr');
	END
	[ "$status" -eq 0 ]
	[ "$stderr" = 'to stderr' ]
	run -0 jq -c 'del(.ms) | .file? |= (. // "" | sub(".*/"; ""))' <<<"$output"
	[ "$output" = '{"type":"command","title":"echo x; exit 3","outcome":"changed","why":"runs each time","file":"site.p2","line":1,"status":3}
{"type":"command","title":"true","outcome":"skipped","why":"/ exists","file":"site.p2","line":2}
{"summary":true,"noop":false,"changed":1,"ok":0,"skipped":1,"failed":0,"drift":0,"orphans":0,"file":""}' ]
}

@test "p2-apply: --max-changes stops before the first change" {
	apply -m 1 <<<"p2.command('touch a').command('touch b');"
	is 2 '' 'p2-apply: 2 resources would change, more than 1: nothing was done'
	[ ! -e a ]
	apply -m 2 <<<"p2.command('touch a').command('touch b');"
	[ "$status" -eq 0 ]
	[ -e b ]
}

@test "p2-apply: --tag runs what has the tag" {
	apply -t x -t z <<-'END'
	p2.command(': 1', {tag: 'x'}).command(': 2').command(': 3', {tag: ['y', 'z']}).command(': 4', {tag: 'y'});
	END
	is 0 'changed command : 1: runs each time
changed command : 3: runs each time'
}

@test "p2-apply: --explain says why" {
	apply -e 'command:touch a' <<<"p2.command('touch a', {creates: 'a'}).command('x');"
	is 1 'command touch a, declared at '"$PWD"'/site.p2:1
would change: a does not exist'
	apply -e nosuch <<<"p2.command('x');"
	is 2 '' 'p2-apply: nosuch: no such resource'
}

@test "p2-apply: a policy that others may write, or own, is refused" {
	echo "p2.command('touch a');" >open.p2
	chmod 666 open.p2
	run -2 --separate-stderr p2-apply -d '' open.p2
	[ "$stderr" = "p2-apply: $PWD/open.p2 is refused: others than its owner may write it" ]
	apply <<<"p2.include('open');"
	is 2 '' 'p2-apply: site.p2:1: open.p2 is refused: others than its owner may write it'
	if [ "$(id -u)" -eq 0 ]; then
		chmod 600 open.p2
		chown 65534 open.p2
		run -2 --separate-stderr p2-apply -d '' open.p2
		[ "$stderr" = "p2-apply: $PWD/open.p2 is refused: belongs neither to root nor to the caller" ]
	fi
	[ ! -e a ]
}

@test "p2-apply: a policy that does not exist" {
	run -2 --separate-stderr p2-apply -d '' missing.p2
	[ "$stderr" = 'p2-apply: missing.p2: No such file or directory' ]
}

@test "p2-apply: - is stdin" {
	run -0 --separate-stderr p2-apply -d '' - <<<"p2.command('true');"
	[ "$output" = 'changed command true: runs each time' ]
}

@test "p2-apply: one run at a time, and the other says who" {
	echo "p2.command('touch started; sleep 5; touch ended');" >long.p2
	start p2-apply -d "$store" long.p2
	wait_until test -e started
	apply <<<"p2.command('true');"
	is 2 '' "p2-apply: store: process $pid holds it"
	kill -INT "$pid"
	wait_until ended "$pid"
	apply <<<"p2.command('true');"
	[ "$status" -eq 0 ]
}

@test "p2-apply: SIGTERM ends between steps, Ctrl-C a command, too" {
	echo "p2.command('touch started; sleep 0.3; touch ended').command('touch never');" >t.p2
	start p2-apply -d "$store" t.p2
	wait_until test -e started
	kill -TERM "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq 2 ]
	[ -e ended ]
	[ "$(cat p2-apply.log)" = 'p2-apply: ended by SIGTERM' ]
	rm -f started ended p2-apply.log
	echo "p2.command('touch started; sleep 66; touch ended').command('touch never');" >t.p2
	start p2-apply -d "$store" t.p2
	wait_until test -e started
	kill -INT "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq 2 ]
	[ ! -e ended ]
	[ ! -e never ]
}

@test "p2-apply: process.exit ends the run with that status" {
	apply <<<"p2.lambda('l', function () { process.exit(7); }).command('touch never');"
	is 7 ''
	[ ! -e never ]
}

@test "p2-apply: output that cannot be written is trouble" {
	echo "p2.command('true');" >site.p2
	run -2 --separate-stderr bash -c 'p2-apply -d "" site.p2 >/dev/full'
	[ "$stderr" = 'p2-apply: stdout: No space left on device' ]
}

@test "p2-apply: what was compiled is kept, and used" {
	apply <<<"p2.command('true'); console.log(1);"
	is 0 '1
changed command true: runs each time'
	apply <<<"p2.command('true'); console.log(1);"
	is 0 '1
changed command true: runs each time'
	apply <<<"p2.command('true'); console.log(2); throw new Error('x');"
	is 2 '2' 'p2-apply: site.p2:1: x'
	run --separate-stderr p2-apply -d "$store" site.p2
	stderr=${stderr//$PWD\//}
	is 2 '2' 'p2-apply: site.p2:1: x'
}

@test "p2-apply: several hundred thousand steps" {
	apply <<-'END'
	for (var i = 0; i < 200000; i++) p2.command('false', {onlyif: false, noop: true});
	END
	is 0 ''
}

@test "p2-apply: facts are those of p2-facts, custom ones included" {
	mkdir facts.d
	echo '{"a": 5}' >facts.d/mine.json
	apply -F "$PWD/facts.d" <<-'END'
	console.log(p2.facts.os_hostname, p2.facts.os.name, p2.facts.external.mine.a);
	p2.facts.os_hostname = 'mine';
	console.log(p2.facts.os_hostname, 'os_family' in p2.facts, p2.facts.nosuch);
	END
	is 0 "$(uname -n) $(p2-facts os.name) 5
mine true undefined"
}

@test "p2-apply: the applied policy is an update of this host" {
	apply <<<"p2.command('true');"
	[ "$status" -eq 0 ]
	digest=$(sha256sum site.p2 | cut -c 1-16)
	run -0 partisci-query -d "$store" versions -a policy:site
	run -0 jq -r '.app, .ver, .host' <<<"$output"
	[ "$output" = "policy:site
$digest
$(uname -n)" ]
	apply <<<"p2.version('41');"
	[ "$status" -eq 0 ]
	apply <<<"p2.version('42').command('false');"	# it is not on that one
	[ "$status" -eq 2 ]
	run -0 partisci-query -d "$store" versions -a policy:site
	run -0 jq -r .ver <<<"$output"
	[ "$output" = 41 ]
	run -0 partisci-query -d "$store" check
}

@test "p2-apply: a dry run and a check leave the store alone" {
	apply <<<"p2.command('true', {creates: '/'});"
	[ "$status" -eq 0 ]
	before=$(sha256sum "$store/data.mdb")
	apply -n <<<"p2.version('x').command('true');"
	[ "$status" -eq 1 ]
	apply -c <<<"p2.version('x').command('true');"
	[ "$status" -eq 0 ]
	[ "$(sha256sum "$store/data.mdb")" = "$before" ]
}

@test "p2-apply: partisci-query tells of runs and results" {
	apply <<<"p2.command(': a').command(': b', {onlyif: false}).command('exit 5');"
	[ "$status" -eq 2 ]
	apply <<<"p2.command(': a').command(': b', {onlyif: false});"
	[ "$status" -eq 0 ]
	run -0 partisci-query -d "$store" runs
	run -0 jq -r '[.policy, .outcome, .changed, .ok, .skipped, .failed] | join(" ")' <<<"$output"
	[ "$output" = 'site failed 1 0 1 1
site changed 1 0 1 0' ]
	run -0 partisci-query -d "$store" results
	run -0 jq -r '[.type, .title, .outcome, .why] | join("|")' <<<"$output"
	[ "$output" = 'command|: a|changed|runs each time
command|: b|skipped|onlyif says no
command|exit 5|failed|exit status 5' ]
	run -0 partisci-query -t -d "$store" results -l 1
	[[ ${lines[0]} =~ ^TIME\ +TYPE\ +TITLE\ +OUTCOME\ +CAUSE\ +WHY$ ]]
	run -1 partisci-query -d "$store" runs -S 2100-01-01
}
