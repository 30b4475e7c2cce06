/* One command at a time; what its end leads to:
 *
 *   CALLING    libcurl connected         OFFERS
 *   OFFERS     CAPABILITY                LOGIN, or once logged in OPENING
 *   LOGIN      LOGIN or AUTHENTICATE     OFFERS, which may be others now
 *   OPENING    EXAMINE                   HIGHEST if the server did not say the next number
 *   HIGHEST    UID FETCH *               LISTING
 *   LISTING    numbers and sizes         FETCHING, LISTING the next, or resting
 *   FETCHING   some mails                FETCHING the next ones, then LISTING or resting
 *   IDLING     IDLE                      LISTING: something came, or it is to be renewed
 *   RESTING    nothing, without IDLE     LISTING
 */
#define _GNU_SOURCE
#include "sources/mail/imap_session.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/mem.h"
#include "sources/mail/imap_login.h"
#include "sources/mail/imap_read.h"
#include "sources/mail/imap_wire.h"

enum {
	BATCH_MAX = 200, /* mails listed at a time */
	FETCH_MAX = 20, /* mails fetched at a time */
	FETCH_MAX_BYTES = 8 * 1024 * 1024, /* the same; a single one may be larger */
	WHOLE_MAX_BYTES = 24 * 1024 * 1024, /* a larger one is asked for up to a byte */
	OFFERS_MAX_BYTES = 16 * 1024,
	COMMAND_MAX_BYTES = 48 * 1024,
	MESSAGE_MAX_BYTES = 400,
	SHOWN_BYTES = 200, /* of what a server says */
	SLOWEST_BYTES_PER_S = 16 * 1024,
};

#define LIST_LIMIT_US (5 * US_PER_MINUTE)

static_assert((int)IMAP_MAIL_MAX_BYTES + 65536 < (int)IMAP_LITERAL_MAX_BYTES, "it can be read");

enum state { CALLING, OFFERS, LOGIN, OPENING, HIGHEST, LISTING, FETCHING, IDLING, RESTING, ENDED };

struct item {
	uint32_t uid;
	uint32_t size;
};

struct imap_session {
	struct loop *loop;
	struct imap_session_events events;
	void *ctx;
	struct imap_wire *wire;
	struct timer *timer; /* to end IDLING or RESTING */
	enum state state;
	int64_t timeout_us, interval_us;
	char *user, *password, *token, *folder;
	struct imap_login login; /* views of these */
	struct buf offers, answer;
	unsigned plus_count; /* "+" within LOGIN */
	bool logged_in, idle_refused;
	bool go_on, done; /* IDLING: the server waits; it was told to stop */
	bool changed; /* mails came that were not listed yet */
	bool empty; /* the folder holds nothing: some servers refuse to list that */
	struct imap_box box;
	uint32_t after; /* all up to here was brought */
	/* LISTING: a window of numbers, 0 as its end being all. */
	uint32_t window, list_to;
	struct item items[BATCH_MAX]; /* the lowest of it, in order */
	size_t item_count, item_at;
	bool truncated; /* there are more in the window */
	size_t fetch_count; /* FETCHING: so many from item_at on */
	bool one_by_one; /* since the server said no to several */
};

/* ---- the end ---- */

static bool fail(struct imap_session *s, enum backoff_kind kind, const char *what, struct str said)
{
	struct buf message, shown;
	buf_init(&message, MESSAGE_MAX_BYTES);
	buf_init(&shown, MESSAGE_MAX_BYTES);
	said = str_trim(str_slice(said, 0, SHOWN_BYTES));
	escape_control(&shown, said);
	buf_addf(&message, "%s", what);
	if (shown.n && !shown.full)
		buf_addf(&message, ": %.*s", STR_ARGS(buf_str(&shown)));
	timer_stop(s->timer);
	const bool first = s->state != ENDED;
	s->state = ENDED;
	if (first)
		s->events.failed(s->ctx, kind, message.p); /* s may be gone afterwards */
	buf_finish(&message);
	buf_finish(&shown);
	return false;
}

