#include "sources/mail_parse.h"

#include <gmime/gmime.h>

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "model/html.h"
#include "sources/feed_bytes.h"
#include "sources/feed_date.h"
#include "sources/mail_body.h"
#include "sources/mail_links.h"

enum {
	CHUNK_BYTES = 16 * 1024,
	LANG_MAX_BYTES = 35,
	ID_MAX_BYTES = 998,
	/* An HTML part that says so much more than the plain one is the mail. */
	STUB_FACTOR = 4,
	STUB_BYTES = 400,
};

struct reader {
	const struct mail_options *options;
	struct arena *arena;
	struct mail *mail;
	struct mail_links links;
	size_t raw_bytes; /* of text parts so far */
	unsigned part_count;
	bool drop_quotes;
};

static void add_object(struct reader *r, GMimeObject *object, unsigned depth, struct buf *out);

void mail_start(void)
{
	g_mime_init();
}

/* ---- values ---- */

/* One line of UTF-8 in the arena; absent if nothing is left. */
static struct str value_of(struct arena *arena, struct str raw, size_t max)
{
	struct buf text, line;
	buf_init(&text, 8 * MAIL_MAX_HEADER_BYTES);
	buf_init(&line, 0);
	if (utf8_valid(raw))
		buf_add(&text, raw);
	else
		feed_decode(raw, STR_NONE, &text);
	for (size_t i = 0; i < text.n; i++) {
		const bool blank = (unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f;
		if (!blank)
			buf_add_char(&line, text.p[i]);
		else if (line.n && line.p[line.n - 1] != ' ')
			buf_add_char(&line, ' ');
	}
	struct str s = str_trim(buf_str(&line));
	s = str_trim(str_slice(s, 0, utf8_floor(s, max < s.n ? max : s.n)));
	const struct str copy = s.n ? arena_str(arena, s) : STR_NONE;
	buf_finish(&text);
	buf_finish(&line);
	return copy;
}

static struct str header(GMimeObject *object, const char *name)
{
	return str_of(g_mime_object_get_header(object, name));
}

/* What stands between the first or the last pair of brackets. */
static struct str in_brackets(struct str s, bool last)
{
	struct str found = STR_NONE;
	for (;;) {
		const size_t open = str_find_char(s, '<');
		s = str_slice(s, open == SIZE_MAX ? s.n : open + 1, s.n);
		const size_t close = str_find_char(s, '>');
		if (open == SIZE_MAX || close == SIZE_MAX)
			return found;
		const struct str id = str_trim(str_slice(s, 0, close));
		if (id.n && id.n <= ID_MAX_BYTES)
			found = id;
		if (!last && found.p)
			return found;
		s = str_slice(s, close + 1, s.n);
	}
}

static void take_ids(struct reader *r, GMimeObject *top)
{
	struct mail *mail = r->mail;
	const struct str id = header(top, "Message-ID"), references = header(top, "References"),
			 reply = header(top, "In-Reply-To");
	const struct str own = in_brackets(id, false);
	struct str parent = in_brackets(references, true);
	if (!parent.p)
		parent = in_brackets(reply, false);
	mail->id = value_of(r->arena, own.p ? own : id, ID_MAX_BYTES);
	mail->parent = value_of(r->arena, parent, ID_MAX_BYTES);
}

static void take_author(struct reader *r, GMimeMessage *message)
{
	InternetAddressList *list = g_mime_message_get_from(message);
	InternetAddress *one = list && internet_address_list_length(list)
		? internet_address_list_get_address(list, 0)
		: NULL;
	if (!one)
		return;
	r->mail->from_name = value_of(
		r->arena, str_of(internet_address_get_name(one)), MAIL_MAX_VALUE_BYTES);
	if (INTERNET_ADDRESS_IS_MAILBOX(one))
		r->mail->from_address = value_of(r->arena,
			str_of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one))),
			MAIL_MAX_VALUE_BYTES);
}

static void take_lang(struct reader *r, GMimeObject *object)
{
	struct str list = header(object, "Content-Language"), lang;
	if (r->mail->lang.p || !str_next(&list, ',', &lang))
		return;
	lang = str_trim(lang);
	for (size_t i = 0; i < lang.n; i++)
		if (!g_ascii_isalnum(lang.p[i]) && lang.p[i] != '-')
			return;
	if (lang.n && lang.n <= LANG_MAX_BYTES)
		r->mail->lang = arena_str(r->arena, lang);
}

