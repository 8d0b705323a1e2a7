/*
 * The first byte says what the rest is: a ref, packed-refs, the configuration
 * of a repository, or what ls-remote prints.  An id that comes of it is one, a
 * ref is a path that leads down, and both were there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "git/refs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char tag[] = "refs/tags/v1";

static void
check_id(struct str text, struct str id)
{
	if (id.len > 0 && (!git_is_id(id) || id.p < text.p ||
	    id.p + id.len > text.p + text.len))
		abort();
}

static void
check_ref(struct str ref)
{
	if (ref.len == 0 || *ref.p == '/' || ref.p[ref.len - 1] == '/' ||
	    memmem(ref.p, ref.len, "..", 2) != NULL ||
	    memmem(ref.p, ref.len, "//", 2) != NULL ||
	    memmem(ref.p, ref.len, "/.", 2) != NULL ||
	    memchr(ref.p, '\0', ref.len) != NULL ||
	    memchr(ref.p, '\n', ref.len) != NULL || *ref.p == '.' ||
	    *ref.p == '-')
		abort();
}

static void
take_ref(struct str text)
{
	struct str id, ref;

	if (!git_ref(text, &id, &ref))
		return;
	if ((id.len == 0) == (ref.len == 0))
		abort();
	check_id(text, id);
	if (ref.len > 0)
		check_ref(ref);
}

static void
take_packed(struct str text)
{
	struct str id, peeled;
	bool found = git_packed(text, str_of(tag), &id, &peeled);

	if (found != (id.len > 0) || (!found && peeled.len > 0))
		abort();
	check_id(text, id);
	check_id(text, peeled);
	if (found && (id.len + 1 + strlen(tag) >
	    (size_t)(text.p + text.len - id.p) ||
	    memmem(id.p, (size_t)(text.p + text.len - id.p), tag,
	    strlen(tag)) == NULL))
		abort();
}

static void
take_config(struct str text)
{
	struct buf url = { 0 };

	if (git_remote_url(text, str_of("origin"), &url) ?
	    url.len > text.len : url.len > 0)
		abort();
	buf_clear(&url);
}

static void
take_listing(struct str text)
{
	struct str rest = text, id, ref;
	size_t n = 0;

	while (git_listed_next(&rest, &id, &ref)) {
		check_id(text, id);
		if (ref.len == 0 || n++ > text.len)
			abort();
	}
	check_id(text, git_listed(text, tag));
	ref = git_listed_symref(text, "HEAD");
	if (ref.len > 0)
		check_ref(ref);
	if (git_is_ref(text))
		check_ref(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const take[])(struct str) = { take_ref, take_packed,
	    take_config, take_listing };

	if (size > 0)
		take[data[0] % 4]((struct str){ (const char *)data + 1,
		    size - 1 });
	return 0;
}
