#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact facts[] = {
	{ "count", "integer", "/sys/devices/system/cpu/online", false },
	{ "possible", "integer", "/sys/devices/system/cpu/possible", false },
	{ "available", "integer", "what this process may use: "
	    "/proc/self/status and the quota of its cgroup", false },
	{ "sockets", "integer", "/proc/cpuinfo, else topology in sysfs",
	    false },
	{ "cores", "integer", "same, of all sockets", false },
	{ "threads_per_core", "integer", "same", false },
	{ "models[].name", "string", "/proc/cpuinfo; on ARM by implementer "
	    "and part", false },
	{ "models[].count", "integer", "same", false },
	{ "vendor", "string", "/proc/cpuinfo", false },
	{ "family", "integer", "/proc/cpuinfo", false },
	{ "model", "integer", "/proc/cpuinfo", false },
	{ "stepping", "integer", "/proc/cpuinfo", false },
	{ "microcode", "string", "/proc/cpuinfo", false },
	{ "flags", "array", "/proc/cpuinfo", false },
	{ "isa_level", "string", "x86-64-v1 to v4, by the flags", false },
	{ "virtualization", "string", "vmx or svm, by the flags", false },
	{ "max_mhz", "integer", "cpufreq/cpuinfo_max_freq", false },
	{ "min_mhz", "integer", "cpufreq/cpuinfo_min_freq", false },
	{ "governor", "string", "cpufreq/scaling_governor", false },
	{ "smt", "boolean", "/sys/devices/system/cpu/smt/active", false },
	{ "caches.*", "integer", "cpu0/cache/index*: bytes by level", false },
	{ "numa_nodes", "integer", "/sys/devices/system/node", false },
	{ "nodes.*.cpus", "string", "same, cpulist", false },
	{ "nodes.*.memory_bytes", "integer", "same, meminfo", false },
	{ "byte_order", "string", "the build", false },
	{ NULL, NULL, NULL, false }
};

enum { MODELS_MAX = 16, NAME_SIZE = 128 };

struct model {
	char	name[NAME_SIZE];
	int64_t	count;
};

/* What /proc/cpuinfo says, taken in before anything else is read. */
struct cpus {
	struct model	 models[MODELS_MAX];
	size_t		 nmodels;
	struct buf	 cores;		/* of each processor: socket << 32 |
					   core, a uint64_t */
	int64_t		 socket;	/* of the one at hand; -1: not said */
	int64_t		 implementer;
	int64_t		 part;
	bool		 in_first;
	bool		 named;		/* the one at hand has a name */
	struct str	 flags;		/* of the first; in the arena */
};

static void
count_model(struct cpus *c, struct str name)
{
	size_t i;

	if (name.len == 0)
		return;
	if (name.len >= NAME_SIZE)
		name.len = NAME_SIZE - 1;
	c->named = true;
	for (i = 0; i < c->nmodels; i++)
		if (text_is(name, c->models[i].name)) {
			c->models[i].count++;
			return;
		}
	if (i == MODELS_MAX)
		return;
	memcpy(c->models[i].name, name.p, name.len);
	c->models[i].name[name.len] = '\0';
	c->models[i].count = 1;
	c->nmodels++;
}

static const char *
arm_name(int64_t implementer, int64_t part)
{
	static const struct { int implementer, part; const char *name; }
	    names[] = {
		{ 0x41, 0xb76, "ARM1176" }, { 0x41, 0xc07, "ARM Cortex-A7" },
		{ 0x41, 0xc08, "ARM Cortex-A8" },
		{ 0x41, 0xc09, "ARM Cortex-A9" },
		{ 0x41, 0xc0f, "ARM Cortex-A15" },
		{ 0x41, 0xd03, "ARM Cortex-A53" },
		{ 0x41, 0xd04, "ARM Cortex-A35" },
		{ 0x41, 0xd05, "ARM Cortex-A55" },
		{ 0x41, 0xd07, "ARM Cortex-A57" },
		{ 0x41, 0xd08, "ARM Cortex-A72" },
		{ 0x41, 0xd09, "ARM Cortex-A73" },
		{ 0x41, 0xd0a, "ARM Cortex-A75" },
		{ 0x41, 0xd0b, "ARM Cortex-A76" },
		{ 0x41, 0xd0c, "ARM Neoverse-N1" },
		{ 0x41, 0xd40, "ARM Neoverse-V1" },
		{ 0x41, 0xd49, "ARM Neoverse-N2" },
		{ 0x41, 0xd4f, "ARM Neoverse-V2" },
		{ 0x42, 0x516, "Broadcom ThunderX2" },
		{ 0x43, 0x0a1, "Cavium ThunderX" },
		{ 0xc0, 0xac3, "Ampere-1" }
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].implementer == implementer &&
		    names[i].part == part)
			return names[i].name;
	return NULL;
}

