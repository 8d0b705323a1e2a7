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
}

@test "p2(5): the roles are those that there are" {
	diff -u <(cd "$BATS_TEST_DIRNAME/../share/roles" && printf '%s\n' *.p2 |
	    sed 's/\.p2$//') <(table '.Ss Roles' | sed -n 's/^\.It Cm //p')
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
	[ ! -e example4.p2 ]
	run -0 p2-apply -d '' example1.p2 example2.p2 example3.p2
	[ "$output" = "" ]
}
