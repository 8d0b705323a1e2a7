(function (native, global, require) {
'use strict';

var pattern = /^(?:([a-z][a-z0-9+.\-]*:)?(\/\/)?(?:([^\/?#@]*)@)?(\[[^\]]*\]|[^:\/?#]*)?(?::([0-9]+))?)?([^?#]*)(\?[^#]*)?(#.*)?$/i;

function parse(s, query) {
	var m = pattern.exec(s), plain = !m[2];
	var path = plain ? (m[4] || '') + (m[6] || '') : m[6];

	return {href: s, protocol: m[1] || null, slashes: !plain || null,
	    auth: m[3] || null, hostname: plain ? null : m[4],
	    port: m[5] || null,
	    host: plain ? null : m[4] + (m[5] ? ':' + m[5] : ''),
	    pathname: path || null, search: m[7] || null,
	    query: query ? require('querystring').parse((m[7] || '').slice(1)) :
	    m[7] ? m[7].slice(1) : null, path: (path || '') + (m[7] || ''),
	    hash: m[8] || null};
}

return {
	parse: parse,
	format: function (u) {
		return (u.protocol ? u.protocol.replace(/:?$/, ':') : '') +
		    (u.slashes || u.host || u.hostname ? '//' : '') +
		    (u.auth ? u.auth + '@' : '') + (u.host || (u.hostname ||
		    '') + (u.port ? ':' + u.port : '')) + (u.pathname || '') +
		    (u.search || '') + (u.hash || '');
	},
	resolve: function (from, to) {
		var a = parse(from);

		if (parse(to).protocol)
			return to;
		return a.protocol + '//' + (a.auth ? a.auth + '@' : '') +
		    a.host + (to.charAt(0) === '/' ? to : require('path')
		    .normalize((a.pathname || '/').replace(/[^\/]*$/, '') +
		    to));
	}
};
})
