/*
 * The p2 object: declarations, the queue of steps, events, roles, includes.
 *
 * A policy declares steps; loop() takes them off the queue one at a time.  A
 * step ends by finish(), at once or after a promise; nothing recurses by step.
 * What acts on the host is native (lib/policy), and so is what tells the user.
 */
(function (native, global) {
'use strict';

var CHANGED = 1, SKIPPED = 2, FAILED = 3;	/* enum outcome; 0: as wanted */
var words = ['', 'changed', 'skipped', 'failed'];

var p2 = {};
var roles = {};			/* name: true, for those that p2.role() made */
var modules = {};		/* name: its declaration function */
var selection;			/* as node() was told */
var queue = {head: null, tail: null};
var saved = [];			/* by pushSteps() */
var handlers = {};		/* event name: functions */
var listening = false;		/* there is a handler */
var named = {};			/* type:title: the step */
var linked = false;		/* some step names another one */
var pending = null;		/* the step that is being executed */
var drained = false;		/* the queue has run dry: nothing more is taken */
var failure = null;		/* what ends the run */
var running = false;		/* in loop() */
var top = {file: '', dir: ''};	/* of the applied policy */
var file = '';			/* whose code is running */
var jobs = [];			/* microtasks */
var timers = [];
var timerNumber = 0;
var watching = false;

p2.facts = native.facts;
p2.heredoc = null;

/* --- Errors ------------------------------------------------------------- */

/* The first place in a policy that an error's trace shows: "file:line". */
function where(err) {
	var lines, i, m;

	if (err === null || typeof err !== 'object')
		return '';
	if (typeof err.p2where === 'string')
		return err.p2where;
	lines = String(err.stack).split('\n');
	for (i = 1; i < lines.length; i++) {
		m = /^ *at .*\((.*):([0-9]+)\)/.exec(lines[i]);
		if (m && !/^p2:|\.c$/.test(m[1]))
			return m[1] + ':' + m[2];
	}
	return '';
}

function message(err) {
	if (err === null || typeof err !== 'object' ||
	    err.message === undefined)
		return String(err);
	if (err.name && err.name !== 'Error')
		return err.name + ': ' + err.message;
	return String(err.message);
}

native.describe(function (err) {
	var at = where(err), label = err && err.p2label;

	return (at ? at + ': ' : '') + (label ? label + ': ' : '') +
	    message(err);
});

/* An error object for whatever was thrown, to be given a place and a label. */
function failureOf(step, thrown) {
	var err = new Error(message(thrown));

	err.p2where = where(thrown);
	if (step) {
		if (!err.p2where && step.line)
			err.p2where = step.file + ':' + step.line;
		err.p2label = step.mod + ' ' + step.title;
	}
	if (thrown && thrown.p2label)
		err.p2label = thrown.p2label;
	return err;
}

/* --- The queue ---------------------------------------------------------- */

function append(step) {
	if (drained)
		return;
	if (queue.tail === null)
		queue.head = step;
	else
		queue.tail.next = step;
	queue.tail = step;
}

function setAside() {
	var old = queue;

	queue = {head: null, tail: null};
	return old;
}

/* Put other behind what is in the queue. */
function putBehind(other) {
	if (other.head === null)
		return;
	if (queue.tail === null)
		queue.head = other.head;
	else
		queue.tail.next = other.head;
	queue.tail = other.tail;
}

function take() {
	var step = queue.head;

	if (step !== null) {
		queue.head = step.next;
		if (queue.head === null)
			queue.tail = null;
		step.next = null;
	}
	return step;
}

function dropAll() {
	queue = {head: null, tail: null};
	saved = [];
}

/* Take a step out of wherever it waits; false if it does not. */
function pull(step) {
	var lists = saved.concat(queue), i, at, before;

	for (i = 0; i < lists.length; i++) {
		before = null;
		for (at = lists[i].head; at; before = at, at = at.next) {
			if (at !== step)
				continue;
			if (before === null)
				lists[i].head = at.next;
			else
				before.next = at.next;
			if (lists[i].tail === at)
				lists[i].tail = before;
			at.next = null;
			return true;
		}
	}
	return false;
}

function pushFront(step) {
	step.next = queue.head;
	queue.head = step;
	if (queue.tail === null)
		queue.tail = step;
}

/* --- Selection ---------------------------------------------------------- */

function selected() {
	var sel = selection, host, key;

	if (sel === undefined || sel === true)
		return true;
	if (typeof sel === 'function')
		return Boolean(sel(p2.facts));
	if (sel === null || typeof sel === 'number' || sel === false)
		return false;
	host = p2.facts.os_hostname;
	if (typeof sel === 'string')
		return sel === host;
	if (sel instanceof RegExp) {
		sel.lastIndex = 0;
		return sel.test(host);
	}
	for (key in sel)
		if (Object.prototype.hasOwnProperty.call(sel, key) &&
		    sel[key] === host)
			return true;
	return false;
}

p2.node = p2.select = function (sel) {
	selection = sel;
	return p2;
};
p2.getNode = function () { return selection; };
p2.ifNode = function () { return selected(); };

/* --- Events ------------------------------------------------------------- */

function listen(name, fn) {
	if (typeof fn !== 'function')
		throw new Error('on ' + name + ': not a function');
	if (!Object.prototype.hasOwnProperty.call(handlers, name))
		handlers[name] = [];
	handlers[name].push(fn);
	listening = true;
}

/* Call the handlers; what they declare comes next, in order. */
function emit(mod, title, opts, word) {
	var name, list, rest, i;

	if (!listening)
		return;
	name = mod + ':' + title + ':' + word;
	if (!Object.prototype.hasOwnProperty.call(handlers, name))
		return;
	list = handlers[name].slice();
	rest = setAside();
	try {
		for (i = 0; i < list.length; i++)
			list[i]({eventname: name, module: mod, title: title,
			    opts: opts});
	} finally {
		putBehind(rest);
	}
}

p2.on = function (name, fn) {
	if (selected())
		listen(String(name), fn);
	return p2;
};
p2.emit = function (mod, title, opts, res) {
	emit(mod, title, opts, res && res.result);
};
p2.emitter = {
	on: function (name, fn) { listen(name, fn); return this; },
	addListener: function (name, fn) { listen(name, fn); return this; },
	once: function (name, fn) {
		var self = this;

		function once() {
			self.removeListener(name, once);
			return fn.apply(this, arguments);
		}
		listen(name, once);
		return this;
	},
	removeListener: function (name, fn) {
		var list = handlers[name] || [], i = list.indexOf(fn);

		if (i >= 0)
			list.splice(i, 1);
		return this;
	},
	removeAllListeners: function (name) {
		if (name === undefined)
			handlers = {};
		else
			delete handlers[name];
		return this;
	},
	listeners: function (name) { return (handlers[name] || []).slice(); },
	emit: function (name) {
		var list = (handlers[name] || []).slice();
		var args = Array.prototype.slice.call(arguments, 1);

		list.forEach(function (fn) { fn.apply(null, args); });
		return list.length > 0;
	}
};

/* --- Declaring ---------------------------------------------------------- */

/*
 * act(step) does it, and returns a result, {result: word}, or a promise of
 * one; check(opts, title) gives a copy of options that are in order.
 */
function Step(mod, act, title, opts, fn, line) {
	this.mod = mod;
	this.act = act;
	this.title = title;
	this.opts = opts;
	this.fn = fn;
	this.sel = selection;
	this.file = file;
	this.line = line;
	this.next = null;
	this.state = 0;			/* 1: done, 2: failed, 3: skipped */
	this.refresh = false;
	this.watch = watching;
}

function list(v) {
	return v === undefined ? [] : Array.isArray(v) ? v : [v];
}

/* "before" and "notify" are "require" and "subscribe" of the other one. */
function link(step, opts) {
	if (opts.before || opts.notify || opts.require || opts.subscribe)
		linked = true;
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
	} catch (e) {
		throw labelled(e, mod, title, line);
	}
	if (copy.on !== undefined)
		addHandlers(copy.on);
	step = new Step(mod, act, title, copy, fn, line);
	named[mod + ':' + title] = step;
	if (copy.before || copy.notify || copy.require || copy.subscribe)
		link(step, copy);
	append(step);
}

function labelled(e, mod, title, line) {
	var err = new Error(message(e));

	err.p2label = mod + ' ' + title;
	err.p2where = where(e) || file + ':' + line;
	return err;
}

function declare(mod, act, check, title, opts, fn, line) {
	var i;

	if (typeof opts === 'function') {
		fn = opts;
		opts = undefined;
	}
	if (!selected())
		return;
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

/* --- Results ------------------------------------------------------------ */

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
	if (!word)
		return;
	if (linked && word === 'changed')
		notify(step);
	emit(step.mod, step.title, step.opts, word);
}

/* A step has failed, and with it the run; its handlers are still heard. */
function fail(step, thrown) {
	var first = failure === null;

	if (first)
		failure = failureOf(step, thrown);
	dropAll();
	if (pending === step)
		pending = null;
	if (!step)
		return;
	if (!step.reported)
		report(step, FAILED, 'failed', message(thrown));
	step.state = 2;
	try {
		emit(step.mod, step.title, step.opts, 'failed');
	} catch (e) {
		dropAll();
	}
}

function report(step, outcome, word, why) {
	step.reported = true;
	native.report(step.mod, step.title, outcome, word, why || '',
	    step.file, step.line || 0, Boolean(step.opts.sensitive));
}

/* What an action that is no native resource has returned. */
function conclude(step, res) {
	var word = res && typeof res.result === 'string' ? res.result : '';
	var outcome = words.indexOf(word);

	if (word === 'failed' && !step.soft)
		throw new Error(res.why || 'failed');
	if (word && !step.reported)
		report(step, outcome < 0 ? 0 : outcome, word, res.why);
	finish(step, word);
}

/* --- Conditions --------------------------------------------------------- */

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

/* Steps that name this one in their options. */
function naming(step, option) {
	var id = step.mod + ':' + step.title, found = [], key;

	for (key in named)
		if (named[key] !== step &&
		    list(named[key].opts[option]).indexOf(id) >= 0)
			found.push(named[key]);
	return found;
}

function needed(step) {
	return list(step.opts.require).map(function (id) {
		if (!named[id])
			throw new Error('requires ' + id +
			    ', which is not declared');
		return named[id];
	}).concat(naming(step, 'before'));
}

/*
 * Is all that the step needs done?  If not, what is missing goes before it,
 * and it is put back.  Returns '' or the reason to skip it, or null: put back.
 */
function prerequisites(step) {
	var needs = needed(step), i;

	for (i = 0; i < needs.length; i++) {
		if (needs[i].state === 1)
			continue;
		if (needs[i].state > 1)
			return 'needs ' + needs[i].mod + ':' + needs[i].title +
			    ', which was ' +
			    (needs[i].state === 2 ? 'failed' : 'skipped');
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

/* A step has changed something: run who wants to know of it. */
function notify(step) {
	var told = list(step.opts.notify).map(function (id) {
		if (!named[id])
			throw new Error('notifies ' + id +
			    ', which is not declared');
		return named[id];
	}).concat(naming(step, 'subscribe'));

	told.forEach(function (other) {
		other.refresh = true;
		if (other.state !== 0 && other !== step) {
			other.state = 0;
			other.reported = false;
			append(other);
		}
	});
}

/* --- Execution ---------------------------------------------------------- */

function act(step) {
	after(step, step.act(step), function (res) {
		conclude(step, res);
	});
}

function skip(step, why) {
	report(step, SKIPPED, 'skipped', why);
	finish(step, 'skipped');
}

function execute(step) {
	var opts = step.opts, why = '';

	selection = step.sel;
	file = step.file;
	watching = false;
	try {
		if (linked && (why = prerequisites(step)) === null)
			return;
		if (why)
			skip(step, why);
		else if (!native.tagged(opts.tag))
			finish(step, '');
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

function loop() {
	var step;

	if (running)
		return;
	running = true;
	for (;;) {
		runJobs();
		if (pending !== null || native.stop())
			break;
		step = take();
		if (step === null) {
			drained = jobs.length === 0;
			break;
		}
		pending = step;
		execute(step);
	}
	running = false;
}

/* --- Timers ------------------------------------------------------------- */

function addTimer(fn, ms, args, repeat) {
	var t;

	if (typeof fn !== 'function')
		throw new TypeError('a timer needs a function');
	ms = Math.max(repeat ? 1 : 0, Number(ms) || 0);
	t = {id: ++timerNumber, at: native.now() + ms, fn: fn, args: args,
	    every: repeat ? ms : 0, file: file,
	    ref: function () { return t; }, unref: function () {
		t.idle = true;
		return t;
	}};
	timers.push(t);
	return t;
}

function clearTimer(t) {
	timers = timers.filter(function (other) {
		return other !== t && other.id !== t;
	});
}

function rest(args, from) {
	return Array.prototype.slice.call(args, from);
}

global.setTimeout = function (fn, ms) {
	return addTimer(fn, ms, rest(arguments, 2), false);
};
global.setInterval = function (fn, ms) {
	return addTimer(fn, ms, rest(arguments, 2), true);
};
global.setImmediate = function (fn) {
	return addTimer(fn, 0, rest(arguments, 1), false);
};
global.clearTimeout = global.clearInterval = global.clearImmediate =
    clearTimer;

function fire(t) {
	if (t.every)
		t.at = native.now() + t.every;
	else
		clearTimer(t);
	file = t.file;
	try {
		t.fn.apply(null, t.args);
	} catch (e) {
		fail(pending, e);
	}
	loop();
}

/* The next timer to fire, or null. */
function nextTimer() {
	return timers.reduce(function (first, t) {
		return first === null || t.at < first.at ? t : first;
	}, null);
}

/*
 * Called until it returns -1: do what can be done, and tell for how many
 * milliseconds there is nothing to do.
 */
function pump() {
	var t, wait;

	loop();
	if (failure !== null && pending === null && queue.head === null)
		throw failure;
	t = nextTimer();
	if (t === null) {
		if (pending === null)
			return -1;
		fail(pending, new Error('waits for a promise that nothing ' +
		    'is left to resolve'));
		loop();
		throw failure;
	}
	wait = t.at - native.now();
	if (wait > 0)
		return wait;
	fire(t);
	return 0;
}

/* --- Members of p2 ------------------------------------------------------ */

p2.end = function (fn) {
	var step;

	if (typeof fn === 'function') {
		step = new Step('end', function () { fn(); }, 'end', {},
		    undefined, native.line(-3));
		append(step);
	}
	return p2;
};

p2.hasClass = function (name) {
	var classes = p2.facts.agent_classes;

	return Boolean(classes) && classes[name] === true;
};

p2.pushSteps = function () {
	saved.push(setAside());
	return p2;
};
p2.flattenSteps = function () {
	if (saved.length > 0)
		putBehind(saved.pop());
	return p2;
};
p2.clear_actions = dropAll;
p2.push_action = function (fn) {
	append(new Step('action', function () { return fn(); }, 'action', {},
	    undefined, native.line(-3)));
};
Object.defineProperty(p2, 'steps', {enumerable: true, get: function () {
	var steps = [], at;

	for (at = queue.head; at; at = at.next)
		steps.push(at);
	return steps;
}});

p2.qEvent = p2.sendevent = function (e) {
	native.event(String(e.module), String(e.object), String(e.msg));
	return p2;
};
p2.print_facts = function () {
	native.print(1, JSON.stringify(p2.facts, null, 2) + '\n');
	return p2;
};
p2.dumpFacts = function () {
	append(new Step('dumpFacts', function () { p2.print_facts(); },
	    'facts', {}, undefined, native.line(-3)));
	return p2;
};
p2.version = function (v) {
	native.version(String(v));
	return p2;
};
/* A plain application ends, so there is nothing to watch. */
p2.watch = function (on) {
	if (typeof on === 'boolean')
		watching = on;
	return p2;
};
p2.P2_watch = p2.P2_unwatch = p2.P2_watchers_close = function () {};

/* --- Native resources --------------------------------------------------- */

/* {file: name} and {template: name} in content are for the prelude. */
function fileContent(step, opts) {
	var content = opts.content, copy, text;

	if (content === undefined || content === null)
		return opts;
	copy = copyOf(opts);
	if (typeof content === 'object' && !native.isBuffer(content)) {
		delete copy.content;
		if (content.template !== undefined)
			text = render(native.readText(content.template), step);
		else if (typeof content.file !== 'string')
			throw new Error('content: neither a string, ' +
			    '{file: name} nor {template: name}');
		else if (opts.is_template === true)
			text = render(native.readText(content.file), step);
		else
			copy.source = content.file;
		if (text !== undefined)
			copy.content = text;
	} else if (opts.is_template === true)
		copy.content = render(content, step);
	else
		return opts;
	return copy;
}

function render(text, step) {
	return native.render(String(text), {title: step.title,
	    opts: step.opts, f: p2.facts}, top.dir);
}

/* A string in which there may be a tag. */
function isTemplate(s) {
	return typeof s === 'string' && s.indexOf('{{') >= 0;
}

function commandText(step, opts) {
	var cmd = opts.cmd === undefined ? step.title : opts.cmd, copy;

	if (opts.refreshonly === true && !step.refresh)
		return null;
	if (!isTemplate(cmd) && !isTemplate(opts.creates))
		return opts;
	copy = copyOf(opts);
	copy.cmd = render(cmd, step);
	if (opts.creates !== undefined)
		copy.creates = render(opts.creates, step);
	return copy;
}

function sameOptions(step, opts) {
	return opts;
}

/* Per type: how its options are made ready; whether they are for templates. */
var types = {
	file: {ready: fileContent, templated: function (o) {
		return o.is_template === true || (o.content !== null &&
		    typeof o.content === 'object' &&
		    o.content.template !== undefined);
	}},
	command: {ready: commandText, templated: function (o, title) {
		return isTemplate(o.cmd === undefined ? title : o.cmd) ||
		    isTemplate(o.creates);
	}}
};
types.powershell = types.command;

function callBack(step, outcome) {
	var got;

	if (typeof step.fn !== 'function' || outcome === SKIPPED)
		return;
	if (step.mod === 'file') {
		if (outcome !== FAILED)
			step.fn(outcome === CHANGED);
	} else if (!native.dry && (got = native.output()) !== null)
		step.fn(got[0], got[1], got[2]);
}

function nativeModule(name, index) {
	var type = types[name] || {}, ready = type.ready || sameOptions;
	var templated = type.templated || function () { return false; };

	function check(opts, title) {
		return native.check(index, opts || {}, opts !== undefined &&
		    opts !== null && templated(opts, title));
	}

	function actNative(step) {
		var opts = ready(step, step.opts), outcome;

		if (opts === null)
			return undefined;
		outcome = native.run(index, step.title, opts, step.file,
		    step.line || 0, step.refresh, undefined);
		step.reported = true;
		if (step.fn !== undefined)
			quietly(function () { callBack(step, outcome); });
		if (outcome === FAILED)
			throw new Error(native.reason());
		return outcome === 0 ? undefined : {result: words[outcome]};
	}
	modules[name] = p2[name] = function (title, opts, fn) {
		declare(name, actNative, check, title, opts, fn,
		    native.line(-3));
		return p2;
	};
	types[name] = {now: function (step, title, opts) {
		var outcome = native.run(index, title, check(opts, title),
		    step.file, step.line || 0, false, step.mod);

		step.reported = true;
		if (outcome === FAILED)
			throw new Error(title + ': ' + native.reason());
		return outcome;
	}};
}

/*
 * Call a function of the policy's.  In a dry run, what it would write ends it;
 * true then.
 */
function quietly(fn) {
	if (!native.dry) {
		fn();
		return false;
	}
	try {
		fn();
	} catch (e) {
		if (e === null || typeof e !== 'object' || !e.p2dry)
			throw e;
		return true;
	}
	return false;
}

native.types.forEach(nativeModule);

/*
 * For roles: do it now, in the name of the role that is being executed.
 * p2._now('file', '/etc/x', {...}) is {result: 'changed'} or {}.
 */
p2._now = function (type, title, opts) {
	var word = words[types[type].now(pending, title, opts)];

	return word ? {result: word} : {};
};
p2._render = function (text, title, opts) {
	return typeof text === 'string' ?
	    render(text, {title: title, opts: opts || {}}) : text;
};
p2._read = native.readText;
p2._dry = native.dry;
/* What a program prints, which changes nothing. */
p2._look = function (argv) {
	var res;

	native.looking(1);
	try {
		res = native.exec(argv, {});
	} finally {
		native.looking(-1);
	}
	if (res.status !== 0)
		throw new Error(argv[0] + ': ' + res.stderr.trim());
	return res.stdout;
};

/* --- lambda ------------------------------------------------------------- */

p2.lambda = function (title, opts, fn) {
	var line = native.line(-3);

	if (typeof opts === 'function') {
		fn = opts;
		opts = undefined;
	}
	if (typeof fn !== 'function')
		throw labelled(new Error('no function'), 'lambda',
		    String(title), line);
	declare('lambda', function (step) {
		var res;

		if (quietly(function () {
			res = fn(p2.facts, step.opts);
		}))
			return {result: 'changed', why: native.dryReason()};
		return res;
	}, copyOf, title, opts, fn, line);
	return p2;
};

/* --- role --------------------------------------------------------------- */

/* Assign what a role has found; p2role is merged deeply. */
function mergeFacts(found) {
	var key;

	for (key in found)
		if (key === 'p2role')
			mergeInto(p2.facts.p2role, found.p2role);
		else
			p2.facts[key] = found[key];
}

function mergeInto(to, from) {
	var key;

	for (key in from)
		if (from[key] !== null && typeof from[key] === 'object' &&
		    to[key] !== null && typeof to[key] === 'object')
			mergeInto(to[key], from[key]);
		else
			to[key] = from[key];
}

function gatherFacts(def) {
	var deferred = {};

	deferred.promise = new global.Promise(function (resolve, reject) {
		deferred.resolve = resolve;
		deferred.reject = reject;
	});
	native.looking(1);
	try {
		def.facts(deferred, p2.facts);
	} finally {
		native.looking(-1);
	}
	return deferred.promise.then(mergeFacts);
}

function appendFacts(name, def, line) {
	var step;

	if (typeof def.facts !== 'function')
		return;
	step = new Step(name, function () { return gatherFacts(def); },
	    'facts', {}, undefined, line);
	append(step);
}

/* The body: what it declares comes in place of the role. */
function runRole(step, def, raw) {
	var before = setAside(), depth = saved.length, res;

	saved.push(before);
	if (quietly(function () { res = def.p2(raw, step.opts); }))
		res = {result: 'changed', why: native.dryReason()};
	return maybe(res, leave);

	function leave(value) {
		if (failure !== null)
			return value;
		/* Its own pushSteps() without flattenSteps() ends here. */
		while (saved.length > depth + 1)
			putBehind(saved.pop());
		appendFacts(step.mod, def, step.line);
		if (saved.length === depth + 1)
			putBehind(saved.pop());
		return value;
	}
}

function roleAct(def, raw) {
	return function (step) {
		if (def.onlyif === undefined)
			return runRole(step, def, raw);
		return maybe(ask('onlyif', def.onlyif), function (yes) {
			return yes ? runRole(step, def, raw) :
			    {result: 'skipped', why: 'onlyif says no'};
		});
	};
}

function maybe(value, fn) {
	return isThenable(value) ? global.Promise.resolve(value).then(fn) :
	    fn(value);
}

function useRole(name, def, title, opts, line) {
	var step;

	if (Array.isArray(title)) {
		title.forEach(function (one) {
			useRole(name, def, one, opts, line);
		});
		return;
	}
	if (!selected() || typeof def.p2 !== 'function')
		return;
	opts = copyOf(opts);
	if (opts.on !== undefined)
		addHandlers(opts.on);
	appendFacts(name, def, line);
	step = new Step(name, roleAct(def, title), String(title), opts,
	    undefined, line);
	named[name + ':' + title] = step;
	link(step, opts);
	append(step);
}

function makeRole(name, def) {
	roles[name] = true;
	Object.defineProperty(p2, name, {configurable: true, enumerable: true,
	    writable: true, value: function (title, opts) {
		var line = native.line(-3);

		useRole(name, def, title,
		    typeof opts === 'function' ? undefined : opts, line);
		return p2;
	}});
	if (!p2.facts.p2role)
		p2.facts.p2role = {};
	p2.facts.p2role[name] = {loaded: true};
}

p2.role = function (name, def) {
	if (!def || typeof def !== 'object')
		throw new Error('role ' + name + ': no definition');
	if (p2[name]) {
		native.print(2, 'p2-apply: ' + file + ':' + native.line(-3) +
		    ': role ' + name + ': p2 has a member of that name ' +
		    'already, which stays\n');
		return p2;
	}
	makeRole(name, def);
	return p2;
};

/* Those that come with the kit are read when they are first named. */
native.roles.forEach(function (name) {
	Object.defineProperty(p2, name, {configurable: true, enumerable: true,
	    get: function () {
		delete p2[name];
		native.loadRole(name)({}, p2.require, {exports: {}});
		return p2[name];
	    }, set: function (value) {
		Object.defineProperty(p2, name, {configurable: true,
		    enumerable: true, writable: true, value: value});
	    }});
});

/* --- Files -------------------------------------------------------------- */

var included = {};

p2.include = function (name) {
	var path = native.findPolicy(String(name), top.dir);

	if (included[path])
		return p2;
	included[path] = true;
	global.__p2modules.evaluate(path);
	return p2;
};

/* Evaluate with file set, for what is declared meanwhile. */
p2._in = function (path, fn) {
	var outer = file;

	file = path;
	try {
		fn();
	} finally {
		file = outer;
	}
};

/* --- Promise jobs, and the entry points for C --------------------------- */

global.p2 = p2;
global.global = global;

return {
	job: function (fn) { jobs.push(fn); },
	declare: function (path, dir, text) {
		dropAll();
		selection = undefined;
		handlers = {};
		listening = linked = drained = watching = false;
		named = {};
		pending = null;
		failure = null;
		included = {};
		included[path] = true;
		top = {file: path, dir: dir};
		p2.__p2dirname = dir;
		global.__p2modules.evaluate(path, text);
	},
	pump: pump,
	modules: modules
};
})
