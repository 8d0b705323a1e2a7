/* The modules that act on the host: native resources, and lambda. */

/* {file: name} and {template: name} in content are for the prelude. */
function fileContent(step, opts) {
	var content = opts.content, copy, text;

	if (content === undefined || content === null)
		return opts;
	if (typeof content === 'string' && opts.is_template !== true)
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

/*
 * A file's text as lines, and all others that an edit of it may come upon; as
 * bytes, a character each, where the file is no UTF-8.
 */
function linesFor(path, opts) {
	var bytes = '', isText = true, text, mark;

	try {
		text = bytes = native.readText(path, true);
		text = decodeURIComponent(escape(bytes));
	} catch (e) {
		/* It is none; or natives will say why it cannot be read. */
		isText = bytes === '';
	}
	mark = String(opts.marker || '# {mark} p2');
	mark = list(opts.line).concat(opts.block, mark.replace('{mark}',
	    'BEGIN'), mark.replace('{mark}', 'END')).join('\n');
	if (!isText)
		mark = unescape(encodeURIComponent(mark));
	return {isText: isText, v: ((isText ? text || '' : bytes) + '\n' +
	    mark).split('\n')};
}

function linesFound(lines, regexp) {
	var found = lines.v.filter(function (line) {
		regexp.lastIndex = 0;
		return regexp.test(line);
	}).join('\n');

	return lines.isText ? found : global.Buffer.from(found, 'latin1');
}

function isRegExp(v) {
	return v !== null && typeof v === 'object' && v instanceof RegExp;
}

/* Natives do not know what a RegExp finds: they are told the lines. */
function fileFinders(step, opts) {
	var names = ['match', 'after', 'remove'].filter(function (name) {
		return isRegExp(opts[name]);
	}), copy = copyOf(opts), lines;

	if (names.length === 0)
		return opts;
	lines = linesFor(opts.path || step.title, opts);
	names.forEach(function (name) {
		copy[name] = String(opts[name]);
		copy[name + '_found'] = linesFound(lines, opts[name]);
	});
	return copy;
}

function fileOptions(step, opts) {
	if (typeof opts.match === 'object' || typeof opts.after === 'object' ||
	    typeof opts.remove === 'object')
		opts = fileFinders(step, opts);
	return fileContent(step, opts);
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

/*
 * Per type: how its options are made ready; whether they are for templates.  Of
 * those that are not here, the callback is told as packages tell it.
 */
var types = {
	file: {ready: fileOptions, templated: function (o) {
		return o.is_template === true || (o.content !== null &&
		    typeof o.content === 'object' &&
		    o.content.template !== undefined);
	}},
	command: {ready: commandText, templated: function (o, title) {
		return isTemplate(o.cmd === undefined ? title : o.cmd) ||
		    isTemplate(o.creates);
	}},
	package: {ready: packageOptions, gathers: true, called: packageCalled,
	    changed: renewPackages},
	repository: {ready: packageOptions, called: packageCalled},
	service: {ready: serviceOptions, gathers: true, called: packageCalled},
	user: {called: packageCalled, changed: renewAccounts},
	group: {called: packageCalled, changed: renewAccounts}
};
types.powershell = copyOf(types.command);

function callBack(step, outcome) {
	var got;

	if (typeof step.fn !== 'function' || outcome === SKIPPED)
		return;
	if (step.mod === 'file') {
		if (outcome !== FAILED)
			step.fn(outcome === CHANGED);
	} else if (types[step.mod].called) {
		if (!native.dry)
			types[step.mod].called(step, outcome);
	} else if (!native.dry && (got = native.output()) !== null)
		step.fn(got[0], got[1], got[2]);
}

function nativeModule(name, index) {
	var type = types[name] || {called: packageCalled};
	var ready = type.ready || sameOptions;
	var templated = type.templated || function () { return false; };

	function check(opts, title) {
		return native.check(index, opts || {}, opts !== undefined &&
		    opts !== null && templated(opts, title));
	}

	function actNative(step) {
		var opts, outcome, soft, reason;

		watchStep(step);
		opts = ready(step, step.opts);
		if (opts !== null && opts.rollback === true && !native.dry &&
		    !native.canRollback)
			throw new Error('rollback needs a store');
		if (opts === null)
			return undefined;
		if (type.gathers)
			tellAhead(step, index, ready);
		outcome = native.run(index, step.title, opts, step.file,
		    step.line || 0, step.refresh, undefined, step);
		if (outcome === AGAIN) {
			if (!endWaiting())
				return LATER;
			setOwing(step);
			return actNative(step);
		}
		if (outcome >= HELD)
			return later(step, outcome);
		reported = step;
		if (outcome === SKIPPED)
			leaveDebts(step);
		soft = outcome === FAILED && native.soft() &&
		    tellSoftly(step, native.reason());
		if (outcome === FAILED && !soft)
			reason = native.reason();
		if (outcome === CHANGED && type.changed && !native.dry)
			type.changed();
		if (step.fn !== undefined &&
		    (step !== repairing || outcome === CHANGED))
			quietly(function () { callBack(step, outcome); });
		if (outcome === FAILED && !soft)
			throw new Error(reason);
		return outcome === 0 ? undefined : {result: words[outcome]};
	}
	modules[name] = p2[name] = native.declaration(index, function (title,
	    opts, fn, line) {
		declare(name, actNative, check, title, opts, fn, line);
		keepKind(index, name, actNative);
	});
	type.now = function (step, title, opts) {
		var outcome, reason, copy = check(opts, title);

		['noop', 'sensitive'].forEach(function (option) {
			if (step.opts[option] === true)
				copy[option] = true;
		});
		nows[name + ':' + title] = step.chain + '\n' + nameOf(step);
		watchStep(step);
		outcome = native.run(index, title, ready({title: title},
		    copy), step.file, step.line || 0, false,
		    step.mod, undefined);

		reported = step;
		if (outcome === CHANGED && type.changed && !native.dry)
			type.changed();
		if (outcome !== FAILED)
			return outcome;
		reason = title + ': ' + native.reason();
		if (!native.soft() || !tellSoftly(step, reason))
			throw new Error(reason);
		return outcome;
	};
	types[name] = type;
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
		if (!isDry(e))
			throw e;
		return true;
	}
	return false;
}

function isDry(e) {
	return e !== null && typeof e === 'object' && e.p2dry === true;
}

/* It ended by what it would have written. */
function wouldWrite(e) {
	if (!isDry(e))
		throw e;
	return {result: 'changed', why: native.dryReason()};
}

/*
 * The body of a role or a lambda: what it returns, or a promise of that.  In a
 * dry run it may end before; and in any other, if it is held back.
 */
function callBody(fn, isHeld) {
	var res;

	function letGo() {
		if (isHeld)
			hold(-1);
	}
	if (!native.dry && !isHeld)
		return fn();
	if (isHeld)
		hold(1);
	try {
		res = fn();
	} catch (e) {
		res = wouldWrite(e);
	} finally {
		if (!isThenable(res))
			letGo();
	}
	return !isThenable(res) ? res : global.Promise.resolve(res).then(
	    function (value) {
		letGo();
		return value;
	}, function (e) {
		letGo();
		return wouldWrite(e);
	});
}

/* What p2._dry says is for whoever looks before it acts. */
function hold(n) {
	held += n;
	p2._dry = native.dry || held > 0;
	native.holding(n);
}

native.quick(quick, p2);
native.types.forEach(nativeModule);

/*
 * For roles: do it now, in the name of the role that is being executed.
 * p2._now('file', '/etc/x', {...}) is {result: 'changed'} or {}; what fails
 * throws, but packages and services, which then are {result: 'failed'}.
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
		throw new Error(argv[0] + ': ' + (res.stderr.trim() ||
		    'exit status ' + res.status));
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
		if (shut !== undefined)
			return waitFor(step);
		if (step.opts.noop === true && !native.dry)
			return leave(step, 'is not called');
		return callBody(function () {
			return fn(p2.facts, step.opts);
		}, false);
	}, copyOf, title, opts, fn, line);
	return p2;
};
