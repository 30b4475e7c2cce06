#include "net/answer.h"

#include <string.h>

#include "base/clock.h"

#define RETRY_AFTER_MAX_US US_PER_DAY
#define MAX_AGE_MAX_US (365 * US_PER_DAY)

/* More than the header lines can hold, so that it never stands in the way. */
enum { ANSWER_MEMORY_BYTES = 2 * HTTP_MAX_HEADERS_BYTES };

static const struct http_answer no_answer = {
	.retry_after_us = -1, .max_age_us = -1, .content_type = { "", 0 }
};

void answer_init(struct answer_reader *r)
{
	*r = (struct answer_reader){ .answer = no_answer };
	pacing_init(&r->pacing);
	arena_init(&r->memory, ANSWER_MEMORY_BYTES);
}

void answer_finish(struct answer_reader *r)
{
	arena_finish(&r->memory);
}

static void forget(struct answer_reader *r)
{
	r->answer = no_answer;
	r->complete = r->has_cache_control = false;
	pacing_init(&r->pacing);
	r->packed_otherwise = r->packed_on_the_way = false;
	r->packings = 0;
	arena_reset(&r->memory);
}

void answer_reset(struct answer_reader *r)
{
	forget(r);
	r->bytes = r->line_count = 0;
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

int64_t answer_retry_after_us(struct str value, int64_t now_wall_us)
{
	int64_t us;
	if (all_digits(value)) {
		int64_t seconds;
		/* What does not even fit the number is far past the ceiling. */
		if (!str_to_int64(value, &seconds) || seconds > RETRY_AFTER_MAX_US / US_PER_S)
			return RETRY_AFTER_MAX_US;
		return seconds * US_PER_S;
	}
	/* A sign or a fraction is no date either. */
	if (value.n == 0 || (value.p[0] | 0x20) < 'a' || (value.p[0] | 0x20) > 'z' ||
		!time_parse(value, &us))
		return -1;
	us -= now_wall_us;
	if (us < 0)
		return 0;
	return us < RETRY_AFTER_MAX_US ? us : RETRY_AFTER_MAX_US;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	}
	return false;
}

static struct str media_type(struct answer_reader *r, struct str value)
{
	struct str type = str_trim(str_slice(value, 0, str_find_char(value, ';')));
	char *copy = arena_text(&r->memory, type);
	if (!copy)
		return STR("");
	for (size_t i = 0; i < type.n; i++) {
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	}
	return (struct str){ copy, type.n };
}

static struct str charset_of(struct answer_reader *r, struct str value)
{
	struct str part;
	while (str_next(&value, ';', &part)) {
		part = str_trim(part);
		if (!str_eq_ignore_case(str_slice(part, 0, 8), STR("charset=")))
			continue;
		struct str charset = str_trim(str_slice(part, 8, part.n));
		if (charset.n >= 2 && charset.p[0] == charset.p[charset.n - 1] &&
			(charset.p[0] == '"' || charset.p[0] == '\''))
			charset = str_slice(charset, 1, charset.n - 1);
		return charset.n ? arena_str(&r->memory, charset) : STR_NONE;
	}
	return STR_NONE;
}

/* -1: the directives say nothing about age. */
static int64_t max_age_us(struct str value)
{
	struct str part;
	int64_t seconds, age_us = -1;
	while (str_next(&value, ',', &part)) {
		part = str_trim(part);
		if (str_eq_ignore_case(part, STR("no-cache")) ||
			str_eq_ignore_case(part, STR("no-store")))
			return 0;
		const struct str digits = str_slice(part, 8, part.n);
		if (!str_eq_ignore_case(str_slice(part, 0, 8), STR("max-age=")) ||
			!all_digits(digits))
			continue;
		const bool fits = str_to_int64(digits, &seconds) &&
			seconds < MAX_AGE_MAX_US / US_PER_S;
		age_us = fits ? seconds * US_PER_S : MAX_AGE_MAX_US;
	}
	return age_us;
}

/* An unreadable date, such as 0, means "already". */
static int64_t expires_us(struct str value, int64_t now_wall_us)
{
	int64_t us;
	if (all_digits(value) || !time_parse(value, &us) || us <= now_wall_us)
		return 0;
	return us - now_wall_us < MAX_AGE_MAX_US ? us - now_wall_us : MAX_AGE_MAX_US;
}

static void take_age(struct answer_reader *r, int64_t age_us)
{
	if (age_us >= 0)
		r->answer.max_age_us = age_us;
	r->has_cache_control = r->has_cache_control || age_us >= 0;
}

