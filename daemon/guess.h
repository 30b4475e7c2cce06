/* Guesses where unknown JSON has a post's fields, for people to look at: by the names of keys and
 * by what values look like. Pure. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum { GUESS_MAX_FIELDS = 12, GUESS_MAX_RECORDS = 50 };

struct guess {
	struct guess_field {
		const char *field; /* a name of model/map.h */
		struct str path; /* in the arena */
		bool html;
	} fields[GUESS_MAX_FIELDS];
	size_t count;
};

/* False: nothing there looks like a text. At most GUESS_MAX_RECORDS are looked at. */
bool guess_fields(
	const struct str *records, size_t count, struct arena *arena, struct guess *guess);
/* Lines "text: message.body" behind as many spaces. */
void guess_yaml(const struct guess *guess, size_t indent, struct buf *out);

struct guess_list {
	struct str path; /* of the list in the document; "" if that is the list itself */
	struct str *items; /* its objects, views of the document */
	size_t count;
};
/* The list in a JSON document that holds most; false: it is no document with a list of objects. The
 * rest lives in the arena. */
bool guess_records(struct str document, struct arena *arena, struct guess_list *list);
