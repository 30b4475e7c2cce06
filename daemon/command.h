/* The commands of vigie: each is one file ending in a struct command, and a line in commands[]. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "daemon/arguments.h"

/* Exit codes of all commands. */
enum {
	EXIT_FOUND = 0, /* found, fine */
	EXIT_NOTHING = 1, /* nothing found, tests failed */
	EXIT_USAGE = 2, /* bad usage or configuration */
	EXIT_UNREACHED = 69, /* a source that was to be tried cannot be reached */
	EXIT_STORE = 74, /* the disk let us down: nothing more is acknowledged */
};

struct command {
	const char *name;
	const char *arguments; /* as help shows them */
	const char *help; /* one sentence */
	const char *intro, *notes; /* more lines of help, before the options and behind; or NULL */
	const struct argument *options; /* NULL: none but --help */
	int (*run)(int argc, char **argv); /* argv[0] is its name; returns the exit code */
};

extern const struct command command_run, command_match, command_check, command_explain,
	command_backtest, command_deliveries, command_sources, command_sources_try, command_status,
	command_schema, command_watch;
extern const struct command *const commands[]; /* ends in NULL */

void command_help(const struct command *c, FILE *out);
/* Says on standard error what is wrong with the command line, and returns EXIT_USAGE. */
int command_usage(const struct command *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints all messages to standard error. Returns whether there is an error among them. */
bool command_print_diag(const struct diag *diag);
/* Writes all of it to standard output; false after an error, such as a closed pipe. */
bool command_write(struct str text);
/* Without a path: where the configuration is by default, in the arena; false, with a word to the
 * user, if there is none. */
bool command_config(const char **path, struct arena *arena);
/* Adds all of a file to the buffer; "-" is standard input. 0 or -errno; -EFBIG: the buffer is full
 * up to its ceiling. */
int command_read(const char *path, struct buf *out);