static void on_lost(void *ctx, bool fault, const char *message)
{
	struct imap_session *s = ctx;
	const char *what = s->state == CALLING ? "not reached" : "connection lost";
	if (s->state != CALLING && !fault && str_eq(str_of(message), str_of(what)))
		message = "";
	const enum backoff_kind gone = s->state > OPENING ? BACKOFF_DROPPED : BACKOFF_NETWORK;
	(void)fail(s, fault ? BACKOFF_HTTP : gone, what, str_of(message));
}

/* ---- commands ---- */

static void command(struct imap_session *s, enum state state, struct str line)
{
	s->state = state;
	imap_wire_command(s->wire, line, 2 * s->timeout_us, 0);
}

static void look_again(struct imap_session *s)
{
	const uint64_t last = (uint64_t)s->after + s->window;
	struct buf line;
	buf_init(&line, COMMAND_MAX_BYTES);
	s->state = LISTING;
	s->changed = false;
	s->truncated = false;
	s->item_count = s->item_at = 0;
	/* A mail may have come since: the last window is open. */
	s->list_to = last < s->box.next_uid ? (uint32_t)last : 0;
	if (s->after == UINT32_MAX || s->empty)
		buf_addf(&line, "NOOP");
	else if (s->list_to)
		buf_addf(&line, "UID FETCH %u:%u (UID RFC822.SIZE)", s->after + 1, s->list_to);
	else
		buf_addf(&line, "UID FETCH %u:* (UID RFC822.SIZE)", s->after + 1);
	imap_wire_command(s->wire, buf_str(&line), LIST_LIMIT_US, 0);
	buf_finish(&line);
}

static void rest(struct imap_session *s)
{
	if (s->changed) {
		look_again(s);
		return;
	}
	timer_start(s->timer, s->interval_us);
	s->go_on = s->done = false;
	if (imap_list_has(buf_str(&s->offers), STR("IDLE")) && !s->idle_refused) {
		command(s, IDLING, STR("IDLE"));
		return;
	}
	s->state = RESTING;
	imap_wire_patient(s->wire, true, s->interval_us + s->timeout_us);
}

static void stop_idling(struct imap_session *s)
{
	if (s->done || !s->go_on)
		return; /* once "+" came */
	s->done = true;
	timer_stop(s->timer);
	imap_wire_patient(s->wire, false, 2 * s->timeout_us);
	imap_wire_line(s->wire, STR("DONE"));
}

static void timer_fired(void *ctx)
{
	struct imap_session *s = ctx;
	s->changed = true;
	if (s->state == RESTING)
		look_again(s);
	else
		stop_idling(s);
}

/* The next few mails, or one that is too large up to a byte. */
static void fetch_next(struct imap_session *s)
{
	struct buf line;
	size_t bytes = 0;
	buf_init(&line, COMMAND_MAX_BYTES);
	buf_add(&line, STR("UID FETCH "));
	s->state = FETCHING;
	s->fetch_count = 0;
	const bool large = s->items[s->item_at].size > WHOLE_MAX_BYTES;
	const size_t max = large || s->one_by_one ? 1 : FETCH_MAX;
	while (s->fetch_count < max && s->item_at + s->fetch_count < s->item_count) {
		const struct item *item = &s->items[s->item_at + s->fetch_count];
		if (s->fetch_count && bytes + item->size > FETCH_MAX_BYTES)
			break;
		buf_addf(&line, "%s%u", s->fetch_count ? "," : "", item->uid);
		bytes += item->size;
		s->fetch_count++;
	}
	if (large)
		bytes = bytes > IMAP_MAIL_MAX_BYTES ? IMAP_BEGINNING_BYTES : IMAP_MAIL_MAX_BYTES;
	if (large)
		buf_addf(&line, " (UID INTERNALDATE BODY.PEEK[]<0.%zu>)", bytes);
	else
		buf_addf(&line, " (UID INTERNALDATE BODY.PEEK[])");
	imap_wire_command(s->wire, buf_str(&line),
		2 * s->timeout_us + (int64_t)(bytes / SLOWEST_BYTES_PER_S) * US_PER_S,
		IMAP_LITERAL_MAX_BYTES);
	buf_finish(&line);
}

