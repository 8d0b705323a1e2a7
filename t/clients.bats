#!/usr/bin/env bats
# libpartisci, and the clients in share/clients: one contract.
# shellcheck disable=SC2016,SC2154	# sh -c has its own $; bats sets $stderr
load helper

clients=$BATS_TEST_DIRNAME/../share/clients

setup() {
	common_setup
	out=$BATS_TEST_TMPDIR/out
	log=$BATS_TEST_TMPDIR/log
	free_port
	export PARTISCI_PORT=$port PARTISCI_DB=$store
	me=$(uname -n)
	fifty=$(printf 'ü%.0s' {1..50})
}

# resolves_here NAME: to where the stub listens?  Debian has 127.0.1.1 for the
# name of a host, and a container may have nothing at all.
resolves_here() { [[ "$(getent ahostsv4 "$1")" = '127.0.0.1 '* ]]; }

# The five of them, each with the same arguments: APP VERSION.
c() { selfreport -w 5000 "$@" >/dev/null; }
sh() { "$clients/partisci.sh" "$@"; }
py() { python3 "$clients/partisci.py" "$@"; }
js() { node "$clients/partisci.js" "$@"; }
go() { "$BATS_FILE_TMPDIR/goreport" "$@"; }

setup_file() {
	local dir=$BATS_FILE_TMPDIR/go

	mkdir "$dir"
	cat >"$dir/main.go" <<-'END'
	package main

	import (
		"os"
		"time"

		"partisci"
	)

	func main() {
		if partisci.Report(os.Args[1], os.Args[2]) != nil ||
			!partisci.Wait(5*time.Second) {
			os.Exit(2)
		}
	}
	END
	printf '%s\n' 'module goreport' 'go 1.16' 'require partisci v0.0.0' \
	    "replace partisci => $BATS_TEST_DIRNAME/../share/clients/go" \
	    >"$dir/go.mod"
	(cd "$dir" && command go build -o ../goreport .)
}

stub() {
	: >"$log"
	start "$BATS_TEST_DIRNAME/stub.py" "$port" "$out" "$log" "$@"
	stub=$pid
	wait_until test -s "$log"
}
got() { [ "$(jq -cS . "$out")" = "$1" ]; }
# arrived UPDATE: just this, whatever the order of its keys.
arrived() {
	wait_until got "$1" || diff <(echo "$1") "$out"
	: >"$out"
}

@test "clients: each tells a running server" {
	start_recv
	for client in c sh py js go; do
		run -0 --separate-stderr "$client" "$client \"app\" ü" '1.2\3'
		[ "$output$stderr" = "" ]
	done
	asked() {
		partisci-query -s "http://127.0.0.1:$port" versions |
		    jq -r '"\(.app)|\(.ver)|\(.host)|\(.instance)"' | sort
	}
	want=$(for client in c go js py sh; do
		printf '%s "app" ü|1.2\\3|%s|0\n' "$client" "$me"
	done)
	all() { [ "$(asked)" = "$want" ]; }
	wait_until all
	stop_recv
}

@test "clients: what arrives is one update, to the byte" {
	stub
	for client in c sh py js go; do
		app=$'q"b\\t\tn\nü€😀'
		"$client" "$app" 1
		arrived '{"app":"q\"b\\t\tn\nü€😀","host":"'"$me"'","instance":0,"ver":"1"}'
		"$client" "$fifty" "$fifty"
		arrived '{"app":"'"$fifty"'","host":"'"$me"'","instance":0,"ver":"'"$fifty"'"}'
	done
}

@test "clients: what breaks a rule is not sent" {
	stub
	for client in c sh py js go; do
		for bad in '' "${fifty}x"; do
			run ! "$client" "$bad" 1
			run ! "$client" a "$bad"
		done
	done
	# A command line that is not UTF-8 does not reach JavaScript as it is.
	for client in c sh py go; do
		for bad in $'\xff' $'\xc0\x80' $'\xed\xa0\x80' $'\xe2\x82' \
		    $'\xf4\x90\x80\x80' $'\xf0\x80\x80\x80' $'\xe0\x80\x80'; do
			run ! "$client" "$bad" 1
		done
	done
	c last 1
	arrived '{"app":"last","host":"'"$me"'","instance":0,"ver":"1"}'
}

