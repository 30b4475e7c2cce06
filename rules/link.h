/* Links in folded text, and the terms that ask for them (site:, url:).
 *
 * A link begins where no word character stands before, unless that is spaceless: with http://,
 * https:// or www. (text_link_end), or bare, as example.com/a. A bare one is none after "@" or a
 * single "/", nor before "@"; its host has two labels or more, none with spaceless characters, and
 * the last has two letters or more and no digit, unless it begins with xn--. It has a path if one
 * of / ? # follows, also after a port; the path ends where a link would. Dots of hosts may be
 * written [.] (.) [dot] (dot). */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct term;

enum { LINK_HOST_MAX_BYTES = 253 };

struct link {
	size_t from, to; /* bytes of the folded text */
	size_t host_from, host_to; /* without user and port; nothing between: no host */
	bool poor; /* bare and without a path: for site:, not for url: */
};

/* The next link at or after *at; false if there is none. Moves *at behind it. */
bool link_next(struct str folded, size_t *at, struct link *link);
/* The link that a folded value is as a whole, such as one of post.links. */
struct link link_of_value(struct str folded);

/* Calls see(ctx, host, from, to) for the link's host and each that it lies below: fr.example.com,
 * example.com, com; in plain spelling, with the folded bytes where it stands and WAKE_PAD_BYTES to
 * be read before and behind it. A host that running text of a script without spaces seems to follow
 * is also taken without that. */
void link_hosts(struct str folded, const struct link *link,
	void (*see)(void *ctx, struct str host, size_t from, size_t to), void *ctx);

/* The end of the word that begins with the word character at i: a run of such, or one spaceless
 * character. */
size_t link_word_end(struct str folded, size_t i);
/* Do the folded bytes from..to-1 begin and end where words do, or with what is no word character,
 * within `whole`? */
bool link_parted(struct str whole, size_t from, size_t to);
/* The longest word of a url: term, or of a host's most telling label: what is looked up. */
struct str link_anchor(struct str folded);
struct str link_host_label(struct str host);

/* Checks and completes a term of kind TERM_SITE, TERM_URL or TERM_TAG whose letters are set. What
 * is wrong with it, and at which byte of its letters; NULL: nothing. */
const char *link_term_problem(struct term *term, struct arena *arena, size_t *at);
