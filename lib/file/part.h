#ifndef FILE_PART_H
#define FILE_PART_H

#include "file/file.h"

/*
 * part: a file that another resource consists of.  It is looked at, written
 * and shown by the resource of files, in the name of the whole.
 */
enum { PART_OPTIONS_MAX = 64 };

struct part {
	struct job	 job;
	char		*path;
	struct buf	 content;
	struct value	 values[PART_OPTIONS_MAX];
	bool		 absent;
	enum outcome	 outcome;
};

/* The files of one resource, in the order in which they are written. */
enum { PARTS_MAX = 4 };

struct part_list {
	struct part	 v[PARTS_MAX];
	size_t		 n;
};

/* A zeroed part of that path; 0, or -1 after job_fail().  Then clear it. */
int	part_init(struct part *p, struct job *whole, const char *path);
void	part_clear(struct part *p);

/* Options of the file; strings are lent as long as the part lives. */
void	part_set_text(struct part *p, const char *option, const char *text);
void	part_set_flag(struct part *p, const char *option, bool yes);

/* It is to have p->content, with this mode; or not to be there. */
void	part_set_content(struct part *p, const char *mode);
void	part_set_absent(struct part *p);

/* As for a resource; reasons, diffs and failures become those of the whole. */
enum outcome part_plan(struct part *p, struct job *whole);
enum outcome part_apply(struct part *p, struct job *whole);
enum outcome part_pretend(struct part *p, struct job *whole);

/* The same as part_apply(), and tells: "Wrote PATH." */
enum outcome part_write(struct part *p, struct job *whole);

/*
 * Another one, whose path is printed; NULL after job_fail().  Zeroed parts are
 * none; then clear them.
 */
struct part *part_list_add(struct part_list *all, struct job *whole,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void	part_list_clear(struct part_list *all);

/* Of all of them; those that are as they should be are left alone. */
enum outcome part_list_plan(struct part_list *all, struct job *whole);
enum outcome part_list_write(struct part_list *all, struct job *whole);
enum outcome part_list_pretend(struct part_list *all, struct job *whole);
void	part_list_watch(const struct part_list *all, resource_watch_fn *fn,
	    void *arg);

/* Told of when it leaves its policy, and left alone: for resource_type. */
enum resource_owns part_owns(const struct job *whole);

/*
 * What is at path behind links, on the host or, in a dry run, by then.  What
 * cannot be looked at is NODE_OTHER.
 */
struct part_seen {
	enum node_kind	 kind;
	bool		 empty;		/* of a directory: nothing is in it */
	bool		 no_parent;	/* of NODE_NONE: nor where it would be */
};

void	part_look(const struct job *whole, const char *path,
	    struct part_seen *s);

/*
 * Append what the file at path has, on the host or, in a dry run, by then.
 * False where there is no such file; what cannot be read is as good as empty.
 */
bool	part_read(const struct job *whole, const char *path, struct buf *b);

#endif
