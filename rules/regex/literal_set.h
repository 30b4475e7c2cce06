/* What is known of the texts that a pattern matches, while it is read: sets of folded texts of
 * which each match holds one. All of it lives in an arena. */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "rules/regex/needs.h"

enum { LITERAL_MAX_BYTES = 64, LITERAL_MAX_CHOICES = 16 };

struct literal_set {
	const struct str *items;
	size_t count; /* 0: nothing is known */
};

/* One branch of a pattern, from left to right. Starts as {0} with arena and max_choices. */
struct literal_run {
	struct arena *arena;
	size_t max_choices; /* at most LITERAL_MAX_CHOICES */
	struct literal_set tails; /* how it may read since the last gap; none: not at all yet */
	struct literal_set best; /* every match holds one of these */
	/* And one of each of these. Those of one piece between gaps are one group at most. */
	struct literal_set groups[NEED_MAX_GROUPS];
	size_t group_count;
	/* And what one of these asks for; NULL: nothing. */
	const struct need *choices;
	size_t choice_count;
	unsigned choice_bits; /* what they are worth */
	bool piece_has_group; /* the last of groups is of the piece at hand */
	struct byte_set byte_sets[NEED_MAX_BYTE_SETS];
	size_t byte_set_count;
	bool gap; /* there was one, so that tails are not all of it */
};

/* What follows reads like one of the choices. */
void literal_run_add(struct literal_run *run, struct literal_set choices);
/* Something unknown follows. */
void literal_run_break(struct literal_run *run);
/* Every match holds one of these, who knows where. */
void literal_run_offer(struct literal_run *run, struct literal_set set);
/* Every match holds one of the characters. */
void literal_run_need_byte(struct literal_run *run, struct byte_set set);
/* Every match holds what one of the needs asks for, and so one of the set. */
void literal_run_choose(
	struct literal_run *run, const struct need *needs, size_t count, struct literal_set set);
/* What every match of the other holds, every match of this one does too. */
void literal_run_take(struct literal_run *run, const struct literal_run *other);
/* How well a text tells posts apart, in bits: a letter three, a sign two, a space one, up to 24.
 * What stands in most links tells nothing. */
unsigned literal_bits(struct str s);
/* The same for a set: its worst, and each doubling costs a bit. */
unsigned literal_set_bits(struct literal_set set);
/* Both together, each text once. */
struct literal_set literal_set_join(
	struct arena *arena, struct literal_set a, struct literal_set b);
