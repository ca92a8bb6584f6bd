/* Records as zone text. ldns knows the presentation form of every type. RRSIG alone is written here, since
 * ldns reads its 32-bit times against the clock, and what is printed must depend on nothing but the record.
 */
#include "core/dns/rrset.h"

#include "base/base64.h"
#include "base/text.h"
#include "base/utc.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *rr_type_name(uint16_t type, char out[16])
{
    const ldns_rr_descriptor *known = ldns_rr_descript(type);
    if (known && known->_name && known->_type == type)
        snprintf(out, 16, "%s", known->_name);
    else
        snprintf(out, 16, "TYPE%u", type);
    return out;
}

static const char *class_name(uint16_t class, char out[16])
{
    if (class == RR_CLASS_IN || class == RR_CLASS_CH)
        return class == RR_CLASS_IN ? "IN" : "CH";
    snprintf(out, 16, "CLASS%u", class);
    return out;
}

/* RFC 3597 §5. */
static void add_unknown(struct text *text, const struct rdata *rdata)
{
    text_printf(text, "\\# %u", rdata->length);
    for (size_t i = 0; i < rdata->length; i++)
        text_printf(text, "%s%02x", i ? "" : " ", rdata->bytes[i]);
}

/* RFC 4034 §3.2: YYYYMMDDHHmmSS, of the seconds since 1970 as they stand. */
static void add_time(struct text *text, uint32_t second)
{
    struct utc_date d = utc_date_of(second * UTC_SECOND);
    text_printf(text, " %04d%02d%02d%02d%02d%02d", d.year, d.month, d.day, d.hour, d.minute, d.second);
}

static bool add_rrsig(struct text *text, const struct rdata *rdata)
{
    struct name signer;
    char type[16], name[NAME_MAX_TEXT];
    struct reader r = reader_over(rdata->bytes, rdata->length);
    text_add(text, rr_type_name(reader_u16(&r), type));
    text_printf(text, " %u", reader_u8(&r));
    text_printf(text, " %u", reader_u8(&r));
    text_printf(text, " %u", reader_u32(&r));
    add_time(text, reader_u32(&r));
    add_time(text, reader_u32(&r));
    text_printf(text, " %u", reader_u16(&r));
    size_t length = r.bad ? 0 : name_from_wire(r.at, reader_left(&r), &signer);
    if (length == 0 || reader_left(&r) == length)
        return false;
    reader_bytes(&r, length);
    text_printf(text, " %s ", name_to_text(&signer, name));
    char *base64 = malloc(BASE64_SIZE(reader_left(&r)));
    if (!base64)
        return false;
    base64_write(r.at, reader_left(&r), base64);
    text_add(text, base64);
    free(base64);
    return true;
}

/* Through ldns: a record at the root with this RDATA, read from wire form and written, its first fields cut
 * off. */
static bool add_known(struct text *text, uint16_t type, const struct rdata *rdata)
{
    size_t size = 11U + rdata->length, at = 0;
    uint8_t *wire = malloc(size);
    ldns_rr *rr = NULL;
    char *line = NULL;
    if (!wire)
        return false;
    struct writer w = writer_over(wire, size);
    writer_u8(&w, 0);
    writer_u16(&w, type);
    writer_u16(&w, RR_CLASS_IN);
    writer_u32(&w, 0);
    writer_u16(&w, rdata->length);
    writer_bytes(&w, rdata->bytes, rdata->length);
    if (ldns_wire2rr(&rr, wire, size, &at, LDNS_SECTION_ANSWER) == LDNS_STATUS_OK && at == size)
        line = ldns_rr2str_fmt(ldns_output_format_nocomments, rr);
    char *field = line;
    for (int i = 0; field && i < 4; i++) /* ".", TTL, class, type */
        field = (field = strchr(field, '\t')) ? field + 1 : NULL;
    if (field) {
        field[strcspn(field, "\n")] = '\0';
        text_add(text, field);
    }
    ldns_rr_free(rr);
    free(line);
    free(wire);
    return field != NULL;
}

int rrset_to_text(const struct rrset *set, struct text *ret_text)
{
    char owner[NAME_MAX_TEXT], type[16], class[16];
    name_to_text(&set->owner, owner);
    for (size_t i = 0; i < set->count; i++) {
        const struct rdata *rdata = &set->rdata[i];
        text_printf(ret_text, "%s\t%u\t%s\t%s\t", owner, set->ttl, class_name(set->class, class),
            rr_type_name(set->type, type));
        size_t start = ret_text->length;
        bool written = rdata->length > 0 && (set->type == RR_RRSIG ? add_rrsig(ret_text, rdata)
                                                                   : add_known(ret_text, set->type, rdata));
        if (!written) {
            ret_text->length = start;
            add_unknown(ret_text, rdata);
        }
        text_add(ret_text, "\n");
    }
    return ret_text->failed ? ERR_NOMEM : 0;
}
