(function () {
'use strict';

/* Words, as a shell would split them; no expansion. */
function parse(value) {
	var list = [], m;
	var word = /(?:[^\s"']|"[^"]*"|'[^']*')+/g;

	while ((m = word.exec(value)) !== null)
		list.push(m[0].replace(/"([^"]*)"|'([^']*)'/g,
		    function (all, a, b) { return a === undefined ? b : a; }));
	return list;
}
parse.parseArgsStringToArgv = parse;
return parse;
})
