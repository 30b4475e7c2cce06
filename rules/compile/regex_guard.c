#include "rules/compile/regex_guard.h"

#include "base/mem.h"
#include "rules/compile/compiled.h"

/* One regex that reached its limit. */
struct watched {
	uint32_t term;
	bool aside;
	uint64_t limit_count, skipped_count;
	int64_t window_us; /* when the window began */
	unsigned in_window;
	int64_t back_us; /* when it comes, or came, back */
	int64_t aside_us; /* for how long it was last set aside; 0: never */
	bool news[REGEX_BACK + 1]; /* not told yet */
};

struct regex_guard {
	const struct ruleset *set;
	bool timed;
	int64_t now_us;
	bool *aside; /* by term */
	struct watched *all;
	size_t count, size, aside_count;
	bool any_news;
};

struct regex_guard *regex_guard_create(const struct ruleset *set)
{
	struct regex_guard *g = mem_zero(1, sizeof *g);
	g->set = set;
	g->aside = mem_zero(set->rules->term_count + 1, sizeof *g->aside);
	return g;
}

void regex_guard_destroy(struct regex_guard *g)
{
	if (!g)
		return;
	mem_free(g->aside);
	mem_free(g->all);
	mem_free(g);
}

static struct watched *find(struct regex_guard *g, uint32_t term)
{
	for (size_t i = 0; i < g->count; i++) {
		if (g->all[i].term == term)
			return &g->all[i];
	}
	return NULL;
}

static struct watched *find_or_add(struct regex_guard *g, uint32_t term)
{
	struct watched *w = find(g, term);
	if (w)
		return w;
	if (g->count == g->size) {
		g->size = g->size ? g->size * 2 : 8;
		g->all = mem_resize(g->all, g->size, sizeof *g->all);
	}
	w = &g->all[g->count++];
	*w = (struct watched){ .term = term, .window_us = g->now_us };
	return w;
}

static void note(struct regex_guard *g, struct watched *w, enum regex_news news)
{
	w->news[news] = true;
	g->any_news = true;
}

void regex_guard_set_time(struct regex_guard *g, int64_t now_us)
{
	g->timed = true;
	g->now_us = now_us;
	for (size_t i = 0; i < g->count && g->aside_count; i++) {
		struct watched *w = &g->all[i];
		if (!w->aside || now_us < w->back_us)
			continue;
		w->aside = g->aside[w->term] = false;
		w->in_window = 0;
		w->window_us = now_us;
		g->aside_count--;
		note(g, w, REGEX_BACK);
	}
}

bool regex_guard_lets(struct regex_guard *g, uint32_t term)
{
	if (!g->aside[term])
		return true;
	find(g, term)->skipped_count++; /* what is set aside was found once */
	return false;
}

static void set_aside(struct regex_guard *g, struct watched *w)
{
	bool again = w->aside_us && g->now_us - w->back_us < w->aside_us;
	w->aside_us = !again				   ? REGEX_GUARD_FIRST_US
		: w->aside_us < REGEX_GUARD_LONGEST_US / 2 ? w->aside_us * 2
							   : REGEX_GUARD_LONGEST_US;
	w->back_us = g->now_us + w->aside_us;
	w->aside = g->aside[w->term] = true;
	g->aside_count++;
	note(g, w, REGEX_SET_ASIDE);
}

void regex_guard_limit_reached(struct regex_guard *g, uint32_t term)
{
	struct watched *w = find_or_add(g, term);
	if (w->limit_count++ == 0)
		note(g, w, REGEX_FIRST_LIMIT);
	if (g->now_us - w->window_us >= REGEX_GUARD_WINDOW_US) {
		w->window_us = g->now_us;
		w->in_window = 0;
	}
	w->in_window++;
	if (g->timed && !w->aside && w->in_window >= REGEX_GUARD_LIMITS)
		set_aside(g, w);
}

size_t regex_guard_count(const struct regex_guard *g)
{
	return g->count;
}

size_t regex_guard_aside_count(const struct regex_guard *g)
{
	return g->aside_count;
}

struct regex_report regex_guard_report(const struct regex_guard *g, size_t i)
{
	const struct watched *w = &g->all[i];
	const struct rules *rules = g->set->rules;
	const struct term *t = &rules->terms[w->term];
	return (struct regex_report){
		.term = w->term,
		.regex = t->written,
		.owner = t->listed ? rules->lists[t->owner].name : rules->rules[t->owner].name,
		.listed = t->listed,
		.set_aside = w->aside,
		.limit_count = w->limit_count,
		.skipped_count = w->skipped_count,
	};
}

void regex_guard_add(struct regex_guard *g, const struct regex_guard *other)
{
	for (size_t i = 0; i < other->count; i++) {
		struct watched *w = find_or_add(g, other->all[i].term);
		w->limit_count += other->all[i].limit_count;
		w->skipped_count += other->all[i].skipped_count;
	}
}

bool regex_guard_news(struct regex_guard *g, enum regex_news *news, struct regex_report *about)
{
	for (size_t i = 0; g->any_news && i < g->count; i++) {
		for (size_t j = 0; j <= REGEX_BACK; j++) {
			if (!g->all[i].news[j])
				continue;
			g->all[i].news[j] = false;
			*news = (enum regex_news)j;
			*about = regex_guard_report(g, i);
			return true;
		}
	}
	g->any_news = false;
	return false;
}
