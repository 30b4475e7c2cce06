/* Servers that mean harm: each answer ends soon, in a way that is told, and holds little memory. */
#define _GNU_SOURCE

#include "tests/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/net/web.h"

#define NO_OPTIONS ((struct http_options){ .timeout_us = 20 * US_PER_S })

static bool holds(const struct web *w, const char *text)
{
	return str_find(buf_str(&w->body), str_of(text)) != SIZE_MAX;
}

/* ---- packed answers ---- */

static void two_gigabytes_out_of_two_megabytes_are_not_unpacked(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	struct rusage before, after;
	getrusage(RUSAGE_SELF, &before);
	options.gzip = true;
	options.max_body_bytes = 8 << 20;
	web_get(w, "/bomb-stream?mb=2000", options);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	assert_true(w->body.n <= 8 << 20);
	options.max_body_bytes = 0;
	web_get(w, "/bomb-stream?mb=2000", options);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	assert_true(w->body.n <= 16 << 20);
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
}

static void what_is_packed_in_another_way_than_asked_for_stays_packed(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	static const char *const refused[] = { "as=br", "as=zstd", "as=compress", "as=gzip,br",
		"as=gzip,gzip&times=2", "as=gzip,+gzip,+gzip,+gzip&times=4", "as=x" };
	static const char *const taken[] = { "as=gzip", "as=x-gzip", "as=GZip", "as=identity,gzip",
		"as=,gzip" };
	options.gzip = true;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		char path[64];
		snprintf(path, sizeof path, "/packed?%s", refused[i]);
		web_get(w, path, options);
		if (w->end != HTTP_BROKEN || w->headers_count || !strstr(w->message, "packed"))
			fail_msg("%s: %d '%s'", path, (int)w->end, w->message);
	}
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
		char path[64];
		snprintf(path, sizeof path, "/packed?%s", taken[i]);
		web_get(w, path, options);
		if (w->end != HTTP_DONE || !str_eq(buf_str(&w->body), STR("ok\n")))
			fail_msg("%s: %d '%s'", path, (int)w->end, w->message);
	}
	/* Nobody asked for that, ever. */
	for (int gzip = 0; gzip < 2; gzip++) {
		options.gzip = gzip;
		web_get(w, "/packed?transfer=1", options);
		assert_int_equal(w->end, HTTP_BROKEN);
		assert_int_equal(w->body.n, 0);
	}
	/* Who did not ask gets the bytes as they are. */
	web_get(w, "/packed?as=br", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal((unsigned char)w->body.p[0], 0x1f);
}

/* ---- heads ---- */

static void interim_answers_count_with_the_headers(void **state)
{
	struct web *w = *state;
	web_get(w, "/early?count=40", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->status, 200);
	web_get(w, "/early?count=60", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
	web_get(w, "/early?endless=1", NO_OPTIONS);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
}

static void headers_in_drips_are_a_stall(void **state)
{
	struct web *w = *state;
	const struct http_options stream = { .stall_us = 400 * US_PER_MS };
	web_get(w, "/drip-headers?count=20&delay_ms=100", stream);
	assert_int_equal(w->end, HTTP_STALLED);
	web_get(w, "/drip-headers?count=20&delay_ms=100&letters=1", stream);
	assert_int_equal(w->end, HTTP_STALLED);
	/* The same in good time, and a body in drips, which is how streams are. */
	web_get(w, "/drip-headers?count=20&delay_ms=1", stream);
	assert_int_equal(w->end, HTTP_DONE);
	web_get(w, "/slow?count=8&delay_ms=100", stream);
	assert_int_equal(w->end, HTTP_DONE);
	assert_int_equal(w->body.n, 8);
	/* What has an end has one time for all. */
	web_get(w, "/slow?count=100&delay_ms=50",
		(struct http_options){ .timeout_us = 300 * US_PER_MS });
	assert_int_equal(w->end, HTTP_TIMED_OUT);
}

/* As bytes of the server, to the end of the connection. */
static void get_raw(struct web *w, const char *bytes, struct http_options options)
{
	char path[4096];
	size_t n = (size_t)snprintf(path, sizeof path, "/raw?hex=");
	for (size_t i = 0; bytes[i] && n + 3 < sizeof path; i++)
		n += (size_t)snprintf(path + n, 3, "%02x", (unsigned char)bytes[i]);
	char *url; /* longer than the helper's */
	assert_true(asprintf(&url, "http://127.0.0.1:%d%s", w->server.port, path) > 0);
	web_get_url(w, url, options);
	free(url);
}

#define OK "HTTP/1.1 200 OK\r\n"

static void heads_against_the_rules_end_it(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	static const char *const broken[] = {
		OK "Content-Length: -1\r\n\r\nabc",
		OK "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc",
		OK "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc",
		OK "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
		OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc",
		OK "Transfer-Encoding: gzip\r\n\r\nabc",
		OK "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 999999 OK\r\n\r\n",
		"HTTP/9.9 200 OK\r\n\r\n",
		"ICY 200 OK\r\n\r\nabc",
		"abc",
		"",
		"HTTP/1.1 200 OK\r\nX",
		"HTTP/1.1 101 Switching\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2p1\r\n",
		"220 mail.test ESMTP\r\n",
	};
	options.gzip = true;
	options.max_body_bytes = 1 << 20;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		get_raw(w, broken[i], options);
		if (w->end != HTTP_BROKEN || w->body.n || !w->message[0])
			fail_msg("'%s' ends with %d '%s'", broken[i], (int)w->end, w->message);
	}
	get_raw(w, OK "Content-Length: 99999999999999999999999\r\n\r\nabc", options);
	assert_int_equal(w->end, HTTP_TOO_LARGE);
}

