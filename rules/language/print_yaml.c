#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/language/operator.h"
#include "rules/language/print.h"
#include "rules/text/stem.h"

/* --- scalars --- */

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
		c == 0xFFFE || c == 0xFFFF;
}

static bool has_controls(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		if (n == 0 || is_control(c))
			return true;
		i += n;
	}
	return false;
}

/* Letters, digits, and hyphens inside. */
static bool is_plain(struct str s)
{
	if (s.n == 0 || str_eq_ignore_case(s, STR("null")))
		return false;
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		bool hyphen = c == '-' && i > 0 && i + 1 < s.n;
		if (n == 0 || (!hyphen && !(fold_class(c) & FOLD_WORD)))
			return false;
		i += n;
	}
	return true;
}

static void add_escaped(struct str s, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = utf8_read(s, i, &c);
		n = n ? n : 1;
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", (int)c);
		else if (c == '\n')
			buf_add(out, STR("\\n"));
		else if (is_control(c))
			buf_addf(out, "\\u%04X", (unsigned)c);
		else
			buf_add(out, str_slice(s, i, i + n));
		i += n;
	}
	buf_add_char(out, '"');
}

static void add_scalar(struct str s, struct buf *out)
{
	if (has_controls(s)) {
		add_escaped(s, out);
		return;
	}
	bool plain = is_plain(s);
	buf_add(out, plain ? STR("") : STR("'"));
	for (size_t i = 0; i < s.n; i++)
		buf_add(out, s.p[i] == '\'' ? STR("''") : str_slice(s, i, i + 1));
	buf_add(out, plain ? STR("") : STR("'"));
}

/* --- lists --- */

enum { MOST_FIELDS = EXPR_SINCE + 1 };

/* The parts of a rule that lists can say. */
struct shape {
	const struct expr *any; /* an OR of leaves, or a leaf that is all there is */
	const struct expr *const *parts; /* the rest, by what they are */
	size_t part_count;
};

static bool is_leaf(const struct expr *e)
{
	return e->kind == EXPR_TERM || e->kind == EXPR_LIST;
}

static bool is_choice(const struct expr *e)
{
	for (size_t i = 0; i < e->child_count; i++) {
		if (!is_leaf(e->children[i]))
			return false;
	}
	return e->kind == EXPR_OR && e->child_count > 0;
}

static bool is_none(const struct expr *e)
{
	return e->kind == EXPR_NOT && (is_leaf(e->children[0]) || is_choice(e->children[0]));
}

/* -is:repost, which `where` has as repost: false. */
static bool is_no_repost(const struct expr *e)
{
	const struct expr *inner = e->kind == EXPR_NOT ? e->children[0] : e;
	return inner != e && inner->kind == EXPR_FIELD && inner->field == EXPR_IS &&
		inner->values.count == 1 && str_eq(inner->values.items[0], STR("repost"));
}

/* Can `any`, `all`, `none` and `where` say it? */
static bool has_shape(const struct expr *root, struct shape *shape)
{
	bool fields[MOST_FIELDS + 1] = { false };
	bool and = root->kind == EXPR_AND;
	*shape = (struct shape){ .parts = (const struct expr *const *)root->children,
		.part_count = and? root->child_count : 0 };
	if (is_leaf(root) || is_choice(root))
		shape->any = root;
	for (size_t i = 0; i < shape->part_count; i++) {
		const struct expr *e = shape->parts[i];
		size_t field = is_no_repost(e) ? MOST_FIELDS : e->field;
		if (e->kind == EXPR_FIELD || is_no_repost(e)) {
			if (fields[field])
				return false;
			fields[field] = true;
		} else if (is_choice(e)) {
			if (shape->any)
				return false;
			shape->any = e;
		} else if (!is_leaf(e) && !is_none(e)) {
			return false;
		}
	}
	return and || shape->any || root->kind == EXPR_FIELD;
}

struct printing {
	const struct rules *rules;
	struct buf *out;
	struct buf entry;
	size_t count; /* of entries under the key at hand */
};

static void add_entry(struct printing *p, struct str entry)
{
	buf_add(p->out, p->count++ ? STR(", ") : STR(""));
	add_scalar(entry, p->out);
}

