#include "app/lab/asker.h"

#include "core/roll/prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_ANSWER = 4096 };

struct asker {
    int fd;
    uint16_t id;
    bool waits;
    enum evidence_answer result;
};

static int connect_to(const char *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
    if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = fd < 0  ? -1
             : is_v4 ? connect(fd, (const struct sockaddr *)&v4, sizeof v4)
                     : connect(fd, (const struct sockaddr *)&v6, sizeof v6);
    if (rc < 0 && fd >= 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int asker_new(const char *address, uint16_t port, struct asker **ret_asker, struct err_note *note)
{
    struct asker *asker = calloc(1, sizeof *asker);
    if (!asker)
        return err_set(note, ERR_NOMEM, "no memory for questions");
    asker->fd = connect_to(address, port);
    if (asker->fd < 0) {
        int rc = errno == EINVAL ? ERR_USAGE : ERR_IO;
        free(asker);
        return err_set(note, rc, "cannot ask %s, port %u: %s", address, port, strerror(errno));
    }
    *ret_asker = asker;
    return 0;
}

void asker_free(struct asker *asker)
{
    if (!asker)
        return;
    close(asker->fd);
    free(asker);
}

void asker_ask(struct asker *asker, const char *name)
{
    uint8_t query[PROBER_MAX_QUERY];
    asker->result = ANSWER_TIMEOUT;
    size_t length = prober_query(++asker->id, name, query);
    ssize_t sent = length ? send(asker->fd, query, length, 0) : -1;
    if (sent < 0 && length && errno == ECONNREFUSED) /* of an earlier question */
        sent = send(asker->fd, query, length, 0);
    asker->waits = sent >= 0;
}

bool asker_take(struct asker *asker)
{
    uint8_t answer[MOST_ANSWER];
    ssize_t length;
    while ((length = recv(asker->fd, answer, sizeof answer, 0)) >= 2) {
        if (!asker->waits || (answer[0] << 8 | answer[1]) != asker->id)
            continue;
        asker->result = prober_read(answer, (size_t)length, asker->id);
        asker->waits = false;
    }
    if (length < 0 && errno == ECONNREFUSED) /* nobody listens */
        asker->waits = false;
    return !asker->waits;
}

enum evidence_answer asker_result(const struct asker *asker)
{
    return asker->result;
}