/* ---- the ends of commands ---- */

static bool is_passing(struct str code)
{
	static const char *const codes[] = { "UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT",
		"CONTACTADMIN" };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (str_eq_ignore_case(code, str_of(codes[i])))
			return true;
	return false;
}

static bool after_offers(struct imap_session *s)
{
	struct buf line;
	bool good;
	buf_init(&line, COMMAND_MAX_BYTES);
	if (s->logged_in) {
		buf_add(&line, STR("EXAMINE "));
		good = imap_folder(str_of(s->folder), &line);
		if (good)
			command(s, OPENING, buf_str(&line));
		else
			(void)fail(s, BACKOFF_LIMITED, "no name of a folder", STR_NONE);
	} else {
		const char *why = imap_login_command(
			&s->login, buf_str(&s->offers), &line, &s->answer);
		good = !why;
		if (good)
			command(s, LOGIN, buf_str(&line));
		else
			(void)fail(s, BACKOFF_LIMITED, why, STR_NONE);
	}
	if (line.p)
		explicit_bzero(line.p, line.size_bytes);
	buf_finish(&line);
	return good;
}

static void ask_offers(struct imap_session *s)
{
	buf_clear(&s->offers);
	command(s, OFFERS, STR("CAPABILITY"));
}

static bool open_box(struct imap_session *s)
{
	if (!s->events.open(s->ctx, &s->box, &s->after))
		return false;
	s->window = BATCH_MAX;
	look_again(s);
	return true;
}

static bool after_opening(struct imap_session *s, const struct imap_response *r)
{
	if (str_eq_ignore_case(r->code, STR("READ-WRITE")))
		return fail(
			s, BACKOFF_LIMITED, "the server opens the folder for writing", STR_NONE);
	if (!s->box.validity)
		return fail(s, BACKOFF_LIMITED,
			"the server's numbers of mails do not last (no UIDVALIDITY)", STR_NONE);
	if (s->empty && !s->box.next_uid)
		s->box.next_uid = 1;
	if (s->box.next_uid)
		return open_box(s);
	command(s, HIGHEST, STR("UID FETCH * (UID)"));
	return true;
}

static bool after_batch(struct imap_session *s, uint32_t last)
{
	const bool more = s->truncated || s->list_to;
	s->after = !s->truncated && s->list_to ? s->list_to : last;
	if (s->truncated)
		s->window = BATCH_MAX;
	else if (s->list_to && s->item_count < BATCH_MAX / 4 && s->window < UINT32_MAX / 2)
		s->window *= 2;
	if (s->item_count && !s->events.batch(s->ctx, last))
		return false;
	if (more) {
		look_again(s);
	} else {
		s->events.well(s->ctx);
		rest(s);
	}
	return true;
}

static bool after_listing(struct imap_session *s)
{
	if (s->item_count == 0)
		return after_batch(s, s->after);
	fetch_next(s);
	return true;
}

/* The server may be unable to give one mail, and must not keep the others from us. */
static bool after_fetching(struct imap_session *s, const struct imap_response *r)
{
	if (r->status != IMAP_OK && is_passing(r->code) && !s->one_by_one)
		return fail(s, BACKOFF_HTTP, "the server gives no mails", r->text);
	if (r->status != IMAP_OK && s->fetch_count > 1) {
		s->one_by_one = true;
		fetch_next(s);
		return true;
	}
	if (r->status != IMAP_OK &&
		!s->events.missing(
			s->ctx, s->items[s->item_at].uid, "mail not given by the server"))
		return false;
	s->item_at += s->fetch_count;
	if (s->item_at < s->item_count) {
		fetch_next(s);
		return true;
	}
	s->one_by_one = false;
	return after_batch(s, s->items[s->item_count - 1].uid);
}

static bool after_idling(struct imap_session *s, const struct imap_response *r)
{
	timer_stop(s->timer);
	/* Who ends it without being told to would be asked for it without end. */
	s->idle_refused = s->idle_refused || r->status != IMAP_OK || !s->done;
	imap_wire_patient(s->wire, false, s->timeout_us);
	look_again(s);
	return true;
}

