/* Frames as a server may send them, by the groups of the Autobahn test suite: framing (1), pings
 * (2), reserved bits (3), opcodes (4), fragments (5), UTF-8 (6), closing (7), sizes (9). Each case
 * is read whole and byte by byte. */
#include "net/frames.h"

#include "tests/check.h"

#include "base/utf8.h"

enum { MAX_BYTES = 70 * 1000 };

struct heard {
	struct buf text; /* each message and a bar */
	size_t count;
	size_t stop_at; /* 0: never */
};

static bool hear(void *ctx, struct str text)
{
	struct heard *h = ctx;
	assert_true(utf8_valid(text));
	buf_add(&h->text, text);
	buf_add_char(&h->text, '|');
	return ++h->count != h->stop_at;
}

static void feed(struct frames *f, struct heard *h, struct str bytes, size_t piece_bytes)
{
	*h = (struct heard){ .stop_at = h->stop_at };
	buf_init(&h->text, 0);
	for (size_t at = 0; at < bytes.n; at += piece_bytes)
		frames_feed(f, str_slice(bytes, at, at + piece_bytes), hear, h);
}

/* What was sent, unmasked: "TEXT:payload " and so on; checks each frame. */
static void read_out(const struct frames *f, struct buf *out)
{
	static const char *const names[] = {
		[1] = "text", [8] = "close", [9] = "ping", [10] = "pong"
	};
	const unsigned char *p = (const unsigned char *)f->out.p;
	size_t n = f->out.n;
	buf_init(out, 0);
	while (n) {
		assert_true(n >= 6);
		assert_int_equal(p[0] & 0xf0, 0x80); /* whole, no reserved bits */
		assert_int_equal(p[1] & 0x80, 0x80); /* masked */
		size_t length = p[1] & 0x7f, header = 2;
		if (length == 126) {
			length = (size_t)p[2] << 8 | p[3];
			header = 4;
		}
		assert_true(length < 126 || header == 4);
		assert_true(n >= header + 4 + length);
		const unsigned char *mask = p + header, *payload = p + header + 4;
		buf_addf(out, "%s", names[p[0] & 15]);
		size_t from = 0;
		if ((p[0] & 15) == 8 && length >= 2) {
			buf_addf(out, " %d", (payload[0] ^ mask[0]) << 8 | (payload[1] ^ mask[1]));
			from = 2;
		}
		buf_add_char(out, ':');
		for (size_t i = from; i < length; i++)
			buf_add_char(out, (char)(payload[i] ^ mask[i % 4]));
		buf_add_char(out, ' ');
		p += header + 4 + length;
		n -= header + 4 + length;
	}
}

#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

struct frame_case {
	const char *name;
	struct str bytes;
	const char *messages, *out;
	enum frames_state state;
	int close_code, sent_code;
	bool fault;
};

static void check_pieces(const struct frame_case *c, size_t piece_bytes)
{
	struct frames f;
	struct heard h = { 0 };
	struct buf out;
	frames_init(&f, MAX_BYTES);
	feed(&f, &h, c->bytes, piece_bytes);
	read_out(&f, &out);
	if (!str_eq(buf_str(&h.text), str_of(c->messages)) ||
		!str_eq(buf_str(&out), str_of(c->out)) || f.state != c->state ||
		f.close_code != c->close_code || f.sent_code != c->sent_code ||
		(f.fault != NULL) != c->fault)
		fail_msg("%s, pieces of %zu: messages '%.*s' out '%.*s' state %d close %d sent %d "
			 "fault %s",
			c->name, piece_bytes, STR_ARGS(buf_str(&h.text)), STR_ARGS(buf_str(&out)),
			f.state, f.close_code, f.sent_code, f.fault ? f.fault : "-");
	buf_finish(&h.text);
	buf_finish(&out);
	frames_finish(&f);
}

static void check_cases(const struct frame_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check_pieces(&cases[i], cases[i].bytes.n);
		for (size_t piece_bytes = 1; piece_bytes < 9; piece_bytes++)
			check_pieces(&cases[i], piece_bytes);
	}
}
#define CHECK(cases) check_cases((cases), sizeof(cases) / sizeof *(cases))

/* What follows a fault of the server: our close, and no more reading. */
#define FAULT(code) \
	.out = "close " #code ": ", .state = FRAMES_CLOSING, .sent_code = code, .fault = true

