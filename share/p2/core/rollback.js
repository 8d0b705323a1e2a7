/*
 * rollback: where whoever is told of a change fails, what was there before
 * comes back, and he is told once more: a service whose new configuration is
 * bad runs with the old one.  The resource has failed then.
 */

var cause = null;		/* whose event the declared steps are for */

function setCause(step) {
	if (step === cause)
		return;
	cause = step;
	forgetKinds();
}

/* Those with a rollback of whose change this step was to hear. */
function culprits(step) {
	var found = (step.tellers || []).map(function (id) {
		return known(id);
	}), at;

	for (at = step.because; at; at = at.because)
		found.push(at);
	return found.filter(function (one) {
		return one && one.opts.rollback === true && !one.rolledBack;
	});
}

/* It may be told again, be it that it is the one that has failed. */
function tellAgain(step, id) {
	var other = known(id);

	if (!other || other.state === 0)
		return;
	again(other);
	other.refresh = true;
	other.tellers = [nameOf(step)];
	append(other);
}

function rollBack(step, why) {
	step.rolledBack = true;
	if (!native.rollback(step.mod, step.title))
		return;
	step.state = 2;
	report(step, FAILED, 'failed', 'rolled back: ' + why);
	giveNames();
	setCause(step);
	emit(step.mod, step.title, step.opts, 'changed', strikeEvent(step));
	toldBy(step).forEach(function (id) {
		tellAgain(step, id);
	});
}
