#include "sources/feed/feed_names.h"

struct space {
	const char *uri; /* how it begins, lower case, without http:// or https:// */
	enum feed_space space;
};

static const struct space by_uri[] = {
	{ "purl.org/rss/1.0/modules/content", FEED_SPACE_CONTENT },
	{ "purl.org/rss/1.0/modules/", FEED_SPACE_OTHER },
	{ "purl.org/rss/", FEED_SPACE_CORE },
	{ "purl.org/net/rss", FEED_SPACE_CORE },
	{ "backend.userland.com/", FEED_SPACE_CORE },
	{ "blogs.law.harvard.edu/tech/rss", FEED_SPACE_CORE },
	{ "cyber.law.harvard.edu/rss", FEED_SPACE_CORE },
	{ "my.netscape.com/", FEED_SPACE_CORE },
	{ "channel.netscape.com/", FEED_SPACE_CORE },
	{ "www.w3.org/2005/atom", FEED_SPACE_ATOM },
	{ "purl.org/atom/", FEED_SPACE_ATOM },
	{ "purl.org/dc/terms", FEED_SPACE_TERMS },
	{ "purl.org/dc/", FEED_SPACE_DC },
	{ "www.itunes.com/dtds/", FEED_SPACE_ITUNES },
	{ "search.yahoo.com/mrss", FEED_SPACE_MEDIA },
	{ "www.w3.org/1999/xhtml", FEED_SPACE_XHTML },
};

/* For prefixes that a document forgot to declare. */
static const struct space by_prefix[] = {
	{ "content", FEED_SPACE_CONTENT },
	{ "atom", FEED_SPACE_ATOM },
	{ "atom10", FEED_SPACE_ATOM },
	{ "a10", FEED_SPACE_ATOM },
	{ "dc", FEED_SPACE_DC },
	{ "dcterms", FEED_SPACE_TERMS },
	{ "itunes", FEED_SPACE_ITUNES },
	{ "media", FEED_SPACE_MEDIA },
	{ "xhtml", FEED_SPACE_XHTML },
	{ "rss", FEED_SPACE_CORE },
};

