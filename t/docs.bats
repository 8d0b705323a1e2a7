#!/usr/bin/env bats
# What the manuals, the README and the completions say is so, and t/demo runs.
load helper

tools='p2-apply p2-facts p2-sign partisci-query partisci-recv partisci-send'
root=$BATS_TEST_DIRNAME/..
share=$root/share

page() { echo "$share"/man/man*/"$1".[1-9]; }

# text PAGE: the manual as one reads it, lines as long as they are.
text() { mandoc -T ascii -O width=500 "$(page "$1")" | col -bx; }

# section PAGE NAME: of the manual's text.
section() { text "$1" | sed -n "/^$2\$/,/^[A-Z]/{/^ /p}"; }

squeeze() {
	tr -s '[:space:]' ' ' | sed 's/^ //; s/ $//'
	echo
}

# same TEXT <EXPECTED
same() { diff -u --label expected --label seen - <(printf '%s\n' "$1"); }

# mask [SED-OPTION ...]: what depends on when and where this runs, columns of a
# table included.
mask() {
	sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}Z?/WHEN/g' \
	    -e "s/(^|[ \"])$(uname -n)([ \"\t?]|\$)/\1HERE\2/g" "$@" \
	    -e 's/  +/ /g'
}

# Each is "LETTER LONG", in the order in which they are listed.
help_options() {
	"$1" -h | sed -n 's/^  -\(.\), --\([a-z-]*\).*/\1 \2/p'
}
manual_options() {
	sed -n 's/^\.It Fl \(.\)\( Ar [a-z]*\)\{0,1\} , Fl -\([a-z-]*\).*/\1 \3/p' \
	    "$(page "$1")"
}

@test "docs: help and manual know the same options, sorted" {
	for tool in $tools; do
		same "$(help_options "$tool")" < <(manual_options "$tool")
		same "$(help_options "$tool")" < \
		    <(help_options "$tool" | sort -f -s -k 1,1)
	done
}

@test "docs: an option takes an argument if its manual says so" {
	for tool in $tools; do
		same "$("$tool" -h |
		    sed -n 's/^  -., --\([a-z-]*\) [^ ].*/\1/p')" < <(sed -n \
		    's/^\.It Fl . Ar [a-z]* , Fl -\([a-z-]*\) Ar .*/\1/p' \
		    "$(page "$tool")")
	done
}

@test "docs: the help of a tool fits a terminal" {
	for tool in $tools; do
		same "$("$tool" -h | grep -E '.{81}' || true)" <<<''
	done
}

@test "docs: the usage line is the SYNOPSIS" {
	for tool in $tools; do
		same "$("$tool" -h | sed '/^$/,$d; s/^usage: //' | squeeze)" < \
		    <(section "$tool" SYNOPSIS | squeeze)
	done
}

@test "docs: completions offer the options that the tools have" {
	for tool in $tools; do
		# shellcheck disable=SC2016	# for the shell that completes
		same "$(bash -c '. "$1"; COMP_WORDS=("$2" --); COMP_CWORD=1
		    "_${2/-/_}"; printf "%s\n" "${COMPREPLY[@]#--}"' bash \
		    "$share/bash-completion/completions/$tool" "$tool" |
		    sort)" < <(help_options "$tool" | cut -c 3- | sort)
		same "$(sed -n -e "/^ *local -a common/,/^ *)/p" \
		    -e "/^ *$tool)/,/;;/p" "$share/zsh/site-functions/_partisci" |
		    sed -n 's/.*{-\(.\),--\([a-z-]*\)}.*/\1 \2/p' |
		    { if [ "$tool" = p2-sign ]; then grep -v ' db$'; else cat; fi; } |
		    sort)" < \
		    <(help_options "$tool" | sort)
	done
}

@test "docs: completion of applications and hosts asks the store" {
	partisci-send -s '' -d "$store" -N web1 billing 1
	partisci-send -s '' -d "$store" -N web2 'Bill of Materials' 1
	partisci-send -s '' -d "$store" -N db1 postgres 1
	known() {
		# shellcheck source=/dev/null
		. "$share/bash-completion/completions/partisci-query"
		COMP_WORDS=(partisci-query versions "$@")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_partisci_query
		printf '%s\n' "${COMPREPLY[@]}"
	}
	PARTISCI_DB=$store run -0 known -a bil
	same "$output" <<-END
		bill_of_materials
		billing
	END
	run -0 known -d "$store" --host w
	same "$output" <<-END
		web1
		web2
	END
}

@test "docs: zsh can read its completion" {
	command -v zsh >/dev/null || skip 'there is no zsh'
	run -0 zsh -n "$share/zsh/site-functions/_partisci"
	[ "$output" = "" ]
}

