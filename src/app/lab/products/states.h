/* states: trust anchors of RFC 5011 as unbound and kresd write them into files of records. What is no anchor
 * of the root is passed over. */
#ifndef APP_LAB_STATES_H
#define APP_LAB_STATES_H

#include "app/lab/products/product_inside.h"

/* unbound's autotrust: ";;state=2 [  VALID  ]" behind each key. A record without is as it was brought:
 * trusted. */
void states_autotrust(const char *text, size_t length, struct product_states *states);

/* kresd's: "; Valid:", "; AddPend:1700000000" behind each key; those not trusted in lines that begin with
 * "; ". */
void states_keyfile(const char *text, size_t length, struct product_states *states);

/* Whether a record with this comment behind it is of a key that is trusted, as either writes it. */
bool states_trusted(struct record_word comment);

#endif
