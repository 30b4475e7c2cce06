#define _GNU_SOURCE
#include "tests/golden.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/config.h"

/* The test runs in its source folder; what it writes goes to a folder of its own. */

struct loaded {
	struct diag *diag;
	struct config *config;
	struct buf printed;
};

static void load(struct loaded *l, const char *path)
{
	*l = (struct loaded){ .diag = diag_create() };
	buf_init(&l->printed, 0);
	l->config = config_load(path, l->diag);
	diag_print(l->diag, &l->printed);
}

static void finish(struct loaded *l)
{
	config_destroy(l->config);
	diag_destroy(l->diag);
	buf_finish(&l->printed);
}

/* --- golden files --- */

static void print_mistakes(const char *path, struct buf *out)
{
	struct loaded l;
	load(&l, path);
	buf_add(out, buf_str(&l.printed));
	finish(&l);
}

static void every_mistake_is_said_where_it_is(void **state)
{
	(void)state;
	check_golden_folder("bad", 8, print_mistakes);
}

/* --- what a good one gives --- */

static char folder[] = "/tmp/vigie-config.XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && setenv("HOME", "/home/me", 1) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* Loads a file of that text, which is gone afterwards. */
static void load_text(struct loaded *l, const char *name, const char *text)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	load(l, path);
	assert_int_equal(unlink(path), 0);
}

static void load_good(struct loaded *l, const char *text)
{
	load_text(l, "vigie.yaml", text);
	if (l->printed.n)
		fail_msg("%s", l->printed.p);
	assert_non_null(l->config);
}

static void an_empty_file_is_a_configuration_with_defaults(void **state)
{
	(void)state;
	struct loaded l;
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
	load_good(&l, "");
	check_text(l.config->store.path, "/home/me/.local/share/vigie/vigie.db");
	assert_int_equal(l.config->store.keep_us, 90 * US_PER_DAY);
	assert_null(l.config->http.listen.p);
	assert_null(l.config->timezone.p);
	assert_int_equal(l.config->notify.count, 0);
	assert_int_equal(sources_count(l.config->sources), 0);
	assert_int_equal(notifiers_count(l.config->notifiers), 0);
	assert_int_equal(l.config->rules->rule_count, 0);
	assert_int_equal(l.config->map_count, 0);
	finish(&l);
}

static void the_store_is_where_the_user_keeps_data(void **state)
{
	(void)state;
	struct loaded l;
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	assert_int_equal(setenv("XDG_DATA_HOME", "/data", 1), 0);
	load_good(&l, "");
	check_text(l.config->store.path, "/data/vigie/vigie.db");
	finish(&l);
	assert_int_equal(setenv("XDG_DATA_HOME", "relative", 1), 0);
	load_good(&l, "store:\n");
	check_text(l.config->store.path, "/home/me/.local/share/vigie/vigie.db");
	finish(&l);
	load_good(&l, "store: { path: ~/v.db, keep: 7d, archive: matches }");
	check_text(l.config->store.path, "/home/me/v.db");
	assert_int_equal(l.config->store.keep_us, 7 * US_PER_DAY);
	finish(&l);
	assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
}

static void without_a_home_only_a_daemon_needs_a_store(void **state)
{
	(void)state;
	struct loaded l;
	assert_int_equal(unsetenv("HOME"), 0);
	load_good(&l, "rules: [{ name: a, any: x }]");
	assert_null(l.config->store.path.p);
	finish(&l);
	load_text(&l, "vigie.yaml", "sources: { a: { type: file, path: a } }");
	assert_int_equal(diag_count(l.diag, DIAG_ERROR), 1);
	assert_non_null(strstr(l.printed.p, "no place for the store: HOME is not set"));
	finish(&l);
	load_good(&l, "{ sources: { a: { type: file, path: a } }, store: { path: /v.db } }");
	finish(&l);
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
}

#define WHOLE                                                             \
	"http: { listen: 127.0.0.1:8470 }\n"                              \
	"timezone: Europe/Paris\n"                                        \
	"sources:\n"                                                      \
	"  a: { type: file, path: a, map: mine }\n"                       \
	"  b: { type: file, path: b }\n"                                  \
	"maps:\n"                                                         \
	"  mine: { text: { path: body, html: true }, id: [uri, id] }\n"   \
	"notifiers: { ecran: { type: print }, autre: { type: print } }\n" \
	"notify: autre\n"                                                 \
	"lists: { l: [x, y] }\n"                                          \
	"rules:\n"                                                        \
	"  - { name: r, any: [list:l], notify: ecran }\n"                 \
	"tests:\n"                                                        \
	"  - { post: x, matches: r }\n"

