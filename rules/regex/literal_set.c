#include "rules/regex/literal_set.h"

#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"

enum {
	MIN_CHARACTERS = 2,
	GOOD_BITS = 24, /* more is no better: then fewer literals are */
	GROUP_BITS = 1, /* what is not worth that much stands in nearly all texts */
};

unsigned literal_bits(struct str s)
{
	static const struct str everywhere = { "https://www. http://t.co/ .com/", 31 };
	unsigned bits = 0;
	for (size_t i = 0; i < s.n; i++)
		bits += fold_is_word(s.p[i]) ? 3 : s.p[i] == ' ' ? 1 : 2;
	if (str_find(everywhere, s) != SIZE_MAX)
		return 1;
	return bits < GOOD_BITS ? bits : GOOD_BITS;
}

unsigned literal_set_bits(struct literal_set set)
{
	unsigned least = GOOD_BITS, doublings = 0;
	for (size_t i = 0; i < set.count; i++) {
		unsigned bits = literal_bits(set.items[i]);
		least = bits < least ? bits : least;
	}
	for (size_t n = set.count; n > 1; n /= 2)
		doublings++;
	return least > doublings ? least - doublings : 0;
}

static bool covered(struct literal_set set, struct str text)
{
	for (size_t i = 0; i < set.count; i++) {
		if (str_find(text, set.items[i]) != SIZE_MAX)
			return true;
	}
	return false;
}

/* Without spaces at the ends, which HTML loses, and without what another one covers: beside "fri",
 * which some match may hold alone, "friday" lets nothing more through. False if one of them is too
 * short. */
static bool tidy(struct arena *arena, struct literal_set set, struct literal_set *out)
{
	struct str *items = arena_array(arena, struct str, set.count);
	size_t count = 0;
	for (size_t i = 0; i < set.count; i++) {
		struct str s = str_trim(set.items[i]);
		if (utf8_count(s) < MIN_CHARACTERS)
			return false;
		if (covered((struct literal_set){ items, count }, s))
			continue;
		size_t kept = 0;
		for (size_t j = 0; j < count; j++) {
			if (str_find(items[j], s) == SIZE_MAX)
				items[kept++] = items[j];
		}
		items[kept] = s;
		count = kept + 1;
	}
	*out = (struct literal_set){ items, count };
	return count > 0;
}

/* In place of a worse group of the same piece, or of the worst of all if there are too many. */
static void offer_group(struct literal_run *run, struct literal_set set)
{
	size_t i = run->group_count;
	unsigned bits = literal_set_bits(set);
	if (bits < GROUP_BITS)
		return;
	if (run->piece_has_group) {
		i--;
	} else if (i == NEED_MAX_GROUPS) {
		i = 0;
		for (size_t j = 1; j < NEED_MAX_GROUPS; j++)
			i = literal_set_bits(run->groups[j]) < literal_set_bits(run->groups[i]) ? j
												: i;
	}
	if (i < run->group_count && literal_set_bits(run->groups[i]) >= bits)
		return;
	run->groups[i] = set;
	run->piece_has_group = i + 1 >= run->group_count;
	run->group_count += i == run->group_count;
}

static void offer_best(struct literal_run *run, struct literal_set set)
{
	unsigned old = run->best.count ? literal_set_bits(run->best) : 0;
	unsigned new = literal_set_bits(set);
	if (run->best.count == 0 || new > old || (new == old &&set.count < run->best.count))
		run->best = set;
}

void literal_run_offer(struct literal_run *run, struct literal_set set)
{
	if (set.count == 0)
		return;
	offer_group(run, set);
	offer_best(run, set);
}

void literal_run_choose(
	struct literal_run *run, const struct need *needs, size_t count, struct literal_set set)
{
	unsigned bits = literal_set_bits(set);
	offer_best(run, set);
	if (run->choice_count && run->choice_bits >= bits)
		return;
	run->choices = needs;
	run->choice_count = count;
	run->choice_bits = bits;
}

void literal_run_need_byte(struct literal_run *run, struct byte_set set)
{
	for (size_t i = 0; i < run->byte_set_count; i++) {
		const uint64_t *known = run->byte_sets[i].bits;
		if (known[0] == set.bits[0] && known[1] == set.bits[1])
			return;
	}
	if (run->byte_set_count < NEED_MAX_BYTE_SETS)
		run->byte_sets[run->byte_set_count++] = set;
}

