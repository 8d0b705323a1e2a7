(function () {
'use strict';

var qs = {
	escape: encodeURIComponent,
	unescape: function (s) {
		return decodeURIComponent(s.replace(/\+/g, ' '));
	},
	stringify: function (o, sep, eq) {
		return Object.keys(o).map(function (k) {
			return [].concat(o[k]).map(function (v) {
				return qs.escape(k) + (eq || '=') +
				    qs.escape(v);
			}).join(sep || '&');
		}).join(sep || '&');
	},
	parse: function (s, sep, eq) {
		var o = {};

		s.split(sep || '&').forEach(function (pair) {
			var i = pair.indexOf(eq || '=');
			var k = qs.unescape(i < 0 ? pair : pair.slice(0, i));
			var v = i < 0 ? '' : qs.unescape(pair.slice(i + 1));

			if (pair === '')
				return;
			o[k] = o[k] === undefined ? v : [].concat(o[k], v);
		});
		return o;
	}
};
return qs;
})
