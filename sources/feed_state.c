#include "sources/feed_state.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

enum { KEY_DIGITS = 16, FIELDS = 7 };

/* Of the cursor. Neither addresses nor validators hold control characters. */
static const struct str first_field = { "feed 1", 6 };

void feed_state_init(struct feed_state *f, struct str url)
{
	*f = (struct feed_state){ .url = url };
}

/* Owned, or absent where it is empty or too long: nothing rather than a part. */
static void set(struct str *own, struct str value, size_t max_bytes)
{
	char *copy = value.n && value.n <= max_bytes ? mem_text(value.p, value.n) : NULL;
	mem_free((char *)own->p);
	*own = (struct str){ copy, copy ? value.n : 0 };
}

void feed_state_finish(struct feed_state *f)
{
	set(&f->moved, STR_NONE, 0);
	feed_state_validators(f, STR_NONE, STR_NONE);
	mem_free(f->keys);
	*f = (struct feed_state){ 0 };
}

struct str feed_state_url(const struct feed_state *f)
{
	return f->moved.n ? f->moved : f->url;
}

void feed_state_move(struct feed_state *f, struct str url)
{
	set(&f->moved, str_eq(url, f->url) ? STR_NONE : url, FEED_URL_MAX_BYTES);
	feed_state_validators(f, STR_NONE, STR_NONE);
}

void feed_state_validators(struct feed_state *f, struct str etag, struct str last_modified)
{
	set(&f->etag, etag, FEED_VALIDATOR_MAX_BYTES);
	set(&f->last_modified, last_modified, FEED_VALIDATOR_MAX_BYTES);
}

/* ---- entries ---- */

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

uint64_t feed_state_key(const struct feed_entry *entry)
{
	char hex[FEED_KEY_BYTES + 1];
	uint64_t key;
	feed_entry_key(entry, hex);
	(void)read_key((struct str){ hex, KEY_DIGITS }, &key); /* it is hex */
	return key;
}

/* A set of keys, twice as large as what comes in. */
struct key_set {
	uint64_t *slots; /* 0: free */
	size_t mask;
};

static struct key_set set_create(size_t count)
{
	size_t size = 16;
	while (size < 2 * count)
		size *= 2;
	return (struct key_set){ mem_zero(size, sizeof(uint64_t)), size - 1 };
}

/* False: it was there. */
static bool set_add(struct key_set *s, uint64_t key)
{
	key += key == 0;
	size_t i = key & s->mask;
	while (s->slots[i] && s->slots[i] != key)
		i = (i + 1) & s->mask;
	const bool added = s->slots[i] == 0;
	s->slots[i] = key;
	return added;
}

bool feed_state_saw(const struct feed_state *f, uint64_t key)
{
	for (size_t i = 0; i < f->key_count; i++)
		if (f->keys[i] == key)
			return true;
	return false;
}

size_t feed_state_new(const struct feed_state *f, const uint64_t *keys, size_t count, bool *fresh)
{
	struct key_set known = set_create(f->key_count + count);
	size_t n = 0;
	for (size_t i = 0; i < f->key_count; i++)
		(void)set_add(&known, f->keys[i]);
	for (size_t i = 0; i < count; i++) {
		fresh[i] = set_add(&known, keys[i]);
		n += fresh[i];
	}
	mem_free(known.slots);
	return n;
}

static size_t keys_max(size_t count, size_t known_count, bool whole)
{
	const size_t wanted = whole ? 2 * count : count + known_count;
	const size_t max = wanted > FEED_MIN_KEYS ? wanted : FEED_MIN_KEYS;
	return max < FEED_MAX_KEYS ? max : FEED_MAX_KEYS;
}

bool feed_state_see(struct feed_state *f, const uint64_t *keys, size_t count, bool whole)
{
	const size_t most = keys_max(count, f->key_count, whole), all_count = count + f->key_count;
	const size_t max = all_count < most ? all_count : most;
	uint64_t *all = mem_zero(max ? max : 1, sizeof *all);
	struct key_set seen = set_create(all_count);
	size_t n = 0;
	for (size_t i = 0; i < count && n < max; i++)
		if (set_add(&seen, keys[i]))
			all[n++] = keys[i];
	for (size_t i = 0; i < f->key_count && n < max; i++)
		if (set_add(&seen, f->keys[i]))
			all[n++] = f->keys[i];
	mem_free(seen.slots);
	const bool changed = n != f->key_count || (n && memcmp(all, f->keys, n * sizeof *all) != 0);
	mem_free(f->keys);
	f->keys = all;
	f->key_count = n;
	return changed;
}

/* ---- the cursor ---- */

void feed_state_part(struct str url, char out[FEED_PART_BYTES + 1])
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_sha256(url, digest);
	digest_hex(digest, hex);
	memcpy(out, hex, FEED_PART_BYTES);
	out[FEED_PART_BYTES] = '\0';
}

static void add_key(struct buf *out, uint64_t key)
{
	static const char digits[] = "0123456789abcdef";
	char hex[KEY_DIGITS];
	for (size_t i = KEY_DIGITS; i-- > 0; key >>= 4)
		hex[i] = digits[key & 15];
	buf_add(out, (struct str){ hex, sizeof hex });
}

void feed_state_format(const struct feed_state *f, struct buf *out)
{
	const struct str fields[FIELDS - 2] = { first_field, f->url, f->moved, f->etag,
		f->last_modified };
	for (size_t i = 0; i < FIELDS - 2; i++) {
		buf_add(out, fields[i]);
		buf_add_char(out, '\t');
	}
	buf_addf(out, "%lld\t", (long long)f->read_at_us);
	for (size_t k = 0; k < f->key_count; k++)
		add_key(out, f->keys[k]);
}

static void read_keys(struct feed_state *f, struct str hex)
{
	const size_t room = hex.n / KEY_DIGITS < FEED_MAX_KEYS ? hex.n / KEY_DIGITS : FEED_MAX_KEYS;
	mem_free(f->keys);
	f->keys = mem_zero(room ? room : 1, sizeof *f->keys);
	f->key_count = 0;
	for (size_t i = 0; i < room; i++) {
		const struct str digits = str_slice(hex, i * KEY_DIGITS, (i + 1) * KEY_DIGITS);
		if (read_key(digits, &f->keys[f->key_count]))
			f->key_count++;
	}
}

bool feed_state_parse(struct str cursor, struct feed_state *f)
{
	struct str fields[FIELDS];
	for (size_t i = 0; i < FIELDS; i++)
		if (!str_next(&cursor, '\t', &fields[i]))
			fields[i] = STR("");
	if (!str_eq(fields[0], first_field) || !str_eq(fields[1], f->url))
		return false;
	set(&f->moved, fields[2], FEED_URL_MAX_BYTES);
	feed_state_validators(f, fields[3], fields[4]);
	f->known = true;
	if (!str_to_int64(fields[5], &f->read_at_us) || f->read_at_us < 0)
		f->read_at_us = 0;
	read_keys(f, fields[6]);
	return true;
}
