#include "sources/feed/feed_parse.h"

#include <stdio.h>

#include "base/digest.h"
#include "sources/feed/feed_build.h"
#include "sources/feed/feed_bytes.h"
#include "sources/feed/feed_elements.h"
#include "sources/feed/feed_json.h"

/* A character may become a reference of five. */
enum { PREPARED_MAX_BYTES = 2 * FEED_MAX_BYTES };

const char *feed_form_name(enum feed_form form)
{
	static const char *const names[] = { "RSS", "RDF", "Atom", "JSON Feed" };
	return names[form];
}

static enum feed_verdict read_text(
	struct str text, struct str base, struct feed_builder *b, const char **reason)
{
	const struct str trimmed = str_trim(text);
	struct buf xml;
	if (trimmed.n == 0) {
		*reason = "an empty answer";
		return FEED_UNKNOWN;
	}
	if (trimmed.p[0] == '{')
		return feed_json_read(trimmed, base, b, reason);
	if (str_eq_ignore_case(str_slice(trimmed, 0, 14), STR("<!DOCTYPE html"))) {
		*reason = "a web page";
		return FEED_WEB_PAGE;
	}
	buf_init(&xml, PREPARED_MAX_BYTES);
	feed_prepare_xml(text, &xml);
	if (xml.full)
		b->feed->cut = true;
	const enum feed_verdict verdict = feed_elements_read(buf_str(&xml), base, b, reason);
	buf_finish(&xml);
	return verdict;
}

enum feed_verdict feed_parse(struct str bytes, struct str charset, struct str base,
	struct arena *arena, struct feed *feed, const char **reason)
{
	struct buf text;
	if (bytes.n > FEED_MAX_BYTES) {
		*reason = "too large";
		return FEED_UNKNOWN;
	}
	/* Too large for a stack. */
	struct feed_builder *b = arena_new(arena, struct feed_builder);
	if (!b) {
		*reason = "out of memory";
		return FEED_UNKNOWN;
	}
	feed_build_begin(b, arena, feed);
	buf_init(&text, FEED_MAX_BYTES);
	feed_decode(bytes, charset, &text);
	feed->cut = text.full;
	const enum feed_verdict verdict = read_text(buf_str(&text), base, b, reason);
	if (verdict == FEED_READ)
		feed_build_end(b);
	buf_finish(&text);
	return verdict;
}

void feed_entry_key(const struct feed_entry *entry, char out[FEED_KEY_BYTES + 1])
{
	char date[24];
	(void)snprintf(date, sizeof date, "%lld", (long long)entry->published_us);
	struct str parts[4] = { entry->id };
	size_t count = 1;
	if (!entry->id.n)
		parts[0] = entry->link;
	if (!parts[0].n) {
		parts[0] = entry->title;
		parts[1] = entry->summary;
		parts[2] = entry->content;
		parts[3] = str_of(date);
		count = 4;
	}
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_parts(parts, count, digest);
	digest_hex(digest, hex);
	(void)snprintf(out, FEED_KEY_BYTES + 1, "%.*s", FEED_KEY_BYTES, hex);
}
