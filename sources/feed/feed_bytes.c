#include "sources/feed/feed_bytes.h"

#include <errno.h>
#include <iconv.h>

#include "base/utf8.h"
#include "model/entities.h"

enum { CHARSET_MAX_BYTES = 40, REFERENCE_MAX_BYTES = 40, PROLOG_MAX_BYTES = 256 };

/* ---- encodings ---- */

uint32_t feed_windows_1252(unsigned char byte)
{
	static const uint16_t upper[32] = { 0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
		0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018,
		0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
		0x0153, 0x9D, 0x017E, 0x0178 };
	return byte >= 0x80 && byte < 0xA0 ? upper[byte - 0x80] : byte;
}

static void add_code_point(struct buf *out, uint32_t code_point)
{
	char bytes[UTF8_MAX_BYTES];
	buf_add(out, (struct str){ bytes, utf8_write(code_point, bytes) });
}

static void add_utf8(struct str s, struct buf *out)
{
	size_t from = 0;
	for (size_t i = 0; i < s.n;) {
		uint32_t code_point;
		const size_t n = utf8_read(s, i, &code_point);
		if (n) {
			i += n;
			continue;
		}
		buf_add(out, str_slice(s, from, i));
		add_code_point(out, feed_windows_1252((unsigned char)s.p[i]));
		from = ++i;
	}
	buf_add(out, str_slice(s, from, s.n));
}

static void add_windows_1252(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		add_code_point(out, feed_windows_1252((unsigned char)s.p[i]));
}

static uint32_t unit_at(struct str s, size_t at, bool big)
{
	const unsigned char a = (unsigned char)s.p[at], b = (unsigned char)s.p[at + 1];
	return big ? (uint32_t)a << 8 | b : (uint32_t)b << 8 | a;
}

static void add_utf16(struct str s, bool big, struct buf *out)
{
	for (size_t i = 0; i + 1 < s.n; i += 2) {
		uint32_t unit = unit_at(s, i, big);
		if (unit >= 0xD800 && unit < 0xE000) {
			const uint32_t low = i + 3 < s.n ? unit_at(s, i + 2, big) : 0;
			const bool pair = unit < 0xDC00 && low >= 0xDC00 && low < 0xE000;
			unit = pair ? 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
				    : UTF8_REPLACEMENT;
			i += pair ? 2 : 0;
		}
		if (unit != 0xFEFF)
			add_code_point(out, unit);
	}
}

/* False if the C library does not know the charset. What it cannot read is read byte by byte. */
static bool add_by_iconv(struct str s, const char *charset, struct buf *out)
{
	const iconv_t converter = iconv_open("UTF-8", charset);
	if (converter == (iconv_t)-1)
		return false;
	/* iconv's parameter is not const, but it writes only to the pointer. */
	union {
		const char *read;
		char *pass;
	} in = { .read = s.p };
	size_t left = s.n;
	while (left && !out->full) {
		char piece[4096], *to = piece;
		size_t room = sizeof piece;
		const size_t done = iconv(converter, &in.pass, &left, &to, &room);
		const int why = done == (size_t)-1 ? errno : 0;
		buf_add(out, (struct str){ piece, sizeof piece - room });
		if (why == EILSEQ || why == EINVAL) {
			add_code_point(out, feed_windows_1252((unsigned char)*in.read++));
			left--;
		}
	}
	iconv_close(converter);
	return true;
}

static bool has_high_byte(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

static bool one_of(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_eq_ignore_case(name, str_of(*names)))
			return true;
	return false;
}

static bool is_utf8(struct str charset)
{
	static const char *const names[] = { "utf-8", "utf8", "us-ascii", "ascii", "unicode",
		NULL };
	return charset.n == 0 || one_of(charset, names);
}

static bool is_windows_1252(struct str charset)
{
	static const char *const names[] = { "windows-1252", "cp1252", "iso-8859-1", "iso8859-1",
		"iso_8859-1", "latin1", "latin-1", "x-ansi", NULL };
	return one_of(charset, names);
}

