/* libyaml's events become a tree without recursion: what is still open stands on a stack of
 * frames, and the children of all open lists and maps wait in one scratch array, of which a
 * closing list or map takes its share into the arena. */
#include "conf/yaml.h"

#include <yaml.h>

#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "conf/text.h"

/* Past CONF_MAX_DEPTH a branch is stepped over, but libyaml keeps a state for each level. */
enum { SKIP_MAX_DEPTH = 256 };

struct frame {
	enum conf_kind kind;
	struct where at;
	size_t items_from, keys_from;
	bool value_next; /* of a map: its key has been read */
};

struct reader {
	yaml_parser_t parser;
	struct text_cursor cursor;
	struct arena *arena;
	struct diag *diag;
	struct frame frames[CONF_MAX_DEPTH];
	size_t depth;
	size_t skipping; /* lists and maps open below the one that is stepped over, with it */
	struct conf_node *items;
	size_t item_count, item_size;
	struct conf_key *keys;
	size_t key_count, key_size;
	size_t total; /* keys and nodes so far */
	bool documents;
	bool stopped; /* an error that cannot be stepped over */
};

static void stop(struct reader *r, struct where at, const char *why)
{
	if (!r->stopped)
		diag_error(r->diag, at, "%s", why);
	r->stopped = true;
}

static struct where place(struct reader *r, yaml_mark_t mark)
{
	text_seek(&r->cursor, mark.index);
	return r->cursor.at;
}

static struct frame *top(struct reader *r)
{
	return r->depth ? &r->frames[r->depth - 1] : NULL;
}

static bool key_is_next(struct reader *r)
{
	return r->depth && top(r)->kind == CONF_MAP && !top(r)->value_next;
}

static bool count_one(struct reader *r, struct where at)
{
	if (++r->total > CONF_MAX_NODES)
		stop(r, at, "more keys and values than a file may hold");
	return !r->stopped;
}

static void add_key(struct reader *r, struct str text, struct where at)
{
	if (!count_one(r, at))
		return;
	if (r->key_count == r->key_size) {
		r->key_size = r->key_size ? r->key_size * 2 : 64;
		r->keys = mem_resize(r->keys, r->key_size, sizeof *r->keys);
	}
	r->keys[r->key_count++] = (struct conf_key){ text, at };
	top(r)->value_next = true;
}

static void add_item(struct reader *r, struct conf_node node)
{
	if (!count_one(r, node.at))
		return;
	if (r->item_count == r->item_size) {
		r->item_size = r->item_size ? r->item_size * 2 : 64;
		r->items = mem_resize(r->items, r->item_size, sizeof *r->items);
	}
	r->items[r->item_count++] = node;
	if (r->depth)
		top(r)->value_next = false;
}

/* Stands in for what was refused, so that the rest can be read. */
static void add_nothing(struct reader *r, struct where at)
{
	if (key_is_next(r))
		add_key(r, STR_NONE, at);
	else
		add_item(r, (struct conf_node){ .kind = CONF_NULL, .at = at });
}

static void refuse_extras(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
	const yaml_char_t *tag)
{
	struct where at = place(r, event->start_mark);
	if (anchor) {
		diag_error(r->diag, at, "anchors are not supported: '&%s'", (const char *)anchor);
		diag_hint(r->diag, "put a text that starts with '&' in quotes");
	}
	if (tag) {
		diag_error(r->diag, at, "tags are not supported: '%s'", (const char *)tag);
		diag_hint(r->diag, "put a text that starts with '!' in quotes");
	}
}

static void on_alias(struct reader *r, const yaml_event_t *event)
{
	struct where at = place(r, event->start_mark);
	diag_error(r->diag, at, "aliases are not supported: '*%s'",
		(const char *)event->data.alias.anchor);
	diag_hint(r->diag, "put a text that starts with '*' in quotes");
	if (!r->skipping)
		add_nothing(r, at);
}

