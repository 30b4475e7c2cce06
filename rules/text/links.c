#include "rules/text/links.h"

#include <string.h>

#include "rules/text/letters.h"

enum { LABEL_MAX_CHARACTERS = 63, SHORT_LINK_MAX_BYTES = 40 };

/* --- top-level domains --- */

/* Countries, two letters each. */
static const char countries[] =
	"acadaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjbmbnbobrbsbtbwbybzcacccdcfcgchcickclcm"
	"cncocrcucvcwcxcyczdedjdkdmdodzeceeegereseteufifjfkfmfofrgagdgegfggghgiglgmgngpgqgrgsgtgugw"
	"gyhkhmhnhrhthuidieiliminioiqirisitjejmjojpkekgkhkikmknkpkrkwkykzlalblclilklrlsltlulvlymamc"
	"mdmemgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpmpnprpspt"
	"pwpyqarerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsusvsxsysztctdtftgthtjtktltmtntotrtttvtw"
	"tzuaugukusuyuzvavcvevgvivnvuwfwsyeytzazmzw";

/* Those of the others that are written without anything before them. */
static const char *const others[] = { "aero", "agency", "app", "art", "asia", "blog", "bzh", "cat",
	"click", "cloud", "club", "com", "coop", "dev", "edu", "eus", "games", "gov", "info", "int",
	"jobs", "live", "lol", "media", "mil", "mobi", "museum", "name", "net", "news", "one",
	"online", "org", "page", "paris", "press", "pro", "quebec", "radio", "shop", "site",
	"social", "space", "store", "tech", "tel", "today", "top", "travel", "video", "website",
	"wiki", "win", "work", "world", "xxx", "xyz", "zone" };

/* In other scripts, folded. */
static const char *const foreign[] = { "рф", "укр", "みんな", "中国", "中國", "한국", "香港",
	"台湾", "台灣", "公司", "网络" };

static bool is_country(const char *p)
{
	for (const char *c = countries; *c; c += 2) {
		if (c[0] == p[0] && c[1] == p[1])
			return true;
	}
	return false;
}

static bool is_other(struct str label)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (str_eq(label, str_of(others[i])))
			return true;
	}
	return false;
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_ascii_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

bool link_is_known_domain(struct str folded)
{
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		if (str_eq(folded, str_of(foreign[i])))
			return true;
	}
	return (folded.n == 2 && is_country(folded.p)) || is_other(folded);
}

/* The end of the well-known domain that stands at p[i], or 0. */
static size_t known_domain_end(const char *p, size_t i, size_t n)
{
	struct str rest = { p + i, n - i };
	size_t end = i;
	while (end < n && is_letter(p[end]))
		end++;
	for (size_t k = 0; end == i && k < sizeof foreign / sizeof *foreign; k++) {
		if (str_starts(rest, str_of(foreign[k])))
			end = i + strlen(foreign[k]);
	}
	bool known = end > i &&
		((unsigned char)p[i] >= 0x80 || (end == i + 2 && is_country(p + i)) ||
			is_other((struct str){ p + i, end - i }));
	bool parted = !tight_at(p, end, n) && (end == n || !memchr("-@+", p[end], 3));
	return known && parted ? end : 0;
}

/* --- where a link begins --- */

static size_t scheme_length(const char *p, size_t i, size_t n)
{
	struct str rest = { p + i, n - i };
	if (rest.n < 7 || p[i] != 'h')
		return 0;
	return str_starts(rest, STR("http://")) ? 7 : str_starts(rest, STR("https://")) ? 8 : 0;
}

static bool begins_scheme(const char *p, size_t i, size_t n)
{
	return p[i] == 'h' && scheme_length(p, i, n) && !tight_before(p, i);
}

static bool after_one_of(const char *p, size_t i, const char *signs)
{
	return i > 0 && p[i - 1] && strchr(signs, p[i - 1]);
}

/* --- hosts --- */

struct label {
	size_t to;
	bool valid, letters, underscore;
};

