#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154	# a test is a subshell; helper sets
#
# Each rule that the contract has for an update, over both transports.

load helper

# fields APP VER HOST INSTANCE REST: an update from raw JSON values, "" none.
fields() {
	local sep=''

	printf '{'
	for name in app ver host instance; do
		[ -z "${1-}" ] || printf '%s"%s":%s' "$sep" "$name" "$1"
		[ -z "${1-}" ] || sep=,
		[ $# -eq 0 ] || shift
	done
	printf '%s%s}' "${1:+$sep}" "${1-}"
}

# of N CHARACTER: a JSON string of so many.
of() {
	local i

	printf '"'
	for ((i = 0; i < $1; i++)); do printf '%s' "$2"; done
	printf '"'
}

post() {
	curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code} ' \
	    -H 'Content-Type: application/json' --data-binary "@$2" \
	    "http://127.0.0.1:$port/api/v1/$1"
	cat "$BATS_TEST_TMPDIR/answer"
}

vars() { curl -sS "http://127.0.0.1:$port/debug/vars" | jq "$1"; }
heard() { [ "$(vars .datagrams_total)" = "$1" ]; }

stored() {
	curl -sS "http://127.0.0.1:$port/api/v1/version/" |
	    jq -c '.data[]|del(.host_ip,.last_update)'
}

events() {
	partisci-query -d "$store" events | jq -c '[.object,.msg,.count]'
}

# refused REASON: the bytes on stdin are refused for that reason by each way
# in, and nothing of them is stored; what is well beside them is.
refused() {
	local in=$BATS_TEST_TMPDIR/in

	cat >"$in"
	start_recv
	[ "$(post update/ "$in")" = "415 {\"error\":\"$1\"}" ]
	cat "$in" >"/dev/udp/127.0.0.1/$port"
	wait_until heard 1
	[ "$(stored)" = "" ]
	[ "$(vars '[.updates_total,.refused_total]|join(" ")')" = '"0 2"' ]
	echo '{"app":"Well","ver":"1","host":"h"}' >"$BATS_TEST_TMPDIR/well"
	[ "$(post update/ "$BATS_TEST_TMPDIR/well")" = '200 {}' ]
	cat "$BATS_TEST_TMPDIR/well" >"/dev/udp/127.0.0.1/$port"
	wait_until heard 2
	stop_recv
	[ "$(events)" = "[\"http\",\"$1\",1]"$'\n'"[\"udp\",\"$1\",1]" ]
	[ "$(partisci-query -d "$store" versions | jq -r .app)" = Well ]
	[ "$(grep -c 'was refused' "$BATS_TEST_TMPDIR/partisci-recv.log")" = 1 ]
	grep -qx "partisci-recv: 127.0.0.1: an update was refused: $1" \
	    "$BATS_TEST_TMPDIR/partisci-recv.log"
}

# in_lines REASON: the line on stdin is refused for that reason between others.
in_lines() {
	local in=$BATS_TEST_TMPDIR/in

	{ echo '{"app":"One","ver":"1","host":"h"}'
	    cat
	    printf '\n{"app":"Two","ver":"1","host":"h"}\n'; } >"$in"
	start_recv
	[ "$(post updates/ "$in")" = "415 {\"error\":\"line 2: $1\"}" ]
	[ "$(stored)" = "" ]
	cat "$in" >"/dev/udp/127.0.0.1/$port"
	wait_until heard 1
	stop_recv
	[ "$(partisci-query -d "$store" versions | jq -r .app)" = $'One\nTwo' ]
}

# taken ROW: the bytes on stdin are an update, by each way in, and become that.
taken() {
	local in=$BATS_TEST_TMPDIR/in

	cat >"$in"
	start_recv -D
	[ "$(post update/ "$in")" = '200 {}' ]
	[ "$(stored)" = "$1" ]
	curl -sS -X POST "http://127.0.0.1:$port/api/v1/_danger/clear/"
	cat "$in" >"/dev/udp/127.0.0.1/$port"
	wait_until heard 1
	stop_recv
	[ "$(partisci-query -d "$store" versions |
	    jq -c 'del(.host_ip,.last_update)')" = "$1" ]
	[ "$(events)" = "" ]
}

row='{"app_id":"a","app":"a","ver":"1","host":"h","instance":0}'

# --- what is no update ---

@test "bad input: nothing" {
	start_recv
	[ "$(post update/ /dev/null)" = '415 {"error":"the JSON ends too early"}' ]
	[ "$(post updates/ /dev/null)" = '200 {}' ]
}

