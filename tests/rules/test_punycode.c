#include "tests/check.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "rules/text/punycode.h"
#include "tests/effort.h"
#include "tests/rules/reference_punycode.h"

/* As UTF-8; what stands for nothing is absent. */
static void check_decoded(struct str encoded, const char *expected)
{
	uint32_t code_points[PUNYCODE_MAX_BYTES];
	char text[PUNYCODE_MAX_BYTES * UTF8_MAX_BYTES];
	size_t n = 0, count = punycode_decode(encoded, code_points);
	for (size_t i = 0; i < count; i++)
		n += utf8_write(code_points[i], text + n);
	struct str got = count ? (struct str){ text, n } : STR_NONE;
	check_str(got, str_of(expected));
}

/* Some of them are among the samples of RFC 3492. */
static void labels_are_what_they_stand_for(void **state)
{
	(void)state;
	check_decoded(STR("acadmie-eya"), "académie");
	check_decoded(STR("caf-dma"), "café");
	check_decoded(STR("CAF-DMA"), "CAFé");
	check_decoded(STR("strae-oqa"), "straße");
	check_decoded(STR("r8jz45g"), "例え");
	check_decoded(STR("p1ai"), "рф");
	check_decoded(STR("e1afmkfd"), "пример");
	check_decoded(STR("a--b-cpa"), "a-é-b");
	check_decoded(STR("53h"), "☕");
	check_decoded(STR("egbpdaj6bu4bxfgehfvwxn"), "ليهمابتكلموشعربي؟");
	check_decoded(STR("ihqwcrb4cv8a8dqg056pqjye"), "他们为什么不说中文");
	check_decoded(STR("b1abfaaepdrnnbgefbadotcwatmq2g4l"), "почемужеонинеговорятпорусски");
	check_decoded(STR("TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g"),
		"TạisaohọkhôngthểchỉnóitiếngViệt");
	check_decoded(STR("3B-ww4c5e180e575a65lsy2b"), "3年B組金八先生");
	check_decoded(STR("2-u9tlzr9756bt3uc0v"), "ひとつ屋根の下2");
}

static void what_stands_for_nothing_gives_nothing(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "-", "a-", "-a", "a-b-", "z", "99999999", "caf-dm_",
		"café-dma", "a--", "zzzzzzzzzzzzzzzzzzzz", "999999b", "caf-dma dma", "0",
		"ab-\x7f" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_decoded(str_of(bad[i]), NULL);
	check_decoded(STR("caf-d\0a"), NULL);
}

static void surrogates_and_what_is_past_unicode_are_nothing(void **state)
{
	(void)state;
	static const struct {
		uint32_t c;
		bool good;
	} samples[] = { { 0x80, true }, { 0xD7FF, true }, { 0xD800, false }, { 0xDFFF, false },
		{ 0xE000, true }, { 0x10FFFF, true }, { 0x110000, false } };
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		struct buf encoded;
		uint32_t got[PUNYCODE_MAX_BYTES];
		buf_init(&encoded, 0);
		reference_punycode_encode(&samples[i].c, 1, &encoded);
		assert_int_equal(punycode_decode(buf_str(&encoded), got), samples[i].good);
		if (samples[i].good)
			assert_int_equal(got[0], samples[i].c);
		buf_finish(&encoded);
	}
}

static void a_label_has_a_ceiling(void **state)
{
	(void)state;
	char label[PUNYCODE_MAX_BYTES + 1];
	uint32_t got[PUNYCODE_MAX_BYTES];
	memset(label, 'a', sizeof label);
	assert_int_equal(punycode_decode((struct str){ label, PUNYCODE_MAX_BYTES }, got),
		PUNYCODE_MAX_BYTES);
	assert_int_equal(got[PUNYCODE_MAX_BYTES - 1], 0x80);
	assert_int_equal(punycode_decode((struct str){ label, PUNYCODE_MAX_BYTES + 1 }, got), 0);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static uint32_t random_code_point(uint64_t *seed)
{
	static const uint32_t from[] = { 'a', '-', 0xE0, 0x430, 0x3040, 0x4E00, 0x1F600, 0x10FF00 };
	return from[next_random(seed) % 8] + (uint32_t)next_random(seed) % 16;
}

static void what_was_encoded_is_read_back(void **state)
{
	(void)state;
	uint64_t seed = 5;
	struct buf encoded;
	size_t fits = 0;
	buf_init(&encoded, 0);
	for (int64_t round = effort_rounds(20000); round > 0; round--) {
		uint32_t label[20], got[PUNYCODE_MAX_BYTES];
		size_t n = 1 + next_random(&seed) % 20;
		for (size_t i = 0; i < n; i++)
			label[i] = random_code_point(&seed);
		label[next_random(&seed) % n] = 0xE9;
		buf_clear(&encoded);
		reference_punycode_encode(label, n, &encoded);
		if (encoded.n > PUNYCODE_MAX_BYTES)
			continue;
		assert_int_equal(punycode_decode(buf_str(&encoded), got), n);
		assert_memory_equal(got, label, n * sizeof *label);
		fits++;
	}
	assert_true(fits > 100);
	buf_finish(&encoded);
}

static void two_ways_to_read_agree_on_any_text(void **state)
{
	(void)state;
	static const char pieces[] = "abcdemnxyz0123456789---_.\x7f\xC3";
	uint64_t seed = 6;
	size_t meaning = 0;
	for (int64_t round = effort_rounds(100000); round > 0; round--) {
		char text[64];
		uint32_t label[64], got[PUNYCODE_MAX_BYTES], truth[REFERENCE_PUNYCODE_MAX];
		size_t n = next_random(&seed) % 62 / (1 + next_random(&seed) % 8);
		for (size_t i = 0; i < n; i++) {
			text[i] = pieces[next_random(&seed) % (sizeof pieces - 1)];
			label[i] = (unsigned char)text[i];
		}
		size_t count = punycode_decode((struct str){ text, n }, got);
		assert_int_equal(count, reference_punycode_decode(label, n, truth));
		assert_memory_equal(got, truth, count * sizeof *got);
		meaning += count > 0;
	}
	assert_true(meaning > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_what_they_stand_for),
		cmocka_unit_test(what_stands_for_nothing_gives_nothing),
		cmocka_unit_test(surrogates_and_what_is_past_unicode_are_nothing),
		cmocka_unit_test(a_label_has_a_ceiling),
		cmocka_unit_test(what_was_encoded_is_read_back),
		cmocka_unit_test(two_ways_to_read_agree_on_any_text),
	};
	return cmocka_run_group_tests_name("punycode", tests, NULL, NULL);
}
