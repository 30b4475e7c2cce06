#include "sources/mail_body.h"

#include "sources/mail_tags.h"

enum { ATTRIBUTION_MAX_BYTES = 400, ATTRIBUTION_MAX_LINES = 3 };

/* ---- what begins a quote ---- */

static bool holds(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_find(s, str_of(*words)) != SIZE_MAX)
			return true;
	return false;
}

static bool starts_with_one(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_starts(s, str_of(*words)))
			return true;
	return false;
}

/* "Le 3 mai, Jeanne Petit <j@example.org> a écrit :" */
static bool is_attribution(struct str s)
{
	static const char *const verbs[] = { "écrit", "écrivait", "wrote", "writes", "schrieb",
		"escribió", "ha scritto", "schreef", "escreveu", NULL };
	return s.n <= ATTRIBUTION_MAX_BYTES && str_ends(s, STR(":")) && holds(s, verbs);
}

static bool begins_original(struct str line)
{
	static const char *const words[] = { "Original Message", "Message d'origine",
		"Message d’origine", "Message original", "Ursprüngliche Nachricht",
		"Mensaje original", "Messaggio originale", NULL };
	return str_starts(line, STR("--")) && str_ends(line, STR("--")) && holds(line, words);
}

static bool begins_head(struct str line)
{
	static const char *const words[] = { "De :", "De\xC2\xA0:", "De:", "From:", "Von:", NULL };
	return starts_with_one(line, words);
}

static bool goes_on_with_head(struct str line)
{
	static const char *const words[] = { "Envoyé", "Sent:", "Gesendet:", "Enviado", NULL };
	return starts_with_one(line, words);
}

/* ---- lines ---- */

struct plain {
	const struct mail_flow *flow;
	struct buf *out;
	bool in_quote, ended;
	size_t head_at; /* of the line before, if it may begin a head; else SIZE_MAX */
	/* flowed: the line so far, and how deep it is quoted */
	struct buf line;
	size_t depth;
	bool open;
};

/* The start of the last line before `end` that is not blank, and its text; SIZE_MAX: none. */
static size_t last_line(struct str text, size_t end, struct str *line)
{
	while (end > 0) {
		size_t start = end - 1; /* the LF */
		while (start > 0 && text.p[start - 1] != '\n')
			start--;
		*line = str_trim(str_slice(text, start, end));
		if (line->n)
			return start;
		end = start;
	}
	return SIZE_MAX;
}

static void cut_at(struct buf *out, size_t at)
{
	if (at >= out->n)
		return;
	out->n = at;
	out->p[at] = '\0';
}

static bool begins_attribution(struct str line)
{
	static const char *const words[] = { "Le ", "On ", "Am ", "El ", "Il ", "Op ", "Em ",
		NULL };
	return starts_with_one(line, words);
}

/* Cuts off what announces the quote that begins here; it may take some lines, with no blank one
 * between them. */
static void cut_attribution(struct buf *out)
{
	const struct str text = buf_str(out);
	struct str line;
	size_t start = last_line(text, text.n, &line), cut = SIZE_MAX;
	if (start == SIZE_MAX || !str_ends(line, STR(":")))
		return;
	const size_t end = (size_t)(line.p + line.n - text.p);
	for (int i = 0; i < ATTRIBUTION_MAX_LINES && start != SIZE_MAX; i++) {
		const struct str whole = str_trim(str_slice(text, start, end));
		if (is_attribution(whole) && (cut == SIZE_MAX || begins_attribution(whole)))
			cut = start;
		if ((cut == start && begins_attribution(whole)) || start < 2 ||
			text.p[start - 2] == '\n')
			break;
		start = last_line(text, start, &line);
	}
	cut_at(out, cut);
}

static void cut_to(struct plain *p, size_t at)
{
	p->ended = true;
	cut_at(p->out, at);
}

