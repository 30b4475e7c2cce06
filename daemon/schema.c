#include "daemon/schema.h"

#include <assert.h>
#include <string.h>

#include "base/escape.h"
#include "conf/schema.h"
#include "daemon/config_keys.h"
#include "rules/language/fields.h"
#include "sources/preset.h"

#define REF(name) "{\"$ref\":\"#/definitions/" name "\"}"
#define NAMES "\"propertyNames\":{\"pattern\":\"^[a-z0-9_-]{1,64}$\"}"
#define NAMED(name) \
	"{\"type\":[\"object\",\"null\"]," NAMES ",\"additionalProperties\":" REF(name) "}"
#define LIST_OF(name) "{\"type\":[\"array\",\"null\"],\"items\":" REF(name) "}"

static const struct conf_schema_key keys[] = {
	{ config_fields, "store", REF("store") },
	{ config_fields, "http", REF("http") },
	{ config_fields, "watchdog", REF("watchdog") },
	{ config_fields, "sources", NAMED("source") },
	{ config_fields, "maps", NAMED("map") },
	{ config_fields, "lists", NAMED("list") },
	{ config_fields, "rules", LIST_OF("rule") },
	{ config_fields, "tests", LIST_OF("test") },
	{ config_fields, "notifiers", NAMED("notifier") },
	{ config_fields, "include", REF("texts") },
	{ rules_rule_fields, "name",
		"{\"type\":[\"string\",\"integer\",\"boolean\"],"
		"\"pattern\":\"^[a-z0-9_-]{1,64}$\"}" },
	{ rules_rule_fields, "any", REF("terms") },
	{ rules_rule_fields, "all", REF("terms") },
	{ rules_rule_fields, "none", REF("terms") },
	{ rules_rule_fields, "regex", REF("terms") },
	{ rules_rule_fields, "query", REF("term") },
	{ rules_rule_fields, "where", REF("where") },
	{ rules_rule_fields, "tests", LIST_OF("test") },
	{ rules_where_fields, "type",
		"{\"anyOf\":[" REF("type") ",{\"type\":\"array\",\"minItems\":1,\"items\":" REF(
			"type") "}]}" },
	{ rules_test_fields, "post",
		"{\"anyOf\":[{\"type\":[\"string\",\"number\",\"boolean\"]}," REF("post") "]}" },
	{ rules_post_fields, "author",
		"{\"anyOf\":[{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}," REF(
			"author") "]}" },
	{ NULL, NULL, NULL },
};

static const struct conf_schema schema = { keys, RULES_NOT_YET };

static void define(struct buf *out, const char *name, const struct conf_field *fields,
	const struct conf_field *more, const char *extra)
{
	buf_addf(out, ",\"%s\":", name);
	conf_schema(&schema, fields, more, extra, out);
}

/* --- rules --- */

static const struct conf_field *find(const struct conf_field *fields, const char *key)
{
	while (fields->key && strcmp(fields->key, key) != 0)
		fields++;
	return fields->key ? fields : NULL;
}

/* A rule is about something: one of these keys must be there. */
static void define_rule(struct buf *out)
{
	static const char *const subjects[] = { "any", "all", "regex", "where", "query" };
	struct buf extra;
	bool first = true;
	buf_init(&extra, 0);
	buf_add(&extra, STR(",\"anyOf\":["));
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		const struct conf_field *f = find(rules_rule_fields, subjects[i]);
		if (!f || f->help == RULES_NOT_YET)
			continue;
		buf_addf(&extra, "%s{\"required\":[\"%s\"]}", first ? "" : ",", f->key);
		first = false;
	}
	buf_add(&extra, STR("]"));
	define(out, "rule", rules_rule_fields, NULL, extra.p);
	buf_finish(&extra);
}

static void define_type(struct buf *out)
{
	const struct conf_field *f = find(rules_post_fields, "type");
	buf_add(out, STR(",\"type\":{\"enum\":["));
	for (size_t i = 0; f && f->choices[i]; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "", f->choices[i]);
	buf_add(out, STR("]}"));
}

