/* `include`: lists, rules and tests that stand in other files, merged into one tree before anything
 * is decoded, so that the rest does not know where they came from; each node knows its own file.
 * An included file includes nothing, so that there are no loops. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/values.h"
#include "daemon/config_keys.h"

enum { INCLUDE_MAX_FILES = 1000 };

static const char *const sections[] = { "lists", "rules", "tests" };
enum { SECTIONS = sizeof sections / sizeof *sections };

struct including {
	struct arena *arena;
	struct diag *diag;
	const char *root_path;
	const struct conf_node *files[INCLUDE_MAX_FILES];
	size_t count;
};

/* --- reading --- */

static bool is_section(struct str key)
{
	for (size_t i = 0; i < SECTIONS; i++) {
		if (str_eq(key, str_of(sections[i])))
			return true;
	}
	return false;
}

static void check_keys(struct including *x, const struct conf_node *file)
{
	if (file->kind != CONF_MAP && file->kind != CONF_NULL) {
		diag_error(x->diag, file->at, "expected a map with lists, rules or tests, not %s",
			conf_kind_name(file));
		return;
	}
	for (size_t i = 0; i < file->count; i++) {
		const struct conf_key *key = &file->keys[i];
		if (!key->text.p || is_section(key->text))
			continue;
		diag_error(
			x->diag, key->at, "not in an included file: '%.*s'", STR_ARGS(key->text));
		diag_hint(x->diag, "only lists, rules and tests may stand there");
	}
}

static bool same_file(const struct stat *info, const char *path)
{
	struct stat other;
	return stat(path, &other) == 0 && other.st_dev == info->st_dev &&
		other.st_ino == info->st_ino;
}

static void add_file(
	struct including *x, const char *path, const struct stat *info, struct where at)
{
	if (same_file(info, x->root_path)) {
		diag_error(x->diag, at, "the file includes itself: '%s'", path);
		return;
	}
	if (x->count == INCLUDE_MAX_FILES) {
		diag_error(x->diag, at, "too many files: at most %d", INCLUDE_MAX_FILES);
		return;
	}
	const struct conf_node *file = conf_read_file(path, x->arena, x->diag);
	if (!file)
		return;
	check_keys(x, file);
	x->files[x->count++] = file;
}

static bool wanted(struct str name)
{
	return !str_starts(name, STR(".")) &&
		(str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")));
}

static int by_name(const void *left, const void *right)
{
	return str_cmp(*(const struct str *)left, *(const struct str *)right);
}

/* The names of a folder's files, sorted, into the arena; mem_free. */
static struct str *list_folder(struct including *x, DIR *folder, size_t *count)
{
	struct str *names = NULL;
	size_t size = 0;
	*count = 0;
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (!wanted(str_of(entry->d_name)))
			continue;
		if (*count == size) {
			size = size ? 2 * size : 16;
			names = mem_resize(names, size, sizeof *names);
		}
		names[(*count)++] = arena_str(x->arena, str_of(entry->d_name));
	}
	if (*count)
		qsort(names, *count, sizeof *names, by_name);
	return names;
}

static void add_folder(struct including *x, const char *path, struct where at)
{
	DIR *folder = opendir(path);
	if (!folder) {
		diag_error(x->diag, at, "cannot open '%s': %s", path, error_text(errno));
		return;
	}
	size_t count;
	struct str *names = list_folder(x, folder, &count);
	(void)closedir(folder); /* it was only read */
	for (size_t i = 0; i < count && x->count < INCLUDE_MAX_FILES; i++) {
		struct str file = arena_format(x->arena, "%s/%.*s", path, STR_ARGS(names[i]));
		struct stat info;
		if (stat(file.p, &info) != 0)
			diag_error(x->diag, at, "cannot open '%s': %s", file.p, error_text(errno));
		else
			add_file(x, file.p, &info, at);
	}
	if (count > INCLUDE_MAX_FILES)
		diag_error(x->diag, at, "too many files: at most %d", INCLUDE_MAX_FILES);
	if (count == 0)
		diag_warning(x->diag, at, "no file ends in .yaml or .yml in '%s'", path);
	mem_free(names);
}

