/* Members of p2 that declare no resource. */

p2.end = function (fn) {
	var step;

	if (typeof fn === 'function') {
		step = new Step('end', function () { fn(); }, 'end', {},
		    undefined, native.line(-3));
		append(step);
	}
	return p2;
};

p2.hasClass = function (name) {
	var classes = p2.facts.agent_classes;

	return Boolean(classes) && classes[name] === true;
};

p2.pushSteps = function () {
	saved.push(setAside());
	return p2;
};
p2.flattenSteps = function () {
	if (saved.length > 0)
		putBehind(saved.pop());
	return p2;
};
p2.clear_actions = dropAll;
p2.push_action = function (fn) {
	append(new Step('action', function () { return fn(); }, 'action', {},
	    undefined, native.line(-3)));
};
Object.defineProperty(p2, 'steps', {enumerable: true, get: function () {
	var steps = [];

	each(queue, function (step) { steps.push(step); });
	return steps;
}});

p2.qEvent = p2.sendevent = function (e) {
	native.event(String(e.module), String(e.object), String(e.msg));
	return p2;
};
p2.print_facts = function () {
	native.print(1, JSON.stringify(p2.facts, null, 2) + '\n');
	return p2;
};
p2.dumpFacts = function () {
	append(new Step('dumpFacts', function () { p2.print_facts(); },
	    'facts', {}, undefined, native.line(-3)));
	return p2;
};
p2.version = function (v) {
	native.version(String(v));
	return p2;
};
