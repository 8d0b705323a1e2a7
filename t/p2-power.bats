#!/usr/bin/env bats
# What a loss of power may leave of a run: the next one ends it.
load p2

seen() {
	(cd "$1" && find . -printf '%P %y %l\n' | sort && grep -r '' . | sort)
}

# run_traced: apply site.p2 to w; sets $n, the number of states in out.
run_traced() {
	cp -a w before
	strace -yqq -s 4096 -o trace -e trace=openat,write,close,fsync,syncfs,renameat,linkat,unlinkat,mkdirat,symlinkat \
	    p2-apply -d '' site.p2 >/dev/null
	n=$("$BATS_TEST_DIRNAME"/powercut.py trace before "$PWD/w" out)
}

@test "power: the model shows what a missing sync would do" {
	echo "p2.file('w/a', {content: 'a'}).file('w/b', {content: 'b'});" >site.p2
	mkdir w out
	run_traced
	[ -z "$(find out -name '[ab]' -empty)" ]
	rm -r out/*
	sed '0,/^syncfs/{/^syncfs/d}' trace >unsynced
	"$BATS_TEST_DIRNAME"/powercut.py unsynced before "$PWD/w" out
	[ -n "$(find out -name '[ab]' -empty)" ]
	grep -v '^syncfs' trace >unsynced
	rm -r out/*
	run -1 "$BATS_TEST_DIRNAME"/powercut.py unsynced before "$PWD/w" out
	[[ $output == 'at the end, not all was synced: '* ]]
}

@test "power: in every state that the disk may be left in, files are whole, and the next run ends it" {
	local n state f

	cat >site.p2 <<-'END'
	p2
	.file('w/a', {content: 'new a'})
	.file('w/b', {content: 'new b'})
	.file('w/d', {ensure: 'directory'})
	.file('w/d/c', {content: 'new c'})
	.file('w/l', {ensure: 'link', target: 'a'})
	.file('w/r', {ensure: 'absent'})
	.file('w/e', {content: 'new e', keep_orig: false}, function () {})
	.file('w/tree', {source: 'src'});
	END
	mkdir src w out
	for f in 1 2 3 4 5 6 7 8 9; do printf '%s' "$f" >src/$f; done
	for f in b r e; do printf 'old %s' "$f" >w/$f; done
	ln -s b w/l
	run_traced
	[ "$n" -gt 50 ]
	mv w ended
	for state in out/*; do
		for f in b e; do
			[[ $(cat "$state/$f") == "old $f" ||
			    $(cat "$state/$f") == "new $f" ]]
		done
		for f in a d/c; do
			[ ! -e "$state/$f" ] ||
			    [ "$(cat "$state/$f")" = "new ${f#d/}" ]
		done
		mv "$state" w
		p2-apply -d '' site.p2 >/dev/null
		diff <(seen ended) <(seen w)
		rm -rf w
	done
}
