/* What IMAP servers say, in pieces of any size, and what is said to them. */
#include "tests/check.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/imap_login.h"
#include "sources/imap_parse.h"
#include "sources/imap_read.h"
#include "sources/imap_url.h"
#include "tests/sources/harness.h"

/* ---- responses out of bytes ---- */

/* Each response with a | behind it; "!" if the bytes are refused. */
static void read_in_pieces(struct str bytes, size_t piece, size_t max_literal, struct buf *out)
{
	struct imap_reader r;
	struct str response;
	int found = 0;
	imap_reader_init(&r);
	r.max_literal_bytes = max_literal;
	for (size_t at = 0; at < bytes.n && found >= 0; at += piece) {
		imap_reader_add(&r, str_slice(bytes, at, at + piece));
		while ((found = imap_reader_next(&r, &response)) > 0) {
			buf_add(out, response);
			buf_add_char(out, '|');
		}
	}
	if (found < 0)
		buf_add_char(out, '!');
	assert_true(found == 0 || found == -EMSGSIZE);
	imap_reader_finish(&r);
}

static void check_read(struct str bytes, const char *wanted)
{
	for (size_t piece = 1; piece <= bytes.n; piece++) {
		struct buf out;
		buf_init(&out, 0);
		read_in_pieces(bytes, piece, 10, &out);
		check_str(buf_str(&out), str_of(wanted));
		buf_finish(&out);
	}
}

static void responses_are_lines(void **state)
{
	(void)state;
	check_read(STR("* OK hello\r\na1 OK\r\n+ go on\r\n* 1 EXI"), "* OK hello|a1 OK|+ go on|");
	check_read(STR("* OK bare\n* 2 EXISTS\r\n"), "* OK bare|* 2 EXISTS|");
}

static void literals_belong_to_their_response(void **state)
{
	(void)state;
	check_read(STR("* 1 FETCH (BODY[] {6}\r\na\r\nb{2 UID 3)\r\n* 2 EXISTS\r\n"),
		"* 1 FETCH (BODY[] {6}\r\na\r\nb{2 UID 3)|* 2 EXISTS|");
	check_read(STR("* 1 FETCH (A {2}\r\n\r\n B ~{1+}\r\n) C {0}\r\n)\r\n"),
		"* 1 FETCH (A {2}\r\n\r\n B ~{1+}\r\n) C {0}\r\n)|");
}

static void what_looks_like_a_literal_in_a_text_is_none(void **state)
{
	(void)state;
	check_read(STR("* OK more {5}\r\n* BYE {3}\r\nv1 NO {4}\r\n+ {2}\r\n* 1 X {a}\r\n"),
		"* OK more {5}|* BYE {3}|v1 NO {4}|+ {2}|* 1 X {a}|");
}

static void literals_have_a_ceiling_together(void **state)
{
	(void)state;
	check_read(STR("* 1 F {4}\r\n1234 {6}\r\n123456\r\n"), "* 1 F {4}\r\n1234 {6}\r\n123456|");
	check_read(STR("* 1 F {4}\r\n1234 {7}\r\n1234567\r\n"), "!");
	check_read(STR("* 1 F {9999999999}\r\n"), "!");
}

static void lines_have_a_ceiling(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct buf bytes, out;
		buf_init(&bytes, 0);
		buf_init(&out, 0);
		while (bytes.n < IMAP_LINE_MAX_BYTES - 2 + more)
			buf_add_char(&bytes, 'a');
		buf_add(&bytes, STR("\r\n"));
		read_in_pieces(buf_str(&bytes), 1000, 10, &out);
		assert_int_equal(str_ends(buf_str(&out), STR("!")), more);
		buf_clear(&out);
		buf_clear(&bytes); /* and one that never ends */
		while (bytes.n < IMAP_LINE_MAX_BYTES + more)
			buf_add_char(&bytes, 'a');
		read_in_pieces(buf_str(&bytes), 777, 10, &out);
		assert_int_equal(str_ends(buf_str(&out), STR("!")), more);
		buf_finish(&bytes);
		buf_finish(&out);
	}
}

/* ---- what they mean ---- */

