/* A mail is a job that its thread owns until it comes home. What the loop can still say to the
 * thread is one word, "stop", by closing a pipe. */
#define _GNU_SOURCE

#include "net/smtp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/client.h"

#define TIMEOUT_DEFAULT_US (30 * US_PER_S)
#define CONNECT_TIMEOUT_US (10 * US_PER_S)

enum { REPLY_MAX_BYTES = 500, SMTP_GOODBYE = 221, SMTP_TAKEN = 250 };

struct mail {
	struct smtp_request *request; /* the loop's, never looked at on the thread */
	char *url, *user, *password, *from;
	struct curl_slist *to;
	struct str ca_file; /* a copy */
	struct buf message;
	enum smtp_tls tls;
	int64_t timeout_us;
	int stop_fd; /* hung up: stop */

	size_t sent_bytes;
	int reply_code; /* of the reply under way */
	bool reply_open; /* more lines of it will come */
	int refusal; /* the server's last reply if that was 4xx or 5xx, else 0 */
	struct buf reply; /* its words */
	char error_text[CURL_ERROR_SIZE];

	bool decided; /* from the start: nothing is sent */
	enum smtp_end end;
	int code;
	struct buf why;
};

struct smtp_request {
	struct http_client *client;
	struct smtp_request *next, *previous; /* http_client.mails */
	struct worker *worker;
	struct mail *mail;
	int stop_fd;
	bool ending, cancelled;
	void (*end)(void *ctx, enum smtp_end end, int code, const char *message);
	void *ctx;
};

static void must(CURLcode code)
{
	assert(code == CURLE_OK);
	(void)code;
}

static char *text_of(struct str s)
{
	return s.p ? mem_text(s.p, s.n) : NULL;
}

static void mail_destroy(void *ctx)
{
	struct mail *m = ctx;
	mem_free(m->url);
	curl_wipe_text(m->user);
	curl_wipe_text(m->password);
	mem_free(m->from);
	curl_slist_free_all(m->to);
	mem_free((char *)m->ca_file.p);
	buf_finish(&m->message);
	buf_finish(&m->reply);
	buf_finish(&m->why);
	if (m->stop_fd >= 0)
		(void)close(m->stop_fd); /* a pipe */
	mem_free(m);
}

static void decide(struct mail *m, enum smtp_end end, int code, const char *why)
{
	m->end = end;
	m->code = code;
	buf_clear(&m->why);
	buf_add(&m->why, str_of(why));
}

static void refuse(struct mail *m, enum smtp_end end, const char *why)
{
	if (!m->decided)
		decide(m, end, 0, why);
	m->decided = true;
}

static size_t give_message(char *p, size_t size, size_t n, void *ctx)
{
	struct mail *m = ctx;
	struct str left = str_slice(buf_str(&m->message), m->sent_bytes, m->message.n);
	size_t bytes = size * n < left.n ? size * n : left.n;
	memcpy(p, left.p, bytes);
	m->sent_bytes += bytes;
	return bytes;
}

static int code_of(struct str line)
{
	int64_t code;
	if (line.n < 3 || line.p[0] < '1' || line.p[0] > '5' ||
		!str_to_int64(str_slice(line, 0, 3), &code))
		return 0;
	return (int)code;
}

