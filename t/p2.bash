# shellcheck shell=bash
# p2: what the tests of p2-apply share.  Each policy is a file site.p2 in the
# directory of its test; stderr is compared without the name of that.
load "${BASH_SOURCE[0]%/*}/helper"

p2_setup() {
	common_setup
	cd "$BATS_TEST_TMPDIR" || return
}

setup() { p2_setup; }

# apply [ARG ...] <POLICY: as site.p2; the store is $db, by default none.
apply() { apply_site "$@"; }

apply_site() {
	cat >site.p2
	run --separate-stderr p2-apply -d "${db-}" "$@" site.p2
	stderr=${stderr//$PWD\//}
}

# is STATUS STDOUT [STDERR]
is() {
	printf 'status %s\n--- stdout\n%s\n--- stderr\n%s\n' "$status" \
	    "$output" "$stderr"
	[ "$status" -eq "$1" ]
	[ "$output" = "$2" ]
	[ "$stderr" = "${3-}" ]
}
