#ifndef PACKAGE_REPOSITORY_TEXT_H
#define PACKAGE_REPOSITORY_TEXT_H

#include "resource/resource.h"

/*
 * repository_text: what is in the files of a repository.
 */
enum repository_format {
	FORMAT_DEB822,			/* sources.list(5) of apt */
	FORMAT_YUM			/* yum.conf(5), also of zypper */
};

/* Values are those of the options, VALUE_NONE where not given. */
struct repository_text {
	enum repository_format format;
	const char	*name;
	const char	*key_path;	/* of the file, or NULL: no key */
	const struct value *uri;
	const struct value *suites;
	const struct value *components;
	const struct value *types;
	const struct value *architectures;
	const struct value *description;
	const struct value *settings;	/* "Field=value" */
	bool		 enabled;
	bool		 trusted;
};

/* Append the whole file to b; 0, or -1 with a sentence in why. */
int	repository_write(const struct repository_text *t, struct buf *b,
	    struct buf *why);

#endif
