#!/usr/bin/env bats
# The policy language: what is declared, in which order it is done, and what
# is said about it.
# shellcheck disable=SC2016	# for the policy, or the shell that it runs
load p2

@test "p2: nothing to do is nothing said" {
	touch there
	apply <<-'END'
	p2.command('false', {creates: 'there'}).command('false', {onlyif: 'false'});
	END
	is 0 ''
}

@test "p2: top-level code runs before anything is done" {
	apply <<-'END'
	p2.command('true', function () { console.log('callback'); });
	console.log('top');
	END
	is 0 'top
changed command true: runs each time
callback'
}

@test "p2: if evaluation throws, nothing is done" {
	apply <<-'END'
	p2.command('touch acted');

	throw new Error('own');
	END
	is 2 '' 'p2-apply: site.p2:3: own'
	[ ! -e acted ]
}

@test "p2: errors name file, line, resource and title" {
	apply <<-'END'
	var x = ;
	END
	is 2 '' 'p2-apply: site.p2:1: SyntaxError: empty expression not allowed'
	apply <<-'END'
	p2
	.command('true', {})
	.command('x', {return: 1});
	END
	is 2 '' 'p2-apply: site.p2:3: command x: TypeError: there is no option return; is it returns?'
	apply <<-'END'

	p2.command('x', {cwd: 1});
	END
	is 2 '' 'p2-apply: site.p2:2: command x: TypeError: option cwd: not a string'
	apply <<-'END'
	p2.command('true')
	  .nosuch('x');
	END
	[ "$status" -eq 2 ]
	[[ $stderr == 'p2-apply: site.p2:'*': TypeError: '*nosuch* ]]
}

@test "p2: a role's steps come in its place, a callback's at the end" {
	apply <<-'END'
	p2.role('r', {p2: function () { p2.command(': b1').command(': b2'); }})
	p2.command(': a', function () { p2.command(': z'); }).r('x').command(': c');
	END
	is 0 'changed command : a: runs each time
changed command : b1: runs each time
changed command : b2: runs each time
changed command : c: runs each time
changed command : z: runs each time'
}

@test "p2: plain files are for natives, others for the prelude" {
	apply -c <<-'END'
	p2.file('/first').file('/a', {content: 'x', mode: '0644'})
	.file('/b', {validate: 'true'}).file('/c', {}, function () {})
	.command('true');
	console.log(p2.steps.map(function (s) { return 'plain' in s; }).join());
	END
	is 0 'false,true,false,false,false'
}

@test "p2: pushSteps and flattenSteps put a callback's steps next" {
	apply <<-'END'
	p2.command(': a', function () {
	  p2.pushSteps(); p2.command(': y').command(': z'); p2.flattenSteps();
	}).command(': b');
	END
	is 0 'changed command : a: runs each time
changed command : y: runs each time
changed command : z: runs each time
changed command : b: runs each time'
}

@test "p2: a handler's steps come next, in the order of registration" {
	apply <<-'END'
	p2
	.on('command:: a:changed', function (e) { p2.command(': first'); })
	.command(': a')
	.command(': c', {on: {'command:: a:changed': function (e) {
	  console.log(e.eventname, e.module, e.title);
	  p2.command(': second');
	}}});
	END
	is 0 'changed command : a: runs each time
command:: a:changed command : a
changed command : first: runs each time
changed command : second: runs each time
changed command : c: runs each time'
}

@test "p2: a failure drops the queue, and its handlers are heard" {
	apply <<-'END'
	p2
	.command('echo out; echo err >&2; exit 3', function (rc, out, err) {
	  console.log(rc, JSON.stringify(out), JSON.stringify(err));
	})
	.on('command:echo out; echo err >&2; exit 3:failed', function () {
	  p2.command(': handler');
	})
	.command('touch never');
	END
	is 2 '3 "out\n" "err\n"
changed command : handler: runs each time' 'out
err
p2-apply: site.p2:2: command echo out; echo err >&2; exit 3: exit status 3'
	[ ! -e never ]
}

