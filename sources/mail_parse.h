/* A mail's bytes as plain data, by GMime: headers decoded, the text that a person would read,
 * links. Nothing in a mail is ever fetched or run. Pure. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	MAIL_MAX_VALUE_BYTES = 2048, /* of a header as shown */
	MAIL_MAX_TEXT_BYTES = 256 * 1024, /* of the text; more is cut */
	MAIL_MAX_RAW_BYTES = 2 * 1024 * 1024, /* of all text parts before they are text */
	MAIL_MAX_HEADER_BYTES = 256 * 1024, /* of the mail's own headers; a larger one is refused */
	MAIL_MAX_DEPTH = 20, /* of parts in parts */
	MAIL_MAX_PARTS = 500, /* looked at */
	/* What follows more of these is not looked at: boundaries, lines, lines that begin like a
	 * boundary, and signs that headers are made with. */
	MAIL_MAX_BOUNDARIES = 300,
	MAIL_MAX_LINES = 1000 * 1000,
	MAIL_MAX_SIGNS = 100 * 1000,
	MAIL_MAX_BOUNDARY_LINES = 10000,
	MAIL_MAX_LINKS = 100,
	MAIL_MAX_MEMORY_BYTES = 16 * 1024 * 1024, /* enough for all of that */
};

struct mail_options {
	bool drop_quotes; /* in answers: leaves out what is quoted */
	int64_t now_us; /* a later date is taken as this; 0: any */
};

/* UTF-8; absent where the mail does not say. */
struct mail {
	struct str id; /* Message-ID without brackets */
	struct str title; /* Subject */
	struct str from_name, from_address; /* of the first author */
	struct str parent; /* the id of what it answers */
	struct str lang; /* the first of Content-Language */
	struct str url; /* Archived-At, or where it says that it can be read on the web */
	int64_t date_us; /* 0: none */
	struct str text;
	struct str html; /* the first HTML part, as it is */
	struct str_list links; /* http and https */
	bool has_media; /* pictures, sound or films as attachments */
	bool cut; /* something was too much */
};

/* Before the first mail; may be called often. */
void mail_start(void);
/* NULL, or why not. Everything lives in the arena, of MAIL_MAX_MEMORY_BYTES. */
const char *mail_parse(struct str bytes, const struct mail_options *options, struct arena *arena,
	struct mail *mail);
