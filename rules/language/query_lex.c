#include "rules/language/query_lex.h"

#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/language/foreign.h"
#include "rules/language/operator.h"

struct lexer {
	const struct conf_node *node;
	struct str s;
	size_t i;
	struct query_token *tokens;
	size_t count;
	struct diag *diag;
};

static void error_at(struct lexer *x, size_t byte, const char *message)
{
	diag_error(x->diag, conf_place(x->node, byte), "%s", message);
}

static struct query_token *add(struct lexer *x, enum query_token_kind kind, size_t from, size_t to)
{
	struct query_token *t = &x->tokens[x->count++];
	*t = (struct query_token){ .kind = kind, .from = from, .text = str_slice(x->s, from, to) };
	return t;
}

/* --- characters --- */

static char char_at(const struct lexer *x, size_t i)
{
	return i < x->s.n ? x->s.p[i] : '\0';
}

/* The bytes of a space at i, whatever its width, or 0. */
static size_t space_at(const struct lexer *x, size_t i)
{
	uint32_t c;
	if (i >= x->s.n)
		return 0;
	size_t n = utf8_read(x->s, i, &c);
	bool space = c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
		c == 0x205F || c == 0x3000;
	return space ? n : 0;
}

static bool ends_word(const struct lexer *x, size_t i)
{
	char c = char_at(x, i);
	return i >= x->s.n || c == '(' || c == ')' || space_at(x, i);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_punctuation(char c)
{
	return c > ' ' && c < 0x7F && !is_letter(c) && !is_digit(c) && c != '_';
}

/* --- the end of a term --- */

/* Behind "~4". */
static size_t distance_end(const struct lexer *x, size_t i)
{
	if (char_at(x, i) != '~')
		return i;
	do
		i++;
	while (is_digit(char_at(x, i)));
	return i;
}

/* What begins at i is in double quotes. SIZE_MAX: they are never closed. */
static size_t quoted_end(const struct lexer *x, size_t i)
{
	size_t close = str_find_char(str_slice(x->s, i + 1, x->s.n), '"');
	return close == SIZE_MAX ? SIZE_MAX : distance_end(x, i + 1 + close + 1);
}

static size_t regex_end(const struct lexer *x, size_t i)
{
	for (i++; i < x->s.n && x->s.p[i] != '/'; i++)
		i += x->s.p[i] == '\\';
	if (i >= x->s.n)
		return SIZE_MAX;
	do
		i++;
	while (is_letter(char_at(x, i)));
	return i;
}

static size_t bare_end(const struct lexer *x, size_t i)
{
	while (!ends_word(x, i) && x->s.p[i] != '"')
		i++;
	return i;
}

/* The end of the term that begins at i; after an error SIZE_MAX, and x->i is where to go on. */
static size_t term_end(struct lexer *x, size_t i, bool regexes)
{
	size_t body = i + (char_at(x, i) == '=');
	char first = char_at(x, body);
	size_t end = first == '"'	  ? quoted_end(x, body)
		: first == '/' && regexes ? regex_end(x, body)
					  : bare_end(x, body);
	if (end != SIZE_MAX)
		return end;
	error_at(x, body,
		first == '"' ? "this quote is never closed"
			     : "the / that ends this regex is missing");
	if (first == '/')
		diag_hint(x->diag, "a text with a slash goes in double quotes");
	x->i = first == '"' ? x->s.n : bare_end(x, body);
	return SIZE_MAX;
}

/* --- what other tools have, and what word processors make of quotes --- */

struct foreign {
	const char *text, *hint;
};

static const char *operator_of_others(struct str word)
{
	static const struct foreign operators[] = {
		{ "&&", "AND, or just a space" },
		{ "&", "AND, or just a space" },
		{ "||", "OR" },
		{ "|", "OR" },
		{ "!", "NOT, or - right before the term" },
		{ "-", "- stands right before what it negates, as in -word" },
	};
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (str_eq(word, str_of(operators[i].text)))
			return operators[i].hint;
	}
	return NULL;
}

static bool all_punctuation(struct str word)
{
	for (size_t i = 0; i < word.n; i++) {
		if (!is_punctuation(word.p[i]))
			return false;
	}
	return true;
}

static bool refuse(struct lexer *x, size_t at, struct str word, const char *hint)
{
	diag_error(x->diag, conf_place(x->node, at), "'%.*s' is no operator", STR_ARGS(word));
	diag_hint(x->diag, "%s", hint);
	return false;
}

