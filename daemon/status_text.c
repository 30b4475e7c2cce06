#include "daemon/status_text.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/utf8.h"
#include "daemon/notices.h"

/* Lines fit a terminal: what a column has no room for stands below, or in the JSON. */
enum { CELLS = 12, CUT_BYTES = 64 };

/* A value as people read it: text escaped, null and nothing as "-". */
static void add_value(struct buf *out, struct json_picked picked)
{
	const struct json_value *v = picked.count ? &picked.items[0] : NULL;
	if (v && v->text.n && v->type != JSON_NULL)
		escape_control(out, v->text);
	else
		buf_add_char(out, '-');
}

/* Times as the clock on the wall shows them: "14:02:09", or "22 Nov 14:02:09". */
static void add_time(struct buf *out, struct json_picked picked)
{
	int64_t wall_us;
	if (picked.count && time_parse(picked.items[0].text, &wall_us))
		notice_time(wall_us, clock_wall_us(), true, out);
	else
		add_value(out, picked);
}

static void add_seconds(struct buf *out, struct json_picked picked)
{
	struct buf text;
	buf_init(&text, 64);
	if (picked.count)
		buf_add(&text, picked.items[0].text);
	const double seconds = text.n ? strtod(text.p, NULL) : -1;
	if (seconds >= 0 && seconds < 10)
		buf_addf(out, "%.1f s", seconds);
	else if (seconds >= 0 && seconds < 1e9)
		notice_duration((int64_t)(seconds * (double)US_PER_S), out);
	else
		add_value(out, picked);
	buf_finish(&text);
}

static void add_cut(struct buf *out, struct json_picked picked)
{
	struct buf whole;
	buf_init(&whole, 0);
	add_value(&whole, picked);
	const struct str text = buf_str(&whole);
	const size_t end = text.n > CUT_BYTES ? utf8_floor(text, CUT_BYTES) : text.n;
	buf_add(out, str_slice(text, 0, end));
	if (end < text.n)
		buf_add(out, STR("…"));
	buf_finish(&whole);
}

/* Rows of cells, so that each column is as wide as its widest. The first row has the titles. */
struct table {
	struct arena *arena;
	struct str *cells; /* rows of `columns` */
	size_t columns, count, size;
};

static void add_cell(struct table *t, struct str text)
{
	if (t->count == t->size) {
		size_t size = t->size ? 2 * t->size : 64;
		struct str *cells = arena_array(t->arena, struct str, size);
		for (size_t i = 0; i < t->count; i++)
			cells[i] = t->cells[i];
		t->cells = cells;
		t->size = size;
	}
	t->cells[t->count++] = arena_str(t->arena, text);
}

static void print_table(const struct table *t, struct buf *out)
{
	size_t widths[CELLS] = { 0 };
	for (size_t i = 0; i < t->count; i++) {
		size_t chars = utf8_count(t->cells[i]), column = i % t->columns;
		widths[column] = chars > widths[column] ? chars : widths[column];
	}
	for (size_t i = 0; i < t->count; i++) {
		size_t chars = utf8_count(t->cells[i]), column = i % t->columns;
		buf_add(out, t->cells[i]);
		if (column + 1 < t->columns)
			buf_addf(out, "%*s", (int)(widths[column] - chars) + 2, "");
		else
			buf_add_char(out, '\n');
	}
}

/* The paths of one kind of object, each a column. */
struct columns {
	const char *titles[CELLS];
	struct str paths[CELLS];
	size_t count;
	enum cell { CELL_TEXT, CELL_TIME, CELL_SECONDS, CELL_CUT } kinds[CELLS];
};

static const struct columns source_columns = {
	{ "SOURCE", "TYPE", "STATE", "SINCE", "A MINUTE", "LAG", "SILENT", "RECORDS", "MATCHES",
		"GAPS" },
	{ { "name", 4 }, { "type", 4 }, { "state", 5 }, { "since", 5 },
		{ "records_per_minute", 18 }, { "lag_seconds", 11 }, { "silent_seconds", 14 },
		{ "records", 7 }, { "matches", 7 }, { "gaps_24h.count", 14 } },
	10,
	.kinds = { [3] = CELL_TIME, [5] = CELL_SECONDS, [6] = CELL_SECONDS },
};

static const struct columns gap_columns = {
	{ "GAP OF", "FROM", "TO", "KIND", "REASON" },
	{ { "source", 6 }, { "from", 4 }, { "to", 2 }, { "kind", 4 }, { "reason", 6 } },
	5,
	.kinds = { [1] = CELL_TIME, [2] = CELL_TIME, [4] = CELL_CUT },
};

static const struct columns target_columns = {
	{ "NOTIFIER", "TYPE", "IN FLIGHT", "SENT", "RETRIED", "REJECTED", "OFF" },
	{ { "name", 4 }, { "type", 4 }, { "in_flight", 9 }, { "sent", 4 }, { "retried", 7 },
		{ "rejected", 8 }, { "off", 3 } },
	7,
	.kinds = { CELL_TEXT },
};

