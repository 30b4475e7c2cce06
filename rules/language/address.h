/* The addresses of links in folded text, for site: and url:. Any spelling that a reader follows
 * counts, so they are more than the links in which keywords are not looked for.
 *
 * An address begins where no word character stands before, unless that is spaceless: with http://,
 * https:// or www., or bare, as example.com/a. A bare one is none after "@" or a single "/", nor
 * before "@"; its host has two labels or more, none with spaceless characters, and the last has two
 * bytes or more and no digit, unless it begins with xn--. It has a path if one of / ? # follows,
 * also after a port. Dots of hosts may be written [.] (.) [dot] (dot). An address ends at a space,
 * a control character, or one of < > " { } | \ ^ `, a bare one without a path with its host. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct term;

enum { ADDRESS_HOST_MAX_BYTES = 253 };

struct address {
	size_t from, to; /* bytes of the folded text */
	size_t host_from, host_to; /* without user and port; nothing between: no host */
	bool poor; /* bare and without a path: for site:, not for url: */
};

/* The next link at or after *at; false if there is none. Moves *at behind it. */
bool address_next(struct str folded, size_t *at, struct address *link);
/* The link that a folded value is as a whole, such as one of post.links. */
struct address address_of_value(struct str folded);

/* Calls see(ctx, host, from, to) for the link's host and each that it lies below: fr.example.com,
 * example.com, com; in plain spelling, with the folded bytes where it stands and WORD_PAD_BYTES to
 * be read before and behind it. A label that begins with xn-- is there as what it stands for,
 * folded, if that is a label too. What has more than ADDRESS_HOST_MAX_BYTES is no host. One that
 * running text of a script without spaces seems to follow is also taken without that. */
void address_hosts(struct str folded, const struct address *link,
	void (*see)(void *ctx, struct str host, size_t from, size_t to), void *ctx);

/* The end of the word that begins with the word character at i: a run of such, or one spaceless
 * character. */
size_t address_word_end(struct str folded, size_t i);
/* Do the folded bytes from..to-1 begin and end where words do, or with what is no word character,
 * within `whole`? */
bool address_parted(struct str whole, size_t from, size_t to);
/* The longest word of a url: term, or of a host's most telling label: what is looked up. */
struct str address_anchor(struct str folded);
struct str address_host_label(struct str host);
/* The word that stands in a link instead of a label that is spelled with xn--. */
#define ADDRESS_ENCODED STR("xn")

/* Checks and completes a term of kind TERM_SITE, TERM_URL or TERM_TAG whose letters are set. What
 * is wrong with it, and at which byte of its letters; NULL: nothing. */
const char *address_term_problem(struct term *term, struct arena *arena, size_t *at);
