/* A network of its own, where 9.9.9.9 and 8.8.8.8 are real addresses of this machine beside those
 * of loopback: what may go to the public internet only, does, and at the others nothing arrives. */
#define _GNU_SOURCE

#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/net/web.h"

#define PUBLIC "9.9.9.9"
#define OTHER_PUBLIC "8.8.8.8"
#define NO_OPTIONS ((struct http_options){ .timeout_us = 20 * US_PER_S })

enum { LOOPBACK = 0x7f000001, NINES = 0x09090909 };

/* What names lead to; of rebind.test the second answer is another one than the first. */
static const struct name {
	const char *name;
	uint32_t addresses[2];
} names[] = {
	{ "private.test", { LOOPBACK } },
	{ "public.test", { NINES } },
	{ "both.test", { NINES, LOOPBACK } },
	{ "private-first.test", { LOOPBACK, NINES } },
};

static int rebind_count;

static struct addrinfo *address_info(uint32_t address, const char *service)
{
	struct addrinfo *found = calloc(1, sizeof *found + sizeof(struct sockaddr_in));
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)(found + 1);
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)(service ? strtol(service, NULL, 10) : 0));
	in->sin_addr.s_addr = htonl(address);
	*found = (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_addrlen = sizeof *in,
		.ai_addr = (struct sockaddr *)in };
	return found;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	(void)hints;
	if (name && strcmp(name, "rebind.test") == 0) {
		*result = address_info(rebind_count++ ? LOOPBACK : NINES, service);
		return 0;
	}
	for (size_t i = 0; name && i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i].name) != 0)
			continue;
		*result = address_info(names[i].addresses[0], service);
		if (names[i].addresses[1])
			(*result)->ai_next = address_info(names[i].addresses[1], service);
		return 0;
	}
	return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *found)
{
	while (found) {
		struct addrinfo *next = found->ai_next;
		free(found);
		found = next;
	}
}

/* ---- a network of its own ---- */

static bool run(const char *command)
{
	const pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	const bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

static bool enter_own_network(void)
{
	char map[64];
	const unsigned uid = getuid();
	if (uid == 0 && unshare(CLONE_NEWNET) == 0) {
		; /* root needs no other users */
	} else if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) {
		snprintf(map, sizeof map, "0 %u 1", uid);
		if (!write_file("/proc/self/uid_map", map))
			return false;
	} else {
		return false;
	}
	return run("ip link set lo up && ip addr add " PUBLIC "/32 dev lo && "
		   "ip addr add " OTHER_PUBLIC "/32 dev lo && ip addr add 10.1.2.3/32 dev lo");
}

/* ---- the cases ---- */

struct servers {
	struct server public, other_public, private, ten;
};

static struct servers servers;

static int group_set_up(void **state)
{
	(void)state;
	server_start(&servers.public, "misbehave.py", (const char *[]){ "--host", PUBLIC, NULL });
	server_start(&servers.other_public, "misbehave.py",
		(const char *[]){ "--host", OTHER_PUBLIC, NULL });
	server_start(&servers.private, "misbehave.py", NULL);
	server_start(&servers.ten, "misbehave.py", (const char *[]){ "--host", "10.1.2.3", NULL });
	return 0;
}

static int group_tear_down(void **state)
{
	(void)state;
	server_stop(&servers.public);
	server_stop(&servers.other_public);
	server_stop(&servers.private);
	server_stop(&servers.ten);
	return 0;
}

static void get(
	struct web *w, struct http_options options, const char *host, int port, const char *path)
{
	char url[512];
	snprintf(url, sizeof url, "http://%s:%d%s", host, port, path);
	web_get_url(w, url, options);
}

/* Asks `host` for a redirect to host `to`. */
static void get_redirect(struct web *w, struct http_options options, const char *host, int port,
	const char *to, int to_port)
{
	char path[256];
	snprintf(path, sizeof path, "/redirect/1?to=http://%s:%d/ok", to, to_port);
	options.max_redirects = 3;
	get(w, options, host, port, path);
}

/* How many requests a server has seen, this one included. */
static int requests(struct web *w, const char *host, int port)
{
	int64_t count;
	get(w, NO_OPTIONS, host, port, "/counters");
	const struct str body = buf_str(&w->body);
	const size_t at = str_find(body, STR("\"requests\": "));
	assert_true(at != SIZE_MAX);
	const struct str number = str_slice(body, at + 12, body.n);
	assert_true(str_to_int64(str_slice(number, 0, str_find_char(number, ',')), &count));
	return (int)count;
}

static void check_refused(const struct web *w)
{
	assert_int_equal(w->end, HTTP_REFUSED);
	assert_int_equal(w->headers_count, 0);
	assert_non_null(strstr(w->message, "is not public"));
}

static void what_is_public_is_reached(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	options.only_public = true;
	get(w, options, PUBLIC, servers.public.port, "/ok");
	assert_int_equal(w->status, 200);
	get(w, options, "public.test", servers.public.port, "/ok");
	assert_int_equal(w->status, 200);
	get_redirect(
		w, options, PUBLIC, servers.public.port, OTHER_PUBLIC, servers.other_public.port);
	assert_int_equal(w->status, 200);
}

