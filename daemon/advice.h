/* What a failure to connect means, and what can be done about it, in plain words. Pure. */
#pragma once

#include "base/str.h"

/* message: of libcurl, or of a source's state. NULL: nothing to add. */
const char *advice_of_message(struct str message);
/* An HTTP status that is no success: what it means; NULL for one without a word of its own. */
const char *advice_of_status(int status);
