/* Alerts as JSON below a ceiling: what is too long is cut, never refused. Pure. */
#pragma once

#include "base/buf.h"
#include "model/alert.h"

/* Calls render(alert, truncated, out) with a copy of the alert that is cut until what it writes is
 * at most max_bytes, which is at least TRIM_MIN_BYTES. First the post's text is cut, at the end of
 * a character; if that is not enough, what a stranger can make long goes too: lists, title, long
 * addresses and ids, hits past the first. Hits beyond a cut keep their term, with from and to at
 * the cut. */
enum { TRIM_MIN_BYTES = 16 * 1024 };

typedef void (*trim_renderer)(const struct alert *alert, bool truncated, struct buf *out);

void trim_render(
	const struct alert *alert, size_t max_bytes, trim_renderer render, struct buf *out);
