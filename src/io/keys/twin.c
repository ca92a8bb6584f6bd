/* The sum of a DNSKEY's 16-bit words and the tag are equal modulo 65,535, as 2^16 is 1 there; and the sum of
 * an RSA modulus's words is the modulus itself. So a tag is a residue class of n = pq modulo 65,535, and once
 * p is drawn, one of q. A prime in that class is as likely as elsewhere: q is stepped by 2 * 65,535. Where
 * the class leaves a choice (the carry of the sum), the tag is computed exactly before a candidate is tested.
 */
#include "io/keys/twin.h"

#include "core/dns/pkey.h"
#include "io/keys/keys.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    FOLD = 65535,     /* 3 * 5 * 17 * 257 */
    EXPONENT = 65537, /* in the key as 3, 1, 0, 1: its length and itself (RFC 3110 §2) */
    RSA_HEAD = 4 + 4, /* what stands before the modulus in RDATA */
    STEPS = 4096,     /* candidates from one start. One in 180 (2,048 bits) to 360 (4,096) is prime */
    MOST_STARTS = 4096,
    MOST_POINTS = 1 << 22, /* of a curve: no ordinary tag needs more than a fortieth */
    MOST_DRAWS = 1 << 21,  /* of a pair; one in 65,536 fits */
    ED448 = 16,            /* not made: a draw costs ten times that of ED25519 */
    FAR_BITS = 100,        /* |p - q| has more bits than half the size less this: FIPS 186-4 App. B.3.1 */
};

struct wanted {
    uint16_t tag;
    int32_t revoked_tag;
    uint8_t rdata[DNSKEY_MAX_RDATA]; /* head, and the key as it is tried */
    size_t length;
};

/* ---- which tags there are ---- */

static uint16_t folded(uint32_t sum)
{
    return (uint16_t)(sum + (sum >> 16));
}

/* Which sums modulo 65,535 give the tags: one or two, or 0 if none does. A sum has a carry beyond 16 bits,
 * and for each carry one low half gives the tag. The carry is about half the number of words; more than 3.4
 * standard deviations (the root of words / 12) from it, it is not waited for. */
static size_t sums_of(const struct wanted *w, unsigned ret_sum[2])
{
    unsigned words = (unsigned)(w->length - 4) / 2, spread = 1, middle = words / 2;
    size_t count = 0;
    while (spread * spread < words)
        spread++;
    for (unsigned carry = middle - spread; carry <= middle + spread; carry++) {
        uint32_t sum = carry << 16 | (uint16_t)(w->tag - carry);
        if (w->revoked_tag >= 0 && folded(sum + DNSKEY_REVOKE) != w->revoked_tag)
            continue;
        unsigned class = sum % FOLD;
        if (count == 0 || ret_sum[count - 1] != class)
            ret_sum[count++] = class;
        if (count == 2)
            break;
    }
    return count;
}

static bool fits(struct wanted *w)
{
    if (dnskey_tag(w->rdata, w->length) != w->tag)
        return false;
    if (w->revoked_tag < 0)
        return true;
    w->rdata[1] |= DNSKEY_REVOKE;
    bool ok = dnskey_tag(w->rdata, w->length) == w->revoked_tag;
    w->rdata[1] &= (uint8_t)~DNSKEY_REVOKE;
    return ok;
}

static int unreachable(
    const struct wanted *w, const struct pkey_algorithm *how, unsigned bits, struct err_note *note)
{
    char revoked[40] = "", size[16] = "";
    if (w->revoked_tag >= 0)
        snprintf(revoked, sizeof revoked, " and, once revoked, %d", w->revoked_tag);
    if (how->kind == PKEY_RSA)
        snprintf(size, sizeof size, "-%u", bits);
    return err_set(note, ERR_USAGE, "no %s%s key%s has the tag %u%s%s", dnskey_algorithm_name(how->number),
        size, how->kind == PKEY_RSA ? " with the exponent 65537" : "", w->tag, revoked,
        how->kind == PKEY_RSA ? ": half of all tags cannot be had" : "");
}

