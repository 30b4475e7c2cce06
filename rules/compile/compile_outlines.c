#include "rules/compile/compile_outlines.h"

#include "base/mem.h"

void compile_outlines(struct ruleset *set, const struct str_list *term_literals)
{
	size_t count = 0, n = set->regex_term_count;
	struct arena arena;
	if (!term_literals)
		return;
	arena_init(&arena, 0);
	struct outline *outlines = arena_array(&arena, struct outline, n);
	set->outlined = mem_zero(set->rules->term_count, sizeof *set->outlined);
	set->outline_terms = mem_zero(n, sizeof *set->outline_terms);
	for (size_t i = 0; i < n; i++) {
		uint32_t id = set->regex_terms[i];
		const struct term *t = &set->rules->terms[id];
		if (term_literals[id].count > 0 ||
			!regex_outline(t->letters, str_of(t->flags), &arena, &outlines[count]))
			continue;
		set->outline_terms[count++] = id;
		set->outlined[id] = true;
	}
	set->outlines = outlines_create(outlines, count, OUTLINES_FASTEST);
	arena_finish(&arena);
}
