#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154	# a test is a subshell; helper sets
#
# HTTP clients that are slow, idle, endless, old or in a hurry.

load helper

# Times mean nothing where every access to memory is checked.
sanitized() { ldd "$(command -v partisci-recv)" | grep -q 'lib[au]*san'; }

vars() { curl -sS "http://127.0.0.1:$port/debug/vars" | jq "$1"; }

# prompt: of stdin's "PATH MEDIAN WORST", the usual answer took under 10 ms.
prompt() {
	while read -r path median worst; do
		echo "$path: median $median us, worst $worst us"
		sanitized || [ "$median" -lt 10000 ]
	done
}

# exchange: send stdin, print what comes until the other side ends it.
exchange() {
	local fd

	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	cat >&"$fd"
	timeout 20 cat <&"$fd" | tr -d '\r'
	exec {fd}>&-
}

# request LINE [HEADER ...]
request() { printf '%s\r\n' "$@" ''; }

alpha() {
	curl -sS -d '{"app":"Alpha","ver":"1","host":"h"}' \
	    "http://127.0.0.1:$port/api/v1/update/"
}

@test "slow: 500 that drip a byte at a time hold up nobody else" {
	start_recv
	alpha
	run -0 slowclients "$port" drip 500
	[ "${lines[2]}" = "left 500" ]
	prompt < <(head -n 2 <<<"$output")
}

@test "slow: 5,000 idle connections hold up nobody else, and stay" {
	[ "$(ulimit -Hn)" -ge 6000 ] ||
	    skip "no process may open 6,000 files here"
	start_recv
	alpha
	run -0 slowclients "$port" idle 5000
	[ "${lines[2]}" = "left 5000" ]
	prompt < <(head -n 2 <<<"$output")
	[ "$(vars .http_evicted_total)" = 0 ]
}

@test "slow: an address with too many connections loses the longest idle one" {
	start_recv
	alpha
	run -0 slowclients "$port" drip 700
	read -r _ left <<<"${lines[2]}"
	# The last 512, less the one that asks.
	[ "$left" -ge 500 ]
	[ "$left" -le 512 ]
	[ "$(vars .http_evicted_total)" -ge $((700 - left)) ]
	prompt < <(head -n 2 <<<"$output")
}

@test "slow: -T ends who is too slow, whatever he does meanwhile" {
	start_recv -T 1
	run -0 slowclients "$port" late 1
	[ "$(sort <<<"$output")" = "answered ended
body ended
chunks ended
head ended
silent ended" ]
	[ "$(vars .http_expired_total)" -ge 5 ]
}

@test "slow: a body that never ends is ended by us" {
	start_recv
	run -0 slowclients "$port" endless
	# So much is read, and a little more is on its way.
	[ "$output" -ge 8 ]
	[ "$output" -le 40 ]
	[ "$(vars .updates_total)" = 0 ]
	[ "$(vars .refused_total)" = 0 ]
	# It took no memory to speak of.
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$recv/status")" -lt 32768 ] ||
	    sanitized
}

@test "slow: bodies take no more than 64 MiB; who is too many comes again" {
	start_recv
	run -0 slowclients "$port" bodies 80
	[ "$output" = $'200 64\n503 16\nagain 16' ]
	[ "$(vars .records)" = 64 ]
	[ "$(vars .http_body_bytes)" = 0 ]
	# And then there is room again.
	run -0 slowclients "$port" bodies 60
	[ "$output" = $'200 60\nagain 0' ]
}

@test "slow: pipelined requests are answered in their order" {
	start_recv
	for i in 1 2 3 4 5 6 7 8; do
		u="{\"app\":\"Alpha\",\"ver\":\"$i\",\"host\":\"h\"}"
		request 'POST /api/v1/update/ HTTP/1.1' 'Host: x' \
		    "Content-Length: ${#u}"
		printf '%s' "$u"
		request 'GET /api/v1/version/?app_id=alpha HTTP/1.1' 'Host: x'
	done >"$BATS_TEST_TMPDIR/in"
	request 'GET /healthz HTTP/1.1' 'Host: x' 'Connection: close' \
	    >>"$BATS_TEST_TMPDIR/in"
	exchange <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '^HTTP/1.1 200 OK$' "$BATS_TEST_TMPDIR/out")" = 17 ]
	[ "$(grep '^{' "$BATS_TEST_TMPDIR/out" | sed -E 's/HTTP.*//' |
	    jq -r '.data[0].ver // .status // "stored"' | xargs)" = \
	    "stored 1 stored 2 stored 3 stored 4 stored 5 stored 6 stored 7 stored 8 ok" ]
}

@test "slow: HEAD between others on one connection has no body" {
	start_recv
	{ request 'HEAD /healthz HTTP/1.1' 'Host: x'
	    request 'GET /healthz HTTP/1.1' 'Host: x'
	    request 'HEAD /healthz HTTP/1.1' 'Host: x' 'Connection: close'; } \
	    >"$BATS_TEST_TMPDIR/in"
	exchange <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '^HTTP/1.1 200 OK$' "$BATS_TEST_TMPDIR/out")" = 3 ]
	[ "$(grep -c '^{"status":"ok"}$' "$BATS_TEST_TMPDIR/out")" = 1 ]
	[ "$(grep -c '^Content-Length: 16$' "$BATS_TEST_TMPDIR/out")" = 3 ]
}

@test "slow: a client of HTTP/1.0 is answered, and then the connection ends" {
	start_recv
	alpha
	for path in /healthz /api/v1/version/; do
		request "GET $path HTTP/1.0" | exchange >"$BATS_TEST_TMPDIR/out"
		[[ "$(head -n 1 "$BATS_TEST_TMPDIR/out")" == 'HTTP/1.'?' 200 OK' ]]
		sed '1,/^$/d' "$BATS_TEST_TMPDIR/out" | jq -e . >/dev/null
	done
	# A long answer cannot be in chunks, and is whole nevertheless.
	stop_recv
	"$B/t/bench/fill" "$store" 200 20
	start_recv
	request "GET /api/v1/version/ HTTP/1.0" | exchange |
	    sed '1,/^$/d' | jq -e '.data|length == 4001' >/dev/null
}

@test "slow: what is no HTTP harms nobody, and leaves nothing in memory" {
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=1 start_recv
	alpha
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/noise"
	head -c 20000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/long"
	for in in 'printf \r\n' 'printf GET\r\n\r\n' 'printf X\0Y\r\n\r\n' \
	    'printf \x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' \
	    "cat $BATS_TEST_TMPDIR/noise" "cat $BATS_TEST_TMPDIR/long" \
	    'request GET\ /healthz' 'request GET\ \ HTTP/1.1' \
	    'request GET\ /healthz\ HTTP/1.1 no-colon' \
	    'request GET\ /healthz\ HTTP/1.1 Content-Length:\ -1' \
	    'request POST\ /api/v1/update/\ HTTP/1.1 Content-Length:\ x' \
	    'request POST\ /api/v1/update/\ HTTP/1.1 Transfer-Encoding:\ gzip' \
	    "request GET\\ /$(head -c 5000 "$BATS_TEST_TMPDIR/long")\\ HTTP/1.1"
	do
		# Some are cut off by us while they still send.
		(trap '' PIPE
		    exec 9<>"/dev/tcp/127.0.0.1/$port"
		    eval "$in" >&9 2>/dev/null
		    timeout 0.2 cat <&9 >/dev/null) || :
	done
	[ "$(curl -sS "http://127.0.0.1:$port/api/v1/version/" |
	    jq '.data|length')" = 1 ]
	stop_recv
}
