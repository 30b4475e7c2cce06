#include "tests/check.h"

#include "base/digest.h"

static void check_hex(const unsigned char digest[DIGEST_BYTES], const char *expected)
{
	char hex[DIGEST_HEX_BYTES];
	digest_hex(digest, hex);
	assert_string_equal(hex, expected);
}

/* The examples of FIPS 180-4. */
static void sha_256_is_what_the_standard_says(void **state)
{
	(void)state;
	static const struct {
		const char *text, *hex;
	} samples[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	unsigned char digest[DIGEST_BYTES];
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		digest_sha256(str_of(samples[i].text), digest);
		check_hex(digest, samples[i].hex);
	}
	digest_sha256(STR_NONE, digest);
	check_hex(digest, samples[0].hex);
}

static struct str repeat(char *out, char c, size_t n)
{
	memset(out, c, n);
	return (struct str){ out, n };
}

static void check_hmac(struct str key, struct str data, const char *expected)
{
	unsigned char digest[DIGEST_BYTES];
	digest_hmac(key, data, digest);
	check_hex(digest, expected);
}

/* Cases 1 to 4, 6 and 7 of RFC 4231; case 5 is about cut digests, which we do not make. */
static void hmac_is_what_rfc_4231_says(void **state)
{
	(void)state;
	char key[131], data[50];
	check_hmac(repeat(key, 0x0b, 20), STR("Hi There"),
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	check_hmac(STR("Jefe"), STR("what do ya want for nothing?"),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	check_hmac(repeat(key, (char)0xaa, 20), repeat(data, (char)0xdd, 50),
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	for (size_t i = 0; i < 25; i++)
		key[i] = (char)(i + 1);
	check_hmac((struct str){ key, 25 }, repeat(data, (char)0xcd, 50),
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
	check_hmac(repeat(key, (char)0xaa, 131),
		STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check_hmac(repeat(key, (char)0xaa, 131),
		STR("This is a test using a larger than block-size key and a larger than "
		    "block-size data. The key needs to be hashed before being used by the HMAC "
		    "algorithm."),
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void hmac_signs_as_github_does(void **state)
{
	(void)state;
	check_hmac(STR("It's a Secret to Everybody"), STR("Hello, World!"),
		"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

static void an_empty_key_or_text_can_be_signed(void **state)
{
	(void)state;
	static const char expected[] =
		"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
	check_hmac(STR(""), STR(""), expected);
	check_hmac(STR_NONE, STR_NONE, expected);
}

static void parts_that_join_to_the_same_text_differ(void **state)
{
	(void)state;
	const struct str one[] = { STR("ab"), STR("c") }, two[] = { STR("a"), STR("bc") };
	const struct str three[] = { STR("ab"), STR("c"), STR("") };
	unsigned char a[DIGEST_BYTES], b[DIGEST_BYTES], again[DIGEST_BYTES];
	digest_parts(one, 2, a);
	digest_parts(one, 2, again);
	assert_memory_equal(a, again, DIGEST_BYTES);
	digest_parts(two, 2, b);
	assert_memory_not_equal(a, b, DIGEST_BYTES);
	digest_parts(three, 3, b);
	assert_memory_not_equal(a, b, DIGEST_BYTES);
	digest_parts(NULL, 0, b);
	check_hex(b, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Ids are stored: the way they are made must never change. */
static void the_digest_of_parts_is_stable(void **state)
{
	(void)state;
	const struct str parts[] = { STR("abc"), STR_NONE };
	unsigned char a[DIGEST_BYTES], b[DIGEST_BYTES];
	digest_parts(parts, 2, a);
	digest_sha256(STR("\3\0\0\0\0\0\0\0abc\0\0\0\0\0\0\0\0"), b);
	assert_memory_equal(a, b, DIGEST_BYTES);
}

static void only_equal_texts_are_equal(void **state)
{
	(void)state;
	assert_true(digest_equal(STR("abc"), STR("abc")));
	assert_false(digest_equal(STR("abc"), STR("abd")));
	assert_false(digest_equal(STR("abc"), STR("ab")));
	assert_true(digest_equal(STR(""), STR_NONE));
}

static void check_base64(struct str data, const char *text)
{
	struct buf out;
	buf_init(&out, 0);
	base64_encode(data, &out);
	check_str(buf_str(&out), str_of(text));
	buf_clear(&out);
	assert_true(base64_decode(str_of(text), &out));
	check_str(buf_str(&out), data);
	buf_finish(&out);
}

static void base64_is_what_rfc_4648_says(void **state)
{
	(void)state;
	check_base64(STR(""), "");
	check_base64(STR("f"), "Zg==");
	check_base64(STR("fo"), "Zm8=");
	check_base64(STR("foo"), "Zm9v");
	check_base64(STR("foob"), "Zm9vYg==");
	check_base64(STR("fooba"), "Zm9vYmE=");
	check_base64(STR("foobar"), "Zm9vYmFy");
	check_base64(STR("\0\xff\xfe\x3e\x3f"), "AP/+Pj8=");
}

static void base64_of_any_length_is_read_back(void **state)
{
	(void)state;
	char data[7000];
	struct buf text, back;
	buf_init(&text, 0);
	buf_init(&back, 0);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 31 + i / 256);
	for (size_t n = 0; n <= sizeof data; n += n < 100 ? 1 : 37) {
		buf_clear(&text);
		buf_clear(&back);
		base64_encode((struct str){ data, n }, &text);
		assert_int_equal(text.n, (n + 2) / 3 * 4);
		assert_true(base64_decode(buf_str(&text), &back));
		check_str(buf_str(&back), ((struct str){ data, n }));
	}
	buf_finish(&text);
	buf_finish(&back);
}

static void what_is_no_base64_is_refused_and_adds_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = { "Z", "Zg",
		"Zg=", "Zg===", "=Zg=", "====", "Z===", "Zg=A", "Zg==Zg==", "Zm9v\n", "Zm9v ",
		"Zm 9", "Zm-_", "Zm9vYg=é", "Zm9vZh==", "Zm9=", "Zg==Zm9v" };
	struct buf out;
	buf_init(&out, 0);
	buf_add(&out, STR("x"));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_false(base64_decode(str_of(texts[i]), &out));
		check_text(buf_str(&out), "x");
	}
	assert_false(base64_decode(STR("Zm9\0"), &out));
	buf_finish(&out);
}

static void base64_past_the_ceiling_of_the_buffer_is_refused(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 6);
	assert_true(base64_decode(STR("Zm9vYmFy"), &out));
	assert_false(base64_decode(STR("Zg=="), &out));
	buf_finish(&out);
}

static void sha1_is_the_standard_s(void **state)
{
	(void)state;
	static const unsigned char want[DIGEST_SHA1_BYTES] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06,
		0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8,
		0x9d };
	unsigned char digest[DIGEST_SHA1_BYTES];
	digest_sha1(STR("abc"), digest);
	assert_memory_equal(digest, want, sizeof want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1_is_the_standard_s),
		cmocka_unit_test(sha_256_is_what_the_standard_says),
		cmocka_unit_test(hmac_is_what_rfc_4231_says),
		cmocka_unit_test(hmac_signs_as_github_does),
		cmocka_unit_test(an_empty_key_or_text_can_be_signed),
		cmocka_unit_test(parts_that_join_to_the_same_text_differ),
		cmocka_unit_test(the_digest_of_parts_is_stable),
		cmocka_unit_test(only_equal_texts_are_equal),
		cmocka_unit_test(base64_is_what_rfc_4648_says),
		cmocka_unit_test(base64_of_any_length_is_read_back),
		cmocka_unit_test(what_is_no_base64_is_refused_and_adds_nothing),
		cmocka_unit_test(base64_past_the_ceiling_of_the_buffer_is_refused),
	};
	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
