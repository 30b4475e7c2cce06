/* The reader by yajl: slow, and independent of json.c. Where yajl means something else than
 * we do, the record is looked over first, in a copy of the same length:
 *   - it takes a high surrogate escape together with whatever escape follows, and gives bytes
 *     that are no UTF-8 for a lone low one: lone surrogates become \ufffd;
 *   - it takes vertical tab and form feed for white space: they end the reading;
 *   - it does not mind a string that is begun behind the object: only space may stand there.
 * It also decodes keys, so a key's own bytes are taken from the record. */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/json_paths.h"
#include "base/json_string.h"
#include "base/mem.h"

struct frame {
	const struct json_node *node; /* NULL: no path leads here */
	size_t from;
	size_t index; /* of an array's element */
	bool array;
};

struct reader {
	yajl_handle yajl;
	struct str record;
	struct json_collect collect;
	const struct json_node *member; /* where the value of the key just read is */
	size_t depth;
	size_t end; /* behind the object, once it is closed */
	const char *reason; /* why we stopped it; NULL: we did not */
	struct frame frames[JSON_MAX_DEPTH];
};

enum { STOP = 0, GO_ON = 1 };

static int stop(struct reader *r, const char *reason)
{
	r->reason = reason;
	return STOP;
}

/* The byte behind the token that the callback is about. */
static size_t token_end(const struct reader *r)
{
	return yajl_get_bytes_consumed(r->yajl);
}

/* The byte behind the opening quote of the string whose closing quote is at `close`: the
 * nearest quote before it that is not escaped. */
static size_t string_start(struct str record, size_t close)
{
	for (size_t i = close; i-- > 0;) {
		if (record.p[i] != '"')
			continue;
		size_t backslashes = 0;
		while (backslashes < i && record.p[i - 1 - backslashes] == '\\')
			backslashes++;
		if (backslashes % 2 == 0)
			return i + 1;
	}
	return 0;
}

static const struct json_node *next_node(struct reader *r)
{
	if (r->depth == 0)
		return r->collect.paths->root;
	struct frame *f = &r->frames[r->depth - 1];
	if (!f->array)
		return r->member;
	return f->node ? json_node_element(f->node, f->index++) : NULL;
}

static void add(struct reader *r, const struct json_node *node, enum json_type type, size_t at,
	struct str text)
{
	struct json_value value = { .type = type, .at = (uint32_t)at, .text = text };
	json_collect_add(&r->collect, node, &value);
}

static int on_scalar(struct reader *r, enum json_type type, size_t bytes)
{
	if (r->depth == 0)
		return stop(r, "not a JSON object");
	const struct json_node *node = next_node(r);
	size_t at = token_end(r) - bytes;
	if (node && node->end_count)
		add(r, node, type, at, str_slice(r->record, at, at + bytes));
	return GO_ON;
}

static int on_null(void *ctx)
{
	return on_scalar(ctx, JSON_NULL, strlen("null"));
}

static int on_boolean(void *ctx, int value)
{
	return on_scalar(ctx, JSON_BOOL, value ? strlen("true") : strlen("false"));
}

static int on_number(void *ctx, const char *text, size_t bytes)
{
	(void)text;
	return on_scalar(ctx, JSON_NUMBER, bytes);
}

static int on_string(void *ctx, const unsigned char *text, size_t bytes)
{
	struct reader *r = ctx;
	if (r->depth == 0)
		return stop(r, "not a JSON object");
	const struct json_node *node = next_node(r);
	if (!node || !node->end_count)
		return GO_ON;
	struct str decoded = { bytes ? (const char *)text : "", bytes };
	decoded = json_string_clean(decoded, r->collect.arena);
	if (!decoded.p) {
		r->collect.full = true;
		return GO_ON;
	}
	add(r, node, JSON_STRING, string_start(r->record, token_end(r) - 1) - 1, decoded);
	return GO_ON;
}

static int on_start(struct reader *r, bool array)
{
	if (r->depth == 0 && array)
		return stop(r, "not a JSON object");
	if (r->depth == JSON_MAX_DEPTH)
		return stop(r, "JSON nested too deeply");
	const struct json_node *node = next_node(r);
	struct frame frame = { .node = node, .from = token_end(r) - 1, .array = array };
	r->frames[r->depth++] = frame;
	return GO_ON;
}

static int on_end(struct reader *r)
{
	const struct frame *f = &r->frames[--r->depth];
	r->end = token_end(r);
	if (f->node && f->node->end_count)
		add(r, f->node, f->array ? JSON_ARRAY : JSON_OBJECT, f->from,
			str_slice(r->record, f->from, r->end));
	return GO_ON;
}

