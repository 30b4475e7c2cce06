/* Alerts about sources: what they say, and to whom they are the same. Pure. */
#pragma once

#include "model/alert.h"

enum notice_kind {
	NOTICE_BLIND, /* a source is blind since from_us */
	NOTICE_SEES, /* it was, from from_us to to_us */
	NOTICE_ABSENT, /* nothing came since from_us, although it is there */
	NOTICE_BRINGS /* something came again at to_us */
};

struct notice {
	enum notice_kind kind;
	struct str source;
	int64_t from_us, to_us; /* wall; from_us 0: since ever */
	bool lost; /* what came meanwhile is lost; else it is fetched afterwards */
	struct str reason; /* may be absent */
};

/* The rule that alerts about sources name. */
#define NOTICE_RULE STR("watchdog")

/* Times are told in the zone of TZ. All of it lives in the arena. The same kind, source and from_us
 * give the same id. */
struct alert *notice_alert(
	const struct notice *notice, enum severity severity, int64_t wall_us, struct arena *arena);

/* "14:02", "14:02:09" with seconds, "22 Nov 14:02" if that is another day than now's. */
void notice_time(int64_t wall_us, int64_t now_wall_us, bool seconds, struct buf *out);
/* "45 s", "7 min", "3 h", "2 d". */
void notice_duration(int64_t us, struct buf *out);
