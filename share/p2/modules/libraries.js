/*
 * Libraries: files beside this directory, loaded when somebody first asks for
 * them.
 *
 * The files of this directory are one function of native, global and api.
 */

var libs = {};			/* name: exports of a library of ours */
var aliases = {'better-console': 'console', underscore: 'lodash',
    'passwd-group-obj': 'nothing', mysql2: 'nothing', tmp: 'tmp',
    download: 'nothing', 'wget-improved': 'nothing', 'node-forge': 'nothing',
    'fs-extra': 'fs', printf: 'sprintf', 'sprintf-js': 'sprintf',
    _: 'lodash'};

function library(name) {
	var path = 'lib-' + name;

	if (Object.prototype.hasOwnProperty.call(libs, name))
		return libs[name];
	libs[name] = {};
	libs[name] = native.load(path)(native, global, requireLibrary) ||
	    libs[name];
	return libs[name];
}

function requireLibrary(name) {
	if (aliases[name])
		name = aliases[name];
	if (name === 'nothing')
		return {};
	if (name === 'console')
		return global.console;
	if (name === 'heredoc')
		return global.p2.heredoc;
	if (name === 'process')
		return global.process;
	return library(name);
}

function isLibrary(name) {
	return aliases[name] !== undefined || name === 'heredoc' ||
	    name === 'process' || native.has('lib-' + name);
}

global.p2.require = function (name) {
	return requireLibrary(name);
};
global.p2._fs = function () { return requireLibrary('fs'); };
