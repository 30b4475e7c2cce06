/* How fast the scan alone is: bench_scan POSTS WORDS... reads the posts into memory and prints, for
 * each list of words, gigabytes a second (best of five) and the share of records let through,
 * beside splitting the same memory at newlines. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/mem.h"
#include "model/map.h"
#include "rules/scan/scan.h"

static struct str read_whole(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return STR_NONE;
	struct str s = { NULL, (size_t)st.st_size };
	char *p = mem_zero(s.n + 64, 1);
	for (size_t at = 0; at < s.n;) {
		ssize_t n = read(fd, p + at, s.n - at);
		if (n <= 0)
			return STR_NONE;
		at += (size_t)n;
	}
	close(fd);
	s.p = p;
	return s;
}

static bool go_on(void *ctx, struct str record)
{
	(void)ctx;
	(void)record;
	return true;
}

static double split(struct str posts)
{
	int64_t best = INT64_MAX;
	for (int i = 0; i < 5; i++) {
		int64_t start = clock_monotonic_us();
		size_t count = 0;
		for (const char *p = posts.p, *end = p + posts.n;
			p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
			count++;
		int64_t took = clock_monotonic_us() - start;
		best = count && took < best ? took : best;
	}
	return (double)posts.n / (double)best / 1e3;
}

static void measure(struct str posts, const char *words)
{
	struct diag *diag = diag_create();
	int64_t start = clock_monotonic_us(), best = INT64_MAX;
	struct ruleset *set = ruleset_create(rules_of_list(words, STR("words"), diag));
	int64_t ready = clock_monotonic_us() - start;
	struct scan *scan = scan_create(set, post_map_auto(), SCAN_FASTEST);
	struct scan_scratch *scratch = scan_scratch_create(scan);
	struct scan_counts counts = { 0 };
	for (int i = 0; i < 5; i++) {
		counts = (struct scan_counts){ 0 };
		start = clock_monotonic_us();
		scan_block(scan, scratch, posts, go_on, NULL, &counts);
		int64_t took = clock_monotonic_us() - start;
		best = took < best ? took : best;
	}
	(void)printf(
		"%8zu words, ready in %7.1f ms: scan %6.3f GB/s, lets %5.2f %% through  (%s)\n",
		ruleset_costs(set).word_count, (double)ready / 1e3,
		(double)posts.n / (double)best / 1e3,
		100.0 * (double)counts.candidate_count / (double)counts.record_count, words);
	scan_scratch_destroy(scratch);
	scan_destroy(scan);
	ruleset_destroy(set);
	diag_destroy(diag);
}

int main(int argc, char **argv)
{
	struct str posts = argc > 2 ? read_whole(argv[1]) : STR_NONE;
	if (!posts.p) {
		(void)fprintf(stderr, "usage: bench_scan POSTS WORDS...\n");
		return 2;
	}
	(void)printf("%s, %.0f MB: split at newlines %.1f GB/s\n", argv[1], (double)posts.n / 1e6,
		split(posts));
	for (int i = 2; i < argc; i++)
		measure(posts, argv[i]);
	mem_free((char *)(uintptr_t)posts.p);
	return 0;
}
