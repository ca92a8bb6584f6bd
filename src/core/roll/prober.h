/* prober: the questions that the users of a resolver would ask, and what the answers mean. Pure. */
#ifndef CORE_ROLL_PROBER_H
#define CORE_ROLL_PROBER_H

#include "core/roll/evidence.h"

#include <stddef.h>
#include <stdint.h>

enum { PROBER_MAX_QUERY = 512 };

/* A query for the A record of `name`, RD and AD set (RFC 6840 §5.7: tell me whether you validated). Returns
 * its length, 0 if `name` is no domain name. */
size_t prober_query(uint16_t id, const char *name, uint8_t out[PROBER_MAX_QUERY]);

/* What a response to that query says. `length` 0 stands for no answer in time. */
enum evidence_answer prober_read(const uint8_t *response, size_t length, uint16_t id);

#endif
