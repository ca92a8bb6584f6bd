#include "io/capture/dnstap_try.h"

#include <stdlib.h>
#include <string.h>

void dnstap_try_raw(struct dnstap_try *out, const void *bytes, size_t length)
{
    if (length > sizeof out->bytes - out->length)
        abort();
    if (length)
        memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

void dnstap_try_varint(struct dnstap_try *out, uint64_t value)
{
    for (;;) {
        uint8_t octet = (uint8_t)(value & 0x7f);
        value >>= 7;
        octet = (uint8_t)(octet | (value ? 0x80 : 0));
        dnstap_try_raw(out, &octet, 1);
        if (!value)
            return;
    }
}

static void put_fixed(struct dnstap_try *out, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t octet = (uint8_t)(value >> (8 * i));
        dnstap_try_raw(out, &octet, 1);
    }
}

static void put_u32(struct dnstap_try *out, uint32_t value)
{
    const uint8_t octets[4] = {
        (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    dnstap_try_raw(out, octets, 4);
}

void dnstap_try_number(struct dnstap_try *out, unsigned field, uint64_t value)
{
    dnstap_try_varint(out, field << 3);
    dnstap_try_varint(out, value);
}

void dnstap_try_fixed32(struct dnstap_try *out, unsigned field, uint32_t value)
{
    dnstap_try_varint(out, field << 3 | 5);
    put_fixed(out, value, 4);
}

void dnstap_try_fixed64(struct dnstap_try *out, unsigned field, uint64_t value)
{
    dnstap_try_varint(out, field << 3 | 1);
    put_fixed(out, value, 8);
}

void dnstap_try_bytes(struct dnstap_try *out, unsigned field, const void *bytes, size_t length)
{
    dnstap_try_varint(out, field << 3 | 2);
    dnstap_try_varint(out, length);
    dnstap_try_raw(out, bytes, length);
}

static void put_message(struct dnstap_try *out, const struct dnstap_try_frame *frame)
{
    size_t address = frame->family == 2 ? 16 : 4;
    dnstap_try_number(out, 1, frame->type);
    if (frame->family)
        dnstap_try_number(out, 2, frame->family);
    if (frame->protocol)
        dnstap_try_number(out, 3, frame->protocol);
    if (frame->client)
        dnstap_try_bytes(out, 4, frame->client, address);
    if (frame->server)
        dnstap_try_bytes(out, 5, frame->server, address);
    if (frame->client_port)
        dnstap_try_number(out, 6, frame->client_port);
    if (frame->server_port)
        dnstap_try_number(out, 7, frame->server_port);
    if (frame->query_sec) {
        dnstap_try_number(out, 8, frame->query_sec);
        dnstap_try_fixed32(out, 9, frame->query_nsec);
    }
    if (frame->query)
        dnstap_try_bytes(out, 10, frame->query, strlen(frame->query));
    if (frame->response_sec) {
        dnstap_try_number(out, 12, frame->response_sec);
        dnstap_try_fixed32(out, 13, frame->response_nsec);
    }
    if (frame->response)
        dnstap_try_bytes(out, 14, frame->response, strlen(frame->response));
}

void dnstap_try_frame(struct dnstap_try *out, const struct dnstap_try_frame *frame)
{
    struct dnstap_try *message = calloc(1, sizeof *message);
    if (!message)
        abort();
    put_message(message, frame);
    dnstap_try_bytes(out, 1, "ns.example", 10);
    dnstap_try_bytes(out, 2, "hand-made 1", 11);
    dnstap_try_bytes(out, 14, message->bytes, message->length);
    dnstap_try_number(out, 15, 1);
    free(message);
}

void dnstap_try_data(struct dnstap_try *out, const void *bytes, size_t length)
{
    put_u32(out, (uint32_t)length);
    dnstap_try_raw(out, bytes, length);
}

void dnstap_try_control(struct dnstap_try *out, unsigned type, const char *content_type)
{
    size_t length = content_type ? strlen(content_type) : 0;
    put_u32(out, 0);
    put_u32(out, (uint32_t)(content_type ? 12 + length : 4));
    put_u32(out, type);
    if (!content_type)
        return;
    put_u32(out, 1); /* FSTRM_CONTROL_FIELD_CONTENT_TYPE */
    put_u32(out, (uint32_t)length);
    dnstap_try_raw(out, content_type, length);
}