static int on_start_map(void *ctx)
{
	return on_start(ctx, false);
}

static int on_end_map(void *ctx)
{
	return on_end(ctx);
}

static int on_start_array(void *ctx)
{
	return on_start(ctx, true);
}

static int on_end_array(void *ctx)
{
	return on_end(ctx);
}

static int on_map_key(void *ctx, const unsigned char *text, size_t bytes)
{
	(void)text;
	(void)bytes;
	struct reader *r = ctx;
	const struct frame *f = &r->frames[r->depth - 1];
	r->member = NULL;
	if (!f->node)
		return GO_ON;
	size_t close = token_end(r) - 1, number;
	struct str key = str_slice(r->record, string_start(r->record, close), close);
	r->member = json_node_child(f->node, key, &number);
	if (r->member)
		json_collect_forget(&r->collect, r->member, f->from);
	return GO_ON;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_map_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static void *yajl_new(void *ctx, size_t bytes)
{
	(void)ctx;
	return mem_alloc(bytes);
}

static void *yajl_resize(void *ctx, void *old, size_t bytes)
{
	(void)ctx;
	return mem_resize(old, bytes, 1);
}

static void yajl_drop(void *ctx, void *p)
{
	(void)ctx;
	mem_free(p);
}

/* The value of the \uXXXX at s.p[i], or -1 if none stands there. */
static int long_escape(struct str s, size_t i)
{
	if (s.n - i < 6 || s.p[i] != '\\' || s.p[i + 1] != 'u')
		return -1;
	int value = 0;
	for (size_t j = i + 2; j < i + 6; j++) {
		int digit = json_hex_digit[(unsigned char)s.p[j]];
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* A copy with lone surrogates replaced, to be freed; NULL, and *at, if a byte is never JSON. */
static char *look_over(struct str record, size_t *at)
{
	char *copy = mem_text(record.p, record.n);
	for (size_t i = 0; i < record.n;) {
		if (copy[i] == '\v' || copy[i] == '\f') {
			*at = i;
			mem_free(copy);
			return NULL;
		}
		if (copy[i] != '\\') {
			i++;
			continue;
		}
		int c = long_escape(record, i);
		if (c < 0xD800 || c > 0xDFFF) {
			i += 2;
			continue;
		}
		int low = c <= 0xDBFF && i + 6 < record.n ? long_escape(record, i + 6) : -1;
		bool pair = low >= 0xDC00 && low <= 0xDFFF;
		if (!pair)
			memcpy(copy + i, "\\ufffd", 6);
		i += pair ? 12 : 6;
	}
	return copy;
}

static int parse(struct reader *r, const char *copy, struct json_error *error)
{
	yajl_alloc_funcs memory = { yajl_new, yajl_resize, yajl_drop, NULL };
	r->yajl = yajl_alloc(&callbacks, &memory, r);
	(void)yajl_config(r->yajl, yajl_dont_validate_strings, 1); /* json_string_clean does */
	size_t n = r->record.n;
	yajl_status status = yajl_parse(r->yajl, (const unsigned char *)copy, n);
	size_t at = yajl_get_bytes_consumed(r->yajl);
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(r->yajl);
		at = n;
	}
	yajl_free(r->yajl);
	if (status == yajl_status_ok && str_trim(str_slice(r->record, r->end, n)).n) {
		*error = (struct json_error){ r->end, "not JSON: trailing garbage" };
		return -EBADMSG;
	}
	if (status == yajl_status_ok)
		return r->collect.full ? -EMSGSIZE : 0;
	*error = (struct json_error){ at < n ? at : n, r->reason ? r->reason : "not JSON" };
	return -EBADMSG;
}

int json_pick_yajl(const struct json_paths *paths, struct str record, struct arena *arena,
	struct json_picked *picked, struct json_error *error)
{
	struct reader r = { .record = record };
	if (record.n > JSON_MAX_RECORD_BYTES) {
		*error = (struct json_error){ JSON_MAX_RECORD_BYTES, "JSON too long" };
		return -EBADMSG;
	}
	json_collect_init(&r.collect, paths, arena, picked);
	if (r.collect.full)
		return -EMSGSIZE;
	size_t at = 0;
	char *copy = look_over(record, &at);
	if (!copy) {
		*error = (struct json_error){ at, "not JSON: control character" };
		return -EBADMSG;
	}
	int status = parse(&r, copy, error);
	mem_free(copy);
	return status;
}