/* ---- RSA ---- */

struct rsa {
    unsigned bits;
    BIGNUM *p, *q;
    BIGNUM *number[RSA_PARTS]; /* of which P and Q are copies, the greater first */
    BN_CTX *context;
};

/* Every unit's 256th power is 1 here, since the groups of the four factors have 2, 4, 16 and 256 elements. */
static unsigned inverse(unsigned unit)
{
    uint64_t power = 1;
    for (int i = 0; i < 255; i++)
        power = power * unit % FOLD;
    return (unsigned)power;
}

static bool is_unit(unsigned class)
{
    return class % 3 && class % 5 && class % 17 && class % 257;
}

/* The classes that n = pq can have. In a modulus of an odd number of octets each is the other half of its
 * word: a shift by 8 bits, which another shift takes back. */
static size_t moduli_of(const struct wanted *w, unsigned ret_class[2])
{
    unsigned sum[2], head = 0;
    size_t count = 0, sums = sums_of(w, sum);
    for (size_t i = 0; i < RSA_HEAD; i += 2)
        head += bytes_u16(w->rdata + i);
    for (size_t i = 0; i < sums; i++) {
        unsigned class = (sum[i] + FOLD - head % FOLD) % FOLD;
        if (w->length & 1)
            class = class * 256 % FOLD;
        if (is_unit(class))
            ret_class[count++] = class;
    }
    return count;
}

/* p - 1 and e have no common factor. */
static bool suits_exponent(const BIGNUM *prime)
{
    return BN_mod_word(prime, EXPONENT) != 1;
}

static bool is_far(const BIGNUM *p, const BIGNUM *q, unsigned bits, BN_CTX *context)
{
    BN_CTX_start(context);
    BIGNUM *between = BN_CTX_get(context);
    bool far = between && BN_sub(between, p, q) && BN_num_bits(between) > (int)(bits / 2) - FAR_BITS;
    BN_CTX_end(context);
    return far;
}

/* A random odd number of the right size and class. */
static bool start_at(BIGNUM *q, int bits, unsigned class, BN_CTX *context)
{
    if (!BN_priv_rand_ex(q, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY, 0, context))
        return false;
    unsigned at = (unsigned)BN_mod_word(q, FOLD);
    return BN_add_word(q, (class + FOLD - at) % FOLD) && (BN_is_odd(q) || BN_add_word(q, FOLD));
}

/* 1: q is found; 0: not from this start; negative: the library fails. */
static int walk(struct wanted *w, struct rsa *rsa, BIGNUM *n)
{
    int bits = (int)rsa->bits / 2;
    for (int step = 0; step < STEPS && BN_num_bits(rsa->q) == bits; step++) {
        if (!BN_mul(n, rsa->p, rsa->q, rsa->context) ||
            BN_bn2binpad(n, w->rdata + RSA_HEAD, (int)(w->length - RSA_HEAD)) < 0)
            return ERR_INTERNAL;
        if (fits(w) && suits_exponent(rsa->q) && is_far(rsa->p, rsa->q, rsa->bits, rsa->context)) {
            int prime = BN_check_prime(rsa->q, rsa->context, NULL);
            if (prime)
                return prime > 0 ? 1 : ERR_INTERNAL;
        }
        if (!BN_add_word(rsa->q, 2 * FOLD))
            return ERR_INTERNAL;
    }
    return 0;
}