@test "docs: manuals refer to manuals that exist" {
	local ref

	sed -n 's/^\.Xr \(partisci[a-z_-]*\) \([1-9]\).*/man\2\/\1.\2/p' \
	    "$share"/man/man*/* | sort -u | while read -r ref; do
		[ -f "$share/man/$ref" ] || { echo "no $ref"; exit 1; }
	done
	run -0 mandoc -T lint -W warning "$share"/man/man*/*
	[ "$output" = "" ]
}

@test "docs: each tool has a manual, a completion and a line in the README" {
	for tool in $tools; do
		[ -f "$(page "$tool")" ]
		[ -f "$share/bash-completion/completions/$tool" ]
		grep -q "^| \`$tool\`" "$root/README"
	done
	same "$(cd "$B/bin" && echo *)" <<<"$tools"
}

@test "docs: the README opens as partisci(7) does" {
	same "$(sed -n '5,/^## /{/^## /d;p}' "$root/README" | tr -d '`' |
	    squeeze)" < <(section partisci DESCRIPTION |
	    sed '/^     partisci-query/,$d; s/([17])//g' |
	    sed '/^     partisci-\(send\|recv\)/,$d' | squeeze)
}

@test "docs: the README names targets and directories that there are" {
	sed -n 's/^    make \([a-z-][a-z-]*\)  .*/\1/p' "$root/README" |
	    while read -r target; do
		make -C "$root" -n INSTALL_DEPS=: "$target" >/dev/null || exit 1
	done
	sed -n -e 's|^    \([a-z]*/\)  .*|\1|p' \
	    -e 's|^      \([a-z]*\)  .*|lib/\1|p' "$root/README" |
	    while read -r dir; do [ -d "$root/$dir" ] || exit 1; done
}

# examples: run the commands on stdin one after the other, and show what a
# terminal would.  The collector is on a port and has a store of its own.
examples() {
	local line

	free_port
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/cwd"
	cd "$BATS_TEST_TMPDIR/cwd" || return
	printf '#!/bin/sh\necho "%s"\n' \
	    '{\"app\":\"openssl\",\"ver\":\"3.0.11-1~deb12u2\"}' \
	    >"$BATS_TEST_TMPDIR/bin/dpkg-query"
	chmod +x "$BATS_TEST_TMPDIR/bin/dpkg-query"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export PARTISCI_PORT=$port
	sed -e "s/7777/$port/; s|/tmp/partisci|$store|" \
	    -e "s/collector.example.org/127.0.0.1/" >"$BATS_TEST_TMPDIR/lines"
	while IFS= read -r line <&9; do
		echo "\$ $line"
		case $line in
		partisci-recv*)
			eval "start ${line%&} -p $port"
			wait_until listens "$port"
			;;
		*)
			eval "$line" 2>&1 9<&- || echo "status $?"
			;;
		esac
		# What went by UDP takes a moment.
		case $line in
		*'partisci-send -')
			wait_until partisci-query -s localhost apps -a openssl
			;;
		'partisci-send billing 1.9.2')
			wait_until partisci-query -s localhost apps -a billing
			;;
		esac
	done 9<"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/seen"
	# shellcheck disable=SC2034	# the caller looks at it
	seen=$(mask -e "s/\<$port\>/7777/g; s|$store|/tmp/partisci|g" \
	    <"$BATS_TEST_TMPDIR/seen")
}

# What stands behind "$ " in a page's EXAMPLES, each command in one line.
page_examples() {
	section "$1" EXAMPLES | sed -n '/^ *\$ /{
		:more
		/\(|\|&&\|;\)$/{
			N
			s/\n */ /
			b more
		}
		s/^ *\$ //p
	}'
}

