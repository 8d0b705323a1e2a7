/* lodash: the functions that policies use. */
(function () {
'use strict';

var has = Object.prototype.hasOwnProperty;

function iteratee(by) {
	if (typeof by === 'function')
		return by;
	if (by === undefined || by === null)
		return function (v) { return v; };
	if (typeof by === 'object')
		return function (v) {
			return Object.keys(by).every(function (k) {
				return v !== null && v !== undefined &&
				    isEqual(v[k], by[k]);
			});
		};
	return function (v) { return get(v, by); };
}

function path(p) {
	return Array.isArray(p) ? p : String(p).replace(/\[(\w+)\]/g, '.$1')
	    .replace(/^\./, '').split('.');
}

function get(o, p, otherwise) {
	var at = path(p).reduce(function (v, k) {
		return v === null || v === undefined ? undefined : v[k];
	}, o);

	return at === undefined ? otherwise : at;
}

function set(o, p, value) {
	var keys = path(p), last = keys.pop();

	keys.reduce(function (v, k) {
		if (v[k] === null || typeof v[k] !== 'object')
			v[k] = {};
		return v[k];
	}, o)[last] = value;
	return o;
}

function isEqual(a, b) {
	var ka, kb;

	if (a === b || (a !== a && b !== b))
		return true;
	if (a === null || b === null || typeof a !== 'object' ||
	    typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b))
		return false;
	if (a instanceof Date && b instanceof Date)
		return a.getTime() === b.getTime();
	ka = Object.keys(a);
	kb = Object.keys(b);
	return ka.length === kb.length && ka.every(function (k) {
		return has.call(b, k) && isEqual(a[k], b[k]);
	});
}

function isPlainObject(v) {
	return v !== null && typeof v === 'object' &&
	    (Object.getPrototypeOf(v) === Object.prototype ||
	    Object.getPrototypeOf(v) === null);
}

function cloneDeep(v) {
	var copy;

	if (Array.isArray(v))
		return v.map(cloneDeep);
	if (v instanceof Date)
		return new Date(v.getTime());
	if (!isPlainObject(v))
		return v;
	copy = {};
	Object.keys(v).forEach(function (k) { copy[k] = cloneDeep(v[k]); });
	return copy;
}

function merge(to) {
	[].slice.call(arguments, 1).forEach(function (from) {
		Object.keys(from || {}).forEach(function (k) {
			if (isPlainObject(from[k]) && isPlainObject(to[k]))
				merge(to[k], from[k]);
			else if (from[k] !== undefined)
				to[k] = cloneDeep(from[k]);
		});
	});
	return to;
}

function assign(to) {
	[].slice.call(arguments, 1).forEach(function (from) {
		Object.keys(from || {}).forEach(function (k) {
			to[k] = from[k];
		});
	});
	return to;
}

function defaults(to) {
	[].slice.call(arguments, 1).forEach(function (from) {
		Object.keys(from || {}).forEach(function (k) {
			if (to[k] === undefined)
				to[k] = from[k];
		});
	});
	return to;
}

function each(o, fn) {
	if (Array.isArray(o) || typeof o === 'string')
		[].every.call(o, function (v, i) { return fn(v, i, o) !==
		    false; });
	else
		Object.keys(o || {}).every(function (k) {
			return fn(o[k], k, o) !== false;
		});
	return o;
}

function map(o, by) {
	var list = [], fn = iteratee(by);

	each(o, function (v, k) { list.push(fn(v, k, o)); });
	return list;
}

function filter(o, by) {
	var list = [], fn = iteratee(by);

	each(o, function (v, k) {
		if (fn(v, k, o))
			list.push(v);
	});
	return list;
}

function find(o, by) { return filter(o, by)[0]; }

function reduce(o, fn, first) {
	var at = first, started = arguments.length > 2;

	each(o, function (v, k) {
		at = started ? fn(at, v, k, o) : v;
		started = true;
	});
	return at;
}

function flatten(list) {
	return list.reduce(function (all, v) { return all.concat(v); }, []);
}

function uniq(list, by) {
	var fn = iteratee(by), seen = [];

	return list.filter(function (v) {
		var id = fn(v);

		return seen.indexOf(id) >= 0 ? false : seen.push(id) > 0;
	});
}

function sortBy(o, by) {
	var fns = [].concat(by === undefined ? [undefined] : by)
	    .map(iteratee);

	return map(o, function (v, i) { return {v: v, i: i}; })
	    .sort(function (a, b) {
		var k, x, y;

		for (k = 0; k < fns.length; k++) {
			x = fns[k](a.v);
			y = fns[k](b.v);
			if (x < y || x > y)
				return x < y ? -1 : 1;
		}
		return a.i < b.i ? -1 : 1;
	}).map(function (e) { return e.v; });
}

function pick(o) {
	var to = {};

	flatten([].slice.call(arguments, 1)).forEach(function (k) {
		if (k in o)
			to[k] = o[k];
	});
	return to;
}

function omit(o) {
	var without = flatten([].slice.call(arguments, 1)), to = {};

	Object.keys(o).forEach(function (k) {
		if (without.indexOf(k) < 0)
			to[k] = o[k];
	});
	return to;
}

function group(put) {
	return function (o, by) {
		var to = {}, fn = iteratee(by);

		each(o, function (v) { put(to, fn(v), v); });
		return to;
	};
}

function size(o) {
	return o === null || o === undefined ? 0 : o.length !== undefined ?
	    o.length : Object.keys(o).length;
}

function is(type) {
	return function (v) { return typeof v === type; };
}

function words(s) { return String(s).match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g) || []; }

