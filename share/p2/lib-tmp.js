(function (native, global, require) {
'use strict';

var fs = require('fs');

function name(opts) {
	opts = opts || {};
	return (opts.dir || native.getenv('TMPDIR') || '/tmp') + '/' +
	    (opts.prefix || 'tmp-') + native.random(8).toString('hex') +
	    (opts.postfix || '');
}

function file(opts) {
	var path = name(opts);

	fs.writeFileSync(path, '', {mode: 384});
	return {name: path, fd: -1, removeCallback: function () {
		fs.unlinkSync(path);
	}};
}

function dir(opts) {
	var path = name(opts);

	fs.mkdirSync(path, 448);
	return {name: path, removeCallback: function () {
		fs.rmdirSync(path);
	}};
}

function later(make) {
	return function (opts, fn) {
		var made = make(typeof opts === 'function' ? {} : opts);

		fn = typeof opts === 'function' ? opts : fn;
		global.setImmediate(function () {
			fn(null, made.name, made.fd, made.removeCallback);
		});
	};
}

return {tmpNameSync: name, fileSync: file, dirSync: dir, file: later(file),
    dir: later(dir), setGracefulCleanup: function () {}};
})