static int find_primes(struct wanted *w, struct rsa *rsa, const unsigned *classes, size_t count)
{
    int half = (int)(rsa->bits - rsa->bits / 2), found = 0;
    BIGNUM *n = rsa->number[RSA_N];
    do
        if (!BN_generate_prime_ex2(rsa->p, half, 0, NULL, NULL, NULL, rsa->context))
            return ERR_INTERNAL;
    while (!suits_exponent(rsa->p));
    unsigned undo = inverse((unsigned)BN_mod_word(rsa->p, FOLD));
    for (unsigned start = 0; found == 0 && start < MOST_STARTS; start++) {
        unsigned class = (unsigned)((uint64_t)classes[start % count] * undo % FOLD);
        found = start_at(rsa->q, (int)rsa->bits / 2, class, rsa->context) ? walk(w, rsa, n) : ERR_INTERNAL;
    }
    return found < 0 ? found : found ? 0 : ERR_USAGE;
}

/* The other numbers (RFC 8017 §3.2), with the least private exponent there is. */
static bool complete(struct rsa *rsa)
{
    BIGNUM **x = rsa->number;
    BN_CTX *context = rsa->context;
    bool swap = BN_cmp(rsa->p, rsa->q) < 0;
    BN_CTX_start(context);
    BIGNUM *p1 = BN_CTX_get(context), *q1 = BN_CTX_get(context), *t = BN_CTX_get(context),
           *l = BN_CTX_get(context);
    bool ok = l && BN_copy(x[RSA_P], swap ? rsa->q : rsa->p) && BN_copy(x[RSA_Q], swap ? rsa->p : rsa->q) &&
              BN_set_word(x[RSA_E], EXPONENT) && BN_mul(x[RSA_N], x[RSA_P], x[RSA_Q], context) &&
              BN_sub(p1, x[RSA_P], BN_value_one()) && BN_sub(q1, x[RSA_Q], BN_value_one()) &&
              BN_gcd(t, p1, q1, context) && BN_mul(l, p1, q1, context) && BN_div(l, NULL, l, t, context);
    if (ok) {
        BN_set_flags(l, BN_FLG_CONSTTIME);
        BN_set_flags(x[RSA_P], BN_FLG_CONSTTIME);
    }
    ok = ok && BN_mod_inverse(x[RSA_D], x[RSA_E], l, context) && BN_mod(x[RSA_DP], x[RSA_D], p1, context) &&
         BN_mod(x[RSA_DQ], x[RSA_D], q1, context) &&
         BN_mod_inverse(x[RSA_QINV], x[RSA_Q], x[RSA_P], context) &&
         BN_num_bits(x[RSA_N]) == (int)rsa->bits && BN_num_bits(x[RSA_D]) > (int)rsa->bits / 2;
    BN_CTX_end(context);
    return ok;
}

static int rsa_pkey(
    const struct pkey_algorithm *how, const struct rsa *rsa, EVP_PKEY **ret_pkey, struct err_note *note)
{
    struct pkey_bytes part[RSA_PARTS] = {{NULL, 0}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < RSA_PARTS; i++) {
        part[i].length = (size_t)BN_num_bytes(rsa->number[i]);
        part[i].bytes = malloc(part[i].length);
        rc = part[i].bytes && BN_bn2bin(rsa->number[i], part[i].bytes) > 0 ? 0 : ERR_NOMEM;
    }
    if (rc == 0)
        rc = pkey_from_rsa_parts(how, part, ret_pkey, note);
    for (size_t i = 0; i < RSA_PARTS; i++) {
        if (part[i].bytes)
            OPENSSL_cleanse(part[i].bytes, part[i].length);
        free(part[i].bytes);
    }
    return rc;
}

