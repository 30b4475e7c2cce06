/* Lines of text as posts, and that the scan lets through every line of a log that matches. */
#include "tests/check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "daemon/matcher.h"
#include "daemon/record.h"

#define NOW_US (INT64_C(1795357800) * US_PER_S)

/* ---- one line ---- */

struct reading {
	struct record_reader *reader;
	struct str block;
	struct post post;
};

static void begin(struct reading *r, struct str block, uint64_t file, uint64_t at)
{
	const struct log_place place = { true, file, at };
	r->reader = record_reader_create(NULL);
	r->block = block;
	record_reader_begin(r->reader, block, &place, NOW_US);
}

static void read_line(struct reading *r, size_t from, size_t to)
{
	const char *reason;
	size_t at;
	assert_int_equal(
		record_read(r->reader, str_slice(r->block, from, to), &r->post, &reason, &at),
		POST_READ);
}

static void finish(struct reading *r)
{
	record_reader_destroy(r->reader);
}

static void a_log_line_gives_message_program_host_and_time(void **state)
{
	const struct str line = STR("2026-11-22T14:07:29Z web1 sshd[812]: Failed password");
	struct reading r;
	(void)state;
	begin(&r, line, 0, 0);
	read_line(&r, 0, line.n);
	check_text(r.post.text, "Failed password");
	check_text(r.post.title, "web1 sshd[812]");
	check_text(r.post.author.handle, "sshd");
	assert_int_equal(r.post.tags.count, 1);
	check_text(r.post.tags.items[0], "web1");
	assert_true(r.post.created_at_us == NOW_US - (22 * 60 + 31) * US_PER_S);
	finish(&r);
}

static void bytes_that_are_not_utf8_are_replaced_and_not_lost(void **state)
{
	const struct str line = STR("Nov 22 14:07:29 web1 a: caf\xe9 noir");
	struct reading r;
	(void)state;
	begin(&r, line, 0, 0);
	read_line(&r, 0, line.n);
	check_text(r.post.text, "caf\xEF\xBF\xBD noir");
	check_text(r.post.author.handle, "a");
	finish(&r);
}

static void a_line_read_again_has_its_id_again_and_no_other_line_has_it(void **state)
{
	const struct str lines = STR("same\nsame\nother\n");
	struct reading r;
	char first[LOG_ID_BYTES], second[LOG_ID_BYTES];
	(void)state;
	begin(&r, lines, 77, 1000);
	read_line(&r, 0, 4);
	memcpy(first, r.post.id.p, r.post.id.n + 1);
	read_line(&r, 5, 9);
	memcpy(second, r.post.id.p, r.post.id.n + 1);
	assert_string_not_equal(first, second);
	finish(&r);
	/* The second line at the start of a block, after a restart. */
	begin(&r, str_slice(lines, 5, lines.n), 77, 1005);
	read_line(&r, 0, 4);
	assert_string_equal(second, r.post.id.p);
	finish(&r);
	/* Another text at the same place: the file was emptied and filled again. */
	begin(&r, STR("else"), 77, 1000);
	read_line(&r, 0, 4);
	assert_string_not_equal(first, r.post.id.p);
	finish(&r);
}

static void a_line_of_a_stream_is_known_again_by_its_time(void **state)
{
	const struct str timed = STR("Nov 22 14:07:29 h a: b"), plain = STR("b\nb");
	struct reading r;
	char first[LOG_ID_BYTES];
	(void)state;
	begin(&r, timed, 0, 500);
	read_line(&r, 0, timed.n);
	memcpy(first, r.post.id.p, r.post.id.n + 1);
	finish(&r);
	begin(&r, timed, 0, 0);
	read_line(&r, 0, timed.n);
	assert_string_equal(first, r.post.id.p);
	finish(&r);
	begin(&r, plain, 0, 0);
	read_line(&r, 0, 1);
	memcpy(first, r.post.id.p, r.post.id.n + 1);
	read_line(&r, 2, 3);
	assert_string_not_equal(first, r.post.id.p);
	finish(&r);
}

static void without_a_place_a_line_has_no_id(void **state)
{
	struct record_reader *reader = record_reader_create(NULL);
	struct post post;
	const char *reason;
	size_t at;
	(void)state;
	assert_int_equal(record_read(reader, STR("a"), &post, &reason, &at), POST_READ);
	assert_null(post.id.p);
	record_reader_destroy(reader);
}

