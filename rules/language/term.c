#include "rules/language/term.h"

#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "model/post.h"
#include "rules/language/address.h"
#include "rules/language/foreign.h"
#include "rules/language/rules.h"
#include "rules/language/term_alike.h"
#include "rules/language/term_gap.h"
#include "rules/regex/regex.h"
#include "rules/text/text.h"

struct parser {
	const struct conf_node *node;
	struct where at;
	size_t node_offset; /* of the entry in the node's text */
	size_t added; /* bytes at the entry's begin that are ours and stand in no file */
	struct str entry; /* term->written: places are bytes of this */
	struct arena *arena;
	struct term *term;
	struct diag *diag;
};

/* A part of the entry. */
struct part {
	struct str text;
	size_t offset;
};

static struct where place(const struct parser *p, size_t byte)
{
	if (p->node)
		return conf_place(p->node, p->node_offset + byte);
	struct where at = p->at;
	at.col += (uint32_t)utf8_count(str_slice(p->entry, p->added, byte));
	return at;
}

static struct part part_from(struct part part, size_t from, size_t to)
{
	return (struct part){ str_slice(part.text, from, to), part.offset + from };
}

static struct part part_trim(struct part part)
{
	struct str text = str_trim(part.text);
	return (struct part){ text, part.offset + (size_t)(text.p - part.text.p) };
}

static unsigned class_at(struct str s, size_t at)
{
	uint32_t c;
	if (at >= s.n)
		return 0;
	utf8_read(s, at, &c);
	return fold_class(c);
}

static bool word_before(struct str s, size_t at)
{
	return at > 0 && (class_at(s, utf8_floor(s, at - 1)) & (FOLD_WORD | FOLD_VANISHES));
}

static void hint_quotes(const struct parser *p)
{
	diag_hint(p->diag, "a text in double quotes is taken as it is: '\"%.*s\"'",
		STR_ARGS(p->entry));
}

static bool is_ascii_lower(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x80 || (c >= 'A' && c <= 'Z'))
			return false;
	}
	return true;
}

/* A text that is its own folded form is not kept twice. */
static struct str folded(struct str letters, struct arena *arena)
{
	struct buf out;
	if (is_ascii_lower(letters))
		return letters;
	buf_init(&out, 0);
	fold_add(&out, letters);
	struct str result = str_eq(buf_str(&out), letters) ? letters
							   : arena_str(arena, buf_str(&out));
	buf_finish(&out);
	return result.p ? result : STR("");
}

static size_t count_words(struct str text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.n; i++)
		count += fold_is_word(text.p[i]) && (i == 0 || !fold_is_word(text.p[i - 1]));
	return count;
}

static bool set_letters(const struct parser *p, enum term_kind kind, struct part letters)
{
	letters = part_trim(letters);
	struct term *t = p->term;
	t->kind = kind;
	t->letters = letters.text;
	t->folded = folded(letters.text, p->arena);
	if (t->folded.n == 0) {
		diag_error(p->diag, place(p, 0), "empty term");
		return false;
	}
	return true;
}

static bool parse_words(const struct parser *p, struct part letters)
{
	if (!set_letters(p, TERM_WORDS, letters))
		return false;
	size_t count = count_words(p->term->folded);
	if (count == 0) {
		p->term->kind = TERM_SYMBOLS;
		/* Some keyboards ask for the coloured sign, some do not. */
		struct str *sign = &p->term->letters;
		if (!p->term->exact && sign->n > 3 && str_ends(*sign, STR("\xEF\xB8\x8F")))
			sign->n -= 3;
	}
	if (count > TERM_MAX_WORDS) {
		diag_error(p->diag, place(p, letters.offset),
			"a phrase has at most %d words; this one has %zu", TERM_MAX_WORDS, count);
		return false;
	}
	return true;
}

