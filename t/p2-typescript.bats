#!/usr/bin/env bats
# Policies in TypeScript: share/p2.d.ts, its compiler, and source maps.
# shellcheck disable=SC2016	# for the policy
load p2

setup_file() {
	export TSC=$BATS_FILE_TMPDIR/node_modules/.bin/tsc
	! command -v npm >/dev/null || npm install --silent --no-audit --no-fund \
	    --prefix "$BATS_FILE_TMPDIR" typescript@5 >/dev/null 2>&1 || :
}

setup() {
	p2_setup
	dts=$BATS_TEST_DIRNAME/../share/p2.d.ts
}

@test "p2.d.ts: its tables of options are those of the code" {
	diff -u <(options -t common file command powershell package repository \
	    service hostentry sysctl hostname timezone known_host cron mount kernel_module locale alternatives \
	    archive git user group) \
	    <(sed '1,/build\/t\/options -t/d; /end of the tables/,$d' "$dts" | sed 1d)
}

@test "p2.d.ts: it has a method for each role, and each module" {
	for name in "$BATS_TEST_DIRNAME"/../share/roles/*.p2; do
		name=${name##*/}
		grep "^        ${name%.p2}(title: Title" "$dts" >line
		sed -n '/^\toptions: {/,/^\t}/s/^\t\t\([A-Za-z_]*\): {.*/\1/p' \
		    "$BATS_TEST_DIRNAME/../share/roles/$name" >options
		while read -r option; do
			grep -q "[{;] ${option}[?]\{0,1\}: " line
		done <options
	done
	apply <<<"Object.keys(p2).filter(function (k) { return !/^_|^P2_/.test(k); })
	    .forEach(function (k) { console.log(k); });"
	while read -r name; do
		echo "$name"
		grep -qE "^        (readonly )?${name}[(:]" "$dts"
	done <<<"$output"
}

# compile [ARG ...] <SOURCE: site.ts to site.js
compile() {
	cp "$dts" .
	cat >site.ts
	"$TSC" -t ES5 --module commonjs --strict --lib ES2015 "$@" site.ts
}

typed() {
	cat <<-'END'
	/// <reference path="./p2.d.ts" />
	import * as path from 'path';

	interface Site { name: string; port: number; }
	const sites: Site[] = [{ name: 'a', port: 80 }, { name: 'b', port: 81 }];
	class Page {
	    constructor(private site: Site) {}
	    get text() { return `${this.site.name}:${this.site.port}\n`; }
	}
	for (const { name, port } of [...sites]) {
	    p2.file(path.join('.', name), {
	        content: new Page({ name, port }).text,
	    });
	}
	export const done = true;
	p2.command('exit 3', {
	    onlyif: facts => facts.os_hostname.length > 0,
	});
	END
}

@test "tsc: what it compiles is applied, and errors are where they were written" {
	[ -x "$TSC" ] || skip 'npm cannot get typescript here'
	for how in --sourceMap --inlineSourceMap; do
		compile $how < <(typed)
		run --separate-stderr p2-apply -d '' site.js
		stderr=${stderr//$PWD\//}
		[ "$stderr" = 'p2-apply: site.ts:16: command exit 3: exit status 3' ]
	done
	[ "$(cat a b)" = $'a:80\nb:81' ]
	compile --sourceMap --downlevelIteration < <(typed)
	run -2 p2-apply -d '' site.js
	[[ $output == *"site.ts:16: command exit 3: exit status 3" ]]
}

@test "tsc: an option that is not there is its error, too" {
	[ -x "$TSC" ] || skip 'npm cannot get typescript here'
	run -2 compile <<<'/// <reference path="./p2.d.ts" />
p2.file("x", {contents: "y"});'
	[[ $output == "site.ts(2,15): error"*"'contents' does not exist"* ]]
}

@test "source maps: one that others may write, or that is none, is not followed" {
	printf '%s\n' '' "p2.command('exit 3');" \
	    '//# sourceMappingURL=maps/site.js.map' >site.js
	mkdir maps
	failed() {
		run --separate-stderr p2-apply -d '' site.js
		stderr=${stderr//$PWD\//}
		is 2 '' "$1"
	}
	echo '{"version":3,"sources":["../src/site.ts"],"names":[],"mappings":";AAIA"}' \
	    >maps/site.js.map
	failed 'p2-apply: src/site.ts:5: command exit 3: exit status 3'
	chmod 666 maps/site.js.map
	failed 'p2-apply: maps/site.js.map is refused: others than its owner may write it
p2-apply: site.js:2: command exit 3: exit status 3'
	chmod 644 maps/site.js.map
	echo '{"version":3,"sources":[],"mappings":";AAIA"}' >maps/site.js.map
	failed 'p2-apply: maps/site.js.map: its mappings are broken
p2-apply: site.js:2: command exit 3: exit status 3'
	rm maps/site.js.map
	failed 'p2-apply: maps/site.js.map: No such file or directory
p2-apply: site.js:2: command exit 3: exit status 3'
	printf '%s\n' "p2.command('exit 3');" \
	    '//# sourceMappingURL=data:application/json;base64,*' >site.js
	failed 'p2-apply: site.js: its source map is not in base64
p2-apply: site.js:1: command exit 3: exit status 3'
}

@test "require: JSON is trusted as a policy is" {
	echo '{"a": 1}' >data.json
	apply <<<"console.log(require('./data').a);"
	is 0 1
	chmod 666 data.json
	apply <<<"console.log(require('./data').a);"
	is 2 '' 'p2-apply: site.p2:1: data.json is refused: others than its owner may write it'
}
