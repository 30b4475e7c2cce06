/* The parts of rules_load, which share this state. */
#pragma once

#include "conf/decode.h"
#include "rules/language/rules.h"

struct conf_field;

struct loader {
	struct rules *rules;
	const struct str_list *known_targets; /* NULL: any */
	struct diag *diag;
	bool *positive; /* per list: stands somewhere else than under `none` */
	const char *file; /* the name of a file as the nodes have it, and our copy of it */
	const char *file_copy;
};

/* The place with a file name that lives as long as the rules. */
struct where load_place(struct loader *l, struct where at);
/* A cleared term at the end of rules.terms, valid until the next; NULL after an error, when there
 * are too many. */
struct term *load_new_term(struct loader *l, struct where at);
/* The last term did not parse. */
void load_drop_term(struct loader *l);
/* "expected a term, not a map" and the like. */
void load_expected(struct loader *l, const struct conf_node *node, const char *what);
/* Hangs "did you mean ...?" under the last error if a key of the map is near. */
void load_hint_name(struct loader *l, struct str name, const struct map *known);
/* Reports the keys of map that the table only knows by name. */
void load_refuse_later(
	struct loader *l, const struct conf_node *map, const struct conf_field *fields);
/* Reads the list's file: its terms go to the end of rules.terms. */
void load_list_file(struct loader *l, struct term_list *list, const char *path, struct where at);
/* The key `language` of a rule: its number, or -1 if it is absent or an error was reported. */
int load_language(struct loader *l, const struct conf_node *rule, struct str language);
/* Tells each stem: term what the rules that name it or its list say about language. */
void load_stems(struct loader *l);

/* A term, or list:NAME, as it stands in a scalar: its tree, or NULL after an error. */
struct load_leaf {
	const struct conf_node *node;
	struct str text; /* a part of node's text */
	struct where at; /* of that part */
	bool negative;
	size_t rule;
};
struct expr *load_list_leaf(struct loader *l, const struct load_leaf *leaf);
struct expr *load_term_leaf(struct loader *l, const struct load_leaf *leaf);

void load_lists(struct loader *l, const struct conf_node *lists);
void load_rules(struct loader *l, const struct conf_node *rules);
/* After load_rules: those at the top level and those of the rules. */
void load_tests(struct loader *l, const struct conf_node *tests, const struct conf_node *rules);
