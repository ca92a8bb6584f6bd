/* servers: who serves what in the world of a rehearsal, and at which addresses. */
#ifndef APP_LAB_SERVERS_H
#define APP_LAB_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of servers; 0 to 12 are the root's, a to m. */
enum { SERVERS_TLD = 100, SERVERS_LEAF = 101, SERVERS_RECURSING = 102 };

struct servers_row {
    uint8_t number;
    uint8_t group;       /* of the TLDs: 0 for lab., 1 for zone. */
    bool former;         /* an address of years ago, which old programs still know; in no zone any more */
    const char *address; /* IPv4 or IPv6 */
};
/* Those that the root's servers have today come first: SERVERS_ROOT_ADDRESSES. */
enum { SERVERS_ROOT_ADDRESSES = 26 };
extern const struct servers_row servers_table[];
extern const char *const servers_addresses[]; /* of the rows, in their order */
size_t servers_count(void);

#endif
