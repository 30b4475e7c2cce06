#include "sources/feed/feed_elements.h"

#include "sources/feed/feed_names.h"
#include "sources/feed/feed_url.h"
#include "sources/feed/feed_value.h"
#include "sources/feed/feed_xml.h"

/* What an open element is. Below a value all is text, and below what is not known nothing counts.
 */
enum role {
	ROLE_IGNORED,
	ROLE_ROOT,
	ROLE_FEED,
	ROLE_ENTRY,
	ROLE_PERSON,
	ROLE_SKIP_HOURS,
	ROLE_SKIP_DAYS,
};

enum { MAX_DEPTH = 64 };

struct frame {
	enum role role;
	struct str base, lang; /* that hold below it */
	bool entry; /* this element began the entry */
};

struct reader {
	struct feed_builder *b;
	struct frame frames[MAX_DEPTH];
	size_t depth; /* may pass MAX_DEPTH: what is down there is ignored */
	struct feed_value value;
	struct feed_person person;
	enum feed_verdict verdict;
	const char *reason;
	bool old_atom; /* 0.3 */
};

static struct frame *top(struct reader *r)
{
	return &r->frames[r->depth - 1];
}

static struct str prefixed(const struct feed_xml_element *e, struct str prefix, struct str name)
{
	for (size_t i = 0; i < e->attribute_count; i++)
		if (str_eq(e->attributes[i].name.prefix, prefix) &&
			str_eq(e->attributes[i].name.name, name))
			return e->attributes[i].value;
	return STR_NONE;
}

static struct str resolved(struct reader *r, struct str url)
{
	return feed_url_resolve(top(r)->base, url, r->b->arena);
}

/* ---- links and other elements whose attributes say it all ---- */

static bool is_rel(struct str rel, struct str name)
{
	const struct str iana = STR("http://www.iana.org/assignments/relation/");
	if (str_starts(rel, iana))
		rel = str_slice(rel, iana.n, rel.n);
	return str_eq_ignore_case(rel, name);
}

static void take_feed_link(struct reader *r, struct str rel, struct str url)
{
	struct feed *feed = r->b->feed;
	struct str *target = is_rel(rel, STR("self")) ? &feed->self
		: is_rel(rel, STR("next"))	      ? &feed->next
		: is_rel(rel, STR("prev-archive"))    ? &feed->next
		: is_rel(rel, STR("hub"))	      ? &feed->hub
						      : NULL;
	if (target && !target->p)
		*target = feed_build_value(r->b, url, FEED_TEXT_PLAIN);
}

static int64_t length_of(struct str text)
{
	int64_t bytes;
	return str_to_int64(str_trim(text), &bytes) && bytes >= 0 ? bytes : -1;
}

static void take_link(struct reader *r, const struct feed_xml_element *e)
{
	const struct feed_link link = {
		.url = resolved(r, feed_xml_attribute(e, STR("href"))),
		.rel = str_trim(feed_xml_attribute(e, STR("rel"))),
		.type = str_trim(feed_xml_attribute(e, STR("type"))),
		.bytes = length_of(feed_xml_attribute(e, STR("length"))),
	};
	const bool page = link.type.n == 0 || str_eq(link.type, STR("text/html")) ||
		str_eq(link.type, STR("application/xhtml+xml"));
	if (link.rel.n == 0 || is_rel(link.rel, STR("alternate"))) {
		feed_build_link(r->b, link.url, page ? FEED_LINK_ALTERNATE : FEED_LINK_TYPED);
		return;
	}
	if (is_rel(link.rel, STR("enclosure"))) {
		feed_build_enclosure(r->b, &link);
		return;
	}
	if (!r->b->entry)
		take_feed_link(r, link.rel, link.url);
	else if (is_rel(link.rel, STR("related")) || is_rel(link.rel, STR("via")))
		feed_build_other_link(r->b, &link);
	else if (is_rel(link.rel, STR("self")))
		feed_build_link(r->b, link.url, FEED_LINK_OTHER);
}

