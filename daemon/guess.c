#include "daemon/guess.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/draft.h"
#include "daemon/json_walk.h"

enum { PATHS_MAX = 400, LISTS_MAX = 64 };

/* What stands at one path, over all records. */
struct place {
	struct str path, key; /* key: the last one, in small letters */
	size_t depth;
	bool in_list;
	bool of_person; /* below a key that means the author */
	size_t seen, strings, numbers, spaced, times, urls, tagged, repeated;
	size_t bytes;
	struct str last;
};

struct survey {
	struct arena *arena;
	struct place places[PATHS_MAX];
	size_t count;
};

/* ---- looking ---- */

static bool is_one_of(struct str key, const char *const *names)
{
	for (; *names; names++)
		if (str_eq(key, str_of(*names)))
			return true;
	return false;
}

static const char *const person_keys[] = { "user", "author", "account", "actor", "creator", "owner",
	"profile", "poster", "sender", "from", "by", NULL };

static void name_place(struct place *p, struct arena *arena)
{
	char *lower = arena_alloc(arena, p->path.n + 1);
	struct str rest, step;
	for (size_t i = 0; i < p->path.n; i++) {
		const char c = p->path.p[i];
		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	rest = (struct str){ lower, p->path.n };
	while (str_next(&rest, '.', &step)) {
		p->of_person = p->of_person || (p->depth && is_one_of(p->key, person_keys));
		p->in_list = p->in_list || str_ends(step, STR("[]"));
		p->key = step;
		while (str_ends(p->key, STR("[]")))
			p->key.n -= 2;
		p->depth++;
	}
}

static struct place *place_at(struct survey *s, struct str path)
{
	for (size_t i = 0; i < s->count; i++)
		if (str_eq(s->places[i].path, path))
			return &s->places[i];
	if (s->count == PATHS_MAX)
		return NULL;
	struct place *p = &s->places[s->count++];
	*p = (struct place){ .path = arena_str(s->arena, path) };
	name_place(p, s->arena);
	return p;
}

static bool is_url(struct str s)
{
	return str_starts(s, STR("http://")) || str_starts(s, STR("https://")) ||
		str_starts(s, STR("http:\\/\\/")) || str_starts(s, STR("https:\\/\\/"));
}

static bool look(void *ctx, const struct json_leaf *leaf)
{
	struct survey *s = ctx;
	int64_t us;
	if (leaf->type != JSON_STRING && leaf->type != JSON_NUMBER)
		return true;
	struct place *p = place_at(s, leaf->path);
	if (!p || !leaf->text.n)
		return true;
	p->seen++;
	p->bytes += leaf->text.n;
	p->strings += leaf->type == JSON_STRING;
	p->numbers += leaf->type == JSON_NUMBER;
	p->spaced += str_find_char(leaf->text, ' ') != SIZE_MAX;
	p->times += time_parse(leaf->text, &us);
	p->urls += is_url(leaf->text);
	p->tagged += str_find(leaf->text, STR("</")) != SIZE_MAX ||
		str_find(leaf->text, STR("<\\/")) != SIZE_MAX ||
		str_find(leaf->text, STR("<p>")) != SIZE_MAX;
	p->repeated += p->last.p && str_eq(p->last, leaf->text);
	p->last = leaf->text;
	return true;
}

/* ---- choosing ---- */

struct wish {
	const char *field;
	const char *const *best, *const *good; /* keys */
	int (*fits)(const struct place *p); /* what it is worth beside the key's; negative: no */
};

static int by_key(const struct place *p, const struct wish *wish)
{
	return is_one_of(p->key, wish->best) ? 60 : is_one_of(p->key, wish->good) ? 40 : 0;
}

static int fits_text(const struct place *p)
{
	const size_t mean = p->bytes / p->seen;
	if (p->numbers || p->urls * 2 > p->seen || p->times * 2 > p->seen || p->in_list)
		return -1;
	int worth = (int)(mean < 400 ? mean : 400) / 8 + (int)(p->spaced * 20 / p->seen);
	/* What is the same everywhere or speaks of the author is not what was said. */
	if (p->of_person || (p->seen > 2 && p->repeated + 1 == p->seen))
		worth -= 60;
	return p->spaced || mean >= 20 ? worth : worth - 25;
}

static int fits_title(const struct place *p)
{
	return p->strings == p->seen && !p->of_person && !p->in_list && p->urls == 0 ? 0 : -1;
}

static int fits_id(const struct place *p)
{
	return p->spaced || p->in_list || p->of_person || p->repeated ? -1 : 10 - (int)p->depth;
}

static int fits_url(const struct place *p)
{
	if (p->urls * 2 <= p->seen || p->in_list || p->of_person)
		return -1;
	return 12 - 2 * (int)p->depth;
}

static int fits_time(const struct place *p)
{
	return p->times < p->seen || p->in_list || p->of_person ? -1 : 10 - (int)p->depth;
}

static int fits_handle(const struct place *p)
{
	/* A "name" may be anybody's, or a thing's. */
	if (str_eq(p->key, STR("name")) && !p->of_person)
		return -1;
	return p->in_list || p->urls || p->spaced * 2 > p->seen ? -1 : p->of_person ? 30 : 0;
}

static int fits_name(const struct place *p)
{
	return p->in_list || p->urls || p->numbers || !p->of_person ? -1 : 0;
}

static int fits_person_id(const struct place *p)
{
	const bool said = str_ends(p->key, STR("_id"));
	return p->in_list || p->spaced || (!p->of_person && !said) ? -1 : 0;
}

static int fits_lang(const struct place *p)
{
	return p->strings < p->seen || p->bytes / p->seen > 8 || p->in_list ? -1 : 0;
}

static int fits_tags(const struct place *p)
{
	return p->in_list && p->strings == p->seen ? 0 : -1;
}

static const char *const text_best[] = { "text", "content", "body", "message", "msg", "full_text",
	"selftext", "note", "post", NULL };
static const char *const text_good[] = { "description", "comment", "comment_text", "summary",
	"snippet", "excerpt", "raw", "cooked", "contenthtml", "content_html", "text_content",
	"story_text", "data", NULL };
static const char *const title_best[] = { "title", "headline", "subject", NULL };
static const char *const title_good[] = { "story_title", "topic_title", "name", NULL };
static const char *const id_best[] = { "id", "id_str", "uuid", "guid", "_id", "objectid", NULL };
static const char *const id_good[] = { "uri", "ap_id", "key", "uid", "cursor", "post_id", "cid",
	NULL };
static const char *const url_best[] = { "url", "link", "permalink", "html_url", "ap_id", NULL };
static const char *const url_good[] = { "uri", "href", "story_url", "web_url", "shareurl", NULL };
static const char *const time_best[] = { "created_at", "createdat", "published", "published_at",
	"pubdate", "date", "created", "timestamp", "time", "datetime", "created_utc", "ts", NULL };
static const char *const time_good[] = { "created_at_i", "updated_at", "updated", "indexedat",
	"publishedat", "time_us", "modified", "date_published", "published_date", "isodate", NULL };
static const char *const handle_best[] = { "username", "handle", "screen_name", "login", "acct",
	"nick", "nickname", NULL };
static const char *const handle_good[] = { "user", "author", "by", "owner", "from", "sender",
	"user_name", "author_name", "creator", "name", NULL };
static const char *const name_best[] = { "display_name", "displayname", "full_name", "fullname",
	NULL };
static const char *const name_good[] = { "name", "label", NULL };
static const char *const person_best[] = { "id", "id_str", "did", "uuid", NULL };
static const char *const person_good[] = { "user_id", "author_id", "creator_id", "account_id",
	"owner_id", NULL };
static const char *const lang_best[] = { "lang", "language", "locale", NULL };
static const char *const tags_best[] = { "tags", "hashtags", "categories", "keywords", "topics",
	NULL };
static const char *const tags_good[] = { "tag", "hashtag", "category", NULL };
static const char *const none[] = { NULL };

/* In the order of choosing: what one takes no other can have. */
static const struct wish wishes[] = {
	{ "text", text_best, text_good, fits_text },
	{ "title", title_best, title_good, fits_title },
	{ "id", id_best, id_good, fits_id },
	{ "url", url_best, url_good, fits_url },
	{ "author.handle", handle_best, handle_good, fits_handle },
	{ "author.name", name_best, name_good, fits_name },
	{ "author.id", person_best, person_good, fits_person_id },
	{ "created_at", time_best, time_good, fits_time },
	{ "lang", lang_best, none, fits_lang },
	{ "tags", tags_best, tags_good, fits_tags },
};

static bool is_taken(const struct guess *g, struct str path)
{
	for (size_t i = 0; i < g->count; i++)
		if (str_eq(g->fields[i].path, path))
			return true;
	return false;
}

static const struct place *choose(
	const struct survey *s, const struct wish *wish, const struct guess *g)
{
	const struct place *best = NULL;
	int most = 0;
	const bool text = str_eq(str_of(wish->field), STR("text"));
	for (size_t i = 0; i < s->count; i++) {
		const struct place *p = &s->places[i];
		const int key = by_key(p, wish), fits = p->seen ? wish->fits(p) : -1;
		/* A long text says itself what it is; all else is told by its key. */
		if ((fits < 0 && key + fits < 0) || (!text && (key == 0 || fits < 0)) ||
			(text && key + fits < 20) || is_taken(g, p->path))
			continue;
		if (key + fits > most) {
			most = key + fits;
			best = p;
		}
	}
	return best;
}

/* Maps take a list by its own path. */
static struct str without_each(struct str path)
{
	return str_ends(path, STR("[]")) ? str_slice(path, 0, path.n - 2) : path;
}

bool guess_fields(const struct str *records, size_t count, struct arena *arena, struct guess *guess)
{
	struct survey *s = mem_zero(1, sizeof *s);
	s->arena = arena;
	*guess = (struct guess){ 0 };
	for (size_t i = 0; i < count && i < GUESS_MAX_RECORDS; i++)
		(void)json_walk(records[i], look, s); /* what is no JSON tells nothing */
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		const struct place *p = choose(s, &wishes[i], guess);
		if (p)
			guess->fields[guess->count++] = (struct guess_field){ wishes[i].field,
				without_each(p->path), p->tagged > 0 && i < 2 };
		else if (i == 0)
			break;
	}
	/* A title alone is a text. */
	if (guess->count == 0) {
		const struct place *p = choose(s, &wishes[1], guess);
		if (p)
			guess->fields[guess->count++] = (struct guess_field){ "text", p->path,
				p->tagged > 0 };
	}
	mem_free(s);
	return guess->count > 0;
}