static void a_body_where_none_can_be_is_not_one(void **state)
{
	struct web *w = *state;
	static const char *const heads[] = {
		"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		get_raw(w, heads[i], NO_OPTIONS);
		assert_int_equal(w->end, HTTP_DONE);
		assert_int_equal(w->body.n, 0);
		assert_int_equal(w->headers_count, 1);
	}
}

/* What is left in the connection is no answer to the next question. */
static void an_answer_nobody_asked_for_is_not_taken_for_the_next(void **state)
{
	struct web *w = *state;
	get_raw(w,
		OK "Content-Length: 3\r\n\r\none" OK
		   "Content-Length: 6\r\nETag: \"x\"\r\n\r\nforged",
		NO_OPTIONS);
	assert_int_equal(w->end, HTTP_DONE);
	check_text(buf_str(&w->body), "one");
	web_get(w, "/ok", NO_OPTIONS);
	check_text(buf_str(&w->body), "ok\n");
	assert_string_equal(w->etag, "");
}

static void the_server_leaves_nothing_behind_with_us(void **state)
{
	struct web *w = *state;
	char head[512];
	snprintf(head, sizeof head,
		OK "Set-Cookie: c=1; Path=/\r\nSet-Cookie: d=2\r\nContent-Length: 0\r\n"
		   "Strict-Transport-Security: max-age=31536000\r\n"
		   "Alt-Svc: http/1.1=\"127.0.0.1:1\"; ma=3600\r\nRefresh: 0\r\n\r\n");
	get_raw(w, head, NO_OPTIONS);
	assert_int_equal(w->status, 200);
	web_get(w, "/echo", NO_OPTIONS);
	assert_int_equal(w->status, 200);
	assert_false(holds(w, "cookie"));
	assert_true(holds(w, "\"path\": \"/echo\""));
	assert_false(holds(w, "upgrade"));
	assert_false(holds(w, "alt-used"));
}

/* ---- floods ---- */

struct flood {
	struct web *web;
	struct http_request *request;
	int pieces, ends;
};

/* As slow as work on a piece may be. */
static bool take_slowly(void *ctx, struct str piece)
{
	struct flood *f = ctx;
	(void)piece;
	const int64_t until_us = clock_monotonic_us() + 1000;
	while (clock_monotonic_us() < until_us)
		;
	if (f->pieces++ == 0)
		web_start(f->web, "/ok", NO_OPTIONS);
	return true;
}

static void flood_ended(
	void *ctx, enum http_end end, const struct http_answer *answer, const char *message)
{
	struct flood *f = ctx;
	(void)end;
	(void)answer;
	(void)message;
	f->ends++;
}

static void a_flood_leaves_the_others_their_turn(void **state)
{
	static const struct http_events events = { .data = take_slowly, .end = flood_ended };
	struct web *w = *state;
	struct flood f = { .web = w };
	char url[128];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/big?bytes=2000000000", w->server.port);
	const struct http_options options = { .url = str_of(url) };
	f.request = http_start(w->client, &options, &events, &f);
	web_run(w);
	assert_int_equal(w->status, 200);
	assert_int_equal(f.ends, 0);
	/* libcurl alone would have read a hundred in each of the turns that an answer takes. */
	assert_true(f.pieces < 100);
	http_cancel(f.request);
}

/* ---- TLS ---- */

