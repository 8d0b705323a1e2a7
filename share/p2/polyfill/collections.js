/* Map and Set, and what iterates over them. */

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

function hide(where, name, value) {
	Object.defineProperty(where, name, {configurable: true,
	    writable: true, value: value});
}

/* An array as well, since compilers make for-of count up an index. */
function iterator(all) {
	var i = 0;

	hide(all, 'next', function () {
		return i < all.length ? {value: all[i++], done: false} :
		    {value: undefined, done: true};
	});
	hide(all, Symbol.iterator, function () { return all; });
	return all;
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
hide(Map.prototype, Symbol.iterator, Map.prototype.entries);
hide(Set.prototype, Symbol.iterator, Set.prototype.values);

/* Of what has no length, such a loop would find nothing, silently. */
[[Map, 'entries'], [Set, 'values']].forEach(function (type) {
	Object.defineProperty(type[0].prototype, 'length', {
	    configurable: true, get: function () {
		throw new TypeError('neither Map nor Set is an array: take ' +
		    'its ' + type[1] + '()');
	}});
});
add(global, 'Map', Map);
add(global, 'Set', Set);
add(global, 'WeakMap', Map);
add(global, 'WeakSet', Set);
