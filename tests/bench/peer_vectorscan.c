/* Vectorscan on the work of `vigie match`: which lines hold a keyword. Two arguments: the keywords,
 * one a line, and the file. Says how many lines do; compiling takes what it takes. */
#include <fcntl.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char *map_file(const char *path, size_t *n)
{
	struct stat info;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &info) < 0)
		exit(2);
	*n = (size_t)info.st_size;
	char *p = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		exit(2);
	return p;
}

static int stop(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	(void)id, (void)from, (void)to, (void)flags;
	*(int *)ctx = 1;
	return 1;
}

static hs_database_t *compile(const char *p, size_t n)
{
	size_t count = 0, size = 1024;
	const char **texts = malloc(size * sizeof *texts);
	size_t *lengths = malloc(size * sizeof *lengths);
	for (const char *end = p + n; p < end;) {
		const char *stop_at = memchr(p, '\n', (size_t)(end - p));
		stop_at = stop_at ? stop_at : end;
		if (count == size) {
			size *= 2;
			texts = realloc(texts, size * sizeof *texts);
			lengths = realloc(lengths, size * sizeof *lengths);
		}
		if (!texts || !lengths)
			exit(2);
		if (stop_at > p) {
			texts[count] = p;
			lengths[count++] = (size_t)(stop_at - p);
		}
		p = stop_at + 1;
	}
	unsigned *flags = calloc(count, sizeof *flags);
	for (size_t i = 0; flags && i < count; i++)
		flags[i] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
	hs_database_t *db;
	hs_compile_error_t *error;
	if (hs_compile_lit_multi(texts, flags, NULL, lengths, (unsigned)count, HS_MODE_BLOCK, NULL,
		    &db, &error) != HS_SUCCESS) {
		(void)fprintf(stderr, "%s\n", error->message);
		exit(2);
	}
	return db;
}

int main(int argc, char **argv)
{
	size_t words_n, n;
	if (argc < 3)
		return 2;
	const char *words = map_file(argv[1], &words_n), *p = map_file(argv[2], &n);
	hs_database_t *db = compile(words, words_n);
	hs_scratch_t *scratch = NULL;
	unsigned long lines = 0;
	if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
		return 2;
	for (const char *end = p + n; p < end;) {
		const char *stop_at = memchr(p, '\n', (size_t)(end - p));
		int found = 0;
		stop_at = stop_at ? stop_at : end;
		(void)hs_scan(db, p, (unsigned)(stop_at - p), 0, scratch, stop, &found);
		lines += (unsigned long)found;
		p = stop_at + 1;
	}
	(void)printf("%lu\n", lines);
	return 0;
}