static bool is_null(struct str text)
{
	return text.n == 0 || str_eq(text, STR("~")) || str_eq(text, STR("null")) ||
		str_eq(text, STR("Null")) || str_eq(text, STR("NULL"));
}

/* The scalar under the cursor, as a view of the file where it stands there as it is. */
static struct conf_node scalar_node(struct reader *r, const yaml_event_t *event)
{
	yaml_scalar_style_t style = event->data.scalar.style;
	struct str value = { (const char *)event->data.scalar.value, event->data.scalar.length };
	struct conf_node node = { .kind = CONF_SCALAR, .at = place(r, event->start_mark) };
	node.quoted = style != YAML_PLAIN_SCALAR_STYLE;
	size_t from = r->cursor.byte + node.quoted;
	struct str written = str_slice(r->cursor.text, from, from + value.n);
	node.exact = str_eq(written, value);
	node.text = node.exact ? written : arena_str(r->arena, value);
	node.written = node.exact ? NULL : r->cursor.text.p + r->cursor.byte;
	if (!node.text.p)
		stop(r, node.at, "the file does not fit in the memory set aside for it");
	if (str_find_char(value, '\0') != SIZE_MAX)
		diag_error(r->diag, node.at, "a NUL character in a text");
	if (!node.quoted && is_null(value))
		node.kind = CONF_NULL;
	if (!node.quoted && value.n == 0 && text_swallowed(r->cursor.text, r->cursor.byte)) {
		diag_warning(r->diag, node.at, TEXT_SWALLOWED);
		diag_hint(r->diag, "write it as \"#word\"");
	}
	return node;
}

static void on_scalar(struct reader *r, const yaml_event_t *event)
{
	refuse_extras(r, event, event->data.scalar.anchor, event->data.scalar.tag);
	if (r->skipping)
		return;
	struct conf_node node = scalar_node(r, event);
	if (!key_is_next(r)) {
		add_item(r, node);
		return;
	}
	if (node.text.n == 0)
		diag_error(r->diag, node.at, "an empty key");
	add_key(r, node.text.n ? node.text : STR_NONE, node.at);
}

static void open_frame(struct reader *r, enum conf_kind kind, struct where at)
{
	if (r->skipping) {
		if (++r->skipping > SKIP_MAX_DEPTH)
			stop(r, at, "far too many lists and maps inside each other");
		return;
	}
	if (key_is_next(r))
		diag_error(r->diag, at, "a key must be text, not %s",
			kind == CONF_LIST ? "a list" : "a map");
	else if (r->depth == CONF_MAX_DEPTH)
		diag_error(r->diag, at, "more than %d lists and maps inside each other",
			CONF_MAX_DEPTH);
	if (key_is_next(r) || r->depth == CONF_MAX_DEPTH) {
		add_nothing(r, at);
		r->skipping = 1;
		return;
	}
	r->frames[r->depth++] = (struct frame){ kind, at, r->item_count, r->key_count, false };
}

static void refuse_twins(struct reader *r, const struct conf_key *keys, size_t count)
{
	struct map seen = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (!keys[i].text.p)
			continue;
		const struct conf_key *first = map_get(&seen, keys[i].text);
		if (first)
			diag_error(r->diag, keys[i].at,
				"key written twice: '%.*s' (first at line %u, column %u)",
				STR_ARGS(keys[i].text), first->at.line, first->at.col);
		else
			(void)map_set(&seen, keys[i].text, (void *)&keys[i]); /* is new */
	}
	map_finish(&seen);
}

