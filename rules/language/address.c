#include "rules/language/address.h"

#include <string.h>

#include "base/fold.h"
#include "base/utf8.h"
#include "rules/language/term.h"
#include "rules/text/punycode.h"
#include "rules/text/word_hash.h"

/* --- characters --- */

static size_t step_at(struct str s, size_t i)
{
	uint32_t c;
	size_t n = (unsigned char)s.p[i] < 0x80 ? 1 : utf8_read(s, i, &c);
	return n ? n : 1;
}

static bool word_at(struct str s, size_t i)
{
	return i < s.n && fold_is_word(s.p[i]);
}

static bool spaceless_at(struct str s, size_t i)
{
	uint32_t c;
	if (i >= s.n || (unsigned char)s.p[i] < 0xE0)
		return false;
	utf8_read(s, i, &c);
	return fold_class(c) & FOLD_SPACELESS;
}

/* A word character that needs a boundary beside it. */
static bool tight_at(struct str s, size_t i)
{
	return word_at(s, i) && !spaceless_at(s, i);
}

static bool tight_before(struct str s, size_t i)
{
	return i > 0 && fold_is_word(s.p[i - 1]) && !spaceless_at(s, utf8_floor(s, i - 1));
}

static bool one_of(struct str s, size_t i, const char *ascii)
{
	return i < s.n && s.p[i] && strchr(ascii, s.p[i]);
}

size_t address_word_end(struct str s, size_t i)
{
	if (spaceless_at(s, i))
		return i + step_at(s, i);
	while (tight_at(s, i))
		i += step_at(s, i);
	return i;
}

bool address_parted(struct str whole, size_t from, size_t to)
{
	bool left = tight_before(whole, from) && tight_at(whole, from);
	bool right = tight_before(whole, to) && tight_at(whole, to);
	return !left && !right;
}

/* --- hosts --- */

/* How many bytes a dot takes at i, be it disarmed; 0: there is none. */
static size_t dot_at(struct str s, size_t i)
{
	static const char *const dots[] = { ".", "[.]", "(.)", "[dot]", "(dot)" };
	struct str rest = str_slice(s, i, s.n);
	for (size_t k = 0; k < sizeof dots / sizeof dots[0]; k++) {
		if (str_starts(rest, str_of(dots[k])))
			return strlen(dots[k]);
	}
	return 0;
}

/* Word characters, and hyphens between them. */
static size_t label_end(struct str s, size_t i, bool spaceless)
{
	size_t end = i;
	while (spaceless ? word_at(s, i) : tight_at(s, i)) {
		i += step_at(s, i);
		end = i;
		while (i < s.n && s.p[i] == '-')
			i++;
	}
	return end;
}

struct host {
	size_t to, last; /* the last label begins there */
	size_t count; /* of labels */
};

static struct host read_host(struct str s, size_t i, bool spaceless)
{
	struct host host = { i, i, 0 };
	for (size_t end; (end = label_end(s, i, spaceless)) > i;) {
		host = (struct host){ end, i, host.count + 1 };
		size_t dot = dot_at(s, end);
		if (!dot)
			break;
		i = end + dot;
	}
	return host;
}

/* Does the last label look like one, and not like the end of 3.5km? */
static bool is_top_label(struct str label)
{
	if (str_starts(label, STR("xn--")))
		return true;
	for (size_t i = 0; i < label.n; i++) {
		if (label.p[i] >= '0' && label.p[i] <= '9')
			return false;
	}
	return label.n >= 2;
}

/* The host of what is behind the "//" of a link that ends at link->to. */
static void find_host(struct str s, size_t from, struct address *link)
{
	size_t end = from, at = from;
	while (end < link->to && !one_of(s, end, "/?#"))
		end++;
	for (size_t i = from; i < end; i++) {
		if (s.p[i] == '@')
			at = i + 1;
	}
	link->host_from = at;
	link->host_to = read_host(str_slice(s, 0, end), at, true).to;
}

static size_t behind_port(struct str s, size_t i)
{
	size_t end = i + 1;
	if (!one_of(s, i, ":"))
		return i;
	while (one_of(s, end, "0123456789"))
		end++;
	return end > i + 1 ? end : i;
}

/* --- addresses in a text --- */

/* Where the characters end that an address can have. */
static size_t run_end(struct str s, size_t i)
{
	while (i < s.n && (unsigned char)s.p[i] > ' ' && !one_of(s, i, "<>\"{}|\\^`\x7f"))
		i++;
	return i;
}

