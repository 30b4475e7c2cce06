#define _GNU_SOURCE
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 4096 }; /* of a message, before it is escaped */

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
	char text[LINE_MAX_BYTES + UTF8_MAX_BYTES];
	int n = vsnprintf(text, sizeof text, format, args);
	struct str message = n < 0 ? STR("(a message that cannot be formatted)") : str_of(text);
	bool cut = message.n > LINE_MAX_BYTES;
	if (cut)
		message.n = utf8_floor(message, LINE_MAX_BYTES);
	struct buf line;
	buf_init(&line, 0);
	buf_addf(&line, "vigie: %s: ", level_names[level]);
	escape_control(&line, message);
	buf_add(&line, cut ? STR("...\n") : STR("\n"));
	/* A closed standard error must not stop the daemon. */
	ssize_t ignored = write(STDERR_FILENO, line.p, line.n);
	(void)ignored;
	buf_finish(&line);
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
