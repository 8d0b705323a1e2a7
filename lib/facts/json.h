#ifndef FACTS_JSON_H
#define FACTS_JSON_H

#include <stdbool.h>

#include "base/str.h"
#include "facts/val.h"

/*
 * json: RFC 8259, strictly, into a tree of values.  Of equal keys the last
 * counts; keys that are empty are left out.
 *
 * Puts the document at the end of o, as val_add() does.  Returns 0, or -1
 * with *errstr (static); then nothing was put.
 */
int	json_parse(struct val *o, const char *key, struct str text,
	    const char **errstr);

#endif