static void take_enclosure(struct reader *r, const struct feed_xml_element *e)
{
	struct str length = feed_xml_attribute(e, STR("length"));
	if (!length.p)
		length = feed_xml_attribute(e, STR("fileSize"));
	struct str url = feed_xml_attribute(e, STR("url"));
	if (!url.p)
		url = feed_xml_attribute(e, STR("href"));
	const struct feed_link link = {
		.url = resolved(r, url),
		.type = str_trim(feed_xml_attribute(e, STR("type"))),
		.bytes = length_of(length),
	};
	if (r->b->entry)
		feed_build_enclosure(r->b, &link);
}

/* True if the attributes are all there is. */
static bool take_attributes(
	struct reader *r, const struct feed_xml_element *e, enum feed_name field)
{
	struct str term;
	switch (field) {
	case FEED_NAME_LINK:
		if (!feed_xml_attribute(e, STR("href")).p) {
			const struct str rel = feed_xml_attribute(e, STR("rel"));
			return rel.n && !is_rel(rel, STR("alternate"));
		}
		take_link(r, e);
		return true;
	case FEED_NAME_ENCLOSURE:
		take_enclosure(r, e);
		return true;
	case FEED_NAME_TAG:
		term = feed_xml_attribute(e, STR("term"));
		if (!term.n)
			term = feed_xml_attribute(e, STR("label"));
		feed_build_tag(r->b, term);
		return term.n > 0;
	default:
		return false;
	}
}

/* ---- values ---- */

static void take_guid(struct reader *r, const struct feed_value *v, struct str raw)
{
	feed_build_id(r->b, raw);
	if (v->no_link)
		return;
	const struct str url = v->permanent ? resolved(r, raw) : str_trim(raw);
	if (feed_url_is_http(url))
		feed_build_link(r->b, url, FEED_LINK_GUID);
}

static void take_person_part(struct reader *r, enum feed_name field, struct str raw)
{
	struct str *part = field == FEED_NAME_NAME ? &r->person.name
		: field == FEED_NAME_EMAIL	   ? &r->person.email
						   : &r->person.url;
	const struct str value = feed_build_value(r->b, raw, FEED_TEXT_PLAIN);
	*part = field == FEED_NAME_URL ? resolved(r, value) : value;
}

static void end_value(struct reader *r)
{
	struct feed_value *v = &r->value;
	struct feed_builder *b = r->b;
	const enum feed_name field = v->field;
	const struct str raw = buf_str(&v->raw);
	v->field = FEED_NAME_NONE;
	b->feed->cut = b->feed->cut || v->raw.full;
	switch (field) {
	case FEED_NAME_TITLE:
	case FEED_NAME_TITLE_WEAK:
		feed_build_title(b, raw, v->kind, field == FEED_NAME_TITLE_WEAK);
		break;
	case FEED_NAME_SUMMARY:
	case FEED_NAME_SUMMARY_WEAK:
		feed_build_summary(b, raw, v->kind, field == FEED_NAME_SUMMARY_WEAK);
		break;
	case FEED_NAME_CONTENT:
	case FEED_NAME_BODY:
		feed_build_content(b, raw, v->kind);
		break;
	case FEED_NAME_LINK:
		feed_build_link(b, resolved(r, raw), FEED_LINK_PLAIN);
		break;
	case FEED_NAME_ID:
		feed_build_id(b, raw);
		break;
	case FEED_NAME_GUID:
		take_guid(r, v, raw);
		break;
	case FEED_NAME_AUTHOR:
	case FEED_NAME_AUTHOR_WEAK:
		feed_build_author(b, raw, field == FEED_NAME_AUTHOR_WEAK);
		break;
	case FEED_NAME_NAME:
	case FEED_NAME_EMAIL:
	case FEED_NAME_URL:
		take_person_part(r, field, raw);
		break;
	case FEED_NAME_PUBLISHED:
	case FEED_NAME_PUBLISHED_WEAK:
		feed_build_published(b, raw, field == FEED_NAME_PUBLISHED_WEAK);
		break;
	case FEED_NAME_UPDATED:
		feed_build_updated(b, raw);
		break;
	case FEED_NAME_TAG:
		feed_build_tag(b, raw);
		break;
	case FEED_NAME_TAGS:
		feed_build_tags(b, raw);
		break;
	default:
		feed_value_setting(b, field, raw);
		break;
	}
}

