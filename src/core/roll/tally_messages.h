/* tally_messages: DNS messages for tests, put together octet by octet. */
#ifndef CORE_ROLL_TALLY_MESSAGES_H
#define CORE_ROLL_TALLY_MESSAGES_H

#include "base/bytes.h"
#include "core/dns/message.h"
#include "core/dns/name.h"
#include "core/dns/rrset.h"
#include "core/roll/sighting.h"

#include <stdlib.h>

enum { MESSAGES_MOST = 1024 };

struct test_message {
    uint8_t bytes[MESSAGES_MOST];
    struct writer writer;
};

static inline void test_begin(
    struct test_message *m, uint16_t id, uint16_t bits, const char *name, uint16_t type)
{
    struct name wire;
    if (name_from_text(name, &wire, NULL) != 0)
        abort();
    memset(m->bytes, 0, sizeof m->bytes);
    m->writer = writer_over(m->bytes, sizeof m->bytes);
    const uint16_t head[6] = {id, bits, 1};
    for (unsigned i = 0; i < 6; i++)
        writer_u16(&m->writer, head[i]);
    writer_bytes(&m->writer, wire.wire, wire.length);
    writer_u16(&m->writer, type);
    writer_u16(&m->writer, RR_CLASS_IN);
}

/* section: 1 answer, 2 authority, 3 additional */
static inline void test_record(struct test_message *m, unsigned section, const void *owner,
    size_t owner_length, uint16_t type, uint16_t class, uint32_t ttl, const void *data, size_t length)
{
    uint8_t *count = m->bytes + 4 + 2 * section;
    bytes_put_u16(count, (uint16_t)(bytes_u16(count) + 1));
    writer_bytes(&m->writer, owner, owner_length);
    writer_u16(&m->writer, type);
    writer_u16(&m->writer, class);
    writer_u32(&m->writer, ttl);
    writer_u16(&m->writer, (uint16_t)length);
    writer_bytes(&m->writer, data, length);
}

static inline void test_opt(
    struct test_message *m, uint16_t size, bool dnssec_ok, const void *options, size_t length)
{
    test_record(m, 3, "", 1, RR_OPT, size, dnssec_ok ? 0x8000 : 0, options, length);
}

static inline size_t test_length(const struct test_message *m)
{
    return writer_used(&m->writer);
}

#endif