/* A processor ends: one that has no name may have a number. */
static void
end_processor(struct cpus *c)
{
	const char *name;

	if (!c->named && c->part != -1 &&
	    (name = arm_name(c->implementer, c->part)) != NULL)
		count_model(c, str_of(name));
	c->socket = c->part = -1;
	c->named = false;
}

static void
put_number(struct val *o, const char *key, struct str value)
{
	int64_t n;

	if (text_num(value, &n))
		val_int(o, key, n);
}

/* What is said of the first processor, and holds for the others. */
static void
first_line(struct facts *f, struct cpus *c, struct str key,
    struct str value, struct val *o)
{
	if (text_is(key, "vendor_id"))
		val_str(o, "vendor", value);
	else if (text_is(key, "cpu family"))
		put_number(o, "family", value);
	else if (text_is(key, "model"))
		put_number(o, "model", value);
	else if (text_is(key, "stepping"))
		put_number(o, "stepping", value);
	else if (text_is(key, "microcode"))
		val_str(o, "microcode", value);
	else if (text_is(key, "flags") || text_is(key, "Features") ||
	    text_is(key, "features")) {
		c->flags.p = arena_cstr(facts_arena(f), value);
		c->flags.len = c->flags.p == NULL ? 0 : value.len;
	}
}

static void
any_line(struct cpus *c, struct str key, struct str value)
{
	uint64_t n, core;
	int64_t id;

	if (text_is(key, "model name") || text_is(key, "cpu") ||
	    text_is(key, "uarch"))
		count_model(c, value);
	else if (text_is(key, "physical id") && text_num(value, &id))
		c->socket = id;
	else if (text_is(key, "core id") && text_num(value, &id) &&
	    c->socket != -1) {
		core = (uint64_t)c->socket << 32 | (uint64_t)id;
		buf_add(&c->cores, &core, sizeof(core));
	} else if (text_is(key, "CPU implementer") && text_hex(value, &n))
		c->implementer = (int64_t)n;
	else if (text_is(key, "CPU part") && text_hex(value, &n))
		c->part = (int64_t)n;
}

static void
read_cpuinfo(struct facts *f, struct cpus *c, struct val *o)
{
	struct str text = src_text_max(f, NULL, "/proc/cpuinfo", SRC_LARGE);
	struct str line, key;

	c->socket = c->part = -1;
	c->in_first = true;
	while (text_line(&text, &line)) {
		if (line.len == 0) {
			end_processor(c);
			c->in_first = false;
			continue;
		}
		key = text_trim(text_cut(&line, ':'));
		line = text_trim(line);
		if (c->in_first || c->flags.p == NULL)
			first_line(f, c, key, line, o);
		any_line(c, key, line);
	}
	end_processor(c);
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void
put_topology(struct val *o, int64_t sockets, int64_t cores, int64_t threads)
{
	if (sockets == 0 || cores == 0)
		return;
	val_int(o, "sockets", sockets);
	val_int(o, "cores", cores);
	val_int(o, "threads_per_core", threads < cores ? 1 : threads / cores);
}

static void
count_cores(struct cpus *c, int64_t *sockets, int64_t *cores)
{
	size_t i, n = c->cores.len / sizeof(uint64_t);
	uint64_t last = UINT64_MAX, at;

	if (n == 0 || buf_failed(&c->cores))
		return;
	qsort(c->cores.p, n, sizeof(uint64_t), by_value);
	for (i = 0; i < n; i++) {
		memcpy(&at, c->cores.p + i * sizeof(at), sizeof(at));
		*cores += at != last;
		*sockets += at >> 32 != last >> 32;
		last = at;
	}
}

/*
 * Where /proc/cpuinfo is silent about it.  The siblings that a processor
 * lists need not be asked themselves.
 */
static void
walk_topology(struct facts *f, int64_t count, int64_t *sockets,
    int64_t *cores)
{
	char path[64];
	int64_t i, package, first, seen = -1;
	struct str list;

	for (i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "/sys/devices/system/cpu/"
		    "cpu%d/topology/thread_siblings_list", (int)i);
		list = src_line(f, NULL, path);
		list = text_cut(&list, ',');
		if (!text_num(text_cut(&list, '-'), &first))
			return;
		if (first != i)
			continue;
		++*cores;
		(void)snprintf(path, sizeof(path), "/sys/devices/system/cpu/"
		    "cpu%d/topology/physical_package_id", (int)i);
		if (!src_num(f, NULL, path, &package))
			package = 0;
		*sockets += package != seen;
		seen = package;
	}
}

