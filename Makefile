# One file builds, checks and installs everything; "make help" lists how.
#
# CC, CPPFLAGS, CFLAGS, LDFLAGS, PREFIX and DESTDIR are the packager's; what
# the code itself needs has other names.  All that is built lies under $(B),
# so that a build with sanitizers and one without stand side by side.

VERSION	= 0.1
B	= build
CC	= cc
CFLAGS	= -O2 -g
LDFLAGS	=
PREFIX	= /usr/local
DESTDIR	=
# To build for another architecture, name its compiler in CC; the root directory
# that its libraries are under, where they are not installed here, in SYSROOT.
SYSROOT	=
MAKEFLAGS += --no-builtin-rules

BINDIR	= $(PREFIX)/bin
LIBDIR	= $(PREFIX)/lib
INCDIR	= $(PREFIX)/include
SHAREDIR = $(PREFIX)/share
UNITDIR	= $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d

STD	= -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	  -DLIBBSD_OVERLAY -DVERSION='"$(VERSION)"' $(SYSROOT:%=--sysroot=%) \
	  -Ilib -Icmd -isystem $(SYSROOT)/usr/include/bsd -pthread -fPIC
LINK	= $(CC) $(CFLAGS) $(SYSROOT:%=--sysroot=%) $(LDFLAGS)
WARN	= -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Werror

# A tool is cmd/TOOL.c, or all of cmd/TOOL/*.c, with cmd/common and the archive
# of lib.  lib/partisci is the library for other people's programs and stands
# alone.
TOOLS	= partisci-send partisci-recv partisci-query p2-apply p2-facts \
	  p2-sign
