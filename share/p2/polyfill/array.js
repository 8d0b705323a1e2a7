/* Array: what later editions added. */

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
/* What for-of goes through; see lib/policy/loops.h. */
global.__p2list = function (v) {
	if (v === undefined || v === null || typeof v === 'number' ||
	    typeof v === 'boolean')
		throw new TypeError('for-of: ' + v + ' has no elements');
	return Array.isArray(v) ? v : Array.from(v);
};
add(Array, 'from', function (from, fn, self) {
	var list = [], step;

	if (from && typeof from.next === 'function')
		while (!(step = from.next()).done)
			list.push(step.value);
	else if (from instanceof Map || from instanceof Set)
		from.forEach(function (v, k) {
			list.push(from instanceof Map ? [k, v] : v);
		});
	else
		list = Array.prototype.slice.call(typeof from === 'string' ?
		    from.split('') : from);
	return fn ? list.map(fn, self) : list;
});
