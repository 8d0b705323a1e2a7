#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154	# a test is a subshell; helper sets
#
# What a store goes through: killed writers, full disks, files that are not
# what they should be.

load helper

setup() {
	common_setup
	mounted=
}

teardown() {
	common_teardown
	[ -z "$mounted" ] || umount "$mounted"
}

# small_disk: a disk of 4 MiB at $mounted, with the store on it.
small_disk() {
	[ "$(id -u)" = 0 ] || skip "only root can mount a small disk"
	mkdir "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o size=4m,mode=700 tmpfs "$BATS_TEST_TMPDIR/disk" ||
	    skip "no disk can be mounted here"
	mounted=$BATS_TEST_TMPDIR/disk
	store=$mounted/store
}

fill_disk() { ! cat /dev/zero >"$mounted/ballast" 2>/dev/null; }

# post BODY: the status and the answer.
post() {
	curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code} ' \
	    --data-binary "$1" "http://127.0.0.1:$port/api/v1/update/"
	cat "$BATS_TEST_TMPDIR/answer"
}

get() { curl -sS -g "http://127.0.0.1:$port/api/v1/$1"; }
vars() { curl -sS "http://127.0.0.1:$port/debug/vars" | jq "$1"; }
update() { printf '{"app":"%s","ver":"%s","host":"%s"}' "$@"; }
something_waits() { [ "$(vars .waiting_bytes)" -gt 0 ]; }
same() { [ "$("${@:2}")" = "$1" ]; }

hosts_of() { get "version/?app_id=$1" | jq -r '.data[].host' | xargs; }
sound() { same '' partisci-query -d "$store" check; }

# local_send HOST APP VER: straight into the store.
local_send() { partisci-send -d "$store" -s '' -N "$@"; }

@test "reliability: killed 200 times under load, nothing that was answered is lost" {
	killload "$BATS_TEST_TMPDIR/killed" 200 "$RANDOM" \
	    >"$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out"; false; }
	read -r rounds _ answered _ _ udp _ _ _ faults _ \
	    <"$BATS_TEST_TMPDIR/out"
	[ "$rounds $faults" = "200 0" ]
	[ "$answered" -gt 200 ]
	[ "$udp" -gt 0 ]
	store=$BATS_TEST_TMPDIR/killed/store
	sound
	# And it still works.
	start_recv
	same '200 {}' post "$(update Alpha 1 h1)"
	stop_recv
	sound
}

# --- full disks ---

# until_full: post what is new until the disk is full.
until_full() {
	local i

	for ((i = 0; i < 2000; i++)); do
		answer=$(post "$(update "Fill $i" 1 "$(printf 'h%.0s' {1..50})")")
		[ "$answer" = '200 {}' ] || break
	done
	[ "$answer" = '507 {"error":"No space left on device"}' ]
}

