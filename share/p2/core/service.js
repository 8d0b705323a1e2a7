/*
 * Services: of exec and its like a unit is made, or what the host's service
 * manager has in place of one, before the service itself is looked at.
 */

/* One line of a file that is read by lines. */
function oneLine(name, text) {
	if (/[\r\n]/.test(text))
		throw new Error(name + ': has a line break in it');
	return text;
}

function shellQuoted(s) {
	return "'" + String(s).replace(/'/g, "'\\''") + "'";
}

/* In systemd, % begins a specifier, and quotes and backslashes escape. */
function unitQuoted(s) {
	return '"' + String(s).replace(/%/g, '%%').replace(/[\\"]/g, '\\$&') +
	    '"';
}

function unitName(name) {
	return /\.(service|socket|timer|path|mount|target)$/.test(name) ?
	    name : name + '.service';
}

function unitText(name, opts) {
	var needs = list(opts.dependson).map(unitName).join(' ');
	var env = opts.env || {};

	return '[Unit]\n' +
	    'Description=' + oneLine('description', opts.description || name) +
	    '\n' + (needs ? 'Requires=' + needs + '\nAfter=' + needs + '\n' :
	    '') + '\n[Service]\n' +
	    (opts.timer ? 'Type=oneshot\n' : 'Type=exec\nRestart=on-failure\n') +
	    'ExecStart=' + oneLine('exec', opts.exec) + '\n' +
	    (opts.user ? 'User=' + oneLine('user', opts.user) + '\n' : '') +
	    (opts.appdir ? 'WorkingDirectory=' + oneLine('appdir', opts.appdir) +
	    '\n' : '') + Object.keys(env).map(function (key) {
		return 'Environment=' + unitQuoted(oneLine('env', key + '=' +
		    env[key])) + '\n';
	    }).join('') + (opts.timer ? '' :
	    '\n[Install]\nWantedBy=multi-user.target\n');
}

function timerText(name, opts) {
	return '[Unit]\n' +
	    'Description=' + oneLine('description', opts.description || name) +
	    '\n\n[Timer]\n' +
	    'OnCalendar=' + oneLine('timer', opts.timer) + '\n' +
	    'Persistent=true\n' +
	    '\n[Install]\nWantedBy=timers.target\n';
}

function exportLines(opts) {
	var env = opts.env || {};

	return Object.keys(env).map(function (key) {
		return 'export ' + key + '=' + shellQuoted(oneLine('env',
		    String(env[key]))) + '\n';
	}).join('');
}

function openrcText(name, opts) {
	var words = oneLine('exec', opts.exec).split(/ +/);

	return '#!/sbin/openrc-run\n' +
	    'description=' + shellQuoted(opts.description || name) + '\n' +
	    'command=' + shellQuoted(words[0]) + '\n' +
	    'command_args=' + shellQuoted(words.slice(1).join(' ')) + '\n' +
	    'command_background=true\n' +
	    'pidfile=/run/' + name + '.pid\n' +
	    (opts.user ? 'command_user=' + shellQuoted(opts.user) + '\n' : '') +
	    (opts.appdir ? 'directory=' + shellQuoted(opts.appdir) + '\n' :
	    '') + exportLines(opts) +
	    (opts.dependson === undefined ? '' : '\ndepend() {\n\tneed ' +
	    list(opts.dependson).join(' ') + '\n}\n');
}

function runitText(name, opts) {
	return '#!/bin/sh\nexec 2>&1\n' +
	    list(opts.dependson).map(function (other) {
		return 'sv start ' + shellQuoted(other) + ' || exit 1\n';
	    }).join('') + exportLines(opts) +
	    (opts.appdir ? 'cd ' + shellQuoted(opts.appdir) + ' || exit 1\n' :
	    '') + 'exec ' +
	    (opts.user ? 'chpst -u ' + shellQuoted(opts.user) + ' ' : '') +
	    oneLine('exec', opts.exec) + '\n';
}

/* LSB headers, and start-stop-daemon(8) for the rest. */
function sysvText(name, opts) {
	var needs = ['$remote_fs'].concat(list(opts.dependson)).join(' ');
	var words = oneLine('exec', opts.exec).split(/ +/);

	return '#!/bin/sh\n### BEGIN INIT INFO\n' +
	    '# Provides:          ' + name + '\n' +
	    '# Required-Start:    ' + needs + '\n' +
	    '# Required-Stop:     ' + needs + '\n' +
	    '# Default-Start:     2 3 4 5\n' +
	    '# Default-Stop:      0 1 6\n' +
	    '# Short-Description: ' + oneLine('description', opts.description ||
	    name) + '\n' +
	    '### END INIT INFO\n' + exportLines(opts) +
	    'pidfile=/run/' + name + '.pid\n\n' +
	    'start() {\n' +
	    '\tstart-stop-daemon --start --oknodo --background ' +
	    '--make-pidfile \\\n' +
	    '\t    --pidfile "$pidfile" ' +
	    (opts.user ? '--chuid ' + shellQuoted(opts.user) + ' ' : '') +
	    (opts.appdir ? '--chdir ' + shellQuoted(opts.appdir) + ' ' : '') +
	    '\\\n\t    --exec ' + shellQuoted(words[0]) + ' -- ' +
	    words.slice(1).join(' ') + '\n}\n\n' +
	    'stop() {\n' +
	    '\tstart-stop-daemon --stop --oknodo --retry 10 ' +
	    '--remove-pidfile \\\n' +
	    '\t    --pidfile "$pidfile"\n}\n\n' +
	    'case $1 in\nstart | stop)\n\t"$1"\n\t;;\n' +
	    'restart | force-reload)\n\tstop && start\n\t;;\n' +
	    'status)\n\tstart-stop-daemon --status --pidfile "$pidfile"\n' +
	    '\t;;\n' +
	    '*)\n\techo "usage: $0 {start|stop|restart|status}" >&2\n' +
	    '\texit 2\nesac\n';
}

/* Per provider: [path, text, mode] of what runs opts.exec. */
var makers = {
	systemd: function (name, opts) {
		return ['/etc/systemd/system/' + unitName(name),
		    unitText(name, opts), '0644'];
	},
	openrc: function (name, opts) {
		return ['/etc/init.d/' + name, openrcText(name, opts), '0755'];
	},
	runit: function (name, opts) {
		return ['/etc/sv/' + name + '/run', runitText(name, opts),
		    '0755'];
	},
	sysv: function (name, opts) {
		return ['/etc/init.d/' + name, sysvText(name, opts), '0755'];
	}
};

/* The drop-ins as {path: text}. */
function dropins(name, given) {
	var dir = '/etc/systemd/system/' + unitName(name) + '.d/', files = {};
	var key;

	if (typeof given === 'string')
		given = {p2: given};
	for (key in given)
		files[dir + oneLine('dropin', key).replace(/(\.conf)?$/,
		    '.conf')] = String(given[key]);
	return files;
}

function needsSystemd(provider, opts) {
	['timer', 'dropin'].forEach(function (name) {
		if (opts[name] !== undefined && provider !== 'systemd')
			throw new Error(name + ': only systemd has that');
	});
	if (opts.timer !== undefined && opts.exec === undefined)
		throw new Error('timer: needs exec, which it starts');
}

/* Make the files of a service; true if one of them was not so. */
function makeUnits(step, opts) {
	var name = opts.name === undefined ? step.title : opts.name;
	var provider = native.serviceProvider(opts.provider);
	var changed = false, made, files, path;

	function put(at, text, mode) {
		var want = text === '' ? {ensure: 'absent'} :
		    {content: text, mode: mode, parents: true};

		want.keep_orig = false;
		if (types.file.now(step, at, want) === CHANGED)
			changed = true;
	}

	needsSystemd(provider, opts);
	if (!/^[^\/\s]+$/.test(name))
		throw new Error('name: not the name of a service');
	if (opts.exec !== undefined && makers[provider]) {
		made = makers[provider](name, opts);
		put(made[0], made[1], made[2]);
	}
	if (opts.timer !== undefined)
		put('/etc/systemd/system/' + name + '.timer',
		    timerText(name, opts), '0644');
	files = dropins(name, opts.dropin);
	for (path in files)
		put(path, files[path], '0644');
	return changed;
}

function hasUnits(opts) {
	return opts.exec !== undefined || opts.dropin !== undefined ||
	    opts.timer !== undefined;
}

/*
 * The units of services that follow are made with those of the first, so that
 * the manager has to read all of them only once.  What fails is told when it
 * is its step's turn.
 */
function unitsAhead(step) {
	together(step).forEach(function (other) {
		if (other === step || other.units !== undefined ||
		    other.opts.noop === true || !hasUnits(other.opts))
			return;
		try {
			other.units = makeUnits(other, other.opts);
		} catch (e) {
			other.units = undefined;
		}
	});
}

function serviceOptions(step, opts) {
	var changed;

	if (!hasUnits(opts))
		return opts;
	changed = step.units !== undefined ? step.units :
	    makeUnits(step, opts);
	step.units = undefined;
	unitsAhead(step);
	if (changed && opts.ensure === 'running')
		step.refresh = true;
	if (opts.timer === undefined)
		return opts;
	opts = copyOf(opts);
	opts.name = (opts.name === undefined ? step.title : opts.name) +
	    '.timer';
	return opts;
}
