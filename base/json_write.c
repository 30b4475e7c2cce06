#include "base/json_write.h"

#include "base/clock.h"
#include "base/escape.h"

void json_key(struct buf *out, const char *key)
{
	char last = out->n ? out->p[out->n - 1] : '{';
	if (last != '{' && last != '[')
		buf_add_char(out, ',');
	if (!key)
		return;
	buf_add_char(out, '"');
	buf_add(out, str_of(key));
	buf_add(out, STR("\":"));
}

void json_open(struct buf *out, const char *key, char bracket)
{
	json_key(out, key);
	buf_add_char(out, bracket);
}

void json_text(struct buf *out, const char *key, struct str text)
{
	if (!text.p)
		return;
	json_key(out, key);
	escape_json(out, text);
}

void json_texts(struct buf *out, const char *key, struct str_list texts)
{
	json_open(out, key, '[');
	for (size_t i = 0; i < texts.count; i++)
		json_text(out, NULL, texts.items[i].p ? texts.items[i] : STR(""));
	buf_add_char(out, ']');
}

void json_integer(struct buf *out, const char *key, int64_t number)
{
	json_key(out, key);
	buf_addf(out, "%lld", (long long)number);
}

void json_number(struct buf *out, const char *key, double number)
{
	json_key(out, key);
	buf_addf(out, "%.6g", number);
}

void json_bool(struct buf *out, const char *key, bool value)
{
	json_key(out, key);
	buf_add(out, value ? STR("true") : STR("false"));
}

void json_time(struct buf *out, const char *key, int64_t wall_us)
{
	char text[TIME_TEXT_BYTES];
	time_format(wall_us, text);
	json_text(out, key, wall_us ? str_of(text) : STR_NONE);
}
