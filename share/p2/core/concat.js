/*
 * concat: a file that is put together from fragments, which are declared
 * wherever they belong.
 *
 * A concat is carried out when no step is left that may declare a fragment:
 * until then it goes behind all that waits.
 */

var fragments = Object.create(null);	/* target: {name: step} */

function isConcat(step) {
	return step.act.gathersFragments === true;
}

/* Roles, modules, lambdas and callbacks; but not what needs the file itself. */
function mayDeclare(step, concat) {
	return !isConcat(step) && (types[step.mod] === undefined ||
	    step.fn !== undefined) &&
	    list(step.opts.require).indexOf(nameOf(concat)) < 0;
}

function moreToCome(concat) {
	return saved.concat(queue).some(function (q) {
		var found = false;

		each(q, function (step) {
			found = found || mayDeclare(step, concat);
		});
		return found;
	});
}

/* Behind all that waits. */
function putOff(step) {
	pending = null;
	(saved.length > 0 ? saved[0] : queue).tail.steps.push(step);
}

function addFragment(step) {
	var target = step.opts.target, concat, mine;

	giveNames();
	concat = named['concat:' + target];
	mine = fragments[target] = fragments[target] || Object.create(null);
	if (repairing === null && concat && concat.state === 1)
		throw new Error(target + ' has been written already');
	if (repairing === null && mine[step.title])
		throw new Error('is declared twice for ' + target);
	mine[step.title] = step;
}

/* A fragment for what is no concat, or null. */
function strayFragment() {
	var target, name;

	for (target in fragments) {
		giveNames();
		if (!named['concat:' + target] && !hidden['concat:' + target])
			for (name in fragments[target])
				return fragments[target][name];
	}
	return null;
}

/* Numbers in it by their value, so that 9 is before 10. */
function orderOf(step) {
	var order = step.opts.order;

	return String(order === undefined ? 10 : order).replace(/\d+/g,
	    function (digits) {
		return ('0000000000000000' + digits).slice(-16);
	    });
}

function compareFragments(a, b) {
	var x = orderOf(a), y = orderOf(b);

	if (x === y) {
		x = a.title;
		y = b.title;
	}
	return x < y ? -1 : 1;
}

function fragmentsOf(title) {
	var mine = fragments[title] || {};

	return Object.keys(mine).map(function (name) {
		return mine[name];
	}).sort(compareFragments);
}

function fragmentText(step, newline) {
	var opts, text;

	try {
		opts = fileContent(step, step.opts);
		text = opts.source === undefined ? String(opts.content) :
		    native.readText(opts.source);
	} catch (e) {
		throw new Error('concat_fragment ' + step.title + ': ' +
		    message(e));
	}
	return newline && text !== '' && !/\n$/.test(text) ? text + '\n' : text;
}

function applyConcat(r) {
	var stray = strayFragment(), path = r.options.path || r.title;
	var want = {ensure: r.options.ensure};

	/* What is passed over may have fragments. */
	if (!native.tagged(undefined))
		return {result: 'skipped', why: 'some of the fragments may ' +
		    'be missing in a run for tags'};
	if (stray)
		throw new Error('the fragment ' + stray.title + ' is for ' +
		    stray.opts.target + ', which is no concat');
	if (want.ensure !== 'absent') {
		want.content = fragmentsOf(r.title).map(function (step) {
			return fragmentText(step, r.options.ensure_newline);
		}).join('');
		['mode', 'owner', 'group', 'validate', 'parents',
		    'keep_orig'].forEach(function (name) {
			want[name] = r.options[name];
		});
	}
	r.file(path, want);
	return undefined;
}

/* What fragments are read from. */
function concatSources(r) {
	return fragmentsOf(r.title).map(function (step) {
		return step.opts.content.file || step.opts.content.template;
	}).filter(function (path) {
		return typeof path === 'string';
	});
}

(function () {
	var def = completed({
		name: 'concat',
		options: {
			path: {type: 'string'},
			ensure: {type: 'string', 'default': 'present',
			    values: ['present', 'absent']},
			mode: {type: 'string'},
			owner: {type: ['string', 'integer']},
			group: {type: ['string', 'integer']},
			validate: {type: 'string'},
			parents: {type: 'boolean'},
			keep_orig: {type: 'boolean'},
			ensure_newline: {type: 'boolean'}
		},
		apply: applyConcat,
		watch: concatSources
	}), act = actOwn(def);

	act.gathersFragments = true;
	addMethod(def, act);
	addMethod(completed({
		name: 'concat_fragment',
		options: {
			target: {type: 'string', required: true},
			content: {type: ['string', 'object'], required: true},
			is_template: {type: 'boolean'},
			order: {type: ['string', 'integer']}
		},
		apply: addFragment
	}), addFragment);
}());
