/* What is told of sources: in the status, in the metrics, and of what is recorded alone. */
#pragma once

#include "daemon/app.h"

/* {"name",...} of each source, as the list "sources". */
void status_sources(const struct app *app, struct buf *out);
/* The last gaps of the store, as the list "gaps"; nothing if the store cannot say. */
void status_gaps(struct store *store, struct buf *out);
void status_source_metrics(const struct app *app, struct buf *out);
