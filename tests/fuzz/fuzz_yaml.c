/* Any bytes as a configuration: either a tree in which every place lies in the text, or an error
 * with a place; and decoding it by a table of all types goes the same way. */
#include <assert.h>

#include "base/clock.h"
#include "conf/decode.h"

struct settings {
	struct str text, secret, path;
	bool on;
	int64_t count, wait_us, bytes;
	int choice;
	struct str_list texts;
	const struct conf_node *tree;
};

static const char *const choices[] = { "one", "two", NULL };

static const struct conf_field fields[] = {
	{ .key = "text", .type = CONF_TEXT, .offset = offsetof(struct settings, text) },
	{ .key = "secret", .type = CONF_SECRET, .offset = offsetof(struct settings, secret) },
	{ .key = "path", .type = CONF_PATH, .offset = offsetof(struct settings, path) },
	{ .key = "on", .type = CONF_BOOL, .offset = offsetof(struct settings, on) },
	{ .key = "count",
		.type = CONF_INT,
		.offset = offsetof(struct settings, count),
		.min = -10,
		.max = 10 },
	{ .key = "wait",
		.type = CONF_DURATION,
		.offset = offsetof(struct settings, wait_us),
		.min = US_PER_S,
		.max = US_PER_DAY,
		.fallback = "10s" },
	{ .key = "bytes", .type = CONF_SIZE, .offset = offsetof(struct settings, bytes) },
	{ .key = "choice",
		.type = CONF_CHOICE,
		.offset = offsetof(struct settings, choice),
		.choices = choices,
		.fallback = "two" },
	{ .key = "texts", .type = CONF_TEXTS, .offset = offsetof(struct settings, texts) },
	{ .key = "tree",
		.type = CONF_TREE,
		.offset = offsetof(struct settings, tree),
		.required = true },
	{ 0 },
};

static size_t count_lines(struct str text)
{
	size_t n = 1;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void check_place(struct where at, size_t line_count)
{
	assert(at.file && at.line >= 1 && at.line <= line_count && at.col >= 1);
}

struct level {
	const struct conf_node *node;
	size_t next;
};

/* The whole tree, without recursion as the reader itself. */
static void check_tree(const struct conf_node *root, size_t line_count)
{
	struct level levels[CONF_MAX_DEPTH + 1];
	size_t depth = 0;
	levels[depth++] = (struct level){ root, 0 };
	check_place(root->at, line_count);
	while (depth) {
		struct level *top = &levels[depth - 1];
		if (top->next == top->node->count) {
			depth--;
			continue;
		}
		const struct conf_node *node = &top->node->items[top->next];
		if (top->node->kind == CONF_MAP)
			check_place(top->node->keys[top->next].at, line_count);
		top->next++;
		check_place(node->at, line_count);
		assert(node->kind == CONF_SCALAR || node->kind == CONF_NULL || !node->text.p);
		if (node->kind == CONF_SCALAR) {
			check_place(conf_place(node, node->text.n), line_count);
			assert(conf_place(node, node->text.n).line >= node->at.line);
		} else if (node->count) {
			assert(depth <= CONF_MAX_DEPTH);
			levels[depth++] = (struct level){ node, 0 };
		}
	}
}

/* Every message starts with "f:LINE:COLUMN: "; decoding adds none without a place. */
static void check_messages(const struct diag *diag)
{
	struct buf out;
	buf_init(&out, 0);
	diag_print(diag, &out);
	struct str rest = buf_str(&out), line;
	size_t placed = 0;
	while (str_next(&rest, '\n', &line))
		placed += str_starts(line, STR("f:")) && line.p[2] >= '1' && line.p[2] <= '9';
	size_t count = diag_count(diag, DIAG_ERROR) + diag_count(diag, DIAG_WARNING);
	assert(placed == count || placed == DIAG_MAX_MESSAGES);
	buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	const struct conf_node *root = conf_read_text("f", text, &arena, diag);
	assert(root || diag_failed(diag));
	if (root) {
		struct settings s;
		check_tree(root, count_lines(text));
		size_t errors = diag_count(diag, DIAG_ERROR);
		bool ok = conf_decode(fields, NULL, root, &s, &arena, diag);
		assert(ok == (diag_count(diag, DIAG_ERROR) == errors));
		assert(!ok || s.tree);
	}
	check_messages(diag);
	diag_destroy(diag);
	arena_finish(&arena);
	return 0;
}
