#include "rules/advice/explain_part.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "rules/language/condition.h"
#include "rules/language/operator.h"

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

enum { MOST_SINGLE_VALUES = 4 };

/* What the post has in a field: a list of its own, or what was put together here. */
struct post_values {
	struct str_list list;
	struct str single[MOST_SINGLE_VALUES];
	char text[TIME_TEXT_BYTES];
};

static void add_single(struct post_values *v, struct str value)
{
	if (!value.p)
		return;
	v->single[v->list.count++] = value;
	v->list.items = v->single;
}

static void add_states(struct post_values *v, const struct post *post)
{
	add_single(v, str_of(post_type_name(post->type)));
	if (post->sensitive == TRISTATE_YES)
		add_single(v, STR("sensitive"));
	if (post->author.verified == TRISTATE_YES)
		add_single(v, STR("verified"));
}

/* What the source lists, and what stands in the text. */
static void add_things(struct post_values *v, const struct post *post)
{
	static const struct str names[] = {
		[HAS_LINK] = { "link", 4 },
		[HAS_MEDIA] = { "media", 5 },
		[HAS_MENTION] = { "mention", 7 },
		[HAS_TAG] = { "tag", 3 },
	};
	struct text texts[FIELD_COUNT];
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		text_init(&texts[i]);
		text_set(&texts[i], post_field(post, (enum post_field)i));
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct expr_bound code = { .from = (int64_t)i, .to = (int64_t)i };
		struct expr has = { .kind = EXPR_FIELD,
			.field = EXPR_HAS,
			.values = { &names[i], 1 },
			.bounds = &code };
		if (condition_is(&has, post, texts))
			add_single(v, names[i]);
	}
	for (size_t i = 0; i < FIELD_COUNT; i++)
		text_finish(&texts[i]);
}

static void read_values(const struct post *post, enum expr_field field, struct post_values *v)
{
	*v = (struct post_values){ .list = { NULL, 0 } };
	switch (field) {
	case EXPR_LANG:
		v->list = post->langs;
		break;
	case EXPR_SOURCE:
		add_single(v, post->source);
		break;
	case EXPR_FROM:
		add_single(v, post->author.handle);
		add_single(v, post->author.id);
		break;
	case EXPR_TO:
		v->list = post->mentions;
		break;
	case EXPR_TYPE:
		add_single(v, str_of(post_type_name(post->type)));
		break;
	case EXPR_IS:
		add_states(v, post);
		break;
	case EXPR_HAS:
		add_things(v, post);
		break;
	case EXPR_FOLLOWERS:
		if (post->author.followers < 0)
			break;
		(void)snprintf(v->text, sizeof v->text, "%lld", (long long)post->author.followers);
		add_single(v, str_of(v->text));
		break;
	case EXPR_COUNTRY:
		add_single(v, post->country);
		break;
	case EXPR_SINCE:
		if (post->created_at_us == 0)
			break;
		time_format(post->created_at_us, v->text);
		add_single(v, str_of(v->text));
		break;
	}
}

static struct str hit_text(const struct post *post, const struct hit *hit)
{
	return str_slice(post_value(post, hit->field, hit->item), hit->from, hit->to);
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
	struct post_values v;
	read_values(p->post, e->field, &v);
	struct str_list own = v.list;
	buf_addf(p->out, "%s: ", operator_field_name(e->field));
	add_values(p->out, e->values);
	if (own.count) {
		buf_add(p->out, STR(" (the post: "));
		add_values(p->out, own);
		buf_add(p->out, STR(")"));
	} else {
		buf_add(p->out, STR(" (the post has none)"));
	}
}

void explain_add_answer(const struct printing *p, const struct explained *x)
{
	buf_add(p->out, x->yes ? STR("yes ") : x->in_doubt ? STR("?   ") : STR("no  "));
}

struct str explain_verdict(const struct explained *root)
{
	return root->yes	 ? STR("matches")
		: root->in_doubt ? STR("is in doubt, so it does not match")
				 : STR("does not match");
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
		buf_addf(p->out, "within %lu word%s%s", (unsigned long)e->distance,
			e->distance == 1 ? "" : "s", e->ordered ? ", in this order" : "");
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
	buf_add(p->out, str_of(post_field_name(hit->field)));
	if (hit->field == FIELD_LINKS || hit->field == FIELD_TAGS)
		buf_addf(p->out, "[%lu]", (unsigned long)hit->item);
	buf_addf(p->out, " %lu..%lu \"", (unsigned long)hit->from, (unsigned long)hit->to);
	escape_control(p->out, shown);
	buf_addf(p->out, "%s\" %s", shown.n < text.n ? "..." : "", hit_way_name(hit->way));
	if (hit->list.p) {
		buf_add(p->out, STR(", by "));
		escape_control(p->out, hit->term);
	}
	buf_add_char(p->out, '\n');
}

static void add_quoted(
	const struct printing *p, const struct near_pair *pair, uint32_t from, uint32_t to)
{
	struct str text = str_slice(post_field(p->post, pair->field), from, to);
	struct str shown = str_slice(text, 0, utf8_floor(text, SHOWN_MATCH_BYTES));
	buf_addf(p->out, "%lu..%lu \"", (unsigned long)from, (unsigned long)to);
	escape_control(p->out, shown);
	buf_addf(p->out, "%s\"", shown.n < text.n ? "..." : "");
}

