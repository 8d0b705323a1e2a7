#!/usr/bin/env bats
# share/doc/assurance names tests that there are.
load helper

@test "assurance: each test that it names is there" {
	local name file words n=0

	while IFS= read -r name; do
		file=${name%%: *}
		words=${name#*: }
		[ -f "$BATS_TEST_DIRNAME/$file.bats" ]
		grep '^@test ' "$BATS_TEST_DIRNAME/$file.bats" | grep -qF -- ": $words\"" ||
		    { echo "$file.bats has no test: $words"; false; }
		n=$((n + 1))
	done < <(sed -n 's/^	\([a-z0-9-]*: .*\)/\1/p' "$BATS_TEST_DIRNAME/../share/doc/assurance")
	[ "$n" -gt 20 ]
}
