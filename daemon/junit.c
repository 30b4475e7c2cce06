/* JUnit's XML as Jenkins and GitLab read it: the attributes that its readers have in common. */
#include <string.h>

#include "base/escape.h"
#include "daemon/check.h"

struct suite {
	const char *file;
	size_t test_count, failure_count;
};

static void add_attribute(struct buf *out, const char *name, struct str value)
{
	buf_addf(out, " %s=\"", name);
	escape_xml(out, value);
	buf_add_char(out, '"');
}

/* What is on one line for people: a line end in an attribute would become a space. */
static void add_line_attribute(struct buf *out, const char *name, struct str value)
{
	struct buf line;
	buf_init(&line, 0);
	escape_control(&line, value);
	add_attribute(out, name, buf_str(&line));
	buf_finish(&line);
}

static void begin_case(struct buf *out, const char *file, struct str name)
{
	buf_add(out, STR("    <testcase"));
	add_line_attribute(out, "classname", str_of(file));
	add_attribute(out, "name", name);
}

static struct str name_of(const struct rule_test *test, struct buf *text)
{
	buf_clear(text);
	buf_addf(text, "line %lu: ", (unsigned long)test->at.line);
	check_add_post(&test->post, text);
	return buf_str(text);
}

static void add_failure(const struct check *c, const struct ruletest_failure *f, struct buf *out)
{
	struct buf text;
	buf_init(&text, 0);
	check_add_difference(f, &text);
	buf_add(out, STR(">\n      <failure type=\"rules\""));
	add_attribute(out, "message", str_trim(buf_str(&text)));
	buf_add_char(out, '>');
	buf_clear(&text);
	buf_addf(&text, "%s:%lu:%lu:", f->test->at.file, (unsigned long)f->test->at.line,
		(unsigned long)f->test->at.col);
	check_add_difference(f, &text);
	buf_add_char(&text, '\n');
	ruletest_why(c->set, f, &text);
	escape_xml(out, buf_str(&text));
	buf_add(out, STR("</failure>\n    </testcase>\n"));
	buf_finish(&text);
}

/* The failures stand in the order of the tests. */
static void add_suite(const struct check *c, const struct suite *suite, struct buf *out)
{
	const struct rules *rules = ruleset_rules(c->set);
	const struct ruletest_failure *next = c->tests.failures;
	const struct ruletest_failure *end = next + c->tests.failure_count;
	struct buf name;
	buf_init(&name, 0);
	buf_add(out, STR("  <testsuite"));
	add_line_attribute(out, "name", str_of(suite->file));
	buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", suite->test_count,
		suite->failure_count);
	for (size_t i = 0; i < rules->test_count; i++) {
		const struct rule_test *test = &rules->tests[i];
		bool failed = next < end && next->test == test;
		if (strcmp(test->at.file, suite->file) == 0) {
			begin_case(out, suite->file, name_of(test, &name));
			if (failed)
				add_failure(c, next, out);
			else
				buf_add(out, STR("/>\n"));
		}
		next += failed;
	}
	buf_add(out, STR("  </testsuite>\n"));
	buf_finish(&name);
}

/* The last ones first: tests of one file stand together, but for those beside rules. */
static struct suite *suite_of(struct suite *suites, size_t *count, const char *file)
{
	for (size_t i = *count; i-- > 0;) {
		if (strcmp(suites[i].file, file) == 0)
			return &suites[i];
	}
	suites[*count] = (struct suite){ .file = file };
	return &suites[(*count)++];
}

static void add_suites(const struct check *c, struct buf *out)
{
	const struct rules *rules = ruleset_rules(c->set);
	struct arena arena;
	size_t count = 0;
	arena_init(&arena, 0); /* our own data only */
	struct suite *suites = arena_array(&arena, struct suite, rules->test_count);
	for (size_t i = 0; i < rules->test_count; i++)
		suite_of(suites, &count, rules->tests[i].at.file)->test_count++;
	for (size_t i = 0; i < c->tests.failure_count; i++)
		suite_of(suites, &count, c->tests.failures[i].test->at.file)->failure_count++;
	for (size_t i = 0; i < count; i++)
		add_suite(c, &suites[i], out);
	arena_finish(&arena);
}

static void add_error(const struct check *c, struct buf *out)
{
	struct buf text;
	buf_init(&text, 0);
	buf_add(out, STR("  <testsuite"));
	add_line_attribute(out, "name", str_of(c->path));
	buf_add(out, STR(" tests=\"1\" failures=\"0\" errors=\"1\">\n"));
	begin_case(out, c->path, STR("configuration"));
	buf_addf(out, ">\n      <error type=\"configuration\" message=\"%zu errors\">",
		diag_count(c->diag, DIAG_ERROR));
	diag_print(c->diag, &text);
	escape_xml(out, buf_str(&text));
	buf_add(out, STR("</error>\n    </testcase>\n  </testsuite>\n"));
	buf_finish(&text);
}

void check_junit(const struct check *c, struct buf *out)
{
	const struct ruletest_result *t = &c->tests;
	buf_addf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"vigie\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\">\n",
		c->set ? t->test_count : 1, t->failure_count, c->set ? 0 : 1);
	if (c->set)
		add_suites(c, out);
	else
		add_error(c, out);
	buf_add(out, STR("</testsuites>\n"));
}
