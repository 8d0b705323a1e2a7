/*
 * Maintenance windows: outside of its times, a resource is looked at, and left
 * as it is.  Whoever is to hear of it, or what it was to hear of, is owed then.
 */

p2.window = function (what) {
	what = what === undefined || what === null ? '' : String(what);
	if (what !== '')
		checkTimes(what);
	place(selection, file, watching, what);
	return p2;
};

function checkTimes(what) {
	if (what === undefined || what === null || what === '')
		return;
	native.checkTimes(String(what));
	windowed = true;
}

/* Its option goes before what window() said where it was declared. */
function timesOf(step) {
	var option = step.opts.window;

	return typeof option === 'string' ? option : step.times;
}

/* May the step at hand change something now? */
function lookAtClock() {
	if (windowed || native.watching)
		shut = native.shut(times);
}

/* It was told of something, and is still to do what that calls for. */
function leaveDebts(step) {
	if (shut !== undefined)
		step.unmet = true;
}

function waitFor(step) {
	leaveDebts(step);
	native.waits();
	return {result: 'skipped', why: 'outside of ' + shut};
}
