/* Folding against the Unicode Character Database: the normal forms of a text fold to the same, but
 * for the ranges listed here, each with its reason. A listed range without a difference is an error
 * too. */
#include <sys/wait.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "tests/data.h"

#define UNICODE "unicode/unicode-data_15.0.0-1/usr/share/unicode/"

struct exception {
	uint32_t from, to; /* the first character of a line that differs */
	const char *reason;
	size_t seen;
};

/* "0044 0307" as UTF-8. */
static void read_characters(struct str hex, struct buf *out)
{
	struct str digits;
	buf_clear(out);
	for (struct str rest = str_trim(hex); str_next(&rest, ' ', &digits);) {
		char bytes[UTF8_MAX_BYTES], copy[16];
		(void)snprintf(copy, sizeof copy, "%.*s", STR_ARGS(digits));
		uint32_t c = (uint32_t)strtoul(copy, NULL, 16);
		buf_add(out, (struct str){ bytes, utf8_write(c, bytes) });
	}
}

/* Adds what a field of a line folds to. */
static void fold_field(struct str hex, struct buf *folded)
{
	struct buf text;
	buf_init(&text, 0);
	read_characters(hex, &text);
	buf_clear(folded);
	fold_add(folded, buf_str(&text));
	buf_finish(&text);
}

/* A difference that is listed; else it is told. */
static bool listed(struct exception *exceptions, size_t count, struct str line)
{
	uint32_t c = (uint32_t)strtoul(line.p, NULL, 16);
	for (size_t i = 0; i < count; i++) {
		if (c >= exceptions[i].from && c <= exceptions[i].to) {
			exceptions[i].seen++;
			return true;
		}
	}
	print_error("%.*s\n", STR_ARGS(str_slice(line, 0, 160)));
	return false;
}

static void check_all_seen(const struct exception *exceptions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_message("  %4zu U+%04X: %s\n", exceptions[i].seen, exceptions[i].from,
			exceptions[i].reason);
		assert_true(exceptions[i].seen > 0);
	}
}

/* The output of a program with one argument. */
static void read_output(const char *program, const char *argument, struct buf *out)
{
	int ends[2], status = -1;
	char piece[4096];
	ssize_t n;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(ends[1], STDOUT_FILENO); /* then the program has nowhere to write */
		(void)execlp(
			program, program, argument, (char *)NULL); /* 127 says that it failed */
		_exit(127);
	}
	assert_true(child > 0);
	(void)close(ends[1]);
	while ((n = read(ends[0], piece, sizeof piece)) > 0)
		buf_add(out, (struct str){ piece, (size_t)n });
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status != 0) {
		print_message("no %s: skipped\n", program);
		skip();
	}
}

static void normal_forms_fold_to_the_same(void **state)
{
	(void)state;
	static struct exception exceptions[] = {
		{ 0x0061, 0x0061,
			"marks of several classes on one letter, in another order: folding goes "
			"character by character, so that it can run on raw bytes",
			0 },
		{ 0x00B4, 0x00B4, "stands for an apostrophe, not for an accent", 0 },
		{ 0x1FFD, 0x1FFD, "stands for an apostrophe, not for an accent", 0 },
		{ 0xFF40, 0xFF40, "stands for an apostrophe, not for an accent", 0 },
		{ 0x2025, 0x2026, "several symbols in one are one space", 0 },
		{ 0x2033, 0x203C, "several symbols in one are one space", 0 },
		{ 0x2047, 0x2057, "several symbols in one are one space", 0 },
		{ 0x222C, 0x2230, "several symbols in one are one space", 0 },
		{ 0x2A0C, 0x2A0C, "several symbols in one are one space", 0 },
		{ 0x2A74, 0x2A76, "several symbols in one are one space", 0 },
		{ 0xFE19, 0xFE19, "several symbols in one are one space", 0 },
		{ 0xFE30, 0xFE30, "several symbols in one are one space", 0 },
		{ 0x2120, 0x2122, "a raised mark is no part of the word before it", 0 },
		{ 0x1F16A, 0x1F16C, "a raised mark is no part of the word before it", 0 },
		{ 0x3192, 0x319F, "a raised mark is no part of the word before it", 0 },
		{ 0x309B, 0x309C, "a voicing mark that stands alone is a symbol", 0 },
		{ 0x3164, 0x3164, "fillers are not seen", 0 },
		{ 0xFFA0, 0xFFA0, "fillers are not seen", 0 },
	};
	size_t count = 0, wrong = 0;
	char path[1024];
	struct buf data, first, other;
	struct str line;
	data_path(UNICODE "NormalizationTest.txt.bz2", path, sizeof path);
	buf_init(&data, 0);
	buf_init(&first, 0);
	buf_init(&other, 0);
	read_output("bzcat", path, &data);
	for (struct str rest = buf_str(&data); str_next(&rest, '\n', &line);) {
		struct str left = line, field;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == '@' ||
			!str_next(&left, ';', &field))
			continue;
		fold_field(field, &first);
		count++;
		bool same = true;
		for (size_t i = 0; i < 4 && str_next(&left, ';', &field); i++) {
			fold_field(field, &other);
			same = same && str_eq(buf_str(&first), buf_str(&other));
		}
		if (!same)
			wrong += !listed(exceptions, sizeof exceptions / sizeof *exceptions, line);
	}
	print_message("%zu lines of normal forms, of which differ:\n", count);
	assert_true(count > 15000);
	check_all_seen(exceptions, sizeof exceptions / sizeof *exceptions);
	assert_int_equal(wrong, 0);
	buf_finish(&first);
	buf_finish(&other);
	buf_finish(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_forms_fold_to_the_same),
	};
	return cmocka_run_group_tests_name("folding, Unicode", tests, NULL, NULL);
}
