#include "daemon/ingest.h"

#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/ingest_job.h"
#include "web/prometheus.h"
#include "web/route.h"

#define INGEST_PATH "/api/v1/posts"
#define WARN_INTERVAL_US US_PER_MINUTE

enum {
	MAX_WAITING = 192, /* requests of one source that came in and are not answered */
	MAX_BEGUN = 8, /* that are worked off in turn, while others wait */
	MAX_STATUSES = 16,
	BUSY_S = 2, /* to be tried again then */
	TROUBLE_S = 5
};

/* One source. */
struct endpoint {
	struct ingest *all;
	struct ingest_source *source;
	size_t pipeline_index;
	struct record_reader *reader;
	char *path;
	size_t waiting_count;
	struct {
		unsigned status;
		uint64_t count;
	} answers[MAX_STATUSES];
	int64_t warned_at_us;
};

/* A request that was accepted. */
struct request {
	struct request *next; /* ingest::first */
	struct endpoint *endpoint;
	struct web_call *call;
	struct ingest_job *job;
};

struct ingest {
	struct app *app;
	struct web *web;
	struct timer *timer;
	struct endpoint *endpoints;
	size_t endpoint_count;
	struct request *first, *last; /* in turn; none but the first MAX_BEGUN is begun */
	struct ingest_scratch scratch;
	struct buf text; /* of the answer at hand */
	bool stopped;
};

/* ---- answers ---- */

static void count_answer(struct endpoint *e, unsigned status)
{
	size_t i = 0;
	while (i < MAX_STATUSES - 1 && e->answers[i].status && e->answers[i].status != status)
		i++;
	e->answers[i].status = status;
	e->answers[i].count++;
	log_debug("source '%.*s': answered %u", STR_ARGS(e->source->base.name), status);
}

static const char not_now[] = "no posts are taken now: try again later";
static const char json_type[] = "application/json; charset=utf-8";

/* retry_s 0: no Retry-After. What it refers to lives until the next answer. */
static struct web_answer make_answer(
	struct endpoint *e, unsigned status, const char *error, int64_t retry_s)
{
	struct buf *text = &e->all->text;
	struct web_answer answer = { .status = status, .type = json_type };
	buf_clear(text);
	if (retry_s > 0) {
		buf_addf(text, "%lld", (long long)retry_s);
		buf_add_char(text, '\0');
	}
	const size_t from = text->n;
	buf_addf(text, "{\"error\":\"%s\"}\n", error); /* a constant, without quotes */
	answer.body = str_slice(buf_str(text), from, text->n);
	if (retry_s > 0) {
		answer.headers[0].name = "Retry-After";
		answer.headers[0].value = text->p;
	} else if (status == 401) {
		answer.headers[0].name = "WWW-Authenticate";
		answer.headers[0].value = "Bearer realm=\"vigie\"";
	} else if (status == 415) {
		answer.headers[0].name = "Accept-Encoding";
		answer.headers[0].value = "gzip";
	}
	count_answer(e, status);
	return answer;
}

static struct web_answer make_unauthorized(struct endpoint *e, int64_t now_us)
{
	if (e->warned_at_us == 0 || now_us - e->warned_at_us >= WARN_INTERVAL_US) {
		log_warn("source '%.*s': somebody without a valid token or signature was refused",
			STR_ARGS(e->source->base.name));
		e->warned_at_us = now_us;
	}
	return make_answer(e, 401, "not allowed", 0);
}

/* ---- what the headers say ---- */

static struct str header(const struct web_call *call, const char *name)
{
	struct str value = STR_NONE;
	(void)web_call_header(call, str_of(name), &value); /* none: absent */
	return value;
}

static struct ingest_proof proof_of(const struct web_call *call)
{
	return (struct ingest_proof){ .authorization = header(call, "Authorization"),
		.id = header(call, "webhook-id"),
		.timestamp = header(call, "webhook-timestamp"),
		.signatures = header(call, "webhook-signature"),
		.github = header(call, "X-Hub-Signature-256") };
}

/* What two programs could read in two ways. */
static bool is_ambiguous(const struct web_call *call)
{
	static const char *const single[] = { "Authorization", "Content-Type", "Content-Encoding",
		"webhook-id", "webhook-timestamp", "webhook-signature", "X-Hub-Signature-256",
		"Idempotency-Key", "X-GitHub-Delivery" };
	struct str value;
	for (size_t i = 0; i < sizeof single / sizeof *single; i++)
		if (web_call_header(call, str_of(single[i]), &value) > 1)
			return true;
	return false;
}

