/* Dates as feeds have them: those of base/clock.h and what people and programs make of them:
 * parts missing, words in other orders, names of zones, two digits for a year, French months. */
#pragma once

#include "base/str.h"

/* Without a zone UTC; without a time midnight. False if nobody could tell the day. */
bool feed_date_parse(struct str text, int64_t *wall_us);
