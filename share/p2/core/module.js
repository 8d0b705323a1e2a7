/*
 * Modules that come in a file of their own: one kind of resource, with its
 * options, facts, and what it does; p2(5) has the anatomy of one.
 */

var ownModules = {};		/* name: its definition */
var parts = ['name', 'options', 'facts', 'check', 'plan', 'apply', 'watch'];

/* What a module's functions are given: the resource at hand. */
function Resource(step) {
	this.title = step.title;
	this.options = step.opts;
	this.facts = p2.facts;
	this.refreshed = step.refresh;
	this.dry = native.dry;
	this._ = {why: [], did: [], diff: '', changed: false,
	    failed: false};
}
Resource.prototype.why = function (text) { this._.why.push(String(text)); };
Resource.prototype.did = function (text) { this._.did.push(String(text)); };
Resource.prototype.diff = function (before, after, name) {
	this._.diff += native.diff(String(name || this.title), String(before),
	    String(after));
};
/* The text of a file, or null where there is none. */
Resource.prototype.read = function (path) {
	try {
		return native.readText(path);
	} catch (e) {
		if (e.code !== 'ENOENT')
			throw e;
		return null;
	}
};
/* What a program prints; one that fails is a failure. */
Resource.prototype.run = function (argv) {
	var res = native.exec(argv, {});

	if (res.status !== 0)
		throw new Error(argv[0] + ': ' + (res.stderr.trim() ||
		    'exit status ' + res.status));
	return res.stdout;
};
/* What p2 has itself is done at once; was anything changed? */
native.types.forEach(function (type) {
	Resource.prototype[type] = function (title, opts) {
		var word = p2._now(type, title, opts).result;

		this._.failed = this._.failed || word === 'failed';
		this._.changed = this._.changed || word === 'changed';
		return word === 'changed';
	};
});

/* Call fn where it can only look, in a dry run and in any other. */
function lookOnly(fn, a, b) {
	native.planning(1);
	try {
		return fn(a, b);
	} finally {
		native.planning(-1);
	}
}

function checkOwn(def, title, opts) {
	var copy = native.checkTable(def.table, opts || {});

	Object.keys(def.options).forEach(function (name) {
		var o = def.options[name], v = copy[name];

		if (v === undefined || v === null) {
			if (o.required)
				throw new TypeError('option ' + name +
				    ': is required');
			if (o['default'] !== undefined)
				copy[name] = o['default'];
		} else if (o.values && o.values.indexOf(v) < 0)
			throw new TypeError('option ' + name + ': ' + v +
			    ' is none of ' + o.values.join(', '));
	});
	if (def.check)
		lookOnly(def.check, title, copy);
	return copy;
}

function renderOwn(def, step) {
	var copy = null;

	Object.keys(def.options).forEach(function (name) {
		if (!def.options[name].template || !isTemplate(step.opts[name]))
			return;
		copy = copy || copyOf(step.opts);
		copy[name] = render(copy[name], step);
	});
	return copy || step.opts;
}

function tellOwn(step, r, outcome, word) {
	if (reported === step)
		return;
	reported = step;
	native.report(step.mod, step.title, outcome, word,
	    r._.why.join('; '), step.file, step.line || 0,
	    Boolean(step.opts.sensitive),
	    r._.did.map(function (s) { return s + '\n'; }).join(''),
	    step.opts.sensitive ? '' : r._.diff, step === repairing);
}

function tellBack(step, changed) {
	if (typeof step.fn === 'function' && (changed || step !== repairing))
		quietly(function () { step.fn(changed); });
}

/* In a dry run it goes as far as it does without a write of its own. */
function applyOwn(def, step, r) {
	var res;

	if (step.opts.noop && !native.dry) {
		tellOwn(step, r, CHANGED, 'noop');
		return undefined;
	}
	if (shut !== undefined) {
		r.why('outside of ' + shut);
		tellOwn(step, r, SKIPPED, 'waits');
		return waitFor(step);
	}
	if (quietly(function () { res = def.apply(r); })) {
		if (r._.why.length === 0)
			r.why(native.dryReason());
		r._.changed = true;
		res = undefined;
	}
	return maybe(res, function (value) {
		return concludeOwn(def, step, r, value);
	});
}