static bool parse_flags(const struct parser *p, struct part flags)
{
	for (size_t i = 0; i < flags.text.n; i++) {
		char c = flags.text.p[i];
		if (!strchr("imsx", c)) {
			size_t n = i + 1;
			while (n < flags.text.n && ((unsigned char)flags.text.p[n] & 0xC0) == 0x80)
				n++;
			diag_error(p->diag, place(p, flags.offset + i),
				"unknown flag '%.*s' of a regex: there are i, m, s and x",
				STR_ARGS(str_slice(flags.text, i, n)));
			hint_quotes(p);
			return false;
		}
		if (str_find_char(str_of(p->term->flags), c) == SIZE_MAX)
			p->term->flags[strlen(p->term->flags)] = c;
	}
	return true;
}

static bool compile_regex(const struct parser *p, struct part pattern)
{
	size_t at = 0;
	struct str message = STR_NONE;
	struct term *t = p->term;
	t->kind = TERM_REGEX;
	t->letters = t->folded = pattern.text;
	if (pattern.text.n == 0) {
		diag_error(p->diag, place(p, pattern.offset), "empty regex");
		return false;
	}
	t->regex = regex_compile(pattern.text, str_of(t->flags), p->arena, &at, &message);
	if (!t->regex)
		diag_error(p->diag, place(p, pattern.offset + at), "bad regex: %.*s",
			STR_ARGS(message));
	return t->regex != NULL;
}

static bool parse_regex(const struct parser *p, struct part body)
{
	size_t end = body.text.n;
	while (end > 1 && body.text.p[end - 1] != '/')
		end--;
	if (end <= 1) {
		diag_error(p->diag, place(p, body.offset), "the / that ends a regex is missing");
		hint_quotes(p);
		return false;
	}
	struct part flags = part_from(body, end, body.text.n);
	if (!parse_flags(p, flags))
		return false;
	if (p->term->exact) {
		diag_error(p->diag, place(p, 0), "= does not go with a regex: leave it out");
		return false;
	}
	return compile_regex(p, part_from(body, 1, end - 1));
}

/* "~4" at the end; *n is what stands before it. False if there is no such thing. */
static bool find_distance(struct str text, size_t *n, unsigned *number)
{
	size_t i = text.n;
	while (i > 0 && text.p[i - 1] >= '0' && text.p[i - 1] <= '9')
		i--;
	if (i < 2 || text.p[i - 1] != '~' || !(text.p[i - 2] == '"' || word_before(text, i - 1)))
		return false;
	*n = i - 1;
	*number = 0;
	for (; i < text.n; i++) {
		*number = *number * 10 + (unsigned)(text.p[i] - '0');
		*number = *number < UINT8_MAX ? *number : UINT8_MAX;
	}
	return true;
}

static bool missing_number(const struct parser *p, size_t byte)
{
	diag_error(p->diag, place(p, byte), "a number is missing after ~");
	return false;
}

static bool parse_quoted(const struct parser *p, struct part body)
{
	struct part inner = part_from(body, 1, body.text.n);
	size_t close = str_find_char(inner.text, '"'), n;
	unsigned number;
	if (close == SIZE_MAX) {
		diag_error(p->diag, place(p, body.offset), "the closing quote is missing");
		return false;
	}
	struct part rest = part_from(inner, close + 1, inner.text.n);
	bool ok = parse_words(p, part_from(inner, 0, close));
	if (rest.text.n == 0 || !ok)
		return ok;
	if (!find_distance(body.text, &n, &number) || n != close + 2) {
		diag_error(p->diag, place(p, rest.offset),
			"a term ends with its closing quote: what follows is not understood");
		return false;
	}
	if (rest.text.n == 1)
		return missing_number(p, rest.offset);
	p->term->gap = (uint16_t)number;
	return term_check_gap(p->term, place(p, rest.offset), p->diag);
}

/* The first byte of a name that cannot be there: a name is made of word characters, and between
 * two of them one of `between`. Only hashtags have characters of scripts without spaces: those end
 * the others. */
static size_t name_length(struct str s, const char *between, bool spaceless)
{
	size_t i = 0;
	while (i < s.n) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		if (!spaceless && (fold_class(c) & FOLD_SPACELESS))
			break;
		bool inner = c < 0x80 && strchr(between, (int)c) && word_before(s, i) &&
			(class_at(s, i + 1) & FOLD_WORD);
		bool tag_mark = spaceless && i > 0 && text_is_tag_mark(c);
		if (!inner && !tag_mark && !(fold_class(c) & (FOLD_WORD | FOLD_VANISHES)))
			break;
		i += n ? n : 1;
	}
	return i;
}

