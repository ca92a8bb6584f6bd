/* network_try: for tests of captures: a network namespace of the test's own, and datagrams in it. */
#ifndef IO_CAPTURE_NETWORK_TRY_H
#define IO_CAPTURE_NETWORK_TRY_H

#include "io/capture/capture.h"

#include <stdbool.h>
#include <stdint.h>

/* Moves there; loopback is up. Why that cannot be, or NULL. */
const char *network_try_make(void);

/* Skips a test whose state is such a reason. */
void network_try_need(void **state);

bool network_try_set_up(const char *interface, bool up);

/* "packet 0007" and so on, from `first` to before `end`, to a port of loopback. */
void network_try_send(int family, uint16_t port, unsigned first, unsigned end);

#endif
