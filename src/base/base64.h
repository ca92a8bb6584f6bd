/* base64: RFC 4648 §4, strict: padding is required, bits that padding leaves over are zero, nothing else
 * stands in the text. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BASE64_SIZE(octets) (((octets) + 2) / 3 * 4 + 1) /* of the text, with its terminator */

/* Writes BASE64_SIZE(length) characters, terminated. Returns the text's length. */
size_t base64_write(const uint8_t *bytes, size_t length, char *out);

/* Reads at most `capacity` octets. Returns their number, -1 if the text is no base64 or holds more. */
ssize_t base64_read(const char *text, size_t length, uint8_t *out, size_t capacity);

#endif