/* Is a bare word one that can be meant as a term? If not, it is said. */
static bool is_sensible(struct lexer *x, size_t from, struct str word)
{
	const char *hint = operator_of_others(word);
	size_t bar = str_find_char(word, '|'), both = str_find(word, STR("&&"));
	if (hint)
		return refuse(x, from, word, hint);
	if (all_punctuation(word)) {
		diag_error(x->diag, conf_place(x->node, from), "'%.*s' is no term", STR_ARGS(word));
		diag_hint(x->diag, "characters to be found go in double quotes");
		return false;
	}
	if (bar != SIZE_MAX)
		return refuse(x, from + bar, STR("|"), "OR, with spaces around it");
	if (both != SIZE_MAX)
		return refuse(x, from + both, STR("&&"), "AND, with spaces around it");
	if (word.p[0] == '!')
		return refuse(x, from, STR("!"), "a negation is written -word or NOT word");
	if (word.p[0] == '+' && !is_digit(word.p[1])) {
		diag_note(x->diag, conf_place(x->node, from),
			"'+' does nothing: all words must be there anyway");
	} else if (str_ends(word, STR(",")) || str_ends(word, STR(";"))) {
		diag_note(x->diag, conf_place(x->node, from + word.n - 1), "'%c' does nothing here",
			word.p[word.n - 1]);
		diag_hint(x->diag, "alternatives are joined with OR");
	}
	return true;
}

/* The bytes of a typographic quote at i, or 0. */
static size_t curly_at(const struct lexer *x, size_t i)
{
	uint32_t c;
	if (i >= x->s.n)
		return 0;
	size_t n = utf8_read(x->s, i, &c);
	bool curly = c == 0xAB || c == 0xBB || (c >= 0x201C && c <= 0x201F);
	return curly ? n : 0;
}

/* “two words”: an error, up to the next such quote. */
static bool refuse_curly(struct lexer *x)
{
	size_t from = x->i, open = curly_at(x, from);
	if (!open)
		return false;
	size_t inner = from + open, end = inner;
	while (end < x->s.n && !curly_at(x, end))
		end++;
	struct str text = str_trim(str_slice(x->s, inner, end));
	while (text.n && space_at(x, (size_t)(text.p - x->s.p)))
		text = str_slice(text, space_at(x, (size_t)(text.p - x->s.p)), text.n);
	if (str_ends(text, STR("\xC2\xA0")))
		text.n -= 2;
	else if (str_ends(text, STR("\xE2\x80\xAF")))
		text.n -= 3;
	error_at(x, from, "typographic quotes: a phrase stands between straight ones");
	if (end < x->s.n && text.n && text.n < 100)
		diag_hint(x->diag, "write \"%.*s\"", STR_ARGS(text));
	x->i = end < x->s.n ? end + curly_at(x, end) : bare_end(x, inner);
	add(x, QUERY_BAD, from, x->i);
	return true;
}

/* 'two words' in single quotes; an apostrophe alone begins no such thing. */
static bool refuse_single_quotes(struct lexer *x)
{
	if (char_at(x, x->i) != '\'')
		return false;
	size_t close = x->i + 1;
	while (close < x->s.n && !(x->s.p[close] == '\'' && ends_word(x, close + 1)))
		close++;
	if (close >= x->s.n)
		return false;
	struct str inner = str_slice(x->s, x->i + 1, close);
	error_at(x, x->i, "single quotes: a phrase stands between double ones");
	if (inner.n < 100)
		diag_hint(x->diag, "write \"%.*s\"", STR_ARGS(inner));
	add(x, QUERY_BAD, x->i, close + 1);
	x->i = close + 1;
	return true;
}

/* –word, as a word processor makes of -word. */
static bool refuse_dash(struct lexer *x)
{
	uint32_t c;
	size_t n = utf8_read(x->s, x->i, &c);
	bool dash = c == 0x2212 || (c >= 0x2010 && c <= 0x2015);
	if (!dash)
		return false;
	error_at(x, x->i, "this dash is no '-'");
	diag_hint(x->diag, "a negation is written with a hyphen, -word, or NOT word");
	x->i += n;
	if (ends_word(x, x->i))
		add(x, QUERY_BAD, x->i - n, x->i);
	else
		add(x, QUERY_NOT, x->i - n, x->i);
	return true;
}

