/* To be preloaded: as long as the file named by $FAILING_DISK exists, whatever is written to files
 * by pwrite, or forced to disk, fails as on a disk that is broken. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static bool fails(void)
{
	const char *path = getenv("FAILING_DISK");
	if (!path || access(path, F_OK) != 0)
		return false;
	errno = EIO;
	return true;
}

/* With 64 bits for offsets pwrite is the symbol pwrite64. */

/* A function of libc that this library stands before. */
static void *own(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((visibility("default"))) ssize_t pwrite(
	int fd, const void *bytes, size_t count, off_t at)
{
	ssize_t (*const real)(int, const void *, size_t,
		off_t) = (ssize_t(*)(int, const void *, size_t, off_t))(uintptr_t)own("pwrite64");
	return fails() ? -1 : real(fd, bytes, count, at);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	int (*const real)(int) = (int (*)(int))(uintptr_t)own("fdatasync");
	return fails() ? -1 : real(fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	int (*const real)(int) = (int (*)(int))(uintptr_t)own("fsync");
	return fails() ? -1 : real(fd);
}
