/* The connection to an IMAP server: commands out, responses in, one command at a time. TLS and the
 * way there are libcurl's (net/dial.h). */
#pragma once

#include "net/loop.h"
#include "sources/imap_parse.h"

struct imap_wire_options {
	const char *url; /* imap://HOST:PORT/ or imaps:// */
	bool plain; /* of imap://: without TLS */
	struct str ca_file;
	int64_t timeout_us; /* until connected, and for each sign of life during a command */
};

struct imap_wire_events {
	void (*connected)(void *ctx);
	/* Of a response. False: nothing more may come, and only imap_wire_destroy may follow. */
	bool (*response)(void *ctx, const struct imap_response *response);
	/* The input was used up for now. May be NULL. */
	void (*quiet)(void *ctx);
	/* Once, last. fault: the server broke the rules, or else the connection is lost. */
	void (*lost)(void *ctx, bool fault, const char *message);
};

struct imap_wire;
/* No callback comes within the call. */
struct imap_wire *imap_wire_create(struct loop *loop, const struct imap_wire_options *options,
	const struct imap_wire_events *events, void *ctx);
/* Takes NULL; allowed within all callbacks. */
void imap_wire_destroy(struct imap_wire *w);

/* Sends "TAG command". Its end has to come within limit_us, and a byte within each timeout. Of
 * literals a response to it may have so many bytes. */
void imap_wire_command(
	struct imap_wire *w, struct str command, int64_t limit_us, size_t max_literal_bytes);
/* What a "+" was waiting for, and DONE: without a tag. */
void imap_wire_line(struct imap_wire *w, struct str line);
/* From now on silence is no fault, as within IDLE; and is one again. */
void imap_wire_patient(struct imap_wire *w, bool patient, int64_t limit_us);
/* Is this the end of the last command? */
bool imap_wire_is_end(const struct imap_wire *w, const struct imap_response *response);
