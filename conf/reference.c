/* Texts that stand elsewhere: {env: NAME}, {file: PATH}, {credential: NAME}; and paths. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf8.h"
#include "conf/text.h"
#include "conf/values.h"

enum { REFERENCE_MAX_BYTES = 64 * 1024 };

#define FORMS "{env: NAME}, {file: PATH} or {credential: NAME}"

static bool no_room(struct where at, struct diag *diag)
{
	diag_error(diag, at, "the configuration does not fit in the memory set aside for it");
	return false;
}

/* The folder of a file with its last '/', or nothing. */
static struct str folder_of(const char *file)
{
	struct str path = str_of(file);
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	return path;
}

bool value_path(
	const struct conf_node *node, struct arena *arena, struct str *path, struct diag *diag)
{
	struct str text = node->text, before = STR("");
	if (node->kind != CONF_SCALAR || text.n == 0) {
		diag_error(diag, node->at, "expected a path, not %s",
			node->kind == CONF_SCALAR ? "nothing" : conf_kind_name(node));
		return false;
	}
	if (str_eq(text, STR("~")) || str_starts(text, STR("~/"))) {
		before = str_of(getenv("HOME"));
		text = str_slice(text, 1, text.n);
		if (before.n == 0) {
			diag_error(diag, node->at, "'~' cannot be resolved: HOME is not set");
			return false;
		}
	} else if (text.p[0] == '~') {
		diag_error(diag, node->at, "only one's own home is known: '%.*s'",
			STR_ARGS(text_shown(text)));
		diag_hint(diag, "write ~/ or the whole path");
		return false;
	} else if (text.p[0] != '/' && !str_eq(text, STR("-"))) {
		before = folder_of(node->at.file);
	}
	struct str whole = arena_format(arena, "%.*s%.*s", STR_ARGS(before), STR_ARGS(text));
	if (!whole.p)
		return no_room(node->at, diag);
	*path = whole;
	return true;
}

/* Cuts one newline off the end and refuses what no password, token or address holds. */
static bool check_text(struct where at, struct str *text, struct diag *diag)
{
	struct str s = *text;
	if (str_ends(s, STR("\n")))
		s.n--;
	if (str_ends(s, STR("\r")))
		s.n--;
	const char *wrong = NULL;
	if (s.n == 0)
		wrong = "it is empty";
	else if (str_find_char(s, '\n') != SIZE_MAX || str_find_char(s, '\r') != SIZE_MAX)
		wrong = "it has more than one line";
	else if (str_find_char(s, '\0') != SIZE_MAX)
		wrong = "it holds a NUL";
	else if (!utf8_valid(s))
		wrong = "it is not UTF-8";
	if (wrong)
		diag_error(diag, at, "cannot use what this names: %s", wrong);
	*text = s;
	return !wrong;
}

/* May others read it? Root's files are as good as ours. */
static bool check_owner(struct where at, const struct stat *about, struct diag *diag)
{
	if (about->st_uid != 0 && about->st_uid != geteuid())
		diag_error(diag, at, "the file belongs to somebody else");
	else if ((about->st_mode & 077) != 0)
		diag_error(diag, at, "others may read the file (mode %03o)",
			(unsigned)(about->st_mode & 0777));
	else
		return true;
	diag_hint(diag, "a file for a secret must be yours and have mode 600");
	return false;
}