@test "clients: a server that is a name, or speaks IPv6" {
	stub
	for client in c sh py js go; do
		for server in localhost "$me" "127.0.0.1:$port"; do
			resolves_here "${server%:*}" || continue
			[[ $server = *:* ]] && p=1 || p=$port
			PARTISCI_PORT=$p PARTISCI_SERVER=$server "$client" a 1
			arrived '{"app":"a","host":"'"$me"'","instance":0,"ver":"1"}'
		done
	done
	kill "$stub"
	wait "$stub" || :
	stub -6
	for client in c sh py js go; do
		for server in ::1 '[::1]' "[::1]:$port"; do
			[[ $server = *]:* ]] && p=1 || p=$port
			PARTISCI_PORT=$p PARTISCI_SERVER=$server "$client" a 1
			arrived '{"app":"a","host":"'"$me"'","instance":0,"ver":"1"}'
		done
	done
}

@test "clients: no server, no route, no name: the caller goes on" {
	for client in c sh py js go; do
		for server in 127.0.0.1 255.255.255.255 nosuch.invalid \
		    127.0.0.1: 127.0.0.1:x '[' '[]' ']' : http://x 'a b' "$(printf 'x%.0s' {1..300})"; do
			PARTISCI_SERVER=$server run "$client" a 1
			echo "$client $server: $status $output"
			[[ $status -le 2 && $output = "" ]]
		done
		PARTISCI_PORT=99999 run "$client" a 1
		[[ $status -le 2 && $output = "" ]]
	done
}

@test "c: it says what went wrong, and leaves errno and descriptors alone" {
	run -1 selfreport a 1
	[ "$output" = ECONNREFUSED ]
	run -1 selfreport -n
	[ "$output" = EMFILE ]
	run -1 selfreport -S http://x a 1
	[ "$output" = EINVAL ]
	run -1 selfreport -P 0 a 1
	[ "$output" = EINVAL ]
	run -1 selfreport -P 7x a 1
	[ "$output" = EINVAL ]
	run -1 selfreport -i 65536 a 1
	[ "$output" = EINVAL ]
	run -1 selfreport -i -1 a 1
	[ "$output" = EINVAL ]
	run -1 selfreport -H "${fifty}x" a 1
	[ "$output" = EINVAL ]
}

@test "c: host, instance and server may be given" {
	stub
	run -0 selfreport -S 127.0.0.1 -P "$port" -H web1 -i 65535 a 1
	[ "$output" = ok ]
	arrived '{"app":"a","host":"web1","instance":65535,"ver":"1"}'
	PARTISCI_PORT=1 selfreport -P "$port" -H '' a 1
	arrived '{"app":"a","instance":0,"ver":"1"}'
}

@test "c: from many threads" {
	stub
	selfreport -m 8
	many() { [ "$(wc -l <"$out")" = 800 ]; }
	wait_until many
	diff <(jq -r '.app + " " + .ver' "$out" | sort) <(
		for t in {0..7}; do
			for ((k = 1; k <= 100; k++)); do
				echo "t$t $k"
			done
		done | sort)
}

@test "c: after fork, while a name is looked for" {
	stub
	resolves_here "$me" || skip 'the name of this host leads elsewhere'
	PARTISCI_SERVER=$me run -0 selfreport -f
	[ "$output" = ok ]
	three() { [ "$(jq -r .app "$out" | sort | xargs)" = \
	    'before child parent' ]; }
	wait_until three
}

@test "c: the shared library shows nothing but its calls" {
	run -0 nm -D --defined-only "$B/lib/libpartisci.so"
	[ "$(awk '{ print $3 }' <<<"$output" | sort | xargs)" = \
	    'partisci_report partisci_report_to partisci_wait' ]
	run -0 bash -c "ldd '$B/lib/libpartisci.so' | grep -v -e linux-vdso \
	    -e ld-linux -e libc.so -e libpthread -e san.so -e libm.so \
	    -e libgcc_s -e libstdc | wc -l"
	[ "$output" = 0 ]
}

