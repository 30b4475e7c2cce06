#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/conf/messages.h"

struct settings {
	struct str token, url, path;
	struct str_list list;
};

static const struct conf_field fields[] = {
	{ .key = "token", .type = CONF_SECRET, .offset = offsetof(struct settings, token) },
	{ .key = "url", .type = CONF_TEXT, .offset = offsetof(struct settings, url) },
	{ .key = "list", .type = CONF_TEXTS, .offset = offsetof(struct settings, list) },
	{ .key = "path", .type = CONF_PATH, .offset = offsetof(struct settings, path) },
	{ 0 },
};

static char folder[] = "/tmp/vigie-test-XXXXXX";

struct result {
	struct arena arena;
	struct diag *diag;
	struct settings s;
	struct buf said;
	bool ok;
};

/* Decodes `yaml` as the file t.yaml of the folder. */
static void decode(struct result *x, const char *yaml)
{
	char name[64];
	assert_true(snprintf(name, sizeof name, "%s/t.yaml", folder) > 0);
	arena_init(&x->arena, 0);
	buf_init(&x->said, 0);
	x->diag = diag_create();
	const struct conf_node *root = conf_read_text(name, str_of(yaml), &x->arena, x->diag);
	x->ok = conf_decode(fields, NULL, root, &x->s, &x->arena, x->diag);
	diag_print(x->diag, &x->said);
	buf_add(&x->said, STR("")); /* so that p is text */
}

static void finish(struct result *x)
{
	buf_finish(&x->said);
	diag_destroy(x->diag);
	arena_finish(&x->arena);
}

static void check_token(const char *yaml, const char *token)
{
	struct result x;
	decode(&x, yaml);
	assert_string_equal(x.said.p, "");
	assert_true(x.ok);
	check_str(x.s.token, str_of(token));
	finish(&x);
}

