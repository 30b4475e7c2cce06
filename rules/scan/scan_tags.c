#include "rules/scan/scan_tags.h"

#include <string.h>

#include "rules/text/links.h"

enum { ASCII_PART_BYTES = 48 };

/* Is this word waited for? WORD_PAD_BYTES stand around it.
 */
static bool has_word(const struct wake *w, const struct alike *alike, struct str word)
{
	return wake_has(w, word.p, word.n) || (alike && alike_has(alike, word));
}

/* The parts of one hashtag, which the case of the original shows: is any waited for? */
static bool any_part(
	const struct wake *w, const struct alike *alike, struct text *scratch, struct str tag)
{
	text_set(scratch, tag);
	for (size_t i = 0; i < scratch->parts.count; i++) {
		if (has_word(w, alike, text_word(scratch, scratch->parts.items[i])))
			return true;
	}
	return false;
}

/* Where the part ends that begins at body.p[i]: at the seams of text.c, in ASCII. */
static size_t ascii_part_end(struct str body, size_t i)
{
	for (i++; i < body.n; i++) {
		char c = body.p[i], before = body.p[i - 1],
		     next = i + 1 < body.n ? body.p[i + 1] : 0;
		bool upper = c >= 'A' && c <= 'Z', upper_before = before >= 'A' && before <= 'Z';
		if (c == '_' || (upper && (!upper_before || (next >= 'a' && next <= 'z'))))
			break;
	}
	return i;
}

/* The same as any_part for a body of ASCII letters, digits and "_", which most are. */
static bool any_ascii_part(const struct wake *w, const struct alike *alike, struct str body)
{
	for (size_t i = 0; i < body.n;) {
		char part[WORD_PAD_BYTES + ASCII_PART_BYTES + WORD_PAD_BYTES];
		size_t end = body.p[i] == '_' ? i + 1 : ascii_part_end(body, i), n = end - i;
		if (n > ASCII_PART_BYTES)
			return true; /* so long a word is rare: the matcher shall look */
		for (size_t j = 0; j < n; j++) {
			char c = body.p[i + j];
			part[WORD_PAD_BYTES + j] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		}
		if (body.p[i] != '_' &&
			has_word(w, alike, (struct str){ part + WORD_PAD_BYTES, n }))
			return true;
		i = end;
	}
	return false;
}

/* Where the hashtag ends whose sign stands at text[at], with whether it may show seams: anything
 * but lower-case ASCII letters and digits might. */
static size_t tag_end(struct str text, size_t at, bool *seams, bool *ascii)
{
	size_t i = at + 1;
	for (; i < text.n; i++) {
		char c = text.p[i];
		if ((unsigned char)c >= 0x80)
			*ascii = false;
		if ((unsigned char)c >= 0x80 || c == '_' || (i > at + 1 && c >= 'A' && c <= 'Z'))
			*seams = true;
		else if (!fold_is_word(c))
			break;
	}
	return i;
}

bool scan_any_tag(const struct wake *w, const struct alike *alike, struct text *scratch,
	struct str text, struct str folded)
{
	size_t signs = 0, folded_signs = 0, from = 0;
	for (size_t at = 0;
		(at = str_find_char(str_slice(folded, from, folded.n), '#')) != SIZE_MAX;
		from += at + 1)
		folded_signs++;
	for (size_t at = 0; at < text.n; signs++) {
		const char *sign = memchr(text.p + at, '#', text.n - at);
		if (!sign)
			break;
		bool seams = false, ascii = true;
		size_t start = (size_t)(sign - text.p);
		at = tag_end(text, start, &seams, &ascii);
		if (seams && ascii && any_ascii_part(w, alike, str_slice(text, start + 1, at)))
			return true;
		if (seams && !ascii && any_part(w, alike, scratch, str_slice(text, start, at)))
			return true;
	}
	/* A sign in another form (U+FF03). */
	return folded_signs != signs && any_part(w, alike, scratch, text);
}

/* The end of a link such as https://t.co/a1b2 and nothing behind it, or 0: what nearly all links of
 * tweets are, without asking what a host is. The scheme begins at p[i], its colon is at p[colon].
 */
static size_t plain_short_link_end(const char *p, size_t i, size_t colon, size_t n)
{
	static const char host[] = "://t.co/";
	size_t end = colon + sizeof host - 1;
	bool scheme = memcmp(p + i, "http", 4) == 0 && (colon - i == 4 || p[i + 4] == 's');
	if (end >= n || !scheme || memcmp(p + colon, host, sizeof host - 1) != 0 ||
		(i > 0 && fold_is_word(p[i - 1])))
		return 0;
	while (end < n && ((p[end] >= 'a' && p[end] <= 'z') || (p[end] >= '0' && p[end] <= '9')))
		end++;
	return p[end - 1] != '/' && end < n && p[end] == ' ' ? end : 0;
}

void scan_blank_links(char *p, size_t n)
{
	const char *colon;
	for (size_t from = 0; (colon = memchr(p + from, ':', n - from)) != NULL;) {
		size_t at = (size_t)(colon - p), start = at - (at - from < 5 ? at - from : 5);
		from = at + 1;
		if (from >= n || p[from] != '/')
			continue;
		/* "http" or "https" before the colon. */
		start += at - start == 5 && p[start] == 'h' ? 0 : at - start == 5;
		size_t end = plain_short_link_end(p, start, at, n);
		end = end ? end : link_shut_end(p, start, n);
		if (end == 0)
			continue;
		memset(p + start, ' ', end - start);
		from = end;
	}
}

/* The length of the escape at p[i], whose character goes to *meant; or 0. */
static size_t escape_at(const char *p, size_t i, size_t n, char *meant)
{
	struct str rest = { p + i, n - i };
	bool amp = str_starts(rest, STR("&amp;"));
	if (!amp && !str_starts(rest, STR("&lt;")) && !str_starts(rest, STR("&gt;")))
		return 0;
	*meant = amp ? '&' : p[i + 1] == 'l' ? '<' : '>';
	return amp ? 5 : 4;
}

void scan_add_unescaped(struct scan_text *t, size_t from)
{
	size_t end = t->n, n;
	char c = 0;
	const char *sign = t->p + from;
	do {
		sign = memchr(sign, '&', (size_t)(t->p + end - sign));
		if (!sign)
			return;
	} while (!escape_at(t->p, (size_t)(sign++ - t->p), end, &c));
	scan_text_room(t, end - from + 1); /* from here on t->p may be another */
	t->p[t->n++] = ' ';
	for (size_t i = from; i < end; i += n) {
		c = t->p[i];
		n = c == '&' ? escape_at(t->p, i, end, &c) : 1;
		n = n ? n : 1;
		t->p[t->n++] = c;
	}
}
