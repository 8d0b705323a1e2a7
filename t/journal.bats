#!/usr/bin/env bats
# What resources tell their journal, before anything of it can be seen.
load helper

setup() {
	common_setup
	cd "$BATS_TEST_TMPDIR" || return
	mkdir d
}

digest() { printf '%s' "$1" | sha256sum | cut -c1-8; }

# told LINE ...: the last run's lines, but for reasons and what was done.
told() {
	diff -u <((($#)) && printf '%s\n' "$@") <(grep -E '^(note|commit|forget)' \
	    <<<"$output")
}

# order TRACE FIRST THEN: a call like FIRST comes before the first like THEN.
order() {
	awk -v a="$2" -v b="$3" '!x && $0 ~ a { x = NR }
	    !y && $0 ~ b { y = NR } END { exit !(x && y && x < y) }' "$1"
}

@test "journal: a new file, and one that is replaced with a copy kept" {
	run -0 resource -k file d/f content=one mode=600
	told "note file d/f: write d/f: was nothing, will be $(digest one)" \
	    'commit file d/f'
	run -0 resource -k file d/f content=two
	told "note file d/f: write d/f.orig_partout: was nothing, will be $(digest one)" \
	    "note file d/f: write d/f: was file 0600 'one', will be $(digest two)" \
	    'commit file d/f'
	run -0 resource -k -s file d/f content=three
	told "note file d/f: write d/f (sensitive): was file 0600 'two', will be $(digest three)" \
	    'commit file d/f'
	run -0 resource -k file d/f content=three
	told
}

@test "journal: attributes, links, and what is removed" {
	printf x >d/f
	chmod 640 d/f
	run -0 resource -k file d/f mode=644
	told "note file d/f: attrs d/f: was file 0640 ''" 'commit file d/f'
	run -0 resource -k file d/l ensure=link target=f
	told 'note file d/l: link d/l: was nothing, will lead to f' \
	    'commit file d/l'
	run -0 resource -k file d/l ensure=link target=g
	told 'note file d/l: link d/l: was link to f, will lead to g' \
	    'commit file d/l'
	run -0 resource -k file d/l ensure=absent
	told 'note file d/l: unlink d/l: was link to g' 'commit file d/l'
	run -0 resource -k file d ensure=absent force=true
	told "note file d: unlink d/f: was file 0644 'x'" \
	    'note file d: rmdir d: was directory 0755' 'commit file d'
}

@test "journal: a tree has one commit, and below what is new was nothing" {
	mkdir -p src/a/b
	for i in 1 2 3 4 5 6 7 8 9; do
		printf '%s' "$i" >src/a/b/$i
	done
	ln -s / d/tree
	run -0 resource -k file d/tree source=src follow=false force=true
	[ "$(grep -c '^note' <<<"$output")" = 13 ]
	[ "$(grep -c '^commit' <<<"$output")" = 1 ]
	run -0 grep -E '^(note|commit)' <<<"$output"
	[ "${lines[0]}" = 'note file d/tree: unlink d/tree: was link to /' ]
	[ "${lines[13]}" = 'commit file d/tree' ]
	[ "$(grep -c 'was nothing' <<<"$output")" = 11 ]
	[ "$(cat d/tree/a/b/9)" = 9 ]
}

@test "journal: a command commits before it runs" {
	run -0 resource -k command 'touch ran'
	told "commit command touch ran"
	[ -e ran ]
	rm ran
	run -1 resource -K command 'touch ran'
	[ "${lines[0]}" = 'failed: the journal is full' ]
	[ ! -e ran ]
}

@test "journal: what cannot be committed is not done" {
	printf old >d/f
	mkdir -p src/d
	for i in 1 2 3 4 5 6 7 8 9; do
		printf '%s' "$i" >src/d/$i
	done
	before=$(find d -printf '%p %y %m %l %s %i\n' | sort)
	for args in 'd/f content=new' 'd/f mode=600' 'd/f ensure=absent' \
	    'd/l ensure=link target=f' 'd/n ensure=directory' 'd/t source=src' \
	    'd/p/q content=x parents=true'; do
		# shellcheck disable=SC2086
		run -1 resource -K file $args
		grep -qx 'failed: the journal is full' <<<"$output"
		[ "$(find d -printf '%p %y %m %l %s %i\n' | sort)" = "$before" ]
	done
}

@test "journal: content is made ready before the commit, and renamed after" {
	printf old >d/f
	run -0 strace -qqo trace -e trace=openat,write,linkat,renameat \
	    resource -k file d/f content=new
	order trace '"new", 3' 'write\(1, .*note'
	order trace 'write\(1, .*commit' linkat
	order trace 'write\(1, .*commit' renameat
}
