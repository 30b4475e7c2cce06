/* Reads XML from first to last tag and tells what stands there, be it well-formed or not. No
 * network, no entities, no tree. */
#pragma once

#include "base/str.h"

struct feed_xml_name {
	struct str prefix, uri; /* absent: none; a prefix without uri was not declared */
	struct str name;
};

struct feed_xml_attribute {
	struct feed_xml_name name;
	struct str value;
};

enum { FEED_XML_MAX_ATTRIBUTES = 64 }; /* of an element; more are left out */

struct feed_xml_element {
	struct feed_xml_name name;
	const struct feed_xml_attribute *attributes;
	size_t attribute_count;
};

/* Of an attribute without a prefix; absent if there is none. */
struct str feed_xml_attribute(const struct feed_xml_element *e, struct str name);

/* All that is passed lives for the call. open answers whether to go on. A close comes for each
 * open, innermost first; without a name where the document leaves an element open. */
struct feed_xml_events {
	bool (*open)(void *ctx, const struct feed_xml_element *element);
	void (*close)(void *ctx, struct str name);
	void (*text)(void *ctx, struct str text);
};

/* xml comes from feed_prepare_xml. False: it was ill-formed, and was read as far as possible. */
bool feed_xml_read(struct str xml, const struct feed_xml_events *events, void *ctx);
