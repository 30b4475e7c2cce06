/* Tokens of OAuth 2 (RFC 6749) that a program gets for itself: by client credentials, or by the
 * name and password of an account. A token lives in memory only, and is asked for anew before it
 * ends. */
#pragma once

#include "net/backoff.h"
#include "net/http.h"

enum oauth_grant { OAUTH_CLIENT_CREDENTIALS, OAUTH_PASSWORD };
extern const char *const oauth_grant_names[]; /* ends in NULL */

/* Views, which must outlive it. */
struct oauth_options {
	struct str url;
	struct str client_id, client_secret;
	int grant; /* enum oauth_grant */
	struct str user, password; /* for OAUTH_PASSWORD */
	struct str scope; /* absent: none */
	struct str agent; /* "User-Agent: ..."; absent: ours */
	struct str ca_file;
};

struct oauth;
struct oauth *oauth_create(const struct oauth_options *options);
void oauth_destroy(struct oauth *o); /* takes NULL */

/* The token; absent if there is none, or it is about to end. */
struct str oauth_token(const struct oauth *o, int64_t now_us);
void oauth_forget(struct oauth *o); /* the server does not take it any more */

/* Asks for a token; done is called once, in a later turn of the loop. why: absent if there is a
 * token now. kind and wait_us are for the next attempt. */
void oauth_ask(struct oauth *o, struct loop *loop, struct http_client *http,
	void (*done)(void *ctx, struct str why, enum backoff_kind kind, int64_t wait_us),
	void *ctx);
void oauth_cancel(struct oauth *o); /* no call of done any more; takes NULL */
