#include "sources/poll_state.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

enum { KEY_DIGITS = 16 };

/* Neither values nor validators hold control characters. */
enum { FIELD_END = 0x1E };

static const struct str first_field = { "poll 1", 6 };

void poll_state_init(struct poll_state *s)
{
	*s = (struct poll_state){ 0 };
	buf_init(&s->value, POLL_VALUE_MAX_BYTES);
	buf_init(&s->etag, POLL_VALIDATOR_MAX_BYTES);
	buf_init(&s->last_modified, POLL_VALIDATOR_MAX_BYTES);
}

void poll_state_finish(struct poll_state *s)
{
	buf_finish(&s->value);
	buf_finish(&s->etag);
	buf_finish(&s->last_modified);
	mem_free(s->keys);
	*s = (struct poll_state){ 0 };
}

static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/* Nothing rather than a part. */
static void set(struct buf *b, struct str value)
{
	buf_clear(b);
	if (is_clean(value))
		buf_add(b, value);
	if (b->full)
		buf_clear(b);
}

/* ---- records ---- */

uint64_t poll_key(struct str text)
{
	unsigned char digest[DIGEST_BYTES];
	uint64_t key = 0;
	digest_sha256(text, digest);
	for (size_t i = 0; i < sizeof key; i++)
		key = key << 8 | digest[i];
	return key;
}

static bool holds(const uint64_t *keys, size_t count, uint64_t key)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

bool poll_state_saw(const struct poll_state *s, uint64_t key)
{
	return holds(s->keys, s->key_count, key);
}

void poll_state_see(struct poll_state *s, const uint64_t *keys, size_t count)
{
	uint64_t *all = mem_zero(POLL_MAX_KEYS, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < count && n < POLL_MAX_KEYS; i++)
		if (!holds(all, n, keys[i]))
			all[n++] = keys[i];
	const size_t new_count = n;
	for (size_t i = 0; i < s->key_count && n < POLL_MAX_KEYS; i++)
		if (!holds(all, new_count, s->keys[i]))
			all[n++] = s->keys[i];
	mem_free(s->keys);
	s->keys = all;
	s->key_count = n;
}

/* ---- the newest value ---- */

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static struct str without_zeros(struct str s)
{
	size_t i = 0;
	while (i + 1 < s.n && s.p[i] == '0')
		i++;
	return str_slice(s, i, s.n);
}

int poll_value_cmp(struct str a, struct str b)
{
	if (!is_digits(a) || !is_digits(b))
		return str_cmp(a, b);
	a = without_zeros(a);
	b = without_zeros(b);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return str_cmp(a, b);
}

void poll_state_raise(struct poll_state *s, struct str value)
{
	if (value.n == 0 || value.n > POLL_VALUE_MAX_BYTES || !is_clean(value))
		return;
	if (s->value.n == 0 || poll_value_cmp(value, buf_str(&s->value)) > 0)
		set(&s->value, value);
}

/* ---- validators ---- */

void poll_state_validators(
	struct poll_state *s, struct str url, struct str etag, struct str last_modified)
{
	set(&s->etag, etag);
	set(&s->last_modified, last_modified);
	s->validators_of = s->etag.n || s->last_modified.n ? poll_key(url) : 0;
}

bool poll_state_has_validators(const struct poll_state *s, struct str url)
{
	return (s->etag.n || s->last_modified.n) && s->validators_of == poll_key(url);
}

/* ---- items that are not there yet ---- */

static size_t find_pending(const struct poll_state *s, int64_t number)
{
	size_t i = 0;
	while (i < s->pending_count && s->pending[i].number != number)
		i++;
	return i;
}

static void remove_pending(struct poll_state *s, size_t i)
{
	memmove(&s->pending[i], &s->pending[i + 1],
		(s->pending_count - i - 1) * sizeof s->pending[0]);
	s->pending_count--;
}

