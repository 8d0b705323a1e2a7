#include <sys/time.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "policy/engine.h"
#include "policy/stuck.h"

enum { TICKS = 10 };		/* the timer's, for the whole time allowed */

/* For the signal handler: the one that is running. */
static struct engine *volatile current;

static unsigned engines;	/* that are open; they share the timer */

static void *
allocate(void *udata, duk_size_t size)
{
	struct engine *e = udata;
	void *p;

	if (size > e->max || e->pool.used > e->max - size) {
		e->full = true;
		return NULL;
	}
	e->held++;
	p = pool_alloc(&e->pool, size);
	e->held--;
	return p;
}

static void *
reallocate(void *udata, void *old, duk_size_t size)
{
	struct engine *e = udata;
	size_t before;
	void *p = NULL;

	e->held++;
	before = old == NULL ? 0 : pool_size(&e->pool, old);
	if (size <= before || (size <= e->max &&
	    e->pool.used - before <= e->max - size))
		p = pool_realloc(&e->pool, old, size);
	else
		e->full = true;
	e->held--;
	return p;
}

static void
release(void *udata, void *p)
{
	struct engine *e = udata;

	e->held++;
	pool_free(&e->pool, p);
	e->held--;
}

static void __attribute__((noreturn))
escape(struct engine *e)
{
	e->dead = 1;
	e->held = 0;
	siglongjmp(e->escape, 1);
}

/* The engine cannot go on: mostly, no memory to tell of no memory. */
static void
fatal(void *udata, const char *msg)
{
	struct engine *e = udata;

	if (stuck_is_child())
		_exit(1);
	if (!e->running)
		abort();
	e->fatal = msg == NULL ? "unknown reason" : msg;
	escape(e);
}

static void
tick(int sig)
{
	struct engine *e = current;

	(void)sig;
	if (e == NULL || !e->running || ++e->ticks < TICKS || e->held != 0)
		return;
	stuck_ask(e->ctx, e->at, sizeof(e->at));
	escape(e);
}

static void
set_timer(const struct engine *e)
{
	long usec = (long)e->seconds * 1000000 / TICKS;
	struct timeval each = { .tv_sec = usec / 1000000,
	    .tv_usec = usec % 1000000 };
	struct itimerval it = { .it_interval = each, .it_value = each };

	setitimer(ITIMER_VIRTUAL, &it, NULL);
}

int
engine_open(struct engine *e, size_t memory_max, unsigned seconds, void *owner)
{
	struct sigaction sa = { .sa_handler = tick, .sa_flags = SA_RESTART };

	*e = (struct engine){ .max = memory_max, .seconds = seconds,
	    .owner = owner };
	pool_init(&e->pool, memory_max);
	if ((e->ctx = duk_create_heap(allocate, reallocate, release, e,
	    fatal)) == NULL) {
		pool_clear(&e->pool);
		return -1;
	}
	engines++;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGVTALRM, &sa, NULL);
	set_timer(e);
	return 0;
}

void
engine_close(struct engine *e)
{
	struct itimerval none = { .it_value = { 0 } };

	if (e->ctx == NULL)
		return;
	if (--engines == 0)
		setitimer(ITIMER_VIRTUAL, &none, NULL);
	current = NULL;
	/* Nothing in the heap has a finalizer, so it goes as it is. */
	pool_clear(&e->pool);
	e->ctx = NULL;
}

struct engine *
engine_of(duk_context *ctx)
{
	duk_memory_functions f;

	duk_get_memory_functions(ctx, &f);
	return f.udata;
}

void *
engine_owner(duk_context *ctx)
{
	return engine_of(ctx)->owner;
}

void
engine_hold(duk_context *ctx)
{
	engine_of(ctx)->held++;
}

void
engine_let(duk_context *ctx)
{
	engine_of(ctx)->held--;
}

void
engine_progress(struct engine *e)
{
	e->ticks = 0;
}

struct call {
	void		(*fn)(duk_context *ctx, void *arg);
	void		*arg;
};

static duk_ret_t
protected_call(duk_context *ctx, void *udata)
{
	struct call *c = udata;

	c->fn(ctx, c->arg);
	return 0;
}

static duk_ret_t
say_what(duk_context *ctx, void *udata)
{
	(void)udata;
	/* The prelude knows to tell where in a policy an error is from. */
	duk_push_global_stash(ctx);
	if (duk_get_prop_string(ctx, -1, "describe")) {
		duk_dup(ctx, 0);
		if (duk_pcall(ctx, 1) == DUK_EXEC_SUCCESS)
			return 1;
	}
	duk_safe_to_string(ctx, 0);
	duk_dup(ctx, 0);
	return 1;
}

static void
tell_full(const struct engine *e, struct buf *err)
{
	buf_printf(err, "out of the %zu MiB of memory that a policy may have",
	    e->max >> 20);
}

/* What the engine says of a full heap; the second, if that filled it, too. */
static bool
cut_full(struct buf *err)
{
	static const char *const words[] = { "alloc failed",
	    "DoubleError: error in error handling" };
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if (err->len >= n &&
		    memcmp(err->p + err->len - n, words[i], n) == 0) {
			err->len -= n;
			return true;
		}
	}
	return false;
}

