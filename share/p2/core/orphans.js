/*
 * Ownership: what the policy had when it last ran to its end, and has no longer.
 *
 * Only what is declared each time can be missed: a resource that a handler, a
 * callback or a lambda declares is none that the policy has, and one that is
 * left out because node() or a role's onlyif says so, with all that the role
 * would declare, is there still.
 */

var ON = '\non';		/* in a chain: declared by what is carried out */
var chain = '';			/* roles, outermost first, each behind "\n" */
var hidden = {};		/* type:title: not for this host, or skipped */
var nows = {};			/* type:title: the chain of what a role did */
var orphanMode = 'report';
var ended = false;		/* orphans have been looked for */

function within(c) {
	if (c === chain)
		return;
	chain = c;
	forgetKinds();
}

function hide(mod, title) {
	list(title).forEach(function (one) {
		hidden[mod + ':' + one] = true;
	});
}

p2.orphans = function (mode) {
	if (mode !== 'report' && mode !== 'remove')
		throw new Error("orphans: neither 'report' nor 'remove'");
	orphanMode = mode;
	return p2;
};

function forgetOrphans() {
	chain = '';
	hidden = {};
	nows = {};
	orphanMode = 'report';
	ended = false;
}

/* Declared all the same, or by a role that is passed over? */
function isThere(id, roles) {
	if (known(id) || hidden[id] || nows[id] !== undefined)
		return true;
	return roles.split('\n').some(function (role) {
		return role === 'on' || hidden[role] === true ||
		    (known(role) && known(role).state === 3);
	});
}

function ownOne(one) {
	var id = one[0] + ':' + one[1], step = known(id);

	if (step) {
		native.own(one[0], one[1], step.chain.slice(1),
		    list(step.opts.notify_now).concat(
			list(step.opts.notify)).join('\n'));
		letGo(step);
	} else
		native.own(one[0], one[1], (nows[id] || '').slice(1), '');
}

/*
 * Whatever kind of resource has made them, they are files.  The last of the
 * paths tells whoever the resource would have told.
 */
function removePaths(mod, title, hears, paths) {
	paths.forEach(function (path, i) {
		var last = i === paths.length - 1, opts = {path: path,
		    ensure: 'absent'};

		if (last && hears !== '')
			opts.notify = hears.split('\n').filter(function (id) {
				return known(id);
			});
		modules.file(last && mod === 'file' ? title : path, opts);
	});
}

/* When all has been done, and well. */
function findOrphans() {
	var news = native.owned();

	ended = true;
	if (!news)
		return;
	giveNames();
	news[0].forEach(ownOne);
	place(undefined, top.file, true, '');
	within(ON);
	news[1].forEach(function (one) {
		var id = one[0] + ':' + one[1];

		if (!isThere(id, one[2]))
			removePaths(one[0], one[1], one[3], native.orphan(
			    one[0], one[1], orphanMode === 'remove'));
	});
}
