#include "io/capture/sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool sender_open(struct sender *sender, int fd, int64_t now_us)
{
    struct ucred other;
    socklen_t size = sizeof other;
    *sender = (struct sender){.fd = fd, .room = SENDER_ROOM, .since_us = now_us, .frames = {.socket = true}};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0)
        sender->pid = (int)other.pid;
    sender->buffer = malloc(SENDER_ROOM);
    if (!sender->buffer)
        close(fd);
    return sender->buffer != NULL;
}

static enum sender_word bad(struct sender *sender, const char *fault)
{
    snprintf(sender->frames.fault, sizeof sender->frames.fault, "%s", fault);
    return SENDER_BAD;
}

/* Gives the buffer another size, which holds what is in it. */
static bool resize(struct sender *sender, struct senders *senders, size_t room)
{
    size_t extra = senders->extra - (sender->room - SENDER_ROOM) + (room - SENDER_ROOM);
    uint8_t *grown = extra <= SENDERS_EXTRA ? realloc(sender->buffer, room) : NULL;
    if (!grown)
        return false;
    sender->buffer = grown;
    sender->room = room;
    senders->extra = extra;
    return true;
}

/* Moves what is left to the beginning of the buffer, if there is not much room behind it. */
static void make_room(struct sender *sender)
{
    size_t left = sender->end - sender->begin;
    if (sender->begin == 0 || (left > 0 && sender->room - sender->end >= SENDER_ROOM / 2))
        return;
    memmove(sender->buffer, sender->buffer + sender->begin, left);
    sender->begin = 0;
    sender->end = left;
}

/* Room for a frame of this size. */
static bool reserve(struct sender *sender, struct senders *senders, size_t size)
{
    if (sender->room - sender->begin >= size)
        return true;
    size_t left = sender->end - sender->begin;
    memmove(sender->buffer, sender->buffer + sender->begin, left);
    sender->begin = 0;
    sender->end = left;
    return sender->room >= size || resize(sender, senders, size);
}

enum sender_word sender_read(struct sender *sender, struct senders *senders, int64_t now_us, size_t *ret_read)
{
    *ret_read = 0;
    if (sender->begin == sender->end && sender->room > SENDER_ROOM) {
        sender->begin = sender->end = 0;
        resize(sender, senders, SENDER_ROOM);
    }
    make_room(sender);
    ssize_t got = recv(sender->fd, sender->buffer + sender->end, sender->room - sender->end, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return SENDER_GOES_ON;
    if (got < 0 && errno != ECONNRESET)
        return bad(sender, strerror(errno));
    if (got <= 0)
        return SENDER_ENDED;
    if (sender->begin == sender->end && sender->frames.state == FRAMES_OPEN)
        sender->since_us = now_us; /* a frame begins */
    sender->end += (size_t)got;
    *ret_read = (size_t)got;
    return SENDER_GOES_ON;
}

static enum sender_word put_data(
    struct sender *sender, struct senders *senders, const uint8_t *data, size_t length)
{
    struct dnstap_frame frame;
    const char *fault;
    if (dnstap_parse(data, length, &frame, &fault) != 0) {
        snprintf(sender->frames.fault, sizeof sender->frames.fault, "a frame is no dnstap: %s", fault);
        return SENDER_BAD;
    }
    unsigned first = repeats_first(&senders->repeats, &frame);
    if (first == frame.count)
        queue_count(senders->queue, 1, 0);
    else if (!queue_put(senders->queue, &frame, first))
        return SENDER_FULL;
    sender->messages += frame.count - first;
    return SENDER_GOES_ON;
}

/* A few octets into a socket that we hardly ever write to: if they do not fit, its other end plays games. */
static enum sender_word say(struct sender *sender, const uint8_t *answer, size_t length)
{
    ssize_t sent = send(sender->fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == (ssize_t)length || (sent < 0 && (errno == EPIPE || errno == ECONNRESET)))
        return SENDER_GOES_ON; /* gone: the next read tells */
    return bad(sender, "it does not take our answer");
}

enum sender_word sender_put(struct sender *sender, struct senders *senders, int64_t now_us)
{
    for (;;) {
        uint8_t *at = sender->buffer + sender->begin;
        size_t ready = sender->end - sender->begin, size = frames_size(&sender->frames, at, ready);
        if (size == 0)
            return SENDER_BAD;
        if (size > ready)
            return reserve(sender, senders, size) ? SENDER_GOES_ON
                                                  : bad(sender, "no memory for frames so long");
        const uint8_t *data;
        size_t length;
        uint8_t answer[FRAMES_ANSWER_ROOM];
        if (frames_take(&sender->frames, at, size, &data, &length, answer) != 0)
            return SENDER_BAD;
        enum sender_word word = data         ? put_data(sender, senders, data, length)
                                : length > 0 ? say(sender, answer, length)
                                             : SENDER_GOES_ON;
        if (word != SENDER_GOES_ON)
            return word;
        sender->begin += size;
        sender->since_us = now_us;
    }
}

bool sender_in_a_frame(const struct sender *sender)
{
    return sender->begin != sender->end;
}

bool sender_is_late(const struct sender *sender, int64_t now_us)
{
    bool owes = sender_in_a_frame(sender) || sender->frames.state != FRAMES_OPEN;
    return owes && now_us - sender->since_us > SENDER_PATIENCE_US;
}

void sender_forgive(struct sender *sender, int64_t now_us)
{
    sender->since_us = now_us;
}

void sender_close(struct sender *sender, struct senders *senders)
{
    senders->extra -= sender->room - SENDER_ROOM;
    free(sender->buffer);
    close(sender->fd);
}
