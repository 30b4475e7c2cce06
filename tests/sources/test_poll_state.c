#include "tests/check.h"

#include "base/mem.h"
#include "sources/poll_state.h"

static int setup(void **state)
{
	struct poll_state *s = mem_zero(1, sizeof *s);
	poll_state_init(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	poll_state_finish(*state);
	mem_free(*state);
	return 0;
}

static void check_round_trip(const struct poll_state *s)
{
	struct buf cursor, again;
	struct poll_state back;
	buf_init(&cursor, POLL_CURSOR_MAX_BYTES);
	buf_init(&again, POLL_CURSOR_MAX_BYTES);
	poll_state_init(&back);
	poll_state_format(s, &cursor);
	assert_false(cursor.full);
	assert_true(poll_state_parse(&back, buf_str(&cursor)));
	poll_state_format(&back, &again);
	check_str(buf_str(&again), buf_str(&cursor));
	poll_state_finish(&back);
	buf_finish(&cursor);
	buf_finish(&again);
}

static void what_is_remembered_comes_back_from_the_cursor(void **state)
{
	struct poll_state *s = *state;
	check_round_trip(s);
	const uint64_t keys[] = { poll_key(STR("a")), poll_key(STR("b")), 0, UINT64_MAX };
	poll_state_see(s, keys, 4);
	poll_state_raise(s, STR("17"));
	poll_state_validators(s, STR("http://a/"), STR("W/\"x\""), STR("yesterday"));
	poll_state_miss(s, 5);
	poll_state_miss(s, 6);
	s->known = true;
	check_round_trip(s);
	struct buf cursor;
	buf_init(&cursor, 0);
	poll_state_format(s, &cursor);
	struct poll_state back;
	poll_state_init(&back);
	assert_true(poll_state_parse(&back, buf_str(&cursor)));
	assert_true(back.known);
	assert_true(poll_state_saw(&back, poll_key(STR("b"))));
	assert_false(poll_state_saw(&back, poll_key(STR("c"))));
	assert_true(poll_state_has_validators(&back, STR("http://a/")));
	assert_false(poll_state_has_validators(&back, STR("http://b/")));
	check_str(buf_str(&back.etag), STR("W/\"x\""));
	assert_int_equal(back.pending_count, 2);
	poll_state_finish(&back);
	buf_finish(&cursor);
}

static void a_full_state_fits_the_cursor(void **state)
{
	struct poll_state *s = *state;
	uint64_t *keys = mem_zero(POLL_MAX_KEYS + 1, sizeof *keys);
	char text[POLL_VALUE_MAX_BYTES];
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i <= POLL_MAX_KEYS; i++)
		keys[i] = UINT64_MAX - i;
	poll_state_see(s, keys, POLL_MAX_KEYS + 1);
	assert_int_equal(s->key_count, POLL_MAX_KEYS);
	poll_state_raise(s, (struct str){ text, sizeof text });
	poll_state_validators(
		s, STR("u"), (struct str){ text, sizeof text }, (struct str){ text, sizeof text });
	assert_int_equal(s->etag.n, POLL_VALIDATOR_MAX_BYTES);
	for (int64_t i = 0; i < POLL_MAX_PENDING; i++)
		poll_state_miss(s, INT64_MAX - i);
	check_round_trip(s);
	mem_free(keys);
}

static void what_is_no_cursor_is_nothing_remembered(void **state)
{
	struct poll_state *s = *state;
	static const char *const bad[] = { "", "poll 1",
		"poll 2\x1E"
		"1\x1E\x1E\x1E\x1E\x1E\x1E\x1E",
		"feeds 1\x1E",
		"poll 1\x1E"
		"1\x1E"
		"5\x1E" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		s->known = true;
		poll_state_raise(s, STR("9"));
		assert_false(poll_state_parse(s, str_of(bad[i])));
		assert_false(s->known);
		assert_int_equal(s->value.n, 0);
	}
	assert_true(poll_state_parse(s,
		STR("poll 1\x1E"
		    "1\x1E"
		    "5\x1E\x1E\x1Ezz\x1E"
		    "00000000000000zz00000000000000ff12\x1E"
		    "7:0,8:3,x:1,9,-1:2,10:99,\x1E")));
	assert_int_equal(s->key_count, 1);
	assert_true(poll_state_saw(s, 255));
	assert_int_equal(s->pending_count, 1);
	assert_int_equal(s->pending[0].number, 8);
}