/* The label that begins at p[i]. */
static struct label read_label(const char *p, size_t i, size_t n)
{
	struct label l = { .to = i, .letters = true };
	size_t characters = 0;
	bool ascii = true;
	while (l.to < n && (fold_is_word(p[l.to]) || p[l.to] == '-')) {
		unsigned char c = (unsigned char)p[l.to];
		if (begins_scheme(p, l.to, n))
			break;
		ascii = ascii && c < 0x80;
		l.letters = l.letters && (c >= 0x80 || is_letter(p[l.to]));
		l.underscore = l.underscore || c == '_';
		characters += (c & 0xC0) != 0x80;
		l.to++;
	}
	bool coded = l.to - i > 4 && memcmp(p + i, "xn--", 4) == 0;
	l.letters = (l.letters && characters >= 2) || coded;
	l.valid = l.to > i && characters <= LABEL_MAX_CHARACTERS && !(coded && !ascii) &&
		!strchr("-_", p[i]) && !strchr("-_", p[l.to - 1]);
	return l;
}

/* The end of the host that begins at p[i], of any top-level domain; 0 if it cannot be one. A
 * well-known domain ends before a spaceless character: "example.comです". */
static size_t host_end(const char *p, size_t i, size_t n)
{
	size_t end = 0;
	for (struct label before = { 0 };;) {
		bool can_end = before.valid && !before.underscore;
		size_t known = can_end ? known_domain_end(p, i, n) : 0;
		if (known && spaceless_at(p, known, n))
			return known;
		struct label l = read_label(p, i, n);
		if (!l.valid)
			return end;
		if (can_end && l.letters && (l.to == n || (p[l.to] != '@' && p[l.to] != '+')))
			end = l.to;
		if (l.to + 1 >= n || p[l.to] != '.')
			return end;
		before = l;
		i = l.to + 1;
	}
}

/* The same for a host without anything before it: ASCII, and of a well-known domain. */
static size_t bare_host_end(const char *p, size_t i, size_t n)
{
	size_t end = 0;
	for (bool first = true;; first = false) {
		size_t known = first ? 0 : known_domain_end(p, i, n);
		end = known ? known : end;
		while (i < n && (is_ascii_word(p[i]) || p[i] == '-'))
			i++;
		if (i < n && p[i] == '@')
			return 0; /* a mail address */
		if (i + 1 >= n || p[i] != '.' || !fold_is_word(p[i + 1]))
			return end;
		i++;
	}
}

/* --- what follows the host --- */

static bool is_one_of(char c, const char *signs)
{
	return c != '\0' && strchr(signs, c);
}

static bool is_path(char c)
{
	return is_one_of(c, "!*';:=+,.$/%#[]-~@|&");
}

/* The end of the parentheses that open at p[i], two deep at most; 0 if they do not close. */
static size_t parentheses_end(const char *p, size_t i, size_t n)
{
	int depth = 0;
	while (i < n) {
		size_t step = tight_at(p, i, n);
		bool empty = p[i] == ')' && p[i - 1] == '(';
		if (empty || (p[i] == '(' && depth == 2))
			return 0;
		depth += (p[i] == '(') - (p[i] == ')');
		if (depth == 0)
			return i + 1;
		if (!step && !is_path(p[i]) && p[i] != '(' && p[i] != ')')
			return 0;
		i += step ? step : 1;
	}
	return 0;
}

static size_t path_end(const char *p, size_t i, size_t n, bool stops_at_scheme)
{
	size_t end = i;
	while (i < n) {
		size_t step = tight_at(p, i, n), close;
		if (stops_at_scheme && begins_scheme(p, i, n))
			return end;
		if (step) {
			end = i += step;
		} else if (is_path(p[i])) {
			i++;
			end = is_one_of(p[i - 1], "=#/+-") ? i : end;
		} else if (p[i] == '(' && (close = parentheses_end(p, i, n)) != 0) {
			end = i = close;
		} else {
			return end;
		}
	}
	return end;
}

static size_t query_end(const char *p, size_t i, size_t n, bool stops_at_scheme)
{
	size_t end = i;
	for (size_t at = i + 1; at < n;) {
		size_t step = tight_at(p, at, n);
		if ((stops_at_scheme && begins_scheme(p, at, n)) ||
			(!step && !is_path(p[at]) && !is_one_of(p[at], "?()")))
			return end;
		at += step ? step : 1;
		end = step || is_one_of(p[at - 1], "-&=#/") ? at : end;
	}
	return end;
}

static size_t port_end(const char *p, size_t i, size_t n)
{
	size_t end = i + 1;
	if (i >= n || p[i] != ':')
		return i;
	while (end < n && p[end] >= '0' && p[end] <= '9')
		end++;
	return end > i + 1 ? end : i;
}

