#include "notifiers/trim.h"

#include <assert.h>

#include "base/mem.h"
#include "base/utf8.h"

/* What is left of an alert whose text alone is not what makes it long. In the worst case each byte
 * is written as six ("\u0001"), which together stays below TRIM_MIN_BYTES. */
enum {
	FEW_HITS = 10,
	TERM_BYTES = 40,
	NAME_BYTES = 60,
	LANG_COUNT = 4,
	LANG_BYTES = 16,
	TITLE_BYTES = 200,
	ID_BYTES = 150,
	URL_BYTES = 500,
};

struct trimmed {
	const struct alert *whole;
	struct alert alert;
	struct post post;
	struct hit *hits;
	struct str langs[LANG_COUNT];
	size_t max_term_bytes;
};

static struct str cut(struct str s, size_t max_bytes)
{
	return s.n <= max_bytes ? s : str_slice(s, 0, utf8_floor(s, max_bytes));
}

/* Half an address or id is worse than none. */
static struct str drop_long(struct str s, size_t max_bytes)
{
	return s.n <= max_bytes ? s : STR_NONE;
}

static void trimmed_init(struct trimmed *t, const struct alert *alert)
{
	*t = (struct trimmed){
		.whole = alert,
		.alert = *alert,
		.post = *alert->match.post,
		.hits = mem_zero(alert->match.hit_count, sizeof(struct hit)),
		.max_term_bytes = SIZE_MAX,
	};
	t->alert.match.post = &t->post;
	t->alert.match.hits = t->hits;
}

static void trimmed_finish(struct trimmed *t)
{
	mem_free(t->hits);
}

static void keep_little(struct trimmed *t)
{
	struct post *p = &t->post;
	struct match *m = &t->alert.match;
	m->rule = cut(m->rule, NAME_BYTES);
	m->about = cut(m->about, NAME_BYTES);
	m->hit_count = m->hit_count < FEW_HITS ? m->hit_count : FEW_HITS;
	t->max_term_bytes = TERM_BYTES;
	p->id = drop_long(p->id, ID_BYTES);
	p->url = drop_long(p->url, URL_BYTES);
	p->title = cut(p->title, TITLE_BYTES);
	p->author.id = drop_long(p->author.id, ID_BYTES);
	p->author.handle = cut(p->author.handle, NAME_BYTES);
	p->author.name = cut(p->author.name, NAME_BYTES);
	p->tags = p->mentions = p->links = (struct str_list){ 0 };
	p->in_reply_to = drop_long(p->in_reply_to, ID_BYTES);
	p->repost_of = drop_long(p->repost_of, ID_BYTES);
	p->country = drop_long(p->country, LANG_BYTES);
	size_t count = p->langs.count < LANG_COUNT ? p->langs.count : LANG_COUNT;
	for (size_t i = 0; i < count; i++)
		t->langs[i] = cut(p->langs.items[i], LANG_BYTES);
	p->langs = (struct str_list){ t->langs, count };
}

/* The text's first bytes, and hits that lie within what is there. */
static void cut_text(struct trimmed *t, size_t bytes)
{
	t->post.text = cut(t->whole->match.post->text, bytes);
	for (size_t i = 0; i < t->alert.match.hit_count; i++) {
		struct hit *hit = &t->hits[i];
		*hit = t->whole->match.hits[i];
		hit->term = cut(hit->term, t->max_term_bytes);
		hit->list = cut(hit->list, t->max_term_bytes);
		size_t n = post_value(&t->post, hit->field, hit->item).n;
		hit->from = hit->from < n ? hit->from : (uint32_t)n;
		hit->to = hit->to < n ? hit->to : (uint32_t)n;
	}
}

/* out is born with its ceiling. */
static bool fits(struct trimmed *t, size_t bytes, trim_renderer render, struct buf *out)
{
	buf_clear(out);
	cut_text(t, bytes);
	render(&t->alert, true, out);
	return !out->full;
}

/* The most of the text that fits, by halving; false if not even none of it does. */
static bool fit_text(struct trimmed *t, size_t max_bytes, trim_renderer render, struct buf *out)
{
	if (!fits(t, 0, render, out))
		return false;
	size_t low = 0, high = t->whole->match.post->text.n;
	high = high < max_bytes ? high : max_bytes;
	while (low < high) {
		size_t middle = high - (high - low) / 2;
		if (fits(t, middle, render, out))
			low = middle;
		else
			high = middle - 1;
	}
	return fits(t, low, render, out);
}

void trim_render(const struct alert *alert, size_t max_bytes, trim_renderer render, struct buf *out)
{
	assert(max_bytes >= TRIM_MIN_BYTES);
	struct buf json;
	buf_init(&json, max_bytes); /* full: it does not fit */
	render(alert, false, &json);
	if (json.full) {
		struct trimmed t;
		trimmed_init(&t, alert);
		bool fitted = fit_text(&t, max_bytes, render, &json);
		if (!fitted) {
			keep_little(&t);
			fitted = fit_text(&t, max_bytes, render, &json);
		}
		assert(fitted);
		(void)fitted;
		trimmed_finish(&t);
	}
	buf_add(out, buf_str(&json));
	buf_finish(&json);
}
