#ifndef FACTS_PROGRAM_H
#define FACTS_PROGRAM_H

#include "base/buf.h"

/*
 * program: what a program prints, in five seconds at most.
 *
 * It runs in a process group of its own, in "/", with nothing to read, its
 * stderr lost, and an environment of PATH and LANG only.  When it is over,
 * so is all that it has left in its group.
 */
enum { PROGRAM_MS = 5000, PROGRAM_OUTPUT_MAX = 1024 * 1024 };

/* Append to b.  Returns NULL, or a reason in words (static). */
const char *program_output(const char *path, struct buf *b);

#endif