struct fixture {
	struct arena arena;
	struct imap_response r;
};

static int set_up(void **state)
{
	static struct fixture f;
	arena_init(&f.arena, 1024 * 1024);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	arena_finish(&f->arena);
	return 0;
}

static const struct imap_response *parse(struct fixture *f, struct str bytes)
{
	assert_true(imap_parse(bytes, &f->arena, &f->r));
	return &f->r;
}

static void ends_of_commands_have_a_status_and_a_code(void **state)
{
	const struct imap_response *r = parse(*state, STR("v12 no [AUTHENTICATIONFAILED] Sorry."));
	assert_int_equal(r->kind, IMAP_TAGGED);
	assert_int_equal(r->status, IMAP_NO);
	check_text(r->tag, "v12");
	check_text(r->code, "AUTHENTICATIONFAILED");
	check_text(r->text, "Sorry.");
	r = parse(*state, STR("v1 OK"));
	assert_int_equal(r->status, IMAP_OK);
	assert_null(r->code.p);
	r = parse(*state, STR("v1 BAD [half"));
	check_text(r->text, "[half");
}

static void what_comes_unasked_is_told_apart(void **state)
{
	const struct imap_response *r = parse(*state, STR("* OK [UIDVALIDITY 17] ok"));
	assert_int_equal(r->kind, IMAP_STATUS);
	check_text(r->code, "UIDVALIDITY");
	check_text(r->code_value, "17");
	r = parse(*state, STR("* BYE"));
	assert_int_equal(r->status, IMAP_BYE);
	r = parse(*state, STR("* 4294967295 EXISTS"));
	assert_int_equal(r->kind, IMAP_EXISTS);
	assert_int_equal(r->number, UINT32_MAX);
	r = parse(*state, STR("* CAPABILITY IMAP4rev1 IDLE"));
	assert_int_equal(r->kind, IMAP_CAPABILITY);
	assert_true(imap_list_has(r->text, STR("idle")));
	assert_false(imap_list_has(r->text, STR("IMAP4")));
	assert_int_equal(parse(*state, STR("* 3 EXPUNGE"))->kind, IMAP_OTHER);
	assert_int_equal(parse(*state, STR("* FLAGS (\\Seen)"))->kind, IMAP_OTHER);
	assert_int_equal(parse(*state, STR("* 42949672960 EXISTS"))->kind, IMAP_OTHER);
	r = parse(*state, STR("+ eyJh"));
	assert_int_equal(r->kind, IMAP_GO_ON);
	check_text(r->text, "eyJh");
	assert_int_equal(parse(*state, STR("+"))->kind, IMAP_GO_ON);
}

static void a_fetch_has_its_items_in_any_order(void **state)
{
	const struct imap_response *r = parse(*state,
		STR("* 3 FETCH (FLAGS (\\Seen (a b) \"x)\" {1}\r\n)) INTERNALDATE \"22-Nov-2026 "
		    "10:00:00 +0100\" BODY[HEADER.FIELDS (FROM TO)] NIL UID 7 RFC822.SIZE 12 "
		    "BODY[]<0> {4}\r\na)\r\n)"));
	assert_int_equal(r->kind, IMAP_FETCH);
	assert_int_equal(r->number, 3);
	assert_int_equal(r->uid, 7);
	assert_int_equal(r->size, 12);
	check_text(r->date, "22-Nov-2026 10:00:00 +0100");
	check_text(r->body, "a)\r\n");
	assert_false(r->no_body);
}

static void a_body_may_be_quoted_or_missing(void **state)
{
	check_text(parse(*state, STR("* 1 FETCH (UID 1 BODY[] \"a \\\"b\\\\\")"))->body, "a \"b\\");
	const struct imap_response *r = parse(*state, STR("* 1 FETCH (BODY[] NIL UID 2)"));
	assert_true(r->no_body);
	assert_int_equal(r->size, -1);
	assert_int_equal(parse(*state, STR("* 1 FETCH ()"))->uid, 0);
}