void guess_yaml(const struct guess *guess, size_t indent, struct buf *out)
{
	for (size_t i = 0; i < guess->count; i++) {
		const struct guess_field *f = &guess->fields[i];
		buf_addf(out, "%*s%s: ", (int)indent, "", f->field);
		if (f->html)
			buf_add(out, STR("{ path: "));
		draft_scalar(f->path, out);
		buf_add(out, f->html ? STR(", html: true }\n") : STR("\n"));
	}
}

/* ---- lists of records in a document ---- */

struct lists {
	struct arena *arena;
	struct str paths[LISTS_MAX];
	size_t count;
};

/* "a.b[].c" tells of the list a.b; lists within lists are part of their records. */
static bool note_list(void *ctx, const struct json_leaf *leaf)
{
	struct lists *l = ctx;
	const size_t at = str_find(leaf->path, STR("[]."));
	const struct str path = str_slice(leaf->path, 0, at);
	if (at == SIZE_MAX || str_find(path, STR("[]")) != SIZE_MAX)
		return true;
	for (size_t i = 0; i < l->count; i++)
		if (str_eq(l->paths[i], path))
			return true;
	if (l->count < LISTS_MAX)
		l->paths[l->count++] = arena_str(l->arena, path);
	return true;
}

static bool take_list(
	struct str wrapped, struct str path, struct arena *arena, struct json_picked *picked)
{
	struct json_error error;
	size_t bad;
	const struct str each = arena_format(arena, "%.*s[]", STR_ARGS(path));
	struct json_paths *paths = json_paths_create(&each, 1, &bad);
	if (!paths)
		return false;
	const bool good = json_pick(paths, wrapped, arena, picked, &error) == 0;
	json_paths_destroy(paths);
	return good && picked->count && picked->items[0].type == JSON_OBJECT;
}

bool guess_records(struct str document, struct arena *arena, struct guess_list *list)
{
	struct lists lists = { .arena = arena };
	/* Paths begin at an object. */
	const struct str wrapped = arena_format(
		arena, "{\"x\":%.*s}", STR_ARGS(str_trim(document)));
	size_t most = 0;
	if (!json_walk(wrapped, note_list, &lists))
		return false;
	for (size_t i = 0; i < lists.count; i++) {
		struct json_picked picked;
		size_t bytes = 0;
		if (!take_list(wrapped, lists.paths[i], arena, &picked))
			continue;
		for (size_t j = 0; j < picked.count; j++)
			bytes += picked.items[j].text.n;
		if (bytes <= most)
			continue;
		most = bytes;
		list->path = str_slice(lists.paths[i], 2, lists.paths[i].n);
		list->items = arena_array(arena, struct str, picked.count);
		list->count = picked.count;
		for (size_t j = 0; j < picked.count; j++)
			list->items[j] = picked.items[j].text;
	}
	return most > 0;
}
