#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/confine.h"

/*
 * --- Files ---------------------------------------------------------------
 */

/* Newer than the headers may be: the kernel's numbers, which stay. */
#define ACCESS_REFER	(UINT64_C(1) << 13)
#define ACCESS_TRUNCATE	(UINT64_C(1) << 14)

static const uint64_t file_writes = LANDLOCK_ACCESS_FS_WRITE_FILE;
static const uint64_t writes = LANDLOCK_ACCESS_FS_WRITE_FILE |
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM;

static const char *const scratch[] = { "/tmp", "/var/tmp", "/dev/shm", NULL };
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full",
    "/dev/tty", "/dev/pts", "/dev/ptmx", NULL };

/* What does not exist needs no rule. */
static void
allow(int ruleset, const char *const *paths, uint64_t access)
{
	struct landlock_path_beneath_attr a = { .allowed_access = access };

	for (; *paths != NULL; paths++) {
		a.parent_fd = open(*paths, O_PATH | O_CLOEXEC);
		if (a.parent_fd == -1)
			continue;
		syscall(SYS_landlock_add_rule, ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &a, 0);
		close(a.parent_fd);
	}
}

/*
 * Who may rule the host may confine himself; all others have to promise first
 * that no program they start gets more rights than they have.
 */
static bool
promised(long rc)
{
	return rc == -1 && (errno == EPERM || errno == EACCES) &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool
confine_files(void)
{
	struct landlock_ruleset_attr r = { .handled_access_fs = writes };
	uint64_t truncate = 0;
	long abi, rc;
	int fd;

	abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return false;
	if (abi >= 2)
		r.handled_access_fs |= ACCESS_REFER;
	if (abi >= 3)
		truncate = ACCESS_TRUNCATE;
	r.handled_access_fs |= truncate;
	fd = (int)syscall(SYS_landlock_create_ruleset, &r,
	    sizeof(r.handled_access_fs), 0);
	if (fd == -1)
		return false;
	allow(fd, scratch, r.handled_access_fs);
	allow(fd, devices, file_writes | truncate);
	if (promised(rc = syscall(SYS_landlock_restrict_self, fd, 0)))
		rc = syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	return rc == 0;
}

/*
 * --- System calls --------------------------------------------------------
 */

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCH	AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH	AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH	AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH	AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH	AUDIT_ARCH_S390X
#endif

#ifdef ARCH
static const int refused[] = {
	/* Attributes of files; each machine has some of these calls. */
#ifdef SYS_chmod
	SYS_chmod, SYS_chown, SYS_lchown,
#endif
#ifdef SYS_chown32
	SYS_chown32, SYS_lchown32, SYS_fchown32,
#endif
	SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat,
#ifdef SYS_fchmodat2
	SYS_fchmodat2,
#endif
	SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr,
	SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
#ifdef SYS_utimensat
	SYS_utimensat,
#endif
#ifdef SYS_utimensat_time64
	SYS_utimensat_time64,
#endif
	/* The host as a whole. */
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_swapon, SYS_swapoff,
	SYS_reboot, SYS_init_module, SYS_finit_module, SYS_delete_module,
	SYS_kexec_load, SYS_sethostname, SYS_setdomainname, SYS_acct,
#ifdef SYS_settimeofday
	SYS_settimeofday, SYS_clock_settime,
#endif
#ifdef SYS_clock_settime64
	SYS_clock_settime64,
#endif
#ifdef SYS_fsmount
	SYS_fsmount, SYS_move_mount,
#endif
#ifdef SYS_mount_setattr
	SYS_mount_setattr,
#endif
};

enum { NREFUSED = sizeof(refused) / sizeof(refused[0]) };

/* Load a word of what is asked. */
#define LOAD(member) \
	(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
	offsetof(struct seccomp_data, member))
/* Skip so many if it is that one, or so many if it is not. */
#define COMPARE(value, if_so, if_not) \
	(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, \
	(uint32_t)(value), if_so, if_not)
#define ANSWER(what) \
	(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)

static bool
confine_calls(void)
{
	struct sock_filter code[4 + 2 * NREFUSED + 1];
	struct sock_fprog prog = { .filter = code };
	size_t n = 0, i;
	long rc;

	/* Another machine's calls have other numbers: not ours to judge. */
	code[n++] = LOAD(arch);
	code[n++] = COMPARE(ARCH, 1, 0);
	code[n++] = ANSWER(SECCOMP_RET_ALLOW);
	code[n++] = LOAD(nr);
	for (i = 0; i < NREFUSED; i++) {
		code[n++] = COMPARE(refused[i], 0, 1);
		code[n++] = ANSWER(SECCOMP_RET_ERRNO | EPERM);
	}
	code[n++] = ANSWER(SECCOMP_RET_ALLOW);
	prog.len = (unsigned short)n;
	if (promised(rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
	    &prog)))
		rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
	return rc == 0;
}
#else
static bool
confine_calls(void)
{
	return false;
}
#endif

/*
 * --- Capabilities --------------------------------------------------------
 */

/* What a look at files, disks, networks and processes needs is not here. */
static const int given_up[] = {
	CAP_CHOWN, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP, CAP_LINUX_IMMUTABLE,
	CAP_MKNOD, CAP_SYS_MODULE, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_SYS_PACCT,
	CAP_MAC_ADMIN, CAP_MAC_OVERRIDE, CAP_AUDIT_CONTROL
};

/* Out of the bounding set, so that no program gets them again. */
static bool
confine_capabilities(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	size_t i;
	int c;

	if (syscall(SYS_capget, &h, d) == -1)
		return false;
	for (i = 0; i < sizeof(given_up) / sizeof(given_up[0]); i++) {
		c = given_up[i];
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
		d[c / 32].effective &= ~(UINT32_C(1) << c % 32);
		d[c / 32].permitted &= ~(UINT32_C(1) << c % 32);
		d[c / 32].inheritable &= ~(UINT32_C(1) << c % 32);
	}
	return syscall(SYS_capset, &h, d) == 0;
}

int
confine(void)
{
	int in_force = 0;

	if (confine_files())
		in_force |= CONFINE_FILES;
	if (confine_calls())
		in_force |= CONFINE_CALLS;
	if (confine_capabilities())
		in_force |= CONFINE_CAPABILITIES;
	return in_force;
}