static bool refused(struct imap_session *s, const struct imap_response *r)
{
	const bool passing = is_passing(r->code);
	if (s->state == LOGIN)
		return fail(s, passing ? BACKOFF_HTTP : BACKOFF_LIMITED,
			passing ? "the server lets nobody in for now" : "the login is refused",
			r->text);
	if (s->state == OPENING)
		return fail(s, BACKOFF_HTTP, "the folder cannot be opened", r->text);
	return fail(s, BACKOFF_HTTP, "the server refuses a command", r->text);
}

static bool command_ended(struct imap_session *s, const struct imap_response *r)
{
	if (r->status != IMAP_OK && s->state != FETCHING && s->state != IDLING)
		return refused(s, r);
	switch (s->state) {
	case OFFERS:
		return after_offers(s);
	case LOGIN:
		s->logged_in = true;
		ask_offers(s);
		return true;
	case OPENING:
		return after_opening(s, r);
	case HIGHEST:
		s->box.next_uid = s->box.next_uid ? s->box.next_uid : 1;
		return open_box(s);
	case LISTING:
		return after_listing(s);
	case FETCHING:
		return after_fetching(s, r);
	case IDLING:
		return after_idling(s, r);
	case CALLING:
	case RESTING:
	case ENDED:
		break;
	}
	return fail(s, BACKOFF_HTTP, "the server answers what was not asked", STR_NONE);
}

/* ---- what comes of its own accord ---- */

static bool got_number(struct imap_session *s, const struct imap_response *r)
{
	uint32_t number = 0;
	for (size_t i = 0; i < r->code_value.n && i < 10; i++) {
		const char c = r->code_value.p[i];
		if (c < '0' || c > '9' || number > (UINT32_MAX - 9) / 10)
			return true; /* none that it may be */
		number = number * 10 + (uint32_t)(c - '0');
	}
	if (str_eq_ignore_case(r->code, STR("UIDNEXT")) && s->state == OPENING)
		s->box.next_uid = number;
	if (!str_eq_ignore_case(r->code, STR("UIDVALIDITY")))
		return true;
	if (s->state > OPENING && number != s->box.validity)
		return fail(s, BACKOFF_NETWORK, "the server has numbered the mails anew", STR_NONE);
	s->box.validity = number;
	return true;
}

static bool got_status(struct imap_session *s, const struct imap_response *r)
{
	if (r->status == IMAP_BYE)
		return fail(s, s->state > OPENING ? BACKOFF_NETWORK : BACKOFF_HTTP,
			"the server says goodbye", r->text);
	return r->status != IMAP_OK || got_number(s, r);
}

/* In order, the lowest; what the server sends unasked is left out. */
static void got_listed(struct imap_session *s, const struct imap_response *r)
{
	const struct item item = { r->uid, r->size < 0 ? 0 : (uint32_t)r->size };
	size_t at = s->item_count;
	if (r->uid <= s->after || (s->list_to && r->uid > s->list_to) || r->size < 0)
		return;
	while (at > 0 && s->items[at - 1].uid > r->uid)
		at--;
	if (at > 0 && s->items[at - 1].uid == r->uid)
		return;
	if (s->item_count == BATCH_MAX) {
		s->truncated = true;
		if (at == BATCH_MAX)
			return;
		s->item_count--;
	}
	memmove(s->items + at + 1, s->items + at, (s->item_count - at) * sizeof *s->items);
	s->items[at] = item;
	s->item_count++;
}

static bool got_mail(struct imap_session *s, const struct imap_response *r)
{
	for (size_t i = s->item_at; i < s->item_at + s->fetch_count; i++) {
		const struct item *item = &s->items[i];
		if (item->uid != r->uid)
			continue;
		if (r->no_body)
			return s->events.missing(s->ctx, r->uid, "mail not given by the server");
		const bool large = item->size > WHOLE_MAX_BYTES;
		const struct imap_mail mail = {
			.uid = r->uid,
			.size = item->size,
			.date = r->date,
			.bytes = r->body,
			.cut = large && r->body.n < item->size,
		};
		return s->events.mail(s->ctx, &mail);
	}
	return true;
}

