#!/usr/bin/env bats
# Stores that were written on one architecture and are read on another; $B has
# this machine's tools, and below it the others.
load ../helper

setup() {
	common_setup
	[ "$(uname -m)" = x86_64 ] || skip 'this machine is not of 64 bits'
	cd "$BATS_TEST_TMPDIR" || return
}

# on ARCH TOOL [ARG ...]
on() {
	case $1 in
	amd64) "$B/bin/$2" "${@:3}" ;;
	*) "$B/$1/bin/$2" "${@:3}" ;;
	esac
}

# lmdb TOOL [ARG ...]: LMDB's own tool, that of armhf.
lmdb() {
	local root=$B/armhf/root

	qemu-arm-static "$root/lib/ld-linux-armhf.so.3" --library-path \
	    "$root/lib/arm-linux-gnueabihf:$root/usr/lib/arm-linux-gnueabihf" \
	    "$root/usr/bin/$1" "${@:2}"
}

# known ARCH DIR: all records, without the times.
known() { on "$1" partisci-query -d "$2" versions | jq -r '.host + " " + .app + " " + .ver'; }

# across: what the manual has us filter a dump with.
across() {
	local filter

	filter=$(BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME/.. manual partisci.7 | sed -n "s/.*sed '\(.*mapsize.*\)' |/\1/p")
	sed "$filter"
}

@test "arm: machines of the same word size share a store, both ways" {
	on amd64 partisci-send -s '' -d a -N h1 Alpha 1
	on arm64 partisci-send -s '' -d a -N h2 Alpha 2
	on amd64 partisci-send -s '' -d a -N h2 Alpha 3
	for arch in amd64 arm64; do
		[ "$(known "$arch" a)" = 'h1 Alpha 1
h2 Alpha 3' ]
		[ "$(on "$arch" partisci-query -d a history -H h2 | jq -r .ver)" = '2
3' ]
		on "$arch" partisci-query -d a check
	done
}

@test "arm: what p2-apply keeps serves it on the other architecture" {
	echo old >f
	echo "p2.file('f', {content: 'new'});" >site.p2
	on amd64 p2-apply -d a site.p2
	[ "$(cat f)" = new ]
	run -0 on arm64 p2-apply -d a site.p2
	[ "$output" = '' ]
	on arm64 p2-apply -d a -u
	[ "$(cat f)" = old ]
	on arm64 p2-apply -d a site.p2
	on amd64 p2-apply -d a -u
	[ "$(cat f)" = old ]
	on amd64 partisci-query -d a check
}

@test "arm: a store of another word size is refused, and stays as it is" {
	on amd64 partisci-send -s '' -d wide -N h1 Alpha 1
	on armhf partisci-send -s '' -d narrow -N h1 Alpha 1
	sum=$(cksum wide/data.mdb narrow/data.mdb)
	run -2 on armhf partisci-query -d wide versions
	[ "$output" = "partisci-query: wide: made by a program of 64 bits, and this one has 32: partisci(7) tells how to move it" ]
	run -2 on armhf partisci-send -s '' -d wide Alpha 2
	for arch in amd64 arm64; do
		run -2 on "$arch" partisci-query -d narrow versions
		[ "$output" = "partisci-query: narrow: made by a program of 32 bits, and this one has 64: partisci(7) tells how to move it" ]
		run -2 on "$arch" p2-apply -d narrow - <<<''
	done
	[ "$(cksum wide/data.mdb narrow/data.mdb)" = "$sum" ]
	[ "$(known amd64 wide)" = 'h1 Alpha 1' ]
	[ "$(known armhf narrow)" = 'h1 Alpha 1' ]
}

@test "arm: a store goes to another word size and back as the manual says" {
	umask 077
	# More than what LMDB's tools take unless told.
	"$B/t/bench/fill" a 2000 60
	echo old >f
	on amd64 p2-apply -d a - <<<"p2.file('f', {content: 'new'});"
	mkdir b c
	mdb_dump -a a | across | lmdb mdb_load b
	on armhf partisci-query -d b check
	on armhf partisci-query -d b versions >narrow
	on amd64 partisci-query -d a versions >wide
	cmp narrow wide
	on armhf p2-apply -d b -u
	[ "$(cat f)" = old ]
	on armhf partisci-send -s '' -d b -N h1 Alpha 1
	lmdb mdb_dump -a b | across | mdb_load c
	on amd64 partisci-query -d c check
	[ "$(known amd64 c | grep ' Alpha ')" = 'h1 Alpha 1' ]
}
