#include <stdio.h>
#include <string.h>

#include "facts/collect.h"

static const struct fact processes_facts[] = {
	{ "count", "integer", "/proc", true },
	{ "states.*", "integer", "/proc/*/stat: how many in each state",
	    true },
	{ "list[].pid", "integer", "/proc/*/stat", true },
	{ "list[].ppid", "integer", "/proc/*/stat", true },
	{ "list[].name", "string", "/proc/*/stat", true },
	{ "list[].state", "string", "/proc/*/stat", true },
	{ "list[].rss_pages", "integer", "/proc/*/stat", true },
	{ "list[].start_ticks", "integer", "/proc/*/stat, since boot", true },
	{ "list[].uid", "integer", "the owner of /proc/*", true },
	{ NULL, NULL, NULL, false }
};

static const struct fact counters_facts[] = {
	{ "vmstat.*", "integer", "/proc/vmstat", true },
	{ "snmp.*", "object", "/proc/net/snmp", true },
	{ "netstat.*", "object", "/proc/net/netstat", true },
	{ NULL, NULL, NULL, false }
};

static const char *
state_name(char c)
{
	switch (c) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "waiting";
	case 'Z':
		return "zombie";
	case 'T':
	case 't':
		return "stopped";
	case 'I':
		return "idle";
	default:
		return "other";
	}
}

static void
count_state(struct val *states, const char *name)
{
	struct val *v = val_get(states, name);

	if (v == NULL)
		val_int(states, name, 1);
	else
		v->u.num++;
}

/* "pid (name) state ppid ..."; a name may hold blanks and parentheses. */
static void
put_process(struct facts *f, const struct dir *d, const char *pid,
    struct val *list, struct val *states)
{
	static const struct { int field; const char *key; } numbers[] = {
		{ 19, "start_ticks" }, { 21, "rss_pages" }
	};
	char path[NAME_MAX + 8];
	struct str text, name, word;
	struct stat st;
	struct val *o;
	int64_t n, found[2] = { -1, -1 };
	const char *state;
	int i, j;

	(void)snprintf(path, sizeof(path), "%s/stat", pid);
	text = src_line(f, d, path);
	word = text_tail(text, ')');
	name = text;
	(void)text_cut(&name, '(');
	if (word.len == text.len || name.len <= word.len)
		return;
	name.len -= word.len + 1;
	text = word;
	word = text_word(&text);
	state = state_name(word.len > 0 ? *word.p : '?');
	count_state(states, state);
	o = val_obj(list, NULL);
	if (text_num(str_of(pid), &n))
		val_int(o, "pid", n);
	if (text_num(text_word(&text), &n))
		val_int(o, "ppid", n);
	val_str(o, "name", name);
	val_cstr(o, "state", state);
	for (i = 2; (word = text_word(&text)).len > 0; i++)
		for (j = 0; j < 2; j++)
			if (numbers[j].field == i && text_num(word, &n))
				found[j] = n;
	for (j = 1; j >= 0; j--)
		if (found[j] != -1)
			val_int(o, numbers[j].key, found[j]);
	if (src_stat(f, d, pid, &st))
		val_int(o, "uid", st.st_uid);
}

static void
run_processes(struct facts *f, struct val *o)
{
	struct val *states, *list, *count;
	struct dir d;
	int64_t n;
	size_t i;

	if (!dir_open(f, NULL, "/proc", &d))
		return;
	val_int(o, "count", 0);
	count = val_get(o, "count");
	states = val_obj(o, "states");
	list = val_arr(o, "list");
	for (i = 0; i < d.n; i++)
		if (text_num(str_of(d.names[i]), &n)) {
			put_process(f, &d, d.names[i], list, states);
			if (count != NULL)
				count->u.num++;
		}
	val_sort(states);
	dir_close(&d);
}

/* Pairs of lines: "Ip: Forwarding ..." and "Ip: 1 ..." */
static void
put_pairs(struct facts *f, struct val *o, const char *path)
{
	struct str text = src_text(f, NULL, path), names, values, name;
	struct val *one;
	int64_t n;

	while (text_line(&text, &names) && text_line(&text, &values)) {
		one = val_obj(o, val_key(o, text_cut(&names, ':')));
		(void)text_cut(&values, ':');
		while ((name = text_word(&names)).len > 0)
			if (text_num(text_word(&values), &n))
				val_int(one, val_key(one, name), n);
	}
}

static void
run_counters(struct facts *f, struct val *o)
{
	struct str text = src_text(f, NULL, "/proc/vmstat"), line, name;
	struct val *vmstat = val_obj(o, "vmstat");
	int64_t n;

	while (text_line(&text, &line)) {
		name = text_word(&line);
		if (text_num(text_word(&line), &n))
			val_int(vmstat, val_key(vmstat, name), n);
	}
	put_pairs(f, val_obj(o, "snmp"), "/proc/net/snmp");
	put_pairs(f, val_obj(o, "netstat"), "/proc/net/netstat");
}

const struct collector collect_processes = {
	.name = "processes", .help = "processes", .when = ON_REQUEST,
	.facts = processes_facts, .cost = 1000, .run = run_processes
};

const struct collector collect_counters = {
	.name = "counters", .help = "counters of the kernel",
	.when = ON_REQUEST, .facts = counters_facts, .cost = 12,
	.run = run_counters
};
