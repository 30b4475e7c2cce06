/* A main for fuzz targets in the ordinary test run: every file of the corpus goes through the
 * target, and then mutations of each, the same ones in every run. Each file has its own process,
 * so that a crash, a leak or a hang can be told by its number; its input is then written to
 * crash-NAME-NUMBER in the current folder.
 *
 *     replay_NAME FOLDER    the whole corpus
 *     replay_NAME FILE      this input alone, without mutations, in this process */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/effort.h"

enum {
	MUTATIONS = 600, /* of each file; ten times that in a long run */
	HANG_S = 20, /* one input may take no longer */
	MAX_INPUT_BYTES = 256 * 1024,
	MAX_FILES = 4096
};
#define BUDGET_US (8 * US_PER_S) /* of all mutations; on a slow machine they are cut short */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	char *name;
	struct buf bytes;
};

struct corpus {
	const char *folder;
	struct input *inputs;
	size_t count;
};

/* Which input a child is at. Lives in memory that it shares with its parent. */
struct progress {
	uint32_t mutation; /* 0: the file as it is */
	bool done; /* all its inputs went through */
};

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static size_t random_below(uint64_t *state, size_t limit)
{
	return limit ? (size_t)((random_next(state) >> 11) % limit) : 0;
}

/* Puts `with` in the place of `removed` bytes at `at`; `with` lives elsewhere. */
static void replace(struct buf *b, size_t at, size_t removed, struct str with)
{
	struct buf whole;
	buf_init(&whole, MAX_INPUT_BYTES);
	buf_add(&whole, str_slice(buf_str(b), 0, at));
	buf_add(&whole, with);
	buf_add(&whole, str_slice(buf_str(b), at + removed, b->n));
	buf_finish(b);
	*b = whole;
}

static void repeat(struct buf *b, size_t at, size_t bytes, size_t times)
{
	struct buf many;
	buf_init(&many, MAX_INPUT_BYTES / 4);
	for (size_t i = 0; i < times; i++)
		buf_add(&many, str_slice(buf_str(b), at, at + bytes));
	replace(b, at, bytes, buf_str(&many));
	buf_finish(&many);
}

static void mutate_once(struct buf *b, const struct corpus *corpus, uint64_t *random)
{
	static const char special[] =
		"\0\n\r\t \"'\\/{}[]()<>:;,.#@$%&*-+=_|~^0aZ\x7f\x80\xc3\xe2\xff";
	size_t at = random_below(random, b->n + 1);
	size_t bytes = random_below(random, b->n - at + 1);
	struct str other = buf_str(&corpus->inputs[random_below(random, corpus->count)].bytes);
	size_t from = random_below(random, other.n);
	char c = special[random_below(random, sizeof(special) - 1)];

	switch (random_below(random, 8)) {
	case 0:
		c = (char)((at < b->n ? b->p[at] : 0) ^ (1 << random_below(random, 8)));
		replace(b, at, 1, (struct str){ &c, 1 });
		break;
	case 1:
		replace(b, at, 1, (struct str){ &c, 1 });
		break;
	case 2:
		replace(b, at, 0, (struct str){ &c, 1 });
		break;
	case 3:
		replace(b, at, bytes, STR(""));
		break;
	case 4:
		replace(b, at, b->n - at, STR(""));
		break;
	case 5:
		repeat(b, at, bytes < 16 ? bytes : 16, 2 + random_below(random, 200));
		break;
	case 6:
		replace(b, at, 0, str_slice(other, from, from + random_below(random, 64)));
		break;
	default:
		replace(b, at, bytes, str_slice(other, from, other.n));
		break;
	}
}

/* Mutation 0 is the input as it is; any other depends on its numbers alone. */
static void make_input(struct buf *b, const struct corpus *corpus, size_t file, uint32_t mutation)
{
	buf_clear(b);
	buf_add(b, buf_str(&corpus->inputs[file].bytes));
	if (mutation == 0)
		return;
	uint64_t random = UINT64_C(0x9E3779B97F4A7C15) * ((uint64_t)file << 32 | mutation);
	size_t times = 1 + random_below(&random, 6);
	for (size_t i = 0; i < times; i++)
		mutate_once(b, corpus, &random);
}

/* The target gets a copy of exactly its size, so that a byte too far is seen. */
static void run(struct str input)
{
	uint8_t *copy = mem_alloc(input.n ? input.n : 1);
	if (input.n)
		memcpy(copy, input.p, input.n);
	(void)alarm(HANG_S);
	(void)LLVMFuzzerTestOneInput(copy, input.n);
	(void)alarm(0);
	mem_free(copy);
}

static void run_file(
	const struct corpus *corpus, size_t file, struct progress *progress, int64_t until_us)
{
	struct buf input;
	buf_init(&input, MAX_INPUT_BYTES);
	uint32_t mutation = 0, mutations = MUTATIONS * (uint32_t)effort_factor();
	do {
		progress->mutation = mutation;
		make_input(&input, corpus, file, mutation);
		run(buf_str(&input));
		mutation++;
	} while (mutation <= mutations && clock_monotonic_us() < until_us);
	progress->mutation = mutation;
	progress->done = true;
	buf_finish(&input);
}