static int silent_listener(int *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t n = sizeof in;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static void a_handshake_that_nobody_answers_is_given_up(void **state)
{
	struct web *w = *state;
	int port;
	char url[64];
	const int fd = silent_listener(&port);
	const int64_t start_us = clock_monotonic_us();
	snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
	/* A stream: no time for the whole. */
	web_get_url(w, url, (struct http_options){ .connect_timeout_us = 300 * US_PER_MS });
	assert_int_equal(w->end, HTTP_UNREACHED);
	assert_true(clock_monotonic_us() - start_us < 5 * US_PER_S);
	close(fd);
}

static void what_is_not_tls_is_no_secure_server(void **state)
{
	struct web *w = *state;
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", w->server.port);
	web_get_url(w, url, NO_OPTIONS);
	assert_int_equal(w->end, HTTP_UNREACHED);
	assert_int_equal(w->headers_count, 0);
}

static bool run_openssl(const char *folder, const char *arguments)
{
	char command[1024];
	snprintf(command, sizeof command, "cd '%s' && openssl %s >openssl.log 2>&1", folder,
		arguments);
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	return status == 0;
}

/* Trusted, were it not for the times: a certificate authority says so. */
static void make_dated(const char *folder, const char *from, const char *to)
{
	char command[512];
	assert_true(run_openssl(folder,
		"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1 "
		"-addext subjectAltName=IP:127.0.0.1 -keyout dated.key -out dated.csr"));
	snprintf(command, sizeof command,
		"ca -batch -config ca.cnf -in dated.csr -out dated.pem -notext -startdate %s "
		"-enddate %s",
		from, to);
	assert_true(run_openssl(folder, command));
}

static void make_authority(const char *folder)
{
	static const char config[] =
		"[ca]\ndefault_ca = own\n[own]\ndatabase = index\nnew_certs_dir = .\n"
		"rand_serial = yes\ndefault_md = sha256\npolicy = any\ncertificate = cert.pem\n"
		"private_key = key.pem\ncopy_extensions = copy\nunique_subject = no\n"
		"[any]\ncommonName = supplied\n";
	char path[256];
	server_make_certificate(folder);
	snprintf(path, sizeof path, "%s/ca.cnf", folder);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(config, file) >= 0);
	fclose(file);
	snprintf(path, sizeof path, "%s/index", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
}

static void a_certificate_out_of_its_time_is_not_trusted(void **state)
{
	struct web *w = *state;
	static const struct {
		const char *from, *to;
		enum http_end end;
	} cases[] = {
		{ "20200101000000Z", "20990101000000Z", HTTP_DONE },
		{ "20200101000000Z", "20200201000000Z", HTTP_UNREACHED }, /* expired */
		{ "20980101000000Z", "20990101000000Z", HTTP_UNREACHED }, /* not yet */
	};
	char folder[64], cert[128], key[128], authority[128], url[64];
	folder_make(folder, sizeof folder);
	make_authority(folder);
	snprintf(cert, sizeof cert, "%s/dated.pem", folder);
	snprintf(key, sizeof key, "%s/dated.key", folder);
	snprintf(authority, sizeof authority, "%s/cert.pem", folder);
	struct http_options options = NO_OPTIONS;
	options.ca_file = str_of(authority);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct server s;
		make_dated(folder, cases[i].from, cases[i].to);
		server_start(&s, "misbehave.py", (const char *[]){ "--tls", cert, key, NULL });
		snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", s.port);
		web_get_url(w, url, options);
		server_stop(&s);
		if (w->end != cases[i].end)
			fail_msg("%s to %s: %d '%s'", cases[i].from, cases[i].to, (int)w->end,
				w->message);
	}
	folder_remove(folder);
}

static void protocols_of_the_past_are_not_spoken(void **state)
{
	struct web *w = *state;
	char folder[64], cert[128], key[128], url[64];
	folder_make(folder, sizeof folder);
	server_make_certificate(folder);
	snprintf(cert, sizeof cert, "%s/cert.pem", folder);
	snprintf(key, sizeof key, "%s/key.pem", folder);
	struct http_options options = NO_OPTIONS;
	options.ca_file = str_of(cert);
	static const char *const versions[] = { "1.1", "1.2", "1.3" };
	for (size_t i = 0; i < 3; i++) {
		struct server s;
		server_start(&s, "misbehave.py",
			(const char *[]){ "--tls", cert, key, "--tls-version", versions[i], NULL });
		snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", s.port);
		web_get_url(w, url, options);
		server_stop(&s);
		if (w->end != (i ? HTTP_DONE : HTTP_UNREACHED))
			fail_msg("TLS %s: %d '%s'", versions[i], (int)w->end, w->message);
	}
	folder_remove(folder);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, web_set_up, web_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(two_gigabytes_out_of_two_megabytes_are_not_unpacked),
		CASE(what_is_packed_in_another_way_than_asked_for_stays_packed),
		CASE(interim_answers_count_with_the_headers),
		CASE(headers_in_drips_are_a_stall),
		CASE(heads_against_the_rules_end_it),
		CASE(a_body_where_none_can_be_is_not_one),
		CASE(an_answer_nobody_asked_for_is_not_taken_for_the_next),
		CASE(the_server_leaves_nothing_behind_with_us),
		CASE(a_flood_leaves_the_others_their_turn),
		CASE(a_handshake_that_nobody_answers_is_given_up),
		CASE(what_is_not_tls_is_no_secure_server),
		CASE(a_certificate_out_of_its_time_is_not_trusted),
		CASE(protocols_of_the_past_are_not_spoken),
	};
	return cmocka_run_group_tests_name("hostile servers", tests, NULL, NULL);
}