static int make_rsa(struct wanted *w, const struct pkey_algorithm *how, unsigned bits, EVP_PKEY **ret_pkey,
    struct err_note *note)
{
    struct rsa rsa = {
        .bits = bits, .p = BN_secure_new(), .q = BN_secure_new(), .context = BN_CTX_secure_new()};
    bool ready = rsa.p && rsa.q && rsa.context;
    unsigned classes[2];
    memcpy(w->rdata + 4, "\3\1\0\1", 4);
    w->length = RSA_HEAD + (bits + 7) / 8;
    for (size_t i = 0; i < RSA_PARTS; i++)
        ready &= (rsa.number[i] = BN_secure_new()) != NULL;
    size_t count = moduli_of(w, classes);
    int rc = !ready ? ERR_NOMEM : count == 0 ? ERR_USAGE : find_primes(w, &rsa, classes, count);
    if (rc == 0)
        rc = complete(&rsa) ? rsa_pkey(how, &rsa, ret_pkey, note) : ERR_INTERNAL;
    BN_clear_free(rsa.p);
    BN_clear_free(rsa.q);
    for (size_t i = 0; i < RSA_PARTS; i++)
        BN_clear_free(rsa.number[i]);
    BN_CTX_free(rsa.context);
    return rc;
}

/* ---- ECDSA ---- */

/* From a random point along the curve, each point and its mirror image, by adding the generator: an addition
 * costs a fraction of a multiplication. */
struct curve {
    EC_GROUP *group;
    EC_POINT *point;
    BIGNUM *secret, *x, *y, *prime;
    BN_CTX *context;
};

static bool put_point(struct wanted *w, const struct curve *c, int half)
{
    return BN_bn2binpad(c->x, w->rdata + 4, half) > 0 && BN_bn2binpad(c->y, w->rdata + 4 + half, half) > 0;
}

/* Like walk(); the secret is then that of the point that fits. */
static int walk_curve(struct wanted *w, const struct curve *c, int half)
{
    const EC_POINT *generator = EC_GROUP_get0_generator(c->group);
    const BIGNUM *order = EC_GROUP_get0_order(c->group);
    for (BN_ULONG steps = 0; steps < MOST_POINTS; steps++) {
        if (!EC_POINT_get_affine_coordinates(c->group, c->point, c->x, c->y, c->context) ||
            !put_point(w, c, half))
            return ERR_INTERNAL;
        bool here = fits(w);
        if (!here && (!BN_sub(c->y, c->prime, c->y) || !put_point(w, c, half)))
            return ERR_INTERNAL;
        if (here || fits(w)) {
            bool ok = BN_add_word(c->secret, steps) && BN_nnmod(c->secret, c->secret, order, c->context) &&
                      (here || BN_sub(c->secret, order, c->secret));
            return ok ? 1 : ERR_INTERNAL;
        }
        if (!EC_POINT_add(c->group, c->point, c->point, generator, c->context))
            return ERR_INTERNAL;
    }
    return 0;
}

static int ecdsa_pkey(
    const struct pkey_algorithm *how, const BIGNUM *number, EVP_PKEY **ret_pkey, struct err_note *note)
{
    uint8_t bytes[48];
    int rc = BN_bn2binpad(number, bytes, how->half) > 0
                 ? pkey_from_secret(how, (struct pkey_bytes){bytes, how->half}, ret_pkey, note)
                 : ERR_INTERNAL;
    OPENSSL_cleanse(bytes, sizeof bytes);
    return rc;
}

static int make_ecdsa(
    struct wanted *w, const struct pkey_algorithm *how, EVP_PKEY **ret_pkey, struct err_note *note)
{
    struct curve c = {.group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(how->group)),
        .secret = BN_secure_new(),
        .x = BN_new(),
        .y = BN_new(),
        .prime = BN_new(),
        .context = BN_CTX_secure_new()};
    c.point = c.group ? EC_POINT_new(c.group) : NULL;
    bool ready = c.point && c.secret && c.x && c.y && c.prime && c.context;
    unsigned sum[2];
    w->length = 4U + how->public_size;
    int rc = !ready ? ERR_NOMEM : sums_of(w, sum) == 0 ? ERR_USAGE : 0;
    if (rc == 0)
        rc = EC_GROUP_get_curve(c.group, c.prime, NULL, NULL, c.context) &&
                     BN_priv_rand_range_ex(c.secret, EC_GROUP_get0_order(c.group), 0, c.context) &&
                     EC_POINT_mul(c.group, c.point, c.secret, NULL, NULL, c.context)
                 ? 0
                 : ERR_INTERNAL;
    if (rc == 0) {
        int found = walk_curve(w, &c, how->half);
        rc = found < 0 ? found : found ? ecdsa_pkey(how, c.secret, ret_pkey, note) : ERR_USAGE;
    }
    BN_clear_free(c.secret);
    BN_free(c.x);
    BN_free(c.y);
    BN_free(c.prime);
    BN_CTX_free(c.context);
    EC_POINT_free(c.point);
    EC_GROUP_free(c.group);
    return rc;
}