static bool is_utf16(struct str charset)
{
	static const char *const names[] = { "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le",
		"utf-32be", "ucs-2", "ucs-4", "iso-10646-ucs-2", "iso-10646-ucs-4", NULL };
	return one_of(charset, names);
}

/* Stateful encodings of 7 bits look like ASCII. */
static bool is_seven_bits(struct str charset)
{
	static const char *const names[] = { "iso-2022-jp", "iso-2022-kr", "iso-2022-cn",
		"hz-gb-2312", "utf-7", NULL };
	return one_of(charset, names);
}

/* What the declaration of a document in a superset of ASCII says; absent: nothing. */
static struct str declared(struct str s)
{
	const struct str trimmed = str_trim(str_slice(s, 0, PROLOG_MAX_BYTES));
	const size_t end = str_find(trimmed, STR("?>"));
	if (!str_starts(trimmed, STR("<?xml")) || end == SIZE_MAX)
		return STR_NONE;
	const struct str prolog = str_slice(trimmed, 0, end);
	const size_t key = str_find(prolog, STR("encoding"));
	if (key == SIZE_MAX)
		return STR_NONE;
	struct str rest = str_trim(str_slice(prolog, key + 8, prolog.n));
	if (!str_starts(rest, STR("=")))
		return STR_NONE;
	rest = str_trim(str_slice(rest, 1, rest.n));
	if (rest.n < 2 || (rest.p[0] != '"' && rest.p[0] != '\''))
		return STR_NONE;
	const size_t quote = str_find_char(str_slice(rest, 1, rest.n), rest.p[0]);
	return quote == SIZE_MAX ? STR_NONE : str_trim(str_slice(rest, 1, quote + 1));
}

static void add_claimed(struct str s, struct str charset, struct buf *out)
{
	char name[CHARSET_MAX_BYTES + 1];
	if (charset.n > CHARSET_MAX_BYTES)
		charset = STR_NONE;
	/* A document that could be read as far as its declaration is not UTF-16. */
	const bool wide = is_utf16(charset) && s.n && s.p[0] != '\0' && s.n > 1 && s.p[1] != '\0';
	if (is_utf8(charset) || wide ||
		(has_high_byte(s) && utf8_valid(s) && !is_seven_bits(charset))) {
		add_utf8(s, out);
		return;
	}
	if (is_windows_1252(charset)) {
		add_windows_1252(s, out);
		return;
	}
	for (size_t i = 0; i < charset.n; i++) {
		/* iconv gives meaning to what follows a slash. */
		name[i] = charset.p[i] == '/' || charset.p[i] <= ' ' ? '-' : charset.p[i];
	}
	name[charset.n] = '\0';
	if (!add_by_iconv(s, name, out))
		add_utf8(s, out);
}

static bool starts(struct str s, const char *bytes, size_t n)
{
	return str_starts(s, (struct str){ bytes, n });
}

void feed_decode(struct str bytes, struct str charset, struct buf *out)
{
	if (starts(bytes, "\xFF\xFE\0\0", 4))
		(void)add_by_iconv(str_slice(bytes, 4, bytes.n), "UTF-32LE", out);
	else if (starts(bytes, "\0\0\xFE\xFF", 4))
		(void)add_by_iconv(str_slice(bytes, 4, bytes.n), "UTF-32BE", out);
	else if (starts(bytes, "\xEF\xBB\xBF", 3))
		add_utf8(str_slice(bytes, 3, bytes.n), out);
	else if (starts(bytes, "\xFF\xFE", 2) || starts(bytes, "<\0", 2))
		add_utf16(bytes, false, out);
	else if (starts(bytes, "\xFE\xFF", 2) || starts(bytes, "\0<", 2))
		add_utf16(bytes, true, out);
	else
		add_claimed(bytes, charset.n ? charset : declared(bytes), out);
}

/* ---- what an XML parser would choke on ---- */

struct preparer {
	struct str in;
	size_t at;
	struct buf *out;
};

static bool allowed(uint32_t c)
{
	return (c >= 0x20 && c != 0xFFFE && c != 0xFFFF) || c == '\t' || c == '\n' || c == '\r';
}

