#include "base/escape.h"

#include "base/utf8.h"

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* What moves other text about: bidirectional controls and breaks of line and paragraph. */
static bool moves_text(uint32_t c)
{
	return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
		(c >= 0x2066 && c <= 0x2069);
}

bool escape_needed(uint32_t c)
{
	return is_control(c) || moves_text(c);
}

void escape_control(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		if (n == 0)
			buf_addf(out, "\\x%02x", (unsigned char)s.p[i]);
		else if (c == '\n')
			buf_add(out, STR("\\n"));
		else if (c == '\t')
			buf_add(out, STR("\\t"));
		else if (is_control(c))
			buf_addf(out, "\\x%02x", (unsigned)c);
		else if (moves_text(c))
			buf_addf(out, "\\u{%x}", (unsigned)c);
		else
			buf_add(out, str_slice(s, i, i + n));
		i += n ? n : 1;
	}
}

static const char *json_escape_of(uint32_t c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '<':
		return "\\u003c";
	case '>':
		return "\\u003e";
	case '&':
		return "\\u0026";
	case 0x2028:
		return "\\u2028";
	case 0x2029:
		return "\\u2029";
	default:
		return NULL;
	}
}

/* Most of what is written stands for itself. */
static bool json_is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void escape_json(struct buf *out, struct str s)
{
	if (!s.p) {
		buf_add(out, STR("null"));
		return;
	}
	buf_add_char(out, '"');
	size_t plain_from = 0;
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		if (json_is_plain(s.p[i])) {
			i++;
			continue;
		}
		size_t n = utf8_read(s, i, &c);
		const char *escape = n ? json_escape_of(c) : "\xEF\xBF\xBD";
		if (escape || c < 0x20 || c == 0x7F) {
			buf_add(out, str_slice(s, plain_from, i));
			if (escape)
				buf_add(out, str_of(escape));
			else
				buf_addf(out, "\\u%04x", (unsigned)c);
			plain_from = i + (n ? n : 1);
		}
		i += n ? n : 1;
	}
	buf_add(out, str_slice(s, plain_from, s.n));
	buf_add_char(out, '"');
}

static const char *html_escape_of(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void escape_html(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		const char *entity = html_escape_of(c);
		if (n == 0)
			buf_add(out, STR("\xEF\xBF\xBD"));
		else if (entity)
			buf_add(out, str_of(entity));
		else if (!is_control(c) || c == '\n' || c == '\t')
			buf_add(out, str_slice(s, i, i + n));
		i += n ? n : 1;
	}
}

static const char *xml_escape_of(uint32_t c)
{
	if (c == '\r')
		return "&#13;";
	if ((c < 0x20 && c != '\n' && c != '\t') || c == 0xFFFE || c == 0xFFFF)
		return "\xEF\xBF\xBD";
	return html_escape_of(c);
}

void escape_xml(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		const char *escape = n ? xml_escape_of(c) : "\xEF\xBF\xBD";
		buf_add(out, escape ? str_of(escape) : str_slice(s, i, i + n));
		i += n ? n : 1;
	}
}
