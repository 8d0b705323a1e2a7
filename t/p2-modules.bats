#!/usr/bin/env bats
# require, process, and the libraries that policies find.
# shellcheck disable=SC2016	# for the policy, or the shell that it runs
load p2

# prints TEXT <POLICY: that is its output, and all is well.
prints() {
	cat >site.p2
	run --separate-stderr p2-apply -d '' site.p2
	printf '%s\n%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[ "$output" = "$1" ]
}

@test "prelude: no two files of a function declare the same name" {
	for dir in core polyfill modules; do
		run grep -hoE '^(function|var) +\w+' \
		    "$BATS_TEST_DIRNAME/../share/p2/$dir"/*.js
		[ "$(awk '{ print $2 }' <<<"$output" | sort | uniq -d)" = "" ]
	done
}

@test "require: every library that policies may ask for loads" {
	prints 'all' <<-'END'
	module.paths = module.paths.concat(module.parent.paths);
	['fs', 'path', 'os', 'util', 'child_process', 'events', 'crypto', 'assert', 'url', 'querystring',
	 'q', 'lodash', 'mustache', 'heredoc', 'better-console', 'uuid', 'ini', 'sprintf', 'printf', 'string-argv',
	 'nimble', 'passwd-group-obj', 'mysql2', 'tmp', 'download', 'wget-improved', 'node-forge'].forEach(function (name) {
	  if (!require(name)) throw new Error(name);
	});
	['utils', 'pfs'].forEach(function (name) { if (!p2.require(name)) throw new Error(name); });
	console.log('all');
	END
}

@test "require: files, JSON, directories and node_modules" {
	mkdir -p lib/dir node_modules/pack/lib
	echo 'exports.a = 1; this.b = 2; exports.d = __dirname.split("/").pop();' >lib/m.js
	echo '{"n": [1, 2]}' >lib/data.json
	echo 'module.exports = function () { return "dir"; };' >lib/dir/index.js
	echo '{"main": "lib/x"}' >node_modules/pack/package.json
	echo 'module.exports = require("../y").y;' >node_modules/pack/lib/x.js
	echo 'exports.y = "packed";' >node_modules/pack/y.js
	prints '1 2 lib 2 dir packed
Cannot find module '"'nosuch'" <<-'END'
	var m = require('./lib/m');
	console.log(m.a, m.b, m.d, require('./lib/data').n.length, require('./lib/dir')(), require('pack'));
	try { require('nosuch'); } catch (e) { console.log(e.message); }
	END
}

@test "path, util, querystring, url, crypto, assert" {
	prints '/a/c x.js .js /b ../d /etc/y
5 x {"a":1} [ 1, '"'b'"' ] %
a=1&b=x%20y 2
h.example 8080 /p q=1
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 true
1 == 2' <<-'END'
	var path = require('path'), url = require('url').parse('http://h.example:8080/p?q=1'), qs = require('querystring');
	console.log(path.join('/a', 'b', '../c'), path.basename('/q/x.js'), path.extname('x.js'),
	    path.dirname('/b/c'), path.relative('/a/b', '/a/d'), path.resolve('/x', '/etc', 'y'));
	console.log('%d %s %j', 5, 'x', {a: 1}, [1, 'b'], '%');
	console.log(qs.stringify({a: 1, b: 'x y'}), qs.parse('a=1&a=2').a[1]);
	console.log(url.hostname, url.port, url.pathname, url.query);
	console.log(require('crypto').createHash('sha256').update('te').update('st').digest('hex'),
	    /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(require('uuid').v4()));
	try { require('assert').equal(1, 2); } catch (e) { console.log(e.message); }
	END
}

@test "fs: synchronous, and with callbacks" {
	prints 'text ok 4 a,b,d
ENOENT
true false
hello
62696e' <<-'END'
	var fs = require('fs');
	fs.writeFileSync('a', 'text');
	fs.mkdirSync('d'); fs.symlinkSync('a', 'b');
	console.log(fs.readFileSync('a', 'utf8'), fs.lstatSync('b').isSymbolicLink() ? 'ok' : 'no', fs.statSync('a').size,
	    fs.readdirSync('.').filter(function (n) { return n.length === 1; }).join());
	try { fs.readFileSync('none'); } catch (e) { console.log(e.code); }
	console.log(fs.existsSync('a'), fs.existsSync('none'));
	fs.writeFile('c', 'hel', function (err) {
	  fs.appendFile('c', 'lo', function () { fs.readFile('c', 'utf8', function (e, text) { console.log(text);
	    console.log(Buffer.from('bin').toString('hex')); }); });
	});
	END
}

@test "child_process: exec, execSync, spawn, and their failures" {
	prints 'sync
null out err
3 true
data close 4
spawnSync 5' <<-'END'
	var cp = require('child_process');
	console.log(String(cp.execSync('echo sync')).trim());
	cp.exec('echo out; echo err >&2', function (e, out, err) {
	  console.log(e, out.trim(), err.trim());
	  cp.exec('exit 3', function (e2) {
	    console.log(e2.code, e2 instanceof Error);
	    var c = cp.spawn('sh', ['-c', 'echo data; exit 4']), text = '';
	    c.stdout.on('data', function (d) { text += d; });
	    c.on('close', function (rc) {
	      console.log(text.trim(), 'close', rc);
	      console.log('spawnSync', cp.spawnSync('sh', ['-c', 'exit 5']).status);
	    });
	  });
	});
	END
}

@test "q: deferreds, all, nfcall, spread, delay" {
	prints '1,2 7 late caught no 3
done' <<-'END'
	var Q = require('q'), d = Q.defer(), said = [];
	setTimeout(function () { d.resolve(2); }, 5);
	Q.all([1, d.promise]).then(function (v) { said.push(v.join()); return Q.nfcall(function (fn) { fn(null, 7); }); })
	.then(function (v) { said.push(v); return Q.delay('late', 2); })
	.then(function (v) { said.push(v); throw new Error('no'); })
	.fail(function (e) { said.push('caught ' + e.message); return [1, 2]; })
	.spread(function (a, b) { said.push(a + b); console.log(said.join(' ')); })
	.fin(function () { console.log('done'); }).done();
	END
}

@test "utils and pfs" {
	prints 'a b 2
1 out
0,x,
true false 0 3
true' <<-'END'
	var utils = p2.require('utils'), pfs = p2.require('pfs');
	utils.execToArray('echo " a"; echo; echo b').then(function (r) { console.log(r.outlines.join(' '), r.outlines.length);
	  return utils.execToArray('echo out; exit 1'); })
	.then(null, function (r) { console.log(r.rc, r.stdout.trim()); return utils.runCmd('echo x'); })
	.then(function (r) { console.log(r.join().replace(/\n/g, '')); return pfs.pWriteFile('f', 'abc'); })
	.then(function () { return Promise.all([pfs.pExists('f'), pfs.pExists('g'), pfs.pGetUid('root'), pfs.pStat('f')]); })
	.then(function (v) { console.log(v[0], v[1], v[2], v[3].size); console.log(pfs.hash('abc') === pfs.hashFileSync('f')); });
	END
}

@test "lodash, sprintf, ini, string-argv, nimble, mustache" {
	prints '{"a":{"b":1,"c":2}} 2 b,a [[1,2],[3]]
007 1.50 [x  ]
{"s":{"k":"v"}} [s]
k=v
a|b c
3
x &amp; y' <<-'END'
	var _ = require('lodash'), ini = require('ini');
	console.log(JSON.stringify(_.merge({a: {b: 1}}, {a: {c: 2}})), _.get({a: [{b: 2}]}, 'a[0].b'),
	    _.map(_.sortBy([{n: 2, k: 'a'}, {n: 1, k: 'b'}], 'n'), 'k').join(), JSON.stringify(_.chunk([1, 2, 3], 2)));
	console.log(require('sprintf').sprintf('%03d %.2f [%-3s]', 7, 1.5, 'x'));
	console.log(JSON.stringify(ini.parse('[s]\nk = v ; c\n')), ini.stringify({s: {k: 'v'}}).trim());
	console.log(require('string-argv')('a "b c"').join('|'));
	require('nimble').series([function (n) { n(null, 1); }, function (n) { n(null, 2); }], function (e, r) { console.log(r[0] + r[1]); });
	console.log(require('mustache').render('x {{t}} y', {t: '&'}));
	END
}

@test "process.env: its names can be gone through, and it can be copied" {
	export P2_ONE='a=b' P2_TWO=c
	prints 'P2_ONE a=b
P2_TWO c
P2_ONE
child d c
P2_THREE P2_TWO' <<-'END'
	var ours = function (k) { return /^P2_/.test(k); }, k;
	Object.keys(process.env).filter(ours).sort().forEach(function (k) { console.log(k, process.env[k]); });
	for (k in process.env)
		if (k === 'P2_ONE')
			console.log(k);
	console.log('child', String(require('child_process').execSync('echo $P2_ONE $P2_TWO',
	    {env: Object.assign({}, process.env, {P2_ONE: 'd'})})).trim());
	delete process.env.P2_ONE;
	process.env.P2_THREE = 3;
	console.log(Object.keys(process.env).filter(ours).sort().join(' '));
	END
}

@test "process: env, cwd, chdir, uptime, nextTick" {
	mkdir d
	prints 'v undefined d true linux
child v
tick' <<-'END'
	process.env.P2_X = 'v';
	process.chdir('d');
	process.nextTick(function () { console.log('tick'); });
	console.log(process.env.P2_X, process.env.P2_NONE, process.cwd().split('/').pop(), process.uptime() >= 0, process.platform);
	console.log('child', String(require('child_process').execSync('echo $P2_X')).trim());
	END
}
