/* The options of a source that waits for posts, how many may come, and who may post. */
#include <stdlib.h>

#include "sources/ingest/ingest.h"
#include "tests/sources/harness.h"

#define TOKEN "a-token-of-16-or"
#define KEY "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER_KEY "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

static void set_secrets(void)
{
	assert_int_equal(setenv("TOKEN", TOKEN, 1), 0);
	assert_int_equal(setenv("TOKEN2", TOKEN "2", 1), 0);
	assert_int_equal(setenv("SHORT", "fifteen-letters", 1), 0);
	assert_int_equal(setenv("SPACED", "a token of 16 letters", 1), 0);
	assert_int_equal(setenv("KEY", KEY, 1), 0);
	assert_int_equal(setenv("KEY2", OTHER_KEY, 1), 0);
	assert_int_equal(setenv("NO_KEY", "whsec_?", 1), 0);
}

static void check_options(const char *options, const char *expected)
{
	struct harness h;
	harness_init(&h);
	set_secrets();
	harness_decode(&h, "sources: { a: { type: ingest%s } }", options);
	const struct str messages = harness_messages(&h);
	if (expected ? str_find(messages, str_of(expected)) == SIZE_MAX : diag_failed(h.diag))
		fail_msg("%s: %.*s", options, STR_ARGS(messages));
	assert_true(str_find(messages, STR(TOKEN)) == SIZE_MAX);
	harness_finish(&h);
}

static void who_may_post_must_be_said(void **state)
{
	(void)state;
	check_options("", "anybody could post: 'a' has no token and no secret");
	check_options(", open: true", NULL);
	check_options(", token: {env: TOKEN}", NULL);
	check_options(", token: [{env: TOKEN}, {env: TOKEN2}]", NULL);
	check_options(", secret: {env: KEY}", NULL);
	check_options(", secret: [{env: KEY}, {env: KEY2}], token: {env: TOKEN}", NULL);
	check_options(", secret: {env: TOKEN}, signature: github", NULL);
	check_options(", token: {env: TOKEN}, open: true", "leave one of them out");
	check_options(
		", token: [{env: TOKEN}, {env: TOKEN}, {env: TOKEN}, {env: TOKEN}, {env: TOKEN}]",
		"more than 4 tokens");
}

static void secrets_stand_elsewhere_and_are_strong(void **state)
{
	(void)state;
	check_options(", token: " TOKEN, "a secret must not be written in the file");
	check_options(", token: [{env: TOKEN}, " TOKEN "]", "must not be written in the file");
	check_options(", secret: " KEY, "a secret must not be written in the file");
	check_options(", token: {env: SHORT}", "a token has at least 16 characters");
	check_options(", token: {env: SPACED}", "a token has no spaces");
	check_options(", secret: {env: NO_KEY}", "what follows 'whsec_' is not base64");
	check_options(", secret: {env: TOKEN}", "a secret starts with 'whsec_'");
	check_options(", secret: {env: SHORT}, signature: github", "at least 16 characters");
	check_options(", open: true, signature: gitlab", "github");
}

static void rates_are_read(void **state)
{
	(void)state;
	check_options(", open: true, rate: 1/s", NULL);
	check_options(", open: true, rate: 1000000/h", NULL);
	static const char *const bad[] = { "0/s", "1000001/s", "-1/s", "5", "5/d", "/s", "s",
		"5/" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char options[64];
		(void)snprintf(options, sizeof options, ", open: true, rate: \"%s\"", bad[i]);
		check_options(options, "not a rate");
	}
	check_options(", open: true, map: text", "the map 'text' is not for it");
}

