/* Follows one folder of an IMAP server: logs in, opens it for reading only, brings all mails after
 * a number in order, and then what comes, by IDLE where the server has it. Nothing on the server is
 * changed: EXAMINE and BODY.PEEK, no flags, no \Recent. It never reconnects. */
#pragma once

#include "net/backoff.h"
#include "net/loop.h"

enum {
	/* A larger mail is not fetched whole; where its text stands, at its beginning, is. */
	IMAP_MAIL_MAX_BYTES = 25 * 1024 * 1024,
	IMAP_BEGINNING_BYTES = 1024 * 1024,
};

struct imap_options {
	const char *url; /* imap://HOST:PORT/ or imaps:// */
	bool plain; /* of imap://: without TLS; the caller has checked that it may be */
	struct str ca_file;
	struct str user, password, token; /* password or token; copied */
	struct str folder; /* UTF-8; copied */
	int64_t timeout_us;
	int64_t interval_us; /* between looks; IDLE tells of mails at once, and is renewed then */
};

struct imap_box {
	uint32_t validity; /* mails keep their numbers as long as this stays */
	uint32_t next_uid; /* the next mail gets at least this number */
};

struct imap_mail {
	uint32_t uid;
	int64_t size; /* what the server says */
	struct str date; /* when the server got it: INTERNALDATE, as it is */
	struct str bytes; /* the mail; of one that is too large its beginning */
	bool cut;
};

struct imap_session_events {
	/* The folder is open: the mails after which number are wanted? False stops, as below. */
	bool (*open)(void *ctx, const struct imap_box *box, uint32_t *after);
	/* In ascending order of uid within a batch. False: only imap_session_destroy may follow. */
	bool (*mail)(void *ctx, const struct imap_mail *mail);
	/* A mail that the server lists but does not give. */
	bool (*missing)(void *ctx, uint32_t uid, const char *why);
	/* All mails up to uid were brought. As above. */
	bool (*batch)(void *ctx, uint32_t uid);
	/* The server was asked, and there is no other mail. */
	void (*well)(void *ctx);
	/* Once, last; the session is still to be destroyed, which is allowed within. */
	void (*failed)(void *ctx, enum backoff_kind kind, const char *message);
};

struct imap_session;
/* No callback comes within the call. */
struct imap_session *imap_session_create(struct loop *loop, const struct imap_options *options,
	const struct imap_session_events *events, void *ctx);
/* Takes NULL; allowed within all callbacks. */
void imap_session_destroy(struct imap_session *s);
