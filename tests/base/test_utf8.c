#include "tests/check.h"

#include "base/utf8.h"

/* The table of RFC 3629 as it is written: which bytes may stand where. */
struct form {
	unsigned char from[4], to[4];
	size_t n;
};

static const struct form forms[] = {
	{ { 0x00 }, { 0x7F }, 1 },
	{ { 0xC2, 0x80 }, { 0xDF, 0xBF }, 2 },
	{ { 0xE0, 0xA0, 0x80 }, { 0xE0, 0xBF, 0xBF }, 3 },
	{ { 0xE1, 0x80, 0x80 }, { 0xEC, 0xBF, 0xBF }, 3 },
	{ { 0xED, 0x80, 0x80 }, { 0xED, 0x9F, 0xBF }, 3 },
	{ { 0xEE, 0x80, 0x80 }, { 0xEF, 0xBF, 0xBF }, 3 },
	{ { 0xF0, 0x90, 0x80, 0x80 }, { 0xF0, 0xBF, 0xBF, 0xBF }, 4 },
	{ { 0xF1, 0x80, 0x80, 0x80 }, { 0xF3, 0xBF, 0xBF, 0xBF }, 4 },
	{ { 0xF4, 0x80, 0x80, 0x80 }, { 0xF4, 0x8F, 0xBF, 0xBF }, 4 },
};

/* The slow decoder that the other one is tested against. */
static size_t slow_read(const unsigned char *p, size_t left, uint32_t *code_point)
{
	*code_point = UTF8_REPLACEMENT;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		const struct form *f = &forms[i];
		size_t fits = 0;
		while (fits < f->n && fits < left && p[fits] >= f->from[fits] &&
			p[fits] <= f->to[fits])
			fits++;
		if (fits < f->n)
			continue;
		static const unsigned char masks[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
		uint32_t c = p[0] & masks[f->n];
		for (size_t j = 1; j < f->n; j++)
			c = c * 64 + (p[j] - 0x80u);
		*code_point = c;
		return f->n;
	}
	return 0;
}

/* Compares the decoders; plain C instead of cmocka's checks for the sake of millions. */
static bool same(const unsigned char *bytes, size_t n)
{
	struct str s = { (const char *)bytes, n };
	uint32_t fast_point = 1, slow_point = 2;
	size_t fast = utf8_read(s, 0, &fast_point), slow = slow_read(bytes, n, &slow_point);
	bool valid = true;
	for (size_t i = 0; valid && i < n;) {
		uint32_t c;
		size_t step = slow_read(bytes + i, n - i, &c);
		valid = step > 0;
		i += step;
	}
	return fast == slow && fast_point == slow_point && utf8_valid(s) == valid;
}

static void every_sequence_of_up_to_three_bytes_is_read_as_the_rfc_has_it(void **state)
{
	(void)state;
	size_t differences = 0;
	for (uint32_t i = 0; i < 1u << 24; i++) {
		unsigned char bytes[3] = { (unsigned char)(i >> 16), (unsigned char)(i >> 8),
			(unsigned char)i };
		/* Behind what starts no sequence the third byte matters little. */
		if (bytes[0] >= 0xC0 || i % 16 == 0)
			differences += !same(bytes, 3);
		if ((i & 0xFF) == 0)
			differences += !same(bytes, 2);
		if ((i & 0xFFFF) == 0)
			differences += !same(bytes, 1);
	}
	assert_int_equal(differences, 0);
}

static void sequences_of_four_bytes_are_read_as_the_rfc_has_it(void **state)
{
	(void)state;
	static const unsigned char edges[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
		0xC2, 0xE0, 0xF0, 0xFF };
	const size_t n = sizeof edges;
	size_t differences = 0;
	for (unsigned first = 0xE0; first <= 0xFF; first++) {
		for (size_t i = 0; i < n * n * n; i++) {
			unsigned char bytes[4] = { (unsigned char)first, edges[i / n / n],
				edges[i / n % n], edges[i % n] };
			differences += !same(bytes, 4);
		}
	}
	assert_int_equal(differences, 0);
}

static void every_code_point_is_written_as_it_is_read(void **state)
{
	(void)state;
	size_t differences = 0;
	for (uint32_t c = 0; c <= 0x10FFFF; c++) {
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		char bytes[UTF8_MAX_BYTES];
		uint32_t read;
		size_t n = utf8_write(c, bytes);
		differences += utf8_read((struct str){ bytes, n }, 0, &read) != n || read != c;
	}
	assert_int_equal(differences, 0);
}

static void a_bad_byte_is_found_wherever_it_stands(void **state)
{
	(void)state;
	char text[40];
	for (size_t n = 1; n <= sizeof text; n++) {
		for (size_t at = 0; at < n; at++) {
			memset(text, 'a', sizeof text);
			assert_true(utf8_valid((struct str){ text, n }));
			text[at] = (char)0xFF;
			assert_false(utf8_valid((struct str){ text, n }));
			text[at] = (char)0xC3; /* cut off by the end or by an a */
			assert_false(utf8_valid((struct str){ text, n }));
		}
	}
	assert_true(utf8_valid(STR("")));
	assert_true(utf8_valid(STR_NONE));
	assert_true(utf8_valid(STR("aaaaaaaé日本😀aaaaaaaa")));
}

static void characters_are_counted_and_bad_bytes_are_one_each(void **state)
{
	(void)state;
	assert_int_equal(utf8_count(STR("")), 0);
	assert_int_equal(utf8_count(STR("aé日😀")), 4);
	assert_int_equal(utf8_count(STR("\xFF\xC3\x80")), 2);
	assert_int_equal(utf8_count(STR("\xE6\x97")), 2);
	assert_int_equal(utf8_count(STR("\xED\xA0\x80")), 3);
}

static void a_byte_belongs_to_the_character_it_is_part_of(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t at, floor;
	} cases[] = {
		{ "aé", 0, 0 },
		{ "aé", 1, 1 },
		{ "aé", 2, 1 },
		{ "aé", 3, 3 },
		{ "aé", 99, 3 },
		{ "日本", 4, 3 },
		{ "日本", 5, 3 },
		{ "😀", 3, 0 },
		{ "😀", 4, 4 },
		/* Bytes that belong to nothing stand alone. */
		{ "a\x80\x80", 2, 2 },
		{ "é\x80", 2, 2 },
		{ "😀\x80", 4, 4 },
		{ "\x80\x80\x80\x80\x80", 4, 4 },
		{ "\xE6\x97", 1, 1 },
		{ "\xC0\x80", 1, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(utf8_floor(str_of(cases[i].text), cases[i].at), cases[i].floor);
	assert_int_equal(utf8_floor(STR(""), 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_of_up_to_three_bytes_is_read_as_the_rfc_has_it),
		cmocka_unit_test(sequences_of_four_bytes_are_read_as_the_rfc_has_it),
		cmocka_unit_test(every_code_point_is_written_as_it_is_read),
		cmocka_unit_test(a_bad_byte_is_found_wherever_it_stands),
		cmocka_unit_test(characters_are_counted_and_bad_bytes_are_one_each),
		cmocka_unit_test(a_byte_belongs_to_the_character_it_is_part_of),
	};
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
