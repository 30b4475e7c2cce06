#include "sources/incoming.h"

#include "base/mem.h"

enum { KEEP, DROP, FAIL, GAP, BACKLOG_END, LISTS };

struct incoming {
	bool keeps_all;
	struct sieve *sieve;
	struct adder *adder;
};

static struct where place(const struct conf_node *node, const char *key)
{
	const struct conf_node *value = conf_get(node, key);
	return value ? value->at : node->at;
}

bool incoming_check(
	const struct incoming_options *o, const struct conf_node *node, struct diag *diag)
{
	const struct {
		const char *name;
		struct str_list rules;
	} lists[LISTS] = { { "keep", o->keep }, { "drop", o->drop }, { "fail_on", o->fail },
		{ "gap_on", o->gap }, { "backlog_end", o->backlog_end } };
	bool good = sieve_check_path(o->payload, "payload", place(node, "payload"), diag);
	for (size_t i = 0; i < LISTS; i++)
		good = sieve_check(
			       lists[i].rules, lists[i].name, place(node, lists[i].name), diag) &&
			good;
	return adder_check(o->add, place(node, "add"), diag) && good;
}

struct incoming *incoming_create(const struct incoming_options *o)
{
	const struct str_list lists[LISTS] = { o->keep, o->drop, o->fail, o->gap, o->backlog_end };
	struct incoming *in = mem_zero(1, sizeof *in);
	in->keeps_all = o->keep.count == 0;
	in->sieve = sieve_create(lists, LISTS, o->payload);
	in->adder = adder_create(o->add);
	return in;
}

void incoming_destroy(struct incoming *in)
{
	if (!in)
		return;
	sieve_destroy(in->sieve);
	adder_destroy(in->adder);
	mem_free(in);
}

/* JSON over several lines has its line ends between tokens, where a space is as good. */
static void add_line(struct incoming *in, struct str record, struct buf *out)
{
	const size_t from = out->n;
	adder_add(in->adder, record, out);
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
	buf_add_char(out, '\n');
}

unsigned incoming_take(struct incoming *in, struct str message, struct buf *out)
{
	struct str record;
	const unsigned lists = sieve_look(in->sieve, message, &record);
	const bool kept = in->keeps_all || (lists & 1U << KEEP);
	const bool news = lists & (1U << FAIL | 1U << GAP | 1U << BACKLOG_END);
	if (kept && !news && !(lists & 1U << DROP) && record.p)
		add_line(in, record, out);
	return (lists & 1U << FAIL ? INCOMING_FAIL : 0U) | (lists & 1U << GAP ? INCOMING_GAP : 0U) |
		(lists & 1U << BACKLOG_END ? INCOMING_BACKLOG_END : 0U);
}

struct str incoming_lines(
	struct incoming *in, struct str lines, struct buf *out, uint64_t *too_long)
{
	struct str line;
	*too_long = 0;
	if (!in->sieve && !in->adder)
		return lines;
	buf_clear(out);
	while (str_next(&lines, '\n', &line)) {
		const size_t from = out->n;
		line = str_trim(line);
		if (line.n)
			(void)incoming_take(in, line, out);
		if (!out->full)
			continue;
		out->full = false;
		out->n = from;
		++*too_long;
	}
	return out->n ? buf_str(out) : STR("");
}
