#include "model/log_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { NAME_MAX_BYTES = 255, PROGRAM_MAX_BYTES = 128, TIME_MAX_BYTES = 40, FIELDS_5424 = 3 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Cuts the next piece up to a space, with that space, off the rest. */
static struct str next_word(struct str *rest)
{
	const size_t at = str_find_char(*rest, ' ');
	const struct str word = str_slice(*rest, 0, at);
	*rest = str_slice(*rest, at == SIZE_MAX ? rest->n : at + 1, rest->n);
	return word;
}

/* ---- the time ---- */

/* Exactly two digits, or a space and one. -1: neither. */
static int two_digits(const char *p, bool space)
{
	if ((!is_digit(p[0]) && !(space && p[0] == ' ')) || !is_digit(p[1]))
		return -1;
	return (p[0] == ' ' ? 0 : (p[0] - '0') * 10) + (p[1] - '0');
}

/* ".123456" of a second; *digits counts them with the point. */
static int64_t read_fraction(struct str s, size_t *digits)
{
	int64_t us = 0, unit = US_PER_S / 10;
	*digits = 0;
	if (s.n < 2 || s.p[0] != '.' || !is_digit(s.p[1]))
		return 0;
	for (*digits = 1; *digits < s.n && is_digit(s.p[*digits]); (*digits)++) {
		us += (s.p[*digits] - '0') * unit;
		unit /= 10;
	}
	return us;
}

static bool local_time(struct tm fields, int64_t *wall_us)
{
	const struct tm wanted = fields;
	fields.tm_isdst = -1;
	const time_t seconds = mktime(&fields);
	/* The 30th of February would be the 1st or 2nd of March. */
	if (fields.tm_mday != wanted.tm_mday || fields.tm_mon != wanted.tm_mon)
		return false;
	*wall_us = (int64_t)seconds * US_PER_S;
	return true;
}

/* The latest year with which the time is at most a day ahead. */
static int64_t with_year(struct tm fields, int64_t now_us)
{
	const time_t now = (time_t)(now_us / US_PER_S);
	struct tm today;
	int64_t wall_us;
	if (now_us <= 0 || !localtime_r(&now, &today))
		return 0;
	/* Tomorrow may be of the next year, and a leap day up to eight years ago. */
	for (int back = -1; back <= 8; back++) {
		fields.tm_year = today.tm_year - back;
		if (local_time(fields, &wall_us) && wall_us <= now_us + US_PER_DAY)
			return wall_us;
	}
	return 0;
}

/* "Nov 22 14:07:29" and, as journalctl can write it, ".123456". */
static bool read_short_time(struct str *rest, int64_t now_us, int64_t *wall_us)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	enum { BYTES = sizeof "Nov 22 14:07:29" - 1 };
	const char *p = rest->p;
	size_t month = 0, digits;
	if (rest->n <= BYTES || p[3] != ' ' || p[6] != ' ' || p[9] != ':' || p[12] != ':')
		return false;
	while (month < 12 && memcmp(p, months + 3 * month, 3) != 0)
		month++;
	const struct tm fields = { .tm_mon = (int)month,
		.tm_mday = two_digits(p + 4, true),
		.tm_hour = two_digits(p + 7, false),
		.tm_min = two_digits(p + 10, false),
		.tm_sec = two_digits(p + 13, false) };
	if (month == 12 || fields.tm_mday < 1 || fields.tm_mday > 31 || fields.tm_hour < 0 ||
		fields.tm_hour > 23 || fields.tm_min < 0 || fields.tm_min > 59 ||
		fields.tm_sec < 0 || fields.tm_sec > 60)
		return false;
	const int64_t fraction_us = read_fraction(str_slice(*rest, BYTES, rest->n), &digits);
	const struct str after = str_slice(*rest, BYTES + digits, rest->n);
	if (!str_starts(after, STR(" ")))
		return false;
	*rest = str_slice(after, 1, after.n);
	const int64_t at_us = with_year(fields, now_us);
	*wall_us = at_us ? at_us + fraction_us : 0;
	return true;
}

