#include "daemon/watch_config.h"

bool watch_texts_add(struct watch_texts *list, struct str text)
{
	if (list->count == WATCH_MAX_TEXTS)
		return false;
	list->items[list->count++] = text;
	return true;
}

void watch_config_name(struct watch_config *c, struct draft *d)
{
	const struct str base = d->name;
	for (size_t n = 2, i = 0; i < c->source_count; i++) {
		if (!str_eq(c->sources[i].name, d->name))
			continue;
		d->name = arena_format(d->arena, "%.*s-%zu", STR_ARGS(base), n++);
		i = SIZE_MAX; /* from the start again */
	}
}

/* ---- rules ---- */

/* What holds a space is a phrase, unless it is written as something else. */
static void add_term(struct str term, struct buf *out)
{
	const bool written = str_find_char(term, '"') != SIZE_MAX || str_starts(term, STR("/"));
	struct buf quoted;
	if (written || str_find_char(term, ' ') == SIZE_MAX) {
		draft_scalar(term, out);
		return;
	}
	const bool exact = str_starts(term, STR("="));
	buf_init(&quoted, 0);
	buf_addf(&quoted, "%s\"%.*s\"", exact ? "=" : "", STR_ARGS(str_slice(term, exact, term.n)));
	draft_scalar(buf_str(&quoted), out);
	buf_finish(&quoted);
}

static void add_terms(const char *key, const struct watch_texts *list, struct buf *out)
{
	if (list->count)
		buf_addf(out, "    %s:\n", key);
	for (size_t i = 0; i < list->count; i++) {
		buf_add(out, STR("      - "));
		add_term(list->items[i], out);
		buf_add_char(out, '\n');
	}
}

static void add_rule(const struct watch_config *c, struct buf *out)
{
	buf_add(out, STR("rules:\n  - name: watch\n"));
	add_terms("any", &c->words, out);
	add_terms("none", &c->nots, out);
	if (c->query.p) {
		buf_add(out, STR("    query: "));
		draft_scalar(c->query, out);
		buf_add_char(out, '\n');
	}
	if (c->langs.count)
		buf_add(out, STR("    where:\n      lang:\n"));
	for (size_t i = 0; i < c->langs.count; i++) {
		buf_add(out, STR("        - "));
		draft_scalar(c->langs.items[i], out);
		buf_add_char(out, '\n');
	}
}

/* ---- notifiers ---- */

static bool is_web(struct str text)
{
	return str_starts(text, STR("https://")) || str_starts(text, STR("http://"));
}

static struct str after(struct str text, struct str prefix)
{
	return str_starts(text, prefix) ? str_slice(text, prefix.n, text.n) : STR_NONE;
}

bool watch_notify_ok(struct str text)
{
	return str_eq(text, STR("desktop")) || str_eq(text, STR("stdout")) || is_web(text) ||
		is_web(after(text, STR("webhook="))) || after(text, STR("mail=")).n;
}

static void add_notifier(struct str text, size_t number, struct buf *out)
{
	const struct str mail = after(text, STR("mail=")), hook = after(text, STR("webhook="));
	if (str_eq(text, STR("stdout")))
		return; /* everything is printed anyway */
	if (str_eq(text, STR("desktop"))) {
		buf_addf(out, "  desktop-%zu: { type: desktop }\n", number);
	} else if (mail.p) {
		/* This machine's own mail server. */
		buf_addf(out,
			"  mail-%zu:\n    type: email\n    url: smtp://127.0.0.1:25\n"
			"    tls: none\n    from: ",
			number);
		draft_scalar(mail, out);
		buf_add(out, STR("\n    to: "));
		draft_scalar(mail, out);
		buf_add_char(out, '\n');
	} else {
		buf_addf(out, "  webhook-%zu:\n    type: webhook\n    url: ", number);
		draft_scalar(hook.p ? hook : text, out);
		buf_add_char(out, '\n');
	}
}

void watch_config_yaml(const struct watch_config *c, struct buf *out)
{
	buf_add(out, STR("store: { path: "));
	draft_scalar(c->store, out);
	buf_add(out, STR(" }\nsources:\n"));
	for (size_t i = 0; i < c->source_count; i++)
		draft_yaml(&c->sources[i], out);
	add_rule(c, out);
	buf_add(out, STR("notifiers:\n"));
	for (size_t i = 0; i < c->notify.count; i++)
		add_notifier(c->notify.items[i], i + 1, out);
}
