#include "tests/rules/random_query.h"

static size_t next(const struct random_query *r, size_t count)
{
	*r->seed = *r->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(*r->seed >> 33) % count;
}

static void add_near(struct buf *out, const struct random_query *r, unsigned depth);

/* What can be near something. */
static void add_side(struct buf *out, const struct random_query *r, unsigned depth)
{
	size_t kind = depth ? next(r, 6) : 0;
	if (kind < 4) {
		r->add_term(out, r->seed);
		return;
	}
	buf_add_char(out, '(');
	if (kind == 4) {
		add_side(out, r, depth - 1);
		buf_add(out, STR(" OR "));
		add_side(out, r, depth - 1);
	} else {
		add_near(out, r, depth - 1);
	}
	buf_add_char(out, ')');
}

static void add_near(struct buf *out, const struct random_query *r, unsigned depth)
{
	add_side(out, r, depth);
	buf_addf(out, " %s/%zu ", next(r, 3) ? "NEAR" : "ONEAR", next(r, 4));
	add_side(out, r, depth);
}

static void add_any(struct buf *out, const struct random_query *r, unsigned depth)
{
	static const char *const joints[] = { " ", " AND ", " OR ", " OR " };
	size_t kind = depth ? next(r, 6) : 0, count = 2 + next(r, 2);
	switch (kind) {
	case 0:
	case 1:
		r->add_term(out, r->seed);
		return;
	case 2:
		buf_add(out, next(r, 2) ? STR("-(") : STR("NOT ("));
		add_any(out, r, depth - 1);
		break;
	case 3:
		buf_add_char(out, '(');
		add_near(out, r, depth);
		break;
	default:
		buf_add_char(out, '(');
		const char *joint = joints[next(r, sizeof joints / sizeof *joints)];
		for (size_t i = 0; i < count; i++) {
			buf_add(out, i ? str_of(joint) : STR(""));
			add_any(out, r, depth - 1);
		}
	}
	buf_add_char(out, ')');
}

void random_query_add(struct buf *out, const struct random_query *r, unsigned depth)
{
	if (next(r, 3) == 0) {
		add_near(out, r, depth);
		return;
	}
	add_side(out, r, depth);
	for (size_t i = next(r, 3); i > 0; i--) {
		buf_add_char(out, ' ');
		add_any(out, r, depth);
	}
}
