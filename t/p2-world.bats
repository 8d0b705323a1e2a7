#!/usr/bin/env bats
# What a dry run knows of what the resources before would have done.
load helper

@test "world: a path is as it is until somebody has entered it" {
	run -0 --separate-stderr world <<-'END'
	look /a
	set file /a one
	look /a
	look //./a/
	set none /a
	look /a
	END
	[ "$output" = "/a: as it is
/a: file one
//./a/: file one
/a: none -" ]
}

@test "world: below what is gone or fresh there is nothing of the host's" {
	run -0 --separate-stderr world <<-'END'
	set none /gone
	set fresh /new
	set dir /old
	set file /new/f x
	look /gone/a/b
	look /new/a
	look /new/f
	look /old/a
	each /new
	each /
	END
	[ "$output" = "/gone/a/b: none -
/new/a: none -
/new/f: file x
/old/a: as it is
  f file
  gone none
  new dir
  old dir" ]
}

@test "world: relative paths are those of the current directory" {
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr world <<-END
	set file x 1
	look ./x
	look $BATS_TEST_TMPDIR/x
	END
	[ "$output" = "./x: file 1
$BATS_TEST_TMPDIR/x: file 1" ]
}
