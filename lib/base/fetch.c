#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "base/fetch.h"
#include "base/symbol.h"

enum { REDIRECTS_MAX = 10 };

struct fetch {
	CURL		*easy;
	struct curl_slist *headers;
	int		(*fn)(const char *, size_t, void *);
	void		*arg;
	bool		 stopped;	/* fn has had enough */
	bool		 follow;	/* redirects */
	char		 why[CURL_ERROR_SIZE];
};

/* What we call in libcurl. */
static struct {
	CURLcode	(*global_init)(long);
	CURL		*(*easy_init)(void);
	CURLcode	(*setopt)(CURL *, CURLoption, ...);
	CURLcode	(*perform)(CURL *);
	CURLcode	(*getinfo)(CURL *, CURLINFO, ...);
	void		(*easy_cleanup)(CURL *);
	const char	*(*strerror)(CURLcode);
	struct curl_slist *(*append)(struct curl_slist *, const char *);
	void		(*free_all)(struct curl_slist *);
} lib;

static pthread_once_t load_once = PTHREAD_ONCE_INIT;
static const char *load_error = "libcurl.so.4 cannot be loaded";

#define BIND(name, fn)	symbol_bind(so, name, &lib.fn, sizeof(lib.fn))

static void
load(void)
{
	void *so;

	if ((so = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) == NULL &&
	    (so = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL)) == NULL)
		return;
	if (!BIND("curl_global_init", global_init) ||
	    !BIND("curl_easy_init", easy_init) ||
	    !BIND("curl_easy_setopt", setopt) ||
	    !BIND("curl_easy_perform", perform) ||
	    !BIND("curl_easy_getinfo", getinfo) ||
	    !BIND("curl_easy_cleanup", easy_cleanup) ||
	    !BIND("curl_easy_strerror", strerror) ||
	    !BIND("curl_slist_append", append) ||
	    !BIND("curl_slist_free_all", free_all)) {
		load_error = "libcurl lacks a function";
		return;
	}
	if (lib.global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
		load_error = "libcurl does not start";
		return;
	}
	load_error = NULL;
}

/* libcurl takes a short count for an error; fetch() knows better then. */
static size_t
receive(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	n *= size;
	if (f->fn == NULL || f->fn(p, n, f->arg) == 0)
		return n;
	f->stopped = true;
	return n == 0 ? 1 : 0;
}

static bool
set_headers(struct fetch *f)
{
	static const char *const lines[] = {
		"Content-Type: application/json",
		"Expect:"		/* do not wait for 100 Continue */
	};
	struct curl_slist *more;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if ((more = lib.append(f->headers, lines[i])) == NULL)
			return false;
		f->headers = more;
	}
	return true;
}

int
fetch_new(struct fetch **fp, long timeout_ms, const char **errstr)
{
	struct fetch *f;

	(void)pthread_once(&load_once, load);
	if ((*errstr = load_error) != NULL)
		return -1;
	*errstr = "out of memory";
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return -1;
	if ((f->easy = lib.easy_init()) == NULL || !set_headers(f)) {
		fetch_free(f);
		return -1;
	}
	(void)lib.setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
	(void)lib.setopt(f->easy, CURLOPT_ERRORBUFFER, f->why);
	(void)lib.setopt(f->easy, CURLOPT_USERAGENT, "partisci/" VERSION);
	(void)lib.setopt(f->easy, CURLOPT_WRITEFUNCTION, receive);
	(void)lib.setopt(f->easy, CURLOPT_WRITEDATA, f);
	(void)lib.setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	(void)lib.setopt(f->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)lib.setopt(f->easy, CURLOPT_LOW_SPEED_TIME,
	    timeout_ms / 1000 + (timeout_ms % 1000 != 0));
	*fp = f;
	*errstr = NULL;
	return 0;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	if (f->easy != NULL)
		lib.easy_cleanup(f->easy);
	if (f->headers != NULL)
		lib.free_all(f->headers);
	free(f);
}

void
fetch_limit(struct fetch *f, long total_ms)
{
	(void)lib.setopt(f->easy, CURLOPT_TIMEOUT_MS, total_ms);
}

void
fetch_follow(struct fetch *f)
{
	f->follow = true;
}

/* A library that cannot be told whereto does not follow at all. */
static void
set_follow(struct fetch *f, const char *url)
{
	const char *to = strncasecmp(url, "https:", 6) == 0 ? "https" :
	    "http,https";
	bool can = f->follow && lib.setopt(f->easy,
	    CURLOPT_REDIR_PROTOCOLS_STR, to) == CURLE_OK;

	(void)lib.setopt(f->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	(void)lib.setopt(f->easy, CURLOPT_FOLLOWLOCATION, can ? 1L : 0L);
}

/*
 * TLS libraries write(2) to sockets whose other end may be gone.  Keep the
 * SIGPIPE of that from the caller, unless it was there before.
 */
static CURLcode
perform(struct fetch *f)
{
	const struct timespec now = { 0, 0 };
	sigset_t pipe_set, pending, old;
	bool ours;
	CURLcode rc;

	(void)sigemptyset(&pipe_set);
	(void)sigaddset(&pipe_set, SIGPIPE);
	(void)sigpending(&pending);
	ours = sigismember(&pending, SIGPIPE) == 0;
	(void)pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	rc = lib.perform(f->easy);
	if (ours)
		while (sigtimedwait(&pipe_set, NULL, &now) == -1 &&
		    errno == EINTR)
			continue;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

/* The shortest true words for what went wrong. */
static const char *
reason(struct fetch *f, CURLcode rc)
{
	long err = 0;

	if (rc == CURLE_COULDNT_CONNECT &&
	    lib.getinfo(f->easy, CURLINFO_OS_ERRNO, &err) == CURLE_OK &&
	    err != 0)
		return strerror((int)err);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return "timed out";
	return f->why[0] != '\0' ? f->why : lib.strerror(rc);
}

int
fetch(struct fetch *f, const char *url, struct str body,
    int (*fn)(const char *p, size_t n, void *arg), void *arg,
    long *status, const char **errstr)
{
	CURLcode rc;

	*status = 0;
	/* libcurl would read file: and more; nobody wants that from here. */
	if (strncasecmp(url, "http://", 7) != 0 &&
	    strncasecmp(url, "https://", 8) != 0) {
		*errstr = "not an http:// or https:// URL";
		return -1;
	}
	f->fn = fn;
	f->arg = arg;
	f->stopped = false;
	f->why[0] = '\0';
	if (body.p != NULL) {
		(void)lib.setopt(f->easy, CURLOPT_POST, 1L);
		(void)lib.setopt(f->easy, CURLOPT_POSTFIELDS, body.p);
		(void)lib.setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)body.len);
		(void)lib.setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
	} else {
		(void)lib.setopt(f->easy, CURLOPT_HTTPGET, 1L);
		(void)lib.setopt(f->easy, CURLOPT_HTTPHEADER, NULL);
	}
	set_follow(f, url);
	if (lib.setopt(f->easy, CURLOPT_URL, url) != CURLE_OK)
		rc = CURLE_OUT_OF_MEMORY;
	else
		rc = perform(f);
	(void)lib.getinfo(f->easy, CURLINFO_RESPONSE_CODE, status);
	if (rc != CURLE_OK && !f->stopped) {
		*errstr = reason(f, rc);
		return -1;
	}
	*errstr = NULL;
	return 0;
}
