/* The scan and the matcher against the reference. Input: terms, one a line, up to an empty line;
 * then the text of a post. The whole input is also scanned as if it were a block of records. */
#include <assert.h>

#include "base/escape.h"
#include "base/utf8.h"
#include "tests/rules/twins.h"

enum { MAX_TERMS = 8 };

/* Each term as a rule of its own, in YAML's single quotes. */
static void add_rules(struct buf *yaml, struct str *input)
{
	struct str line;
	buf_add(yaml, STR("rules:\n"));
	for (size_t i = 0; i < MAX_TERMS && str_next(input, '\n', &line) && line.n; i++) {
		buf_addf(yaml, "- name: r%zu\n  any: ['", i);
		for (size_t j = 0; j < line.n; j++) {
			buf_add_char(yaml, line.p[j]);
			if (line.p[j] == '\'')
				buf_add_char(yaml, '\'');
		}
		buf_add(yaml, STR("']\n"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = { (const char *)data, size }, text = all;
	struct buf yaml, record, why;
	size_t matching;
	if (size > 4096)
		return 0;
	buf_init(&yaml, 0);
	buf_init(&record, 0);
	buf_init(&why, 0);
	add_rules(&yaml, &text);
	struct twins *t = twins_of_yaml(buf_str(&yaml));
	if (t) {
		assert(twins_scan_alike(t, all, &why));
		if (text.p && utf8_valid(text) && str_find_char(text, '\0') == SIZE_MAX) {
			buf_add(&record, STR("{\"text\":"));
			escape_json(&record, text);
			buf_add_char(&record, '}');
			assert(twins_agree(t, text, buf_str(&record), &matching, &why));
		}
	}
	twins_destroy(t);
	buf_finish(&yaml);
	buf_finish(&record);
	buf_finish(&why);
	return 0;
}
