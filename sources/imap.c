/* Mails of a folder as posts. imap_session.c follows the folder and mail_post.c reads the mails;
 * here is what is remembered: the number of the last mail, which is on disk together with what came
 * up to it. */
#include "sources/source.h"

#include <string.h>

#include "base/clock.h"
#include "sources/feed_date.h"
#include "sources/imap_session.h"
#include "sources/imap_url.h"
#include "sources/mail_post.h"

enum { ADDRESS_MAX_BYTES = 2048 };

enum since { SINCE_NEW, SINCE_ALL };
enum quotes { QUOTES_DROP, QUOTES_KEEP };

static const char *const since_names[] = { "new", "all", NULL };
static const char *const quotes_names[] = { "drop", "keep", NULL };
static const char *const tls_names[] = { "required", "implicit", "none", NULL };

struct imap_source {
	struct source base;
	struct str url, user, password, token, ca_file;
	int tls, since, quotes;
	int64_t interval_us, timeout_us;

	struct buf address, folder; /* of the url */

	struct imap_session *session;
	struct imap_cursor cursor;
	bool known; /* the cursor is one of this folder */
	char on_disk[IMAP_CURSOR_BYTES];
	size_t on_disk_bytes; /* 0: none */
	struct buf records; /* of mails not handed over yet */
	int64_t well_at_us; /* wall: when all mails were read; 0: never */
};

/* ---- what came ---- */

static int64_t wall_us(const struct imap_source *f)
{
	return f->base.host->wall_us ? f->base.host->wall_us() : 0;
}

static bool hand_over(struct imap_source *f, struct str cursor)
{
	const struct source_block block = {
		/* A blank line is no record, and brings the cursor alone. */
		.records = f->records.n ? buf_str(&f->records) : STR("\n"),
		.cursor = cursor,
	};
	const bool taken = source_deliver(&f->base, &block) == 0;
	buf_clear(&f->records);
	return taken;
}

static bool hand_over_cursor(struct imap_source *f)
{
	f->on_disk_bytes = imap_cursor_format(&f->cursor, f->on_disk);
	return hand_over(f, (struct str){ f->on_disk, f->on_disk_bytes });
}

struct taking {
	struct imap_source *source;
	bool failed;
};

/* Until all mails of a batch are handed over the cursor stays what it was: what comes twice is
 * found to be there already. */
static bool take_line(void *ctx, struct str line)
{
	struct taking *t = ctx;
	struct imap_source *f = t->source;
	if (line.n > SOURCE_MAX_RECORD_BYTES) {
		source_rejected(&f->base, 1, "mail too long");
		return true;
	}
	buf_add(&f->records, line);
	if (f->records.n >= SOURCE_PIECE_BYTES)
		t->failed = !hand_over(f,
			f->on_disk_bytes ? (struct str){ f->on_disk, f->on_disk_bytes } : STR_NONE);
	return !t->failed;
}

static bool on_mail(void *ctx, const struct imap_mail *mail)
{
	struct imap_source *f = ctx;
	struct taking taking = { .source = f };
	int64_t received_us = 0;
	const struct mail_options options = {
		.drop_quotes = f->quotes == QUOTES_DROP,
		.now_us = wall_us(f),
	};
	if (!feed_date_parse(mail->date, &received_us))
		received_us = options.now_us;
	if (mail->cut)
		source_notice(&f->base, "mail %u has %lld MB: only its beginning is read",
			mail->uid, (long long)(mail->size >> 20));
	const char *why = mail_posts(mail->bytes, &options, received_us, take_line, &taking);
	if (why)
		source_rejected(&f->base, 1, why);
	return !taking.failed;
}

static bool on_missing(void *ctx, uint32_t uid, const char *why)
{
	struct imap_source *f = ctx;
	source_notice(&f->base, "mail %u is left out: %s", uid, why);
	source_rejected(&f->base, 1, why);
	return true;
}

static bool on_batch(void *ctx, uint32_t uid)
{
	struct imap_source *f = ctx;
	f->cursor.uid = uid;
	return hand_over_cursor(f);
}