static void take_date(struct reader *r, GMimeObject *top)
{
	int64_t us;
	if (!feed_date_parse(header(top, "Date"), &us))
		return;
	if (r->options->now_us && us > r->options->now_us)
		us = r->options->now_us;
	r->mail->date_us = us;
}

static void take_headers(struct reader *r, GMimeMessage *message)
{
	GMimeObject *top = GMIME_OBJECT(message);
	struct str url = in_brackets(header(top, "Archived-At"), false);
	take_ids(r, top);
	take_author(r, message);
	take_lang(r, top);
	take_date(r, top);
	r->mail->title = value_of(
		r->arena, str_of(g_mime_message_get_subject(message)), MAIL_MAX_VALUE_BYTES);
	if (!url.p)
		url = header(top, "Archived-At");
	if (str_starts(url, STR("https://")) || str_starts(url, STR("http://")))
		r->mail->url = value_of(r->arena, url, MAIL_MAX_VALUE_BYTES);
}

/* ---- text ---- */

static void read_content(struct reader *r, GMimePart *part, struct buf *raw)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *bytes = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	char chunk[CHUNK_BYTES];
	ssize_t n;
	if (!bytes)
		return;
	GMimeStream *stream = g_mime_stream_filter_new(bytes);
	GMimeFilter *filter = g_mime_filter_basic_new(
		g_mime_data_wrapper_get_encoding(content), false);
	g_mime_stream_filter_add(GMIME_STREAM_FILTER(stream), filter);
	(void)g_mime_stream_reset(stream); /* else it goes on where it is */
	while (!raw->full && (n = g_mime_stream_read(stream, chunk, sizeof chunk)) > 0) {
		if (r->raw_bytes + (size_t)n > MAIL_MAX_RAW_BYTES) {
			r->mail->cut = true;
			break;
		}
		r->raw_bytes += (size_t)n;
		buf_add(raw, (struct str){ chunk, (size_t)n });
	}
	g_object_unref(filter);
	g_object_unref(stream);
}

static void add_html(struct reader *r, struct str html, struct buf *out)
{
	struct buf own, text;
	buf_init(&own, 2 * MAIL_MAX_RAW_BYTES);
	buf_init(&text, 4 * MAIL_MAX_RAW_BYTES);
	if (!r->mail->html.p)
		r->mail->html = arena_str(r->arena, html);
	mail_links_of_html(&r->links, html);
	if (r->drop_quotes)
		mail_body_unquoted(html, &own);
	html_to_text(own.n ? buf_str(&own) : html, &text);
	const struct str shown = buf_str(&text);
	buf_add(out, str_slice(shown, 0, utf8_floor(shown, MAIL_MAX_TEXT_BYTES)));
	buf_finish(&own);
	buf_finish(&text);
}

static void add_plain(struct reader *r, GMimeContentType *type, struct str utf8, struct buf *out)
{
	const char *format = g_mime_content_type_get_parameter(type, "format"),
		   *delsp = g_mime_content_type_get_parameter(type, "delsp");
	const struct mail_flow flow = {
		.flowed = str_eq_ignore_case(str_of(format), STR("flowed")),
		.delsp = str_eq_ignore_case(str_of(delsp), STR("yes")),
		.drop_quotes = r->drop_quotes,
	};
	struct buf text;
	buf_init(&text, 2 * MAIL_MAX_RAW_BYTES);
	mail_body_plain(utf8, &flow, &text);
	const struct str shown = buf_str(&text);
	mail_links_of_text(&r->links, shown);
	buf_add(out, str_slice(shown, 0, utf8_floor(shown, MAIL_MAX_TEXT_BYTES)));
	buf_finish(&text);
}

static bool is_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *is = g_mime_object_get_content_type(object);
	return is && g_mime_content_type_is_type(is, type, subtype);
}

static void add_part(struct reader *r, GMimePart *part, struct buf *out)
{
	GMimeObject *object = GMIME_OBJECT(part);
	GMimeContentType *type = g_mime_object_get_content_type(object);
	const bool html = is_type(object, "text", "html");
	if (is_type(object, "image", "*") || is_type(object, "audio", "*") ||
		is_type(object, "video", "*"))
		r->mail->has_media = true;
	if (!html && !is_type(object, "text", "plain") && !is_type(object, "text", "markdown") &&
		!is_type(object, "text", "enriched"))
		return;
	struct buf raw, utf8;
	buf_init(&raw, MAIL_MAX_RAW_BYTES);
	buf_init(&utf8, 4 * MAIL_MAX_RAW_BYTES);
	read_content(r, part, &raw);
	feed_decode(
		buf_str(&raw), str_of(g_mime_content_type_get_parameter(type, "charset")), &utf8);
	take_lang(r, object);
	if (html)
		add_html(r, buf_str(&utf8), out);
	else
		add_plain(r, type, buf_str(&utf8), out);
	buf_finish(&raw);
	buf_finish(&utf8);
}

