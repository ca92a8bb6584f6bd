/* A tag set has one text only, so that the same set is the same row: what is not sorted, or not written as
 * here, is none. */
#include "core/roll/sighting.h"

#include <string.h>

char *sighting_tags_text(const uint16_t *tags, size_t count, char out[SIGHTING_MAX_TAGS_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < count && i < TASIGNAL_MAX_OPTION; i++) {
        if (i)
            *at++ = '-';
        for (int shift = 12; shift >= 0; shift -= 4)
            *at++ = hex[tags[i] >> shift & 15];
    }
    *at = '\0'; /* in the place of a last hyphen */
    return out;
}

int sighting_tags_parse(const char *text, uint16_t ret_tags[TASIGNAL_MAX_OPTION], unsigned *ret_count)
{
    static const char hex[] = "0123456789abcdef";
    uint16_t tags[TASIGNAL_MAX_OPTION];
    unsigned count = 0;
    for (const char *at = text; *at; count++) {
        unsigned tag = 0;
        if (count == TASIGNAL_MAX_OPTION || (count && *at++ != '-'))
            return ERR_DATA;
        for (int i = 0; i < 4; i++, at++) {
            const char *digit = *at ? strchr(hex, *at) : NULL;
            if (!digit)
                return ERR_DATA;
            tag = tag << 4 | (unsigned)(digit - hex);
        }
        if (count && tag <= tags[count - 1])
            return ERR_DATA;
        tags[count] = (uint16_t)tag;
    }
    memcpy(ret_tags, tags, count * sizeof *tags);
    *ret_count = count;
    return 0;
}
