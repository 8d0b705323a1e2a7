(function () {
'use strict';

function collect(fns, fn) {
	var results = [], left = fns.length, failed = false;

	if (left === 0)
		fn(null, results);
	fns.forEach(function (each, i) {
		each(function (err, value) {
			if (failed)
				return;
			results[i] = value;
			if (err) {
				failed = true;
				fn(err, results);
			} else if (--left === 0)
				fn(null, results);
		});
	});
}

function series(fns, fn) {
	var results = [];

	function next(i) {
		if (i === fns.length) {
			fn(null, results);
			return;
		}
		fns[i](function (err, value) {
			results.push(value);
			if (err)
				fn(err, results);
			else
				next(i + 1);
		});
	}
	next(0);
}

function nothing() {}

return {
	series: function (fns, fn) { series(fns, fn || nothing); },
	parallel: function (fns, fn) { collect(fns, fn || nothing); },
	each: function (list, fn) { list.forEach(fn); },
	map: function (list, fn, done) {
		collect(list.map(function (v) {
			return function (next) { fn(v, next); };
		}), done);
	}
};
})
