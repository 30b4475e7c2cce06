#include "daemon/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/config.h"

static void add_lines(struct buf *out, const char *lines)
{
	if (lines)
		buf_addf(out, "\n%s", lines);
}

void command_help(const struct command *c, FILE *out)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "usage: vigie %s%s%s\n\n%s\n", c->name, c->arguments[0] ? " " : "",
		c->arguments, c->help);
	add_lines(&text, c->intro);
	if (c->options)
		buf_add_char(&text, '\n');
	arguments_help(c->options, &text);
	add_lines(&text, c->notes);
	(void)fwrite(text.p, 1, text.n, out); /* nobody left to tell */
	buf_finish(&text);
}

int command_usage(const struct command *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "vigie %s: ", c->name);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nusage: vigie %s%s%s\n  'vigie %s --help' tells more\n", c->name,
		c->arguments[0] ? " " : "", c->arguments, c->name);
	va_end(args);
	return EXIT_USAGE;
}

bool command_print_diag(const struct diag *diag)
{
	struct buf text;
	buf_init(&text, 0);
	diag_print(diag, &text);
	if (text.n)
		(void)fwrite(text.p, 1, text.n, stderr); /* nobody left to tell */
	buf_finish(&text);
	return diag_failed(diag);
}

bool command_write(struct str text)
{
	bool written = text.n == 0 || fwrite(text.p, 1, text.n, stdout) == text.n;
	return fflush(stdout) == 0 && written;
}

bool command_config(const char **path, struct arena *arena)
{
	if (*path)
		return true;
	*path = config_default_path(arena).p;
	if (access(*path, F_OK) == 0)
		return true;
	log_error("no configuration: '%s' does not exist", *path);
	fprintf(stderr, "  hint: say which with -c FILE\n");
	return false;
}

static int read_all(int fd, struct buf *out)
{
	enum { PIECE_BYTES = 64 * 1024 };
	for (;;) {
		size_t left = out->max_bytes - out->n;
		if (left == 0)
			return -EFBIG;
		size_t wanted = left < PIECE_BYTES ? left : PIECE_BYTES;
		ssize_t n = read(fd, buf_room(out, wanted), wanted);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		out->n += (size_t)n;
	}
}

int command_read(const char *path, struct buf *out)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : read_all(fd, out);
	if (fd >= 0 && !standard)
		(void)close(fd); /* it was only read */
	return error;
}
