#include "sources/feed/feed_urls.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/feed/feed_find.h"
#include "sources/feed/feed_parse.h"
#include "sources/feed/feed_state.h"
#include "sources/feed/feed_url.h"

enum { READ_BYTES = 64 * 1024 };

void feed_urls_init(struct feed_urls *all)
{
	*all = (struct feed_urls){ .items = mem_zero(FEEDS_MAX, sizeof *all->items) };
	arena_init(&all->memory, 0);
}

void feed_urls_finish(struct feed_urls *all)
{
	mem_free(all->items);
	map_finish(&all->known);
	arena_finish(&all->memory);
	*all = (struct feed_urls){ 0 };
}

static bool clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool url_good(struct str url)
{
	if (!feed_url_is_http(url) || !clean(url) || url.n >= FEED_URL_MAX_BYTES)
		return false;
	const struct str rest = str_slice(url, str_find(url, STR("://")) + 3, url.n);
	return rest.n && str_find_char(STR("/?#:"), rest.p[0]) == SIZE_MAX;
}

/* Twice the same is once. False: one too many. */
static bool add(struct feed_urls *all, struct str url)
{
	if (map_get(&all->known, url))
		return true;
	if (all->count == FEEDS_MAX)
		return false;
	all->items[all->count++] = url;
	(void)map_set(&all->known, url, all);
	return true;
}

void feed_urls_add(struct feed_urls *all, struct str_list urls, const struct conf_node *node,
	struct diag *diag)
{
	for (size_t i = 0; i < urls.count; i++) {
		const bool listed = node && node->kind == CONF_LIST && i < node->count;
		const struct where at = listed ? node->items[i].at
			: node		       ? node->at
					       : (struct where){ 0 };
		if (!url_good(urls.items[i])) {
			/* Not shown: it may hold a key. */
			diag_error(diag, at, "no address of a feed: 'url'");
			diag_hint(diag, "an address begins with https:// or http://");
		} else if (!add(all, urls.items[i])) {
			diag_error(diag, at, "more than %d feeds in one source: 'url'", FEEDS_MAX);
			return;
		}
	}
}

/* ---- OPML ---- */

struct listing {
	struct feed_urls *all;
	struct where at;
	struct diag *diag;
};

static bool on_outline(void *ctx, struct str url, struct str title)
{
	struct listing *l = ctx;
	if (!url_good(url)) {
		diag_warning(l->diag, l->at, "no address of a feed in the list: '%.*s'",
			STR_ARGS(title));
		return true;
	}
	if (add(l->all, arena_str(&l->all->memory, url)))
		return true;
	diag_error(l->diag, l->at, "more than %d feeds in one source: 'opml'", FEEDS_MAX);
	return false;
}

static int read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rbe");
	if (!file)
		return -errno;
	size_t n = 0;
	do {
		char *room = buf_room(out, READ_BYTES);
		n = room ? fread(room, 1, READ_BYTES, file) : 0;
		out->n += n;
	} while (n);
	const int r = ferror(file) ? -EIO : out->full ? -EFBIG : 0;
	(void)fclose(file); /* only read */
	return r;
}

void feed_urls_add_opml(struct feed_urls *all, struct str path, struct where at, struct diag *diag)
{
	struct listing l = { all, at, diag };
	struct buf text;
	buf_init(&text, FEED_MAX_BYTES);
	const char *name = arena_text(&all->memory, path);
	const int r = read_file(name, &text);
	if (r < 0)
		diag_error(diag, at, "cannot read the list of feeds '%.*s': %s", STR_ARGS(path),
			error_text(r));
	else if (!feed_find_in_opml(buf_str(&text), on_outline, &l))
		diag_error(diag, at, "no list of feeds (OPML): '%.*s'", STR_ARGS(path));
	buf_finish(&text);
}
