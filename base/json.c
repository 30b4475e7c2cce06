/* The reader for the flood. It walks along the record with the node of the tree of paths where
 * it is; below a place that no path leads to, it only checks. Strings are kept as they stand
 * in the record and decoded at the end, once it is sure that the whole is JSON. */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/json_paths.h"
#include "base/json_string.h"

/* An open array or object that some path leads into. */
struct frame {
	const struct json_node *node;
	const char *from;
	size_t index; /* of an array's element */
	uint64_t seen; /* children met in this object, by number; from 64 on always set */
	bool array;
};

struct reader {
	const char *begin, *end;
	struct json_collect collect;
	const struct json_node *node; /* where the next value is; NULL: no path leads there */
	size_t depth;
	const char *error_at, *error_reason;
	struct frame frames[JSON_MAX_DEPTH];
};

static const char *fail(struct reader *r, const char *at, const char *reason)
{
	r->error_at = at;
	r->error_reason = at == r->end ? "not JSON: unexpected end" : reason;
	return NULL;
}

static inline const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* The byte at p, or NUL, which is never right, at the end. */
static inline char peek(const char *p, const char *end)
{
	return p < end ? *p : '\0';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline const char *skip_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

static const char *skip_number(struct reader *r, const char *p)
{
	const char *end = r->end;
	if (*p == '-')
		p++;
	if (!is_digit(peek(p, end)))
		return fail(r, p, "not JSON: bad number");
	p = *p == '0' ? p + 1 : skip_digits(p, end);
	if (peek(p, end) == '.') {
		if (!is_digit(peek(++p, end)))
			return fail(r, p, "not JSON: bad number");
		p = skip_digits(p, end);
	}
	if ((peek(p, end) | 0x20) == 'e') {
		p++;
		if (peek(p, end) == '+' || peek(p, end) == '-')
			p++;
		if (!is_digit(peek(p, end)))
			return fail(r, p, "not JSON: bad number");
		p = skip_digits(p, end);
	}
	return p;
}

static inline const char *skip_word(struct reader *r, const char *p, const char *word, size_t n)
{
	if ((size_t)(r->end - p) < n || memcmp(p, word, n) != 0)
		return fail(r, p, "not JSON: unknown word");
	return p + n;
}

static inline const char *skip_string(struct reader *r, const char *p)
{
	return json_short_string_end(p + 1, r->end, &r->error_at, &r->error_reason);
}

/* Anything but an array or an object. */
static inline const char *skip_scalar(struct reader *r, const char *p, enum json_type *type)
{
	switch (peek(p, r->end)) {
	case '"':
		*type = JSON_STRING;
		return skip_string(r, p);
	case 't':
		*type = JSON_BOOL;
		return skip_word(r, p, "true", 4);
	case 'f':
		*type = JSON_BOOL;
		return skip_word(r, p, "false", 5);
	case 'n':
		*type = JSON_NULL;
		return skip_word(r, p, "null", 4);
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		*type = JSON_NUMBER;
		return skip_number(r, p);
	default:
		return fail(r, p, "not JSON: expected a value");
	}
}

/* From a key's quote to its value. */
static inline const char *skip_key(struct reader *r, const char *p, struct str *key)
{
	if (peek(p, r->end) != '"')
		return fail(r, p, "not JSON: expected a key");
	const char *from = p + 1;
	p = skip_string(r, p);
	if (!p)
		return NULL;
	*key = (struct str){ from, (size_t)(p - 1 - from) };
	p = skip_space(p, r->end);
	if (peek(p, r->end) != ':')
		return fail(r, p, "not JSON: expected ':'");
	return skip_space(p + 1, r->end);
}

/* A whole array or object that no path leads into. */
static const char *skip_container(struct reader *r, const char *p)
{
	const char *end = r->end;
	uint64_t arrays = 0; /* bit 0: the innermost */
	size_t depth = 0, max_depth = JSON_MAX_DEPTH - r->depth;
	struct str key;
	for (;;) {
		char c = peek(p, end);
		bool opens = c == '{' || c == '[';
		if (opens) {
			if (depth == max_depth)
				return fail(r, p, "JSON nested too deeply");
			depth++;
			arrays = arrays << 1 | (c == '[');
			p = skip_space(p + 1, end);
		} else {
			enum json_type type;
			p = skip_scalar(r, p, &type);
			if (!p)
				return NULL;
			p = skip_space(p, end);
		}
		bool first = opens;
		for (;;) {
			c = peek(p, end);
			if (c == (arrays & 1 ? ']' : '}')) {
				p++;
				arrays >>= 1;
				if (--depth == 0)
					return p;
				p = skip_space(p, end);
				first = false;
				continue;
			}
			if (first)
				break;
			if (c != ',')
				return fail(r, p, "not JSON: expected ',' or a closing bracket");
			p = skip_space(p + 1, end);
			break;
		}
		if (!(arrays & 1)) {
			p = skip_key(r, p, &key);
			if (!p)
				return NULL;
		}
	}
}

static void add(struct reader *r, const struct json_node *node, enum json_type type,
	const char *from, const char *to)
{
	struct json_value value = { .type = type, .at = (uint32_t)(from - r->begin) };
	size_t quote = type == JSON_STRING;
	value.text = (struct str){ from + quote, (size_t)(to - from) - 2 * quote };
	json_collect_add(&r->collect, node, &value);
}

static bool leads_on(const struct json_node *node)
{
	return node && node->path_count > node->end_count;
}

/* A value that is at its end when it is read: a scalar, or a container off the paths. */
static inline const char *whole_value(struct reader *r, const char *p)
{
	const char *from = p;
	char c = peek(p, r->end);
	enum json_type type = c == '{' ? JSON_OBJECT : JSON_ARRAY;
	if (c == '{' || c == '[')
		p = skip_container(r, p);
	else
		p = skip_scalar(r, p, &type);
	if (p && r->node && r->node->end_count)
		add(r, r->node, type, from, p);
	return p;
}

/* The value of this key takes the place of an earlier one in the same object. */
static void mark_seen(struct reader *r, struct frame *f, const struct json_node *child, size_t i)
{
	uint64_t bit = UINT64_C(1) << (i & 63);
	if (i >= 64 || f->seen & bit)
		json_collect_forget(&r->collect, child, (size_t)(f->from - r->begin));
	f->seen |= bit;
}

/* To the next value of the innermost frame: behind the key, or to the element. */
static inline const char *next_value(struct reader *r, const char *p)
{
	struct frame *f = &r->frames[r->depth - 1];
	if (f->array) {
		r->node = json_node_element(f->node, f->index++);
		return p;
	}
	struct str key;
	p = skip_key(r, p, &key);
	if (!p)
		return NULL;
	size_t number;
	r->node = json_node_child(f->node, key, &number);
	if (r->node)
		mark_seen(r, f, r->node, number);
	return p;
}

static inline const char *open_frame(struct reader *r, const char *p)
{
	if (r->depth == JSON_MAX_DEPTH)
		return fail(r, p, "JSON nested too deeply");
	struct frame *f = &r->frames[r->depth++];
	f->node = r->node;
	f->from = p;
	f->index = 0;
	f->seen = 0;
	f->array = *p == '[';
	return skip_space(p + 1, r->end);
}

/* Closes what ends here. Then p is at the next value, or, at depth 0, behind the record. */
static inline const char *after_value(struct reader *r, const char *p, bool first)
{
	for (;;) {
		p = skip_space(p, r->end);
		const struct frame *f = &r->frames[r->depth - 1];
		char c = peek(p, r->end);
		if (c == (f->array ? ']' : '}')) {
			p++;
			if (f->node->end_count)
				add(r, f->node, f->array ? JSON_ARRAY : JSON_OBJECT, f->from, p);
			if (--r->depth == 0)
				return p;
			first = false;
			continue;
		}
		if (!first && c != ',')
			return fail(r, p, "not JSON: expected ',' or a closing bracket");
		return next_value(r, first ? p : skip_space(p + 1, r->end));
	}
}

static const char *read_record(struct reader *r)
{
	const char *p = skip_space(r->begin, r->end);
	if (peek(p, r->end) != '{')
		return fail(r, p, "not a JSON object");
	r->node = r->collect.paths->root;
	p = open_frame(r, p);
	p = after_value(r, p, true);
	while (p && r->depth) {
		char c = peek(p, r->end);
		bool opens = (c == '{' || c == '[') && leads_on(r->node);
		p = opens ? open_frame(r, p) : whole_value(r, p);
		if (p)
			p = after_value(r, p, opens);
	}
	if (!p)
		return NULL;
	p = skip_space(p, r->end);
	return p == r->end ? p : fail(r, p, "not JSON: trailing garbage");
}

static bool decode_path(const struct json_collect *c, size_t path)
{
	const struct json_picked *picked = &c->picked[path];
	for (size_t i = 0; i < picked->count; i++) {
		struct json_value *value = &picked->items[i];
		if (value->type != JSON_STRING)
			continue;
		value->text = json_string_decode(value->text, c->arena);
		if (!value->text.p)
			return false;
	}
	return true;
}

static int decode_strings(const struct json_collect *c)
{
	for (size_t word = 0; word < JSON_MAX_PATHS / 64; word++) {
		for (uint64_t left = c->touched[word]; left; left &= left - 1) {
			if (!decode_path(c, word * 64 + (size_t)__builtin_ctzll(left)))
				return -EMSGSIZE;
		}
	}
	return 0;
}

int json_pick(const struct json_paths *paths, struct str record, struct arena *arena,
	struct json_picked *picked, struct json_error *error)
{
	struct reader r;
	if (record.n > JSON_MAX_RECORD_BYTES) {
		*error = (struct json_error){ JSON_MAX_RECORD_BYTES, "JSON too long" };
		return -EBADMSG;
	}
	r.begin = record.p;
	r.end = record.n ? record.p + record.n : record.p;
	r.depth = 0;
	json_collect_init(&r.collect, paths, arena, picked);
	if (r.collect.full)
		return -EMSGSIZE;
	if (!read_record(&r)) {
		*error = (struct json_error){ record.n ? (size_t)(r.error_at - r.begin) : 0,
			r.error_reason };
		return -EBADMSG;
	}
	if (r.collect.full)
		return -EMSGSIZE;
	return decode_strings(&r.collect);
}