static void more_than_the_rate_waits_as_long_as_needed(void **state)
{
	(void)state;
	struct harness h;
	harness_init(&h);
	harness_start(&h, "sources: { a: { type: ingest, open: true, rate: 10/s } }");
	struct ingest_source *s = ingest_of(harness_source(&h));
	assert_non_null(s);
	assert_int_equal(s->base.state, SOURCE_LIVE);
	int64_t now_us = 1000 * US_PER_S;
	assert_int_equal(ingest_rate_wait_us(s, now_us), 0);
	ingest_rate_took(s, 99); /* of the 100 saved up in ten seconds */
	assert_int_equal(ingest_rate_wait_us(s, now_us), 0);
	ingest_rate_took(s, 21); /* one request may go too far */
	const int64_t wait_us = ingest_rate_wait_us(s, now_us);
	assert_int_equal(wait_us, 2 * US_PER_S + 1);
	assert_int_equal(ingest_rate_wait_us(s, now_us + wait_us - 1), 1);
	assert_int_equal(ingest_rate_wait_us(s, now_us + wait_us), 0);
	/* a day later no more is saved up than in ten seconds */
	now_us += 86400 * US_PER_S;
	assert_int_equal(ingest_rate_wait_us(s, now_us), 0);
	ingest_rate_took(s, 100);
	assert_true(ingest_rate_wait_us(s, now_us) > 0);
	harness_finish(&h);
}

/* ---- who may post ---- */

static void a_token_is_asked_for_as_bearer(void **state)
{
	(void)state;
	struct ingest_auth auth = { 0 };
	assert_false(ingest_token_ok(&auth, STR("Bearer ")));
	assert_null(ingest_auth_add_token(&auth, STR(TOKEN)));
	assert_null(ingest_auth_add_token(&auth, STR(TOKEN "2")));
	assert_true(ingest_token_ok(&auth, STR("Bearer " TOKEN)));
	assert_true(ingest_token_ok(&auth, STR("bearer  " TOKEN "2 ")));
	static const char *const wrong[] = { "", "Bearer", "Bearer ", TOKEN, "Basic " TOKEN,
		"Bearer " TOKEN "3", "Bearer " TOKEN " " TOKEN, "Bearer a-token-of-16-o",
		"Bearer," TOKEN };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(ingest_token_ok(&auth, str_of(wrong[i])));
	assert_false(ingest_token_ok(&auth, STR_NONE));
}

