#include "conf/values.h"

#include "base/clock.h"
#include "conf/text.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Largest first; ends in NULL. */
static const struct unit duration_units[] = {
	{ "d", US_PER_DAY },
	{ "h", US_PER_HOUR },
	{ "m", US_PER_MINUTE },
	{ "s", US_PER_S },
	{ "ms", US_PER_MS },
	{ NULL, 0 },
};

static const struct unit size_units[] = {
	{ "GB", INT64_C(1) << 30 },
	{ "MB", INT64_C(1) << 20 },
	{ "KB", INT64_C(1) << 10 },
	{ "B", 1 },
	{ NULL, 0 },
};

/* What kind of number is wanted; units NULL: a bare one. */
struct measure {
	const char *wanted;
	const struct unit *units;
	const char *unit_hint;
};

static const struct measure whole_number = { "a whole number", NULL, NULL };
static const struct measure duration = { "a duration such as 30s, 10m or 2h", duration_units,
	"add a unit: ms, s, m, h or d" };
static const struct measure size = { "a size such as 512B, 64KB or 16MB", size_units,
	"add a unit: B, KB, MB or GB" };

static bool is_text(const struct conf_node *node, const char *wanted, struct diag *diag)
{
	if (node->kind == CONF_SCALAR)
		return true;
	diag_error(diag, node->at, "expected %s, not %s", wanted, conf_kind_name(node));
	return false;
}

static bool refuse(const struct conf_node *node, const char *wanted, struct diag *diag)
{
	diag_error(diag, node->at, "expected %s, not '%.*s'", wanted,
		STR_ARGS(text_shown(node->text)));
	return false;
}

static bool any_of(struct str text, const char *const *words)
{
	for (; *words; words++) {
		if (str_eq_ignore_case(text, str_of(*words)))
			return true;
	}
	return false;
}

bool value_bool(const struct conf_node *node, bool *value, struct diag *diag)
{
	static const char *const yes[] = { "true", "yes", "on", "y", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "n", "0", NULL };
	if (!is_text(node, "true or false", diag))
		return false;
	bool is_true = str_eq(node->text, STR("true"));
	if (!node->quoted && (is_true || str_eq(node->text, STR("false")))) {
		*value = is_true;
		return true;
	}
	(void)refuse(node, "true or false", diag); /* always false */
	if (any_of(node->text, yes))
		diag_hint(diag, "write true, without quotes");
	else if (any_of(node->text, no))
		diag_hint(diag, "write false, without quotes");
	return false;
}

static void write_number(int64_t value, const struct unit *units, struct buf *out)
{
	for (; units && units->name; units++) {
		if (value % units->factor == 0 && (value || units->factor == 1)) {
			buf_addf(out, "%lld%s", (long long)(value / units->factor), units->name);
			return;
		}
	}
	buf_addf(out, "%lld", (long long)value);
}

static bool in_range(const struct conf_node *node, int64_t value, int64_t min, int64_t max,
	const struct measure *m, struct diag *diag)
{
	if ((min == 0 && max == 0) || (value >= min && value <= max))
		return true;
	struct buf low, high;
	buf_init(&low, 0);
	buf_init(&high, 0);
	write_number(min, m->units, &low);
	write_number(max, m->units, &high);
	diag_error(diag, node->at, "out of range: '%.*s'", STR_ARGS(text_shown(node->text)));
	if (max == INT64_MAX)
		diag_hint(diag, "at least %s", low.p);
	else
		diag_hint(diag, "from %s to %s", low.p, high.p);
	buf_finish(&low);
	buf_finish(&high);
	return false;
}

static size_t count_digits(struct str text)
{
	size_t n = 0;
	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return n;
}

static const struct unit *unit_of(const struct unit *units, struct str name)
{
	for (; units->name; units++) {
		if (str_eq(name, str_of(units->name)))
			return units;
	}
	return NULL;
}