@test "bad input: white space only" {
	refused 'the JSON ends too early' < <(printf ' \t\r ')
}

@test "bad input: no JSON" {
	refused 'not valid JSON' < <(printf 'app=a')
}

@test "bad input: an array" {
	refused 'not an object' < <(printf '[%s]' "$(fields '"a"' '"1"')")
}

@test "bad input: a bare string" {
	refused 'not valid JSON' < <(echo '"a"')
}

@test "bad input: an object that does not end" {
	refused 'the JSON ends too early' < <(printf '{"app":"a","ver":"1"')
}

@test "bad input: a string that does not end" {
	refused 'the JSON ends too early' < <(printf '{"app":"a","ver":"1')
}

@test "bad input: something behind the object" {
	refused 'something follows the object' \
	    < <(printf '%s;' "$(fields '"a"' '"1"')")
}

@test "bad input: another object behind the object" {
	refused 'something follows the object' \
	    < <(printf '%s%s' "$(fields '"a"' '"1"')" "$(fields '"b"' '"1"')")
}

@test "bad input: a NUL behind the object" {
	refused 'something follows the object' \
	    < <(printf '%s\0' "$(fields '"a"' '"1"')")
}

@test "bad input: a comma too many" {
	refused 'not valid JSON' < <(printf '{"app":"a","ver":"1",}')
}

@test "bad input: two words in one" {
	refused 'not valid JSON' < <(printf '{"app":"a","ver":"1","x":truenull}')
}

@test "bad input: a comment" {
	refused 'not valid JSON' < <(printf '{"app":"a",/* */"ver":"1"}')
}

@test "bad input: a control character in a string" {
	refused 'not valid JSON' < <(printf '{"app":"a\tb","ver":"1"}')
}

@test "bad input: an escape that there is not" {
	refused 'not valid JSON' < <(printf '{"app":"\\x61","ver":"1"}')
}

@test "bad input: bytes that are not UTF-8" {
	refused 'not valid UTF-8' < <(printf '{"app":"a\xff","ver":"1"}')
}

@test "bad input: UTF-8 that is longer than need be" {
	refused 'not valid UTF-8' < <(printf '{"app":"a\xc0\xaf","ver":"1"}')
}

@test "bad input: UTF-8 of a surrogate" {
	refused 'not valid UTF-8' \
	    < <(printf '{"app":"a\xed\xa0\x80","ver":"1"}')
}

@test "bad input: UTF-8 past the last code point" {
	refused 'not valid UTF-8' \
	    < <(printf '{"app":"a\xf4\x90\x80\x80","ver":"1"}')
}

@test "bad input: UTF-8 that is not UTF-8 in a key that is ignored" {
	refused 'not valid UTF-8' < <(printf '{"app":"a","ver":"1","x\xff":1}')
}

@test "bad input: a byte order mark" {
	refused 'not valid JSON' \
	    < <(printf '\xef\xbb\xbf%s' "$(fields '"a"' '"1"')")
}

@test "bad input: half a surrogate pair" {
	refused 'not valid JSON' < <(fields '"\ud83d"' '"1"')
}

@test "bad input: a NUL in a string, escaped" {
	refused 'a string holds a NUL' < <(fields '"a\u0000b"' '"1"')
}

@test "bad input: a NUL in a string, as it is" {
	refused 'not valid JSON' < <(printf '{"app":"a\0b","ver":"1"}')
}

@test "bad input: a NUL in a key" {
	refused 'a string holds a NUL' \
	    < <(fields '"a"' '"1"' '"h"' 0 '"x\u0000":1')
}

@test "bad input: nested without end" {
	refused 'nested too deep' < <({ printf '{"app":"a","ver":"1","x":'
	    printf '[%.0s' {1..5000}; })
}

@test "bad input: a number too large for any integer" {
	refused 'a number is too large' \
	    < <(fields '"a"' '"1"' '"h"' 99999999999999999999)
}

# --- fields ---

@test "bad input: app is missing" {
	refused 'app is missing' < <(fields '' '"1"' '"h"')
}

@test "bad input: app is empty" {
	refused 'app is empty' < <(fields '""' '"1"' '"h"')
}

@test "bad input: app is no string" {
	refused 'app is not a string' < <(fields 1 '"1"' '"h"')
}

@test "bad input: app is null" {
	refused 'app is not a string' < <(fields null '"1"' '"h"')
}

