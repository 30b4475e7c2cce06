/* A table of keys as text for people: `vigie help` and the manual. Pure. */
#pragma once

#include "base/buf.h"
#include "conf/decode.h"

/* Four columns, key, type, default and help, the last one wrapped; a required key has
 * "required" for its default. */
void conf_help(const struct conf_field *fields, struct buf *out);

/* What may be written, in a few words: "duration, 1s to 1h", "open | ack | mute". */
void conf_help_type(const struct conf_field *field, struct buf *out);
