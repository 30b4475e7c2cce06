/* What HTTP and SMTP requests share: the client, and libcurl's options. Within net/ only. CURL and
 * CURLM are void, so that this header needs no library. */
#pragma once

#include "net/http.h"
#include "net/multi.h"

struct smtp_request;

struct http_client {
	struct loop *loop;
	struct multi multi;
	struct timer *kick; /* something waits to be done outside of all callbacks */
	struct http_request *requests;
	struct smtp_request *mails;
	int64_t (*wall_us)(void);
	uint64_t turn; /* of kick; what came in this one waits for the next */
	int64_t working_since_us; /* when libcurl was last called, by a clock that goes on */
	int depth; /* of our own functions that run callbacks */
	bool in_curl; /* libcurl may not be called now */
	bool destroyed; /* to be freed when depth is 0 */
};

/* What every handle has set, whatever the protocol. ca_file: absent or a copy is taken. The caller
 * adds protocols, times and callbacks. */
void curl_set_common(void *easy, struct str ca_file, char *error_text);
/* What a socket is made by: closed on exec. */
int curl_open_plain_socket(int family, int type, int protocol);
/* No C0, no DEL. */
bool curl_text_is_clean(struct str s);
/* Wipes and frees a C text; takes NULL. */
void curl_wipe_text(char *text);
/* Wipes and frees a struct curl_slist; takes NULL. */
void curl_wipe_list(void *list);

/* As http_client_destroy finds mails under way. */
void smtp_drop_all(struct http_client *client);
