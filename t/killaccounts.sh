#!/bin/bash
# killaccounts: on a host of a test's own, apply /root/1.p2 to 3.p2 and be
# killed before each call that writes; all that is said of it is checked.
set -eu
cd /root
files='passwd shadow group gshadow'
calls='write fsync fdatasync syncfs rename renameat renameat2 linkat symlinkat
    unlink unlinkat mkdir mkdirat rmdir fchown fchownat fchmod fchmodat ftruncate'
killed=0 refused=0

# Hashes of the four files after each step, in 0 to 3.
save() {
	mkdir -p "$1"
	for f in $files; do cp -a "/etc/$f" "$1/"; done
	(cd /home && find . -printf '%p %y %m %U %G\n' | sort) >"$1/home"
}

reset() {
	for f in $files; do cp -a "$1/$f" /etc/; done
	rm -rf /home/new /home/old /home/moved /home/gone
	case $1 in
	0) mkdir -p /home/old/sub /home/gone/sub && echo x >/home/gone/sub/x
		chown -R 1000:1000 /home/old && chown -R 1001:1001 /home/gone ;;
	*) cp -a "$1.home/." /home/ ;;
	esac
}

fail() { echo "step $step, $call $n: $*"; exit 1; }

save 0
reset 0
for step in 1 2 3; do
	n=- call=-
	p2-apply -d '' $step.p2 >/dev/null
	save $step
	mkdir $step.home
	cp -a /home/. $step.home/
done

try() {
	local was=$((step - 1)) rc=0

	reset $was
	# The inner shell would tell of the kill.
	bash -c '
	strace -qq -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2" \
	    p2-apply -d "" "$3"; exit $?' sh "$call" "$n" $step.p2 \
	    >/dev/null 2>&1 || rc=$?
	[ $rc -eq 137 ] || return 1
	killed=$((killed + 1))
	for f in $files; do
		cmp -s "$was/$f" "/etc/$f" || cmp -s "$step/$f" "/etc/$f" ||
		    sed 's/,new$//' "$step/$f" | cmp -s - "/etc/$f" ||
		    fail "/etc/$f is neither old nor new"
	done
	# Homes may be missing; that is no matter of these files.
	{ pwck -rq && grpck -r; } >out 2>&1 || refused=$((refused + 1))
	mkdir -p kept && cp -a /etc/passwd /etc/shadow /etc/group \
	    /etc/gshadow kept/
	useradd check >out 2>&1 || fail "useradd: $(cat out)"
	cp -a kept/. /etc/
	p2-apply -d '' $step.p2 >out 2>&1 || fail "$(cat out)"
	for f in $files; do
		cmp "$step/$f" "/etc/$f" || fail "/etc/$f differs"
	done
	(cd /home && find . -printf '%p %y %m %U %G\n' | sort) |
	    diff $step/home - || fail 'homes differ'
	if compgen -G '/etc/*.lock' || compgen -G '/*/.p2-*'; then
		fail litter
	fi
}

for step in 1 2 3; do
	refused=0
	for call in $calls; do
		n=1
		while try; do n=$((n + 1)); done
	done
	echo "step $step: refused $refused"
done
echo "killed $killed"
