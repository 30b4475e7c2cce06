#include "base/escape.h"
#include "base/utf8.h"
#include "rules/explain_part.h"

enum { SHOWN_MATCH_BYTES = 200, INDENT = 2 };

static const char *const kind_names[] = {
	[EXPR_TERM] = "term",
	[EXPR_LIST] = "list",
	[EXPR_AND] = "and",
	[EXPR_OR] = "or",
	[EXPR_NOT] = "not",
	[EXPR_NEAR] = "near",
	[EXPR_FIELD] = "field",
};

static const char *const field_names[] = {
	[EXPR_LANG] = "lang",
	[EXPR_SOURCE] = "source",
	[EXPR_FROM] = "from",
	[EXPR_TYPE] = "type",
};

enum { MOST_SINGLE_VALUES = 2 };

/* What the post has in a field; `single` is room for what is no list. */
static struct str_list post_values(
	const struct post *post, enum expr_field field, struct str single[MOST_SINGLE_VALUES])
{
	size_t count = 0;
	switch (field) {
	case EXPR_LANG:
		return post->langs;
	case EXPR_SOURCE:
		if (post->source.p)
			single[count++] = post->source;
		break;
	case EXPR_FROM:
		if (post->author.handle.p)
			single[count++] = post->author.handle;
		if (post->author.id.p)
			single[count++] = post->author.id;
		break;
	case EXPR_TYPE:
		single[count++] = str_of(post_type_name(post->type));
		break;
	}
	return (struct str_list){ single, count };
}

static struct str hit_text(const struct post *post, const struct hit *hit)
{
	return str_slice(post_field(post, hit->field), hit->from, hit->to);
}

/* --- for people --- */

static void add_values(struct buf *out, struct str_list values)
{
	for (size_t i = 0; i < values.count; i++) {
		buf_add(out, i ? STR(", ") : STR(""));
		escape_control(out, values.items[i]);
	}
}

static void add_field(const struct printing *p, const struct expr *e)
{
	struct str single[MOST_SINGLE_VALUES];
	struct str_list own = post_values(p->post, e->field, single);
	buf_addf(p->out, "%s: ", field_names[e->field]);
	add_values(p->out, e->values);
	if (own.count) {
		buf_add(p->out, STR(" (the post: "));
		add_values(p->out, own);
		buf_add(p->out, STR(")"));
	} else {
		buf_add(p->out, STR(" (the post has none)"));
	}
}

void explain_add_label(const struct printing *p, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_TERM:
		escape_control(p->out, p->rules->terms[e->term].written);
		break;
	case EXPR_LIST:
		buf_addf(p->out, "list:%.*s", STR_ARGS(p->rules->lists[e->list].name));
		break;
	case EXPR_AND:
		buf_add(p->out, STR("all of"));
		break;
	case EXPR_OR:
		buf_add(p->out, e->child_count ? STR("any of") : STR("never"));
		break;
	case EXPR_NOT:
		buf_add(p->out, STR("none of"));
		break;
	case EXPR_NEAR:
		buf_addf(p->out, "within %lu words%s", (unsigned long)e->distance,
			e->ordered ? ", in this order" : "");
		break;
	case EXPR_FIELD:
		add_field(p, e);
		break;
	}
}

void explain_add_indent(struct buf *out, unsigned depth)
{
	buf_addf(out, "%*s", (int)(depth * INDENT), "");
}

static void add_hit(const struct printing *p, const struct hit *hit, unsigned depth)
{
	struct str text = hit_text(p->post, hit);
	struct str shown = str_slice(text, 0, utf8_floor(text, SHOWN_MATCH_BYTES));
	buf_add(p->out, STR("    "));
	explain_add_indent(p->out, depth + 2);
	buf_addf(p->out, "%s %lu..%lu \"", post_field_name(hit->field), (unsigned long)hit->from,
		(unsigned long)hit->to);
	escape_control(p->out, shown);
	buf_addf(p->out, "%s\" %s", shown.n < text.n ? "..." : "", hit_way_name(hit->way));
	if (hit->list.p) {
		buf_add(p->out, STR(", by "));
		escape_control(p->out, hit->term);
	}
	buf_add_char(p->out, '\n');
}

static const char *const near_texts[] = {
	[NEAR_NOTHING] = "",
	[NEAR_LETTERS] = "with other letters",
	[NEAR_LONGER] = "inside a longer word",
	[NEAR_UNSIGNED] = "without its sign",
	[NEAR_HANDLE] = "inside a handle",
	[NEAR_LINK] = "inside a link",
	[NEAR_SIMILAR] = "a similar word",
};

void explain_add_near(
	const struct printing *p, const struct near_miss *near, bool name_term, unsigned depth)
{
	struct str text = str_slice(post_field(p->post, near->field), near->from, near->to);
	struct str shown = str_slice(text, 0, utf8_floor(text, SHOWN_MATCH_BYTES));
	buf_add(p->out, STR("    "));
	explain_add_indent(p->out, depth + 2);
	buf_addf(p->out, "near: %s %lu..%lu \"", post_field_name(near->field),
		(unsigned long)near->from, (unsigned long)near->to);
	escape_control(p->out, shown);
	buf_addf(p->out, "%s\" %s", shown.n < text.n ? "..." : "", near_texts[near->why]);
	if (name_term) {
		buf_add(p->out, STR(", by "));
		escape_control(p->out, near->term);
	}
	buf_add_char(p->out, '\n');
}