@test "reliability: a full disk is 507, and all goes on when there is room" {
	small_disk
	start_recv
	same '200 {}' post "$(update Alpha 1 h1)"
	fill_disk
	until_full
	# It tells once, and serves.
	[ "$(cat "$BATS_TEST_TMPDIR/partisci-recv.log")" = \
	    "partisci-recv: $store: No space left on device" ]
	same h1 hosts_of alpha
	same '' hosts_of "fill_$i"
	same '{"status":"ok"}' curl -sS "http://127.0.0.1:$port/healthz"
	[ "$(vars .commit_failures_total)" -gt 0 ]
	# What comes by UDP meanwhile waits.
	for h in h2 h3 h4; do
		update Alpha 1 "$h" >"/dev/udp/127.0.0.1/$port"
	done
	update Alpha 2 h1 >"/dev/udp/127.0.0.1/$port"
	wait_until something_waits
	[[ "$(post "$(update Beta 1 h1)")" == '507 '* ]]
	same h1 hosts_of alpha
	rm "$mounted/ballast"
	wait_until same 'h1 h2 h3 h4' hosts_of alpha
	[ "$(get 'version/?app_id=alpha&host=h1' | jq -r '.data[].ver')" = 2 ]
	same '' hosts_of beta
	same '200 {}' post "$(update Beta 1 h1)"
	same 0 vars .dropped_total
	# What was tried in vain is not counted.
	same "$(partisci-query -d "$store" versions | wc -l)" vars .added_total
	same 1 vars .changed_total
	[ "$(cat "$BATS_TEST_TMPDIR/partisci-recv.log")" = \
	    "partisci-recv: $store: No space left on device
partisci-recv: $store: writing again" ]
	stop_recv
	sound
}

@test "reliability: recv that is stopped on a full disk says what it leaves behind" {
	small_disk
	start_recv
	fill_disk
	until_full
	update Alpha 2 h1 >"/dev/udp/127.0.0.1/$port"
	wait_until something_waits
	rc=0
	stop_recv || rc=$?
	[ "$rc" = 2 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/partisci-recv.log")" = \
	    "partisci-recv: $store: not all was stored: No space left on device" ]
	sound
}

@test "reliability: on a full disk send says so, and query answers" {
	small_disk
	local_send h1 Alpha 1
	fill_disk
	for ((i = 0; i < 1000; i++)); do
		local_send "h$i" Beta 1 2>"$BATS_TEST_TMPDIR/err" || break
	done
	run -2 --separate-stderr local_send "h$i" Beta 1
	[ "$stderr" = "partisci-send: $store: No space left on device" ]
	[ "$output" = "" ]
	run -0 partisci-query -d "$store" -a alpha versions
	[ "${#lines[@]}" = 1 ]
	# Nor can it be put by for later.
	free_port
	run -2 --separate-stderr partisci-send -H -d "$store" -s 127.0.0.1 \
	    -p "$port" Gamma 1
	[[ "$stderr" == *"No space left on device"* ]]
	sound
}

@test "reliability: no store can be made on a full disk" {
	small_disk
	fill_disk
	for tool in "partisci-recv -p 0" "partisci-send -s '' Alpha 1"; do
		run -2 --separate-stderr eval "$tool -d \$store"
		[ "$stderr" = "${tool%% *}: $store: No space left on device" ]
	done
}

@test "reliability: a store on a read-only disk can be asked, not written" {
	small_disk
	local_send h1 Alpha 1
	mount -o remount,ro "$mounted"
	run -2 --separate-stderr partisci-recv -d "$store" -p 0
	[ "$stderr" = "partisci-recv: $store: Read-only file system" ]
	run -2 --separate-stderr local_send h2 Alpha 1
	[ "$stderr" = "partisci-send: $store: Read-only file system" ]
	run -0 partisci-query -d "$store" versions
	[ "${#lines[@]}" = 1 ]
	run -2 --separate-stderr partisci-recv -d "$store.2" -p 0
	[ "$stderr" = "partisci-recv: $store.2: Read-only file system" ]
}

# --- files that are not what they should be ---

# refused REASON: by each tool, in one sentence.
refused() {
	run -2 --separate-stderr partisci-recv -d "$store" -p 0
	[ "$output$stderr" = "partisci-recv: $store: $1" ]
	run -2 --separate-stderr local_send h2 Beta 1
	[ "$output$stderr" = "partisci-send: $store: $1" ]
	run -2 --separate-stderr partisci-query -d "$store" versions
	[ "$output$stderr" = "partisci-query: $store: $1" ]
	run -2 --separate-stderr partisci-query -d "$store" check
	[ "$output$stderr" = "partisci-query: $store: $1" ]
}

@test "reliability: a store of a newer version is refused" {
	local_send h1 Alpha 1
	forge newer "$store"
	refused "made by a newer version of this toolkit"
}

@test "reliability: databases of other programs are refused, and stay as they are" {
	for what in plain tables meta queue; do
		store=$BATS_TEST_TMPDIR/$what
		forge "$what" "$store"
		sum=$(cksum <"$store/data.mdb")
		refused "not a store of this toolkit"
		[ "$(cksum <"$store/data.mdb")" = "$sum" ]
	done
}

@test "reliability: a store of a machine of other words is refused, and told from others" {
	local_send h1 Alpha 1
	at=$(LC_ALL=C grep -obUaP '\xde\xc0\xef\xbe' "$store/data.mdb" |
	    head -n 1 | cut -d : -f 1)
	mv "$store/data.mdb" "$BATS_TEST_TMPDIR/ours"
	if [ "$at" = 16 ]; then
		tail -c +5 "$BATS_TEST_TMPDIR/ours" >"$store/data.mdb"
		whose='32 bits, and this one has 64'
	else
		(printf '\0\0\0\0'; cat "$BATS_TEST_TMPDIR/ours") >"$store/data.mdb"
		whose='64 bits, and this one has 32'
	fi
	sum=$(cksum <"$store/data.mdb")
	refused "made by a program of $whose: partisci(7) tells how to move it"
	[ "$(cksum <"$store/data.mdb")" = "$sum" ]
}

@test "reliability: files that are no database are refused, and stay as they are" {
	mkdir -m 700 "$store"
	for make in "echo hello" "head -c 1000000 /dev/urandom" \
	    "head -c 1000000 /dev/zero" "yes"; do
		$make 2>/dev/null | head -c 1000000 >"$store/data.mdb"
		sum=$(cksum <"$store/data.mdb")
		refused "not a store of this toolkit"
		[ "$(cksum <"$store/data.mdb")" = "$sum" ]
	done
}

@test "reliability: a store that was cut short is refused" {
	"$B/t/bench/fill" "$store" 50 20
	cp "$store/data.mdb" "$BATS_TEST_TMPDIR/whole"
	for size in 8192 12288 65536 100000 131072; do
		head -c "$size" "$BATS_TEST_TMPDIR/whole" >"$store/data.mdb"
		refused "the store is truncated"
	done
	for size in 1 100 152 4095; do
		head -c "$size" "$BATS_TEST_TMPDIR/whole" >"$store/data.mdb"
		refused "not a store of this toolkit"
	done
	cp "$BATS_TEST_TMPDIR/whole" "$store/data.mdb"
	sound
}

@test "reliability: a directory, a device or a socket in place of a file is refused" {
	for file in data.mdb lock.mdb; do
		store=$BATS_TEST_TMPDIR/$file.dir
		(umask 077 && mkdir -p "$store/$file")
		touch "$store/data.mdb" 2>/dev/null || :
		refused "not a store of this toolkit"
		rm -r "$store"
		mkdir -m 700 "$store"
		touch "$store/data.mdb"
		rm -f "${store:?}/$file"
		mkfifo "$store/$file"
		refused "not a store of this toolkit"
	done
}

@test "reliability: a store that is a file, or below one, is refused" {
	touch "$store"
	refused "Not a directory"
	store=$store/below
	refused "Not a directory"
}

@test "reliability: a store that others may write is refused" {
	local_send h1 Alpha 1
	for mode in g+w o+w; do
		for file in . data.mdb lock.mdb; do
			chmod "$mode" "$store/$file"
			refused "refused, because others may write it"
			chmod go-w "$store/$file"
		done
	done
	sound
}

@test "reliability: a store of somebody less privileged is refused" {
	[ "$(id -u)" = 0 ] || skip "only root has somebody less privileged"
	local_send h1 Alpha 1
	for file in . data.mdb lock.mdb; do
		chown nobody "$store/$file"
		refused "refused, because it belongs to another user"
		chown root "$store/$file"
	done
	sound
}

@test "reliability: a store that may not be read is refused to others" {
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" \
	    "${BATS_TEST_TMPDIR%/*}"
	local_send h1 Alpha 1
	as() { setpriv --reuid nobody --clear-groups "$(command -v "$1")" \
	    "${@:2}"; }
	run -2 --separate-stderr as partisci-query -d "$store" versions
	[ "$stderr" = "partisci-query: $store: Permission denied" ]
	run -2 --separate-stderr as partisci-recv -d "$store" -p 0
	[ "$stderr" = "partisci-recv: $store: Permission denied" ]
	run -2 --separate-stderr as partisci-send -d "$store" -s '' Alpha 1
	[ "$stderr" = "partisci-send: $store: Permission denied" ]
}