/* --- operators --- */

/* NEAR, NEAR/5, and what else begins so: the operator is `name`, `rest` is what follows it. */
static void add_near(struct lexer *x, size_t from, size_t to, struct str rest, bool ordered)
{
	const char *name = ordered ? "ONEAR" : "NEAR";
	struct query_token *t = add(x, QUERY_NEAR, from, to);
	int64_t distance = 0;
	t->ordered = ordered;
	if (rest.n == 0 || rest.p[0] != '/' || rest.n > 9 || !is_digit(rest.p[rest.n - 1]) ||
		!str_to_int64(str_slice(rest, 1, rest.n), &distance) || distance < 0) {
		diag_error(x->diag, conf_place(x->node, from + (size_t)(rest.p - (x->s.p + from))),
			"%s wants to know how many words may stand between", name);
		diag_hint(x->diag, "%s/5: at most 5 words", name);
	} else if (distance > QUERY_MAX_DISTANCE) {
		diag_error(x->diag, conf_place(x->node, from), "%s/%lld: at most %d words", name,
			(long long)distance, QUERY_MAX_DISTANCE);
		distance = QUERY_MAX_DISTANCE;
	} else if (distance == 0) {
		diag_note(x->diag, conf_place(x->node, from), "%s/0: with no word between", name);
		if (!ordered)
			diag_hint(x->diag, "next to each other, in either order");
	}
	t->distance = (uint32_t)distance;
}

/* NEAR with nothing or a sign behind it; NEARLY is a word. */
static bool begins_near(struct str word, struct str name)
{
	return str_starts(word, name) &&
		(word.n == name.n || (!is_letter(word.p[name.n]) && word.p[name.n] > 0));
}

static bool add_operator(struct lexer *x, size_t from, size_t to)
{
	struct str word = str_slice(x->s, from, to);
	if (str_eq(word, STR("AND")))
		add(x, QUERY_AND, from, to);
	else if (str_eq(word, STR("OR")))
		add(x, QUERY_OR, from, to);
	else if (str_eq(word, STR("NOT")))
		add(x, QUERY_NOT, from, to);
	else if (begins_near(word, STR("NEAR")))
		add_near(x, from, to, str_slice(word, 4, word.n), false);
	else if (begins_near(word, STR("ONEAR")))
		add_near(x, from, to, str_slice(word, 5, word.n), true);
	else
		return false;
	return true;
}

/* --- fields --- */

/* The length of "name" in "name:value", or 0. */
static size_t name_length(const struct lexer *x, size_t from)
{
	size_t i = from;
	while (is_letter(char_at(x, i)) || char_at(x, i) == '_')
		i++;
	return char_at(x, i) == ':' ? i - from : 0;
}

static struct str lower(struct str s, char *out, size_t size)
{
	size_t n = s.n < size ? s.n : size;
	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
	return (struct str){ out, n };
}

static void unknown_field(struct lexer *x, size_t from, struct str name)
{
	char lowered[32];
	struct str known = lower(name, lowered, sizeof lowered);
	if (str_starts(str_slice(x->s, from + name.n, x->s.n), STR("://"))) {
		error_at(x, from, "a link is no term");
		diag_hint(
			x->diag, "words in links are found by url:word, sites by site:example.com");
		return;
	}
	diag_error(x->diag, conf_place(x->node, from), "unknown field: '%.*s'", STR_ARGS(name));
	if (operator_known(known)) {
		diag_hint(x->diag, "fields are written in small letters: '%.*s:'", STR_ARGS(known));
		return;
	}
	const char *foreign = foreign_field(known);
	struct str near = operator_nearest(known);
	if (foreign)
		diag_hint(x->diag, "%s", foreign);
	else if (near.p)
		diag_hint(x->diag, "did you mean '%.*s:'?", STR_ARGS(near));
	else
		diag_hint(x->diag, "a text with a colon goes in double quotes");
}

