/* Golden files of mistakes: each FOLDER/NAME.yaml gives the messages of FOLDER/NAME.txt.
 * UPDATE_GOLDEN=1 writes those anew. The test runs in its source folder. */
#pragma once

#include <dirent.h>

#include "tests/data.h"

/* True if the file gives what its golden file says. */
static inline bool golden_holds(
	const char *folder, const char *name, void (*print)(const char *path, struct buf *out))
{
	char yaml[300], golden[300];
	struct buf expected, printed;
	buf_init(&expected, 0);
	buf_init(&printed, 0);
	(void)snprintf(yaml, sizeof yaml, "%s/%s", folder, name);
	(void)snprintf(golden, sizeof golden, "%s/%.*s.txt", folder, (int)strlen(name) - 5, name);
	print(yaml, &printed);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *file = fopen(golden, "wb");
		assert_non_null(file);
		(void)fwrite(printed.p, 1, printed.n, file); /* the next run checks it */
		(void)fclose(file);
	}
	bool same = read_file(golden, &expected) && str_eq(buf_str(&expected), buf_str(&printed));
	if (!same)
		print_error("%s gives\n%snot\n%s", yaml, printed.n ? printed.p : "",
			expected.n ? expected.p : "");
	buf_finish(&expected);
	buf_finish(&printed);
	return same;
}

/* All files of the folder, of which there must be at least `least`. print adds the messages that a
 * file gives. */
static inline void check_golden_folder(
	const char *folder, size_t least, void (*print)(const char *path, struct buf *out))
{
	size_t count = 0, wrong = 0;
	DIR *files = opendir(folder);
	assert_non_null(files);
	for (struct dirent *entry; (entry = readdir(files));) {
		if (!str_ends(str_of(entry->d_name), STR(".yaml")))
			continue;
		wrong += !golden_holds(folder, entry->d_name, print);
		count++;
	}
	(void)closedir(files); /* it was only read */
	assert_true(count >= least);
	assert_int_equal(wrong, 0);
}
