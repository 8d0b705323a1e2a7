#!/usr/bin/env bats
# Modules of lib that no tool shows whole, each by a driver of its own.

load helper

@test "known: remembers what a plain array does, however crowded it gets" {
	for seed in 1 2 3 4; do
		run -0 known "$seed" 400000
		[ "$output" = "" ]
	done
}

@test "ingest: takes no more than it may hold, counts the rest, and goes on" {
	run -0 room "$store"
	[ "$output" = "" ]
}
