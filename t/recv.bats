#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154	# a test is a subshell; helper sets
#
# partisci-recv: its options, its two transports, and the REST contract.

load helper

# Where it cannot be known beforehand, a time is a T.
mask() { sed -E 's/"(last_update|time|first|last)":[0-9]{10}/"\1":"T"/g'; }

# ask PATH [CURL-OPTION ...]: the status, what is allowed, and the body.
ask() {
	curl -sS -g -o "$BATS_TEST_TMPDIR/body" -w '%{http_code} %header{allow}' \
	    "${@:2}" "http://${addr:-127.0.0.1}:$port$1" | sed 's/ $//'
	echo
	mask <"$BATS_TEST_TMPDIR/body"
}

api() { ask "/api/v1/$1" "${@:2}"; }

# post PATH BODY
post() {
	api "$1" -H 'Content-Type: application/json' --data-binary "$2"
}

# stored UPDATE ...: posts each.
stored() {
	local u

	for u; do
		[ "$(post update/ "$u")" = $'200\n{}' ]
	done
}

# rows PATH: what is in "data", one a line.
rows() { api "$1" | sed 1d | jq -c '.data[]'; }

# udp TEXT [ADDRESS]: one datagram.  (printf by itself would make it several.)
udp() {
	printf '%s' "$1" >"$BATS_TEST_TMPDIR/datagram"
	cat "$BATS_TEST_TMPDIR/datagram" >"/dev/udp/${2-127.0.0.1}/$port"
}

counter() { ask /debug/vars | sed 1d | jq ".$1"; }
counted() { [ "$(counter "$1")" = "$2" ]; }

# same EXPECTED COMMAND ...: does it print that?
same() { [ "$("${@:2}")" = "$1" ]; }

# exchange ADDRESS: send stdin over TCP, print what comes until the end.
exchange() {
	local fd

	exec {fd}<>"/dev/tcp/$1/$port"
	cat >&"$fd"
	timeout 10 cat <&"$fd"
	exec {fd}>&-
}

a='{"app":"Alpha","ver":"1.0","host":"h1"}'
A='{"app_id":"alpha","app":"Alpha","ver":"1.0","host":"h1","instance":0,"host_ip":"127.0.0.1","last_update":"T"}'

# --- options ---

@test "recv: -h is help on stdout, and --help the same" {
	PARTISCI_DB='' run -0 --separate-stderr partisci-recv -h
	[ "$stderr" = "" ]
	[ "${lines[0]}" = "usage: partisci-recv [-DhVv] [-d dir] [-l address] [-p port] [-T seconds]" ]
	[[ $output == *"(default /var/lib/partisci)"* ]]
	[[ $output == *"(default 7777; 0: a free one)"* ]]
	[ "$(partisci-recv --help)" = "$(partisci-recv -h)" ]
}

@test "recv: -V and --version print the version" {
	run -0 --separate-stderr partisci-recv -V
	[[ "$output" =~ ^partisci-recv\ [0-9.]+$ ]]
	[ "$stderr" = "" ]
	[ "$(partisci-recv --version)" = "$output" ]
}

@test "recv: output that does not arrive is an error" {
	run -2 --separate-stderr bash -c 'partisci-recv -h >/dev/full'
	[ "$stderr" = "partisci-recv: stdout: No space left on device" ]
	run -2 --separate-stderr bash -c 'partisci-recv -V >/dev/full'
	[ "$stderr" = "partisci-recv: stdout: No space left on device" ]
}

@test "recv: options that make no sense are refused in a sentence" {
	local usage=$'usage: partisci-recv [-DhVv] [-d dir] [-l address] [-p port] [-T seconds]\n                     [-t seconds] [-u user]'
	while IFS='|' read -r args words; do
		# shellcheck disable=SC2086	# to be split
		run -2 --separate-stderr partisci-recv -d "$store" $args
		[ "$output" = "" ]
		[ "$stderr" = "partisci-recv: $words" ]
	done <<-'END'
		-p x|-p x: invalid
		-p 65536|-p 65536: too large
		-p -1|-p -1: too small
		-T 0|-T 0: too small
		-T 86401|-T 86401: too large
		-t 0|-t 0: too small
		-t soon|-t soon: invalid
		-t 4294967296|-t 4294967296: too large
		-u nosuchuser -p 0|-u nosuchuser: no such user
		-p 0 -l 300.1.2.3|300.1.2.3: Name or service not known
	END
	run -2 --separate-stderr partisci-recv -d "$store" more
	[ "$stderr" = "partisci-recv: unexpected operand: more"$'\n'"$usage" ]
	run -2 --separate-stderr partisci-recv -d ''
	[ "$stderr" = "partisci-recv: -d: the store needs a directory" ]
	run -2 --separate-stderr partisci-recv -x
	[ "${stderr#*$'\n'}" = "$usage" ]
	mapfile -t many < <(yes -- -l127.0.0.1 | head -n 17)
	run -2 --separate-stderr partisci-recv "${many[@]}"
	[ "$stderr" = "partisci-recv: -l: at most 16 addresses" ]
	[ ! -e "$store" ]
}

@test "recv: long names do what letters do, and \$PARTISCI_DB names the store" {
	free_port
	PARTISCI_DB=$store/deep/er start partisci-recv --port "$port" \
	    --listen 127.0.0.1 --timeout 5 --trim 3600 --danger --verbose
	recv=$pid
	wait_until recv_ready
	[ "$(stat -c %a "$store/deep/er")" = 700 ]
	wait_until test -s "$BATS_TEST_TMPDIR/partisci-recv.log"
	[ "$(cat "$BATS_TEST_TMPDIR/partisci-recv.log")" = \
	    "partisci-recv: listening on port $port, 0 records" ]
	stored "$a"
	same $'200\n{}' post _danger/clear/ ''
	[ "$(rows version/)" = "" ]
	stop_recv
	free_port
	start_recv --db "$store/other"
	[ -e "$store/other/data.mdb" ]
}

