(function (native, global, require) {
'use strict';

function fail(message) {
	var err = new Error(message);

	err.name = 'AssertionError';
	throw err;
}

function same(a, b) {
	var ka, kb;

	if (a === b || (a !== a && b !== b))
		return true;
	if (a === null || b === null || typeof a !== 'object' ||
	    typeof b !== 'object')
		return a == b;
	if (a instanceof Date && b instanceof Date)
		return a.getTime() === b.getTime();
	ka = Object.keys(a);
	kb = Object.keys(b);
	return ka.length === kb.length && ka.every(function (k) {
		return same(a[k], b[k]);
	});
}

function assert(ok, message) {
	if (!ok)
		fail(message || 'assertion failed');
}
assert.ok = assert;
assert.fail = function (message) { fail(message || 'failed'); };
assert.equal = function (a, b, m) { assert(a == b, m || a + ' == ' + b); };
assert.notEqual = function (a, b, m) { assert(a != b, m || a + ' != ' + b); };
assert.strictEqual = function (a, b, m) {
	assert(a === b, m || a + ' === ' + b);
};
assert.notStrictEqual = function (a, b, m) {
	assert(a !== b, m || a + ' !== ' + b);
};
assert.deepEqual = assert.deepStrictEqual = function (a, b, m) {
	assert(same(a, b), m || JSON.stringify(a) + ' deepEqual ' +
	    JSON.stringify(b));
};
assert.notDeepEqual = function (a, b, m) {
	assert(!same(a, b), m || 'not deepEqual');
};
assert['throws'] = function (fn, what, m) {
	try {
		fn();
	} catch (e) {
		return;
	}
	fail(m || 'nothing was thrown');
};
assert.ifError = function (e) {
	if (e)
		throw e;
};
return assert;
})
