/* require: files, and packages below node_modules. */

var cache = {};			/* path: module */

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
		main = JSON.parse(native.readTrusted(path + '/package.json'))
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
		m.exports = JSON.parse(native.readTrusted(path));
		return m.exports;
	}
	try {
		global.p2._in(path, function () {
			native.compile(path, text).call(m.exports, m.exports,
			    m.require, m, path, dirname(path), native.given());
		});
	} catch (e) {
		delete cache[path];
		throw e;
	}
	m.loaded = true;
	return m.exports;
}

global.__p2modules = {evaluate: evaluate};