void poll_state_miss(struct poll_state *s, int64_t number)
{
	const size_t i = find_pending(s, number);
	if (i < s->pending_count) {
		if (++s->pending[i].tries >= POLL_PENDING_TRIES)
			remove_pending(s, i);
		return;
	}
	if (s->pending_count == POLL_MAX_PENDING)
		remove_pending(s, 0); /* the oldest */
	s->pending[s->pending_count++] = (struct poll_pending){ number, 1 };
}

void poll_state_settle(struct poll_state *s, int64_t number)
{
	const size_t i = find_pending(s, number);
	if (i < s->pending_count)
		remove_pending(s, i);
}

/* ---- the cursor ---- */

void poll_state_format(const struct poll_state *s, struct buf *out)
{
	buf_add(out, first_field);
	buf_addf(out, "%c%d%c", FIELD_END, s->known, FIELD_END);
	buf_add(out, buf_str(&s->value));
	buf_add_char(out, FIELD_END);
	buf_add(out, buf_str(&s->etag));
	buf_add_char(out, FIELD_END);
	buf_add(out, buf_str(&s->last_modified));
	buf_addf(out, "%c%016llx%c", FIELD_END, (unsigned long long)s->validators_of, FIELD_END);
	for (size_t i = 0; i < s->key_count; i++)
		buf_addf(out, "%016llx", (unsigned long long)s->keys[i]);
	buf_add_char(out, FIELD_END);
	for (size_t i = 0; i < s->pending_count; i++)
		buf_addf(out, "%lld:%lld,", (long long)s->pending[i].number,
			(long long)s->pending[i].tries);
	buf_add_char(out, FIELD_END);
}

static bool read_key(struct str hex, uint64_t *key)
{
	*key = 0;
	for (size_t i = 0; i < hex.n; i++) {
		const char c = hex.p[i];
		if (c >= '0' && c <= '9')
			*key = *key << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*key = *key << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return hex.n == KEY_DIGITS;
}

static void read_keys(struct poll_state *s, struct str hex)
{
	s->keys = mem_zero(POLL_MAX_KEYS, sizeof *s->keys);
	for (size_t at = 0; at < hex.n && s->key_count < POLL_MAX_KEYS; at += KEY_DIGITS)
		if (read_key(str_slice(hex, at, at + KEY_DIGITS), &s->keys[s->key_count]))
			s->key_count++;
}

static void read_pending(struct poll_state *s, struct str list)
{
	struct str one;
	while (str_next(&list, ',', &one) && s->pending_count < POLL_MAX_PENDING) {
		const size_t colon = str_find_char(one, ':');
		struct poll_pending p;
		if (str_to_int64(str_slice(one, 0, colon), &p.number) && p.number >= 0 &&
			colon != SIZE_MAX &&
			str_to_int64(str_slice(one, colon + 1, one.n), &p.tries) && p.tries > 0 &&
			p.tries < POLL_PENDING_TRIES)
			s->pending[s->pending_count++] = p;
	}
}

bool poll_state_parse(struct poll_state *s, struct str cursor)
{
	struct str known, value, etag, last_modified, of, keys, pending, first;
	poll_state_finish(s);
	poll_state_init(s);
	if (!str_next(&cursor, FIELD_END, &first) || !str_eq(first, first_field) ||
		!str_next(&cursor, FIELD_END, &known) || !str_next(&cursor, FIELD_END, &value) ||
		!str_next(&cursor, FIELD_END, &etag) ||
		!str_next(&cursor, FIELD_END, &last_modified) ||
		!str_next(&cursor, FIELD_END, &of) || !str_next(&cursor, FIELD_END, &keys) ||
		!str_next(&cursor, FIELD_END, &pending))
		return false;
	s->known = str_eq(known, STR("1"));
	set(&s->value, value);
	set(&s->etag, etag);
	set(&s->last_modified, last_modified);
	if (!read_key(of, &s->validators_of))
		s->validators_of = 0;
	read_keys(s, keys);
	read_pending(s, pending);
	return true;
}
