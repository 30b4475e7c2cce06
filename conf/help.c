#include "conf/help.h"

#include "base/utf8.h"
#include "conf/values.h"

enum { LINE_CHARS = 100, GAP_CHARS = 2, WIDEST_TYPE_CHARS = 28 };

static void write_value(enum conf_type type, int64_t value, struct buf *out)
{
	if (type == CONF_DURATION)
		value_write_duration(value, out);
	else if (type == CONF_SIZE)
		value_write_size(value, out);
	else
		buf_addf(out, "%lld", (long long)value);
}

static const char *type_name(enum conf_type type)
{
	static const char *const names[] = {
		[CONF_TEXT] = "text",
		[CONF_SECRET] = "secret",
		[CONF_PATH] = "path",
		[CONF_BOOL] = "true | false",
		[CONF_INT] = "number",
		[CONF_DURATION] = "duration",
		[CONF_SIZE] = "size",
		[CONF_CHOICE] = "",
		[CONF_TEXTS] = "texts",
		[CONF_SECRETS] = "secrets",
		[CONF_TREE] = "see manual",
	};
	return names[type];
}

void conf_help_type(const struct conf_field *f, struct buf *out)
{
	buf_add(out, str_of(type_name(f->type)));
	bool ranged = f->type == CONF_INT || f->type == CONF_DURATION || f->type == CONF_SIZE;
	if (ranged && (f->min || f->max)) {
		buf_add(out, STR(", "));
		if (f->max == INT64_MAX)
			buf_add(out, STR("at least "));
		write_value(f->type, f->min, out);
		if (f->max != INT64_MAX) {
			buf_add(out, STR(" to "));
			write_value(f->type, f->max, out);
		}
	}
	if (f->type == CONF_CHOICE) {
		for (size_t i = 0; f->choices[i]; i++)
			buf_addf(out, "%s%s", i ? " | " : "", f->choices[i]);
	}
}

static size_t type_chars(const struct conf_field *f)
{
	struct buf text;
	buf_init(&text, 0);
	conf_help_type(f, &text);
	size_t n = utf8_count(buf_str(&text));
	buf_finish(&text);
	return n;
}

static struct str default_of(const struct conf_field *f)
{
	return f->required ? STR("required") : f->fallback ? str_of(f->fallback) : STR("-");
}

static void pad(struct buf *out, size_t chars)
{
	while (chars--)
		buf_add_char(out, ' ');
}

/* One cell and the spaces behind it; a cell that is too wide pushes the rest on. */
static void write_cell(struct buf *out, struct str text, size_t width)
{
	size_t n = utf8_count(text);
	buf_add(out, text);
	pad(out, (n < width ? width - n : 0) + GAP_CHARS);
}

/* The words from column `indent` on; `at` is where the line stands. */
static void write_wrapped(struct buf *out, struct str text, size_t indent, size_t at)
{
	struct str word;
	bool first = true;
	while (str_next(&text, ' ', &word)) {
		size_t n = utf8_count(word);
		if (!first && at + 1 + n > LINE_CHARS) {
			buf_add_char(out, '\n');
			pad(out, indent);
			at = indent;
			first = true;
		}
		if (!first)
			buf_add_char(out, ' ');
		buf_add(out, word);
		at += n + !first;
		first = false;
	}
}

struct widths {
	size_t key, type, fallback;
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void write_row(struct buf *out, const struct conf_field *f, const struct widths *w)
{
	struct buf type;
	buf_init(&type, 0);
	conf_help_type(f, &type);
	size_t from = out->n;
	write_cell(out, str_of(f->key), w->key);
	write_cell(out, buf_str(&type), w->type);
	write_cell(out, default_of(f), w->fallback);
	size_t at = utf8_count(str_slice(buf_str(out), from, out->n));
	size_t indent = w->key + w->type + w->fallback + 3 * GAP_CHARS;
	write_wrapped(out, str_of(f->help), indent, at);
	buf_add_char(out, '\n');
	buf_finish(&type);
}

void conf_help(const struct conf_field *fields, struct buf *out)
{
	struct widths w = { 0 };
	for (const struct conf_field *f = fields; f && f->key; f++) {
		size_t chars = type_chars(f);
		w.key = larger(w.key, utf8_count(str_of(f->key)));
		w.fallback = larger(w.fallback, utf8_count(default_of(f)));
		if (chars <= WIDEST_TYPE_CHARS)
			w.type = larger(w.type, chars);
	}
	for (const struct conf_field *f = fields; f && f->key; f++)
		write_row(out, f, &w);
}
