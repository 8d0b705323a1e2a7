#!/usr/bin/env bats
# A store that was made before there were all of today's tables.
load helper

@test "store: one without the later tables is read, and gets them when written" {
	partisci-send -s '' -d "$store" -N web1 app 1
	oldstore "$store"
	run -0 --separate-stderr partisci-query -d "$store" versions
	[[ $output == '{'*'"app":"app"'* ]]
	partisci-send -s '' -d "$store" -N web2 app 2
	run -0 --separate-stderr partisci-query -d "$store" check
	run -0 --separate-stderr partisci-query -d "$store" versions
	[ "${#lines[@]}" -eq 2 ]
}