static const struct {
	enum feed_space space;
	const char *name;
	enum feed_name meaning;
} names[] = {
	{ FEED_SPACE_CORE, "title", FEED_NAME_TITLE },
	{ FEED_SPACE_CORE, "link", FEED_NAME_LINK },
	{ FEED_SPACE_CORE, "guid", FEED_NAME_GUID },
	{ FEED_SPACE_CORE, "id", FEED_NAME_ID },
	{ FEED_SPACE_CORE, "description", FEED_NAME_SUMMARY },
	{ FEED_SPACE_CORE, "summary", FEED_NAME_SUMMARY },
	{ FEED_SPACE_CORE, "abstract", FEED_NAME_SUMMARY_WEAK },
	{ FEED_SPACE_CORE, "subtitle", FEED_NAME_SUMMARY },
	{ FEED_SPACE_CORE, "tagline", FEED_NAME_SUMMARY },
	{ FEED_SPACE_CORE, "content", FEED_NAME_CONTENT },
	{ FEED_SPACE_CORE, "encoded", FEED_NAME_CONTENT },
	{ FEED_SPACE_CORE, "fullitem", FEED_NAME_CONTENT },
	{ FEED_SPACE_CORE, "body", FEED_NAME_BODY },
	{ FEED_SPACE_CORE, "author", FEED_NAME_AUTHOR },
	{ FEED_SPACE_CORE, "creator", FEED_NAME_AUTHOR },
	{ FEED_SPACE_CORE, "managingEditor", FEED_NAME_AUTHOR },
	{ FEED_SPACE_CORE, "name", FEED_NAME_NAME },
	{ FEED_SPACE_CORE, "email", FEED_NAME_EMAIL },
	{ FEED_SPACE_CORE, "url", FEED_NAME_URL },
	{ FEED_SPACE_CORE, "uri", FEED_NAME_URL },
	{ FEED_SPACE_CORE, "homepage", FEED_NAME_URL },
	{ FEED_SPACE_CORE, "pubDate", FEED_NAME_PUBLISHED },
	{ FEED_SPACE_CORE, "pubdate", FEED_NAME_PUBLISHED },
	{ FEED_SPACE_CORE, "published", FEED_NAME_PUBLISHED },
	{ FEED_SPACE_CORE, "issued", FEED_NAME_PUBLISHED_WEAK },
	{ FEED_SPACE_CORE, "created", FEED_NAME_PUBLISHED_WEAK },
	{ FEED_SPACE_CORE, "date", FEED_NAME_PUBLISHED_WEAK },
	{ FEED_SPACE_CORE, "updated", FEED_NAME_UPDATED },
	{ FEED_SPACE_CORE, "modified", FEED_NAME_UPDATED },
	{ FEED_SPACE_CORE, "lastBuildDate", FEED_NAME_UPDATED },
	{ FEED_SPACE_CORE, "category", FEED_NAME_TAG },
	{ FEED_SPACE_CORE, "tags", FEED_NAME_TAGS },
	{ FEED_SPACE_CORE, "keywords", FEED_NAME_TAGS },
	{ FEED_SPACE_CORE, "enclosure", FEED_NAME_ENCLOSURE },
	{ FEED_SPACE_CORE, "language", FEED_NAME_LANG },
	{ FEED_SPACE_CORE, "ttl", FEED_NAME_TTL },
	{ FEED_SPACE_CORE, "hour", FEED_NAME_HOUR },
	{ FEED_SPACE_CORE, "day", FEED_NAME_DAY },
	{ FEED_SPACE_DC, "title", FEED_NAME_TITLE_WEAK },
	{ FEED_SPACE_DC, "description", FEED_NAME_SUMMARY_WEAK },
	{ FEED_SPACE_DC, "creator", FEED_NAME_AUTHOR },
	{ FEED_SPACE_DC, "author", FEED_NAME_AUTHOR },
	{ FEED_SPACE_DC, "date", FEED_NAME_PUBLISHED_WEAK },
	{ FEED_SPACE_DC, "subject", FEED_NAME_TAG },
	{ FEED_SPACE_DC, "language", FEED_NAME_LANG },
	{ FEED_SPACE_TERMS, "issued", FEED_NAME_PUBLISHED },
	{ FEED_SPACE_TERMS, "created", FEED_NAME_PUBLISHED_WEAK },
	{ FEED_SPACE_TERMS, "modified", FEED_NAME_UPDATED },
	{ FEED_SPACE_CONTENT, "encoded", FEED_NAME_CONTENT },
	{ FEED_SPACE_ITUNES, "title", FEED_NAME_TITLE_WEAK },
	{ FEED_SPACE_ITUNES, "author", FEED_NAME_AUTHOR_WEAK },
	{ FEED_SPACE_ITUNES, "summary", FEED_NAME_SUMMARY_WEAK },
	{ FEED_SPACE_ITUNES, "subtitle", FEED_NAME_SUMMARY_WEAK },
	{ FEED_SPACE_ITUNES, "keywords", FEED_NAME_TAGS },
	{ FEED_SPACE_MEDIA, "keywords", FEED_NAME_TAGS },
	{ FEED_SPACE_MEDIA, "title", FEED_NAME_TITLE_WEAK },
	{ FEED_SPACE_MEDIA, "description", FEED_NAME_SUMMARY_WEAK },
	{ FEED_SPACE_MEDIA, "content", FEED_NAME_ENCLOSURE },
	{ FEED_SPACE_XHTML, "body", FEED_NAME_BODY },
	{ FEED_SPACE_XHTML, "div", FEED_NAME_BODY },
};

static enum feed_space lookup(
	const struct space *list, size_t count, struct str text, bool whole, enum feed_space none)
{
	for (size_t i = 0; i < count; i++) {
		const struct str known = str_of(list[i].uri);
		const struct str start = str_slice(text, 0, whole ? text.n : known.n);
		if (str_eq_ignore_case(start, known))
			return list[i].space;
	}
	return none;
}

enum feed_space feed_space_of(const struct feed_xml_name *name)
{
	struct str uri = str_trim(name->uri);
	if (uri.n == 0) {
		if (name->prefix.n == 0)
			return FEED_SPACE_CORE;
		return lookup(by_prefix, sizeof by_prefix / sizeof by_prefix[0], name->prefix, true,
			FEED_SPACE_OTHER);
	}
	if (str_starts(uri, STR("http://")))
		uri = str_slice(uri, 7, uri.n);
	else if (str_starts(uri, STR("https://")))
		uri = str_slice(uri, 8, uri.n);
	/* A default namespace that nobody knows is a feed's own. */
	return lookup(by_uri, sizeof by_uri / sizeof by_uri[0], uri, false,
		name->prefix.n ? FEED_SPACE_OTHER : FEED_SPACE_CORE);
}

enum feed_name feed_name_of(const struct feed_xml_name *name)
{
	enum feed_space space = feed_space_of(name);
	if (space == FEED_SPACE_ATOM)
		space = FEED_SPACE_CORE; /* Atom's names mean the same within RSS */
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].space == space && str_eq(name->name, str_of(names[i].name)))
			return names[i].meaning;
	return FEED_NAME_NONE;
}
