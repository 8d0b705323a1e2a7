(function (native, global, require) {
'use strict';

function first(path) {
	return native.readText(path).split('\n')[0];
}

function memory(key) {
	var m = new RegExp('^' + key + ': *([0-9]+)', 'm')
	    .exec(native.readText('/proc/meminfo'));

	return m ? Number(m[1]) * 1024 : 0;
}

return {
	EOL: '\n',
	hostname: function () { return first('/proc/sys/kernel/hostname'); },
	type: function () { return first('/proc/sys/kernel/ostype'); },
	release: function () { return first('/proc/sys/kernel/osrelease'); },
	platform: function () { return 'linux'; },
	arch: function () { return native.arch(); },
	tmpdir: function () { return native.getenv('TMPDIR') || '/tmp'; },
	homedir: function () { return native.getenv('HOME') || '/'; },
	uptime: function () { return parseFloat(first('/proc/uptime')); },
	loadavg: function () {
		return first('/proc/loadavg').split(' ').slice(0, 3)
		    .map(Number);
	},
	totalmem: function () { return memory('MemTotal'); },
	freemem: function () { return memory('MemAvailable'); },
	endianness: function () { return 'LE'; },
	cpus: function () {
		return native.readText('/proc/cpuinfo').split('\n')
		    .filter(function (l) { return /^processor\b/.test(l); })
		    .map(function () { return {model: '', speed: 0,
			times: {}}; });
	},
	networkInterfaces: function () { return {}; }
};
})
