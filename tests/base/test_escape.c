#include "tests/check.h"

#include "base/escape.h"
#include "base/utf8.h"

static void check_escaped(
	void (*escape)(struct buf *, struct str), struct str text, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	buf_add(&out, STR("<"));
	escape(&out, text);
	buf_add(&out, STR(">"));
	struct str inner = str_slice(buf_str(&out), 1, out.n - 1);
	check_str(inner, str_of(expected));
	buf_finish(&out);
}

static void a_log_line_shows_controls_instead_of_obeying_them(void **state)
{
	(void)state;
	check_escaped(escape_control, STR("plain é 日 😀"), "plain é 日 😀");
	check_escaped(escape_control, STR("a\nb\tc\rd"), "a\\nb\\tc\\x0dd");
	check_escaped(escape_control, STR("\x1b[31m\x7f\0"), "\\x1b[31m\\x7f\\x00");
	check_escaped(escape_control,
		STR("\xc2\x9b"
		    "31m"),
		"\\x9b31m");
	check_escaped(escape_control, STR("\xff\xc3"), "\\xff\\xc3");
	check_escaped(escape_control, STR("a\u202eb\u2066c\u200fd\u061c"),
		"a\\u{202e}b\\u{2066}c\\u{200f}d\\u{61c}");
	check_escaped(escape_control, STR("a\u2028b\u2029"), "a\\u{2028}b\\u{2029}");
	check_escaped(escape_control, STR(""), "");
	check_escaped(escape_control, STR_NONE, "");
}

static void markup_in_a_text_stays_text(void **state)
{
	(void)state;
	check_escaped(escape_html, STR("<b a=\"x\" b='y'>&amp;"),
		"&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
	check_escaped(escape_html, STR("a\nb\tc\x01\x7f\xc2\x85\0d\r"), "a\nb\tcd");
	check_escaped(escape_html, STR("\xff é"), "\uFFFD é");
	check_escaped(escape_html, STR_NONE, "");
}

static void json_strings_may_stand_in_html(void **state)
{
	(void)state;
	check_escaped(escape_json, STR("</script>&\u2028\u2029"),
		"\"\\u003c/script\\u003e\\u0026\\u2028\\u2029\"");
	check_escaped(escape_json, STR("a\"\\\n\r\t\b\0é\x7f"),
		"\"a\\\"\\\\\\n\\r\\t\\u0008\\u0000é\\u007f\"");
	check_escaped(escape_json, STR("\xff\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"");
	check_escaped(escape_json, STR(""), "\"\"");
	check_escaped(escape_json, STR_NONE, "null");
}

static uint32_t hex_of(struct str digits)
{
	uint32_t value = 0;
	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i];
		assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
		value = value * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return value;
}

/* Undoes escape_json; fails on whatever JSON would not allow. */
static void decode_json(struct str json, struct buf *out)
{
	assert_true(json.n >= 2 && json.p[0] == '"' && json.p[json.n - 1] == '"');
	json = str_slice(json, 1, json.n - 1);
	for (size_t i = 0; i < json.n;) {
		unsigned char c = (unsigned char)json.p[i];
		assert_true(c >= 0x20 && c != '"');
		if (c != '\\') {
			buf_add_char(out, json.p[i++]);
			continue;
		}
		assert_true(i + 1 < json.n);
		static const char codes[] = "\"\\nrt", values[] = "\"\\\n\r\t";
		const char *at = strchr(codes, json.p[i + 1]);
		if (at) {
			buf_add_char(out, values[at - codes]);
			i += 2;
			continue;
		}
		assert_true(json.p[i + 1] == 'u' && i + 6 <= json.n);
		char bytes[UTF8_MAX_BYTES];
		size_t n = utf8_write(hex_of(str_slice(json, i + 2, i + 6)), bytes);
		buf_add(out, (struct str){ bytes, n });
		i += 6;
	}
}

static void any_text_comes_back_from_its_json(void **state)
{
	(void)state;
	struct buf json, back;
	buf_init(&json, 0);
	buf_init(&back, 0);
	for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		char text[2 + UTF8_MAX_BYTES] = "a";
		size_t n = 1 + utf8_write(c, text + 1);
		text[n++] = 'b';
		buf_clear(&json);
		buf_clear(&back);
		escape_json(&json, (struct str){ text, n });
		assert_true(utf8_valid(buf_str(&json)));
		decode_json(buf_str(&json), &back);
		check_str(buf_str(&back), ((struct str){ text, n }));
	}
	buf_finish(&json);
	buf_finish(&back);
}

/* Everything that comes out is UTF-8 without controls, whatever went in. */
static void two_bytes_of_any_kind_are_made_harmless(void **state)
{
	(void)state;
	void (*const escapes[])(
		struct buf *, struct str) = { escape_control, escape_json, escape_html };
	struct buf out;
	buf_init(&out, 0);
	size_t bad = 0;
	for (unsigned i = 0; i < 0x10000; i++) {
		char text[2] = { (char)(i >> 8), (char)i };
		for (size_t j = 0; j < 3; j++) {
			buf_clear(&out);
			escapes[j](&out, (struct str){ text, 2 });
			bad += !utf8_valid(buf_str(&out));
			for (size_t k = 0; k < out.n; k++) {
				bool layout = out.p[k] == '\n' || out.p[k] == '\t';
				bool control = (out.p[k] >= 0 && out.p[k] < 0x20) ||
					out.p[k] == 0x7F;
				bad += control && !(layout && j == 2);
			}
		}
	}
	assert_int_equal(bad, 0);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_line_shows_controls_instead_of_obeying_them),
		cmocka_unit_test(markup_in_a_text_stays_text),
		cmocka_unit_test(json_strings_may_stand_in_html),
		cmocka_unit_test(any_text_comes_back_from_its_json),
		cmocka_unit_test(two_bytes_of_any_kind_are_made_harmless),
	};
	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
