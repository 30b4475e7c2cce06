/* POST /api/v1/posts: requests for the sources of type `ingest`. Each is let in by its headers,
 * then by its signature, and worked off in pieces, one a turn of the loop, so that a large body
 * holds nobody up. It is answered once what fired is on disk. */
#pragma once

#include "daemon/app.h"
#include "web/server.h"

struct ingest;

/* Adds the routes. NULL if there is no such source. */
struct ingest *ingest_start(struct app *app, struct web *web);
/* Answers what still waits and whatever else comes until web_close, which must be called before
 * ingest_destroy. Both take NULL. */
void ingest_stop(struct ingest *ingest);
void ingest_destroy(struct ingest *ingest);
void ingest_metrics(const struct ingest *ingest, struct buf *out); /* takes NULL */

/* daemon/config_ingest.c: what concerns the server and its sources together. */
void config_check_ingest(const struct config *c, struct diag *diag);
/* A line for each source of where posts go to, for people. */
void config_ingest_urls(const struct config *c, struct buf *out);
