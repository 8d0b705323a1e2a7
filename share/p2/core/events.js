/* Events, and who hears them. */

function listen(name, fn) {
	if (typeof fn !== 'function')
		throw new Error('on ' + name + ': not a function');
	if (!Object.prototype.hasOwnProperty.call(handlers, name))
		handlers[name] = [];
	handlers[name].push(fn);
	listening = true;
}

function isHeard(name) {
	return listening &&
	    Object.prototype.hasOwnProperty.call(handlers, name) &&
	    handlers[name].length > 0;
}

/*
 * Call the handlers; what they declare comes next, in order, and then, if that
 * is given, last.
 */
function emit(mod, title, opts, word, last) {
	var name, list, rest, i;

	if (!listening)
		return;
	name = mod + ':' + title + ':' + word;
	if (!isHeard(name))
		return;
	list = handlers[name].slice();
	rest = setAside();
	try {
		for (i = 0; i < list.length; i++)
			list[i]({eventname: name, module: mod, title: title,
			    opts: opts});
		if (last)
			append(last);
	} finally {
		putBehind(rest);
	}
}

p2.on = function (name, fn) {
	if (selected())
		listen(String(name), fn);
	return p2;
};
p2.emit = function (mod, title, opts, res) {
	emit(mod, title, opts, res && res.result);
};
p2.emitter = {
	on: function (name, fn) { listen(name, fn); return this; },
	addListener: function (name, fn) { listen(name, fn); return this; },
	once: function (name, fn) {
		var self = this;

		function once() {
			self.removeListener(name, once);
			return fn.apply(this, arguments);
		}
		listen(name, once);
		return this;
	},
	removeListener: function (name, fn) {
		var list = handlers[name] || [], i = list.indexOf(fn);

		if (i >= 0)
			list.splice(i, 1);
		return this;
	},
	removeAllListeners: function (name) {
		if (name === undefined)
			handlers = {};
		else
			delete handlers[name];
		return this;
	},
	listeners: function (name) { return (handlers[name] || []).slice(); },
	emit: function (name) {
		var list = (handlers[name] || []).slice();
		var args = Array.prototype.slice.call(arguments, 1);

		list.forEach(function (fn) { fn.apply(null, args); });
		return list.length > 0;
	}
};