/* The error on top of the stack, in words. */
static void
tell(struct engine *e, struct buf *err)
{
	bool full = e->full;

	if (duk_safe_call(e->ctx, say_what, NULL, 1, 1) == DUK_EXEC_SUCCESS &&
	    engine_text(e->ctx, -1, err)) {
		if (full && cut_full(err))
			tell_full(e, err);
	} else if (full)
		tell_full(e, err);
	else
		buf_puts(err, "an error that cannot be told");
	duk_pop(e->ctx);
}

static void
tell_death(const struct engine *e, struct buf *err)
{
	if (e->fatal != NULL && e->full)
		tell_full(e, err);
	else if (e->fatal == NULL)
		buf_printf(err, "stopped after computing for %u seconds",
		    e->seconds);
	else
		buf_printf(err, "the engine gave up: %s", e->fatal);
}

int
engine_run(struct engine *e, void (*fn)(duk_context *ctx, void *arg),
    void *arg, struct buf *err)
{
	struct call c = { fn, arg };
	volatile int rc = 0;

	if (e->dead || sigsetjmp(e->escape, 1) != 0) {
		e->running = 0;
		tell_death(e, err);
		return -1;
	}
	engine_progress(e);
	e->full = false;
	current = e;
	e->running = 1;
	if (duk_safe_call(e->ctx, protected_call, &c, 0, 1) !=
	    DUK_EXEC_SUCCESS) {
		tell(e, err);
		rc = -1;
	} else
		duk_pop(e->ctx);
	e->running = 0;
	return rc;
}

/* Six bytes that are a pair of surrogates: the code point, or 0. */
static uint32_t
pair_at(const unsigned char *p, size_t n)
{
	if (n < 6 || p[0] != 0xed || (p[1] & 0xf0) != 0xa0 || p[3] != 0xed ||
	    (p[4] & 0xf0) != 0xb0)
		return 0;
	return 0x10000 + (((uint32_t)(p[1] & 0x0f) << 6 | (p[2] & 0x3f)) << 10 |
	    (uint32_t)(p[4] & 0x0f) << 6 | (p[5] & 0x3f));
}

static void
add_utf8(struct buf *out, uint32_t c)
{
	buf_putc(out, (char)(0xf0 | c >> 18));
	buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
	buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

static void
add_cesu8(struct buf *out, uint32_t c)
{
	uint32_t half[2] = { 0xd800 | (c - 0x10000) >> 10,
	    0xdc00 | ((c - 0x10000) & 0x3ff) };
	int i;

	for (i = 0; i < 2; i++) {
		buf_putc(out, (char)0xed);
		buf_putc(out, (char)(0x80 | (half[i] >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (half[i] & 0x3f)));
	}
}

/* Append a string of the engine's as UTF-8; a lone surrogate is U+FFFD. */
static void
from_cesu8(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	const unsigned char *end = p + n, *hit;
	uint32_t c;

	while ((hit = memchr(p, 0xed, (size_t)(end - p))) != NULL) {
		buf_add(out, p, (size_t)(hit - p));
		p = hit;
		if ((c = pair_at(p, (size_t)(end - p))) != 0) {
			add_utf8(out, c);
			p += 6;
		} else if (end - p >= 3 && p[1] >= 0xa0) {
			buf_puts(out, "\xef\xbf\xbd");
			p += 3;
		} else
			buf_putc(out, (char)*p++);
	}
	buf_add(out, p, (size_t)(end - p));
}

/* UTF-8, or what should be, as the engine has it. */
static void
to_cesu8(struct buf *out, struct str s)
{
	uint32_t c;
	size_t n;

	while (s.len > 0) {
		if ((n = utf8_next(s, &c)) == 0) {
			buf_puts(out, "\xef\xbf\xbd");
			n = 1;
		} else if (n == 4)
			add_cesu8(out, c);
		else
			buf_add(out, s.p, n);
		s.p += n;
		s.len -= n;
	}
}

static bool
is_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

void
engine_push(duk_context *ctx, struct str s)
{
	struct buf b = { 0 };
	void *p;

	if (s.len == 0 || is_ascii(s)) {
		duk_push_lstring(ctx, s.len == 0 ? "" : s.p, s.len);
		return;
	}
	/* No more than two bytes for one; the engine's stack owns them. */
	p = duk_push_fixed_buffer(ctx, s.len * 3 + 1);
	engine_hold(ctx);
	to_cesu8(&b, s);
	if (b.len <= s.len * 3 && !buf_failed(&b))
		memcpy(p, b.p, b.len);
	s.len = b.len;
	buf_clear(&b);
	engine_let(ctx);
	duk_push_lstring(ctx, p, s.len);
	duk_remove(ctx, -2);
}

bool
engine_text(duk_context *ctx, duk_idx_t idx, struct buf *out)
{
	const char *s;
	duk_size_t n;

	if (duk_is_string(ctx, idx)) {
		s = duk_get_lstring(ctx, idx, &n);
		engine_hold(ctx);
		if (memchr(s, 0xed, n) == NULL)
			buf_add(out, s, n);
		else
			from_cesu8(out, s, n);
		engine_let(ctx);
		return true;
	}
	if ((s = duk_get_buffer_data(ctx, idx, &n)) == NULL &&
	    !duk_is_buffer_data(ctx, idx))
		return false;
	engine_hold(ctx);
	buf_add(out, s, n);
	engine_let(ctx);
	return true;
}
