/* The names of elements that a feed's reader knows, whatever prefix they have. */
#pragma once

#include "sources/feed/feed_xml.h"

enum feed_space {
	FEED_SPACE_CORE, /* RSS, RDF, and no namespace at all */
	FEED_SPACE_ATOM,
	FEED_SPACE_DC,
	FEED_SPACE_TERMS, /* DCMI terms */
	FEED_SPACE_CONTENT,
	FEED_SPACE_ITUNES,
	FEED_SPACE_MEDIA,
	FEED_SPACE_XHTML,
	FEED_SPACE_OTHER,
};

/* What an element means; _WEAK: if nothing better says it. */
enum feed_name {
	FEED_NAME_NONE,
	FEED_NAME_TITLE,
	FEED_NAME_TITLE_WEAK,
	FEED_NAME_LINK,
	FEED_NAME_ID,
	FEED_NAME_GUID,
	FEED_NAME_SUMMARY,
	FEED_NAME_SUMMARY_WEAK,
	FEED_NAME_CONTENT,
	FEED_NAME_BODY, /* XHTML */
	FEED_NAME_AUTHOR,
	FEED_NAME_AUTHOR_WEAK,
	FEED_NAME_NAME, /* of a person, as the next two */
	FEED_NAME_EMAIL,
	FEED_NAME_URL,
	FEED_NAME_PUBLISHED,
	FEED_NAME_PUBLISHED_WEAK,
	FEED_NAME_UPDATED,
	FEED_NAME_TAG,
	FEED_NAME_TAGS, /* with commas between them */
	FEED_NAME_ENCLOSURE,
	FEED_NAME_LANG,
	FEED_NAME_TTL,
	FEED_NAME_HOUR,
	FEED_NAME_DAY,
};

enum feed_space feed_space_of(const struct feed_xml_name *name);
enum feed_name feed_name_of(const struct feed_xml_name *name);
