/* Cuts what an IMAP server sends into responses: a line each, with the literals that stand in it
 * (RFC 9051, sections 2.2.2 and 4.3). Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum {
	IMAP_LINE_MAX_BYTES = 64 * 1024, /* of a response without its literals */
	IMAP_LITERAL_MAX_BYTES = 26 * 1024 * 1024, /* the most that max_literal_bytes may be */
	IMAP_PIECE_BYTES = 64 * 1024, /* the most that is added at a time */
};

struct imap_reader {
	size_t max_literal_bytes; /* of a response's literals together; the owner sets it */
	/* The inside. */
	struct buf bytes;
	size_t from, at; /* where the response begins, and what was looked at */
	size_t line; /* where its line, or what follows a literal, begins */
	size_t literal_left, literal_bytes;
};

void imap_reader_init(struct imap_reader *r);
void imap_reader_finish(struct imap_reader *r); /* takes {0} */

/* What was handed out before is gone. */
void imap_reader_add(struct imap_reader *r, struct str piece);
/* 1: the next response, without its line end; 0: not all here yet; -EMSGSIZE: longer than allowed.
 * Valid until bytes are added. */
int imap_reader_next(struct imap_reader *r, struct str *response);

/* Reads the {5} or ~{5+} that ends a line; false if there is none, or a number that is none. */
bool imap_literal_mark(struct str line, size_t *bytes);
