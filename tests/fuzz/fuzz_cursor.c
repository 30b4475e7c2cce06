/* A cursor that is read is written back as it was, and its parts keep to what they may be. */
#include <assert.h>
#include <string.h>

#include "sources/file/file_cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file_cursor cursor;
	const struct str text = { (const char *)data, size };
	if (!file_cursor_parse(text, &cursor))
		return 0;
	char again[FILE_CURSOR_BYTES];
	const size_t n = file_cursor_format(&cursor, again);
	assert(n == size && memcmp(again, data, n) == 0);
	assert(strlen(cursor.hash) == FILE_HASH_BYTES);
	return 0;
}
