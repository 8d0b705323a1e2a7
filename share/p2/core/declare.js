/* Declaring: from a call of the policy's to steps in the queue. */

/*
 * act(step) does it, and returns a result, {result: word}, or a promise of
 * one; check(opts, title) gives a copy of options that are in order.
 */
function Step(mod, act, title, opts, fn, line) {
	Kind.call(this, mod, act);
	this.title = title;
	this.opts = opts;
	this.fn = fn;
	this.line = line;
	if (line !== undefined)
		this.file = native.at;
	else if (pending !== null) {
		/* What a role of the kit declares is where that is used. */
		this.file = pending.file;
		this.line = pending.line;
	}
}
Step.prototype.fn = undefined;
Step.prototype.state = 0;		/* 1: done, 2: failed, 3: skipped */
Step.prototype.refresh = false;
Step.prototype.tellers = null;		/* for whose change it is to be run */

/* What the steps of one module have in common that are declared here. */
function Kind(mod, act) {
	this.mod = mod;
	this.act = act;
	this.sel = selection;
	this.file = file;
	this.watch = watching;
	this.times = times;
	this.chain = chain;
	this.because = cause;
	this.context = context;
}
Kind.prototype = Step.prototype;

/* From now on, declarations are for these hosts and in this file. */
function place(sel, path, watch, when) {
	if (sel === selection && path === file && watch === watching &&
	    when === times)
		return;
	selection = sel;
	file = path;
	watching = watch;
	times = when;
	forgetKinds();
}

/* Natives make steps of the kinds that are among these, without asking. */
function forgetKinds() {
	quick.length = 2;
}

function keepKind(index, mod, act) {
	if ((selection !== undefined && selection !== true) || drained)
		return;
	quick[2 + 2 * index] = new Kind(mod, act);
	/* What a repair declares is to go again: natives keep what they have. */
	if (repairing === null)
		quick[3 + 2 * index] = true;
}

function list(v) {
	return v === undefined ? [] : Array.isArray(v) ? v : [v];
}

/* "before" and "notify" are "require" and "subscribe" of the other one. */
function link(opts) {
	linked = linked || isLinked(opts);
}

function isLinked(opts) {
	return Boolean(opts.before || opts.notify || opts.notify_now ||
	    opts.require || opts.subscribe);
}

function nameOf(step) {
	return step.mod + ':' + step.title;
}

function addHandlers(on) {
	var name;

	if (typeof on !== 'object' || on === null)
		throw new Error('on: not an object of handlers');
	for (name in on)
		listen(name, on[name]);
}

function declareOne(mod, act, check, title, opts, fn, line) {
	var copy, step;

	if (typeof title === 'number')
		title = String(title);
	if (typeof title !== 'string')
		throw new Error(mod + ': the title is not a string');
	try {
		copy = check(opts, title);
		checkTimes(copy.window);
	} catch (e) {
		throw labelled(e, mod, title, line);
	}
	if (copy.on !== undefined)
		addHandlers(copy.on);
	step = new Step(mod, act, title, copy, fn, line);
	all.push(step);
	link(copy);
	append(step);
}

function labelled(e, mod, title, line) {
	var err = new Error(message(e));

	err.p2label = mod + ' ' + title;
	err.p2where = where(e) || native.source(native.at || file, line || 0);
	return err;
}

function declare(mod, act, check, title, opts, fn, line) {
	var i;

	if (typeof opts === 'function') {
		fn = opts;
		opts = undefined;
	}
	if (!selected()) {
		hide(mod, title);
		return;
	}
	if (opts !== undefined && opts !== null && typeof opts !== 'object')
		throw labelled(new Error('the options are not an object'),
		    mod, String(title), line);
	if (!Array.isArray(title)) {
		declareOne(mod, act, check, title, opts, fn, line);
		return;
	}
	for (i = 0; i < title.length; i++)
		declareOne(mod, act, check, title[i], opts, fn, line);
}

/* A shallow copy, for what has no table of options. */
function copyOf(opts) {
	var copy = {}, key;

	for (key in opts)
		copy[key] = opts[key];
	return copy;
}
