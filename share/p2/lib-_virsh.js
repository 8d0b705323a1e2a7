/* What the roles of libvirt share: virsh(1), and the tables that it prints. */
(function (native, global, require) {
'use strict';

var look = require('_look');
var plain = {env: {LC_ALL: 'C'}};

/* The rows below the heading, each split into so many columns. */
function rows(text, columns) {
	var lines = text.split('\n'), i;

	for (i = 0; i < lines.length; i++)
		if (/^\s*-+\s*$/.test(lines[i])) {
			lines = lines.slice(i + 1);
			break;
		}
	return lines.map(function (line) {
		var words = line.trim().split(/\s+/), last = line.trim();

		for (i = 1; i < columns; i++)
			last = last.replace(/^\S+\s+/, '');
		return words.slice(0, columns - 1).concat(last);
	}).filter(function (row) { return row[0] !== ''; });
}

/*
 * What a domain has, as it will start where that is to last; or null in a dry
 * run that cannot tell.
 */
function list(r, command, columns) {
	var text = look(r, ['virsh', command, '--domain',
	    r.options.attachedTo].concat(r.options.persistent ?
	    ['--inactive'] : []), plain);

	return text === null ? null : rows(text, columns);
}

function change(r, command, args) {
	r.run(['virsh', command, '--domain', r.options.attachedTo].concat(args,
	    r.options.persistent ? ['--persistent'] : []));
}

/* What programs are given as it is, one word a value; but for some options. */
function check(opts, except) {
	Object.keys(opts).forEach(function (key) {
		if (except && except.indexOf(key) >= 0)
			return;
		[].concat(opts[key]).forEach(function (value) {
			if (typeof value === 'string' &&
			    /^-|[\0-\37]|^$/.test(value))
				throw new TypeError('option ' + key +
				    ': cannot be ' + JSON.stringify(value));
		});
	});
}

return {rows: rows, list: list, change: change, check: check, plain: plain};
})