@test "p2: a lambda's result, or what it promises, is its event" {
	apply <<-'END'
	p2
	.lambda('l', {n: 1}, function (facts, opts) {
	  return new Promise(function (yes) {
	    setTimeout(function () { yes({result: 'done' + opts.n}); }, 10);
	  });
	})
	.on('lambda:l:done1', function (e) { console.log(e.eventname); })
	.lambda('m', function () { return {then: function (yes) { yes({result: 'changed'}); }}; });
	END
	is 0 'lambda:l:done1
changed lambda m'
}

@test "p2: a rejected promise, and one that nobody resolves, are failures" {
	apply <<-'END'
	p2.lambda('l', function () { return require('q').reject(new Error('no')); })
	.command('touch never');
	END
	is 2 '' 'p2-apply: site.p2:1: lambda l: no'
	apply <<-'END'
	p2.lambda('l', function () { return new Promise(function () {}); });
	END
	is 2 '' 'p2-apply: site.p2:1: lambda l: waits for a promise that nothing is left to resolve'
	[ ! -e never ]
}

@test "p2: onlyif and unless, in every form" {
	echo 'exit 1' >no.sh
	apply -v <<-'END'
	p2.command(': 1', {onlyif: 'false'}).command(': 2', {onlyif: 'true'})
	.command(': 3', {unless: 'true'}).command(': 4', {unless: 'false'})
	.command(': 5', {onlyif: function (f) { return require('q')(0); }})
	.command(': 6', {onlyif: function (f) { return f.os_hostname; }})
	.command(': 7', {onlyif: false}).command(': 8', {onlyif: ''})
	.command(': 9', {onlyif: {file: 'no.sh'}})
	.on('command:: 9:skipped', function (e) { console.log(e.eventname); });
	END
	is 0 'skipped command : 1: onlyif says no
changed command : 2: runs each time
skipped command : 3: unless says yes
changed command : 4: runs each time
skipped command : 5: onlyif says no
changed command : 6: runs each time
skipped command : 7: onlyif says no
changed command : 8: runs each time
skipped command : 9: onlyif says no
command:: 9:skipped' 'changed 4, ok 0, skipped 5, failed 0'
	apply <<-'END'
	p2.command(': 9', {onlyif: {file: 'missing'}});
	END
	is 2 '' 'p2-apply: site.p2:1: command : 9: missing: No such file or directory'
}

@test "p2: node selects by host name" {
	host=$(uname -n)
	apply <<-END
	p2
	.node('$host').command(': string')
	.node('x$host').command(': other')
	.node(['a', '$host']).command(': array')
	.node({a: '$host'}).command(': object')
	.node(/^${host:0:1}/).command(': regexp')
	.node(function (f) { return f.os_hostname !== '$host'; }).command(': function')
	.node(null).command(': null').node(7).command(': number')
	.node(false).command(': false')
	.node(true).command(': true')
	.node().command(': none');
	END
	is 0 'changed command : string: runs each time
changed command : array: runs each time
changed command : object: runs each time
changed command : regexp: runs each time
changed command : true: runs each time
changed command : none: runs each time'
}

@test "p2: a step starts with the selection it was declared under" {
	apply <<-'END'
	p2.role('r', {p2: function () { p2.node('nobody').command(': in'); }})
	.r('x').command(': after', function () { console.log(String(p2.getNode())); })
	.node('nobody');
	END
	is 0 'changed command : after: runs each time
undefined'
}

@test "p2: include evaluates a file once, beside the applied policy" {
	mkdir -p sub/dir
	cat >sub/a.p2 <<-'END'
	var own = 1;
	console.log('a', require('path').basename(__filename), typeof other);
	p2.include('sub/dir').include('sub/a');
	return;
	console.log('not reached');
	END
	echo "p2.command(': index');" >sub/dir/index.p2
	apply <<-'END'
	var other = 2;
	p2.include('sub/a').include('sub/a.p2').command(': site');
	console.log(typeof own);
	END
	is 0 'a a.p2 undefined
undefined
changed command : index: runs each time
changed command : site: runs each time'
	apply <<-'END'
	p2.command('touch never');
	p2.include('nosuch');
	END
	is 2 '' 'p2-apply: site.p2:2: include nosuch: no such file'
}

