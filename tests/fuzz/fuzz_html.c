/* Text of HTML is UTF-8 where the HTML is, is at most a little longer, neither begins nor ends
 * with a gap, and up to its ceiling does not depend on it. */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "model/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str html = { (const char *)data, size };
	struct buf out, small;
	buf_init(&out, 0);
	html_to_text(html, &out);
	struct str text = buf_str(&out);
	assert(!utf8_valid(html) || utf8_valid(text));
	assert(text.n <= size * 2);
	assert(text.n == 0 || (text.p[0] != ' ' && text.p[0] != '\n'));
	assert(text.n == 0 || (text.p[text.n - 1] != ' ' && text.p[text.n - 1] != '\n'));
	buf_init(&small, 16);
	html_to_text(html, &small);
	assert(small.n <= 16 && str_starts(text, buf_str(&small)));
	assert(small.full == (text.n > 16));
	buf_finish(&out);
	buf_finish(&small);
	return 0;
}
