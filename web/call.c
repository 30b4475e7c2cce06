#include "web/call.h"

#include <assert.h>

#include <microhttpd.h>

#include "base/mem.h"

enum {
	/* Of refused content that much is read, so that the client hears why. */
	SHORT_BYTES = 64 << 10,
	MAX_IGNORED_BYTES = 256 << 10
};

struct headers {
	struct call *call;
	struct web_header *items;
	size_t count;
};

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name,
	size_t name_bytes, const char *value, size_t value_bytes)
{
	struct headers *h = ctx;
	(void)kind;
	if (h->count == WEB_MAX_HEADER_COUNT)
		return MHD_NO;
	const struct str v = { value ? value : "", value ? value_bytes : 0 };
	h->items[h->count++] = (struct web_header){ arena_str(&h->call->arena,
							    (struct str){ name, name_bytes }),
		arena_str(&h->call->arena, str_trim(v)) };
	return MHD_YES;
}

struct call *call_create(struct web *web, struct MHD_Connection *connection, struct str method,
	struct str path, struct str query)
{
	struct call *c = mem_zero(1, sizeof *c);
	c->web = web;
	c->connection = connection;
	arena_init(&c->arena, 0); /* what it copies has the ceiling WEB_MAX_HEADER_BYTES */
	struct headers h = { c, arena_array(&c->arena, struct web_header, WEB_MAX_HEADER_COUNT),
		0 };
	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_header, &h);
	c->base = (struct web_call){ .method = arena_str(&c->arena, method),
		.path = arena_str(&c->arena, path),
		.query = arena_str(&c->arena, query),
		.headers = h.items,
		.header_count = h.count };
	struct str length;
	int64_t number;
	if (web_call_header(&c->base, STR("Content-Length"), &length) &&
		str_to_int64(length, &number)) {
		c->base.length_known = true;
		c->base.length = (uint64_t)number;
	}
	buf_init(&c->body, 1);
	return c;
}

void call_destroy(struct call *c)
{
	if (!c)
		return;
	buf_finish(&c->body);
	arena_finish(&c->arena);
	mem_free(c);
}

void call_set_answer(struct call *c, const struct web_answer *answer)
{
	assert(!c->answered);
	c->answered = true;
	c->answer = *answer;
	c->answer.body = arena_str(&c->arena, answer->body.p ? answer->body : STR(""));
	for (size_t i = 0; i < WEB_MAX_ANSWER_HEADERS && answer->headers[i].name; i++) {
		c->answer.headers[i].name = arena_text(&c->arena, str_of(answer->headers[i].name));
		c->answer.headers[i].value = arena_text(
			&c->arena, str_of(answer->headers[i].value));
	}
}

void call_refuse(struct call *c, unsigned status, const char *reason)
{
	struct web_answer answer = { .status = status,
		.body = arena_format(&c->arena, "%s\n", reason) };
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE) {
		answer.headers[0].name = "Retry-After";
		answer.headers[0].value = "2";
	}
	call_set_answer(c, &answer);
}

bool call_take(struct call *c, struct str piece, size_t *bodies_bytes)
{
	if (!c->answered && piece.n > c->route->max_body_bytes - c->body.n)
		call_refuse(c, MHD_HTTP_CONTENT_TOO_LARGE, "the content is too large");
	else if (!c->answered && piece.n > WEB_MAX_BODIES_BYTES - *bodies_bytes)
		call_refuse(c, MHD_HTTP_SERVICE_UNAVAILABLE, "too much at once: try again soon");
	if (!c->answered) {
		buf_add(&c->body, piece);
		*bodies_bytes += piece.n;
		return true;
	}
	*bodies_bytes -= c->body.n;
	buf_finish(&c->body);
	buf_init(&c->body, 1);
	c->ignored_bytes += piece.n;
	return c->ignored_bytes <= MAX_IGNORED_BYTES;
}

bool call_is_short(const struct call *c)
{
	struct str expect;
	return c->base.length_known && c->base.length <= SHORT_BYTES &&
		web_call_header(&c->base, STR("Expect"), &expect) == 0;
}

size_t web_call_header(const struct web_call *call, struct str name, struct str *value)
{
	size_t count = 0;
	for (size_t i = 0; i < call->header_count; i++) {
		if (!str_eq_ignore_case(call->headers[i].name, name))
			continue;
		if (count++ == 0)
			*value = call->headers[i].value;
	}
	return count;
}