/* The pair that makes a NEAR so, or comes nearest to it. */
static void add_nearest(const struct printing *p, const struct explained *x, unsigned depth)
{
	const struct near_pair *pair = &x->nearest;
	if (!pair->any)
		return;
	buf_add(p->out, STR("    "));
	explain_add_indent(p->out, depth + 2);
	buf_addf(p->out, "%s ", post_field_name(pair->field));
	add_quoted(p, pair, pair->from, pair->to);
	buf_add(p->out, STR(", "));
	add_quoted(p, pair, pair->other_from, pair->other_to);
	buf_addf(p->out, ": %lu word%s between", (unsigned long)pair->words,
		pair->words == 1 ? "" : "s");
	if (pair->words > x->expr->distance)
		buf_addf(p->out, ", at most %lu", (unsigned long)x->expr->distance);
	buf_add(p->out, pair->reversed ? STR(", in the other order\n") : STR("\n"));
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

static void add_given_up(const struct printing *p, const struct explained *x, unsigned depth)
{
	buf_add(p->out, STR("    "));
	explain_add_indent(p->out, depth + 2);
	buf_add(p->out, STR("the search took too many steps and was given up"));
	if (x->expr->kind == EXPR_LIST) {
		buf_add(p->out, STR(", by "));
		escape_control(p->out, x->given_up);
	}
	buf_add_char(p->out, '\n');
}

void explain_add_places(const struct printing *p, const struct explained *x, unsigned depth)
{
	for (size_t i = 0; i < x->kept_count; i++)
		add_hit(p, &x->hits[i], depth);
	if (x->expr->kind == EXPR_NEAR)
		add_nearest(p, x, depth);
	if (x->hit_count > x->kept_count) {
		buf_add(p->out, STR("    "));
		explain_add_indent(p->out, depth + 2);
		buf_addf(p->out, "and %zu more\n", x->hit_count - x->kept_count);
	}
	if (x->given_up.p)
		add_given_up(p, x, depth);
	if (x->near.why != NEAR_NOTHING)
		explain_add_near(p, &x->near, x->expr->kind == EXPR_LIST, depth);
}

/* Trees are as deep as their YAML or query, which have a ceiling, so recursion is safe. */
static void add_clause(const struct printing *p, const struct explained *x, unsigned depth)
{
	explain_add_answer(p, x);
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
	buf_addf(out, "%.*s %.*s\n", STR_ARGS(p.rules->rules[rule].name),
		STR_ARGS(explain_verdict(root)));
	add_clause(&p, root, 0);
}

/* --- for programs --- */

static void add_json_miss(const struct printing *p, const struct near_miss *near)
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
		buf_addf(p->out, ",\"field\":\"%s\"", post_field_name(hit->field));
		if (hit->field == FIELD_LINKS || hit->field == FIELD_TAGS)
			buf_addf(p->out, ",\"item\":%lu", (unsigned long)hit->item);
		buf_addf(p->out, ",\"from\":%lu,\"to\":%lu,\"text\":", (unsigned long)hit->from,
			(unsigned long)hit->to);
		escape_json(p->out, hit_text(p->post, hit));
		buf_addf(p->out, ",\"way\":\"%s\"}", hit_way_name(hit->way));
	}
	buf_add_char(p->out, ']');
	add_json_miss(p, &x->near);
}

static void add_json_near(const struct printing *p, const struct explained *x)
{
	const struct near_pair *pair = &x->nearest;
	buf_addf(p->out, ",\"distance\":%lu,\"ordered\":%s", (unsigned long)x->expr->distance,
		x->expr->ordered ? "true" : "false");
	if (!pair->any)
		return;
	buf_addf(p->out,
		",\"nearest\":{\"field\":\"%s\",\"from\":%lu,\"to\":%lu,\"other_from\":%lu,"
		"\"other_to\":%lu,\"words\":%lu,\"reversed\":%s}",
		post_field_name(pair->field), (unsigned long)pair->from, (unsigned long)pair->to,
		(unsigned long)pair->other_from, (unsigned long)pair->other_to,
		(unsigned long)pair->words, pair->reversed ? "true" : "false");
}

static void add_json_leaf(const struct printing *p, const struct explained *x)
{
	const struct expr *e = x->expr;
	struct post_values v;
	if (e->kind == EXPR_TERM) {
		buf_add(p->out, STR(",\"term\":"));
		escape_json(p->out, p->rules->terms[e->term].written);
		add_json_hits(p, x);
	} else if (e->kind == EXPR_LIST) {
		buf_add(p->out, STR(",\"list\":"));
		escape_json(p->out, p->rules->lists[e->list].name);
		add_json_hits(p, x);
	} else if (e->kind == EXPR_FIELD) {
		read_values(p->post, e->field, &v);
		buf_addf(p->out, ",\"field\":\"%s\"", operator_field_name(e->field));
		json_texts(p->out, "values", e->values);
		json_texts(p->out, "post", v.list);
	} else if (e->kind == EXPR_NEAR) {
		add_json_near(p, x);
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
	if (x->in_doubt)
		buf_add(p->out, STR(",\"in_doubt\":true"));
	if (x->given_up.p) {
		buf_add(p->out, STR(",\"given_up\":"));
		escape_json(p->out, x->given_up);
	}
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
	buf_addf(out, ",\"matches\":%s", root->yes ? "true" : "false");
	buf_add(out, root->in_doubt ? STR(",\"in_doubt\":true,\"post\":") : STR(",\"post\":"));
	post_json(post, out);
	buf_add(out, STR(",\"tree\":"));
	add_json_clause(&p, root);
	buf_add_char(out, '}');
}
