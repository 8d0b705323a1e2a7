/* Where and of what: what an error says. */

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
