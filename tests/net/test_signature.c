#include "net/signature.h"
#include "tests/check.h"

static void check_signature(
	const char *secret, const char *id, int64_t seconds, const char *body, const char *expected)
{
	struct signing_key keys[SIGNING_MAX_KEYS];
	size_t count;
	const char *reason;
	struct buf out;
	assert_true(signing_keys_read(str_of(secret), keys, &count, &reason));
	buf_init(&out, 0);
	signature_add(keys, count, str_of(id), seconds, str_of(body), &out);
	check_str(buf_str(&out), str_of(expected));
	buf_finish(&out);
}

/* The first is the example that implementations of Standard Webhooks publish; the others were
 * computed with Python's hmac. */
static void signatures_are_those_of_other_implementations(void **state)
{
	(void)state;
	check_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
		1614265330, "{\"test\": 2432232314}",
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	check_signature("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
		1649367553, "{\"email\":\"test@example.com\",\"username\":\"test_user\"}",
		"v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
}

static void each_secret_signs_in_the_order_given(void **state)
{
	(void)state;
	check_signature(" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
			"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
		"msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
		"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void check_keys(const char *text, const char *expected)
{
	struct signing_key keys[SIGNING_MAX_KEYS];
	size_t count = 99;
	const char *reason = "read";
	bool ok = signing_keys_read(str_of(text), keys, &count, &reason);
	assert_int_equal(ok, count != 99);
	if (!strstr(reason, expected)) {
		print_error("'%s' gives '%s', not '%s'\n", text, reason, expected);
		fail();
	}
}

#define BYTES_23 "AAECAwQFBgcICQoLDA0ODxAREhMUFRY="
#define BYTES_24 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define BYTES_63 \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
#define BYTES_64 BYTES_63 "Pw=="
#define BYTES_65 BYTES_63 "P0A="

static void secrets_of_24_to_64_bytes_are_taken(void **state)
{
	(void)state;
	check_keys("whsec_" BYTES_24, "read");
	check_keys("whsec_" BYTES_64, "read");
	check_keys("whsec_" BYTES_23, "at least 24 bytes");
	check_keys("whsec_" BYTES_65, "at most 64 bytes");
	check_keys("whsec_" BYTES_64 BYTES_64, "at most 64 bytes");
}

static void what_is_no_secret_is_named(void **state)
{
	(void)state;
	check_keys("", "empty");
	check_keys(" \n", "empty");
	check_keys(BYTES_24, "starts with 'whsec_'");
	check_keys("whsec_", "at least 24 bytes");
	check_keys("whsec_%%%%", "not base64");
	check_keys("whsec_" BYTES_24 " oops", "starts with 'whsec_'");
}

static void four_secrets_are_taken_and_five_are_not(void **state)
{
	(void)state;
	check_keys(
		"whsec_" BYTES_24 " whsec_" BYTES_24 " whsec_" BYTES_24 " whsec_" BYTES_24, "read");
	check_keys("whsec_" BYTES_24 " whsec_" BYTES_24 " whsec_" BYTES_24 " whsec_" BYTES_24
		   " whsec_" BYTES_24,
		"more than 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_of_other_implementations),
		cmocka_unit_test(each_secret_signs_in_the_order_given),
		cmocka_unit_test(secrets_of_24_to_64_bytes_are_taken),
		cmocka_unit_test(what_is_no_secret_is_named),
		cmocka_unit_test(four_secrets_are_taken_and_five_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