/* JSON, and in UTF-8 if it says in what. */
static bool read_format(struct str type, enum ingest_format *format)
{
	static const struct {
		const char *type;
		enum ingest_format format;
	} types[] = {
		{ "application/json", INGEST_JSON },
		{ "application/x-ndjson", INGEST_LINES },
		{ "application/ndjson", INGEST_LINES },
		{ "application/jsonl", INGEST_LINES },
	};
	struct str part, rest = type;
	if (!str_next(&rest, ';', &part))
		return false;
	size_t i = 0;
	const size_t count = sizeof types / sizeof *types;
	while (i < count && !str_eq_ignore_case(str_trim(part), str_of(types[i].type)))
		i++;
	if (i == count)
		return false;
	*format = types[i].format;
	while (str_next(&rest, ';', &part)) {
		const struct str name = STR("charset=");
		part = str_trim(part);
		if (!str_eq_ignore_case(str_slice(part, 0, name.n), name))
			continue;
		const struct str value = str_slice(part, name.n, part.n);
		if (!str_eq_ignore_case(value, STR("utf-8")) &&
			!str_eq_ignore_case(value, STR("\"utf-8\"")))
			return false;
	}
	return true;
}

static bool read_coding(struct str coding, bool *packed)
{
	*packed = str_eq_ignore_case(coding, STR("gzip")) ||
		str_eq_ignore_case(coding, STR("x-gzip"));
	return *packed || !coding.p || str_eq_ignore_case(coding, STR("identity"));
}

/* ---- requests ---- */

static bool is_authorized(const struct endpoint *e, const struct web_call *call)
{
	return e->source->open || ingest_token_ok(&e->source->auth, header(call, "Authorization"));
}

static bool is_taking(const struct endpoint *e)
{
	return !e->all->stopped && source_flows(&e->source->base);
}

static bool on_begin(void *ctx, const struct web_call *call, struct web_answer *answer)
{
	struct endpoint *e = ctx;
	const int64_t now_us = clock_monotonic_us();
	const struct ingest_proof proof = proof_of(call);
	enum ingest_format format;
	struct str origin;
	bool packed;
	/* Browsers say so when a page makes them post. */
	if (web_call_header(call, STR("Origin"), &origin) > 0)
		*answer = make_answer(e, 403, "web pages cannot post here", 0);
	else if (is_ambiguous(call))
		*answer = make_answer(e, 400, "a header is there twice", 0);
	else if (!is_authorized(e, call) && !ingest_may_be_signed(&e->source->auth, &proof))
		*answer = make_unauthorized(e, now_us);
	else if (!read_format(header(call, "Content-Type"), &format))
		*answer = make_answer(e, 415,
			"only application/json and application/x-ndjson in UTF-8 are taken", 0);
	else if (!read_coding(header(call, "Content-Encoding"), &packed))
		*answer = make_answer(e, 415, "the only content encoding is gzip", 0);
	else if (!is_taking(e))
		*answer = make_answer(e, 503, not_now, TROUBLE_S);
	else if (e->waiting_count >= MAX_WAITING)
		*answer = make_answer(e, 429, "too many requests at once", BUSY_S);
	else
		return true;
	return false;
}

static void drop(struct request *r)
{
	r->endpoint->waiting_count--;
	ingest_job_destroy(r->job);
	mem_free(r);
}

static void enqueue(struct ingest *in, struct request *r)
{
	r->next = NULL;
	*(in->last ? &in->last->next : &in->first) = r;
	in->last = r;
}

/* Behind the others that are begun. */
static void enqueue_again(struct ingest *in, struct request *r)
{
	struct request **at = &in->first;
	for (int i = 1; i < MAX_BEGUN && *at; i++)
		at = &(*at)->next;
	r->next = *at;
	*at = r;
	if (!r->next)
		in->last = r;
}

static struct request *dequeue(struct ingest *in)
{
	struct request *r = in->first;
	in->first = r->next;
	if (!in->first)
		in->last = NULL;
	return r;
}

static struct str key_of(const struct web_call *call)
{
	static const char *const keys[] = { "webhook-id", "Idempotency-Key", "X-GitHub-Delivery" };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct str key = header(call, keys[i]);
		if (key.n)
			return key;
	}
	return STR_NONE;
}

static void accept_request(struct endpoint *e, struct web_call *call)
{
	struct ingest *in = e->all;
	struct ingest_job_options options = { .scratch = &in->scratch,
		.pipeline = in->app->pipeline,
		.pipeline_index = e->pipeline_index,
		.source = e->source,
		.reader = e->reader,
		.body = call->body,
		.key = key_of(call) };
	bool well = read_format(header(call, "Content-Type"), &options.format);
	well = well && read_coding(header(call, "Content-Encoding"), &options.packed);
	assert(well); /* on_begin has looked */
	(void)well;
	struct request *r = mem_zero(1, sizeof *r);
	r->endpoint = e;
	r->call = call;
	r->job = ingest_job_create(&options);
	e->waiting_count++;
	enqueue(in, r);
	timer_start(in->timer, 0);
}

static void on_call(void *ctx, struct web_call *call)
{
	struct endpoint *e = ctx;
	const int64_t now_us = clock_monotonic_us();
	const struct ingest_proof proof = proof_of(call);
	struct web_answer answer;
	const bool known = is_authorized(e, call) ||
		ingest_signature_ok(
			&e->source->auth, &proof, call->body, clock_wall_us() / US_PER_S);
	const int64_t wait_us = known ? ingest_rate_wait_us(e->source, now_us) : 0;
	if (!known) {
		answer = make_unauthorized(e, now_us);
	} else if (!is_taking(e)) {
		answer = make_answer(e, 503, not_now, TROUBLE_S);
	} else if (wait_us > 0) {
		answer = make_answer(
			e, 429, "too many posts at once", (wait_us + US_PER_S - 1) / US_PER_S);
	} else if (e->waiting_count >= MAX_WAITING) {
		answer = make_answer(e, 429, "too many requests at once", BUSY_S);
	} else {
		accept_request(e, call);
		return;
	}
	serve_answer(e->all->app->serve, call, &answer);
}

