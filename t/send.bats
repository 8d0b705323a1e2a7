#!/usr/bin/env bats
# partisci-send, against a server of the tests' own that shows what arrived.
# shellcheck disable=SC2016,SC2154	# sh -c has its own $; bats sets $stderr
load helper

setup() {
	common_setup
	export PARTISCI_DB=$store
	out=$BATS_TEST_TMPDIR/out
	log=$BATS_TEST_TMPDIR/log
	free_port
	export PARTISCI_PORT=$port
	udp=udp://127.0.0.1:$port
	http=http://127.0.0.1:$port
}

# stub [ARG ...]: start the server, as t/stub.py tells.
stub() {
	: >"$log"
	start "$BATS_TEST_DIRNAME/stub.py" "$port" "$out" "$log" "$@" \
	    3>&- >/dev/null
	stub=$pid
	wait_until test -s "$log"
}

stop_stub() {
	kill "$stub"
	wait "$stub" || :
}

send() { partisci-send -N h "$@"; }
has_lines() { [ "$(wc -l <"$2")" -ge "$1" ]; }
line() { printf '{"app":"%s","ver":"%s","host":"h","instance":0}\n' "$@"; }
# numbered N: updates with the versions 1 to N.
numbered() { seq "$1" | sed 's/.*/{"app":"a","ver":"&"}/'; }
numbered_out() {
	seq "$1" | sed 's/.*/{"app":"a","ver":"&","host":"h","instance":0}/'
}
# feed [ARG ...]: start it on what is then written to descriptor 7.
feed() {
	rm -f "$BATS_TEST_TMPDIR/fifo"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	start partisci-send -N h "$@" - <"$BATS_TEST_TMPDIR/fifo" 7>&-
	feeder=$pid
}
# fed: that was all of it.
fed() {
	exec 7>&-
	wait "$feeder"
}
# arrived TEXT: the server has got exactly this.
arrived() {
	wait_until has_lines "$(printf '%s\n' "$1" | wc -l)" "$out" || :
	diff <(printf '%s\n' "$1") "$out"
}
# The sanitizer needs address space, and keeps freed memory for a while.
has_asan() { nm "$(command -v partisci-send)" | grep -q __asan_init; }
as_root() { [ "$(id -u)" = 0 ] || skip 'only root can set this up'; }

