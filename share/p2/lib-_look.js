/*
 * look(r, argv, opts): what a program prints that changes nothing, for the plan
 * of a role that is a module.  In a dry run it may be that only what comes
 * before would make it work: then its failure is why the role would do
 * something, and null is returned.
 */
(function (native, global, require) {
'use strict';

var child = require('child_process');

/* {status, stdout, stderr}, or {error} where it cannot be started. */
function ask(argv, opts) {
	var all = {encoding: 'utf8', env: {}}, name;

	for (name in opts)
		all[name] = opts[name];
	Object.keys(global.process.env).forEach(function (key) {
		if (all.env[key] === undefined)
			all.env[key] = global.process.env[key];
	});
	return child.spawnSync(argv[0], argv.slice(1), all);
}

function reason(argv, res) {
	return res.error ? res.error.message : argv[0] + ': ' +
	    (res.stderr.trim() || 'exit status ' + res.status);
}

function look(r, argv, opts) {
	var res = ask(argv, opts);

	if (!res.error && res.status === 0)
		return res.stdout;
	if (!r.dry)
		throw new Error(reason(argv, res));
	r.why('cannot tell yet: ' + reason(argv, res));
	return null;
}

/* Does it succeed?  In a dry run null, if it cannot be started yet. */
look.says = function (r, argv) {
	var res = ask(argv);

	if (!res.error)
		return res.status === 0;
	return look(r, argv) === null ? null : true;
};

look.ask = ask;
look.reason = reason;
return look;
})
