#!/usr/bin/env bats
# p2.git: working copies of repositories of the test's own.
# shellcheck disable=SC2016,SC2119,SC2120	# for the policy; some have arguments
load p2

setup() {
	p2_setup
	command -v git >/dev/null || skip 'there is no git'
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
	export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
	export GIT_CONFIG_NOSYSTEM=1 HOME=$PWD/home
	mkdir home
	git config --global protocol.file.allow always
	url=file://$PWD/src
	git init -q -b main src
	commit one
	git -C src tag -a v1 -m v1
	git -C src tag light
	c1=$(id)
	commit two
	c2=$(id)
	git -C src branch dev "$c1"
}

# commit TEXT: into the file f of src.
commit() {
	echo "$1" >src/f
	git -C src add f
	git -C src commit -qm "$1"
}

id() { git -C "${1:-src}" rev-parse "${2:-HEAD}"; }

# at DIR ID TEXT [BRANCH]: nothing else is there; the commit, and the branch.
at() {
	[ "$(id "$1")" = "$2" ]
	[ "$(cat "$1/f")" = "$3" ]
	[ "$(git -C "$1" branch --show-current)" = "${4-}" ]
	[ "$(git -C "$1" status --porcelain)" = '' ]
}

# idle: the policy again does nothing, and starts no program.
idle() {
	run -0 --separate-stderr strace -f -qq -o calls -e trace=execve p2-apply -d '' site.p2
	[ "$output$stderr" = '' ]
	[ "$(grep -c . calls)" = 1 ]
}

@test "git: cloned, and the branch followed" {
	policy="p2.git('w', {source: '$url'});"
	apply -n <<<"$policy"
	is 1 "would change git w: is missing; is to be at ${c2:0:12}
--- /dev/null
+++ w
@@ -0,0 +1 @@
+commit $c2"
	[ ! -e w ]
	apply <<<"$policy"
	is 0 "changed git w: Cloned at ${c2:0:12}."
	at w "$c2" two main
	[ "$(stat -c %a w)" = 755 ]
	apply <<<"$policy"
	is 0 ''
	commit three
	apply -n <<<"$policy"
	is 1 "would change git w: is at ${c2:0:12}, not $(id | cut -c 1-12)
--- w
+++ w
@@ -1 +1 @@
-commit $c2
+commit $(id)"
	at w "$c2" two main
	apply -j <<<"p2.git('w', {source: '$url', revision: 'main'});"
	[ "$status" -eq 0 ]
	[ "$(jq -r 'select(.title == "w") | .from + " " + .to' <<<"$output")" = "$c2 $(id)" ]
	at w "$(id)" three main
	run -1 compgen -G '.p2-*'
}

@test "git: a tag or a commit that is there starts no program" {
	for revision in v1 light "$c1" refs/tags/v1; do
		rm -rf w
		apply <<<"p2.git('w', {source: '$url', revision: '$revision'});"
		is 0 "changed git w: Cloned at ${c1:0:12}."
		at w "$c1" one
		idle
	done
	apply <<<"p2.git('w', {source: '$url', revision: '$c2'});"
	is 0 "changed git w: Moved from ${c1:0:12} to ${c2:0:12}."
	idle
	apply <<<"p2.git('w', {source: '$url', revision: 'v1'});"
	is 0 "changed git w: Moved from ${c2:0:12} to ${c1:0:12}."
	idle
	commit three
	git -C src tag -a v3 -m v3
	apply <<<"p2.git('w', {source: '$url', revision: 'v3'});"
	is 0 "changed git w: Moved from ${c1:0:12} to $(id | cut -c 1-12)."
	at w "$(id)" three
	idle
	rm -rf src
	apply <<<"p2.git('w', {source: '$url', revision: '$c1'});"
	is 0 "changed git w: Moved from $(id w 'v3^{}' | cut -c 1-12) to ${c1:0:12}."
}

