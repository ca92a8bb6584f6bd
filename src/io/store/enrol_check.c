/* What strangers may call themselves. Nothing is mended silently but the case of a country. */
#include "io/store/enrol.h"

#include "base/text.h"

#include <string.h>

/* ISO 3166-1 alpha-2, officially assigned (249), and XK, which is user-assigned and widely used for Kosovo.
 */
static const char countries[] = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ "
                                "BL BM BN BO BQ BR BS BT BV BW BY BZ "
                                "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
                                "EC EE EG EH ER ES ET FI FJ FK FM FO FR "
                                "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU "
                                "ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
                                "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD "
                                "ME MF MG MH MK ML MM MN MO MP MQ MR MS MT "
                                "MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK "
                                "PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
                                "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
                                "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
                                "UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ";

/* Labels that the platform uses, or may come to use, below the parent. */
static const char *const reserved[] = {"ns", "ns1", "ns2", "www", "web", "api", "probe", "probes", "test",
    "mail", "who", "tc", "localhost", "wpad", "isatap", "autoconfig", "autodiscover", "dns", "admin", "root",
    "hostmaster", "postmaster"};

static const int64_t most_users = INT64_C(10000000000);

struct text_facts {
    size_t characters, octets;
    bool valid, control, visible;
};

/* Reads at most `limit` octets and one more. */
static struct text_facts facts_of(const char *string, size_t limit)
{
    struct text_facts facts = {.octets = strnlen(string, limit + 1), .valid = true};
    for (size_t at = 0; at < facts.octets;) {
        unsigned code = 0;
        size_t length = text_utf8(string + at, facts.octets - at, &code);
        if (length == 0) {
            facts.valid = false;
            return facts;
        }
        facts.control |= code < 0x20 || (code >= 0x7f && code < 0xa0);
        facts.visible |= code != ' ' && code != 0xa0 && code != 0x3000 && (code < 0x2000 || code > 0x200f);
        facts.characters++;
        at += length;
    }
    return facts;
}

static int check_label(const char *label, struct err_note *note)
{
    if (!label || !*label)
        return err_set(note, ERR_USAGE, "a label is missing: a name by which you will know this resolver");
    struct text_facts facts = facts_of(label, ENROL_MAX_LABEL * 4);
    if (facts.octets > ENROL_MAX_LABEL * 4 || facts.characters > ENROL_MAX_LABEL)
        return err_set(note, ERR_USAGE, "the label is longer than %d characters", ENROL_MAX_LABEL);
    if (!facts.valid)
        return err_set(note, ERR_USAGE, "the label is not valid UTF-8");
    if (facts.control)
        return err_set(note, ERR_USAGE, "the label holds a control character");
    return facts.visible ? 0 : err_set(note, ERR_USAGE, "the label is blank");
}

static int check_contact(const char *contact, struct err_note *note)
{
    struct text_facts facts = facts_of(contact ? contact : "", ENROL_MAX_CONTACT);
    if (facts.octets > ENROL_MAX_CONTACT)
        return err_set(note, ERR_USAGE, "the contact is longer than %d octets", ENROL_MAX_CONTACT);
    if (!facts.valid)
        return err_set(note, ERR_USAGE, "the contact is not valid UTF-8");
    return facts.control ? err_set(note, ERR_USAGE, "the contact holds a control character") : 0;
}

static int check_country(const char *country, char ret_country[3], struct err_note *note)
{
    ret_country[0] = '\0';
    if (!country || !*country)
        return 0;
    char code[4] = "";
    bool letters = strnlen(country, 3) == 2;
    for (size_t i = 0; letters && i < 2; i++) {
        char c = country[i];
        letters = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        code[i] = (char)(c & ~0x20);
    }
    code[2] = ' ';
    if (!letters || !strstr(countries, code))
        return err_set(note, ERR_USAGE, "the country is no code of two letters of ISO 3166 (NL, BR, …)");
    memcpy(ret_country, code, 2);
    ret_country[2] = '\0';
    return 0;
}

static int check_zone_label(const char *label, struct err_note *note)
{
    if (!label)
        return 0;
    size_t length = strnlen(label, 64);
    bool good =
        length >= 1 && length <= 63 && label[0] != '-' && label[length - 1] != '-' &&
        !(length > 3 && label[2] == '-' && label[3] == '-'); /* RFC 5890 §2.3.1: such labels mean something */
    for (size_t i = 0; good && i < length; i++)
        good =
            (label[i] >= 'a' && label[i] <= 'z') || (label[i] >= '0' && label[i] <= '9') || label[i] == '-';
    if (!good)
        return err_set(note, ERR_USAGE, "the zone's label is not 1 to 63 of a-z, 0-9 and hyphens in between");
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(label, reserved[i]) == 0)
            return err_set(note, ERR_USAGE, "the zone's label '%s' is used by the platform itself", label);
    return 0;
}

int enrol_check(const struct enrol_wish *wish, char ret_country[3], struct err_note *note)
{
    int err = check_label(wish->label, note);
    err = err ? err : check_contact(wish->contact, note);
    err = err ? err : check_country(wish->country, ret_country, note);
    if (!err && (wish->users < -1 || wish->users > most_users))
        err = err_set(note, ERR_USAGE, "the number of users is 0 to %lld", (long long)most_users);
    return err ? err : check_zone_label(wish->zone_label, note);
}
