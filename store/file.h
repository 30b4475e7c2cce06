/* The place of the store in the file system: its folder, its permissions, and the lock of the
 * daemon that owns it. Every function that fails says why in *message (for people) and returns
 * false or -1. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* SQLite's unix layer takes paths up to 512 bytes; "-journal" and a NUL go off. */
enum { FILE_PATH_BYTES = 500 };

/* The absolute path with a folder free of symbolic links, so that only the file itself could be
 * one, and that is refused like all that is no regular file. make_folders: what is missing is made,
 * mode 0700. */
bool file_locate(
	const char *path, bool make_folders, char out[FILE_PATH_BYTES], struct buf *message);

/* Creates the file with mode 0600 if it is missing, and takes the rights of others from it and its
 * companions if they have any. Never opens a file that exists: closing it would drop SQLite's
 * locks. */
bool file_protect(const char *path, struct buf *message);

/* Is there a regular file? */
bool file_present(const char *path, struct buf *message);

/* Takes the lock PATH.lock and writes our process id into it. Returns the descriptor that holds
 * it. *unclean: the owner before us did not say goodbye. */
int file_lock(const char *path, bool *unclean, struct buf *message);

/* Lets go. clean: the next owner need not check the store. -1 is nothing to let go. */
void file_unlock(int fd, bool clean);
