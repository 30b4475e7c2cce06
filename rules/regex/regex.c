#include "rules/regex/regex.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

/* A search that is sure to be short runs as fast as PCRE2 can. PCRE2's own limit bounds it only
 * from one start to the next, so that it is kept to short texts. What takes longer is searched anew
 * by a twin of the pattern that calls back before each of its items: there each step is counted, so
 * that the cost is known whatever the pattern and the text are, and is the same on each machine. */
enum {
	FAST_MAX_BYTES = 4096,
	FAST_SHORT_BYTES = 1024,
	FAST_SHORT_STEPS = 256, /* of PCRE2, counted anew at each start */
	FAST_STEPS = 128,
	FAST_BYTES_PER_STEP = 16, /* what a fast search is reckoned to cost */
	MOVED_BYTES_PER_STEP = 16, /* between two calls back */
	REPEATS_PER_STEP = 32, /* a repeated item may fail without a call back */
	SEARCH_STEPS = 100000,
	SEARCH_STEPS_PER_BYTE = 8,
	HEAP_LIMIT_KB = 4096, /* counts without JIT only, which has its stack for it */
	JIT_STACK_FIRST_BYTES = 32 * 1024,
	JIT_STACK_MAX_BYTES = 512 * 1024,
	MESSAGE_BYTES = 256,
	SMALL_CODE_BYTES = 4096, /* with calls back it stays below what PCRE2 bears */
};

/* Most are never asked for, and each costs as much to make as the pattern itself: made by the first
 * thread that wants it. */
struct twin {
	_Atomic(pcre2_code *) code; /* NULL: not made yet */
	uint32_t options;
	struct str pattern;
};

struct regex {
	pcre2_code *fast;
	struct twin *twin;
	uint64_t step_cost; /* of one call back */
	bool interpreted;
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *fast, *counted;
	pcre2_jit_stack *stack;
	uint64_t spent;
	/* Of the counted search at hand: */
	uint64_t steps, max_steps, step_cost;
	size_t place;
};

static bool options_of(struct str flags, uint32_t *options)
{
	*options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	for (size_t i = 0; i < flags.n; i++) {
		switch (flags.p[i]) {
		case 'i':
			*options |= PCRE2_CASELESS;
			break;
		case 'm':
			*options |= PCRE2_MULTILINE;
			break;
		case 's':
			*options |= PCRE2_DOTALL;
			break;
		case 'x':
			*options |= PCRE2_EXTENDED;
			break;
		default:
			return false;
		}
	}
	return true;
}

/* \G means "where this search began", and the second match in a text is a search of its own. */
static size_t start_anchor(struct str pattern)
{
	bool quoted = false;
	for (size_t i = 0; i + 1 < pattern.n; i++) {
		if (pattern.p[i] != '\\')
			continue;
		char c = pattern.p[i + 1];
		if (quoted && c != 'E')
			continue;
		if (c == 'G')
			return i;
		quoted = c == 'Q';
		i++;
	}
	return SIZE_MAX;
}

static struct str message_of(int error, struct arena *arena)
{
	PCRE2_UCHAR text[MESSAGE_BYTES];
	int n = pcre2_get_error_message(error, text, sizeof text);
	return n < 0 ? STR("bad pattern")
		     : arena_str(arena, (struct str){ (const char *)text, (size_t)n });
}

static pcre2_code *compile(
	struct str pattern, uint32_t options, struct arena *arena, size_t *at, struct str *message)
{
	int error;
	PCRE2_SIZE offset = 0;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context) {
		*message = STR("out of memory");
		return NULL;
	}
	pcre2_set_max_pattern_length(context, REGEX_MAX_BYTES);
	pcre2_set_parens_nest_limit(context, REGEX_MAX_NESTING);
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_LF); /* whatever PCRE2 was built for */
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)pattern.p, pattern.n, options, &error, &offset, context);
	pcre2_compile_context_free(context);
	if (!code) {
		*at = offset < pattern.n ? offset : pattern.n;
		*message = message_of(error, arena);
	}
	return code;
}