static bool has_letter(struct str folded)
{
	for (size_t i = 0; i < folded.n;) {
		uint32_t c;
		size_t n = utf8_read(folded, i, &c);
		if (fold_is_word(folded.p[i]) && text_is_letter(c))
			return true;
		i += n;
	}
	return false;
}

static bool parse_name(const struct parser *p, struct part body, enum term_kind kind,
	const char *between, const char *what)
{
	struct part name = part_from(body, 1, body.text.n);
	size_t n = name_length(name.text, between, kind == TERM_TAG);
	if (n < name.text.n || n == 0) {
		diag_error(p->diag, place(p, name.offset + n), "this cannot stand in a %s", what);
		hint_quotes(p);
		return false;
	}
	if (!set_letters(p, kind, name))
		return false;
	if (kind == TERM_TAG && !has_letter(p->term->folded)) {
		diag_error(p->diag, place(p, name.offset), "a hashtag needs a letter");
		hint_quotes(p);
		return false;
	}
	return true;
}

static bool begins_cashtag(struct str body)
{
	unsigned class = class_at(body, 1);
	return (class & FOLD_WORD) && !(class & FOLD_SPACELESS) &&
		!(body.p[1] >= '0' && body.p[1] <= '9') && body.p[1] != '_';
}

static bool word_of_query(struct str word)
{
	return str_eq(word, STR("AND")) || str_eq(word, STR("OR")) || str_eq(word, STR("NOT"));
}

/* "solaire OR éolien" in a list is one phrase, which nobody means; all in capitals it may be a
 * name. */
static void note_operators(const struct parser *p, struct str text)
{
	struct str rest = text, word;
	bool suspect = word_of_query(text);
	for (size_t i = 0; i < text.n && !suspect; i++)
		suspect = text.p[i] >= 'a' && text.p[i] <= 'z';
	while (suspect && str_next(&rest, ' ', &word)) {
		if (word_of_query(word)) {
			diag_note(p->diag, place(p, (size_t)(word.p - p->entry.p)),
				"'%.*s' is looked for as a word here: operators belong to a query",
				STR_ARGS(word));
			return;
		}
	}
}

static bool note_fields(const struct parser *p, struct part body)
{
	static const char *const fields[] = { "lang", "from", "to", "source", "type", "is", "has",
		"followers", "country", "since" };
	size_t colon = str_find_char(body.text, ':');
	struct str name = str_slice(body.text, 0, colon);
	if (colon == SIZE_MAX || colon + 1 == body.text.n || body.text.p[colon + 1] == ' ')
		return true;
	if (str_eq(name, STR("list"))) {
		diag_error(p->diag, place(p, body.offset), "%s",
			p->term->only ? "a list cannot be looked for in one field alone"
				      : "a list cannot hold another list");
		return false;
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (str_eq(name, str_of(fields[i])))
			diag_note(p->diag, place(p, body.offset),
				"'%s:' is looked for as a word here: conditions belong to where",
				fields[i]);
	}
	const char *foreign = foreign_field(name);
	if (foreign) {
		diag_note(p->diag, place(p, body.offset), "'%.*s:' is looked for as a word here",
			STR_ARGS(name));
		diag_hint(p->diag, "%s", foreign);
	}
	return true;
}

static bool parse_star(const struct parser *p, struct part body, size_t star)
{
	bool last = star + 1 == body.text.n, first = star == 0;
	if (str_find_char(str_slice(body.text, star + 1, body.text.n), '*') != SIZE_MAX ||
		(!first && !last) || str_find_char(body.text, ' ') != SIZE_MAX) {
		diag_error(p->diag, place(p, body.offset + star),
			"one star can stand at the beginning or at the end of a single word");
		hint_quotes(p);
		return false;
	}
	if (!set_letters(p, last ? TERM_PREFIX : TERM_SUFFIX,
		    part_from(body, first, body.text.n - last)))
		return false;
	return term_check_alike(p->term, place(p, body.offset + star), p->diag);
}

