/* How a step ends. */

function isThenable(v) {
	return v !== null && (typeof v === 'object' ||
	    typeof v === 'function') && typeof v.then === 'function';
}

/* Go on with fn when value has come. */
function after(step, value, fn) {
	if (!isThenable(value)) {
		fn(value);
		return;
	}
	value.then(function (v) {
		try {
			fn(v);
		} catch (e) {
			fail(step, e);
		}
		loop();
	}, function (e) {
		fail(step, e);
		loop();
	});
}

function finish(step, word) {
	if (pending === step)
		pending = null;
	step.state = word === 'skipped' ? 3 : word === 'failed' ? 2 : 1;
	if (word === 'failed')
		undone++;
	if (step.tellers !== null)
		wasTold(step);
	if (word === 'changed')
		hasChanged(step);
	else {
		if (debts !== null)
			isAsWanted(step, word);
		if (word && (step !== repairing || word !== 'skipped'))
			emit(step.mod, step.title, step.opts, word);
	}
	if (owing)
		clearOwing();
	letGo(step);
}

/* Not one of those that are to be run: as if it had been done. */
function passOver(step) {
	pending = null;
	step.state = 1;
	step.tellers = null;
	undone++;
}

/* A step has failed, and with it the run; its handlers are still heard. */
function fail(step, thrown) {
	var first = failure === null, guilty;

	if (first)
		failure = failureOf(step, thrown);
	guilty = first && step ? culprits(step) : [];
	dropAll();
	if (pending === step)
		pending = null;
	if (!step)
		return;
	if (reported !== step)
		report(step, FAILED, 'failed', message(thrown));
	step.state = 2;
	try {
		emit(step.mod, step.title, step.opts, 'failed');
		guilty.forEach(function (one) {
			rollBack(one, nameOf(step) + ' has failed');
		});
	} catch (e) {
		dropAll();
	}
}

function report(step, outcome, word, why) {
	reported = step;
	if (step === repairing && outcome === SKIPPED)
		return;
	native.report(step.mod, step.title, outcome, word, why || '',
	    step.file, step.line || 0, Boolean(step.opts.sensitive),
	    undefined, undefined, step === repairing);
}

/* It is to be shown only. */
function leave(step, why) {
	report(step, CHANGED, 'noop', why);
	return undefined;
}

/* What an action that is no native resource has returned. */
function conclude(step, res) {
	var word = res && typeof res.result === 'string' ? res.result : '';
	var outcome = words.indexOf(word);

	if (word === 'failed' && !step.soft)
		throw new Error(res.why || 'failed');
	if (word && reported !== step)
		report(step, outcome < 0 ? 0 : outcome, word, res.why);
	finish(step, word);
}