/* bare: without http:// or https://; then a link that has one begins its own. */
static size_t rest_end(const char *p, size_t i, size_t n, bool bare)
{
	i = port_end(p, i, n);
	if (i < n && p[i] == '/')
		i = path_end(p, i, n, bare);
	if (i < n && p[i] == '?')
		i = query_end(p, i, n, bare);
	return i;
}

/* Links that Twitter shortens end with the letters of their name; 0 if it is too long. */
static size_t short_link_end(const char *p, size_t i, size_t n)
{
	size_t end = i + 1;
	while (end < n && is_ascii_word(p[end]))
		end++;
	if (end - i - 1 > SHORT_LINK_MAX_BYTES)
		return 0;
	return end < n && p[end] == '?' ? query_end(p, end, n, false) : end;
}

/* --- whole links --- */

/* What is written like a link, up to white space, the characters that RFC 3986 keeps out, and the
 * next http:// or https://. */
static size_t written_end(const char *p, size_t i, size_t n)
{
	i += scheme_length(p, i, n);
	while (i < n && (unsigned char)p[i] > ' ' && !strchr("<>\"{}|\\^`\x7f", p[i]) &&
		!begins_scheme(p, i, n))
		i++;
	return i;
}

/* The end of the word in which a link ends, if it does. */
static size_t cut_word_end(const char *p, size_t i, size_t n)
{
	return tight_before(p, i) ? tight_end(p, i, n) : i;
}

static bool read_scheme_link(const char *p, size_t i, size_t n, struct link *link)
{
	size_t host = i + scheme_length(p, i, n), end = host_end(p, host, n);
	struct str name = { p + host, end > host ? end - host : 0 };
	bool shortened = str_eq(name, STR("t.co")) && end + 1 < n && p[end] == '/' &&
		is_ascii_word(p[end + 1]);
	if (end)
		end = shortened ? short_link_end(p, end, n) : rest_end(p, end, n, false);
	*link = (struct link){ .from = i,
		.to = end ? end : i,
		.shut = end ? cut_word_end(p, end, n) : written_end(p, i, n),
		.whole = end && !after_one_of(p, i, "@$#") };
	return true;
}

/* A link whose first dot is at p[dot], of what begins not before p[at]. */
static bool read_bare_link(const char *p, size_t at, size_t dot, size_t n, struct link *link)
{
	size_t from = dot;
	while (from > at && (is_ascii_word(p[from - 1]) || p[from - 1] == '-'))
		from--;
	if (from == dot || p[from] == '-' || tight_before(p, from) ||
		after_one_of(p, from, "@$#./-"))
		return false;
	bool www = dot - from == 3 && memcmp(p + from, "www", 3) == 0;
	size_t end = www ? host_end(p, from, n) : bare_host_end(p, from, n);
	if (end == 0)
		return false;
	end = rest_end(p, end, n, true);
	*link = (struct link){
		.from = from, .to = end, .shut = www ? cut_word_end(p, end, n) : from, .whole = true
	};
	return true;
}

/* Where the http:// or https:// begins whose colon is at p[colon], not before p[at]; SIZE_MAX: none
 * does. */
static size_t scheme_before(const char *p, size_t at, size_t colon, size_t n)
{
	for (size_t length = 4; length <= 5 && colon >= at + length; length++) {
		if (begins_scheme(p, colon - length, n))
			return colon - length;
	}
	return SIZE_MAX;
}

bool link_next(const char *p, size_t at, size_t n, struct link *link)
{
	for (size_t i = at; i + 1 < n; i++) {
		size_t scheme = p[i] == ':' && p[i + 1] == '/' ? scheme_before(p, at, i, n)
							       : SIZE_MAX;
		if (scheme != SIZE_MAX)
			return read_scheme_link(p, scheme, n, link);
		if (p[i] == '.' && fold_is_word(p[i + 1]) && read_bare_link(p, at, i, n, link))
			return true;
	}
	return false;
}

size_t link_shut_end(const char *p, size_t i, size_t n)
{
	struct link link;
	if (i >= n || !begins_scheme(p, i, n) || !read_scheme_link(p, i, n, &link))
		return 0;
	return link.shut;
}
