/* click_url: where a ClickHouse is, as a user writes it:
 *
 *     clickhouse://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…]/DATABASE[?cluster=NAME][&timeout=SECONDS]
 *
 * HOST: a name, an IPv4 address, or an IPv6 address in brackets; PORT that of HTTP, 8123 by default. Several:
 * the shards of one cluster; tables are made on each. USER and PASSWORD are percent-decoded. No error message
 * shows either. */
#ifndef IO_STORE_CLICK_URL_H
#define IO_STORE_CLICK_URL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CLICK_URL_MAX_HOSTS = 64,
    CLICK_URL_TIMEOUT_S = 300,
    CLICK_URL_MAX_TIMEOUT_S = 86400,
};

struct click_host {
    char name[256]; /* without brackets */
    uint16_t port;
};

struct click_url {
    struct click_host hosts[CLICK_URL_MAX_HOSTS];
    unsigned host_count;
    char user[128], password[256];
    char database[65], cluster[65]; /* letters, digits and _; the cluster also - and . ; "" if not named */
    unsigned timeout_s;             /* without a sign of life */
};

bool click_url_is(const char *where);

/* ERR_USAGE: none, with a note that says what is wrong. */
int click_url_parse(const char *where, struct click_url *ret_url, struct err_note *note);

#endif
