# shellcheck shell=bash
# host: what the tests on booted hosts share.
bats_require_minimum_version 1.5.0

# shellcheck disable=SC2034	# for boot
hosts_dir=${BATS_FILE_TMPDIR-}/hosts hosts_kit=${BATS_TEST_DIRNAME%/t/hosts}
load boot

# policy NAME FILE <TEXT: a policy on the host.
policy() { on "$1" sh -c "cat >$2"; }

# is STATUS STDOUT [STDERR], of the last "run --separate-stderr"
is() {
	printf 'status %s\n--- stdout\n%s\n--- stderr\n%s\n' "$status" \
	    "$output" "$stderr"
	[ "$status" -eq "$1" ]
	[ "$output" = "$2" ]
	[ "$stderr" = "${3-}" ]
}