static void alerts_about_sources_are_asked_for(void **state)
{
	(void)state;
	struct loaded l;
	load_good(&l,
		"notifiers: { e: { type: print } }\nwatchdog: { notify: e, severity: critical }\n");
	assert_true(l.config->watchdog.asked);
	assert_int_equal(l.config->watchdog.notify.count, 1);
	check_text(l.config->watchdog.notify.items[0], "e");
	assert_int_equal(l.config->watchdog.blind_after_us, US_PER_MINUTE);
	assert_int_equal(l.config->watchdog.severity, SEVERITY_CRITICAL);
	finish(&l);
	load_good(&l, "notifiers: { e: { type: print } }\nwatchdog: { blind_after: 10m }\n");
	assert_true(l.config->watchdog.asked);
	assert_null(l.config->watchdog.notify.items);
	assert_int_equal(l.config->watchdog.blind_after_us, 10 * US_PER_MINUTE);
	finish(&l);
	load_good(&l, "notifiers: { e: { type: print } }\n");
	assert_false(l.config->watchdog.asked);
	finish(&l);
}

static void silences_of_sources_are_read(void **state)
{
	(void)state;
	struct loaded l;
	load_good(&l,
		"sources:\n"
		"  a: { type: file, path: x }\n"
		"  b: { type: file, path: x, absent: off }\n"
		"  c: { type: file, path: x, absent: 30m }\n"
		"  d: { type: file, path: x, absent: auto }\n");
	const struct sources *all = l.config->sources;
	assert_int_equal(sources_at(all, 0)->absent_us, -1);
	assert_int_equal(sources_at(all, 1)->absent_us, 0);
	assert_int_equal(sources_at(all, 2)->absent_us, 30 * US_PER_MINUTE);
	assert_int_equal(sources_at(all, 3)->absent_us, -1);
	finish(&l);
}

static void all_sections_are_read(void **state)
{
	(void)state;
	struct loaded l;
	load_good(&l, WHOLE);
	const struct config *c = l.config;
	check_text(c->http.listen, "127.0.0.1:8470");
	check_text(c->timezone, "Europe/Paris");
	assert_int_equal(sources_count(c->sources), 2);
	check_text(sources_at(c->sources, 0)->map, "mine");
	check_text(sources_at(c->sources, 1)->map, "auto");
	assert_non_null(notifiers_get(c->notifiers, STR("ecran")));
	assert_int_equal(c->notify.count, 1);
	check_text(c->notify.items[0], "autre");
	assert_int_equal(c->rules->rule_count, 1);
	assert_int_equal(c->rules->test_count, 1);
	struct ruleset *set = config_take_rules(l.config);
	assert_null(c->rules);
	assert_int_equal(ruleset_rules(set)->rule_count, 1);
	ruleset_destroy(set);
	finish(&l);
}

static void maps_are_found_by_name(void **state)
{
	(void)state;
	struct loaded l;
	const struct post_map *map = post_map_auto();
	load_good(&l, WHOLE);
	assert_true(config_map(l.config, STR("mine"), &map));
	assert_ptr_equal(map, l.config->maps[0].map);
	size_t count;
	const struct post_map_key *keys = post_map_keys(map, POST_MAP_TEXT, &count);
	assert_int_equal(count, 1);
	check_text(keys[0].key, "body");
	assert_true(keys[0].html);
	assert_true(config_map(l.config, STR("text"), &map));
	assert_null(map);
	assert_true(config_map(l.config, STR("auto"), &map));
	assert_ptr_equal(map, post_map_auto());
	assert_true(config_map(NULL, STR("bluesky"), &map));
	assert_ptr_equal(map, post_map_builtin(STR("bluesky")));
	assert_false(config_map(NULL, STR("mine"), &map));
	assert_false(config_map(l.config, STR("min"), &map));
	finish(&l);
}

static void a_rules_file_on_its_own_may_name_any_notifier(void **state)
{
	(void)state;
	struct loaded l;
	load_good(&l, "rules: [{ name: a, any: x, notify: somebody }]");
	finish(&l);
	load_text(&l, "vigie.yaml",
		"{ notifiers: { e: { type: print } },"
		" rules: [{ name: a, any: x, notify: somebody }] }");
	assert_int_equal(diag_count(l.diag, DIAG_ERROR), 1);
	finish(&l);
}

