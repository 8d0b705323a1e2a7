/* What a step waits for: onlyif, unless, and steps that name each other. */

/* Does onlyif say yes?  A boolean, or a promise. */
function ask(name, value) {
	var script = value, answer;

	if (value === true || value === undefined || value === null ||
	    value === '')
		return true;
	if (value === false)
		return false;
	if (typeof value === 'function') {
		native.looking(1);
		try {
			answer = value(p2.facts);
		} finally {
			native.looking(-1);
		}
		return isThenable(answer) ?
		    global.Promise.resolve(answer).then(Boolean) :
		    Boolean(answer);
	}
	if (typeof value === 'object' && typeof value.file === 'string')
		script = native.readText(value.file);
	if (typeof script !== 'string')
		throw new Error(name + ': neither a command, a script, ' +
		    'a function nor a boolean');
	return native.ask(script);
}

/* fn('') if the step is to be done, or fn(why not). */
function conditions(step, opts, fn) {
	after(step, ask('onlyif', opts.onlyif), function (yes) {
		if (!yes) {
			fn('onlyif says no');
			return;
		}
		if (opts.unless === undefined || opts.unless === null ||
		    opts.unless === '') {
			fn('');
			return;
		}
		after(step, ask('unless', opts.unless), function (no) {
			fn(no ? 'unless says yes' : '');
		});
	});
}

function forgetNames() {
	all.length = 0;
	named = Object.create(null);
	mentioned = Object.create(null);
	namers = {before: Object.create(null), subscribe: Object.create(null)};
}

/* The step of that name, of those that have one. */
function known(id) {
	if (typeof named[id] === 'number')
		named[id] = native.made(named[id]);
	return named[id];
}

/* Natives are not to take one on which others depend, or that is owed word. */
function mention(id) {
	mentioned[id] = true;
	known(id);
}

function addNamer(step, option) {
	list(step.opts[option]).forEach(function (id) {
		if (!namers[option][id])
			namers[option][id] = [];
		namers[option][id].push(step);
	});
}

function nameStep(step) {
	var opts = step.opts;

	named[nameOf(step)] = step;
	if (opts.before !== undefined)
		addNamer(step, 'before');
	if (opts.subscribe !== undefined)
		addNamer(step, 'subscribe');
	if (isLinked(opts))
		list(opts.require).concat(list(opts.before),
		    list(opts.notify), list(opts.notify_now),
		    list(opts.subscribe)).forEach(mention);
}

function namePlain(number) {
	var id = native.name(number);

	named[id] = number;
	if (mentioned[id])
		known(id);
}

/* Few policies have steps that name others: so this is done when one does. */
function giveNames() {
	var i;

	for (i = 0; i < all.length; i++)
		if (typeof all[i] === 'number')
			namePlain(all[i]);
		else
			nameStep(all[i]);
	all.length = 0;
}

/* Steps that name this one in their options. */
function naming(step, option) {
	return (namers[option][nameOf(step)] || []).filter(
	    function (other) {
		return other !== step &&
		    known(nameOf(other)) === other;
	    });
}

function needed(step) {
	return list(step.opts.require).map(function (id) {
		if (!known(id))
			throw new Error('requires ' + id +
			    ', which is not declared');
		return known(id);
	}).concat(naming(step, 'before'));
}

/*
 * Is all that the step needs done?  If not, what is missing goes before it,
 * and it is put back.  Returns '' or the reason to skip it, or null: put back.
 */
function prerequisites(step) {
	var needs, i;

	giveNames();
	needs = needed(step);
	for (i = 0; i < needs.length; i++) {
		if (needs[i].state === 1)
			continue;
		if (needs[i].state > 1)
			return 'needs ' + needs[i].mod + ':' + needs[i].title +
			    ', which was ' +
			    (needs[i].state === 2 ? 'failed' : 'skipped');
		if (isConcat(needs[i]) && moreToCome(needs[i])) {
			putOff(step);
			return null;
		}
		if (step.waits || !pull(needs[i]))
			throw new Error('needs ' + needs[i].mod + ':' +
			    needs[i].title + ', which needs it');
		pushFront(step);
		pushFront(needs[i]);
		step.waits = true;
		pending = null;
		return null;
	}
	step.waits = false;
	return '';
}
