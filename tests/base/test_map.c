#include "tests/check.h"

#include "base/map.h"
#include "base/mem.h"

static void what_was_set_is_found_and_nothing_else(void **state)
{
	(void)state;
	struct map m = { 0 };
	int one = 1, two = 2;
	assert_null(map_get(&m, STR("a")));
	assert_null(map_set(&m, STR("a"), &one));
	assert_null(map_set(&m, STR("a\0"), &two)); /* another key */
	assert_null(map_set(&m, STR(""), &two));
	assert_ptr_equal(map_get(&m, STR("a")), &one);
	assert_ptr_equal(map_get(&m, STR("a\0")), &two);
	assert_ptr_equal(map_get(&m, STR("")), &two);
	assert_null(map_get(&m, STR("b")));
	assert_int_equal(m.count, 3);
	map_finish(&m);
	assert_null(map_get(&m, STR("a")));
	map_finish(&m);
}

static void a_second_value_replaces_the_first_and_keeps_its_key(void **state)
{
	(void)state;
	struct map m = { 0 };
	int one = 1, two = 2;
	static const char first[] = "key", second[] = "key";
	assert_null(map_set(&m, str_of(first), &one));
	assert_ptr_equal(map_set(&m, str_of(second), &two), &one);
	assert_ptr_equal(map_get(&m, STR("key")), &two);
	assert_int_equal(m.count, 1);
	size_t at = 0;
	assert_ptr_equal(map_next(&m, &at)->key.p, first);
	assert_null(map_next(&m, &at));
	map_finish(&m);
}

enum { MANY = 50000, KEY_BYTES = 24 };

struct style {
	const char *before;
	int digits;
	const char *behind;
};

struct many {
	struct map map;
	char (*keys)[KEY_BYTES];
};

static void many_init(struct many *x, const struct style *style)
{
	x->map = (struct map){ 0 };
	x->keys = mem_zero(MANY, KEY_BYTES);
	for (int i = 0; i < MANY; i++) {
		assert_true(snprintf(x->keys[i], KEY_BYTES, "%s%0*d%s", style->before,
				    style->digits, i, style->behind) < KEY_BYTES);
		assert_null(map_set(&x->map, str_of(x->keys[i]), x->keys[i]));
	}
}

static void many_finish(struct many *x)
{
	map_finish(&x->map);
	mem_free(x->keys);
}

static void many_keys_are_all_found_and_met_once(void **state)
{
	(void)state;
	struct many x;
	many_init(&x, &(struct style){ "key ", 1, "" });
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(map_get(&x.map, str_of(x.keys[i])), x.keys[i]);
	assert_null(map_get(&x.map, STR("key 50000")));
	size_t at = 0, met = 0;
	for (const struct map_slot *slot; (slot = map_next(&x.map, &at)); met++)
		((char *)slot->value)[KEY_BYTES - 1]++;
	assert_int_equal(met, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(x.keys[i][KEY_BYTES - 1], 1);
	many_finish(&x);
}

/* How far keys lie from where they belong, on average. A good hash gives about 1. */
static double average_way(const struct map *m)
{
	double way = 0;
	for (size_t i = 0; i < m->size; i++) {
		if (m->slots[i].value)
			way += (double)((i - str_hash(m->slots[i].key)) & (m->size - 1));
	}
	return way / (double)m->count;
}

static void keys_that_differ_little_lie_far_apart(void **state)
{
	(void)state;
	static const struct style styles[] = { { "", 1, "" }, { "", 7, "" }, { "", 8, "" },
		{ "", 9, "" }, { "", 15, "" }, { "", 16, "" }, { "", 22, "" }, { "x", 6, "" },
		{ "", 6, "x" }, { "", 7, "xxxx" }, { "https://example/", 1, "" },
		{ "", 1, "/article" } };
	for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
		struct many x;
		many_init(&x, &styles[i]);
		double way = average_way(&x.map);
		if (way > 3)
			print_error("keys like '%s': %f\n", x.keys[0], way);
		assert_true(way < 3);
		many_finish(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_set_is_found_and_nothing_else),
		cmocka_unit_test(a_second_value_replaces_the_first_and_keeps_its_key),
		cmocka_unit_test(many_keys_are_all_found_and_met_once),
		cmocka_unit_test(keys_that_differ_little_lie_far_apart),
	};
	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
