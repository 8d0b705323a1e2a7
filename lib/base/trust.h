#ifndef BASE_TRUST_H
#define BASE_TRUST_H

#include <sys/stat.h>

#include <stdbool.h>
#include <unistd.h>

/*
 * trust: may we obey what a file says?  It is to be root's or the caller's, and
 * nobody else may write it.
 */
static inline bool
trust_owner(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static inline bool
trust_mode(const struct stat *st)
{
	return (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Why not, in words that follow the name of the file; NULL if we may. */
static inline const char *
trust_why_not(const struct stat *st)
{
	if (!trust_owner(st))
		return "belongs neither to root nor to the caller";
	if (!trust_mode(st))
		return "others than its owner may write it";
	return NULL;
}

#endif