static void define_rules(struct buf *out)
{
	buf_add(out,
		STR(",\"term\":{\"type\":[\"string\",\"number\",\"boolean\"]},"
		    "\"terms\":{\"anyOf\":[" REF(
			    "term") ",{\"type\":\"array\",\"minItems\":1,"
				    "\"items\":" REF("term") "},{\"type\":\"null\"}]},"
							     "\"list\":{\"anyOf\":[{\"type\":"
							     "\"array\",\"items\":" REF(
								     "term") "},"));
	conf_schema(&schema, rules_list_fields, NULL, "", out);
	buf_add(out, STR("]}"));
	define_rule(out);
	define(out, "where", rules_where_fields, NULL, "");
	define(out, "test", rules_test_fields, NULL, ",\"allOf\":[{\"required\":[\"matches\"]}]");
	define(out, "post", rules_post_fields, NULL, "");
	define(out, "author", rules_author_fields, NULL, "");
	define_type(out);
}

static void define_map(struct buf *out)
{
	buf_add(out,
		STR(",\"map\":{\"type\":\"object\",\"minProperties\":1,"
		    "\"propertyNames\":{\"enum\":["));
	for (size_t i = 0; post_map_field_name(i); i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "", post_map_field_name(i));
	buf_add(out, STR("]},\"additionalProperties\":{\"anyOf\":[" REF("texts") ","));
	conf_schema(&schema, config_map_path_fields, NULL, "", out);
	buf_add(out, STR("]}}"));
}

/* --- kinds --- */

struct kind {
	const char *name, *help;
	const struct conf_field *fields;
};

/* The kind is chosen by its type, which decides what else may stand there. others: how the
 * schema of a type goes on behind the kinds, or "". */
static void define_kinds(struct buf *out, const char *what, const struct kind *kinds, size_t count,
	const struct conf_field *common, const char *others)
{
	buf_addf(out,
		",\"%s\":{\"type\":\"object\",\"required\":[\"type\"],\"properties\":{\"type\":{"
		"%s\"enum\":[",
		what, *others ? "\"anyOf\":[{" : "");
	for (size_t i = 0; i < count; i++)
		buf_addf(out, "%s\"%s\"", i ? "," : "", kinds[i].name);
	buf_addf(out, "]%s%s}},\"allOf\":[", *others ? "}," : "", others);
	for (size_t i = 0; i < count; i++)
		buf_addf(out,
			"%s{\"if\":{\"properties\":{\"type\":{\"const\":\"%s\"}},"
			"\"required\":[\"type\"]},\"then\":{\"$ref\":\"#/definitions/%s-%s\"}}",
			i ? "," : "", kinds[i].name, what, kinds[i].name);
	buf_add(out, STR("]}"));
	for (size_t i = 0; i < count; i++) {
		struct buf name, help;
		buf_init(&name, 0);
		buf_init(&help, 0);
		buf_addf(&name, "%s-%s", what, kinds[i].name);
		buf_add(&help, STR(",\"description\":"));
		escape_json(&help, str_of(kinds[i].help));
		define(out, name.p, kinds[i].fields, common, help.p);
		buf_finish(&name);
		buf_finish(&help);
	}
}

enum { MAX_KINDS = 64 };

static const struct source_type *type_of(const struct preset *preset)
{
	const struct conf_node *name = conf_get(preset->source, "type");
	const struct source_type *const *type = source_types;
	while (*type && !str_eq(name->text, str_of((*type)->name)))
		type++;
	assert(*type);
	return *type;
}

static bool is_needed(const struct preset *preset, const char *key)
{
	for (size_t i = 0; i < preset->needs.count; i++)
		if (str_eq(preset->needs.items[i], str_of(key)))
			return true;
	return false;
}

