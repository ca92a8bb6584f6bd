/* asker: a user of a resolver that listens: asks one name at a time, over UDP and, where the answer is
 * truncated, over TCP. */
#ifndef APP_LAB_ASKER_H
#define APP_LAB_ASKER_H

#include "base/err.h"
#include "core/roll/evidence.h"

#include <stdbool.h>
#include <stdint.h>

struct asker;

/* A socket at 127.0.0.1 or ::1 (or what reaches `address`); `source`: the address of IPv4 to ask from, NULL:
 * any. ERR_USAGE: no address; ERR_IO, ERR_NOMEM. */
int asker_new(
    const char *address, uint16_t port, const char *source, struct asker **ret_asker, struct err_note *note);
void asker_free(struct asker *asker); /* NULL is allowed */

/* Asks; what was asked before is forgotten. A question that cannot be sent is one that nobody answers. */
void asker_ask(struct asker *asker, const char *name);

/* Takes what has come. True: it is answered, or cannot be any more. */
bool asker_take(struct asker *asker);

/* ANSWER_TIMEOUT where nothing has come. */
enum evidence_answer asker_result(const struct asker *asker);

#endif
