#include "rules/regex.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"

enum {
	MATCH_STEPS = 20000, /* counted anew at each start */
	DEPTH_LIMIT = 1000,
	HEAP_LIMIT_KB = 4096, /* this and the one above count without JIT only */
	JIT_STACK_FIRST_BYTES = 32 * 1024,
	JIT_STACK_MAX_BYTES = 512 * 1024,
	WHOLE_MAX_BYTES = 2048, /* a longer text is searched in slices */
	SLICE_STARTS = 1024,
	MESSAGE_BYTES = 256,
};

struct regex {
	pcre2_code *code;
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static bool options_of(struct str flags, uint32_t *options)
{
	*options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
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

/* \G means "where this search began", which slices would change. */
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
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)pattern.p, pattern.n, options, &error, &offset, context);
	pcre2_compile_context_free(context);
	if (!code) {
		*at = offset < pattern.n ? offset : pattern.n;
		*message = message_of(error, arena);
	}
	return code;
}

struct regex *regex_compile(
	struct str pattern, struct str flags, struct arena *arena, size_t *at, struct str *message)
{
	uint32_t options, may_be_empty = 0;
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
	pcre2_code *code = compile(pattern, options, arena, at, message);
	if (!code)
		return NULL;
	(void)pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &may_be_empty); /* cannot fail */
	if (may_be_empty) {
		*message = STR("the pattern can match the empty string");
		pcre2_code_free(code);
		return NULL;
	}
	/* Where memory may not be made executable the interpreter does it, slower. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	struct regex *re = mem_zero(1, sizeof *re);
	re->code = code;
	return re;
}

void regex_destroy(struct regex *re)
{
	if (!re)
		return;
	pcre2_code_free(re->code);
	mem_free(re);
}

struct regex_scratch *regex_scratch_create(void)
{
	struct regex_scratch *s = mem_zero(1, sizeof *s);
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_FIRST_BYTES, JIT_STACK_MAX_BYTES, NULL);
	if (s->context) {
		pcre2_set_match_limit(s->context, MATCH_STEPS);
		pcre2_set_depth_limit(s->context, DEPTH_LIMIT);
		pcre2_set_heap_limit(s->context, HEAP_LIMIT_KB);
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	}
	return s;
}

void regex_scratch_destroy(struct regex_scratch *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	mem_free(s);
}

static int error_of(int result)
{
	switch (result) {
	case PCRE2_ERROR_NOMATCH:
		return 0;
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

static bool continues(struct str text, size_t at)
{
	return at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80;
}

int regex_find(const struct regex *re, struct regex_scratch *s, struct str text, size_t start,
	size_t *from, size_t *to)
{
	if (!s->data || !s->context)
		return -E2BIG;
	const char *p = text.p ? text.p : "";
	bool whole = text.n <= WHOLE_MAX_BYTES;
	while (start <= text.n) {
		size_t last = whole ? text.n : start + SLICE_STARTS - 1;
		pcre2_set_offset_limit(s->context, last);
		int result = pcre2_match(re->code, (PCRE2_SPTR)p, text.n, start,
			PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, s->data, s->context);
		if (result >= 0) {
			const PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->data);
			*from = found[0];
			*to = found[1];
			return 1;
		}
		if (result != PCRE2_ERROR_NOMATCH)
			return error_of(result);
		start = last + 1;
		while (continues(text, start))
			start++;
	}
	return 0;
}
