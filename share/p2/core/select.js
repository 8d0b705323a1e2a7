/* node() and select(): which hosts a declaration is for. */

function selected() {
	var sel = selection, host, key;

	if (sel === undefined || sel === true)
		return true;
	if (typeof sel === 'function')
		return Boolean(sel(p2.facts));
	if (sel === null || typeof sel === 'number' || sel === false)
		return false;
	host = p2.facts.os_hostname;
	if (typeof sel === 'string')
		return sel === host;
	if (sel instanceof RegExp) {
		sel.lastIndex = 0;
		return sel.test(host);
	}
	for (key in sel)
		if (Object.prototype.hasOwnProperty.call(sel, key) &&
		    sel[key] === host)
			return true;
	return false;
}

p2.node = p2.select = function (sel) {
	place(sel, file, watching, times);
	return p2;
};
p2.getNode = function () { return selection; };
p2.ifNode = function () { return selected(); };
