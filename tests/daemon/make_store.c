/* make_store PATH: a store with deliveries in all three states, for commands.py. */
#include <stdio.h>

#include "base/clock.h"
#include "store/store.h"

/* 2026-01-02T03:04:05Z */
#define START_US (INT64_C(1767323045) * US_PER_S)

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "make_store: %s: %s\n", what, why);
	return 1;
}

static int add(struct store *s, const char *rule, const char *id, int minute)
{
	static const struct str targets[] = { { "crm", 3 }, { "ecran", 5 }, { "veille-mail", 11 } };
	struct post post = post_empty();
	post.id = str_of(id);
	post.text = STR("une centrale solaire");
	struct alert alert = { .created_at_us = START_US + minute * US_PER_MINUTE };
	alert.match = (struct match){
		.rule = str_of(rule), .severity = SEVERITY_CRITICAL, .post = &post
	};
	alert_id(&alert.match, alert.id);
	bool added;
	if (store_begin(s) != 0 || store_add_alert(s, &alert, targets, 3, &added) != 0)
		return -1;
	return store_commit(s);
}

/* What became of the first alert's deliveries; the second's wait. */
static int settle(struct store *s)
{
	struct arena arena;
	struct outbox_row *rows;
	size_t count;
	arena_init(&arena, 0);
	int error = 0;
	if (store_due(s, STR("crm"), START_US, NULL, 0, 1, &arena, &rows, &count) != 0 ||
		count != 1 ||
		store_dead(s, rows[0].row, START_US + 2 * US_PER_S, STR("410\nGone\033[2J")) != 0)
		error = -1;
	if (error || store_due(s, STR("ecran"), START_US, NULL, 0, 1, &arena, &rows, &count) != 0 ||
		count != 1 || store_sent(s, rows[0].row, START_US + US_PER_S) != 0)
		error = -1;
	if (error ||
		store_due(s, STR("veille-mail"), START_US, NULL, 0, 1, &arena, &rows, &count) !=
			0 ||
		count != 1 ||
		store_retry(s, rows[0].row, START_US + US_PER_S, START_US + 30 * US_PER_S,
			STR("421 later")) != 0)
		error = -1;
	arena_finish(&arena);
	return error;
}

int main(int argc, char **argv)
{
	struct buf message;
	if (argc != 2)
		return fail("usage", "make_store PATH");
	buf_init(&message, 0);
	struct store *s = store_open(argv[1], STORE_OWN, &message);
	if (!s)
		return fail("open", message.p);
	int error = add(s, "solaire", "1", 0);
	error = error ? error : settle(s);
	error = error ? error : add(s, "sav-panne", "2", 1);
	if (error)
		(void)fail("fill", store_error(s));
	store_close(s);
	buf_finish(&message);
	return error ? 1 : 0;
}
