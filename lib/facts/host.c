#include <sys/utsname.h>

#include <string.h>
#include <time.h>

#include "facts/collect.h"
#include "facts/state.h"

/*
 * host: what several collectors ask, and where it comes from below a root.
 */

/* The ELF header of the shell: class and machine, or 0. */
static unsigned
elf_header(struct facts *f, unsigned *bits)
{
	static const char *const shells[] = { "/bin/sh", "/usr/bin/sh",
	    "/bin/busybox", "/usr/bin/bash" };
	const unsigned char *p;
	struct buf b = { 0 };
	unsigned machine = 0;
	size_t i;

	if (f->elf_known) {
		*bits = f->elf_bits;
		return f->elf_machine;
	}
	f->elf_known = true;
	*bits = 0;
	for (i = 0; i < sizeof(shells) / sizeof(shells[0]) && *bits == 0;
	    i++) {
		buf_reset(&b);
		if (!src_head(f, shells[i], 20, &b) || b.len < 20)
			continue;
		p = (const unsigned char *)b.p;
		if (memcmp(p, "\177ELF", 4) != 0)
			continue;
		*bits = p[4] == 1 ? 32 : 64;
		machine = p[5] == 1 ? p[18] | (unsigned)p[19] << 8 :
		    p[19] | (unsigned)p[18] << 8;
	}
	buf_clear(&b);
	f->elf_bits = *bits;
	f->elf_machine = machine;
	return machine;
}

int
host_elf_class(struct facts *f)
{
	unsigned bits;

	(void)elf_header(f, &bits);
	return (int)bits;
}

static const char *
elf_machine(struct facts *f)
{
	static const struct { unsigned n; const char *name; } names[] = {
		{ 3, "i686" }, { 8, "mips" }, { 21, "ppc64le" },
		{ 22, "s390x" }, { 40, "armv7l" }, { 62, "x86_64" },
		{ 183, "aarch64" }, { 243, "riscv64" },
		{ 258, "loongarch64" }
	};
	unsigned bits, machine = elf_header(f, &bits);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].n == machine)
			return names[i].name;
	return "";
}

static const char *
kept_line(struct facts *f, const char *path)
{
	const char *s = arena_cstr(&f->arena, src_line(f, NULL, path));

	return s == NULL ? "" : s;
}

static void
live_names(struct facts *f, struct host_name *n)
{
	static const struct host_name none = { "", "", "", "", "" };
	struct utsname u;

	*n = none;
	if (uname(&u) == -1)
		return;
	n->sysname = arena_cstr(&f->arena, str_of(u.sysname));
	n->nodename = arena_cstr(&f->arena, str_of(u.nodename));
	n->release = arena_cstr(&f->arena, str_of(u.release));
	n->version = arena_cstr(&f->arena, str_of(u.version));
	n->machine = arena_cstr(&f->arena, str_of(u.machine));
	if (arena_failed(&f->arena))
		*n = none;
}

/* Of an image that never ran, /etc/hostname is all there is. */
static void
image_names(struct facts *f, struct host_name *n)
{
	n->sysname = kept_line(f, "/proc/sys/kernel/ostype");
	n->nodename = kept_line(f, "/proc/sys/kernel/hostname");
	if (n->nodename[0] == '\0')
		n->nodename = kept_line(f, "/etc/hostname");
	n->release = kept_line(f, "/proc/sys/kernel/osrelease");
	n->version = kept_line(f, "/proc/sys/kernel/version");
	n->machine = kept_line(f, "/proc/sys/kernel/arch");
	if (n->machine[0] == '\0')
		n->machine = elf_machine(f);
}

const struct host_name *
host_name(struct facts *f)
{
	if (!f->named) {
		f->named = true;
		if (facts_live(f))
			live_names(f, &f->name);
		else
			image_names(f, &f->name);
	}
	return &f->name;
}

const char *
host_node_arch(struct facts *f)
{
	static const char *const names[][2] = {
		{ "x86_64", "x64" }, { "i386", "ia32" }, { "i486", "ia32" },
		{ "i586", "ia32" }, { "i686", "ia32" },
		{ "aarch64", "arm64" }, { "armv6l", "arm" },
		{ "armv7l", "arm" }, { "ppc64le", "ppc64" }
	};
	const char *machine = host_name(f)->machine;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(machine, names[i][0]) == 0)
			return names[i][1];
	return machine;
}

/* The name in /etc/hosts that is host with a domain. */
static struct str
hosts_fqdn(struct facts *f, struct str host)
{
	struct str text = src_text_max(f, NULL, "/etc/hosts", SRC_LARGE), line;
	struct str word;

	while (text_line(&text, &line)) {
		line = text_cut(&line, '#');
		(void)text_word(&line);		/* the address */
		while ((word = text_word(&line)).len > 0)
			if (word.len > host.len + 1 &&
			    str_starts(word, host) && word.p[host.len] == '.')
				return word;
	}
	return (struct str){ NULL, 0 };
}

/* The last of "domain" and the first of "search" in resolv.conf(5). */
static struct str
resolv_domain(struct facts *f)
{
	struct str text = src_keep(f, "/etc/resolv.conf", SRC_MAX), line, word;
	struct str domain = { NULL, 0 };

	while (text_line(&text, &line)) {
		word = text_word(&line);
		if (text_is(word, "domain") || text_is(word, "search"))
			domain = text_word(&line);
	}
	if (domain.len > 0 && domain.p[domain.len - 1] == '.')
		domain.len--;
	return domain;
}

/* What stands behind the first dot of the full name; asked for once. */
static struct str
domain_of(struct facts *f, struct str host, struct str rest)
{
	struct str fqdn;

	if (f->domain.p != NULL)
		return f->domain;
	if (rest.len == 0 && (fqdn = hosts_fqdn(f, host)).len > 0)
		rest = (struct str){ fqdn.p + host.len + 1,
		    fqdn.len - host.len - 1 };
	if (rest.len == 0)
		rest = resolv_domain(f);
	return f->domain = arena_str(&f->arena, rest);
}

void
host_names(struct facts *f, struct val *o)
{
	struct str domain = str_of(host_name(f)->nodename), host;
	struct buf b = { 0 };

	host = text_cut(&domain, '.');
	if (host.len == 0)
		return;
	domain = domain_of(f, host, domain);
	val_str(o, "hostname", host);
	val_str(o, "domain", domain);
	buf_str(&b, host);
	if (domain.len > 0)
		buf_putc(&b, '.');
	buf_str(&b, domain);
	val_str(o, "fqdn", buf_view(&b));
	buf_clear(&b);
}

int64_t
meminfo(struct facts *f, const char *key)
{
	struct str text = src_keep(f, "/proc/meminfo", SRC_MAX);
	struct str value = text_field(text, key, ':');
	int64_t n;

	if (!text_num(text_word(&value), &n) || n > INT64_MAX / 1024)
		return -1;
	return text_is(text_trim(value), "kB") ? n * 1024 : n;
}

int64_t
boot_time(struct facts *f)
{
	struct str text = src_keep(f, "/proc/stat", SRC_LARGE), line, word;
	int64_t n = 0;

	while (text_line(&text, &line)) {
		word = text_word(&line);
		if (text_is(word, "btime") && text_num(text_trim(line), &n))
			return n;
	}
	return 0;
}

struct str
proc_status(struct facts *f, const char *key)
{
	return text_field(src_keep(f, "/proc/self/status", SRC_MAX), key,
	    ':');
}