/* Copies a character and steps over it. */
static void copy_one(struct preparer *p)
{
	uint32_t code_point;
	size_t n = utf8_read(p->in, p->at, &code_point);
	n = n ? n : 1;
	if (allowed(code_point))
		buf_add(p->out, str_slice(p->in, p->at, p->at + n));
	p->at += n;
}

static void add_character(struct buf *out, uint32_t c)
{
	if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
		buf_addf(out, "&#%u;", (unsigned)c);
	else if (allowed(c))
		add_code_point(out, c);
}

/* A reference counts only with its semicolon: addresses hold &copy=1. */
static void prepare_reference(struct preparer *p)
{
	const struct str rest = str_slice(p->in, p->at, p->at + REFERENCE_MAX_BYTES);
	const size_t end = str_find_char(rest, ';');
	uint32_t code_point = 0;
	if (end != SIZE_MAX && end > 1) {
		const struct str whole = str_slice(rest, 0, end + 1);
		if (str_eq(whole, STR("&apos;")))
			code_point = '\'';
		else if (entity_read(whole, &code_point) != whole.n)
			code_point = 0;
	}
	if (code_point) {
		add_character(p->out, code_point);
		p->at += end + 1;
		return;
	}
	buf_add(p->out, STR("&amp;"));
	p->at++;
}

/* Steps over a part that ends in `end`; what breaks off ends with the document. */
static void skip_past(struct preparer *p, struct str end)
{
	const size_t n = str_find(str_slice(p->in, p->at, p->in.n), end);
	p->at = n == SIZE_MAX ? p->in.n : p->at + n + end.n;
}

/* With its internal subset, in which quotes and comments may hold brackets. */
static void skip_doctype(struct preparer *p)
{
	int depth = 0;
	while (p->at < p->in.n) {
		const char c = p->in.p[p->at];
		if (str_starts(str_slice(p->in, p->at, p->in.n), STR("<!--"))) {
			skip_past(p, STR("-->"));
			continue;
		}
		p->at++;
		if (c == '"' || c == '\'')
			skip_past(p, (struct str){ &c, 1 });
		else if (c == '[')
			depth++;
		else if (c == ']')
			depth--;
		else if (c == '>' && depth <= 0)
			return;
	}
}

static void copy_cdata(struct preparer *p)
{
	const size_t from = p->at;
	skip_past(p, STR("]]>"));
	const size_t to = p->at;
	const bool whole = to - from >= 12 && str_eq(str_slice(p->in, to - 3, to), STR("]]>"));
	p->at = from;
	while (p->at < to)
		copy_one(p);
	if (!whole)
		buf_add(p->out, STR("]]>"));
}

static bool starts_name(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static void prepare_markup(struct preparer *p)
{
	const struct str rest = str_slice(p->in, p->at, p->in.n);
	const char next = rest.n > 1 ? rest.p[1] : '\0', third = rest.n > 2 ? rest.p[2] : '\0';
	if (str_starts(rest, STR("<!--")))
		skip_past(p, STR("-->"));
	else if (str_starts(rest, STR("<![CDATA[")))
		copy_cdata(p);
	else if (next == '?')
		skip_past(p, STR("?>"));
	else if (next == '!' && str_eq_ignore_case(str_slice(rest, 2, 9), STR("DOCTYPE")))
		skip_doctype(p);
	else if (starts_name(next) || (next == '/' && starts_name(third)))
		copy_one(p);
	else {
		buf_add(p->out, STR("&lt;"));
		p->at++;
	}
}

void feed_prepare_xml(struct str utf8, struct buf *out)
{
	struct preparer p = { .in = utf8, .out = out };
	const size_t first = str_find_char(utf8, '<');
	p.at = first == SIZE_MAX ? utf8.n : first;
	while (p.at < utf8.n && !out->full) {
		if (utf8.p[p.at] == '<')
			prepare_markup(&p);
		else if (utf8.p[p.at] == '&')
			prepare_reference(&p);
		else
			copy_one(&p);
	}
}
