/* Where and of what: what an error says. */

/*
 * The engine's lines are not quite those of the file; see lib/policy/origin.h.
 */
function writtenStack(stack) {
	return String(stack).replace(/\((.*):([0-9]+)\)/g,
	    function (all, path, line) {
		return '(' + native.written(path, Number(line)) + ')';
	});
}

function useWrittenLines() {
	var stack = Object.getOwnPropertyDescriptor(Error.prototype, 'stack');
	var line = Object.getOwnPropertyDescriptor(Error.prototype,
	    'lineNumber');

	Object.defineProperty(Error.prototype, 'stack', {configurable: true,
	    set: stack.set, get: function () {
		return writtenStack(stack.get.call(this));
	    }});
	Object.defineProperty(Error.prototype, 'lineNumber', {
	    configurable: true, set: line.set, get: function () {
		return native.writtenLine(String(this.fileName),
		    Number(line.get.call(this)));
	    }});
}
useWrittenLines();

/*
 * For a call of what is no function, the engine names the place before it:
 * look from there on for the method's name.
 */
function whereCalled(at, err) {
	var m = /not callable \(property '(\w+)' of/.exec(err.message);
	var place = m && /^(.*):([0-9]+)$/.exec(at), call, lines, i;

	if (!place)
		return at;
	call = new RegExp('\\.\\s*' + m[1] + '\\s*\\(');
	try {
		lines = native.readText(place[1]).split('\n');
	} catch (e) {
		return at;
	}
	for (i = Number(place[2]) - 1; i < lines.length; i++)
		if (call.test(lines[i]))
			return place[1] + ':' + (i + 1);
	return at;
}

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
			return whereCalled(m[1] + ':' + m[2], err);
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
			err.p2where = native.source(step.file, step.line);
		err.p2label = step.mod + ' ' + step.title;
	}
	if (thrown && thrown.p2label)
		err.p2label = thrown.p2label;
	return err;
}
