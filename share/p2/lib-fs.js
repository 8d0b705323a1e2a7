/* fs: the synchronous forms do it; the others do it and call back later. */
(function (native, global) {
'use strict';

var fs = {constants: {F_OK: 0, X_OK: 1, W_OK: 2, R_OK: 4}, F_OK: 0, X_OK: 1,
    W_OK: 2, R_OK: 4};

function octal(mode, otherwise) {
	return mode === undefined || mode === null ? otherwise :
	    typeof mode === 'string' ? parseInt(mode, 8) : mode;
}

function Stats(st) {
	var key;

	for (key in st)
		this[key] = st[key];
	this.mtime = new Date(st.mtimeMs);
	this.ctime = new Date(st.ctimeMs);
	this.atime = new Date(st.atimeMs);
}
[['isFile', 'file'], ['isDirectory', 'directory'],
    ['isSymbolicLink', 'link'], ['isFIFO', 'fifo'], ['isSocket', 'socket'],
    ['isBlockDevice', 'block'], ['isCharacterDevice', 'character']
].forEach(function (pair) {
	Stats.prototype[pair[0]] = function () {
		return this.kind === pair[1];
	};
});
fs.Stats = Stats;

function stat(path, follow) {
	var st = native.stat(path, follow), err;

	if (st === null) {
		err = new Error("ENOENT: no such file or directory, stat '" +
		    path + "'");
		err.code = 'ENOENT';
		err.path = path;
		throw err;
	}
	return new Stats(st);
}

fs.statSync = function (path) { return stat(path, true); };
fs.lstatSync = function (path) { return stat(path, false); };
fs.existsSync = function (path) {
	try {
		return native.stat(path, true) !== null;
	} catch (e) {
		return false;
	}
};
fs.readFileSync = function (path, opts) {
	var encoding = typeof opts === 'string' ? opts : opts && opts.encoding;

	if (path === 0 || path === '/dev/stdin')
		path = '/dev/stdin';
	if (!encoding)
		return native.readFile(path);
	return /^utf-?8$/i.test(encoding) ? native.readText(path) :
	    native.readFile(path).toString(encoding);
};

function data(text, opts) {
	var encoding = typeof opts === 'string' ? opts : opts && opts.encoding;

	return typeof text === 'string' && encoding &&
	    !/^utf-?8$/i.test(encoding) ? global.Buffer.from(text, encoding) :
	    text;
}
fs.writeFileSync = function (path, text, opts) {
	native.writeFile(path, data(text, opts), octal(opts && opts.mode,
	    438), Boolean(opts && /^a/.test(opts.flag)));
};
fs.appendFileSync = function (path, text, opts) {
	native.writeFile(path, data(text, opts), octal(opts && opts.mode,
	    438), true);
};
fs.mkdirSync = function (path, opts) {
	var mode = octal(typeof opts === 'object' && opts ? opts.mode : opts,
	    511);

	if (opts && opts.recursive) {
		if (fs.existsSync(path))
			return;
		if (/[^\/]\/+[^\/]/.test(path) &&
		    !fs.existsSync(path.replace(/\/+[^\/]+\/*$/, '') || '/'))
			fs.mkdirSync(path.replace(/\/+[^\/]+\/*$/, ''), opts);
	}
	native.mkdir(path, mode);
};
fs.rmdirSync = function (path) { native.rmdir(path); };
fs.unlinkSync = function (path) { native.unlink(path); };
fs.renameSync = function (from, to) { native.rename(from, to); };
fs.symlinkSync = function (target, path) { native.symlink(target, path); };
fs.readlinkSync = function (path) { return native.readlink(path); };
fs.realpathSync = function (path) { return native.realpath(path); };
fs.chmodSync = function (path, mode) { native.chmod(path, octal(mode)); };
fs.chownSync = function (path, uid, gid) { native.chown(path, uid, gid); };
fs.utimesSync = function (path, atime, mtime) {
	native.utimes(path, mtime instanceof Date ? mtime.getTime() / 1000 :
	    Number(mtime));
};
fs.accessSync = function (path, mode) { native.access(path, mode); };
fs.readdirSync = function (path) { return native.readdir(path); };
fs.copyFileSync = function (from, to) {
	native.writeFile(to, native.readFile(from),
	    stat(from, true).mode & 511, false);
};

Object.keys(fs).forEach(function (name) {
	var plain = name.replace(/Sync$/, '');

	if (plain === name)
		return;
	fs[plain] = function () {
		var args = [].slice.call(arguments), fn = args.pop();
		var err = null, value;

		if (typeof fn !== 'function')
			throw new TypeError(plain + ': no callback');
		try {
			value = fs[name].apply(fs, args);
		} catch (e) {
			if (e.p2dry)
				throw e;
			err = e;
		}
		global.setImmediate(function () {
			if (plain === 'exists')
				fn(value);
			else
				fn(err, value);
		});
	};
});
return fs;
})
