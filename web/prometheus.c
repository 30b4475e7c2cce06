#include "web/prometheus.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/utf8.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Names of labels may hold no colon, and those that begin with two underscores are Prometheus's. */
static bool is_name(const char *name, bool of_label)
{
	if (of_label && name[0] == '_' && name[1] == '_')
		return false;
	for (const char *p = name; *p; p++) {
		const bool digit = *p >= '0' && *p <= '9';
		if (!is_letter(*p) && !(digit && p > name) && !(*p == ':' && !of_label))
			return false;
	}
	return name[0] != '\0';
}

/* In HELP a quote stands for itself. */
static void add_escaped(struct buf *out, struct str s, bool quoted)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		const size_t n = utf8_read(s, i, &c);
		if (c == '\n')
			buf_add(out, STR("\\n"));
		else if (c == '\\' || (c == '"' && quoted))
			buf_addf(out, "\\%c", (char)c);
		else if (n == 0 || escape_needed(c))
			buf_add(out, STR("\xEF\xBF\xBD"));
		else
			buf_add(out, str_slice(s, i, i + n));
		i += n ? n : 1;
	}
}

void prometheus_metric(
	struct buf *out, const char *name, enum prometheus_type type, const char *help)
{
	const bool counter = type == PROMETHEUS_COUNTER;
	assert(is_name(name, false));
	assert(str_ends(str_of(name), STR("_total")) == counter);
	buf_addf(out, "# HELP %s ", name);
	add_escaped(out, str_of(help), false);
	buf_addf(out, "\n# TYPE %s %s\n", name, counter ? "counter" : "gauge");
}

static void add_labels(struct buf *out, const struct prometheus_label *labels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert(is_name(labels[i].name, true));
		buf_addf(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
		add_escaped(out, labels[i].value, true);
		buf_add_char(out, '"');
	}
	if (count > 0)
		buf_add_char(out, '}');
}

void prometheus_value(struct buf *out, const char *name, const struct prometheus_label *labels,
	size_t label_count, int64_t value)
{
	assert(is_name(name, false));
	buf_add(out, str_of(name));
	add_labels(out, labels, label_count);
	buf_addf(out, " %" PRId64 "\n", value);
}

void prometheus_seconds(struct buf *out, const char *name, const struct prometheus_label *labels,
	size_t label_count, int64_t value_us)
{
	assert(is_name(name, false));
	buf_add(out, str_of(name));
	add_labels(out, labels, label_count);
	/* The most negative number has no positive twin. */
	const uint64_t size_us = value_us < 0 ? 0 - (uint64_t)value_us : (uint64_t)value_us;
	buf_addf(out, " %s%" PRIu64 ".%06" PRIu64 "\n", value_us < 0 ? "-" : "",
		size_us / (uint64_t)US_PER_S, size_us % (uint64_t)US_PER_S);
}
