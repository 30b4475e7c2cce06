/* From the bytes of a feed to UTF-8 that an XML parser can read. What a document declares as
 * entities is cut out with its DOCTYPE, so that nothing can expand. */
#pragma once

#include "base/buf.h"
#include "base/str.h"

/* The encoding, in this order: a byte order mark; the charset of the answer's content type; the
 * encoding of the XML declaration; UTF-8. Bytes that are valid UTF-8 with at least one letter
 * beyond ASCII are UTF-8 whatever 8-bit encoding somebody claims. A byte that is not what was
 * claimed is read as windows-1252, one by one. charset may be absent. out is valid UTF-8, or full.
 */
void feed_decode(struct str bytes, struct str charset, struct buf *out);

/* Leaves out what stands before the first tag, the XML declaration, DOCTYPE, comments, processing
 * instructions and characters that XML does not have; writes HTML's named entities as characters;
 * writes & and < as entities where they begin nothing. */
void feed_prepare_xml(struct str utf8, struct buf *out);

/* windows-1252, which is also what everybody means by ISO 8859-1. */
uint32_t feed_windows_1252(unsigned char byte);