/* The largest number after a "{" that repeats no group, whose items call back each time. */
static uint64_t max_repeat(struct str pattern)
{
	uint64_t most = 0;
	for (size_t i = 0; i < pattern.n; i++) {
		uint64_t n = 0;
		if (pattern.p[i] != '{' || (i > 0 && pattern.p[i - 1] == ')'))
			continue;
		while (i + 1 < pattern.n && pattern.p[i + 1] >= '0' && pattern.p[i + 1] <= '9' &&
			n < UINT16_MAX)
			n = n * 10 + (uint64_t)(pattern.p[++i] - '0');
		most = n > most ? n : most;
	}
	return most;
}

static pcre2_code *compile_counted(
	struct str pattern, uint32_t options, struct arena *arena, size_t *at, struct str *message)
{
	pcre2_code *code = compile(pattern, options | PCRE2_AUTO_CALLOUT, arena, at, message);
	if (code)
		(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* else it is slower */
	return code;
}

static void destroy_twin(struct twin *t)
{
	pcre2_code_free(atomic_load(&t->code));
	mem_free((void *)t->pattern.p);
	mem_free(t);
}

/* One that could be too large is made at once, so that nothing can be wrong with it later. */
static struct twin *make_twin(const pcre2_code *fast, struct str pattern, uint32_t options,
	struct arena *arena, size_t *at, struct str *message)
{
	size_t bytes = 0;
	char *own = mem_alloc(pattern.n + 1);
	struct twin *t = mem_zero(1, sizeof *t);
	memcpy(own, pattern.p, pattern.n);
	t->pattern = (struct str){ own, pattern.n };
	t->options = options;
	(void)pcre2_pattern_info(fast, PCRE2_INFO_SIZE, &bytes); /* cannot fail */
	if (bytes <= SMALL_CODE_BYTES)
		return t;
	pcre2_code *code = compile_counted(pattern, options, arena, at, message);
	if (!code) {
		destroy_twin(t);
		return NULL;
	}
	atomic_store(&t->code, code);
	return t;
}

/* NULL: out of memory. */
static pcre2_code *counted_code(struct twin *t)
{
	pcre2_code *code = atomic_load(&t->code), *other = NULL;
	if (code)
		return code;
	struct arena arena;
	struct str message;
	size_t at;
	arena_init(&arena, 0);
	code = compile_counted(t->pattern, t->options, &arena, &at, &message);
	arena_finish(&arena);
	if (!code || atomic_compare_exchange_strong(&t->code, &other, code))
		return code;
	pcre2_code_free(code); /* another thread was faster */
	return other;
}

struct regex *regex_compile(
	struct str pattern, struct str flags, struct arena *arena, size_t *at, struct str *message)
{
	uint32_t options, may_be_empty = 0;
	size_t jit_bytes = 0;
	*at = 0;
	if (!options_of(flags, &options)) {
		*message = STR("unknown flag");
		return NULL;
	}
	if (start_anchor(pattern) != SIZE_MAX) {
		*at = start_anchor(pattern);
		*message = STR("\\G has no meaning here");
		return NULL;
	}
	struct regex re = { .step_cost = 1 + max_repeat(pattern) / REPEATS_PER_STEP };
	re.fast = compile(pattern, options, arena, at, message);
	if (!re.fast)
		return NULL;
	(void)pcre2_pattern_info(re.fast, PCRE2_INFO_MATCHEMPTY, &may_be_empty); /* cannot fail */
	if (may_be_empty)
		*message = STR("the pattern can match the empty string");
	else
		re.twin = make_twin(re.fast, pattern, options, arena, at, message);
	if (!re.twin) {
		pcre2_code_free(re.fast);
		return NULL;
	}
	/* Where memory may not be made executable the interpreter does it, slower. */
	(void)pcre2_jit_compile(re.fast, PCRE2_JIT_COMPLETE); /* its size tells */
	(void)pcre2_pattern_info(re.fast, PCRE2_INFO_JITSIZE, &jit_bytes); /* cannot fail */
	re.interpreted = jit_bytes == 0;
	struct regex *kept = mem_zero(1, sizeof *kept);
	*kept = re;
	return kept;
}

void regex_destroy(struct regex *re)
{
	if (!re)
		return;
	pcre2_code_free(re->fast);
	destroy_twin(re->twin);
	mem_free(re);
}

bool regex_is_interpreted(const struct regex *re)
{
	return re->interpreted;
}

/* Called before each item of a counted pattern. */
static int count_step(pcre2_callout_block *block, void *ctx)
{
	struct regex_scratch *s = ctx;
	size_t place = block->current_position;
	size_t moved = place > s->place ? place - s->place : s->place - place;
	s->place = place;
	s->steps += s->step_cost + moved / MOVED_BYTES_PER_STEP;
	return s->steps > s->max_steps ? PCRE2_ERROR_CALLOUT : 0;
}

static pcre2_match_context *make_context(struct regex_scratch *s)
{
	pcre2_match_context *c = pcre2_match_context_create(NULL);
	if (c) {
		pcre2_set_heap_limit(c, HEAP_LIMIT_KB);
		pcre2_jit_stack_assign(c, NULL, s->stack);
	}
	return c;
}

struct regex_scratch *regex_scratch_create(void)
{
	struct regex_scratch *s = mem_zero(1, sizeof *s);
	s->data = pcre2_match_data_create(1, NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_FIRST_BYTES, JIT_STACK_MAX_BYTES, NULL);
	s->fast = make_context(s);
	s->counted = make_context(s);
	if (s->counted) {
		pcre2_set_match_limit(s->counted, UINT32_MAX); /* our own count ends it */
		pcre2_set_depth_limit(s->counted, UINT32_MAX); /* as does the heap limit */
		(void)pcre2_set_callout(s->counted, count_step, s); /* cannot fail */
	}
	return s;
}

void regex_scratch_destroy(struct regex_scratch *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->fast);
	pcre2_match_context_free(s->counted);
	pcre2_jit_stack_free(s->stack);
	mem_free(s);
}

