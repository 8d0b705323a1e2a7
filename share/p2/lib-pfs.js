/* pfs: files by promises. */
(function (native, global, require) {
'use strict';

var fs = require('fs'), pfs = {};

/* A function whose value, or error, is promised. */
function promised(fn) {
	return function () {
		var args = arguments;

		return new global.Promise(function (resolve) {
			resolve(fn.apply(null, args));
		});
	};
}

function lookUp(file, name) {
	var hit = native.readText(file).split('\n').map(function (l) {
		return l.split(':');
	}).filter(function (f) { return f[0] === String(name); })[0];

	if (!hit)
		throw new Error(name + ': not in ' + file);
	return Number(hit[2]);
}

pfs.pExists = promised(fs.existsSync);
pfs.pStat = promised(function (path) {
	return native.stat(path, true) === null ? undefined :
	    fs.statSync(path);
});
pfs.pTouch = promised(function (path) {
	if (!fs.existsSync(path))
		fs.writeFileSync(path, '');
	else
		fs.utimesSync(path, 0, Date.now() / 1000);
});
pfs.pMkdir = promised(fs.mkdirSync);
pfs.pRmdir = promised(fs.rmdirSync);
pfs.pUnlink = promised(fs.unlinkSync);
pfs.pSymlink = promised(fs.symlinkSync);
pfs.pRename = promised(fs.renameSync);
pfs.pChmod = promised(fs.chmodSync);
pfs.pChown = promised(fs.chownSync);
pfs.pReadDir = promised(fs.readdirSync);
pfs.pReadFile = promised(fs.readFileSync);
pfs.pWriteFile = promised(fs.writeFileSync);
pfs.pCopy = promised(fs.copyFileSync);
pfs.pGetUid = promised(function (name) {
	return lookUp('/etc/passwd', name);
});
pfs.pGetGid = promised(function (name) {
	return lookUp('/etc/group', name);
});
pfs.hash = function (data) { return native.hash('sha512', data); };
pfs.hashFileSync = function (path) {
	return native.hash('sha512', native.readFile(path));
};
pfs.pHashFile = promised(pfs.hashFileSync);
pfs.ensurePath = function (dir, fn) {
	var err = null;

	try {
		fs.mkdirSync(dir, {recursive: true});
	} catch (e) {
		err = e;
	}
	if (fn)
		global.setImmediate(function () { fn(err); });
};
pfs.makeOrig = promised(function (path, keep) {
	if (keep !== false && fs.existsSync(path) &&
	    !fs.existsSync(path + '.orig_partout'))
		fs.copyFileSync(path, path + '.orig_partout');
});

function walk(dir, exclude, found) {
	fs.readdirSync(dir).forEach(function (name) {
		var path = dir + '/' + name;

		if (exclude && name.search(exclude) >= 0)
			return;
		if (fs.lstatSync(path).isDirectory())
			walk(path, exclude, found);
		else
			found.push(path);
	});
	return found;
}
pfs.walk = promised(function (dir, exclude) {
	return walk(dir, exclude, []);
});
pfs.hashWalk = function (dir, exclude, fn) {
	var found = {}, err = null;

	try {
		walk(dir, exclude, []).forEach(function (path) {
			found[path] = {hash: pfs.hashFileSync(path),
			    fullname: path,
			    relname: path.slice(dir.length + 1)};
		});
	} catch (e) {
		err = e;
	}
	global.setImmediate(function () { fn(err, found); });
};
return pfs;
})
