/* One datagram of VARIABLE=value lines to a UNIX socket is the whole protocol, so libsystemd is not needed
 * for it. */
#include "io/proc/notify.h"
#include "base/err.h"
#include "base/text.h"
#include "io/proc/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int send_text(const char *path, const struct text *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length >= sizeof to.sun_path)
        return ERR_IO;
    memcpy(to.sun_path, path, length);
    if (path[0] == '@') /* an abstract address */
        to.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent;
    do
        sent = sendto(fd, text->string, text->length, MSG_NOSIGNAL, (struct sockaddr *)&to, size);
    while (sent < 0 && errno == EINTR);
    close(fd);
    return sent == (ssize_t)text->length ? 1 : ERR_IO;
}

int notify_send(enum notify_state state, const char *status)
{
    static const char *const words[] = {
        [NOTIFY_READY] = "READY=1\n",
        [NOTIFY_RELOADING] = "RELOADING=1\n",
        [NOTIFY_STOPPING] = "STOPPING=1\n",
    };
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || !*path)
        return 0;
    struct text text;
    text_start(&text);
    text_add(&text, words[state]);
    if (state == NOTIFY_RELOADING) /* systemd tells an old READY=1 from a new one by it */
        text_printf(&text, "MONOTONIC_USEC=%" PRId64 "\n", clock_mono_us());
    if (status) {
        text_add(&text, "STATUS=");
        text_add_safe(&text, status);
        text_add(&text, "\n");
    }
    int rc = text.failed ? ERR_IO : send_text(path, &text);
    text_free(&text);
    return rc;
}
