/* A private key that is read can be written, reads back as the same key, and signs what its public half
 * verifies. */
#include "core/dns/dnskey.h"

#include "base/text.h"
#include "core/dns/rrset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_signature(const struct dnskey *key)
{
    struct name root = {.length = 1};
    struct rdata rdata = {(const uint8_t *)"\1x", 2};
    struct rrset set = {root, RR_TXT, RR_CLASS_IN, 60, 1, &rdata};
    uint8_t rrsig[RRSIG_MAX_RDATA];
    size_t length;
    /* Numbers that fit but are no primes make an RSA key that cannot sign, or signs in vain: that is not ours
     * to see. */
    int rc = rrset_sign(&set, key, &root, (struct rrsig_window){1, 3}, rrsig, &length, NULL);
    if (key->algorithm < 13)
        return;
    must(rc == 0 && rrset_verify(&set, rrsig, length, key, &root, 2, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct dnskey *key, *back;
    struct err_note note;
    struct text text;
    if (dnskey_from_private_text((const char *)bytes, length, DNSKEY_ZSK, &key, &note) != 0)
        return 0;
    text_start(&text);
    must(dnskey_private_text(key, &text, &note) == 0);
    must(dnskey_from_private_text(text.string, text.length, DNSKEY_ZSK, &back, &note) == 0);
    must(dnskey_same(key, back) && key->tag == back->tag);
    check_signature(key);
    text_free(&text);
    dnskey_free(key);
    dnskey_free(back);
    return 0;
}
