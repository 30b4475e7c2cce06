/* The bytes of a WebSocket server give the same however they are cut: messages of valid UTF-8 below
 * the ceiling, an answer of whole frames, at most one close. The first byte chooses the cut, and
 * whether an HTTP answer comes first. Links net and base. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "net/frames.h"
#include "net/upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 40 };

static const char key[UPGRADE_KEY_BYTES + 1] = "dGhlIHNhbXBsZSBub25jZQ==";

static bool hear(void *ctx, struct str text)
{
	struct buf *all = ctx;
	assert(text.n <= MAX_BYTES && utf8_valid(text));
	buf_addf(all, "%zu:", text.n);
	buf_add(all, text);
	return true;
}

/* Each is whole and masked, and nothing follows a close. */
static void check_out(const struct frames *f)
{
	const unsigned char *p = (const unsigned char *)f->out.p;
	size_t left = f->out.n;
	while (left) {
		assert(left >= 6 && (p[0] & 0xf0) == 0x80 && (p[1] & 0x80));
		const size_t bytes = 6 + (p[1] & 0x7f);
		assert((p[1] & 0x7f) <= FRAMES_MAX_CONTROL_BYTES && left >= bytes);
		const int opcode = p[0] & 15;
		assert(opcode == 8 || opcode == 10);
		p += bytes;
		left -= bytes;
		assert(opcode != 8 || left == 0);
	}
}

static void read_frames(struct frames *f, struct str stream, size_t piece_bytes, struct buf *all)
{
	frames_init(f, MAX_BYTES);
	buf_init(all, 0);
	for (size_t at = 0; at < stream.n; at += piece_bytes)
		frames_feed(f, str_slice(stream, at, at + piece_bytes), hear, all);
	check_out(f);
	assert((f->state == FRAMES_OPEN) == (f->sent_code == 0) || f->state == FRAMES_BROKEN);
	assert(f->state != FRAMES_CLOSED || f->fault || f->close_code == f->sent_code);
	assert(utf8_valid((struct str){ f->close_reason, f->close_reason_bytes }));
}

static void check_frames(struct str stream, size_t cut)
{
	const size_t pieces[] = { 1, cut };
	struct frames whole, parts;
	struct buf whole_text, parts_text;
	read_frames(&whole, stream, stream.n ? stream.n : 1, &whole_text);
	for (size_t i = 0; i < 2; i++) {
		read_frames(&parts, stream, pieces[i], &parts_text);
		assert(str_eq(buf_str(&whole_text), buf_str(&parts_text)));
		assert(whole.state == parts.state && whole.sent_code == parts.sent_code);
		assert(whole.close_code == parts.close_code && whole.fault == parts.fault);
		assert(whole.pong_count == parts.pong_count && whole.out.n == parts.out.n);
		buf_finish(&parts_text);
		frames_finish(&parts);
	}
	buf_finish(&whole_text);
	frames_finish(&whole);
}

static enum upgrade_step read_answer(
	struct upgrade *u, struct str stream, size_t piece_bytes, size_t *end)
{
	enum upgrade_step step = UPGRADE_MORE;
	upgrade_init(u, key);
	*end = 0;
	while (step == UPGRADE_MORE && *end < stream.n) {
		size_t used;
		const struct str piece = str_slice(stream, *end, *end + piece_bytes);
		step = upgrade_feed(u, piece, 0, &used);
		assert(used <= piece.n && (used || step != UPGRADE_MORE));
		*end += used;
	}
	assert(u->body.n <= UPGRADE_MAX_BODY_BYTES);
	assert((step == UPGRADE_BROKEN) == (u->why != NULL));
	assert(step != UPGRADE_DONE || u->status == 101);
	return step;
}

static void check_answer(struct str stream, size_t cut)
{
	struct upgrade whole, parts;
	size_t whole_end, parts_end;
	const enum upgrade_step a = read_answer(&whole, stream, stream.n, &whole_end);
	const enum upgrade_step b = read_answer(&parts, stream, cut, &parts_end);
	assert(a == b && whole.status == parts.status && whole.why == parts.why);
	assert(whole.retry_after_us == parts.retry_after_us);
	assert(str_eq(buf_str(&whole.body), buf_str(&parts.body)));
	if (a == UPGRADE_DONE) {
		assert(whole_end == parts_end);
		check_frames(str_slice(stream, whole_end, stream.n), cut);
	}
	upgrade_finish(&whole);
	upgrade_finish(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const struct str stream = { (const char *)data + 1, size - 1 };
	const size_t cut = (size_t)(data[0] & 0x7f) + 1;
	if (data[0] & 0x80)
		check_answer(stream, cut);
	else
		check_frames(stream, cut);
	return 0;
}
