#include <unistd.h>

#include "recv.h"

struct metric {
	const char		*name;
	const char		*help;
	bool			 gauge;
	unsigned long long	 value;
};

enum { NMETRICS = 20 };

static void
from_ingest(struct metric *m, struct ingest *in)
{
	struct ingest_stats *s = ingest_stats(in);

	m[0] = (struct metric){ "updates_total",
	    "Updates accepted.", false, s->updates };
	m[1] = (struct metric){ "heartbeats_total",
	    "Updates that said nothing new.", false, s->heartbeats };
	m[2] = (struct metric){ "refused_total",
	    "Updates that broke a rule.", false, s->refused };
	m[3] = (struct metric){ "dropped_total",
	    "Updates by UDP dropped because too much waited to be stored.",
	    false, s->dropped };
	m[4] = (struct metric){ "turned_away_total",
	    "Posts answered 503 because too much waited to be stored.",
	    false, s->turned_away };
	m[5] = (struct metric){ "changed_total",
	    "Records stored with another version.", false, s->changed };
	m[6] = (struct metric){ "added_total",
	    "Records stored for the first time.", false, s->added };
	m[7] = (struct metric){ "trimmed_total",
	    "Records forgotten because they were too old.", false,
	    s->trimmed };
	m[8] = (struct metric){ "commits_total",
	    "Transactions committed.", false, s->commits };
	m[9] = (struct metric){ "commit_failures_total",
	    "Transactions that failed.", false, s->failures };
	m[10] = (struct metric){ "commit_microseconds_total",
	    "Time spent in commits.", false, s->commit_us };
	m[11] = (struct metric){ "records",
	    "Records known.", true, ingest_known(in) };
	m[12] = (struct metric){ "waiting_bytes",
	    "Memory taken by updates that wait to be stored.", true,
	    ingest_waiting(in) };
}

static void
collect(struct metric m[NMETRICS], const struct http_config *c,
    const struct http_stats *s)
{
	struct udp_stats *u = udp_stats(c->udp);

	from_ingest(m, c->ingest);
	m[13] = (struct metric){ "datagrams_total",
	    "Datagrams received.", false, u->datagrams };
	m[14] = (struct metric){ "kernel_drops_total",
	    "Messages, of one datagram or of several joined, dropped by the "
	    "kernel because its buffer was full.",
	    false, u->kernel_drops };
	m[15] = (struct metric){ "http_requests_total",
	    "HTTP requests read.", false, s->requests };
	m[16] = (struct metric){ "http_connections_total",
	    "HTTP connections accepted.", false, s->connections };
	m[17] = (struct metric){ "http_expired_total",
	    "HTTP connections ended because they were too slow.", false,
	    s->expired };
	m[18] = (struct metric){ "http_evicted_total",
	    "HTTP connections ended because their address had too many.",
	    false, s->evicted };
	m[19] = (struct metric){ "http_body_bytes",
	    "Memory taken by bodies of posts.", true, s->bodies };
}

void
metrics_text(struct buf *b, const struct http_config *c,
    const struct http_stats *s)
{
	struct metric m[NMETRICS];
	size_t i;

	collect(m, c, s);
	buf_puts(b, "# HELP partisci_build_info The version that runs.\n"
	    "# TYPE partisci_build_info gauge\n"
	    "partisci_build_info{version=\"" VERSION "\"} 1\n");
	for (i = 0; i < NMETRICS; i++)
		buf_printf(b, "# HELP partisci_%s %s\n# TYPE partisci_%s %s\n"
		    "partisci_%s %llu\n", m[i].name, m[i].help, m[i].name,
		    m[i].gauge ? "gauge" : "counter", m[i].name, m[i].value);
}

void
metrics_json(struct buf *b, const struct http_config *c,
    const struct http_stats *s)
{
	struct metric m[NMETRICS];
	size_t i;

	collect(m, c, s);
	buf_printf(b, "{\"version\":\"%s\",\"pid\":%d", VERSION,
	    (int)getpid());
	for (i = 0; i < NMETRICS; i++)
		buf_printf(b, ",\"%s\":%llu", m[i].name, m[i].value);
	buf_puts(b, "}\n");
}
