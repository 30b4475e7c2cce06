/* WebSub's callbacks: the paths /websub/SOURCE/TOKEN, at which hubs ask whether we want what we
 * subscribed to, and bring it. What it means is sources/feed_websub.h's. */
#pragma once

#include "base/diag.h"
#include "daemon/app.h"
#include "web/server.h"

struct websub;

/* Before the sources start. NULL without http.public_url, or without a source of feeds. */
struct websub *websub_start(struct app *app, struct web *web);
void websub_stop(struct websub *w); /* takes NULL; after web_close */

/* What is wrong with http.public_url, in view of the other keys. at: of that key. */
void config_check_public_url(const struct config *c, struct where at, struct diag *diag);
