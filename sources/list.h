/* The kinds of source, in the order in which help shows them. A kind is one folder or file
 * below, and one line here. */
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
