#include "tests/check.h"

#include <stdlib.h>

#include "web/prometheus.h"

/* A strict reader of the format, written from its description and not from the writer. */
struct sample {
	char name[64];
	struct {
		char name[32], value[256];
	} labels[8];
	size_t label_count;
	char value[64];
};

static size_t read_name(const char *p, bool of_label)
{
	const char *letters = of_label
		? "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
		: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
	const size_t n = strspn(p, letters);
	assert_true(n > 0 && n < 32 && !(*p >= '0' && *p <= '9'));
	return n;
}

static const char *read_label(const char *p, struct sample *s)
{
	char *name = s->labels[s->label_count].name, *value = s->labels[s->label_count].value;
	const size_t n = read_name(p, true);
	memcpy(name, p, n);
	name[n] = '\0';
	p += n;
	assert_true(p[0] == '=' && p[1] == '"');
	for (p += 2; *p != '"'; p++) {
		assert_true(*p != '\n' && *p != '\0');
		if (*p == '\\') {
			p++;
			assert_true(*p == '\\' || *p == '"' || *p == 'n');
			*value++ = *p == 'n' ? '\n' : *p;
		} else {
			*value++ = *p;
		}
	}
	*value = '\0';
	s->label_count++;
	return p + 1;
}

static const char *read_sample(const char *p, struct sample *s)
{
	*s = (struct sample){ 0 };
	size_t n = read_name(p, false);
	memcpy(s->name, p, n);
	p += n;
	if (*p == '{') {
		do
			p = read_label(p + 1, s);
		while (*p == ',');
		assert_true(*p++ == '}');
	}
	assert_true(*p++ == ' ');
	n = strcspn(p, "\n");
	assert_true(n < sizeof s->value && p[n] == '\n');
	memcpy(s->value, p, n);
	char *end;
	(void)strtod(s->value, &end);
	assert_true(end == s->value + n && end > s->value);
	return p + n + 1;
}

static struct buf text(void)
{
	struct buf b;
	buf_init(&b, 4096);
	return b;
}

static void a_metric_is_named_explained_and_counted(void **state)
{
	(void)state;
	struct buf b = text();
	prometheus_metric(&b, "vigie_posts_total", PROMETHEUS_COUNTER, "Posts read.");
	prometheus_value(&b, "vigie_posts_total", NULL, 0, 3);
	prometheus_metric(&b, "vigie:up", PROMETHEUS_GAUGE, "Is it up?");
	const struct prometheus_label labels[] = { { "source", STR("a") }, { "_x9", STR("") } };
	prometheus_value(&b, "vigie:up", labels, 1, 1);
	prometheus_value(&b, "vigie:up", labels, 2, 0);
	check_text(buf_str(&b),
		"# HELP vigie_posts_total Posts read.\n"
		"# TYPE vigie_posts_total counter\n"
		"vigie_posts_total 3\n"
		"# HELP vigie:up Is it up?\n"
		"# TYPE vigie:up gauge\n"
		"vigie:up{source=\"a\"} 1\n"
		"vigie:up{source=\"a\",_x9=\"\"} 0\n");
	buf_finish(&b);
}

static void help_escapes_newline_and_backslash_but_no_quote(void **state)
{
	(void)state;
	struct buf b = text();
	prometheus_metric(&b, "a", PROMETHEUS_GAUGE, "one\ntwo \\ \"three\"\r");
	check_text(buf_str(&b), "# HELP a one\\ntwo \\\\ \"three\"\xEF\xBF\xBD\n# TYPE a gauge\n");
	buf_finish(&b);
}

static void label_values_come_back_as_they_were(void **state)
{
	(void)state;
	const struct {
		struct str value;
		const char *expected;
	} cases[] = {
		{ STR("plain"), "plain" },
		{ STR(""), "" },
		{ STR("\\"), "\\" },
		{ STR("\\n"), "\\n" },
		{ STR("a\nb\n"), "a\nb\n" },
		{ STR("\"} 1\nevil{x=\""), "\"} 1\nevil{x=\"" },
		{ STR("\\\""), "\\\"" },
		{ STR("h\xC3\xA9 \xF0\x9F\x94\xA5"), "h\xC3\xA9 \xF0\x9F\x94\xA5" },
		{ STR("\xFF\x1B\0"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ STR("a\xE2\x80\xAE"), "a\xEF\xBF\xBD" },
		{ STR("{},=#"), "{},=#" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = text();
		const struct prometheus_label labels[] = { { "first", cases[i].value },
			{ "second", STR("x") } };
		prometheus_value(&b, "a_total", labels, 2, 1);
		struct sample s;
		assert_string_equal(read_sample(b.p, &s), "");
		assert_string_equal(s.name, "a_total");
		assert_int_equal(s.label_count, 2);
		assert_string_equal(s.labels[0].name, "first");
		assert_string_equal(s.labels[0].value, cases[i].expected);
		assert_string_equal(s.labels[1].value, "x");
		buf_finish(&b);
	}
}

static void an_absent_label_value_is_an_empty_one(void **state)
{
	(void)state;
	struct buf b = text();
	prometheus_value(&b, "a", &(struct prometheus_label){ "l", STR_NONE }, 1, 1);
	check_text(buf_str(&b), "a{l=\"\"} 1\n");
	buf_finish(&b);
}

static void integers_are_written_in_all_their_digits(void **state)
{
	(void)state;
	static const int64_t values[] = { 0, -1, 9007199254740993, INT64_MAX, INT64_MIN };
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct buf b = text();
		struct sample s;
		int64_t back;
		prometheus_value(&b, "a", NULL, 0, values[i]);
		(void)read_sample(b.p, &s);
		assert_true(str_to_int64(str_of(s.value), &back));
		assert_true(back == values[i]);
		buf_finish(&b);
	}
}

static void times_are_written_in_seconds(void **state)
{
	(void)state;
	static const struct {
		int64_t us;
		const char *expected;
	} cases[] = {
		{ 0, "a 0.000000\n" },
		{ 1500000, "a 1.500000\n" },
		{ 1, "a 0.000001\n" },
		{ -1, "a -0.000001\n" },
		{ 1795333784000042, "a 1795333784.000042\n" },
		{ INT64_MIN, "a -9223372036854.775808\n" },
		{ INT64_MAX, "a 9223372036854.775807\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = text();
		struct sample s;
		prometheus_seconds(&b, "a", NULL, 0, cases[i].us);
		assert_string_equal(b.p, cases[i].expected);
		assert_string_equal(read_sample(b.p, &s), "");
		buf_finish(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_metric_is_named_explained_and_counted),
		cmocka_unit_test(help_escapes_newline_and_backslash_but_no_quote),
		cmocka_unit_test(label_values_come_back_as_they_were),
		cmocka_unit_test(an_absent_label_value_is_an_empty_one),
		cmocka_unit_test(integers_are_written_in_all_their_digits),
		cmocka_unit_test(times_are_written_in_seconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
