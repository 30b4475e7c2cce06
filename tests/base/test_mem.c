#include "tests/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static void arrays_are_zero_and_keep_their_content_when_they_grow(void **state)
{
	(void)state;
	int *list = mem_zero(10, sizeof *list);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(list[i], 0);
		list[i] = i;
	}
	list = mem_resize(list, 10000, sizeof *list);
	for (int i = 0; i < 10; i++)
		assert_int_equal(list[i], i);
	mem_free(list);
	mem_free(NULL);
}

static void nothing_at_all_is_still_a_piece(void **state)
{
	(void)state;
	void *a = mem_alloc(0), *b = mem_zero(0, 8), *c = mem_resize(NULL, 0, 8);
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	mem_free(a);
	mem_free(b);
	mem_free(c);
}

static void a_text_is_copied_with_its_nul(void **state)
{
	(void)state;
	char *text = mem_text("abcdef", 3), *empty = mem_text(NULL, 0);
	assert_string_equal(text, "abc");
	assert_string_equal(empty, "");
	mem_free(text);
	mem_free(empty);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

static size_t resident_pages(void)
{
	unsigned long all = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &all, &resident), 2);
	fclose(file);
	return resident;
}

/* Many small pieces with one that stays behind them keep the heap from shrinking by itself. */
static void what_was_freed_goes_back_to_the_system_when_asked(void **state)
{
	(void)state;
	enum { PIECES = 20000, PIECE_BYTES = 1000 };
	char **pieces = mem_zero(PIECES, sizeof *pieces);
	for (size_t i = 0; i < PIECES; i++)
		pieces[i] = memset(mem_alloc(PIECE_BYTES), 1, PIECE_BYTES);
	void *last = mem_alloc(100);
	size_t full = resident_pages();
	for (size_t i = 0; i < PIECES; i++)
		mem_free(pieces[i]);
	mem_trim();
	size_t after = resident_pages();
	mem_free(last);
	mem_free(pieces);
	if (SANITIZED)
		skip(); /* its allocator has its own mind */
	assert_true(after + 10L * 1024 * 1024 / 4096 < full);
}

/* What a child says and how it ends when it asks for count times bytes. */
static int ask_for(size_t count, size_t bytes, char *said, size_t said_bytes)
{
	int ends[2], status = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		(void)mem_zero(count, bytes);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(close(ends[1]), 0);
	ssize_t n = read(ends[0], said, said_bytes - 1);
	said[n > 0 ? n : 0] = '\0';
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_size_that_overflows_ends_the_program(void **state)
{
	(void)state;
	char said[64];
	assert_int_equal(ask_for(SIZE_MAX / 2, 3, said, sizeof said), 71);
	assert_string_equal(said, "vigie: out of memory\n");
	assert_int_equal(ask_for(SIZE_MAX, 1, said, sizeof said), 71);
	assert_int_equal(ask_for(1, 1, said, sizeof said), 0);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_are_zero_and_keep_their_content_when_they_grow),
		cmocka_unit_test(nothing_at_all_is_still_a_piece),
		cmocka_unit_test(a_text_is_copied_with_its_nul),
		cmocka_unit_test(what_was_freed_goes_back_to_the_system_when_asked),
		cmocka_unit_test(a_size_that_overflows_ends_the_program),
	};
	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