static void the_newest_keys_stay(void **state)
{
	struct poll_state *s = *state;
	uint64_t *keys = mem_zero(POLL_MAX_KEYS, sizeof *keys);
	for (size_t i = 0; i < POLL_MAX_KEYS; i++)
		keys[i] = 1000 + i;
	poll_state_see(s, keys, POLL_MAX_KEYS);
	const uint64_t more[] = { 1, 2, 1, 1003 };
	poll_state_see(s, more, 4);
	assert_int_equal(s->key_count, POLL_MAX_KEYS);
	assert_true(poll_state_saw(s, 1) && poll_state_saw(s, 2) && poll_state_saw(s, 1003));
	assert_true(poll_state_saw(s, 1000));
	assert_false(poll_state_saw(s, 1000 + POLL_MAX_KEYS - 1));
	assert_false(poll_state_saw(s, 1000 + POLL_MAX_KEYS - 2));
	assert_true(poll_state_saw(s, 1000 + POLL_MAX_KEYS - 3));
	mem_free(keys);
}

static void values_are_compared_as_numbers_or_as_text(void **state)
{
	struct poll_state *s = *state;
	assert_true(poll_value_cmp(STR("9"), STR("10")) < 0);
	assert_true(poll_value_cmp(STR("99999999999999999999"), STR("100000000000000000000")) < 0);
	assert_true(poll_value_cmp(STR("007"), STR("7")) == 0);
	assert_true(poll_value_cmp(STR("0"), STR("000")) == 0);
	assert_true(poll_value_cmp(STR("2026-01-02"), STR("2026-01-10")) < 0);
	poll_state_raise(s, STR("10"));
	poll_state_raise(s, STR("9"));
	poll_state_raise(s, STR(""));
	poll_state_raise(s, STR("11\n"));
	check_str(buf_str(&s->value), STR("10"));
}

static void an_item_that_never_comes_is_given_up(void **state)
{
	struct poll_state *s = *state;
	for (int i = 0; i < POLL_PENDING_TRIES; i++) {
		assert_int_equal(s->pending_count, i > 0);
		poll_state_miss(s, 5);
	}
	assert_int_equal(s->pending_count, 0);
	for (int64_t i = 0; i < POLL_MAX_PENDING + 2; i++)
		poll_state_miss(s, 100 + i);
	assert_int_equal(s->pending_count, POLL_MAX_PENDING);
	assert_int_equal(s->pending[0].number, 102);
	poll_state_settle(s, 103);
	poll_state_settle(s, 1);
	assert_int_equal(s->pending_count, POLL_MAX_PENDING - 1);
	assert_int_equal(s->pending[1].number, 104);
}

static void what_cannot_be_sent_back_is_no_validator(void **state)
{
	struct poll_state *s = *state;
	poll_state_validators(s, STR("u"),
		STR("a\x1E"
		    "b"),
		STR_NONE);
	assert_false(poll_state_has_validators(s, STR("u")));
	check_round_trip(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_remembered_comes_back_from_the_cursor),
		TEST(a_full_state_fits_the_cursor),
		TEST(what_is_no_cursor_is_nothing_remembered),
		TEST(the_newest_keys_stay),
		TEST(values_are_compared_as_numbers_or_as_text),
		TEST(an_item_that_never_comes_is_given_up),
		TEST(what_cannot_be_sent_back_is_no_validator),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