@test "git: from branch to branch, and with update false it stays" {
	apply <<<"p2.git('w', {source: '$url', revision: 'dev'});"
	at w "$c1" one dev
	apply <<<"p2.git('w', {source: '$url', revision: 'main'});"
	is 0 "changed git w: Moved from ${c1:0:12} to ${c2:0:12}."
	at w "$c2" two main
	git -C src branch -f dev main
	apply -n <<<"p2.git('w', {source: '$url', revision: 'dev'});"
	is 1 'would change git w: is on main, not on branch dev'
	apply <<<"p2.git('w', {source: '$url', revision: 'dev'});"
	is 0 'changed git w: Changed to branch dev.'
	at w "$c2" two dev
	commit three
	for revision in '' ", revision: 'dev'" ", revision: 'v1'"; do
		apply <<<"p2.git('w', {source: '$url', update: false$revision});"
		[ "$status" -eq 0 ]
		idle
	done
	at w "$c1" one
	apply <<<"p2.git('w', {source: '$url', update: false, revision: 'main'});"
	is 0 "changed git w: Moved from ${c1:0:12} to ${c2:0:12}."
	at w "$c2" two main
	apply <<<"p2.git('w', {source: '$url', revision: 'nosuch'});"
	is 2 '' 'p2-apply: site.p2:1: git w: revision nosuch: the repository has neither a branch nor a tag of that name'
	at w "$c2" two main
}

@test "git: what was changed or committed here stays, but for force" {
	apply <<<"p2.git('w', {source: '$url', revision: 'dev'});"
	echo mine >>w/f
	touch w/untracked
	for noop in '' -n; do
		apply $noop <<<"p2.git('w', {source: '$url'});"
		is 2 '' 'p2-apply: site.p2:1: git w: f has local changes; with force they go'
	done
	apply <<<"p2.git('w', {source: '$url', force: true});"
	is 0 "changed git w: Moved from ${c1:0:12} to ${c2:0:12}."
	[ -e w/untracked ]
	rm w/untracked
	at w "$c2" two main
	echo mine >w/f
	git -C w commit -qam mine
	mine=$(id w)
	for revision in main v1; do
		apply -n <<<"p2.git('w', {source: '$url', revision: '$revision'});"
		is 2 '' "p2-apply: site.p2:1: git w: commit ${mine:0:12} has been made here; with force it goes"
	done
	at w "$mine" mine main
	apply <<<"p2.git('w', {source: '$url', force: true});"
	is 0 "changed git w: Moved from ${mine:0:12} to ${c2:0:12}."
	# What the remote has thrown away was never ours.
	git -C src reset -q --hard "$c1"
	commit other
	apply <<<"p2.git('w', {source: '$url'});"
	is 0 "changed git w: Moved from ${c2:0:12} to $(id | cut -c 1-12)."
	at w "$(id)" other main
}

@test "git: depth, submodules, another URL and another name for it" {
	git init -q -b main sub
	echo s >sub/s
	git -C sub add s
	git -C sub commit -qm s
	git -C src submodule -q add "file://$PWD/sub" lib/sub
	git -C src commit -qm sub
	for revision in main "$(id)" v1; do
		rm -rf w
		apply <<<"p2.git('w', {source: '$url', depth: 1, revision: '$revision'});"
		[ "$status" -eq 0 ]
		[ "$(id w)" = "$(id src "$revision^{commit}")" ]
		[ "$(git -C w rev-list --all --count)" = 1 ]
		apply <<<"p2.git('w', {source: '$url', depth: 1, revision: '$revision'});"
		is 0 ''
	done
	rm -rf w
	apply <<<"p2.git('w', {source: '$url'});"
	[ ! -e w/lib/sub/s ]
	apply <<<"p2.git('w', {source: '$url', submodules: true});"
	is 0 'changed git w: Fetched submodules.'
	[ "$(cat w/lib/sub/s)" = s ]
	echo t >sub/s
	git -C sub commit -qam t
	git -C src/lib/sub pull -q
	git -C src commit -qam 'newer sub'
	apply <<<"p2.git('w', {source: '$url', submodules: true});"
	[ "$status" -eq 0 ]
	[ "$(cat w/lib/sub/s)" = t ]
	# What could not be fetched with the commit is, later.
	echo u >sub/s
	git -C sub commit -qam u
	git -C src/lib/sub pull -q
	git -C src commit -qam 'newest sub'
	mv sub gone
	for _ in 1 2; do
		apply <<<"p2.git('w', {source: '$url', submodules: true});"
		[ "$status" -eq 2 ]
		[[ $stderr == 'p2-apply: site.p2:1: git w: git submodule: '* ]]
	done
	[ "$(cat w/lib/sub/s)" = t ]
	mv gone sub
	apply <<<"p2.git('w', {source: '$url', submodules: true});"
	is 0 'changed git w: Fetched submodules.'
	[ "$(cat w/lib/sub/s)" = u ]
	apply <<<"p2.git('w', {source: '$url', submodules: true});"
	is 0 ''
	git clone -q --bare src moved
	apply -n <<<"p2.git('w', {source: 'moved'});"
	is 1 "would change git w: origin is $url, not $PWD/moved"
	apply <<<"p2.git('w', {source: 'moved'});"
	is 0 'changed git w: Set the URL of origin.'
	apply <<<"p2.git('w', {source: 'moved', remote: 'up', revision: 'dev'});"
	[ "$status" -eq 0 ]
	[ "$(git -C w rev-parse up/dev)" = "$c1" ]
	apply <<<"p2.git('w', {source: 'moved', remote: 'up', revision: 'dev'});"
	is 0 ''
}

