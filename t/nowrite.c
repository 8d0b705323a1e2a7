/*
 * nowrite COMMAND [ARG ...]: run it where every call that changes a file kills
 * who makes it: all there are that take a path, and those that write to a
 * descriptor other than stdout and stderr.  openat2(2), whose flags a filter
 * cannot see, is as if the kernel had none.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#else
#error "which AUDIT_ARCH_ is this?"
#endif

enum { RULES_MAX = 400 };

static const int never[] = {
	SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_linkat,
	SYS_symlinkat, SYS_mknodat, SYS_fchmod, SYS_fchmodat, SYS_fchown,
	SYS_fchownat, SYS_truncate, SYS_ftruncate, SYS_fallocate,
	SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr,
	SYS_lremovexattr, SYS_fremovexattr, SYS_utimensat, SYS_fsync,
	SYS_fdatasync, SYS_syncfs, SYS_sync, SYS_copy_file_range, SYS_splice,
#ifdef SYS_rename
	SYS_rename, SYS_unlink, SYS_mkdir, SYS_rmdir, SYS_link, SYS_symlink,
	SYS_mknod, SYS_chmod, SYS_chown, SYS_lchown, SYS_creat, SYS_utimes,
	SYS_futimesat,
#endif
#ifdef SYS_utime
	SYS_utime,
#endif
#ifdef SYS_chown32
	SYS_chown32, SYS_lchown32, SYS_fchown32, SYS_truncate64,
	SYS_ftruncate64, SYS_utimensat_time64,
#endif
	SYS_mount, SYS_umount2
};

static const int to_descriptor[] = {
	SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_pwritev2,
#ifdef SYS_sendfile64
	SYS_sendfile64,
#endif
	SYS_sendfile
};

static struct sock_filter rules[RULES_MAX];
static unsigned short nrules;

static void
rule(unsigned short code, unsigned k, unsigned char yes, unsigned char no)
{
	if (nrules == RULES_MAX)
		errx(2, "too many rules");
	rules[nrules++] = (struct sock_filter){ code, yes, no, k };
}

static void
load(unsigned offset)
{
	rule(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void
answer(unsigned k)
{
	rule(BPF_RET | BPF_K, k, 0, 0);
}

static unsigned
argument(unsigned n)
{
	return (unsigned)offsetof(struct seccomp_data, args) + n * 8;
}

static void
kill_writers(void)
{
	size_t i;

	for (i = 0; i < sizeof(to_descriptor) / sizeof(to_descriptor[0]);
	    i++) {
		rule(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)to_descriptor[i],
		    0, 5);
		load(argument(0));
		rule(BPF_JMP | BPF_JEQ | BPF_K, STDOUT_FILENO, 1, 0);
		rule(BPF_JMP | BPF_JEQ | BPF_K, STDERR_FILENO, 0, 1);
		answer(SECCOMP_RET_ALLOW);
		answer(SECCOMP_RET_KILL_PROCESS);
	}
}

static void
kill_openers(int call, unsigned flags_argument)
{
	rule(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4);
	load(argument(flags_argument));
	rule(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC,
	    0, 1);
	answer(SECCOMP_RET_KILL_PROCESS);
	answer(SECCOMP_RET_ALLOW);
}

static void
filter(void)
{
	struct sock_fprog program = { .filter = rules };
	size_t i;

	load((unsigned)offsetof(struct seccomp_data, arch));
	rule(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	answer(SECCOMP_RET_KILL_PROCESS);
	load((unsigned)offsetof(struct seccomp_data, nr));
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		rule(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)never[i], 0, 1);
		answer(SECCOMP_RET_KILL_PROCESS);
	}
	rule(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1);
	answer(SECCOMP_RET_ERRNO | ENOSYS);
	kill_openers(SYS_openat, 2);
#ifdef SYS_open
	kill_openers(SYS_open, 1);
#endif
	kill_writers();
	answer(SECCOMP_RET_ALLOW);
	program.len = nrules;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		err(2, "seccomp");
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: nowrite command [arg ...]");
	filter();
	execvp(argv[1], argv + 1);
	err(2, "%s", argv[1]);
}
