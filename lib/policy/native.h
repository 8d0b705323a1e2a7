#ifndef POLICY_NATIVE_H
#define POLICY_NATIVE_H

#include <stdbool.h>
#include <stddef.h>

#include <duktape.h>

#include "base/place.h"
#include "policy/buble.h"
#include "policy/engine.h"
#include "policy/literal.h"
#include "policy/origin.h"
#include "policy/plain.h"
#include "policy/policy.h"

/*
 * native: what the files of lib/policy share.
 *
 * Natives throw by longjmp.  So whatever C allocates on the way belongs to
 * struct policy, which is cleared by and by, and never to a stack frame.
 */
enum { SCRATCH = 5 };

/* A piece of code that was compiled, to be kept in the store. */
struct compiled {
	struct compiled	*next;
	unsigned char	 digest[32];
	struct buf	 code;
	bool		 kept;
};

/* Whoever is to be told of a change that the step at hand may make. */
struct owing {
	struct buf	 text;
	struct buf	 why;
	struct owed	*v;
	size_t		 n;
};

/* The step that is executed, for who has to tell without the engine. */
struct begun {
	struct buf	 label;		/* "lambda title"; empty: none is */
	struct buf	 file;
	unsigned	 line;
};

/* What came of a resource, beside what its job has. */
struct result {
	enum outcome	 outcome;
	const char	*role;		/* in whose name, or NULL */
	struct str	 file;
	unsigned	 line;
	bool		 held_back;	/* by its own option noop */
	bool		 shut;		/* it is not the time for it */
	bool		 repair;	/* a change has called for it */
	double		 ms;
};

struct held;

/* What was given for an option, as the engine had it. */
struct plain_option {
	struct option_row option;
	duk_int_t	 type;		/* DUK_TYPE_ */
	bool		 yes;
	double		 num;
	struct str	 str;		/* with NUL behind it */
};

/*
 * A step that is a title and options only, which natives can read as they are:
 * no bytes in them are other than UTF-8's.  It belongs to the engine's heap.
 */
struct plain {
	unsigned	 type;		/* of resource_types */
	unsigned	 line;
	unsigned	 file, kind;	/* numbers: see struct plains */
	bool		 is_made;	/* there is an object, which counts */
	bool		 done;
	struct str	 title;
	size_t		 n;
	struct plain_option options[];
};

/* All of them, and what they have in common; kept by the engine, too. */
struct plains {
	struct plain	**v;
	size_t		 n, size;
	void		*kind;		/* heap pointer: the one of the last */
	unsigned	 nkinds;
	struct plain_file {
		void	*at;		/* heap pointer */
		struct str text;
	} *files;
	unsigned	 nfiles;
};

struct policy {
	struct policy_options o;
	struct engine	 engine;
	struct world	*world;		/* in a dry run */
	struct packages	*packages;
	struct services	*services;
	struct job	 job;		/* the last one */
	struct place_near near;		/* of plain ones, while they are next */
	struct value	*values;	/* of the job; room for nvalues */
	size_t		 nvalues;
	struct str	*list;		/* lists among the values; owned */
	size_t		 nlist;
	struct buf	 scratch[SCRATCH];
	struct buf	 version;
	char		 hash[65];	/* of the applied policy, in hex */
	struct begun	 begun;
	double		 started;	/* when the step began, in ms */
	uint64_t	 taken;		/* steps so far */
	struct watching	*watching;	/* NULL: it is not to */
	int		 planning;	/* > 0: may not write in any run */
	int		 holding;	/* > 0: may not, as in a dry run */
	int		 looking;	/* > 0: may run commands in a dry run */
	bool		 stopped;
	bool		 is_declared;	/* the policy, and all went well */
	int		 exit_status;	/* -1: process.exit() was not called */
	struct owing	 owing;
	struct buf	 shut;		/* times, not now: the step's; or empty */
	time_t		 waits;		/* until then somebody does; 0: nobody */
	struct held	*held;		/* nheld, in order; or NULL */
	size_t		 nheld;
	size_t		 nstaged;	/* of them, ... */
	size_t		 staged_max;	/* ... and how many may be */
	struct compiled	*compiled;
	struct origin	*origins;	/* of all files that were loaded */
	void		*at;		/* file of push_line(): heap pointer, or NULL */
	struct buble	 buble;		/* that was looked for last */
	struct buf	 lacks;		/* what the language does, in a file */
	void		*api;		/* heap pointer to what core.js returns */
	void		*p2;		/* heap pointers: see quick() */
	void		*quick;
	struct plains	 plains;
	struct literals	**literals;	/* of each source that was compiled */
	size_t		 nliterals;
};

struct policy *policy_of(duk_context *ctx);

/* An emptied scratch buffer; the next native that takes it empties it again. */
struct buf *scratch(duk_context *ctx, int i);

/* The string or buffer at idx, in scratch i, and NUL; throws if neither. */
struct str arg_text(duk_context *ctx, duk_idx_t idx, int i);

/* The same, and throws where there is a NUL in it. */
const char *arg_path(duk_context *ctx, duk_idx_t idx, int i);

/* Of what was read from path: throws where it had to be signed, and is not. */
void judge(duk_context *ctx, const char *path, struct str bytes, bool code);

/* Throw what errno says of path, with code and path as node has them. */
duk_ret_t throw_errno(duk_context *ctx, int error, const char *call,
	    const char *path);

/*
 * A function of the policy's is about to write: in a dry run, throw what ends
 * it quietly; else the journal has to know before.
 */
void	will_write(duk_context *ctx, const char *call, const char *path);

