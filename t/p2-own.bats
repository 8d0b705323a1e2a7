#!/usr/bin/env bats
# Modules that a policy brings along: see "Anatomy of a module" in p2(5).
# shellcheck disable=SC2016	# for the policy
load scratch

setup() {
	p2_setup
	cat >entry.js <<-'END'
	module.exports = {
	  name: 'entry',
	  options: {
	    value: {type: ['string', 'integer'], required: true},
	    file: {type: 'string', default: 'entries'},
	    ensure: {type: 'string', default: 'present', values: ['present', 'absent']},
	    note: {type: 'string', template: true}
	  },
	  facts: {
	    entries: function () {
	      try { return require('fs').readFileSync('entries', 'utf8').split('\n').length - 1; }
	      catch (e) { return 0; }
	    }
	  },
	  plan: function (r) {
	    var text = r.read(r.options.file) || '';
	    r.after = text.replace(new RegExp('^' + r.title + '=.*\n', 'm'), '') +
	      (r.options.ensure === 'present' ? r.title + '=' + r.options.value + '\n' : '');
	    if (text.indexOf(r.title + '=' + r.options.value + '\n') >= 0 ===
	        (r.options.ensure === 'present'))
	      return;
	    r.why(r.title + ' is not ' + r.options.ensure);
	    r.diff(text, r.after, r.options.file);
	  },
	  apply: function (r) {
	    require('fs').writeFileSync(r.options.file, r.after);
	    r.did('Put ' + r.title + '.');
	    if (r.options.note) r.did(r.options.note);
	  },
	  watch: function (r) { return r.options.file; }
	};
	END
}

@test "p2.module: it is planned, applied, told and heard of, and then as wanted" {
	for what in 'changed entry a: Put a. n a
callback true
heard entry:a:changed 1
changed command : told: runs each time' 'callback false'; do
		apply <<-'END'
		p2.module('entry')
		.entry('a', {value: 1, note: 'n {{title}}', notify: 'command:: told'},
		    function (changed) { console.log('callback', changed); })
		.command(': told', {refreshonly: true})
		.on('entry:a:changed', function (e) { console.log('heard', e.eventname, p2.facts.entries); });
		END
		is 0 "$what"
	done
	[ "$(cat entries)" = a=1 ]
}

@test "p2.module: its options are checked before anything is done" {
	refused() {
		apply <<<"p2.file('never').module('entry')
.entry('a', {
  $1
});"
		is 2 '' "p2-apply: site.p2:2: entry a: TypeError: $2"
		[ ! -e never ]
	}
	refused 'valu: 1' 'there is no option valu; is it value?'
	refused 'value: 1, notfy: "x:y"' 'there is no option notfy; is it notify?'
	refused 'value: true' 'option value: not a string or an integer'
	refused 'file: "x"' 'option value: is required'
	refused 'value: 1, ensure: "gone"' 'option ensure: gone is none of present, absent'
}

@test "p2.module: a dry run shows what would be, and writes nothing" {
	apply -n <<<"p2.module('entry').entry('a', {value: 1});"
	is 1 'would change entry a: a is not present
--- entries
+++ entries
@@ -0,0 +1 @@
+a=1'
	[ ! -e entries ]
	apply -j -n <<<"p2.module('entry').entry('a', {value: 1, sensitive: true});"
	[ "$(jq -c '[.type,.title,.outcome,.why,.line,.diff]' <<<"${lines[0]}")" = \
	    '["entry","a","changed","a is not present",1,null]' ]
	apply <<<"p2.module('entry').entry('a', {value: 1, noop: true});"
	is 0 'noop entry a: a is not present'
	[ ! -e entries ]
}

@test "p2.module: a plan that writes, and an action that throws, are failures" {
	apply <<-'END'
	p2.module({name: 'bad', plan: function (r) {
	  require('fs').writeFileSync('x', 'y'); }, apply: function () {}})
	.bad('b');
	END
	is 2 '' 'p2-apply: site.p2:2: bad b: x: writeFile is not for what only looks'
	[ ! -e x ]
	apply <<-'END'
	p2.module({name: 'bad', apply: function (r) {
	  r.run(['sh', '-c', 'echo no >&2; exit 1']); }})
	.on('bad:b:failed', function () { console.log('heard'); })
	.bad('b');
	END
	is 2 heard 'p2-apply: site.p2:2: bad b: sh: no'
}