/* Decimal digits without a leading zero, then the unit if there are any to choose from. */
static bool read_number(
	const struct conf_node *node, const struct measure *m, int64_t *value, struct diag *diag)
{
	bool negative = !m->units && str_starts(node->text, STR("-"));
	struct str text = str_slice(node->text, negative, node->text.n);
	size_t digits = count_digits(text);
	struct str rest = str_slice(text, digits, text.n);
	const struct unit *unit = m->units ? unit_of(m->units, rest) : NULL;
	int64_t number;
	if (digits == 0 || (m->units ? !unit : rest.n > 0)) {
		(void)refuse(node, m->wanted, diag); /* always false */
		if (digits && m->units)
			diag_hint(diag, "%s", m->unit_hint);
		return false;
	}
	if (digits > 1 && text.p[0] == '0') {
		diag_error(diag, node->at, "a number that starts with 0: '%.*s'",
			STR_ARGS(text_shown(node->text)));
		diag_hint(diag, "numbers are decimal: leave the 0 out");
		return false;
	}
	text = str_slice(node->text, 0, negative + digits);
	if (!str_to_int64(text, &number) ||
		(unit && __builtin_mul_overflow(number, unit->factor, &number))) {
		diag_error(diag, node->at, "number too large: '%.*s'",
			STR_ARGS(text_shown(node->text)));
		return false;
	}
	*value = number;
	return true;
}

static bool value_measure(const struct conf_node *node, const struct measure *m, int64_t min,
	int64_t max, int64_t *value, struct diag *diag)
{
	int64_t number;
	if (!is_text(node, m->wanted, diag))
		return false;
	if (!m->units && node->quoted) {
		(void)refuse(node, m->wanted, diag); /* always false */
		diag_hint(diag, "leave out the quotes: what is in quotes is text");
		return false;
	}
	if (!read_number(node, m, &number, diag) || !in_range(node, number, min, max, m, diag))
		return false;
	*value = number;
	return true;
}

bool value_int(
	const struct conf_node *node, int64_t min, int64_t max, int64_t *value, struct diag *diag)
{
	return value_measure(node, &whole_number, min, max, value, diag);
}

bool value_duration(
	const struct conf_node *node, int64_t min, int64_t max, int64_t *us, struct diag *diag)
{
	return value_measure(node, &duration, min, max, us, diag);
}

bool value_size(
	const struct conf_node *node, int64_t min, int64_t max, int64_t *bytes, struct diag *diag)
{
	return value_measure(node, &size, min, max, bytes, diag);
}

static bool refuse_choice(
	const struct conf_node *node, const char *const *choices, struct diag *diag)
{
	struct buf list;
	buf_init(&list, 0);
	struct str nearest = STR_NONE;
	for (size_t i = 0; choices[i]; i++) {
		struct str known[2] = { str_of(choices[i]), nearest };
		buf_addf(&list, "%s%s", i ? ", " : "", choices[i]);
		nearest = diag_nearest(node->text, known, nearest.p ? 2 : 1);
	}
	diag_error(diag, node->at, "expected one of %s, not '%.*s'", list.p,
		STR_ARGS(text_shown(node->text)));
	if (nearest.p)
		diag_hint(diag, "did you mean '%.*s'?", STR_ARGS(nearest));
	buf_finish(&list);
	return false;
}

bool value_choice(
	const struct conf_node *node, const char *const *choices, int *index, struct diag *diag)
{
	if (!is_text(node, "one word", diag))
		return false;
	for (int i = 0; choices[i]; i++) {
		if (str_eq(node->text, str_of(choices[i]))) {
			*index = i;
			return true;
		}
	}
	return refuse_choice(node, choices, diag);
}

void value_write_duration(int64_t us, struct buf *out)
{
	write_number(us, us ? duration_units : &duration_units[3], out);
}

void value_write_size(int64_t bytes, struct buf *out)
{
	write_number(bytes, size_units, out);
}

bool conf_duration(const struct conf_node *node, int64_t *us, struct diag *diag)
{
	return value_duration(node, 0, 0, us, diag);
}

bool conf_bool(const struct conf_node *node, bool *value, struct diag *diag)
{
	return value_bool(node, value, diag);
}
