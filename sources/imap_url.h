/* The address of a folder: imaps://mail.example.org/Veille. Pure. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum imap_tls {
	IMAP_TLS_REQUIRED, /* imaps://, or STARTTLS with imap:// */
	IMAP_TLS_IMPLICIT, /* from the first byte, with imap:// too */
	IMAP_TLS_NONE,
};

/* Fills call, which is what libcurl gets, and folder, in UTF-8: INBOX unless the address names one.
 * NULL, or what is wrong with it. */
const char *imap_url_read(struct str url, enum imap_tls tls, struct buf *call, struct buf *folder);
/* A host that is this machine by its name or number. */
bool imap_url_is_near(struct str url);

enum { IMAP_CURSOR_BYTES = 80 };

/* What was read of which folder: "imap 1 FOLDER VALIDITY UID". FOLDER tells folders of servers that
 * number all alike from each other: a digest of user and folder. */
struct imap_cursor {
	char folder[17];
	uint32_t validity, uid;
};

void imap_cursor_of(struct str user, struct str folder, struct imap_cursor *cursor);
size_t imap_cursor_format(const struct imap_cursor *cursor, char out[IMAP_CURSOR_BYTES]);
/* Exactly what imap_cursor_format writes; false on anything else. */
bool imap_cursor_parse(struct str text, struct imap_cursor *cursor);