@test "p2: roles: facts, options, thenables, results and names" {
	apply <<-'END'
	p2.role('webapp', {
	  facts: function (deferred, facts) { deferred.resolve({port: 80, p2role: {webapp: {x: 1}}}); },
	  onlyif: 'true',
	  p2: function (title, opts) {
	    p2.command(': ' + title + ' ' + p2.facts.port + ' ' + opts.any);
	    return {then: function (yes) { setTimeout(function () {
	      p2.command(': later'); yes({result: 'changed'}); }, 5); }};
	  }
	});
	p2.on('webapp:shop:changed', function () { p2.command(': handler'); });
	p2.webapp('shop', {any: 'option'}).command(': end');
	p2.webapp('no', {onlyif: 'false'});
	p2.role('command', {p2: function () {}});
	console.log(JSON.stringify(p2.facts.p2role.webapp));
	p2.end(function () { console.log(JSON.stringify(p2.facts.p2role.webapp)); });
	END
	is 0 '{"loaded":true}
changed webapp shop
changed command : handler: runs each time
changed command : shop 80 option: runs each time
changed command : later: runs each time
changed command : end: runs each time
{"loaded":true,"x":1}' 'p2-apply: site.p2:13: role command: p2 has a member of that name already, which stays'
}

@test "p2: titles may be arrays, and each gets options of its own" {
	apply <<-'END'
	var o = {env: {A: '1'}};
	p2.command([': a', ': b'], o, function () { console.log(arguments.length); });
	p2.role('r', {p2: function (t, opts) { opts.x = t; console.log(t, Object.keys(opts).length); }});
	p2.r(['1', '2'], {});
	p2.command(7, {cmd: ': seven'});
	console.log(Object.keys(o).length);
	END
	is 0 '1
changed command : a: runs each time
3
changed command : b: runs each time
3
1 1
2 1
changed command 7: runs each time'
}

@test "p2: require and before put steps in order, notify and subscribe run them" {
	apply <<-'END'
	p2
	.command(': a', {require: 'command:: b'}).command(': b')
	.command(': d', {refreshonly: true}).command(': c', {notify: 'command:: d'})
	.command(': e', {refreshonly: true, subscribe: ['command:: a', 'command:: c']})
	.command(': f', {refreshonly: true})
	.command(': h').command(': g', {before: 'command:: h'});
	END
	is 0 'changed command : b: runs each time
changed command : a: runs each time
changed command : c: runs each time
changed command : g: runs each time
changed command : h: runs each time
changed command : e: runs each time
changed command : d: runs each time'
	apply <<-'END'
	p2.command(': a', {require: 'command:: b'}).command(': b', {require: 'command:: a'});
	END
	is 2 '' 'p2-apply: site.p2:1: command : a: needs command:: b, which needs it'
	apply <<-'END'
	p2.command(': a', {require: 'command:: b'});
	END
	is 2 '' 'p2-apply: site.p2:1: command : a: requires command:: b, which is not declared'
}

