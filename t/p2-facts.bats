#!/usr/bin/env bats
# Facts as policies find them: the names that were used for long, those of the
# run itself, and custom ones.
# shellcheck disable=SC2154	# run sets output, stderr and so on
load p2

# ask EXPRESSION: what it is in a policy, as JSON.
ask() { apply -F "$BATS_TEST_TMPDIR/facts.d" <<<"console.log(JSON.stringify($1));"; }

setup() {
	p2_setup
	mkdir facts.d
}

@test "p2: the names of facts that policies have used for long are there" {
	local name kind

	while read -r name kind; do
		ask "typeof (p2.facts.$name)"
		is 0 "\"$kind\"" || {
			echo "$name"
			return 1
		}
	done <<-'END'
	platform string
	arch string
	os_type string
	os_arch string
	os_release string
	os_hostname string
	os_endianness string
	os_family string
	os_dist_id string
	os_dist_name string
	os_dist_pretty_name string
	os_uptime number
	os_loadavg.length number
	os_totalmem_bytes number
	os_freemem_bytes number
	os_numcpus number
	os_cpus[0].model string
	os_cpus[0].times.idle number
	cpuinfo['0'].processor string
	cpuinfo.hw_accel_enabled boolean
	os_nics.lo.ipv4.address string
	os_nics.lo.list.length number
	users.root.dir string
	users.root.uid number
	groups.root.gid number
	groups.root.user_list.length number
	installed_packages.bats.version string
	installed_npm_packages object
	installed_pip_packages object
	services object
	uid number
	gid number
	euid number
	egid number
	umask string
	argv.length number
	node_version string
	node_versions.node string
	cfg object
	agent_classes object
	p2module.Command.loaded boolean
	p2role object
	partout_agent_cwd string
	partout_agent_facts_module_dirname string
	partout_agent_uptime number
	partout_agent_memusage.rss number
	END
}

@test "p2: the directory of what gathers the facts is p2-apply's" {
	ask 'p2.facts.partout_agent_facts_module_dirname'
	is 0 "\"$(dirname "$(realpath "$(command -v p2-apply)")")\""
}

@test "p2: os-release's own keys are facts, and templates see them" {
	local id

	id=$(. /etc/os-release && echo "$ID")
	ask 'Object.keys(p2.facts).indexOf("os_dist_id") >= 0'
	is 0 true
	apply <<<"p2.file('out', {content: '{{f.os_dist_id}}', is_template: true});"
	[ "$(cat out)" = "$id" ]
}

@test "p2: what custom facts put at the top is found there" {
	echo '{"_merge": true, "site": "berlin"}' >facts.d/site.json
	echo row=7 >facts.d/rack.txt
	ask '[p2.facts.site, p2.facts.external.rack.row, "site" in p2.facts]'
	is 0 '["berlin","7",true]'
}

@test "p2: facts of the run can be set, and are those of the run" {
	ask '[p2.facts.partout_agent_cwd === process.cwd(),
	    p2.facts.node_version === process.version,
	    p2.hasClass("web"), p2.facts.agent_classes,
	    (p2.facts.cfg = {a: 1}, p2.facts.cfg)]'
	is 0 '[true,true,false,{},{"a":1}]'
	PARTOUT_SITE=x ask 'p2.facts.cfg'
	is 0 '{"PARTOUT_SITE":"x"}'
}
