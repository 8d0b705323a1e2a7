/*
 * What newer editions of the language have and the engine lacks.  The files
 * of this directory are one function of native, global and api.
 */

function add(where, name, value) {
	if (where[name] === undefined)
		Object.defineProperty(where, name, {configurable: true,
		    writable: true, value: value});
}
