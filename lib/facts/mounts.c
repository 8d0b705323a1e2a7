#include <sys/statvfs.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/block.h"
#include "facts/mounts.h"

static const struct fact facts[] = {
	{ "*.device", "string", "/proc/self/mountinfo", false },
	{ "*.filesystem", "string", "same", false },
	{ "*.options", "array", "same", false },
	{ "*.read_only", "boolean", "same", false },
	{ "*.propagation", "string", "same: shared, private, slave, "
	    "unbindable", false },
	{ "*.size_bytes", "integer", "statvfs(3), for local file systems; "
	    "others if they are asked for", false },
	{ "*.available_bytes", "integer", "same", true },
	{ "*.used_bytes", "integer", "same", true },
	{ "*.inodes", "integer", "same", false },
	{ "*.inodes_free", "integer", "same", true },
	{ "*.timed_out", "boolean", "it did not answer in time", true },
	{ NULL, NULL, NULL, false }
};

struct mount {
	const char	*path;		/* in the arena */
	size_t		 order;
	struct str	 options;
	struct str	 super;
	struct str	 propagation;
	const char	*device;
	const char	*type;
};

/* Their server may be away, and who asks then waits for ever. */
static bool
is_remote(const char *type)
{
	static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3",
	    "smbfs", "ceph", "glusterfs", "lustre", "9p", "afs", "autofs",
	    "ncpfs", "coda", "gfs", "gfs2", "ocfs2", "pvfs2", "orangefs",
	    "gpfs", "beegfs", "virtiofs", "vboxsf", "davfs", "fuse",
	    "fuseblk" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strncmp(type, "fuse.", 5) == 0;
}