/* name:value at x->i, of which `n` bytes are the name. */
static void add_field(struct lexer *x, size_t n)
{
	size_t from = x->i, value = from + n + 1;
	struct str name = str_slice(x->s, from, from + n);
	bool term = str_eq(name, STR("list")) || str_eq(name, STR("stem"));
	bool text = term || str_eq(name, STR("title")) || str_eq(name, STR("text"));
	bool known = term || operator_known(name);
	if (!known)
		unknown_field(x, from, name);
	size_t end = char_at(x, value) == '(' ? value : term_end(x, value, text);
	bool empty = end == value && (char_at(x, value) != '(' || term);
	if (end != SIZE_MAX)
		x->i = end;
	if (empty && known) {
		diag_error(x->diag, conf_place(x->node, value), "a value is missing after '%.*s:'",
			STR_ARGS(name));
		if (space_at(x, value))
			diag_hint(x->diag, "no space stands behind the colon");
	}
	bool good = known && end != SIZE_MAX && !empty;
	struct query_token *t = add(
		x, good ? (term ? QUERY_TERM : QUERY_FIELD) : QUERY_BAD, from, x->i);
	if (good && !term) {
		t->name = name;
		t->text = str_slice(x->s, value, end);
	}
	if (!good && char_at(x, x->i) == '(') {
		t->kind = QUERY_FIELD; /* with what it groups, which is read and then left out */
		t->text = STR_NONE;
	}
}

/* --- all --- */

static void add_word(struct lexer *x)
{
	size_t from = x->i, name = name_length(x, from);
	if (name) {
		add_field(x, name);
		return;
	}
	size_t end = term_end(x, from, true);
	if (end == SIZE_MAX) {
		add(x, QUERY_BAD, from, x->i);
		return;
	}
	x->i = end;
	struct str word = str_slice(x->s, from, end);
	bool bare = str_find_char(STR("\"/="), word.p[0]) == SIZE_MAX || word.n == 1;
	if (bare && add_operator(x, from, end))
		return;
	if (bare && !is_sensible(x, from, word)) {
		add(x, QUERY_BAD, from, end);
		return;
	}
	add(x, QUERY_TERM, from, end);
	if (bare && char_at(x, end) == '(') {
		error_at(x, end, "a space is missing between a word and '('");
		diag_hint(x->diag, "a word with parentheses goes in double quotes");
	}
}

/* Right behind a term in quotes, a regex or a parenthesis another word began. */
static void refuse_touching(struct lexer *x)
{
	const struct query_token *last = x->count ? &x->tokens[x->count - 1] : NULL;
	bool ended = last &&
		(last->kind == QUERY_TERM || last->kind == QUERY_FIELD ||
			last->kind == QUERY_CLOSE);
	size_t i = x->i;
	if (ended && i > 0 && !space_at(x, i) && !ends_word(x, i) && x->s.p[i] != '-')
		error_at(x, i, "a space is missing here");
}

static void next_token(struct lexer *x)
{
	size_t i = x->i;
	char c = x->s.p[i];
	if (c == '(' || c == ')') {
		add(x, c == '(' ? QUERY_OPEN : QUERY_CLOSE, i, i + 1);
		x->i++;
	} else if (c == '-' && i + 1 < x->s.n && !space_at(x, i + 1) && x->s.p[i + 1] != ')') {
		add(x, QUERY_NOT, i, i + 1);
		x->i++;
	} else if (!refuse_curly(x) && !refuse_single_quotes(x) && !refuse_dash(x)) {
		add_word(x);
	}
	if (x->i < x->s.n && !space_at(x, x->i))
		refuse_touching(x);
}

/* Places come last, in one pass over the scalar. */
static void find_places(struct lexer *x)
{
	enum { AT_ONCE = 64 };
	size_t bytes[AT_ONCE];
	struct where places[AT_ONCE];
	for (size_t i = 0; i < x->count; i += AT_ONCE) {
		size_t n = x->count - i < AT_ONCE ? x->count - i : AT_ONCE;
		for (size_t k = 0; k < n; k++)
			bytes[k] = x->tokens[i + k].from;
		conf_places(x->node, bytes, n, places);
		for (size_t k = 0; k < n; k++)
			x->tokens[i + k].at = places[k];
	}
}

size_t query_lex(const struct conf_node *node, struct query_token *tokens, struct diag *diag)
{
	struct lexer x = { .node = node, .s = node->text, .tokens = tokens, .diag = diag };
	while (x.i < x.s.n) {
		size_t space = space_at(&x, x.i);
		if (space)
			x.i += space;
		else
			next_token(&x);
	}
	add(&x, QUERY_END, x.s.n, x.s.n);
	find_places(&x);
	return x.count;
}
