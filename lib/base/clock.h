#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * clock: how much time has passed, whatever is done to the time of day
 * (CLOCK_MONOTONIC); and, for what is written down, clock_unix_ms().
 */
static inline int64_t
clock_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static inline int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

/* With its fraction. */
static inline double
clock_fine_ms(void)
{
	return (double)clock_us() / 1e3;
}

/* Sleep so long, or until a signal comes. */
static inline void
clock_pause_ms(int64_t ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

/* The moment that is so long from now, for what waits until a moment. */
static inline struct timespec
clock_in_ms(int64_t ms)
{
	int64_t us = clock_us() + ms * 1000;

	return (struct timespec){ us / 1000000, us % 1000000 * 1000 };
}

/* Milliseconds since 1970, by the time of day. */
static inline uint64_t
clock_unix_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

#endif
