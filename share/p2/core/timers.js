/* Timers, and the loop that C turns. */

function addTimer(fn, ms, args, repeat) {
	var t;

	if (typeof fn !== 'function')
		throw new TypeError('a timer needs a function');
	ms = Math.max(repeat ? 1 : 0, Number(ms) || 0);
	t = {id: ++timerNumber, at: native.now() + ms, fn: fn, args: args,
	    every: repeat ? ms : 0, file: file,
	    ref: function () { return t; }, unref: function () {
		t.idle = true;
		return t;
	}};
	timers.push(t);
	return t;
}

function clearTimer(t) {
	timers = timers.filter(function (other) {
		return other !== t && other.id !== t;
	});
}

function rest(args, from) {
	return Array.prototype.slice.call(args, from);
}

global.setTimeout = function (fn, ms) {
	return addTimer(fn, ms, rest(arguments, 2), false);
};
global.setInterval = function (fn, ms) {
	return addTimer(fn, ms, rest(arguments, 2), true);
};
global.setImmediate = function (fn) {
	return addTimer(fn, 0, rest(arguments, 1), false);
};
global.clearTimeout = global.clearInterval = global.clearImmediate =
    clearTimer;

function fire(t) {
	if (t.every)
		t.at = native.now() + t.every;
	else
		clearTimer(t);
	place(selection, t.file, watching, times);
	try {
		t.fn.apply(null, t.args);
	} catch (e) {
		fail(pending, e);
	}
	loop();
}

/* The next timer to fire, or null. */
function nextTimer() {
	return timers.reduce(function (first, t) {
		return first === null || t.at < first.at ? t : first;
	}, null);
}

/*
 * Called until it returns -1: do what can be done, and tell for how many
 * milliseconds there is nothing to do.
 */
function pump() {
	var t, wait;

	loop();
	if (failure !== null && pending === null && first(queue) === null)
		throw failure;
	t = nextTimer();
	if (t === null) {
		if (pending === null)
			return -1;
		fail(pending, new Error('waits for a promise that nothing ' +
		    'is left to resolve'));
		loop();
		throw failure;
	}
	wait = t.at - native.now();
	if (wait > 0)
		return wait;
	fire(t);
	return 0;
}
