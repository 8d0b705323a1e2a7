(function (native, global) {
'use strict';

function Hash(name) {
	this.name = name.toLowerCase().replace('-', '');
	if (native.hash(this.name, '') === undefined)
		throw new Error('Digest method not supported: ' + name);
	this.parts = [];
}
Hash.prototype.update = function (data, encoding) {
	this.parts.push(typeof data === 'string' ?
	    global.Buffer.from(data, encoding) : data);
	return this;
};
Hash.prototype.digest = function (encoding) {
	var all = this.parts.length === 1 ? this.parts[0] :
	    global.Buffer.concat(this.parts);
	var hex = native.hash(this.name, all);

	return encoding === 'hex' ? hex : encoding ?
	    global.Buffer.from(hex, 'hex').toString(encoding) :
	    global.Buffer.from(hex, 'hex');
};

return {
	createHash: function (name) { return new Hash(name); },
	getHashes: function () {
		return ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];
	},
	randomBytes: function (n, fn) {
		var parts = [], b;

		for (; n > 0; n -= 256)
			parts.push(native.random(Math.min(n, 256)));
		b = global.Buffer.concat(parts);
		if (!fn)
			return b;
		global.setImmediate(function () { fn(null, b); });
		return undefined;
	}
};
})