/* n_window.c: the step is left for the times in p->shut, if any. */
void	window_wait(struct policy *p);

void	owing_clear(struct owing *g);

/* See that whoever is to be told is in the journal; throws if it cannot be. */
void	owing_commit(duk_context *ctx);

/* Tell the hook. */
void	result_tell(struct policy *p, const struct job *j,
	    const struct result *r);

/*
 * held.c: resources whose changes wait for those of others, and what came of
 * those behind them.  held_put() takes over the policy's job, with what it
 * owes, or is false; not more than until held_is_full().
 */
enum { HELD_MAX = 4 * RESOURCE_GATHER_MAX };

bool	held_put(struct policy *p, const struct result *r, bool staged);
bool	held_is_full(const struct policy *p);

/* May j be looked at before those that wait are done? */
bool	held_apart(const struct policy *p, const struct job *j);

/*
 * Do all, and tell, in order and up to the first failure, which then is the
 * policy's job.  Returns how many were told, with what came of each.
 */
size_t	held_end(struct policy *p, int outcomes[HELD_MAX]);

/* Give them up. */
void	held_drop(struct policy *p);
void	held_free(struct policy *p);

/* A row up to NULL. */
struct native {
	const char	*name;
	duk_c_function	 fn;
	duk_idx_t	 nargs;
};

extern const struct native natives_declare[];
extern const struct native natives_plain[];
extern const struct native natives_wanted[];
extern const struct native natives_resource[];
extern const struct native natives_owed[];
extern const struct native natives_owned[];
extern const struct native natives_run[];
extern const struct native natives_facts[];
extern const struct native natives_module[];
extern const struct native natives_origin[];
extern const struct native natives_source[];
extern const struct native natives_fs[];
extern const struct native natives_template[];
extern const struct native natives_watch[];
extern const struct native natives_window[];

/*
 * policy.c: go on until nothing is left to do: 0, 1 where it was stopped, or
 * -1 with a reason.
 */
int	policy_pump(struct policy *p, struct buf *err);

/* Leave the facts object, with a getter for each fact, on the stack. */
void	push_facts(duk_context *ctx);

/* Which of the OPTION_ types the value at idx is of. */
unsigned types_of(duk_context *ctx, duk_idx_t idx);

/* A hash of the job's values. */
uint64_t owned_hash(const struct job *j);

/*
 * Throw unless the type has that option, and its value, on top of the stack, is
 * of the right type; with templates, other options may be theirs.
 */
void	check_option(duk_context *ctx, const struct resource_type *type,
	    const char *name, bool templated);

/* Is the option true, of those at idx? */
bool	is_set(duk_context *ctx, duk_idx_t idx, const char *name);

/*
 * Fill the job's values from the options at idx; an array at keep gets what they
 * are lent from.
 */
void	set_values(duk_context *ctx, struct policy *p,
	    const struct resource_type *type, duk_idx_t idx, duk_idx_t keep);

/*
 * n_plain.c: steps that are no objects of the engine's until somebody needs them
 * as such.  plain_put() keeps one, whose title is at 0, whose options are n pairs
 * of name and value from pairs on, and which inherits from the kind at that
 * place; its number is left on the stack.  False where natives cannot read it.
 */
bool	plain_put(duk_context *ctx, unsigned type, duk_idx_t kind,
	    duk_idx_t pairs, const struct option_row *rows, size_t n);

/*
 * The same of a call of literals, whose options are at *at, which is moved
 * behind them; it is in the file that push_line() has found.
 */
void	plain_put_literal(duk_context *ctx, duk_idx_t kind,
	    const struct literals *l, size_t *at, const struct literal *call);

/*
 * Make the policy's job that of a resource, whose title is at 1 and whose
 * options are at 2; role may be NULL.  What it needs is left on the stack.
 */
void	set_job(duk_context *ctx, struct policy *p,
	    const struct resource_type *type, const char *role);

/* The same, of a plain one. */
void	set_plain_job(duk_context *ctx, struct policy *p,
	    const struct plain *s);

/*
 * Compile the source called path, as a file's functions shall name it, or take
 * what was compiled before; the function is left on the stack.  A policy is a
 * module's body, else it is one expression.  source_digest is SHA-256.  origin is
 * NULL for what comes with the kit: that has to be in the plain language.
 */
void	push_compiled(duk_context *ctx, const char *path, struct str source,
	    const unsigned char source_digest[32], bool is_module,
	    struct origin *origin);

/*
 * Push the line of a policy that is being executed at that level of the call
 * stack, or above it where that is ours, and set at.  Where there is none,
 * false, with undefined on the stack.
 */
bool	push_line(duk_context *ctx, int level);

/* The same, with the file's name left in native.at, or undefined. */
void	push_place(duk_context *ctx, int level);

/* For origin_source(): a file that nobody else may write. */
bool	source_read(const char *path, struct buf *out, struct buf *why);

/* Append to err "FILE:LINE: TYPE TITLE: " of the step, or "PATH: ". */
void	policy_tell_begun(struct policy *p, const char *path, struct buf *err);

/*
 * Where a compiler's source map says that file and line were written, in room;
 * or as they are.
 */
void	find_source(struct policy *p, struct str *file, unsigned *line,
	    struct buf *room);

/* Files that come with the kit, in the program itself. */
struct embedded {
	const char	*name;		/* "p2/core.js" */
	const unsigned char *bytes;
	size_t		 len;
	unsigned char	 digest[32];	/* SHA-256 */
};

extern const struct embedded embedded[];	/* up to one without name */

const struct embedded *embedded_find(const char *name);

#endif
