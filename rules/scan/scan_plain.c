#include "base/fold.h"
#include "rules/scan/scan_kernel.h"

void scan_keys_init(struct scan_keys *k)
{
	*k = (struct scan_keys){ 0 };
}

static void add_byte(struct scan_keys *k, size_t at, unsigned char c, uint8_t bucket)
{
	k->low[at][c & 15] |= bucket;
	k->high[at][c >> 4] |= bucket;
}

/* The place of a key, which is added if it is new; SCAN_MAX_KEYS if there is no room. */
static size_t place_of(struct scan_keys *k, struct str name)
{
	size_t i = 0;
	while (i < k->count && !str_eq(k->keys[i].name, name))
		i++;
	if (i < k->count || i == SCAN_MAX_KEYS)
		return i;
	uint8_t bucket = (uint8_t)(1u << (i % 8));
	for (size_t at = 0; at < 3; at++) {
		size_t back = 3 - at; /* bytes before the closing quote */
		if (back <= name.n) {
			add_byte(k, at, (unsigned char)name.p[name.n - back], bucket);
		} else if (back == name.n + 1) {
			add_byte(k, at, '"', bucket);
		} else {
			for (unsigned c = 0; c < 256; c++)
				add_byte(k, at, (unsigned char)c, bucket);
		}
	}
	struct scan_key *key = &k->keys[k->count++];
	*key = (struct scan_key){ .name = name };
	char tail[8] = { 0 }, mask[8] = { 0 };
	for (size_t back = 1; back <= 8 && back <= name.n + 1; back++) {
		tail[8 - back] = back <= name.n ? name.p[name.n - back] : '"';
		mask[8 - back] = (char)0xFF;
	}
	memcpy(&key->tail, tail, sizeof tail);
	memcpy(&key->tail_mask, mask, sizeof mask);
	return i;
}

bool scan_keys_add(struct scan_keys *k, struct str name, bool html, struct str within)
{
	size_t parent = within.p ? place_of(k, within) : SCAN_MAX_KEYS;
	size_t i = name.n ? place_of(k, name) : SCAN_MAX_KEYS;
	if (i == SCAN_MAX_KEYS)
		return false;
	struct scan_key *key = &k->keys[i];
	uint64_t bit = parent < SCAN_MAX_KEYS ? (uint64_t)1 << parent : 0;
	/* Asked for everywhere once is everywhere. */
	key->within = key->text && (!key->within || !bit) ? 0 : key->within | bit;
	key->html = key->html || html;
	key->text = true;
	return true;
}

static bool may_end_key(const struct scan_keys *k, const char *p)
{
	uint8_t bits = 0xFF;
	for (size_t at = 0; at < 3; at++) {
		unsigned char c = (unsigned char)p[at];
		bits &= k->low[at][c & 15] & k->high[at][c >> 4];
	}
	return bits != 0 && p[3] == '"';
}

static const char *next_event(const struct scan_keys *keys, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '\n' || (end - p >= 4 && may_end_key(keys, p)))
			return p;
	}
	return end;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static const char *fold_string(
	struct scan_text *t, const struct wake *w, const char *p, const char *end)
{
	scan_text_room(t, (size_t)(end - p));
	while (p < end && *p != '"') {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20) {
			t->odd = true;
			return p;
		}
		if (c >= 0x80 || c == '\\') {
			p = scan_special(t, w, p, end);
			if (t->odd)
				return p;
		} else {
			t->p[t->n++] = lower(*p++);
		}
	}
	t->odd = p == end;
	return p;
}

static void fold_plain(struct scan_text *t, const struct wake *w, const char *p, const char *end)
{
	scan_text_room(t, (size_t)(end - p));
	while (p < end) {
		if ((unsigned char)*p >= 0x80)
			p = scan_special(t, w, p, end);
		else
			t->p[t->n++] = lower(*p++);
	}
}

static size_t find_words(
	const struct wake *w, const char *folded, size_t *from, size_t n, struct scan_word *words)
{
	size_t count = 0, i = *from;
	while (i < n && count < SCAN_MAX_WORDS) {
		size_t start = i;
		while (i < n && fold_is_word(folded[i]))
			i++;
		uint64_t hash = i > start ? word_hash(folded + start, i - start) : 0;
		if (i > start && wake_bit(w, hash))
			words[count++] = (struct scan_word){ hash, (uint32_t)start, (uint32_t)i };
		i += i == start;
	}
	*from = i;
	return count;
}

const struct scan_kernel scan_kernel_plain = {
	.name = "plain",
	.next_event = next_event,
	.fold_string = fold_string,
	.fold_plain = fold_plain,
	.find_words = find_words,
};
