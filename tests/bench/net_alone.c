/* net_alone PORT ANSWER-SIZE: io/net with a handler that does what raw_responder does, over UDP and TCP. The
 * difference to raw_responder is what our sockets cost; the difference to `rollcall serve` is what DNS costs.
 * Ends on SIGTERM. */
#include "io/net/net.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t answer(void *context, const struct net_peer *peer, const uint8_t *message, size_t length,
    uint8_t *out, size_t capacity)
{
    size_t size = *(size_t *)context;
    if (length < 12 || length > capacity || size > capacity || message[2] & 0x80)
        return 0;
    memcpy(out, message, length);
    out[2] |= 0x80;
    return length > size ? length : size;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: net_alone PORT ANSWER-SIZE\n");
        return 64;
    }
    char address[40];
    snprintf(address, sizeof address, "127.0.0.1:%s", argv[1]);
    const char *addresses[] = {address};
    size_t size = (size_t)atoi(argv[2]);
    struct net_server *server;
    struct err_note note = {""};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int rc = net_bind(addresses, 1, 1, &server, &note);
    if (!rc)
        rc = net_start(server, (struct net_handler){.answer = answer, .context = &size},
            (struct net_limits){.tcp_connections = 10000, .tcp_idle_ms = 60000}, &note);
    if (rc) {
        fprintf(stderr, "net_alone: %s\n", note.text);
        return err_exit(rc);
    }
    int number;
    sigwait(&ends, &number);
    net_stop(server, 1000);
    return 0;
}