@test "send: an update goes out by UDP, without a word" {
	stub
	run -0 --separate-stderr partisci-send -N web1 -i 3 'Demo "App"' 1.2~ü
	[ "$output$stderr" = "" ]
	arrived '{"app":"Demo \"App\"","ver":"1.2~ü","host":"web1","instance":3}'
	[ "$(cat "$log")" = "ready
udp 1" ]
}

@test "send: the long options are the short ones" {
	stub
	run -0 --separate-stderr env -u PARTISCI_PORT partisci-send \
	    --server=127.0.0.1 --port="$port" --name=web1 --instance=3 \
	    --timeout=5 --db="$store" --verbose a 1
	[ "$output" = "" ]
	[ "$stderr" = "partisci-send: $udp: 1 sent, 0 of them from the outbox" ]
	run -0 --separate-stderr partisci-send --http --name h a 2
	[ "$output$stderr" = "" ]
	arrived '{"app":"a","ver":"1","host":"web1","instance":3}
{"app":"a","ver":"2","host":"h","instance":0}'
	run -0 --separate-stderr partisci-send --noop --name= a 2
	[ "$output$stderr" = '{"app":"a","ver":"2","instance":0}' ]
}

@test "send: -n prints what would be sent, and sends nothing" {
	run -0 --separate-stderr send -n a 1
	[ "$output$stderr" = "$(line a 1)" ]
	run -0 --separate-stderr partisci-send -n a 1
	[ "$output$stderr" = "$(line a 1 | sed "s/\"h\"/\"$(uname -n)\"/")" ]
	run -0 --separate-stderr send -n -H -s http://nosuch.invalid a 1
	[ "$output$stderr" = "$(line a 1)" ]
	[ ! -e "$store" ]
}

@test "send: -N '' leaves the host to the server" {
	run -0 --separate-stderr partisci-send -n -N '' a 1
	[ "$output$stderr" = '{"app":"a","ver":"1","instance":0}' ]
}

@test "send: -h is the manual's synopsis and its options" {
	run -0 --separate-stderr partisci-send -h
	[ "$stderr" = "" ]
	help=$output
	diff <(sed -n 's/^usage: //; /^$/q; p' <<<"$help" | squeeze) \
	    <(manual partisci-send.1 |
	    sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | sed '1d;$d' | squeeze)
	options=$(sed -n 's/^  -\(.\), --\([a-z]*\).*/\1 \2/p' <<<"$help")
	diff <(echo "$options") <(manual partisci-send.1 |
	    sed -n 's/^     -\(.\)\( [a-z]*\)*, --\([a-z]*\).*/\1 \3/p')
	[ "$(run_help --help)" = "$help" ]
}
run_help() { partisci-send "$1"; }

@test "send: every option has a test" {
	partisci-send -h | sed -n 's/^  -\(.\), --\([a-z]*\).*/\1 \2/p' |
	while read -r letter long; do
		grep -Eq -- "(send|run_help|@|env) .*-[A-Za-z]*$letter( |$)" \
		    "$BATS_TEST_FILENAME" || { echo "-$letter"; false; }
		grep -q -- "--$long" "$BATS_TEST_FILENAME" ||
		    { echo "--$long"; false; }
	done
}

@test "send: -V is the version" {
	run -0 --separate-stderr partisci-send -V
	[[ $output =~ ^partisci-send\ [0-9.]+$ && $stderr = "" ]]
	[ "$(partisci-send --version)" = "$output" ]
}

@test "send: wrong usage is an error on stderr, and exits 2" {
	for args in '' 'a' 'a 1 2' '-x a 1' '--nosuch a 1' '- - -'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr partisci-send $args
		[ "$output" = "" ]
		[[ $stderr = *"usage: partisci-send "* ]]
		[[ $stderr != *"--db"* ]]
	done
}

@test "send: a bad value of an option is named" {
	bad() {
		local want=$1
		shift
		run -2 --separate-stderr partisci-send "$@" a 1
		[ "$output" = "" ]
		[ "$stderr" = "partisci-send: $want" ]
	}
	bad '-i -1: too small' -i -1
	bad '-i 65536: too large' -i 65536
	bad '-i 1.5: invalid' -i 1.5
	bad '-p 0: too small' -p 0
	bad '-p 65536: too large' -p 65536
	bad '-p http: invalid' -p http
	bad '-T 0: too small' -T 0
	bad '-T x: invalid' -T x
	fifty=$(printf 'x%.0s' {1..50})
	bad "-N ${fifty}x: host is longer than 50 characters" -N "${fifty}x"
	bad "-p 1: the port belongs into the URL, http://a" -p 1 -s http://a
	bad "-p 1: there is a port in a:2" -p 1 -s a:2
	bad "a x: invalid" -s a:x
	bad "::1 0: too small" -s '[::1]:0'
	bad "-H: the local store is not asked over HTTP" -H -s ''
	bad "-d '': there is neither a server nor a store" -d '' -s ''
	PARTISCI_PORT=x bad "\$PARTISCI_PORT x: invalid"
	run -0 partisci-send -n -N "$fifty" a 1
}

@test "send: an operand that breaks a rule is refused" {
	fifty=$(printf 'ü%.0s' {1..50})
	run -0 --separate-stderr send -n "$fifty" "$fifty"
	[ "$output" = "$(line "$fifty" "$fifty")" ]
	run -2 --separate-stderr send '' 1
	[ "$output$stderr" = "partisci-send: app is empty" ]
	run -2 --separate-stderr send a ''
	[ "$output$stderr" = "partisci-send: ver is empty" ]
	run -2 --separate-stderr send "x$fifty" 1
	[ "$output$stderr" = "partisci-send: app is longer than 50 characters" ]
	run -2 --separate-stderr send a "x$fifty"
	[ "$output$stderr" = "partisci-send: ver is longer than 50 characters" ]
	run -2 --separate-stderr send a $'\xff'
	[ "$output$stderr" = "partisci-send: not valid UTF-8" ]
	[ ! -e "$store" ]
}

@test "send: a bad line is named, the others are sent" {
	stub
	{
		line a 1
		echo
		printf ' \t\r\n'
		echo '{"app":"a"}'
		echo '{"ver":"1"}'
		echo '{"app":"","ver":"1"}'
		echo '{"app":"a","ver":""}'
		echo '{"app":1,"ver":"1"}'
		echo '{"app":"a","ver":null}'
		echo '{"app":"a","ver":"1","host":1}'
		echo '{"app":"a","ver":"1","instance":"0"}'
		echo '{"app":"a","ver":"1","instance":true}'
		echo '{"app":"a","ver":"1","instance":1.0}'
		echo '{"app":"a","ver":"1","instance":-1}'
		echo '{"app":"a","ver":"1","instance":65536}'
		echo "{\"app\":\"a\",\"ver\":\"$(printf 'x%.0s' {1..51})\"}"
		echo '[]'
		echo '{"app":"a","ver":"1"} x'
		printf '{"app":"a","ver":"\xff"}\n'
		printf '{"app":"a","ver":"\\u0000"}\n'
		printf '{"app":"a","ver":"1\0"}\n'
		echo '{"app":"a","ver":"1"'
		head -c 65537 /dev/zero | tr '\0' ' '
		echo
		printf '{"app":"b",%65000s"ver":"1","new":[]}\r\n' ''
		printf '{"app":"a","app":"c","ver":"1"}'
	} >"$BATS_TEST_TMPDIR/in"
	run -2 --separate-stderr send - <"$BATS_TEST_TMPDIR/in"
	[ "$output" = "" ]
	diff - <(printf '%s\n' "$stderr") <<-'END'
	partisci-send: line 4: ver is missing
	partisci-send: line 5: app is missing
	partisci-send: line 6: app is empty
	partisci-send: line 7: ver is empty
	partisci-send: line 8: app is not a string
	partisci-send: line 9: ver is not a string
	partisci-send: line 10: host is not a string
	partisci-send: line 11: instance is not an integer from 0 to 65535
	partisci-send: line 12: instance is not an integer from 0 to 65535
	partisci-send: line 13: instance is not an integer from 0 to 65535
	partisci-send: line 14: instance is not an integer from 0 to 65535
	partisci-send: line 15: instance is not an integer from 0 to 65535
	partisci-send: line 16: ver is longer than 50 characters
	partisci-send: line 17: not an object
	partisci-send: line 18: something follows the object
	partisci-send: line 19: not valid UTF-8
	partisci-send: line 20: a string holds a NUL
	partisci-send: line 21: not valid JSON
	partisci-send: line 22: the JSON ends too early
	partisci-send: line 23: longer than 65536 bytes
	END
	arrived "$(line a 1; line b 1; line c 1)"
}

@test "send: an endless line takes no memory" {
	native 'a limit on memory is one on that of qemu'
	has_asan && limit=unlimited || limit=50000
	run -2 --separate-stderr bash -c 'head -c 300000000 /dev/zero |
	    { ulimit -v "$1"; partisci-send -n -; }' - "$limit"
	[ "$output$stderr" = "partisci-send: line 1: longer than 65536 bytes" ]
}

@test "send: -i and -N fill in what a line leaves out, and only that" {
	run -0 --separate-stderr partisci-send -n -i 7 -N h - <<-'END'
	{"app":"a","ver":"1"}
	{"app":"a","ver":"1","host":"x","instance":0}
	{"app":"a","ver":"1","host":"","instance":2}
	END
	[ "$stderr" = "" ]
	diff - <(printf '%s\n' "$output") <<-'END'
	{"app":"a","ver":"1","host":"h","instance":7}
	{"app":"a","ver":"1","host":"x","instance":0}
	{"app":"a","ver":"1","host":"h","instance":2}
	END
}

@test "send: no input is nothing to do" {
	run -0 --separate-stderr send - </dev/null
	[ "$output$stderr" = "" ]
	[ ! -e "$store" ]
	run -2 --separate-stderr bash -c 'partisci-send - <&-'
	[ "$stderr" = "partisci-send: stdin: Bad file descriptor" ]
	run -2 --separate-stderr send - </
	[ "$stderr" = "partisci-send: stdin: Is a directory" ]
}

@test "send: what was read goes out when the input pauses" {
	stub
	for way in '' -H; do
		# shellcheck disable=SC2086	# $way may be none
		feed $way
		: >"$out"
		line a "1$way" >&7
		arrived "$(line a "1$way")"
		line b "2$way" >&7
		arrived "$(line a "1$way"; line b "2$way")"
		fed
	done
}

@test "send: the local store needs no server" {
	numbered 100 | send -s '' -
	run -0 --separate-stderr partisci-send -N '' -i 5 -s '' -d "$store" b 2
	[ "$output$stderr" = "" ]
	diff <(partisci-query versions | jq -r \
	    '[.app, .ver, .host, .instance, .host_ip] | join(" ")') - <<-'END'
	a 100 h 0 127.0.0.1
	b 2 127.0.0.1 5 127.0.0.1
	END
	[ "$(partisci-query history -a a | wc -l)" -ge 1 ]
	partisci-query check
	run -2 --separate-stderr send -s '' -d /dev/null/x a 1
	[ "$output$stderr" = "partisci-send: /dev/null/x: Not a directory" ]
	numbered 3 >"$BATS_TEST_TMPDIR/in"
	run -2 --separate-stderr send -s '' -d /dev/null/x - \
	    <"$BATS_TEST_TMPDIR/in"
	[ "$output$stderr" = "partisci-send: /dev/null/x: Not a directory;\
 nothing was sent from line 1 on" ]
}

@test "send: by IPv6, with and without brackets, over UDP and HTTP" {
	stub -6
	send -s ::1 a 1
	send -s '[::1]' a 2
	send -H -s ::1 a 3
	send -H -s '[::1]' a 4
	send -s "http://[::1]:$port/" a 5
	PARTISCI_PORT=1 send -s "[::1]:$port" a 6
	PARTISCI_PORT=1 send -H -s "[::1]:$port" a 7
	arrived "$(numbered_out 7)"
}

@test "send: a server may have its port with it" {
	stub
	PARTISCI_PORT=1 send -s "127.0.0.1:$port" a 1
	PARTISCI_SERVER=localhost:$port PARTISCI_PORT=1 send -H a 2
	arrived "$(numbered_out 2)"
}

@test "send: a name is tried with all its addresses" {
	as_root
	printf '%s\n' '::1 both' '127.0.0.1 both' >"$BATS_TEST_TMPDIR/hosts"
	both() {
		unshare -m sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' \
		    "$BATS_TEST_TMPDIR/hosts" partisci-send -N h "$@"
	}
	stub
	both -s both a 1
	arrived "$(line a 1)"
	stop_stub
	stub -6
	both -s both a 2
	PARTISCI_SERVER=both both -H a 3
	arrived "$(for i in 1 2 3; do line a $i; done)"
	[ ! -e "$store" ]
}

@test "send: a name without an address is kept for" {
	run -1 --separate-stderr send -s nosuch.invalid a 1
	[[ $stderr = "partisci-send: udp://nosuch.invalid:$port: "*"; kept for\
 later, 1 waiting in $store" && $output = "" ]]
	run -1 --separate-stderr send -T 5 -H -s nosuch.invalid a 1
	[[ $stderr = "partisci-send: http://nosuch.invalid:$port: "*"; kept for\
 later, 2 waiting in $store" && $output = "" ]]
}

@test "send: the search for an address ends with -T" {
	as_root
	echo 'nameserver 127.0.0.1' >"$BATS_TEST_TMPDIR/resolv.conf"
	run -1 --separate-stderr unshare -mn bash -c 'ip link set lo up &&
	    mount --bind "$1" /etc/resolv.conf &&
	    { python3 -c "import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((\"127.0.0.1\", 53))
print(flush=True)
time.sleep(60)" & } | { read -r _; SECONDS=0
	    partisci-send -T 1 -s slow.example.org a 1; rc=$?
	    [ "$SECONDS" -le 3 ] && exit "$rc"; }' \
	    - "$BATS_TEST_TMPDIR/resolv.conf"
	[ "$stderr" = "partisci-send: udp://slow.example.org:$port: Connection\
 timed out; kept for later, 1 waiting in $store" ]
}

@test "send: without a server it is kept, and delivered in order later" {
	for k in 1 2 3; do
		run -1 --separate-stderr send a "$k"
		[ "$output" = "" ]
		[ "$stderr" = "partisci-send: $udp: Connection refused; kept\
 for later, $k waiting in $store" ]
	done
	stub
	run -0 --separate-stderr send a 4
	[ "$output$stderr" = "" ]
	arrived "$(numbered_out 4)"
	send a 5
	arrived "$(numbered_out 5)"
}

@test "send: over HTTP, too, and not to another destination" {
	run -1 --separate-stderr send -H a 1
	[ "$stderr" = "partisci-send: $http: Connection refused; kept for\
 later, 1 waiting in $store" ]
	run -1 send a x
	stub
	run -0 --separate-stderr send -v -s "$http/" a 2
	[ "$stderr" = "partisci-send: $http: 2 sent, 1 of them from the\
 outbox" ]
	arrived "$(numbered_out 2)"
	: >"$out"
	send - </dev/null
	arrived "$(line a x)"
}

@test "send: many lines are kept and delivered in order" {
	numbered 5000 >"$BATS_TEST_TMPDIR/in"
	for way in '' -H; do
		run -1 --separate-stderr send $way - <"$BATS_TEST_TMPDIR/in"
		[[ $stderr = *": Connection refused; kept for later, 5000\
 waiting in $store" ]]
		stub
		: >"$out"
		run -0 --separate-stderr send $way a 5001
		[ "$output$stderr" = "" ]
		arrived "$(numbered_out 5001)"
		stop_stub
	done
}

@test "send: what a server takes before it fails is not sent again" {
	numbered 3 >"$BATS_TEST_TMPDIR/in"
	stub /api/v1/updates/=503
	run -1 --separate-stderr send -H - <"$BATS_TEST_TMPDIR/in"
	[ "$stderr" = "partisci-send: $http: the server answered 503: no\
 ?[31m503 today; kept for later, 3 waiting in $store" ]
	stop_stub
	stub /api/v1/updates/=404
	run -0 --separate-stderr send -H - <"$BATS_TEST_TMPDIR/in"
	arrived "$(numbered_out 3; numbered_out 3)"
}

@test "send: an older server gets them one by one, on one connection" {
	stub /api/v1/updates/=404
	numbered 3 | send -H -
	arrived "$(numbered_out 3)"
	diff - "$log" <<-'END'
	ready
	POST /api/v1/updates/ 3 0
	POST /api/v1/update/ 1 0
	POST /api/v1/update/ 1 0
	POST /api/v1/update/ 1 0
	END
}

@test "send: many go over one connection in few bodies" {
	stub
	numbered 20000 >"$BATS_TEST_TMPDIR/in"
	send -H - <"$BATS_TEST_TMPDIR/in"
	arrived "$(numbered_out 20000)"
	[ "$(grep -c '^POST /api/v1/updates/ [0-9]* 0$' "$log")" -le 6 ]
	[ "$(grep -vc '^POST /api/v1/updates/ [0-9]* 0$' "$log")" = 1 ]
}

@test "send: what the server refuses is reported and dropped" {
	stub /api/v1/updates/=415 /api/v1/update/=415
	run -2 --separate-stderr send -H a 1
	[ "$stderr" = "partisci-send: $http: $(line a 1): the server answered\
 415: no ?[31m415 today" ]
	numbered 2 >"$BATS_TEST_TMPDIR/in"
	run -2 --separate-stderr send -H - <"$BATS_TEST_TMPDIR/in"
	[ "$(wc -l <<<"$stderr")" = 2 ]
	[ ! -e "$store" ]
	stop_stub
	run -1 send -H a 1
	stub /api/v1/update/=400
	run -2 --separate-stderr send -H a 2
	[ "$(wc -l <<<"$stderr")" = 2 ]
	stop_stub
	stub
	send -H a 3
	arrived "$(line a 3)"
}

@test "send: any other answer than 200 is kept for" {
	n=0
	for code in 201 204 301 401 404 429 500 503 507; do
		stub /api/v1/update/=$code /api/v1/updates/=$code
		run -1 --separate-stderr send -H a 1
		[ "$stderr" = "partisci-send: $http: the server answered\
 $code$([ $code = 204 ] || echo ": no ?[31m$code today"); kept for\
 later, $((++n)) waiting in $store" ]
		stop_stub
	done
}

@test "send: a server that hangs, drips or drops does not hold us" {
	n=0
	for answer in hang drip drop; do
		stub /api/v1/update/=$answer /api/v1/updates/=$answer
		SECONDS=0
		run -1 --separate-stderr send -T 1 -H a 1
		[ "$SECONDS" -le 4 ]
		why='timed out'
		[ $answer != drop ] || why='Empty reply from server'
		[ "$stderr" = "partisci-send: $http: $why; kept for later,\
 $((++n)) waiting in $store" ]
		stop_stub
	done
}

@test "send: -d '' keeps nothing" {
	run -2 --separate-stderr send -d '' a 1
	[ "$output$stderr" = "partisci-send: $udp: Connection refused" ]
	numbered 3 >"$BATS_TEST_TMPDIR/in"
	run -2 --separate-stderr send -d '' - <"$BATS_TEST_TMPDIR/in"
	[ "$output$stderr" = "partisci-send: $udp: Connection refused; nothing\
 was sent from line 1 on" ]
	[ ! -e "$store" ]
}

@test "send: where it cannot be kept, that is said" {
	run -2 --separate-stderr send -d /dev/null/x a 1
	[ "$output$stderr" = "partisci-send: $udp: Connection refused; not kept\
 in /dev/null/x: Not a directory" ]
}

@test "send: no store is made or opened while all is well" {
	stub
	start strace -f -o "$BATS_TEST_TMPDIR/trace" partisci-send a 1
	wait "$pid"
	[ ! -e "$store" ]
	run -1 grep -E '/(data|lock)\.mdb.*= [0-9]|libcurl' "$BATS_TEST_TMPDIR/trace"
}

@test "send: libcurl is not loaded before it is needed" {
	run -1 bash -c "ldd '$(command -v partisci-send)' | grep curl"
}

@test "send: somebody else's store is left alone" {
	as_root
	run -1 send a 1
	chmod 755 "$store"
	dir=$(mktemp -d)
	started+=()
	chmod 755 "$dir"
	cp "$(command -v partisci-send)" "$dir"
	cp -r "$store" "$dir/store"
	chmod -R go+rX,go-w "$dir"
	nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		    "$dir/partisci-send" -d "$dir/store" -N h "$@"
	}
	run -2 --separate-stderr nobody a 2
	err=$stderr
	stub
	run -0 --separate-stderr nobody a 3
	rm -r "$dir"
	[[ $err = "partisci-send: $udp: Connection refused; not kept in\
 $dir/store: "* ]]
	[ "$output$stderr" = "" ]
	arrived "$(line a 3)"
}

@test "send: who cannot have the outbox keeps his behind the others'" {
	run -1 send a 1
	stub
	start flock "$store/outbox.lock" sleep 60
	wait_until locked
	run -1 --separate-stderr send -T 1 a 2
	[ "$stderr" = "partisci-send: $udp: another partisci-send delivers;\
 kept for later, 2 waiting in $store" ]
	pkill -P "$pid"
	wait_until send a 3
	arrived "$(numbered_out 3)"
}
locked() { ! flock -n "$store/outbox.lock" true; }

@test "send: two at once deliver what waits in order, and all of it" {
	numbered 3000 >"$BATS_TEST_TMPDIR/in"
	run -1 send -H - <"$BATS_TEST_TMPDIR/in"
	stub /api/v1/updates/=404
	pids=()
	for i in 1 2 3; do
		start partisci-send -N h -T 60 -H b "$i"
		pids+=("$pid")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	diff <(numbered_out 3000) <(head -n 3000 "$out")
	diff <(for i in 1 2 3; do line b $i; done) \
	    <(tail -n +3001 "$out" | sort)
}

@test "send: killed while it delivers, it loses nothing" {
	numbered 5000 >"$BATS_TEST_TMPDIR/in"
	run -1 send -H - <"$BATS_TEST_TMPDIR/in"
	stub /api/v1/updates/=404
	start partisci-send -N h -H b 1
	wait_until has_lines 100 "$out"
	kill -KILL "$pid"
	wait "$pid" || :
	send -H c 1
	diff <(numbered_out 5000; line c 1) <(awk '!seen[$0]++' "$out" |
	    grep -v '"app":"b"')
}

@test "send: a server that comes back while input lasts gets it all" {
	feed
	line a 1 >&7
	wait_until test -e "$store/data.mdb"
	stub
	i=2
	until has_lines 2 "$out"; do
		line a $((i++)) >&7
		sleep 0.5
		[ $i -lt 60 ]
	done
	fed
	arrived "$(numbered_out $((i - 1)))"
	[ ! -s "$BATS_TEST_TMPDIR/partisci-send.log" ]
}

@test "send: several lines share a datagram of at most 1232 bytes" {
	stub
	numbered 1000 | send -
	arrived "$(numbered_out 1000)"
	# 24 of the longest fit, of 47 to 50 bytes each.
	[ "$(sed -n 's/^udp //p' "$log" | sort -n | tail -n 1)" -le 26 ]
	[ "$(grep -c '^udp' "$log")" -le 50 ]
}

@test "send: of 100,000 updates over UDP none is lost" {
	native 'qemu passes on no questions about sockets'
	stub
	numbered 100000 >"$BATS_TEST_TMPDIR/in"
	run -0 --separate-stderr send - <"$BATS_TEST_TMPDIR/in"
	[ "$output$stderr" = "" ]
	wait_until has_lines 100000 "$out"
	numbered_out 100000 | cmp - "$out"
}

@test "send: partisci-recv gets all of 100,000, by each way" {
	seq 100000 | sed 's/.*/{"app":"a&","ver":"1"}/' >"$BATS_TEST_TMPDIR/in"
	start_recv
	for way in '' -H; do
		# shellcheck disable=SC2086
		partisci-send -N "udp$way" $way - <"$BATS_TEST_TMPDIR/in"
		here() {
			[ "$(partisci-query -H "udp$way" versions |
			    wc -l)" = 100000 ]
		}
		wait_until here
	done
	partisci-query check
	stop_recv
}

@test "send: what partisci-recv missed it gets when it is back" {
	start_recv
	send a 1
	stop_recv
	run -1 send a 2
	run -1 send -H a 3
	start_recv
	run -0 --separate-stderr send - </dev/null
	run -0 --separate-stderr send -H b 1
	[ "$output$stderr" = "" ]
	both() {
		[ "$(partisci-query versions | jq -r .ver | xargs)" = '3 1' ]
	}
	wait_until both
}

@test "send: closed descriptors are not taken for the store" {
	run -1 bash -c 'partisci-send -N h a 1 <&- >&- 2>&-'
	run -1 bash -c 'partisci-send -v -N h a 2 <&- >&- 2>&-'
	stub
	send a 3
	arrived "$(numbered_out 3)"
	partisci-query check
}

@test "send: a server that does not read for a while loses nothing" {
	native 'qemu passes on no questions about sockets'
	stub
	numbered 50000 >"$BATS_TEST_TMPDIR/in"
	kill -STOP "$stub"
	start partisci-send -N h - <"$BATS_TEST_TMPDIR/in"
	# It waits when half of the server's buffer is full.
	wait_until waits "$pid"
	kill -CONT "$stub"
	wait "$pid"
	wait_until has_lines 50000 "$out"
	numbered_out 50000 | cmp - "$out"
}
waits() { [ "$(ss -Huan "sport = :$port" | awk '{ print $2 }')" -gt 60000 ]; }

@test "send: a server that never reads is no server" {
	native 'qemu passes on no questions about sockets'
	stub
	numbered 50000 >"$BATS_TEST_TMPDIR/in"
	kill -STOP "$stub"
	run -1 --separate-stderr send -T 1 - <"$BATS_TEST_TMPDIR/in"
	[[ $stderr = "partisci-send: $udp: Connection timed out; kept for\
 later, "*" waiting in $store" ]]
	kill -CONT "$stub"
	send - </dev/null
	all() { [ "$(sort -u "$out" | wc -l)" = 50000 ]; }
	wait_until all
}

# peak ARG ...: kilobytes that send needed to pass its input through.
peak() {
	feed "${@:2}"
	: >"$out"
	numbered "$1" >&7
	wait_until has_lines "$1" "$out"
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$feeder/status"
	fed
}

@test "send: memory does not grow with the number of updates" {
	stub
	for way in '' -H; do
		# shellcheck disable=SC2086
		few=$(peak 1000 $way)
		# shellcheck disable=SC2086
		many=$(peak 100000 $way)
		[ -n "$few" ]
		echo "$way: $few kB for 1,000, $many kB for 100,000"
		has_asan && more=65536 || more=1024
		[ "$many" -le $((few + more)) ]
	done
}

@test "send: output that does not arrive is an error" {
	for args in '-n a 1' -h -V; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr bash -c 'partisci-send "$@" >/dev/full' \
		    - $args
		[ "$stderr" = "partisci-send: stdout: No space left on device" ]
		# shellcheck disable=SC2086
		run -2 --separate-stderr bash -c 'partisci-send "$@" >&-' - \
		    $args
		[ "$stderr" = "partisci-send: stdout: Bad file descriptor" ]
	done
	run -0 --separate-stderr bash -c 'yes "{\"app\":\"a\",\"ver\":\"1\"}" |
	    partisci-send -n -N h - | head -n 1'
	[ "$output$stderr" = "$(line a 1)" ]
}

@test "send: the manual's examples do what it says" {
	stub
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/dpkg-query" <<-'END'
	#!/bin/sh
	echo '{"app":"pkg","ver":"1"}'
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/dpkg-query"
	examples partisci-send.1 | sed 's/^\$ //' | grep -v '^{' |
	    grep -v '^partisci-query' |
	    sed 's/collector.example.org/127.0.0.1/' >"$BATS_TEST_TMPDIR/ex"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 --separate-stderr \
	    bash -e "$BATS_TEST_TMPDIR/ex"
	[ "$stderr" = "" ]
	[ "$output" = "$(examples partisci-send.1 | grep '^{')" ]
	me=$(uname -n)
	arrived '{"app":"billing","ver":"1.2.3","host":"'"$me"'","instance":0}
{"app":"pkg","ver":"1","host":"'"$me"'","instance":0}'
}
