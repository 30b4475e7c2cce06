/* Whatever a mail is: what comes out is JSON lines within their ceilings, UTF-8, and the same
 * twice.
 */
#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "sources/mail_alerts.h"
#include "sources/mail_body.h"
#include "sources/mail_links.h"
#include "sources/mail_post.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, struct str line)
{
	static const struct str path = { "text", 4 };
	struct buf *out = ctx;
	size_t bad;
	struct arena arena;
	struct json_picked picked;
	struct json_error error;
	struct json_paths *paths = json_paths_create(&path, 1, &bad);
	arena_init(&arena, 0);
	assert(str_ends(line, STR("\n")) && str_find_char(line, '\n') == line.n - 1);
	assert(utf8_valid(line));
	assert(json_pick(paths, str_slice(line, 0, line.n - 1), &arena, &picked, &error) == 0);
	assert(!picked.count || picked.items[0].text.n <= MAIL_MAX_TEXT_BYTES);
	json_paths_destroy(paths);
	arena_finish(&arena);
	buf_add(out, line);
	return true;
}

static void check_text(struct str s, size_t max)
{
	assert(s.n <= max && utf8_valid(s) && (!s.p || s.n));
}

static void check_mail(struct str bytes, const struct mail_options *options)
{
	struct arena arena;
	struct mail mail;
	arena_init(&arena, MAIL_MAX_MEMORY_BYTES);
	if (!mail_parse(bytes, options, &arena, &mail)) {
		check_text(mail.id, MAIL_MAX_VALUE_BYTES);
		check_text(mail.title, MAIL_MAX_VALUE_BYTES);
		check_text(mail.from_name, MAIL_MAX_VALUE_BYTES);
		check_text(mail.from_address, MAIL_MAX_VALUE_BYTES);
		check_text(mail.text, MAIL_MAX_TEXT_BYTES);
		assert(mail.links.count <= MAIL_MAX_LINKS);
		for (size_t i = 0; i < mail.links.count; i++)
			assert(str_starts(mail.links.items[i], STR("http")));
		/* As if it came from there. */
		mail.from_address = STR("googlealerts-noreply@google.com");
		mail.html = mail.html.p ? mail.html : mail.text;
		const struct mail_results results = mail_alert_results(&mail, &arena);
		assert(results.count <= MAIL_MAX_RESULTS);
		for (size_t i = 0; i < results.count; i++)
			assert(results.items[i].title.n && results.items[i].url.n);
	}
	arena_finish(&arena);
}

/* The same bytes as a text and as a page. */
static void check_body(struct str bytes, unsigned flags)
{
	const struct mail_flow flow = { flags & 1, flags & 2, flags & 4 };
	struct buf out;
	buf_init(&out, 0);
	mail_body_plain(bytes, &flow, &out);
	assert(out.n <= 3 * bytes.n + 2 && !out.full);
	buf_clear(&out);
	mail_body_unquoted(bytes, &out);
	assert(out.n <= bytes.n);
	buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct str bytes = { (const char *)data + 1, size - 1 };
	const struct mail_options options = { .drop_quotes = data[0] & 8, .now_us = 1 };
	struct buf once, again;
	buf_init(&once, 0);
	buf_init(&again, 0);
	mail_start();
	(void)mail_posts(bytes, &options, 1, take, &once);
	(void)mail_posts(bytes, &options, 1, take, &again);
	assert(str_eq(buf_str(&once), buf_str(&again)));
	check_mail(bytes, &options);
	check_body(bytes, data[0]);
	buf_finish(&once);
	buf_finish(&again);
	return 0;
}
