/* What `vigie check` finds out, and how it is told: cmd_check.c fills it, check_report.c and
 * junit.c write it. */
#pragma once

#include "daemon/config.h"
#include "rules/advice/cost.h"
#include "rules/advice/ruletest.h"

struct check {
	const char *path; /* what is checked */
	struct diag *diag;
	struct ruleset *set; /* NULL: there are errors */
	struct ruletest_result tests;
	const char *sample_path; /* NULL: no sample was given */
	struct cost_report costs;
};

/* Failed tests with the reason, the costs, then "N passed, N failed". */
void check_text(const struct check *c, struct buf *out);
/* {"messages":[...],"passed","failed","failures":[{"file","line","column","missing","unexpected",
 * "missing_terms","unexpected_terms","why","post"}],"sample":{...},"costs":[...]}. */
void check_json(const struct check *c, struct buf *out);
/* JUnit's XML: a suite for each file of tests, a case for each test; errors of the configuration
 * are one case with an error. */
void check_junit(const struct check *c, struct buf *out);

/* "missing a; unexpected b;" and so on; begins with a space. */
void check_add_difference(const struct ruletest_failure *f, struct buf *out);
/* The beginning of the post's text on one line, with quotes. */
void check_add_post(const struct post *post, struct buf *out);
