#ifndef GIT_PLAN_H
#define GIT_PLAN_H

#include <pwd.h>
#include <stdbool.h>

#include "base/buf.h"
#include "resource/resource.h"

/*
 * plan: what the sources of resource_git share.
 *
 *	git.c		plan, and the dry run
 *	want.c		options, and what they say
 *	look.c		what the files of a repository say
 *	resolve.c	which commit is wanted
 *	act.c		made, brought up to date
 *	run.c		git(1), which never asks anything
 *	refs.c		as it says
 */
enum {
	GIT_PATH, GIT_SOURCE, GIT_REVISION, GIT_REMOTE, GIT_DEPTH,
	GIT_SUBMODULES, GIT_BARE, GIT_UPDATE, GIT_FORCE, GIT_USER, GIT_IDENTITY,
	GIT_TIMEOUT
};

/*
 * What was checked out last, and its submodules with it.  So a commit that a
 * remote has no longer is not taken for one that was made here.
 */
#define GIT_REF_AT	"refs/p2/at"

/* An id, with NUL; empty: not known. */
enum { GIT_ID_SIZE = 65 };

enum git_kind {
	GIT_UNKNOWN,			/* nobody has been asked yet */
	GIT_COMMIT,
	GIT_TAG,
	GIT_BRANCH
};

struct git_plan {
	const char	*path;
	char		*dir;		/* of the repository: PATH/.git */
	char		*source;
	const char	*revision;	/* NULL: what the remote's HEAD names */
	const char	*remote;
	int64_t		 depth;		/* 0: all of it */
	bool		 submodules;
	bool		 bare;
	bool		 update;
	bool		 force;
	const char	*user;		/* or NULL */
	uid_t		 uid;		/* of him */
	gid_t		 gid;
	char		*home;
	const char	*identity;	/* or NULL */
	long		 timeout_ms;

	/* What is there. */
	char		 at[GIT_ID_SIZE];	/* the commit of HEAD */
	char		*on;		/* the branch that HEAD names, or NULL */
	struct buf	 url;		/* of the remote */

	/* What is wanted; the name without refs/heads/ or refs/tags/. */
	enum git_kind	 kind;
	char		*name;		/* of a branch or a tag, or NULL */
	char		 to[GIT_ID_SIZE];
	struct buf	 listing;	/* of a bare one: what the remote has */

	/* What is to be done. */
	bool		 clones;
	bool		 sets_url;
	bool		 moves;
	bool		 fills;		/* submodules alone */
	bool		 sweeps;	/* only what is left of another run */
};

/* --- want.c */
extern const struct resource_option git_options[];
/* Into a zeroed plan; -1 after job_fail(). */
int	git_want(struct job *j, struct git_plan *p);
const char *git_path(const struct job *j);
void	git_plan_free(void *p);

/* --- look.c */
/* HEAD and the remote; false where there is no repository. */
bool	git_look(const struct job *j, struct git_plan *p);
/*
 * Of a ref: the id, and the commit behind it where that is known, else "".
 * False where there is no such ref.
 */
bool	git_look_ref(const struct job *j, const struct git_plan *p,
	    const char *ref, char id[GIT_ID_SIZE], char peeled[GIT_ID_SIZE]);

/* --- resolve.c: kind, name and to; -1 after job_fail() */
int	git_resolve(struct job *j, struct git_plan *p);

/* --- act.c: -1 after job_fail() */
int	git_act(struct job *j, struct git_plan *p);
/* May the working copy be brought to another commit, or is there something? */
int	git_check_local(struct job *j, struct git_plan *p);

/* --- run.c */
/*
 * Run git with these words, up to NULL, in the directory cwd.  What it prints
 * goes to out, or nowhere.  Returns 0, or -1 after job_fail() with what git
 * says, or its status if it is 1 to 127 and may_fail is set.
 */
int	git_run(struct job *j, const struct git_plan *p, const char *cwd,
	    const char *const *words, struct buf *out, bool may_fail);

#endif