/* Flags in order: one look a word. */
static int
by_word(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

static bool
has(const struct buf *sorted, const char *flag)
{
	struct str key = str_of(flag);

	return bsearch(&key, sorted->p, sorted->len / sizeof(key),
	    sizeof(key), by_word) != NULL;
}

static void
put_level(struct val *o, const struct buf *sorted)
{
	static const char *const levels[][12] = {
		{ "lm", "cx8", "sse2" },
		{ "cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3" },
		{ "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm",
		    "movbe", "xsave" },
		{ "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl" }
	};
	char name[] = "x86-64-v0";
	size_t i, j;

	for (i = 0; i < 4; i++) {
		for (j = 0; levels[i][j] != NULL; j++)
			if (!has(sorted, levels[i][j]))
				break;
		if (levels[i][j] != NULL)
			break;
		name[sizeof(name) - 2]++;
	}
	if (i > 0)
		val_cstr(o, "isa_level", name);
}

static void
put_flags(struct val *o, struct str flags)
{
	struct str rest = flags, word;
	struct buf sorted = { 0 };
	struct val *a;

	if (flags.len == 0)
		return;
	a = val_arr(o, "flags");
	while ((word = text_word(&rest)).len > 0) {
		val_str(a, NULL, word);
		buf_add(&sorted, &word, sizeof(word));
	}
	if (sorted.len > 0) {
		qsort(sorted.p, sorted.len / sizeof(word), sizeof(word),
		    by_word);
		put_level(o, &sorted);
		if (has(&sorted, "vmx"))
			val_cstr(o, "virtualization", "vmx");
		else if (has(&sorted, "svm"))
			val_cstr(o, "virtualization", "svm");
	}
	buf_clear(&sorted);
}

static void
put_models(struct val *o, const struct cpus *c)
{
	struct val *a, *m;
	size_t i;

	if (c->nmodels == 0)
		return;
	a = val_arr(o, "models");
	for (i = 0; i < c->nmodels; i++) {
		m = val_obj(a, NULL);
		val_cstr(m, "name", c->models[i].name);
		val_int(m, "count", c->models[i].count);
	}
}

static int64_t
count_of(struct facts *f, const char *path)
{
	return text_list_count(src_line(f, NULL, path));
}

/* What this process may use: by its affinity, and by its cgroup. */
static int64_t
available(struct facts *f, int64_t count)
{
	int64_t n = text_list_count(proc_status(f, "Cpus_allowed_list"));
	double quota = cgroup_cpu_quota(f);

	if (n == 0 || (count > 0 && count < n))
		n = count;
	if (quota > 0 && quota < (double)n)
		n = quota < 1 ? 1 : (int64_t)(quota + 0.999);
	return n;
}

static void
put_frequency(struct facts *f, struct val *o)
{
	static const char *const keys[][2] = {
		{ "cpuinfo_max_freq", "max_mhz" },
		{ "cpuinfo_min_freq", "min_mhz" }
	};
	struct dir d;
	int64_t khz;
	size_t i;

	if (dir_open(f, NULL, "/sys/devices/system/cpu/cpu0/cpufreq", &d)) {
		for (i = 0; i < 2; i++)
			if (dir_has(&d, keys[i][0]) &&
			    src_num(f, &d, keys[i][0], &khz))
				val_int(o, keys[i][1], khz / 1000);
		if (dir_has(&d, "scaling_governor"))
			src_put_line(f, &d, "scaling_governor", o,
			    "governor");
		dir_close(&d);
	}
	src_put_bool(f, NULL, "/sys/devices/system/cpu/smt/active", o, "smt");
}

/* "L1d", "L1i", "L2": bytes. */
static void
put_cache(struct facts *f, const struct dir *d, const char *index,
    struct val *o)
{
	char path[64], name[8];
	int64_t level, size;
	struct str s;
	char letter = '\0';

	(void)snprintf(path, sizeof(path), "%.20s/level", index);
	if (!src_num(f, d, path, &level) || level < 1 || level > 9)
		return;
	(void)snprintf(path, sizeof(path), "%.20s/type", index);
	s = src_line(f, d, path);
	if (text_is(s, "Data"))
		letter = 'd';
	else if (text_is(s, "Instruction"))
		letter = 'i';
	(void)snprintf(name, sizeof(name), "L%d%c", (int)level, letter);
	(void)snprintf(path, sizeof(path), "%.20s/size", index);
	s = src_line(f, d, path);
	if (!text_ends(s, "K"))
		return;
	s.len--;
	if (text_num(s, &size) && size < INT_MAX && val_get(o, name) == NULL)
		val_int(o, val_key(o, str_of(name)), size * 1024);
}

static void
put_caches(struct facts *f, struct val *o)
{
	struct val *caches = val_obj(o, "caches");
	struct dir d;
	size_t i;

	if (!dir_open(f, NULL, "/sys/devices/system/cpu/cpu0/cache", &d))
		return;
	for (i = 0; i < d.n; i++)
		if (strncmp(d.names[i], "index", 5) == 0)
			put_cache(f, &d, d.names[i], caches);
	dir_close(&d);
	val_sort(caches);
}

/* "Node 0 MemTotal:  65536 kB" */
static void
put_node_memory(struct facts *f, const struct dir *d, const char *path,
    struct val *node)
{
	struct str text = src_text(f, d, path), line;
	int64_t kb;

	while (text_line(&text, &line)) {
		(void)text_word(&line);
		(void)text_word(&line);
		if (text_is(text_word(&line), "MemTotal:") &&
		    text_num(text_word(&line), &kb) && kb < INT64_MAX / 1024)
			val_int(node, "memory_bytes", kb * 1024);
	}
}

static void
put_nodes(struct facts *f, struct val *o)
{
	struct val *nodes, *node;
	char path[64];
	struct dir d;
	int64_t n = 0, number;
	size_t i;

	if (!dir_open(f, NULL, "/sys/devices/system/node", &d))
		return;
	for (i = 0; i < d.n; i++)
		n += strncmp(d.names[i], "node", 4) == 0 &&
		    text_num(str_of(d.names[i] + 4), &number);
	val_int(o, "numa_nodes", n);
	nodes = val_obj(o, "nodes");
	for (i = 0; i < d.n; i++) {
		if (strncmp(d.names[i], "node", 4) != 0 ||
		    !text_num(str_of(d.names[i] + 4), &number))
			continue;
		node = val_obj(nodes, d.names[i] + 4);
		(void)snprintf(path, sizeof(path), "%.40s/cpulist",
		    d.names[i]);
		src_put_line(f, &d, path, node, "cpus");
		(void)snprintf(path, sizeof(path), "%.40s/meminfo",
		    d.names[i]);
		put_node_memory(f, &d, path, node);
	}
	dir_close(&d);
}

static void
run(struct facts *f, struct val *o)
{
	struct cpus c = { .nmodels = 0 };
	struct val *late = val_new(facts_arena(f), VAL_OBJ), *m, *next;
	int64_t count, n, sockets = 0, cores = 0;

	/* In the order of the table, though cpuinfo is read first. */
	read_cpuinfo(f, &c, late);
	count = count_of(f, "/sys/devices/system/cpu/online");
	if (count == 0)
		count = (int64_t)(c.cores.len / sizeof(uint64_t));
	if (count > 0)
		val_int(o, "count", count);
	if ((n = count_of(f, "/sys/devices/system/cpu/possible")) > 0)
		val_int(o, "possible", n);
	if ((n = available(f, count)) > 0)
		val_int(o, "available", n);
	count_cores(&c, &sockets, &cores);
	if (cores == 0)
		walk_topology(f, count, &sockets, &cores);
	put_topology(o, sockets, cores, count);
	put_models(o, &c);
	for (m = late == NULL ? NULL : late->u.list.first; m != NULL;
	    m = next) {
		next = m->next;
		val_add(o, m->key, m);
	}
	put_flags(o, c.flags);
	put_frequency(f, o);
	put_caches(f, o);
	put_nodes(f, o);
	val_cstr(o, "byte_order", __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
	    "little" : "big");
	buf_clear(&c.cores);
}

const struct collector collect_processors = {
	.name = "processors", .help = "processors", .facts = facts,
	.cost = 75, .run = run
};
