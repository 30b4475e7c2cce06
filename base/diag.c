#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { SHOWN_LINE_CHARS = 120, NAME_MAX_CHARS = 64 };

struct text {
	struct text *next; /* diag::texts */
	const char *file;
	struct str content;
	size_t order;
};

struct message {
	enum diag_level level;
	struct where at;
	struct str text, hint;
	size_t file_order, order;
};

struct diag {
	struct arena arena;
	struct text *texts;
	size_t text_count;
	struct message *messages;
	size_t count, size;
	size_t level_count[3];
	bool last_dropped; /* so a hint has nothing to hang under */
};

struct diag *diag_create(void)
{
	struct diag *d = mem_zero(1, sizeof *d);
	arena_init(&d->arena, 0);
	return d;
}

void diag_destroy(struct diag *d)
{
	if (!d)
		return;
	arena_finish(&d->arena);
	mem_free(d->messages);
	mem_free(d);
}

static struct text *text_of(const struct diag *d, const char *file)
{
	for (struct text *t = d->texts; t; t = t->next) {
		if (strcmp(t->file, file) == 0)
			return t;
	}
	return NULL;
}

static struct text *text_known(struct diag *d, const char *file)
{
	struct text *t = text_of(d, file);
	if (t)
		return t;
	t = arena_new(&d->arena, struct text);
	t->file = arena_text(&d->arena, str_of(file));
	t->order = ++d->text_count;
	t->next = d->texts;
	d->texts = t;
	return t;
}

void diag_add_text(struct diag *d, const char *file, struct str text)
{
	text_known(d, file)->content = arena_str(&d->arena, text);
}

/* Goes through a text line by line; messages are asked for in the order of lines. */
struct line_cursor {
	const struct text *text;
	struct str rest, line;
	uint32_t number;
};

/* The bytes of that line; absent if there is none. */
static struct str line_of(struct line_cursor *c, const struct text *text, uint32_t number)
{
	if (c->text != text || number < c->number)
		*c = (struct line_cursor){ text, text->content, STR_NONE, 0 };
	for (; c->number < number; c->number++) {
		if (!str_next(&c->rest, '\n', &c->line))
			return STR_NONE;
	}
	bool ends_in_cr = str_ends(c->line, STR("\r"));
	return str_slice(c->line, 0, c->line.n - ends_in_cr);
}

void diag_hide(struct diag *d, struct where at)
{
	struct line_cursor cursor = { 0 };
	const struct text *t = at.file ? text_of(d, at.file) : NULL;
	struct str line = t && at.line ? line_of(&cursor, t, at.line) : STR_NONE;
	size_t from = 0;
	for (uint32_t col = 1; col < at.col && from < line.n; col++) {
		uint32_t c;
		size_t n = utf8_read(line, from, &c);
		from += n ? n : 1;
	}
	if (from == line.n)
		return;
	/* Overwritten, not only skipped: the copy is ours. */
	char *hidden = (char *)line.p + from;
	for (size_t i = 0; from + i < line.n; i++)
		hidden[i] = i < 3 ? '*' : ' ';
}

__attribute__((format(printf, 4, 0))) static void add(
	struct diag *d, enum diag_level level, struct where at, const char *format, va_list args)
{
	d->level_count[level]++;
	d->last_dropped = d->count == DIAG_MAX_MESSAGES;
	if (d->last_dropped)
		return;
	if (d->count == d->size) {
		d->size = d->size ? d->size * 2 : 16;
		d->messages = mem_resize(d->messages, d->size, sizeof *d->messages);
	}
	struct text *t = at.file ? text_known(d, at.file) : NULL;
	struct buf text;
	buf_init(&text, 0);
	buf_addv(&text, format, args);
	d->messages[d->count] = (struct message){
		.level = level,
		.at = { t ? t->file : NULL, at.line, at.col },
		.text = arena_str(&d->arena, buf_str(&text)),
		.file_order = t ? t->order : 0,
		.order = d->count,
	};
	d->count++;
	buf_finish(&text);
}

#define DIAG_FUNCTION(name, level)                                          \
	void name(struct diag *d, struct where at, const char *format, ...) \
	{                                                                   \
		va_list args;                                               \
		va_start(args, format);                                     \
		add(d, level, at, format, args);                            \
		va_end(args);                                               \
	}

DIAG_FUNCTION(diag_error, DIAG_ERROR)
DIAG_FUNCTION(diag_warning, DIAG_WARNING)
DIAG_FUNCTION(diag_note, DIAG_NOTE)

void diag_hint(struct diag *d, const char *format, ...)
{
	if (d->count == 0 || d->last_dropped)
		return;
	struct buf text;
	va_list args;
	buf_init(&text, 0);
	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	d->messages[d->count - 1].hint = arena_str(&d->arena, buf_str(&text));
	buf_finish(&text);
}

