#include "base/escape.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "daemon/check.h"

enum { SHOWN_POST_CHARS = 60 };

/* --- for people --- */

static struct str beginning(struct str text)
{
	size_t at = 0;
	for (size_t i = 0; at < text.n && i < SHOWN_POST_CHARS; i++) {
		uint32_t code_point;
		size_t n = utf8_read(text, at, &code_point);
		at += n ? n : 1;
	}
	return str_slice(text, 0, at);
}

void check_add_post(const struct post *post, struct buf *out)
{
	struct str text = post->title.n ? post->title : post->text, head = beginning(text);
	buf_add_char(out, '"');
	escape_control(out, head);
	buf_addf(out, "%s\"", head.n < text.n ? "..." : "");
}

static void add_names(struct buf *out, const char *what, struct str_list names)
{
	if (names.count == 0)
		return;
	buf_addf(out, " %s ", what);
	for (size_t i = 0; i < names.count; i++) {
		buf_add(out, i ? STR(", ") : STR(""));
		escape_control(out, names.items[i]);
	}
	buf_add_char(out, ';');
}

void check_add_difference(const struct ruletest_failure *f, struct buf *out)
{
	add_names(out, "missing", f->missing);
	add_names(out, "unexpected", f->unexpected);
	add_names(out, "missing terms", f->missing_terms);
	add_names(out, "unexpected terms", f->unexpected_terms);
}

static void add_failure(const struct check *c, const struct ruletest_failure *f, struct buf *out)
{
	buf_addf(out, "%s:%lu:%lu: test failed:", f->test->at.file, (unsigned long)f->test->at.line,
		(unsigned long)f->test->at.col);
	check_add_difference(f, out);
	buf_add_char(out, ' ');
	check_add_post(&f->test->post, out);
	buf_add_char(out, '\n');
	ruletest_why(c->set, f, out);
}

void check_text(const struct check *c, struct buf *out)
{
	const struct ruletest_result *t = &c->tests;
	for (size_t i = 0; i < t->failure_count; i++)
		add_failure(c, &t->failures[i], out);
	if (c->sample_path)
		cost_text(&c->costs, c->sample_path, out);
	buf_addf(out, "%zu passed, %zu failed\n", t->test_count - t->failure_count,
		t->failure_count);
}

/* --- for programs --- */

static void add_json_failure(
	const struct check *c, const struct ruletest_failure *f, struct buf *out)
{
	struct buf why;
	buf_init(&why, 0);
	ruletest_why(c->set, f, &why);
	json_open(out, NULL, '{');
	json_text(out, "file", str_of(f->test->at.file));
	json_integer(out, "line", f->test->at.line);
	json_integer(out, "column", f->test->at.col);
	json_texts(out, "missing", f->missing);
	json_texts(out, "unexpected", f->unexpected);
	json_texts(out, "missing_terms", f->missing_terms);
	json_texts(out, "unexpected_terms", f->unexpected_terms);
	json_text(out, "why", buf_str(&why));
	json_key(out, "post");
	post_json(&f->test->post, out);
	buf_add_char(out, '}');
	buf_finish(&why);
}

void check_json(const struct check *c, struct buf *out)
{
	const struct ruletest_result *t = &c->tests;
	buf_add(out, STR("{\"messages\":"));
	diag_json(c->diag, out);
	json_integer(out, "passed", (int64_t)(t->test_count - t->failure_count));
	json_integer(out, "failed", (int64_t)t->failure_count);
	json_open(out, "failures", '[');
	for (size_t i = 0; i < t->failure_count; i++)
		add_json_failure(c, &t->failures[i], out);
	buf_add_char(out, ']');
	if (c->sample_path && c->set) {
		buf_add_char(out, ',');
		cost_json(&c->costs, c->sample_path, out);
	}
	buf_add(out, STR("}\n"));
}