@test "docs: the examples of partisci(7) do what they say" {
	examples < <(page_examples partisci)
	same "$seen" <<-'END'
		$ export PARTISCI_DB=/tmp/partisci
		$ partisci-recv -p 7777 &
		$ partisci-send -H -N web1 billing 1.9.2
		$ partisci-send -H -N web2 billing 1.10.0
		$ partisci-send -H -N web2 -i 1 billing 1.9.2
		$ dpkg-query -W -f '{"app":"${Package}","ver":"${Version}"}\n' | partisci-send -
		$ partisci-query hosts -a billing | jq -r .host
		web1
		web2
		$ partisci-query versions -a billing | jq -r .ver | sort | uniq -c
		 1 1.10.0
		 2 1.9.2
		$ partisci-query versions -a billing -r 1.9.2 -l 1 >/dev/null && echo yes
		yes
		$ partisci-query hosts -a billing -r 1.9.2 | jq -r .host
		web1
		web2
		$ partisci-query hosts -a billing -r '<1.10' | jq -r .host
		web1
		web2
		$ partisci-query apps -a billing | jq '.last_update | todate'
		"WHEN"
		$ partisci-query versions -a billing -H web1 | jq '.last_update | todate'
		"WHEN"
		$ partisci-query -t versions -H web2
		APP VER HOST INSTANCE HOST_IP LAST_UPDATE
		billing 1.10.0 web2 0 127.0.0.1 WHEN
		billing 1.9.2 web2 1 127.0.0.1 WHEN
		$ partisci-query -t history -H web2
		TIME APP_ID VER HOST INSTANCE
		WHEN billing 1.10.0 web2 0
		WHEN billing 1.9.2 web2 1
		$ partisci-query versions -a openssl -r '<3.0.15-1~deb12u1' | jq -r '[.host, .ver] | @tsv'
		HERE	3.0.11-1~deb12u2
		$ partisci-query -s 127.0.0.1 -t hosts -a billing
		HOST LAST_UPDATE APP_COUNT
		web1 WHEN 1
		web2 WHEN 1
		$ partisci-send -H -N web1 billing 1.10.0
		$ partisci-send -H -N web2 -i 1 billing 1.10.0
		$ while partisci-query versions -a billing -r '<1.10' >/dev/null; do sleep 10; done
	END
}

@test "docs: the examples of partisci-recv(8) do what they say" {
	examples < <(page_examples partisci-recv)
	same "$seen" <<-'END'
		$ partisci-recv -v -l 127.0.0.1 -p 7777 -d /tmp/partisci &
		$ api=http://127.0.0.1:7777/api/v1
		$ update='{"app":"billing","ver":"1.9","host":"web1"}'
		$ curl -s -d "$update" $api/update/
		{}
		$ curl -s $api/app/billing | jq .host_count
		1
		$ curl -s "$api/version/?app_id=billing&ver_lt=1.10" | jq -r '.data[].host'
		web1
		$ partisci-send -n -N web2 billing 1.10 >updates
		$ curl -s --data-binary @updates $api/updates/
		{}
		$ curl -s http://127.0.0.1:7777/metrics | grep -E '^partisci_(kernel_drops|dropped)'
		partisci_dropped_total 0
		partisci_kernel_drops_total 0
	END
}

@test "docs: the README's first five minutes go as it says" {
	examples < <(sed -n 's/^    \$ //p' "$root/README" |
	    grep -v '^\(sudo \)\{0,1\}make')
	same "$seen" <<-'END'
		$ partisci-recv -v -d /tmp/partisci
		$ partisci-send billing 1.9.2
		$ partisci-send -H -N web1 billing 1.10.0
		$ dpkg-query -W -f '{"app":"${Package}","ver":"${Version}"}\n' | partisci-send -
		$ partisci-query -s localhost -t versions -a billing -r '<1.10'
		APP VER HOST INSTANCE HOST_IP LAST_UPDATE
		billing 1.9.2 HERE 0 127.0.0.1 WHEN
		$ partisci-query -s localhost versions -a billing -r '>=1.10' | jq -r .host
		web1
		$ partisci-query -s localhost hosts -a openssl | jq -r .host
		HERE
		$ curl -s 'http://localhost:7777/api/v1/app/' | jq -r '.data[].app'
		billing
		openssl
	END
}

# The one line of the README's table for that file.
one_line() { sed -n "s,^| \`$1\` *| \`\(.*\)\` *|\$,\1,p" "$root/README"; }

@test "docs: the README's line for each language reports" {
	start_recv
	export PARTISCI_PORT=$port
	cd "$share/clients" || return
	while read -r file command; do
		# shellcheck disable=SC2086	# a command is words
		$command "$(one_line "$file" | sed "s/billing/$file/")" <&-
		wait_until partisci-query -d "$store" versions -a "$file" \
		    -r 1.10.0
	done <<-END
		partisci.sh sh -c
		partisci.py python3 -B -c
		partisci.js node -e
	END
	# Go has to be compiled first, and t/clients.bats does.
	[ "$(one_line go/partisci.go)" = 'partisci.Report("billing", "1.10.0")' ]
	grep -qx 'func Report(app, ver string) .*{' go/partisci.go
}

nothing_left() {
	local port

	port=$(sed -n 's/.*PARTISCI_PORT=//p' "$1")
	[ -n "$port" ]
	! listens "$port"
	[ "$(ls -A "$BATS_TEST_TMPDIR/tmp")" = "" ]
}

