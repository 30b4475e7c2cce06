#include "daemon/input.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"

/* --- options --- */

bool input_threads(const struct command *c, const char *text, void *threads)
{
	int64_t n;
	if (!str_to_int64(str_of(text), &n) || n < 0 || n > 256) {
		(void)command_usage(c, "-j takes 1 to 256, or 0 for all cores: '%s'", text);
		return false;
	}
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	*(unsigned *)threads = n > 0 ? (unsigned)n : cores > 0 ? (unsigned)cores : 1;
	return true;
}

bool input_color(const struct command *c, const char *text, void *color)
{
	bool *is_colored = color;
	if (!text || strcmp(text, "always") == 0) {
		*is_colored = true;
	} else if (strcmp(text, "never") == 0) {
		*is_colored = false;
	} else if (strcmp(text, "auto") != 0) {
		(void)command_usage(c, "--color takes auto, always or never: '%s'", text);
		return false;
	}
	return true;
}

bool input_format(const struct command *c, const char *text, void *map)
{
	if (strcmp(text, "text") == 0) {
		*(const char **)map = "text";
	} else if (strcmp(text, "ndjson") != 0 && strcmp(text, "auto") != 0) {
		(void)command_usage(c, "--format takes ndjson or text: '%s'", text);
		return false;
	}
	return true;
}

bool input_duration(const struct command *c, const char *option, const char *text, int64_t *us)
{
	struct diag *diag = diag_create();
	const struct conf_node node = { .kind = CONF_SCALAR, .text = str_of(text) };
	int64_t value = 0;
	const bool good = conf_duration(&node, &value, diag) && value > 0 && value <= US_PER_DAY;
	diag_destroy(diag);
	if (good)
		*us = value;
	else
		(void)command_usage(c, "%s takes a time such as 30s or 5m: '%s'", option, text);
	return good;
}

void input_set_timezone(struct str zone, struct arena *arena)
{
	setenv("TZ", arena_text(arena, zone), 1);
	tzset();
}

/* --- rules and map --- */

bool input_load(struct input_rules *r, const char *config, const char *rules_file, const char *map)
{
	struct diag *diag = diag_create();
	struct rules *rules = NULL;
	struct str map_name = map ? str_of(map) : STR("auto");
	/* Only a map of the user's own needs the whole configuration, with its secrets. */
	if (rules_file)
		rules = config_load_rules(rules_file, diag);
	else if (config_map(NULL, map_name, &r->map))
		rules = config_load_yaml_rules(config, diag);
	else
		r->config = config_load(config, diag);
	bool whole = !command_print_diag(diag);
	diag_destroy(diag);
	if (!whole) {
		rules_destroy(rules);
		return false;
	}
	r->set = rules ? ruleset_create(rules) : config_take_rules(r->config);
	if (!config_map(r->config, map_name, &r->map)) {
		log_error("no such map: '%s'", map);
		return false;
	}
	if (ruleset_rules(r->set)->rule_count > 0)
		return true;
	log_error("nothing to look for: '%s' has no rules", rules_file ? rules_file : config);
	return false;
}

void input_finish(struct input_rules *r)
{
	ruleset_destroy(r->set);
	config_destroy(r->config);
	*r = (struct input_rules){ 0 };
}

void input_note_terminal(const char *const *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(files[i], "-") == 0 && isatty(STDIN_FILENO)) {
			fprintf(stderr, "vigie: reading posts from the terminal, Ctrl-D ends\n");
			return;
		}
	}
}

/* --- posts --- */

const struct input_marks input_color_marks = { { "\033[1;31m", 7 }, { "\033[0m", 4 } };
const struct input_marks input_bracket_marks = { { "[", 1 }, { "]", 1 } };
const struct input_marks input_no_marks = { { "", 0 }, { "", 0 } };

void input_add_marked(struct buf *out, struct str text, const struct hit *hits, size_t hit_count,
	enum post_field field, const struct input_marks *marks)
{
	size_t at = 0;
	for (size_t i = 0; i < hit_count; i++) {
		const struct hit *h = &hits[i];
		if (h->field != field || h->to <= at)
			continue;
		size_t from = h->from > at ? h->from : at;
		escape_control(out, str_slice(text, at, from));
		buf_add(out, marks->before);
		escape_control(out, str_slice(text, from, h->to));
		buf_add(out, marks->after);
		at = h->to;
	}
	escape_control(out, str_slice(text, at, text.n));
}

/* --- records that are rejected --- */

void input_add_rejected(struct buf *out, uint64_t *report_count, const struct block *block,
	struct str record, const char *reason, size_t at)
{
	if ((*report_count)++ >= MATCHER_MAX_REPORTS)
		return;
	uint64_t place = block->offset + (uint64_t)(record.p - block->lines.p) + at;
	buf_add(out, STR("vigie: "));
	escape_control(out, str_of(block->file));
	buf_addf(out, ": byte %llu: rejected: %s\n", (unsigned long long)place, reason);
}

void input_print_rejected(const struct matcher_counts *c, uint64_t regex_limit_count)
{
	for (size_t i = 0; i < c->reason_count; i++)
		fprintf(stderr, "vigie: %llu rejected: %s\n",
			(unsigned long long)c->reasons[i].count, c->reasons[i].reason);
	if (c->rejected_count && !c->matching_count)
		fprintf(stderr,
			"  hint: a post is a JSON object on one line of its own; --map text "
			"takes plain text\n");
	if (regex_limit_count)
		fprintf(stderr,
			"vigie: %llu searches by a regex were given up: nobody knows whether they "
			"match\n",
			(unsigned long long)regex_limit_count);
}
