/* Two octets tell how many the capture cut, the rest is the message. What is read obeys its own rules, leads
 * into the message, has no regard to case, and a cut takes away but changes nothing. */
#include "core/roll/sighting.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_tags(const uint16_t *tags, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        must(tags[i - 1] < tags[i]);
}

static void check(const struct sighting *sighting, const uint8_t *message, size_t length)
{
    must(sighting->kind < SIGHTING_KINDS && sighting->kind != SIGHTING_OPTION);
    must((sighting->kind == SIGHTING_INVALID) == (sighting->fault != NULL));
    must(sighting->tag_count <= TASIGNAL_MAX_TAGS && sighting->option_count <= TASIGNAL_MAX_OPTION);
    must(sighting->has_option || (!sighting->option_fault && sighting->option_count == 0));
    must(!sighting->has_option ||
         (sighting->kind == SIGHTING_DNSKEY && !(sighting->flags & SIGHTING_RESPONSE)));
    check_tags(sighting->tags, sighting->tag_count);
    check_tags(sighting->option_tags, sighting->option_count);
    if (sighting->kind == SIGHTING_NONE) {
        must(sighting->zone == NULL);
        return;
    }
    struct name name;
    must(sighting->zone >= message + 12 && sighting->zone + sighting->zone_length <= message + length);
    must(name_from_wire(sighting->zone, sighting->zone_length, &name) == sighting->zone_length);
}

/* The same with the case of all letters of the name turned. */
static void check_case(uint8_t *message, size_t length, const struct sighting *sighting)
{
    struct sighting other;
    for (size_t at = 12; message[at]; at += message[at] + 1U)
        for (size_t i = at + 1; i <= at + message[at]; i++)
            if ((message[i] | 0x20) >= 'a' && (message[i] | 0x20) <= 'z')
                message[i] ^= 0x20;
    must(sighting_read(message, length, length, &other));
    must(other.kind == sighting->kind && other.names_hash == sighting->names_hash &&
         other.question_hash == sighting->question_hash && other.tag_count == sighting->tag_count);
}

static void check_question(const uint8_t *message, size_t length, const struct sighting *sighting)
{
    struct name name;
    struct sighting same;
    must(name_from_wire(message + 12, length - 12, &name) > 0);
    sighting_of_question(&name, sighting->qtype, &same);
    must(same.kind == sighting->kind && same.names_hash == sighting->names_hash &&
         same.question_hash == sighting->question_hash && same.fault == sighting->fault &&
         same.zone_length == sighting->zone_length);
}

/* What is told at a glance is what is read. */
static void check_glance(const uint8_t *message, size_t length, size_t wire_length)
{
    struct sighting_brief brief;
    struct sighting sighting;
    if (sighting_glance(message, length, wire_length, &brief))
        must(sighting_read(message, length, wire_length, &sighting) && sighting.kind == SIGHTING_NONE &&
             sighting.names_hash == brief.names_hash && sighting.udp_size == brief.udp_size &&
             sighting.flags == brief.flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct sighting whole, part;
    if (length < 3)
        return 0;
    size_t cut = (size_t)bytes[0] << 8 | bytes[1];
    length -= 2;
    uint8_t *message = malloc(length); /* ends where the octets end */
    must(message != NULL);
    memcpy(message, bytes + 2, length);
    check_glance(message, length, length);
    bool good = sighting_read(message, length, length, &whole);
    if (good) {
        check(&whole, message, length);
        check_question(message, length, &whole);
    }
    cut = cut < length ? cut : length;
    uint8_t *shorter = malloc(cut ? cut : 1);
    must(shorter != NULL);
    memcpy(shorter, message, cut);
    check_glance(shorter, cut, length);
    if (sighting_read(shorter, cut, length, &part)) {
        check(&part, shorter, cut);
        must(!good || (part.kind == whole.kind && part.question_hash == whole.question_hash));
        /* An OPT record that is longer than the message is none; with a cut, who knows. */
        must(!good || !(whole.flags & SIGHTING_EDNS) || part.option_count <= whole.option_count);
    }
    if (good)
        check_case(message, length, &whole);
    free(shorter);
    free(message);
    return 0;
}
