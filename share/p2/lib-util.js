(function (native) {
'use strict';

function inspect(v, depth, seen) {
	depth = typeof depth === 'number' ? depth : 3;
	seen = Array.isArray(seen) ? seen : [];
	if (typeof v === 'string')
		return "'" + v.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
		    .replace(/'/g, "\\'") + "'";
	if (v === null || (typeof v !== 'object' && typeof v !== 'function'))
		return String(v);
	if (v instanceof Error)
		return v.name + ': ' + v.message;
	if (v instanceof RegExp)
		return String(v);
	if (v instanceof Date)
		return isNaN(v) ? 'Invalid Date' : v.toISOString();
	if (typeof v === 'function')
		return '[Function' + (v.name ? ': ' + v.name : '') + ']';
	if (seen.indexOf(v) >= 0)
		return '[Circular]';
	return members(v, depth, seen.concat([v]));
}

function members(v, depth, seen) {
	var list, text;

	if (native.isBuffer(v))
		return '<Buffer ' + v.toString('hex').replace(/..(?=.)/g,
		    '$& ') + '>';
	if (depth < 0)
		return Array.isArray(v) ? '[Array]' : '[Object]';
	list = Array.isArray(v) ? v.map(function (e) {
		return inspect(e, depth - 1, seen);
	}) : Object.keys(v).map(function (k) {
		return (/^[A-Za-z_$][\w$]*$/.test(k) ? k : inspect(k)) + ': ' +
		    inspect(v[k], depth - 1, seen);
	});
	if (list.length === 0)
		return Array.isArray(v) ? '[]' : '{}';
	text = ' ' + list.join(', ') + ' ';
	if (text.length > 72)
		text = '\n  ' + list.join(',\n').replace(/\n/g, '\n  ') + '\n';
	return Array.isArray(v) ? '[' + text + ']' : '{' + text + '}';
}

function json(v) {
	try {
		return JSON.stringify(v);
	} catch (e) {
		return '[Circular]';
	}
}

function format(f) {
	var args = Array.prototype.slice.call(arguments), i = 1, text;

	if (typeof f !== 'string')
		return args.map(function (a) {
			return typeof a === 'string' ? a : inspect(a);
		}).join(' ');
	text = f.replace(/%[sdifjoOc%]/g, function (m) {
		if (m === '%%')
			return args.length > 1 ? '%' : m;
		if (i >= args.length)
			return m;
		switch (m) {
		case '%s': return typeof args[i] === 'object' ?
			    inspect(args[i++], 0) : String(args[i++]);
		case '%d': return String(Number(args[i++]));
		case '%i': return String(parseInt(args[i++], 10));
		case '%f': return String(parseFloat(args[i++]));
		case '%j': return json(args[i++]);
		case '%c': i++; return '';
		default: return inspect(args[i++]);
		}
	});
	return [text].concat(args.slice(i).map(function (a) {
		return typeof a === 'string' ? a : inspect(a);
	})).join(' ');
}

function is(type) {
	return function (v) { return typeof v === type; };
}

return {
	inspect: inspect, format: format,
	inherits: function (child, parent) {
		child.super_ = parent;
		child.prototype = Object.create(parent.prototype,
		    {constructor: {value: child, writable: true,
		    configurable: true}});
	},
	isArray: Array.isArray, isString: is('string'),
	isNumber: is('number'), isBoolean: is('boolean'),
	isFunction: is('function'), isUndefined: is('undefined'),
	isObject: function (v) { return v !== null && typeof v === 'object'; },
	isNull: function (v) { return v === null; },
	isRegExp: function (v) { return v instanceof RegExp; },
	isDate: function (v) { return v instanceof Date; },
	isError: function (v) { return v instanceof Error; },
	deprecate: function (fn) { return fn; },
	promisify: function (fn) {
		return function () {
			var self = this, args = [].slice.call(arguments);

			return new Promise(function (yes, no) {
				fn.apply(self, args.concat([function (e, v) {
					if (e)
						no(e);
					else
						yes(v);
				}]));
			});
		};
	},
	print: function () {
		native.print(1, [].slice.call(arguments).join(''));
	},
	puts: function () {
		native.print(1, [].slice.call(arguments).join('\n') + '\n');
	},
	log: function () { native.print(1, format.apply(null, arguments) +
	    '\n'); }
};
})