/* --- include --- */

static void write_file(const char *name, const char *text)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(remove(path), 0);
}

static void included_files_add_lists_rules_and_tests(void **state)
{
	(void)state;
	struct loaded l;
	char path[300];
	(void)snprintf(path, sizeof path, "%s/rules.d", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("rules.d/b.yml", "rules: [{ name: b, any: [list:own, list:words] }]");
	write_file("rules.d/a.yaml",
		"{ lists: { words: { file: words.txt } },"
		" tests: [{ post: x, matches: [own, b] }] }");
	write_file("rules.d/words.txt", "solaire");
	write_file("rules.d/.hidden.yaml", "nonsense");
	write_file("rules.d/b.yaml~", "nonsense");
	write_file("more.yaml", "rules: [{ name: more, any: y, notify: e }]");
	load_good(&l,
		"include: [rules.d, more.yaml]\n"
		"notifiers: { e: { type: print } }\n"
		"lists: { own: [x] }\n"
		"rules: [{ name: own, any: x }]\n");
	const struct rules *r = l.config->rules;
	assert_int_equal(r->rule_count, 3);
	check_text(r->rules[0].name, "own");
	check_text(r->rules[1].name, "b");
	check_text(r->rules[2].name, "more");
	assert_int_equal(r->list_count, 2);
	assert_int_equal(r->test_count, 1);
	assert_non_null(strstr(r->rules[1].at.file, "rules.d/b.yml"));
	finish(&l);
	load_good(&l, "include: more.yaml\nnotifiers: { e: { type: print } }\n");
	assert_int_equal(l.config->rules->rule_count, 1);
	finish(&l);
	remove_file("rules.d/b.yaml~");
	remove_file("rules.d/.hidden.yaml");
	remove_file("rules.d/words.txt");
	remove_file("rules.d/a.yaml");
	remove_file("rules.d/b.yml");
	remove_file("rules.d");
	remove_file("more.yaml");
}

static void our_address_is_one_that_others_reach(void **state)
{
	static const struct {
		const char *http, *error;
	} cases[] = {
		{ "public_url: 'https://a.example'", "nobody listens there" },
		{ "listen: '127.0.0.1:0', public_url: 'https://a.example'",
			"not among http.hosts" },
		{ "listen: '127.0.0.1:0', hosts: b.example, public_url: 'https://a.example'",
			"not among http.hosts" },
		{ "listen: '127.0.0.1:0', public_url: 'a.example'", "no address of ours" },
		{ "listen: '127.0.0.1:0', public_url: ''", "no address of ours" },
		{ "listen: '127.0.0.1:0', public_url: 'https://a.example/?x'",
			"no address of ours" },
		{ "listen: '127.0.0.1:0', public_url: 'https://u@a.example'",
			"no address of ours" },
	};
	(void)state;
	struct loaded l;
	char text[256];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		(void)snprintf(text, sizeof text, "http: { %s }\n", cases[i].http);
		load_text(&l, "vigie.yaml", text);
		if (diag_count(l.diag, DIAG_ERROR) != 1 || !strstr(l.printed.p, cases[i].error))
			fail_msg("%s: %s", cases[i].http, l.printed.p ? l.printed.p : "");
		finish(&l);
	}
	load_good(&l,
		"http: { listen: '127.0.0.1:0', hosts: a.example, public_url: "
		"'https://A.example/v//' "
		"}\n");
	check_text(l.config->http.public_url, "https://A.example/v");
	finish(&l);
}

static void an_included_file_is_checked_like_the_rest(void **state)
{
	(void)state;
	struct loaded l;
	write_file("more.yaml",
		"include: vigie.yaml\n"
		"sources: {}\n"
		"lists: { own: [y] }\n"
		"rules: { name: a }\n");
	load_text(&l, "vigie.yaml",
		"include: [more.yaml, vigie.yaml, no.yaml]\n"
		"lists: { own: [x] }\n"
		"rules: [{ name: own, any: [list:own] }]\n");
	assert_int_equal(diag_count(l.diag, DIAG_ERROR), 6);
	assert_non_null(strstr(l.printed.p, "more.yaml:1:1: error: not in an included file: "));
	assert_non_null(strstr(l.printed.p, "more.yaml:2:1: error: not in an included file: "));
	assert_non_null(strstr(l.printed.p, "more.yaml:3:10: error: key 'own' stands already at "));
	assert_non_null(strstr(l.printed.p, "more.yaml:4:8: error: expected a list, not a map"));
	assert_non_null(strstr(l.printed.p, "vigie.yaml:1:22: error: the file includes itself"));
	assert_non_null(strstr(l.printed.p, "vigie.yaml:1:34: error: cannot open "));
	finish(&l);
	remove_file("more.yaml");
}

