/* A DNSKEY's RDATA: what goes in comes out, REVOKE moves the tag by 128 or 129 and back, and sizes are those
 * of the bytes. */
#include "core/dns/dnskey.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct dnskey *key, *revoked, *plain;
    struct name root = {.length = 1};
    uint8_t out[DNSKEY_MAX_RDATA], ds[DNSKEY_MAX_DS];
    if (dnskey_from_rdata(bytes, length, &key, NULL) != 0)
        return 0;
    must(dnskey_rdata(key, out, sizeof out) == length && memcmp(out, bytes, length) == 0);
    must(key->tag == dnskey_tag(bytes, length));
    must(dnskey_bits(key) <= 8 * length);
    must(dnskey_ds(&root, key, 1, ds) == 24 && dnskey_ds(&root, key, 2, ds) == 36 &&
         dnskey_ds(&root, key, 4, ds) == 52);
    must(dnskey_with_flags(key, key->flags & (uint16_t)~DNSKEY_REVOKE, &plain) == 0);
    must(dnskey_with_flags(key, key->flags | DNSKEY_REVOKE, &revoked) == 0);
    uint16_t step = (uint16_t)(revoked->tag - plain->tag);
    must(key->algorithm == 1 || step == 128 || step == 129);
    must(dnskey_same(revoked, plain));
    dnskey_free(key);
    dnskey_free(revoked);
    dnskey_free(plain);
    return 0;
}
