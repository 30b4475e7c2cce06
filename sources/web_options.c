#include "sources/web_options.h"

#include <string.h>

bool web_is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool names_header(struct str line, struct str name)
{
	return str_eq_ignore_case(str_trim(str_slice(line, 0, str_find_char(line, ':'))), name);
}

bool web_has_header(struct str_list headers, struct str name)
{
	for (size_t i = 0; i < headers.count; i++)
		if (names_header(headers.items[i], name))
			return true;
	return false;
}

static struct where place(const struct conf_node *node, const char *key)
{
	const struct conf_node *value = conf_get(node, key);
	return value ? value->at : node->at;
}

static bool check_url(const struct web_options *o, struct where at, struct diag *diag)
{
	const bool tls = str_starts(o->url, o->tls);
	if (!tls && !str_starts(o->url, o->plain)) {
		diag_error(diag, at, "url is neither %.*s nor %.*s: 'url'", STR_ARGS(o->plain),
			STR_ARGS(o->tls));
		return false;
	}
	const struct str rest = str_slice(o->url, tls ? o->tls.n : o->plain.n, o->url.n);
	size_t authority = 0;
	while (authority < rest.n && !strchr("/?#", rest.p[authority]))
		authority++;
	const struct str host = str_slice(rest, 0, authority);
	if (host.n == 0 || !web_is_clean(o->url) || str_find_char(o->url, ' ') != SIZE_MAX) {
		diag_error(diag, at, "url without a host or with spaces in it: 'url'");
		return false;
	}
	if (str_find_char(host, '@') != SIZE_MAX) {
		diag_error(diag, at, "url with a user or password: 'url'");
		diag_hint(diag, "use token, or headers with {env: NAME}");
		return false;
	}
	const bool near = str_starts(host, STR("127.")) || str_starts(host, STR("[::1]")) ||
		str_starts(host, STR("localhost"));
	if (!tls && !near && (o->token.p || web_has_header(o->headers, STR("Authorization"))))
		diag_warning(diag, at, "the token is sent unencrypted: 'url'");
	return true;
}

static bool token_character(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static bool check_headers(const struct web_options *o, struct where at, struct diag *diag)
{
	if (o->headers.count > WEB_MAX_HEADERS) {
		diag_error(diag, at, "more than %d headers: 'headers'", WEB_MAX_HEADERS);
		return false;
	}
	for (size_t i = 0; i < o->headers.count; i++) {
		const struct str line = o->headers.items[i];
		const size_t colon = str_find_char(line, ':');
		bool good = colon != SIZE_MAX && colon > 0 && web_is_clean(line);
		for (size_t k = 0; good && k < colon; k++)
			good = token_character(line.p[k]);
		if (!good) {
			/* Not shown: it may be a secret. */
			diag_error(diag, at, "header %zu is not 'Name: value': 'headers'", i + 1);
			return false;
		}
	}
	if (o->token.p && web_has_header(o->headers, STR("Authorization"))) {
		diag_error(diag, at, "token and an Authorization header: 'headers'");
		return false;
	}
	return true;
}

bool web_check(const struct web_options *o, const struct conf_node *node, struct diag *diag)
{
	const bool url_good = check_url(o, place(node, "url"), diag);
	const bool headers_good = check_headers(o, place(node, "headers"), diag);
	return url_good && headers_good;
}

enum backoff_kind web_refusal(int status, struct buf *why)
{
	switch (status) {
	case 401:
		buf_addf(why, "the server wants another token or login (HTTP 401)");
		break;
	case 403:
		buf_addf(why, "the server does not allow it (HTTP 403)");
		break;
	case 404:
	case 410:
		buf_addf(why, "no stream at this url (HTTP %d)", status);
		break;
	case 420:
	case 429:
		buf_addf(why, "too many connections or requests (HTTP %d)", status);
		return BACKOFF_LIMITED;
	default:
		buf_addf(why, "the server answered HTTP %d", status);
		break;
	}
	return BACKOFF_HTTP;
}
