#!/usr/bin/env bats
# p2(5): its tables are the code's own, and its examples run.
load helper

setup() {
	common_setup
	cd "$BATS_TEST_TMPDIR" || return
	page=$BATS_TEST_DIRNAME/../share/man/man5/p2.5
}

# table HEADING: the first list below that heading or line.
table() { sed -n "/^$1/,\$p" "$page" | sed -n '/^\.Bl/,/^\.El/{p;/^\.El/q}'; }

@test "p2(5): the tables of options are those of the code" {
	diff -u <(options common) <(table 'All resources and roles')
	diff -u <(options file) <(table '.Ss file')
	diff -u <(options command) <(table '.Ss command')
	diff -u <(options package) <(table '.Ss package')
	diff -u <(options repository) <(table '.Ss repository')
	diff -u <(options hostentry) <(table '.Ss hostentry')
	diff -u <(options sysctl) <(table '.Ss sysctl')
	diff -u <(options known_host) <(table '.Ss known_host')
	diff -u <(options cron) <(table '.Ss cron')
	diff -u <(options mount) <(table '.Ss mount')
	diff -u <(options kernel_module) <(table '.Ss kernel_module')
	diff -u <(options locale) <(table '.Ss locale')
	diff -u <(options alternatives) <(table '.Ss alternatives')
	diff -u <(options archive) <(table '.Ss archive')
	diff -u <(options git) <(table '.Ss git')
	diff -u <(options service) <(table '.Ss service')
	diff -u <(options user) <(table '.Ss user')
	diff -u <(options group) <(table '.Ss group')
}

@test "p2(5): the roles are those that there are" {
	diff -u <(cd "$BATS_TEST_DIRNAME/../share/roles" && printf '%s\n' *.p2 |
	    sed 's/\.p2$//') <(table '.Ss Roles' | sed -n 's/^\.It Cm //p')
}

@test "p2(5): the options of roles that are modules are those of the code" {
	cd "$BATS_TEST_DIRNAME/../share/roles" || return
	while read -r role; do
		role=${role%.p2}
		echo "$role"
		sed -n '/^\toptions: {/,/^\t}/s/^\t\t\([A-Za-z_]*\): {.*/\1/p' "$role.p2" |
		    grep -vx ensure >"$BATS_TEST_TMPDIR/code"
		[ -s "$BATS_TEST_TMPDIR/code" ]
		table "\.Ss .*\<$role\>" | sed -n 's/^\.It Cm //p' >"$BATS_TEST_TMPDIR/page"
		case $role in
		pv | vg) grep -qxf "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/page" ;;
		*) diff -u "$BATS_TEST_TMPDIR/code" "$BATS_TEST_TMPDIR/page" ;;
		esac
	done < <(grep -l '^p2\.module' ./*.p2 | cut -c 3-)
}

@test "p2(5): the module whose anatomy it shows is one" {
	sed -n '/^\.Ss Anatomy/,/^\.Ed/p' "$page" |
	    sed '1,/^\.Bd/d; /^\.Ed/d; s/\\e/\\/g' >motd.js
	echo "p2.module('motd').motd('hello', {text: 'Hello'})
	    .lambda('l', function (facts) { console.log(facts.has_motd); });" >site.p2
	run -1 p2-apply -d '' -n site.p2
	[ "$output" = 'would change motd hello: says something else
--- motd
+++ motd
@@ -0,0 +1 @@
+Hello
false' ]
	run -0 p2-apply -d '' site.p2
	[ "$output" = 'changed motd hello: Said hello.
true' ]
	run -0 p2-apply -d '' site.p2
	[ "$output" = true ]
	echo "p2.module('motd').motd('hello', {txt: 'Hello'});" >site.p2
	run -2 p2-apply -d '' site.p2
	[[ $output == *"site.p2:1: motd hello: TypeError: there is no option txt; is it text?" ]]
}

@test "p2(5): each example runs, and changes nothing the second time" {
	sed -n '/^\.Sh EXAMPLES/,$p' "$page" | awk '
	    /^\.Bd/ { n++; on = 1; next }
	    /^\.Ed/ { on = 0 }
	    on { sub(/^\\&/, ""); gsub(/\\e/, "\\"); print >"example" n ".p2" }'
	run -0 p2-apply -d '' example1.p2
	[ "$output" = 'changed file app.conf: Created file.
changed command echo reload: runs each time' ]
	run -0 p2-apply -d '' example2.p2
	[ "${lines[-1]}" = 'changed file note: Created file.' ]
	run -0 p2-apply -d '' example3.p2
	[ "$output" = 'changed file www: Created directory.
changed file www/index: Created file.' ]
	mkdir bin
	printf '#!/bin/sh\n! grep -q COUNT || echo 0\n' >bin/mysql
	chmod +x bin/mysql
	PATH=$PWD/bin:$PATH run -1 p2-apply -d '' -n example4.p2
	[ "$output" = "would change mysql_database shop: there is no such database
would change mysql_grant shop: there is no user 'shop'@'localhost'; 'shop'@'localhost' lacks ALL PRIVILEGES on \`shop\`.*" ]
	mkdir app-1.2
	echo app >app-1.2/run
	tar -czf app-1.2.tar.gz app-1.2
	git init -q pages.git
	git -C pages.git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 1
	git -C pages.git tag v1.2
	run -0 p2-apply -d '' example5.p2
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == 'changed archive app: Unpacked the archive sha256:'* ]]
	[[ ${lines[1]} == 'changed git pages: Cloned at '* ]]
	[ "$(cat app/run)" = app ]
	[ ! -e example6.p2 ]
	run -0 p2-apply -d '' example{1,2,3,5}.p2
	[ "$output" = "" ]
}

# examples: those of p2-apply(8), each on a line of its own.
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "${page%/*/*}/man8/p2-apply.8"
}