/* How many bytes of http:// or https:// stand at i, or of nothing where www. does. */
static bool begins_open(struct str s, size_t i, size_t *scheme)
{
	struct str rest = str_slice(s, i, s.n);
	*scheme = str_starts(rest, STR("http://")) ? 7 : str_starts(rest, STR("https://")) ? 8 : 0;
	return *scheme || str_starts(rest, STR("www."));
}

static bool allows_bare(struct str s, size_t from, size_t to)
{
	bool slash = from > 0 && s.p[from - 1] == '/';
	bool scheme = slash && from > 1 && s.p[from - 2] == '/';
	bool at_sign = (from > 0 && s.p[from - 1] == '@') || one_of(s, to, "@");
	return !at_sign && (!slash || scheme);
}

static bool read_bare(struct str s, size_t from, struct host host, struct address *link)
{
	if (host.count < 2 || !is_top_label(str_slice(s, host.last, host.to)) ||
		!allows_bare(s, from, host.to))
		return false;
	*link = (struct address){ from, host.to, from, host.to, true };
	size_t path = behind_port(s, host.to);
	if (one_of(s, path, "/?#")) {
		link->poor = false;
		link->to = run_end(s, path);
	}
	return true;
}

bool address_next(struct str s, size_t *at, struct address *link)
{
	size_t i = *at;
	while (i < s.n) {
		if (!tight_at(s, i)) {
			i += step_at(s, i);
			continue;
		}
		size_t scheme;
		bool open = begins_open(s, i, &scheme);
		struct host host = read_host(s, i, false);
		if (open) {
			*link = (struct address){ .from = i, .to = run_end(s, i) };
			find_host(s, i + scheme, link);
		}
		if (open || read_bare(s, i, host, link)) {
			*at = link->to;
			return true;
		}
		i = host.to;
	}
	*at = s.n;
	return false;
}

struct address address_of_value(struct str s)
{
	struct address link = { .to = s.n };
	size_t scheme = str_find(s, STR("://"));
	if (scheme != SIZE_MAX) {
		find_host(s, scheme + 3, &link);
	} else if (str_starts(s, STR("//"))) {
		find_host(s, 2, &link);
	} else {
		struct host host = read_host(s, 0, true);
		size_t end = behind_port(s, host.to);
		if (host.count >= 2 && (end == s.n || one_of(s, end, "/?#")))
			link.host_to = host.to;
	}
	return link;
}

/* --- the hosts that a link lies below --- */

struct labels {
	char padded[WORD_PAD_BYTES + ADDRESS_HOST_MAX_BYTES + WORD_PAD_BYTES];
	size_t n;
	struct {
		size_t from, at; /* in the folded text, in the host */
	} items[ADDRESS_HOST_MAX_BYTES];
	size_t count;
};

/* Adds what a label that begins with xn-- stands for, folded; nothing if that is no label. */
static void decode_label(struct str label, struct buf *out)
{
	uint32_t code_points[PUNYCODE_MAX_BYTES];
	struct str encoded = str_slice(label, strlen("xn--"), label.n);
	size_t count = punycode_decode(encoded, code_points);
	struct buf decoded;
	buf_init(&decoded, 0); /* bounded by the label */
	for (size_t i = 0; i < count; i++) {
		char bytes[UTF8_MAX_BYTES];
		buf_add(&decoded, (struct str){ bytes, utf8_write(code_points[i], bytes) });
	}
	fold_add(out, buf_str(&decoded));
	if (label_end(buf_str(out), 0, true) < out->n)
		buf_clear(out);
	buf_finish(&decoded);
}

/* False: the host is too long. */
static bool add_label(struct labels *l, struct str label, size_t from)
{
	char *host = l->padded + WORD_PAD_BYTES;
	if (l->n + (l->n > 0) + label.n > ADDRESS_HOST_MAX_BYTES)
		return false;
	if (l->n)
		host[l->n++] = '.';
	l->items[l->count].from = from;
	l->items[l->count++].at = l->n;
	memcpy(host + l->n, label.p, label.n);
	l->n += label.n;
	return true;
}

static bool add_written_label(struct labels *l, struct str label, size_t from)
{
	struct buf decoded;
	if (!str_starts(label, STR("xn--")))
		return add_label(l, label, from);
	buf_init(&decoded, 0); /* bounded by the label */
	decode_label(label, &decoded);
	bool fits = add_label(l, decoded.n ? buf_str(&decoded) : label, from);
	buf_finish(&decoded);
	return fits;
}

