#include "sources/ingest/ingest.h"

#include "base/clock.h"
#include "base/utf8.h"

/* Idle for that long and more saves nothing up. */
#define BURST_US (10 * US_PER_S)

static const char *const signatures[] = { "standard-webhooks", "github", NULL };

struct ingest_source *ingest_of(struct source *s)
{
	return s->type == &source_ingest ? (struct ingest_source *)s : NULL;
}

/* ---- how much ---- */

static int64_t most(const struct ingest_source *s)
{
	const int64_t span_us = s->rate_us > BURST_US ? s->rate_us : BURST_US;
	return s->rate_count * span_us;
}

int64_t ingest_rate_wait_us(struct ingest_source *s, int64_t now_us)
{
	const int64_t passed_us = now_us - s->allowance_at_us;
	const int64_t missing = most(s) - s->allowance;
	/* rate_count posts in rate_us are rate_count units a microsecond. */
	if (s->allowance_at_us == 0 || passed_us >= missing / s->rate_count + 1)
		s->allowance = most(s);
	else
		s->allowance += passed_us * s->rate_count;
	s->allowance_at_us = now_us;
	return s->allowance > 0 ? 0 : -s->allowance / s->rate_count + 1;
}

void ingest_rate_took(struct ingest_source *s, uint64_t count)
{
	enum { MAX_COUNT = 1 << 24 };
	const int64_t taken = count > MAX_COUNT ? MAX_COUNT : (int64_t)count;
	s->allowance -= taken * s->rate_us;
}

/* ---- what people wrote ---- */

/* "1000/s", "20/m", "5/h". */
static bool read_rate(struct ingest_source *s)
{
	enum { MAX_RATE = 1000000 };
	const size_t slash = str_find_char(s->rate_text, '/');
	const struct str unit = str_slice(
		s->rate_text, slash == SIZE_MAX ? slash : slash + 1, s->rate_text.n);
	if (str_eq(unit, STR("s")))
		s->rate_us = US_PER_S;
	else if (str_eq(unit, STR("m")))
		s->rate_us = US_PER_MINUTE;
	else if (str_eq(unit, STR("h")))
		s->rate_us = US_PER_HOUR;
	else
		return false;
	return str_to_int64(str_slice(s->rate_text, 0, slash), &s->rate_count) &&
		s->rate_count >= 1 && s->rate_count <= MAX_RATE;
}

static struct where place(const struct conf_node *map, const char *key, size_t item)
{
	const struct conf_node *node = conf_get(map, key);
	if (!node)
		return map->at;
	return node->kind == CONF_LIST && item < node->count ? node->items[item].at : node->at;
}

static bool check_tokens(struct ingest_source *s, const struct conf_node *map, struct diag *diag)
{
	bool well = true;
	for (size_t i = 0; i < s->tokens.count; i++) {
		const char *reason = ingest_auth_add_token(&s->auth, s->tokens.items[i]);
		if (reason)
			diag_error(diag, place(map, "token", i), "%s", reason);
		well = well && !reason;
	}
	return well;
}

static bool check_secrets(struct ingest_source *s, const struct conf_node *map, struct diag *diag)
{
	bool well = true;
	for (size_t i = 0; i < s->secrets.count; i++) {
		const char *reason = s->signature == INGEST_GITHUB
			? ingest_auth_check_github(s->secrets.items[i])
			: ingest_auth_add_keys(&s->auth, s->secrets.items[i]);
		if (reason)
			diag_error(diag, place(map, "secret", i), "%s", reason);
		well = well && !reason;
	}
	if (s->signature == INGEST_GITHUB)
		s->auth.github_secrets = s->secrets;
	return well;
}

static bool check_access(
	const struct ingest_source *s, const struct conf_node *map, struct diag *diag)
{
	const bool has_secret = s->tokens.count || s->secrets.count;
	if (has_secret && s->open) {
		diag_error(diag, place(map, "open", 0),
			"open, and yet a token or secret: leave one of them out");
		return false;
	}
	if (!has_secret && !s->open) {
		diag_error(diag, s->base.at,
			"anybody could post: '%.*s' has no token and no secret",
			STR_ARGS(s->base.name));
		diag_hint(diag,
			"write 'token: {env: NAME}', or 'open: true' if all that runs on this "
			"machine may post");
		return false;
	}
	return true;
}

static bool ingest_check(struct source *source, const struct conf_node *map, struct diag *diag)
{
	struct ingest_source *s = (struct ingest_source *)source;
	bool well = check_tokens(s, map, diag);
	well = check_secrets(s, map, diag) && well;
	well = check_access(s, map, diag) && well;
	if (!read_rate(s)) {
		diag_error(
			diag, place(map, "rate", 0), "not a rate: '%.*s'", STR_ARGS(s->rate_text));
		diag_hint(diag,
			"write 1 to 1000000 posts a second, minute or hour: 1000/s, 20/m, 5/h");
		well = false;
	}
	if (str_eq(source->map, STR("text"))) {
		diag_error(diag, place(map, "map", 0),
			"what is posted is JSON: the map 'text' is not "
			"for it");
		well = false;
	}
	s->map = source->map;
	source->map = STR("post");
	return well;
}

/* ---- the type ---- */

static int ingest_start(struct source *s, struct str cursor)
{
	(void)cursor; /* senders know what was not taken */
	source_live(s);
	return 0;
}

static void ingest_stop(struct source *s)
{
	(void)s; /* it has nothing on the loop */
}

static const struct conf_field ingest_fields[] = {
	{ .key = "token",
		.type = CONF_SECRETS,
		.offset = offsetof(struct ingest_source, tokens),
		.help = "who shows it as Authorization: Bearer may post; a secret, or up to 4 "
			"while "
			"they are being changed" },
	{ .key = "secret",
		.type = CONF_SECRETS,
		.offset = offsetof(struct ingest_source, secrets),
		.help = "who signs with it may post; up to 4 while they are being changed" },
	{ .key = "signature",
		.type = CONF_CHOICE,
		.offset = offsetof(struct ingest_source, signature),
		.choices = signatures,
		.fallback = "standard-webhooks",
		.help = "how posts are signed: standard-webhooks (webhook-signature) or github "
			"(X-Hub-Signature-256)" },
	{ .key = "rate",
		.type = CONF_TEXT,
		.offset = offsetof(struct ingest_source, rate_text),
		.fallback = "10000/s",
		.help = "how many posts may come a second (s), minute (m) or hour (h); more are "
			"answered 429" },
	{ .key = "open",
		.type = CONF_BOOL,
		.offset = offsetof(struct ingest_source, open),
		.fallback = "false",
		.help = "all that runs on this machine may post, without token or secret" },
	{ .key = NULL },
};

const struct source_type source_ingest = {
	.name = "ingest",
	.help = "posts that others send, over HTTP: POST /api/v1/posts",
	.size = sizeof(struct ingest_source),
	.fields = ingest_fields,
	.check = ingest_check,
	.start = ingest_start,
	.stop = ingest_stop,
	.resume = SOURCE_KEEPS,
};