/* Damerau-Levenshtein with adjacent transpositions, over bytes: names are ASCII. */
static size_t edits(struct str a, struct str b)
{
	size_t rows[3][NAME_MAX_CHARS + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
				a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		size_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b.n];
}

struct str diag_nearest(struct str name, const struct str *known, size_t count)
{
	struct str best = STR_NONE;
	size_t best_edits = name.n < 5 ? 1 : (name.n + 1) / 3; /* further away is no typing error */
	if (name.n > NAME_MAX_CHARS)
		return STR_NONE;
	for (size_t i = 0; i < count; i++) {
		if (known[i].n > NAME_MAX_CHARS)
			continue;
		size_t n = edits(name, known[i]);
		if (n < best_edits || (n == best_edits && !best.p)) {
			best = known[i];
			best_edits = n;
		}
	}
	return best;
}

bool diag_failed(const struct diag *d)
{
	return d->level_count[DIAG_ERROR] > 0;
}

size_t diag_count(const struct diag *d, enum diag_level level)
{
	return d->level_count[level];
}

static int by_place(const void *left, const void *right)
{
	const struct message *a = left, *b = right;
	if (a->file_order != b->file_order)
		return a->file_order < b->file_order ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.col != b->at.col)
		return a->at.col < b->at.col ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static struct message *sorted(const struct diag *d)
{
	struct message *list = mem_zero(d->count + 1, sizeof *list);
	if (d->count) {
		memcpy(list, d->messages, d->count * sizeof *list);
		qsort(list, d->count, sizeof *list, by_place);
	}
	return list;
}

/* The line with a caret under its column; a long line is shown around it. */
static void show_line(struct buf *out, struct str line, uint32_t col)
{
	uint32_t first = col > SHOWN_LINE_CHARS / 2 ? col - SHOWN_LINE_CHARS / 2 : 0;
	struct buf shown;
	buf_init(&shown, 0);
	uint32_t number = 0;
	while (str_ends(line, STR(" ")))
		line.n--;
	for (size_t i = 0; i < line.n && number < first + SHOWN_LINE_CHARS; number++) {
		uint32_t c;
		size_t n = utf8_read(line, i, &c);
		bool plain = n && !escape_needed(c);
		if (number >= first)
			buf_add(&shown, plain ? str_slice(line, i, i + n) : STR(" "));
		i += n ? n : 1;
	}
	buf_addf(out, "    %.*s\n    %*s^\n", STR_ARGS(buf_str(&shown)),
		(int)(col - first > 0 ? col - first - 1 : 0), "");
	buf_finish(&shown);
}

static const char *const level_names[] = { "error", "warning", "note" };

static void print_head(const struct message *m, struct buf *out)
{
	if (m->at.file) {
		escape_control(out, str_of(m->at.file));
		buf_add_char(out, ':');
		if (m->at.line)
			buf_addf(out, "%u:%u:", m->at.line, m->at.col);
		buf_add_char(out, ' ');
	}
	buf_addf(out, "%s: ", level_names[m->level]);
	escape_control(out, m->text);
	buf_add_char(out, '\n');
}

void diag_print(const struct diag *d, struct buf *out)
{
	struct message *list = sorted(d);
	struct line_cursor cursor = { 0 };
	for (size_t i = 0; i < d->count; i++) {
		const struct message *m = &list[i];
		const struct text *t = m->at.file ? text_of(d, m->at.file) : NULL;
		struct str line = t && m->at.line ? line_of(&cursor, t, m->at.line) : STR_NONE;
		print_head(m, out);
		if (line.p)
			show_line(out, line, m->at.col);
		if (m->hint.p) {
			buf_add(out, STR("  hint: "));
			escape_control(out, m->hint);
			buf_add_char(out, '\n');
		}
	}
	size_t total = d->level_count[0] + d->level_count[1] + d->level_count[2];
	if (total > d->count)
		buf_addf(out, "(%zu more messages)\n", total - d->count);
	mem_free(list);
}

void diag_json(const struct diag *d, struct buf *out)
{
	struct message *list = sorted(d);
	buf_add_char(out, '[');
	for (size_t i = 0; i < d->count; i++) {
		const struct message *m = &list[i];
		buf_addf(out, "%s{\"level\":\"%s\",\"file\":", i ? "," : "", level_names[m->level]);
		escape_json(out, str_of(m->at.file));
		buf_addf(out, ",\"line\":%u,\"column\":%u,\"message\":", m->at.line, m->at.col);
		escape_json(out, m->text);
		buf_add(out, STR(",\"hint\":"));
		escape_json(out, m->hint);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
	mem_free(list);
}
