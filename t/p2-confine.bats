#!/usr/bin/env bats
# What a dry run and a check have given up.
load p2

# A directory that is no place for scratch files, as those of tests are.
setup() {
	p2_setup
	if [ "$(id -u)" = 0 ]; then
		lasting=$(mktemp -d /var/lib/p2-confine.XXXXXX)
	else
		lasting=$(mktemp -d "$HOME/p2-confine.XXXXXX")
	fi
	case $lasting in
	/tmp/* | /var/tmp/* | /dev/shm/*) skip 'all is scratch here' ;;
	esac
	confine true || skip 'this kernel lacks some of it'
	echo old >"$lasting/file"
	mkdir "$lasting/dir"
	ls -laR "$lasting" >before
}

teardown() {
	[ -z "${lasting-}" ] || rm -r "$lasting"
}

@test "confine: nothing that lasts can be changed" {
	while read -r -a attempt; do
		run confine "${attempt[@]}"
		echo "${attempt[*]}: $status $output"
		[ "$status" -ne 0 ]
		[ "$status" -ne 127 ]
	done <<-END
		sh -c echo>$lasting/new
		sh -c echo>>$lasting/file
		sh -c echo>$lasting/file
		rm $lasting/file
		rmdir $lasting/dir
		mkdir $lasting/new
		mkfifo $lasting/new
		ln -s x $lasting/new
		ln $lasting/file $lasting/new
		mv $lasting/file $lasting/new
		mv $lasting/file $lasting/dir
		cp $lasting/file $lasting/new
		truncate -s 0 $lasting/file
		chmod 600 $lasting/file
		chown 1:1 $lasting/file
		chown -h 1:1 $lasting/file
		touch $lasting/file
		setfattr -n user.x -v y $lasting/file
		mount -t tmpfs none $lasting/dir
		hostname confined
		mknod $lasting/new c 1 3
	END
	diff before <(ls -laR "$lasting")
	[ "$(cat "$lasting/file")" = old ]
}

@test "confine: looking, scratch files and devices stay" {
	run -0 confine cat "$lasting/file" /etc/passwd
	run -0 confine sh -c 'echo x >scratch && cat scratch >/dev/null &&
	    mv scratch other && rm other && mkdir d && rmdir d'
	# shellcheck disable=SC2016	# for the confined shell
	run -0 confine sh -c 't=$(mktemp) && rm "$t" && ps >/dev/null'
}

@test "confine: root is left without the capabilities, whatever he starts" {
	[ "$(id -u)" = 0 ] || skip 'not root'
	run -0 confine sh -c 'sh -c "grep -E Cap\(Prm\|Eff\|Bnd\) /proc/self/status"'
	while read -r _ mask; do
		# CAP_CHOWN, CAP_FOWNER, CAP_SYS_MODULE, CAP_SYS_TIME
		[ $((0x$mask & (1 << 0 | 1 << 3 | 1 << 16 | 1 << 25))) -eq 0 ]
	done <<<"$output"
}

@test "confine: who is not root cannot become it" {
	[ "$(id -u)" = 0 ] || skip 'not root'
	cp "$(command -v confine)" confine
	chmod 755 . confine
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$PWD/confine" grep NoNewPrivs /proc/self/status
	[ "$output" = $'NoNewPrivs:\t1' ]
}

@test "confine: a condition of a dry run cannot change the host" {
	apply -n <<-END
		p2.command('one', {cmd: 'true', onlyif: 'echo x >$lasting/new'})
		  .command('two', {cmd: 'true', onlyif: 'rm $lasting/file'})
		  .command('three', {cmd: 'true', onlyif: 'grep -q old $lasting/file'})
		  .command('four', {cmd: 'true', onlyif: function () {
			return require('child_process').spawnSync('chmod',
			    ['600', '$lasting/file']).status === 0;
		}});
	END
	is 1 'would change command three: runs each time'
	diff before <(ls -laR "$lasting")
	apply <<-END
		p2.command('one', {cmd: 'true', onlyif: 'echo x >$lasting/new'});
	END
	is 0 'changed command one: runs each time'
	[ -e "$lasting/new" ]
}

@test "confine: dry runs, checks and explanations are confined, others are not" {
	echo "p2.file('x', {content: 'x'})" >site.p2
	for how in -n -c '-e x'; do
		# shellcheck disable=SC2086	# an option with its argument
		strace -o trace -e trace=seccomp,landlock_restrict_self,capset \
		    p2-apply -d '' $how site.p2 >/dev/null || [ $? -eq 1 ]
		sed 's/(.*//' trace | sed '/^+++/d' | diff - <(printf '%s\n' \
		    landlock_restrict_self seccomp capset)
	done
	strace -o trace -e trace=seccomp,landlock_restrict_self,capset \
	    p2-apply -d '' site.p2
	[ "$(cat trace)" = '+++ exited with 0 +++' ]
}