BINS	= $(TOOLS:%=$(B)/bin/%)
ARCHIVE	= $(B)/libkit.a
LIBSRC	= $(filter-out lib/partisci/%,$(wildcard lib/*/*.c))
LIBOBJ	= $(LIBSRC:%.c=$(B)/%.o) $(B)/embed.o
# What p2-apply has in itself: the prelude of policies, and roles.
# A prelude's directory, its files in this order, is one function.
PRELUDES = core polyfill modules
PARTS_core = state errors queue select events declare results conditions notify \
	  orphans rollback gather execute timers members package service native facts role \
	  watch window module concat api
PARTS_polyfill = add promise collections objects array string heredoc
PARTS_modules = libraries require console process buffer
EMBEDDED = $(PRELUDES:%=$(B)/p2/%.js) $(wildcard share/p2/*.js share/roles/*.p2)
LIBS	= -ljansson -llmdb -lbsd -pthread
LIBS_partisci-recv = -lmicrohttpd -lsodium
LIBS_p2-apply = -lduktape -lm -Wl,--as-needed $(STATIC) -lmd -ljansson -llmdb \
	  -lbsd -lmd -lsodium -lz -Wl,-Bdynamic
LIBS_p2-sign = -lsodium
# To load four libraries takes as long as to find out a fact: so they are
# linked in.  Where there are no archives of them, make STATIC= .
STATIC	= -Wl,-Bstatic
LIBS_p2-facts = -Wl,--as-needed $(STATIC) -ljansson -llmdb -lbsd -lmd \
	  -Wl,-Bdynamic

SOVER	= 0
CLIENT	= $(B)/lib/libpartisci.a $(B)/lib/libpartisci.so.$(SOVER) \
	  $(B)/lib/libpartisci.so
CLIENTOBJ = $(patsubst %.c,$(B)/%.o,$(wildcard lib/partisci/*.c))

# Programs that tests and benchmarks run, one a file.
DRIVERS	= $(patsubst %.c,$(B)/%,$(wildcard t/*.c))
BENCHES	= $(patsubst %.c,$(B)/%,$(wildcard t/bench/*.c))
SHIMS	= $(patsubst t/shim/%.c,$(B)/t/%.so,$(wildcard t/shim/*.c))
FUZZERS	= $(patsubst %.c,$(B)/%,$(wildcard t/fuzz/*.c))
TLIBS	= -Wl,--as-needed -lsystemd -lcurl -lsodium -lmd -lz -lm $(LIBS)

MANUALS	= $(wildcard share/man/man*/*)
# What Debian calls the things that building and testing need.
BUILD_DEPS = gcc make pkg-config libbsd-dev liblmdb-dev libjansson-dev \
	  libmicrohttpd-dev libcurl4-openssl-dev libsodium-dev duktape-dev \
	  libmd-dev zlib1g-dev libsystemd-dev
DEMO_DEPS = $(BUILD_DEPS) jq curl
CHECK_DEPS = $(DEMO_DEPS) bats perl clang libclang-rt-14-dev cppcheck \
	  shellcheck mandoc bsdextrautils acl attr e2fsprogs libcap2-bin patch \
	  signify-openbsd minisign node-buble \
	  strace python3 nodejs golang-go procps psmisc iproute2 xz-utils rpm \
	  dpkg-dev util-linux apt-utils gnupg nftables openssl \
	  libarchive-tools git cron locales
# Package managers of other systems.
HOSTS_DEPS = $(CHECK_DEPS) dnf zypper pacman-package-manager makepkg \
	  createrepo-c python3-venv debootstrap \
	  systemd-container apt-utils gpg
# Others compile for ARM and run that, with libraries of ARM's.
ARM_DEPS = $(CHECK_DEPS) gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf \
	  qemu-user-static mmdebstrap lmdb-utils
ARM_LIBRARIES = $(filter %-dev,$(BUILD_DEPS)) libarchive13 lmdb-utils
BENCH_DEPS = $(DEMO_DEPS) sqlite3 strace python3 debootstrap systemd-container
# Others' programs, large ones: make bench BENCH_PEERS=1 installs them, too.
BENCH_PEER_DEPS = cfengine3 puppet-agent facter ansible-core
BENCH_PEERS =
INSTALL_DEPS = t/need

all: $(BINS) $(CLIENT)

help:
	@echo "make [all]        build into $(B)/"
	@echo "make demo         show what it does, on this host's packages"
	@echo "make check        run every test (installs what they need)"
	@echo "make check-hosts  what takes real package managers, or whole hosts"
	@echo "make check-arm    every test on what is built for ARM, under qemu"
	@echo "make check-asan   the same under the address and UB sanitizers"
	@echo "make lint         both compilers, cppcheck, shellcheck, mandoc"
	@echo "make bench        measure, each figure beside its limit or peer"
	@echo "make fuzz         fuzz what reads strangers' bytes, FUZZ_SECS each"
	@echo "make install      into \$$(DESTDIR)\$$(PREFIX); make uninstall"
	@echo "make clean"

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define prelude
$(B)/p2/$(1).js: $(PARTS_$(1):%=share/p2/$(1)/%.js) Makefile
	@mkdir -p $$(@D)
	(echo "(function (native, global, api) { 'use strict';" && \
	    cat $(PARTS_$(1):%=share/p2/$(1)/%.js) && echo '})') >$$@.new
	mv $$@.new $$@
endef
$(foreach p,$(PRELUDES),$(eval $(call prelude,$(p))))

$(B)/embed.c: $(EMBEDDED) lib/policy/embed.sh
	@mkdir -p $(@D)
	lib/policy/embed.sh $(EMBEDDED) >$@.new
	mv $@.new $@

$(B)/embed.o: $(B)/embed.c
	$(CC) $(CPPFLAGS) $(STD) $(WARN) $(CFLAGS) -c -o $@ $<

$(ARCHIVE): $(LIBOBJ)
	@rm -f $@
	$(AR) rc $@ $(LIBOBJ)

toolobj	= $(patsubst %.c,$(B)/%.o,$(wildcard cmd/$(1).c cmd/$(1)/*.c \
	  cmd/common/*.c))
define tool
$(B)/bin/$(1): $(call toolobj,$(1)) $(ARCHIVE)
	@mkdir -p $$(@D)
	$$(LINK) -o $$@ $(call toolobj,$(1)) $$(ARCHIVE) \
	    $$(LIBS_$(1)) $$(LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

$(DRIVERS) $(BENCHES): $(B)/%: $(B)/%.o $(ARCHIVE) $(B)/lib/libpartisci.a
	$(LINK) -o $@ $< $(ARCHIVE) $(B)/lib/libpartisci.a $(TLIBS)

$(B)/lib/libpartisci.a: $(CLIENTOBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rc $@ $(CLIENTOBJ)

$(B)/lib/libpartisci.so.$(SOVER): $(CLIENTOBJ)
	@mkdir -p $(@D)
	$(LINK) -shared -Wl,-soname,$(@F) -o $@ \
	    -Wl,-z,nodelete $(CLIENTOBJ) -pthread

$(B)/lib/libpartisci.so: $(B)/lib/libpartisci.so.$(SOVER)
	ln -sf $(<F) $@

# $(INSTALL_DEPS) NAME ... installs the Debian packages that are missing.
need-%:
	@$(INSTALL_DEPS) $($(*)_DEPS)

demo: need-DEMO
	@$(MAKE) -s all
	@t/demo "$(abspath $(B))/bin"

check: need-CHECK
	@$(MAKE) -s all drivers
	@$(MAKE) -s lint
	@B="$(abspath $(B))" t/run

HOSTS_ARGS =
check-hosts: need-HOSTS
	@$(MAKE) -s all drivers
	@B="$(abspath $(B))" t/hosts/run $(HOSTS_ARGS)

ARM_ARGS =
check-arm: need-ARM
	@$(MAKE) -s all drivers
	@B="$(abspath $(B))" LIBRARIES='$(ARM_LIBRARIES)' t/arm/run $(ARM_ARGS)

drivers: $(DRIVERS) $(BENCHES) $(SHIMS)

# Without a sanitizer, whatever the rest is built with.
$(SHIMS): $(B)/t/%.so: t/shim/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O2 -g -shared -o $@ $<

ASAN	= -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	  -fno-sanitize-recover=undefined
check-asan: need-CHECK
	@$(MAKE) -s B=build/asan CFLAGS='$(ASAN)' all drivers
	@B="$(abspath build/asan)" t/run

lint: need-CHECK
	@CC='$(CC)' STD="$(subst ",\",$(STD))" WARN='$(WARN)' t/lint

BENCH_ARGS =
bench: need-BENCH $(BENCH_PEERS:1=need-BENCH_PEER)
	@$(MAKE) -s all drivers
	@B="$(abspath $(B))" t/bench/run $(BENCH_ARGS)

FUZZ_SECS = 60
FUZZ	= -O1 -g -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined
fuzz: need-CHECK
	@$(MAKE) -s B=build/fuzz CC=clang \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' fuzzers
	@B="$(abspath build/fuzz)" FUZZ_SECS=$(FUZZ_SECS) t/fuzz/run

fuzzers: $(FUZZERS)
$(FUZZERS): $(B)/%: $(B)/%.o $(ARCHIVE)
	$(CC) $(FUZZ) -o $@ $< $(ARCHIVE) $(LIBS_p2-apply) $(TLIBS)

# What is in share, by where it goes.  Units name the program that they run;
# the prelude and the roles of p2 are in p2-apply itself.
SHARED	= $(shell cd share && find . -type f ! -path './systemd/*' \
	  ! -path './sysusers.d/*' ! -path './p2/*' ! -path './roles/*' \
	  ! -path '*/__pycache__/*' | cut -c 3- | sort)
# Clients are this toolkit's own, whatever else lies in the share of a host.
SHAREDAS = $(patsubst p2.d.ts,partisci/p2.d.ts,\
	  $(patsubst doc/%,doc/partisci/%,$(SHARED:clients/%=partisci/clients/%)))
UNITS	= $(notdir $(wildcard share/systemd/*))

install: all install-lib
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(UNITDIR)"
	install -m 755 $(BINS) "$(DESTDIR)$(BINDIR)"
	for f in $(UNITS); do sed -e 's|@BINDIR@|$(BINDIR)|g' \
	    -e 's|@SHAREDIR@|$(SHAREDIR)|g' share/systemd/$$f | \
	    install -m 644 /dev/stdin "$(DESTDIR)$(UNITDIR)/$$f" || exit; done
	install -D -m 644 share/sysusers.d/partisci.conf \
	    "$(DESTDIR)$(SYSUSERSDIR)/partisci.conf"
	install -D -m 644 -t "$(DESTDIR)$(SHAREDIR)/doc/partisci" README LICENSE
	set -- $(SHAREDAS); for f in $(SHARED); do \
	    [ -x share/$$f ] && mode=755 || mode=644; \
	    install -D -m $$mode share/$$f "$(DESTDIR)$(SHAREDIR)/$$1" || exit; \
	    shift; done

install-lib: $(CLIENT)
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(INCDIR)"
	install -m 644 $(B)/lib/libpartisci.a "$(DESTDIR)$(LIBDIR)"
	install -m 755 $(B)/lib/libpartisci.so.$(SOVER) "$(DESTDIR)$(LIBDIR)"
	ln -sf libpartisci.so.$(SOVER) "$(DESTDIR)$(LIBDIR)/libpartisci.so"
	install -m 644 lib/partisci/partisci.h "$(DESTDIR)$(INCDIR)"
	printf '%s\n' 'libdir=$(LIBDIR)' 'includedir=$(INCDIR)' \
	    'Name: partisci' 'Version: $(VERSION)' \
	    'Description: tell a partisci server which version runs here' \
	    'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lpartisci' \
	    'Libs.private: -pthread' | install -m 644 /dev/stdin \
	    "$(DESTDIR)$(LIBDIR)/pkgconfig/partisci.pc"

uninstall:
	for f in $(TOOLS); do rm -f "$(DESTDIR)$(BINDIR)/$$f"; done
	for f in libpartisci.a libpartisci.so libpartisci.so.$(SOVER) \
	    pkgconfig/partisci.pc; do rm -f "$(DESTDIR)$(LIBDIR)/$$f"; done
	for f in $(UNITS); do rm -f "$(DESTDIR)$(UNITDIR)/$$f"; done
	for f in $(SHAREDAS); do rm -f "$(DESTDIR)$(SHAREDIR)/$$f"; done
	rm -f "$(DESTDIR)$(INCDIR)/partisci.h" \
	    "$(DESTDIR)$(SYSUSERSDIR)/partisci.conf"
	rm -rf "$(DESTDIR)$(SHAREDIR)/partisci" \
	    "$(DESTDIR)$(SHAREDIR)/doc/partisci"

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all help demo check check-hosts check-arm drivers check-asan lint bench fuzz fuzzers \
	install install-lib uninstall clean
.SECONDARY:
