/* snippet: what an operator pastes into a resolver's configuration, and what must be done around it. Plain
 * text; pages escape it. */
#ifndef APP_WEB_SNIPPET_H
#define APP_WEB_SNIPPET_H

#include "app/web/view.h"
#include "app/web/web.h"
#include "base/text.h"

#include <stdbool.h>

enum snippet_product { SNIPPET_BIND, SNIPPET_UNBOUND, SNIPPET_KNOT, SNIPPET_PRODUCTS };

const char *snippet_name(enum snippet_product product); /* "BIND" … */
const char *snippet_key(enum snippet_product product);  /* "bind" … */

/* The configuration. Nothing if the participant has no anchor. */
void snippet_write(struct text *out, enum snippet_product product, const struct web_config *config,
    const struct view_one *one);

/* What must be known beside it, or NULL. */
const char *snippet_warning(enum snippet_product product);

/* How to take it out again. */
const char *snippet_remove(enum snippet_product product);

/* Whether the platform is only reached by forwarding: it is on loopback or not on port 53. */
bool snippet_forwards(const struct web_config *config);

#endif
