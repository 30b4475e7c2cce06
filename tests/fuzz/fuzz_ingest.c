/* What is posted: a body gives the same records whatever its pieces are, in order and each within
 * the body; and headers that nobody signed open nothing. The first byte says which, the second how
 * long the pieces are. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "sources/ingest/ingest.h"
#include "sources/ingest/ingest_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taken {
	struct str body;
	struct buf out;
	uint64_t count, line;
};

static bool take(void *ctx, const struct ingest_record *r)
{
	struct taken *t = ctx;
	assert(r->index == t->count && r->line >= t->line && r->column >= 1);
	t->count++;
	t->line = r->line;
	assert(r->text.p && r->text.n > 0);
	assert(str_find(t->body, r->text) != SIZE_MAX);
	buf_addf(&t->out, "%d:%d:", (int)r->line, (int)r->column);
	buf_add(&t->out, r->text);
	buf_add_char(&t->out, '\0');
	return true;
}

static void cut(struct str body, enum ingest_format format, size_t piece, struct taken *t)
{
	struct ingest_body b;
	*t = (struct taken){ .body = body };
	buf_init(&t->out, 0);
	ingest_body_init(&b, format, take, t);
	for (struct str rest = body; rest.n; rest = str_slice(rest, piece, rest.n)) {
		const struct str part = str_slice(rest, 0, piece);
		char *copy = mem_text(part.p, part.n);
		ingest_body_feed(&b, (struct str){ copy, part.n });
		mem_free(copy);
	}
	ingest_body_end(&b);
	assert(b.at <= body.n && (b.error || b.at == body.n));
	assert(format == INGEST_JSON || !b.error);
	if (b.error)
		buf_addf(&t->out, "%s:%d:%d", b.error, (int)b.error_line, (int)b.error_column);
	ingest_body_finish(&b);
}

static void cut_twice(struct str body, enum ingest_format format, size_t piece)
{
	struct taken one, two;
	if (body.n >= SOURCE_MAX_RECORD_BYTES)
		return;
	cut(body, format, SIZE_MAX / 2, &one);
	cut(body, format, piece, &two);
	assert(str_eq(buf_str(&one.out), buf_str(&two.out)));
	buf_finish(&one.out);
	buf_finish(&two.out);
}

/* Lines: Authorization, webhook-id, -timestamp, -signature, X-Hub-Signature-256, the body. */
static void knock(struct str text)
{
	static const struct str secrets[] = { { "a secret of sixteen bytes", 25 } };
	struct ingest_auth webhooks = { 0 }, github = { .github_secrets = { secrets, 1 } };
	struct ingest_proof proof = { .authorization = STR_NONE };
	(void)str_next(&text, '\n', &proof.authorization);
	(void)str_next(&text, '\n', &proof.id);
	(void)str_next(&text, '\n', &proof.timestamp);
	(void)str_next(&text, '\n', &proof.signatures);
	(void)str_next(&text, '\n', &proof.github);
	assert(!ingest_auth_add_token(&webhooks, STR("a-token-that-no-seed-has")));
	assert(!ingest_auth_add_keys(&webhooks, STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
	assert(!ingest_token_ok(&webhooks, proof.authorization));
	assert(!ingest_signature_ok(&webhooks, &proof, text, 1614265330));
	assert(!ingest_signature_ok(&github, &proof, text, 1614265330));
	/* What those who know the secret send, comes in, whatever the body is. */
	unsigned char digest[DIGEST_BYTES];
	char right[7 + DIGEST_HEX_BYTES] = "sha256=";
	digest_hmac(secrets[0], text, digest);
	digest_hex(digest, right + 7);
	proof.github = str_of(right);
	assert(ingest_signature_ok(&github, &proof, text, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const struct str text = { (const char *)data + 2, size - 2 };
	if (data[0] % 3 == 0)
		cut_twice(text, INGEST_JSON, 1U + data[1]);
	else if (data[0] % 3 == 1)
		cut_twice(text, INGEST_LINES, 1U + data[1]);
	else
		knock(text);
	return 0;
}