static void names_and_redirects_that_lead_to_private_addresses_are_refused(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	static const char *const hosts[] = { "127.0.0.1", "private.test", "0x7f000001", "127.1",
		"2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[::1]", "0.0.0.0", "10.1.2.3" };
	const int before = requests(w, "127.0.0.1", servers.private.port);
	options.only_public = true;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		const int port = i + 1 < sizeof hosts / sizeof *hosts ? servers.private.port
								      : servers.ten.port;
		get(w, options, hosts[i], port, "/ok");
		check_refused(w);
		get_redirect(w, options, PUBLIC, servers.public.port, hosts[i], port);
		check_refused(w);
	}
	assert_int_equal(requests(w, "127.0.0.1", servers.private.port), before + 1);
}

static void of_several_addresses_only_the_public_ones_are_tried(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	const int before = requests(w, "127.0.0.1", servers.private.port);
	options.only_public = true;
	/* At the public address nobody listens on that port. */
	get(w, options, "both.test", servers.private.port, "/ok");
	assert_int_equal(w->end, HTTP_UNREACHED);
	get(w, options, "private-first.test", servers.private.port, "/ok");
	assert_int_equal(w->end, HTTP_UNREACHED);
	get(w, options, "private-first.test", servers.public.port, "/ok");
	assert_int_equal(w->status, 200);
	assert_int_equal(requests(w, "127.0.0.1", servers.private.port), before + 1);
}

/* The first answer is checked and the second used: not here, where each socket is. */
static void a_name_that_changes_its_mind_leads_nowhere(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	const int before = requests(w, "127.0.0.1", servers.private.port);
	rebind_count = 0;
	options.only_public = true;
	get_redirect(w, options, "rebind.test", servers.public.port, "rebind.test",
		servers.private.port);
	check_refused(w);
	assert_int_equal(rebind_count, 2);
	/* Nor where the user's own address may be private: it was public a moment ago. */
	rebind_count = 0;
	options.only_public = false;
	http_client_destroy(w->client); /* and with it the names that it remembers */
	w->client = http_client_create(w->loop);
	get_redirect(w, options, "rebind.test", servers.public.port, "rebind.test",
		servers.private.port);
	check_refused(w);
	assert_int_equal(rebind_count, 2);
	assert_int_equal(requests(w, "127.0.0.1", servers.private.port), before + 1);
}

static void an_own_server_may_be_private_but_not_send_us_to_another(void **state)
{
	struct web *w = *state;
	const struct http_options options = NO_OPTIONS;
	get(w, options, "127.0.0.1", servers.private.port, "/ok");
	assert_int_equal(w->status, 200);
	const int before = requests(w, "10.1.2.3", servers.ten.port);
	get_redirect(w, options, "127.0.0.1", servers.private.port, "10.1.2.3", servers.ten.port);
	check_refused(w);
	assert_non_null(strstr(w->message, "10.1.2.3"));
	get_redirect(w, options, PUBLIC, servers.public.port, "10.1.2.3", servers.ten.port);
	check_refused(w);
	assert_int_equal(requests(w, "10.1.2.3", servers.ten.port), before + 1);
	/* To itself and to the public internet it may. */
	get_redirect(
		w, options, "127.0.0.1", servers.private.port, "127.0.0.1", servers.private.port);
	assert_int_equal(w->status, 200);
	get_redirect(w, options, "127.0.0.1", servers.private.port, PUBLIC, servers.public.port);
	assert_int_equal(w->status, 200);
}

static void a_stranger_may_not_send_us_back(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	char path[256];
	options.max_redirects = 3;
	snprintf(path, sizeof path,
		"/redirect/1?to=http://%s:%d/redirect/1%%3Fto=http://127.0.0.1:%d/ok", PUBLIC,
		servers.public.port, servers.private.port);
	get(w, options, "127.0.0.1", servers.private.port, path);
	check_refused(w);
}

static void private_redirects_are_followed_where_they_are_allowed(void **state)
{
	struct web *w = *state;
	struct http_options options = NO_OPTIONS;
	options.private_redirects = true;
	get_redirect(w, options, "127.0.0.1", servers.private.port, "10.1.2.3", servers.ten.port);
	assert_int_equal(w->status, 200);
	get_redirect(w, options, PUBLIC, servers.public.port, "private.test", servers.private.port);
	assert_int_equal(w->status, 200);
	/* only_public is the stronger word. */
	options.only_public = true;
	get_redirect(w, options, PUBLIC, servers.public.port, "10.1.2.3", servers.ten.port);
	check_refused(w);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, web_set_up, web_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_public_is_reached),
		CASE(names_and_redirects_that_lead_to_private_addresses_are_refused),
		CASE(of_several_addresses_only_the_public_ones_are_tried),
		CASE(a_name_that_changes_its_mind_leads_nowhere),
		CASE(an_own_server_may_be_private_but_not_send_us_to_another),
		CASE(a_stranger_may_not_send_us_back),
		CASE(private_redirects_are_followed_where_they_are_allowed),
	};
	if (!enter_own_network()) {
		print_message("SKIP: no network of our own can be made here (%d)\n", errno);
		return 77;
	}
	return cmocka_run_group_tests_name(
		"private addresses", tests, group_set_up, group_tear_down);
}