/* What is too short to be searched for still has characters. Signs tell more than digits; letters
 * stand everywhere. */
static void need_bytes(struct literal_run *run)
{
	static const struct str common = { "-.,:/'", 6 };
	struct byte_set set = { { 0, 0 } };
	for (size_t i = 0; i < run->tails.count; i++) {
		struct str s = run->tails.items[i];
		unsigned best = 0;
		char byte = 0;
		for (size_t j = 0; j < s.n; j++) {
			bool digit = s.p[j] >= '0' && s.p[j] <= '9';
			bool other = fold_is_word(s.p[j]) || s.p[j] == ' ';
			bool often = str_find_char(common, s.p[j]) != SIZE_MAX;
			unsigned worth = digit ? 1 : other ? 0 : often ? 2 : 3;
			if (worth > best) {
				best = worth;
				byte = s.p[j];
			}
		}
		if (best == 0)
			return;
		byte_set_add(&set, byte);
	}
	if (run->tails.count)
		literal_run_need_byte(run, set);
}

void literal_run_take(struct literal_run *run, const struct literal_run *other)
{
	run->piece_has_group = false;
	if (other->choice_count)
		literal_run_choose(run, other->choices, other->choice_count, other->best);
	else
		literal_run_offer(run, other->best);
	for (size_t i = 0; i < other->group_count; i++) {
		run->piece_has_group = false;
		if (other->groups[i].items != other->best.items)
			literal_run_offer(run, other->groups[i]);
	}
	run->piece_has_group = false;
	for (size_t i = 0; i < other->byte_set_count; i++)
		literal_run_need_byte(run, other->byte_sets[i]);
}

static void offer_tails(struct literal_run *run)
{
	struct literal_set set;
	if (run->tails.count && tidy(run->arena, run->tails, &set))
		literal_run_offer(run, set);
}

void literal_run_break(struct literal_run *run)
{
	offer_tails(run);
	need_bytes(run);
	run->tails.count = 0;
	run->piece_has_group = false;
	run->gap = true;
}

static struct literal_set keep(struct arena *arena, struct literal_set set)
{
	struct str *items = arena_array(arena, struct str, set.count);
	for (size_t i = 0; i < set.count; i++)
		items[i] = set.items[i].n ? arena_str(arena, set.items[i]) : STR("");
	return (struct literal_set){ items, set.count };
}

/* Each tail with each choice; two spaces in a row are not kept, as HTML makes one of them. */
static bool multiply(struct literal_run *run, struct literal_set choices, struct literal_set *out)
{
	size_t n = run->tails.count * choices.count, count = 0;
	if (n > run->max_choices)
		return false;
	struct str *items = arena_array(run->arena, struct str, n);
	for (size_t i = 0; i < n; i++) {
		struct str a = run->tails.items[i % run->tails.count];
		struct str b = choices.items[i / run->tails.count];
		char text[2 * LITERAL_MAX_BYTES];
		if (a.n + b.n > LITERAL_MAX_BYTES ||
			(str_ends(a, STR(" ")) && str_starts(b, STR(" "))))
			return false;
		memcpy(text, a.p, a.n);
		memcpy(text + a.n, b.p, b.n);
		items[count++] = a.n + b.n ? arena_str(run->arena, (struct str){ text, a.n + b.n })
					   : STR("");
	}
	*out = (struct literal_set){ items, count };
	return true;
}

void literal_run_add(struct literal_run *run, struct literal_set choices)
{
	struct literal_set grown;
	if (choices.count > 1)
		offer_tails(run);
	if (run->tails.count && multiply(run, choices, &grown)) {
		run->tails = grown;
		return;
	}
	if (run->tails.count)
		literal_run_break(run);
	run->gap = run->gap || choices.count > run->max_choices;
	run->tails = choices.count <= run->max_choices ? keep(run->arena, choices)
						       : (struct literal_set){ NULL, 0 };
}

struct literal_set literal_set_join(struct arena *arena, struct literal_set a, struct literal_set b)
{
	struct str *both = arena_array(arena, struct str, a.count + b.count);
	size_t n = a.count;
	if (n)
		memcpy(both, a.items, n * sizeof *both);
	for (size_t i = 0; i < b.count; i++) {
		bool there = false;
		for (size_t j = 0; j < n && !there; j++)
			there = str_eq(both[j], b.items[i]);
		if (!there)
			both[n++] = b.items[i];
	}
	return (struct literal_set){ both, n };
}
