#include "notifiers/mail_text.h"

#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "base/escape.h"
#include "base/utf8.h"
#include "notifiers/clean.h"

/* A line of the table above the post: what it is, and its value on one line. */
struct fact {
	enum word label;
	struct buf value;
	bool link;
};

enum { FACT_COUNT = 7, FACT_CHARACTERS = 500, URL_CHARACTERS = 2000, TERM_CHARACTERS = 100 };

void mail_subject(enum language language, const struct alert *alert, struct buf *out)
{
	const struct match *m = &alert->match;
	struct buf line;
	buf_init(&line, 0);
	buf_addf(&line, "%.*s (%.*s)%.*s", STR_ARGS(m->rule),
		STR_ARGS(word_of_severity(language, m->severity)),
		STR_ARGS(word_of(language, WORD_COLON)));
	/* Bytes enough for the characters wanted; the rest need not be cleaned. */
	struct str post = m->post->title.n ? m->post->title : m->post->text;
	clean_line(post, MAIL_SUBJECT_CHARACTERS, &line);
	clean_line(buf_str(&line), MAIL_SUBJECT_CHARACTERS, out);
	buf_finish(&line);
}

static bool is_plain(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return str_find(text, STR("=?")) == SIZE_MAX;
}

void mail_header_value(size_t name_bytes, struct str text, struct buf *out)
{
	/* "=?UTF-8?B?" and "?=" leave 63 of 75, so 15 groups of 3 bytes */
	enum { LINE_BYTES = 76, WORD_BYTES = 45 };
	size_t taken = name_bytes + strlen(": ");
	if (is_plain(text) && taken + text.n <= LINE_BYTES) {
		buf_addf(out, " %.*s\n", STR_ARGS(text));
		return;
	}
	/* what the name takes of the first line is less for its word, in groups of 3 */
	size_t room = taken < LINE_BYTES / 2 ? WORD_BYTES - (taken / 4 + 1) * 3 : 6;
	while (text.n) {
		size_t n = text.n <= room ? text.n : utf8_floor(text, room);
		assert(n > 0); /* a character has at most 4 bytes */
		buf_add(out, STR(" =?UTF-8?B?"));
		base64_encode(str_slice(text, 0, n), out);
		buf_add(out, STR("?=\n"));
		text = str_slice(text, n, text.n);
		room = WORD_BYTES;
	}
}

/* http or https, and nothing in it that could end an attribute or a line. */
static bool is_web_address(struct str url)
{
	if (url.n > URL_CHARACTERS ||
		(!str_starts(url, STR("https://")) && !str_starts(url, STR("http://"))))
		return false;
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7F)
			return false;
	return true;
}

static bool said_before(const struct match *m, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(m->hits[k].term, m->hits[i].term) &&
			str_eq(m->hits[k].list, m->hits[i].list))
			return true;
	return false;
}

/* "panne, livebox (liste marques)", each once. */
static void add_hits(enum language language, const struct match *m, struct buf *out)
{
	bool any = false;
	for (size_t i = 0; i < m->hit_count && i < MAIL_HITS; i++) {
		const struct hit *hit = &m->hits[i];
		if (said_before(m, i))
			continue;
		buf_add(out, any ? STR(", ") : STR(""));
		any = true;
		clean_line(hit->term, TERM_CHARACTERS, out);
		if (!hit->list.n)
			continue;
		buf_addf(out, " (%.*s ", STR_ARGS(word_of(language, WORD_LIST)));
		clean_line(hit->list, TERM_CHARACTERS, out);
		buf_add_char(out, ')');
	}
	if (m->hit_count > MAIL_HITS)
		buf_add(out, STR(", \xE2\x80\xA6"));
}

static void facts_init(
	enum language language, const struct alert *alert, struct fact facts[FACT_COUNT])
{
	static const enum word labels[FACT_COUNT] = { WORD_RULE, WORD_ABOUT, WORD_AUTHOR,
		WORD_SOURCE, WORD_PUBLISHED, WORD_FOUND, WORD_LINK };
	const struct match *m = &alert->match;
	const struct post *p = m->post;
	for (size_t i = 0; i < FACT_COUNT; i++) {
		facts[i] = (struct fact){ .label = labels[i] };
		buf_init(&facts[i].value, 0);
	}
	clean_line(m->rule, FACT_CHARACTERS, &facts[0].value);
	buf_addf(&facts[0].value, " (%.*s)", STR_ARGS(word_of_severity(language, m->severity)));
	clean_line(m->about, FACT_CHARACTERS, &facts[1].value);
	clean_author(&p->author, &facts[2].value);
	clean_line(p->source, FACT_CHARACTERS, &facts[3].value);
	if (p->created_at_us)
		word_time(language, p->created_at_us, &facts[4].value);
	add_hits(language, m, &facts[5].value);
	clean_line(p->url, URL_CHARACTERS, &facts[6].value);
	facts[6].link = is_web_address(p->url);
}