#define BODY STR("{\"test\": 2432232314}")
#define AT 1614265330
static const struct ingest_proof known = { .id = { "msg_p5jXN8AQM9LWM0D4loKWxJek", 28 },
	.timestamp = { "1614265330", 10 },
	.signatures = { "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 47 } };

static void a_webhook_is_known_by_any_of_its_signatures_and_keys(void **state)
{
	(void)state;
	struct ingest_auth auth = { 0 };
	assert_false(ingest_signature_ok(&auth, &known, BODY, AT));
	assert_null(ingest_auth_add_keys(&auth, STR(OTHER_KEY)));
	assert_false(ingest_signature_ok(&auth, &known, BODY, AT));
	assert_null(ingest_auth_add_keys(&auth, STR(KEY)));
	assert_true(ingest_signature_ok(&auth, &known, BODY, AT));
	assert_true(ingest_may_be_signed(&auth, &known));
	struct ingest_proof several = known;
	several.signatures = STR("v1a,abc v1, v1,AAAA "
				 "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,x");
	assert_true(ingest_signature_ok(&auth, &several, BODY, AT));
}

static void a_webhook_counts_for_five_minutes_either_way(void **state)
{
	(void)state;
	struct ingest_auth auth = { 0 };
	assert_null(ingest_auth_add_keys(&auth, STR(KEY)));
	assert_true(ingest_signature_ok(&auth, &known, BODY, AT + 300));
	assert_false(ingest_signature_ok(&auth, &known, BODY, AT + 301));
	assert_true(ingest_signature_ok(&auth, &known, BODY, AT - 300));
	assert_false(ingest_signature_ok(&auth, &known, BODY, AT - 301));
}

static void anything_changed_in_a_webhook_is_seen(void **state)
{
	(void)state;
	struct ingest_auth auth = { 0 };
	assert_null(ingest_auth_add_keys(&auth, STR(KEY)));
	assert_false(ingest_signature_ok(&auth, &known, STR("{\"test\":2432232314}"), AT));
	const struct ingest_proof wrong[] = {
		{ .id = STR_NONE, .timestamp = known.timestamp, .signatures = known.signatures },
		{ .id = known.id, .timestamp = STR_NONE, .signatures = known.signatures },
		{ .id = known.id, .timestamp = known.timestamp, .signatures = STR_NONE },
		{ .id = known.id, .timestamp = known.timestamp, .signatures = STR("") },
		{ .id = STR("msg_p5"),
			.timestamp = known.timestamp,
			.signatures = known.signatures },
		{ .id = known.id, .timestamp = STR("1614265331"), .signatures = known.signatures },
		{ .id = known.id, .timestamp = STR("01614265330"), .signatures = known.signatures },
		{ .id = known.id, .timestamp = STR("+1614265330"), .signatures = known.signatures },
		{ .id = known.id,
			.timestamp = STR("99999999999999999999"),
			.signatures = known.signatures },
		{ .id = known.id,
			.timestamp = known.timestamp,
			.signatures = STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE") },
		{ .id = known.id,
			.timestamp = known.timestamp,
			.signatures = STR("v1 g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") },
		{ .github = known.signatures },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(ingest_signature_ok(&auth, &wrong[i], BODY, AT));
}

/* "a" and time "1.2" would be signed as "a.1" and time "2" are. */
static void an_id_with_a_point_is_refused_however_it_is_signed(void **state)
{
	(void)state;
	struct ingest_auth auth = { 0 };
	assert_null(ingest_auth_add_keys(&auth, STR(KEY)));
	struct buf signature;
	buf_init(&signature, 0);
	signature_add(auth.keys, 1, STR("a.1"), AT, BODY, &signature);
	struct ingest_proof proof = known;
	proof.id = STR("a.1");
	proof.signatures = buf_str(&signature);
	assert_false(ingest_signature_ok(&auth, &proof, BODY, AT));
	buf_finish(&signature);
}

/* The example of GitHub's own documentation. */
static void github_signs_the_body_in_hex(void **state)
{
	(void)state;
	const struct str secrets[] = { STR("some other secret"),
		STR("It's a Secret to Everybody") };
	const struct ingest_auth auth = { .github_secrets = { secrets, 2 } };
	const struct ingest_proof good = {
		.github = STR("sha256="
			      "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	};
	assert_true(ingest_may_be_signed(&auth, &good));
	assert_true(ingest_signature_ok(&auth, &good, STR("Hello, World!"), 0));
	assert_false(ingest_signature_ok(&auth, &good, STR("Hello, World"), 0));
	const struct ingest_proof bad[] = {
		{ .github = STR(
			  "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17") },
		{ .github = STR("sha256=") },
		{ .github = STR("sha1=757107ea0eb2509fc211221cce984b8a37570b6d") },
		{ .github = STR_NONE },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ingest_signature_ok(&auth, &bad[i], STR("Hello, World!"), 0));
	const struct ingest_auth nobody = { 0 };
	assert_false(ingest_signature_ok(&nobody, &good, STR("Hello, World!"), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_post_must_be_said),
		cmocka_unit_test(secrets_stand_elsewhere_and_are_strong),
		cmocka_unit_test(rates_are_read),
		cmocka_unit_test(more_than_the_rate_waits_as_long_as_needed),
		cmocka_unit_test(a_token_is_asked_for_as_bearer),
		cmocka_unit_test(a_webhook_is_known_by_any_of_its_signatures_and_keys),
		cmocka_unit_test(a_webhook_counts_for_five_minutes_either_way),
		cmocka_unit_test(anything_changed_in_a_webhook_is_seen),
		cmocka_unit_test(an_id_with_a_point_is_refused_however_it_is_signed),
		cmocka_unit_test(github_signs_the_body_in_hex),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
