#include "rules/compile/wake_words.h"

#include <string.h>

#include "base/fold_table.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rules/text/common_words.h"

/* A word to wait for. partner: another that must be there; absent: none need be. */
struct wake_word {
	struct str word, partner;
	enum wake_place place; /* of the partner */
};

/* The same, as it is kept until all are known: a million of them are many bytes. */
struct wake_hashes {
	uint64_t word, partner;
	bool paired;
	enum wake_place place;
};

size_t word_rarity(struct str word, bool spaceless)
{
	if (spaceless)
		return word.n > 4 ? 6 : 3;
	switch (word_frequency(word)) {
	case WORD_VERY_COMMON:
		return 1;
	case WORD_COMMON:
		return 2;
	case WORD_RARE:
		break;
	}
	return word.n + 1;
}

static bool begins_spaceless(struct str word)
{
	uint32_t first;
	return word.n && (unsigned char)word.p[0] >= 0xE0 && utf8_read(word, 0, &first) &&
		fold_entry(first)->class & FOLD_SPACELESS;
}

struct piece {
	struct str best;
	bool spaceless;
};

static void consider(struct piece *p, struct str word, bool spaceless)
{
	if (word.n &&
		(!p->best.n || word_rarity(word, spaceless) > word_rarity(p->best, p->spaceless)))
		*p = (struct piece){ word, spaceless };
}

struct str wake_piece(struct str folded)
{
	struct piece piece = { STR_NONE, false };
	size_t start = 0, pair = SIZE_MAX;
	for (size_t i = 0; i < folded.n;) {
		uint32_t c = (unsigned char)folded.p[i];
		size_t n = c < 0x80 ? 1 : utf8_read(folded, i, &c);
		bool word = fold_is_word(folded.p[i]);
		bool spaceless = c >= 0x80 && word && fold_entry(c)->class & FOLD_SPACELESS;
		if (!word || spaceless) {
			consider(&piece, str_slice(folded, start, i), false);
			start = i + n;
		}
		if (spaceless)
			consider(&piece, str_slice(folded, pair == SIZE_MAX ? i : pair, i + n),
				true);
		pair = spaceless ? i : SIZE_MAX;
		i += n;
	}
	consider(&piece, str_slice(folded, start, folded.n), false);
	return piece.best;
}

static void add(struct wake_words *w, struct wake_word word)
{
	if (w->count == w->size) {
		w->size = w->size ? w->size * 2 : 256;
		w->items = mem_resize(w->items, w->size, sizeof *w->items);
	}
	bool paired = word.partner.n > 0;
	w->items[w->count++] = (struct wake_hashes){ word_hash_of(word.word),
		paired ? word_hash_of(word.partner) : 0, paired, word.place };
	w->spaceless = w->spaceless || begins_spaceless(word.word);
}

void wake_words_add(struct wake_words *w, struct str word)
{
	add(w, (struct wake_word){ .word = word });
}

/* The first or the last piece of a word that the scan sees as a word by itself: all of it, up to or
 * from an apostrophe; absent where spaceless characters are. */
static struct str edge_piece(struct str word, bool last)
{
	size_t from = 0, to = word.n;
	for (size_t i = 0; i < word.n; i++) {
		if ((unsigned char)word.p[i] >= 0xE0)
			return STR_NONE; /* may be spaceless */
		if (fold_is_word(word.p[i]))
			continue;
		if (!last) {
			to = i;
			break;
		}
		from = i + 1;
	}
	return str_slice(word, from, to);
}

/* What to wait for if a phrase is waited for: its rarest word, beside a neighbour if the scan sees
 * both as whole words. */
static struct wake_word phrase_wake(const struct phrase *phrase, size_t anchor)
{
	struct str word = phrase->words[anchor].word;
	struct wake_word wake = { .word = wake_piece(word) };
	if (wake.word.n != word.n || begins_spaceless(word))
		return wake;
	struct str next = STR_NONE, before = STR_NONE;
	if (anchor + 1 < phrase->count)
		next = edge_piece(phrase->words[anchor + 1].word, false);
	if (anchor > 0)
		before = edge_piece(phrase->words[anchor - 1].word, true);
	bool is_before = next.n == 0 ||
		(before.n && word_rarity(before, false) > word_rarity(next, false));
	wake.place = is_before ? WAKE_BEFORE : WAKE_BEHIND;
	wake.partner = is_before ? before : next;
	if (wake.partner.n == 0)
		wake.partner = STR_NONE;
	return wake;
}

void wake_words_add_with(struct wake_words *w, struct str word, struct str other)
{
	add(w, (struct wake_word){ .word = word, .partner = other, .place = WAKE_ANYWHERE });
}

void wake_words_add_phrase(struct wake_words *w, const struct phrase *phrase, size_t anchor)
{
	add(w, phrase_wake(phrase, anchor));
}

void wake_words_fill(const struct wake_words *w, struct wake *wake)
{
	wake_init(wake, w->count);
	wake->spaceless = w->spaceless;
	for (size_t i = 0; i < w->count; i++) {
		if (!w->items[i].paired)
			wake_add(wake, w->items[i].word);
	}
	for (size_t i = 0; i < w->count; i++) {
		const struct wake_hashes *h = &w->items[i];
		if (h->paired)
			wake_add_pair(wake, h->word, h->partner, h->place);
	}
}

void wake_words_finish(struct wake_words *w)
{
	mem_free(w->items);
	*w = (struct wake_words){ 0 };
}