@test "bad input: app has 51 characters" {
	refused 'app is longer than 50 characters' \
	    < <(fields "$(of 51 ü)" '"1"' '"h"')
}

@test "bad input: ver is missing" {
	refused 'ver is missing' < <(fields '"a"' '' '"h"')
}

@test "bad input: ver is empty" {
	refused 'ver is empty' < <(fields '"a"' '""' '"h"')
}

@test "bad input: ver is a number" {
	refused 'ver is not a string' < <(fields '"a"' 1.2 '"h"')
}

@test "bad input: ver has 51 characters" {
	refused 'ver is longer than 50 characters' \
	    < <(fields '"a"' "$(of 51 😀)" '"h"')
}

@test "bad input: host is no string" {
	refused 'host is not a string' < <(fields '"a"' '"1"' '["h"]')
}

@test "bad input: host is null" {
	refused 'host is not a string' < <(fields '"a"' '"1"' null)
}

@test "bad input: host has 51 characters" {
	refused 'host is longer than 50 characters' \
	    < <(fields '"a"' '"1"' "$(of 51 x)")
}

@test "bad input: instance is a string" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' '"1"')
}

@test "bad input: instance is a fraction" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' 1.5)
}

@test "bad input: instance is whole, but written as a fraction" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' 1.0)
}

@test "bad input: instance has an exponent" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' 1e2)
}

@test "bad input: instance is true" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' true)
}

@test "bad input: instance is null" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' null)
}

@test "bad input: instance is -1" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' -1)
}

@test "bad input: instance is 65536" {
	refused 'instance is not an integer from 0 to 65535' \
	    < <(fields '"a"' '"1"' '"h"' 65536)
}

@test "bad input: instance has a leading zero" {
	refused 'not valid JSON' < <(fields '"a"' '"1"' '"h"' 01)
}

@test "bad input: of two equal keys the last one counts, bad or not" {
	refused 'ver is not a string' < <(fields '"a"' '"1"' '"h"' 0 '"ver":7')
}

@test "bad input: a bad line among others costs only itself, or all" {
	in_lines 'ver is empty' < <(fields '"a"' '""' '"h"')
}

@test "bad input: a line that is no UTF-8 among others" {
	in_lines 'not valid UTF-8' < <(printf '{"app":"\xfe","ver":"1"}')
}

@test "bad input: a line with a NUL in it among others" {
	in_lines 'something follows the object' \
	    < <(printf '{"app":"a","ver":"1"}\0')
}

# --- what only looks bad ---

@test "good input: white space around and inside" {
	taken "$row" \
	    < <(printf ' \r\n\t{ "app" :\t"a" , "ver"\n: "1","host":"h" } \n\n')
}

@test "good input: keys that are not known, of any type" {
	taken "$row" < <(fields '"a"' '"1"' '"h"' 0 \
	    '"x":[1,{"app":"no"},null],"App":1,"":{},"zz":1e99,"q":"\u00e9"')
}

@test "good input: of a key that is there twice the last one counts" {
	taken "$row" \
	    < <(fields 7 '"2"' '"x"' 9 '"app":"a","ver":"1","host":"h","instance":0')
}

@test "good input: keys in any order, escaped or not" {
	taken "$row" \
	    < <(printf '{"host":"h","\\u0076er":"1","instance":0,"a\\u0070p":"a"}')
}

@test "good input: fifty characters in each field, four bytes each" {
	taken "{\"app_id\":$(of 50 _),\"app\":$(of 50 😀),\"ver\":$(of 50 😀),\"host\":$(of 50 😀),\"instance\":65535}" \
	    < <(fields "$(of 50 😀)" "$(of 50 😀)" "$(of 50 😀)" 65535)
}

@test "good input: fifty characters that were written as escapes" {
	taken "{\"app_id\":$(of 50 _),\"app\":$(of 50 😀),\"ver\":\"1\",\"host\":\"h\",\"instance\":0}" \
	    < <(fields "$(of 50 '\ud83d\ude00')" '"1"' '"h"')
}

@test "good input: characters that JSON has to escape come back escaped" {
	taken '{"app_id":"__________","app":"\"\\/\b\f\n\r\t\u001f\u007f","ver":"1","host":"h","instance":0}' \
	    < <(fields '"\"\\\/\b\f\n\r\t\u001f\u007f"' '"1"' '"h"')
}

@test "good input: an instance of -0" {
	taken "$row" < <(fields '"a"' '"1"' '"h"' -0)
}
