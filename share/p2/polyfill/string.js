/* String: what later editions added. */

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
