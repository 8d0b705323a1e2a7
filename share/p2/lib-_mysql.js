/*
 * What the roles of MySQL and MariaDB share: the mysql client, and quoting.
 *
 * Statements go to its stdin and a password into its environment, so neither is
 * on a command line.  In a session of ours a backslash is a character like any
 * other, and each quote is doubled: what is quoted that way stands for itself.
 */
(function (native, global, require) {
'use strict';

var look = require('_look');
var flags = ['--batch', '--skip-column-names', '--binary-mode',
    '--default-character-set=utf8mb4'];
var preamble = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES', " +
    'SESSION sql_quote_show_create = 1;\n';

function quoted(mark, text) {
	if (/\0/.test(text))
		throw new Error('a NUL in ' + JSON.stringify(text));
	return mark + text.split(mark).join(mark + mark) + mark;
}

function string(text) {
	return quoted("'", String(text));
}

function name(text) {
	return quoted('`', String(text));
}

/* Whoever says how to connect is not overruled by files of the user's. */
function argsFor(to) {
	var names = {host: 'host', port: 'port', socketPath: 'socket',
	    user: 'user', database: 'database'};
	var args = Object.keys(names).filter(function (key) {
		return to[key] !== undefined;
	}).map(function (key) {
		return '--' + names[key] + '=' + to[key];
	});

	if (to.port !== undefined && to.socketPath === undefined)
		args.push('--protocol=tcp');
	return (args.length > 0 || to.password !== undefined ?
	    ['--no-defaults'] : []).concat(flags, args);
}

function Connection(to) {
	this.args = argsFor(to);
	this.env = to.password === undefined ? {} : {MYSQL_PWD: to.password};
}

/*
 * The server's own words.  The client may print the statement before, and the
 * server quotes a part of it: not where there is a password in it.
 */
function reason(res, statements) {
	var secret = /IDENTIFIED BY/.test(statements), found = '';

	if (res.error)
		return res.error.message;
	res.stderr.replace(/^(ERROR [0-9]+[^:\n]*)(: [^\n]*)/gm,
	    function (all, code, text) {
		found = code.replace(/ at line .*/, '') + text.replace(
		    secret ? /; check the manual .*| near '.*/ :
		    /; check the manual .* to use(?= near)/, '');
		return '';
	});
	return 'mysql: ' + (found || 'exit status ' + res.status);
}

/* What the statements print. */
Connection.prototype.run = function (statements) {
	var opts = {env: this.env, input: preamble + statements.join(';\n') +
	    ';\n'};
	var res = look.ask(['mysql'].concat(this.args), opts), other;

	/* MariaDB's own name for it is the only one in some places. */
	if (res.error && res.error.code === 'ENOENT') {
		other = look.ask(['mariadb'].concat(this.args), opts);
		res = other.error ? res : other;
	}
	if (res.error || res.status !== 0)
		throw new Error(reason(res, statements));
	return res.stdout;
};

/* The rows, each an array of texts; or null in a dry run that cannot tell. */
Connection.prototype.rows = function (r, statement) {
	var text;

	try {
		text = this.run([statement]);
	} catch (e) {
		if (!r.dry)
			throw e;
		r.why('cannot tell yet: ' + e.message);
		return null;
	}
	return text.split('\n').slice(0, -1).map(function (line) {
		return line.split('\t').map(function (field) {
			return field.replace(/\\(.)/g, function (all, c) {
				return {n: '\n', t: '\t', 0: '\0'}[c] || c;
			});
		});
	});
};

/*
 * The connection of that name, or that which is called as the host; else the
 * client has it from its own files.
 */
function connection(given) {
	var open = global.p2._mysql_connections || {};
	var called = given === undefined ? global.p2.facts.os_hostname : given;

	if (Object.prototype.hasOwnProperty.call(open, called))
		return open[called];
	if (given !== undefined)
		throw new Error('connection ' + given +
		    ': no mysql_connect has opened it');
	return new Connection({});
}

return {Connection: Connection, connection: connection, string: string,
    name: name};
})
