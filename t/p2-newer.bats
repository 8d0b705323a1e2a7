#!/usr/bin/env bats
# Policies in a newer JavaScript than the engine's: compiled by buble as they
# are loaded, or by a compiler beforehand, with a source map.
# shellcheck disable=SC2016	# for the policy
load p2

# without_buble: p2-apply, and no other program, is in PATH.
without_buble() {
	run --separate-stderr env PATH="$B/bin" p2-apply -d "${db-}" "$@"
	stderr=${stderr//$PWD\//}
}

@test "p2: an error in a call of many lines is where its method is named" {
	apply <<-'END'
	p2
	.command('true', {
	  onlyif: 'false'
	}).file('/a', {content: p2.heredoc(function () {/*
	  two
	  lines
	*/}),
	  bad: 1
	}).command('y', {
	});
	END
	is 2 '' 'p2-apply: site.p2:4: file /a: TypeError: there is no option bad'
	apply <<-'END'
	p2.command('true', {
	  onlyif: 'false'
	}).file('/a', {
	  ensure: 'absent' }).file('/b', {bad: 1});
	END
	is 2 '' 'p2-apply: site.p2:4: file /b: TypeError: there is no option bad'
	apply <<-'END'
	var f = function (a,
	    b) { return a; };
	p2.command(f('true',
	  'false'
	)).nosuch({
	  a: 1
	});
	END
	is 2 '' "p2-apply: site.p2:5: TypeError: undefined not callable (property 'nosuch' of [object Object])"
}

@test "p2: the lines of an error's stack are those of the file" {
	apply <<-'END'
	p2.command('true', {
	  onlyif: 'false'
	});
	try { throw new Error('x'); } catch (e) {
	  console.log(e.lineNumber, e.stack.split('\n')[1].replace(/.*\//, ''));
	}
	p2.lambda('l', function () {
	  throw new Error('y');
	});
	END
	is 2 '4 site.p2:4)' 'p2-apply: site.p2:8: lambda l: y'
}

@test "p2: what is declared in another file is declared there" {
	mkdir lib
	echo "
exports.web = function (name) {
  p2.file(name, {mode: 1});
};" >lib/web.js
	apply <<<"require('./lib/web').web('x');"
	is 2 '' 'p2-apply: lib/web.js:3: file x: TypeError: option mode: not a string'
}

@test "p2: kept code knows the lines, too" {
	db=$BATS_TEST_TMPDIR/store
	for _ in 1 2; do
		apply <<-'END'
		p2.command('true', {
		  onlyif: 'false'
		}).command('exit 3', {

		});
		END
		is 2 '' 'p2-apply: site.p2:3: command exit 3: exit status 3'
	done
}

newer() {
	cat <<-'END'
	let hosts = ['a', 'b'];
	const {x, ...others} = {x: 1, y: 2}, [p, , q = 3] = [1, 2];
	class Site {
	  constructor(name, port = 80) {
	    this.name = name;
	    this.port = port;
	  }
	  get url() { return `http://${this.name}:${this.port}/`; }
	  static of(...args) { return new Site(...args); }
	}
	class Other extends Site { get url() { return super.url || 'other'; } }
	for (const h of hosts) p2.lambda(h, () => console.log(h));
	for (const [k, v] of new Map([['k', 'v']])) { console.log(k, v); }
	for (let i = 0; i < 2; i++) setTimeout(() => console.log('i', i));
	console.log(Site.of('s', 1).url, others.y, q, Math.max(...[1, 5, 3]));
	console.log([...hosts, ...new Set([1, 1]).values()].join());
	console.log(p2.heredoc.strip(() => {/*
	    text
	  */}));
	const o = {x, hosts, m() { return 'm'; }, ['k' + x]: 1};
	console.log(JSON.stringify(o), o.m());
	END
}

@test "buble: newer JavaScript simply works" {
	apply < <(newer)
	is 0 'k v
http://s:1/ 2 3 5
a,b,1
text

{"x":1,"hosts":["a","b"],"k1":1} m
a
b
i 0
i 1'
}

@test "buble: for-of goes through whatever has elements" {
	apply <<-'END'
	let said = [], v;
	for (const [k, v] of Object.entries({a: 1, b: 2})) { said.push(k + v); }
	for (const [k, v] of new Map([['c', 3]])) /* { */ { said.push(k + v); }
	for (const {k,
	  l = [1].length} of [{k: 'd'}]) {
	  said.push(k + l);
	}
	for (v of new Set(['e'])) said.push(v); said.push(v);
	for (const c of 'fg') { if (c === 'g') continue; said.push(c); }
	for (const a of [[1, 2], [3]]) for (const b of a) said.push(b);
	for (const of of [1].filter(x => { for (const y of [x]) return y; })) said.push(of);
	const fns = [];
	for (const f of [1, 2]) fns.push(() => f);
	for (var w of `x${[1].map(a => `y`)}`) said.push(w);
	const o = {for: 1, of: 2}, r = /for (a of b)/.source;
	for (let i = 0; i < o.for; i++) said.push('i' + i);
	for (const k in {z: 1}) said.push(k);
	console.log(said.join(' '), fns.map(f => f()), r);
	throw new Error('line 19');
	END
	is 2 'a1 b2 c3 d1 e e f 1 2 3 1 x y i0 z [ 1, 2 ] for (a of b)' \
	    'p2-apply: site.p2:19: line 19'
	apply <<-'END'
	for (const [a] of [])
	  f(a);
	END
	is 2 '' 'p2-apply: site.p2:1: SyntaxError: for-of with a pattern: write for (const [a] of list) {...}'
}

@test "buble: errors and results name the line that was written" {
	apply < <(newer; printf '%s\n' "p2.command('exit 4', {" '});' 'return;')
	[ "$status" = 2 ]
	[ "$stderr" = 'p2-apply: site.p2:22: command exit 4: exit status 4' ]
	apply <<-'END'
	const [a, b] = [1, 2];
	class A { m() {
	  throw new Error('in m');
	} }
	new A().m();
	END
	is 2 '' 'p2-apply: site.p2:3: in m'
	apply -j -n <<-'END'
	let [a, b] = [1, 2];
	p2.command('x', {
	});
	END
	[[ ${lines[0]} == *'"line":2,'* ]]
	apply <<-'END'
	let a = 1;
	for (const v of null) f();
	END
	is 2 '' 'p2-apply: site.p2:2: TypeError: for-of: null has no elements'
}

@test "buble: what it cannot compile either is an error of that line" {
	apply <<-'END'
	let a = 1;
	let b = ;
	END
	is 2 '' 'p2-apply: site.p2:2: SyntaxError: Unexpected token'
	apply <<-'END'
	let a = 1;

	async function f() {}
	END
	is 2 '' 'p2-apply: site.p2:3: SyntaxError: Transforming async functions is not implemented'
	apply <<<'async function f() {}'
	is 2 '' 'p2-apply: site.p2:1: SyntaxError: async is not in the language: return a promise'
	apply <<-'END'

	var x = ;
	END
	is 2 '' 'p2-apply: site.p2:2: SyntaxError: empty expression not allowed'
}

# stub WORDS: a buble that says so in a file, and then does its work.
stub() {
	mkdir -p bin
	printf '%s\n' '#!/bin/sh' "echo $1 >>'$PWD/ran'" \
	    "NODE_PATH=/usr/share/nodejs exec /usr/bin/buble \"\$@\"" >bin/buble.new
	chmod 755 bin/buble.new
	mv bin/buble.new bin/buble
}

@test "buble: what it compiled is kept, until source or buble change" {
	db=$BATS_TEST_TMPDIR/store
	stub one
	PATH=$PWD/bin:$PATH
	apply <<<'let a = 1; console.log(a);'
	is 0 1
	apply <<<'let a = 1; console.log(a);'
	is 0 1
	[ "$(cat ran)" = one ]
	apply <<<'let a = 2; console.log(a);'
	is 0 2
	[ "$(cat ran)" = 'one
one' ]
	stub another
	apply <<<'let a = 2; console.log(a);'
	is 0 2
	[ "$(tail -n 1 ran)" = another ]
}

@test "buble: one that breaks, or is not there, is told of" {
	mkdir bin
	printf '#!/bin/sh\necho no node here >&2\nexit 127\n' >bin/buble
	chmod 755 bin/buble
	PATH=$PWD/bin:$PATH apply <<<'let a = 1;'
	is 2 '' 'p2-apply: site.p2: SyntaxError: buble ended with status 127: no node here'
	without_buble site.p2
	is 2 '' 'p2-apply: site.p2:1: SyntaxError: let is not in the language: write var; or install node-buble'
}

@test "buble: what is in the plain language does not need it" {
	stub ran
	PATH=$PWD/bin:$PATH apply <<<'var f = a => `${a}`; console.log(f(1),);'
	is 0 1
	[ ! -e ran ]
}
