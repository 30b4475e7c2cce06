/* Flags, a pattern and a text, a line each (the text has the rest): a match lies in the text and is
 * not empty, the folded text holds one of the pattern's literals, and what it needs, and the text
 * has the pattern's outline. */
#include <assert.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/regex/needs.h"
#include "rules/regex/outlines.h"
#include "rules/regex/regex.h"

static void check_literals(const struct str_list *literals, struct str text)
{
	struct buf folded;
	bool held = false;
	buf_init(&folded, 0);
	fold_add(&folded, text);
	for (size_t i = 0; i < literals->count; i++) {
		assert(utf8_count(literals->items[i]) >= 2);
		held = held || str_find(buf_str(&folded), literals->items[i]) != SIZE_MAX;
	}
	assert(held && literals->count <= REGEX_MAX_LITERALS);
	buf_finish(&folded);
}

static bool note_met(void *ctx, size_t text, uint32_t term)
{
	(void)text;
	(void)term;
	*(bool *)ctx = true;
	return false;
}

static void check_needs(const struct need_list *needs, struct str text)
{
	struct buf folded;
	bool met = false;
	buf_init(&folded, 0);
	fold_add(&folded, text);
	const uint32_t starts[] = { 0, (uint32_t)buf_str(&folded).n };
	struct needs *n = needs_create(needs, 1);
	struct needs_scratch *scratch = needs_scratch_create(n);
	needs_find(n, scratch, buf_str(&folded).p, starts, 1, note_met, &met);
	assert(met);
	needs_scratch_destroy(scratch);
	needs_destroy(n);
	buf_finish(&folded);
}

static void note_outline(void *ctx, uint32_t id)
{
	(void)id;
	*(bool *)ctx = true;
}

static void check_outline(
	const struct outline *outline, enum outlines_kernel_choice kernel, struct str text)
{
	bool seen = false;
	struct outlines *o = outlines_create(outline, 1, kernel);
	struct outlines_scratch *scratch = outlines_scratch_create(o);
	outlines_find(o, scratch, text, note_outline, &seen);
	assert(seen);
	outlines_scratch_destroy(scratch);
	outlines_destroy(o);
}

static void check_find(const struct regex *re, struct str text, const struct str_list *literals,
	const struct need_list *needs, const struct outline *outline)
{
	size_t from = 0, to = 0;
	struct regex_scratch *scratch = regex_scratch_create();
	int found = regex_find(re, scratch, text, 0, &from, &to);
	assert(found <= 1);
	assert(regex_scratch_spent(scratch) <= regex_search_steps(text.n) + text.n + 100000);
	if (found == 1) {
		assert(from < to && to <= text.n);
		assert(utf8_valid(str_slice(text, from, to)));
		if (literals->count)
			check_literals(literals, text);
		if (needs->count)
			check_needs(needs, text);
		if (outline->piece_count) {
			check_outline(outline, OUTLINES_FASTEST, text);
			check_outline(outline, OUTLINES_PLAIN_C, text);
		}
	}
	regex_scratch_destroy(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, flags, pattern, message;
	struct str_list literals = { NULL, 0 };
	struct need_list needs = { NULL, 0 };
	struct outline outline;
	struct arena arena;
	size_t at;
	if (!str_next(&rest, '\n', &flags) || !str_next(&rest, '\n', &pattern) || !utf8_valid(rest))
		return 0;
	arena_init(&arena, 0);
	struct regex *re = regex_compile(pattern, flags, &arena, &at, &message);
	if (!regex_literals(pattern, flags, &arena, &literals))
		literals.count = 0;
	bool known = regex_needs(pattern, flags, &arena, &needs);
	assert(known == (literals.count > 0)); /* each finds something where the other does */
	if (!regex_outline(pattern, flags, &arena, &outline))
		outline.piece_count = 0;
	if (re)
		check_find(re, rest, &literals, &needs, &outline);
	else
		assert(at <= pattern.n && message.n > 0);
	regex_destroy(re);
	arena_finish(&arena);
	return 0;
}