/* ---- EdDSA ---- */

/* The public key is what a hash of the secret leads to: nothing to be steered. */
static int make_eddsa(struct wanted *w, const struct pkey_algorithm *how, EVP_PKEY **ret_pkey)
{
    unsigned sum[2];
    w->length = 4U + how->public_size;
    if (sums_of(w, sum) == 0)
        return ERR_USAGE;
    for (int draw = 0; draw < MOST_DRAWS; draw++) {
        size_t length = how->public_size;
        EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, how->type);
        if (!pkey || EVP_PKEY_get_raw_public_key(pkey, w->rdata + 4, &length) <= 0) {
            EVP_PKEY_free(pkey);
            return ERR_INTERNAL;
        }
        if (fits(w)) {
            *ret_pkey = pkey;
            return 0;
        }
        EVP_PKEY_free(pkey);
    }
    return ERR_USAGE;
}

/* ---- all ---- */

static int check_wish(const struct pkey_algorithm *how, unsigned bits, uint16_t flags, struct err_note *note)
{
    if (!how || how->number == ED448)
        return err_set(
            note, ERR_USAGE, "twins of that algorithm are not made here (5, 7, 8, 10, 13, 14 and 15 are)");
    if (how->kind == PKEY_RSA && (bits < 1024 || bits > PKEY_RSA_MAX_BITS))
        return err_set(note, ERR_USAGE, "RSA keys have 1024 to 4096 bits, not %u", bits);
    if (flags & DNSKEY_REVOKE)
        return err_set(note, ERR_USAGE, "a twin is made first and revoked then");
    return 0;
}

int twin_make(uint8_t algorithm, unsigned bits, uint16_t flags, uint16_t tag, int32_t revoked_tag,
    struct dnskey **ret_key, struct err_note *note)
{
    const struct pkey_algorithm *how = pkey_algorithm(algorithm);
    struct wanted w = {.tag = tag, .revoked_tag = revoked_tag};
    struct dnskey *key = NULL;
    EVP_PKEY *pkey = NULL;
    bits = bits ? bits : 2048;
    int rc = check_wish(how, bits, flags, note);
    if (rc)
        return rc;
    bytes_put_u16(w.rdata, flags);
    w.rdata[2] = DNSKEY_PROTOCOL;
    w.rdata[3] = algorithm;
    rc = how->kind == PKEY_RSA     ? make_rsa(&w, how, bits, &pkey, note)
         : how->kind == PKEY_ECDSA ? make_ecdsa(&w, how, &pkey, note)
                                   : make_eddsa(&w, how, &pkey);
    ERR_clear_error();
    if (rc)
        return rc == ERR_USAGE   ? unreachable(&w, how, bits, note)
               : rc == ERR_NOMEM ? rc
                                 : err_set(note, ERR_INTERNAL, "the crypto library could not make a twin");
    rc = dnskey_from_private(flags, algorithm, pkey, &key, note);
    EVP_PKEY_free(pkey);
    if (rc == 0 && (key->tag != tag || !dnskey_is_pair(key)))
        rc = err_set(note, ERR_INTERNAL, "the twin that was made does not verify what it signs");
    if (rc)
        dnskey_free(key);
    else
        *ret_key = key;
    return rc;
}
