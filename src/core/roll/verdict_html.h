/* verdict_html: a verdict on a page: sign, word and colour, as site.css has them. */
#ifndef CORE_ROLL_VERDICT_HTML_H
#define CORE_ROLL_VERDICT_HTML_H

#include "base/text.h"
#include "core/roll/verdict.h"

void verdict_html(struct text *out, enum verdict verdict);
const char *verdict_sign(enum verdict verdict); /* the sign alone: what tells it where there is no colour */

#endif
