#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <md5.h>
#include <sha1.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/native.h"
#include "policy/watching.h"

/* What policies may do to files by themselves, and ask of the process. */

/* Throw for the path of argument 0. */
static duk_ret_t
failed(duk_context *ctx, const char *call)
{
	int error = errno;

	return throw_errno(ctx, error, call, arg_path(ctx, 0, 0));
}

static void
put_number(duk_context *ctx, const char *name, double n)
{
	duk_push_number(ctx, n);
	duk_put_prop_string(ctx, -2, name);
}

static const char *
kind_of(mode_t mode)
{
	return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "directory" :
	    S_ISLNK(mode) ? "link" : S_ISCHR(mode) ? "character" :
	    S_ISBLK(mode) ? "block" : S_ISFIFO(mode) ? "fifo" : "socket";
}

static double
ms_of(struct timespec t)
{
	return (double)t.tv_sec * 1e3 + (double)(t.tv_nsec / 1000000);
}

/* stat(path, follow): what is there, or null. */
static duk_ret_t
n_stat(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, duk_get_boolean(ctx, 1) ? 0 :
	    AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			return failed(ctx, "stat");
		duk_push_null(ctx);
		return 1;
	}
	duk_push_object(ctx);
	duk_push_string(ctx, kind_of(st.st_mode));
	duk_put_prop_string(ctx, -2, "kind");
	put_number(ctx, "mode", st.st_mode);
	put_number(ctx, "uid", st.st_uid);
	put_number(ctx, "gid", st.st_gid);
	put_number(ctx, "size", (double)st.st_size);
	put_number(ctx, "nlink", (double)st.st_nlink);
	put_number(ctx, "ino", (double)st.st_ino);
	put_number(ctx, "dev", (double)st.st_dev);
	put_number(ctx, "mtimeMs", ms_of(st.st_mtim));
	put_number(ctx, "ctimeMs", ms_of(st.st_ctim));
	put_number(ctx, "atimeMs", ms_of(st.st_atim));
	return 1;
}

/* readFile(path): a Buffer. */
static duk_ret_t
n_read_file(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct buf *b = scratch(ctx, 1);
	int fd, rc = -1, saved;
	void *p;

	engine_hold(ctx);
	watching_read(policy_of(ctx), path);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1) {
		rc = buf_read(b, fd, SIZE_MAX);
		saved = errno;
		close(fd);
		errno = saved;
	}
	engine_let(ctx);
	if (rc == -1)
		return failed(ctx, "open");
	judge(ctx, path, buf_view(b), false);
	p = duk_push_fixed_buffer(ctx, b->len);
	if (b->len > 0)
		memcpy(p, b->p, b->len);
	duk_push_buffer_object(ctx, -1, 0, b->len, DUK_BUFOBJ_NODEJS_BUFFER);
	return 1;
}

/* writeFile(path, data, mode, append) */
static duk_ret_t
n_write_file(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct buf *b = scratch(ctx, 1);
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC, fd, rc = -1, saved;

	will_write(ctx, "writeFile", path);
	if (!engine_text(ctx, 1, b)) {
		duk_to_string(ctx, 1);
		engine_text(ctx, 1, b);
	}
	flags |= duk_get_boolean(ctx, 3) ? O_APPEND : O_TRUNC;
	engine_hold(ctx);
	if ((fd = open(path, flags,
	    (mode_t)duk_get_int_default(ctx, 2, 0666))) != -1) {
		rc = buf_write(b, fd);
		saved = errno;
		if (close(fd) == -1 && rc == 0)
			rc = -1;
		else
			errno = saved;
	}
	engine_let(ctx);
	return rc == -1 ? failed(ctx, "open") : 0;
}

static duk_ret_t
n_mkdir(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);

	will_write(ctx, "mkdir", path);
	return mkdir(path, (mode_t)duk_get_int_default(ctx, 1, 0777)) == -1 ?
	    failed(ctx, "mkdir") : 0;
}

static duk_ret_t
n_rmdir(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);

	will_write(ctx, "rmdir", path);
	return rmdir(path) == -1 ? failed(ctx, "rmdir") : 0;
}

