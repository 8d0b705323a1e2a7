/* The entry points for C and for the other parts of the prelude. */

global.p2 = p2;
global.global = global;

return {
	job: function (fn) { jobs.push(fn); },
	declare: function (path, dir, text) {
		newContext();
		dropAll();
		place(undefined, file, true, '');
		handlers = {};
		listening = linked = drained = false;
		forgetNames();
		forgetOrphans();
		fragments = Object.create(null);
		cause = null;
		debts = native.debts();
		if (debts !== null)
			Object.keys(debts).forEach(mention);
		owing = false;
		waiting = [];
		pending = null;
		failure = null;
		included = {};
		included[path] = true;
		top = {file: path, dir: dir};
		p2.__p2dirname = dir;
		global.__p2modules.evaluate(path, text);
	},
	pump: pump,
	mayWait: mayWait,
	repair: repair,
	modules: modules
};