static void answer_request(struct request *r)
{
	struct endpoint *e = r->endpoint;
	const struct ingest_job_result result = ingest_job_result(r->job);
	struct web_answer answer = {
		.status = result.status, .type = json_type, .body = result.body
	};
	ingest_rate_took(e->source, result.record_count);
	if (result.status == 503) {
		answer.headers[0].name = "Retry-After";
		answer.headers[0].value = "5";
	}
	count_answer(e, result.status);
	serve_answer(e->all->app->serve, r->call, &answer);
	drop(r);
}

/* One piece of one request a turn; the others come first next time. */
static void on_timer(void *ctx)
{
	struct ingest *in = ctx;
	struct request *r = dequeue(in);
	if (ingest_job_work(r->job))
		enqueue_again(in, r);
	else
		answer_request(r);
	if (in->first)
		timer_start(in->timer, 0);
}

/* ---- life ---- */

static size_t pipeline_index_of(const struct pipeline *p, const struct source *s)
{
	size_t i = 0;
	while (pipeline_source(p, i).source != s)
		i++;
	return i;
}

static void add_endpoint(struct ingest *in, struct ingest_source *source)
{
	struct endpoint *e = &in->endpoints[in->endpoint_count++];
	const struct post_map *map;
	(void)config_map(in->app->config, source->map, &map); /* config_load has checked the name */
	assert(map);
	e->all = in;
	e->source = source;
	e->pipeline_index = pipeline_index_of(in->app->pipeline, &source->base);
	e->reader = record_reader_create(map);
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, "%s/%.*s", INGEST_PATH, STR_ARGS(source->base.name));
	e->path = mem_text(path.p, path.n);
	buf_finish(&path);
	const struct web_route route = { e->path, WEB_POST, INGEST_MAX_BODY_BYTES, on_begin,
		on_call, e };
	web_add_route(in->web, &route);
}

struct ingest *ingest_start(struct app *app, struct web *web)
{
	const struct sources *all = app->config->sources;
	size_t count = 0;
	for (size_t i = 0; i < sources_count(all); i++)
		count += ingest_of(sources_at(all, i)) != NULL;
	if (count == 0)
		return NULL;
	struct ingest *in = mem_zero(1, sizeof *in);
	in->app = app;
	in->web = web;
	in->endpoints = mem_zero(count, sizeof *in->endpoints);
	in->timer = timer_create_on(app->loop, on_timer, in);
	ingest_scratch_init(&in->scratch);
	buf_init(&in->text, 0); /* constants of ours */
	for (size_t i = 0; i < sources_count(all); i++) {
		struct ingest_source *source = ingest_of(sources_at(all, i));
		if (source)
			add_endpoint(in, source);
	}
	if (count == 1) {
		const struct web_route route = { INGEST_PATH, WEB_POST, INGEST_MAX_BODY_BYTES,
			on_begin, on_call, &in->endpoints[0] };
		web_add_route(web, &route);
	}
	return in;
}

void ingest_stop(struct ingest *in)
{
	if (!in)
		return;
	in->stopped = true;
	timer_stop(in->timer);
	while (in->first) {
		struct request *r = dequeue(in);
		const struct web_answer answer = make_answer(r->endpoint, 503, not_now, TROUBLE_S);
		web_answer(r->call, &answer);
		drop(r);
	}
}

void ingest_destroy(struct ingest *in)
{
	if (!in)
		return;
	assert(!in->first);
	timer_destroy(in->timer);
	for (size_t i = 0; i < in->endpoint_count; i++) {
		record_reader_destroy(in->endpoints[i].reader);
		mem_free(in->endpoints[i].path);
	}
	ingest_scratch_finish(&in->scratch);
	buf_finish(&in->text);
	mem_free(in->endpoints);
	mem_free(in);
}

void ingest_metrics(const struct ingest *in, struct buf *out)
{
	static const char name[] = "vigie_ingest_requests_total";
	if (!in)
		return;
	prometheus_metric(out, name, PROMETHEUS_COUNTER, "Requests to post, by status of HTTP.");
	for (size_t i = 0; i < in->endpoint_count; i++) {
		const struct endpoint *e = &in->endpoints[i];
		for (size_t j = 0; j < MAX_STATUSES && e->answers[j].status; j++) {
			struct buf text;
			buf_init(&text, 16);
			buf_addf(&text, "%u", e->answers[j].status);
			const struct prometheus_label labels[] = {
				{ "source", e->source->base.name }, { "status", buf_str(&text) }
			};
			prometheus_value(out, name, labels, 2, (int64_t)e->answers[j].count);
			buf_finish(&text);
		}
	}
}
