#include "web/request.h"

#include <string.h>

#include "base/utf8.h"

/* What RFC 9110 calls a token: the only thing that a header's name may be. */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z');
		if (!alphanumeric && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return true;
	}
	return false;
}

void web_request_header(struct web_request *r, struct str name, struct str value)
{
	r->header_count++;
	/* A folded line also ends up here: the library hangs it on the name. */
	if (!is_token(name) || has_control(value))
		r->malformed_header = true;
	value = str_trim(value);
	if (str_eq_ignore_case(name, STR("Host"))) {
		r->host_count++;
		r->host = value;
	} else if (str_eq_ignore_case(name, STR("Content-Length"))) {
		r->length_count++;
		r->length = value;
	} else if (str_eq_ignore_case(name, STR("Transfer-Encoding"))) {
		r->coding_count++;
		r->coding = value;
	}
}

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool is_zero(struct str digits)
{
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] != '0')
			return false;
	return true;
}

/* Methods are told apart by case. */
static bool is_allowed(const struct web_request *r)
{
	const unsigned methods = r->methods ? r->methods : WEB_GET;
	if (str_eq(r->method, STR("POST")))
		return methods & WEB_POST;
	return methods & WEB_GET &&
		(str_eq(r->method, STR("GET")) || str_eq(r->method, STR("HEAD")));
}

static struct web_refusal check_content(const struct web_request *r)
{
	if (str_eq(r->method, STR("POST"))) {
		if (r->coding_count > 1 ||
			(r->coding_count && !str_eq_ignore_case(r->coding, STR("chunked"))))
			return (struct web_refusal){ 501, "the only transfer coding is chunked" };
	} else if (r->coding_count > 0 || !is_zero(r->length)) {
		return (struct web_refusal){ 413, "no content is taken" };
	}
	return (struct web_refusal){ 0, NULL };
}

struct web_refusal web_request_check(const struct web_request *r, const struct web_address *own)
{
	if (r->header_bytes > WEB_MAX_HEADER_BYTES || r->header_count > WEB_MAX_HEADER_COUNT)
		return (struct web_refusal){ 431, "the headers are too large" };
	if (r->malformed_header)
		return (struct web_refusal){ 400, "a header is malformed" };
	if (r->malformed_path)
		return (struct web_refusal){ 400, "the address is malformed" };
	if (r->host_count != 1)
		return (struct web_refusal){ 400, "there must be one Host" };
	if (r->length_count > 1 || (r->length_count == 1 && !is_digits(r->length)))
		return (struct web_refusal){ 400, "Content-Length is not one number" };
	if (r->coding_count > 0 && r->length_count > 0)
		return (struct web_refusal){ 400, "the length is told in two ways" };
	if (!web_address_serves(own, r->host) && !web_names_hold(r->names, r->host))
		return (struct web_refusal){ 421, "this host is not served here" };
	if (!is_allowed(r))
		return (struct web_refusal){ 405, "the method is not served here" };
	return check_content(r);
}

const char *web_request_allow(unsigned methods)
{
	if (methods & WEB_POST)
		return methods & WEB_GET ? "GET, HEAD, POST" : "POST";
	return "GET, HEAD";
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* False at an escape that is none or that gives a NUL. */
static bool unescape_bytes(char *text, size_t *length)
{
	size_t to = 0;
	for (size_t from = 0; text[from]; from++) {
		if (text[from] == '%') {
			const int high = hex_of(text[from + 1]);
			const int low = high < 0 ? -1 : hex_of(text[from + 2]);
			if (low < 0 || high + low == 0)
				return false;
			text[to++] = (char)(high * 16 + low);
			from += 2;
		} else {
			text[to++] = text[from];
		}
	}
	text[to] = '\0';
	*length = to;
	return true;
}

bool web_unescape(char *text, size_t *length)
{
	if (unescape_bytes(text, length) && utf8_valid((struct str){ text, *length }))
		return true;
	text[0] = '\0';
	*length = 0;
	return false;
}