/* A star next to a word character was meant as one; alone it is a symbol. */
static size_t find_star(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '*' && (word_before(s, i) || (class_at(s, i + 1) & FOLD_WORD)))
			return i;
	}
	return SIZE_MAX;
}

static bool parse_fuzzy(const struct parser *p, struct part body, size_t n, unsigned number)
{
	struct part word = part_from(body, 0, n);
	bool bare = n + 1 == body.text.n;
	if (!parse_words(p, word))
		return false;
	if (count_words(p->term->folded) > 1) {
		if (bare)
			return missing_number(p, body.offset + n);
		p->term->gap = (uint16_t)number;
		diag_error(p->diag, place(p, body.offset + n),
			"a phrase with a distance needs its double quotes");
		diag_hint(p->diag, "'\"%.*s\"~%u'", STR_ARGS(word.text), number);
		return false;
	}
	p->term->edits = (uint8_t)(bare ? 1 : number);
	if (p->term->edits == 0) {
		diag_error(p->diag, place(p, body.offset + n), "~0 allows nothing: leave it out");
		return false;
	}
	return term_check_alike(p->term, place(p, body.offset + n), p->diag);
}

static bool parse_plain(const struct parser *p, struct part body)
{
	size_t quote = str_find_char(body.text, '"'), star = find_star(body.text), n;
	unsigned number;
	if (quote != SIZE_MAX) {
		bool paired = str_find_char(str_slice(body.text, quote + 1, body.text.n), '"') !=
			SIZE_MAX;
		diag_error(p->diag, place(p, body.offset + quote), "%s",
			paired ? "quotes go around a whole term"
			       : "this quote has no partner: quotes go around a whole term");
		return false;
	}
	if (str_starts(body.text, STR("stem:")))
		return set_letters(p, TERM_STEM, part_from(body, 5, body.text.n)) &&
			term_check_alike(p->term, place(p, body.offset), p->diag);
	if (!note_fields(p, body))
		return false;
	if (find_distance(body.text, &n, &number))
		return parse_fuzzy(p, body, n, number);
	if (star != SIZE_MAX)
		return parse_star(p, body, star);
	note_operators(p, body.text);
	return parse_words(p, body);
}

static bool parse_body(const struct parser *p, struct part body);

/* A text that may stand in double quotes. */
static bool unquote(const struct parser *p, struct part *part)
{
	struct str text = part->text;
	size_t close = text.n > 1 ? str_find_char(str_slice(text, 1, text.n), '"') : SIZE_MAX;
	if (text.n == 0 || text.p[0] != '"')
		return true;
	if (close == SIZE_MAX || close + 2 < text.n) {
		diag_error(p->diag, place(p, part->offset), "%s",
			close == SIZE_MAX ? "the closing quote is missing"
					  : "quotes go around a whole term");
		return false;
	}
	*part = part_trim(part_from(*part, 1, text.n - 1));
	return true;
}

/* site:, url: and tag:, whose values are no words of the text. */
static bool parse_value(const struct parser *p, enum term_kind kind, struct part value)
{
	struct term *t = p->term;
	size_t at = 0;
	if (t->exact && kind != TERM_TAG) {
		diag_error(p->diag, place(p, 0), "= does not go with a link: leave it out");
		return false;
	}
	if (!unquote(p, &value))
		return false;
	if (kind == TERM_TAG && str_starts(value.text, STR("#")))
		value = part_trim(part_from(value, 1, value.text.n));
	if (!set_letters(p, kind, value))
		return false;
	const char *problem = address_term_problem(t, p->arena, &at);
	if (problem)
		diag_error(p->diag, place(p, value.offset + at), "%s", problem);
	return !problem;
}

