#include "base/mem.h"
#include "base/utf8.h"
#include "notifiers/trim.h"
#include "tests/notifiers/support.h"

enum { LIMIT = 20 * 1000 - 1 };

static void render(const struct alert *alert, bool truncated, struct buf *out)
{
	buf_add(out, truncated ? STR("cut   ") : STR("whole "));
	alert_json(alert, out);
}

static struct buf rendered(const struct alert *alert)
{
	struct buf out;
	buf_init(&out, 0);
	trim_render(alert, LIMIT, render, &out);
	assert_true(out.n <= LIMIT);
	assert_true(utf8_valid(buf_str(&out)));
	return out;
}

/* Text of n times a piece. */
static struct str repeat(const char *piece, size_t n)
{
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < n; i++)
		buf_add(&out, str_of(piece));
	return (struct str){ out.p, out.n };
}

static void free_text(struct str s)
{
	mem_free((char *)s.p);
}

static size_t length_with_text(struct sample *s, size_t n)
{
	struct str text = repeat("x", n);
	sample_text(s, text);
	struct buf out;
	buf_init(&out, 0);
	render(&s->alert, false, &out);
	size_t length = out.n;
	buf_finish(&out);
	free_text(text);
	return length;
}

static void an_alert_of_the_limit_is_whole_and_one_byte_more_is_cut(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	size_t room = LIMIT - (length_with_text(&s, 1) - 1);
	struct str text = repeat("x", room + 1);
	sample_text(&s, str_slice(text, 0, room));
	struct buf out = rendered(&s.alert);
	assert_true(str_starts(buf_str(&out), STR("whole ")));
	assert_int_equal(out.n, LIMIT);
	buf_finish(&out);
	sample_text(&s, text);
	out = rendered(&s.alert);
	assert_true(str_starts(buf_str(&out), STR("cut ")));
	assert_int_equal(out.n, LIMIT); /* as much as fits */
	buf_finish(&out);
	free_text(text);
}

static struct alert read_back(const struct buf *out, struct arena *arena)
{
	struct alert alert;
	arena_init(arena, 0);
	assert_int_equal(
		alert_read(str_slice(buf_str(out), strlen("cut   "), out->n), arena, &alert), 0);
	return alert;
}

static void text_is_cut_between_characters(void **state)
{
	(void)state;
	struct sample s;
	struct arena arena;
	sample_init(&s);
	struct str text = repeat("\xF0\x9F\x98\xA1", 10 * 1000);
	sample_text(&s, text);
	struct buf out = rendered(&s.alert);
	struct alert alert = read_back(&out, &arena);
	struct str cut = alert.match.post->text;
	assert_true(cut.n > 15 * 1000 && cut.n % 4 == 0);
	check_str(cut, str_slice(text, 0, cut.n));
	check_str(alert.match.post->url, s.post.url);
	arena_finish(&arena);
	buf_finish(&out);
	free_text(text);
}

static void hits_beyond_the_cut_keep_their_term(void **state)
{
	(void)state;
	struct sample s;
	struct arena arena;
	sample_init(&s);
	struct str text = repeat("panne \x01", 10 * 1000);
	sample_text(&s, text);
	sample_hit(&s, STR("panne"));
	s.hits[1] = s.hits[0];
	s.hits[1].from = 69 * 1000;
	s.hits[1].to = 69 * 1000 + 5;
	s.alert.match.hit_count = 2;
	struct buf out = rendered(&s.alert);
	struct alert alert = read_back(&out, &arena);
	assert_int_equal(alert.match.hit_count, 2);
	assert_int_equal(alert.match.hits[0].to, 5);
	check_text(alert.match.hits[1].term, "panne");
	assert_int_equal(alert.match.hits[1].from, alert.match.post->text.n);
	assert_int_equal(alert.match.hits[1].to, alert.match.post->text.n);
	arena_finish(&arena);
	buf_finish(&out);
	free_text(text);
}

static void an_alert_long_in_every_field_still_fits(void **state)
{
	(void)state;
	struct sample s;
	sample_init(&s);
	struct str long_text = repeat("\x01", 1000);
	struct str many[100];
	struct hit *hits = mem_zero(500, sizeof *hits);
	for (size_t i = 0; i < 100; i++)
		many[i] = long_text;
	for (size_t i = 0; i < 500; i++)
		hits[i] = (struct hit){ .term = long_text,
			.list = long_text,
			.field = (enum post_field)(i % FIELD_END),
			.item = (uint32_t)i,
			.to = 1000 };
	for (int whole = 0; whole < 2; whole++) {
		/* once dropped because it is too long, once as long as may be */
		struct str id = str_slice(long_text, 0, whole ? 150 : 1000);
		s.post.text = s.post.title = long_text;
		s.post.id = s.post.in_reply_to = s.post.repost_of = s.post.author.id = id;
		s.post.url = str_slice(long_text, 0, whole ? 500 : 1000);
		s.post.country = str_slice(long_text, 0, whole ? 16 : 1000);
		s.post.author.name = s.post.author.handle = long_text;
		s.post.langs = s.post.tags = s.post.mentions = s.post.links = (struct str_list){
			many, 100
		};
		s.alert.match.rule = s.alert.match.about = s.post.source = str_slice(
			long_text, 0, 64);
		s.alert.match.hits = hits;
		s.alert.match.hit_count = 500;
		struct buf out = rendered(&s.alert);
		assert_true(str_starts(buf_str(&out), STR("cut ")));
		buf_finish(&out);
	}
	mem_free(hits);
	free_text(long_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_of_the_limit_is_whole_and_one_byte_more_is_cut),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(hits_beyond_the_cut_keep_their_term),
		cmocka_unit_test(an_alert_long_in_every_field_still_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