static void on_well(void *ctx)
{
	struct imap_source *f = ctx;
	f->well_at_us = wall_us(f);
	source_alive(&f->base);
}

/* ---- the folder ---- */

/* Why what is remembered is of no use; NULL: it is. */
static const char *why_anew(const struct imap_source *f, const struct imap_box *box)
{
	if (f->cursor.validity != box->validity)
		return "the server has numbered the mails anew: some may be missed";
	if (f->cursor.uid >= box->next_uid && f->cursor.uid)
		return "the server has lost mails and may number new ones like them";
	return NULL;
}

/* Which mails came meanwhile nobody can tell: it begins anew with those that come from now on. */
static void tell_gap(struct imap_source *f, const char *why)
{
	const int64_t now_us = wall_us(f),
		      before_us = f->well_at_us ? f->well_at_us : f->base.health.before_us;
	const struct source_gap gap = {
		.from_us = before_us ? before_us : now_us,
		.to_us = now_us ? now_us : 1,
		.kind = SOURCE_GAP_POSSIBLE,
		.reason = str_of(why),
	};
	source_gap(&f->base, &gap);
}

static bool on_open(void *ctx, const struct imap_box *box, uint32_t *after)
{
	struct imap_source *f = ctx;
	source_live(&f->base);
	const char *anew = f->known ? why_anew(f, box) : NULL;
	if (f->known && !anew) {
		*after = f->cursor.uid;
		return true;
	}
	if (anew)
		tell_gap(f, anew);
	f->known = true;
	f->cursor.validity = box->validity;
	f->cursor.uid = !anew && f->since == SINCE_ALL ? 0 : box->next_uid - 1;
	*after = f->cursor.uid;
	return hand_over_cursor(f);
}

static void on_failed(void *ctx, enum backoff_kind kind, const char *message)
{
	struct imap_source *f = ctx;
	imap_session_destroy(f->session);
	f->session = NULL;
	source_failed(&f->base, kind, 0, "%s", message);
}

static int imap_start(struct source *s, struct str cursor)
{
	static const struct imap_session_events events = { on_open, on_mail, on_missing, on_batch,
		on_well, on_failed };
	struct imap_source *f = (struct imap_source *)s;
	struct imap_cursor read;
	imap_cursor_of(f->user, buf_str(&f->folder), &f->cursor);
	f->known = imap_cursor_parse(cursor, &read) &&
		str_eq(str_of(read.folder), str_of(f->cursor.folder));
	f->on_disk_bytes = 0;
	if (f->known) {
		f->cursor = read;
		f->on_disk_bytes = imap_cursor_format(&f->cursor, f->on_disk);
	}
	buf_clear(&f->records);
	const struct imap_options options = {
		.url = f->address.p,
		.plain = f->tls == IMAP_TLS_NONE,
		.ca_file = f->ca_file,
		.user = f->user,
		.password = f->password,
		.token = f->token,
		.folder = buf_str(&f->folder),
		.timeout_us = f->timeout_us,
		.interval_us = f->interval_us,
	};
	f->session = imap_session_create(s->loop, &options, &events, f);
	return 0;
}

static void imap_stop(struct source *s)
{
	struct imap_source *f = (struct imap_source *)s;
	imap_session_destroy(f->session);
	f->session = NULL;
}

static void imap_finish(struct source *s)
{
	struct imap_source *f = (struct imap_source *)s;
	buf_finish(&f->address);
	buf_finish(&f->folder);
	buf_finish(&f->records);
}

/* ---- what people wrote ---- */

static struct where place(const struct conf_node *node, const char *key)
{
	const struct conf_node *value = conf_get(node, key);
	return value ? value->at : node->at;
}

static bool is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static void check_login(
	const struct imap_source *f, const struct conf_node *node, struct diag *diag)
{
	if (!f->password.p == !f->token.p) {
		diag_error(diag, place(node, f->token.p ? "token" : "user"),
			"a source of mails needs a password or a token, not both: '%.*s'",
			STR_ARGS(f->base.name));
		diag_hint(diag, "write password: {env: IMAP_PASSWORD}");
	}
	if (!is_clean(f->user))
		diag_error(diag, place(node, "user"), "control character in a name: 'user'");
	/* Not shown: they are secrets. */
	if (!is_clean(f->password) || !is_clean(f->token))
		diag_error(diag, place(node, f->token.p ? "token" : "password"),
			"control character in a secret: '%s'", f->token.p ? "token" : "password");
}

