#define _GNU_SOURCE
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* The smallest page of SQLite: a file of one byte it would take for an empty one. */
enum { OTHERS = S_IRWXG | S_IRWXO, PID_BYTES = 32, DATABASE_MIN_BYTES = 512 };

static bool text_of_path(const char *path, char out[PATH_MAX], struct buf *message)
{
	char folder[PATH_MAX] = "";
	if (!path[0]) {
		buf_addf(message, "store without a path");
		return false;
	}
	if (str_eq_ignore_case(str_slice(str_of(path), 0, 5), STR("file:"))) {
		buf_addf(message, "store must be a plain path, not a URI: '%s'", path);
		return false;
	}
	if (path[0] != '/' && !getcwd(folder, sizeof folder)) {
		buf_addf(message, "cannot tell the current folder: %s", error_text(errno));
		return false;
	}
	int n = snprintf(out, PATH_MAX, "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
	if (n < 0 || n >= PATH_MAX) {
		buf_addf(message, "path of the store is too long: '%s'", path);
		return false;
	}
	return true;
}

/* mkdir -p. Cuts and mends path at its slashes. */
static bool folders_make(char *path, struct buf *message)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
			buf_addf(message, "cannot make the folder of the store: '%s': %s", path,
				error_text(errno));
			return false;
		}
		if (!slash)
			return true;
		*slash = '/';
	}
}

/* 1: a regular file; 0: nothing; -1: message says. */
static int look(const char *path, struct stat *info, struct buf *message)
{
	if (lstat(path, info) != 0) {
		if (errno == ENOENT)
			return 0;
		buf_addf(message, "cannot look at the store: '%s': %s", path, error_text(errno));
		return -1;
	}
	if (!S_ISREG(info->st_mode)) {
		buf_addf(message, "store is not a regular file: '%s'", path);
		return -1;
	}
	return 1;
}

/* The same, and 1 only if it is of a size that SQLite judges rightly. */
static int look_at_database(const char *path, struct stat *info, struct buf *message)
{
	int found = look(path, info, message);
	if (found == 1 && info->st_size > 0 && info->st_size < DATABASE_MIN_BYTES) {
		buf_addf(message, "cannot open the store: '%s': file is not a database", path);
		return -1;
	}
	return found;
}

bool file_locate(
	const char *path, bool make_folders, char out[FILE_PATH_BYTES], struct buf *message)
{
	char whole[PATH_MAX], dotted[PATH_MAX + 2], folder[PATH_MAX];
	if (!text_of_path(path, whole, message))
		return false;
	char *slash = strrchr(whole, '/');
	const char *name = slash + 1;
	if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		buf_addf(message, "store is a folder, not a file: '%s'", path);
		return false;
	}
	*slash = '\0';
	if (whole[0] && make_folders && !folders_make(whole, message))
		return false;
	/* With the dot it must be a folder. */
	(void)snprintf(dotted, sizeof dotted, "%s/.", whole); /* it fits */
	if (!realpath(dotted, folder)) {
		buf_addf(message, "cannot find the folder of the store: '%s': %s", whole,
			error_text(errno));
		return false;
	}
	int n = snprintf(
		out, FILE_PATH_BYTES, "%s%s%s", folder, strcmp(folder, "/") ? "/" : "", name);
	if (n < 0 || n >= FILE_PATH_BYTES) {
		buf_addf(message, "path of the store is longer than %d bytes: '%s'",
			FILE_PATH_BYTES - 1, path);
		return false;
	}
	struct stat info;
	return look_at_database(out, &info, message) >= 0;
}

bool file_present(const char *path, struct buf *message)
{
	struct stat info;
	int found = look_at_database(path, &info, message);
	if (found == 0)
		buf_addf(message, "no store there, the daemon makes it: '%s'", path);
	return found == 1;
}

static bool create(const char *path, struct buf *message)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0) {
		buf_addf(message, "cannot create the store: '%s': %s", path, error_text(errno));
		return false;
	}
	(void)close(fd); /* nothing was written */
	return true;
}

bool file_protect(const char *path, struct buf *message)
{
	static const char *const companions[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
		char name[FILE_PATH_BYTES + 8];
		(void)snprintf(name, sizeof name, "%s%s", path, companions[i]); /* it fits */
		struct stat info;
		int found = i == 0 ? look_at_database(name, &info, message)
				   : look(name, &info, message);
		if (found < 0)
			return false;
		if (found == 0 && i == 0 && !create(name, message))
			return false;
		if (found && (info.st_mode & OTHERS) && chmod(name, S_IRUSR | S_IWUSR) != 0) {
			buf_addf(message, "cannot keep others out of the store: '%s': %s", name,
				error_text(errno));
			return false;
		}
	}
	return true;
}

static void say_who_holds(const char *path, struct str pid_text, struct buf *message)
{
	int64_t pid;
	if (str_to_int64(str_trim(pid_text), &pid))
		buf_addf(message, "store is in use by process %lld: '%s'", (long long)pid, path);
	else
		buf_addf(message, "store is in use by another process: '%s'", path);
}

static bool write_pid(int fd)
{
	char text[PID_BYTES];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n;
}

int file_lock(const char *path, bool *unclean, struct buf *message)
{
	char name[FILE_PATH_BYTES + 8], text[PID_BYTES];
	(void)snprintf(name, sizeof name, "%s.lock", path); /* it fits */
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0) {
		buf_addf(message, "cannot open the lock of the store: '%s': %s", name,
			error_text(errno));
		return -1;
	}
	bool taken = flock(fd, LOCK_EX | LOCK_NB) == 0;
	int error = errno;
	ssize_t n = pread(fd, text, sizeof text, 0);
	struct str left = { text, n > 0 ? (size_t)n : 0 };
	if (!taken) {
		if (error == EWOULDBLOCK)
			say_who_holds(path, left, message);
		else
			buf_addf(message, "cannot lock the store: '%s': %s", name,
				error_text(error));
		(void)close(fd); /* nothing was written */
		return -1;
	}
	*unclean = left.n > 0;
	(void)write_pid(fd); /* on a full disk the number is missing from a message, no more */
	return fd;
}

void file_unlock(int fd, bool clean)
{
	if (fd < 0)
		return;
	/* The file stays: removing it would let two owners lock two files of one name. If it
	 * cannot be emptied the next start only checks the store for nothing. */
	if (clean && ftruncate(fd, 0) != 0)
		errno = 0;
	(void)close(fd); /* closing drops the lock whatever it returns */
}
