/* Execution: one step at a time. */

/* Most steps end at once: those cost no closure. */
function act(step) {
	var res;

	if (listening || linked || owing)
		setOwing(step);
	res = step.act(step);

	if (res === LATER)
		return;
	if (isThenable(res))
		concludeLater(step, res);
	else
		conclude(step, res);
}

function concludeLater(step, promise) {
	after(step, promise, function (res) {
		conclude(step, res);
	});
}

function skip(step, why) {
	report(step, SKIPPED, 'skipped', why);
	finish(step, 'skipped');
}

function execute(step) {
	var opts = step.opts, why = '';

	if (isConcat(step) && moreToCome(step)) {
		putOff(step);
		return;
	}
	place(step.sel, step.file, step.watch, timesOf(step));
	within(step.chain === '' ? ON : step.chain + ON);
	setCause(step.because);
	reported = null;
	native.begin(step.mod, step.title, step.file || '', step.line || 0);
	if (native.progress)
		native.starts(step.mod, step.title, stepsLeft());
	try {
		lookAtClock();
		if (linked && (why = prerequisites(step)) === null)
			return;
		if (why) {
			step.unmet = true;
			skip(step, why);
		} else if (!step.inner && !native.tagged(opts.tag))
			passOver(step);
		else if (opts.onlyif === undefined &&
		    opts.unless === undefined)
			act(step);
		else
			conditions(step, opts, function (no) {
				if (no)
					skip(step, no);
				else
					act(step);
			});
	} catch (e) {
		if (endWaiting())
			fail(step, e);
	}
}

function runJobs() {
	var i;

	for (i = 0; i < jobs.length; i++) {
		try {
			jobs[i]();
		} catch (e) {
			fail(null, e);
		}
		if (i > 1000) {
			jobs.splice(0, i + 1);
			i = -1;
		}
	}
	jobs.length = 0;
}

/* What is not begun any more. */
function tellLeft() {
	var why = native.late();

	function tell(step) {
		if (!step.inner)
			report(step, SKIPPED, 'skipped', why);
	}

	if (why === undefined)
		return;
	saved.concat(queue).forEach(function (q) { each(q, tell); });
	late.forEach(tell);
}

/* When all has been done, and well. */
function lookBack() {
	var stray = strayFragment();

	try {
		if (stray && native.tagged(undefined)) {
			reported = null;
			fail(stray, new Error('there is no concat ' +
			    stray.opts.target));
			return;
		}
		findOrphans();
	} catch (e) {
		fail(null, e);
	}
}

/*
 * Steps that are as they should be: natives take those that are plain, and that
 * nobody depends on.  What they cannot do fails there again, and better.
 */
function takeWanted() {
	var piece = first(queue), at, step;

	if (piece === null || owing || waiting.length > 0 ||
	    native.watching || !native.tagged(undefined) ||
	    typeof piece.steps[piece.at] !== 'number')
		return;
	if (linked || debts !== null)
		giveNames();
	try {
		at = native.wanted(piece.steps, piece.at, native.progress ?
		    stepsLeft() : 0);
	} catch (e) {
		return;
	}
	if (at > piece.at) {
		step = stepAt(piece.steps, at - 1);
		place(step.sel, step.file, step.watch, step.times);
		piece.at = at;
		tidy(piece);
	}
}

function loop() {
	var step;

	if (running)
		return;
	running = true;
	for (;;) {
		if (jobs.length > 0)
			endWaiting();
		runJobs();
		if (pending !== null)
			break;
		takeWanted();
		if (native.stop()) {
			endWaiting();
			tellLeft();
			break;
		}
		step = take();
		if (waiting.length > 0 && (step === null || !mayWait(step))) {
			if (step !== null)
				pushFront(step);
			endWaiting();
			continue;
		}
		step = step || takeLate();
		if (step === null && jobs.length === 0 && !ended &&
		    failure === null) {
			lookBack();
			continue;
		}
		if (step === null) {
			drained = jobs.length === 0;
			forgetKinds();
			native.begin();
			if (drained)
				forget();
			break;
		}
		pending = step;
		execute(step);
	}
	running = false;
}
