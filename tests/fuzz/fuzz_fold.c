/* Folding: both ways give the same, twice is once, and every byte leads back into the text. */
#include <assert.h>

#include "base/fold.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct buf once, twice;
	struct folded f;
	buf_init(&once, 0);
	buf_init(&twice, 0);
	folded_init(&f);
	fold_add(&once, text);
	fold_add(&twice, buf_str(&once));
	folded_set(&f, text);
	assert(utf8_valid(buf_str(&once)));
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	assert(str_eq(buf_str(&once), (struct str){ f.p, f.n }));
	for (size_t i = 0; i < f.n; i++) {
		uint32_t from, to;
		folded_span(&f, i, i + 1, &from, &to);
		assert(from < to && to <= size);
		assert(!utf8_valid(text) || utf8_valid(str_slice(text, from, to)));
	}
	assert(fold_same_letters(text, text));
	buf_finish(&once);
	buf_finish(&twice);
	folded_finish(&f);
	return 0;
}