@test "p2: arrow functions, template literals, trailing commas and heredocs" {
	apply <<-'END'
	var h = require('heredoc');
	console.log(JSON.stringify(h(function () {/*
	  a "b" \n ${x}
	    c
	  */})), JSON.stringify(p2.heredoc.strip(() => {/*!
	  a
	    c
	*/})));
	if (true) {/* nothing */}
	console.log(`line
	two \`${[1, 2,].map(x => x * 2).join(`,${3}`)}`, ((a, b) => { return a + b; })(1, 2,));
	var f = x => y => x + y, g = () => ({a: [1, 2]}), c = true ? x => x : 0
	var o = {f: x => x > 1, n: 4 / 2 / 1, r: /[/"'`]/.test('`')};
	console.log(f(1)(2), g().a.length, c(5), o.f(2), o.n, o.r);
	throw new Error('line 15');
	END
	is 2 '"  a \"b\" \\n ${x}\n    c\n" "a\n  c\n"
line
two `2,34 3
3 2 5 true 2 true' 'p2-apply: site.p2:15: line 15'
}

@test "p2: what the language lacks is named, and how to write it" {
	lacks() {
		echo "
$1" >site.p2
		run --separate-stderr env PATH="$B/bin" p2-apply -d '' site.p2
		stderr=${stderr//$PWD\//}
		is 2 '' "p2-apply: site.p2:2: SyntaxError: $2; or install node-buble"
	}
	lacks 'let a = 1;' 'let is not in the language: write var'
	lacks 'class A {}' 'classes are not in the language: write a function that makes an object'
	lacks 'var {a} = b;' 'destructuring is not in the language: write var a = o.a'
	lacks 'f(...a);' 'spread and rest are not in the language: write f.apply(null, list) or a.concat(b)'
	lacks 'for (var a of b) f();' 'for-of is not in the language: write list.forEach(function (v) {...})'
	lacks 'var f = (a = 1) => a;' 'default parameters are not in the language: write if (a === undefined) a = 1;'
	lacks 'async function f() {}' 'async is not in the language: return a promise'
	lacks 'a ?? b' '?? is not in the language: write a === undefined ? b : a'
}

@test "p2: a policy that never ends, or takes all memory, is stopped" {
	apply -L 1 <<<'for (;;) ;'
	is 2 '' 'p2-apply: site.p2:1: stopped after computing for 1 seconds'
	apply -L 1 <<<'
/^(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");'
	is 2 '' 'p2-apply: site.p2:2: stopped after computing for 1 seconds'
	apply -L 1 <<<'p2.lambda("l", function () {}).lambda("m",
	    function () { for (;;) ; });'
	is 2 '' 'p2-apply: site.p2:2: lambda m: stopped after computing for 1 seconds'
	apply -L 1 <<<'p2.role("r", {p2: function (t) {
	  p2.command(":", function () { for (;;) ; }); }})
	.command("true", {onlyif: "false"}).r("t");'
	is 2 'changed command :: runs each time' \
	    'p2-apply: site.p2:2: command :: stopped after computing for 1 seconds'
	apply -M 20 <<<'var a = [];
	for (;;) a.push(new Array(1000).join("x") + a.length);'
	is 2 '' 'p2-apply: site.p2:2: out of the 20 MiB of memory that a policy may have'
	apply -M 20 <<<'p2.lambda("eat", function () { var s = "x";
	for (;;) s += s; });'
	is 2 '' 'p2-apply: site.p2:2: lambda eat: out of the 20 MiB of memory that a policy may have'
}

@test "p2: several policies are applied one after the other" {
	echo "p2.role('r', {p2: function (t) { p2.command(': ' + t); }}).r('1').node('no');" >one.p2
	echo "p2.r('2'); process.env.X = 'y';" >two.p2
	echo "p2.command('exit 4').command('touch never');" >bad.p2
	run -2 --separate-stderr p2-apply -d '' one.p2 two.p2 bad.p2 one.p2
	[ "$output" = 'changed command : 1: runs each time
changed command : 2: runs each time' ]
	[ "$stderr" = "p2-apply: $PWD/bad.p2:1: command exit 4: exit status 4" ]
}

@test "p2: templates in commands see title, options and facts" {
	apply <<-'END'
	p2.facts.who = '<me>';
	p2.command('echo {{{f.who}}} {{f.who}} {{opts.parms.a}} {{title}} | cat >{{opts.name}}',
	    {parms: {a: 1}, name: 'out'});
	p2.command('t', {cmd: 'cat <{{opts.parms.f}} >>out', creates: '{{opts.parms.f}}', parms: {f: 'out'}});
	END
	[ "$status" -eq 2 ]	# < > are not for a shell, and & is
	apply <<-'END'
	p2.facts.who = 'me';
	p2.command('echo {{f.who}} {{opts.parms.a}} {{#opts.parms.l}}<{{.}}>{{/opts.parms.l}}'.replace(/[<>]/g, '-'),
	    {parms: {a: 1, l: ['x', 'y']}}, function (rc, out) { console.log(out.trim()); });
	END
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = 'me 1 -x--y-' ]
}

@test "p2: Map, Set, Promise and newer methods" {
	apply <<-'END'
	var m = new Map([['a', 1], [m, 2]]), s = new Set([1, 1, 2]);
	console.log(m.get('a'), m.size, s.has(2), s.size, Array.from(s).join());
	console.log([1, 2, 3].includes(2), [1, 2].find(function (x) { return x > 1; }), 'ab'.padStart(4, '.'),
	    'x'.repeat(3), 'abc'.startsWith('ab'), Object.assign({a: 1}, {b: 2}).b, Object.values({a: 7})[0]);
	Promise.all([1, Promise.resolve(2)]).then(function (v) { console.log(v.join()); })
	.finally(function () { console.log('finally'); });
	END
	is 0 '1 2 true 2 1,2
true 2 ..ab xxx true 2 7
1,2
finally'
}

@test "p2: chains may be of any length, and are of what each call returns" {
	{
		echo "var n = 0; p2.count = function (by) { n += by; return p2; };"
		echo p2
		yes '.count(1)' | head -n 70000
		echo ';console.log(n);'
	} >chain.p2
	apply <chain.p2
	is 0 70000
	apply <<-'END'
	var other = {b: function () { return 'b'; }, c: function () { return p2; }};
	p2.role('inner', {p2: function (title) { p2.command(': ' + title).command(': more'); }});
	p2.a = function (v) { return v; };
	p2.a(other).c().a(p2.a(other).b()).length
	p2.a({f: function () { p2.a(p2).a(1); return other; }})
	    .f().b() + 1 && p2.a(p2)
	    .a(2);
	if (p2.a(false)) p2.a(p2).a(3); else p2.a(p2).a(4)
	var o = {p2: 1}, x = 1
	p2.a(p2).x = 5
	for (p2.a(p2).i = 0; p2.i < 2; p2.i++) { p2.a(p2).a(p2) /* . */ . /* ( */ count = p2.i }
	(function () { 'use strict'; p2.a(p2).a(p2).y = p2.x })()
	console.log(o.p2, x, p2.x, p2.y, p2.i, p2.count);
	p2.inner('role').inner('again');
	function late() { return p2.a(p2).a(6) }
	console.log(late());
	END
	is 0 '1 1 5 5 2 1
6
changed command : role: runs each time
changed command : more: runs each time
changed command : again: runs each time
changed command : more: runs each time'
}

@test "file: match, after and remove may be a RegExp, held against each line" {
	printf 'Port 1\r\nB=1\nb=2\n\ncaf\303\251\nend' >f
	printf 'x\377\n\360\237\230\200\n# begin P2\n' >bytes
	diffs=()
	for mode in -n -v; do
		apply "$mode" <<-'END'
		p2.file('f', {line: 'b=3', match: /^b=/i, keep_orig: false})
		.file('f', {line: 'Port 2', match: /^port \d+$/im, keep_orig: false})
		.file('f', {remove: /^(CAF\u00c9|)$/i, line: 'b=4', after: /^b/g, keep_orig: false})
		.file('bytes', {remove: /^x\u00ff$/, block: 'y', after: /P2$/, keep_orig: false})
		.file('new', {line: ['l', '\u00e9'], remove: /^z/});
		END
		diffs[${#diffs[@]}]=$(grep -a '^[-+@]' <<<"$output")
	done
	[ "$status" = 0 ]
	[ "${diffs[0]}" = "${diffs[1]}" ]
	[[ ${diffs[0]} == *'+b=3'*'+Port 2'*'+b=4'*'+y'*'+l'* ]]
	[ "$(cat f)" = $'Port 2\nB=1\nb=3\nb=4\nend' ]
	[ "$(cat bytes)" = $'\360\237\230\200\n# begin P2\n# BEGIN p2\ny\n# END p2' ]
	[ "$(cat new)" = $'l\n\u00e9' ]
	apply <<-'END'
	p2.file('f', {line: 'b=4', match: /^b=4/}).file('f', {remove: /^(CAF\u00c9|)$/i})
	.file('bytes', {block: 'y', after: /P2$/}).file('gone/f', {ensure: 'absent', remove: /x/});
	END
	is 0 ''
	apply <<<"p2.file('f', {line: ['zz', 'qq'], remove: /Z/i});"
	is 2 '' 'p2-apply: site.p2:1: file f: f: line and block: never settle, since one undoes the other'
	apply <<<"p2.file('f', {mode: /x/});"
	is 2 '' 'p2-apply: site.p2:1: file f: TypeError: option mode: not a string'
	apply <<<"p2.file('f', {line: 'a', match_found: 'a'});"
	is 2 '' 'p2-apply: site.p2:1: file f: TypeError: there is no option match_found'
}
