(function (native, global) {
'use strict';

function Q(v) {
	return wrap(global.Promise.resolve(v));
}

function spread(fn, no) {
	return this.then(function (list) {
		return global.Promise.all(list).then(function (all) {
			return fn.apply(null, all);
		});
	}, no);
}

/* Q's own methods, for all promises. */
var proto = global.Promise.prototype;
proto.fail = proto['catch'];
proto.fin = proto['finally'];
proto.spread = spread;
proto.done = function (yes, no) {
	this.then(yes, no).then(undefined, function (e) {
		global.setImmediate(function () { throw e; });
	});
};
proto.tap = function (fn) {
	return this.then(function (v) {
		return global.Promise.resolve(fn(v)).then(function () {
			return v;
		});
	});
};
proto.get = function (name) {
	return this.then(function (v) { return v[name]; });
};
proto.thenResolve = function (v) {
	return this.then(function () { return v; });
};
proto.delay = function (ms) {
	return this.then(function (v) { return Q.delay(v, ms); });
};
proto.nodeify = function (fn) {
	if (fn)
		this.then(function (v) { fn(null, v); }, fn);
	return this;
};
proto.isFulfilled = function () { return this._state === 1; };
proto.isRejected = function () { return this._state === 2; };
proto.isPending = function () { return this._state === 0; };
proto.inspect = function () {
	return this._state === 0 ? {state: 'pending'} : this._state === 1 ?
	    {state: 'fulfilled', value: this._value} :
	    {state: 'rejected', reason: this._value};
};

function wrap(p) {
	return p;
}

Q.Promise = Q.promise = function (fn) { return new global.Promise(fn); };
Q.resolve = Q.when = function (v, yes, no) {
	return yes ? Q(v).then(yes, no) : Q(v);
};
Q.reject = function (e) { return global.Promise.reject(e); };
Q.all = function (list) {
	return Q(list).then(function (l) { return global.Promise.all(l); });
};
Q.allSettled = function (list) {
	return global.Promise.all(list.map(function (p) {
		return Q(p).then(function (v) {
			return {state: 'fulfilled', value: v};
		}, function (e) {
			return {state: 'rejected', reason: e};
		});
	}));
};
Q.race = function (list) { return global.Promise.race(list); };
Q.defer = function () {
	var d = {};

	d.promise = new global.Promise(function (yes, no) {
		d.resolve = d.fulfill = yes;
		d.reject = no;
	});
	d.notify = function () {};
	d.makeNodeResolver = function () {
		return function (e, v) {
			if (e)
				d.reject(e);
			else
				d.resolve(v);
		};
	};
	return d;
};
Q.isPromise = Q.isPromiseAlike = function (v) {
	return v !== null && v !== undefined && typeof v.then === 'function';
};

function nodeCall(self, fn, args) {
	var d = Q.defer();

	fn.apply(self, args.concat([function (e) {
		var values = [].slice.call(arguments, 1);

		if (e)
			d.reject(e);
		else
			d.resolve(values.length > 1 ? values : values[0]);
	}]));
	return d.promise;
}
Q.nfcall = function (fn) {
	return nodeCall(null, fn, [].slice.call(arguments, 1));
};
Q.nfapply = function (fn, args) { return nodeCall(null, fn, args); };
Q.ninvoke = Q.nsend = function (o, name) {
	return nodeCall(o, o[name], [].slice.call(arguments, 2));
};
Q.npost = function (o, name, args) { return nodeCall(o, o[name], args); };
Q.denodeify = Q.nfbind = function (fn) {
	return function () {
		return nodeCall(this, fn, [].slice.call(arguments));
	};
};
Q.nbind = function (fn, self) {
	return function () {
		return nodeCall(self, fn, [].slice.call(arguments));
	};
};
Q.fcall = Q['try'] = function (fn) {
	var args = [].slice.call(arguments, 1);

	return Q().then(function () { return fn.apply(null, args); });
};
Q.fapply = function (fn, args) {
	return Q().then(function () { return fn.apply(null, args); });
};
Q.delay = function (v, ms) {
	if (ms === undefined) {
		ms = v;
		v = undefined;
	}
	return new global.Promise(function (yes) {
		global.setTimeout(function () { yes(v); }, ms);
	});
};
Q.nextTick = function (fn) { global.process.nextTick(fn); };
Q.spread = function (list, yes, no) { return Q(list).spread(yes, no); };
Q.longStackSupport = false;
return Q;
})