static int read_file(const char *path, struct buf *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t got;
	char part[4096];
	while ((got = read(fd, part, sizeof(part))) > 0)
		buf_add(bytes, (struct str){ part, (size_t)got });
	int error = got < 0 ? -errno : bytes->full ? -EFBIG : 0;
	(void)close(fd); /* only read from */
	return error;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct input *)a)->name, ((const struct input *)b)->name);
}

static int corpus_read(struct corpus *corpus)
{
	DIR *dir = opendir(corpus->folder);
	if (!dir)
		return -errno;
	int error = 0;
	struct buf path;
	buf_init(&path, 4096);
	corpus->inputs = mem_zero(MAX_FILES, sizeof(*corpus->inputs));
	for (struct dirent *entry; !error && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		if (corpus->count == MAX_FILES) {
			error = -E2BIG;
			break;
		}
		struct input *input = &corpus->inputs[corpus->count++];
		input->name = mem_text(entry->d_name, strlen(entry->d_name));
		buf_init(&input->bytes, MAX_INPUT_BYTES);
		buf_clear(&path);
		buf_addf(&path, "%s/%s", corpus->folder, entry->d_name);
		error = read_file(path.p, &input->bytes);
	}
	qsort(corpus->inputs, corpus->count, sizeof(*corpus->inputs), by_name);
	buf_finish(&path);
	(void)closedir(dir); /* only read from */
	return error;
}

static void corpus_finish(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		mem_free(corpus->inputs[i].name);
		buf_finish(&corpus->inputs[i].bytes);
	}
	mem_free(corpus->inputs);
}

static void report(const struct corpus *corpus, size_t file, uint32_t mutation, int status)
{
	struct buf input;
	buf_init(&input, MAX_INPUT_BYTES);
	make_input(&input, corpus, file, mutation);
	char name[NAME_MAX + 32];
	(void)snprintf(name, sizeof(name), "crash-%s-%u", corpus->inputs[file].name, mutation);
	FILE *out = fopen(name, "wb");
	bool saved = out && fwrite(input.p, 1, input.n, out) == input.n;
	if (out && fclose(out) != 0)
		saved = false;
	fprintf(stderr, "%s, mutation %u: %s %d; %zu bytes %s %s\n", corpus->inputs[file].name,
		mutation, WIFSIGNALED(status) ? "signal" : "exit status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), input.n,
		saved ? "written to" : "could not be written to", name);
	buf_finish(&input);
}

/* True if the file and its mutations went through. */
static bool try_file(
	const struct corpus *corpus, size_t file, struct progress *progress, int64_t until_us)
{
	*progress = (struct progress){ 0 };
	pid_t child = fork();
	if (child < 0) {
		perror("fork");
		return false;
	}
	if (child == 0) {
		run_file(corpus, file, progress, until_us);
		exit(0); /* with the check for leaks */
	}
	int status = 0;
	if (waitpid(child, &status, 0) != child) {
		perror("waitpid");
		return false;
	}
	if (status != 0 && progress->done)
		fprintf(stderr, "%s: failed at its end: does it leak?\n",
			corpus->inputs[file].name);
	else if (status != 0)
		report(corpus, file, progress->mutation, status);
	return status == 0;
}

static int try_corpus(const struct corpus *corpus)
{
	struct progress *progress = mmap(
		NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	size_t failed = 0, ran = 0;
	int64_t until_us = clock_monotonic_us() + effort_factor() * BUDGET_US;
	for (size_t i = 0; i < corpus->count; i++) {
		/* What is left of the time is shared by the files that are left. */
		int64_t now_us = clock_monotonic_us();
		int64_t left_us = until_us > now_us ? until_us - now_us : 0;
		int64_t share_us = left_us / (int64_t)(corpus->count - i);
		if (!try_file(corpus, i, progress, now_us + share_us))
			failed++;
		ran += progress->mutation;
	}
	(void)munmap(progress, sizeof(*progress));
	printf("%zu files, %zu inputs\n", corpus->count, ran);
	printf("%zu passed, %zu failed\n", corpus->count - failed, failed);
	return failed ? 1 : 0;
}

static int try_one(const char *path)
{
	struct buf bytes;
	buf_init(&bytes, MAX_INPUT_BYTES);
	int error = read_file(path, &bytes);
	if (error == 0)
		run(buf_str(&bytes));
	buf_finish(&bytes);
	return error;
}

int main(int argc, char **argv)
{
	struct stat st;
	if (argc != 2 || stat(argv[1], &st) != 0) {
		fprintf(stderr, "usage: %s FOLDER|FILE\n", argv[0]);
		return 2;
	}
	if (!S_ISDIR(st.st_mode))
		return try_one(argv[1]) == 0 ? 0 : 2;

	struct corpus corpus = { .folder = argv[1] };
	int error = corpus_read(&corpus);
	int result = 1;
	if (error)
		fprintf(stderr, "%s: error %d\n", argv[1], -error);
	else if (corpus.count == 0)
		fprintf(stderr, "%s: no files\n", argv[1]);
	else
		result = try_corpus(&corpus);
	corpus_finish(&corpus);
	return result;
}
