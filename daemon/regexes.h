/* What there is to tell of regexes that reached their limit: in the log, in the status, in the
 * metrics, and after `vigie match`. guard may be NULL: then no rule has a regex. */
#pragma once

#include "base/buf.h"
#include "rules/compile/regex_guard.h"
#include "rules/compile/ruleset.h"

/* Warns if there are regexes that run without PCRE2's JIT, many times slower. */
void regexes_log_slow(const struct ruleset *set);
/* Once for each regex when it first reaches its limit, when it is set aside, when it is back. */
void regexes_log_news(struct regex_guard *guard);
/* ,"regexes":[...] */
void regexes_json(const struct regex_guard *guard, struct buf *out);
void regexes_metrics(const struct regex_guard *guard, struct buf *out);
/* A line a regex, for people. */
void regexes_print(const struct regex_guard *guard, struct buf *out);
