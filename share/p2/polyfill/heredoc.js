/* heredoc(): the text in the comment of a function. */

/*
 * The engine keeps no source text.  As a file is loaded, a function whose body
 * is but a comment is made to return it when called with this object.
 */
global.__p2comment = {};

function commentOf(fn) {
	var text = typeof fn === 'function' ?
	    fn(global.__p2comment) : undefined;

	if (typeof text !== 'string')
		throw new Error('heredoc: no comment in the function');
	return text;
}

function heredoc(fn) {
	return commentOf(fn).replace(/^(!|@preserve)?[^\n]*\n/, '')
	    .replace(/[ \t]*$/, '');
}
heredoc.strip = function (fn) {
	var text = heredoc(fn), least = Infinity;

	text.split('\n').forEach(function (line) {
		if (/[^ \t]/.test(line))
			least = Math.min(least, /^[ \t]*/.exec(line)[0].length);
	});
	return text.split('\n').map(function (line) {
		return line.slice(Math.min(least,
		    /^[ \t]*/.exec(line)[0].length));
	}).join('\n');
};
global.p2.heredoc = heredoc;
