/* What is told of a line are views of it, in their order, and the message is its end. Links
 * model and base. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "model/log_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct str part, struct str whole)
{
	assert(!part.p ||
		((uintptr_t)part.p >= (uintptr_t)whole.p &&
			(uintptr_t)part.p + part.n <= (uintptr_t)whole.p + whole.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_us = INT64_C(1795357800) * US_PER_S;
	struct log_line line;
	const struct str whole = { (const char *)data, size };
	if (size == 0)
		return 0;
	log_line_read(whole, now_us, &line);
	assert(line.message.p);
	if (line.message.n) {
		check_inside(line.message, whole);
		assert(str_ends(whole, line.message));
	}
	check_inside(line.origin, whole);
	check_inside(line.host, line.origin);
	check_inside(line.program, line.origin);
	assert(!line.host.p || line.host.n);
	assert(!line.program.p || line.program.n);
	assert(str_find_char(line.host, ' ') == SIZE_MAX);
	assert(str_find_char(line.program, ' ') == SIZE_MAX);
	/* What has no beginning is all message. */
	if (!line.host.p && !line.program.p && line.created_at_us == 0)
		assert(line.message.n == size || data[0] == '<');
	struct buf out;
	buf_init(&out, size);
	const struct str clean = log_lines_clean(whole, &out);
	assert(clean.n == size);
	for (size_t i = 0; i < size; i++) {
		assert((unsigned char)clean.p[i] >= 0x20 || strchr("\n\t\r", clean.p[i]));
		assert((clean.p[i] == '\n') == (data[i] == '\n'));
	}
	buf_finish(&out);
	return 0;
}