static void add_leaf(struct printing *p, const struct expr *e)
{
	buf_clear(&p->entry);
	if (e->kind == EXPR_TERM)
		print_term(&p->rules->terms[e->term], false, &p->entry);
	else
		buf_addf(&p->entry, "list:%.*s", STR_ARGS(p->rules->lists[e->list].name));
	add_entry(p, buf_str(&p->entry));
}

static void add_leaves(struct printing *p, const struct expr *e)
{
	for (size_t i = 0; i < (is_leaf(e) ? 1 : e->child_count); i++)
		add_leaf(p, is_leaf(e) ? e : e->children[i]);
}

static void open_key(struct printing *p, const char *key)
{
	if (p->count == 0)
		buf_addf(p->out, "    %s: [", key);
}

static void close_key(struct printing *p)
{
	buf_add(p->out, p->count ? STR("]\n") : STR(""));
	p->count = 0;
}

/* In the order in which they are read. */
static void add_conditions(struct printing *p, const struct expr *const *parts, size_t count)
{
	bool open = false;
	for (size_t i = 0; i < MOST_FIELDS * count; i++) {
		const struct expr *e = parts[i % count];
		if (e->kind != EXPR_FIELD || (size_t)e->field != i / count)
			continue;
		buf_add(p->out, open ? STR(", ") : STR("    where: { "));
		buf_addf(p->out, "%s: [", operator_field_name(e->field));
		p->count = 0;
		for (size_t v = 0; v < e->values.count; v++)
			add_entry(p, e->values.items[v]);
		buf_add_char(p->out, ']');
		open = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_no_repost(parts[i]))
			continue;
		buf_add(p->out, open ? STR(", ") : STR("    where: { "));
		buf_add(p->out, STR("repost: false"));
		open = true;
	}
	buf_add(p->out, open ? STR(" }\n") : STR(""));
	p->count = 0;
}

static void add_lists(struct printing *p, const struct shape *shape)
{
	if (shape->any) {
		open_key(p, "any");
		add_leaves(p, shape->any);
		close_key(p);
	}
	for (size_t i = 0; i < shape->part_count; i++) {
		if (!is_leaf(shape->parts[i]))
			continue;
		open_key(p, "all");
		add_leaf(p, shape->parts[i]);
	}
	close_key(p);
	for (size_t i = 0; i < shape->part_count; i++) {
		if (!is_none(shape->parts[i]))
			continue;
		open_key(p, "none");
		add_leaves(p, shape->parts[i]->children[0]);
	}
	close_key(p);
	add_conditions(p, shape->parts, shape->part_count);
}

/* What does not stand in the tree. */
static void add_keys(struct printing *p, const struct rule *rule)
{
	if (rule->about.n) {
		buf_add(p->out, STR("    about: "));
		add_scalar(rule->about, p->out);
		buf_add_char(p->out, '\n');
	}
	if (rule->language >= 0)
		buf_addf(p->out, "    language: %s\n", stem_language_code(rule->language));
	if (rule->severity != SEVERITY_NORMAL)
		buf_addf(p->out, "    severity: %s\n", severity_name(rule->severity));
	for (size_t i = 0; i < rule->notify.count; i++) {
		open_key(p, "notify");
		add_entry(p, rule->notify.items[i]);
	}
	close_key(p);
}

void print_yaml(const struct rules *rules, size_t rule, struct buf *out)
{
	const struct expr *root = rules->rules[rule].root;
	struct printing p = { .rules = rules, .out = out };
	struct shape shape;
	buf_init(&p.entry, 0);
	buf_addf(out, "  - name: %.*s\n", STR_ARGS(rules->rules[rule].name));
	if (has_shape(root, &shape)) {
		add_lists(&p, &shape);
		if (root->kind == EXPR_FIELD)
			add_conditions(&p, (const struct expr *const[]){ root }, 1);
	} else {
		print_query(rules, root, &p.entry);
		buf_add(out, STR("    query: "));
		add_scalar(buf_str(&p.entry), out);
		buf_add_char(out, '\n');
	}
	add_keys(&p, &rules->rules[rule]);
	buf_finish(&p.entry);
}
