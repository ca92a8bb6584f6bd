/* A public key that is read from text and written reads back the same. */
#include "core/dns/dnskey.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct dnskey *key, *back;
    struct name owner, owner_back;
    struct err_note note;
    struct text text;
    if (dnskey_from_public_text((const char *)bytes, length, &owner, &key, &note) != 0)
        return 0;
    text_start(&text);
    if (dnskey_public_text(&owner, key, &text) != 0 ||
        dnskey_from_public_text(text.string, text.length, &owner_back, &back, &note) != 0 ||
        !dnskey_same(key, back) || key->flags != back->flags || key->tag != back->tag ||
        !name_equal(&owner, &owner_back))
        abort();
    text_free(&text);
    dnskey_free(key);
    dnskey_free(back);
    return 0;
}
