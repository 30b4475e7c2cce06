/* The cases of the Autobahn test suite for a client, by their numbers: framing (1.1), pings (2),
 * reserved bits (3), opcodes (4), fragments (5), UTF-8 (6) and closing (7). What the server sends
 * is said in words of a frame each, all of it read whole, in pieces of 997 bytes and byte by byte.
 * Binary messages (1.2) are no posts and close with 1003. Text that cannot become valid any more is
 * found at the end of its message, which the suite calls not strict (6.4). */
#include "tests/check.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "net/frames.h"

enum { MAX_BYTES = 70 * 1000 };

/* A word is a kind and its payload: t text, b binary, c continuation, p ping, o pong, k close, or a
 * hex digit as any opcode, after - for a fragment that is not the last and R1 to R7 for reserved
 * bits; then : and text, = and hex, or * and how many bytes. */
struct frame_case {
	const char *number, *server;
	const char *heard; /* each message and a bar */
	const char *pongs; /* what ours hold, a bar after each */
	int close; /* our code; 0: still open */
};

#define NO "", "", 1002

static const struct frame_case cases[] = {
	{ "1.1.1", "t:", "|", "", 0 },
	{ "1.2.1", "b:", "", "", 1003 },
	{ "1.2.2", "b*125", "", "", 1003 },
	{ "2.1", "p:", "", "|", 0 },
	{ "2.2", "p:hello", "", "hello|", 0 },
	{ "2.3", "p=fffefd", "", "\xff\xfe\xfd|", 0 },
	{ "2.5", "p*126", NO },
	{ "2.7", "o:", "", "", 0 },
	{ "2.8", "o:unasked", "", "", 0 },
	{ "2.9", "o:unasked p:ping", "", "ping|", 0 },
	{ "2.10", "p:0 p:1 p:2 p:3 p:4 p:5 p:6 p:7 p:8 p:9", "", "0|1|2|3|4|5|6|7|8|9|", 0 },
	{ "3.1", "R1t:hello", NO },
	{ "3.2", "t:hello R2t:hello p:", "hello|", "", 1002 },
	{ "3.3", "t:hello R3t:hello p:", "hello|", "", 1002 },
	{ "3.4", "t:hello R4t:hello p:", "hello|", "", 1002 },
	{ "3.5", "R5b=00ff", NO },
	{ "3.6", "R6p:hello", NO },
	{ "3.7", "R7k:", NO },
	{ "4.1.1", "3:", NO },
	{ "4.1.2", "4:x", NO },
	{ "4.1.3", "t:hello 5: p:", "hello|", "", 1002 },
	{ "4.1.4", "t:hello 6:x p:", "hello|", "", 1002 },
	{ "4.1.5", "t:hello 7:x p:", "hello|", "", 1002 },
	{ "4.2.1", "B:", NO },
	{ "4.2.2", "C:x", NO },
	{ "4.2.3", "t:hello D: p:", "hello|", "", 1002 },
	{ "4.2.4", "t:hello E:x p:", "hello|", "", 1002 },
	{ "4.2.5", "t:hello F:x p:", "hello|", "", 1002 },
	{ "5.1", "-p:one c:two", NO },
	{ "5.2", "-o:one c:two", NO },
	{ "5.3", "-t:one c:two", "onetwo|", "", 0 },
	{ "5.6", "-t:one p:ping c:two", "onetwo|", "ping|", 0 },
	{ "5.9", "c:none t:hello", NO },
	{ "5.12", "-c:none t:hello", NO },
	{ "5.15", "-t:one c:two -c:none t:hello", "onetwo|", "", 1002 },
	{ "5.16", "-c:none -t:one c:two -c:none -t:one c:two", NO },
	{ "5.17", "c:none -t:one c:two c:none -t:one c:two", NO },
	{ "5.18", "-t:one t:two", NO },
	{ "5.19", "-t:1 -c:2 p:a -c:3 -c:4 p:b c:5", "12345|", "a|b|", 0 },
	{ "6.1.1", "t:", "|", "", 0 },
	{ "6.1.2", "-t: -c: c:", "|", "", 0 },
	{ "6.1.3", "-t: -c:middle c:", "middle|", "", 0 },
	{ "6.2.2", "-t=48c2b540c39fc3a4 c=c3bcc3a0", "H\u00b5@\u00df\u00e4\u00fc\u00e0|", "", 0 },
	{ "6.2.4", "-t=ce -c=ba -c=e1 -c=bd -c=b9 -c=cf c=83", "\u03ba\u1f79\u03c3|", "", 0 },
	{ "6.3.2", "-t=ce -c=ba -c=ed -c=a0 -c=80 c=65", "", "", 1007 },
	{ "6.4.1", "-t=cebae1bdb9cf83cebcceb5 -c=f4908080 c=656469746564", "", "", 1007 },
	{ "6.4.2", "-t=cebae1bdb9cf83cebcceb5f4 -c=90 c=8080656469746564", "", "", 1007 },
	{ "7.1.1", "t:hello k=03e8", "hello|", "", 1000 },
	{ "7.1.2", "k=03e8 k=03e8", "", "", 1000 },
	{ "7.1.3", "k=03e8 p:ping", "", "", 1000 },
	{ "7.1.4", "k=03e8 t:hello", "", "", 1000 },
	{ "7.1.5", "-t:one k=03e8 c:two", "", "", 1000 },
	{ "7.1.6", "t*65536 k=03e8 p:ping", NULL, "", 1000 },
	{ "7.3.1", "k:", "", "", 1005 },
	{ "7.3.2", "k=03", NO },
	{ "7.3.3", "k=03e8", "", "", 1000 },
	{ "7.3.4", "k=03e8626f6e6a6f7572", "", "", 1000 },
	{ "7.3.6", "k*126", NO },
	{ "7.5.1", "k=03e8cebae1bdb9cf83cebcceb5eda080656469746564", "", "", 1007 },
};

