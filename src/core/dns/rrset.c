/* What is signed (RFC 4034 §3.1.8.1): the RRSIG's RDATA without the signature, then each record in canonical
 * form and order, its owner in lower case (or the wildcard that it came from) and its TTL the original one.
 * It is laid out in one piece, since EdDSA takes it only so. */
#include "core/dns/rrset.h"

#include "core/dns/pkey.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 18 }; /* the fixed fields of an RRSIG, RFC 4034 §3.1 */

struct rrsig {
    uint16_t type, tag;
    uint8_t algorithm, labels;
    uint32_t ttl;
    struct rrsig_window window;
    struct name signer;
    const uint8_t *signature;
    size_t signature_length;
};

/* RFC 4034 §6.3: as left-justified octets, so that a record that begins another comes first. */
static int compare(const void *a, const void *b)
{
    const struct rdata *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = shorter ? memcmp(x->bytes, y->bytes, shorter) : 0;
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static size_t sort(struct rdata *rdata, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(rdata, count, sizeof *rdata, compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare(&rdata[kept - 1], &rdata[i]) != 0)
            rdata[kept++] = rdata[i];
    return kept;
}

void rrset_sort(struct rrset *set)
{
    set->count = sort(set->rdata, set->count);
}

/* RFC 4034 §3.1.3: neither the root nor a leading "*" counts. */
static unsigned signed_labels(const struct name *owner)
{
    return name_labels(owner) - (owner->wire[0] == 1 && owner->wire[1] == '*');
}

/* The owner as it was signed: itself, or "*" and its last `labels` labels (RFC 4035 §5.3.2). */
static void signed_owner(const struct name *owner, unsigned labels, struct name *ret_name)
{
    *ret_name = *owner;
    name_lower(ret_name);
    unsigned have = name_labels(ret_name);
    if (have <= labels)
        return;
    const uint8_t *at = ret_name->wire;
    for (; have > labels; have--)
        at += *at + 1;
    struct name rest = {.length = (uint8_t)(ret_name->length - (at - ret_name->wire))};
    memcpy(rest.wire, at, rest.length);
    name_prepend("*", 1, &rest, ret_name); /* fits: it replaces at least one label */
}

static void write_head(struct writer *w, const struct rrsig *sig)
{
    writer_u16(w, sig->type);
    writer_u8(w, sig->algorithm);
    writer_u8(w, sig->labels);
    writer_u32(w, sig->ttl);
    writer_u32(w, sig->window.expiration);
    writer_u32(w, sig->window.inception);
    writer_u16(w, sig->tag);
    writer_bytes(w, sig->signer.wire, sig->signer.length);
}

/* The data to be signed, in `space` if it fits, else in allocated memory; *ret_data is then freed by the
 * caller if it is not `space`. */
static int lay_out(const struct rrset *set, const struct rrsig *sig, uint8_t *space, size_t room,
    uint8_t **ret_data, size_t *ret_length)
{
    struct name owner;
    signed_owner(&set->owner, sig->labels, &owner);
    size_t need = HEAD + sig->signer.length;
    for (size_t i = 0; i < set->count; i++)
        need += owner.length + 10U + set->rdata[i].length;
    uint8_t *data = need <= room ? space : malloc(need);
    if (!data)
        return ERR_NOMEM;
    struct writer w = writer_over(data, need);
    write_head(&w, sig);
    for (size_t i = 0; i < set->count; i++) {
        writer_bytes(&w, owner.wire, owner.length);
        writer_u16(&w, set->type);
        writer_u16(&w, set->class);
        writer_u32(&w, sig->ttl);
        writer_u16(&w, set->rdata[i].length);
        writer_bytes(&w, set->rdata[i].bytes, set->rdata[i].length);
    }
    *ret_data = data;
    *ret_length = need;
    return 0;
}

int rrset_sign(const struct rrset *set, const struct dnskey *key, const struct name *signer,
    struct rrsig_window window, uint8_t out[RRSIG_MAX_RDATA], size_t *ret_length, struct err_note *note)
{
    const struct pkey_algorithm *how = pkey_algorithm(key->algorithm);
    if (!how || !key->signer)
        return err_set(note, ERR_DATA, "key %u of algorithm %u cannot sign", key->tag, key->algorithm);
    if (set->count == 0 || !name_is_below(&set->owner, signer))
        return err_set(note, ERR_DATA,
            set->count ? "the records lie outside the signer's zone" : "there are no records to sign");
    struct rrsig sig = {.type = set->type,
        .tag = key->tag,
        .algorithm = key->algorithm,
        .labels = (uint8_t)signed_labels(&set->owner),
        .ttl = set->ttl,
        .window = window,
        .signer = *signer};
    name_lower(&sig.signer);
    uint8_t space[2048], *data = NULL;
    size_t length = 0, signature = 0;
    int rc = lay_out(set, &sig, space, sizeof space, &data, &length);
    if (rc)
        return rc;
    struct writer w = writer_over(out, RRSIG_MAX_RDATA);
    write_head(&w, &sig);
    rc = pkey_sign(how, key->signer, data, length, w.at, &signature);
    if (data != space)
        free(data);
    if (rc)
        return err_set(note, rc, "key %u: the crypto library could not sign", key->tag);
    *ret_length = writer_used(&w) + signature;
    return 0;
}

/* ---- checking ---- */

static int read_rrsig(const uint8_t *rrsig, size_t length, struct rrsig *ret, struct err_note *note)
{
    struct reader r = reader_over(rrsig, length);
    ret->type = reader_u16(&r);
    ret->algorithm = reader_u8(&r);
    ret->labels = reader_u8(&r);
    ret->ttl = reader_u32(&r);
    ret->window.expiration = reader_u32(&r);
    ret->window.inception = reader_u32(&r);
    ret->tag = reader_u16(&r);
    size_t signer = r.bad ? 0 : name_from_wire(r.at, reader_left(&r), &ret->signer);
    if (signer == 0)
        return err_set(note, ERR_DATA, "RRSIG is cut short, or its signer is no uncompressed name");
    reader_bytes(&r, signer);
    ret->signature = r.at;
    ret->signature_length = reader_left(&r);
    if (ret->signature_length == 0 || ret->signature_length > DNSKEY_MAX_SIGNATURE)
        return err_set(note, ERR_DATA, "RRSIG with a signature of %zu octets", ret->signature_length);
    return 0;
}

/* RFC 1982: is `a` after `b`? Undefined, and so false, at half the circle. */
static bool after(uint32_t a, uint32_t b)
{
    return a != b && (uint32_t)(a - b) < UINT32_C(0x80000000);
}

static int check_time(struct rrsig_window window, uint32_t now, struct err_note *note)
{
    if (after(window.inception, window.expiration))
        return err_set(
            note, ERR_DATA, "signature ends (%u) before it begins (%u)", window.expiration, window.inception);
    if (now != window.inception && !after(now, window.inception))
        return err_set(
            note, ERR_DATA, "signature is not yet valid: it begins %u s later", window.inception - now);
    if (now != window.expiration && !after(window.expiration, now))
        return err_set(note, ERR_DATA, "signature has expired %u s ago", now - window.expiration);
    return 0;
}

/* RFC 4035 §5.3.1, in its order. */
static int check_fields(const struct rrset *set, const struct rrsig *sig, const struct dnskey *key,
    const struct name *signer, uint32_t now, struct err_note *note)
{
    char type[16], covered[16];
    if (set->count == 0)
        return err_set(note, ERR_DATA, "there are no records");
    if (!name_equal(&sig->signer, signer))
        return err_set(note, ERR_DATA, "signer is not the zone that was expected");
    if (!name_is_below(&set->owner, signer))
        return err_set(note, ERR_DATA, "the records lie outside the signer's zone");
    if (sig->type != set->type)
        return err_set(note, ERR_DATA, "signature covers %s, not %s", rr_type_name(sig->type, covered),
            rr_type_name(set->type, type));
    if (sig->labels > signed_labels(&set->owner))
        return err_set(note, ERR_DATA, "signature is of a name with %u labels, the owner has %u", sig->labels,
            signed_labels(&set->owner));
    if (sig->labels < name_labels(signer))
        return err_set(note, ERR_DATA, "signature is of a wildcard above the zone");
    int rc = check_time(sig->window, now, note);
    if (rc)
        return rc;
    if (sig->algorithm != key->algorithm)
        return err_set(
            note, ERR_DATA, "signature is of algorithm %u, the key of %u", sig->algorithm, key->algorithm);
    if (sig->tag != key->tag)
        return err_set(note, ERR_DATA, "signature is of key tag %u, the key has %u", sig->tag, key->tag);
    if (!(key->flags & DNSKEY_ZONE))
        return err_set(note, ERR_DATA, "key %u is no zone key (flag 256 is not set)", key->tag);
    if (key->protocol != DNSKEY_PROTOCOL)
        return err_set(note, ERR_DATA, "key %u has protocol %u, not 3", key->tag, key->protocol);
    return 0;
}

/* The set in canonical order, without duplicates, whatever order it came in. */
static int canonical(const struct rrset *set, struct rrset *ret_set)
{
    struct rdata *rdata = calloc(set->count, sizeof *rdata);
    if (!rdata)
        return ERR_NOMEM;
    memcpy(rdata, set->rdata, set->count * sizeof *rdata);
    *ret_set = *set;
    ret_set->rdata = rdata;
    ret_set->count = sort(rdata, set->count);
    return 0;
}

int rrset_verify(const struct rrset *set, const uint8_t *rrsig, size_t length, const struct dnskey *key,
    const struct name *signer, uint32_t now, struct err_note *note)
{
    struct rrsig sig;
    struct rrset sorted;
    EVP_PKEY *pkey = NULL;
    uint8_t space[2048], *data = NULL;
    size_t data_length = 0;
    int rc = read_rrsig(rrsig, length, &sig, note);
    if (rc == 0)
        rc = check_fields(set, &sig, key, signer, now, note);
    if (rc)
        return rc;
    const struct pkey_algorithm *how = pkey_algorithm(key->algorithm);
    if (!how)
        return err_set(note, ERR_DATA, "algorithm %u is not supported", key->algorithm);
    rc = pkey_from_public(how, key->public_key, key->public_length, &pkey, note);
    if (rc)
        return rc;
    name_lower(&sig.signer);
    rc = canonical(set, &sorted);
    if (rc == 0) {
        rc = lay_out(&sorted, &sig, space, sizeof space, &data, &data_length);
        free(sorted.rdata);
    }
    if (rc == 0 && !pkey_verify(how, pkey, data, data_length, sig.signature, sig.signature_length))
        rc = err_set(note, ERR_DATA, "signature of key %u does not verify", key->tag);
    if (data != space)
        free(data);
    EVP_PKEY_free(pkey);
    return rc;
}
