/* An alert as a mail: GMime builds it, net/smtp.h sends it. The same alert and delivery id give the
 * same bytes: boundary, Message-ID and Date are made of them. */
#include <gmime/gmime.h>

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "net/smtp.h"
#include "notifiers/clean.h"
#include "notifiers/mail_text.h"
#include "notifiers/notifier.h"

enum { EMAIL_MAX_RECIPIENTS = 50, EMAIL_MAX_ADDRESS_BYTES = 254, NAME_BYTES = 64 };

struct email {
	struct notifier base;
	struct str url, user, password, from, reply_to, ca_file;
	struct str_list to;
	int tls, language;
	int64_t timeout_us;
};

struct mailing {
	struct delivery *delivery;
	struct smtp_request *request;
};

static const char *const tls_names[] = { "required", "none", NULL };
static const enum smtp_tls tls_values[] = { SMTP_TLS_REQUIRED, SMTP_TLS_NONE };

static const struct conf_field fields[] = {
	{ "url", CONF_TEXT, offsetof(struct email, url), .required = true,
		.help = "The mail server: smtp://host:587 or smtps://host:465." },
	{ "tls", CONF_CHOICE, offsetof(struct email, tls), .fallback = "required",
		.choices = tls_names,
		.help = "With 'required' nothing is sent to a server without TLS." },
	{ "user", CONF_TEXT, offsetof(struct email, user), .help = "To log in with." },
	{ "password", CONF_SECRET, offsetof(struct email, password), .help = "To log in with." },
	{ "from", CONF_TEXT, offsetof(struct email, from), .required = true,
		.help = "The sender, as 'Name <address>' or an address." },
	{ "to", CONF_TEXTS, offsetof(struct email, to), .required = true,
		.help = "Who gets the mails, at most 50." },
	{ "reply_to", CONF_TEXT, offsetof(struct email, reply_to),
		.help = "Where answers go instead of to the sender." },
	{ "language", CONF_CHOICE, offsetof(struct email, language), .fallback = "fr",
		.choices = language_names, .help = "The language of the mails." },
	{ "timeout", CONF_DURATION, offsetof(struct email, timeout_us), .fallback = "30s",
		.min = US_PER_S, .max = 10 * US_PER_MINUTE, .help = "For one whole attempt." },
	{ "ca_file", CONF_PATH, offsetof(struct email, ca_file),
		.help = "Certificates to trust instead of the system's." },
	{ 0 },
};

/* The bare address within "Name <address>"; check has proved that GMime sees the same one. */
static struct str bare_address(struct str mailbox)
{
	struct str s = str_trim(mailbox);
	if (!str_ends(s, STR(">")))
		return s;
	size_t open = s.n;
	while (open > 0 && s.p[open - 1] != '<')
		open--;
	return str_slice(s, open, s.n - 1);
}

static struct str domain_of(struct str mailbox)
{
	struct str address = bare_address(mailbox);
	return str_slice(address, str_find_char(address, '@') + 1, address.n);
}

/* Letters, digits and the signs of an atom with dots, one "@": what needs neither quoting nor
 * SMTPUTF8. */
static bool address_plain(struct str address)
{
	static const char signs[] = "!#$%&'*+-/=?^_`{|}~.";
	size_t at_count = 0;
	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];
		at_count += c == '@';
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    c == '@' || (c && strchr(signs, c))))
			return false;
	}
	size_t at = str_find_char(address, '@');
	return at_count == 1 && at > 0 && at + 1 < address.n &&
		address.n <= EMAIL_MAX_ADDRESS_BYTES;
}

/* One mailbox whose address we read as GMime does. The list is the caller's. */
static InternetAddressList *parse_mailbox(struct str text)
{
	char *copy = mem_text(text.p, text.n);
	InternetAddressList *list = internet_address_list_parse(NULL, copy);
	bool ok = false;
	if (list && strlen(copy) == text.n && internet_address_list_length(list) == 1) {
		InternetAddress *one = internet_address_list_get_address(list, 0);
		const char *address = INTERNET_ADDRESS_IS_MAILBOX(one)
			? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one))
			: NULL;
		ok = address && str_eq(str_of(address), bare_address(text)) &&
			address_plain(str_of(address));
	}
	mem_free(copy);
	if (!ok && list) {
		g_object_unref(list);
		list = NULL;
	}
	return list;
}

static bool check_mailbox(
	const struct conf_node *map, const char *key, struct str text, struct diag *diag)
{
	InternetAddressList *list = parse_mailbox(text);
	if (list) {
		g_object_unref(list);
		return true;
	}
	const struct conf_node *node = conf_get(map, key);
	diag_error(diag, node ? node->at : map->at, "not a mail address: '%.*s'", STR_ARGS(text));
	diag_hint(diag, "write 'Name <user@example.org>' or 'user@example.org'");
	return false;
}