void explain_add_places(const struct printing *p, const struct explained *x, unsigned depth)
{
	for (size_t i = 0; i < x->kept_count; i++)
		add_hit(p, &x->hits[i], depth);
	if (x->hit_count > x->kept_count) {
		buf_add(p->out, STR("    "));
		explain_add_indent(p->out, depth + 2);
		buf_addf(p->out, "and %zu more\n", x->hit_count - x->kept_count);
	}
	if (x->near.why != NEAR_NOTHING)
		explain_add_near(p, &x->near, x->expr->kind == EXPR_LIST, depth);
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void add_clause(const struct printing *p, const struct explained *x, unsigned depth)
{
	buf_add(p->out, x->yes ? STR("yes ") : STR("no  "));
	explain_add_indent(p->out, depth);
	explain_add_label(p, x->expr);
	buf_add_char(p->out, '\n');
	explain_add_places(p, x, depth);
	/* "none of" says "any of" already. */
	if (x->expr->kind == EXPR_NOT && x->children[0].expr->kind == EXPR_OR)
		x = &x->children[0];
	for (size_t i = 0; i < x->expr->child_count; i++)
		add_clause(p, &x->children[i], depth + 1);
}

void explain_text(const struct ruleset *set, size_t rule, const struct post *post,
	const struct explained *root, struct buf *out)
{
	const struct printing p = { ruleset_rules(set), post, out };
	buf_addf(out, "%.*s %s\n", STR_ARGS(p.rules->rules[rule].name),
		root->yes ? "matches" : "does not match");
	add_clause(&p, root, 0);
}

/* --- for programs --- */

static void add_json_values(struct buf *out, const char *key, struct str_list values)
{
	buf_addf(out, ",\"%s\":[", key);
	for (size_t i = 0; i < values.count; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		escape_json(out, values.items[i]);
	}
	buf_add_char(out, ']');
}

static void add_json_near(const struct printing *p, const struct near_miss *near)
{
	static const char *const names[] = { "", "letters", "longer", "unsigned", "handle", "link",
		"similar" };
	if (near->why == NEAR_NOTHING)
		return;
	buf_addf(p->out, ",\"near\":{\"why\":\"%s\",\"term\":", names[near->why]);
	escape_json(p->out, near->term);
	buf_addf(p->out,
		",\"field\":\"%s\",\"from\":%lu,\"to\":%lu,\"text\":", post_field_name(near->field),
		(unsigned long)near->from, (unsigned long)near->to);
	escape_json(p->out, str_slice(post_field(p->post, near->field), near->from, near->to));
	buf_add_char(p->out, '}');
}

static void add_json_hits(const struct printing *p, const struct explained *x)
{
	buf_addf(p->out, ",\"hit_count\":%zu,\"hits\":[", x->hit_count);
	for (size_t i = 0; i < x->kept_count; i++) {
		const struct hit *hit = &x->hits[i];
		buf_add(p->out, i ? STR(",{\"term\":") : STR("{\"term\":"));
		escape_json(p->out, hit->term);
		if (hit->list.p) {
			buf_add(p->out, STR(",\"list\":"));
			escape_json(p->out, hit->list);
		}
		buf_addf(p->out, ",\"field\":\"%s\",\"from\":%lu,\"to\":%lu,\"text\":",
			post_field_name(hit->field), (unsigned long)hit->from,
			(unsigned long)hit->to);
		escape_json(p->out, hit_text(p->post, hit));
		buf_addf(p->out, ",\"way\":\"%s\"}", hit_way_name(hit->way));
	}
	buf_add_char(p->out, ']');
	add_json_near(p, &x->near);
}

static void add_json_leaf(const struct printing *p, const struct explained *x)
{
	const struct expr *e = x->expr;
	struct str single[MOST_SINGLE_VALUES];
	if (e->kind == EXPR_TERM) {
		buf_add(p->out, STR(",\"term\":"));
		escape_json(p->out, p->rules->terms[e->term].written);
		add_json_hits(p, x);
	} else if (e->kind == EXPR_LIST) {
		buf_add(p->out, STR(",\"list\":"));
		escape_json(p->out, p->rules->lists[e->list].name);
		add_json_hits(p, x);
	} else if (e->kind == EXPR_FIELD) {
		buf_addf(p->out, ",\"field\":\"%s\"", field_names[e->field]);
		add_json_values(p->out, "values", e->values);
		add_json_values(p->out, "post", post_values(p->post, e->field, single));
	} else if (e->kind == EXPR_NEAR) {
		buf_addf(p->out, ",\"distance\":%lu,\"ordered\":%s", (unsigned long)e->distance,
			e->ordered ? "true" : "false");
	}
}

static void add_json_clause(const struct printing *p, const struct explained *x)
{
	const struct expr *e = x->expr;
	buf_addf(p->out, "{\"kind\":\"%s\",\"matches\":%s,\"file\":", kind_names[e->kind],
		x->yes ? "true" : "false");
	escape_json(p->out, str_of(e->at.file));
	buf_addf(p->out, ",\"line\":%lu,\"column\":%lu", (unsigned long)e->at.line,
		(unsigned long)e->at.col);
	add_json_leaf(p, x);
	if (e->child_count) {
		buf_add(p->out, STR(",\"children\":["));
		for (size_t i = 0; i < e->child_count; i++) {
			buf_add(p->out, i ? STR(",") : STR(""));
			add_json_clause(p, &x->children[i]);
		}
		buf_add_char(p->out, ']');
	}
	buf_add_char(p->out, '}');
}

void explain_json(const struct ruleset *set, size_t rule, const struct post *post,
	const struct explained *root, struct buf *out)
{
	const struct printing p = { ruleset_rules(set), post, out };
	buf_add(out, STR("{\"rule\":"));
	escape_json(out, p.rules->rules[rule].name);
	buf_addf(out, ",\"matches\":%s,\"post\":", root->yes ? "true" : "false");
	post_json(post, out);
	buf_add(out, STR(",\"tree\":"));
	add_json_clause(&p, root);
	buf_add_char(out, '}');
}
