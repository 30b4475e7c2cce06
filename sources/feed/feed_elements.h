/* The elements of RSS, RDF and Atom, and of the namespaces that people mix in: which is what. */
#pragma once

#include "sources/feed/feed_build.h"

/* xml comes from feed_prepare_xml. */
enum feed_verdict feed_elements_read(
	struct str xml, struct str base, struct feed_builder *b, const char **reason);
