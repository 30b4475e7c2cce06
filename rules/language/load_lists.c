#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/language/fields.h"
#include "rules/language/load.h"

static bool begins_with_word(struct str s)
{
	uint32_t c;
	if (s.n == 0)
		return false;
	utf8_read(s, 0, &c);
	return fold_class(c) & FOLD_WORD;
}

/* The line without its comment: what follows a "#" that stands at the beginning or after white
 * space, unless a word character follows, which makes it a hashtag. */
static struct str without_comment(struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		bool begins = i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t';
		bool space = i + 1 == line.n || line.p[i + 1] == ' ' || line.p[i + 1] == '\t';
		if (line.p[i] != '#' || !begins)
			continue;
		bool first = str_trim(str_slice(line, 0, i)).n == 0;
		if (space || (first && !begins_with_word(str_slice(line, i + 1, line.n))))
			return str_slice(line, 0, i);
	}
	return line;
}

/* False if an error was reported. */
static bool add_line(struct loader *l, struct term_list *list, struct str line, struct where at)
{
	if (!utf8_valid(line)) {
		diag_error(l->diag, at, "this line is not UTF-8");
		diag_hint(l->diag, "save the file as UTF-8");
		return false;
	}
	line = without_comment(line);
	if (str_trim(line).n == 0)
		return true;
	struct term *term = load_new_term(l, at);
	if (!term)
		return false;
	if (!term_parse(line, NULL, at, &l->rules->arena, term, l->diag)) {
		load_drop_term(l);
		return false;
	}
	term->listed = true;
	term->owner = (uint32_t)(list - l->rules->lists);
	list->term_count++;
	return true;
}

/* A list file while it is read. */
struct lines {
	struct loader *l;
	struct term_list *list;
	struct where at; /* of the last line */
	struct buf data; /* what was read and not looked at */
	bool ok;
};

static bool is_full(const struct lines *lines)
{
	return lines->l->rules->term_count == RULES_MAX_TERMS && !lines->ok;
}

/* The whole lines of what was read; at the end also the last one, without its end. */
static void add_lines(struct lines *lines, bool end)
{
	struct str rest = buf_str(&lines->data), line;
	const char *last = rest.n ? memrchr(rest.p, '\n', rest.n) : NULL;
	size_t whole = end ? rest.n : last ? (size_t)(last - rest.p) + 1 : 0;
	rest.n = whole;
	if (lines->at.line == 0 && str_starts(rest, STR("\xEF\xBB\xBF")))
		rest = str_slice(rest, 3, rest.n);
	while (rest.n > 0 && !is_full(lines) && str_next(&rest, '\n', &line)) {
		lines->at.line++;
		if (!add_line(lines->l, lines->list, line, lines->at))
			lines->ok = false;
	}
	buf_cut(&lines->data, whole);
}

/* Reads a regular file piece by piece. 0 or -errno. */
static int read_lines(int fd, struct lines *lines)
{
	enum { STEP_BYTES = 256 * 1024 };
	size_t left = CONF_MAX_BYTES;
	struct stat info;
	if (fstat(fd, &info) < 0)
		return -errno;
	if (!S_ISREG(info.st_mode))
		return S_ISDIR(info.st_mode) ? -EISDIR : -EINVAL;
	if (info.st_size > CONF_MAX_BYTES)
		return -EFBIG;
	while (!is_full(lines)) {
		ssize_t n = read(fd, buf_room(&lines->data, STEP_BYTES), STEP_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n > left)
			return -EFBIG; /* it grew */
		left -= (size_t)n;
		lines->data.n += (size_t)n;
		add_lines(lines, n == 0);
		if (n == 0)
			break;
	}
	return 0;
}

/* Keeps the file's text for the lines that messages show. */
static void show_lines(struct loader *l, int fd, const char *file)
{
	struct buf text;
	ssize_t n = 0;
	buf_init(&text, CONF_MAX_BYTES);
	for (char *at; (at = buf_room(&text, 64 * 1024)) != NULL; text.n += (size_t)n) {
		n = pread(fd, at, 64 * 1024, (off_t)text.n);
		if (n <= 0)
			break;
	}
	diag_add_text(l->diag, file, buf_str(&text));
	buf_finish(&text);
}

static int load_lines(struct loader *l, struct term_list *list, const char *path)
{
	struct lines lines = { .l = l, .list = list, .ok = true };
	size_t messages = diag_count(l->diag, DIAG_NOTE);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	lines.at = (struct where){ arena_text(&l->rules->arena, str_of(path)), 0, 1 };
	buf_init(&lines.data, 0);
	int error = read_lines(fd, &lines);
	if (!lines.ok || diag_count(l->diag, DIAG_NOTE) > messages)
		show_lines(l, fd, lines.at.file);
	buf_finish(&lines.data);
	(void)close(fd); /* it was only read */
	return error;
}

void load_list_file(struct loader *l, struct term_list *list, const char *path, struct where at)
{
	list->first_term = (uint32_t)l->rules->term_count;
	int error = load_lines(l, list, path);
	if (error)
		diag_error(l->diag, at, "cannot read the list file '%s': %s", path,
			error == -EINVAL ? "it is not a regular file" : error_text(error));
	if (!error && list->term_count == 0)
		diag_warning(l->diag, at, "the list file '%s' holds no term", path);
}

static void inline_list(struct loader *l, struct term_list *list, const struct conf_node *node)
{
	list->first_term = (uint32_t)l->rules->term_count;
	for (size_t i = 0; i < node->count; i++) {
		const struct conf_node *item = &node->items[i];
		if (item->kind == CONF_LIST || item->kind == CONF_MAP) {
			load_expected(l, item, "a term");
			continue;
		}
		struct term *term = load_new_term(l, item->at);
		if (!term)
			return;
		if (!term_parse(item->text, item, item->at, &l->rules->arena, term, l->diag)) {
			load_drop_term(l);
			continue;
		}
		term->at = load_place(l, term->at);
		term->listed = true;
		term->owner = (uint32_t)(list - l->rules->lists);
		list->term_count++;
	}
}

static void load_list(struct loader *l, struct term_list *list, const struct conf_node *node)
{
	if (node->kind == CONF_LIST) {
		inline_list(l, list, node);
		if (node->count == 0)
			diag_warning(l->diag, node->at, "this list is empty");
	} else if (node->kind == CONF_MAP) {
		struct list_keys keys;
		if (conf_decode(rules_list_fields, NULL, node, &keys, &l->rules->arena, l->diag))
			load_list_file(l, list, arena_text(&l->rules->arena, keys.file), node->at);
	} else {
		load_expected(l, node, "a list of terms or {file: PATH}");
	}
}

void load_lists(struct loader *l, const struct conf_node *lists)
{
	if (!lists || lists->kind == CONF_NULL)
		return;
	if (lists->kind != CONF_MAP) {
		load_expected(l, lists, "a map of names and lists");
		return;
	}
	struct rules *r = l->rules;
	r->lists = arena_array(&r->arena, struct term_list, lists->count);
	l->positive = mem_zero(lists->count, sizeof *l->positive);
	for (size_t i = 0; i < lists->count; i++) {
		const struct conf_key *key = &lists->keys[i];
		struct term_list *list = &r->lists[r->list_count++];
		list->name = arena_str(&r->arena, key->text);
		list->at = load_place(l, key->at);
		if (!conf_name_ok(key->text))
			diag_error(l->diag, key->at,
				"the name of a list is made of 1 to 64 of a-z, 0-9, - and _");
		load_list(l, list, &lists->items[i]);
		(void)map_set(&r->list_by_name, list->name, list);
	}
}