struct heard {
	struct buf text;
};

static bool hear(void *ctx, struct str text)
{
	struct heard *h = ctx;
	assert_true(utf8_valid(text));
	buf_add(&h->text, text);
	buf_add_char(&h->text, '|');
	return true;
}

static int opcode_of(char kind)
{
	static const char kinds[] = "ctb34567kpoBCDEF";
	const char *at = strchr(kinds, kind);
	assert_non_null(at);
	return (int)(at - kinds);
}

static void add_frame(struct buf *out, int first, struct str payload)
{
	buf_add_char(out, (char)first);
	if (payload.n < 126) {
		buf_add_char(out, (char)payload.n);
	} else {
		const int size = payload.n < 65536 ? 2 : 8;
		buf_add_char(out, size == 2 ? 126 : 127);
		for (int i = size - 1; i >= 0; i--)
			buf_add_char(out, (char)((uint64_t)payload.n >> (8 * i)));
	}
	buf_add(out, payload);
}

static void add_hex(struct buf *out, struct str hex)
{
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		const char digits[3] = { hex.p[i], hex.p[i + 1], '\0' };
		buf_add_char(out, (char)strtol(digits, NULL, 16));
	}
}

static void add_word(struct buf *out, struct str word)
{
	struct buf payload;
	int first = 0x80;
	size_t at = 0;
	buf_init(&payload, 0);
	if (word.p[at] == '-') {
		first = 0;
		at++;
	}
	if (word.p[at] == 'R') {
		first |= (word.p[at + 1] - '0') << 4;
		at += 2;
	}
	first |= opcode_of(word.p[at++]);
	const struct str rest = str_slice(word, at + 1, word.n);
	int64_t count = 0;
	if (word.p[at] == '=')
		add_hex(&payload, rest);
	else if (word.p[at] == ':')
		buf_add(&payload, rest);
	else
		assert_true(str_to_int64(rest, &count));
	for (int64_t i = 0; i < count; i++)
		buf_add_char(&payload, '*');
	add_frame(out, first, payload.n ? buf_str(&payload) : STR(""));
	buf_finish(&payload);
}