static const struct columns regex_columns = {
	{ "REGEX OF", "NAME", "GIVEN UP", "NOT BEGUN", "SET ASIDE", "REGEX" },
	{ { "of", 2 }, { "name", 4 }, { "given_up", 8 }, { "not_begun", 9 }, { "set_aside", 9 },
		{ "regex", 5 } },
	6,
	.kinds = { CELL_TEXT },
};

static void add_table(struct buf *out, const struct columns *columns, struct json_picked items,
	struct arena *arena)
{
	size_t bad;
	struct json_paths *paths = json_paths_create(columns->paths, columns->count, &bad);
	struct table table = { .arena = arena, .columns = columns->count };
	struct json_picked picked[CELLS];
	struct json_error error;
	struct buf cell;
	buf_init(&cell, 0);
	for (size_t c = 0; c < columns->count; c++)
		add_cell(&table, str_of(columns->titles[c]));
	for (size_t i = 0; i < items.count; i++) {
		if (json_pick_yajl(paths, items.items[i].text, arena, picked, &error) != 0)
			continue; /* the whole was JSON, so this is no object */
		for (size_t c = 0; c < columns->count; c++) {
			buf_clear(&cell);
			if (columns->kinds[c] == CELL_TIME)
				add_time(&cell, picked[c]);
			else if (columns->kinds[c] == CELL_SECONDS)
				add_seconds(&cell, picked[c]);
			else if (columns->kinds[c] == CELL_CUT)
				add_cut(&cell, picked[c]);
			else
				add_value(&cell, picked[c]);
			add_cell(&table, buf_str(&cell));
		}
	}
	buf_finish(&cell);
	json_paths_destroy(paths);
	if (items.count)
		print_table(&table, out);
}

/* {"reason":N,...} is flat, was read as JSON, and comes from our own daemon, which writes quotes
 * and backslashes in no reason: a line a reason. */
static void add_reasons(struct buf *out, struct str name, struct str object)
{
	struct str rest = str_trim(str_slice(object, 1, object.n - 1)), reason, count;
	while (str_next(&rest, '"', &reason) && str_next(&rest, '"', &reason)) {
		size_t colon = str_find_char(rest, ':');
		rest = str_slice(rest, colon == SIZE_MAX ? rest.n : colon + 1, rest.n);
		size_t end = str_find_char(rest, ',');
		count = str_trim(str_slice(rest, 0, end));
		rest = str_slice(rest, end, rest.n);
		buf_add(out, STR("  "));
		escape_control(out, name);
		buf_addf(out, ": %.*s rejected: ", STR_ARGS(count));
		escape_control(out, reason);
		buf_add_char(out, '\n');
	}
}

static void add_rejected(struct buf *out, struct json_picked sources, struct arena *arena)
{
	static const struct str wanted[] = { { "name", 4 }, { "rejected", 8 } };
	size_t bad;
	struct json_paths *paths = json_paths_create(wanted, 2, &bad);
	struct json_picked picked[2];
	struct json_error error;
	for (size_t i = 0; i < sources.count; i++) {
		if (json_pick_yajl(paths, sources.items[i].text, arena, picked, &error) == 0 &&
			picked[0].count && picked[1].count &&
			picked[1].items[0].type == JSON_OBJECT)
			add_reasons(out, picked[0].items[0].text, picked[1].items[0].text);
	}
	json_paths_destroy(paths);
}

/* What a column has no room for. */
enum { NAME, STATE, MESSAGE, BLIND_SINCE, ABSENT, PART_COUNT, FAILING, GONE, ILL, REMARK_PATHS };

static const struct str remark_paths[REMARK_PATHS] = { { "name", 4 }, { "state", 5 },
	{ "message", 7 }, { "blind_since", 11 }, { "absent", 6 }, { "parts.count", 11 },
	{ "parts.failing", 13 }, { "parts.gone", 10 }, { "parts.ill[]", 11 } };

static bool is(struct json_picked picked, const char *text)
{
	return picked.count && str_eq(picked.items[0].text, str_of(text));
}

static void add_ill(struct buf *out, struct json_picked ill, struct arena *arena)
{
	static const struct str wanted[] = { { "name", 4 }, { "state", 5 }, { "since", 5 },
		{ "reason", 6 } };
	size_t bad;
	struct json_paths *paths = json_paths_create(wanted, 4, &bad);
	struct json_picked picked[4];
	struct json_error error;
	for (size_t i = 0; i < ill.count; i++) {
		if (json_pick_yajl(paths, ill.items[i].text, arena, picked, &error) != 0)
			continue;
		buf_add(out, STR("    "));
		add_value(out, picked[0]);
		buf_add(out, STR(": "));
		add_value(out, picked[1]);
		if (picked[2].count) {
			buf_add(out, STR(" since "));
			add_time(out, picked[2]);
		}
		if (picked[3].count) {
			buf_add(out, STR(": "));
			add_value(out, picked[3]);
		}
		buf_add_char(out, '\n');
	}
	json_paths_destroy(paths);
}