/* ---- parts ---- */

static bool is_attachment(GMimeObject *object)
{
	const char *disposition = g_mime_object_get_disposition(object);
	return disposition && g_ascii_strcasecmp(disposition, "attachment") == 0;
}

static bool is_blank(const struct buf *b)
{
	return str_trim(buf_str(b)).n == 0;
}

/* The same text in several forms: the plain one, unless it only says that there is another. */
static void add_alternative(
	struct reader *r, GMimeMultipart *multipart, unsigned depth, struct buf *out)
{
	struct buf plain, rich;
	const int count = g_mime_multipart_get_count(multipart);
	buf_init(&plain, 2 * MAIL_MAX_TEXT_BYTES);
	buf_init(&rich, 2 * MAIL_MAX_TEXT_BYTES);
	for (int i = 0; i < count; i++) {
		GMimeObject *child = g_mime_multipart_get_part(multipart, i);
		struct buf *into = is_type(child, "text", "plain") ? &plain : &rich;
		if (is_blank(into)) {
			buf_clear(into);
			add_object(r, child, depth, into);
		}
	}
	const bool stub = rich.n > STUB_FACTOR * plain.n + STUB_BYTES;
	buf_add(out, is_blank(&plain) || stub ? buf_str(&rich) : buf_str(&plain));
	buf_finish(&plain);
	buf_finish(&rich);
}

static void separate(struct buf *out)
{
	if (out->n && !str_ends(buf_str(out), STR("\n\n")))
		buf_add(out, str_ends(buf_str(out), STR("\n")) ? STR("\n") : STR("\n\n"));
}

static void add_prologue(struct reader *r, GMimeMultipart *multipart, struct buf *out)
{
	const struct str raw = str_of(g_mime_multipart_get_prologue(multipart));
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(multipart));
	struct buf utf8;
	buf_init(&utf8, 4 * MAIL_MAX_RAW_BYTES);
	feed_decode(str_slice(raw, 0, MAIL_MAX_RAW_BYTES), STR_NONE, &utf8);
	add_plain(r, type, buf_str(&utf8), out);
	buf_finish(&utf8);
}

static void add_multipart(
	struct reader *r, GMimeMultipart *multipart, unsigned depth, struct buf *out)
{
	const int count = g_mime_multipart_get_count(multipart);
	GMimeObject *object = GMIME_OBJECT(multipart);
	if (is_type(object, "multipart", "alternative")) {
		add_alternative(r, multipart, depth, out);
		return;
	}
	/* Without a boundary all stands before the first part. */
	if (count == 0)
		add_prologue(r, multipart, out);
	for (int i = 0; i < count && !out->full && r->part_count < MAIL_MAX_PARTS; i++)
		add_object(r, g_mime_multipart_get_part(multipart, i), depth, out);
}

/* A mail within the mail: what it is about, then what it says. */
static void add_message(struct reader *r, GMimeMessage *message, unsigned depth, struct buf *out)
{
	const bool drop_quotes = r->drop_quotes;
	if (!message)
		return;
	const struct str title = value_of(
		r->arena, str_of(g_mime_message_get_subject(message)), MAIL_MAX_VALUE_BYTES);
	separate(out);
	if (title.p) {
		buf_add(out, title);
		buf_add(out, STR("\n\n"));
	}
	r->drop_quotes = false;
	add_object(r, g_mime_message_get_mime_part(message), depth, out);
	r->drop_quotes = drop_quotes;
}

