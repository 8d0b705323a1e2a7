#!/usr/bin/env bats
# A run that is killed, or whose calls fail, at every call that it makes.
#
# SWEEP=full tries every error at every call; by default every fourth call gets
# one of them.  SWEEP=short leaves out most calls.
load p2

# The calls that change something, and those that may fail besides.
writing='openat write pwrite64 pwritev fdatasync fsync syncfs renameat linkat
    symlinkat unlinkat mkdirat fchmod fchown fchownat ftruncate fallocate clone
    clone3 vfork'
failing="$writing openat2 newfstatat read pread64 faccessat2 readlinkat fcntl
    flock getdents64 pipe2"

setup() {
	p2_setup
	export T=$PWD/w DB=$PWD/w/db
	mkdir start
	cat >site.p2 <<-'END'
	var fs = require('fs'), t = process.env.T + '/';

	p2
	.file(t + 'a', {content: 'new a', notify: 'command:h'})
	.file(t + 'b', {content: 'new b', mode: '0640'})
	.file(t + 'd', {ensure: 'directory'})
	.file(t + 'd/c', {content: 'new c', owner: 1, on: {}})
	.on('file:' + t + 'd/c:changed', function () {
		p2.command('e', {cmd: 'echo e >>' + t + 'log'});
	})
	.file(t + 'l', {ensure: 'link', target: 'a', force: true})
	.file(t + 'o', {mode: '0600', owner: 1, group: 1})
	.file(t + 'r', {ensure: 'absent'})
	.file(t + 'rd', {ensure: 'absent', force: true})
	.file(t + 'tree', {source: t + '../src'})
	.command('made', {cmd: 'echo x >' + t + 'made', creates: t + 'made'})
	.command('h', {cmd: 'echo h >>' + t + 'log', refreshonly: true});
	END
	(cd start && printf 'old a' >a && printf 'old b' >b && ln -s b l &&
	    echo o >o && echo r >r && mkdir rd && echo x >rd/x)
	mkdir src
	for i in 1 2 3 4 5 6 7 8 9; do printf '%s' "$i" >src/$i; done
	# One that has run before: its store is there, the policy compiled.
	cp -a start w
	p2-apply -d "$DB" site.p2 >/dev/null
	expected=$(seen)
	cp -a w/db start/db
	calls >counts
	[ "$expected" = "$(seen)" ]
}

fresh() {
	rm -rf w
	cp -a start w
}

# What is there, but for the log and the store.
seen() {
	find w -name db -prune -o -name log -o -printf '%P %y %m %u %l\n' | sort
	grep -r '' w --exclude-dir=db --exclude=log | sort
}

# calls: how often each call is made, before the run begins and in all.
calls() {
	fresh
	strace -qqo trace p2-apply -d "$DB" site.p2 >/dev/null
	awk -F'(' '/^rt_sigaction\(SIGINT/ { begun = 1 }
	    { all[$1]++; if (!begun) before[$1]++ }
	    END { for (c in all) print c, before[c] + 0, all[c] }' trace
}

# each STEP CALLS FN: FN CALL N I for each STEPth that is made in the run.
each() {
	local call before all n i=0 step=$1 bad=0

	[ "${SWEEP-}" != short ] || step=17
	[ "${SWEEP-}" != full ] || step=1
	while read -r call before all; do
		[[ " ${2//[[:space:]]/ } " == *" $call "* ]] || continue
		for ((n = before + 1; n <= all; n++)); do
			((i++ % step)) || "$3" "$call" "$n" "$i" || {
				echo "failed at call $n of $call" >&2
				bad=1
			}
		done
	done <counts
	[ "$i" -gt 100 ] && [ $bad -eq 0 ]
}

# Every file is what it was or what it is to be, and nothing in between.
whole() {
	local f c

	for f in a b d/c; do
		[ -e "w/$f" ] || { [ "$f" = d/c ] && continue; }
		c=$(cat "w/$f")
		[[ $c == "old ${f#d/}" || $c == "new ${f#d/}" ]] || {
			echo "w/$f: $c"
			return 1
		}
	done
	for f in w/tree/*; do
		[ ! -e "$f" ] || [ "$(cat "$f")" = "${f##*/}" ] || return 1
	done
	[ -L w/l ]
}

# recovers: the next run ends what this one began, and the one after has
# nothing to do; whoever is to be told has been; no litter.
recovers() {
	p2-apply -d "$DB" site.p2 >out 2>&1 || { cat out; return 1; }
	[ "$(seen)" = "$expected" ] || {
		diff <(echo "$expected") <(seen)
		return 1
	}
	[ "$(sort -u w/log | tr '\n' ' ')" = 'e h ' ] || {
		echo "log: $(cat w/log)"
		return 1
	}
	p2-apply -O -d "$DB" && return 1
	p2-apply -d "$DB" site.p2 >out 2>&1
	[ ! -s out ] || { cat out; return 1; }
}