static void what_is_no_imap_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = { "", "x", "*", "* ", "v1", "v1 MAYBE", "* 1 FETCH",
		"* 1 FETCH (", "* 1 FETCH (UID)", "* 1 FETCH (UID 0)", "* 1 FETCH (UID x)",
		"* 1 FETCH (UID 1", "* 1 FETCH (UID 4294967296)", "* 1 FETCH (BODY[] \"a)",
		"* 1 FETCH (BODY[] \"a\\)", "* 1 FETCH (BODY[] {5}\r\na)", "* 1 FETCH (BODY[] {1})",
		"* 1 FETCH (X (a)", "* 1 FETCH (X a))b", "* 1 FETCH (X \"a\"b)",
		"* 1 FETCH (RFC822.SIZE -1)", "HTTP/1.1 200 OK", "220 smtp ESMTP" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const bool read = imap_parse(str_of(texts[i]), &f->arena, &f->r);
		if (read && !str_eq(str_of(texts[i]), STR("* 1 FETCH (X a))b")))
			fail_msg("read: '%s'", texts[i]);
	}
}

static void lists_in_lists_end_somewhere(void **state)
{
	struct fixture *f = *state;
	for (size_t more = 0; more < 2; more++) {
		struct buf b;
		buf_init(&b, 0);
		buf_add(&b, STR("* 1 FETCH (X "));
		for (size_t i = 0; i < IMAP_MAX_DEPTH + more; i++)
			buf_add_char(&b, '(');
		buf_add_char(&b, 'a');
		for (size_t i = 0; i < IMAP_MAX_DEPTH + more; i++)
			buf_add_char(&b, ')');
		buf_add_char(&b, ')');
		assert_int_equal(imap_parse(buf_str(&b), &f->arena, &f->r), !more);
		buf_finish(&b);
	}
}

/* ---- what is sent ---- */

