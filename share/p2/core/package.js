/* What packages need of the prelude. */

/* The manager is chosen by the family of the host, as the policy sees it. */
function packageOptions(step, opts) {
	var copy;

	if (opts.provider !== undefined)
		return opts;
	copy = copyOf(opts);
	copy.os_family = String(p2.facts.os_family);
	return copy;
}

function packageCalled(step, outcome) {
	var got = native.output();

	step.fn(outcome === FAILED ? new Error(native.reason()) : null, got[1],
	    got[2]);
}

/* Does somebody look at what comes of it, before the next step? */
function isObserved(step) {
	return step.fn !== undefined || step.opts.notify_now !== undefined ||
	    ['changed', 'failed', 'skipped'].some(function (word) {
		return isHeard(nameOf(step) + ':' + word);
	    });
}

/* Will it be done in any case, whatever comes of the steps before? */
function isCertain(step) {
	var opts = step.opts;

	if (opts.onlyif !== undefined || opts.unless !== undefined ||
	    opts.noop === true || !native.tagged(opts.tag))
		return false;
	if (!linked)
		return true;
	try {
		return needed(step).every(function (other) {
			return other.state === 1;
		});
	} catch (e) {
		return false;
	}
}

/* The steps that could be done together with this one, it being the first. */
function together(step) {
	var found = [step], piece = first(queue), at, other;

	for (; piece; piece = piece.next)
		for (at = piece.at; at < piece.steps.length; at++) {
			other = stepAt(piece.steps, at);
			if (other.act !== step.act || other.ahead ||
			    isObserved(found[found.length - 1]) ||
			    !isCertain(other))
				return found;
			found.push(other);
		}
	return found;
}

/*
 * Tell the type of them, each once, and whom each will have to tell.  A service
 * with units is not among them: it is looked at when these have been made.
 */
function tellAhead(step, index, ready) {
	var steps, n;

	if (step.ahead || step.opts.noop === true || hasUnits(step.opts))
		return;
	steps = together(step);
	for (n = 1; n < steps.length && !hasUnits(steps[n].opts);)
		n++;
	steps = steps.slice(0, n);
	if (steps.length < 2)
		return;
	if (linked)
		giveNames();
	steps.forEach(function (one) {
		one.ahead = true;
		native.owing(nameOf(one), callsFor(one));
		native.ahead(index, one.title, ready(one, one.opts));
	});
	native.owing(nameOf(step), callsFor(step));
}

/* It has failed, and the queue goes on. */
function tellSoftly(step, reason) {
	step.soft = true;
	native.print(2, 'p2-apply: ' + step.file + ':' + step.line + ': ' +
	    step.mod + ' ' + step.title + ': ' + reason + '\n');
	return true;
}

/* In place: the policy may hold the object. */
function putAnew(old, now) {
	var key;

	for (key in old)
		if (now[key] === undefined)
			delete old[key];
	for (key in now)
		old[key] = now[key];
}

/* What has changed is found out again, when it is asked for. */
function renewFacts(names) {
	names.forEach(function (name) {
		var d = Object.getOwnPropertyDescriptor(p2.facts, name), now;

		if (!d)
			return;
		if (d.get)
			factOfRun(name, function () {
				return native.factAgain(name);
			});
		else if (d.value !== null && typeof d.value === 'object') {
			now = native.factAgain(name);
			if (now !== null && typeof now === 'object')
				putAnew(d.value, now);
		}
	});
}

function renewPackages() {
	renewFacts(['packages', 'installed_packages', 'installed_npm_packages',
	    'installed_pip_packages']);
}

function renewAccounts() {
	renewFacts(['users', 'groups']);
}
