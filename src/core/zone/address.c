/* The idea: RFC 5952 wants the longest run of two or more zero groups, the first of equal ones, written as
 * "::". */
#include "core/zone/address.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS = 8, FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, SUBNET_HEAD = 4 };

static void find_zeros(const uint8_t address[16], int *ret_start, int *ret_length)
{
    int run = 0;
    *ret_start = -1;
    *ret_length = 1;
    for (int i = 0; i < GROUPS; i++) {
        run = address[2 * i] || address[2 * i + 1] ? 0 : run + 1;
        if (run > *ret_length) {
            *ret_length = run;
            *ret_start = i - run + 1;
        }
    }
}

char *address_text(const uint8_t address[16], char out[ADDRESS_TEXT])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (!memcmp(address, mapped, sizeof mapped)) {
        snprintf(out, ADDRESS_TEXT, "%u.%u.%u.%u", address[12], address[13], address[14], address[15]);
        return out;
    }
    int start, length, at = 0;
    find_zeros(address, &start, &length);
    for (int i = 0; i < GROUPS; i++) {
        if (i == start) {
            at += snprintf(out + at, (size_t)(ADDRESS_TEXT - at), "::");
            i += length - 1;
            continue;
        }
        const char *colon = i && i != start + length ? ":" : "";
        at += snprintf(out + at, (size_t)(ADDRESS_TEXT - at), "%s%x", colon,
            (unsigned)(address[2 * i] << 8 | address[2 * i + 1]));
    }
    return out;
}

char *address_subnet(const uint8_t *option, size_t length, char out[ADDRESS_TEXT])
{
    uint8_t address[16] = {0};
    snprintf(out, ADDRESS_TEXT, "%s", option ? "malformed" : "none");
    if (!option || length < SUBNET_HEAD)
        return out;
    unsigned family = (unsigned)(option[0] << 8 | option[1]), bits = option[2];
    size_t octets = length - SUBNET_HEAD, most = family == FAMILY_IPV4 ? 4 : 16;
    if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) || octets > most || bits > 8 * most)
        return out;
    if (family == FAMILY_IPV4)
        address[10] = address[11] = 0xff;
    memcpy(address + 16 - most, option + SUBNET_HEAD, octets);
    char text[ADDRESS_TEXT];
    snprintf(out, ADDRESS_TEXT, "%s/%u", address_text(address, text), bits);
    return out;
}