@test "docs: the demo asks its questions, and leaves nothing behind" {
	local out=$BATS_TEST_TMPDIR/out packages port ver

	command -v dpkg-query >/dev/null || skip 'this is not Debian'
	mkdir "$BATS_TEST_TMPDIR/tmp"
	TMPDIR=$BATS_TEST_TMPDIR/tmp "$root/t/demo" "$B/bin" >"$out" 2>&1 <&-
	nothing_left "$out"
	port=$(sed -n 's/.*PARTISCI_PORT=//p' "$out")
	ver=$(dpkg-query -W -f '${Version}' bash | sed 's/[.+]/\\&/g')
	packages=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
	    sed -n 's/^installed //p' | tr -c '0-9a-z\n' _ | sort -u | wc -l)
	# The host's place among the others depends on its name.
	mask -e "s/\<$port\>/7777/g; s|$BATS_TEST_TMPDIR/tmp/tmp[^']*|TMP|" \
	    -e "s/$ver/NEW/g; s/\<[0-9]{10}\>/TIME/; s/\<$packages\>/MANY/" \
	    -e '/^# What is on/,/^\$ .*wc -l/{/ WHEN$/s/.*/PACKAGE/}' \
	    "$out" >"$out.masked"
	same "$(LC_ALL=C sort "$out.masked")" < <(LC_ALL=C sort <<-'END'

		# A server, with a store of its own:
		$ cd 'TMP'
		$ export PARTISCI_DB=store
		$ partisci-recv -v -l 127.0.0.1 -p 0 2>log &
		$ cat log
		partisci-recv: listening on port 7777, 0 records
		$ export PARTISCI_PORT=7777

		# Every package of this host, by UDP:
		$ dpkg-query -W -f '{"app":"${Package}","ver":"${Version}","is":"${db:Status-Status}"}\n' |
		 jq -c 'select(.is == "installed") | map_values(.[:50])' | partisci-send -
		$ partisci-query hosts
		{"host":"HERE","last_update":TIME,"app_count":MANY}

		# Some more hosts, by HTTP, which is answered when it is on disk:
		$ partisci-send -H -N web1 bash NEW
		$ partisci-send -H -N web2 bash 5.0-4
		$ curl -s -d '{"app":"bash","ver":"5.0-4","host":"web3"}' http://127.0.0.1:7777/api/v1/update/
		{}

		# On which hosts is bash?
		$ partisci-query versions -a bash | jq -r .host
		HERE
		web1
		web2
		web3

		# Which versions of it are active?
		$ partisci-query versions -a bash | jq -r .ver | sort | uniq -c
		 2 5.0-4
		 2 NEW

		# Is 5.0-4 still active anywhere?
		$ partisci-query versions -a bash -r 5.0-4 -l 1 >/dev/null && echo yes
		yes

		# Which hosts run it, or anything before NEW?
		$ partisci-query versions -a bash -r 5.0-4 | jq -r .host
		web2
		web3
		$ partisci-query -t versions -a bash -r '<NEW'
		APP VER HOST INSTANCE HOST_IP LAST_UPDATE
		bash 5.0-4 web2 0 127.0.0.1 WHEN
		bash 5.0-4 web3 0 127.0.0.1 WHEN

		# When did bash last update; and when from web2?
		$ curl -s http://127.0.0.1:7777/api/v1/app/bash | jq -r '.last_update | todate'
		WHEN
		$ partisci-query versions -a bash -H web2 | jq -r '.last_update | todate'
		WHEN

		# What is on HERE?
		$ partisci-query -t versions -H HERE | head -5
		APP VER HOST INSTANCE HOST_IP LAST_UPDATE
		PACKAGE
		PACKAGE
		PACKAGE
		PACKAGE
		$ partisci-query versions -H HERE | wc -l
		MANY

		# That was it.
		$ kill $!
	END
	)
}

@test "docs: a demo that is ended leaves nothing behind either" {
	local bin=$BATS_TEST_TMPDIR/bin out=$BATS_TEST_TMPDIR/out

	command -v dpkg-query >/dev/null || skip 'this is not Debian'
	# It will not get past its first question.
	mkdir "$bin"
	printf '#!/bin/sh\n: >"%s"\nexec sleep 600\n' \
	    "$BATS_TEST_TMPDIR/asked" >"$bin/uniq"
	chmod +x "$bin/uniq"
	PATH=$bin:$PATH
	mkdir "$BATS_TEST_TMPDIR/tmp"
	# In a process group of its own, all of which gets the signal, as from a
	# terminal; but not SIGINT, which a job of this shell ignores.
	start env TMPDIR="$BATS_TEST_TMPDIR/tmp" setsid "$root/t/demo" \
	    "$B/bin" >"$out"
	# What is started after the signal would not get it.
	wait_until test -e "$BATS_TEST_TMPDIR/asked"
	kill -TERM -- "-$pid"
	wait_until ended "$pid"
	nothing_left "$out"
}
