/* dnstap_try: dnstap frames and Frame Streams made by hand, for tests. */
#ifndef IO_CAPTURE_DNSTAP_TRY_H
#define IO_CAPTURE_DNSTAP_TRY_H

#include <stddef.h>
#include <stdint.h>

enum { DNSTAP_TRY_ROOM = 1 << 18 };

struct dnstap_try {
    size_t length;
    uint8_t bytes[DNSTAP_TRY_ROOM];
};

void dnstap_try_raw(struct dnstap_try *out, const void *bytes, size_t length);
void dnstap_try_varint(struct dnstap_try *out, uint64_t value);

/* Fields of a protobuf. */
void dnstap_try_number(struct dnstap_try *out, unsigned field, uint64_t value);
void dnstap_try_fixed32(struct dnstap_try *out, unsigned field, uint32_t value);
void dnstap_try_fixed64(struct dnstap_try *out, unsigned field, uint64_t value);
void dnstap_try_bytes(struct dnstap_try *out, unsigned field, const void *bytes, size_t length);

/* What a frame says; what is NULL or 0 is left out, except `type`. */
struct dnstap_try_frame {
    unsigned type, family, protocol;
    const void *client, *server; /* 4 octets, or 16 if family is 2 */
    unsigned client_port, server_port;
    uint64_t query_sec, response_sec;
    uint32_t query_nsec, response_nsec;
    const char *query, *response; /* any text does for a DNS message here */
};
/* Adds a whole frame, without its length. */
void dnstap_try_frame(struct dnstap_try *out, const struct dnstap_try_frame *frame);

/* A data frame with its length; a control frame (FSTRM_CONTROL_…), its content type NULL for none. */
void dnstap_try_data(struct dnstap_try *out, const void *bytes, size_t length);
void dnstap_try_control(struct dnstap_try *out, unsigned type, const char *content_type);

#endif
