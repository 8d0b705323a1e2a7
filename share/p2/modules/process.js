/* process: this program, and its environment. */

/* A copy, for the names in it; what is written goes to both. */
function environment() {
	var vars = {};

	native.environment().forEach(function (pair) {
		var i = pair.indexOf('=');

		vars[pair.slice(0, i)] = pair.slice(i + 1);
	});
	return new Proxy(vars, {
		get: function (o, name) {
			var value = typeof name === 'string' ?
			    native.getenv(name) : undefined;

			return value === undefined ? o[name] : value;
		},
		set: function (o, name, value) {
			native.setenv(name, String(value));
			o[name] = String(value);
			return true;
		},
		deleteProperty: function (o, name) {
			native.setenv(name, undefined);
			return delete o[name];
		}
	});
}

var env = null;
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
Object.defineProperty(process, 'env', {enumerable: true, get: function () {
	env = env || environment();
	return env;
}});
