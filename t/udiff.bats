#!/usr/bin/env bats
# Unified diffs, held against what diff(1) and patch(1) think of them.
load helper

setup() {
	common_setup
	cd "$BATS_TEST_TMPDIR" || return
}

# make_text LINES WORDS: so many lines of that many different ones.
make_text() {
	local i

	for ((i = 0; i < $1; i++)); do
		echo "line $((RANDOM % $2))"
	done
}

@test "udiff: nothing for two files that are the same" {
	echo same >a
	run -0 udiff a a
	[ "$output" = "" ]
	: >a
	run -0 udiff a a
	[ "$output" = "" ]
}

@test "udiff: it is what diff -u prints" {
	local i

	seq 1 60 >a
	# shellcheck disable=SC2016	# the $ is for sed
	for i in '3d' '60d' '1i x' '$a x' '20,24d' '10s/.*/x/;14s/.*/y/' \
	    '10s/.*/x/;18s/.*/y/' '1,60d' '30a x\ny\nz'; do
		sed "$i" a >b
		run -0 udiff a b
		[ "$output" = "$(diff -u --label old --label new a b)" ]
		run -0 udiff b a
		[ "$output" = "$(diff -u --label old --label new b a)" ]
	done
}

@test "udiff: a missing newline at the end is told" {
	printf 'a\nb' >a
	printf 'a\nb\n' >b
	: >c
	for pair in 'a b' 'b a' 'a c' 'c a' 'c b'; do
		read -r x y <<<"$pair"
		run -0 udiff "$x" "$y"
		[ "$output" = "$(diff -u --label old --label new "$x" "$y")" ]
	done
}

@test "udiff: bytes that are no text are not shown" {
	printf 'a\0' >a
	echo b >b
	run -0 udiff a b
	[ "$output" = 'Binary files old and new differ' ]
	run -0 udiff b a
	[ "$output" = 'Binary files old and new differ' ]
}

@test "udiff: patch makes the new file of the old, and the diff is as short" {
	local i size

	RANDOM=7
	for i in {1..40}; do
		size=$((RANDOM % 60))
		make_text $size 20 >a
		make_text $((RANDOM % 60)) 20 >b
		udiff a b >p
		cp a c
		patch -s --posix c p
		cmp b c
		[ "$(grep -c '^[-+]' p)" = \
		    "$(diff -d -u a b | grep -c '^[-+]')" ]
	done
}

@test "udiff: huge files that have little in common take no long time" {
	seq 1 200000 >a
	seq 1 200000 | shuf --random-source=a >b
	run -0 timeout 60 udiff a b
	udiff a b >p
	cp a c
	patch -s --posix c p
	cmp b c
	head -c 70000000 /dev/zero | tr '\0' x >a
	run -0 udiff a b
	[ "$output" = 'Files old and new differ' ]
}
