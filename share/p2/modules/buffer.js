/* Buffer: what the engine's lacks. */

var Buffer = global.Buffer, plain = Buffer.prototype.toString;

function bytesOf(text, encoding) {
	switch (String(encoding || 'utf8').toLowerCase()) {
	case 'hex':
		return Duktape.dec('hex', text);
	case 'base64':
		return Duktape.dec('base64', text.replace(/\s+/g, ''));
	case 'binary':
	case 'latin1':
	case 'ascii':
		return text.split('').map(function (c) {
			return c.charCodeAt(0) & 255;
		});
	default:
		return text;
	}
}
Buffer.from = function (v, encoding) {
	return new Buffer(typeof v === 'string' ? bytesOf(v, encoding) : v);
};
Buffer.alloc = function (n, fill) {
	var b = new Buffer(n);

	b.fill(fill === undefined ? 0 : fill);
	return b;
};
Buffer.allocUnsafe = function (n) { return new Buffer(n); };
Buffer.prototype.toString = function (encoding) {
	switch (String(encoding || 'utf8').toLowerCase()) {
	case 'hex':
		return Duktape.enc('hex', this);
	case 'base64':
		return Duktape.enc('base64', this);
	case 'binary':
	case 'latin1':
	case 'ascii':
		return Array.prototype.map.call(this, function (b) {
			return String.fromCharCode(b);
		}).join('');
	default:
		return plain.apply(this, Array.prototype.slice.call(arguments,
		    0));
	}
};
