(function () {
'use strict';

function EventEmitter() {
	this._handlers = {};
}
var proto = EventEmitter.prototype;

function list(self, name) {
	if (!self._handlers)
		self._handlers = {};
	if (!self._handlers[name])
		self._handlers[name] = [];
	return self._handlers[name];
}
proto.on = proto.addListener = function (name, fn) {
	list(this, name).push(fn);
	return this;
};
proto.once = function (name, fn) {
	var self = this;

	function once() {
		self.removeListener(name, once);
		fn.apply(self, arguments);
	}
	once.listener = fn;
	return this.on(name, once);
};
proto.removeListener = proto.off = function (name, fn) {
	this._handlers[name] = list(this, name).filter(function (h) {
		return h !== fn && h.listener !== fn;
	});
	return this;
};
proto.removeAllListeners = function (name) {
	if (name === undefined)
		this._handlers = {};
	else
		delete this._handlers[name];
	return this;
};
proto.listeners = function (name) { return list(this, name).slice(); };
proto.listenerCount = function (name) { return list(this, name).length; };
proto.setMaxListeners = function () { return this; };
proto.emit = function (name) {
	var self = this, args = [].slice.call(arguments, 1);
	var all = list(this, name).slice();

	if (name === 'error' && all.length === 0)
		throw args[0] instanceof Error ? args[0] :
		    new Error('unhandled error event');
	all.forEach(function (fn) { fn.apply(self, args); });
	return all.length > 0;
};
EventEmitter.EventEmitter = EventEmitter;
return EventEmitter;
})