static void close_frame(struct reader *r)
{
	if (r->skipping) {
		r->skipping--;
		return;
	}
	struct frame f = r->frames[--r->depth];
	struct conf_node node = { .kind = f.kind, .at = f.at };
	node.count = r->item_count - f.items_from;
	node.items = arena_array(r->arena, struct conf_node, node.count);
	if (f.kind == CONF_MAP)
		node.keys = arena_array(r->arena, struct conf_key, node.count);
	if (!node.items || (f.kind == CONF_MAP && !node.keys)) {
		stop(r, f.at, "the file does not fit in the memory set aside for it");
		return;
	}
	if (node.count)
		memcpy(node.items, r->items + f.items_from, node.count * sizeof *node.items);
	if (node.count && f.kind == CONF_MAP)
		memcpy(node.keys, r->keys + f.keys_from, node.count * sizeof *node.keys);
	r->item_count = f.items_from;
	r->key_count = f.keys_from;
	if (f.kind == CONF_MAP)
		refuse_twins(r, node.keys, node.count);
	add_item(r, node);
}

static void on_document(struct reader *r, const yaml_event_t *event)
{
	if (r->documents)
		stop(r, place(r, event->start_mark), "a file holds one document only");
	if (event->data.document_start.tag_directives.start !=
		event->data.document_start.tag_directives.end)
		diag_error(r->diag, place(r, event->start_mark), "tags are not supported");
	r->documents = true;
}

static void on_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		on_document(r, event);
		break;
	case YAML_ALIAS_EVENT:
		on_alias(r, event);
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(r, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_extras(r, event, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
		open_frame(r, CONF_LIST, place(r, event->start_mark));
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_extras(
			r, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		open_frame(r, CONF_MAP, place(r, event->start_mark));
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_frame(r);
		break;
	default:
		break;
	}
}

static void report(struct reader *r)
{
	struct text_problem problem = {
		.problem = str_of(r->parser.problem),
		.context = str_of(r->parser.context),
		.at = r->cursor,
		.start = r->cursor,
	};
	text_seek(&problem.at, r->parser.problem_mark.index);
	text_seek(&problem.start, r->parser.context_mark.index);
	text_report(&problem, r->diag);
	r->stopped = true;
}

static void read_events(struct reader *r)
{
	bool more = true;
	while (more && !r->stopped) {
		yaml_event_t event;
		if (!yaml_parser_parse(&r->parser, &event)) {
			report(r);
			return;
		}
		on_event(r, &event);
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
}

static struct conf_node *root_of(struct reader *r)
{
	struct conf_node *root = r->stopped ? NULL : arena_new(r->arena, struct conf_node);
	if (!root)
		return NULL;
	if (r->item_count)
		*root = r->items[0];
	else
		root->at = (struct where){ r->cursor.at.file, 1, 1 };
	if (root->kind == CONF_NULL && root->text.n == 0)
		root->kind = CONF_MAP;
	return root;
}

struct conf_node *conf_read_text(
	const char *name, struct str text, struct arena *arena, struct diag *diag)
{
	if (str_starts(text, STR("\xEF\xBB\xBF"))) /* a byte order mark */
		text = str_slice(text, 3, text.n);
	struct where whole = { name, 0, 0 };
	if (text.n > CONF_MAX_BYTES) {
		diag_error(diag, whole, "larger than %d MB", CONF_MAX_BYTES / 1024 / 1024);
		return NULL;
	}
	diag_add_text(diag, name, text);
	if (!text_check(name, text, diag))
		return NULL;
	const char *file = arena_text(arena, str_of(name));
	text = arena_str(arena, text.p ? text : STR(""));
	struct reader *r = mem_zero(1, sizeof *r);
	r->arena = arena;
	r->diag = diag;
	r->cursor = (struct text_cursor){ .text = text, .at = { file, 1, 1 } };
	struct conf_node *root = NULL;
	if (!file || !text.p || !yaml_parser_initialize(&r->parser)) {
		stop(r, whole, "the file does not fit in the memory set aside for it");
	} else {
		yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&r->parser, (const unsigned char *)text.p, text.n);
		read_events(r);
		yaml_parser_delete(&r->parser);
		root = root_of(r);
		if (!root && !r->stopped)
			stop(r, whole, "the file does not fit in the memory set aside for it");
	}
	mem_free(r->items);
	mem_free(r->keys);
	mem_free(r);
	return root;
}
