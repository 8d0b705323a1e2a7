(function (native) {
'use strict';

function normalizeParts(path) {
	var parts = [], absolute = path.charAt(0) === '/';

	path.split('/').forEach(function (part) {
		if (part === '' || part === '.')
			return;
		if (part !== '..')
			parts.push(part);
		else if (parts.length > 0 && parts[parts.length - 1] !== '..')
			parts.pop();
		else if (!absolute)
			parts.push(part);
	});
	return parts;
}

var path = {
	sep: '/', delimiter: ':',
	normalize: function (p) {
		var absolute = p.charAt(0) === '/';
		var text = normalizeParts(p).join('/');

		if (text !== '' && /\/$/.test(p))
			text += '/';
		return absolute ? '/' + text : text || '.';
	},
	join: function () {
		var text = [].slice.call(arguments).filter(function (p) {
			if (typeof p !== 'string')
				throw new TypeError('path.join: not a string');
			return p !== '';
		}).join('/');

		return text === '' ? '.' : path.normalize(text);
	},
	resolve: function () {
		var i, text = '';

		for (i = arguments.length - 1; i >= 0 &&
		    text.charAt(0) !== '/'; i--)
			if (arguments[i])
				text = arguments[i] + '/' + text;
		if (text.charAt(0) !== '/')
			text = native.cwd() + '/' + text;
		return '/' + normalizeParts(text).join('/');
	},
	isAbsolute: function (p) { return p.charAt(0) === '/'; },
	relative: function (from, to) {
		var a = normalizeParts(path.resolve(from));
		var b = normalizeParts(path.resolve(to)), i = 0;

		while (i < a.length && i < b.length && a[i] === b[i])
			i++;
		return a.slice(i).map(function () { return '..'; })
		    .concat(b.slice(i)).join('/');
	},
	dirname: function (p) {
		var m = /^(.*?)\/*[^\/]*\/*$/.exec(p);

		return m[1] !== '' ? m[1] : p.charAt(0) === '/' ? '/' : '.';
	},
	basename: function (p, ext) {
		var base = /([^\/]*)\/*$/.exec(p)[1];

		if (ext && base.length > ext.length &&
		    base.slice(-ext.length) === ext)
			base = base.slice(0, -ext.length);
		return base;
	},
	extname: function (p) {
		var m = /[^.](\.[^.]*)$/.exec(path.basename(p));

		return m ? m[1] : '';
	},
	parse: function (p) {
		var base = path.basename(p), ext = path.extname(p);

		return {root: p.charAt(0) === '/' ? '/' : '',
		    dir: p.indexOf('/') < 0 ? '' : path.dirname(p),
		    base: base, ext: ext,
		    name: base.slice(0, base.length - ext.length)};
	},
	format: function (o) {
		var base = o.base || (o.name || '') + (o.ext || '');

		return o.dir ? path.join(o.dir, base) : (o.root || '') + base;
	}
};
path.posix = path;
return path;
})
