/* Facts about the run itself, which no collector knows. */

/* As for a fact of the host: once it was read or set, it is a plain member. */
function factOfRun(name, find) {
	function become(value) {
		Object.defineProperty(p2.facts, name, {configurable: true,
		    enumerable: true, writable: true, value: value});
		return value;
	}
	Object.defineProperty(p2.facts, name, {configurable: true,
	    enumerable: true, get: function () { return become(find()); },
	    set: become});
}

/* Settings came from the environment, and from files that are no more. */
function settings() {
	var cfg = {};

	native.environment().forEach(function (pair) {
		if (/^partout_[^=]+=/i.test(pair))
			cfg[pair.replace(/=[^]*$/, '')] =
			    pair.replace(/^[^=]*=/, '');
	});
	return cfg;
}

function loadedModules() {
	var loaded = {};

	['facts', 'Command', 'file', 'Include', 'Lambda', 'package',
	    'powershell', 'Role', 'service'].forEach(function (name) {
		loaded[name] = {loaded: true};
	});
	return loaded;
}

factOfRun('node_version', function () { return global.process.version; });
factOfRun('node_versions', function () { return global.process.versions; });
factOfRun('partout_agent_cwd', function () { return native.cwd(); });
/* Facts are gathered by the program itself. */
factOfRun('partout_agent_facts_module_dirname', function () {
	return native.readlink('/proc/self/exe').replace(/[/][^/]*$/, '');
});
factOfRun('partout_agent_uptime', function () {
	return global.process.uptime();
});
factOfRun('partout_agent_memusage', function () {
	return global.process.memoryUsage();
});
factOfRun('cfg', settings);
factOfRun('p2module', loadedModules);
p2.facts.agent_classes = {};
p2.facts.p2role = {};
