/* child_process: a child is run to its end; who wants to hear of it does so
 * afterwards. */
(function (native, global, require) {
'use strict';

function envOf(env) {
	return env ? Object.keys(env).map(function (k) {
		return k + '=' + env[k];
	}) : undefined;
}

function run(argv, opts, raw) {
	opts = opts || {};
	return native.exec(argv, {cwd: opts.cwd, env: envOf(opts.env),
	    uid: opts.uid, gid: opts.gid, input: opts.input,
	    timeout: opts.timeout, raw: raw, inherit: false});
}

function failure(cmd, res) {
	var err = new Error('Command failed: ' + cmd + '\n' + res.stderr);

	err.code = err.status = res.status;
	err.signal = res.signal;
	err.killed = res.timedOut;
	err.cmd = cmd;
	err.stdout = res.stdout;
	err.stderr = res.stderr;
	return err;
}

function isOk(res) {
	return res.status === 0;
}

function child(argv, shown, opts, fn) {
	var Emitter = require('events'), c = new Emitter();
	var res, err = null;

	c.stdout = new Emitter();
	c.stderr = new Emitter();
	c.stdout.setEncoding = c.stderr.setEncoding = function () {};
	c.stdout.pipe = c.stderr.pipe = function (to) { return to; };
	c.stdin = {write: function () {}, end: function () {}};
	c.kill = c.unref = function () {};
	try {
		res = run(argv, opts);
	} catch (e) {
		if (e.p2dry)
			throw e;
		err = e;
	}
	global.setImmediate(function () {
		if (err === null)
			tell(c, res);
		else if (c.listenerCount('error') > 0)
			c.emit('error', err);
		if (fn && err)
			fn(err, '', '');
		else if (fn)
			fn(isOk(res) ? null : failure(shown, res), res.stdout,
			    res.stderr);
	});
	return c;
}

function tell(c, res) {
	if (res.stdout !== '')
		c.stdout.emit('data', res.stdout);
	if (res.stderr !== '')
		c.stderr.emit('data', res.stderr);
	c.stdout.emit('end');
	c.stderr.emit('end');
	c.exitCode = res.status;
	c.emit('exit', res.status, res.signal);
	c.emit('close', res.status, res.signal);
}

function argsOf(file, args, opts) {
	if (!Array.isArray(args)) {
		opts = args;
		args = [];
	}
	return {argv: opts && opts.shell ? ['/bin/sh', '-c',
	    [file].concat(args).join(' ')] : [file].concat(args), opts: opts};
}

function output(res, cmd, opts) {
	if (res.status !== 0)
		throw failure(cmd, res);
	return opts && opts.encoding ?
	    res.stdout.toString(opts.encoding) : res.stdout;
}

return {
	exec: function (cmd, opts, fn) {
		if (typeof opts === 'function') {
			fn = opts;
			opts = undefined;
		}
		return child(['/bin/sh', '-c', cmd], cmd, opts, fn);
	},
	execFile: function (file, args, opts, fn) {
		var a, last = arguments[arguments.length - 1];

		fn = typeof last === 'function' ? last : fn;
		a = argsOf(file, typeof args === 'function' ? [] : args,
		    typeof opts === 'function' ? undefined : opts);
		return child(a.argv, a.argv.join(' '), a.opts, fn);
	},
	spawn: function (file, args, opts) {
		var a = argsOf(file, args, opts);

		return child(a.argv, a.argv.join(' '), a.opts);
	},
	execSync: function (cmd, opts) {
		return output(run(['/bin/sh', '-c', cmd], opts,
		    !(opts && opts.encoding)), cmd, opts);
	},
	execFileSync: function (file, args, opts) {
		var a = argsOf(file, args, opts);

		return output(run(a.argv, a.opts, !(a.opts &&
		    a.opts.encoding)), file, a.opts);
	},
	spawnSync: function (file, args, opts) {
		var a = argsOf(file, args, opts), res;

		try {
			res = run(a.argv, a.opts, !(a.opts &&
			    a.opts.encoding));
		} catch (e) {
			if (e.p2dry)
				throw e;
			return {error: e, status: null, stdout: '',
			    stderr: ''};
		}
		res.output = [null, res.stdout, res.stderr];
		return res;
	}
};
})
