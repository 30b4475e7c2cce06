/* One scalar into one value. All report what was expected and give false; the value is then
 * untouched. min and max both 0: any. */
#pragma once

#include "conf/decode.h"

bool value_bool(const struct conf_node *node, bool *value, struct diag *diag);
bool value_int(
	const struct conf_node *node, int64_t min, int64_t max, int64_t *value, struct diag *diag);
bool value_duration(
	const struct conf_node *node, int64_t min, int64_t max, int64_t *us, struct diag *diag);
bool value_size(
	const struct conf_node *node, int64_t min, int64_t max, int64_t *bytes, struct diag *diag);
bool value_choice(
	const struct conf_node *node, const char *const *choices, int *index, struct diag *diag);

/* Text as written or by reference; with literal_ok false only by reference. */
bool read_text_value(const struct conf_node *node, bool literal_ok, struct arena *arena,
	struct str *text, struct diag *diag);
/* Resolved against the user's home and the folder of the file that the node stands in. */
bool value_path(
	const struct conf_node *node, struct arena *arena, struct str *path, struct diag *diag);

/* The number as a person would write it: "10m", "64KB". */
void value_write_duration(int64_t us, struct buf *out);
void value_write_size(int64_t bytes, struct buf *out);