/* "2026-11-22T14:07:29.123456+01:00", or without a zone. */
static bool read_long_time(struct str *rest, int64_t *wall_us)
{
	struct str after = *rest;
	const struct str word = next_word(&after);
	if (word.n < sizeof "2026-11-22T14:07:29" - 1 || word.n > TIME_MAX_BYTES ||
		word.n == rest->n || word.p[4] != '-' || word.p[10] != 'T' || word.p[13] != ':')
		return false;
	const char last = word.p[word.n - 1];
	const struct str tail = str_slice(word, word.n - 6, word.n);
	const bool zoned = last == 'Z' || str_find_char(tail, '+') != SIZE_MAX ||
		str_find_char(tail, '-') != SIZE_MAX;
	if (!time_parse(word, wall_us))
		return false;
	*rest = after;
	if (zoned)
		return true;
	/* It was read as UTC. */
	const time_t seconds = (time_t)(*wall_us / US_PER_S);
	struct tm fields;
	int64_t local_us;
	if (gmtime_r(&seconds, &fields) && local_time(fields, &local_us))
		*wall_us = local_us + *wall_us % US_PER_S;
	return true;
}

/* ---- who wrote it ---- */

/* What ends like an address for people would be one for the scan too, but with the colon behind
 * it. */
static bool is_host(struct str word)
{
	for (size_t i = 0; i < word.n; i++) {
		const char c = word.p[i];
		if (!is_letter(c) && !is_digit(c) && !strchr("._-:", c))
			return false;
	}
	return word.n > 0 && word.n <= NAME_MAX_BYTES && word.p[word.n - 1] != ':';
}

static bool is_program_sign(char c)
{
	return is_letter(c) || is_digit(c) || (c && strchr("._-/()+@", c));
}

/* "sshd[812]: " or "kernel: "; the length up to the colon, 0 if there is none. */
static size_t program_bytes(struct str s, struct str *program)
{
	size_t at = 0;
	while (at < s.n && at <= PROGRAM_MAX_BYTES && is_program_sign(s.p[at]))
		at++;
	const size_t name = at;
	if (at < s.n && s.p[at] == '[') {
		while (at < s.n && at - name <= NAME_MAX_BYTES && s.p[at] != ']' && s.p[at] != ' ')
			at++;
		if (at == s.n || s.p[at++] != ']')
			return 0;
	}
	const bool ended = at < s.n && s.p[at] == ':' && (at + 1 == s.n || s.p[at + 1] == ' ');
	if (name == 0 || name > PROGRAM_MAX_BYTES || !ended)
		return 0;
	*program = str_slice(s, 0, name);
	return at;
}

static struct str without_leading_spaces(struct str s)
{
	size_t at = 0;
	while (at < s.n && s.p[at] == ' ')
		at++;
	return str_slice(s, at, s.n);
}

/* "web1 sshd[812]: message", as it stands behind the time. */
static bool read_writer(struct str rest, struct log_line *out)
{
	struct str after = rest;
	const struct str host = next_word(&after);
	if (!is_host(host) || host.n == rest.n)
		return false;
	after = without_leading_spaces(after);
	const size_t n = program_bytes(after, &out->program);
	const size_t end = n ? (size_t)(after.p - rest.p) + n : host.n;
	out->host = host;
	out->origin = str_slice(rest, 0, end);
	out->message = without_leading_spaces(str_slice(rest, end + (n ? 1 : 0), rest.n));
	return true;
}

/* ---- RFC 5424 ---- */

/* "-", or elements "[name key="value" ...]" one after the other; in values \" \\ \] are escaped. */
static bool skip_structured_data(struct str *rest)
{
	size_t at = 0;
	if (str_starts(*rest, STR("-"))) {
		at = 1;
	} else {
		while (at < rest->n && rest->p[at] == '[') {
			bool quoted = false;
			for (at++; at < rest->n && (quoted || rest->p[at] != ']'); at++) {
				if (rest->p[at] == '"')
					quoted = !quoted;
				else if (quoted && rest->p[at] == '\\')
					at++;
			}
			if (at >= rest->n)
				return false;
			at++;
		}
	}
	if (at == 0 || (at < rest->n && rest->p[at] != ' '))
		return false;
	*rest = str_slice(*rest, at + 1, rest->n);
	return true;
}

static struct str unless_nil(struct str word)
{
	return str_eq(word, STR("-")) ? STR_NONE : word;
}

/* Behind "<34>": "1 TIME HOST PROGRAM PROCESS ID DATA message". */
static bool read_5424(struct str rest, struct log_line *out)
{
	struct str time, words[FIELDS_5424 + 1];
	if (!str_starts(rest, STR("1 ")))
		return false;
	rest = str_slice(rest, 2, rest.n);
	time = next_word(&rest);
	for (size_t i = 0; i <= FIELDS_5424; i++)
		words[i] = next_word(&rest);
	const struct str host = words[0], program = words[1];
	int64_t created_at_us = 0;
	if (!is_host(host) || program.n == 0 || program.n > PROGRAM_MAX_BYTES ||
		(!str_eq(time, STR("-")) && !time_parse(time, &created_at_us)) ||
		!skip_structured_data(&rest))
		return false;
	for (size_t i = 0; i < program.n; i++)
		if (!is_program_sign(program.p[i]))
			return false;
	if (str_starts(rest, STR("\xEF\xBB\xBF")))
		rest = str_slice(rest, 3, rest.n);
	*out = (struct log_line){ .created_at_us = created_at_us,
		.host = unless_nil(host),
		.program = unless_nil(program),
		.message = rest.p ? rest : STR("") };
	if (out->host.p && out->program.p)
		out->origin = (struct str){ host.p, (size_t)(program.p + program.n - host.p) };
	else
		out->origin = out->host.p ? out->host : out->program;
	return true;
}

