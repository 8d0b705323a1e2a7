/*
 * Watching: what a change on the host concerns, and repairing it.
 *
 * A step that may be repaired has a number, under which natives watch its
 * paths; it is kept, and done once more when they say so.
 */

var watched = [null];		/* by number: steps, or natives' numbers of them */
var contexts = [];		/* of each policy: what it has declared */
var context = null;		/* the one that is being carried out */
var repairing = null;		/* the step that a change concerns */
var places = null;		/* where: number, once a repair declares */

/* What is a policy's own, to and from the variables for it. */
function keepContext() {
	context.handlers = handlers;
	context.listening = listening;
	context.all = all.slice();
	context.named = named;
	context.mentioned = mentioned;
	context.namers = namers;
	context.linked = linked;
	context.included = included;
	context.fragments = fragments;
	context.top = top;
}

function enterContext(other) {
	if (other === context)
		return;
	keepContext();
	context = other;
	handlers = other.handlers;
	listening = other.listening;
	all.length = 0;
	other.all.forEach(function (step) { all.push(step); });
	named = other.named;
	mentioned = other.mentioned;
	namers = other.namers;
	linked = other.linked;
	included = other.included;
	fragments = other.fragments;
	top = other.top;
	p2.__p2dirname = top.dir;
}

function newContext() {
	if (!native.watching)
		return;
	if (context !== null)
		keepContext();
	context = {number: contexts.length};
	contexts.push(context);
	forgetKinds();
}

function placeOf(step) {
	return [step.context.number, step.mod, step.title, step.file,
	    step.line].join('\n');
}

function watchedAt(number) {
	var step = watched[number];

	if (typeof step === 'number') {
		step = native.made(step);
		step.number = number;
	}
	return step;
}

/*
 * What a repair declares is declared anew with each: it takes the number of
 * the one before.
 */
function numberOf(step) {
	var i, key, other;

	step.context = context;
	if (repairing === null) {
		watched.push(step.plain === undefined ? step : step.plain);
		return watched.length - 1;
	}
	if (places === null) {
		places = {};
		for (i = 1; i < watched.length; i++) {
			other = watchedAt(i);
			places[placeOf(other)] = i;
			letGo(other);
		}
	}
	key = placeOf(step);
	if (places[key] === undefined)
		places[key] = watched.length;
	watched[places[key]] = step;
	return places[key];
}

/* Its option goes before what watch() said where it was declared. */
function isWatched(step) {
	var option = step.opts.watch;

	return typeof option === 'boolean' ? option : step.watch;
}

function numbered(step) {
	if (step.number === undefined)
		step.number = numberOf(step);
	return step.number;
}

/* The next resource is the step's, which is to be repaired, or not. */
function watchStep(step) {
	if (!native.watching)
		return;
	native.watchStep(step && isWatched(step) ? numbered(step) : 0);
}

/* Of a module that is no native: what it names itself. */
function watchPlaces(step) {
	if (!native.watching || !isWatched(step))
		return;
	step.watchPaths().forEach(function (path) {
		native.watchPath(String(path), numbered(step));
	});
}

/*
 * It has acted.  One that plans is looked at once more, since who else has
 * written to its paths meanwhile is not known; of another, it was its doing.
 */
function watchedOwn(step, changed, plans) {
	if (!native.watching)
		return;
	if (changed && step === repairing)
		native.watchChanged();
	if (!plans)
		native.watchOwn();
}

/* Do it again; the loop that C turns does the rest. */
function repair(number, event) {
	var step = watchedAt(number);

	enterContext(step.context);
	dropAll();
	/* What an earlier repair has declared is not for this one. */
	if (repairing === null || context.declared === undefined)
		context.declared = all.length;
	else if (all.length > context.declared)
		all.length = context.declared;
	timers = [];
	late = [];
	drained = owing = false;
	ended = true;			/* orphans are for whole runs */
	failure = pending = debts = reported = null;
	repairing = step;
	forgetKinds();
	rounds++;
	step.event = event;
	step.state = 0;
	step.tellers = null;
	step.refresh = step.waits = step.unmet = false;
	append(step);
}

/* fn(done, event, name) when the file changes; done() when fn has ended. */
function watchFile(path, fn, line) {
	var step;

	if (typeof fn !== 'function')
		throw new Error('watch ' + path + ': not a function');
	if (!native.watching)
		return;
	step = new Step('watch', function () {
		return new global.Promise(function (resolve) {
			fn(function (said) {
				native.watchOwn();
				if (said)
					p2.qEvent(said);
				resolve();
			}, step.event, path.replace(/^.*\//, ''));
		});
	}, path, {}, fn, line);
	step.number = numberOf(step);
	native.watchPath(path, step.number);
}

function unwatchFile(path) {
	var i;

	for (i = 1; i < watched.length; i++)
		if (watched[i].mod === 'watch' && (path === undefined ||
		    watched[i].title === path))
			native.unwatchPath(watched[i].title, i);
}

p2.watch = function (what, fn) {
	if (typeof what === 'boolean')
		place(selection, file, what, times);
	else if (selected())
		watchFile(String(what), fn, native.line(-3));
	return p2;
};
p2.P2_watch = function (path, fn) {
	watchFile(String(path), fn, native.line(-3));
};
p2.P2_unwatch = function (path) { unwatchFile(String(path)); };
p2.P2_watchers_close = function () { unwatchFile(); };
