(function (native) {
'use strict';

return {name: 'mustache.js', version: '2.3.0',
    parse: function () { return []; },
    clearCache: function () {},
    escape: function (s) { return native.render('{{.}}', String(s), '/'); },
    render: function (template, view) {
	return native.render(String(template), view === undefined ? {} : view,
	    '/nonexistent');
    }, to_html: function (template, view) {
	return native.render(String(template), view, '/nonexistent');
    }};
})