static void add_path(struct including *x, const struct conf_node *node)
{
	struct str path;
	struct stat info;
	if (!value_path(node, x->arena, &path, x->diag))
		return;
	if (stat(path.p, &info) != 0)
		diag_error(x->diag, node->at, "cannot open '%s': %s", path.p, error_text(errno));
	else if (S_ISDIR(info.st_mode))
		add_folder(x, path.p, node->at);
	else
		add_file(x, path.p, &info, node->at);
}

/* --- merging --- */

static const struct conf_key *key_in(const struct conf_node *map, struct str name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (str_eq(map->keys[i].text, name))
			return &map->keys[i];
	}
	return NULL;
}

/* Adds what `from` holds to the end of `to`, which has room. */
static void append(struct including *x, struct conf_node *to, const struct conf_node *from)
{
	for (size_t i = 0; i < from->count; i++) {
		if (to->kind == CONF_MAP) {
			const struct conf_key *key = &from->keys[i], *taken = key_in(to, key->text);
			if (taken) {
				diag_error(x->diag, key->at, "key '%.*s' stands already at %s:%lu",
					STR_ARGS(key->text), taken->at.file,
					(unsigned long)taken->at.line);
				continue;
			}
			to->keys[to->count] = *key;
		}
		to->items[to->count++] = from->items[i];
	}
}

static bool fits(struct including *x, const struct conf_node *node, enum conf_kind kind, bool own)
{
	if (node->kind == kind || node->kind == CONF_NULL)
		return true;
	if (!own) /* else the section's reader says so */
		diag_error(x->diag, node->at, "expected %s, not %s",
			kind == CONF_MAP ? "a map of names and lists" : "a list",
			conf_kind_name(node));
	return false;
}

/* The root's own section and those of the files as one; false if no file has it. */
static bool merge(
	struct including *x, const struct conf_node *root, const char *name, struct conf_node *out)
{
	enum conf_kind kind = strcmp(name, "lists") == 0 ? CONF_MAP : CONF_LIST;
	const struct conf_node *own = conf_get(root, name), *first = NULL;
	size_t count = own ? own->count : 0;
	if (own && !fits(x, own, kind, true))
		return false;
	for (size_t i = 0; i < x->count; i++) {
		const struct conf_node *part = conf_get(x->files[i], name);
		first = first ? first : part;
		count += part ? part->count : 0;
	}
	if (!first)
		return false;
	*out = (struct conf_node){ .kind = kind, .at = own ? own->at : first->at };
	out->items = arena_array(x->arena, struct conf_node, count);
	out->keys = arena_array(x->arena, struct conf_key, count);
	if (own)
		append(x, out, own);
	for (size_t i = 0; i < x->count; i++) {
		const struct conf_node *part = conf_get(x->files[i], name);
		if (part && fits(x, part, kind, false))
			append(x, out, part);
	}
	return true;
}

static const struct conf_node *merge_all(struct including *x, const struct conf_node *root)
{
	struct conf_node *whole = arena_new(x->arena, struct conf_node);
	*whole = *root;
	whole->items = arena_array(x->arena, struct conf_node, root->count + SECTIONS);
	whole->keys = arena_array(x->arena, struct conf_key, root->count + SECTIONS);
	for (size_t i = 0; i < root->count; i++) {
		whole->items[i] = root->items[i];
		whole->keys[i] = root->keys[i];
	}
	for (size_t i = 0; i < SECTIONS; i++) {
		struct conf_node section;
		if (!merge(x, root, sections[i], &section))
			continue;
		struct conf_node *own = conf_get(whole, sections[i]);
		if (own) {
			*own = section;
			continue;
		}
		whole->keys[whole->count] = (struct conf_key){ str_of(sections[i]), section.at };
		whole->items[whole->count++] = section;
	}
	return whole;
}

const struct conf_node *config_read(const char *path, struct arena *arena, struct diag *diag)
{
	const struct conf_node *root = conf_read_file(path, arena, diag);
	const struct conf_node *include = conf_get(root, "include");
	if (!include || include->kind == CONF_NULL)
		return root;
	struct including *x = mem_zero(1, sizeof *x);
	x->arena = arena;
	x->diag = diag;
	x->root_path = path;
	if (include->kind == CONF_LIST) {
		for (size_t i = 0; i < include->count; i++)
			add_path(x, &include->items[i]);
	} else {
		add_path(x, include);
	}
	root = merge_all(x, root);
	mem_free(x);
	return root;
}
