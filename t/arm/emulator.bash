# shellcheck shell=bash
# emulator: which tests make no sense where qemu runs the tools.  Each that is
# skipped is a line in $P2_SKIPPED.

# What a test, or a function that it calls, has in it for which it is skipped.
declare -gA why_not=(
	[strace]="strace sees qemu's own calls"
	[killaccounts]="strace sees qemu's own calls"
	[nowrite]="a seccomp filter stops qemu's own calls"
	[LD_PRELOAD]="what is preloaded gets into this machine's programs"
)

native() {
	printf '%s: %s: %s\n' "${BATS_TEST_FILENAME##*/}" \
	    "$BATS_TEST_DESCRIPTION" "$1" >>"$P2_SKIPPED"
	skip "under an emulator: $1"
}

for_emulator() {
	local todo=("$BATS_TEST_NAME") body word
	local -A seen=()

	while [ "${#todo[@]}" -gt 0 ]; do
		body=$(declare -f "${todo[0]}") || :
		todo=("${todo[@]:1}")
		while read -r word; do
			[ -z "${why_not[$word]-}" ] || native "${why_not[$word]}"
			if [ -z "${seen[$word]-}" ] && declare -F "$word" >/dev/null; then
				seen[$word]=1
				todo+=("$word")
			fi
		done < <(grep -oE '[A-Za-z_]\w*' <<<"$body" | sort -u)
	done
}
