/* The addresses in any text: in order, within it, with hosts that can be asked for; the same ones
 * where each stretch between spaces is looked at by itself. Links rules. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fold.h"
#include "rules/language/address.h"
#include "rules/language/term.h"
#include "rules/text/word_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is seen of one link. */
struct seeing {
	const struct address *link;
	char last[ADDRESS_HOST_MAX_BYTES];
	size_t last_n, last_from, last_to; /* of the host before, and where it stood */
};

static void check_host_text(struct str host)
{
	struct str label, rest = host;
	assert(host.n >= 1 && host.n <= ADDRESS_HOST_MAX_BYTES);
	while (str_next(&rest, '.', &label)) {
		assert(label.n >= 1);
		assert(fold_is_word(label.p[0]) && fold_is_word(label.p[label.n - 1]));
		for (size_t i = 0; i < label.n; i++)
			assert(fold_is_word(label.p[i]) || label.p[i] == '-');
	}
	assert(host.p[host.n - 1] != '.');
}

/* Whoever asks for that host asks for what was found. One that spells an encoded label out, as only
 * hosts made for it do, would be read once more. */
static void check_can_be_asked_for(struct str host)
{
	struct arena arena;
	struct term term = { .kind = TERM_SITE, .letters = host, .folded = host };
	size_t at;
	arena_init(&arena, 0);
	assert(!address_term_problem(&term, &arena, &at));
	assert(str_find(host, STR("xn--")) != SIZE_MAX || str_eq(term.folded, host));
	struct str label = address_host_label(host);
	assert(label.n && label.p >= host.p && label.p + label.n <= host.p + host.n);
	arena_finish(&arena);
}

static void see(void *ctx, struct str host, size_t from, size_t to)
{
	struct seeing *x = ctx;
	volatile uint64_t readable = word_hash(host.p, host.n); /* the padding, for sanitizers */
	(void)readable;
	assert(x->link->host_from <= from && from < to && to <= x->link->host_to);
	check_host_text(host);
	check_can_be_asked_for(host);
	if (x->last_n && x->last_to == to) {
		/* The one before without its first label. */
		assert(from > x->last_from && host.n < x->last_n);
		assert(memcmp(x->last + x->last_n - host.n, host.p, host.n) == 0);
		assert(x->last[x->last_n - host.n - 1] == '.');
	} else {
		assert(from == x->link->host_from && (!x->last_n || to < x->last_to));
	}
	memcpy(x->last, host.p, host.n);
	x->last_n = host.n;
	x->last_from = from;
	x->last_to = to;
}

static void check_hosts(struct str text, const struct address *link)
{
	struct seeing x = { .link = link };
	assert(link->from <= link->to && link->to <= text.n);
	assert(link->host_from <= link->host_to);
	if (link->host_from == link->host_to)
		return;
	assert(link->from <= link->host_from && link->host_to <= link->to);
	address_hosts(text, link, see, &x);
}

struct links {
	struct address *items;
	size_t count;
};

static void add_link(struct links *l, const struct address *link, size_t offset)
{
	l->items = realloc(l->items, (l->count + 1) * sizeof *l->items);
	struct address *added = &l->items[l->count++];
	*added = *link;
	added->from += offset;
	added->to += offset;
	added->host_from += offset;
	added->host_to += offset;
}

/* Of a text that stands at `offset`, in memory of its very size. */
static void find_links(struct str text, size_t offset, struct links *l)
{
	char *copy = malloc(text.n + !text.n);
	struct address link;
	size_t at = 0, before = 0;
	if (text.n)
		memcpy(copy, text.p, text.n);
	struct str own = { copy, text.n };
	while (address_next(own, &at, &link)) {
		assert(link.from >= before && link.from < link.to && at >= link.to);
		before = at;
		check_hosts(own, &link);
		add_link(l, &link, offset);
	}
	assert(at == text.n);
	link = address_of_value(own);
	check_hosts(own, &link);
	free(copy);
}

static void check_same(const struct links *a, const struct links *b)
{
	assert(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct address *x = &a->items[i], *y = &b->items[i];
		assert(x->from == y->from && x->to == y->to && x->poor == y->poor);
		if (x->host_from < x->host_to)
			assert(x->host_from == y->host_from && x->host_to == y->host_to);
		else
			assert(y->host_from == y->host_to);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct folded folded;
	struct links whole = { 0 }, parts = { 0 };
	folded_init(&folded);
	folded_set(&folded, (struct str){ (const char *)data, size });
	struct str text = { folded.p, folded.n }, part;
	find_links(text, 0, &whole);
	for (struct str rest = text; str_next(&rest, ' ', &part);)
		find_links(part, (size_t)(part.p - text.p), &parts);
	check_same(&whole, &parts);
	free(whole.items);
	free(parts.items);
	folded_finish(&folded);
	return 0;
}