killed_at() {
	fresh
	(strace -qqo /dev/null -e inject="$1:signal=KILL:when=$2" \
	    p2-apply -d "$DB" site.p2; exit $?) >/dev/null 2>&1
	[ $? -eq 137 ] || { echo 'not killed'; return 1; }
	wait_until no_command
	whole || return 1
	# Of those that wait for each other, each has one.
	[ "$(find w -maxdepth 1 -name '.p2-*' | wc -l)" -le 2 ] || return 1
	recovers
}

# What a command was doing when its run was killed has ended.
no_command() { ! fuser -s w/log w/made 2>/dev/null; }

@test "crash: killed at any call that writes, all is whole, and the next run ends it" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	each 1 "$writing" killed_at
}

errors=(ENOSPC EIO EINTR EMFILE ENOMEM EROFS EDQUOT EACCES)
words=('No space left on device' 'Input/output error' 'Interrupted system call'
    'Too many open files' 'Cannot allocate memory' 'Read-only file system'
    'Disk quota exceeded' 'Permission denied')

# told WORDS: is there a line that says what of what failed, and why?
told() {
	grep -E "^p2-apply: [^ ]+: .*($1|out of memory)" err ||
	    grep -E '^p2-apply: [^ ]+: (.*: )?(unlike|not a store|the store|cannot|could not|is |has )' err ||
	    grep -E '^p2-apply: .*(exit status|ended by signal)' err
}

# error_at CALL N I [ERROR]: one of the errors, by I, unless it is given.
error_at() {
	local which=${4-$(($3 / 4 % ${#errors[@]}))} rc=0

	fresh
	strace -qqo /dev/null -e inject="$1:error=${errors[which]}:when=$2" \
	    p2-apply -d "$DB" site.p2 >out 2>err || rc=$?
	if [ $rc -eq 0 ]; then
		[ "$(seen)" = "$expected" ] || [ -s err ] || {
			echo "${errors[which]}: not told"
			diff <(echo "$expected") <(seen)
			return 1
		}
	elif [ $rc -ne 2 ] || ! told "${words[which]}" >/dev/null; then
		echo "${errors[which]}: status $rc"
		cat err
		return 1
	fi
	whole || return 1
	if [ "$1" != unlinkat ] && [ -n "$(find w -name '.p2-*')" ]; then
		echo "${errors[which]}: a temporary file is left"
		return 1
	fi
	recovers
}

every_error_at() {
	local k

	for k in "${!errors[@]}"; do
		error_at "$1" "$2" "$3" "$k" || return 1
	done
}

@test "crash: an error of any call is told, the old content is whole, and the next run ends it" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	if [ "${SWEEP-}" = full ]; then
		each 1 "$failing" every_error_at
	else
		each 4 "$failing" error_at
	fi
}

no_memory_at() {
	local rc=0

	fresh
	(LD_PRELOAD=$B/t/nomem.so NOMEM_AT=$1 p2-apply -d "$DB" site.p2
	    exit $?) >out 2>err || rc=$?
	if [ $rc -eq 0 ]; then
		[ "$(seen)" = "$expected" ] || [ -s err ] || return 1
	elif [ $rc -ne 2 ] || ! grep -Eq \
	    '^p2-apply: (.*: )?([Oo]ut of memory|Cannot allocate memory)' err; then
		echo "status $rc"
		cat err
		return 1
	fi
	whole && [ -z "$(find w -name '.p2-*')" ] && recovers
}

@test "crash: without memory for any one thing it ends with a word, and the next run ends it" {
	local n all step=23 bad=0

	[ "$(id -u)" = 0 ] || skip 'needs root'
	nm -D "$(command -v p2-apply)" | grep -q __asan_init &&
	    skip 'has an allocator of its own'
	case ${SWEEP-} in
	full) step=1 ;;
	short) step=97 ;;
	esac
	fresh
	LD_PRELOAD=$B/t/nomem.so NOMEM_COUNT=$PWD/count p2-apply -d "$DB" site.p2
	all=$(cat count)
	[ "$all" -gt 200 ]
	for ((n = 1; n <= all; n += step)); do
		no_memory_at "$n" || {
			echo "failed at allocation $n of $all" >&2
			bad=1
		}
	done
	[ $bad -eq 0 ]
}
