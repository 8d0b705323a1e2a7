#!/usr/bin/env bats
# The order of versions, held against dpkg's own.

bats_require_minimum_version 1.5.0

# dpkg_order: what vercmp prints, from dpkg.
dpkg_order() {
	local a b
	while IFS=$'\t' read -r a b; do
		if dpkg --compare-versions "$a" lt "$b"; then
			echo '<'
		elif dpkg --compare-versions "$a" eq "$b"; then
			echo '='
		else
			echo '>'
		fi
	done
}

hard_cases() {
	cat <<'END'
1.0
1.0-0
1.0-1
1.0-1~
1.0-1~~
1.0-1~bpo12+1
1.0-1+b1
1.0-1.1
1.0~rc1
1.0~~
1.0~
1.0+dfsg
1.0a
1.0.0
1.00
01.0
1.0-01
0:1.0
00:1.0
1:0.1
2:0.0~1
10:1
1.10
1.9
1.09
1.0-a-1
1.0-a
1.0+git20230101.abcdef-1
1.0+git20230101-1
1.0.z
1.0.+
1.0Z
1.0z
20230101
20230101000000000000000000001
20230101000000000000000000002
3.0.2-0+deb12u1
3.0.2-0ubuntu1
3.0.2
3.0.10
0~0
0
0a
END
}

# A few hundred pairs: neighbours in the order of the bytes, and each beside
# one from far away.
installed_pairs() {
	dpkg-query -W -f '${Version}\n' | sort -u >"$BATS_TEST_TMPDIR/v"
	sed 1d "$BATS_TEST_TMPDIR/v" | paste "$BATS_TEST_TMPDIR/v" - |
	    awk -F '\t' '$2 != ""' | head -n 200
	tac "$BATS_TEST_TMPDIR/v" | paste "$BATS_TEST_TMPDIR/v" - | head -n 100
}

@test "version: hard cases stand in dpkg's order, each against each nearby" {
	hard_cases >"$BATS_TEST_TMPDIR/hard"
	for n in 1 2 5 11; do
		sed "1,${n}d" "$BATS_TEST_TMPDIR/hard" |
		    paste "$BATS_TEST_TMPDIR/hard" - | awk -F '\t' '$2 != ""'
	done >"$BATS_TEST_TMPDIR/pairs"
	vercmp <"$BATS_TEST_TMPDIR/pairs" >"$BATS_TEST_TMPDIR/ours"
	dpkg_order <"$BATS_TEST_TMPDIR/pairs" >"$BATS_TEST_TMPDIR/dpkg"
	diff <(paste "$BATS_TEST_TMPDIR/pairs" "$BATS_TEST_TMPDIR/dpkg") \
	    <(paste "$BATS_TEST_TMPDIR/pairs" "$BATS_TEST_TMPDIR/ours")
}

@test "version: installed packages' versions stand in dpkg's order" {
	installed_pairs >"$BATS_TEST_TMPDIR/pairs"
	vercmp <"$BATS_TEST_TMPDIR/pairs" >"$BATS_TEST_TMPDIR/ours"
	dpkg_order <"$BATS_TEST_TMPDIR/pairs" >"$BATS_TEST_TMPDIR/dpkg"
	diff <(paste "$BATS_TEST_TMPDIR/pairs" "$BATS_TEST_TMPDIR/dpkg") \
	    <(paste "$BATS_TEST_TMPDIR/pairs" "$BATS_TEST_TMPDIR/ours")
}

@test "version: after sorting all installed versions none is before the last" {
	dpkg-query -W -f '${Version}\n' | sort -uR | vercmp -s \
	    >"$BATS_TEST_TMPDIR/sorted"
	for n in 1 7 50; do
		sed "1,${n}d" "$BATS_TEST_TMPDIR/sorted" |
		    paste "$BATS_TEST_TMPDIR/sorted" - |
		    awk -F '\t' '$2 != ""' | vercmp
	done >"$BATS_TEST_TMPDIR/verdicts"
	run -1 grep -n '>' "$BATS_TEST_TMPDIR/verdicts"
}

