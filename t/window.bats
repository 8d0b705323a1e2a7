#!/usr/bin/env bats
# Times of the week, as policies and p2-apply --window have them.
load helper

# at WINDOW WHEN ...: "in" or "out" for each moment, all on one line.
at() {
	local spec=$1 when seconds=()

	shift
	for when; do
		seconds+=("$(TZ=UTC date -d "$when" +%s)")
	done
	TZ=UTC run -0 window "$spec" "${seconds[@]}"
	echo "${lines[@]}"
}

# In that year, the 2nd of January is a Monday.
@test "window: every day, its end not included" {
	[ "$(at 02:00-04:00 '2023-01-01 01:59:59' '2023-01-01 02:00' \
	    '2023-01-01 03:59:59' '2023-01-01 04:00')" = 'out in in out' ]
	[ "$(at 0:00-24:00 '2023-01-01 00:00' '2023-01-01 23:59')" = 'in in' ]
}

@test "window: days, and ranges that go round the week" {
	[ "$(at 'Mon-Fri 02:00-04:00' '2023-01-01 03:00' '2023-01-02 03:00' \
	    '2023-01-06 03:00' '2023-01-07 03:00')" = 'out in in out' ]
	[ "$(at 'sat-MONDAY' '2023-01-06 12:00' '2023-01-07 12:00' \
	    '2023-01-01 12:00' '2023-01-02 12:00' '2023-01-03 12:00')" = \
	    'out in in in out' ]
	[ "$(at 'Tue, Thu 10:00-11:00' '2023-01-03 10:30' \
	    '2023-01-04 10:30' '2023-01-05 10:30')" = 'in out in' ]
}

@test "window: past midnight it belongs to the day on which it began" {
	[ "$(at 'Fri 22:00-04:00' '2023-01-06 03:00' '2023-01-06 22:00' \
	    '2023-01-07 03:59' '2023-01-07 04:00' '2023-01-07 23:00')" = \
	    'out in in out out' ]
	[ "$(at 'Sat 23:30-00:30' '2023-01-01 00:29' '2023-01-01 00:30')" = \
	    'in out' ]
}

@test "window: several of them" {
	[ "$(at 'Mon-Fri 02:00-04:00; Sun' '2023-01-01 12:00' \
	    '2023-01-02 03:00' '2023-01-02 12:00')" = 'in in out' ]
}

@test "window: what is none is refused with a reason" {
	while IFS='|' read -r spec why; do
		run -1 window "$spec"
		[ "$output" = "window: '$spec' $why" ]
	done <<-'END'
	|is empty
	Mon;|is empty
	Foo 02:00-04:00|has a day that is none
	Mon-|has a day that is none
	Mon,|has a day that is none
	2-4|has a time that is not as in 02:00-04:00
	25:00-26:00|has a time that is not as in 02:00-04:00
	02:60-03:00|has a time that is not as in 02:00-04:00
	02:0-03:00|has a time that is not as in 02:00-04:00
	002:00-03:00|has a time that is not as in 02:00-04:00
	02:00-24:01|has a time that is not as in 02:00-04:00
	02:00|has a time that is not as in 02:00-04:00
	02:00-02:00|begins when it ends
	02:00-03:00 x|goes on where it should have ended
	Mon 02:00-03:00, Tue|goes on where it should have ended
	END
	run -1 window "$(printf 'Mon;%.0s' {1..40})"
	[[ $output == *'has too many parts' ]]
}
