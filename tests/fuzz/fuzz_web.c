/* A request's lines: what is let in has one Host that is ours, no content and no control byte, and
 * an unescaped text is UTF-8, no longer than before, and has no NUL inside. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "web/request.h"
#include "web/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unescape(struct str s)
{
	char *text = mem_text(s.p, s.n);
	const size_t before = strlen(text);
	size_t length;
	if (web_unescape(text, &length)) {
		assert(length <= before && strlen(text) == length);
		assert(utf8_valid((struct str){ text, length }));
		assert(memchr(s.p, '%', before) || length == before);
	} else {
		assert(length == 0 && text[0] == '\0');
	}
	mem_free(text);
}

static void listen_on(struct str s)
{
	struct web_address a;
	struct buf message, host;
	buf_init(&message, 1 << 20);
	buf_init(&host, 200);
	if (web_address_parse(s, &a, &message)) {
		assert(message.n == 0);
		buf_addf(&host, a.v6 ? "[%s]:%d" : "%s:%d", a.text, a.port);
		assert(web_address_serves(&a, buf_str(&host)) == (a.port != 0));
	} else {
		assert(message.n > 0);
	}
	buf_finish(&message);
	buf_finish(&host);
}

static void find_parameter(struct str query)
{
	struct buf out;
	buf_init(&out, 100);
	if (web_query(query, STR("a"), &out))
		assert(out.n <= query.n && utf8_valid(buf_str(&out)));
	buf_finish(&out);
}

/* The first line is a method and a path, the others are headers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct web_address own = { .port = 8470, .text = "127.0.0.1" };
	struct str rest = { (const char *)data, size }, line;
	if (size == 0 || !str_next(&rest, '\n', &line))
		return 0;
	listen_on(line);
	find_parameter(line);
	static const struct str names[] = { { "vigie.example.org", 17 } };
	struct web_request r = { .header_bytes = size, .methods = data[0] % 4U };
	if (data[0] % 8 >= 4)
		r.names = (struct str_list){ names, 1 };
	str_next(&line, ' ', &r.method);
	if (line.p)
		unescape(line);
	while (str_next(&rest, '\n', &line)) {
		const size_t colon = str_find_char(line, ':');
		if (colon != SIZE_MAX)
			web_request_header(
				&r, str_slice(line, 0, colon), str_slice(line, colon + 1, line.n));
	}
	const struct web_refusal refusal = web_request_check(&r, &own);
	assert((refusal.status == 0) == (refusal.reason == NULL));
	if (refusal.status == 0) {
		const bool posts = str_eq(r.method, STR("POST"));
		assert(r.host_count == 1);
		assert(web_address_serves(&own, r.host) || web_names_hold(r.names, r.host));
		assert(r.header_count <= WEB_MAX_HEADER_COUNT && size <= WEB_MAX_HEADER_BYTES);
		assert(r.coding_count + r.length_count <= 1 && (posts || r.coding_count == 0));
		assert(!posts || r.methods & WEB_POST);
		assert(posts || str_eq(r.method, STR("GET")) || str_eq(r.method, STR("HEAD")));
	}
	return 0;
}