/* Ours are whole, masked and short; nothing follows a close. Returns its code. */
static int read_out(struct str out, struct buf *pongs)
{
	const unsigned char *p = (const unsigned char *)out.p;
	size_t left = out.n;
	int code = 0;
	while (left) {
		assert_true(left >= 6 && code == 0);
		const size_t n = p[1] & 0x7f;
		assert_true((p[1] & 0x80) && n < 126 && left >= 6 + n);
		struct buf payload;
		buf_init(&payload, 0);
		for (size_t i = 0; i < n; i++)
			buf_add_char(&payload, (char)(p[6 + i] ^ p[2 + i % 4]));
		if (p[0] == 0x8a) {
			if (n)
				buf_add(pongs, buf_str(&payload));
			buf_add_char(pongs, '|');
		} else {
			assert_int_equal(p[0], 0x88);
			code = n ? (unsigned char)payload.p[0] << 8 | (unsigned char)payload.p[1]
				 : FRAMES_NO_CODE;
		}
		buf_finish(&payload);
		p += 6 + n;
		left -= 6 + n;
	}
	return code;
}

static void check_bytes(const struct frame_case *c, struct str bytes)
{
	const size_t pieces[] = { bytes.n, 997, 1 };
	for (size_t i = 0; i < 3; i++) {
		struct frames f;
		struct heard h;
		struct buf pongs;
		frames_init(&f, MAX_BYTES);
		buf_init(&h.text, 0);
		buf_init(&pongs, 0);
		for (size_t at = 0; at < bytes.n; at += pieces[i])
			frames_feed(&f, str_slice(bytes, at, at + pieces[i]), hear, &h);
		const int close = read_out(f.out.n ? buf_str(&f.out) : STR(""), &pongs);
		const struct str heard = h.text.n ? buf_str(&h.text) : STR("");
		const struct str ponged = pongs.n ? buf_str(&pongs) : STR("");
		if (close != c->close || (c->heard && !str_eq(heard, str_of(c->heard))) ||
			!str_eq(ponged, str_of(c->pongs)))
			fail_msg("%s in pieces of %zu: closes with %d, hears '%.*s', pongs '%.*s'",
				c->number, pieces[i], close, STR_ARGS(heard), STR_ARGS(ponged));
		buf_finish(&h.text);
		buf_finish(&pongs);
		frames_finish(&f);
	}
}

static void check_case(const struct frame_case *c)
{
	struct buf bytes;
	struct str rest = str_of(c->server), word;
	buf_init(&bytes, 0);
	while (str_next(&rest, ' ', &word))
		add_word(&bytes, word);
	check_bytes(c, buf_str(&bytes));
	buf_finish(&bytes);
}

static void each_case_ends_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_case(&cases[i]);
}

/* ---- 1.1, 2.4, 7.3.5: lengths ---- */

static void lengths_up_to_their_ceilings_pass(void **state)
{
	(void)state;
	static const char *const servers[] = { "t*125", "t*126", "t*127", "t*128", "t*65535",
		"t*65536" };
	char pong[130];
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
		check_case(&(struct frame_case){ "1.1.2 to 1.1.8", servers[i], NULL, "", 0 });
	memset(pong, '*', 125);
	memcpy(pong + 125, "|", 2);
	check_case(&(struct frame_case){ "2.4", "p*125", "", pong, 0 });
	struct buf word;
	buf_init(&word, 0);
	buf_add(&word, STR("k=03e8"));
	for (int i = 0; i < 123; i++)
		buf_add(&word, STR("2a"));
	check_case(&(struct frame_case){ "7.3.5", word.p, "", "", 1000 });
	buf_finish(&word);
}

/* ---- 6.5 to 6.23: what is UTF-8 ---- */

static const char *const valid[] = { "ceba", "cebae1bdb9", "cebae1bdb9cf83", "cebae1bdb9cf83cebc",
	"cebae1bdb9cf83cebcceb5", "00", "c280", "e0a080", "f0908080", "7f", "dfbf", "efbfbf",
	"f48fbfbf", "ed9fbf", "ee8080", "efbfbd", "efbfbe", "efbfb9", "efbfba", "efbfbb", "efbfbc",
	"f09fbfbe", "f09fbfbf", "f0afbfbe", "f0afbfbf", "f0bfbfbe", "f0bfbfbf", "f18fbfbe",
	"f18fbfbf", "f19fbfbe", "f19fbfbf", "f1afbfbe", "f1afbfbf", "f1bfbfbe", "f1bfbfbf",
	"f28fbfbe", "f28fbfbf", "f29fbfbe", "f29fbfbf", "f2afbfbe", "f2afbfbf", "f2bfbfbe",
	"f2bfbfbf", "f38fbfbe", "f38fbfbf", "f39fbfbe", "f39fbfbf", "f3afbfbe", "f3afbfbf",
	"f3bfbfbe", "f3bfbfbf", "f48fbfbe" };

