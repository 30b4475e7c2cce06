/* A path is watched in three ways at once, since each alone misses something: its folder by inotify
 * (a file put in its place by rename), the file itself by inotify (a symbolic link's target, a
 * write through another name), and a look every second (network file systems, a folder that does
 * not exist yet). */
#include "net/loop.h"

#include <string.h>
#include <sys/stat.h>

#include <uv.h>

#include "base/mem.h"
#include "base/str.h"
#include "net/internal.h"

enum { LOOK_MS = 1000 };

struct path_watch {
	uv_fs_event_t file, folder;
	uv_timer_t look;
	struct timer *soon; /* the next turn, so that changes seen in one are one */
	int open_handles;
	bool file_watched, folder_watched;
	bool exists;
	struct stat seen;
	char *path, *folder_path;
	const char *name; /* within path */
	void (*changed)(void *ctx);
	void *ctx;
};

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same_content(const struct stat *a, const struct stat *b)
{
	return same_inode(a, b) && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Remembers what the path is now. True if that is not what it was. */
static bool look(struct path_watch *w)
{
	struct stat now = { 0 };
	bool exists = stat(w->path, &now) == 0;
	bool changed = exists != w->exists || (exists && !same_content(&w->seen, &now));
	if (!exists || !w->exists || !same_inode(&w->seen, &now))
		w->file_watched = false;
	w->exists = exists;
	w->seen = now;
	return changed;
}

static void file_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
	(void)name;
	(void)events;
	(void)status;
	struct path_watch *w = uv->data;
	timer_start(w->soon, 0);
}

static void folder_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
	struct path_watch *w = uv->data;
	if (status == 0 && name && strcmp(name, w->name) != 0)
		return;
	file_event(uv, name, events, status);
}

/* Failing is no error: the look every second remains, and tries this again. */
static void watch(struct path_watch *w)
{
	if (!w->file_watched) {
		uv_fs_event_stop(&w->file);
		w->file_watched = uv_fs_event_start(&w->file, file_event, w->path, 0) == 0;
	}
	if (!w->folder_watched) {
		uv_fs_event_stop(&w->folder);
		w->folder_watched = uv_fs_event_start(
					    &w->folder, folder_event, w->folder_path, 0) == 0;
	}
}

static void gathered(void *ctx)
{
	struct path_watch *w = ctx;
	(void)look(w); /* an event is a change, whatever stat can tell */
	watch(w);
	w->changed(w->ctx);
}

static void looked(uv_timer_t *uv)
{
	struct path_watch *w = uv->data;
	bool changed = look(w);
	if (changed && !timer_running(w->soon)) {
		/* Nothing else saw it: what is watched may no longer be this path. */
		w->file_watched = w->folder_watched = false;
	}
	watch(w);
	if (changed)
		w->changed(w->ctx);
}

struct path_watch *path_watch_create(
	struct loop *loop, const char *path, void (*changed)(void *ctx), void *ctx)
{
	struct path_watch *w = mem_zero(1, sizeof *w);
	uv_loop_t *uv = loop_uv(loop);
	w->changed = changed;
	w->ctx = ctx;
	w->path = mem_text(path, strlen(path));
	const char *slash = strrchr(w->path, '/');
	w->name = slash ? slash + 1 : w->path;
	if (!slash)
		w->folder_path = mem_text(".", 1);
	else
		w->folder_path = mem_text(
			w->path, slash == w->path ? 1 : (size_t)(slash - w->path));
	uv_fs_event_init(uv, &w->file);
	uv_fs_event_init(uv, &w->folder);
	uv_timer_init(uv, &w->look);
	w->soon = timer_create_on(loop, gathered, w);
	w->file.data = w->folder.data = w->look.data = w;
	w->open_handles = 3;
	watch(w);
	(void)look(w);
	watch(w);
	uv_update_time(uv);
	uv_timer_start(&w->look, looked, LOOK_MS, LOOK_MS);
	return w;
}

static void handle_closed(uv_handle_t *uv)
{
	struct path_watch *w = uv->data;
	if (--w->open_handles > 0)
		return;
	mem_free(w->path);
	mem_free(w->folder_path);
	mem_free(w);
}

void path_watch_destroy(struct path_watch *w)
{
	if (!w)
		return;
	uv_close((uv_handle_t *)&w->file, handle_closed);
	uv_close((uv_handle_t *)&w->folder, handle_closed);
	uv_close((uv_handle_t *)&w->look, handle_closed);
	timer_destroy(w->soon);
}