@test "recv: says nothing when all is well" {
	start_recv
	stored "$a"
	udp "$a"
	stop_recv
	[ ! -s "$BATS_TEST_TMPDIR/partisci-recv.log" ]
}

@test "recv: -p 0 takes a port that is free for both, and -v names it" {
	start partisci-recv -d "$store" -p 0 -v -l 127.0.0.1
	wait_until grep -q listening "$BATS_TEST_TMPDIR/partisci-recv.log"
	port=$(sed -nE 's/.*listening on port ([0-9]+), 0 records$/\1/p' \
	    "$BATS_TEST_TMPDIR/partisci-recv.log")
	[ "$port" -gt 0 ]
	stored "$a"
	udp "$a"
	wait_until counted heartbeats_total 1
}

@test "recv: without -l listens on IPv4 and IPv6, both transports" {
	start_recv
	stored "$a"
	udp '{"app":"Alpha","ver":"1.1","host":"h2"}'
	addr='[::1]' post update/ '{"app":"Alpha","ver":"1.2","host":"h3"}'
	udp '{"app":"Alpha","ver":"1.3","host":"h4"}' ::1
	wait_until counted added_total 4
	[ "$(rows version/ | jq -r '.host+" "+.ver+" "+.host_ip')" = \
	    $'h1 1.0 127.0.0.1\nh2 1.1 127.0.0.1\nh3 1.2 ::1\nh4 1.3 ::1' ]
}

@test "recv: several -l listen there, and only there" {
	start_recv -l 127.0.0.1 -l 127.0.0.3 -l ::1
	stored "$a"
	addr=127.0.0.3 stored '{"app":"Alpha","ver":"1.0","host":"h2"}'
	addr='[::1]' stored '{"app":"Alpha","ver":"1.0","host":"h3"}'
	udp '{"app":"Alpha","ver":"1.0","host":"h4"}' 127.0.0.3
	wait_until counted added_total 4
	run -7 curl -sS "http://127.0.0.2:$port/healthz"
}

