#include "core/zone/zone_try.h"

#include <stdio.h>
#include <string.h>

static void expand(struct reader *reader, uint16_t type, size_t length, struct try_record *record)
{
    const uint8_t *end = reader->at + length;
    struct writer out = writer_over(record->rdata, sizeof record->rdata);
    unsigned names =
        type == RR_SOA ? 2 : type == RR_NS || type == RR_CNAME || type == RR_PTR || type == RR_MX;
    if (type == RR_MX)
        writer_u16(&out, reader_u16(reader));
    for (unsigned i = 0; i < names && !reader->bad; i++) {
        struct name name;
        name_read(reader, &name);
        if (reader->bad)
            return;
        name_lower(&name);
        writer_bytes(&out, name.wire, name.length);
    }
    if (reader->at > end) {
        reader->bad = true;
        return;
    }
    size_t left = (size_t)(end - reader->at);
    const uint8_t *rest = reader_bytes(reader, left);
    writer_bytes(&out, rest, left);
    record->rdlength = (uint16_t)writer_used(&out);
    reader->bad |= out.full;
}

static void read_opt(
    struct try_answer *answer, uint16_t class, uint32_t ttl, const uint8_t *rdata, size_t length)
{
    struct reader options = reader_over(rdata, length);
    answer->edns = true;
    answer->udp_size = class;
    answer->dnssec_ok = ttl & 0x8000;
    answer->rcode |= (uint16_t)(ttl >> 24 << 4);
    while (reader_left(&options) && !options.bad) {
        uint16_t code = reader_u16(&options), size = reader_u16(&options);
        const uint8_t *bytes = reader_bytes(&options, size);
        if (bytes && code == 15 && size >= 2)
            answer->ede = bytes_u16(bytes);
    }
}

const char *try_parse(const uint8_t *message, size_t length, struct try_answer *answer)
{
    struct reader reader = reader_over(message, length);
    answer->id = reader_u16(&reader);
    answer->flags = reader_u16(&reader);
    answer->rcode = answer->flags & 0xf;
    answer->length = length;
    answer->records = 0;
    answer->edns = answer->dnssec_ok = false;
    answer->ede = UINT16_MAX;
    for (size_t i = 0; i < 4; i++)
        answer->count[i] = reader_u16(&reader);
    for (size_t i = 0; i < answer->count[0]; i++) {
        struct name name;
        name_read(&reader, &name);
        reader_u32(&reader);
    }
    for (unsigned section = 0; section < 3; section++) {
        for (size_t i = 0; i < answer->count[section + 1]; i++) {
            if (answer->records == sizeof answer->record / sizeof *answer->record)
                return "too many records";
            struct try_record *record = &answer->record[answer->records];
            record->section = (uint8_t)section;
            name_read(&reader, &record->owner);
            name_lower(&record->owner);
            record->type = reader_u16(&reader);
            record->class = reader_u16(&reader);
            record->ttl = reader_u32(&reader);
            uint16_t size = reader_u16(&reader);
            if (reader.bad || reader_left(&reader) < size)
                return "a record does not parse";
            if (record->type == RR_OPT) {
                if (answer->edns || section != 2 || record->owner.length != 1)
                    return "OPT out of place";
                read_opt(answer, record->class, record->ttl, reader_bytes(&reader, size), size);
                continue;
            }
            expand(&reader, record->type, size, record);
            if (reader.bad)
                return "RDATA does not parse";
            answer->records++;
        }
    }
    return reader.bad ? "short" : reader_left(&reader) ? "octets behind the end" : NULL;
}

size_t try_count(const struct try_answer *answer, unsigned section, const char *owner, uint16_t type)
{
    struct name name = try_name(owner);
    size_t count = 0;
    for (size_t i = 0; i < answer->records; i++)
        count += answer->record[i].section == section && answer->record[i].type == type &&
                 name_equal(&answer->record[i].owner, &name);
    return count;
}

static size_t set_of(const struct try_answer *answer, const struct try_record *like, uint16_t type,
    struct rrset *set, struct rdata *rdata)
{
    *set = (struct rrset){.owner = like->owner, .type = type, .class = RR_CLASS_IN, .rdata = rdata};
    for (size_t i = 0; i < answer->records; i++) {
        const struct try_record *record = &answer->record[i];
        if (record->section != like->section || record->type != type ||
            !name_equal(&record->owner, &like->owner))
            continue;
        rdata[set->count++] = (struct rdata){.bytes = record->rdata, .length = record->rdlength};
        set->ttl = record->ttl;
    }
    size_t count = set->count;
    rrset_sort(set);
    return count;
}

static const char *verify_one(const struct try_answer *answer, const struct try_record *rrsig,
    const struct dnskey *const *keys, size_t key_count, const char *signer, int64_t now_us)
{
    static char fault[700];
    struct rdata rdata[128];
    struct rrset set;
    struct err_note note = {{0}};
    struct name name = try_name(signer);
    if (!set_of(answer, rrsig, bytes_u16(rrsig->rdata), &set, rdata))
        return answer->count[1] == 1 && answer->records == 1 ? NULL : "RRSIG without its set";
    for (size_t i = 0; i < key_count; i++)
        if (!rrset_verify(&set, rrsig->rdata, rrsig->rdlength, keys[i], &name, utc_second32(now_us), &note))
            return NULL;
    char text[NAME_MAX_TEXT];
    snprintf(
        fault, sizeof fault, "%.150s type %u: %s", name_to_text(&rrsig->owner, text), set.type, note.text);
    return fault;
}

static bool is_signed(const struct try_answer *answer, const struct try_record *record)
{
    for (size_t i = 0; i < answer->records; i++) {
        const struct try_record *other = &answer->record[i];
        if (other->type == RR_RRSIG && other->section == record->section &&
            bytes_u16(other->rdata) == record->type && name_equal(&other->owner, &record->owner))
            return true;
    }
    return false;
}

const char *try_verify(const struct try_answer *answer, const struct dnskey *const *keys, size_t key_count,
    const char *signer, int64_t now_us, bool all)
{
    static char fault[400];
    for (size_t i = 0; i < answer->records; i++) {
        const struct try_record *record = &answer->record[i];
        if (record->type == RR_RRSIG) {
            const char *wrong = verify_one(answer, record, keys, key_count, signer, now_us);
            if (wrong)
                return wrong;
        } else if (all && record->section < 2 && !(record->type == RR_NS && record->section == 1) &&
                   !is_signed(answer, record)) {
            char text[NAME_MAX_TEXT];
            snprintf(fault, sizeof fault, "%.200s type %u is not signed", name_to_text(&record->owner, text),
                record->type);
            return fault;
        }
    }
    return NULL;
}
