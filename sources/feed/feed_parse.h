/* Feeds in all their forms as one: RSS 0.9 to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed. Bytes in,
 * entries out; all lives in the caller's arena. Text is plain, UTF-8 and folded as HTML shows it.
 * Never fetches anything and expands nothing that a document declares. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	FEED_MAX_BYTES = 8 * 1024 * 1024, /* of a document, also as UTF-8 */
	FEED_MAX_ENTRIES = 10000,
	FEED_MAX_TEXT_BYTES = 256 * 1024, /* of one text; the rest is cut off */
	FEED_MAX_VALUE_BYTES = 4 * 1024, /* of a name, a tag, a date, an id or an address */
	FEED_MAX_ITEMS = 64, /* authors, tags, links or enclosures of an entry */
	FEED_MAX_MEMORY_BYTES = 64 * 1024 * 1024, /* what the arena needs at most */
};

enum feed_form { FEED_RSS, FEED_RDF, FEED_ATOM, FEED_JSON };
const char *feed_form_name(enum feed_form form);

/* All absent where the feed does not say. */
struct feed_person {
	struct str name, email, url;
};

struct feed_people {
	struct feed_person *items;
	size_t count;
};

struct feed_link {
	struct str url, rel, type;
	int64_t bytes; /* -1: unknown */
};

struct feed_links {
	struct feed_link *items;
	size_t count;
};

struct feed_entry {
	struct str id; /* as written: guid, id, rdf:about */
	struct str title, link, summary, content;
	struct feed_people authors;
	struct str_list tags; /* terms, or labels where there is no term */
	struct feed_links enclosures;
	struct feed_links links; /* related ones, and those in its HTML; the first FEED_MAX_ITEMS */
	struct str lang;
	int64_t published_us, updated_us; /* 0: unknown */
};

struct feed {
	enum feed_form form;
	struct str id, title, summary, link, lang;
	struct str self, next, hub; /* absolute */
	struct feed_people authors;
	struct str_list tags;
	int64_t updated_us;
	int64_t ttl_us; /* 0: none */
	uint32_t skip_hours; /* bit N: hour N, 0 to 23 in UTC */
	uint8_t skip_days; /* bit N: day N, 0 is Sunday */
	bool ill_formed; /* read as far as possible */
	bool cut; /* a ceiling was reached: entries or texts are missing */
	struct feed_entry *entries; /* in the order of the document */
	size_t entry_count;
};

enum feed_verdict {
	FEED_READ,
	FEED_WEB_PAGE, /* HTML, which may name a feed: feed_find.h */
	FEED_UNKNOWN, /* neither; *reason says what it is */
};

/* charset: of the content type, may be absent. base: the address that it came from, against which
 * relative links are resolved. *reason is a constant for people, set if not FEED_READ. */
enum feed_verdict feed_parse(struct str bytes, struct str charset, struct str base,
	struct arena *arena, struct feed *feed, const char **reason);

/* What an entry is known by: its id, else its link, else a digest of title, text and date. */
enum { FEED_KEY_BYTES = 32 };
void feed_entry_key(const struct feed_entry *entry, char out[FEED_KEY_BYTES + 1]);
