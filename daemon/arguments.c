#include "daemon/arguments.h"

#include <string.h>

#include "base/diag.h"
#include "daemon/command.h"

enum { MAX_KNOWN = 32 };

static bool is_optional(const struct argument *a)
{
	return a->value && a->value[0] == '[';
}

static const struct argument *of_letter(const struct argument *table, char letter)
{
	for (; table && table->name; table++) {
		if (table->letter == letter)
			return table;
	}
	return NULL;
}

static const struct argument *of_name(const struct argument *table, struct str name)
{
	for (; table && table->name; table++) {
		if (str_eq(str_of(table->name), name))
			return table;
	}
	return NULL;
}

static int unknown_name(const struct command *c, struct str name)
{
	struct str known[MAX_KNOWN];
	size_t count = 0;
	for (const struct argument *a = c->options; a && a->name && count < MAX_KNOWN; a++)
		known[count++] = str_of(a->name);
	struct str near = diag_nearest(name, known, count);
	if (near.p)
		return command_usage(c, "no such option: '--%.*s'; did you mean '--%.*s'?",
			STR_ARGS(name), STR_ARGS(near));
	return command_usage(c, "no such option: '--%.*s'", STR_ARGS(name));
}

/* -1, or the exit code. */
static int set(const struct command *c, const struct argument *a, const char *value, void *options)
{
	void *member = (char *)options + a->offset;
	if (a->take)
		return a->take(c, value, member) ? -1 : EXIT_USAGE;
	if (a->value)
		*(const char **)member = value;
	else
		*(bool *)member = true;
	return -1;
}

/* --name, --name=value, --name value. *next: the argument behind it, or NULL; NULL once taken. */
static int parse_long(const struct command *c, const char *text, char **next, void *options)
{
	const char *sign = strchr(text, '=');
	struct str name = sign ? (struct str){ text, (size_t)(sign - text) } : str_of(text);
	const char *value = sign ? sign + 1 : NULL;
	if (str_eq(name, STR("help"))) {
		command_help(c, stdout);
		return EXIT_FOUND;
	}
	const struct argument *a = of_name(c->options, name);
	if (!a)
		return unknown_name(c, name);
	if (value && !a->value)
		return command_usage(c, "--%s takes no value: '--%s'", a->name, text);
	if (a->value && !is_optional(a) && !value) {
		if (!*next)
			return command_usage(c, "--%s needs its %s", a->name, a->value);
		value = *next;
		*next = NULL;
	}
	return set(c, a, value, options);
}

/* -c value, -cvalue, and flags together. */
static int parse_letters(const struct command *c, const char *text, char **next, void *options)
{
	for (; *text; text++) {
		if (*text == 'h') {
			command_help(c, stdout);
			return EXIT_FOUND;
		}
		const struct argument *a = of_letter(c->options, *text);
		if (!a)
			return command_usage(c, "no such option: '-%c'", *text);
		const char *value = a->value && text[1] ? text + 1 : NULL;
		if (a->value && !is_optional(a) && !value) {
			if (!*next)
				return command_usage(c, "-%c needs its %s", *text, a->value);
			value = *next;
			*next = NULL;
		}
		int code = set(c, a, value, options);
		if (code >= 0 || value)
			return code;
	}
	return -1;
}

int arguments_parse(
	const struct command *c, int argc, char **argv, void *options, struct operands *operands)
{
	int count = 1;
	bool ended = false;
	for (int i = 1; i < argc; i++) {
		char *text = argv[i], *next = argv[i + 1];
		int code = -1;
		if (ended || text[0] != '-' || !text[1])
			argv[count++] = text;
		else if (strcmp(text, "--") == 0)
			ended = true;
		else if (text[1] == '-')
			code = parse_long(c, text + 2, &next, options);
		else
			code = parse_letters(c, text + 1, &next, options);
		if (code >= 0)
			return code;
		i += !next && argv[i + 1] && !ended;
	}
	argv[count] = NULL;
	*operands = (struct operands){ (const char *const *)argv + 1, (size_t)count - 1 };
	return -1;
}

static void add_row(const struct argument *a, struct buf *out)
{
	enum { COLUMN = 22 };
	struct str help = str_of(a->help), line;
	size_t start = out->n;
	buf_add(out, STR("  "));
	if (a->letter)
		buf_addf(out, "-%c, ", a->letter);
	else
		buf_add(out, STR("    "));
	buf_addf(out, "--%s", a->name);
	if (a->value)
		buf_addf(out, "%s%s", is_optional(a) ? "" : " ", a->value);
	while (str_next(&help, '\n', &line)) {
		if (out->n - start + 2 > COLUMN) {
			buf_add_char(out, '\n');
			start = out->n;
		}
		buf_addf(out, "%*s%.*s\n", (int)(COLUMN - (out->n - start)), "", STR_ARGS(line));
		start = out->n;
	}
}

void arguments_help(const struct argument *table, struct buf *out)
{
	for (; table && table->name; table++)
		add_row(table, out);
}