static void texts_come_whole(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "empty", BYTES("\x81\x00"), "|", .out = "" },
		{ "short", BYTES("\x81\x05hello"), "hello|", .out = "" },
		{ "two",
			BYTES("\x81\x01"
			      "a"
			      "\x81\x01"
			      "b"),
			"a|b|", .out = "" },
		{ "half a header", BYTES("\x81"), "", .out = "" },
		{ "half a frame", BYTES("\x81\x05hel"), "", .out = "" },
		{ "NUL and line ends",
			BYTES("\x81\x03"
			      "a\nb"),
			"a\nb|", .out = "" },
	};
	CHECK(cases);
}

static void lengths_are_read_in_all_three_forms(void **state)
{
	(void)state;
	static const size_t lengths[] = { 125, 126, 127, 128, 65535, 65536, MAX_BYTES };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		const size_t n = lengths[i];
		struct buf b, want;
		buf_init(&b, 0);
		buf_init(&want, 0);
		buf_add_char(&b, '\x81');
		if (n < 126) {
			buf_add_char(&b, (char)n);
		} else {
			const int size = n < 65536 ? 2 : 8;
			buf_add_char(&b, n < 65536 ? 126 : 127);
			for (int k = size - 1; k >= 0; k--)
				buf_add_char(&b, (char)((uint64_t)n >> (8 * k)));
		}
		for (size_t k = 0; k < n; k++) {
			buf_add_char(&b, '*');
			buf_add_char(&want, '*');
		}
		buf_add_char(&want, '|');
		const struct frame_case c = { "length", buf_str(&b), want.p, .out = "" };
		check_pieces(&c, b.n);
		check_pieces(&c, 1);
		check_pieces(&c, 1000);
		buf_finish(&b);
		buf_finish(&want);
	}
}

static void lengths_that_are_not_the_shortest_are_faults(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "5 in 16 bits", BYTES("\x81\x7e\x00\x05hello"), "", FAULT(1002) },
		{ "5 in 64 bits", BYTES("\x81\x7f\0\0\0\0\0\0\0\x05hello"), "", FAULT(1002) },
		{ "negative", BYTES("\x81\x7f\xff\0\0\0\0\0\0\x05hello"), "", FAULT(1002) },
	};
	CHECK(cases);
}

static void pings_are_answered_and_pongs_are_not(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "empty ping", BYTES("\x89\x00"), "", .out = "pong: " },
		{ "ping", BYTES("\x89\x05hello"), "", .out = "pong:hello " },
		{ "binary ping", BYTES("\x89\x02\xff\xfe"), "", .out = "pong:\xff\xfe " },
		{ "unasked pong",
			BYTES("\x8a\x05hello\x81\x01"
			      "a"),
			"a|", .out = "" },
		{ "pings between",
			BYTES("\x89\x01"
			      "1\x81\x01"
			      "a\x89\x01"
			      "2"),
			"a|", .out = "pong:1 pong:2 " },
		{ "long ping", BYTES("\x89\x7e\x00\x7e"), "", FAULT(1002) },
		{ "ping in two frames",
			BYTES("\x09\x01"
			      "a"),
			"", FAULT(1002) },
	};
	CHECK(cases);
	char bytes[127] = "\x89\x7d";
	memset(bytes + 2, 'x', 125);
	struct frames f;
	struct heard h = { 0 };
	frames_init(&f, MAX_BYTES);
	feed(&f, &h, (struct str){ bytes, sizeof bytes }, 10);
	assert_int_equal(f.out.n, 125 + 6);
	assert_int_equal(f.state, FRAMES_OPEN);
	buf_finish(&h.text);
	frames_finish(&f);
}

static void reserved_bits_opcodes_and_masks_are_faults(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "RSV3", BYTES("\x91\x05hello"), "", FAULT(1002) },
		{ "RSV2 after a text",
			BYTES("\x81\x01"
			      "a\xa1\x01"
			      "b"),
			"a|", FAULT(1002) },
		{ "RSV1",
			BYTES("\xc1\x01"
			      "a"),
			"", FAULT(1002) },
		{ "RSV of a ping", BYTES("\xd9\x00"), "", FAULT(1002) },
		{ "RSV of a close", BYTES("\xf8\x00"), "", FAULT(1002) },
		{ "opcode 3", BYTES("\x83\x00"), "", FAULT(1002) },
		{ "opcode 7",
			BYTES("\x87\x01"
			      "a"),
			"", FAULT(1002) },
		{ "opcode 11", BYTES("\x8b\x00"), "", FAULT(1002) },
		{ "opcode 15",
			BYTES("\x8f\x01"
			      "a"),
			"", FAULT(1002) },
		{ "masked",
			BYTES("\x81\x81\x01\x02\x03\x04"
			      "a"),
			"", FAULT(1002) },
		{ "nothing after a fault",
			BYTES("\x83\x00\x81\x01"
			      "a\x89\x00"),
			"", FAULT(1002) },
		{ "binary",
			BYTES("\x82\x01"
			      "a"),
			"", FAULT(1003) },
	};
	CHECK(cases);
}

