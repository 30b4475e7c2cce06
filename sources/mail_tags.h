/* The tags of an HTML text one after the other, as far as mails need it. Tolerates anything. Pure.
 */
#pragma once

#include "base/str.h"

struct mail_tags {
	struct str rest; /* the text, and then what follows the last tag */
};

struct mail_tag {
	struct str before; /* the text between the tag before and this one */
	struct str whole; /* with its brackets */
	struct str name;
	bool closing;
};

/* Comments count as tags without a name. False: there is none left. */
bool mail_next_tag(struct mail_tags *tags, struct mail_tag *tag);
/* The value of an attribute as it is written, without quotes; false if there is none. */
bool mail_attribute(struct str whole, struct str name, struct str *value);
/* Is the word one of a list with spaces between them? */
bool mail_has_word(struct str list, struct str word);
