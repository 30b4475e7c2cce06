/* The log: one line a message on standard error, control characters escaped, cut past 4 KB. The
 * level is the one global of the program. Only daemon/, sources.c and notifiers.c log;
 * what stands lower returns what went wrong.
 * error: needs a person; warn: we coped, a person should look; info: a change of
 * state; debug: for us. Nothing is logged per post. */
#pragma once

#include "base/str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
/* "error", "warn", "info", "debug"; false on anything else. */
bool log_level_of(struct str name, enum log_level *level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text of an errno, positive or negative, for a message. */
const char *error_text(int error);