uint64_t regex_scratch_spent(const struct regex_scratch *s)
{
	return s->spent;
}

static int error_of(int result)
{
	switch (result) {
	case PCRE2_ERROR_NOMATCH:
		return 0;
	case PCRE2_ERROR_CALLOUT:
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
		return -ETIME;
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_JIT_STACKLIMIT:
	case PCRE2_ERROR_NOMEMORY:
		return -E2BIG;
	default:
		return -EINVAL;
	}
}

static int search_fast(
	const struct regex *re, struct regex_scratch *s, struct str text, size_t start)
{
	s->spent += 1 + (text.n - start) / FAST_BYTES_PER_STEP;
	pcre2_set_match_limit(s->fast, text.n <= FAST_SHORT_BYTES ? FAST_SHORT_STEPS : FAST_STEPS);
	return pcre2_match(re->fast, (PCRE2_SPTR)text.p, text.n, start,
		PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, s->data, s->fast);
}

uint64_t regex_search_steps(size_t text_bytes)
{
	return SEARCH_STEPS + (uint64_t)text_bytes * SEARCH_STEPS_PER_BYTE;
}

static int search_counted(
	const struct regex *re, struct regex_scratch *s, struct str text, size_t start)
{
	const pcre2_code *code = counted_code(re->twin);
	if (!code)
		return PCRE2_ERROR_NOMEMORY;
	s->steps = 0;
	s->max_steps = regex_search_steps(text.n);
	s->step_cost = re->step_cost;
	s->place = start;
	int result = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, start,
		PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, s->data, s->counted);
	s->spent += 1 + s->steps;
	return result;
}

int regex_find(const struct regex *re, struct regex_scratch *s, struct str text, size_t start,
	size_t *from, size_t *to)
{
	if (!s->data || !s->fast || !s->counted)
		return -E2BIG;
	text.p = text.p ? text.p : "";
	int result = PCRE2_ERROR_MATCHLIMIT;
	if (text.n <= FAST_MAX_BYTES)
		result = search_fast(re, s, text, start);
	if (result < 0 && result != PCRE2_ERROR_NOMATCH)
		result = search_counted(re, s, text, start);
	if (result < 0)
		return error_of(result);
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->data);
	if (found[0] >= found[1] || found[1] <= start)
		return -EINVAL; /* only a \K in a lookaround could do that */
	*from = found[0];
	*to = found[1];
	return 1;
}