/* ---- elements ---- */

static bool refuse(struct reader *r, enum feed_verdict verdict, const char *reason)
{
	r->verdict = verdict;
	r->reason = reason;
	return false;
}

static bool open_root(struct reader *r, const struct feed_xml_element *e)
{
	const struct str name = e->name.name;
	enum role role = ROLE_ROOT;
	r->b->feed->form = FEED_RSS;
	if (str_eq_ignore_case(name, STR("html")))
		return refuse(r, FEED_WEB_PAGE, "a web page");
	if (str_eq(name, STR("opml")))
		return refuse(r, FEED_UNKNOWN, "a list of feeds (OPML), not a feed");
	if (str_eq(name, STR("feed"))) {
		r->b->feed->form = FEED_ATOM;
		r->old_atom = str_starts(feed_xml_attribute(e, STR("version")), STR("0."));
		role = ROLE_FEED;
	} else if (str_eq(name, STR("RDF"))) {
		r->b->feed->form = FEED_RDF;
	} else if (str_eq(name, STR("channel"))) {
		role = ROLE_FEED;
	} else if (!str_eq_ignore_case(name, STR("rss"))) {
		return refuse(r, FEED_UNKNOWN, "XML, but no feed");
	}
	top(r)->role = role;
	r->verdict = FEED_READ;
	return true;
}

static void open_entry(struct reader *r, const struct feed_xml_element *e)
{
	if (!feed_build_open_entry(r->b))
		return;
	top(r)->role = ROLE_ENTRY;
	top(r)->entry = true;
	feed_build_lang(r->b, top(r)->lang);
	/* The address that an RDF item is known by. */
	if (r->b->feed->form == FEED_RDF)
		feed_build_id(r->b, prefixed(e, STR("rdf"), STR("about")));
}

/* An entry whose end is missing ends where the next one begins. */
static void end_unclosed_entry(struct reader *r)
{
	struct frame *outer = &r->frames[r->depth - 2];
	if (!outer->entry)
		return;
	feed_build_close_entry(r->b);
	outer->entry = false;
	outer->role = ROLE_FEED;
}

static enum role role_below(enum role parent, const struct feed_xml_element *e, bool atom)
{
	const struct str name = e->name.name;
	if (str_eq(name, STR("skipHours")) && parent == ROLE_FEED)
		return ROLE_SKIP_HOURS;
	if (str_eq(name, STR("skipDays")) && parent == ROLE_FEED)
		return ROLE_SKIP_DAYS;
	if (str_eq(name, STR("author")) && (atom || feed_space_of(&e->name) == FEED_SPACE_ATOM) &&
		feed_space_of(&e->name) <= FEED_SPACE_ATOM)
		return ROLE_PERSON;
	/* media:group, which YouTube puts around what it says about a film. */
	if (str_eq(name, STR("group")) && feed_space_of(&e->name) == FEED_SPACE_MEDIA)
		return parent;
	if (str_eq(name, STR("categories")) && parent == ROLE_ENTRY)
		return parent;
	return ROLE_IGNORED;
}

static bool is_entry(const struct feed_xml_element *e)
{
	const struct str name = e->name.name;
	return feed_space_of(&e->name) <= FEED_SPACE_ATOM &&
		(str_eq(name, STR("item")) || str_eq(name, STR("entry")));
}

