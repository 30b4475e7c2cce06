/* Errors for people: gathered with their place, printed once. Nothing below daemon/
 * prints them. A diag keeps copies of all that it is given. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* A place in a text. 1-based; columns in characters. line 0: the file as a whole;
 * file NULL: no file, such as an argument of the command line. */
struct where {
	const char *file;
	uint32_t line, col;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag;

enum { DIAG_MAX_MESSAGES = 1000 }; /* more are only counted */

struct diag *diag_create(void);
void diag_destroy(struct diag *d);

/* Makes the text of a file known, so that its lines can be shown under a message. */
void diag_add_text(struct diag *d, const char *file, struct str text);

/* From that place on the line is never shown: a secret stands there. */
void diag_hide(struct diag *d, struct where at);

void diag_error(struct diag *d, struct where at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *d, struct where at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_note(struct diag *d, struct where at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Hangs a line "hint: ..." under the message added last. */
void diag_hint(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name in `known` nearest to `name` by edits, or STR_NONE if none is near enough
 * to be what the writer meant. */
struct str diag_nearest(struct str name, const struct str *known, size_t count);

bool diag_failed(const struct diag *d); /* is there an error? */
size_t diag_count(const struct diag *d, enum diag_level level);

/* All messages in the order of files first mentioned, then lines:
 *     vigie.yaml:12:3: error: unknown key: 'severty'
 *         severty: critical
 *         ^
 *       hint: did you mean 'severity'? */
void diag_print(const struct diag *d, struct buf *out);
/* The same as a JSON array of {"level","file","line","column","message","hint"}. */
void diag_json(const struct diag *d, struct buf *out);
