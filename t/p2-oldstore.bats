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

@test "store: what is owed by a policy of which the store knew only the name" {
	cd "$BATS_TEST_TMPDIR"
	cat >site.p2 <<<"p2.file('a', {content: 'a', notify: 'command:h'}).command('h', {cmd: 'echo h >>log', refreshonly: true});"
	run -0 p2-apply -d "$store" site.p2
	rm log
	oldstore "$store" site file:a 'notify command:h'
	run -0 p2-apply -O -d "$store"
	[ "$output" = $'1970-01-01T00:00:01Z\tsite\tfile:a\tnotify command:h' ]
	run -0 p2-apply -d "$store" site.p2
	[ "$(cat log)" = h ]
	run -1 p2-apply -O -d "$store"
}