@test "version: exchanging the two turns the answer round" {
	hard_cases >"$BATS_TEST_TMPDIR/hard"
	sort -R "$BATS_TEST_TMPDIR/hard" >"$BATS_TEST_TMPDIR/other"
	paste "$BATS_TEST_TMPDIR/hard" "$BATS_TEST_TMPDIR/other" | vercmp |
	    tr '<>' '><' >"$BATS_TEST_TMPDIR/there"
	paste "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/hard" | vercmp \
	    >"$BATS_TEST_TMPDIR/back"
	diff "$BATS_TEST_TMPDIR/there" "$BATS_TEST_TMPDIR/back"
}

@test "version: what dpkg refuses still has its place" {
	run vercmp <<'END'
v1.2	v1.10
a:1	a:2
:1	:2
	0
	1
1.0 beta	1.0 gamma
1_2	1_10
ü1	ü2
release-9	release-10
END
	[ "$output" = $'<\n<\n<\n=\n<\n<\n<\n<\n<' ]
}

# pairs: each of the lines of stdin with each, as vercmp takes them.
pairs() { awk '{ v[NR] = $0 } END { for (i = 1; i <= NR; i++) for (k = 1; k <= NR; k++) print v[i] "\t" v[k] }'; }

odd_ones() {
	printf '%s\n' 1 1.0 1.0.0 1.01 1.1 1.10 1.2 1.a 1a 1.0a 1.0.a 1.0rc1 1.0-1 1.0-2 1.0-10 1:0.1 0:9 2:1-1 \
	    1..2 1.2. 1_2 1a2 a1 a b 20050101 1.0b 1.0beta 1.0p 1.0pre 1.0.1 1.0rc
}

@test "version: the order of rpm is that of rpm itself" {
	command -v rpm >/dev/null || skip 'there is no rpm'
	cd "$BATS_TEST_TMPDIR"
	(odd_ones; printf '%s\n' 1.0~ 1.0~rc1 1.0^ 1.0^git1 1.0^git1~pre) | grep -v - | pairs >both
	awk -F '\t' '{ print "print(rpm.vercmp(\"" $1 "\", \"" $2 "\") .. \"\\n\")" }' both >all.lua
	rpm --eval "%{lua: $(cat all.lua)}" | sed 's/^-1$/</; s/^1$/>/; s/^0$/=/; /^$/d' >theirs
	[ "$(wc -l <theirs)" -gt 900 ]
	diff <(paste both theirs) <(paste both <(vercmp -o rpm <both))
}

@test "version: the order of pacman is that of vercmp(8)" {
	command -v /usr/bin/vercmp >/dev/null || skip 'there is no pacman'
	cd "$BATS_TEST_TMPDIR"
	odd_ones | awk 'NR % 2 || /1.0/' | pairs >both
	while IFS=$'\t' read -r a b; do /usr/bin/vercmp "$a" "$b"; done <both |
	    sed 's/^-1$/</; s/^1$/>/; s/^0$/=/' >theirs
	diff <(paste both theirs) <(paste both <(vercmp -o pacman <both))
}

@test "version: the order of pip, npm, gem, apk and portage" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' 1.0.dev1 1.0a1 1.0.b2 1.0-rc.1 1.0_rc2 1.0 1.0.post1 1.0.1 1.2 1.10 2 >sorted
	pairs <sorted >both
	awk 'BEGIN { for (i = 1; i <= 11; i++) for (k = 1; k <= 11; k++) print(i < k ? "<" : (i > k) ? ">" : "=") }' >theirs
	diff <(paste both theirs) <(paste both <(vercmp -o words <both))
	[ "$(printf '1.0\t1\n1\t1.0.0\n1-r1\t1-r2\n' | vercmp -o words | tr -d '\n')" = '==<' ]
}
