/* utils: what roles written for Partout take for granted. */
(function (native, global, require) {
'use strict';

function look(argv, opts) {
	opts = opts || {};
	return native.exec(argv, {cwd: opts.cwd, uid: opts.uid, gid: opts.gid,
	    env: opts.env ? Object.keys(opts.env).map(function (k) {
		return k + '=' + opts.env[k];
	    }) : undefined});
}

function later(fn) {
	return new global.Promise(function (resolve, reject) {
		try {
			fn(resolve, reject);
		} catch (e) {
			reject(e);
		}
	});
}

function shell(cmd) {
	return ['/bin/sh', '-c', cmd];
}

function lines(text) {
	return text.split(/\r?\n/).map(function (l) {
		return l.trim();
	}).filter(function (l) { return l !== ''; });
}

function log(on) {
	return function () {
		if (on)
			console.warn.apply(console, arguments);
	};
}

var utils = {
	isLinux: function () { return true; },
	isWin: function () { return false; },
	isVerbose: function () { return native.verbose; },
	isDebug: function () { return native.debug; },
	minNodeVersion: function () { return true; },
	pIsAdmin: function () {
		return global.Promise.resolve(native.ids()[1] === 0);
	},
	vlog: log(native.verbose), dlog: log(native.debug),
	tlogs: function () {}, tloge: function () {},
	splitLines: function (text) { return text.split(/\r?\n/); },
	escapeBackSlash: function (s) { return s.replace(/\\/g, '\\\\'); },
	winEscapeSpaces: function (s) { return s.replace(/ /g, '` '); },
	execToArray: function (cmd) {
		return later(function (resolve, reject) {
			var res = look(shell(cmd)), ok = res.status === 0;

			(ok ? resolve : reject)({cmd: cmd,
			    outlines: lines(res.stdout), stdout: res.stdout,
			    stderr: res.stderr, rc: res.status,
			    err: ok ? null : new Error(cmd + ': exit status ' +
			    res.status)});
		});
	},
	pExec: function (cmd, opts) {
		return later(function (resolve) {
			var res = look(shell(cmd), opts);

			if (res.status !== 0)
				throw new Error(cmd + ': exit status ' +
				    res.status + '\n' + res.stderr);
			resolve([res.stdout, res.stderr]);
		});
	},
	runCmd: function (cmd, opts) {
		return later(function (resolve) {
			var res = look(shell(cmd), opts);

			resolve([res.status, res.stdout, res.stderr]);
		});
	},
	runPs: function (cmd, opts) {
		return later(function (resolve) {
			var res = look(['pwsh', '-NoProfile', '-Command', cmd],
			    opts);

			resolve([res.status, res.stdout, res.stderr]);
		});
	},
	pWhile: function (o) {
		function again() {
			return global.Promise.resolve(o.condition())
			    .then(function (yes) {
				return yes ? global.Promise.resolve(o.action())
				    .then(pause).then(again) : undefined;
			});
		}
		function pause() {
			return new global.Promise(function (resolve) {
				global.setTimeout(resolve, o.delay || 0);
			});
		}
		return again();
	},
	vetOps: function (module, opts, valid) {
		Object.keys(opts).forEach(function (name) {
			if (!valid[name] && ['onlyif', 'on', 'watch',
			    'provider', 'unless', 'tag'].indexOf(name) < 0)
				throw new Error(module + ': there is no ' +
				    'option ' + name);
		});
		return true;
	},
	toArt: function (bytes) {
		var field = art(bytes), chars = ' .o+=*BOX@%&#/^SE', rows = [];
		var x, y, row;

		for (y = 0; y < 9; y++) {
			for (row = '', x = 0; x < 17; x++)
				row += chars.charAt(Math.min(field[y * 17 + x],
				    16));
			rows.push('|' + row + '|');
		}
		return '+-----------------+\n' + rows.join('\n') +
		    '\n+-----------------+\n';
	}
};

/* The walk of a drunken bishop, as ssh-keygen(1) draws keys. */
function art(bytes) {
	var field = [], x = 8, y = 4, i, bits, b;

	for (i = 0; i < 17 * 9; i++)
		field.push(0);
	for (i = 0; i < bytes.length; i++)
		for (b = bytes[i], bits = 0; bits < 4; bits++, b >>= 2) {
			x = Math.max(0, Math.min(16, x + (b & 1 ? 1 : -1)));
			y = Math.max(0, Math.min(8, y + (b & 2 ? 1 : -1)));
			field[y * 17 + x] = Math.min(14,
			    field[y * 17 + x] + 1);
		}
	field[4 * 17 + 8] = 15;
	field[y * 17 + x] = 16;
	return field;
}
return utils;
})
