/* Any alert gives a mail that a server and a mail program can read: only whole CRLF lines of at
 * most 998 ASCII bytes, always the same headers, always two parts. The input's first byte chooses
 * severity and language and how many bytes are hits; the rest is cut at 0x1E into the fields. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "notifiers/notifier.h"

enum { HEADER_COUNT = 13, MAX_LINE_BYTES = 998, MAX_HITS = 8, MAX_FIELDS = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] =
	"fr: { type: email, url: smtp://x, from: 'V <v@example.org>',"
	" to: [a@example.org, b@example.org], reply_to: r@example.org }\n"
	"en: { type: email, url: smtp://x, from: 'V <v@example.org>', language: en,"
	" to: [a@example.org, b@example.org], reply_to: r@example.org }\n";

static void check_lines(struct str mail)
{
	size_t length = 0;
	for (size_t i = 0; i < mail.n; i++) {
		unsigned char c = (unsigned char)mail.p[i];
		assert(c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c < 0x7F));
		if (c == '\r')
			assert(i + 1 < mail.n && mail.p[i + 1] == '\n');
		if (c == '\n') {
			assert(i > 0 && mail.p[i - 1] == '\r');
			length = 0;
		} else if (c != '\r') {
			assert(++length <= MAX_LINE_BYTES);
		}
	}
	assert(length == 0);
}

static void check_headers(struct str mail)
{
	size_t end = str_find(mail, STR("\r\n\r\n")), count = 0;
	assert(end != SIZE_MAX);
	struct str rest = str_slice(mail, 0, end), line;
	while (str_next(&rest, '\n', &line)) {
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			assert(str_trim(line).n > 0); /* a folded line is never blank */
			continue;
		}
		count++;
		assert(str_find(line, STR(": ")) != SIZE_MAX ||
			str_find(line, STR(":\r")) != SIZE_MAX || str_ends(line, STR(":")));
	}
	assert(count == HEADER_COUNT);
}

static void check_parts(struct str mail)
{
	size_t count = 0, at;
	for (struct str rest = mail; (at = str_find(rest, STR("\r\n--=_vigie_"))) != SIZE_MAX;
		count++)
		rest = str_slice(rest, at + 2, rest.n);
	assert(count == 3);
}

static void check_mail(const struct notifier *n, const struct alert *alert)
{
	struct buf mail;
	buf_init(&mail, 0);
	notifier_render(n, alert, STR("d1"), &mail);
	check_lines(buf_str(&mail));
	check_headers(buf_str(&mail));
	check_parts(buf_str(&mail));
	buf_finish(&mail);
}

static void fill(struct alert *alert, struct post *post, struct hit hits[MAX_HITS], uint8_t choice,
	struct str rest)
{
	struct str fields[MAX_FIELDS] = { STR_NONE };
	size_t hit_count = choice >> 5;
	for (size_t i = 0; i < hit_count && rest.n >= 3; i++) {
		hits[i] = (struct hit){ .term = str_slice(rest, 0, 3),
			.field = rest.p[0] & 1 ? FIELD_TITLE : FIELD_TEXT,
			.from = (uint8_t)rest.p[1],
			.to = (uint8_t)rest.p[2] };
		alert->match.hit_count = i + 1;
		rest = str_slice(rest, 3, rest.n);
	}
	for (size_t i = 0; i < MAX_FIELDS && str_next(&rest, 0x1E, &fields[i]); i++) {
	}
	post->text = fields[0];
	post->title = fields[1];
	post->author.name = fields[2];
	post->author.handle = fields[3];
	post->url = fields[4];
	post->source = fields[5];
	alert->match.rule = fields[6].p ? fields[6] : STR("rule");
	alert->match.about = fields[2];
	alert->match.severity = (enum severity)(choice % 3);
	alert->match.post = post;
	alert->match.hits = hits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct arena arena;
	struct diag *diag = diag_create();
	arena_init(&arena, 0);
	struct conf_node *node = conf_read_text("fuzz", str_of(yaml), &arena, diag);
	struct notifiers *all = notifiers_create(node, &arena, diag);
	assert(!diag_failed(diag));
	struct alert alert = { .id = "0123456789abcdef0123456789abcdef" };
	struct post post = post_empty();
	struct hit hits[MAX_HITS];
	fill(&alert, &post, hits, data[0], (struct str){ (const char *)data + 1, size - 1 });
	alert.created_at_us = INT64_C(1795333784000000);
	check_mail(notifiers_at(all, (data[0] >> 2) & 1), &alert);
	notifiers_destroy(all);
	arena_finish(&arena);
	diag_destroy(diag);
	return 0;
}
