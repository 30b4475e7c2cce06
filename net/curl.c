/* Options that every transfer has. Each closes what libcurl leaves open by default. */
#define _GNU_SOURCE

#include "net/client.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/mem.h"

enum {
	CONNECTION_MAX_AGE_S = 300,
	DNS_CACHE_S = 60,
	KEEPALIVE_IDLE_S = 60,
	KEEPALIVE_INTERVAL_S = 20,
};

static void must(CURLcode code)
{
	/* Only an option this libcurl does not know could fail, which is a wrong build. */
	assert(code == CURLE_OK);
	(void)code;
}

void curl_set_common(void *easy, struct str ca_file, char *error_text)
{
	must(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text));
	must(curl_easy_setopt(easy, CURLOPT_VERBOSE, 0L)); /* would print secrets */
	must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	/* A name that takes long to resolve is left to its thread, not waited for. */
	must(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
	must(curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https"));
	must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
	must(curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 0L));
	must(curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 0L));
	must(curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L));
	must(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
	must(curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
	must(curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
	must(curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
	must(curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_MAX_AGE_S));
	must(curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, (long)DNS_CACHE_S));
	must(curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
	must(curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S));
	must(curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S));
	if (ca_file.p) {
		char *path = mem_text(ca_file.p, ca_file.n);
		must(curl_easy_setopt(easy, CURLOPT_CAINFO, path));
		must(curl_easy_setopt(easy, CURLOPT_CAPATH, NULL)); /* that file and no other */
		mem_free(path);
	}
}

int curl_open_plain_socket(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC, protocol);
}

bool curl_text_is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

void curl_wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	mem_free(text);
}

void curl_wipe_list(void *list)
{
	struct curl_slist *all = list;
	for (struct curl_slist *item = all; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(all);
}
