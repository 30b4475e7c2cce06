/* The file itself, and what can be asked of a tree once it is read. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/yaml.h"

/* 0 or -errno; -EFBIG past the ceiling. The size is only a guess: a pipe has none. */
static int read_all(int fd, size_t guess, struct buf *out)
{
	enum { STEP_BYTES = 64 * 1024 };
	size_t step = guess + 1; /* one more, to see the end without growing */
	for (;;) {
		size_t left = out->max_bytes - out->n;
		if (left == 0)
			return -EFBIG;
		step = step < left ? step : left;
		ssize_t n = read(fd, buf_room(out, step), step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		out->n += (size_t)n;
		step = step > (size_t)n ? step - (size_t)n : STEP_BYTES;
	}
}

struct conf_node *conf_read_file(const char *path, struct arena *arena, struct diag *diag)
{
	struct where whole = { path, 0, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		diag_error(diag, whole, "cannot open: %s", error_text(errno));
		return NULL;
	}
	struct stat about;
	struct buf text;
	struct conf_node *root = NULL;
	buf_init(&text, CONF_MAX_BYTES + 1); /* one more, to see that there is more */
	int error = fstat(fd, &about) != 0 ? -errno : S_ISDIR(about.st_mode) ? -EISDIR : 0;
	if (error == 0 && about.st_size > CONF_MAX_BYTES)
		error = -EFBIG;
	if (error == 0)
		error = read_all(fd, (size_t)about.st_size, &text);
	(void)close(fd); /* was only read from */
	if (error == -EISDIR)
		diag_error(diag, whole, "is a directory, not a file");
	else if (error == -EFBIG)
		diag_error(diag, whole, "larger than %d MB", CONF_MAX_BYTES / 1024 / 1024);
	else if (error != 0)
		diag_error(diag, whole, "cannot read: %s", error_text(error));
	else
		root = conf_read_text(path, buf_str(&text), arena, diag);
	buf_finish(&text);
	return root;
}

struct conf_node *conf_get(const struct conf_node *node, const char *key)
{
	if (!node || node->kind != CONF_MAP)
		return NULL;
	for (size_t i = 0; i < node->count; i++) {
		if (str_eq(node->keys[i].text, str_of(key)))
			return &node->items[i];
	}
	return NULL;
}

const char *conf_kind_name(const struct conf_node *node)
{
	static const char *const names[] = { "nothing", "text", "a list", "a map" };
	return names[node->kind];
}