@test "recv: an update without a host is from the address it came from" {
	start_recv
	post update/ '{"app":"Alpha","ver":"1"}'
	addr='[::1]' post update/ '{"app":"Alpha","ver":"2","host":""}'
	udp '{"app":"Beta","ver":"3"}'
	udp '{"app":"Beta","ver":"4"}' ::1
	wait_until counted added_total 4
	[ "$(rows version/ | jq -c '[.app,.ver,.host,.host_ip]')" = \
	    '["Alpha","1","127.0.0.1","127.0.0.1"]
["Alpha","2","::1","::1"]
["Beta","3","127.0.0.1","127.0.0.1"]
["Beta","4","::1","::1"]' ]
}

# --- the REST contract ---

@test "recv: no data is an empty list, of every kind" {
	start_recv
	for path in app host version history stale event; do
		same $'200\n{"data":[]}' api "$path/"
	done
}

@test "recv: one update shows in each answer with that answer's fields only" {
	start_recv
	stored "$a"
	[ "$(api version/)" = $'200\n{"data":['"$A]}" ]
	[ "$(api app/)" = $'200\n{"data":[{"app_id":"alpha","app":"Alpha","last_update":"T","host_count":1}]}' ]
	[ "$(api host/)" = $'200\n{"data":[{"host":"h1","last_update":"T","app_count":1}]}' ]
	[ "$(api app/alpha)" = $'200\n{"app_id":"alpha","app":"Alpha","last_update":"T","host_count":1}' ]
	[ "$(api host/h1)" = $'200\n{"host":"h1","last_update":"T","app_count":1}' ]
	[ "$(api history/)" = $'200\n{"data":[{"app_id":"alpha","host":"h1","instance":0,"ver":"1.0","time":"T"}]}' ]
}

@test "recv: last_update is when it came, whatever the client says" {
	start_recv
	before=$(date +%s)
	stored '{"app":"Alpha","ver":"1.0","host":"h1","host_ip":"9.9.9.9","last_update":17,"app_id":"x"}'
	after=$(date +%s)
	[ "$(rows version/)" = "$A" ]
	t=$(curl -s "http://127.0.0.1:$port/api/v1/version/" |
	    jq '.data[0].last_update')
	[ "$t" -ge "$before" ]
	[ "$t" -le "$after" ]
}

@test "recv: answers are JSON and say so, errors too" {
	start_recv
	for path in version/ nosuch version/?x=1 update/; do
		[ "$(curl -s -o /dev/null -w '%{content_type}' \
		    "http://127.0.0.1:$port/api/v1/$path")" = application/json ]
	done
}

@test "recv: counts are of distinct hosts and apps; instances count once" {
	start_recv
	stored '{"app":"Alpha","ver":"1","host":"h1"}' \
	    '{"app":"Alpha","ver":"2","host":"h1","instance":1}' \
	    '{"app":"Alpha","ver":"1","host":"h2","instance":65535}' \
	    '{"app":"Beta","ver":"1","host":"h1"}'
	[ "$(rows app/)" = '{"app_id":"alpha","app":"Alpha","last_update":"T","host_count":2}
{"app_id":"beta","app":"Beta","last_update":"T","host_count":1}' ]
	[ "$(rows host/)" = '{"host":"h1","last_update":"T","app_count":2}
{"host":"h2","last_update":"T","app_count":1}' ]
	[ "$(rows version/ | jq -c '[.app_id,.host,.instance,.ver]')" = \
	    '["alpha","h1",0,"1"]
["alpha","h1",1,"2"]
["alpha","h2",65535,"1"]
["beta","h1",0,"1"]' ]
}

@test "recv: who differs is not taken for who is spelt alike in one piece" {
	start_recv
	stored '{"app":"ab","ver":"1","host":"c"}' \
	    '{"app":"a","ver":"2","host":"bc"}' \
	    '{"app":"a_b","ver":"3","host":"c"}' \
	    '{"app":"a","ver":"4","host":"b_c"}' \
	    '{"app":"a","ver":"5","host":"b1","instance":0}' \
	    '{"app":"a","ver":"6","host":"b","instance":10}'
	[ "$(rows version/ | jq -r .ver | sort | xargs)" = "1 2 3 4 5 6" ]
}

@test "recv: a newer update replaces the older one, and history has both" {
	start_recv
	stored "$a"
	first=$(date +%s)
	while [ "$(date +%s)" = "$first" ]; do sleep 0.05; done
	stored '{"app":"ALPHA","ver":"1.1","host":"h1"}'
	[ "$(rows version/)" = '{"app_id":"alpha","app":"ALPHA","ver":"1.1","host":"h1","instance":0,"host_ip":"127.0.0.1","last_update":"T"}' ]
	[ "$(rows app/ | jq -r .app)" = ALPHA ]
	[ "$(rows history/)" = '{"app_id":"alpha","host":"h1","instance":0,"ver":"1.0","time":"T"}
{"app_id":"alpha","host":"h1","instance":0,"ver":"1.1","time":"T"}' ]
	[ "$(rows 'history/?app_id=alpha&host=h1&ver=1.1')" = '{"app_id":"alpha","host":"h1","instance":0,"ver":"1.1","time":"T"}' ]
	[ "$(rows 'history/?app_id=alpha&host=h2')" = "" ]
}

@test "recv: an app_id is lower case, with a _ for each other code point" {
	start_recv
	stored '{"app":"Demo App/ü","ver":"1","host":"h"}' \
	    '{"app":"\u212aelvin","ver":"2","host":"h"}' \
	    '{"app":"😀9","ver":"3","host":"h"}'
	[ "$(rows app/ | jq -r .app_id)" = $'_9\ndemo_app__\nkelvin' ]
	[ "$(rows 'app/?app_id=demo_app__' | jq -r .app)" = "Demo App/ü" ]
}

# fill: four records that differ in all that can be asked for.
fill() {
	stored '{"app":"Alpha","ver":"1.9","host":"h1"}' \
	    '{"app":"Alpha","ver":"1.10","host":"h2"}' \
	    '{"app":"Alpha","ver":"2.0~rc1","host":"h 3/ü"}' \
	    '{"app":"Beta","ver":"1.9","host":"h1"}'
}

# found QUERY: app, version and host of what version/?QUERY finds.
found() { rows "version/?$1" | jq -r '[.app_id,.ver,.host]|join(" ")'; }

@test "recv: filters of version/ are exact, combine freely, and may be empty" {
	start_recv
	fill
	all=$'alpha 2.0~rc1 h 3/ü\nalpha 1.9 h1\nalpha 1.10 h2\nbeta 1.9 h1'
	same "$all" found ''
	same "$all" found 'host='
	same "$all" found 'app_id=&host=&ver='
	same "$all" found '&&host=&'
	same $'alpha 1.9 h1\nbeta 1.9 h1' found 'host=h1'
	same $'alpha 1.9 h1' found 'host=h1&app_id=alpha'
	same $'alpha 1.9 h1\nbeta 1.9 h1' found 'ver=1.9'
	same 'beta 1.9 h1' found 'ver=1.9&app_id=beta&host=h1'
	same '' found 'ver=1.9&app_id=beta&host=h2'
	same '' found 'host=h'
	same '' found 'app_id=Alpha'
	same '' found 'ver=1.'
}

@test "recv: filters are percent-decoded, name and value, and + is a blank" {
	start_recv
	fill
	same 'alpha 2.0~rc1 h 3/ü' found 'host=h+3/%c3%BC'
	same 'alpha 2.0~rc1 h 3/ü' found '%68%6fst=h%203%2fü'
	same $'alpha 2.0~rc1 h 3/ü' found 'v%65r=2.0~rc1'
	same 'h 3/ü' eval "rows 'host/?host=h+3%2F%C3%BC' | jq -r .host"
	[ "$(api host/h%203%2F%C3%BC)" = $'200\n{"host":"h 3/ü","last_update":"T","app_count":1}' ]
	[ "$(api host/h+3/%C3%BC)" = $'404\n{"error":"not known"}' ]
}

@test "recv: ver_lt, ver_le, ver_gt and ver_ge go by the order of versions" {
	start_recv
	fill
	same $'alpha 1.9 h1' found 'app_id=alpha&ver_lt=1.10'
	same $'alpha 1.10 h2\nalpha 1.9 h1' found 'app_id=alpha&ver_le=1.10'
	same $'alpha 2.0~rc1 h 3/ü' found 'app_id=alpha&ver_gt=1.10'
	same $'alpha 1.10 h2\nalpha 2.0~rc1 h 3/ü' found 'app_id=alpha&ver_ge=1.10'
	same $'alpha 1.10 h2' found 'app_id=alpha&ver_ge=1.10&ver_lt=2.0~rc1'
	same '' found 'app_id=alpha&ver_ge=2.0'
}

@test "recv: since finds what was heard of from then on" {
	start_recv
	now=$(date +%s)
	stored "$a"
	same 'alpha 1.0 h1' found "since=$now"
	same '' found "since=$((now + 3600))"
	same 'alpha 1.0 h1' found 'since=1h'
	same 'alpha' eval "rows 'app/?since=$now' | jq -r .app_id"
	same '' rows "host/?since=$((now + 3600))"
	same '' rows "history/?since=$((now + 3600))"
}

@test "recv: stale/ finds who was not heard of for so long" {
	start_recv
	stored "$a"
	same '' rows 'stale/'
	same '' rows 'stale/?older=1h'
	same "$A" rows 'stale/?older=0'
	wait_until same "$A" rows 'stale/?older=1'
	same '' rows 'stale/?older=0&app_id=beta'
}

@test "recv: pages: next is the cursor to go on from, and there is none at the end" {
	start_recv
	fill
	query='version/?limit=1' got=() after=
	for i in 1 2 3 4 5; do
		[ "$(api "$query&after=$after" | sed 1d |
		    tee "$BATS_TEST_TMPDIR/page" | jq '.data|length')" = 1 ]
		got+=("$(jq -r '.data[0]|.app_id+" "+.host' "$BATS_TEST_TMPDIR/page")")
		after=$(jq -r '.next // ""' "$BATS_TEST_TMPDIR/page")
		[ -n "$after" ] || break
	done
	[ "$i" = 4 ]
	[ "${got[*]}" = "alpha h 3/ü alpha h1 alpha h2 beta h1" ]
	# A page that ends with the last row is the last page.
	[ "$(api 'version/?limit=4' | sed 1d | jq .next)" = null ]
	[ "$(api 'version/?limit=3' | sed 1d | jq '.next|type')" = '"string"' ]
	for kind in app host history; do
		next=$(api "$kind/?limit=1" | sed 1d | jq -r .next)
		[ "$(rows "$kind/?limit=9&after=$next")" = \
		    "$(rows "$kind/" | sed 1d)" ]
	done
}

@test "recv: a cursor goes on where it was, also when rows came and went" {
	start_recv
	fill
	next=$(api 'version/?limit=2' | sed 1d | jq -r .next)
	stored '{"app":"Aaa","ver":"1","host":"h"}' \
	    '{"app":"Alpha","ver":"7","host":"h9"}'
	[ "$(found "after=$next")" = $'alpha 1.10 h2\nalpha 7 h9\nbeta 1.9 h1' ]
}

@test "recv: a malformed query is 400 and says what is wrong" {
	start_recv
	while IFS='|' read -r query words; do
		[ "$(api "$query")" = $'400\n{"error":"'"$words"'"}' ]
	done <<-'END'
		version/?hots=h1|hots: no such filter
		version/?Host=h1|Host: no such filter
		version/?host=%|a malformed query: no percent-encoded UTF-8
		version/?host=%4|a malformed query: no percent-encoded UTF-8
		version/?host=%zz|a malformed query: no percent-encoded UTF-8
		version/?host=%ff|a malformed query: no percent-encoded UTF-8
		version/?host=%ed%a0%80|a malformed query: no percent-encoded UTF-8
		version/?host=a%00b|a malformed query: no percent-encoded UTF-8
		version/?%00=a|a malformed query: no percent-encoded UTF-8
		version/?host=a&host=b|host: given twice
		version/?limit=0|limit: not a number from 1 to 4294967295
		version/?limit=-1|limit: not a number from 1 to 4294967295
		version/?limit=1e3|limit: not a number from 1 to 4294967295
		version/?limit=4294967296|limit: not a number from 1 to 4294967295
		version/?limit=99999999999999999999999|limit: not a number from 1 to 4294967295
		version/?after=x|after: not a cursor
		version/?after=00000000ab|after: the cursor of another question
		event/?app_id=a|app_id: makes no sense for events
		history/?older=1|older: makes no sense for history
		app/alpha?ver=1|one of them takes no filters
		host/%ff|a malformed path: no percent-encoded UTF-8
	END
	# Parameters for caches on the way pass.
	same $'200\n{"data":[]}' api 'version/?_=12345'
}

@test "recv: an unknown path is 404" {
	start_recv
	for path in / /api /api/v1 /api/v1/ /api/v1/nosuch/ /api/v1/version/x \
	    /api/v1/updates /api/v1/update /api/v2/version/ /api/v1/Version/ \
	    //api/v1/version/ /metrics/ /healthz/x /api/v1/_danger/clear/; do
		[ "$(ask "$path")" = $'404\n{"error":"no such path"}' ]
		[ "$(ask "$path" -X POST -d x)" = $'404\n{"error":"no such path"}' ]
	done
	[ "$(api app/nosuch)" = $'404\n{"error":"not known"}' ]
	[ "$(api host/nosuch)" = $'404\n{"error":"not known"}' ]
	[ "$(api "host/$(printf 'x%.0s' {1..900})")" = $'404\n{"error":"not known"}' ]
}

@test "recv: a wrong method is 405, with what is allowed" {
	start_recv -D
	for path in app/ host/ version/ history/ stale/ event/ app/a host/h \
	    debug/vars; do
		for method in POST PUT DELETE OPTIONS PATCH; do
			[ "$(api "$path" -X "$method")" = \
			    $'405 GET, HEAD\n{"error":"method not allowed"}' ]
		done
	done
	for path in update/ updates/ _danger/clear/; do
		for method in GET PUT DELETE; do
			[ "$(api "$path" -X "$method")" = \
			    $'405 POST\n{"error":"method not allowed"}' ]
		done
		[ "$(curl -sS -I "http://127.0.0.1:$port/api/v1/$path" |
		    tr -d '\r' | sed -n '1p;/^Allow/p')" = \
		    $'HTTP/1.1 405 Method Not Allowed\nAllow: POST' ]
	done
	for path in /metrics /healthz /debug/vars; do
		[ "$(ask "$path" -X POST)" = \
		    $'405 GET, HEAD\n{"error":"method not allowed"}' ]
	done
	# With a body, too; and it is not read as an update.
	[ "$(api version/ -d "$a")" = \
	    $'405 GET, HEAD\n{"error":"method not allowed"}' ]
	[ "$(rows version/)" = "" ]
}

@test "recv: HEAD is GET without the body" {
	start_recv
	stored "$a"
	for path in /api/v1/version/ /healthz /api/v1/app/alpha \
	    /api/v1/app/nosuch; do
		diff <(curl -sS -I "http://127.0.0.1:$port$path" |
		    grep -v '^Date') \
		    <(curl -sS -D - -o /dev/null "http://127.0.0.1:$port$path" |
		    grep -v '^Date')
		[ "$(printf 'HEAD %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' \
		    "$path" | exchange 127.0.0.1 | tr -d '\r' |
		    sed '1,/^$/d')" = "" ]
	done
}

@test "recv: a body over 1 MiB is 413, before and after it was sent" {
	start_recv
	big=$BATS_TEST_TMPDIR/big
	pad=$((1048576 - 39))
	{ printf '{"app":"Big","ver":"1","host":"h","x":"'
	    head -c "$pad" /dev/zero | tr '\0' x; } >"$big"
	printf '"}' >>"$big"
	[ "$(stat -c %s "$big")" -gt 1048576 ]
	for type in update/ updates/; do
		[ "$(post "$type" "@$big")" = \
		    $'413\n{"error":"the body is over 1 MiB"}' ]
		[ "$(api "$type" -H 'Transfer-Encoding: chunked' -H Expect: \
		    --data-binary "@$big")" = \
		    $'413\n{"error":"the body is over 1 MiB"}' ]
	done
	[ "$(api update/ -H 'Content-Length: 99999999999999999' -H Expect: \
	    -d '')" = $'413\n{"error":"the body is over 1 MiB"}' ]
	[ "$(rows version/)" = "" ]
	# Just as much is fine.
	{ printf '{"app":"Big","ver":"1","host":"h","x":"'
	    head -c $((pad - 2)) /dev/zero | tr '\0' x; printf '"}'; } >"$big"
	[ "$(stat -c %s "$big")" = 1048576 ]
	same $'200\n{}' post update/ "@$big"
	[ "$(rows version/ | jq -r .app)" = Big ]
}

@test "recv: a chunked body is a body" {
	start_recv
	printf '%s\r\n' 'POST /api/v1/update/ HTTP/1.1' 'Host: x' \
	    'Transfer-Encoding: chunked' 'Connection: close' '' \
	    a '{"app":"Al' 1D 'pha","ver":"1.0","host":"h1"}' 0 '' |
	    exchange 127.0.0.1 | tr -d '\r' | sed -n '1p;$p' \
	    >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = $'HTTP/1.1 200 OK\n{}' ]
	same "$A" rows version/
}

@test "recv: updates/ stores every line, blank ones passed over" {
	start_recv
	same $'200\n{}' post updates/ $'\n{"app":"Alpha","ver":"1","host":"h1"}\r\n \t\n{"app":"Alpha","ver":"2","host":"h2"}\n\n{"app":"Beta","ver":"3","host":"h1"}'
	[ "$(found '')" = $'alpha 1 h1\nalpha 2 h2\nbeta 3 h1' ]
	same $'200\n{}' post updates/ ''
	same $'200\n{}' post updates/ $'\n\n'
	# Of one record, the last line counts.
	same $'200\n{}' post updates/ $'{"app":"Alpha","ver":"8","host":"h1"}\n{"app":"Alpha","ver":"9","host":"h1"}'
	[ "$(found 'app_id=alpha&host=h1')" = "alpha 9 h1" ]
}

@test "recv: updates/ stores all or nothing, and names the bad line" {
	start_recv
	stored "$a"
	same $'415\n{"error":"line 4: ver is missing"}' post updates/ \
	    $'{"app":"Alpha","ver":"2","host":"h1"}\n\n{"app":"New","ver":"1","host":"h1"}\n{"app":"New"}\n{"app":"New2","ver":"1"}'
	same $'415\n{"error":"line 1: not valid JSON"}' post updates/ x
	same $'415\n{"error":"line 2: something follows the object"}' post updates/ \
	    "$a"$'\n'"$a$a"
	same "$A" rows version/
	counted updates_total 1
}

@test "recv: update/ wants one update: two, or none, are refused whole" {
	start_recv
	same $'415\n{"error":"something follows the object"}' post update/ \
	    "$a"$'\n'"$a"
	same $'415\n{"error":"the JSON ends too early"}' post update/ ''
	same '' rows version/
	# One may have newlines in it.
	same $'200\n{}' post update/ $'\n{\n"app":\n"Alpha",\r\n"ver": "1.0",\n"host":"h1"}\n\n'
	same "$A" rows version/
}

@test "recv: _danger/clear/ exists under -D only, and empties the store" {
	start_recv
	stored "$a"
	udp x
	[ "$(post _danger/clear/ '')" = $'404\n{"error":"no such path"}' ]
	same "$A" rows version/
	stop_recv
	start_recv -D
	same "$A" rows version/
	same $'200\n{}' post _danger/clear/ ''
	for path in app host version history stale event; do
		same $'200\n{"data":[]}' api "$path/"
	done
	counted records 0
	# What comes then is new, both ways, and the tables agree.
	stored "$a"
	udp '{"app":"Alpha","ver":"1.0","host":"h2"}'
	wait_until same $'alpha 1.0 h1\nalpha 1.0 h2' found ''
	[ "$(rows history/ | wc -l)" = 2 ]
	stop_recv
	run -0 partisci-query -d "$store" check
	[ "$output" = "" ]
}

@test "recv: debug/vars, in both places, and /metrics have the same counters" {
	start_recv
	stored "$a" "$a"
	post update/ x
	for path in /debug/vars /api/v1/debug/vars; do
		[ "$(ask "$path" | sed 1d |
		    jq -c '[.version,.updates_total,.heartbeats_total,.refused_total,.added_total,.records,.pid]')" = \
		    "[\"$(partisci-recv -V | cut -d' ' -f2)\",2,1,1,1,1,$recv]" ]
	done
	ask /metrics | sed 1d >"$BATS_TEST_TMPDIR/metrics"
	grep -x 'partisci_updates_total 2' "$BATS_TEST_TMPDIR/metrics"
	grep -x 'partisci_records 1' "$BATS_TEST_TMPDIR/metrics"
	grep -x "partisci_build_info{version=\"$(partisci-recv -V |
	    cut -d' ' -f2)\"} 1" "$BATS_TEST_TMPDIR/metrics"
	# Each has its help and its type, and nothing else is in there.
	[ "$(grep -cv '^#' "$BATS_TEST_TMPDIR/metrics")" = \
	    "$(grep -c '^# HELP partisci_' "$BATS_TEST_TMPDIR/metrics")" ]
	[ "$(grep -cEv '^(# HELP partisci_[a-z_]+ .*\.|# TYPE partisci_[a-z_]+ (counter|gauge)|partisci_[a-z_]+(\{[^}]*\})? [0-9]+)$' \
	    "$BATS_TEST_TMPDIR/metrics")" = 0 ]
	diff <(sed -nE 's/^partisci_([a-z_]+) .*/\1/p' "$BATS_TEST_TMPDIR/metrics" | sort) \
	    <(ask /debug/vars | sed 1d | jq -r 'keys[]' | grep -vE '^(version|pid)$' | sort)
	[[ "$(curl -s -o /dev/null -w '%{content_type}' \
	    "http://127.0.0.1:$port/metrics")" == "text/plain; version=0.0.4"* ]]
}

@test "recv: /healthz is well" {
	start_recv
	[ "$(ask /healthz)" = $'200\n{"status":"ok"}' ]
}

@test "recv: refused updates are events, by address, transport and reason" {
	start_recv
	post update/ '{"app":1,"ver":"1"}'
	post update/ '{"app":1,"ver":"1"}'
	post updates/ x
	udp '{"app":"a"}'
	wait_until counted refused_total 4
	stop_recv
	[ "$(partisci-query -d "$store" events | mask)" = \
	    '{"host":"127.0.0.1","module":"recv","object":"http","msg":"app is not a string","count":2,"first":"T","last":"T"}
{"host":"127.0.0.1","module":"recv","object":"http","msg":"not valid JSON","count":1,"first":"T","last":"T"}
{"host":"127.0.0.1","module":"recv","object":"udp","msg":"ver is missing","count":1,"first":"T","last":"T"}' ]
}

# --- datagrams ---

@test "recv: a datagram may hold several updates, and a bad line costs only itself" {
	start_recv
	udp $'{"app":"Alpha","ver":"1","host":"h1"}\n{"app":"Alpha"}\n\n{"app":"Alpha","ver":"2","host":"h2"}\r\nrubbish\n{"app":"Beta","ver":"3","host":"h3"}\n'
	wait_until same $'alpha 1 h1\nalpha 2 h2\nbeta 3 h3' found ''
	counted refused_total 2
	counted datagrams_total 1
}

@test "recv: a datagram may be one object over several lines" {
	start_recv
	udp "$(jq -n '{app:"Alpha",ver:"1.0",host:"h1"}')"
	udp "$(jq -n --indent 7 '{app:"Alpha",ver:"2",host:"h2"}')"$'\n'
	wait_until same $'alpha 1.0 h1\nalpha 2 h2' found ''
	counted refused_total 0
}

@test "recv: a datagram as large as there can be is read whole" {
	start_recv
	for i in {1..1400}; do
		echo "{\"app\":\"Many\",\"ver\":\"1\",\"host\":\"host-$((10000 + i))\"}"
	done >"$BATS_TEST_TMPDIR/many"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/many")" -gt 60000 ]
	udp "$(cat "$BATS_TEST_TMPDIR/many")"
	wait_until counted added_total 1400
	counted refused_total 0
	counted datagrams_total 1
}

@test "recv: bad datagrams neither stall nor end it, and one a second is logged" {
	start_recv
	for ((i = 0; i < 500; i++)); do
		printf '\xff\x00{' >"/dev/udp/127.0.0.1/$port"
	done
	python3 -c 'import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
    b"", ("127.0.0.1", int(sys.argv[1])))' "$port"
	udp "$a"
	wait_until same "$A" rows version/
	counted refused_total 501
	[ "$(grep -cv 'partisci-recv: 127.0.0.1: an update was refused: ' \
	    "$BATS_TEST_TMPDIR/partisci-recv.log")" = 0 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/partisci-recv.log")" -lt 30 ]
}

@test "recv: all are answered, however many are ready in the same moment" {
	start_recv
	run -0 python3 "$BATS_TEST_DIRNAME/ready.py" "$recv" "$port"
}

@test "recv: a version may change back and forth within one batch" {
	start_recv
	udp $'{"app":"Alpha","ver":"1","host":"h1"}\n{"app":"Alpha","ver":"2","host":"h1"}\n{"app":"Alpha","ver":"1","host":"h1"}\n{"app":"Alpha","ver":"2","host":"h1"}\n{"app":"Alpha","ver":"3","host":"h1"}'
	wait_until same 'alpha 3 h1' found ''
	udp $'{"app":"Alpha","ver":"4","host":"h1"}\n{"app":"Alpha","ver":"3","host":"h1"}'
	wait_until counted updates_total 7
	stored "$a"
	same 'alpha 1.0 h1' found ''
	stop_recv
	run -0 partisci-query -d "$store" check
	[ "$output" = "" ]
}

@test "recv: an answer of many records is all of them, as partisci-query has it" {
	"$B/t/bench/fill" "$store" 300 100
	start_recv
	curl -sS "http://127.0.0.1:$port/api/v1/version/" \
	    >"$BATS_TEST_TMPDIR/http"
	[ "$(jq '.data|length' "$BATS_TEST_TMPDIR/http")" = 30000 ]
	partisci-query -d "$store" -j versions | cmp - "$BATS_TEST_TMPDIR/http"
	counted records 30000
}

# --- trim ---

@test "recv: -t forgets what was not heard of, summaries too, but no history" {
	start_recv -t 3
	stored "$a" '{"app":"Beta","ver":"1","host":"h1"}' \
	    '{"app":"Alpha","ver":"2","host":"h2"}'
	forgotten() {
		# This one goes on being heard of.
		udp '{"app":"Alpha","ver":"2","host":"h2"}'
		[ "$(found '')" = 'alpha 2 h2' ]
	}
	wait_until forgotten
	counted trimmed_total 2
	counted records 1
	[ "$(rows app/)" = '{"app_id":"alpha","app":"Alpha","last_update":"T","host_count":1}' ]
	[ "$(rows host/)" = '{"host":"h2","last_update":"T","app_count":1}' ]
	[ "$(rows history/ | jq -r '[.app_id,.ver,.host]|join(" ")')" = \
	    $'alpha 1.0 h1\nalpha 2 h2\nbeta 1 h1' ]
	# Who comes back is new, and is seen at once.
	stored "$a"
	same $'alpha 1.0 h1\nalpha 2 h2' found ''
	counted added_total 4
	stop_recv
	run -0 partisci-query -d "$store" check
	[ "$output" = "" ]
}

@test "recv: -t forgets what is old in the store that it finds" {
	partisci-send -d "$store" -s '' -N h1 Alpha 1.0
	first=$(date +%s)
	while [ "$(date +%s)" -lt $((first + 3)) ]; do sleep 0.05; done
	start_recv -t 1
	wait_until same '' found ''
	[ "$(rows history/ | wc -l)" = 1 ]
	counted trimmed_total 1
}

@test "recv: without -t nothing is forgotten, and times outlive a restart" {
	start_recv
	stored "$a"
	first=$(date +%s)
	# A second more than is asked for: two clocks may differ by a tick.
	while [ "$(date +%s)" -lt $((first + 3)) ]; do sleep 0.05; done
	udp "$a"
	stop_recv
	[ "$(partisci-query -d "$store" -S $((first + 2)) versions | mask)" = "$A" ]
}

# --- privilege ---

# own_dir: sets $dir to a new directory that every user can reach.
own_dir() {
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	dir=$(mktemp -d "${TMPDIR:-/tmp}/recv.XXXXXX")
	chmod 755 "$dir"
}

teardown() {
	common_teardown
	[ -z "${dir-}" ] || rm -rf "$dir"
}

@test "recv: -u becomes that user, groups too, and makes the store his" {
	own_dir
	store=$dir/deep/store
	start_recv -u nobody
	stored "$a"
	field() { awk -v f="$1:" '$1 == f { $1 = ""; print substr($0, 2) }' \
	    "/proc/$recv/status"; }
	uid=$(id -u nobody) gid=$(id -g nobody)
	[ "$(field Uid)" = "$uid $uid $uid $uid" ]
	[ "$(field Gid)" = "$gid $gid $gid $gid" ]
	[ "$(field Groups)" = "$(id -G nobody)" ]
	[ "$(field NoNewPrivs)" = 1 ]
	for cap in CapInh CapPrm CapEff CapAmb; do
		[ "$(field $cap)" = 0000000000000000 ]
	done
	[ "$(stat -c '%a %u %g' "$store")" = "700 $uid $gid" ]
	for file in data.mdb lock.mdb recv.lock; do
		[ "$(stat -c '%a %u %g' "$store/$file")" = "600 $uid $gid" ]
	done
	[ "$(stat -c '%a %u' "$dir/deep")" = "755 0" ]
	stop_recv
	# And again, on a store that is there.
	start_recv --user nobody
	same "$A" rows version/
}

@test "recv: -u with a store of root's is refused in a sentence" {
	own_dir
	store=$dir/store
	partisci-send -d "$store" -s '' -N h1 Alpha 1.0
	run -2 --separate-stderr partisci-recv -d "$store" -p 0 -u nobody
	[ "$stderr" = "partisci-recv: $store: Permission denied" ]
}

@test "recv: -u by somebody who is not root is refused, unless it is himself" {
	own_dir
	run -2 --separate-stderr setpriv --reuid nobody --clear-groups \
	    "$(command -v partisci-recv)" -d "$dir/store" -p 0 -u root
	[ "$stderr" = "partisci-recv: -u root: Operation not permitted" ]
	[ ! -e "$dir/store" ]
	chown nobody "$dir"
	free_port
	start setpriv --reuid nobody --clear-groups \
	    "$(command -v partisci-recv)" -d "$dir/store" -p "$port" -u nobody
	wait_until listens "$port"
	stored "$a"
}

# --- service managers ---

@test "recv: tells the service manager when it is ready, and when it stops" {
	for how in '' -a; do
		free_port
		# shellcheck disable=SC2086	# none, or one
		start manager $how "$BATS_TEST_TMPDIR/told$how" \
		    partisci-recv -d "$store" -p "$port"
		wait_until grep -qx READY=1 "$BATS_TEST_TMPDIR/told$how"
		# Ready is ready: nothing to wait for.
		[ "$(ask /healthz)" = $'200\n{"status":"ok"}' ]
		recv=$pid
		stop_recv
		[ "$(cat "$BATS_TEST_TMPDIR/told$how")" = $'READY=1\nSTOPPING=1' ]
	done
}

@test "recv: takes over sockets from the service manager, and opens no other" {
	free_port
	start manager -p "$port" "$BATS_TEST_TMPDIR/told" \
	    partisci-recv -d "$store" -p 1 -v
	recv=$pid
	wait_until grep -qx READY=1 "$BATS_TEST_TMPDIR/told"
	grep -q "listening on port $port, 0 records" \
	    "$BATS_TEST_TMPDIR/manager.log"
	stored "$a"
	addr='[::1]' post update/ '{"app":"Alpha","ver":"2","host":"h2"}'
	udp '{"app":"Alpha","ver":"3","host":"h3"}'
	udp '{"app":"Alpha","ver":"4","host":"h4"}' ::1
	wait_until same $'alpha 1.0 h1\nalpha 2 h2\nalpha 3 h3\nalpha 4 h4' found ''
	stop_recv
}

@test "recv: a restart leaves the manager's sockets as they are" {
	# Without the right to enlarge a buffer, as under a unit.
	unpriv=()
	[ "$(id -u)" != 0 ] || unpriv=(setpriv --inh-caps=-net_admin
	    --bounding-set=-net_admin)
	run -0 "$BATS_TEST_DIRNAME/restart.py" "${unpriv[@]}" \
	    partisci-recv -d "$store"
	same "$(cat <<-END
		HTTP/1.1 200 OK
		buffer kept
		exit 0
		HTTP/1.1 200 OK
		between was heard
		exit 0
	END
	)" echo "$output"
}

@test "recv: sockets that are meant for another process are not taken" {
	free_port
	export LISTEN_PID=1 LISTEN_FDS=1
	start_recv
	stored "$a"
}

@test "recv: sockets that are none are refused in a sentence" {
	while IFS='|' read -r fds words; do
		run -2 --separate-stderr bash -c "LISTEN_PID=\$\$ LISTEN_FDS=$fds \
		    exec partisci-recv -d '$store' 3>&-"
		[ "$stderr" = "partisci-recv: $words" ]
	done <<-'END'
		0|LISTEN_FDS 0: too small
		17|LISTEN_FDS 17: too large
		x|LISTEN_FDS x: invalid
		1|inherited socket 3: Bad file descriptor
	END
	run -2 --separate-stderr bash -c "LISTEN_PID=\$\$ LISTEN_FDS=1 \
	    exec partisci-recv -d '$store' 3</dev/null"
	[ "$stderr" = "partisci-recv: inherited socket 3: Socket operation on non-socket" ]
	[ ! -e "$store" ]
}

# --- ends ---

@test "recv: SIGTERM, SIGINT and SIGHUP commit what was received, and exit 0" {
	n=0
	for signal in TERM INT HUP; do
		start_recv
		for ((i = 0; i < 5000; i++)); do
			echo "{\"app\":\"Many\",\"ver\":\"$signal\",\"host\":\"$signal-$i\"}"
		done | partisci-send -d '' -s 127.0.0.1 -p "$port" -
		kill -"$signal" "$recv"
		wait "$recv"
		n=$((n + 5000))
		[ "$(partisci-query -d "$store" versions | wc -l)" = "$n" ]
	done
	run -0 partisci-query -d "$store" check
	[ "$output" = "" ]
}

@test "recv: is killed without harm: what was answered is there" {
	start_recv
	stored "$a"
	kill -KILL "$recv"
	wait "$recv" || :
	[ "$(partisci-query -d "$store" versions | mask)" = "$A" ]
	start_recv
	same "$A" rows version/
}

@test "recv: a post of the same again is on disk, with its time, when answered" {
	start_recv
	stored "$a"
	first=$(date +%s)
	while [ "$(date +%s)" -lt $((first + 2)) ]; do sleep 0.05; done
	stored "$a"
	kill -KILL "$recv"
	wait "$recv" || :
	[ "$(partisci-query -d "$store" -S $((first + 2)) versions | mask)" = "$A" ]
	[ "$(partisci-query -d "$store" history | wc -l)" = 1 ]
}

@test "recv: a second one on the same store or port says so, and exits 2" {
	start_recv -l 127.0.0.1
	run -2 --separate-stderr partisci-recv -d "$store" -p 0
	[ "$output" = "" ]
	[ "$stderr" = "partisci-recv: $store: in use by another partisci-recv" ]
	run -2 --separate-stderr partisci-recv -d "$store.2" -p "$port" -l 127.0.0.1
	[ "$stderr" = "partisci-recv: 127.0.0.1 port $port: Address already in use" ]
	run -2 --separate-stderr partisci-recv -d "$store.2" -p "$port"
	[ "$stderr" = "partisci-recv: * port $port: Address already in use" ]
	[ ! -e "$store.2" ]
	# The first one did not notice.
	stored "$a"
	# And leaves the store to the next.
	kill -KILL "$recv"
	wait "$recv" || :
	start_recv
	same "$A" rows version/
}

# --- beside others ---

# local_send HOST APP VER: straight into the store.
local_send() { partisci-send -d "$store" -s '' -N "$@"; }

@test "recv: what another program writes into the store is seen at once" {
	start_recv
	local_send h1 Alpha 1.0
	same 'alpha 1.0 h1' found ''
	stored "$a"
	same 'alpha 1.0 h1' found ''
	[ "$(rows history/ | wc -l)" = 1 ]
	local_send h2 Alpha 5
	udp '{"app":"Alpha","ver":"5","host":"h2"}'
	udp '{"app":"Alpha","ver":"6","host":"h1"}'
	wait_until same $'alpha 6 h1\nalpha 5 h2' found ''
	stop_recv
	run -0 partisci-query -d "$store" check
	[ "$output" = "" ]
}

@test "recv: a post of what it remembers is stored though another changed it" {
	start_recv
	stored "$a"
	for i in 2 3 4 5 6; do
		local_send h1 Alpha "$i"
		same "alpha $i h1" found ''
		stored "$a"
		same 'alpha 1.0 h1' found ''
	done
	stop_recv
	run -0 partisci-query -d "$store" check
	[ "$output" = "" ]
}

@test "recv: a datagram of what it remembers counts though another changed it" {
	start_recv
	stored "$a"
	for i in 2 3 4 5 6; do
		local_send h1 Alpha "$i"
		same "alpha $i h1" found ''
		udp "$a"
		wait_until same 'alpha 1.0 h1' found ''
	done
}