static void facts_finish(struct fact facts[FACT_COUNT])
{
	for (size_t i = 0; i < FACT_COUNT; i++)
		buf_finish(&facts[i].value);
}

void mail_plain(enum language language, const struct alert *alert, struct buf *out)
{
	const struct post *post = alert->match.post;
	struct fact facts[FACT_COUNT];
	facts_init(language, alert, facts);
	for (size_t i = 0; i < FACT_COUNT; i++)
		if (facts[i].value.n)
			buf_addf(out, "%.*s%.*s%.*s\n", STR_ARGS(word_of(language, facts[i].label)),
				STR_ARGS(word_of(language, WORD_COLON)),
				STR_ARGS(buf_str(&facts[i].value)));
	facts_finish(facts);
	if (post->title.n) {
		buf_add_char(out, '\n');
		clean_line(post->title, MAIL_TEXT_CHARACTERS, out);
		buf_add_char(out, '\n');
	}
	if (post->text.n) {
		struct clean c;
		buf_add_char(out, '\n');
		clean_init(&c, out, false, MAIL_TEXT_CHARACTERS);
		clean_add(&c, post->text);
		buf_add_char(out, '\n');
	}
	buf_addf(out, "\n-- \n%.*s %s\n", STR_ARGS(word_of(language, WORD_FOOTER)), alert->id);
}

static void add_html_lines(struct buf *out, struct str text)
{
	for (struct str rest = text; rest.n;) {
		size_t end = str_find_char(rest, '\n');
		bool broken = end != SIZE_MAX;
		escape_html(out, str_slice(rest, 0, end));
		if (broken)
			buf_add(out, STR("<br>\n"));
		rest = str_slice(rest, broken ? end + 1 : rest.n, rest.n);
	}
}

static void add_marked(struct buf *out, const struct match *m, enum post_field field, bool one_line)
{
	struct buf shown;
	struct clean c;
	struct marks marks;
	struct str piece;
	bool hit;
	buf_init(&shown, 0);
	clean_init(&c, &shown, one_line, MAIL_TEXT_CHARACTERS);
	marks_init(&marks, m, field);
	while (!c.cut && marks_next(&marks, &piece, &hit)) {
		buf_clear(&shown);
		clean_add(&c, piece);
		buf_add(out, hit ? STR("<mark>") : STR(""));
		add_html_lines(out, buf_str(&shown));
		buf_add(out, hit ? STR("</mark>") : STR(""));
	}
	buf_finish(&shown);
}

static void add_fact_rows(enum language language, const struct alert *alert, struct buf *out)
{
	struct fact facts[FACT_COUNT];
	facts_init(language, alert, facts);
	buf_add(out, STR("<table>\n"));
	for (size_t i = 0; i < FACT_COUNT; i++) {
		struct str value = buf_str(&facts[i].value);
		if (!value.n)
			continue;
		buf_addf(out, "<tr><th align=\"left\">%.*s</th><td>",
			STR_ARGS(word_of(language, facts[i].label)));
		if (facts[i].link) {
			buf_add(out, STR("<a rel=\"noreferrer\" href=\""));
			escape_html(out, value);
			buf_addf(out, "\">%.*s</a>", STR_ARGS(word_of(language, WORD_OPEN)));
		} else {
			escape_html(out, value);
		}
		buf_add(out, STR("</td></tr>\n"));
	}
	buf_add(out, STR("</table>\n"));
	facts_finish(facts);
}

void mail_html(enum language language, const struct alert *alert, struct buf *out)
{
	const struct match *m = &alert->match;
	buf_addf(out,
		"<!DOCTYPE html>\n<html lang=\"%s\">\n"
		"<head><meta charset=\"utf-8\"><title>vigie</title></head>\n<body>\n",
		language_names[language]);
	add_fact_rows(language, alert, out);
	if (m->post->title.n) {
		buf_add(out, STR("<h2>"));
		add_marked(out, m, FIELD_TITLE, true);
		buf_add(out, STR("</h2>\n"));
	}
	if (m->post->text.n) {
		buf_add(out, STR("<p>"));
		add_marked(out, m, FIELD_TEXT, false);
		buf_add(out, STR("</p>\n"));
	}
	buf_addf(out, "<hr>\n<p><small>%.*s %s</small></p>\n</body>\n</html>\n",
		STR_ARGS(word_of(language, WORD_FOOTER)), alert->id);
}
