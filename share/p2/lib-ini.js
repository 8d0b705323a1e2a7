(function () {
'use strict';

function unsafe(s) {
	var m;

	s = s.trim();
	if ((m = /^"([^]*)"$/.exec(s)) || (m = /^'([^]*)'$/.exec(s)))
		return m[1].replace(/\\"/g, '"');
	return s.replace(/(^|[^\\])[;#][^]*$/, '$1').replace(/\\([;#\\])/g,
	    '$1').trim();
}

function safe(v) {
	if (typeof v !== 'string' || !(/[=\r\n]|^\[|^\s|\s$|^"/).test(v))
		return String(v).replace(/[;#]/g, '\\$&');
	return JSON.stringify(v);
}

function section(o, name) {
	return name.split('.').reduce(function (at, part) {
		if (at[part] === undefined)
			at[part] = {};
		return at[part];
	}, o);
}

function parse(text) {
	var all = {}, at = all;

	text.split(/\r?\n/).forEach(function (line) {
		var m, key, v;

		if (/^\s*([;#]|$)/.test(line))
			return;
		if ((m = /^\s*\[([^\]]*)\]\s*$/.exec(line))) {
			at = section(all, unsafe(m[1]));
			return;
		}
		m = /^([^=]*)(?:=([^]*))?$/.exec(line);
		key = unsafe(m[1]);
		v = m[2] === undefined ? true : unsafe(m[2]);
		if (v === 'true' || v === 'false' || v === 'null')
			v = JSON.parse(v);
		if (!/\[\]$/.test(key))
			at[key] = v;
		else {
			key = key.slice(0, -2);
			at[key] = (at[key] || []).concat([v]);
		}
	});
	return all;
}

function stringify(o, opts, name) {
	var eq = opts && opts.whitespace ? ' = ' : '=', text = '', below = '';

	Object.keys(o).forEach(function (k) {
		var v = o[k];

		if (Array.isArray(v))
			v.forEach(function (e) {
				text += k + '[]' + eq + safe(e) + '\n';
			});
		else if (v !== null && typeof v === 'object')
			below += stringify(v, opts, name ? name + '.' + k : k);
		else
			text += k + eq + safe(v) + '\n';
	});
	if (name && text)
		text = '[' + name + ']\n' + text;
	return text + (text && below ? '\n' : '') + below;
}

return {parse: parse, decode: parse, safe: safe, unsafe: unsafe,
    stringify: function (o, opts) { return stringify(o, opts, ''); },
    encode: function (o, opts) { return stringify(o, opts, ''); }};
})
