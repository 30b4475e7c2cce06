#include "sources/feed/feed_xml.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>

#include "base/buf.h"
#include "sources/feed/feed_guard.h"

enum {
	ATTRIBUTES_MAX_BYTES = 1024 * 1024,
	MAX_DEPTH = 256, /* libxml2's own, without XML_PARSE_HUGE */
};

struct walker {
	const struct feed_xml_events *events;
	void *ctx;
	xmlParserCtxtPtr parser;
	struct buf values; /* of an element's attributes */
	int depth;
	int namespaces[MAX_DEPTH + 1]; /* declared by the elements under way */
	int namespace_count; /* all of them */
	bool stopped, excess;
};

struct str feed_xml_attribute(const struct feed_xml_element *e, struct str name)
{
	for (size_t i = 0; i < e->attribute_count; i++)
		if (!e->attributes[i].name.prefix.p && str_eq(e->attributes[i].name.name, name))
			return e->attributes[i].value;
	return STR_NONE;
}

static struct str text_of(const xmlChar *text)
{
	return str_of((const char *)text);
}

/* The parser leaves the & of a value as "&#38;", since it replaces no entities. */
static struct str add_value(struct buf *values, struct str raw)
{
	const size_t from = values->n;
	while (raw.n) {
		const size_t at = str_find(raw, STR("&#38;"));
		const size_t end = at == SIZE_MAX ? raw.n : at;
		buf_add(values, str_slice(raw, 0, end));
		if (at != SIZE_MAX)
			buf_add_char(values, '&');
		raw = str_slice(raw, at == SIZE_MAX ? end : end + 5, raw.n);
	}
	return (struct str){ values->p ? values->p + from : "", values->n - from };
}

/* attributes: five pointers each, name, prefix, uri, and the value's begin and end. */
static size_t read_attributes(struct walker *w, int count, const xmlChar **attributes,
	struct feed_xml_attribute out[FEED_XML_MAX_ATTRIBUTES])
{
	size_t n = 0, bytes = 0;
	buf_clear(&w->values);
	for (int i = 0; i < count; i++)
		bytes += (size_t)(attributes[5 * i + 4] - attributes[5 * i + 3]);
	/* Taken at once, so that views into it stay. */
	if (!buf_room(&w->values, bytes + 1))
		return 0;
	for (int i = 0; i < count && n < FEED_XML_MAX_ATTRIBUTES; i++) {
		const xmlChar **a = attributes + 5 * i;
		const struct str raw = { (const char *)a[3], (size_t)(a[4] - a[3]) };
		out[n++] = (struct feed_xml_attribute){
			.name = { text_of(a[1]), text_of(a[2]), text_of(a[0]) },
			.value = add_value(&w->values, raw),
		};
	}
	return n;
}

static void on_open(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
	int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
	const xmlChar **attributes)
{
	struct walker *w = ctx;
	struct feed_xml_attribute list[FEED_XML_MAX_ATTRIBUTES];
	(void)namespaces;
	(void)default_count;
	if (w->stopped)
		return;
	const struct feed_xml_element element = {
		.name = { text_of(prefix), text_of(uri), text_of(name) },
		.attributes = list,
		.attribute_count = read_attributes(w, attribute_count, attributes, list),
	};
	w->depth++;
	w->namespace_count += namespace_count;
	if (w->depth <= MAX_DEPTH)
		w->namespaces[w->depth] = namespace_count;
	w->excess = w->depth > MAX_DEPTH || w->namespace_count > FEED_GUARD_MAX_NAMESPACES;
	if (!w->events->open(w->ctx, &element) || w->excess) {
		w->stopped = true;
		xmlStopParser(w->parser);
	}
}

static void on_close(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct walker *w = ctx;
	(void)prefix;
	(void)uri;
	if (w->depth == 0 || w->stopped)
		return;
	w->namespace_count -= w->namespaces[w->depth];
	w->depth--;
	w->events->close(w->ctx, text_of(name));
}

static void on_text(void *ctx, const xmlChar *text, int n)
{
	struct walker *w = ctx;
	if (!w->stopped && n > 0)
		w->events->text(w->ctx, (struct str){ (const char *)text, (size_t)n });
}

/* Nothing asks for one. Were that to change, it would still get none. */
static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr parser)
{
	(void)url;
	(void)id;
	(void)parser;
	return NULL;
}

bool feed_xml_read(struct str xml, const struct feed_xml_events *events, void *ctx)
{
	struct walker w = { .events = events, .ctx = ctx };
	const size_t whole = xml.n;
	xml = feed_guard_attributes(xml);
	if (xml.n == 0 || xml.n > INT_MAX)
		return false;
	xmlSetExternalEntityLoader(load_nothing);
	w.parser = xmlNewParserCtxt();
	if (!w.parser)
		return false;
	buf_init(&w.values, ATTRIBUTES_MAX_BYTES);
	memset(w.parser->sax, 0, sizeof *w.parser->sax);
	w.parser->sax->initialized = XML_SAX2_MAGIC;
	w.parser->sax->startElementNs = on_open;
	w.parser->sax->endElementNs = on_close;
	w.parser->sax->characters = on_text;
	w.parser->sax->ignorableWhitespace = on_text;
	w.parser->sax->cdataBlock = on_text;
	w.parser->userData = &w;
	const xmlDocPtr document = xmlCtxtReadMemory(w.parser, xml.p, (int)xml.n, NULL, "UTF-8",
		XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (document)
		xmlFreeDoc(document);
	const bool well_formed = w.parser->wellFormed && !w.excess && xml.n == whole;
	/* Elements that the document leaves open. */
	for (; w.depth > 0; w.depth--)
		events->close(ctx, STR_NONE);
	xmlFreeParserCtxt(w.parser);
	buf_finish(&w.values);
	return well_formed;
}
