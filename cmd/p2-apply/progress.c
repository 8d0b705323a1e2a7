#include <sys/ioctl.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apply.h"
#include "base/clock.h"
#include "base/utf8.h"

/*
 * How far a run has come, in one line that is drawn over again on the terminal
 * that stderr is.  A thread draws, so that a step that takes long is seen, and
 * short ones cost no call each.
 */
enum { COLUMNS = 80, COLUMNS_MAX = 1000 };

static struct {
	pthread_mutex_t	 lock;		/* for all that follows */
	pthread_cond_t	 ended;
	bool		 on;
	bool		 drawn;		/* there is a line to be wiped */
	bool		 stale;		/* the step is not the one drawn */
	uint64_t	 number, total;
	struct buf	 what;
} progress = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_t thread;

static void
put(struct buf *b)
{
	while (buf_write(b, STDERR_FILENO) == -1 && errno == EAGAIN)
		;
	buf_reset(b);
}

/* 1234567 as "1,234,567" */
static void
add_number(struct buf *b, uint64_t n)
{
	if (n >= 1000) {
		add_number(b, n / 1000);
		buf_printf(b, ",%03" PRIu64, n % 1000);
	} else
		buf_num(b, n);
}

static size_t
columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == -1 || w.ws_col == 0)
		return COLUMNS;
	return w.ws_col < COLUMNS_MAX ? w.ws_col : COLUMNS_MAX;
}

/*
 * As much of s as there is room for, with nothing in it that a terminal might
 * obey.  Characters from U+1100 on may be two columns wide.
 */
static void
add_visible(struct buf *b, struct str s, size_t room)
{
	size_t n, width;
	uint32_t c;

	for (; s.len > 0 && room > 0; s.p += n, s.len -= n, room -= width) {
		if ((n = utf8_next(s, &c)) == 0 || c < ' ' ||
		    (c >= 0x7f && c < 0xa0)) {
			c = '?';
			n = n == 0 ? 1 : n;
		}
		width = c >= 0x1100 ? 2 : 1;
		if (width > room)
			return;
		if (c == '?')
			buf_putc(b, '?');
		else
			buf_add(b, s.p, n);
	}
}

static void
draw(void)
{
	struct buf b = { 0 };
	size_t room = columns();	/* the last one stays free */

	buf_putc(&b, '\r');
	add_number(&b, progress.number);
	buf_putc(&b, '/');
	add_number(&b, progress.total);
	buf_putc(&b, ' ');
	if (room > b.len)
		add_visible(&b, buf_view(&progress.what), room - b.len);
	buf_puts(&b, "\033[K");
	put(&b);
	buf_clear(&b);
	progress.drawn = true;
	progress.stale = false;
}

static void
wipe(void)
{
	struct buf b = { 0 };

	if (!progress.drawn)
		return;
	buf_puts(&b, "\r\033[K");
	put(&b);
	buf_clear(&b);
	progress.drawn = false;
	progress.stale = true;
}

static void *
run_thread(void *arg)
{
	struct timespec t;

	pthread_mutex_lock(&progress.lock);
	while (progress.on) {
		t = clock_in_ms(100);
		while (progress.on && pthread_cond_timedwait(&progress.ended,
		    &progress.lock, &t) == 0)
			;
		if (progress.on && progress.stale && progress.number > 0)
			draw();
	}
	wipe();
	pthread_mutex_unlock(&progress.lock);
	return arg;
}

/* Signals are for the thread that does the work. */
void
progress_begin(const struct asked *a)
{
	const char *term = getenv("TERM");
	pthread_condattr_t attr;
	sigset_t all, before;

	if (a->json || a->verbose || a->explain != NULL || a->check ||
	    !isatty(STDERR_FILENO) || term == NULL || *term == '\0' ||
	    strcmp(term, "dumb") == 0)
		return;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&progress.ended, &attr);
	pthread_condattr_destroy(&attr);
	progress.on = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, run_thread, NULL) != 0)
		progress.on = false;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool
progress_is_on(void)
{
	return progress.on;
}

void
progress_step(uint64_t number, uint64_t total, struct str type,
    struct str title)
{
	pthread_mutex_lock(&progress.lock);
	progress.number = number;
	progress.total = total;
	buf_reset(&progress.what);
	buf_str(&progress.what, type);
	buf_putc(&progress.what, ' ');
	buf_str(&progress.what, title);
	progress.stale = true;
	pthread_mutex_unlock(&progress.lock);
}

void
progress_wipe(void)
{
	if (!progress.on)
		return;
	pthread_mutex_lock(&progress.lock);
	wipe();
	pthread_mutex_unlock(&progress.lock);
}

void
progress_end(void)
{
	if (!progress.on)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.on = false;
	pthread_cond_signal(&progress.ended);
	pthread_mutex_unlock(&progress.lock);
	pthread_join(thread, NULL);
	pthread_cond_destroy(&progress.ended);
	buf_clear(&progress.what);
}