static void add_object(struct reader *r, GMimeObject *object, unsigned depth, struct buf *out)
{
	if (!object || depth >= MAIL_MAX_DEPTH || r->part_count >= MAIL_MAX_PARTS) {
		r->mail->cut = r->mail->cut || object;
		return;
	}
	r->part_count++;
	if (GMIME_IS_MESSAGE_PART(object)) {
		add_message(r, g_mime_message_part_get_message(GMIME_MESSAGE_PART(object)),
			depth + 1, out);
	} else if (GMIME_IS_MULTIPART(object)) {
		add_multipart(r, GMIME_MULTIPART(object), depth + 1, out);
	} else if (GMIME_IS_PART(object) && is_attachment(object)) {
		r->mail->has_media = r->mail->has_media || is_type(object, "image", "*") ||
			is_type(object, "audio", "*") || is_type(object, "video", "*");
	} else if (GMIME_IS_PART(object)) {
		struct buf own;
		buf_init(&own, 2 * MAIL_MAX_TEXT_BYTES);
		add_part(r, GMIME_PART(object), &own);
		if (!is_blank(&own))
			separate(out);
		buf_add(out, buf_str(&own));
		buf_finish(&own);
	}
}

/* ---- the mail ---- */

static bool headers_end(struct str bytes)
{
	const struct str head = str_slice(bytes, 0, MAIL_MAX_HEADER_BYTES);
	return bytes.n <= MAIL_MAX_HEADER_BYTES || str_find(head, STR("\n\n")) != SIZE_MAX ||
		str_find(head, STR("\r\n\r\n")) != SIZE_MAX;
}

struct excess {
	size_t lines, boundary_lines, boundaries, signs;
};

static void count(struct excess *e, struct str bytes, size_t i)
{
	switch (bytes.p[i]) {
	case '\n':
		e->lines++;
		break;
	case '-':
		e->boundary_lines += i >= 2 && bytes.p[i - 1] == '-' && bytes.p[i - 2] == '\n';
		break;
	case '=':
		e->boundaries += i >= 8 && g_ascii_strncasecmp(bytes.p + i - 8, "boundary", 8) == 0;
		break;
	case ',':
	case ';':
	case ':':
	case '@':
	case '?':
		e->signs++;
		break;
	default:
		break;
	}
}

/* Up to where a parser can read without working long on few bytes: each part costs, each header,
 * address and encoded word within, and each line is compared with the boundaries of all parts that
 * it stands in. What is large for good reason is base64, which has little of these. */
static struct str without_excess(struct str bytes)
{
	struct excess e = { 0 };
	for (size_t i = 0; i < bytes.n; i++) {
		count(&e, bytes, i);
		if (e.lines > MAIL_MAX_LINES || e.boundary_lines > MAIL_MAX_BOUNDARY_LINES ||
			e.boundaries > MAIL_MAX_BOUNDARIES || e.signs > MAIL_MAX_SIGNS)
			return str_slice(bytes, 0, i);
	}
	return bytes;
}

static GMimeMessage *parse_bytes(struct str bytes)
{
	static const char *charsets[] = { "utf-8", "windows-1252", NULL };
	GMimeParserOptions *options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, charsets);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes.p ? bytes.p : "", bytes.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, options);
	g_object_unref(parser);
	g_object_unref(stream);
	g_mime_parser_options_free(options);
	return message;
}

static struct str final_text(struct reader *r, const struct buf *text)
{
	struct str s = str_trim(buf_str(text));
	if (s.n > MAIL_MAX_TEXT_BYTES) {
		r->mail->cut = true;
		s = str_slice(s, 0, utf8_floor(s, MAIL_MAX_TEXT_BYTES));
	}
	return s.n ? arena_str(r->arena, s) : STR_NONE;
}

const char *mail_parse(struct str bytes, const struct mail_options *options, struct arena *arena,
	struct mail *mail)
{
	struct reader r = { .options = options, .arena = arena, .mail = mail };
	struct buf text;
	*mail = (struct mail){ 0 };
	if (!headers_end(bytes))
		return "mail with too long headers";
	const struct str parsed = without_excess(bytes);
	mail->cut = parsed.n < bytes.n;
	GMimeMessage *message = parse_bytes(parsed);
	if (!message)
		return "not a mail";
	r.links = (struct mail_links){ .arena = arena, .max = MAIL_MAX_LINKS };
	take_headers(&r, message);
	r.drop_quotes = options->drop_quotes && mail->parent.p;
	buf_init(&text, 2 * MAIL_MAX_TEXT_BYTES);
	add_object(&r, g_mime_message_get_mime_part(message), 0, &text);
	mail->cut = mail->cut || text.full;
	mail->text = final_text(&r, &text);
	mail->links = (struct str_list){ r.links.items, r.links.count };
	if (!mail->url.p && mail->html.p)
		mail->url = mail_web_version(mail->html, arena);
	buf_finish(&text);
	g_object_unref(message);
	return NULL;
}
