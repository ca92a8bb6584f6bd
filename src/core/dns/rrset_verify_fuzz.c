/* A stranger's DNSKEY and RRSIG over a set of ours. Input: two octets of length, the DNSKEY's RDATA, the
 * RRSIG's RDATA; a first bit asks that the fields which would refuse it at once (algorithm, tag, flags,
 * protocol, times, type) are made to fit, so that the bytes reach the crypto library. Whatever verifies must
 * not verify any more over another set. */
#include "core/dns/rrset.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { NOW = 1000, MAX_SIG = 2048 };

static void fit(const struct dnskey *key, uint8_t *rrsig)
{
    bytes_put_u16(rrsig, RR_TXT);
    rrsig[2] = key->algorithm;
    memcpy(rrsig + 8, "\0\0\7\320\0\0\0\1", 8); /* 1 to 2000 */
    bytes_put_u16(rrsig + 16, key->tag);
}

static void print(const uint8_t *rrsig, size_t length)
{
    struct rdata rdata = {rrsig, (uint16_t)length};
    struct rrset set = {{.length = 1}, RR_RRSIG, RR_CLASS_IN, 60, 1, &rdata};
    struct text text;
    text_start(&text);
    rrset_to_text(&set, &text);
    text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct reader r = reader_over(bytes, length);
    uint16_t head = reader_u16(&r), key_length = head & 0x7fff;
    const uint8_t *rdata = reader_bytes(&r, key_length);
    uint8_t rrsig[MAX_SIG];
    size_t rrsig_length = reader_left(&r);
    struct dnskey *key, *used;
    if (r.bad || rrsig_length > sizeof rrsig || dnskey_from_rdata(rdata, key_length, &key, NULL) != 0)
        return 0;
    if (rrsig_length)
        memcpy(rrsig, r.at, rrsig_length);
    if (dnskey_with_flags(key, head & 0x8000 ? key->flags | DNSKEY_ZONE : key->flags, &used) == 0) {
        struct rdata txt[2] = {{(const uint8_t *)"\1b", 2}, {(const uint8_t *)"\1a", 2}};
        struct name signer = {.length = 9, .wire = "\7example"};
        struct rrset set = {{.length = 11, .wire = "\1w\7example"}, RR_TXT, RR_CLASS_IN, 60, 2, txt};
        struct err_note note;
        if (head & 0x8000 && rrsig_length >= 18) {
            used->protocol = DNSKEY_PROTOCOL;
            fit(used, rrsig);
        }
        if (rrset_verify(&set, rrsig, rrsig_length, used, &signer, NOW, &note) == 0) {
            set.count = 1;
            if (rrset_verify(&set, rrsig, rrsig_length, used, &signer, NOW, &note) == 0)
                abort();
        }
        print(rrsig, rrsig_length);
        dnskey_free(used);
    }
    dnskey_free(key);
    return 0;
}
