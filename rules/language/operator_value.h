/* What the values of conditions may be, and what they mean. */
#pragma once

#include "base/diag.h"
#include "rules/language/expr.h"

/* Checks one value of a condition; fills *bound for the fields that have numbers. False after an
 * error at `at`. */
bool operator_value(enum expr_field field, struct str value, struct where at,
	struct expr_bound *bound, struct diag *diag);