@test "git: a bare repository has all branches and tags, and no others" {
	policy="p2.git('b', {source: '$url', bare: true});"
	apply <<<"$policy"
	is 0 "changed git b: Cloned at ${c2:0:12}."
	diff <(git -C b for-each-ref) <(git -C src for-each-ref)
	apply <<<"$policy"
	is 0 ''
	git -C src tag new
	apply -n <<<"$policy"
	is 1 'would change git b: lacks branches or tags'
	git -C src branch -D dev
	apply <<<"$policy"
	is 0 'changed git b: Fetched branches and tags.'
	diff <(git -C b for-each-ref) <(git -C src for-each-ref)
	git -C src branch dev v1
	apply <<<"p2.git('b', {source: '$url', bare: true, revision: 'dev'});"
	is 0 "changed git b: Moved from ${c2:0:12} to ${c1:0:12}."
	[ "$(git -C b symbolic-ref HEAD)" = refs/heads/dev ]
	apply <<<"p2.git('b', {source: '$url', bare: true, update: false});"
	idle
}

@test "git: a directory that is no working copy stays as it is" {
	mkdir w empty
	echo mine >w/mine
	apply <<<"p2.git('w', {source: '$url', force: true});"
	is 2 '' 'p2-apply: site.p2:1: git w: w has something in it, and is no working copy of git'
	[ "$(ls -A w)" = mine ]
	chmod 2710 empty
	apply <<<"p2.git('empty', {source: '$url'});"
	[ "$status" -eq 0 ]
	[ "$(stat -c %a empty)" = 2710 ]
	for bad in "'f', {|f is not a directory" "'no/such', {|the directory that no/such is to be in is missing" \
	    "'x', {revision: '--upload-pack=x',|revision --upload-pack=x: is neither a branch, a tag nor a commit" \
	    "'x', {revision: 'a..b',|revision a..b: is neither a branch, a tag nor a commit" \
	    "'x', {remote: '-x',|remote -x: is no name for one" "'x', {depth: 0,|depth: 0 is not a number of commits" \
	    "'x', {bare: true, submodules: true,|submodules: a bare repository has none" \
	    "'x', {user: 'nosuch',|user: no user is called nosuch" \
	    "'x', {identity: 'nosuch',|identity nosuch: No such file or directory"; do
		touch f
		apply <<<"p2.git(${bad%%|*} source: '$url'});"
		[[ $stderr == "p2-apply: site.p2:1: git "*": ${bad#*|}" ]]
		[ "$status" -eq 2 ]
	done
	apply <<<"p2.git('x');"
	is 2 '' 'p2-apply: site.p2:1: git x: source: is missing'
	for source in "ext::sh -c touch% pwned" --upload-pack=x; do
		apply <<<"p2.git('x', {source: '$source'});"
		is 2 '' 'p2-apply: site.p2:1: git x: source: is no repository'
	done
	apply <<<"p2.git('x', {source: '$PWD/nosuch'});"
	is 2 '' "p2-apply: site.p2:1: git x: git ls-remote: 'nosuch' does not appear to be a git repository"
	[ ! -e x ]
	run -1 compgen -G '.p2-*'
}

