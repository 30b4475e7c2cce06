/* Whatever an IMAP server sends, in pieces or at once: the same responses, each read within its
 * bytes. The first byte is the size of a piece. */
#include <assert.h>
#include <errno.h>

#include "base/utf8.h"
#include "sources/imap_login.h"
#include "sources/imap_parse.h"
#include "sources/imap_read.h"
#include "sources/imap_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct str whole, struct str part)
{
	assert(!part.p || part.n == 0 ||
		(part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void check_response(struct str bytes)
{
	struct arena arena;
	struct imap_response r;
	struct buf command, answer;
	arena_init(&arena, 1024 * 1024);
	if (imap_parse(bytes, &arena, &r)) {
		check_inside(bytes, r.tag);
		check_inside(bytes, r.code);
		check_inside(bytes, r.code_value);
		check_inside(bytes, r.text);
		assert(r.body.n <= bytes.n && r.date.n <= bytes.n);
		assert(!r.no_body || !r.body.p);
		const struct imap_login login = { STR("u"), STR("p"), STR_NONE };
		buf_init(&command, 0);
		buf_init(&answer, 0);
		(void)imap_login_command(&login, r.text, &command, &answer);
		buf_finish(&command);
		buf_finish(&answer);
	}
	arena_finish(&arena);
}

static void read_all(struct str bytes, size_t piece, struct buf *out)
{
	struct imap_reader r;
	struct str response;
	int found = 0;
	imap_reader_init(&r);
	r.max_literal_bytes = 1000;
	for (size_t at = 0; at < bytes.n && found >= 0; at += piece) {
		imap_reader_add(&r, str_slice(bytes, at, at + piece));
		while ((found = imap_reader_next(&r, &response)) > 0) {
			check_response(response);
			buf_add(out, response);
			buf_add_char(out, '\0');
		}
	}
	assert(found == 0 || found == -EMSGSIZE);
	if (found < 0)
		buf_add(out, STR("!"));
	imap_reader_finish(&r);
}

static void check_others(struct str bytes)
{
	struct buf call, folder, sent;
	struct imap_cursor cursor;
	char text[IMAP_CURSOR_BYTES];
	buf_init(&call, 0);
	buf_init(&folder, 0);
	buf_init(&sent, 0);
	if (!imap_url_read(bytes, IMAP_TLS_REQUIRED, &call, &folder)) {
		assert(utf8_valid(buf_str(&folder)) && folder.n);
		assert(imap_folder(buf_str(&folder), &sent));
		for (size_t i = 0; i < sent.n; i++)
			assert(sent.p[i] >= ' ' && sent.p[i] < 0x7f);
		(void)imap_url_is_near(bytes);
	}
	if (imap_cursor_parse(bytes, &cursor))
		assert(imap_cursor_format(&cursor, text) == bytes.n);
	buf_finish(&call);
	buf_finish(&folder);
	buf_finish(&sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > IMAP_PIECE_BYTES)
		return 0;
	const struct str bytes = { (const char *)data + 1, size - 1 };
	struct buf whole, pieces;
	buf_init(&whole, 0);
	buf_init(&pieces, 0);
	read_all(bytes, bytes.n ? bytes.n : 1, &whole);
	read_all(bytes, data[0] ? data[0] : 1, &pieces);
	assert(str_eq(buf_str(&whole), buf_str(&pieces)));
	buf_finish(&whole);
	buf_finish(&pieces);
	check_others(bytes);
	return 0;
}
