#include <string.h>

#include "base/utf8.h"
#include "web/route.h"

/* Undoes + and %XX into at most `room` bytes. */
static bool decode(struct str text, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, WEB_MAX_HEADER_BYTES);
	buf_add(&plain, text);
	/* A NUL of its own would end what web_unescape looks at. */
	bool well = !plain.full && (text.n == 0 || !memchr(text.p, '\0', text.n));
	if (well && plain.n) {
		for (size_t i = 0; i < plain.n; i++)
			plain.p[i] = plain.p[i] == '+' ? ' ' : plain.p[i];
		well = web_unescape(plain.p, &plain.n);
		if (well)
			buf_add(out, buf_str(&plain));
	}
	buf_finish(&plain);
	return well && !out->full;
}

static bool is_name(struct str text, struct str name)
{
	struct buf plain;
	buf_init(&plain, WEB_MAX_HEADER_BYTES);
	const bool same = decode(text, &plain) && str_eq(buf_str(&plain), name);
	buf_finish(&plain);
	return same;
}

bool web_query(struct str query, struct str name, struct buf *out)
{
	struct str pair;
	while (str_next(&query, '&', &pair)) {
		const size_t equals = str_find_char(pair, '=');
		if (is_name(str_slice(pair, 0, equals), name))
			return equals == SIZE_MAX ||
				decode(str_slice(pair, equals + 1, pair.n), out);
	}
	return false;
}
