#include "notifiers/bubble.h"

#include "base/escape.h"
#include "notifiers/clean.h"

enum { HIT_FROM = 1, HIT_TO = 2 };

static void add_field(struct clean *c, const struct match *match, enum post_field field)
{
	struct marks marks;
	struct str piece;
	bool hit;
	marks_init(&marks, match, field);
	while (!c->cut && marks_next(&marks, &piece, &hit)) {
		clean_space(c);
		bool marked = hit && !c->cut;
		if (marked)
			buf_add_char(c->out, HIT_FROM);
		clean_add(c, piece);
		if (marked)
			buf_add_char(c->out, HIT_TO);
	}
}

void bubble_render(enum language language, const struct alert *alert, struct buf *out)
{
	const struct match *m = &alert->match;
	struct buf line;
	buf_init(&line, 0);
	buf_addf(&line, "%.*s (%.*s)", STR_ARGS(m->rule),
		STR_ARGS(word_of_severity(language, m->severity)));
	if (m->post->author.handle.n || m->post->author.name.n) {
		buf_add(&line, word_of(language, WORD_COLON));
		clean_author(&m->post->author, &line);
	}
	buf_addf(out, "%d\n", (int)m->severity);
	clean_line(m->rule, BUBBLE_SUMMARY_CHARACTERS, out);
	buf_add_char(out, '\n');
	clean_line(buf_str(&line), BUBBLE_SUMMARY_CHARACTERS - 1, out); /* 1 for the ellipsis */
	buf_add_char(out, '\n');
	buf_finish(&line);

	struct clean c;
	clean_init(&c, out, true, BUBBLE_BODY_CHARACTERS - 1);
	add_field(&c, m, FIELD_TITLE);
	if (m->post->title.n && m->post->text.n)
		clean_add(&c, STR(" \xE2\x80\x94 "));
	add_field(&c, m, FIELD_TEXT);
	buf_add_char(out, '\n');
}

bool bubble_read(struct str rendered, struct bubble *bubble)
{
	struct str rest = rendered, severity;
	if (!str_next(&rest, '\n', &severity) || !str_next(&rest, '\n', &bubble->rule) ||
		!str_next(&rest, '\n', &bubble->summary) || !str_next(&rest, '\n', &bubble->body))
		return false;
	int64_t number;
	if (!str_to_int64(severity, &number) || number < SEVERITY_LOW || number > SEVERITY_CRITICAL)
		return false;
	bubble->severity = (enum severity)number;
	return true;
}

/* The next piece without marks; *mark is what ended it: HIT_FROM, HIT_TO or 0 at the end. */
static bool next_piece(struct str *rest, struct str *piece, char *mark)
{
	if (!rest->n)
		return false;
	size_t i = 0;
	while (i < rest->n && rest->p[i] != HIT_FROM && rest->p[i] != HIT_TO)
		i++;
	*piece = str_slice(*rest, 0, i);
	*mark = i < rest->n ? rest->p[i] : 0;
	*rest = str_slice(*rest, i + 1, rest->n);
	return true;
}

void bubble_markup(struct str body, struct buf *out)
{
	struct str piece;
	char mark;
	while (next_piece(&body, &piece, &mark)) {
		escape_html(out, piece);
		if (mark)
			buf_add(out, mark == HIT_FROM ? STR("<b>") : STR("</b>"));
	}
}

void bubble_plain(struct str body, struct buf *out)
{
	struct str piece;
	char mark;
	while (next_piece(&body, &piece, &mark))
		buf_add(out, piece);
}