static bool check_login(const struct email *e, const struct conf_node *node, struct diag *diag)
{
	const struct conf_node *user = conf_get(node, "user"),
			       *password = conf_get(node, "password");
	if (!user != !password) {
		diag_error(diag, user ? user->at : password->at,
			"user and password come together or not at all");
		return false;
	}
	if (password && tls_values[e->tls] == SMTP_TLS_NONE &&
		!str_starts(e->url, STR("smtps://"))) {
		diag_error(diag, password->at, "without TLS anybody on the way reads the password");
		diag_hint(diag, "leave out 'tls: none', or user and password");
		return false;
	}
	return true;
}

/* GMime counts how often this is called; it does not start again once it was shut down, so it never
 * is. */
static void start_gmime(void)
{
	g_mime_init();
}

static bool check(struct notifier *n, const struct conf_node *node, struct diag *diag)
{
	struct email *e = (struct email *)n;
	start_gmime();
	bool ok = check_login(e, node, diag);
	if (!str_starts(e->url, STR("smtp://")) && !str_starts(e->url, STR("smtps://"))) {
		diag_error(diag, conf_get(node, "url")->at,
			"the url of a mail server starts with smtp:// or smtps://");
		ok = false;
	}
	if (e->to.count == 0 || e->to.count > EMAIL_MAX_RECIPIENTS) {
		diag_error(diag, conf_get(node, "to")->at, "mails go to 1 to %d addresses",
			EMAIL_MAX_RECIPIENTS);
		ok = false;
	}
	ok = check_mailbox(node, "from", e->from, diag) && ok;
	if (e->reply_to.p)
		ok = check_mailbox(node, "reply_to", e->reply_to, diag) && ok;
	for (size_t i = 0; i < e->to.count; i++)
		ok = check_mailbox(node, "to", e->to.items[i], diag) && ok;
	return ok;
}

static void set_header(GMimeMessage *message, const char *name, const struct buf *value)
{
	g_mime_object_set_header(GMIME_OBJECT(message), name, value->p, NULL);
}

static void set_subject(GMimeMessage *message, enum language language, const struct alert *alert)
{
	struct buf text, value;
	buf_init(&text, 0);
	buf_init(&value, 0);
	mail_subject(language, alert, &text);
	mail_header_value(strlen("Subject"), buf_str(&text), &value);
	g_mime_message_set_subject(message, "", "utf-8");
	GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
	g_mime_header_set_raw_value(g_mime_header_list_get_header(headers, "Subject"), value.p);
	buf_finish(&text);
	buf_finish(&value);
}

static void add_mailbox(GMimeMessage *message, GMimeAddressType type, struct str mailbox)
{
	InternetAddressList *list = parse_mailbox(mailbox);
	if (!list)
		return; /* check has refused those */
	/* else GMime picks the smallest character set that will do, not UTF-8 */
	internet_address_set_charset(internet_address_list_get_address(list, 0), "utf-8");
	internet_address_list_append(g_mime_message_get_addresses(message, type), list);
	g_object_unref(list);
}

/* What threads the mails of a rule and day: a root that is never sent itself. */
static void add_root(
	const struct email *e, const struct alert *alert, struct str rule, struct buf *out)
{
	time_t seconds = (time_t)(alert->created_at_us / US_PER_S);
	struct tm day = { 0 };
	(void)localtime_r(&seconds, &day); /* on failure all days are one thread */
	buf_addf(out, "<vigie.%.*s.%04d-%02d-%02d@%.*s>", STR_ARGS(rule), 1900 + day.tm_year,
		day.tm_mon + 1, day.tm_mday, STR_ARGS(domain_of(e->from)));
}

static void set_names(GMimeMessage *message, const struct email *e, const struct alert *alert,
	struct str delivery_id)
{
	struct str domain = domain_of(e->from);
	struct buf rule, value;
	buf_init(&rule, 0);
	buf_init(&value, 0);
	clean_name(alert->match.rule, NAME_BYTES, &rule);
	clean_name(delivery_id, NAME_BYTES, &value);
	buf_addf(&value, "@%.*s", STR_ARGS(domain));
	g_mime_message_set_message_id(message, value.p);
	buf_clear(&value);
	add_root(e, alert, buf_str(&rule), &value);
	set_header(message, "In-Reply-To", &value);
	set_header(message, "References", &value);
	buf_clear(&value);
	buf_addf(&value, "<%.*s.vigie.%.*s>", STR_ARGS(buf_str(&rule)), STR_ARGS(domain));
	set_header(message, "List-Id", &value);
	set_header(message, "X-Vigie-Rule", &rule);
	g_mime_object_set_header(GMIME_OBJECT(message), "Auto-Submitted", "auto-generated", NULL);
	buf_finish(&rule);
	buf_finish(&value);
}

