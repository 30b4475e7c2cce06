/* A backtest as text for people or as JSON. Pure: the same backtest gives the same bytes. */
#pragma once

#include "base/buf.h"
#include "daemon/backtest.h"

struct backtest_report {
	const struct backtest *backtest;
	const char *rules, *against; /* where the rules come from; against NULL: no old ones */
	const char *const *files;
	size_t file_count;
	const char *archive; /* the store's path, where its archive was read instead of files */
	bool color;
};

void backtest_text(const struct backtest_report *r, struct buf *out);
/* What the tested rules find beside the old ones. */
void backtest_changes_text(const struct backtest_report *r, struct buf *out);
/* One object on one line. */
void backtest_json(const struct backtest_report *r, struct buf *out);

/* The lines with which both texts begin. */
void backtest_input_text(const struct backtest_report *r, struct buf *out);
