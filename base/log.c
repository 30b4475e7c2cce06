#define _GNU_SOURCE
#include "base/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"

enum { LINE_MAX_BYTES = 4096 };

static enum log_level current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	current_level = level;
}

static const char *const level_names[] = { "error", "warn", "info", "debug" };

bool log_level_of(struct str name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (str_eq(name, str_of(level_names[i]))) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

__attribute__((format(printf, 2, 0))) static void log_line(
	enum log_level level, const char *format, va_list args)
{
	if (level > current_level)
		return;
	struct buf text, line;
	buf_init(&text, LINE_MAX_BYTES);
	buf_init(&line, 4 * LINE_MAX_BYTES);
	buf_addv(&text, format, args);
	buf_addf(&line, "vigie: %s: ", level_names[level]);
	escape_control(&line, text.full ? STR("(message too long)") : buf_str(&text));
	buf_add_char(&line, '\n');
	/* A closed standard error must not stop the daemon. */
	ssize_t ignored = write(STDERR_FILENO, line.p, line.n);
	(void)ignored;
	buf_finish(&line);
	buf_finish(&text);
}

#define LOG_FUNCTION(name, level)              \
	void name(const char *format, ...)     \
	{                                      \
		va_list args;                  \
		va_start(args, format);        \
		log_line(level, format, args); \
		va_end(args);                  \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

const char *error_text(int error)
{
	const char *text = strerrordesc_np(abs(error));
	return text ? text : "unknown error";
}
