/* The options of a command as a table, from which come the parser and the help. Options are as
 * POSIX and GNU have them: -c FILE, -cFILE, --config FILE, --config=FILE; "--" ends them; files may
 * stand between them. A long name is written out: what abbreviates one today could be two
 * tomorrow. --help and -h are everybody's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct command;

/* Tables end in a row without name. */
struct argument {
	const char *name; /* "config" */
	char letter; /* 'c'; 0: it has none */
	const char *value; /* what help calls it: "FILE"; NULL: it takes none; "[=WHEN]": it may be
			      left out, and is then NULL */
	const char *help; /* a phrase, or lines of 56 characters */
	size_t offset; /* where it goes: a const char *, or without a value a bool; the last counts
			*/
	/* Or this puts it there, into whatever it takes; false after a word to the user. Offset 0
	 * is the struct as a whole. */
	bool (*take)(const struct command *c, const char *value, void *where);
};

/* What was given besides options. */
struct operands {
	const char *const *items; /* of argv, in their order, and a NULL */
	size_t count;
};

/* Fills options, which holds the defaults. Moves argv's pointers about. -1: go on; else the exit
 * code, after help or a word to the user. */
int arguments_parse(
	const struct command *c, int argc, char **argv, void *options, struct operands *operands);

/* Adds the lines of help about the table. */
void arguments_help(const struct argument *table, struct buf *out);