static bool got_fetch(struct imap_session *s, const struct imap_response *r)
{
	if (s->state == HIGHEST && r->uid && r->uid < UINT32_MAX)
		s->box.next_uid = r->uid + 1;
	if (s->state == LISTING)
		got_listed(s, r);
	if (s->state == FETCHING && (r->body.p || r->no_body))
		return got_mail(s, r);
	return true;
}

static bool got_plus(struct imap_session *s)
{
	if (s->state == IDLING && !s->done) {
		s->go_on = true;
		imap_wire_patient(s->wire, true, s->interval_us + s->timeout_us);
		return true;
	}
	if (s->state != LOGIN)
		return fail(s, BACKOFF_HTTP, "the server waits for what it was not told", STR_NONE);
	/* A second "+" says what is wrong with a token, a third one makes no sense. */
	s->plus_count++;
	imap_wire_line(s->wire,
		s->plus_count == 1 && s->answer.n ? buf_str(&s->answer)
			: s->plus_count <= 2	  ? STR("")
						  : STR("*"));
	return true;
}

static bool on_response(void *ctx, const struct imap_response *r)
{
	struct imap_session *s = ctx;
	switch (r->kind) {
	case IMAP_TAGGED:
		if (!imap_wire_is_end(s->wire, r))
			return fail(
				s, BACKOFF_HTTP, "the server answers another command", STR_NONE);
		return command_ended(s, r);
	case IMAP_STATUS:
		return got_status(s, r);
	case IMAP_GO_ON:
		return got_plus(s);
	case IMAP_CAPABILITY:
		buf_clear(&s->offers);
		buf_add(&s->offers, r->text);
		return true;
	case IMAP_EXISTS:
		s->changed = true;
		s->empty = r->number == 0;
		return true;
	case IMAP_FETCH:
		return got_fetch(s, r);
	case IMAP_OTHER:
		return true;
	}
	return true;
}

static void on_quiet(void *ctx)
{
	struct imap_session *s = ctx;
	if (!s->changed)
		return;
	if (s->state == RESTING) {
		timer_stop(s->timer);
		look_again(s);
	} else if (s->state == IDLING) {
		stop_idling(s);
	}
}

static void on_connected(void *ctx)
{
	ask_offers(ctx);
}

/* ---- life ---- */

static char *text_of(struct str s)
{
	return s.p ? mem_text(s.p, s.n) : NULL;
}

static void wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	mem_free(text);
}

struct imap_session *imap_session_create(struct loop *loop, const struct imap_options *options,
	const struct imap_session_events *events, void *ctx)
{
	static const struct imap_wire_events wire_events = { on_connected, on_response, on_quiet,
		on_lost };
	struct imap_session *s = mem_zero(1, sizeof *s);
	s->loop = loop;
	s->events = *events;
	s->ctx = ctx;
	s->timeout_us = options->timeout_us;
	s->interval_us = options->interval_us;
	s->user = text_of(options->user);
	s->password = text_of(options->password);
	s->token = text_of(options->token);
	s->folder = text_of(options->folder);
	s->login = (struct imap_login){ str_of(s->user), str_of(s->password), str_of(s->token) };
	buf_init(&s->offers, OFFERS_MAX_BYTES);
	buf_init(&s->answer, COMMAND_MAX_BYTES);
	s->timer = timer_create_on(loop, timer_fired, s);
	const struct imap_wire_options wire = {
		.url = options->url,
		.plain = options->plain,
		.ca_file = options->ca_file,
		.timeout_us = options->timeout_us,
	};
	s->wire = imap_wire_create(loop, &wire, &wire_events, s);
	return s;
}

void imap_session_destroy(struct imap_session *s)
{
	if (!s)
		return;
	imap_wire_destroy(s->wire);
	timer_destroy(s->timer);
	wipe_text(s->user);
	wipe_text(s->password);
	wipe_text(s->token);
	mem_free(s->folder);
	if (s->answer.p)
		explicit_bzero(s->answer.p, s->answer.size_bytes);
	buf_finish(&s->answer);
	buf_finish(&s->offers);
	mem_free(s);
}