static const char *const invalid[] = { "ce", "cebae1", "cebae1bd", "cebae1bdb9cf",
	"cebae1bdb9cf83ce", "cebae1bdb9cf83cebcce", "f888808080", "fc8480808080", "f7bfbfbf",
	"fbbfbfbfbf", "fdbfbfbfbfbf", "f4908080", "80", "bf", "80bf", "80bf80", "80bf80bf",
	"80bf80bf80", "80bf80bf80bf", "c0", "e080", "f08080", "f8808080", "fc80808080", "df",
	"efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf", "fe", "ff", "fefeffff", "c0af", "e080af",
	"f08080af", "f8808080af", "fc80808080af", "c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf",
	"fc83bfbfbfbf", "c080", "e08080", "f0808080", "f880808080", "fc8080808080", "eda080",
	"edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf", "eda080edb080", "eda080edbfbf",
	"edadbfedb080", "edadbfedbfbf", "edae80edb080", "edae80edbfbf", "edafbfedb080",
	"edafbfedbfbf" };

static void check_utf8(const char *hex, bool is_valid)
{
	struct buf text, word;
	buf_init(&text, 0);
	buf_init(&word, 0);
	add_hex(&text, str_of(hex));
	buf_add_char(&text, '|');
	/* A NUL is no text of C. */
	const char *heard = is_valid ? (strcmp(hex, "00") == 0 ? NULL : text.p) : "";
	buf_addf(&word, "t=%s", hex);
	check_case(&(struct frame_case){ hex, word.p, heard, "", is_valid ? 0 : 1007 });
	/* The same as a fragment each byte. */
	buf_clear(&word);
	for (size_t i = 0; hex[i]; i += 2)
		buf_addf(&word, "%s%s=%.2s ", hex[i + 2] ? "-" : "", i ? "c" : "t", hex + i);
	word.n--;
	word.p[word.n] = '\0';
	check_case(&(struct frame_case){ hex, word.p, heard, "", is_valid ? 0 : 1007 });
	buf_finish(&text);
	buf_finish(&word);
}

static void only_what_is_utf8_is_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
		check_utf8(valid[i], true);
	for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
		check_utf8(invalid[i], false);
	/* 6.12.8, 6.13, 6.16: each byte that begins nothing, and each beginning alone. */
	for (int byte = 0x80; byte < 0x100; byte++) {
		char hex[8];
		snprintf(hex, sizeof hex, "%02x", (unsigned)byte);
		check_utf8(hex, false);
		snprintf(hex, sizeof hex, "%02x20", (unsigned)byte);
		check_utf8(hex, false);
	}
}

/* ---- 7.7, 7.9, 7.13: codes ---- */

static void only_codes_that_may_be_sent_are_answered(void **state)
{
	(void)state;
	static const int good[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000,
		3999, 4000, 4999 };
	static const int bad[] = { 0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535 };
	char word[16];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(word, sizeof word, "k=%04x", (unsigned)good[i]);
		check_case(&(struct frame_case){ "7.7", word, "", "", good[i] });
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(word, sizeof word, "k=%04x", (unsigned)bad[i]);
		check_case(&(struct frame_case){ "7.9", word, "", "", 1002 });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_ends_as_it_should),
		cmocka_unit_test(lengths_up_to_their_ceilings_pass),
		cmocka_unit_test(only_what_is_utf8_is_text),
		cmocka_unit_test(only_codes_that_may_be_sent_are_answered),
	};
	return cmocka_run_group_tests_name("autobahn", tests, NULL, NULL);
}