static void fragments_are_put_together_and_control_frames_come_between(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "two", BYTES("\x01\x03hel\x80\x02lo"), "hello|", .out = "" },
		{ "empty ones", BYTES("\x01\x00\x00\x00\x00\x02hi\x80\x00"), "hi|", .out = "" },
		{ "all empty", BYTES("\x01\x00\x80\x00"), "|", .out = "" },
		{ "ping between", BYTES("\x01\x03hel\x89\x01p\x80\x02lo"), "hello|",
			.out = "pong:p " },
		{ "two messages",
			BYTES("\x01\x01"
			      "a\x80\x01"
			      "b\x01\x01"
			      "c\x80\x01"
			      "d"),
			"ab|cd|", .out = "" },
		{ "continuation of nothing", BYTES("\x80\x02lo"), "", FAULT(1002) },
		{ "continuation after the end",
			BYTES("\x81\x01"
			      "a\x80\x01"
			      "b"),
			"a|", FAULT(1002) },
		{ "text within a message",
			BYTES("\x01\x01"
			      "a\x81\x01"
			      "b"),
			"", FAULT(1002) },
		{ "close between", BYTES("\x01\x03hel\x88\x02\x03\xe8\x80\x02lo"), "",
			.out = "close 1000: ", FRAMES_CLOSED, 1000, 1000 },
		{ "code point cut in two", BYTES("\x01\x01\xc3\x80\x01\xa9"), "\xc3\xa9|",
			.out = "" },
	};
	CHECK(cases);
}

static void text_that_is_not_utf8_is_a_fault(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "UTF-8", BYTES("\x81\x0b\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
			"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5|", .out = "" },
		{ "last code point", BYTES("\x81\x04\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf|",
			.out = "" },
		{ "past the last", BYTES("\x81\x04\xf4\x90\x80\x80"), "", FAULT(1007) },
		{ "surrogate", BYTES("\x81\x03\xed\xa0\x80"), "", FAULT(1007) },
		{ "overlong", BYTES("\x81\x02\xc0\xaf"), "", FAULT(1007) },
		{ "unfinished",
			BYTES("\x81\x02"
			      "a\xc3"),
			"", FAULT(1007) },
		{ "alone", BYTES("\x81\x01\x80"), "", FAULT(1007) },
		{ "the good one before counts",
			BYTES("\x81\x01"
			      "a\x81\x01\xff"),
			"a|", FAULT(1007) },
		{ "in fragments",
			BYTES("\x01\x01\xc3\x80\x01"
			      "a"),
			"", FAULT(1007) },
	};
	CHECK(cases);
}

static void a_close_is_answered_with_its_code(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "without a code", BYTES("\x88\x00"), "", .out = "close: ", FRAMES_CLOSED, 1005,
			1005 },
		{ "1000", BYTES("\x88\x02\x03\xe8"), "", .out = "close 1000: ", FRAMES_CLOSED, 1000,
			1000 },
		{ "1001 with a reason",
			BYTES("\x88\x05\x03\xe9"
			      "bye"),
			"", .out = "close 1001: ", FRAMES_CLOSED, 1001, 1001 },
		{ "nothing after it",
			BYTES("\x88\x00\x81\x01"
			      "a\x89\x00"),
			"", .out = "close: ", FRAMES_CLOSED, 1005, 1005 },
		{ "one byte", BYTES("\x88\x01\x03"), "", .out = "close 1002: ", FRAMES_CLOSED, 0,
			1002, true },
		{ "126 bytes", BYTES("\x88\x7e\x00\x7e"), "", FAULT(1002) },
		{ "reason that is not UTF-8", BYTES("\x88\x04\x03\xe8\xc3\x28"), "",
			.out = "close 1007: ", FRAMES_CLOSED, 0, 1007, true },
		{ "reason with a cut code point", BYTES("\x88\x03\x03\xe8\xc3"), "",
			.out = "close 1007: ", FRAMES_CLOSED, 0, 1007, true },
		{ "reason in UTF-8", BYTES("\x88\x04\x03\xe8\xc3\xa9"), "",
			.out = "close 1000: ", FRAMES_CLOSED, 1000, 1000 },
	};
	CHECK(cases);
}

