/* Object, Number and Math: what later editions added. */

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
