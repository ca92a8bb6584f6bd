/* wrap: lines of a letter that fit a screen of mail. Where a script allows: at blanks, and between ideographs
 * and kana, where no closing mark would begin a line and no opening one end it (JIS X 4051's first rules).
 * What can be broken nowhere stays long; only beyond 900 octets it is broken all the same, as mail has a
 * limit of 998 (RFC 5322 §2.1.1). */
#ifndef APP_REPORT_WRAP_H
#define APP_REPORT_WRAP_H

#include "base/text.h"

enum { WRAP_COLUMNS = 72 };

/* Adds the line, which is valid UTF-8 without its end, as lines of at most `columns` columns, each ended.
 * Later ones are indented like the first, behind its "- ", "* " or "1. ". Nothing is broken between U+2068
 * and U+2069. Each line begins with `mark`, which takes no columns. */
void wrap_line(const char *line, size_t length, size_t columns, const char *mark, struct text *text);

/* Columns of a character: 2 for what East Asian terminals show wide, 0 for marks that go over another or do
 * not show. */
int wrap_width(unsigned code);

#endif
