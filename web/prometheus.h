/* Writes metrics in the text format of Prometheus, version 0.0.4. First the metric, then its
 * values, one for each set of labels, all in one go. Names are ours and checked by assert; what
 * comes from outside is escaped, and stands in label values only. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum prometheus_type {
	PROMETHEUS_COUNTER /* only ever grows; its name ends in _total */,
	PROMETHEUS_GAUGE /* its name does not */
};

struct prometheus_label {
	const char *name;
	struct str value; /* STR_NONE and empty are the same to Prometheus: no such label */
};

void prometheus_metric(
	struct buf *out, const char *name, enum prometheus_type type, const char *help);

/* An integer is written in all its digits; what reads them keeps 53 bits. In label values control
 * characters but the newline, those that move text about, and bytes that are not UTF-8 come out as
 * U+FFFD. */
void prometheus_value(struct buf *out, const char *name, const struct prometheus_label *labels,
	size_t label_count, int64_t value);
/* The same for a time, in seconds as Prometheus wants it: 1500000 is written 1.500000. */
void prometheus_seconds(struct buf *out, const char *name, const struct prometheus_label *labels,
	size_t label_count, int64_t value_us);
