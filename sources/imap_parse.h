/* What a response of an IMAP server means, as far as reading a folder needs it (RFC 3501, RFC
 * 9051). Pure. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum imap_kind {
	IMAP_TAGGED, /* the end of a command: tag, status, code, text */
	IMAP_STATUS, /* the same without a tag, of its own accord */
	IMAP_GO_ON, /* "+": text */
	IMAP_CAPABILITY, /* text: the names, with spaces between them */
	IMAP_EXISTS, /* number */
	IMAP_FETCH, /* number and what follows it below */
	IMAP_OTHER, /* anything else without a tag */
};

enum imap_status { IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

struct imap_response {
	enum imap_kind kind;
	enum imap_status status;
	struct str tag;
	struct str code, code_value; /* [UIDVALIDITY 12]; absent if there is none */
	struct str text;
	uint32_t number;
	/* Of IMAP_FETCH; 0 or absent where the server does not say. */
	uint32_t uid;
	int64_t size; /* -1: absent */
	struct str date; /* INTERNALDATE, as it is */
	struct str body; /* of BODY[]; also of a part of it */
	bool no_body; /* the server says NIL to it */
};

enum { IMAP_MAX_DEPTH = 64 }; /* of parentheses */

/* False: that is no IMAP. Texts with escapes are put into the arena; else all are views. */
bool imap_parse(struct str response, struct arena *arena, struct imap_response *out);

/* Is the word one of a list with spaces between them? Case does not matter. */
bool imap_list_has(struct str list, struct str word);

/* "text" with its escapes; false: it holds what no such text may, as control characters and bytes
 * beyond ASCII. */
bool imap_quote(struct str text, struct buf *out);
/* The name of a folder as it is sent: quoted, in modified UTF-7 (RFC 3501, 5.1.3). */
bool imap_folder(struct str utf8, struct buf *out);
