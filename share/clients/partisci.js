// partisci: a program tells which version of it runs.
//
//	const partisci = require('./partisci.js');
//	partisci.report('billing', '1.2.3');
//
// at every start, and in programs that run for long once an hour or once a
// day.  The update goes by UDP to $PARTISCI_SERVER, a name or an address,
// perhaps with a port ("host:port", "[::1]:port"), or else to 127.0.0.1, port
// $PARTISCI_PORT or 7777.
//
// report() returns at once, and does not throw.  It gives a promise that never
// rejects, for those who call process.exit() soon: true once the update has
// been sent, which is not to say that it arrives; false if it breaks a rule or
// cannot be sent.  Node 12 and later, no dependencies.
'use strict';

const dgram = require('dgram');
const dns = require('dns');
const net = require('net');
const os = require('os');

function isText(s, least) {
	// What does not survive UTF-8 has lone surrogates.
	if (typeof s !== 'string' || s.includes('\0') ||
	    Buffer.from(s, 'utf8').toString('utf8') !== s)
		return false;
	const length = [...s].length;
	return length >= least && length <= 50;
}

function format(app, ver, host, instance) {
	if (host === undefined || host === null) {
		host = os.hostname();
		if (!isText(host, 0))
			host = '';
	}
	if (!isText(app, 1) || !isText(ver, 1) || !isText(host, 0) ||
	    !Number.isInteger(instance) || instance < 0 || instance > 65535)
		return null;
	const update = { app, ver, instance };
	if (host !== '')
		update.host = host;
	return Buffer.from(JSON.stringify(update), 'utf8');
}

function where(options) {
	let server = options.server || process.env.PARTISCI_SERVER ||
	    '127.0.0.1';
	const parts = /^(?:\[([^\]]*)\](?::(.*))?|([^:]*):([^:]*))$/.exec(server);
	let own;
	if (parts) {
		server = parts[1] !== undefined ? parts[1] : parts[3];
		own = parts[2] || parts[4];
	}
	const port = Number(options.port || own || process.env.PARTISCI_PORT ||
	    7777);

	if (typeof server !== 'string' || !server || server.includes('/') ||
	    !Number.isInteger(port) || port < 1 || port > 65535)
		return null;
	if (server === 'localhost')
		server = '127.0.0.1';
	return { server, port };
}

// A socket speaks one family: IPv4 if the name has such an address.
async function find(server) {
	if (net.isIP(server))
		return { address: server, family: net.isIP(server) };
	const found = await dns.promises.lookup(server, { all: true });
	return found.find((a) => a.family === 4) || found[0];
}

async function send(message, { server, port }) {
	const { address, family } = await find(server);
	const socket = dgram.createSocket(family === 6 ? 'udp6' : 'udp4');

	return new Promise((resolve) => {
		const end = (ok) => {
			socket.removeAllListeners('error');
			socket.on('error', () => {});
			socket.close();
			resolve(ok);
		};
		socket.once('error', () => end(false));
		socket.send(message, port, address, (error) => end(!error));
	});
}

// app and ver are 1 to 50 characters.  Of options, host (up to 50) is the name
// of this host unless given, or '' for "whatever address it comes from";
// instance is an integer from 0 to 65535; server and port are as above.
function report(app, ver, options) {
	try {
		options = options || {};
		const instance = options.instance === undefined ? 0 :
		    options.instance;
		const message = format(app, ver, options.host, instance);
		const to = where(options);
		if (message === null || to === null)
			return Promise.resolve(false);
		return send(message, to).catch(() => false);
	} catch (_) {
		return Promise.resolve(false);
	}
}

module.exports = { report };

if (require.main === module) {
	if (process.argv.length !== 4) {
		console.error('usage: partisci.js app version');
		process.exitCode = 2;
	} else
		report(process.argv[2], process.argv[3]).then((ok) => {
			process.exitCode = ok ? 0 : 2;
		});
}
