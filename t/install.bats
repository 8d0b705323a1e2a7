#!/usr/bin/env bats
# Building and installing as a packager does.
load helper

tools=(p2-apply p2-facts p2-sign partisci-query partisci-recv partisci-send)

# All that is here was built once: by two jobs, from a tree under a path with
# a space and into another, with a compiler that notes how it is called.
setup_file() {
	tree="$BATS_FILE_TMPDIR/a tree"
	out=$BATS_FILE_TMPDIR/out
	cc=$BATS_FILE_TMPDIR/cc
	calls=$BATS_FILE_TMPDIR/calls
	export tree out cc calls
	unset MAKEFLAGS MFLAGS MAKELEVEL
	mkdir "$tree"
	(cd "$BATS_TEST_DIRNAME/.." && cp -R Makefile README LICENSE cmd lib \
	    share t "$tree")
	# shellcheck disable=SC2016	# for the compiler to come
	printf '#!/bin/sh\necho "$*" >>%s\nexec cc "$@"\n' "$calls" >"$cc"
	chmod +x "$cc"
	build -j 2 all >&2
}

# build ARG ...: make, with the packager's own choice of everything.
build() {
	make -s -C "$tree" B="$out" CC="$cc" CPPFLAGS=-DPACKAGED=1 \
	    CFLAGS='-O0 -fstack-protector-strong' LDFLAGS='-Wl,-z,now' "$@"
}

setup() {
	common_setup
	unset MAKEFLAGS MFLAGS MAKELEVEL
	dest=$BATS_TEST_TMPDIR/dest
}

files() { (cd "$dest" && find . -type "$1" | cut -c 3- | sort); }

same() { diff -u --label expected --label seen - <(printf '%s\n' "$1"); }

