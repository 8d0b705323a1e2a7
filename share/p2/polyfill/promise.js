/* Promise: as the standard has it, its jobs run by the loop. */

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
