/* All sources of a configuration, for whoever runs them: daemon/pipeline.c. They are started,
 * started again after a break, and stopped here. */
#pragma once

#include "sources/source.h"

struct sources;

/* Decodes the map `sources:`, errors go to diag. Tree and arena must outlive it. Never NULL. */
struct sources *sources_create(
	const struct conf_node *node, struct arena *arena, struct diag *diag);
void sources_destroy(struct sources *all); /* stops them first; takes NULL */
size_t sources_count(const struct sources *all);
struct source *sources_at(const struct sources *all, size_t i);
/* Starts each at the cursor that `cursor_of` gives for its name; absent: anew. */
void sources_start(struct sources *all, struct loop *loop, struct http_client *http,
	const struct source_host *host, struct str (*cursor_of)(void *ctx, struct str name),
	void *ctx);
/* The store is well again: what it did not take is offered in the loop's next turn. */
void sources_deliver_again(struct sources *all);
/* The host says what a block that it took held, and when one post of it was written; 0: unknown. */
void source_saw(struct source *s, uint64_t records, int64_t created_wall_us);
void sources_stop(struct sources *all); /* no deliver after this; leaves nothing on the loop */
