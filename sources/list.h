/* The kinds of source, in the order in which help shows them. A kind is sources/NAME.c and one line
 * here, which C includes and meson reads. */
#pragma once

/* clang-format off */
#define SOURCE_LIST(KIND) \
	KIND(feed) \
	KIND(file) \
	KIND(http) \
	KIND(imap) \
	KIND(ingest) \
	KIND(poll) \
	KIND(websocket)
/* clang-format on */
