# shellcheck shell=bash
# shellcheck disable=SC2154	# work and short are run's, the figures watch's
# watch: a section of t/bench/run.  What p2-apply --watch takes to repair, beside
# the least that does: with what has to be durable, and without.

# keeps COUNT: repairs in a directory of so many files, after a floor of both
# kinds in the same.  Each file is tampered with four times a second at most:
# sooner, it would be a fight.
keeps() {
	local dir=$work/watch.$1 times=1000 every=30 pid plain durable kb

	[ -z "$short" ] || times=100
	mkdir "$dir"
	measure watch -f "$dir" "$1" "$times" "$every"
	plain=$median_ms
	measure watch -F "$dir" "$1" "$times" "$every"
	durable=$median_ms kb=$rss_kb
	{
		echo "p2.watch(true);"
		awk -v n="$1" -v dir="$dir" 'BEGIN { for (; i < n; i++)
			printf "p2.file(\"%s/f%06d\", {keep_orig: false, " \
			    "content: \"%s\"});\n", dir, i,
			    "gggggggggggggggggggggggggggggggggggggggg" }'
	} >"$dir.p2"
	p2-apply -j -d '' -w "$dir.p2" >"$dir.out" &
	pid=$!
	pids+=("$pid")
	wait_for_line summary "$dir.out"
	measure watch "$dir" "$1" "$times" "$every"
	figure "$(human "$1") files: tampered to repaired, median ms" \
	    "$median_ms" "<=" 1
	told "  beside the least that is as durable" "$median_ms" "$durable"
	told "  beside the least, not durable" "$median_ms" "$plain"
	told "  99 of 100 within, ms" "$p99_ms"
	figure "  the worst of $(human "$times"), ms" "$worst_ms" "<=" 10
	figure "  resident, KiB" "$(awk '/^VmRSS:/ { print $2 }' \
	    "/proc/$pid/status")" "<=" "$2" 
	told "  beside the least" "$(awk '/^VmRSS:/ { print $2 }' \
	    "/proc/$pid/status")" "$kb"
	kill "$pid"
	wait "$pid" || :
	rm -rf "$dir" "$dir".*
}

bench_watch() {
	section "p2-apply --watch, on a filesystem like that of $work"
	keeps 10 6144
	keeps 10000 16384
}