# example PATTERN: runs the one of p2-apply(8) that is like it, as in a shell.
example() {
	local line

	line=$(examples | grep -e "$1")
	[ "$(wc -l <<<"$line")" -eq 1 ]
	line=${line#'$ '}
	line=${line#'*/30 * * * * root '}
	line=${line//'/etc/motd'/a}
	run bash -c "set -o pipefail; ${line//'/etc/p2/'}"
	tried+=$1$'\n'
}

@test "p2-apply(8): the examples do what they say" {
	export PARTISCI_DB=$store
	tried=
	cat >site.p2 <<-'END'
	p2.file('a', {content: 'x\n', notify: 'command:flag'})
	.command('flag', {cmd: '[ -e flag ]', refreshonly: true});
	END
	example '-n site.p2'
	[ "$status" -eq 1 ]
	[ "$output" = 'would change file a: is missing
--- /dev/null
+++ a
@@ -0,0 +1 @@
+x
would change command flag: runs each time' ]
	[ ! -e a ]
	example 'p2-apply -m'
	[ "$status" -eq 2 ]
	[ "$output" = "changed file a: Created file.
p2-apply: $PWD/site.p2:2: command flag: exit status 1" ]
	example 'p2-apply -O'
	[ "$output" = $'site\tfile:a\tnotify command:flag' ]
	touch flag
	example 'p2-apply -j'
	[ "$status" -eq 0 ]
	[ "$(cut -f 2 <<<"$output" | sort | tr '\n' ' ')" = ' a flag ' ]
	example 'p2-apply -O'
	[ "$output" = "" ]
	echo 'other' >a
	p2-apply site.p2
	example 'p2-apply -nu'
	[ "$status" -eq 1 ]
	[ "$output" = "would change file $PWD/a: content
would change file $PWD/a.orig_partout: a file goes" ] ||
	    [ "$output" = "would change file $PWD/a.orig_partout: a file goes
would change file $PWD/a: content" ]
	example 'p2-apply -u'
	[ "$status" -eq 0 ]
	[ "$(cat a)" = other ]
	example 'p2-apply -y'
	[ "${#lines[@]}" -eq 3 ]
	example 'p2-apply -b'
	[ "$status" -eq 0 ]
	[ ! -e a ]
	# There is none but those, and those of watch.
	while read -r line; do
		grep -q -e "${line:-none}" <<<"$(examples)"
	done <<<"${tried%$'\n'}"
	[ "$(examples | grep -v -e ' -w ' -e systemctl | grep -c .)" -eq \
	    "$(sort -u <<<"${tried%$'\n'}" | wc -l)" ]
}