static void only_codes_that_may_be_sent_are_taken(void **state)
{
	(void)state;
	static const int good[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
		1013, 1014, 3000, 3999, 4000, 4999 };
	static const int bad[] = { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000,
		65535 };
	for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
		const bool is_good = i < sizeof good / sizeof *good;
		const int code = is_good ? good[i] : bad[i - sizeof good / sizeof *good];
		const char bytes[] = { '\x88', 2, (char)(code >> 8), (char)(code & 255) };
		char out[32];
		snprintf(out, sizeof out, "close %d: ", is_good ? code : 1002);
		const struct frame_case c = { "code", { bytes, sizeof bytes }, "", out,
			FRAMES_CLOSED, is_good ? code : 0, is_good ? code : 1002, !is_good };
		check_pieces(&c, 4);
		check_pieces(&c, 1);
	}
}

static void the_reason_of_a_close_is_kept(void **state)
{
	(void)state;
	struct frames f;
	struct heard h = { 0 };
	frames_init(&f, MAX_BYTES);
	feed(&f, &h, STR("\x88\x08\x03\xf4later!"), 1);
	assert_int_equal(f.close_code, 1012);
	check_text(((struct str){ f.close_reason, f.close_reason_bytes }), "later!");
	buf_finish(&h.text);
	frames_finish(&f);
}

static void a_message_that_is_too_long_is_dropped_however_it_is_cut(void **state)
{
	(void)state;
	static const struct {
		struct str bytes;
		size_t too_long_count;
	} cases[] = {
		{ BYTES("\x81\x08"
			"12345678"),
			0 },
		{ BYTES("\x81\x09"
			"123456789"),
			1 },
		{ BYTES("\x01\x04"
			"1234\x80\x04"
			"5678"),
			0 },
		{ BYTES("\x01\x04"
			"1234\x89\x00\x80\x05"
			"56789"),
			1 },
		{ BYTES("\x01\x08"
			"12345678\x80\x01"
			"9"),
			1 },
		{ BYTES("\x01\x09"
			"123456789\x80\x00"),
			1 },
		{ BYTES("\x81\x09"
			"12345678\xff"),
			1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t piece_bytes = 1; piece_bytes < 20; piece_bytes++) {
			struct frames f;
			struct heard h = { 0 };
			frames_init(&f, 8);
			feed(&f, &h, cases[i].bytes, piece_bytes);
			assert_int_equal(h.count, 1 - cases[i].too_long_count);
			assert_int_equal(f.too_long_count, cases[i].too_long_count);
			frames_feed(&f,
				STR("\x81\x08"
				    "12345678"),
				hear, &h);
			assert_int_equal(h.count, 2 - cases[i].too_long_count);
			assert_int_equal(f.state, FRAMES_OPEN);
			buf_finish(&h.text);
			frames_finish(&f);
		}
	}
}

static void a_message_past_all_measure_closes(void **state)
{
	(void)state;
	static const struct frame_case cases[] = {
		{ "64 MiB", BYTES("\x81\x7f\0\0\0\0\x04\0\0\0x"), "", .out = "" },
		{ "64 MiB and 1", BYTES("\x81\x7f\0\0\0\0\x04\0\0\x01x"), "", FAULT(1009) },
		{ "most", BYTES("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xffx"), "", FAULT(1009) },
		{ "together",
			BYTES("\x01\x01"
			      "a\x80\x7f\0\0\0\0\x04\0\0\0x"),
			"", FAULT(1009) },
	};
	CHECK(cases);
}

static void feed_times(struct frames *f, struct heard *h, const struct buf *piece)
{
	for (size_t n = 0; n + piece->n <= FRAMES_MAX_IDLE_BYTES; n += piece->n)
		frames_feed(f, buf_str(piece), hear, h);
}

static void much_that_says_nothing_closes(void **state)
{
	(void)state;
	struct frames f;
	struct heard h = { 0 };
	struct buf piece;
	buf_init(&piece, 0);
	buf_addf(&piece, "\x8a\x7d%0125d", 0);
	frames_init(&f, MAX_BYTES);
	feed_times(&f, &h, &piece);
	feed(&f, &h, STR("\x81\x01x"), 3); /* begins anew */
	feed_times(&f, &h, &piece);
	assert_int_equal(f.state, FRAMES_OPEN);
	frames_feed(&f, buf_str(&piece), hear, &h);
	assert_int_equal(f.sent_code, FRAMES_CLOSE_POLICY);
	assert_non_null(f.fault);
	frames_finish(&f);
	buf_finish(&h.text);
	buf_finish(&piece);
}

