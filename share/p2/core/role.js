/* Roles and included files. */

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

function appendFacts(name, def, opts, line) {
	if (typeof def.facts === 'function')
		append(new Step(name, function () { return gatherFacts(def); },
		    'facts', {tag: opts.tag}, undefined, line));
}

/* What is said of a role is said of all that it declares. */
function passOn(from, to) {
	['noop', 'sensitive'].forEach(function (name) {
		if (from[name] === true)
			to[name] = true;
	});
	['tag', 'notify', 'notify_now'].forEach(function (name) {
		if (from[name] !== undefined)
			to[name] = list(to[name]).concat(from[name]);
	});
	if (to.watch === undefined && from.watch !== undefined)
		to.watch = from.watch;
}

/* The body: what it declares comes in place of the role. */
function runRole(step, def, raw) {
	var before = setAside(), depth = saved.length;
	var noop = step.opts.noop === true && !native.dry, late = shut;

	saved.push(before);
	within(step.chain + '\n' + nameOf(step));
	return maybe(callBody(function () {
		return def.p2(raw, step.opts);
	}, noop || late !== undefined), end);

	function end(value) {
		if (failure !== null)
			return value;
		each(queue, function (one) { passOn(step.opts, one.opts); });
		/* Its own pushSteps() without flattenSteps() ends here. */
		while (saved.length > depth + 1)
			putBehind(saved.pop());
		appendFacts(step.mod, def, step.opts, step.line);
		if (saved.length === depth + 1)
			putBehind(saved.pop());
		if (!value || value.result !== 'changed' || reported === step)
			return value;
		return noop ? leave(step, value.why) :
		    late !== undefined ? waitFor(step) : value;
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

/* A role that says which options it has takes no others. */
function optionsOf(name, def, title, opts, line) {
	if (!def.table)
		return copyOf(opts);
	try {
		return checkOwn(def, title, opts);
	} catch (e) {
		throw labelled(e, name, title, line);
	}
}

function useRole(name, def, title, opts, line) {
	var step;

	if (Array.isArray(title)) {
		title.forEach(function (one) {
			useRole(name, def, one, opts, line);
		});
		return;
	}
	if (!selected() || typeof def.p2 !== 'function') {
		hide(name, title);
		return;
	}
	opts = optionsOf(name, def, title, opts, line);
	if (opts.on !== undefined)
		addHandlers(opts.on);
	appendFacts(name, def, opts, line);
	step = new Step(name, roleAct(def, title), String(title), opts,
	    undefined, line);
	all.push(step);
	link(opts);
	append(step);
}

function markLoaded(name) {
	if (!p2.facts.p2role)
		p2.facts.p2role = {};
	p2.facts.p2role[name] = {loaded: true};
}

function makeRole(name, def) {
	Object.defineProperty(p2, name, {configurable: true, enumerable: true,
	    writable: true, value: function (title, opts) {
		var line = native.line(-3);

		useRole(name, def, title,
		    typeof opts === 'function' ? undefined : opts, line);
		return p2;
	}});
	markLoaded(name);
}

p2.role = function (name, def) {
	var line;

	if (!def || typeof def !== 'object')
		throw new Error('role ' + name + ': no definition');
	if (p2[name]) {
		line = native.line(-3) || 0;
		native.print(2, 'p2-apply: ' +
		    native.source(native.at || file, line) +
		    ': role ' + name + ': p2 has a member of that name ' +
		    'already, which stays\n');
		return p2;
	}
	makeRole(name, def.options ? withTable(def, 'role ' + name) : def);
	return p2;
};

/*
 * Those that come with the kit are read when they are first named; some are
 * modules.
 */
native.roles.forEach(function (name) {
	Object.defineProperty(p2, name, {configurable: true, enumerable: true,
	    get: function () {
		delete p2[name];
		native.loadRole(name)({}, p2.require, {exports: {}});
		markLoaded(name);
		return p2[name];
	    }, set: function (value) {
		Object.defineProperty(p2, name, {configurable: true,
		    enumerable: true, writable: true, value: value});
	    }});
});

/* What one of them finds out is a fact from the beginning. */
function factOfRole(name, role) {
	Object.defineProperty(p2.facts, name, {configurable: true,
	    enumerable: true, get: function () {
		delete p2.facts[name];
		return p2[role] && p2.facts[name];
	    }, set: function (value) { setFact(name, value); }});
}

factOfRole('uvt_cloud_image', 'uvt_cloud_image');
factOfRole('uvt_kvm_instance', 'uvt_kvm');

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

	place(selection, path, watching, times);
	try {
		fn();
	} finally {
		place(selection, outer, watching, times);
	}
};
