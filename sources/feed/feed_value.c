#include "sources/feed/feed_value.h"

#include "base/clock.h"
#include "base/escape.h"

static bool is_type(struct str type, const char *name)
{
	return str_eq_ignore_case(type, str_of(name));
}

static bool is_xml_type(struct str type)
{
	return is_type(type, "xhtml") || str_ends(type, STR("+xml")) || str_ends(type, STR("/xml"));
}

/* What `type` and, in Atom 0.3, `mode` make of a text. */
static void choose_kind(struct feed_value *v, const struct feed_xml_element *e, bool old_atom)
{
	const struct str type = str_trim(feed_xml_attribute(e, STR("type"))),
			 mode = str_trim(feed_xml_attribute(e, STR("mode")));
	v->guess_markup = true;
	if (is_type(mode, "base64"))
		v->kind = FEED_TEXT_BASE64;
	else if (is_type(type, "html") || is_type(type, "text/html"))
		v->kind = FEED_TEXT_HTML;
	else if (is_xml_type(type) && is_type(mode, "escaped"))
		v->kind = FEED_TEXT_HTML;
	else if (is_xml_type(type)) {
		v->kind = FEED_TEXT_HTML;
		v->escape = true;
	} else if (is_type(type, "text") || is_type(type, "text/plain"))
		v->kind = FEED_TEXT_PLAIN;
	else if (type.n && str_find_char(type, '/') != SIZE_MAX && !str_starts(type, STR("text/")))
		v->kind = old_atom ? FEED_TEXT_GUESS : FEED_TEXT_BASE64;
	else
		v->kind = FEED_TEXT_GUESS;
}

void feed_value_begin(
	struct feed_value *v, const struct feed_xml_element *e, enum feed_name field, bool old_atom)
{
	struct buf raw = v->raw;
	buf_clear(&raw);
	*v = (struct feed_value){ .field = field, .kind = FEED_TEXT_GUESS, .raw = raw };
	const struct str permanent = feed_xml_attribute(e, STR("isPermaLink"));
	v->no_link = str_eq_ignore_case(permanent, STR("false"));
	v->permanent = str_eq_ignore_case(permanent, STR("true"));
	switch (field) {
	case FEED_NAME_BODY:
		v->kind = FEED_TEXT_HTML;
		v->escape = !is_type(feed_xml_attribute(e, STR("mode")), "escaped");
		break;
	case FEED_NAME_TITLE:
	case FEED_NAME_SUMMARY:
	case FEED_NAME_CONTENT:
		choose_kind(v, e, old_atom);
		break;
	default:
		break;
	}
}

static void escape_all(struct buf *raw)
{
	struct buf plain;
	buf_init(&plain, FEED_RAW_MAX_BYTES);
	buf_add(&plain, buf_str(raw));
	buf_clear(raw);
	escape_html(raw, buf_str(&plain));
	buf_finish(&plain);
}

void feed_value_tag(struct feed_value *v, const struct feed_xml_element *e)
{
	if (v->kind == FEED_TEXT_PLAIN && v->guess_markup) {
		escape_all(&v->raw);
		v->kind = FEED_TEXT_HTML;
		v->escape = true;
	}
	buf_add_char(&v->raw, '<');
	buf_add(&v->raw, e->name.name);
	for (size_t i = 0; i < e->attribute_count; i++) {
		buf_add_char(&v->raw, ' ');
		buf_add(&v->raw, e->attributes[i].name.name);
		buf_add(&v->raw, STR("=\""));
		escape_html(&v->raw, e->attributes[i].value);
		buf_add_char(&v->raw, '"');
	}
	buf_add_char(&v->raw, '>');
}

void feed_value_end_tag(struct feed_value *v, struct str name)
{
	if (str_eq(name, STR("br")) || str_eq(name, STR("hr")) || str_eq(name, STR("img")))
		return;
	buf_add(&v->raw, STR("</"));
	buf_add(&v->raw, name);
	buf_add_char(&v->raw, '>');
}

void feed_value_text(struct feed_value *v, struct str text)
{
	if (v->escape)
		escape_html(&v->raw, text);
	else
		buf_add(&v->raw, text);
}

/* ---- settings ---- */

static void take_hour(struct feed *feed, struct str raw)
{
	int64_t hour;
	/* 24 is midnight to those who count from 1. */
	if (str_to_int64(str_trim(raw), &hour) && hour >= 0 && hour <= 24)
		feed->skip_hours |= UINT32_C(1) << (hour % 24);
}

static void take_day(struct feed *feed, struct str raw)
{
	static const char *const names[] = { "sunday", "monday", "tuesday", "wednesday", "thursday",
		"friday", "saturday" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_eq_ignore_case(str_trim(raw), str_of(names[i])))
			feed->skip_days |= (uint8_t)(1u << i);
}

static void take_ttl(struct feed *feed, struct str raw)
{
	int64_t minutes;
	if (str_to_int64(str_trim(raw), &minutes) && minutes > 0 && minutes <= 7 * 24 * 60)
		feed->ttl_us = minutes * US_PER_MINUTE;
}

void feed_value_setting(struct feed_builder *b, enum feed_name field, struct str raw)
{
	switch (field) {
	case FEED_NAME_LANG:
		feed_build_lang(b, raw);
		break;
	case FEED_NAME_TTL:
		take_ttl(b->feed, raw);
		break;
	case FEED_NAME_HOUR:
		take_hour(b->feed, raw);
		break;
	case FEED_NAME_DAY:
		take_day(b->feed, raw);
		break;
	default:
		break;
	}
}