static void check_url(struct imap_source *f, const struct conf_node *node, struct diag *diag)
{
	const char *wrong = imap_url_read(f->url, (enum imap_tls)f->tls, &f->address, &f->folder);
	if (wrong) {
		diag_error(diag, place(node, "url"), "%s: 'url'", wrong);
		diag_hint(diag, "write imaps://mail.example.org/FOLDER, and user beside it");
		return;
	}
	if (f->tls != IMAP_TLS_NONE)
		return;
	if (str_starts(f->url, STR("imaps://")))
		diag_error(diag, place(node, "tls"), "imaps without TLS: 'tls'");
	else if (!imap_url_is_near(f->url))
		diag_error(diag, place(node, "tls"),
			"without TLS anybody on the way reads mails and password: 'tls'");
}

static bool imap_check(struct source *s, const struct conf_node *node, struct diag *diag)
{
	struct imap_source *f = (struct imap_source *)s;
	const size_t before = diag_count(diag, DIAG_ERROR);
	buf_init(&f->address, ADDRESS_MAX_BYTES);
	buf_init(&f->folder, ADDRESS_MAX_BYTES);
	buf_init(&f->records, 2 * SOURCE_PIECE_BYTES + SOURCE_MAX_RECORD_BYTES);
	check_login(f, node, diag);
	check_url(f, node, diag);
	if (!str_eq(s->map, STR("auto")) && !str_eq(s->map, STR("post")))
		diag_error(diag, place(node, "map"), "a mail has no other map: 'map'");
	s->map = STR("post");
	mail_start();
	if (diag_count(diag, DIAG_ERROR) == before)
		return true;
	imap_finish(s);
	return false;
}

#define OPTION(name, kind, member, ...)                                                    \
	{                                                                                  \
		.key = name, .type = kind, .offset = offsetof(struct imap_source, member), \
		__VA_ARGS__                                                                \
	}

static const struct conf_field imap_fields[] = {
	OPTION("url", CONF_TEXT, url, .required = true,
		.help = "the server and the folder, such as imaps://mail.example.org/Veille"),
	OPTION("user", CONF_TEXT, user, .required = true, .help = "to log in with"),
	OPTION("password", CONF_SECRET, password, .help = "to log in with"),
	OPTION("token", CONF_SECRET, token,
		.help = "a bearer token instead of a password (OAUTHBEARER, XOAUTH2)"),
	OPTION("tls", CONF_CHOICE, tls, .fallback = "required", .choices = tls_names,
		.help = "required: imaps, or STARTTLS with imap; implicit: TLS from the first "
			"byte; none: only on this machine"),
	OPTION("since", CONF_CHOICE, since, .fallback = "new", .choices = since_names,
		.help = "whether the mails that are there at the first start count"),
	OPTION("quotes", CONF_CHOICE, quotes, .fallback = "drop", .choices = quotes_names,
		.help = "whether what an answer quotes is left out"),
	OPTION("interval", CONF_DURATION, interval_us, .fallback = "1m", .min = US_PER_S,
		.max = 29 * US_PER_MINUTE,
		.help = "how often the server is asked; one with IDLE tells of mails at once"),
	OPTION("timeout", CONF_DURATION, timeout_us, .fallback = "30s", .min = US_PER_S,
		.max = 10 * US_PER_MINUTE, .help = "how long the server may be silent when asked"),
	OPTION("ca_file", CONF_PATH, ca_file,
		.help = "certificates to trust instead of the system's"),
	{ .key = NULL },
};

const struct source_type source_imap = {
	.name = "imap",
	.help = "mails of a folder, such as newsletters, lists and Google Alerts",
	.size = sizeof(struct imap_source),
	.fields = imap_fields,
	.check = imap_check,
	.start = imap_start,
	.stop = imap_stop,
	.finish = imap_finish,
	.resume = SOURCE_KEEPS,
};
