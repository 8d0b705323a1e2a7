/* What newer editions of the language have and the engine lacks. */
(function (native, global, api) {
'use strict';

function add(where, name, value) {
	if (where[name] === undefined)
		Object.defineProperty(where, name, {configurable: true,
		    writable: true, value: value});
}

/* --- Promise ------------------------------------------------------------ */

var PENDING = 0, FULFILLED = 1, REJECTED = 2;

function Promise(executor) {
	if (typeof executor !== 'function')
		throw new TypeError('a promise needs a function');
	this._state = PENDING;
	this._value = undefined;
	this._waiting = [];
	follow(this, executor);
}

/* Run the executor; only the first of its answers counts. */
function follow(p, executor) {
	var answered = false;

	try {
		executor(function (v) {
			if (!answered) {
				answered = true;
				resolve(p, v);
			}
		}, function (e) {
			if (!answered) {
				answered = true;
				settle(p, REJECTED, e);
			}
		});
	} catch (e) {
		if (!answered) {
			answered = true;
			settle(p, REJECTED, e);
		}
	}
}

function resolve(p, v) {
	var then;

	if (v === p) {
		settle(p, REJECTED, new TypeError('a promise for itself'));
		return;
	}
	if (v === null || (typeof v !== 'object' && typeof v !== 'function')) {
		settle(p, FULFILLED, v);
		return;
	}
	try {
		then = v.then;
	} catch (e) {
		settle(p, REJECTED, e);
		return;
	}
	if (typeof then !== 'function')
		settle(p, FULFILLED, v);
	else
		api.job(function () {
			follow(p, function (yes, no) { then.call(v, yes, no); });
		});
}

function settle(p, state, value) {
	var waiting = p._waiting, i;

	p._state = state;
	p._value = value;
	p._waiting = null;
	for (i = 0; i < waiting.length; i++)
		react(p, waiting[i]);
}

function react(p, w) {
	api.job(function () {
		var fn = p._state === FULFILLED ? w.yes : w.no, v;

		if (typeof fn !== 'function') {
			if (p._state === FULFILLED)
				resolve(w.next, p._value);
			else
				settle(w.next, REJECTED, p._value);
			return;
		}
		try {
			v = fn(p._value);
		} catch (e) {
			settle(w.next, REJECTED, e);
			return;
		}
		resolve(w.next, v);
	});
}

function nothing() {}

Promise.prototype.then = function (yes, no) {
	var w = {yes: yes, no: no, next: new Promise(nothing)};

	if (this._state === PENDING)
		this._waiting.push(w);
	else
		react(this, w);
	return w.next;
};
Promise.prototype['catch'] = function (no) {
	return this.then(undefined, no);
};
Promise.prototype['finally'] = function (fn) {
	return this.then(function (v) {
		return Promise.resolve(fn()).then(function () { return v; });
	}, function (e) {
		return Promise.resolve(fn()).then(function () { throw e; });
	});
};
Promise.resolve = function (v) {
	if (v instanceof Promise)
		return v;
	return new Promise(function (yes) { yes(v); });
};
Promise.reject = function (e) {
	return new Promise(function (yes, no) { no(e); });
};
Promise.all = function (list) {
	return new Promise(function (yes, no) {
		var values = [], left = list.length;

		if (left === 0)
			yes(values);
		list.forEach(function (v, i) {
			Promise.resolve(v).then(function (got) {
				values[i] = got;
				if (--left === 0)
					yes(values);
			}, no);
		});
	});
};
Promise.allSettled = function (list) {
	return Promise.all(list.map(function (v) {
		return Promise.resolve(v).then(function (got) {
			return {status: 'fulfilled', value: got};
		}, function (e) {
			return {status: 'rejected', reason: e};
		});
	}));
};
Promise.race = function (list) {
	return new Promise(function (yes, no) {
		list.forEach(function (v) {
			Promise.resolve(v).then(yes, no);
		});
	});
};
add(global, 'Promise', Promise);

/* --- Map and Set -------------------------------------------------------- */

/* The name under which a key is found; objects carry a number. */
var objects = 0;

function idOf(key) {
	if ((typeof key !== 'object' || key === null) &&
	    typeof key !== 'function')
		return typeof key + ':' + String(key);
	if (!Object.prototype.hasOwnProperty.call(key, '__p2id'))
		Object.defineProperty(key, '__p2id', {value: ++objects});
	return '#' + key.__p2id;
}

/* Entries in the order of insertion; a deleted one leaves a hole. */
function Map(pairs) {
	this.clear();
	if (pairs)
		pairs.forEach(function (p) { this.set(p[0], p[1]); }, this);
}
Map.prototype.clear = function () {
	this._at = Object.create(null);
	this._list = [];
	this.size = 0;
};
Map.prototype.has = function (key) {
	return this._at[idOf(key)] !== undefined;
};
Map.prototype.get = function (key) {
	var i = this._at[idOf(key)];

	return i === undefined ? undefined : this._list[i].value;
};
Map.prototype.set = function (key, value) {
	var id = idOf(key), i = this._at[id];

	if (i !== undefined) {
		this._list[i].value = value;
		return this;
	}
	this._at[id] = this._list.length;
	this._list.push({key: key, value: value});
	this.size++;
	return this;
};
Map.prototype['delete'] = function (key) {
	var id = idOf(key), i = this._at[id];

	if (i === undefined)
		return false;
	delete this._at[id];
	this._list[i] = null;
	this.size--;
	return true;
};
Map.prototype.forEach = function (fn, self) {
	var i;

	for (i = 0; i < this._list.length; i++)
		if (this._list[i] !== null)
			fn.call(self, this._list[i].value, this._list[i].key,
			    this);
};

function iterator(all) {
	var i = 0;

	return {next: function () {
		return i < all.length ? {value: all[i++], done: false} :
		    {value: undefined, done: true};
	}, forEach: function (fn, self) {
		all.forEach(fn, self);
	}, length: all.length};
}

function collect(map, fn) {
	var all = [];

	map.forEach(function (value, key) { all.push(fn(value, key)); });
	return iterator(all);
}
Map.prototype.keys = function () {
	return collect(this, function (v, k) { return k; });
};
Map.prototype.values = function () {
	return collect(this, function (v) { return v; });
};
Map.prototype.entries = function () {
	return collect(this, function (v, k) { return [k, v]; });
};

function Set(values) {
	this.clear();
	if (values)
		values.forEach(function (v) { this.add(v); }, this);
}
Set.prototype.clear = function () {
	this._map = new Map();
	this.size = 0;
};
Set.prototype.has = function (v) { return this._map.has(v); };
Set.prototype.add = function (v) {
	this._map.set(v, v);
	this.size = this._map.size;
	return this;
};
Set.prototype['delete'] = function (v) {
	var had = this._map['delete'](v);

	this.size = this._map.size;
	return had;
};
Set.prototype.forEach = function (fn, self) {
	var set = this;

	this._map.forEach(function (v) { fn.call(self, v, v, set); });
};
Set.prototype.values = Set.prototype.keys = function () {
	return this._map.keys();
};
Set.prototype.entries = function () { return this._map.entries(); };
add(global, 'Map', Map);
add(global, 'Set', Set);
add(global, 'WeakMap', Map);
add(global, 'WeakSet', Set);

/* --- Object, Number, Math ----------------------------------------------- */

add(Object, 'assign', function (to) {
	var i, key;

	for (i = 1; i < arguments.length; i++)
		for (key in arguments[i])
			if (Object.prototype.hasOwnProperty.call(arguments[i],
			    key))
				to[key] = arguments[i][key];
	return to;
});
add(Object, 'values', function (o) {
	return Object.keys(o).map(function (k) { return o[k]; });
});
add(Object, 'entries', function (o) {
	return Object.keys(o).map(function (k) { return [k, o[k]]; });
});
add(Object, 'fromEntries', function (list) {
	var o = {};

	list.forEach(function (e) { o[e[0]] = e[1]; });
	return o;
});
add(Number, 'isInteger', function (n) {
	return typeof n === 'number' && isFinite(n) && Math.floor(n) === n;
});
add(Number, 'isFinite', function (n) {
	return typeof n === 'number' && isFinite(n);
});
add(Number, 'isNaN', function (n) {
	return typeof n === 'number' && n !== n;
});
add(Number, 'isSafeInteger', function (n) {
	return Number.isInteger(n) && Math.abs(n) <= 9007199254740991;
});
add(Number, 'parseInt', parseInt);
add(Number, 'parseFloat', parseFloat);
add(Math, 'trunc', function (x) {
	return x < 0 ? Math.ceil(x) : Math.floor(x);
});
add(Math, 'sign', function (x) { return x > 0 ? 1 : x < 0 ? -1 : +x; });
add(Math, 'log2', function (x) { return Math.log(x) / Math.LN2; });
add(Math, 'log10', function (x) { return Math.log(x) / Math.LN10; });

/* --- Array -------------------------------------------------------------- */

function seek(list, fn, self, what) {
	var i;

	for (i = 0; i < list.length; i++)
		if (fn.call(self, list[i], i, list))
			return what === 'index' ? i : list[i];
	return what === 'index' ? -1 : undefined;
}
add(Array.prototype, 'find', function (fn, self) {
	return seek(this, fn, self, 'value');
});
add(Array.prototype, 'findIndex', function (fn, self) {
	return seek(this, fn, self, 'index');
});
add(Array.prototype, 'includes', function (v, from) {
	var i;

	for (i = from || 0; i < this.length; i++)
		if (this[i] === v || (v !== v && this[i] !== this[i]))
			return true;
	return false;
});
add(Array.prototype, 'fill', function (v, from, to) {
	var i, n = this.length;

	from = from === undefined ? 0 : from < 0 ? n + from : from;
	to = to === undefined ? n : to < 0 ? n + to : to;
	for (i = from; i < to; i++)
		this[i] = v;
	return this;
});
add(Array.prototype, 'flat', function (depth) {
	depth = depth === undefined ? 1 : depth;
	return this.reduce(function (all, v) {
		return all.concat(Array.isArray(v) && depth > 0 ?
		    v.flat(depth - 1) : [v]);
	}, []);
});
add(Array.prototype, 'flatMap', function (fn, self) {
	return this.map(fn, self).flat();
});
add(Array.prototype, 'at', function (i) {
	return this[i < 0 ? this.length + i : i];
});
add(Array.prototype, 'keys', function () {
	return iterator(this.map(function (v, i) { return i; }));
});
add(Array.prototype, 'values', function () { return iterator(this.slice()); });
add(Array.prototype, 'entries', function () {
	return iterator(this.map(function (v, i) { return [i, v]; }));
});
add(Array, 'of', function () { return Array.prototype.slice.call(arguments); });
add(Array, 'from', function (from, fn, self) {
	var list = [], step;

	if (from && typeof from.next === 'function')
		while (!(step = from.next()).done)
			list.push(step.value);
	else if (from && typeof from.forEach === 'function' &&
	    from.length === undefined)
		from.forEach(function (v, k) {
			list.push(from instanceof Map ? [k, v] : v);
		});
	else
		list = Array.prototype.slice.call(typeof from === 'string' ?
		    from.split('') : from);
	return fn ? list.map(fn, self) : list;
});

/* --- String ------------------------------------------------------------- */

add(String.prototype, 'startsWith', function (s, at) {
	return this.substr(at || 0, String(s).length) === String(s);
});
add(String.prototype, 'endsWith', function (s, end) {
	end = end === undefined ? this.length : end;
	s = String(s);
	return end >= s.length && this.substr(end - s.length, s.length) === s;
});
add(String.prototype, 'includes', function (s, at) {
	return this.indexOf(s, at) >= 0;
});
add(String.prototype, 'repeat', function (n) {
	if (n < 0 || n === Infinity)
		throw new RangeError('repeat: bad count');
	return new Array(Math.floor(n) + 1).join(this);
});

function padding(s, n, fill) {
	fill = fill === undefined ? ' ' : String(fill);
	n -= s.length;
	return n <= 0 || fill === '' ? '' :
	    fill.repeat(Math.ceil(n / fill.length)).slice(0, n);
}
add(String.prototype, 'padStart', function (n, fill) {
	return padding(this, n, fill) + this;
});
add(String.prototype, 'padEnd', function (n, fill) {
	return this + padding(this, n, fill);
});
add(String.prototype, 'trimStart', function () {
	return this.replace(/^\s+/, '');
});
add(String.prototype, 'trimEnd', function () {
	return this.replace(/\s+$/, '');
});
add(String.prototype, 'trimLeft', String.prototype.trimStart);
add(String.prototype, 'trimRight', String.prototype.trimEnd);
add(String.prototype, 'replaceAll', function (what, by) {
	if (what instanceof RegExp)
		return this.replace(what, by);
	return typeof by === 'function' ?
	    this.split(what).join(by(what)) : this.split(what).join(by);
});
add(String.prototype, 'codePointAt', function (i) {
	var a = this.charCodeAt(i || 0), b = this.charCodeAt((i || 0) + 1);

	return a >= 0xd800 && a < 0xdc00 && b >= 0xdc00 && b < 0xe000 ?
	    (a - 0xd800) * 0x400 + (b - 0xdc00) + 0x10000 : a;
});

/* --- Heredocs ----------------------------------------------------------- */

/*
 * The engine keeps no source text.  As a file is loaded, a function whose body
 * is but a comment is made to return it when called with this object.
 */
global.__p2comment = {};

function commentOf(fn) {
	var text = typeof fn === 'function' ?
	    fn(global.__p2comment) : undefined;

	if (typeof text !== 'string')
		throw new Error('heredoc: no comment in the function');
	return text;
}

function heredoc(fn) {
	return commentOf(fn).replace(/^(!|@preserve)?[^\n]*\n/, '')
	    .replace(/[ \t]*$/, '');
}
heredoc.strip = function (fn) {
	var text = heredoc(fn), least = Infinity;

	text.split('\n').forEach(function (line) {
		if (/[^ \t]/.test(line))
			least = Math.min(least, /^[ \t]*/.exec(line)[0].length);
	});
	return text.split('\n').map(function (line) {
		return line.slice(Math.min(least,
		    /^[ \t]*/.exec(line)[0].length));
	}).join('\n');
};
global.p2.heredoc = heredoc;
})
