#include "sources/feed/feed_queue.h"

#include <assert.h>

#include "base/mem.h"
#include "sources/feed/feed_url.h"

enum { HOSTS_MIN = 1024, HOSTS_A_FEED = 4 };

static const uint32_t NOBODY = UINT32_MAX;

enum place { OUT, LATER, BEHIND, TAKEN };

struct seat {
	int64_t at_us;
	uint32_t heap_at; /* LATER */
	uint32_t next; /* BEHIND: who comes after it */
	uint32_t host;
	uint8_t place; /* enum place */
	bool called; /* LATER: it was the first in line of its host */
};

/* What is remembered of a host, found by the hash of its name. */
struct host {
	int64_t free_at_us;
	uint32_t first, last; /* in line */
	bool busy; /* it is being asked */
	bool called; /* the first in line was sent to the heap */
};

struct feed_queue {
	struct seat *seats;
	uint32_t *heap; /* of those LATER, by time */
	size_t seat_count, heap_count;
	struct host *hosts;
	size_t host_mask;
	int64_t pause_us;
};

struct feed_queue *feed_queue_create(size_t count, int64_t host_pause_us)
{
	struct feed_queue *q = mem_zero(1, sizeof *q);
	size_t hosts = HOSTS_MIN;
	while (hosts < HOSTS_A_FEED * count)
		hosts *= 2;
	q->seats = mem_zero(count, sizeof *q->seats);
	q->heap = mem_zero(count, sizeof *q->heap);
	q->seat_count = count;
	q->hosts = mem_zero(hosts, sizeof *q->hosts);
	q->host_mask = hosts - 1;
	q->pause_us = host_pause_us;
	for (size_t i = 0; i < hosts; i++)
		q->hosts[i] = (struct host){ .free_at_us = INT64_MIN, NOBODY, NOBODY };
	return q;
}

void feed_queue_destroy(struct feed_queue *q)
{
	if (!q)
		return;
	mem_free(q->seats);
	mem_free(q->heap);
	mem_free(q->hosts);
	mem_free(q);
}

/* ---- the heap ---- */

static void set_heap(struct feed_queue *q, size_t i, uint32_t feed)
{
	q->heap[i] = feed;
	q->seats[feed].heap_at = (uint32_t)i;
}

static bool before(const struct feed_queue *q, uint32_t a, uint32_t b)
{
	const int64_t a_us = q->seats[a].at_us, b_us = q->seats[b].at_us;
	return a_us < b_us || (a_us == b_us && a < b);
}

static void sift_up(struct feed_queue *q, size_t i)
{
	const uint32_t feed = q->heap[i];
	for (size_t up; i > 0 && before(q, feed, q->heap[up = (i - 1) / 2]); i = up)
		set_heap(q, i, q->heap[up]);
	set_heap(q, i, feed);
}

static void sift_down(struct feed_queue *q, size_t i)
{
	const uint32_t feed = q->heap[i];
	for (;;) {
		size_t down = 2 * i + 1;
		if (down + 1 < q->heap_count && before(q, q->heap[down + 1], q->heap[down]))
			down++;
		if (down >= q->heap_count || !before(q, q->heap[down], feed))
			break;
		set_heap(q, i, q->heap[down]);
		i = down;
	}
	set_heap(q, i, feed);
}

static void heap_remove(struct feed_queue *q, uint32_t feed)
{
	const size_t i = q->seats[feed].heap_at;
	const uint32_t last = q->heap[--q->heap_count];
	if (last == feed)
		return;
	set_heap(q, i, last);
	sift_up(q, i);
	sift_down(q, q->seats[last].heap_at);
}

static void heap_add(struct feed_queue *q, uint32_t feed, int64_t at_us)
{
	struct seat *seat = &q->seats[feed];
	seat->place = LATER;
	seat->at_us = at_us;
	set_heap(q, q->heap_count++, feed);
	sift_up(q, seat->heap_at);
}

/* ---- hosts ---- */