function camel(s) {
	return words(s).map(function (w, i) {
		w = w.toLowerCase();
		return i ? w.charAt(0).toUpperCase() + w.slice(1) : w;
	}).join('');
}

var _ = {
	get: get, set: set, isEqual: isEqual, cloneDeep: cloneDeep,
	merge: merge, assign: assign, extend: assign, defaults: defaults,
	isPlainObject: isPlainObject, each: each, forEach: each, map: map,
	collect: map, filter: filter, find: find, reduce: reduce,
	foldl: reduce, flatten: flatten, uniq: uniq, uniqBy: uniq,
	sortBy: sortBy, pick: pick, omit: omit, size: size, forOwn: each,
	forIn: each, camelCase: camel,
	has: function (o, p) {
		return get(o, p) !== undefined || (o && has.call(o, p));
	},
	clone: function (o) {
		return Array.isArray(o) ? o.slice() : isPlainObject(o) ?
		    assign({}, o) : o;
	},
	keys: function (o) { return Object.keys(o || {}); },
	values: function (o) { return map(o); },
	pairs: function (o) { return Object.entries(o); },
	toPairs: function (o) { return Object.entries(o); },
	zipObject: function (keys, values) {
		var o = {};

		keys.forEach(function (k, i) {
			o[k] = values ? values[i] : undefined;
		});
		return o;
	},
	fromPairs: function (list) { return Object.fromEntries(list); },
	invert: function (o) {
		var to = {};

		each(o, function (v, k) { to[v] = k; });
		return to;
	},
	mapValues: function (o, by) {
		var to = {}, fn = iteratee(by);

		each(o, function (v, k) { to[k] = fn(v, k, o); });
		return to;
	},
	mapKeys: function (o, by) {
		var to = {}, fn = iteratee(by);

		each(o, function (v, k) { to[fn(v, k, o)] = v; });
		return to;
	},
	pickBy: function (o, by) {
		var to = {}, fn = iteratee(by);

		each(o, function (v, k) { if (fn(v, k)) to[k] = v; });
		return to;
	},
	omitBy: function (o, by) {
		var to = {}, fn = iteratee(by);

		each(o, function (v, k) { if (!fn(v, k)) to[k] = v; });
		return to;
	},
	reject: function (o, by) {
		var fn = iteratee(by);

		return filter(o, function (v, k) { return !fn(v, k, o); });
	},
	some: function (o, by) { return filter(o, by).length > 0; },
	every: function (o, by) { return filter(o, by).length === size(o); },
	findIndex: function (list, by) { return list.findIndex(iteratee(by)); },
	findKey: function (o, by) {
		return Object.keys(o).find(function (k) {
			return iteratee(by)(o[k], k);
		});
	},
	where: filter, findWhere: find, pluck: map,
	groupBy: group(function (to, k, v) { (to[k] = to[k] || []).push(v); }),
	keyBy: group(function (to, k, v) { to[k] = v; }),
	indexBy: group(function (to, k, v) { to[k] = v; }),
	countBy: group(function (to, k) { to[k] = (to[k] || 0) + 1; }),
	partition: function (o, by) {
		return [filter(o, by), _.reject(o, by)];
	},
	orderBy: function (o, by, order) {
		var list = sortBy(o, by);

		return [].concat(order)[0] === 'desc' ? list.reverse() : list;
	},
	includes: function (o, v) {
		return typeof o === 'string' ? o.indexOf(v) >= 0 :
		    map(o).indexOf(v) >= 0;
	},
	indexOf: function (list, v) { return list.indexOf(v); },
	first: function (list) { return list && list[0]; },
	head: function (list) { return list && list[0]; },
	last: function (list) { return list && list[list.length - 1]; },
	initial: function (list) { return list.slice(0, -1); },
	rest: function (list) { return list.slice(1); },
	tail: function (list) { return list.slice(1); },
	take: function (list, n) { return list.slice(0, n === undefined ? 1 :
	    n); },
	drop: function (list, n) { return list.slice(n === undefined ? 1 : n); },
	compact: function (list) { return list.filter(Boolean); },
	flattenDeep: function (list) { return list.flat(Infinity); },
	union: function () { return uniq(flatten([].slice.call(arguments))); },
	intersection: function (a) {
		return uniq(a).filter(function (v) {
			return [].slice.call(this, 1).every(function (b) {
				return b.indexOf(v) >= 0;
			});
		}, arguments);
	},
	difference: function (a) {
		var b = flatten([].slice.call(arguments, 1));

		return a.filter(function (v) { return b.indexOf(v) < 0; });
	},
	without: function (a) {
		return _.difference(a, [].slice.call(arguments, 1));
	},
	pull: function (a) {
		[].slice.call(arguments, 1).forEach(function (v) {
			while (a.indexOf(v) >= 0)
				a.splice(a.indexOf(v), 1);
		});
		return a;
	},
	remove: function (a, by) {
		var gone = filter(a, by);

		gone.forEach(function (v) { a.splice(a.indexOf(v), 1); });
		return gone;
	},
	zip: function () {
		var lists = [].slice.call(arguments);

		return lists[0].map(function (v, i) {
			return lists.map(function (l) { return l[i]; });
		});
	},
	chunk: function (list, n) {
		var to = [], i;

		for (i = 0; i < list.length; i += n)
			to.push(list.slice(i, i + n));
		return to;
	},
	range: function (from, to, by) {
		var list = [];

		if (to === undefined) {
			to = from;
			from = 0;
		}
		for (by = by || 1; by > 0 ? from < to : from > to; from += by)
			list.push(from);
		return list;
	},
	times: function (n, fn) { return _.range(n).map(function (i) {
		return fn(i); }); },
	sum: function (list) { return reduce(list, function (a, b) {
		return a + b; }, 0); },
	max: function (list) { return sortBy(list).pop(); },
	min: function (list) { return sortBy(list)[0]; },
	isEmpty: function (o) { return size(o) === 0; },
	isArray: Array.isArray, isString: is('string'),
	isNumber: is('number'), isBoolean: is('boolean'),
	isFunction: is('function'), isUndefined: is('undefined'),
	isNull: function (v) { return v === null; },
	isNil: function (v) { return v === null || v === undefined; },
	isObject: function (v) {
		return v !== null && (typeof v === 'object' ||
		    typeof v === 'function');
	},
	isRegExp: function (v) { return v instanceof RegExp; },
	isDate: function (v) { return v instanceof Date; },
	identity: function (v) { return v; }, noop: function () {},
	constant: function (v) { return function () { return v; }; },
	bind: function (fn, self) {
		return fn.bind.apply(fn, [].slice.call(arguments, 1));
	},
	once: function (fn) {
		var done = false, value;

		return function () {
			if (!done) {
				done = true;
				value = fn.apply(this, arguments);
			}
			return value;
		};
	},
	trim: function (s) { return String(s).trim(); },
	startsWith: function (s, t) { return s.startsWith(t); },
	endsWith: function (s, t) { return s.endsWith(t); },
	padStart: function (s, n, c) { return String(s).padStart(n, c); },
	padEnd: function (s, n, c) { return String(s).padEnd(n, c); },
	repeat: function (s, n) { return s.repeat(n); },
	upperFirst: function (s) {
		return s.charAt(0).toUpperCase() + s.slice(1);
	},
	capitalize: function (s) {
		return s.charAt(0).toUpperCase() + s.slice(1).toLowerCase();
	},
	kebabCase: function (s) { return words(s).join('-').toLowerCase(); },
	snakeCase: function (s) { return words(s).join('_').toLowerCase(); },
	escapeRegExp: function (s) {
		return s.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
	}
};
return _;
})
