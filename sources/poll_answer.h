/* Reads what a polled server answers: where the list of records is, what each is known by, and
 * where the next page is. */
#pragma once

#include "base/buf.h"
#include "base/json.h"

enum { POLL_MAX_BODY_BYTES = 16 * 1024 * 1024 };

/* Paths; absent: none. */
struct poll_paths {
	struct str records; /* in the answer; absent: the answer itself */
	struct str next; /* in the answer: the next page */
	struct str id, value, next_record; /* in a record */
};

/* NULL with *bad the number of the path that is none, in the order of struct poll_paths. */
struct poll_reader;
struct poll_reader *poll_reader_create(const struct poll_paths *paths, size_t *bad);
void poll_reader_destroy(struct poll_reader *r);

struct poll_answer {
	enum json_type type; /* of what is at `records`; JSON_ABSENT: nothing is there */
	struct str records; /* as it stands in the answer */
	struct str next; /* absent: none */
};

/* 0, or -EBADMSG: not JSON, and *reason says why. The answer lives until the next call here. */
int poll_reader_answer(
	struct poll_reader *r, struct str body, struct poll_answer *answer, const char **reason);

/* The elements of an array that is JSON, as an answer's records are: from begin, next cuts one
 * after the other off, and is false at the end. */
struct str poll_list_begin(struct str array);
bool poll_list_next(struct str *list, struct str *element);

struct poll_record {
	struct str id, value, next; /* absent: none; a record that is a number or text is its id */
};
/* Valid until the next call. */
void poll_reader_record(struct poll_reader *r, struct str text, struct poll_record *record);

/* The target of rel="next" in the Link headers of an answer; absent if there is none. */
struct str poll_next_link(struct str links);
/* Scheme, host and port are the same; they are compared as written, without case. */
bool poll_same_origin(struct str a, struct str b);