/* The server's lines come here, "550-5.1.1 no such", "550 user". */
static size_t got_reply(char *p, size_t size, size_t n, void *ctx)
{
	struct mail *m = ctx;
	struct str line = { p, size * n };
	int code = code_of(line);
	/* The goodbye after a refusal does not take it back. */
	if (code == 0 || code == SMTP_GOODBYE)
		return size * n;
	if (!m->reply_open || code != m->reply_code)
		buf_clear(&m->reply);
	m->reply_code = code;
	m->reply_open = line.n > 3 && line.p[3] == '-';
	if (!m->reply_open)
		m->refusal = code >= 400 ? code : 0;
	if (code < 400)
		return size * n;
	struct str words = str_trim(str_slice(line, 4, line.n));
	if (m->reply.n)
		buf_add_char(&m->reply, ' ');
	for (size_t i = 0; i < words.n && m->reply.n < REPLY_MAX_BYTES; i++) {
		unsigned char c = (unsigned char)words.p[i];
		buf_add_char(&m->reply, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
	return size * n;
}

static int check_stop(
	void *ctx, curl_off_t a_total, curl_off_t a_now, curl_off_t b_total, curl_off_t b_now)
{
	(void)a_total;
	(void)a_now;
	(void)b_total;
	(void)b_now;
	struct mail *m = ctx;
	struct pollfd stop = { .fd = m->stop_fd };
	return poll(&stop, 1, 0) > 0;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)ctx;
	(void)purpose;
	return curl_open_plain_socket(address->family, address->socktype, address->protocol);
}

static long as_ms(int64_t us)
{
	return us < 1000 ? 1L : (long)(us / 1000);
}

static void set_options(CURL *easy, struct mail *m)
{
	int64_t connect_us = m->timeout_us < CONNECT_TIMEOUT_US ? m->timeout_us
								: CONNECT_TIMEOUT_US;
	long answer_s = as_ms(m->timeout_us) / 1000 + 1;
	curl_set_common(easy, m->ca_file, m->error_text);
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps"));
	must(curl_easy_setopt(easy, CURLOPT_URL, m->url));
	must(curl_easy_setopt(easy, CURLOPT_USE_SSL,
		(long)(m->tls == SMTP_TLS_REQUIRED ? CURLUSESSL_ALL : CURLUSESSL_NONE)));
	if (m->user) {
		must(curl_easy_setopt(easy, CURLOPT_USERNAME, m->user));
		must(curl_easy_setopt(easy, CURLOPT_PASSWORD, m->password ? m->password : ""));
	}
	must(curl_easy_setopt(easy, CURLOPT_MAIL_FROM, m->from));
	must(curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, m->to));
	must(curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 0L));
	must(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
	must(curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->message.n));
	must(curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_message));
	must(curl_easy_setopt(easy, CURLOPT_READDATA, m));
	must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, got_reply));
	must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, m));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, got_reply));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, m));
	must(curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_stop));
	must(curl_easy_setopt(easy, CURLOPT_XFERINFODATA, m));
	must(curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L));
	must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
	must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, as_ms(connect_us)));
	must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, as_ms(m->timeout_us)));
	must(curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, answer_s));
}

/* The server said no to EHLO itself: it knows no TLS. */
static bool knows_no_extensions(const struct mail *m, CURLcode code)
{
	return code == CURLE_REMOTE_ACCESS_DENIED && m->tls == SMTP_TLS_REQUIRED &&
		(m->refusal == 500 || m->refusal == 502);
}

static void judge(struct mail *m, CURLcode code)
{
	const char *why = m->error_text[0] ? m->error_text : curl_easy_strerror(code);
	if (code == CURLE_OK) {
		decide(m, SMTP_SENT, SMTP_TAKEN, "");
	} else if (code == CURLE_USE_SSL_FAILED || knows_no_extensions(m, code)) {
		decide(m, SMTP_UNSAFE, m->refusal, "the server offers no TLS, nothing was sent");
	} else if (m->refusal) {
		decide(m, m->refusal >= 500 ? SMTP_REJECTED : SMTP_RETRY, m->refusal, "");
		buf_addf(&m->why, "%d %.*s", m->refusal, STR_ARGS(buf_str(&m->reply)));
	} else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
		code == CURLE_LOGIN_DENIED) {
		/* Without a word of the server's: it is the address, or a login it does not offer.
		 */
		decide(m, code == CURLE_LOGIN_DENIED ? SMTP_RETRY : SMTP_REJECTED, 0, why);
	} else {
		decide(m, SMTP_RETRY, 0, why);
	}
}

static void mail_work(void *ctx)
{
	struct mail *m = ctx;
	if (m->decided)
		return;
	CURL *easy = curl_easy_init();
	assert(easy);
	set_options(easy, m);
	judge(m, curl_easy_perform(easy));
	curl_easy_cleanup(easy); /* says QUIT and may wait for the answer */
}

static void unlink_request(struct smtp_request *r)
{
	if (r->previous)
		r->previous->next = r->next;
	else
		r->client->mails = r->next;
	if (r->next)
		r->next->previous = r->previous;
}

static void mail_done(void *ctx)
{
	struct mail *m = ctx;
	struct smtp_request *r = m->request;
	if (!r->cancelled) {
		unlink_request(r);
		r->ending = true;
		r->end(r->ctx, m->end, m->code, m->why.p ? m->why.p : "");
		worker_destroy(r->worker);
		(void)close(r->stop_fd); /* a pipe */
		mem_free(r);
	}
	mail_destroy(m);
}