/* ---- the scan ---- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Beginnings, ends and odd pieces, glued together anyhow. */
static const char *const pieces[] = { "Nov 22 14:07:29 ", "2026-11-22T14:07:29Z ", "<34>1 ", "- ",
	"web1 ", "web1", "sshd", "[812]", ": ", ":", "alpha", "beta", " ", "www.alpha.com",
	"http://", "@alpha", "#beta", "#AlphaBeta", "user@beta.org", "alpha.beta", "/", "(", ")",
	"é", "\xe9", "\xEF\xBB\xBF", "\t", "&amp;", "alpha beta", "alpha-beta", "\\u0061lpha",
	"日本", "<b>", "'", "\"" };

static void add_random_line(struct buf *out, uint32_t *random)
{
	size_t n = next_random(random) % 10;
	if (next_random(random) % 2)
		buf_add(out, STR("Nov 22 14:07:29 web1 "));
	for (size_t i = 0; i < n; i++)
		buf_add(out,
			str_of(pieces[next_random(random) % (sizeof pieces / sizeof *pieces)]));
	buf_add_char(out, '\n');
}

struct found {
	size_t count;
};

static bool on_match(void *ctx, const struct match *match)
{
	struct found *f = ctx;
	(void)match;
	f->count++;
	return true;
}

/* What a matcher finds that decodes each line. */
static size_t find_plainly(const struct ruleset *set, struct str lines)
{
	struct record_reader *reader = record_reader_create(NULL);
	struct match_scratch *scratch = match_scratch_create(set);
	struct found found = { 0 };
	struct str line;
	while (str_next(&lines, '\n', &line)) {
		struct post post;
		const char *reason;
		size_t at;
		assert_int_equal(record_read(reader, line, &post, &reason, &at), POST_READ);
		(void)ruleset_match(set, scratch, &post, on_match, &found);
	}
	match_scratch_destroy(scratch);
	record_reader_destroy(reader);
	return found.count;
}

static size_t find_by_scan(const struct ruleset *set, struct str lines)
{
	struct matcher *m = matcher_create(set, NULL);
	struct matcher_counts counts = { 0 };
	struct found found = { 0 };
	matcher_run(m,
		&(struct matcher_block){ .records = lines, .found = on_match, .ctx = &found },
		&counts);
	matcher_destroy(m);
	return found.count;
}

static struct ruleset *load_rules(struct arena *arena)
{
	static const char yaml[] =
		"rules:\n"
		"  - { name: w, any: [alpha, web1] }\n"
		"  - { name: p, any: ['\"alpha beta\"', '\"web1 sshd\"', '\"beta web1\"'] }\n"
		"  - { name: t, any: ['#beta', '@alpha', '=sshd', 'alp*', 日本] }\n"
		"  - { name: q, query: 'alpha NEAR/2 beta' }\n"
		"  - { name: r, any: ['/a.?b/', '/1 s/'] }\n"
		"  - { name: s, any: [beta], where: { site: alpha.com } }\n"
		"  - { name: l, where: { tag: web1 } }\n"
		"  - { name: f, where: { from: sshd } }\n";
	struct diag *diag = diag_create();
	const struct conf_node *root = conf_read_text("rules", str_of(yaml), arena, diag);
	struct rules *rules = rules_load(root, NULL, diag);
	struct buf said;
	buf_init(&said, 0);
	diag_print(diag, &said);
	if (diag_failed(diag))
		fail_msg("%s", said.p);
	buf_finish(&said);
	diag_destroy(diag);
	return ruleset_create(rules);
}

static void the_scan_lets_through_every_line_that_matches(void **state)
{
	struct arena arena;
	struct buf lines;
	uint32_t random = 20;
	size_t total = 0;
	(void)state;
	arena_init(&arena, 0);
	buf_init(&lines, 0);
	struct ruleset *set = load_rules(&arena);
	for (size_t round = 0; round < 3000; round++) {
		buf_clear(&lines);
		for (size_t i = 0; i < 5; i++)
			add_random_line(&lines, &random);
		const size_t wanted = find_plainly(set, buf_str(&lines));
		if (find_by_scan(set, buf_str(&lines)) < wanted)
			fail_msg("held back in:\n%s", lines.p);
		total += wanted;
	}
	assert_true(total > 10000);
	buf_finish(&lines);
	ruleset_destroy(set);
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_line_gives_message_program_host_and_time),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_and_not_lost),
		cmocka_unit_test(a_line_read_again_has_its_id_again_and_no_other_line_has_it),
		cmocka_unit_test(a_line_of_a_stream_is_known_again_by_its_time),
		cmocka_unit_test(without_a_place_a_line_has_no_id),
		cmocka_unit_test(the_scan_lets_through_every_line_that_matches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
