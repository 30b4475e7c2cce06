#include "daemon/ingest.h"
#include "sources/ingest/ingest.h"

#define INGEST_PATH "/api/v1/posts"

static size_t count_ingests(const struct config *c)
{
	size_t count = 0;
	for (size_t i = 0; i < sources_count(c->sources); i++)
		count += ingest_of(sources_at(c->sources, i)) != NULL;
	return count;
}

void config_check_ingest(const struct config *c, struct diag *diag)
{
	for (size_t i = 0; i < sources_count(c->sources); i++) {
		const struct ingest_source *s = ingest_of(sources_at(c->sources, i));
		if (!s)
			continue;
		if (!c->http.listen.p) {
			diag_error(diag, s->base.at, "no server to post to: '%.*s'",
				STR_ARGS(s->base.name));
			diag_hint(diag, "write 'http: {listen: 127.0.0.1:8470}'");
		}
		if (s->open && c->http.hosts.count) {
			diag_error(diag, s->base.at,
				"others than this machine could post to '%.*s', which is open",
				STR_ARGS(s->base.name));
			diag_hint(diag, "give it a token, or leave out http.hosts");
		}
	}
}

static void add_url(const struct config *c, const struct ingest_source *s, struct buf *out)
{
	const struct str name = s->base.name;
	buf_addf(out, "posts for '%.*s': http://%.*s%s/%.*s\n", STR_ARGS(name),
		STR_ARGS(c->http.listen), INGEST_PATH, STR_ARGS(name));
	for (size_t i = 0; i < c->http.hosts.count; i++)
		buf_addf(out, "posts for '%.*s': https://%.*s%s/%.*s, through your proxy\n",
			STR_ARGS(name), STR_ARGS(c->http.hosts.items[i]), INGEST_PATH,
			STR_ARGS(name));
}

void config_ingest_urls(const struct config *c, struct buf *out)
{
	const size_t count = count_ingests(c);
	for (size_t i = 0; c->http.listen.p && i < sources_count(c->sources); i++) {
		const struct ingest_source *s = ingest_of(sources_at(c->sources, i));
		if (s)
			add_url(c, s, out);
	}
	if (count == 1 && c->http.listen.p)
		buf_addf(out, "%s alone is the same, as there is one such source\n", INGEST_PATH);
}