static void set_date(GMimeMessage *message, int64_t wall_us)
{
	GDateTime *date = g_date_time_new_from_unix_utc(wall_us / US_PER_S);
	if (!date)
		return; /* past the year 9999 */
	g_mime_message_set_date(message, date);
	g_date_time_unref(date);
}

/* Always quoted-printable: no line of the post reaches the server as it is. */
static GMimeObject *text_part(const char *subtype, const struct buf *text)
{
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text->p, text->n);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(
		stream, GMIME_CONTENT_ENCODING_DEFAULT);
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	g_object_unref(content);
	g_object_unref(stream);
	return GMIME_OBJECT(part);
}

static void set_body(GMimeMessage *message, const struct email *e, const struct alert *alert,
	struct str delivery_id)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];
	digest_sha256(delivery_id, digest);
	digest_hex(digest, hex);
	/* "=_" cannot stand in quoted-printable text, so no text can hold the boundary */
	struct buf boundary, text;
	buf_init(&boundary, 0);
	buf_init(&text, 0);
	buf_addf(&boundary, "=_vigie_%.32s", hex);

	GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");
	g_mime_multipart_set_boundary(both, boundary.p);
	mail_plain((enum language)e->language, alert, &text);
	GMimeObject *part = text_part("plain", &text);
	g_mime_multipart_add(both, part);
	g_object_unref(part);
	buf_clear(&text);
	mail_html((enum language)e->language, alert, &text);
	part = text_part("html", &text);
	g_mime_multipart_add(both, part);
	g_object_unref(part);
	g_mime_message_set_mime_part(message, GMIME_OBJECT(both));
	g_object_unref(both);
	buf_finish(&boundary);
	buf_finish(&text);
}

static void write_message(GMimeMessage *message, struct buf *out)
{
	GMimeFormatOptions *options = g_mime_format_options_new();
	g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
	char *text = g_mime_object_to_string(GMIME_OBJECT(message), options);
	buf_add(out, str_of(text));
	g_free(text);
	g_mime_format_options_free(options);
}

static void render(const struct notifier *n, const struct alert *alert, struct str delivery_id,
	struct buf *out)
{
	const struct email *e = (const struct email *)n;
	start_gmime();
	GMimeMessage *message = g_mime_message_new(true);
	add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, e->from);
	if (e->reply_to.p)
		add_mailbox(message, GMIME_ADDRESS_TYPE_REPLY_TO, e->reply_to);
	for (size_t i = 0; i < e->to.count; i++)
		add_mailbox(message, GMIME_ADDRESS_TYPE_TO, e->to.items[i]);
	set_subject(message, (enum language)e->language, alert);
	set_date(message, alert->created_at_us);
	set_names(message, e, alert, delivery_id);
	set_body(message, e, alert, delivery_id);
	write_message(message, out);
	g_object_unref(message);
}

static void ended(void *ctx, enum smtp_end end, int code, const char *message)
{
	static const enum delivery_result results[] = {
		[SMTP_SENT] = DELIVERY_SENT,
		[SMTP_RETRY] = DELIVERY_RETRY,
		[SMTP_REJECTED] = DELIVERY_REJECTED,
		[SMTP_UNSAFE] = DELIVERY_RETRY,
	};
	struct mailing *m = ctx;
	struct delivery *d = m->delivery;
	mem_free(m);
	if (code)
		delivery_done(d, results[end], -1, "%d %s", code, message);
	else
		delivery_done(d, results[end], -1, "%s", message);
}

static void send(struct notifier *n, struct delivery *d, struct str body)
{
	struct email *e = (struct email *)n;
	struct str to[EMAIL_MAX_RECIPIENTS];
	for (size_t i = 0; i < e->to.count; i++)
		to[i] = bare_address(e->to.items[i]);
	struct mailing *m = mem_zero(1, sizeof *m);
	m->delivery = d;
	d->state = m;
	m->request = smtp_start(n->http,
		&(struct smtp_options){
			.url = e->url,
			.tls = tls_values[e->tls],
			.user = e->user,
			.password = e->password,
			.from = bare_address(e->from),
			.to = { to, e->to.count },
			.message = body,
			.ca_file = e->ca_file,
			.timeout_us = e->timeout_us,
		},
		ended, m);
}

static void cancel(struct notifier *n, struct delivery *d)
{
	(void)n;
	struct mailing *m = d->state;
	smtp_cancel(m->request);
	mem_free(m);
}

extern const struct notifier_type notifier_email;
const struct notifier_type notifier_email = {
	.name = "email",
	.help = "Sends a mail by SMTP.",
	.size = sizeof(struct email),
	.fields = fields,
	.concurrency = 2,
	.check = check,
	.render = render,
	.send = send,
	.cancel = cancel,
};
