/*
 * Modules and what surrounds them: require, console, process.  Libraries are
 * files beside this one, loaded when somebody first asks for them.
 */
(function (native, global, api) {
'use strict';

var cache = {};			/* path: module */
var libs = {};			/* name: exports of a library of ours */
var aliases = {'better-console': 'console', underscore: 'lodash',
    'passwd-group-obj': 'nothing', mysql2: 'nothing', tmp: 'tmp',
    download: 'nothing', 'wget-improved': 'nothing', 'node-forge': 'nothing',
    'fs-extra': 'fs', printf: 'sprintf', 'sprintf-js': 'sprintf',
    _: 'lodash'};

function dirname(path) {
	var dir = path.replace(/\/+[^\/]*$/, '');

	return dir === path ? '.' : dir || '/';
}

function normalize(path) {
	var parts = [], absolute = path.charAt(0) === '/';

	path.split('/').forEach(function (part) {
		if (part === '..' && parts.length > 0 &&
		    parts[parts.length - 1] !== '..')
			parts.pop();
		else if (part !== '' && part !== '.' &&
		    (part !== '..' || !absolute))
			parts.push(part);
	});
	return (absolute ? '/' : '') + parts.join('/');
}

function library(name) {
	var path = 'lib-' + name;

	if (Object.prototype.hasOwnProperty.call(libs, name))
		return libs[name];
	libs[name] = {};
	libs[name] = native.load(path)(native, global, requireLibrary) ||
	    libs[name];
	return libs[name];
}

function requireLibrary(name) {
	if (aliases[name])
		name = aliases[name];
	if (name === 'nothing')
		return {};
	if (name === 'console')
		return global.console;
	if (name === 'heredoc')
		return global.p2.heredoc;
	if (name === 'process')
		return global.process;
	return library(name);
}

function isLibrary(name) {
	return aliases[name] !== undefined || name === 'heredoc' ||
	    name === 'process' || native.has('lib-' + name);
}

function isFile(path) {
	var st = native.stat(path, true);

	return st !== null && st.kind === 'file';
}

function asFile(path) {
	var tries = [path, path + '.js', path + '.json', path + '.p2'], i;

	for (i = 0; i < tries.length; i++)
		if (isFile(tries[i]))
			return tries[i];
	return null;
}

function asDirectory(path) {
	var main = 'index';

	if (isFile(path + '/package.json'))
		main = JSON.parse(native.readText(path + '/package.json'))
		    .main || main;
	return asFile(normalize(path + '/' + main)) ||
	    asFile(normalize(path + '/' + main + '/index')) ||
	    asFile(path + '/index');
}

function resolve(name, dir) {
	var path, found;

	if (/^(\.\.?)?\//.test(name)) {
		path = normalize(name.charAt(0) === '/' ? name :
		    dir + '/' + name);
		return asFile(path) || asDirectory(path);
	}
	for (;; dir = dirname(dir)) {
		path = normalize(dir + '/node_modules/' + name);
		found = asFile(path) || asDirectory(path);
		if (found || dir === '/' || dir === '.')
			return found;
	}
}

function Module(path) {
	var dir = dirname(path), self = this;

	this.id = this.filename = path;
	this.exports = {};
	this.loaded = false;
	this.children = [];
	this.paths = [];
	this.parent = {paths: [], filename: path, exports: {}};
	this.require = function (name) {
		var found;

		if (isLibrary(name) && !/^[.\/]/.test(name))
			return requireLibrary(name);
		if ((found = resolve(name, dir)) === null)
			throw new Error("Cannot find module '" + name + "'");
		return evaluate(found);
	};
	this.require.resolve = function (name) {
		return isLibrary(name) ? name : resolve(name, dir);
	};
	this.require.cache = cache;
	this.require.main = self;
}

function evaluate(path, text) {
	var m;

	if (text === undefined &&
	    Object.prototype.hasOwnProperty.call(cache, path))
		return cache[path].exports;
	m = cache[path] = new Module(path);
	if (/\.json$/.test(path)) {
		m.exports = JSON.parse(native.readText(path));
		return m.exports;
	}
	try {
		global.p2._in(path, function () {
			native.compile(path, text).call(m.exports, m.exports,
			    m.require, m, path, dirname(path));
		});
	} catch (e) {
		delete cache[path];
		throw e;
	}
	m.loaded = true;
	return m.exports;
}

global.__p2modules = {evaluate: evaluate};

global.p2.require = function (name) {
	return requireLibrary(name);
};

/* --- console ------------------------------------------------------------ */

function printer(fd) {
	return function () {
		var util = requireLibrary('util');

		native.print(fd, util.format.apply(null, arguments) + '\n');
	};
}

var times = {};
global.console = {log: printer(1), info: printer(1), debug: printer(1),
    warn: printer(2), error: printer(2), trace: printer(2),
    dir: function (o) {
	native.print(1, requireLibrary('util').inspect(o) + '\n');
    }, time: function (name) {
	times[name] = native.now();
    }, timeEnd: function (name) {
	native.print(1, name + ': ' + (native.now() - times[name]) + 'ms\n');
    }, assert: function (ok, msg) {
	if (!ok)
		throw new Error(msg || 'assertion failed');
    }};
global.console.table = global.console.dir;

/* --- process ------------------------------------------------------------ */

function environment() {
	return new Proxy({}, {
		get: function (o, name) {
			return typeof name === 'string' ?
			    native.getenv(name) : undefined;
		},
		set: function (o, name, value) {
			native.setenv(name, String(value));
			return true;
		},
		has: function (o, name) {
			return native.getenv(name) !== undefined;
		},
		deleteProperty: function (o, name) {
			native.setenv(name, undefined);
			return true;
		},
		ownKeys: function () {
			return native.environment().map(function (pair) {
				return pair.replace(/=[^]*$/, '');
			});
		}
	});
}

var started = native.now();
var process = global.process = {
	argv: ['p2-apply', ''], execArgv: [], execPath: 'p2-apply',
	title: 'p2-apply', platform: 'linux', pid: native.pid,
	version: 'v0.10.0', versions: {node: '0.10.0'},
	exit: function (status) {
		native.exit(status === undefined ? process.exitCode || 0 :
		    status);
	},
	cwd: native.cwd, chdir: native.chdir, umask: native.umask,
	getuid: function () { return native.ids()[0]; },
	geteuid: function () { return native.ids()[1]; },
	getgid: function () { return native.ids()[2]; },
	getegid: function () { return native.ids()[3]; },
	nextTick: function (fn) {
		var args = Array.prototype.slice.call(arguments, 1);

		api.job(function () { fn.apply(null, args); });
	},
	uptime: function () { return (native.now() - started) / 1000; },
	hrtime: function (before) {
		var ms = native.now(), t = [Math.floor(ms / 1000),
		    Math.floor(ms % 1000 * 1e6)];

		if (before) {
			t = [t[0] - before[0], t[1] - before[1]];
			if (t[1] < 0)
				t = [t[0] - 1, t[1] + 1e9];
		}
		return t;
	},
	memoryUsage: function () {
		var used = native.memory();

		return {rss: used, heapTotal: used, heapUsed: used};
	},
	on: function () { return process; },
	once: function () { return process; },
	removeListener: function () { return process; },
	stdout: {write: function (s) { native.print(1, String(s)); },
	    isTTY: false},
	stderr: {write: function (s) { native.print(2, String(s)); },
	    isTTY: false}
};
Object.defineProperty(process, 'arch', {enumerable: true, get: function () {
	return native.arch();
}});
Object.defineProperty(process, 'env', {enumerable: true,
    value: environment()});

/* --- Buffer: what the engine's lacks ------------------------------------ */

var Buffer = global.Buffer, plain = Buffer.prototype.toString;

function bytesOf(text, encoding) {
	switch (String(encoding || 'utf8').toLowerCase()) {
	case 'hex':
		return Duktape.dec('hex', text);
	case 'base64':
		return Duktape.dec('base64', text.replace(/\s+/g, ''));
	case 'binary':
	case 'latin1':
	case 'ascii':
		return text.split('').map(function (c) {
			return c.charCodeAt(0) & 255;
		});
	default:
		return text;
	}
}
Buffer.from = function (v, encoding) {
	return new Buffer(typeof v === 'string' ? bytesOf(v, encoding) : v);
};
Buffer.alloc = function (n, fill) {
	var b = new Buffer(n);

	b.fill(fill === undefined ? 0 : fill);
	return b;
};
Buffer.allocUnsafe = function (n) { return new Buffer(n); };
Buffer.prototype.toString = function (encoding) {
	switch (String(encoding || 'utf8').toLowerCase()) {
	case 'hex':
		return Duktape.enc('hex', this);
	case 'base64':
		return Duktape.enc('base64', this);
	case 'binary':
	case 'latin1':
	case 'ascii':
		return Array.prototype.map.call(this, function (b) {
			return String.fromCharCode(b);
		}).join('');
	default:
		return plain.apply(this, Array.prototype.slice.call(arguments,
		    0));
	}
};
global.p2._fs = function () { return requireLibrary('fs'); };
})
