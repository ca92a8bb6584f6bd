#include "base/base64.h"

size_t base64_write(const uint8_t *bytes, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *at = out;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t three = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        *at++ = digits[three >> 18];
        *at++ = digits[three >> 12 & 63];
        *at++ = left > 1 ? digits[three >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[three & 63] : '=';
    }
    *at = '\0';
    return (size_t)(at - out);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_read(const char *text, size_t length, uint8_t *out, size_t capacity)
{
    if (length % 4)
        return -1;
    size_t padding = length && text[length - 1] == '=' ? text[length - 2] == '=' ? 2 : 1 : 0;
    size_t size = length / 4 * 3 - padding;
    if (size > capacity)
        return -1;
    for (size_t i = 0, done = 0; i < length; i += 4) {
        uint32_t four = 0;
        for (size_t j = i; j < i + 4; j++) {
            int value = j >= length - padding ? 0 : value_of(text[j]);
            if (value < 0)
                return -1;
            four = four << 6 | (uint32_t)value;
        }
        for (int shift = 16; shift >= 0 && done < size; shift -= 8)
            out[done++] = (uint8_t)(four >> shift);
        if (i + 4 == length && (four & ((UINT32_C(1) << (8 * padding)) - 1)))
            return -1;
    }
    return (ssize_t)size;
}
