/* console: what a policy prints. */

function printer(fd) {
	return function () {
		var util = requireLibrary('util');

		native.print(fd, util.format.apply(null, arguments) + '\n');
	};
}

var times = {};
global.console = {log: printer(1), info: printer(1), debug: printer(1),
    warn: printer(2), error: printer(2), trace: printer(2),
    dir: function (o) {
	native.print(1, requireLibrary('util').inspect(o) + '\n');
    }, time: function (name) {
	times[name] = native.now();
    }, timeEnd: function (name) {
	native.print(1, name + ': ' + (native.now() - times[name]) + 'ms\n');
    }, assert: function (ok, msg) {
	if (!ok)
		throw new Error(msg || 'assertion failed');
    }};
global.console.table = global.console.dir;