/* These hold nothing, and have no size. */
static bool
is_pseudo(const char *type)
{
	static const char *const types[] = { "proc", "sysfs", "devpts",
	    "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs",
	    "pstore", "bpf", "mqueue", "hugetlbfs", "configfs", "fusectl",
	    "binfmt_misc", "rpc_pipefs", "nsfs", "selinuxfs", "efivarfs",
	    "nfsd" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* "id parent dev root path options tags... - type device super" */
static bool
parse(struct facts *f, struct mount *m, struct str line)
{
	struct str word, root;

	(void)text_word(&line);
	(void)text_word(&line);
	(void)text_word(&line);
	root = text_word(&line);
	word = text_word(&line);
	m->options = text_word(&line);
	if (root.len == 0 || word.len == 0)
		return false;
	m->path = block_unescape(f, word).p;
	m->propagation = (struct str){ "private", 7 };
	while ((word = text_word(&line)).len > 0 && !text_is(word, "-"))
		m->propagation = text_cut(&word, ':');
	if (text_is(m->propagation, "master"))
		m->propagation = str_of("slave");
	m->type = arena_cstr(facts_arena(f), text_word(&line));
	m->device = block_unescape(f, text_word(&line)).p;
	m->super = text_word(&line);
	return m->type != NULL && m->type[0] != '\0';
}

static int
by_path(const void *a, const void *b)
{
	const struct mount *x = a, *y = b;
	int c = text_cmp(str_of(x->path), str_of(y->path));

	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

static bool
has_option(struct str options, const char *name)
{
	while (options.len > 0)
		if (text_is(text_cut(&options, ','), name))
			return true;
	return false;
}

/* Those of the mount, and of the file system what the mount has not. */
static void
put_options(struct val *o, const struct mount *m)
{
	struct val *a = val_arr(o, "options");
	struct str rest = m->options, one;
	char name[256];

	while (rest.len > 0)
		val_str(a, NULL, text_cut(&rest, ','));
	rest = m->super;
	while (rest.len > 0) {
		one = text_cut(&rest, ',');
		if (one.len >= sizeof(name) || one.len == 0)
			continue;
		memcpy(name, one.p, one.len);
		name[one.len] = '\0';
		if (strcmp(name, "rw") != 0 && strcmp(name, "ro") != 0 &&
		    !has_option(m->options, name))
			val_str(a, NULL, one);
	}
}

void
mount_put_size(struct val *o, const struct mount_size *s)
{
	if (s->blocks == 0)
		return;
	val_int(o, "size_bytes", (int64_t)(s->blocks * s->block_bytes));
	val_int(o, "available_bytes", (int64_t)(s->available *
	    s->block_bytes));
	val_int(o, "used_bytes", (int64_t)((s->blocks - s->free) *
	    s->block_bytes));
	if (s->inodes == 0)
		return;
	val_int(o, "inodes", (int64_t)s->inodes);
	val_int(o, "inodes_free", (int64_t)s->inodes_free);
}

int
mount_ask(struct mount_size *s, const char *path)
{
	struct statvfs v;

	if (statvfs(path, &v) == -1)
		return errno;
	*s = (struct mount_size){ v.f_frsize, v.f_blocks, v.f_bfree,
	    v.f_bavail, v.f_files, v.f_ffree };
	return 0;
}

/* Below a root: lines of "path block_bytes blocks free available ..." */
static bool
recorded(struct facts *f, struct mount_size *s, const char *path)
{
	struct str text = src_keep(f, "/.record/statvfs", SRC_LARGE), line;
	uint64_t *const fields[] = { &s->block_bytes, &s->blocks, &s->free,
	    &s->available, &s->inodes, &s->inodes_free };
	int64_t n;
	size_t i;

	while (text_line(&text, &line)) {
		if (!text_is(text_word(&line), path))
			continue;
		for (i = 0; i < 6 && text_num(text_word(&line), &n); i++)
			*fields[i] = (uint64_t)n;
		return i == 6;
	}
	return false;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_listed(const struct buf *remotes, const char *path)
{
	return bsearch(&path, remotes->p, remotes->len / sizeof(path),
	    sizeof(path), by_name) != NULL;
}

/*
 * The way there may lead through a remote one, and end there: so look for
 * all the directories that it is in.
 */
static bool
is_behind_remote(const struct buf *remotes, const char *path)
{
	char room[PATH_MAX];
	size_t i;

	if (remotes->len == 0)
		return false;
	if (strlcpy(room, path, sizeof(room)) >= sizeof(room) ||
	    is_listed(remotes, "/") || is_listed(remotes, path))
		return true;
	for (i = strlen(room); i-- > 1; )
		if (room[i] == '/') {
			room[i] = '\0';
			if (is_listed(remotes, room))
				return true;
		}
	return false;
}

static void
put_size(struct facts *f, struct val *o, const struct mount *m)
{
	struct mount_size s = { 0 };
	int error = 0;

	if (facts_live(f))
		error = mount_ask(&s, m->path);
	else if (!recorded(f, &s, m->path))
		return;
	if (error != 0)
		src_errno(f, m->path, error);
	else
		mount_put_size(o, &s);
}

static void
put_mount(struct facts *f, struct val *all, const struct buf *remotes,
    const struct mount *m, struct remote *remote)
{
	struct val *o = val_obj(all, m->path);

	val_cstr(o, "device", m->device);
	val_cstr(o, "filesystem", m->type);
	put_options(o, m);
	val_bool(o, "read_only", has_option(m->options, "ro") ||
	    has_option(m->super, "ro"));
	val_str(o, "propagation", m->propagation);
	if (is_pseudo(m->type))
		return;
	if (!is_behind_remote(remotes, m->path))
		put_size(f, o, m);
	else if (facts_opt(f)->network_mounts && facts_live(f) &&
	    strcmp(m->type, "autofs") != 0)
		remote_ask(f, remote, m->path, o);
}

static void
run(struct facts *f, struct val *o)
{
	struct str text = src_keep(f, "/proc/self/mountinfo", SRC_LARGE);
	struct remote remote = { 0 };
	struct buf b = { 0 }, remotes = { 0 };
	struct mount m = { 0 }, *all;
	struct str line;
	size_t i, n;

	while (text_line(&text, &line))
		if (parse(f, &m, line)) {
			buf_add(&b, &m, sizeof(m));
			m.order++;
			if (is_remote(m.type))
				buf_add(&remotes, &m.path, sizeof(m.path));
		}
	n = buf_failed(&b) || buf_failed(&remotes) ? 0 : b.len / sizeof(m);
	all = (struct mount *)(void *)b.p;
	if (n > 0)
		qsort(all, n, sizeof(*all), by_path);
	if (n > 0 && remotes.len > 0)
		qsort(remotes.p, remotes.len / sizeof(m.path),
		    sizeof(m.path), by_name);
	/* Of those at one place the last hides the others. */
	for (i = 0; i < n; i++)
		if (i + 1 == n || strcmp(all[i].path, all[i + 1].path) != 0) {
			put_mount(f, o, &remotes, &all[i], &remote);
			if (remote.n == 0)
				facts_more(f, o);
		}
	remote_await(f, &remote);
	buf_clear(&b);
	buf_clear(&remotes);
}

const struct collector collect_mountpoints = {
	.name = "mountpoints", .help = "mounted file systems",
	.facts = facts, .cost = 20, .run = run
};