/* title:x and the like: what begins with the name of a field, a colon and no space. */
static bool parse_field(const struct parser *p, struct part body, bool *good)
{
	static const struct {
		const char *name;
		enum term_kind kind;
		unsigned only;
	} fields[] = { { "site", TERM_SITE, 0 }, { "url", TERM_URL, 0 }, { "tag", TERM_TAG, 0 },
		{ "title", TERM_WORDS, 1U << FIELD_TITLE },
		{ "text", TERM_WORDS, 1U << FIELD_TEXT } };
	struct term *t = p->term;
	size_t colon = str_find_char(body.text, ':');
	struct str name = str_slice(body.text, 0, colon);
	if (colon == SIZE_MAX || colon + 1 == body.text.n || body.text.p[colon + 1] == ' ')
		return false;
	struct part value = part_from(body, colon + 1, body.text.n);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (!str_eq(name, str_of(fields[i].name)) || (fields[i].only && t->only))
			continue;
		bool equal = value.text.p[0] == '=' && fields[i].kind <= TERM_TAG;
		t->exact = t->exact || equal;
		t->only = t->only ? t->only : (uint8_t)fields[i].only;
		value = part_trim(part_from(value, equal, value.text.n));
		*good = fields[i].kind == TERM_WORDS ? parse_body(p, value)
						     : parse_value(p, fields[i].kind, value);
		return true;
	}
	return false;
}

static bool parse_body(const struct parser *p, struct part body)
{
	char first = body.text.n ? body.text.p[0] : '\0';
	bool good;
	if (parse_field(p, body, &good))
		return good;
	if (first == '/')
		return parse_regex(p, body);
	if (first == '"')
		return parse_quoted(p, body);
	if (first == '#')
		return parse_name(p, body, TERM_TAG, "", "hashtag");
	if (first == '@')
		return parse_name(p, body, TERM_HANDLE, ".-@", "handle");
	if (first == '$' && begins_cashtag(body.text))
		return parse_name(p, body, TERM_CASHTAG, ".", "cashtag");
	return parse_plain(p, body);
}

static bool parse_entry(const struct parser *p)
{
	struct term *term = p->term;
	struct part body = { p->entry, 0 };
	if (p->entry.n == 0) {
		diag_error(p->diag, place(p, 0), "empty term");
		return false;
	}
	if (p->entry.n > TERM_MAX_BYTES) {
		diag_error(p->diag, place(p, 0), "a term has at most %d bytes; this one has %zu",
			TERM_MAX_BYTES, p->entry.n);
		return false;
	}
	term->written = p->entry;
	term->exact = p->entry.p[0] == '=';
	if (term->exact)
		body = part_trim(part_from(body, 1, body.text.n));
	return parse_body(p, body);
}

static size_t offset_in(const struct conf_node *node, struct str text)
{
	uintptr_t base = node ? (uintptr_t)node->text.p : 0, p = (uintptr_t)text.p;
	return node && p >= base && p <= base + node->text.n ? p - base : 0;
}

bool term_parse(struct str written, const struct conf_node *node, struct where at,
	struct arena *arena, struct term *term, struct diag *diag)
{
	struct str trimmed = str_trim(written);
	if (!node && trimmed.n)
		at.col += (uint32_t)(trimmed.p - written.p); /* ASCII white space */
	*term = (struct term){ .at = node ? node->at : at };
	const struct parser p = { .node = node,
		.at = at,
		.node_offset = offset_in(node, trimmed),
		.entry = arena_str(arena, trimmed),
		.arena = arena,
		.term = term,
		.diag = diag };
	return parse_entry(&p);
}

bool term_parse_field(struct str name, struct str value, struct where at, struct arena *arena,
	struct term *term, struct diag *diag)
{
	struct str trimmed = str_trim(value);
	if (trimmed.n)
		at.col += (uint32_t)(trimmed.p - value.p); /* ASCII white space */
	*term = (struct term){ .at = at };
	const struct parser p = { .at = at,
		.added = name.n + 1,
		.entry = arena_format(arena, "%.*s:%.*s", STR_ARGS(name), STR_ARGS(trimmed)),
		.arena = arena,
		.term = term,
		.diag = diag };
	if (trimmed.n)
		return parse_entry(&p);
	diag_error(diag, at, "empty term");
	return false;
}

bool term_parse_regex(struct str pattern, const struct conf_node *node, struct arena *arena,
	struct term *term, struct diag *diag)
{
	*term = (struct term){ .at = node->at, .written = arena_str(arena, pattern) };
	const struct parser p = { .node = node,
		.at = node->at,
		.node_offset = offset_in(node, pattern),
		.entry = term->written,
		.arena = arena,
		.term = term,
		.diag = diag };
	return compile_regex(&p, (struct part){ term->written, 0 });
}
