(function (native) {
'use strict';

function v4() {
	var b = native.random(16), hex;

	b[6] = b[6] & 15 | 64;
	b[8] = b[8] & 63 | 128;
	hex = b.toString('hex');
	return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16),
	    hex.slice(16, 20), hex.slice(20)].join('-');
}
v4.v4 = v4.v1 = v4;
return v4;
})