static uint32_t host_index(const struct feed_queue *q, struct str url)
{
	const struct str host = feed_url_host(url);
	char lower[256];
	size_t n = 0;
	for (; n < host.n && n < sizeof lower; n++) {
		const char c = host.p[n];
		lower[n] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return (uint32_t)(str_hash((struct str){ lower, n }) & q->host_mask);
}

void feed_queue_set_url(struct feed_queue *q, size_t feed, struct str url)
{
	assert(q->seats[feed].place == OUT);
	q->seats[feed].host = host_index(q, url);
}

bool feed_queue_is_there(const struct feed_queue *q, size_t feed, struct str url)
{
	return q->seats[feed].host == host_index(q, url);
}

/* Its first in line may go when it is free. */
static void call_next(struct feed_queue *q, struct host *h)
{
	if (h->busy || h->called || h->first == NOBODY)
		return;
	const uint32_t feed = h->first;
	h->first = q->seats[feed].next;
	if (h->first == NOBODY)
		h->last = NOBODY;
	h->called = true;
	q->seats[feed].called = true;
	heap_add(q, feed, h->free_at_us);
}

static void stand_in_line(struct feed_queue *q, struct host *h, uint32_t feed)
{
	q->seats[feed].place = BEHIND;
	q->seats[feed].next = NOBODY;
	if (h->last == NOBODY)
		h->first = feed;
	else
		q->seats[h->last].next = feed;
	h->last = feed;
	call_next(q, h);
}

static void leave_line(struct feed_queue *q, struct host *h, uint32_t feed)
{
	uint32_t previous = NOBODY;
	for (uint32_t at = h->first; at != feed; at = q->seats[at].next)
		previous = at;
	if (previous == NOBODY)
		h->first = q->seats[feed].next;
	else
		q->seats[previous].next = q->seats[feed].next;
	if (h->last == feed)
		h->last = previous;
}

/* ---- what callers see ---- */

void feed_queue_put(struct feed_queue *q, size_t feed, int64_t at_us)
{
	struct seat *seat = &q->seats[feed];
	assert(feed < q->seat_count && seat->place != TAKEN);
	if (seat->place == BEHIND || seat->called)
		return; /* its time has come already */
	if (seat->place == LATER)
		heap_remove(q, (uint32_t)feed);
	heap_add(q, (uint32_t)feed, at_us);
}

void feed_queue_remove(struct feed_queue *q, size_t feed)
{
	struct seat *seat = &q->seats[feed];
	struct host *h = &q->hosts[seat->host];
	assert(feed < q->seat_count && seat->place != TAKEN);
	if (seat->place == LATER)
		heap_remove(q, (uint32_t)feed);
	else if (seat->place == BEHIND)
		leave_line(q, h, (uint32_t)feed);
	seat->place = OUT;
	if (!seat->called)
		return;
	seat->called = h->called = false;
	call_next(q, h);
}

bool feed_queue_take(struct feed_queue *q, int64_t now_us, size_t *feed)
{
	while (q->heap_count && q->seats[q->heap[0]].at_us <= now_us) {
		const uint32_t first = q->heap[0];
		struct seat *seat = &q->seats[first];
		struct host *h = &q->hosts[seat->host];
		heap_remove(q, first);
		if (h->busy || h->free_at_us > now_us || (h->called && !seat->called)) {
			if (seat->called)
				seat->called = h->called = false;
			stand_in_line(q, h, first);
			continue;
		}
		if (seat->called)
			seat->called = h->called = false;
		seat->place = TAKEN;
		h->busy = true;
		h->free_at_us = now_us + q->pause_us;
		*feed = first;
		return true;
	}
	return false;
}

void feed_queue_done(struct feed_queue *q, size_t feed, int64_t now_us, int64_t not_before_us)
{
	struct seat *seat = &q->seats[feed];
	struct host *h = &q->hosts[seat->host];
	assert(feed < q->seat_count && seat->place == TAKEN);
	seat->place = OUT;
	h->busy = false;
	if (h->free_at_us < now_us)
		h->free_at_us = now_us;
	if (h->free_at_us < not_before_us)
		h->free_at_us = not_before_us;
	call_next(q, h);
}

int64_t feed_queue_next_us(const struct feed_queue *q)
{
	return q->heap_count ? q->seats[q->heap[0]].at_us : INT64_MAX;
}

int64_t feed_queue_at_us(const struct feed_queue *q, size_t feed)
{
	return q->seats[feed].place == LATER ? q->seats[feed].at_us : INT64_MAX;
}
