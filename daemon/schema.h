/* The JSON Schema of the whole configuration, made from the tables that read it. */
#pragma once

#include "base/buf.h"

/* One JSON object, indented, with a newline at its end. Kinds that this build lacks are left out.
 */
void schema_write(struct buf *out);