static ssize_t read_file(int fd, char *out, size_t max_bytes)
{
	size_t n = 0;
	while (n < max_bytes) {
		ssize_t got = read(fd, out + n, max_bytes - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static bool text_of_open_file(int fd, bool private_only, const struct conf_node *node,
	struct arena *arena, struct str *text, struct diag *diag)
{
	struct stat about;
	if (fstat(fd, &about) != 0) {
		diag_error(diag, node->at, "cannot read: %s", error_text(errno));
		return false;
	}
	if (!S_ISREG(about.st_mode)) {
		diag_error(diag, node->at, "not a plain file: '%.*s'",
			STR_ARGS(text_shown(node->text)));
		return false;
	}
	if (private_only && !check_owner(node->at, &about, diag))
		return false;
	char bytes[REFERENCE_MAX_BYTES + 1];
	ssize_t n = read_file(fd, bytes, sizeof bytes);
	bool ok = n >= 0 && n <= REFERENCE_MAX_BYTES;
	struct str content = { bytes, ok ? (size_t)n : 0 };
	if (n < 0)
		diag_error(diag, node->at, "cannot read: %s", error_text((int)n));
	else if (!ok)
		diag_error(diag, node->at, "larger than %d KB", REFERENCE_MAX_BYTES / 1024);
	ok = ok && check_text(node->at, &content, diag);
	if (ok) {
		*text = arena_str(arena, content);
		ok = text->p || no_room(node->at, diag);
	}
	explicit_bzero(bytes, sizeof bytes);
	return ok;
}

static bool text_of_file(const char *path, bool private_only, const struct conf_node *node,
	struct arena *arena, struct str *text, struct diag *diag)
{
	/* O_NONBLOCK: a FIFO must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP) {
		diag_error(diag, node->at, "a link, not a file: '%s'", path);
		return false;
	}
	if (fd < 0) {
		diag_error(diag, node->at, "cannot open '%s': %s", path, error_text(errno));
		return false;
	}
	bool ok = text_of_open_file(fd, private_only, node, arena, text, diag);
	(void)close(fd); /* was only read from */
	return ok;
}

static bool from_env(
	const struct conf_node *node, struct arena *arena, struct str *text, struct diag *diag)
{
	char *name = arena_text(arena, node->text);
	if (!name)
		return no_room(node->at, diag);
	struct str value = str_of(getenv(name));
	if (!value.p) {
		diag_error(diag, node->at, "environment variable is not set: '%s'", name);
		return false;
	}
	if (!check_text(node->at, &value, diag))
		return false;
	*text = arena_str(arena, value);
	return text->p || no_room(node->at, diag);
}

static bool from_file(
	const struct conf_node *node, struct arena *arena, struct str *text, struct diag *diag)
{
	struct str path;
	return value_path(node, arena, &path, diag) &&
		text_of_file(path.p, true, node, arena, text, diag);
}

/* systemd guards the folder; its files may carry an ACL that looks like group rights. */
static bool from_credential(
	const struct conf_node *node, struct arena *arena, struct str *text, struct diag *diag)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct str name = node->text;
	if (str_find_char(name, '/') != SIZE_MAX || str_find(name, STR("..")) != SIZE_MAX ||
		str_eq(name, STR("."))) {
		diag_error(diag, node->at, "not the name of a credential: '%.*s'",
			STR_ARGS(text_shown(name)));
		return false;
	}
	if (!folder || !*folder) {
		diag_error(diag, node->at,
			"there are no credentials: CREDENTIALS_DIRECTORY is "
			"not set");
		diag_hint(diag, "it is systemd that sets it: LoadCredential=%.*s:/path",
			STR_ARGS(text_shown(name)));
		return false;
	}
	struct str path = arena_format(arena, "%s/%.*s", folder, STR_ARGS(name));
	if (!path.p)
		return no_room(node->at, diag);
	return text_of_file(path.p, false, node, arena, text, diag);
}

struct form {
	const char *key;
	bool (*read)(const struct conf_node *node, struct arena *arena, struct str *text,
		struct diag *diag);
};

static const struct form forms[] = {
	{ "env", from_env },
	{ "file", from_file },
	{ "credential", from_credential },
};

static bool from_reference(
	const struct conf_node *map, struct arena *arena, struct str *text, struct diag *diag)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const struct conf_node *node = conf_get(map, forms[i].key);
		if (!node || map->count != 1)
			continue;
		if (node->kind == CONF_SCALAR && node->text.n)
			return forms[i].read(node, arena, text, diag);
		diag_error(diag, node->at, "expected a name, not %s",
			node->kind == CONF_SCALAR ? "nothing" : conf_kind_name(node));
		return false;
	}
	diag_error(diag, map->at, "expected %s", FORMS);
	return false;
}

bool read_text_value(const struct conf_node *node, bool literal_ok, struct arena *arena,
	struct str *text, struct diag *diag)
{
	struct str value;
	if (node->kind == CONF_MAP) {
		if (!from_reference(node, arena, &value, diag))
			return false;
		*text = value;
		return true;
	}
	if (!literal_ok) {
		diag_hide(diag, node->at);
		diag_error(diag, node->at, "a secret must not be written in the file");
		diag_hint(diag, "write %s", FORMS);
		return false;
	}
	if (node->kind != CONF_SCALAR) {
		diag_error(diag, node->at, "expected text, not %s", conf_kind_name(node));
		if (node->text.n)
			diag_hint(diag, "the word %.*s alone means nothing: put it in quotes",
				STR_ARGS(node->text));
		return false;
	}
	value = arena_str(arena, node->text);
	if (!value.p)
		return no_room(node->at, diag);
	*text = value;
	return true;
}
