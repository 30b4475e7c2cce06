/* Unpacks gzip (RFC 1952), also several members in a row, piece by piece. By zlib. */
#pragma once

#include <stdint.h>

#include "base/str.h"

struct gunzip;

struct gunzip *gunzip_create(void);
void gunzip_destroy(struct gunzip *g); /* takes NULL */

/* Takes bytes off the front of *in and writes at most `room` unpacked ones to out. Returns how
 * many; 0: *in is used up; -EBADMSG: not gzip, or its checksum is wrong, and the rest is lost. */
int64_t gunzip_read(struct gunzip *g, struct str *in, char *out, size_t room);
/* Did the bytes so far end with a whole member? */
bool gunzip_whole(const struct gunzip *g);
