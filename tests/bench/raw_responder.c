/* raw_responder PORT: what this kernel can do at most: take a batch of datagrams, make each look like a
 * response, send them back. No DNS, no error handling, one thread: the 1.0 of the benchmark. The answer has
 * the size of a usual one, so that the kernel copies as much as for a real server: the query followed by
 * octets up to SIZE. Ends on SIGTERM. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 2048 };

static uint8_t room[BATCH][ROOM];

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: raw_responder PORT ANSWER-SIZE\n");
        return 64;
    }
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from[BATCH];
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    size_t size = (size_t)atoi(argv[2]);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    if (size > ROOM || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        perror("raw_responder");
        return 69;
    }
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < BATCH; i++) {
        vectors[i].iov_base = room[i];
        messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    for (;;) {
        for (size_t i = 0; i < BATCH; i++) {
            vectors[i].iov_len = ROOM;
            messages[i].msg_hdr.msg_namelen = sizeof from[i];
        }
        int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++) {
            room[i][2] |= 0x80;
            size_t length = messages[i].msg_len;
            vectors[i].iov_len = length > size ? length : size;
        }
        for (int done = 0; done < count;) {
            int sent = sendmmsg(fd, messages + done, (unsigned)(count - done), 0);
            done += sent > 0 ? sent : 1;
        }
    }
}
