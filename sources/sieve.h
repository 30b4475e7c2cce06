/* Looks into messages that are no records yet: which rules hold, and where the record is within.
 * A rule is PATH=VALUE, or PATH alone: something is there other than null, false and nothing. A
 * message may also be an array, whose paths begin with [N]. */
#pragma once

#include "base/buf.h"
#include "base/diag.h"

enum { SIEVE_MAX_LISTS = 8, SIEVE_MAX_RULES = 32 /* in one list */ };

/* All errors go to diag; false then. what: the option, for the messages. */
bool sieve_check(struct str_list rules, const char *what, struct where at, struct diag *diag);
bool sieve_check_path(struct str path, const char *what, struct where at, struct diag *diag);

struct sieve;
/* The lists, checked, and the path of the record; absent: the message is the record. NULL if there
 * is nothing to look for, which all functions here take. */
struct sieve *sieve_create(const struct str_list *lists, size_t list_count, struct str payload);
void sieve_destroy(struct sieve *s);

/* Bit i: a rule of list i holds. *record: what is at the path, of a string its text; absent if
 * nothing is there, or the message itself without a path. Valid until the next call, as long as the
 * message. What is no JSON is its own record, and no rule holds. */
unsigned sieve_look(struct sieve *s, struct str message, struct str *record);
