/* A table of keys as JSON Schema (draft 7, which editors' YAML servers know best): what is wrong is
 * seen while it is written. What one value must be beside another is not in the tables, and not in
 * the schema. Pure. */
#pragma once

#include "base/buf.h"
#include "conf/decode.h"

/* What the table alone does not say about a key. */
struct conf_schema_key {
	const struct conf_field *fields; /* the table */
	const char *key;
	const char *schema; /* of its value, as JSON */
};

struct conf_schema {
	const struct conf_schema_key *keys; /* ends in one without key; keys of CONF_TREE that are
					       not there may hold anything */
	const char *not_yet; /* keys with this help are left out */
};

/* The object that both tables describe together, as a JSON object; more may be NULL. extra: more
 * members, such as ",\"anyOf\":[...]", or "". */
void conf_schema(const struct conf_schema *s, const struct conf_field *fields,
	const struct conf_field *more, const char *extra, struct buf *out);

/* The members of "definitions" that it refers to: text, texts, reference. No comma at either end.
 */
void conf_schema_definitions(struct buf *out);