@test "c: the header does for C++, and the manual's program is one" {
	stub
	manual partisci_report.3 | sed -n '/^EXAMPLES/,/^ERRORS/p' |
	    sed -n 's/^           //p' >"$BATS_TEST_TMPDIR/x.c"
	nm "$B/bin/partisci-send" | grep -q __asan_init &&
	    set -- -fsanitize=address,undefined
	for cc in cc c++; do
		cp "$BATS_TEST_TMPDIR/x.c" "$BATS_TEST_TMPDIR/x.$cc"
		"$cc" -Wall -Wextra -Werror "$@" \
		    -I"$BATS_TEST_DIRNAME/../lib/partisci" \
		    -o "$BATS_TEST_TMPDIR/x" \
		    "$BATS_TEST_TMPDIR/x.${cc/cc/c}" \
		    "$B/lib/libpartisci.a" -pthread
		"$BATS_TEST_TMPDIR/x"
		arrived '{"app":"billing","host":"'"$me"'","instance":0,"ver":"1.2.3"}'
	done
}

@test "sh: sourced, it neither ends nor changes the script" {
	stub
	run -0 --separate-stderr env -i PATH="$PATH" PARTISCI_PORT="$port" \
	    dash -euc '. "$1/partisci.sh"
	    app=mine
	    partisci_report
	    partisci_report a ""
	    partisci_report a 1 "" 65536
	    partisci_report a 1 "" 1x
	    partisci_report a 1 web1 7
	    echo "$app $-"' - "$clients"
	[ "$output" = 'mine ue' ]
	[ "$stderr" = 'usage: partisci.sh app version [host [instance]]
partisci.sh: not a valid update: a 
partisci.sh: not a valid update: a 1  65536
partisci.sh: not a valid update: a 1  1x' ]
	arrived '{"app":"a","host":"web1","instance":7,"ver":"1"}'
}

@test "sh: with whatever is there to send" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in od awk uname; do
		ln -s "$(command -v $tool)" "$BATS_TEST_TMPDIR/bin"
	done
	stub
	for tool in partisci-send bash socat nc curl; do
		command -v $tool || continue
		ln -s "$(command -v $tool)" "$BATS_TEST_TMPDIR/bin"
		PATH=$BATS_TEST_TMPDIR/bin /bin/sh "$clients/partisci.sh" \
		    a 1 web1
		arrived '{"app":"a","host":"web1","instance":0,"ver":"1"}'
		if [[ $tool = partisci-send || $tool = curl ]]; then
			PARTISCI_SERVER=http://127.0.0.1:$port \
			    PATH=$BATS_TEST_TMPDIR/bin \
			    /bin/sh "$clients/partisci.sh" a 1 web1
			arrived '{"app":"a","host":"web1","instance":0,"ver":"1"}'
		fi
		rm "$BATS_TEST_TMPDIR/bin/$tool"
	done
}

@test "py, js: wrong types are refused, and nothing is raised" {
	cd "$clients"
	PYTHONDONTWRITEBYTECODE=1 python3 - <<-'END'
	from partisci import report
	assert not any([report(None, "1"), report(1, "1"), report("a", b"1"),
	    report("a\0", "1"), report("\udc80", "1"), report("a", "1", 5),
	    report("a", "1", "h", True), report("a", "1", "h", "0"),
	    report("a", "1", "h", 1.0), report("a", "1", "h", -1),
	    report("a", "1", port="x"), report("a", "1", server=5)])
	END
	node - <<-'END'
	const { report } = require('./partisci.js');
	Promise.all([report(), report(1, '1'), report('a', null),
	    report('a\0', '1'), report('\udc80', '1'), report('a', '1', { host: 5 }),
	    report('a', '1', { instance: true }), report('a', '1', 5, 6),
	    report('a', '1', { instance: '0' }), report('a', '1', { instance: 1.5 }),
	    report('a', '1', { port: 'x' }), report('a', '1', { server: 5 })])
	    .then((all) => { process.exitCode = all.filter((ok) => ok).length - 1; });
	END
}

@test "go: it is as gofmt and vet want it" {
	cd "$clients/go"
	[ "$(gofmt -l .)" = "" ]
	command go vet ./...
}