static void take_packing(struct answer_reader *r, struct str value)
{
	struct str part;
	while (str_next(&value, ',', &part)) {
		part = str_trim(part);
		if (part.n == 0 || str_eq_ignore_case(part, STR("identity")))
			continue;
		if (!str_eq_ignore_case(part, STR("gzip")) &&
			!str_eq_ignore_case(part, STR("x-gzip")) &&
			!str_eq_ignore_case(part, STR("deflate")))
			r->packed_otherwise = true;
		if (++r->packings > 1)
			r->packed_otherwise = true;
	}
}

static void take_transfer(struct answer_reader *r, struct str value)
{
	struct str part;
	while (str_next(&value, ',', &part)) {
		part = str_trim(part);
		if (part.n && !str_eq_ignore_case(part, STR("chunked")) &&
			!str_eq_ignore_case(part, STR("identity")))
			r->packed_on_the_way = true;
	}
}

static void take_status(struct answer_reader *r, struct str line)
{
	forget(r);
	size_t space = str_find_char(line, ' ');
	struct str digits = str_slice(line, space, line.n);
	digits = str_slice(str_trim(digits), 0, 3);
	int64_t status;
	if (all_digits(digits) && str_to_int64(digits, &status))
		r->answer.status = (int)status;
}

static void take_header(struct answer_reader *r, struct str line, int64_t now_wall_us)
{
	size_t colon = str_find_char(line, ':');
	if (colon == SIZE_MAX)
		return;
	struct str name = str_slice(line, 0, colon);
	struct str value = str_trim(str_slice(line, colon + 1, line.n));
	/* These come back to us in requests, messages and addresses: a broken one is as good as
	 * none. */
	if (has_control(value)) {
		if (str_eq_ignore_case(name, STR("content-encoding")))
			r->packed_otherwise = true;
		if (str_eq_ignore_case(name, STR("transfer-encoding")))
			r->packed_on_the_way = true;
		return;
	}
	pacing_take(&r->pacing, name, value, now_wall_us);
	if (str_eq_ignore_case(name, STR("content-type"))) {
		r->answer.content_type = media_type(r, value);
		r->answer.charset = charset_of(r, value);
	} else if (str_eq_ignore_case(name, STR("cache-control"))) {
		take_age(r, max_age_us(value));
	} else if (str_eq_ignore_case(name, STR("expires"))) {
		r->answer.expires_zero = str_eq(value, STR("0"));
		if (!r->has_cache_control)
			r->answer.max_age_us = expires_us(value, now_wall_us);
	} else if (str_eq_ignore_case(name, STR("link"))) {
		r->answer.links = r->answer.links.p
			? arena_format(&r->memory, "%.*s, %.*s", STR_ARGS(r->answer.links),
				  STR_ARGS(value))
			: arena_str(&r->memory, value);
	} else if (str_eq_ignore_case(name, STR("retry-after"))) {
		r->answer.retry_after_us = answer_retry_after_us(value, now_wall_us);
	} else if (str_eq_ignore_case(name, STR("etag"))) {
		r->answer.etag = arena_str(&r->memory, value);
	} else if (str_eq_ignore_case(name, STR("last-modified"))) {
		r->answer.last_modified = arena_str(&r->memory, value);
	} else if (str_eq_ignore_case(name, STR("content-encoding"))) {
		take_packing(r, value);
	} else if (str_eq_ignore_case(name, STR("transfer-encoding"))) {
		take_transfer(r, value);
	} else if (str_eq_ignore_case(name, STR("location"))) {
		r->answer.location = arena_str(&r->memory, value);
	}
}

enum answer_step answer_line(struct answer_reader *r, struct str line, int64_t now_wall_us)
{
	r->bytes += line.n;
	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	r->line_count += line.n > 0;
	if (r->bytes > HTTP_MAX_HEADERS_BYTES || r->line_count > HTTP_MAX_HEADER_LINES)
		return ANSWER_TOO_LARGE;
	if (r->complete)
		return ANSWER_MORE; /* a trailer: counted, no more */
	if (str_starts(line, STR("HTTP/"))) {
		take_status(r, line);
	} else if (line.n > 0) {
		take_header(r, line, now_wall_us);
	} else if (r->answer.status / 100 != 1) {
		r->complete = true;
		r->answer.pace_us = pacing_wait_us(&r->pacing);
		return ANSWER_COMPLETE;
	}
	return ANSWER_MORE;
}