static duk_ret_t
n_unlink(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);

	will_write(ctx, "unlink", path);
	return unlink(path) == -1 ? failed(ctx, "unlink") : 0;
}

/* symlink(target, path), rename(from, to) */
static duk_ret_t
n_symlink(duk_context *ctx)
{
	const char *target = arg_path(ctx, 0, 0), *path = arg_path(ctx, 1, 1);

	will_write(ctx, "symlink", path);
	return symlink(target, path) == -1 ?
	    throw_errno(ctx, errno, "symlink", path) : 0;
}

static duk_ret_t
n_rename(duk_context *ctx)
{
	const char *from = arg_path(ctx, 0, 0), *to = arg_path(ctx, 1, 1);

	will_write(ctx, "rename", to);
	return rename(from, to) == -1 ? failed(ctx, "rename") : 0;
}

static duk_ret_t
n_readlink(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	char target[4096];
	ssize_t n;

	if ((n = readlink(path, target, sizeof(target))) == -1)
		return failed(ctx, "readlink");
	engine_push(ctx, (struct str){ target, (size_t)n });
	return 1;
}

static duk_ret_t
n_realpath(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct buf *b = scratch(ctx, 1);
	char *full;

	engine_hold(ctx);
	if ((full = realpath(path, NULL)) != NULL)
		buf_puts(b, full);
	free(full);
	engine_let(ctx);
	if (b->len == 0)
		return failed(ctx, "realpath");
	engine_push(ctx, buf_view(b));
	return 1;
}

static duk_ret_t
n_chmod(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);

	will_write(ctx, "chmod", path);
	return chmod(path, (mode_t)duk_require_uint(ctx, 1)) == -1 ?
	    failed(ctx, "chmod") : 0;
}

static duk_ret_t
n_chown(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);

	will_write(ctx, "chown", path);
	return chown(path, (uid_t)duk_require_number(ctx, 1),
	    (gid_t)duk_require_number(ctx, 2)) == -1 ?
	    failed(ctx, "chown") : 0;
}

/* utimes(path, mtime): seconds. */
static duk_ret_t
n_utimes(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	double when = duk_require_number(ctx, 1);
	struct timespec t[2] = { { .tv_sec = (time_t)when },
	    { .tv_sec = (time_t)when } };

	will_write(ctx, "utimes", path);
	return utimensat(AT_FDCWD, path, t, 0) == -1 ?
	    failed(ctx, "utimes") : 0;
}

static duk_ret_t
n_access(duk_context *ctx)
{
	return access(arg_path(ctx, 0, 0),
	    duk_get_int_default(ctx, 1, F_OK)) == -1 ?
	    failed(ctx, "access") : 0;
}

/* readdir(path): names, in order. */
static duk_ret_t
n_readdir(duk_context *ctx)
{
	const char *path = arg_path(ctx, 0, 0);
	struct dirent **list;
	struct buf *b = scratch(ctx, 1);
	duk_uarridx_t at = 0;
	int i, n;
	char *p;

	engine_hold(ctx);
	if ((n = scandir(path, &list, NULL, alphasort)) != -1) {
		for (i = 0; i < n; i++) {
			buf_add(b, list[i]->d_name,
			    strlen(list[i]->d_name) + 1);
			free(list[i]);
		}
		free(list);
	}
	engine_let(ctx);
	if (n == -1)
		return failed(ctx, "scandir");
	duk_push_array(ctx);
	for (p = b->p; b->p != NULL && p < b->p + b->len;
	    p += strlen(p) + 1) {
		if (strcmp(p, ".") == 0 || strcmp(p, "..") == 0)
			continue;
		engine_push(ctx, str_of(p));
		duk_put_prop_index(ctx, -2, at++);
	}
	return 1;
}