@test "install: compiler and flags are the packager's" {
	grep -q -- ' -c ' "$calls"
	[ "$(grep -cv -e ' -c ' "$calls")" = $((${#tools[@]} + 1)) ]
	run -1 grep -v -e ' -c .*' -e '-Wl,-z,now' "$calls"
	run -1 grep -v -e '-O0 -fstack-protector-strong' "$calls"
	run -1 grep -v -e '-DPACKAGED=1' -e '-Wl,-z,now' "$calls"
	# What has been built is not built again.
	: >"$calls"
	build all
	[ ! -s "$calls" ]
}

@test "install: building elsewhere leaves the tree as it was" {
	run -0 diff -r -x build -x .git -x __pycache__ -x .ci -x '.[a-z]*' \
	    "$BATS_TEST_DIRNAME/.." "$tree"
	[ "$output" = "" ]
	[ ! -e "$tree/build" ]
}

@test "install: each file is where it belongs, and uninstall leaves none" {
	build install DESTDIR="$dest" PREFIX=/usr
	same "$(files f)" < <({
		printf 'usr/bin/%s\n' "${tools[@]}"
		cat <<-END
			usr/include/partisci.h
			usr/lib/libpartisci.a
			usr/lib/libpartisci.so.0
			usr/lib/pkgconfig/partisci.pc
			usr/lib/systemd/system/p2-apply-run.service
			usr/lib/systemd/system/p2-apply.service
			usr/lib/systemd/system/p2-apply.timer
			usr/lib/systemd/system/partisci-packages.service
			usr/lib/systemd/system/partisci-packages.timer
			usr/lib/systemd/system/partisci-recv.service
			usr/lib/systemd/system/partisci-recv.socket
			usr/lib/sysusers.d/partisci.conf
			usr/share/doc/partisci/LICENSE
			usr/share/doc/partisci/README
			usr/share/doc/partisci/assurance
			usr/share/partisci/p2.d.ts
			usr/share/partisci/send-packages
			usr/share/zsh/site-functions/_partisci
		END
		printf 'usr/share/bash-completion/completions/%s\n' "${tools[@]}"
		cd "$tree/share"
		find man -type f | sed 's|^|usr/share/|'
		! [ -d clients ] || find clients -type f ! -name '*.pyc' |
		    sed 's|^|usr/share/partisci/|'
	} | sort)
	same "$(files l)" <<<usr/lib/libpartisci.so
	[ "$(readlink "$dest/usr/lib/libpartisci.so")" = libpartisci.so.0 ]
	# Programs may be run, and nothing may be written by anybody.
	run -0 find "$dest" -type f -perm /022
	[ "$output" = "" ]
	for f in "${tools[@]}"; do [ -x "$dest/usr/bin/$f" ]; done
	[ -x "$dest/usr/share/partisci/send-packages" ]
	# DESTDIR is where it is put, not where it will be.
	run -1 grep -rF "$dest" "$dest"
	run -1 grep -rE '@[A-Z]+@' "$dest/usr/lib"

	build uninstall DESTDIR="$dest" PREFIX=/usr
	[ "$(files f)$(files l)" = "" ]
	[ -d "$dest/usr/bin" ]
	[ ! -e "$dest/usr/share/partisci" ]
}

@test "install: a prefix with a space will do, and no umask is in the way" {
	dest="$BATS_TEST_TMPDIR/a dest"
	(umask 077 && build install DESTDIR="$dest" PREFIX='/opt/of ours')
	"$dest/opt/of ours/bin/partisci-query" -V
	run -0 find "$dest" -type f ! -perm -044
	[ "$output" = "" ]
	build uninstall DESTDIR="$dest" PREFIX='/opt/of ours'
	[ "$(files f)$(files l)" = "" ]
}

@test "install: what is installed works" {
	build install PREFIX="$dest"
	PATH=$dest/bin:$PATH
	for tool in "${tools[@]}"; do
		run -0 "$tool" --version
		same "$output" <<<"$tool $(sed -n 's/^VERSION.*= //p' \
		    "$tree/Makefile")"
	done
	start_recv
	[ "$(readlink "/proc/$recv/exe")" = "$dest/bin/partisci-recv" ]
	partisci-send -p "$port" -H -N web1 billing 1.2
	run -0 partisci-query -d "$store" versions
	[[ $output = '{"app_id":"billing","app":"billing","ver":"1.2",'* ]]
	stop_recv
}

# The package list of a host where two names are alike but for signs, one is
# too long, and one package is gone.
stub_dpkg() {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/dpkg-query" <<-'EOF'
		#!/bin/sh
		[ "$*" = '-W -f ${db:Status-Status} ${Package} ${Version}\n' ] ||
			exit 2
		cat <<-END
			installed libc6 2.36-9+deb12u10
			config-files old 1.0
			installed g++ 4:12.2.0-3
			installed x123456789x123456789x123456789x123456789x1234567890 1
			not-installed gone 
		END
	EOF
	chmod +x "$BATS_TEST_TMPDIR/bin/dpkg-query"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "install: send-packages reports what is installed, cut to what fits" {
	stub_dpkg
	run -0 "$tree/share/partisci/send-packages" --noop -N web1
	same "$output" <<-'END'
		{"app":"libc6","ver":"2.36-9+deb12u10","host":"web1","instance":0}
		{"app":"g++","ver":"4:12.2.0-3","host":"web1","instance":0}
		{"app":"x123456789x123456789x123456789x123456789x123456789","ver":"1","host":"web1","instance":0}
	END
}

@test "install: systemd finds nothing wrong with the units" {
	command -v systemd-analyze >/dev/null || skip 'there is no systemd'
	build install PREFIX="$dest"
	run -0 systemd-analyze verify --man=no "$dest"/lib/systemd/system/*
	[ "$output" = "" ]
	grep -q "^ExecStart=$dest/bin/partisci-recv " \
	    "$dest/lib/systemd/system/partisci-recv.service"
	grep -q "^ExecStart=$dest/share/partisci/send-packages " \
	    "$dest/lib/systemd/system/partisci-packages.service"
	grep -q "^ExecStart=$dest/bin/p2-apply --watch " \
	    "$dest/lib/systemd/system/p2-apply.service"
	grep -q "^ExecStart=$dest/bin/p2-apply --wait " \
	    "$dest/lib/systemd/system/p2-apply-run.service"
}

# arrived: was that version of billing heard of?
arrived() { partisci-query -d "$store" versions -a billing -r "$1"; }

@test "install: the example of partisci_report(3) builds and reports itself" {
	build install PREFIX="$dest"
	export PKG_CONFIG_PATH=$dest/lib/pkgconfig
	[ "$(pkg-config --modversion partisci)" = \
	    "$(sed -n 's/^VERSION.*= //p' "$tree/Makefile")" ]
	start_recv
	export PARTISCI_PORT=$port
	cd "$BATS_TEST_TMPDIR" || return
	sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' \
	    "$dest/share/man/man3/partisci_report.3" | grep -v '^\.' >self.c
	# shellcheck disable=SC2046	# a list of flags
	cc -Wall -Wextra -Werror -o shared self.c \
	    $(pkg-config --cflags --libs partisci)
	[[ "$(readelf -d shared)" = *NEEDED*'[libpartisci.so.0]'* ]]
	LD_LIBRARY_PATH=$dest/lib ./shared
	wait_until arrived 1.2.3
	rm "$dest"/lib/libpartisci.so*
	sed -i 's/1\.2\.3/1.2.4/' self.c
	# shellcheck disable=SC2046
	cc -Wall -Wextra -Werror -o static self.c \
	    $(pkg-config --static --cflags --libs partisci)
	[[ "$(readelf -d static)" != *libpartisci* ]]
	./static
	wait_until arrived 1.2.4
}
