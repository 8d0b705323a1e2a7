(function () {
'use strict';

function pad(s, width, left, zero) {
	var fill = zero && !left ? '0' : ' ';

	while (s.length < width)
		s = left ? s + ' ' : fill + s;
	return s;
}

function number(v, type, precision) {
	switch (type) {
	case 'd': case 'i': case 'u': return String(parseInt(v, 10));
	case 'f': return Number(v).toFixed(precision === undefined ? 6 :
	    precision);
	case 'e': return Number(v).toExponential(precision);
	case 'x': return (v >>> 0).toString(16);
	case 'X': return (v >>> 0).toString(16).toUpperCase();
	case 'o': return (v >>> 0).toString(8);
	case 'b': return (v >>> 0).toString(2);
	case 'c': return String.fromCharCode(v);
	case 'j': return JSON.stringify(v);
	}
	return precision === undefined ? String(v) :
	    String(v).slice(0, precision);
}

function vsprintf(format, args) {
	var at = 0;

	return format.replace(
	    /%(?:(\d+)\$)?(?:\((\w+)\))?([-+0 #]*)(\d+|\*)?(?:\.(\d+))?([%bcdeijfosuxX])/g,
	    function (all, index, name, flags, width, precision, type) {
		var v, s;

		if (type === '%')
			return '%';
		if (width === '*')
			width = args[at++];
		v = name ? args[0][name] : index ? args[index - 1] :
		    args[at++];
		s = number(v, type, precision === undefined ? undefined :
		    Number(precision));
		if (flags.indexOf('+') >= 0 && /[dif]/.test(type) && v >= 0)
			s = '+' + s;
		return pad(s, Number(width) || 0, flags.indexOf('-') >= 0,
		    flags.indexOf('0') >= 0);
	});
}

function sprintf(format) {
	return vsprintf(String(format), [].slice.call(arguments, 1));
}
sprintf.sprintf = sprintf;
sprintf.vsprintf = vsprintf;
sprintf.printf = function () {
	console.log(sprintf.apply(null, arguments));
};
return sprintf;
})