@test "p2.module: without a plan, what it does with p2's own is simulated" {
	local policy="p2.module({name: 'pair', options: {n: {type: 'integer'}},
	  apply: function (r) { r.file(r.title, {content: r.options.n + '\n'}); }})
	.pair(['x', 'y'], {n: 2}).command('cat x', {onlyif: function () {
	  return require('fs').readFileSync('x', 'utf8') === '2\n'; }});"
	apply -n <<<"$policy"
	[ "$status" = 1 ]
	[ ! -e x ]
	[ "${lines[0]}" = 'would change pair x: is missing' ]
	[ "${lines[-1]}" = 'would change command cat x: runs each time' ]
	apply <<<"$policy"
	is 0 'changed pair x: Created file.
changed pair y: Created file.
changed command cat x: runs each time'
	[ "$(cat x y)" = $'2\n2' ]
	apply <<<"${policy%.command*};"
	is 0 ''
}

@test "p2.module: promises are awaited, and results may be others" {
	apply <<-'END'
	p2.module({name: 'slow', plan: function (r) {
	  return new Promise(function (yes) { setTimeout(function () {
	    r.why('late'); yes(r.title === 's' ? {result: 'skipped', why: 'not here'} : 0); }, 5); });
	}, apply: function (r) { return Promise.resolve({result: 'odd'}); }})
	.slow(['a', 's'], {unless: 'false'}).slow('n', {onlyif: 'false'})
	.on('slow:a:odd', function () { console.log('odd'); })
	.on('slow:s:skipped', function () { console.log('skipped'); });
	END
	is 0 'odd
skipped'
}

@test "p2.module: files are beside the policy, or in -I; what is none is refused" {
	mkdir lib
	mv entry.js lib
	apply -I lib <<<"p2.module('entry').module('lib/entry').entry('a', {value: 1});"
	is 0 'changed entry a: Put a.'
	apply <<<"p2.module('entry');"
	is 2 '' 'p2-apply: site.p2:1: module entry: no such file'
	chmod 666 lib/entry.js
	apply <<<"p2.module('lib/entry');"
	is 2 '' 'p2-apply: site.p2:1: lib/entry.js is refused: others than its owner may write it'
	apply <<<"p2.module({name: 'x', aply: 1});"
	is 2 '' 'p2-apply: site.p2:1: module x: there is no aply in one'
	apply <<<"p2.module({name: 'x', apply: function () {}, options: {a: {type: 'text'}}});"
	is 2 '' 'p2-apply: site.p2:1: module x: TypeError: there is no type text'
	apply <<<"p2.module({name: 'file', apply: function () {}});"
	is 2 '' 'p2-apply: site.p2:1: module file: p2 has a member of that name already'
}

@test "p2.module: a step knows which paths are to be watched" {
	apply <<<"p2.module('entry').entry('a', {value: 1});
	console.log(p2.steps[0].watchPaths());"
	is 0 "[ 'entries' ]
changed entry a: Put a."
}

@test "p2.module: what is for all policies of a host is looked for last" {
	local all=upper/etc/p2/modules

	scratch_setup
	mkdir -p "$all" upper/root/lib
	say() { echo "module.exports = {name: 'said', apply: function (r) { r.did('$1 ' + r.title); }};"; }
	say host >"$all/said.js"
	on_host_apply -I /root/lib <<<"p2.module('said').said('a');"
	is 0 'changed said a: host a'
	say included >upper/root/lib/said.js
	on_host_apply -I /root/lib <<<"p2.module('said').said('a');"
	is 0 'changed said a: included a'
	say beside >upper/root/said.js
	on_host_apply -I /root/lib <<<"p2.module('said').said('a');"
	is 0 'changed said a: beside a'
	rm upper/root/said.js
	chmod 666 "$all/said.js"
	on_host_apply <<<"p2.module('said').said('a');"
	is 2 '' 'p2-apply: site.p2:1: /etc/p2/modules/said.js is refused: others than its owner may write it'
}