static void begin_remark(struct buf *out, struct json_picked name)
{
	buf_add(out, STR("  "));
	add_value(out, name);
	buf_add(out, STR(": "));
}

static void add_remark(struct buf *out, struct json_picked p[REMARK_PATHS], struct arena *arena)
{
	const struct str message = p[MESSAGE].count ? p[MESSAGE].items[0].text : STR_NONE;
	if (message.n && !(p[STATE].count && str_eq(message, p[STATE].items[0].text))) {
		begin_remark(out, p[NAME]);
		escape_control(out, message);
		buf_add_char(out, '\n');
	}
	if (p[BLIND_SINCE].count && p[BLIND_SINCE].items[0].text.n) {
		begin_remark(out, p[NAME]);
		buf_add(out, STR("blind since "));
		add_time(out, p[BLIND_SINCE]);
		buf_add_char(out, '\n');
	}
	if (is(p[ABSENT], "true")) {
		begin_remark(out, p[NAME]);
		buf_add(out, STR("silent for longer than it should be\n"));
	}
	if (p[ILL].count == 0)
		return;
	begin_remark(out, p[NAME]);
	add_value(out, p[FAILING]);
	buf_add(out, STR(" of "));
	add_value(out, p[PART_COUNT]);
	buf_add(out, STR(" parts fail"));
	if (p[GONE].count && !is(p[GONE], "0")) {
		buf_add(out, STR(", gone: "));
		add_value(out, p[GONE]);
	}
	buf_add_char(out, '\n');
	add_ill(out, p[ILL], arena);
}

static void add_remarks(struct buf *out, struct json_picked sources, struct arena *arena)
{
	size_t bad;
	struct json_paths *paths = json_paths_create(remark_paths, REMARK_PATHS, &bad);
	struct json_picked picked[REMARK_PATHS];
	struct json_error error;
	for (size_t i = 0; i < sources.count; i++)
		if (json_pick_yajl(paths, sources.items[i].text, arena, picked, &error) == 0)
			add_remark(out, picked, arena);
	json_paths_destroy(paths);
}

enum { VERSION, STARTED_AT, RULES, PENDING, SENT, DEAD, SOURCES, TARGETS, REGEXES, GAPS, PATHS };

bool status_text(struct str json, struct arena *arena, struct buf *out)
{
	static const struct str wanted[PATHS] = { { "version", 7 }, { "started_at", 10 },
		{ "rules", 5 }, { "deliveries.pending", 18 }, { "deliveries.sent", 15 },
		{ "deliveries.dead", 15 }, { "sources[]", 9 }, { "targets[]", 9 },
		{ "regexes[]", 9 }, { "gaps[]", 6 } };
	static const char *const labels[] = { "vigie ", ", running since ",
		", rules: ", "\ndeliveries: pending ", ", sent ", ", dead " };
	size_t bad;
	struct json_paths *paths = json_paths_create(wanted, PATHS, &bad);
	struct json_picked picked[PATHS];
	struct json_error error;
	bool good = json_pick_yajl(paths, json, arena, picked, &error) == 0 &&
		picked[VERSION].count == 1;
	json_paths_destroy(paths);
	if (!good)
		return false;
	for (size_t i = 0; i < SOURCES; i++) {
		buf_add(out, str_of(labels[i]));
		if (i == STARTED_AT)
			add_time(out, picked[i]);
		else
			add_value(out, picked[i]);
	}
	buf_add(out, STR("\n\n"));
	add_table(out, &source_columns, picked[SOURCES], arena);
	add_remarks(out, picked[SOURCES], arena);
	add_rejected(out, picked[SOURCES], arena);
	if (picked[SOURCES].count && picked[GAPS].count)
		buf_add_char(out, '\n');
	add_table(out, &gap_columns, picked[GAPS], arena);
	if (picked[SOURCES].count && picked[TARGETS].count)
		buf_add_char(out, '\n');
	add_table(out, &target_columns, picked[TARGETS], arena);
	if (picked[REGEXES].count)
		buf_add_char(out, '\n');
	add_table(out, &regex_columns, picked[REGEXES], arena);
	return true;
}

void status_text_gaps(struct str json, struct arena *arena, struct buf *out)
{
	static const struct str wanted = { "gaps[]", 6 };
	size_t bad;
	struct json_paths *paths = json_paths_create(&wanted, 1, &bad);
	struct json_picked picked;
	struct json_error error;
	if (json_pick_yajl(paths, json, arena, &picked, &error) == 0)
		add_table(out, &gap_columns, picked, arena);
	json_paths_destroy(paths);
}