function concludeOwn(def, step, r, res) {
	var changed = def.plan !== undefined || r._.changed ||
	    r._.did.length > 0;

	if (r._.failed)
		return {result: 'failed'};
	if (res && typeof res.result === 'string') {
		if (res.result !== 'changed')
			return res;
		if (res.why)
			r.why(res.why);
		changed = true;
	}
	if (changed) {
		forgetFacts(def);
		tellOwn(step, r, CHANGED, 'changed');
	}
	watchedOwn(step, changed, def.plan !== undefined);
	tellBack(step, changed);
	return changed ? {result: 'changed'} : undefined;
}

function actOwn(def) {
	function act(step) {
		var r = new Resource(step), plan;

		r.options = renderOwn(def, step);
		watchPlaces(step);
		if (def.plan)
			plan = lookOnly(def.plan, r);
		return maybe(plan, function (res) {
			if (res && typeof res.result === 'string')
				return res;
			if (!def.plan || r._.why.length > 0)
				return applyOwn(def, step, r);
			tellBack(step, false);
			return undefined;
		});
	}
	act.def = def;
	return act;
}

/* The paths whose change is to bring the step about again, if it has some. */
Step.prototype.watchPaths = function () {
	var def = this.act.def, r;

	if (!def || !def.watch)
		return [];
	r = new Resource(this);
	r.options = renderOwn(def, this);
	return list(lookOnly(def.watch, r));
};

/* Facts of a module are found out when they are read, and after a change. */
function addFact(name, fn) {
	Object.defineProperty(p2.facts, name, {configurable: true,
	    enumerable: true, get: function () {
		var value = lookOnly(fn, p2.facts);

		setFact(name, value);
		return value;
	    }, set: function (value) { setFact(name, value); }});
}

function setFact(name, value) {
	Object.defineProperty(p2.facts, name, {configurable: true,
	    enumerable: true, writable: true, value: value});
}

function forgetFacts(def) {
	Object.keys(def.facts).forEach(function (name) {
		addFact(name, def.facts[name]);
	});
}

/* A copy of a definition, with the table of its options. */
function withTable(def, who) {
	var rows = [], copy = copyOf(def);

	copy.options = def.options || {};
	Object.keys(copy.options).forEach(function (name) {
		rows.push(name, copy.options[name].type);
	});
	try {
		copy.table = native.table(rows);
	} catch (e) {
		throw new Error(who + ': ' + message(e));
	}
	copy.rows = rows;		/* the table uses their names */
	return copy;
}

/* A module's definition that is in order. */
function completed(def) {
	var copy;

	if (!def || typeof def !== 'object' || typeof def.name !== 'string' ||
	    !/^[A-Za-z]\w*$/.test(def.name))
		throw new Error('module: no object with a name');
	Object.keys(def).forEach(function (key) {
		if (parts.indexOf(key) < 0)
			throw new Error('module ' + def.name +
			    ': there is no ' + key + ' in one');
	});
	if (typeof def.apply !== 'function')
		throw new Error('module ' + def.name + ': no function apply');
	copy = withTable(def, 'module ' + def.name);
	copy.facts = def.facts || {};
	return copy;
}

function addMethod(def, act) {
	modules[def.name] = p2[def.name] = function (title, opts, fn) {
		declare(def.name, act, function (o, t) {
			return checkOwn(def, t, o);
		}, title, opts, fn, native.line(-3));
		return p2;
	};
}

function define(def) {
	def = completed(def);
	if (p2[def.name] && !ownModules[def.name])
		throw new Error('module ' + def.name +
		    ': p2 has a member of that name already');
	ownModules[def.name] = def;
	forgetFacts(def);
	addMethod(def, actOwn(def));
}

/* module(name or path of a file), or module(definition) */
p2.module = function (what) {
	define(typeof what === 'string' ? global.__p2modules.evaluate(
	    native.findModule(what, top.dir)) : what);
	return p2;
};
