#!/usr/bin/env bats
# partisci-query, and the layer under it that a server asks as well.
# shellcheck disable=SC2154	# run sets output, stderr and so on
# shellcheck disable=SC2030,SC2031	# each test is a subshell

# shellcheck source=t/helper.bash
. "$BATS_TEST_DIRNAME/helper.bash"

# web2 is old; billing has moved on, once, on web1; two instances on web1.
setup() {
	common_setup
	now=$(date +%s)
	old=$((now - 172800))
	fill "$store" <<END
v	$old	Billing	1.2	web1	0	10.0.0.1
v	$((now - 60))	billing	1.10	web1	0	10.0.0.1
v	$((now - 50))	billing	1.10	web1	7	10.0.0.1
v	$old	billing	1.2	web2	0	10.0.0.2
v	$((now - 40))	billing	1.9~rc1	web3	0	10.0.0.3
v	$((now - 30))	Demo App/ü	1.2	web1	0	10.0.0.1
v	$((now - 20))	Demo App/ü	2.0	web3	0	10.0.0.3
v	$old	"quoted\\"	1.0	db 1	0	::1
e	$((now - 9))	web1	file	/etc/motd	changed	3
e	$old	web2	file	/etc/motd	changed	1
END
}

q() { partisci-query -d "$store" "$@"; }

# ids FIELD ... of what is asked: their values, a row a line.
rows() { jq -r '[.app_id, .ver, .host, .instance] | join(" ")'; }

refused() {
	run -2 --separate-stderr partisci-query -d "$store" "${@:2}"
	[ "$output" = "" ]
	[ "$stderr" = "partisci-query: $1" ]
}

@test "query: a version is printed whole, in the order of its fields" {
	run -0 q versions -a billing -H web2
	[ "$output" = '{"app_id":"billing","app":"billing","ver":"1.2","host":"web2","instance":0,"host_ip":"10.0.0.2","last_update":'"$old}" ]
}

