/*
 * Changes that are made together.  To make a file last costs time, many at once
 * hardly more: so what C can hold back waits, until there are enough, or until
 * something comes that might see the difference, or nothing does.
 */

/*
 * Only plain files.  What runs code of the policy's, or looks at more of the
 * host than its own path, must find all as if nothing had waited; and whoever
 * is to be told at once cannot be told later.
 */
function mayWait(step) {
	var opts = step.opts;

	return step !== repairing && step.mod === 'file' &&
	    step.fn === undefined &&
	    debts === null && !native.dry && isPlainFile(opts) &&
	    opts.onlyif === undefined && opts.unless === undefined &&
	    opts.noop === undefined && opts.rollback === undefined &&
	    opts.notify_now === undefined && opts.require === undefined &&
	    !(listening && isHeardOf(step)) && !(linked && isNeeding(step));
}

function isPlainFile(opts) {
	return (typeof opts.content === 'string' ||
	    opts.content === undefined) && opts.is_template === undefined &&
	    opts.source === undefined && opts.validate === undefined &&
	    (opts.ensure === undefined || opts.ensure === 'present' ||
	    opts.ensure === 'file');
}

function isHeardOf(step) {
	var id = nameOf(step);

	return isHeard(id + ':changed') || isHeard(id + ':failed') ||
	    isHeard(id + ':skipped');
}

function isNeeding(step) {
	giveNames();
	return naming(step, 'before').length > 0;
}

/* C has it: its result is told later. */
function later(step, outcome) {
	waiting.push(step);
	pending = null;
	if (owing)
		clearOwing();
	if (outcome === HELD_FULL)
		endWaiting();
	return LATER;
}

/* Do what waits; false if it has failed. */
function endWaiting() {
	var steps = waiting, outcomes, i;

	if (steps.length === 0)
		return true;
	waiting = [];
	outcomes = native.end();
	for (i = 0; i < outcomes.length; i++) {
		reported = steps[i];
		try {
			if (outcomes[i] === FAILED)
				throw new Error(native.reason());
			if (outcomes[i] === SKIPPED && windowed)
				steps[i].unmet = true;
			finish(steps[i], words[outcomes[i]]);
		} catch (e) {
			fail(steps[i], e);
			pending = null;
			return false;
		}
	}
	return true;
}
