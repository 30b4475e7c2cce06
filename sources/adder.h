/* Adds to a record what can be put together of its values and is not in it, such as its web page:
 * KEY=TEMPLATE, in which {path} stands for a value. The key comes first in the record, so that one
 * of the same name that it has itself counts more. */
#pragma once

#include "base/buf.h"
#include "base/diag.h"

enum { ADDER_MAX = 8, ADDER_MAX_HOLES = 8 /* in one template */ };

/* All errors go to diag; false then. */
bool adder_check(struct str_list templates, struct where at, struct diag *diag);

struct adder;
/* Checked. NULL if there is nothing to add, which all functions here take. */
struct adder *adder_create(struct str_list templates);
void adder_destroy(struct adder *a);
/* Adds the record to out, with what it lacks. A template of which a value is absent adds nothing;
 * what is no object stays as it is. */
void adder_add(struct adder *a, struct str record, struct buf *out);