static void after_our_close_only_theirs_counts(void **state)
{
	(void)state;
	struct frames f;
	struct heard h = { 0 };
	struct buf out;
	frames_init(&f, MAX_BYTES);
	frames_send(&f, STR("subscribe"));
	frames_ping(&f);
	frames_close(&f, FRAMES_CLOSE_GOING_AWAY);
	frames_close(&f, FRAMES_CLOSE_NORMAL);
	frames_send(&f, STR("more"));
	feed(&f, &h,
		STR("\x81\x01"
		    "a\x89\x00\x01\x01"
		    "b\x80\x01"
		    "c"),
		1);
	assert_int_equal(h.count, 0);
	assert_int_equal(f.state, FRAMES_CLOSING);
	frames_feed(&f, STR("\x88\x02\x03\xe9"), hear, &h);
	read_out(&f, &out);
	check_text(buf_str(&out), "text:subscribe ping: close 1001: ");
	buf_finish(&out);
	buf_finish(&h.text);
	frames_finish(&f);
}

static void a_fault_after_our_close_ends_the_reading(void **state)
{
	(void)state;
	struct frames f;
	struct heard h = { 0 };
	frames_init(&f, MAX_BYTES);
	frames_close(&f, FRAMES_CLOSE_GOING_AWAY);
	const size_t out_bytes = f.out.n;
	feed(&f, &h,
		STR("\x83\x05hello\x88\x00\x81\x01"
		    "a"),
		3);
	assert_int_equal(f.state, FRAMES_CLOSED);
	assert_int_equal(f.close_code, 0);
	assert_int_equal(f.out.n, out_bytes);
	assert_int_equal(h.count, 0);
	buf_finish(&h.text);
	frames_finish(&f);
}

static void what_the_server_does_not_read_has_a_ceiling(void **state)
{
	(void)state;
	struct frames f;
	struct heard h = { 0 };
	frames_init(&f, MAX_BYTES);
	char ping[127] = "\x89\x7d";
	for (int i = 0; i < 10000; i++)
		frames_feed(&f, (struct str){ ping, sizeof ping }, hear, &h);
	assert_int_equal(f.state, FRAMES_BROKEN);
	assert_non_null(f.fault);
	assert_true(f.out.n <= FRAMES_MAX_OUT_BYTES);
	frames_finish(&f);
}

static void reading_stops_where_the_caller_says(void **state)
{
	(void)state;
	struct frames f;
	struct heard h = { .stop_at = 2 };
	frames_init(&f, MAX_BYTES);
	feed(&f, &h,
		STR("\x81\x01"
		    "a\x81\x01"
		    "b\x81\x01"
		    "c"),
		100);
	check_text(buf_str(&h.text), "a|b|");
	buf_finish(&h.text);
	frames_finish(&f);
}

static void masks_differ_from_frame_to_frame(void **state)
{
	(void)state;
	struct frames f;
	frames_init(&f, MAX_BYTES);
	for (int i = 0; i < 4; i++)
		frames_ping(&f);
	assert_int_equal(f.out.n, 4 * 6);
	size_t same = 0;
	for (size_t i = 1; i < 4; i++)
		same += memcmp(f.out.p + 2, f.out.p + 6 * i + 2, 4) == 0;
	assert_true(same < 3); /* by chance once in 2^96 */
	frames_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_come_whole),
		cmocka_unit_test(lengths_are_read_in_all_three_forms),
		cmocka_unit_test(lengths_that_are_not_the_shortest_are_faults),
		cmocka_unit_test(pings_are_answered_and_pongs_are_not),
		cmocka_unit_test(reserved_bits_opcodes_and_masks_are_faults),
		cmocka_unit_test(fragments_are_put_together_and_control_frames_come_between),
		cmocka_unit_test(text_that_is_not_utf8_is_a_fault),
		cmocka_unit_test(a_close_is_answered_with_its_code),
		cmocka_unit_test(only_codes_that_may_be_sent_are_taken),
		cmocka_unit_test(the_reason_of_a_close_is_kept),
		cmocka_unit_test(a_message_that_is_too_long_is_dropped_however_it_is_cut),
		cmocka_unit_test(a_message_past_all_measure_closes),
		cmocka_unit_test(much_that_says_nothing_closes),
		cmocka_unit_test(after_our_close_only_theirs_counts),
		cmocka_unit_test(a_fault_after_our_close_ends_the_reading),
		cmocka_unit_test(what_the_server_does_not_read_has_a_ceiling),
		cmocka_unit_test(reading_stops_where_the_caller_says),
		cmocka_unit_test(masks_differ_from_frame_to_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