static void names_of_folders_are_sent_in_their_own_utf7(void **state)
{
	(void)state;
	static const char *const cases[][2] = { { "INBOX", "\"INBOX\"" },
		{ "Été", "\"&AMk-t&AOk-\"" }, { "A&B", "\"A&-B\"" }, { "a\"\\b", "\"a\\\"\\\\b\"" },
		{ "~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"" },
		{ "😀", "\"&2D3eAA-\"" }, { "é&", "\"&AOk-&-\"" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out;
		buf_init(&out, 0);
		assert_true(imap_folder(str_of(cases[i][0]), &out));
		check_str(buf_str(&out), str_of(cases[i][1]));
		buf_finish(&out);
	}
	struct buf out;
	buf_init(&out, 0);
	assert_false(imap_folder(STR("a\r\nb"), &out));
	assert_false(imap_folder(STR("a\xFF"), &out));
	buf_finish(&out);
}

static void check_login(const struct imap_login *login, const char *offers, const char *command,
	const char *answer, const char *why)
{
	struct buf c, a;
	buf_init(&c, 0);
	buf_init(&a, 0);
	const char *said = imap_login_command(login, str_of(offers), &c, &a);
	if (why) {
		assert_non_null(said);
		assert_non_null(strstr(said, why));
	} else {
		assert_null(said);
		check_str(c.n ? buf_str(&c) : STR(""), str_of(command));
		check_str(a.n ? buf_str(&a) : STR(""), str_of(answer));
	}
	buf_finish(&c);
	buf_finish(&a);
}

static void the_login_is_what_the_server_offers(void **state)
{
	(void)state;
	const struct imap_login plain = { STR("u"), STR("p\"\\"), STR_NONE },
				accents = { STR("u"), STR("é"), STR_NONE },
				token = { STR("a=b,c"), STR_NONE, STR("T") };
	check_login(
		&plain, "IMAP4rev1 AUTH=PLAIN SASL-IR", "AUTHENTICATE PLAIN AHUAcCJc", "", NULL);
	check_login(&plain, "IMAP4rev1 AUTH=PLAIN", "AUTHENTICATE PLAIN", "AHUAcCJc", NULL);
	check_login(&plain, "IMAP4rev1", "LOGIN \"u\" \"p\\\"\\\\\"", "", NULL);
	check_login(&plain, "IMAP4rev1 LOGINDISABLED", NULL, NULL, "no password");
	check_login(&accents, "IMAP4rev1", NULL, NULL, "plain letters");
	check_login(&accents, "AUTH=PLAIN SASL-IR", "AUTHENTICATE PLAIN AHUAw6k=", "", NULL);
	check_login(&token, "AUTH=PLAIN AUTH=XOAUTH2 SASL-IR",
		"AUTHENTICATE XOAUTH2 dXNlcj1hPWIsYwFhdXRoPUJlYXJlciBUAQE=", "", NULL);
	check_login(&token, "AUTH=XOAUTH2 AUTH=OAUTHBEARER", "AUTHENTICATE OAUTHBEARER",
		"bixhPWE9M0RiPTJDYywBYXV0aD1CZWFyZXIgVAEB", NULL);
	check_login(&token, "AUTH=PLAIN", NULL, NULL, "no token");
}

/* ---- addresses and cursors ---- */

static void check_url(const char *url, enum imap_tls tls, const char *call, const char *folder)
{
	struct buf c, f;
	buf_init(&c, 0);
	buf_init(&f, 0);
	const char *wrong = imap_url_read(str_of(url), tls, &c, &f);
	if (!call) {
		if (!wrong)
			fail_msg("read: '%s'", url);
	} else {
		assert_null(wrong);
		check_str(buf_str(&c), str_of(call));
		check_str(buf_str(&f), str_of(folder));
	}
	buf_finish(&c);
	buf_finish(&f);
}

static void an_address_names_server_and_folder(void **state)
{
	(void)state;
	check_url("imaps://m.example.org/Veille", IMAP_TLS_REQUIRED, "imaps://m.example.org/",
		"Veille");
	check_url("imap://m:1143", IMAP_TLS_REQUIRED, "imap://m:1143/", "INBOX");
	check_url("imap://m/", IMAP_TLS_IMPLICIT, "imaps://m/", "INBOX");
	check_url("imaps://[::1]:993/Liste%20%C3%A9olien/2026", IMAP_TLS_REQUIRED,
		"imaps://[::1]:993/", "Liste éolien/2026");
	check_url("imaps://m/Été", IMAP_TLS_REQUIRED, "imaps://m/", "Été");
	static const char *const bad[] = { "http://m/", "imap:m", "imaps://", "imaps:///x",
		"imaps://u@m/", "imaps://u:p@m/", "imaps://m x/", "imaps://m?x/", "imaps://m/%zz",
		"imaps://m/%0a", "imaps://m/%ff", "imaps://m/a%4" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_url(bad[i], IMAP_TLS_REQUIRED, NULL, NULL);
}

static void only_this_machine_is_near(void **state)
{
	(void)state;
	static const char *const near[] = { "imap://localhost", "imap://127.0.0.1:1143/x",
		"imap://127.9.9.9", "imap://[::1]:1/", "imap://LOCALHOST:1" };
	static const char *const far[] = { "imap://127.0.0.1.evil.example/", "imap://127.evil/",
		"imap://localhost.evil/", "imap://10.0.0.1", "imap://127.0.0", "imap://127.0.0.256",
		"imap://[::2]", "imap://1.2.7.0" };
	for (size_t i = 0; i < sizeof near / sizeof *near; i++)
		assert_true(imap_url_is_near(str_of(near[i])));
	for (size_t i = 0; i < sizeof far / sizeof *far; i++)
		assert_false(imap_url_is_near(str_of(far[i])));
}

static void a_cursor_is_read_as_it_was_written(void **state)
{
	(void)state;
	struct imap_cursor c, again, other;
	char text[IMAP_CURSOR_BYTES];
	imap_cursor_of(STR("u"), STR("INBOX"), &c);
	imap_cursor_of(STR("u"), STR("Autre"), &other);
	assert_string_not_equal(c.folder, other.folder);
	c.validity = UINT32_MAX;
	c.uid = 12;
	size_t n = imap_cursor_format(&c, text);
	assert_true(imap_cursor_parse((struct str){ text, n }, &again));
	assert_memory_equal(&c, &again, sizeof c);
	for (size_t i = 0; i < n; i++)
		assert_false(imap_cursor_parse((struct str){ text, i }, &again) && i < n - 1);
	assert_false(imap_cursor_parse(STR_NONE, &again));
	assert_false(imap_cursor_parse(STR("imap 1 0123456789abcdef 1 02"), &again));
	assert_false(imap_cursor_parse(STR("imap 2 0123456789abcdef 1 2"), &again));
	assert_false(imap_cursor_parse(STR("imap 1 0123456789abcdeg 1 2"), &again));
	assert_false(imap_cursor_parse(STR("imap 1 0123456789abcdef 1 4294967296"), &again));
	assert_true(imap_cursor_parse(STR("imap 1 0123456789abcdef 1 2"), &again));
}

/* ---- what people write ---- */

static void check_messages(const char *options, const char *wanted)
{
	struct harness h;
	harness_init(&h);
	assert_int_equal(setenv("IMAP_TEST_PASSWORD", "pass\x01word", 1), 0);
	harness_decode(&h, "sources: { s: { type: imap, %s } }\n", options);
	const struct str said = harness_messages(&h);
	if (!wanted && diag_failed(h.diag))
		fail_msg("%.*s", STR_ARGS(said));
	if (wanted && str_find(said, str_of(wanted)) == SIZE_MAX)
		fail_msg("'%s' is not in:\n%.*s", wanted, STR_ARGS(said));
	assert_true(str_find(said, STR("pass\x01word")) == SIZE_MAX);
	harness_finish(&h);
}

static void mistakes_in_the_options_are_told(void **state)
{
	(void)state;
#define SECRET "password: { env: HOME }"
	check_messages("url: 'imaps://m/', user: u, " SECRET, NULL);
	check_messages("url: 'imap://127.0.0.1/', user: u, tls: none, " SECRET, NULL);
	check_messages("url: 'imap://m/', user: u, tls: implicit, token: { env: HOME }", NULL);
	check_messages("url: 'imaps://m/', user: u, map: post, " SECRET, NULL);
	check_messages("url: 'imaps://m/', " SECRET, "user");
	check_messages("url: 'imaps://m/', user: u", "needs a password or a token");
	check_messages("url: 'imaps://m/', user: u, token: { env: HOME }, " SECRET, "not both");
	check_messages("url: 'imaps://m/', user: u, password: secret", "password");
	check_messages("url: 'imaps://m/', user: u, password: { env: IMAP_TEST_PASSWORD }",
		"control character");
	check_messages("url: 'imaps://m/', user: \"a\\rb\", " SECRET, "control character");
	check_messages("url: 'https://m/', user: u, " SECRET, "neither imap:// nor imaps://");
	check_messages("url: 'imaps://u:p@m/', user: u, " SECRET, "user or password");
	check_messages("url: 'imap://mail.example.org/', user: u, tls: none, " SECRET, "anybody");
	check_messages("url: 'imaps://127.0.0.1/', user: u, tls: none, " SECRET, "without TLS");
	check_messages("url: 'imaps://m/', user: u, map: x, " SECRET, "no other map");
	check_messages("url: 'imaps://m/', user: u, interval: 30m, " SECRET, "interval");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_are_lines),
		cmocka_unit_test(literals_belong_to_their_response),
		cmocka_unit_test(what_looks_like_a_literal_in_a_text_is_none),
		cmocka_unit_test(literals_have_a_ceiling_together),
		cmocka_unit_test(lines_have_a_ceiling),
		T(ends_of_commands_have_a_status_and_a_code),
		T(what_comes_unasked_is_told_apart),
		T(a_fetch_has_its_items_in_any_order),
		T(a_body_may_be_quoted_or_missing),
		T(what_is_no_imap_is_refused),
		T(lists_in_lists_end_somewhere),
		cmocka_unit_test(names_of_folders_are_sent_in_their_own_utf7),
		cmocka_unit_test(the_login_is_what_the_server_offers),
		cmocka_unit_test(an_address_names_server_and_folder),
		cmocka_unit_test(only_this_machine_is_near),
		cmocka_unit_test(mistakes_in_the_options_are_told),
		cmocka_unit_test(a_cursor_is_read_as_it_was_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
