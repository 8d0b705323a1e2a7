/*
 * Who is told of a change: handlers of its event, which come next, and steps,
 * which are run once each when the queue is empty, or next.
 *
 * The journal has them, as 'on EVENT' and 'notify TYPE:TITLE', before the
 * change can be seen, and they are struck out of it when what they call for
 * has gone well.  What an earlier run has left there are its debts: they are
 * paid when the resource is found to be as it should be.
 */

/* The names of the steps to be run, in order. */
function toldBy(step) {
	return list(step.opts.notify_now).concat(list(step.opts.notify),
	    naming(step, 'subscribe').map(nameOf));
}

function callsFor(step) {
	var event = nameOf(step) + ':changed', found = [];

	if (isHeard(event))
		found.push('on ' + event);
	if (linked) {
		giveNames();
		toldBy(step).forEach(function (id) {
			found.push('notify ' + id);
		});
	}
	return found;
}

/* Before a step acts: C is to know, for the journal. */
function setOwing(step) {
	var found = callsFor(step);

	if (!owing && found.length === 0)
		return;
	owing = found.length > 0;
	native.owing(nameOf(step), found);
}

function clearOwing() {
	owing = false;
	native.owing('', []);
}

/* Run another one for step's sake: next, or when the queue is empty. */
function tell(step, id) {
	var other = known(id), now = list(step.opts.notify_now);

	if (other === step || isCircle(step, other))
		return;
	other.refresh = true;
	if (other.tellers === null)
		other.tellers = [];
	if (other.tellers.indexOf(nameOf(step)) < 0)
		other.tellers.push(nameOf(step));
	if (now.indexOf(id) >= 0) {
		pull(other);
		again(other);
		pushFront(other);
	} else if (other.state !== 0 || (other.opts.refreshonly === true &&
	    late.indexOf(other) < 0 && pull(other))) {
		again(other);
		late.push(other);
	}
	/* Else it waits for its turn. */
}

function again(step) {
	step.state = 0;
}

/* At the end, one tells another only once. */
function isCircle(step, other) {
	var id = nameOf(step);

	if (step.told === undefined || step.round !== rounds)
		return false;
	if (step.told.indexOf(other) < 0) {
		step.told.push(other);
		return false;
	}
	native.strike(id, 'notify ' + nameOf(other),
	    'they tell each other');
	return true;
}

/* One that no other of those that wait may yet tell, if there is one. */
function takeLate() {
	var step;

	if (late.length === 0)
		return null;
	step = late.filter(function (one) {
		return !late.some(function (other) {
			return other !== one &&
			    toldBy(other).indexOf(nameOf(one)) >= 0;
		});
	})[0] || late[0];
	pull(step);
	if (step.told === undefined || step.round !== rounds)
		step.told = [];
	step.round = rounds;
	return step;
}

/* What has been run for the sake of others is no longer owed by them. */
function wasTold(step) {
	var tellers = step.tellers;

	step.tellers = null;
	step.refresh = false;
	if (step.state === 2 || step.unmet)
		return;
	tellers.forEach(function (id) {
		native.strike(id, 'notify ' + nameOf(step), undefined);
	});
}

/* Behind what the handlers of an event have declared: all went well. */
function strikeEvent(step) {
	var before = undone, last;

	last = new Step('event', function () {
		if (undone === before)
			native.strike(nameOf(step), 'on ' + nameOf(step) +
			    ':changed', undefined);
	}, step.title, {}, undefined, 0);
	last.inner = true;
	return last;
}

function pay(step, due) {
	due.forEach(function (handler) {
		if (handler.slice(0, 7) === 'notify ')
			tell(step, handler.slice(7));
	});
	if (due.some(function (handler) {
		return handler.slice(0, 3) === 'on ';
	})) {
		setCause(step.opts.rollback === true ? step : step.because);
		emit(step.mod, step.title, step.opts, 'changed',
		    strikeEvent(step));
	}
}

function debtsOf(step) {
	var id = nameOf(step), due;

	if (debts === null ||
	    !Object.prototype.hasOwnProperty.call(debts, id))
		return [];
	due = debts[id];
	delete debts[id];
	return due;
}

/* Of debts that nobody is there to be paid for. */
function strikeAll(id, due, why) {
	due.forEach(function (handler) {
		native.strike(id, handler, why);
	});
}

function hasChanged(step) {
	var due, old = debtsOf(step);

	if (!listening && !linked && old.length === 0)
		return;
	due = callsFor(step);
	if (due.length > 0) {
		due.forEach(mustBeNamed);
		setOwing(step);
		native.owe();
	}
	strikeAll(nameOf(step), old.filter(function (handler) {
		return due.indexOf(handler) < 0;
	}), 'no longer called for');
	pay(step, due);
}

function mustBeNamed(handler) {
	var id = handler.slice(7);

	if (handler.slice(0, 7) === 'notify ' && !known(id))
		throw new Error('notifies ' + id + ', which is not declared');
}

/*
 * Commands and the like know of nothing that has to be so: where a condition
 * says that they need not run, what they did before has been enough.
 */
function isAsWanted(step, word) {
	var due, calls;

	if (step.opts.noop === true || step.unmet || word === 'failed' ||
	    (word === 'skipped' && step.mod === 'file'))
		return;
	due = debtsOf(step);
	if (due.length === 0)
		return;
	giveNames();
	calls = callsFor(step);
	strikeAll(nameOf(step), due.filter(function (handler) {
		return calls.indexOf(handler) < 0 ||
		    (handler.slice(0, 7) === 'notify ' &&
		    !known(handler.slice(7)));
	}), 'no longer called for');
	pay(step, due.filter(function (handler) {
		return calls.indexOf(handler) >= 0 &&
		    (handler.slice(0, 7) !== 'notify ' ||
		    known(handler.slice(7)));
	}));
}

/* At the end of a whole run: debts of what the policy has no longer. */
function forget() {
	var id;

	if (debts === null || failure !== null || !native.tagged(undefined))
		return;
	giveNames();
	for (id in debts)
		if (!known(id))
			strikeAll(id, debts[id],
			    'the policy has no such resource now');
	debts = null;
}