/* "<34>": cuts it off; false if there is none. */
static bool read_priority(struct str *rest)
{
	size_t at = 1;
	if (!str_starts(*rest, STR("<")))
		return false;
	while (at < rest->n && at < 4 && is_digit(rest->p[at]))
		at++;
	if (at == 1 || at == rest->n || rest->p[at] != '>')
		return false;
	*rest = str_slice(*rest, at + 1, rest->n);
	return true;
}

/* ---- ids ---- */

/* FNV-1a: stays the same over versions, as ids must. */
static uint64_t stable_hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

size_t log_line_id(struct str line, bool has_time, const struct log_place *place, uint64_t at,
	int64_t received_at_us, char out[LOG_ID_BYTES])
{
	const uint64_t hash = stable_hash(line);
	int n;
	if (place->file)
		n = snprintf(out, LOG_ID_BYTES, "%" PRIx64 "-%" PRIx64 "-%016" PRIx64, place->file,
			at, hash);
	else if (has_time)
		n = snprintf(out, LOG_ID_BYTES, "%016" PRIx64, hash);
	else
		n = snprintf(out, LOG_ID_BYTES, "%" PRIx64 "-%" PRIx64 "-%016" PRIx64,
			(uint64_t)received_at_us, at, hash);
	assert(n > 0 && n < LOG_ID_BYTES);
	return (size_t)n;
}

/* ---- cleaning ---- */

static bool is_noise(char c)
{
	return ((unsigned char)c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
}

static bool has_noise(struct str s)
{
	unsigned noise = 0;
	for (size_t i = 0; i < s.n; i++) /* without a branch: many bytes a step */
		noise |= (unsigned)is_noise(s.p[i]);
	return noise;
}

/* How many bytes of a control character and what belongs to it stand at the front: a sequence
 * (ECMA-48: CSI, or OSC up to its end), or the one byte. */
static size_t noise_bytes(struct str s)
{
	size_t at = 2;
	if (s.n < 2 || s.p[0] != '\033')
		return 1;
	if (s.p[1] == '[') {
		while (at < s.n && s.p[at] >= 0x20 && s.p[at] <= 0x3f)
			at++;
		return at < s.n && s.p[at] >= 0x40 && s.p[at] <= 0x7e ? at + 1 : 1;
	}
	if (s.p[1] == ']') {
		while (at < s.n && !is_noise(s.p[at]))
			at++;
		if (at < s.n && s.p[at] == '\a')
			return at + 1;
		return at + 1 < s.n && s.p[at] == '\033' && s.p[at + 1] == '\\' ? at + 2 : 1;
	}
	return 1;
}

static void clean_line(struct str line, struct buf *out)
{
	const size_t end = out->n + line.n;
	for (size_t i = 0; i < line.n;) {
		size_t n = 0;
		while (i + n < line.n && !is_noise(line.p[i + n]))
			n++;
		buf_add(out, str_slice(line, i, i + n));
		i += n;
		if (i < line.n)
			i += noise_bytes(str_slice(line, i, line.n));
	}
	while (out->n < end)
		buf_add_char(out, ' ');
}

struct str log_lines_clean(struct str lines, struct buf *out)
{
	struct str rest = lines, line;
	if (!has_noise(lines))
		return lines;
	buf_clear(out);
	while (str_next(&rest, '\n', &line)) {
		clean_line(line, out);
		if (out->n < lines.n)
			buf_add_char(out, '\n');
	}
	assert(out->n == lines.n);
	return buf_str(out);
}

/* ---- all of it ---- */

void log_line_read(struct str line, int64_t now_us, struct log_line *out)
{
	struct str rest = line;
	*out = (struct log_line){ .message = line };
	if (read_priority(&rest) && read_5424(rest, out))
		return;
	struct log_line found = { 0 };
	if (!read_short_time(&rest, now_us, &found.created_at_us) &&
		!read_long_time(&rest, &found.created_at_us))
		return;
	if (read_writer(rest, &found))
		*out = found;
}