void smtp_cancel(struct smtp_request *r)
{
	if (!r || r->ending)
		return;
	r->cancelled = true;
	unlink_request(r);
	(void)close(r->stop_fd); /* a pipe; the thread sees it */
	worker_destroy(r->worker);
	mem_free(r);
}

void smtp_drop_all(struct http_client *client)
{
	while (client->mails)
		smtp_cancel(client->mails);
}

static bool lines_end_in_crlf(struct str message)
{
	for (size_t i = 0; i < message.n; i++) {
		if (message.p[i] == '\n' && (i == 0 || message.p[i - 1] != '\r'))
			return false;
		if (message.p[i] == '\r' && (i + 1 == message.n || message.p[i + 1] != '\n'))
			return false;
	}
	return true;
}

/* Bare, and nothing that could end the command it stands in. */
static bool address_is_good(struct str address)
{
	return curl_text_is_clean(address) && str_find_char(address, '<') == SIZE_MAX &&
		str_find_char(address, '>') == SIZE_MAX && str_find_char(address, ' ') == SIZE_MAX;
}

static void check_options(struct mail *m, const struct smtp_options *options)
{
	bool smtps = str_eq_ignore_case(str_slice(options->url, 0, 8), STR("smtps://"));
	if (!smtps && !str_eq_ignore_case(str_slice(options->url, 0, 7), STR("smtp://")))
		refuse(m, SMTP_REJECTED, "the server's address is neither smtp nor smtps");
	if (!curl_text_is_clean(options->url) || !curl_text_is_clean(options->user) ||
		!curl_text_is_clean(options->password) || !curl_text_is_clean(options->ca_file))
		refuse(m, SMTP_REJECTED,
			"address, user, password or path holds a control character");
	if (options->user.p && options->tls == SMTP_TLS_NONE && !smtps)
		refuse(m, SMTP_UNSAFE, "a password is only sent with TLS, nothing was sent");
	if (!address_is_good(options->from))
		refuse(m, SMTP_REJECTED, "the sender is no mail address");
	if (options->to.count == 0)
		refuse(m, SMTP_REJECTED, "there is no recipient");
	for (size_t i = 0; i < options->to.count; i++) {
		if (options->to.items[i].n == 0 || !address_is_good(options->to.items[i]))
			refuse(m, SMTP_REJECTED, "a recipient is no mail address");
	}
}

static struct mail *mail_create(const struct smtp_options *options)
{
	struct mail *m = mem_zero(1, sizeof *m);
	buf_init(&m->message, 0);
	buf_init(&m->reply, REPLY_MAX_BYTES + 1);
	buf_init(&m->why, 0);
	m->stop_fd = -1;
	check_options(m, options);
	m->url = text_of(options->url);
	m->user = text_of(options->user);
	m->password = text_of(options->password);
	m->from = text_of(options->from.p ? options->from : STR(""));
	for (size_t i = 0; i < options->to.count; i++) {
		char *address = text_of(options->to.items[i]);
		m->to = curl_slist_append(m->to, address);
		mem_free(address);
	}
	if (options->ca_file.p)
		m->ca_file = (struct str){ text_of(options->ca_file), options->ca_file.n };
	buf_add(&m->message, options->message);
	m->tls = options->tls;
	m->timeout_us = options->timeout_us > 0 ? options->timeout_us : TIMEOUT_DEFAULT_US;
	return m;
}

struct smtp_request *smtp_start(struct http_client *client, const struct smtp_options *options,
	void (*end)(void *ctx, enum smtp_end end, int code, const char *message), void *ctx)
{
	assert(lines_end_in_crlf(options->message));
	struct smtp_request *r = mem_zero(1, sizeof *r);
	r->client = client;
	r->end = end;
	r->ctx = ctx;
	r->mail = mail_create(options);
	r->mail->request = r;
	int stop[2];
	if (pipe2(stop, O_CLOEXEC) == 0) {
		r->mail->stop_fd = stop[0];
		r->stop_fd = stop[1];
	} else {
		r->stop_fd = -1;
		refuse(r->mail, SMTP_RETRY, error_text(errno));
	}
	r->next = client->mails;
	if (r->next)
		r->next->previous = r;
	client->mails = r;
	r->worker = worker_create(client->loop, "mail");
	worker_when_dropped(r->worker, mail_destroy);
	worker_post(r->worker, mail_work, mail_done, r->mail);
	return r;
}