/* False: too long for a host. */
static bool read_labels(struct str s, size_t from, size_t to, struct labels *l)
{
	memset(l->padded, ' ', sizeof l->padded);
	l->n = l->count = 0;
	s = str_slice(s, 0, to);
	while (from < to) {
		size_t end = label_end(s, from, true);
		if (end == from || !add_written_label(l, str_slice(s, from, end), from))
			return false;
		from = end + dot_at(s, end);
	}
	return true;
}

/* Where a spaceless character follows one that is not, or `to`. */
static size_t running_text(struct str s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i += step_at(s, i)) {
		if (i > from && spaceless_at(s, i) && tight_before(s, i))
			return i;
	}
	return to;
}

static void see_hosts(struct str s, size_t from, size_t to,
	void (*see)(void *ctx, struct str host, size_t from, size_t to), void *ctx)
{
	struct labels labels;
	if (!read_labels(s, from, to, &labels))
		return;
	for (size_t i = 0; i < labels.count; i++) {
		size_t at = labels.items[i].at;
		struct str host = { labels.padded + WORD_PAD_BYTES + at, labels.n - at };
		see(ctx, host, labels.items[i].from, to);
	}
}

void address_hosts(struct str s, const struct address *link,
	void (*see)(void *ctx, struct str host, size_t from, size_t to), void *ctx)
{
	size_t from = link->host_from, to = link->host_to, text = running_text(s, from, to);
	see_hosts(s, from, to, see, ctx);
	if (text < to)
		see_hosts(s, from, text, see, ctx);
}

/* --- terms --- */

struct str address_anchor(struct str s)
{
	struct str best = STR_NONE;
	for (size_t i = 0; i < s.n;) {
		size_t end = word_at(s, i) ? address_word_end(s, i) : i;
		if (end - i > best.n)
			best = str_slice(s, i, end);
		i = end > i ? end : i + step_at(s, i);
	}
	return best;
}

/* Labels that half of all hosts have tell nothing. */
static bool is_common(struct str label)
{
	static const char *const common[] = { "www", "com", "org", "net", "gov", "edu", "info" };
	for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
		if (str_eq(label, str_of(common[i])))
			return true;
	}
	return false;
}

struct str address_host_label(struct str host)
{
	struct str best = STR_NONE, label, rest = host;
	while (str_next(&rest, '.', &label)) {
		bool last = label.p + label.n == host.p + host.n;
		if ((!last || !best.n) && label.n > best.n && !is_common(label))
			best = label;
	}
	return best.n ? best : str_slice(host, 0, str_find_char(host, '.'));
}

static struct str trim_host(struct str s)
{
	if (str_starts(s, STR("*.")))
		s = str_slice(s, 2, s.n);
	else if (str_starts(s, STR(".")))
		s = str_slice(s, 1, s.n);
	return str_ends(s, STR(".")) ? str_slice(s, 0, s.n - 1) : s;
}

static const char *site_problem(struct term *t, struct arena *arena, size_t *at)
{
	struct str host = trim_host(t->folded);
	struct labels labels;
	*at = 0;
	for (size_t i = 0; i < t->letters.n; i++) {
		if (!one_of(t->letters, i, "/:@?# "))
			continue;
		*at = i;
		if (t->letters.p[i] == ' ')
			return "this is no host such as example.com";
		return "a site is a host such as example.com: parts of links are asked for by url:";
	}
	if (host.n == 0 || read_host(host, 0, true).to < host.n)
		return "this is no host such as example.com";
	if (!read_labels(host, 0, host.n, &labels))
		return "a host has at most 253 bytes";
	t->folded = arena_str(arena, (struct str){ labels.padded + WORD_PAD_BYTES, labels.n });
	return NULL;
}

static const char *url_problem(const struct term *t, size_t *at)
{
	*at = 0;
	for (size_t i = 0; i < t->letters.n; i++) {
		if (t->letters.p[i] != ' ')
			continue;
		*at = i;
		return "a link has no spaces: this is found in none";
	}
	return address_anchor(t->folded).n ? NULL
					   : "no word is in this: it would be found in any link";
}

const char *address_term_problem(struct term *t, struct arena *arena, size_t *at)
{
	if (t->kind == TERM_SITE)
		return site_problem(t, arena, at);
	if (t->kind == TERM_URL)
		return url_problem(t, at);
	*at = 0;
	t->folded = str_trim(t->folded);
	return address_anchor(t->folded).n ? NULL : "no word is in this: it is no hashtag";
}
