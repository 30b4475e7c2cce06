#include "sources/feed_state.h"

#include <string.h>

#include "base/mem.h"

enum { KEY_DIGITS = 16, FIELDS = 6 };

/* Neither addresses nor validators hold control characters. */
enum { LINE_END = 0x1E };

static const struct str first_line = { "feeds 1", 7 };

void feed_state_init(struct feed_state *f, struct str url)
{
	*f = (struct feed_state){ .url = url };
	buf_init(&f->moved, FEED_URL_MAX_BYTES);
	buf_init(&f->etag, FEED_VALIDATOR_MAX_BYTES);
	buf_init(&f->last_modified, FEED_VALIDATOR_MAX_BYTES);
}

void feed_state_finish(struct feed_state *f)
{
	buf_finish(&f->moved);
	buf_finish(&f->etag);
	buf_finish(&f->last_modified);
	mem_free(f->keys);
	*f = (struct feed_state){ 0 };
}

struct str feed_state_url(const struct feed_state *f)
{
	return f->moved.n ? buf_str(&f->moved) : f->url;
}

/* Nothing rather than a part. */
static void set(struct buf *b, struct str value)
{
	buf_clear(b);
	buf_add(b, value);
	if (b->full)
		buf_clear(b);
}

void feed_state_move(struct feed_state *f, struct str url)
{
	set(&f->moved, str_eq(url, f->url) ? STR_NONE : url);
	feed_state_validators(f, STR_NONE, STR_NONE);
}

void feed_state_validators(struct feed_state *f, struct str etag, struct str last_modified)
{
	set(&f->etag, etag);
	set(&f->last_modified, last_modified);
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

static bool holds(const uint64_t *keys, size_t count, uint64_t key)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i] == key)
			return true;
	return false;
}

bool feed_state_saw(const struct feed_state *f, uint64_t key)
{
	return holds(f->keys, f->key_count, key);
}

bool feed_state_see(struct feed_state *f, const uint64_t *keys, size_t count, size_t max)
{
	uint64_t *all = mem_zero(max ? max : 1, sizeof *all);
	size_t n = 0;
	for (size_t i = 0; i < count && n < max; i++)
		if (!holds(all, n, keys[i]))
			all[n++] = keys[i];
	for (size_t i = 0; i < f->key_count && n < max; i++)
		if (!holds(all, n, f->keys[i]))
			all[n++] = f->keys[i];
	const bool changed = n != f->key_count || (n && memcmp(all, f->keys, n * sizeof *all) != 0);
	mem_free(f->keys);
	f->keys = all;
	f->key_count = n;
	return changed;
}

/* ---- the cursor ---- */

void feed_states_format(const struct feed_state *feeds, size_t count, struct buf *out)
{
	buf_add(out, first_line);
	buf_add_char(out, LINE_END);
	for (size_t i = 0; i < count; i++) {
		const struct feed_state *f = &feeds[i];
		if (!f->known && !f->gone)
			continue;
		buf_add(out, f->url);
		buf_add_char(out, '\t');
		buf_add(out, buf_str(&f->moved));
		buf_add_char(out, '\t');
		buf_add(out, buf_str(&f->etag));
		buf_add_char(out, '\t');
		buf_add(out, buf_str(&f->last_modified));
		buf_add(out, f->gone ? STR("\tgone\t") : STR("\t\t"));
		for (size_t k = 0; k < f->key_count; k++)
			buf_addf(out, "%016llx", (unsigned long long)f->keys[k]);
		buf_add_char(out, LINE_END);
	}
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

static void take_line(struct str line, struct feed_state *feeds, size_t count)
{
	struct str fields[FIELDS];
	for (size_t i = 0; i < FIELDS; i++)
		if (!str_next(&line, '\t', &fields[i]))
			fields[i] = STR("");
	for (size_t i = 0; i < count; i++) {
		struct feed_state *f = &feeds[i];
		if (!str_eq(f->url, fields[0]))
			continue;
		set(&f->moved, fields[1]);
		feed_state_validators(f, fields[2], fields[3]);
		f->gone = str_eq(fields[4], STR("gone"));
		f->known = true;
		read_keys(f, fields[5]);
	}
}

bool feed_states_parse(struct str cursor, struct feed_state *feeds, size_t count)
{
	struct str line;
	if (!str_next(&cursor, LINE_END, &line) || !str_eq(line, first_line))
		return false;
	while (str_next(&cursor, LINE_END, &line))
		take_line(line, feeds, count);
	return true;
}