static void check_refused(const char *yaml, const char *why)
{
	struct result x;
	decode(&x, yaml);
	assert_false(x.ok);
	if (!strstr(x.said.p, why))
		assert_string_equal(x.said.p, why);
	check_str(x.s.token, STR_NONE);
	finish(&x);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void write_file(const char *name, mode_t mode, struct str text)
{
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void an_environment_variable_is_read(void **state)
{
	(void)state;
	assert_int_equal(setenv("VIGIE_TEST_TOKEN", "s3cret é", 1), 0);
	check_token("token: {env: VIGIE_TEST_TOKEN}", "s3cret é");
	assert_int_equal(unsetenv("VIGIE_TEST_TOKEN"), 0);
	check_refused("token: {env: VIGIE_TEST_TOKEN}",
		"t.yaml:1:14: error: environment variable is not set: 'VIGIE_TEST_TOKEN'");
	assert_int_equal(setenv("VIGIE_TEST_TOKEN", "", 1), 0);
	check_refused("token: {env: VIGIE_TEST_TOKEN}", "it is empty");
	assert_int_equal(setenv("VIGIE_TEST_TOKEN", "a\nb", 1), 0);
	check_refused("token: {env: VIGIE_TEST_TOKEN}", "it has more than one line");
}

static void a_file_is_read_beside_the_configuration_without_its_last_newline(void **state)
{
	(void)state;
	static const char *const texts[] = { "t0ken", "t0ken\n", "t0ken\r\n" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		write_file("token", 0600, str_of(texts[i]));
		check_token("token: {file: token}", "t0ken");
	}
	assert_int_equal(chmod("token", 0400), 0);
	check_token("token: {file: token}", "t0ken");
	assert_int_equal(setenv("HOME", folder, 1), 0);
	check_token("token: {file: ~/token}", "t0ken");
	assert_int_equal(unlink("token"), 0);
}

static void a_file_that_holds_no_single_line_is_refused(void **state)
{
	(void)state;
	static const struct {
		struct str text;
		const char *why;
	} table[] = {
		{ { "", 0 }, "it is empty" },
		{ { "\n", 1 }, "it is empty" },
		{ { "a\n\n", 3 }, "it has more than one line" },
		{ { "a\nb", 3 }, "it has more than one line" },
		{ { "a\rb", 3 }, "it has more than one line" },
		{ { "a\0b", 3 }, "it holds a NUL" },
		{ { "\xE9t\xE9", 3 }, "it is not UTF-8" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		write_file("token", 0600, table[i].text);
		check_refused("token: {file: token}", table[i].why);
	}
	assert_int_equal(unlink("token"), 0);
}

static void a_secret_file_is_read_up_to_its_ceiling(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	while (text.n < (size_t)64 * 1024)
		buf_add_char(&text, 'x');
	write_file("token", 0600, buf_str(&text));
	check_token("token: {file: token}", text.p);
	buf_add_char(&text, 'x');
	write_file("token", 0600, buf_str(&text));
	check_refused("token: {file: token}", "larger than 64 KB");
	buf_finish(&text);
	assert_int_equal(unlink("token"), 0);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	(void)state;
	static const mode_t bits[] = { 0040, 0020, 0010, 0004, 0002, 0001 };
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		write_file("token", 0600 | bits[i], STR("x"));
		check_refused("token: {file: token}", "error: others may read the file (mode 6");
	}
	assert_int_equal(unlink("token"), 0);
}

static void a_file_of_somebody_else_is_refused(void **state)
{
	(void)state;
	write_file("token", 0600, STR("x"));
	if (geteuid() != 0) {
		assert_int_equal(unlink("token"), 0);
		print_message("only root can give a file away\n");
		skip();
	}
	assert_int_equal(chown("token", 65534, 65534), 0);
	check_refused("token: {file: token}", "error: the file belongs to somebody else");
	assert_int_equal(unlink("token"), 0);
}

static void links_folders_and_pipes_are_no_secret_files(void **state)
{
	(void)state;
	write_file("real", 0600, STR("x"));
	assert_int_equal(symlink("real", "link"), 0);
	check_refused("token: {file: link}", "error: a link, not a file: ");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check_refused("token: {file: pipe}", "error: not a plain file: 'pipe'");
	check_refused("token: {file: /}", "error: not a plain file: '/'");
	check_refused("token: {file: absent}", "/absent': No such file or directory");
	assert_int_equal(unlink("real"), 0);
	assert_int_equal(unlink("link"), 0);
	assert_int_equal(unlink("pipe"), 0);
}

static void a_credential_is_read_from_systemds_folder(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	check_refused("token: {credential: token}", "CREDENTIALS_DIRECTORY is not set");
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	write_file("token", 0440, STR("cr3d\n")); /* so an ACL looks */
	check_token("token: {credential: token}", "cr3d");
	static const char *const bad[] = { "../token", "a/b", "..", ".", "/etc/passwd" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char yaml[64];
		assert_true(snprintf(yaml, sizeof yaml, "token: {credential: %s}", bad[i]) > 0);
		check_refused(yaml, "error: not the name of a credential: '");
	}
	check_refused("token: {credential: absent}", "No such file or directory");
	assert_int_equal(unlink("token"), 0);
}

static void a_secret_written_down_is_refused_and_never_shown(void **state)
{
	(void)state;
	static const char *const files[] = { "token: hunter2", "{url: a, token: 'hunter2', b: c}",
		"été: x\ntoken: hunter2 # hunter2\n", "token: [hunter2]",
		"token: hunter2\ntoken: x\n", "token: |\n  hunter2\n" };
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct result x;
		decode(&x, files[i]);
		assert_false(x.ok);
		assert_non_null(strstr(x.said.p, "a secret must not be written in the file"));
		assert_null(strstr(x.said.p, "hunter2"));
		assert_non_null(strstr(x.said.p, "token: "));
		finish(&x);
	}
}

static void a_text_may_be_given_by_reference_anywhere_in_a_list(void **state)
{
	(void)state;
	struct result x;
	assert_int_equal(setenv("VIGIE_TEST_TOKEN", "https://x/", 1), 0);
	decode(&x, "{url: {env: VIGIE_TEST_TOKEN}, list: [a, {env: VIGIE_TEST_TOKEN}]}");
	assert_true(x.ok);
	check_text(x.s.url, "https://x/");
	assert_int_equal(x.s.list.count, 2);
	check_text(x.s.list.items[1], "https://x/");
	finish(&x);
}

static void a_reference_has_one_known_key_and_a_name(void **state)
{
	(void)state;
	static const char forms[] = "expected {env: NAME}, {file: PATH} or {credential: NAME}";
	check_refused("token: {}", forms);
	check_refused("token: {enf: A}", forms);
	check_refused("token: {env: HOME, file: x}", forms);
	check_refused("token: {env: [HOME]}", "expected a name, not a list");
	check_refused("token: {env: }", "expected a name, not nothing");
	check_refused("token: {file: ''}", "expected a name, not nothing");
}

static void check_path(const char *yaml, const char *path)
{
	struct result x;
	decode(&x, yaml);
	assert_string_equal(x.said.p, "");
	check_str(x.s.path, str_of(path));
	assert_int_equal(x.s.path.p[x.s.path.n], '\0');
	finish(&x);
}

static void paths_start_at_the_file_they_are_written_in(void **state)
{
	(void)state;
	char beside[64];
	assert_true(snprintf(beside, sizeof beside, "%s/a/../b", folder) > 0);
	check_path("path: a/../b", beside);
	check_path("path: /etc/x", "/etc/x");
	check_path("path: '-'", "-");
	assert_int_equal(setenv("HOME", "/h/me", 1), 0);
	check_path("path: ~/x", "/h/me/x");
	check_path("path: '~'", "/h/me");
	assert_int_equal(unsetenv("HOME"), 0);
	check_refused("path: ~/x", "'~' cannot be resolved: HOME is not set");
	check_refused("path: ~you/x", "only one's own home is known: '~you/x'");
}

static void a_relative_path_in_a_file_without_folder_stays(void **state)
{
	(void)state;
	struct reading r;
	struct settings s;
	reading_init(&r, STR("path: x/y"));
	assert_true(conf_decode(fields, NULL, r.root, &s, &r.arena, r.diag));
	check_text(s.path, "x/y");
	reading_finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_environment_variable_is_read),
		cmocka_unit_test(a_file_is_read_beside_the_configuration_without_its_last_newline),
		cmocka_unit_test(a_file_that_holds_no_single_line_is_refused),
		cmocka_unit_test(a_secret_file_is_read_up_to_its_ceiling),
		cmocka_unit_test(a_file_that_others_may_read_is_refused),
		cmocka_unit_test(a_file_of_somebody_else_is_refused),
		cmocka_unit_test(links_folders_and_pipes_are_no_secret_files),
		cmocka_unit_test(a_credential_is_read_from_systemds_folder),
		cmocka_unit_test(a_secret_written_down_is_refused_and_never_shown),
		cmocka_unit_test(a_text_may_be_given_by_reference_anywhere_in_a_list),
		cmocka_unit_test(a_reference_has_one_known_key_and_a_name),
		cmocka_unit_test(paths_start_at_the_file_they_are_written_in),
		cmocka_unit_test(a_relative_path_in_a_file_without_folder_stays),
	};
	return cmocka_run_group_tests_name("reference", tests, make_folder, remove_folder);
}
