#include "core/roll/prober.h"

#include "core/dns/name.h"
#include "core/dns/rrset.h"

enum {
    HEADER = 12,
    FLAG_QR = 0x8000,
    FLAG_RD = 0x0100,
    FLAG_AD = 0x0020,
    RCODE = 0x000f,
    NOERROR = 0,
    SERVFAIL = 2
};

size_t prober_query(uint16_t id, const char *name, uint8_t out[PROBER_MAX_QUERY])
{
    struct name qname;
    if (name_from_text(name, &qname, NULL))
        return 0;
    struct writer w = writer_over(out, PROBER_MAX_QUERY);
    const uint8_t header[HEADER] = {
        (uint8_t)(id >> 8), (uint8_t)id, FLAG_RD >> 8, FLAG_AD, 0, 1}; /* one question */
    writer_bytes(&w, header, sizeof header);
    writer_bytes(&w, qname.wire, qname.length);
    writer_u16(&w, RR_A);
    writer_u16(&w, RR_CLASS_IN);
    return w.full ? 0 : writer_used(&w);
}

enum evidence_answer prober_read(const uint8_t *response, size_t length, uint16_t id)
{
    if (length == 0)
        return ANSWER_TIMEOUT;
    struct reader r = reader_over(response, length);
    uint16_t answered = reader_u16(&r), flags = reader_u16(&r);
    reader_u16(&r);
    uint16_t answers = reader_u16(&r);
    if (r.bad || length < HEADER || answered != id || !(flags & FLAG_QR))
        return ANSWER_OTHER;
    if ((flags & RCODE) == SERVFAIL)
        return ANSWER_SERVFAIL;
    if ((flags & RCODE) != NOERROR || answers == 0)
        return ANSWER_OTHER;
    return flags & FLAG_AD ? ANSWER_AD : ANSWER_NO_AD;
}