/* A preset's parameters, and the options of its type, of which few are required any more. */
static struct kind kind_of(const struct preset *preset, struct arena *arena)
{
	const struct source_type *type = type_of(preset);
	size_t count = preset->parameter_count;
	for (const struct conf_field *f = type->fields; f->key; f++)
		count++;
	struct conf_field *fields = arena_array(arena, struct conf_field, count + 1);
	for (size_t i = 0; i < preset->parameter_count; i++) {
		const struct preset_parameter *p = &preset->parameters[i];
		fields[i] = (struct conf_field){ .key = arena_text(arena, p->name),
			.type = CONF_TEXT,
			.required = !p->fallback.p && !p->cases,
			.fallback = p->fallback.p ? arena_text(arena, p->fallback) : NULL,
			.help = arena_text(arena, p->about) };
	}
	for (size_t i = preset->parameter_count; i < count; i++) {
		fields[i] = type->fields[i - preset->parameter_count];
		fields[i].required = is_needed(preset, fields[i].key);
	}
	return (struct kind){ arena_text(arena, preset->name), arena_text(arena, preset->about),
		fields };
}

static void define_sources(struct buf *out)
{
	struct kind kinds[MAX_KINDS];
	struct arena arena;
	size_t count = 0;
	arena_init(&arena, 0);
	for (size_t i = 0; source_types[i] && count < MAX_KINDS; i++) {
		const struct source_type *t = source_types[i];
		if (!t->missing)
			kinds[count++] = (struct kind){ t->name, t->help, t->fields };
	}
	for (const struct preset_text *text = preset_texts; text->name && count < MAX_KINDS; text++)
		kinds[count++] = kind_of(preset_read(text, &arena), &arena);
	define_kinds(out, "source", kinds, count, source_fields,
		"{\"pattern\":\"\\\\.ya?ml$\"}],\"description\":\"A type, a preset, or "
		"the path of a preset of your own.\"");
	arena_finish(&arena);
}

static void define_notifiers(struct buf *out)
{
	struct kind kinds[MAX_KINDS];
	size_t count = 0;
	for (size_t i = 0; notifier_types[i] && count < MAX_KINDS; i++) {
		const struct notifier_type *t = notifier_types[i];
		if (!t->missing)
			kinds[count++] = (struct kind){ t->name, t->help, t->fields };
	}
	define_kinds(out, "notifier", kinds, count, notifier_fields, "");
}

/* --- indented --- */

static void add_line(struct buf *out, unsigned depth)
{
	buf_add_char(out, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_add_char(out, ' ');
}

/* Copies the string that begins at json.p[at]; returns where it ends. */
static size_t add_string(struct str json, size_t at, struct buf *out)
{
	size_t end = at + 1;
	while (end < json.n && json.p[end] != '"')
		end += json.p[end] == '\\' ? 2 : 1;
	buf_add(out, str_slice(json, at, end + 1));
	return end + 1;
}

/* Our own JSON, which is valid and without spaces, with each member and item on a line of its own,
 * so that a change shows as such. */
static void indent(struct str json, struct buf *out)
{
	unsigned depth = 0;
	for (size_t i = 0; i < json.n;) {
		char c = json.p[i], next = i + 1 < json.n ? json.p[i + 1] : '\0';
		if (c == '"') {
			i = add_string(json, i, out);
			continue;
		}
		bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
		depth -= closes;
		if (closes && json.p[i - 1] != '{' && json.p[i - 1] != '[')
			add_line(out, depth);
		buf_add_char(out, c);
		depth += opens;
		if (c == ',' || (opens && next != '}' && next != ']'))
			add_line(out, depth);
		else if (c == ':')
			buf_add_char(out, ' ');
		i++;
	}
}

void schema_write(struct buf *out)
{
	struct buf json;
	buf_init(&json, 0);
	buf_add(&json,
		STR(",\"$schema\":\"http://json-schema.org/draft-07/schema#\","
		    "\"title\":\"vigie\",\"definitions\":{"));
	conf_schema_definitions(&json);
	define(&json, "store", config_store_fields, NULL, "");
	define(&json, "http", config_http_fields, NULL, "");
	define(&json, "watchdog", config_watchdog_fields, NULL, "");
	define_rules(&json);
	define_map(&json);
	define_sources(&json);
	define_notifiers(&json);
	buf_add(&json, STR("}"));
	struct buf whole;
	buf_init(&whole, 0);
	conf_schema(&schema, config_fields, NULL, json.p, &whole);
	indent(buf_str(&whole), out);
	buf_add_char(out, '\n');
	buf_finish(&json);
	buf_finish(&whole);
}