/* hash(algorithm, data): hex digits, or undefined for an unknown one. */
static duk_ret_t
n_hash(duk_context *ctx)
{
	const char *name = duk_require_string(ctx, 0);
	struct str s = arg_text(ctx, 1, 0);
	const uint8_t *p = (const uint8_t *)s.p;
	char hex[SHA512_DIGEST_STRING_LENGTH];

	if (strcmp(name, "md5") == 0)
		MD5Data(p, s.len, hex);
	else if (strcmp(name, "sha1") == 0)
		SHA1Data(p, s.len, hex);
	else if (strcmp(name, "sha256") == 0)
		SHA256Data(p, s.len, hex);
	else if (strcmp(name, "sha384") == 0)
		SHA384Data(p, s.len, hex);
	else if (strcmp(name, "sha512") == 0)
		SHA512Data(p, s.len, hex);
	else
		return 0;
	duk_push_string(ctx, hex);
	return 1;
}

/* random(n): so many bytes. */
static duk_ret_t
n_random(duk_context *ctx)
{
	duk_size_t n = duk_require_uint(ctx, 0);
	void *p = duk_push_fixed_buffer(ctx, n);

	if (n > 256 || getrandom(p, n, 0) != (ssize_t)n)
		return duk_error(ctx, DUK_ERR_RANGE_ERROR, "random: %lu bytes",
		    (unsigned long)n);
	duk_push_buffer_object(ctx, -1, 0, n, DUK_BUFOBJ_NODEJS_BUFFER);
	return 1;
}

static duk_ret_t
n_cwd(duk_context *ctx)
{
	char path[4096];

	if (getcwd(path, sizeof(path)) == NULL)
		return throw_errno(ctx, errno, "getcwd", ".");
	engine_push(ctx, str_of(path));
	return 1;
}

static duk_ret_t
n_chdir(duk_context *ctx)
{
	return chdir(arg_path(ctx, 0, 0)) == -1 ? failed(ctx, "chdir") : 0;
}

/* umask(mask or undefined): the one before. */
static duk_ret_t
n_umask(duk_context *ctx)
{
	mode_t mask = (mode_t)duk_get_uint_default(ctx, 0, 0), old;

	old = umask(mask);
	if (duk_is_undefined(ctx, 0))
		umask(old);
	duk_push_uint(ctx, old);
	return 1;
}

static duk_ret_t
n_ids(duk_context *ctx)
{
	double ids[] = { getuid(), geteuid(), getgid(), getegid() };
	duk_uarridx_t i;

	duk_push_array(ctx);
	for (i = 0; i < 4; i++) {
		duk_push_number(ctx, ids[i]);
		duk_put_prop_index(ctx, -2, i);
	}
	return 1;
}

static duk_ret_t
n_memory(duk_context *ctx)
{
	duk_push_number(ctx, (double)engine_of(ctx)->pool.used);
	return 1;
}

/* arch(): as node calls it. */
static duk_ret_t
n_arch(duk_context *ctx)
{
	struct utsname u;

	if (uname(&u) == -1)
		return throw_errno(ctx, errno, "uname", "arch");
	duk_push_string(ctx, strcmp(u.machine, "x86_64") == 0 ? "x64" :
	    strcmp(u.machine, "aarch64") == 0 ? "arm64" :
	    u.machine[0] == 'i' ? "ia32" : u.machine);
	return 1;
}

const struct native natives_fs[] = {
	{ "stat", n_stat, 2 },
	{ "readFile", n_read_file, 1 },
	{ "writeFile", n_write_file, 4 },
	{ "mkdir", n_mkdir, 2 },
	{ "rmdir", n_rmdir, 1 },
	{ "unlink", n_unlink, 1 },
	{ "symlink", n_symlink, 2 },
	{ "rename", n_rename, 2 },
	{ "readlink", n_readlink, 1 },
	{ "realpath", n_realpath, 1 },
	{ "chmod", n_chmod, 2 },
	{ "chown", n_chown, 3 },
	{ "utimes", n_utimes, 2 },
	{ "access", n_access, 2 },
	{ "readdir", n_readdir, 1 },
	{ "hash", n_hash, 2 },
	{ "random", n_random, 1 },
	{ "cwd", n_cwd, 0 },
	{ "chdir", n_chdir, 1 },
	{ "umask", n_umask, 1 },
	{ "ids", n_ids, 0 },
	{ "memory", n_memory, 0 },
	{ "arch", n_arch, 0 },
	{ NULL, NULL, 0 }
};
