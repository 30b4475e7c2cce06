/* Reading the data under VIGIE_DATA, which may be absent: then a test is skipped. */
#pragma once

#include <stdlib.h>

#include "base/buf.h"
#include "tests/check.h"

/* Reads a file whole; false if it is not there. */
static inline bool read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	char piece[65536];
	size_t n;
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(out, (struct str){ piece, n });
	(void)fclose(file); /* only read */
	return true;
}

/* The path of a file of the data; skips the test where the data are absent. */
static inline void data_path(const char *name, char *path, size_t path_bytes)
{
	const char *folder = getenv("VIGIE_DATA");
	(void)snprintf(path, path_bytes, "%s/%s", folder ? folder : "", name);
	FILE *there = folder ? fopen(path, "rb") : NULL;
	if (!there) {
		print_message("no %s under VIGIE_DATA: skipped\n", name);
		skip();
	}
	(void)fclose(there); /* only tried */
}

static inline void read_data(const char *name, struct buf *out)
{
	char path[1024];
	data_path(name, path, sizeof path);
	buf_init(out, 0);
	assert_true(read_file(path, out));
}
