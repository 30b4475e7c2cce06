#include "conf/schema.h"

#include <string.h>

#include "base/escape.h"
#include "conf/help.h"

/* Plain scalars are all text to vigie, so 2024 and true are texts too. */
static const char definitions[] =
	"\"text\":{\"anyOf\":[{\"type\":[\"string\",\"number\",\"boolean\"]},"
	"{\"$ref\":\"#/definitions/reference\"}]},"
	"\"texts\":{\"anyOf\":[{\"$ref\":\"#/definitions/text\"},"
	"{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/text\"}},{\"type\":\"null\"}]},"
	"\"references\":{\"anyOf\":[{\"$ref\":\"#/definitions/reference\"},"
	"{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/"
	"reference\"}},{\"type\":\"null\"}]},"
	"\"reference\":{\"description\":\"A text that stands elsewhere.\",\"type\":\"object\","
	"\"minProperties\":1,\"maxProperties\":1,\"additionalProperties\":false,\"properties\":{"
	"\"env\":{\"description\":\"The name of an environment variable.\",\"type\":\"string\"},"
	"\"file\":{\"description\":\"A file that only its owner may read.\","
	"\"type\":\"string\"},"
	"\"credential\":{\"description\":\"The name of a credential of systemd.\","
	"\"type\":\"string\"}}}";

void conf_schema_definitions(struct buf *out)
{
	buf_add(out, str_of(definitions));
}

static void add_range(const struct conf_field *f, struct buf *out)
{
	if (f->min == 0 && f->max == 0)
		return;
	buf_addf(out, ",\"minimum\":%lld", (long long)f->min);
	if (f->max != INT64_MAX)
		buf_addf(out, ",\"maximum\":%lld", (long long)f->max);
}

static void add_choices(const struct conf_field *f, struct buf *out)
{
	buf_add(out, STR(",\"enum\":["));
	for (size_t i = 0; f->choices[i]; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		escape_json(out, str_of(f->choices[i]));
	}
	buf_add_char(out, ']');
}

/* Members of the value's schema, each with a comma before it. */
static void add_type(const struct conf_field *f, struct buf *out)
{
	switch (f->type) {
	case CONF_TEXT:
		buf_add(out, STR(",\"allOf\":[{\"$ref\":\"#/definitions/text\"}]"));
		break;
	case CONF_SECRET:
		buf_add(out, STR(",\"allOf\":[{\"$ref\":\"#/definitions/reference\"}]"));
		break;
	case CONF_PATH:
		buf_add(out, STR(",\"type\":[\"string\",\"number\"]"));
		break;
	case CONF_BOOL:
		buf_add(out, STR(",\"type\":\"boolean\""));
		break;
	case CONF_INT:
		buf_add(out, STR(",\"type\":\"integer\""));
		add_range(f, out);
		break;
	case CONF_DURATION:
		buf_add(out,
			STR(",\"type\":\"string\","
			    "\"pattern\":\"^(0|[1-9][0-9]*)(ms|s|m|h|d)$\""));
		break;
	case CONF_SIZE:
		buf_add(out,
			STR(",\"type\":\"string\","
			    "\"pattern\":\"^(0|[1-9][0-9]*)(B|KB|MB|GB)$\""));
		break;
	case CONF_CHOICE:
		add_choices(f, out);
		break;
	case CONF_TEXTS:
		buf_add(out, STR(",\"allOf\":[{\"$ref\":\"#/definitions/texts\"}]"));
		break;
	case CONF_SECRETS:
		buf_add(out, STR(",\"allOf\":[{\"$ref\":\"#/definitions/references\"}]"));
		break;
	case CONF_TREE:
		break;
	}
}

static void add_default(const struct conf_field *f, struct buf *out)
{
	bool bare = f->type == CONF_BOOL || f->type == CONF_INT;
	struct str text = str_of(f->fallback);
	if (text.n > 1 && text.p[0] == '\'')
		text = str_slice(text, 1, text.n - 1);
	else if (text.n && strchr("[{\"", text.p[0]))
		return;
	if (!text.p)
		return;
	buf_add(out, STR(",\"default\":"));
	if (bare)
		buf_add(out, text);
	else
		escape_json(out, text);
}

static const char *schema_of(
	const struct conf_schema *s, const struct conf_field *fields, const char *key)
{
	for (const struct conf_schema_key *k = s->keys; k->key; k++) {
		if (k->fields == fields && strcmp(k->key, key) == 0)
			return k->schema;
	}
	return NULL;
}

static void add_field(const struct conf_schema *s, const struct conf_field *fields,
	const struct conf_field *f, struct buf *out)
{
	struct buf help;
	const char *own = schema_of(s, fields, f->key);
	buf_init(&help, 0);
	buf_add(&help, str_of(f->help));
	if (f->type == CONF_DURATION || f->type == CONF_SIZE) {
		buf_add(&help, STR(" ("));
		conf_help_type(f, &help);
		buf_add(&help, STR(")"));
	}
	escape_json(out, str_of(f->key));
	buf_add(out, STR(":{\"description\":"));
	escape_json(out, buf_str(&help));
	if (own && own[0])
		buf_addf(out, ",\"allOf\":[%s]", own);
	else
		add_type(f, out);
	add_default(f, out);
	buf_add_char(out, '}');
	buf_finish(&help);
}

static bool is_known(const struct conf_schema *s, const struct conf_field *f)
{
	return !s->not_yet || f->help != s->not_yet;
}

void conf_schema(const struct conf_schema *s, const struct conf_field *fields,
	const struct conf_field *more, const char *extra, struct buf *out)
{
	const struct conf_field *const tables[] = { fields, more };
	bool first = true;
	buf_add(out, STR("{\"type\":\"object\",\"additionalProperties\":false,\"required\":["));
	for (size_t t = 0; t < 2; t++) {
		for (const struct conf_field *f = tables[t]; f && f->key; f++) {
			if (!f->required || !is_known(s, f))
				continue;
			buf_add(out, first ? STR("") : STR(","));
			escape_json(out, str_of(f->key));
			first = false;
		}
	}
	buf_add(out, STR("],\"properties\":{"));
	first = true;
	for (size_t t = 0; t < 2; t++) {
		for (const struct conf_field *f = tables[t]; f && f->key; f++) {
			if (!is_known(s, f))
				continue;
			buf_add(out, first ? STR("") : STR(","));
			add_field(s, tables[t], f, out);
			first = false;
		}
	}
	buf_addf(out, "}%s}", extra);
}