@test "git: it never asks, and ends when its time is up" {
	mkdir bin web
	echo 401 >web/refs.status
	start python3 "$BATS_TEST_DIRNAME/serve.py" port web
	wait_until test -s port
	apply <<<"p2.git('x', {source: 'http://127.0.0.1:$(<port)/x'});"
	is 2 '' "p2-apply: site.p2:1: git x: git ls-remote: could not read Username for 'http://127.0.0.1:$(<port)': terminal prompts disabled"
	cat >bin/ssh <<-'END'
	#!/bin/sh
	printf '%s\n' "$*" >"$ASKED"
	exec sleep 60
	END
	chmod +x bin/ssh
	touch "it's"
	export ASKED=$PWD/asked
	PATH=$PWD/bin:$PATH apply <<<"p2.git('x', {source: 'me@example.org:x', identity: \"$PWD/it's\", timeout: 0.5});"
	is 2 '' 'p2-apply: site.p2:1: git x: git ls-remote: took longer than 0.5 s'
	[ "$(cat asked)" = "-o BatchMode=yes -o IdentitiesOnly=yes -i $PWD/it's -o SendEnv=GIT_PROTOCOL me@example.org git-upload-pack 'x'" ]
	[ ! -e x ]
}

@test "git: another user's" {
	[ "$EUID" = 0 ] || skip 'not root'
	dir=$(mktemp -d)
	chmod 755 "$dir"
	cp -a src "$dir/src"
	chown -R nobody: "$dir/src"
	status=0
	apply <<<"p2.git('$dir/w', {source: '$dir/src', user: 'nobody'});"
	is 0 "changed git $dir/w: Cloned at ${c2:0:12}." || status=1
	[ "$(find "$dir/w" ! -user nobody)" = '' ] || status=1
	apply <<<"p2.git('$dir/w', {source: '$dir/src', user: 'nobody', revision: 'v1'});"
	is 0 "changed git $dir/w: Moved from ${c2:0:12} to ${c1:0:12}." || status=1
	[ "$(find "$dir/w" ! -user nobody)" = '' ] || status=1
	rm -rf "$dir"
	[ "$status" -eq 0 ]
}

@test "git: killed while it clones, and the next run completes it" {
	echo "p2.git('w', {source: '$url'});" >site.p2
	for call in mkdirat clone syncfs renameat2 fsync; do
		for n in 1 3 6; do
			rm -rf w
			run strace -qq -o calls -e trace="$call" -e inject="$call:signal=KILL:when=$n" \
			    p2-apply -d '' site.p2
			[ ! -e w ] || [ "$(cat w/f)" = two ]
			run -0 p2-apply -d '' site.p2
			at w "$c2" two main
			run -1 compgen -G '.p2-*'
		done
	done
}

@test "git: in a dry run what comes later sees it" {
	apply -n <<<"p2.git('w', {source: '$url'}).git('w', {source: '$url'}).git('w', {source: '$url', revision: '$c1'})
	    .git('w', {source: '$url', revision: '$c1'}).file('w/local', {content: 'x'});"
	[ "$status" -eq 1 ]
	[ "$(grep '^would' <<<"$output")" = "would change git w: is missing; is to be at ${c2:0:12}
would change git w: is at ${c2:0:12}, not ${c1:0:12}
would change file w/local: is missing" ]
	[ ! -e w ]
}

@test "git: what left its policy is told; a watch brings it back" {
	# shellcheck disable=SC2034	# for apply
	db=$store
	apply <<<"p2.git('w', {source: '$url', revision: 'v1'});"
	apply <<<"p2.command('true').orphans('remove');"
	[ "${lines[1]}" = 'orphan git w: the policy no longer has it, others may: it stays' ]
	echo "p2.git('w', {source: '$url', revision: 'v1'});" >site.p2
	start p2-apply -j -d '' -w site.p2 >log
	wait_until grep -q summary log
	git -C w checkout -q main
	# All of it has been done when it is told.
	back() { [ "$(jq -r 'select(.repair) | .outcome' log | grep -c changed)" = "$1" ]; }
	wait_until back 1
	at w "$c1" one
	mv w away
	wait_until back 2
	at w "$c1" one
}