static void no_file_is_one_error_and_nothing_else(void **state)
{
	(void)state;
	struct loaded l;
	load(&l, "bad/there-is-no-such.yaml");
	assert_null(l.config);
	assert_int_equal(diag_count(l.diag, DIAG_ERROR), 1);
	finish(&l);
}

static void the_default_path_is_where_the_user_keeps_configurations(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 0);
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	check_text(config_default_path(&arena), "/home/me/.config/vigie/vigie.yaml");
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/conf", 1), 0);
	check_text(config_default_path(&arena), "/conf/vigie/vigie.yaml");
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	check_text(config_default_path(&arena), "vigie.yaml");
	assert_int_equal(setenv("HOME", "/home/me", 1), 0);
	arena_finish(&arena);
}

/* --- rules alone --- */

static void one_section_is_read_without_the_rest(void **state)
{
	(void)state;
	struct diag *diag = diag_create();
	struct config *c = config_load_part("rules-alone.yaml", CONFIG_STORE, diag);
	assert_false(diag_failed(diag));
	check_text(c->store.path, "/home/me/.local/share/vigie/vigie.db");
	assert_null(c->rules);
	config_destroy(c);
	c = config_load_part("rules-alone.yaml", CONFIG_HTTP, diag);
	assert_false(diag_failed(diag));
	assert_null(c->http.listen.p);
	assert_null(c->store.path.p);
	config_destroy(c);
	assert_null(config_load_part("bad/there-is-no-such.yaml", CONFIG_HTTP, diag));
	diag_destroy(diag);
}

static void rules_alone_are_read_without_secrets(void **state)
{
	(void)state;
	struct diag *diag = diag_create();
	struct rules *rules = config_load_rules("rules-alone.yaml", diag);
	assert_non_null(rules);
	assert_false(diag_failed(diag));
	assert_int_equal(rules->rule_count, 1);
	rules_destroy(rules);
	diag_destroy(diag);
}

static void a_file_that_is_no_yaml_holds_terms(void **state)
{
	(void)state;
	struct diag *diag = diag_create();
	struct rules *rules = config_load_rules("terms.txt", diag);
	assert_non_null(rules);
	assert_false(diag_failed(diag));
	assert_int_equal(rules->term_count, 2);
	check_text(rules->rules[0].name, "terms");
	rules_destroy(rules);
	diag_destroy(diag);
}

static void mistakes_in_rules_alone_are_found(void **state)
{
	(void)state;
	struct diag *diag = diag_create();
	assert_null(config_load_rules("bad/there-is-no-such.yaml", diag));
	assert_int_equal(diag_count(diag, DIAG_ERROR), 1);
	struct rules *rules = config_load_rules("bad/names.yaml", diag);
	assert_true(diag_count(diag, DIAG_ERROR) > 1);
	rules_destroy(rules);
	diag_destroy(diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_said_where_it_is),
		cmocka_unit_test(an_empty_file_is_a_configuration_with_defaults),
		cmocka_unit_test(the_store_is_where_the_user_keeps_data),
		cmocka_unit_test(without_a_home_only_a_daemon_needs_a_store),
		cmocka_unit_test(alerts_about_sources_are_asked_for),
		cmocka_unit_test(silences_of_sources_are_read),
		cmocka_unit_test(all_sections_are_read),
		cmocka_unit_test(maps_are_found_by_name),
		cmocka_unit_test(a_rules_file_on_its_own_may_name_any_notifier),
		cmocka_unit_test(included_files_add_lists_rules_and_tests),
		cmocka_unit_test(our_address_is_one_that_others_reach),
		cmocka_unit_test(an_included_file_is_checked_like_the_rest),
		cmocka_unit_test(no_file_is_one_error_and_nothing_else),
		cmocka_unit_test(the_default_path_is_where_the_user_keeps_configurations),
		cmocka_unit_test(one_section_is_read_without_the_rest),
		cmocka_unit_test(rules_alone_are_read_without_secrets),
		cmocka_unit_test(a_file_that_is_no_yaml_holds_terms),
		cmocka_unit_test(mistakes_in_rules_alone_are_found),
	};
	return cmocka_run_group_tests_name("config", tests, make_folder, remove_folder);
}
