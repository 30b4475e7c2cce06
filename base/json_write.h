/* JSON for programs, added to a buffer piece by piece. Each function writes the comma that its
 * place needs: none behind an opening bracket. key NULL: an element of a list. Keys are ours and
 * need no escaping. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

void json_key(struct buf *out, const char *key);
/* bracket: '{' or '['; the caller closes it with buf_add_char. */
void json_open(struct buf *out, const char *key, char bracket);

void json_text(
	struct buf *out, const char *key, struct str text); /* STR_NONE: nothing is written */
void json_texts(
	struct buf *out, const char *key, struct str_list texts); /* a list; absent ones are "" */
void json_integer(struct buf *out, const char *key, int64_t number);
void json_number(struct buf *out, const char *key, double number); /* six digits; finite */
void json_bool(struct buf *out, const char *key, bool value);
void json_time(struct buf *out, const char *key, int64_t wall_us); /* as text; 0: nothing */
