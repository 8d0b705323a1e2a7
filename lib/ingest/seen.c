#include <sys/mman.h>

#include <errno.h>

#include "ingest/pipeline.h"

/* Address space only, until it is used. */
#if UINTPTR_MAX > UINT32_MAX
static const uint32_t slots_most = UINT32_C(1) << 28;
#else
static const uint32_t slots_most = UINT32_C(1) << 24;
#endif

static void *
reserve(size_t n)
{
	void *p;

	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static size_t
times_size(const struct seen *s)
{
	return (size_t)s->slots * sizeof(*s->times);
}

int
seen_init(struct seen *s)
{
	s->slots = slots_most / STORE_PAGE_SLOTS * STORE_PAGE_SLOTS;
	s->times = reserve(times_size(s));
	s->dirty = reserve(s->slots / STORE_PAGE_SLOTS);
	atomic_store(&s->pages, 0);
	if (s->times == NULL || s->dirty == NULL) {
		seen_clear(s);
		return ENOMEM;
	}
	return 0;
}

void
seen_clear(struct seen *s)
{
	if (s->times != NULL)
		munmap((void *)s->times, times_size(s));
	if (s->dirty != NULL)
		munmap((void *)s->dirty, s->slots / STORE_PAGE_SLOTS);
	*s = (struct seen){ 0 };
}

void
seen_reset(struct seen *s)
{
	/* Private anonymous pages read as zero again after this. */
	(void)madvise((void *)s->times, times_size(s), MADV_DONTNEED);
	(void)madvise((void *)s->dirty, s->slots / STORE_PAGE_SLOTS,
	    MADV_DONTNEED);
	atomic_store(&s->pages, 0);
}

void
seen_set(struct seen *s, uint32_t slot, uint32_t time)
{
	/*
	 * In one order for all with the mark that follows it: else the writer
	 * could clear the mark and still read the time that was here before.
	 */
	atomic_store(&s->times[slot], time);
}

void
seen_raise(struct seen *s, uint32_t slot, uint32_t time)
{
	_Atomic uint32_t *p = &s->times[slot];
	uint32_t old = atomic_load_explicit(p, memory_order_relaxed);

	while (old < time && !atomic_compare_exchange_weak(p, &old, time))
		continue;
}

void
seen_mark(struct seen *s, uint32_t slot, unsigned why)
{
	uint32_t page = slot / STORE_PAGE_SLOTS, pages;

	if ((atomic_load(&s->dirty[page]) & why) == 0)
		atomic_fetch_or(&s->dirty[page], (unsigned char)why);
	pages = atomic_load_explicit(&s->pages, memory_order_relaxed);
	while (page >= pages &&
	    !atomic_compare_exchange_weak(&s->pages, &pages, page + 1))
		continue;
}

void
seen_mark_all(struct seen *s)
{
	uint32_t page, pages = atomic_load(&s->pages);

	for (page = 0; page < pages; page++)
		atomic_fetch_or(&s->dirty[page], DIRTY_UDP | DIRTY_POST);
}

int
seen_write(struct seen *s, struct store_tx *t, unsigned why, size_t *written)
{
	uint32_t times[STORE_PAGE_SLOTS];
	uint32_t page, i, pages = atomic_load(&s->pages);
	int rc;

	for (page = 0; page < pages; page++) {
		if ((atomic_load_explicit(&s->dirty[page],
		    memory_order_relaxed) & why) == 0)
			continue;
		atomic_store(&s->dirty[page], 0);
		for (i = 0; i < STORE_PAGE_SLOTS; i++)
			times[i] =
			    atomic_load(&s->times[page * STORE_PAGE_SLOTS + i]);
		if ((rc = store_seen_page(t, page, times)) != 0) {
			atomic_fetch_or(&s->dirty[page], (unsigned char)why);
			return rc;
		}
		(*written)++;
	}
	return 0;
}
