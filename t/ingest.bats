#!/usr/bin/env bats
# The pipeline from updates to records, against a model.

load helper

@test "ingest: what is stored is what was said last, whatever came between" {
	for seed in 1 2 3 4 5 6 7 8; do
		run -0 ingest "$store.$seed" "$seed" 20000
		[ "$output" = "" ]
	done
}

@test "ingest: a store that holds something already is taken up as it is" {
	for seed in 1 2 3 4 5 6 7 8; do
		run -0 ingest "$store" "$seed" 60
		[ "$output" = "" ]
	done
}
