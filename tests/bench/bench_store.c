/* How many commits a second at 1, 10 and 100 alerts each, and how long a single one takes. Run it
 * with the folder to test as argument; the default is the current one. Not an ordinary test. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

enum { PATH_BYTES = 300, SAMPLES = 2000, BUDGET_US = 3000000 };

static void give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

static int add(struct store *s, unsigned n, int64_t now_us)
{
	static const char text[] = "Le parc solaire de Cestas est à l'arrêt depuis ce matin, "
				   "selon l'exploitant ; aucune date de reprise n'est donnée.";
	const struct str targets[] = { STR("desktop"), STR("hook") };
	char id[32];
	struct post post = post_empty();
	(void)snprintf(id, sizeof id, "at://post/%u", n);
	post.id = str_of(id);
	post.source = STR("bluesky");
	post.text = str_of(text);
	post.author.handle = STR("exploitant.example");
	post.created_at_us = post.received_at_us = now_us;
	const struct hit hit = { .term = STR("parc solaire"), .from = 3, .to = 15 };
	struct alert alert = {
		.created_at_us = now_us,
		.match = { .rule = STR("solaire"),
			.about = STR("Cestas"),
			.severity = SEVERITY_NORMAL,
			.post = &post,
			.hits = &hit,
			.hit_count = 1 },
	};
	bool added;
	alert_id(&alert.match, alert.id);
	return store_add_alert(s, &alert, targets, 2, &added);
}

static int commit_block(struct store *s, unsigned first, unsigned count)
{
	char cursor[32];
	int result = store_begin(s);
	for (unsigned i = 0; result == 0 && i < count; i++)
		result = add(s, first + i, clock_wall_us());
	/* Not the same twice: SQLite does not write what is there already. */
	(void)snprintf(cursor, sizeof cursor, "%lld", (long long)clock_wall_us());
	if (result == 0)
		result = store_set_cursor(s, STR("bluesky"), str_of(cursor));
	return result == 0 ? store_commit(s) : result;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static unsigned measure(struct store *s, unsigned first, unsigned count)
{
	int64_t *took = mem_zero(SAMPLES, sizeof *took);
	int64_t start = clock_monotonic_us(), before = start, total;
	size_t n = 0;
	do {
		if (commit_block(s, first, count) != 0)
			give_up("commit", store_error(s));
		first += count;
		int64_t now = clock_monotonic_us();
		took[n++] = now - before;
		before = now;
		total = now - start;
	} while (n < SAMPLES && total < BUDGET_US);
	qsort(took, n, sizeof *took, by_size);
	double seconds = (double)total / (double)US_PER_S;
	printf("%4u alerts a commit: %7.0f commits/s %8.0f alerts/s   us: median %lld, 99 %% %lld, "
	       "worst %lld\n",
		count, (double)n / seconds, (double)n * count / seconds, (long long)took[n / 2],
		(long long)took[n * 99 / 100], (long long)took[n - 1]);
	mem_free(took);
	return first;
}

int main(int argc, char **argv)
{
	static const unsigned counts[] = { 0, 1, 10, 100 };
	char folder[PATH_BYTES], path[PATH_BYTES + 16];
	struct buf message;
	buf_init(&message, 1000);
	(void)snprintf(folder, sizeof folder, "%s/bench-store-XXXXXX", argc > 1 ? argv[1] : ".");
	if (!mkdtemp(folder))
		give_up("cannot make a folder", folder);
	(void)snprintf(path, sizeof path, "%s/vigie.db", folder);
	struct store *s = store_open(path, STORE_OWN, &message);
	if (!s)
		give_up("cannot open", message.p);
	unsigned next = 0;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		next = measure(s, next, counts[i]);
	store_close(s);
	buf_finish(&message);
	(void)unlink(path); /* what stays behind can be seen */
	(void)snprintf(path, sizeof path, "%s/vigie.db.lock", folder);
	(void)unlink(path);
	return rmdir(folder) == 0 ? 0 : 1;
}