@test "query: versions without a filter are all of them" {
	run -0 --separate-stderr q versions
	[ "${#lines[@]}" = 7 ]
	[ "$(rows <<<"$output")" = "_quoted__ 1.0 db 1 0
billing 1.10 web1 0
billing 1.10 web1 7
billing 1.2 web2 0
billing 1.9~rc1 web3 0
demo_app__ 1.2 web1 0
demo_app__ 2.0 web3 0" ]
}

@test "query: what needs an escape in JSON gets it" {
	run -0 q versions -H 'db 1'
	[ "$output" = '{"app_id":"_quoted__","app":"\"quoted\\\"","ver":"1.0","host":"db 1","instance":0,"host_ip":"::1","last_update":'"$old}" ]
}

@test "query: apps are counted by hosts, hosts by apps" {
	run -0 q apps
	[ "$output" = '{"app_id":"_quoted__","app":"\"quoted\\\"","last_update":'"$old"',"host_count":1}
{"app_id":"billing","app":"billing","last_update":'$((now - 40))',"host_count":3}
{"app_id":"demo_app__","app":"Demo App/ü","last_update":'$((now - 20))',"host_count":2}' ]
	run -0 q hosts
	[ "$output" = '{"host":"db 1","last_update":'"$old"',"app_count":1}
{"host":"web1","last_update":'$((now - 30))',"app_count":2}
{"host":"web2","last_update":'"$old"',"app_count":1}
{"host":"web3","last_update":'$((now - 20))',"app_count":2}' ]
}

@test "query: apps and hosts can be narrowed by each other and by versions" {
	app_ids() { q apps "$@" | jq -r .app_id | xargs; }
	host_names() { q hosts "$@" | jq -r .host | xargs; }
	[ "$(app_ids -H web3)" = "billing demo_app__" ]
	[ "$(app_ids -H web1 -r 1.2)" = demo_app__ ]
	[ "$(app_ids -r 1.2)" = "billing demo_app__" ]
	[ "$(app_ids -r '>=2')" = demo_app__ ]
	[ "$(app_ids -a billing)" = billing ]
	[ "$(app_ids -a billing -r 2.0)" = "" ]
	[ "$(app_ids -S 35s)" = demo_app__ ]
	[ "$(app_ids -o 1d)" = _quoted__ ]
	[ "$(host_names -a billing)" = "web1 web2 web3" ]
	[ "$(host_names -a billing -r '<1.9')" = "web2 web3" ]
	[ "$(host_names -r 1.2)" = "web1 web2" ]
	[ "$(host_names -H web1)" = web1 ]
	[ "$(host_names -H web1 -a billing)" = web1 ]
	[ "$(host_names -H web2 -r 2.0)" = "" ]
	[ "$(host_names -o 1d)" = "db 1 web2" ]
	[ "$(host_names -o 1d -a billing)" = web2 ]
}

@test "query: an app goes by its name or its id" {
	run -0 q versions -a 'Demo App/ü' -H web1
	[ "$output" = "$(q versions -a demo_app__ -H web1)" ]
	run -0 q versions --app 'DEMO app/Ü' --host web1
	[ "$output" = "$(q versions -a demo_app__ -H web1)" ]
}

@test "query: filters of versions combine freely" {
	[ "$(q versions -r 1.2 | rows)" = "billing 1.2 web2 0
demo_app__ 1.2 web1 0" ]
	[ "$(q versions -H web1 -r 1.2 | rows)" = "demo_app__ 1.2 web1 0" ]
	[ "$(q versions -H web1 -r 1.10 -S 55s | rows)" = "billing 1.10 web1 7" ]
	[ "$(q versions -a billing -H web1 | rows)" = "billing 1.10 web1 0
billing 1.10 web1 7" ]
	[ "$(q versions -a billing -o 1d | rows)" = "billing 1.2 web2 0" ]
	[ "$(q versions -a billing -r 1.10 -l 1 | rows)" = "billing 1.10 web1 0" ]
	[ "$(q versions -H web3 -a billing -r '<1.9' | rows)" = "billing 1.9~rc1 web3 0" ]
}

@test "query: comparisons follow Debian's order, and two make a range" {
	vers() { q versions "$@" | jq -r .ver | sort -u | xargs; }
	[ "$(vers -a billing -r '<1.9')" = "1.2 1.9~rc1" ]
	[ "$(vers -a billing -r '<= 1.9~rc1')" = "1.2 1.9~rc1" ]
	[ "$(vers -a billing -r '>1.9')" = 1.10 ]
	[ "$(vers -a billing --release '>=1.9~rc1')" = "1.10 1.9~rc1" ]
	[ "$(vers -a billing -r '>1.2' -r '<1.10')" = "1.9~rc1" ]
	[ "$(vers -a billing -r =1.2)" = 1.2 ]
	[ "$(vers -a billing -r 1.2.0)" = "" ]
	[ "$(vers -r '>=1.10')" = "1.10 2.0" ]
	[ "$(vers -r '>=1.10' -r 2.0)" = 2.0 ]
	[ "$(vers -r '>=1.10' -r 1.2)" = "" ]
}

@test "query: comparisons without an index give what a filter would" {
	for i in $(seq 300); do
		echo "v	$now	app $((i % 5))	1.$((i % 17))	h$((i % 40))	0	::1"
	done | fill "$store"
	q versions | jq -r 'select(.ver == "1.5") | [.app_id, .host] | join(" ")' |
	    sort >"$BATS_TEST_TMPDIR/filtered"
	q versions -r 1.5 | jq -r '[.app_id, .host] | join(" ")' | sort |
	    cmp - "$BATS_TEST_TMPDIR/filtered"
	q versions | jq -r 'select(.ver | test("^1[.](1[2-6])$")) | [.app_id, .host] | join(" ")' |
	    sort >"$BATS_TEST_TMPDIR/filtered"
	q versions -r '>=1.12' -r '<1.17' | jq -r '[.app_id, .host] | join(" ")' |
	    sort | cmp - "$BATS_TEST_TMPDIR/filtered"
}

@test "query: an empty filter matches all" {
	[ "$(q versions -a '' -H '' -r '' -S '' -o '' -l '')" = "$(q versions)" ]
}

@test "query: history has each change with its time, and since cuts it" {
	run -0 q history -a billing -H web1
	[ "$output" = '{"app_id":"billing","host":"web1","instance":0,"ver":"1.2","time":'"$old"'}
{"app_id":"billing","host":"web1","instance":0,"ver":"1.10","time":'$((now - 60))'}
{"app_id":"billing","host":"web1","instance":7,"ver":"1.10","time":'$((now - 50))'}' ]
	[ "$(q history -H web1 -S 24h | jq -r .ver | xargs)" = "1.10 1.10 1.2" ]
	[ "$(q history -r '<1.2' | jq -r .host)" = "db 1" ]
	[ "$(q history | wc -l)" = 8 ]
	[ "$(q history -l 3 | wc -l)" = 3 ]
}

@test "query: stale is a day unless said otherwise" {
	[ "$(q stale | rows)" = "_quoted__ 1.0 db 1 0
billing 1.2 web2 0" ]
	[ "$(q stale -a billing | rows)" = "billing 1.2 web2 0" ]
	[ "$(q stale -o 45s -a billing | rows)" = "billing 1.10 web1 0
billing 1.10 web1 7
billing 1.2 web2 0" ]
	[ "$(q stale -o 45 -a billing | wc -l)" = 3 ]
	[ "$(q stale -o $((now - 45)) -a billing | wc -l)" = 3 ]
	[ "$(q stale -o 0 | wc -l)" = 7 ]
	run -1 q stale -o 1w
}

@test "query: events of a host, and since a time" {
	run -0 q events -H web1
	[ "$output" = '{"host":"web1","module":"file","object":"/etc/motd","msg":"changed","count":3,"first":'$((now - 9))',"last":'$((now - 9))'}' ]
	[ "$(q events | jq -r .host | xargs)" = "web1 web2" ]
	[ "$(q events -S 1h | jq -r .host)" = web1 ]
}

@test "query: times are spans, epochs and dates with and without a zone" {
	at=$(date -u -d @$((now - 35)) +%Y-%m-%dT%H:%M:%S)
	hosts() { q versions "$@" | jq -r .app_id | xargs; }
	[ "$(hosts -S $((now - 35)))" = "demo_app__ demo_app__" ]
	[ "$(hosts --since "${at}Z")" = "demo_app__ demo_app__" ]
	[ "$(hosts -S "$at+00:00")" = "demo_app__ demo_app__" ]
	[ "$(hosts -S "${at/T/ }.5-0000")" = "demo_app__ demo_app__" ]
	[ "$(TZ=UTC hosts -S "$at")" = "demo_app__ demo_app__" ]
	[ "$(TZ=XXX-3 hosts -S "$(TZ=XXX-3 date -d @$((now - 35)) +%FT%T)")" = \
	    "demo_app__ demo_app__" ]
	[ "$(hosts -S 2w | wc -w)" = 7 ]
	[ "$(hosts -S 1970-01-02 | wc -w)" = 7 ]
	[ "$(hosts -S 30m | wc -w)" = 5 ]
	for bad in yesterday 24 2026-02-30 2026-13-01 2026-01-01T25:00 24hh 1.5h \
	    2026-01-01T 2026-01-01T10:00+1 99999999999999999999 -5m; do
		[ "$bad" != 24 ] || continue
		refused "-S $bad: neither a span like 24h or 7d, nor seconds since 1970, nor a date like 2026-01-31T10:00" \
		    versions "-S$bad"
	done
	refused "-S 1969-12-31T23:00Z: neither a span like 24h or 7d, nor seconds since 1970, nor a date like 2026-01-31T10:00" \
	    versions -S 1969-12-31T23:00Z
	refused "-S 2200-01-01: not between 1970 and 2106" versions -S 2200-01-01
	refused "-o 2100-01-01: a moment that is still to come" stale -o 2100-01-01
}

@test "query: a limit cuts, and one that is none is refused" {
	[ "$(q versions -l 3)" = "$(q versions | head -n 3)" ]
	[ "$(q versions --limit 100)" = "$(q versions)" ]
	for n in 0 x -1 1x 4294967296; do
		refused "-l $n: not a number from 1 to 4294967295" versions "-l$n"
	done
}

@test "query: no match is an answer, and exits 1 without a word" {
	for what in "versions -a nosuch" "versions -H nosuch" "apps -a nosuch" \
	    "hosts -H nosuch" "history -H nosuch" "events -H nosuch" \
	    "versions -a billing -r 9" "versions -r >9"; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr q $what
		[ "$output$stderr" = "" ]
		# shellcheck disable=SC2086
		run -1 --separate-stderr q -j $what
		[ "$output$stderr" = '{"data":[]}' ]
		# shellcheck disable=SC2086
		run -1 --separate-stderr q -t $what
		[ "$output$stderr" = "" ]
	done
	long=$(printf 'x%.0s' $(seq 600))
	run -1 q versions -a "$long"
	run -1 q versions -H "$long"
	run -1 q versions -a billing -r "$long"
	run -1 q history -H "$long"
}

@test "query: an empty store is no trouble" {
	fill "$store.empty" </dev/null
	for what in apps hosts versions history stale events; do
		run -1 --separate-stderr partisci-query -d "$store.empty" $what
		[ "$output$stderr" = "" ]
	done
	run -0 --separate-stderr partisci-query -d "$store.empty" check
	[ "$output$stderr" = "" ]
}

@test "query: -j is one document, with a cursor where it is cut" {
	q -j versions | jq -c '.data[]' | cmp - <(q versions)
	[ "$(q --json versions -l 7 | jq 'has("next")')" = false ]
	[ "$(q --json versions -l 6 | jq 'has("next")')" = true ]
	[ "$(q -j hosts -H web2)" = '{"data":[{"host":"web2","last_update":'"$old"',"app_count":1}]}' ]
}

@test "query: -t is a table" {
	TZ=UTC run -0 q -t hosts
	at() { date -u -d "@$1" '+%F %T'; }
	[ "$output" = "HOST  LAST_UPDATE          APP_COUNT
db 1  $(at "$old")  1
web1  $(at $((now - 30)))  2
web2  $(at "$old")  1
web3  $(at $((now - 20)))  2" ]
	TZ=UTC run -0 q --table versions -a demo_app__
	[ "$output" = "APP         VER  HOST  INSTANCE  HOST_IP   LAST_UPDATE
Demo App/ü  1.2  web1  0         10.0.0.1  $(at $((now - 30)))
Demo App/ü  2.0  web3  0         10.0.0.3  $(at $((now - 20)))" ]
	[ "$(q -t apps | head -n 1)" = "APP_ID      APP         LAST_UPDATE          HOST_COUNT" ]
	[ "$(q -t history | head -n 1)" = "TIME                 APP_ID      VER      HOST  INSTANCE" ]
	[ "$(q -t events | head -n 1)" = "LAST                 COUNT  HOST  MODULE  OBJECT     MSG" ]
	[ "$(q -t stale | wc -l)" = 3 ]
}

@test "query: a table cannot steer the terminal, and wide cells only push" {
	{
		printf 'v\t%s\tapp\t1\e[31m\th\t0\t::1\n' "$now"
		for i in $(seq 1100); do
			printf 'v\t%s\tb\t1\thost%s\t0\t::1\n' "$now" "$i"
		done
		printf 'v\t%s\tc\tlong-version\thost\t0\t::1\n' "$now"
	} | fill "$store.t"
	partisci-query -d "$store.t" -t versions >"$BATS_TEST_TMPDIR/table"
	[ "$(sed -n 2p "$BATS_TEST_TMPDIR/table" | cut -c 1-20)" = "app  1?[31m  h      " ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/table" | cut -c 1-25)" = "c    long-version  host  " ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/table")" = 1103 ]
}

@test "query: options may stand before and after the subject" {
	[ "$(partisci-query versions -d "$store" -a billing)" = "$(q versions -a billing)" ]
	[ "$(partisci-query -a billing versions --db="$store")" = "$(q versions -a billing)" ]
	[ "$(PARTISCI_DB=$store partisci-query versions)" = "$(q versions)" ]
	[ "$(q -s '' versions)" = "$(q versions)" ]
}

@test "query: a filter that makes no sense is refused" {
	refused "-o makes no sense for history" history -o 1h
	refused "-a makes no sense for events" events -a billing
	refused "-r makes no sense for events" events -r 1
	refused "-o makes no sense for events" events -o 1h
	for o in -a1 -H1 -j -l1 -o1 -r1 -S1 -t; do
		refused "${o:0:2} makes no sense for check" check "$o"
	done
	refused "-s makes no sense for check" check -s ''
	for o in -a1 -j -l1 -o1 -r1 -S1 -t; do
		refused "${o:0:2} makes no sense for facts" facts "$o"
	done
	refused "-a b: given twice" versions -a a -a b
	refused "-r <2: given twice" versions -r '<1' -r '<2'
	refused "-r <: no version given" versions -r '<'
	refused "-H $(printf '\xff'): not a text in UTF-8" versions -H $'\xff'
	refused "-j and -t: a document or a table, not both" versions -jt
	refused "-d and -s: ask a store or a server, not both" versions -s x
	refused "nosuch: not one of apps, hosts, versions, history, stale, events, runs, results, facts and check" nosuch
}

@test "query: a wrong call shows the usage, on stderr" {
	for call in "" "apps hosts" "-x apps" "--nosuch apps" "apps -a"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr partisci-query $call
		[ "$output" = "" ]
		[[ $stderr == *"usage: partisci-query [-hjtVv]"* ]]
	done
}

@test "query: a missing store is named, in one sentence" {
	run -2 --separate-stderr partisci-query -d "$store/nosuch" apps
	[ "$stderr" = "partisci-query: $store/nosuch: there is no store" ]
	mkdir "$store.empty"
	run -2 --separate-stderr partisci-query -d "$store.empty" check
	[ "$stderr" = "partisci-query: $store.empty: there is no store" ]
	printf 'not a store' >"$store.empty/data.mdb"
	run -2 --separate-stderr partisci-query -d "$store.empty" apps
	[ "$output" = "" ]
	[ "${#stderr_lines[@]}" = 1 ]
}

@test "query: output that cannot arrive is trouble" {
	for shape in "" -j -t; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr sh -c 'exec partisci-query "$@" >/dev/full' \
		    - -d "$store" $shape versions
		[ "$stderr" = "partisci-query: stdout: No space left on device" ]
	done
	for o in -h -V; do
		run -2 --separate-stderr sh -c "exec partisci-query $o >/dev/full"
		[ "$stderr" = "partisci-query: stdout: No space left on device" ]
	done
}

@test "query: a reader that has enough ends it quietly" {
	for i in $(seq 3000); do
		echo "v	$now	app	1	host$i	0	::1"
	done | fill "$store"
	q versions 2>"$BATS_TEST_TMPDIR/err" | head -n 1 >"$BATS_TEST_TMPDIR/out"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 1 ]
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "query: no transaction is open while printing" {
	for i in $(seq 4000); do
		echo "v	$now	app	1	host$i	0	::1"
	done | fill "$store"
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	exec 6<>"$BATS_TEST_TMPDIR/pipe"
	start partisci-query -d "$store" versions >"$BATS_TEST_TMPDIR/pipe"
	exec 5<"$BATS_TEST_TMPDIR/pipe" 6>&-
	wait_until grep -q pipe_write "/proc/$pid/wchan" ||
	    wait_until grep -q '^State:.S' "/proc/$pid/status"
	# The lock file's reader table: no slot may name a transaction.
	run -0 python3 - "$store/lock.mdb" "$pid" <<'END'
import struct, sys
table = open(sys.argv[1], "rb").read()
pid = int(sys.argv[2])
for at in range(64, len(table) - 15, 8):
    txn, owner = struct.unpack_from("<QI", table, at)
    if owner == pid and txn != 0xffffffffffffffff:
        print(at, txn)
END
	[ "$output" = "" ]
	[ "$(wc -l <&5)" = 4007 ]
	exec 5<&-
}

@test "query: check says nothing of a sound store, and counts with -v" {
	run -0 --separate-stderr q check
	[ "$output$stderr" = "" ]
	run -0 --separate-stderr q -v check
	[ "$output" = "" ]
	[ "$(head -n 5 <<<"$stderr")" = "versions 7
apps 3
hosts 4
history 8
events 2" ]
}

@test "query: -v tells how many rows there were" {
	run -0 --separate-stderr q -v versions -a billing
	[ "$stderr" = "rows 4" ]
}

# ---- the answers of a server, from the layer that both share

@test "rest: what is asked by URL is what is asked by options" {
	for pair in "app/|apps" "host/|hosts" "version/|versions" \
	    "history/|history" "stale/|stale" "event/|events" "version|versions" \
	    "version/?app_id=billing|versions;-a;billing" \
	    "version/?app_id=billing&host=web1|versions;-a;billing;-H;web1" \
	    "version/?ver=1.2&|versions;-r;1.2" "version/?&host=&ver=|versions" \
	    "version/?host=db+1|versions;-H;db 1" \
	    "version/?host=db%201|versions;-H;db 1" \
	    "version/?app_id=billing&ver_lt=1.9|versions;-a;billing;-r;<1.9" \
	    "version/?ver_ge=1.9%7erc1&ver_le=1.10|versions;-r;>=1.9~rc1;-r;<=1.10" \
	    "version/?ver_gt=1.2&_=7|versions;-r;>1.2" \
	    "version/?since=$((now - 35))|versions;-S;35s" \
	    "stale/?older=45|stale;-o;45" \
	    "history/?app_id=billing&host=web1|history;-a;billing;-H;web1" \
	    "app/?app_id=billing|apps;-a;billing" \
	    "host/?app_id=billing&ver=1.2|hosts;-a;billing;-r;1.2"; do
		IFS=';' read -ra args <<<"${pair#*|}"
		run -0 ask "$store" "${pair%%|*}"
		[ "$output" = "$(q -j "${args[@]}")" ]
		run -0 ask "$store" "${pair%%|*}" 1 lines
		[ "$output" = "$(q "${args[@]}")" ]
	done
}

@test "rest: an answer is the same in pieces of any size" {
	for about in 1 100 1000; do
		for path in app/ host/ version/ history/ event/ \
		    "version/?ver_ge=1.2" "host/?app_id=billing" "app/?ver=1.2"; do
			cmp <(ask "$store" "$path" $about) <(ask "$store" "$path")
		done
	done
}

@test "rest: one app or host is a bare object, or not found" {
	run -0 ask "$store" app/billing
	[ "$output" = "$(q apps -a billing)" ]
	run -0 ask "$store" host/db%201
	[ "$output" = "$(q hosts -H 'db 1')" ]
	for path in app/nosuch host/nosuch host/db+1 "app/$(printf 'x%.0s' $(seq 600))"; do
		run -4 ask "$store" "$path"
		[ "$output" = "404 not found" ]
	done
	for path in nosuch/ version/1 history/x / "" apps/; do
		run -4 ask "$store" "$path"
		[ "$output" = "404 no such path" ]
	done
}

@test "rest: what is malformed is refused with its reason" {
	while IFS='|' read -r path why; do
		run -4 ask "$store" "$path"
		[ "$output" = "400 $why" ] || { echo "$path: $output"; false; }
	done <<'END'
version/?host=%|a malformed query: no percent-encoded UTF-8
version/?host=%4|a malformed query: no percent-encoded UTF-8
version/?host=%zz|a malformed query: no percent-encoded UTF-8
version/?host=%ff|a malformed query: no percent-encoded UTF-8
version/?host=a%00|a malformed query: no percent-encoded UTF-8
version/?h%ffst=a|a malformed query: no percent-encoded UTF-8
app/%ff|a malformed path: no percent-encoded UTF-8
version/?hots=a|hots: no such filter
version/?=a|: no such filter
version/?host=a&host=b|host: given twice
version/?limit=0|limit: not a number from 1 to 4294967295
version/?limit=1e3|limit: not a number from 1 to 4294967295
version/?since=x|since: neither a span like 24h or 7d, nor seconds since 1970, nor a date like 2026-01-31T10:00
history/?older=7|older: makes no sense for history
event/?app_id=a|app_id: makes no sense for events
version/?after=zz|after: not a cursor
version/?after=0000000061|after: the cursor of another question
app/billing?limit=1|one of them takes no filters
END
}

# pages PATH QUERY LIMIT: all rows, asked for page by page.
pages() {
	local next='' doc

	while :; do
		doc=$(ask "$store" "$1?$2&limit=$3&after=$next") || return
		jq -c '.data[]' <<<"$doc"
		next=$(jq -r '.next // ""' <<<"$doc")
		[ -n "$next" ] || break
	done
}

@test "rest: pages put together are the whole" {
	for i in $(seq 60); do
		echo "v	$now	app $((i % 7))	1.$((i % 5))	h$((i % 11))	$((i % 3))	::1"
	done | fill "$store"
	for query in "version/|" "app/|" "host/|" "history/|" "event/|" "stale/|" \
	    "version/|app_id=app_1" "version/|host=h3" "version/|ver=1.2" \
	    "version/|app_id=app_1&ver_ge=1.2" "version/|ver_ge=1.2" \
	    "version/|app_id=app_2&host=h3" "app/|host=h3" "app/|ver=1.2" \
	    "app/|app_id=app_1" "host/|app_id=app_1" "host/|ver_ge=1.3" \
	    "host/|host=h3" "history/|app_id=app_1" "version/|since=1h"; do
		whole=$(ask "$store" "${query%|*}?${query#*|}" 9999 lines)
		[ "$whole" != "" ]
		for limit in 1 2 7 1000; do
			[ "$(pages "${query%|*}" "${query#*|}" $limit)" = "$whole" ]
		done
	done
}

@test "rest: a cursor belongs to its question" {
	next=$(ask "$store" "version/?app_id=billing&limit=1" | jq -r .next)
	run -0 ask "$store" "version/?app_id=billing&limit=9&after=$next"
	for path in "version/?after=$next" "history/?app_id=billing&after=$next" \
	    "version/?app_id=billing&host=web1&after=$next"; do
		run -4 ask "$store" "$path"
		[ "$output" = "400 after: the cursor of another question" ]
	done
}

# ---- asking a server

# serve: files below $BATS_TEST_TMPDIR/www as a server's answers; sets $server.
serve() {
	www=$BATS_TEST_TMPDIR/www
	mkdir -p "$www"
	start python3 "$BATS_TEST_DIRNAME/serve.py" "$BATS_TEST_TMPDIR/port" "$www"
	wait_until test -s "$BATS_TEST_TMPDIR/port"
	server=127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")
}

from_server() { partisci-query -s "$server" "$@"; }

@test "http: a document is cut into its rows, however it is written" {
	serve
	printf '%s' ' { "x" : [1, {"data":[{}]}, "]}"], "data" : [
	  { "host" : "a\"}]b\\" , "n":{"m":[-1.5e+3, true,
	  null, [] , {}]} } , {"b":"\u00e9 c"}
	] , "y":false,"next" : "ab" } ' >"$www/version"
	run -0 --separate-stderr from_server versions
	[ "$output" = '{"host":"a\"}]b\\","n":{"m":[-1.5e+3,true,null,[],{}]}}
{"b":"\u00e9 c"}' ]
	run -0 --separate-stderr from_server -j versions
	[ "$output" = '{"data":[{"host":"a\"}]b\\","n":{"m":[-1.5e+3,true,null,[],{}]}},{"b":"\u00e9 c"}],"next":"ab"}' ]
}

@test "http: no rows is an answer, and null is none" {
	serve
	for doc in '{"data":[]}' '{"data":null}' ' {"next":"","data" : [ ] }'; do
		echo "$doc" >"$www/app"
		run -1 --separate-stderr from_server apps
		[ "$output$stderr" = "" ]
		run -1 --separate-stderr from_server -j apps
		[ "$output$stderr" = '{"data":[]}' ]
		run -1 --separate-stderr from_server -t apps
		[ "$output$stderr" = "" ]
	done
}

@test "http: an answer that is none is trouble, whatever it is" {
	serve
	while IFS='|' read -r why doc; do
		printf '%b' "$doc" >"$www/app"
		run -2 --separate-stderr from_server apps
		[ "$stderr" = "partisci-query: $server: $why" ] ||
		    { echo "$doc: $stderr"; false; }
	done <<'END'
the answer is not that of a partisci server|{}
the answer is not that of a partisci server|[]
the answer is not that of a partisci server|"data"
the answer is not that of a partisci server|{"data":{}}
the answer is not that of a partisci server|{"data":"x"}
the answer is not that of a partisci server|{"data":7}
the answer is not that of a partisci server|{"data":[7]}
the answer is not that of a partisci server|{"data":[[]]}
the answer is not that of a partisci server|<html>
the answer is not JSON|{"data":[{"a":1,}]}
the answer is not JSON|{"data":[{"a":01}]}
the answer is not JSON|{"data":[{"a":nul}]}
the answer is not JSON|{"data":[{"a":"\\x"}]}
the answer is not JSON|{"data":[{"a":"\\u12g4"}]}
the answer is not JSON|{"data":[{"a":"\n"}]}
the answer is not JSON|{"data":[{"a":"\0377"}]}
the answer is not JSON|{"data":[{"a":1]]}
the answer is not JSON|{"data":[{a:1}]}
the answer is not JSON|{"data":[{"a" 1}]}
the answer is not JSON|{"data":[{"a":1}{}]}
the answer is not JSON|{"data":[{}]}}
the answer is not JSON|{"data":[]} x
the answer is cut short|{"data":[{"a":1},
the answer is cut short|
END
	{ printf '{"data":['; printf '[%.0s' $(seq 99); } >"$www/app"
	run -2 --separate-stderr from_server apps
	printf '{"data":[{"a":%s' "$(printf '[%.0s' $(seq 99))" >"$www/app"
	run -2 --separate-stderr from_server apps
	[ "$stderr" = "partisci-query: $server: the answer is nested too deep" ]
	printf '{"data":[{"a":"%070000d"}]}' 0 >"$www/app"
	run -2 --separate-stderr from_server apps
	[ "$stderr" = "partisci-query: $server: a row of the answer is too long" ]
}

@test "http: an answer that breaks off is trouble, after its rows" {
	serve
	echo '{"data":[{"a":1},{"a":2},' >"$www/app"
	touch "$www/app.cut"
	run -2 --separate-stderr from_server apps
	[ "$output" = '{"a":1}
{"a":2}' ]
	[ "${#stderr_lines[@]}" = 1 ]
}

@test "http: what a server says against it is told, harmlessly" {
	serve
	printf '{"error":"no \\"such\\" \\u001b[31m thing"}' >"$www/app"
	echo 400 >"$www/app.status"
	run -2 --separate-stderr from_server apps
	[ "$stderr" = "partisci-query: $server: no \"such\" ?[31m thing" ]
	run -2 --separate-stderr from_server hosts
	[ "$stderr" = "partisci-query: $server: answers with HTTP status 404" ]
}

@test "http: a first Partisci is asked only what it knows" {
	serve
	echo '{"data":[{"app_id":"a","app":"A","last_update":1,"host_count":2}]}' >"$www/app"
	cp "$www/app" "$www/version"
	run -0 from_server apps
	[ "$output" = '{"app_id":"a","app":"A","last_update":1,"host_count":2}' ]
	run -0 from_server versions -a A -H 'h 1/ü' -r 1.2
	[ "$(sort -u "$www/log")" = "/api/v1/app/
/api/v1/version/?app_id=a&host=h%201%2F%C3%BC&ver=1.2" ]
	for what in "versions -r <2" "versions -l 1" "versions -S 1h" history \
	    stale events "apps -a a" "hosts -a a"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr from_server $what
		[ "$output" = "" ]
		[ "$stderr" = "partisci-query: $server: this server knows no such question" ]
	done
	touch "$www/healthz"
	run -0 from_server apps -a a
}

@test "http: a server is a host, a port, or a URL" {
	serve
	echo '{"data":[{"a":1}]}' >"$www/app"
	port=${server#*:}
	for s in "127.0.0.1:$port" "http://127.0.0.1:$port" \
	    "http://127.0.0.1:$port/" "localhost:$port"; do
		run -0 partisci-query -s "$s" apps
		[ "$output" = '{"a":1}' ]
	done
	PARTISCI_PORT=$port run -0 partisci-query --server 127.0.0.1 apps
	run -0 partisci-query -s "http://127.0.0.1:$port/sub" apps
	grep -qx /sub/api/v1/app/ "$www/log"
}

@test "http: nobody there is said in one sentence" {
	free_port
	run -2 --separate-stderr partisci-query -s "127.0.0.1:$port" apps
	[ "$output" = "" ]
	[ "$stderr" = "partisci-query: 127.0.0.1:$port: Connection refused" ]
	run -2 --separate-stderr partisci-query -s "[::1]:$port" apps
	[ "$stderr" = "partisci-query: [::1]:$port: Connection refused" ]
	run -2 --separate-stderr partisci-query -s file:///etc/passwd apps
	[ "$stderr" = "partisci-query: file:///etc/passwd: not an http:// or https:// URL" ]
}

@test "http: output that cannot arrive is trouble, and a closed pipe the end" {
	serve
	{
		printf '{"data":[{"a":0}'
		printf ',{"a":%d}' $(seq 100000)
		printf ']}'
	} >"$www/app"
	[ "$(from_server apps | wc -l)" = 100001 ]
	from_server apps 2>"$BATS_TEST_TMPDIR/err" | head -n 1 >/dev/null
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	run -2 --separate-stderr sh -c "exec partisci-query -s $server apps >/dev/full"
	[ "$stderr" = "partisci-query: stdout: No space left on device" ]
}

@test "http: PARTISCI_SERVER is asked, but where the store is meant" {
	start_recv
	export PARTISCI_SERVER=127.0.0.1:$port
	run -0 partisci-query -v -a billing -H web2 versions
	[[ $output == *'"host":"web2"'* ]]
	# an option says otherwise, or the subject does
	run -0 partisci-query -s '' -d "$store" -H web2 hosts
	run -2 partisci-query -d "$BATS_TEST_TMPDIR/none" versions
	export PARTISCI_DB=$BATS_TEST_TMPDIR/none
	run -2 partisci-query -s '' versions
	run -0 partisci-query -a billing versions
	for subject in runs results facts check; do
		run -2 --separate-stderr partisci-query "$subject"
		[ "$stderr" = "partisci-query: $PARTISCI_DB: there is no store" ]
	done
	unset PARTISCI_SERVER
	run -2 partisci-query versions
}

@test "http: a server gives the very bytes that the store does" {
	start_recv --verbose
	compared=0
	while IFS=';' read -ra args; do
		for shape in "" -j -t; do
			run --separate-stderr q $shape "${args[@]}"
			[ "$status" -le 1 ]
			here=$status
			printf %s "$output" >"$BATS_TEST_TMPDIR/here"
			run --separate-stderr partisci-query -s "127.0.0.1:$port" \
			    $shape "${args[@]}"
			[ "$stderr" = "" ]
			[ "$status" = "$here" ]
			printf %s "$output" | cmp - "$BATS_TEST_TMPDIR/here"
			compared=$((compared + 1))
		done
	done <<'END'
apps
apps;-a;Demo App/ü
apps;-H;web1
apps;-r;<1.9
hosts
hosts;-H;db 1
hosts;-a;billing;-r;>=1.9
hosts;-o;1d
hosts;-l;2
versions
versions;-a;billing
versions;-a;billing;-H;web1
versions;-a;Demo App/ü;-r;1.2
versions;-H;db 1
versions;-r;1.2
versions;-r;>1.2;-r;<=1.10
versions;-a;billing;-S;24h;-l;2
versions;-a;nosuch
history
history;-H;web1;-S;24h
history;-a;nosuch
stale
stale;-o;1w
events
events;-H;web2
END
	[ "$compared" = 75 ]
	stop_recv
}

# ---- the manual

manual=$BATS_TEST_DIRNAME/../share/man/man1/partisci-query.1

@test "manual: the usage line is its SYNOPSIS, and -h has every option" {
	synopsis=$(mandoc -Tascii "$manual" | col -bx |
	    sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | sed '1d;$d' | xargs)
	run -0 partisci-query -h
	[ "$(sed '/^$/q' <<<"$output" | xargs)" = "usage: $synopsis" ]
	[ "$(sed -n 's/^  -\(.\), --\([a-z]*\).*/\1 \2/p' <<<"$output")" = \
	    "$(sed -n 's/^\.It Fl \(.\) .*Fl -\([a-z]*\).*/\1 \2/p' "$manual")" ]
	run -0 --separate-stderr partisci-query --help
	[ "$stderr" = "" ]
	run -0 partisci-query -V
	[[ $output =~ ^partisci-query\ [0-9.]+$ ]]
	[ "$(partisci-query --version)" = "$output" ]
}

@test "manual: its examples do what it says" {
	export PARTISCI_DB=$store
	mandoc -Tascii -O width=999 "$manual" | col -bx |
	    sed -n '/^EXAMPLES/,/^SEE/s/^ *\$ //p' >"$BATS_TEST_TMPDIR/examples"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/examples")" = 8 ]
	while read -r example; do
		echo "\$ $example"
		TZ=UTC bash -c "$example" </dev/null
	done <"$BATS_TEST_TMPDIR/examples" >"$BATS_TEST_TMPDIR/out"
	diff "$BATS_TEST_TMPDIR/out" - <<END
\$ partisci-query versions -a billing | jq -r .host
web1
web1
web2
web3
\$ partisci-query versions -a billing | jq -r .ver | sort | uniq -c
      2 1.10
      1 1.2
      1 1.9~rc1
\$ partisci-query versions -a billing -r 1.2 -l 1 >/dev/null && echo yes
yes
\$ partisci-query versions -a billing -r '<1.10' | jq -r .host
web2
web3
\$ partisci-query versions -a billing -H web1 | jq .last_update
$((now - 60))
$((now - 50))
\$ partisci-query -t apps -H web1
APP_ID      APP         LAST_UPDATE          HOST_COUNT
billing     billing     $(date -u -d @$((now - 40)) '+%F %T')  3
demo_app__  Demo App/ü  $(date -u -d @$((now - 20)) '+%F %T')  2
\$ partisci-query history -H web1 | jq -r '[.time, .app_id, .ver] | @tsv'
$old	billing	1.2
$((now - 60))	billing	1.10
$((now - 50))	billing	1.10
$((now - 30))	demo_app__	1.2
\$ partisci-query hosts -o 7d | jq -r .host
END
}

@test "query: closed descriptors are not taken for the store" {
	partisci-send -d "$store" -s '' -N h app 1
	run -2 --separate-stderr bash -c "partisci-query -d '$store' apps >&-"
	[ "$stderr" = "partisci-query: stdout: Bad file descriptor" ]
	run -2 bash -c "partisci-query -d '$store' nosuch 2>&-"
	run -0 --separate-stderr partisci-query -d "$store" check
	[ "$output$stderr" = "" ]
}