static void emit(struct plain *p, struct str line, bool quoted)
{
	const struct str shown = str_trim(line);
	const size_t head_at = p->head_at;
	if (p->ended)
		return;
	if (p->flow->drop_quotes) {
		if (quoted && !p->in_quote)
			cut_attribution(p->out);
		if (quoted || shown.n)
			p->in_quote = quoted;
		if (quoted)
			return;
		if (begins_original(shown)) {
			cut_to(p, SIZE_MAX);
			return;
		}
		if (head_at != SIZE_MAX && goes_on_with_head(shown)) {
			cut_to(p, head_at);
			return;
		}
		p->head_at = begins_head(shown) ? p->out->n : SIZE_MAX;
	}
	buf_add(p->out, line);
	buf_add_char(p->out, '\n');
}

static void close_line(struct plain *p)
{
	if (p->open && p->depth == 0) {
		emit(p, buf_str(&p->line), false);
	} else if (p->open) {
		struct buf whole;
		buf_init(&whole, p->line.max_bytes + p->depth + 1);
		for (size_t i = 0; i < p->depth; i++)
			buf_add_char(&whole, '>');
		buf_add_char(&whole, ' ');
		buf_add(&whole, buf_str(&p->line));
		emit(p, buf_str(&whole), true);
		buf_finish(&whole);
	}
	buf_clear(&p->line);
	p->open = false;
}

static void add_flowed(struct plain *p, struct str line)
{
	size_t depth = 0;
	while (depth < line.n && line.p[depth] == '>')
		depth++;
	line = str_slice(line, depth, line.n);
	if (str_starts(line, STR(" ")))
		line = str_slice(line, 1, line.n); /* stuffed */
	const bool signature = str_eq(line, STR("-- "));
	if (p->open && (depth != p->depth || signature))
		close_line(p);
	p->open = true;
	p->depth = depth;
	const bool goes_on = str_ends(line, STR(" ")) && !signature;
	if (goes_on && p->flow->delsp)
		line = str_slice(line, 0, line.n - 1);
	buf_add(&p->line, line);
	if (!goes_on)
		close_line(p);
}

static void add_lines(struct str text, const struct mail_flow *flow, struct buf *out)
{
	struct plain p = { .flow = flow, .out = out, .head_at = SIZE_MAX };
	struct str line;
	buf_init(&p.line, out->max_bytes);
	while (!p.ended && !out->full && str_next(&text, '\n', &line)) {
		if (str_ends(line, STR("\r")))
			line = str_slice(line, 0, line.n - 1);
		if (flow->flowed)
			add_flowed(&p, line);
		else
			emit(&p, line, str_starts(line, STR(">")));
	}
	close_line(&p);
	buf_finish(&p.line);
}

void mail_body_plain(struct str text, const struct mail_flow *flow, struct buf *out)
{
	struct mail_flow all = *flow;
	struct buf own;
	buf_init(&own, out->max_bytes);
	add_lines(text, flow, &own);
	if (str_trim(buf_str(&own)).n == 0 && flow->drop_quotes) {
		buf_clear(&own);
		all.drop_quotes = false;
		add_lines(text, &all, &own);
	}
	buf_add(out, buf_str(&own));
	buf_finish(&own);
}

/* ---- HTML ---- */

static bool is_quote(struct str name, struct str tag)
{
	struct str value;
	if (str_eq_ignore_case(name, STR("blockquote")))
		return mail_attribute(tag, STR("type"), &value) &&
			str_eq_ignore_case(value, STR("cite"));
	return str_eq_ignore_case(name, STR("div")) && mail_attribute(tag, STR("class"), &value) &&
		mail_has_word(value, STR("gmail_quote"));
}

void mail_body_unquoted(struct str html, struct buf *out)
{
	struct mail_tags tags = { .rest = html };
	struct mail_tag tag;
	struct str open = STR_NONE; /* the name of the element that is left out */
	size_t depth = 0;
	while (mail_next_tag(&tags, &tag)) {
		if (!depth) {
			buf_add(out, tag.before);
			if (tag.closing || !is_quote(tag.name, tag.whole)) {
				buf_add(out, tag.whole);
				continue;
			}
			open = tag.name;
		}
		if (str_eq_ignore_case(tag.name, open))
			depth += tag.closing ? (size_t)-1 : 1;
	}
	if (!depth)
		buf_add(out, tags.rest);
}