static void open_below(struct reader *r, const struct feed_xml_element *e, enum role parent)
{
	if (is_entry(e) && parent != ROLE_PERSON) {
		if (parent == ROLE_ENTRY)
			end_unclosed_entry(r);
		if (!r->b->entry)
			open_entry(r, e);
		return;
	}
	if (parent == ROLE_ROOT) {
		if (str_eq(e->name.name, STR("channel")))
			top(r)->role = ROLE_FEED;
		return;
	}
	top(r)->role = role_below(parent, e, r->b->feed->form == FEED_ATOM);
	if (top(r)->role == ROLE_PERSON)
		r->person = (struct feed_person){ 0 };
	if (top(r)->role != ROLE_IGNORED)
		return;
	const enum feed_name field = feed_name_of(&e->name);
	const bool of_person = field == FEED_NAME_NAME || field == FEED_NAME_EMAIL ||
		field == FEED_NAME_URL;
	const bool of_skips = field == FEED_NAME_HOUR || field == FEED_NAME_DAY;
	if (field == FEED_NAME_NONE || of_person != (parent == ROLE_PERSON) ||
		of_skips != (parent == ROLE_SKIP_HOURS || parent == ROLE_SKIP_DAYS))
		return;
	if (!take_attributes(r, e, field))
		feed_value_begin(&r->value, e, field, r->old_atom);
}

/* An RSS author with Atom's parts. */
static void author_is_person(struct reader *r, const struct feed_xml_element *e)
{
	const enum feed_name field = feed_name_of(&e->name);
	if (r->value.field != FEED_NAME_AUTHOR || r->value.depth ||
		str_trim(buf_str(&r->value.raw)).n)
		return;
	if (field != FEED_NAME_NAME && field != FEED_NAME_EMAIL && field != FEED_NAME_URL)
		return;
	r->value.field = FEED_NAME_NONE;
	r->person = (struct feed_person){ 0 };
	top(r)->role = ROLE_PERSON;
}

static bool on_open(void *ctx, const struct feed_xml_element *e)
{
	struct reader *r = ctx;
	author_is_person(r, e);
	if (r->value.field != FEED_NAME_NONE) {
		r->value.depth++;
		feed_value_tag(&r->value, e);
		return true;
	}
	r->depth++;
	if (r->depth > MAX_DEPTH) {
		r->b->feed->cut = true;
		return true;
	}
	struct frame *parent = r->depth > 1 ? &r->frames[r->depth - 2] : NULL;
	struct frame *own = top(r);
	const struct str base = parent ? parent->base : own->base,
			 lang = parent ? parent->lang : STR_NONE;
	const struct str own_base = prefixed(e, STR("xml"), STR("base")),
			 own_lang = prefixed(e, STR("xml"), STR("lang"));
	*own = (struct frame){ .base = base, .lang = lang };
	if (own_base.n)
		own->base = feed_url_resolve(
			base, feed_build_value(r->b, own_base, FEED_TEXT_PLAIN), r->b->arena);
	if (own_lang.n)
		own->lang = feed_build_value(r->b, own_lang, FEED_TEXT_PLAIN);
	if (!parent && !open_root(r, e))
		return false;
	if (parent && parent->role != ROLE_IGNORED)
		open_below(r, e, parent->role);
	if (own->role == ROLE_FEED && own->lang.n)
		feed_build_lang(r->b, own->lang);
	return true;
}

static void on_close(void *ctx, struct str name)
{
	struct reader *r = ctx;
	if (r->value.field != FEED_NAME_NONE) {
		if (r->value.depth > 0) {
			r->value.depth--;
			feed_value_end_tag(&r->value, name);
			return;
		}
		end_value(r);
	}
	if (r->depth <= MAX_DEPTH) {
		const struct frame *own = top(r);
		if (own->role == ROLE_PERSON)
			feed_build_person(r->b, &r->person);
		if (own->entry)
			feed_build_close_entry(r->b);
	}
	r->depth--;
}

static void on_text(void *ctx, struct str text)
{
	struct reader *r = ctx;
	if (r->value.field == FEED_NAME_NONE)
		return;
	feed_value_text(&r->value, text);
}

enum feed_verdict feed_elements_read(
	struct str xml, struct str base, struct feed_builder *b, const char **reason)
{
	static const struct feed_xml_events events = { on_open, on_close, on_text };
	struct reader r = { .b = b, .verdict = FEED_UNKNOWN, .reason = "neither XML nor JSON" };
	buf_init(&r.value.raw, FEED_RAW_MAX_BYTES);
	r.frames[0].base = base;
	const bool well_formed = feed_xml_read(xml, &events, &r);
	b->feed->ill_formed = !well_formed;
	buf_finish(&r.value.raw);
	*reason = r.reason;
	return r.verdict;
}
