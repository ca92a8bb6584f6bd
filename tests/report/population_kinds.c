/* Every number that shapes the population, in one table: a kind of source a row. Shares are chosen so that a
 * naive count looks as it did in 2017 and 2018, while hardly any user is at risk. */
#include "population.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The phone application: hardly used, then in fashion; its stale anchor is mended by an update. */
static const struct knot application_alive[] = {{"2017-09-01", .02}, {"2018-01-10", .05}, {"2018-02-15", .4},
    {"2018-05-05", 1}, {"2018-10-31", 1}, {NULL, 0}};
static const struct knot application_stale[] = {{"2018-05-20", 1}, {"2018-06-15", .65}, {"2018-07-15", .4},
    {"2018-08-15", .25}, {"2018-09-15", .18}, {"2018-10-10", .15}, {"2018-10-31", .07}, {NULL, 0}};
/* Containers begin to signal with the release of January 2018, old images with them. */
static const struct knot ephemeral_alive[] = {{"2018-01-18", 1}, {"2018-02-20", 1.25}, {NULL, 0}};
static const struct knot ephemeral_stale[] = {{"2018-01-18", 1}, {"2018-02-20", 2}, {"2018-05-20", 2.2},
    {"2018-09-01", 1}, {"2018-10-31", .8}, {NULL, 0}};

static const struct kind_row usual[KIND_COUNT] = {
    [KIND_BIND] = {"bind", "ISPs' resolvers that follow RFC 5011 and signal once a day", ROLE_ISP,
        TRUTH_READY, .sources = 200, .users = .20, .active = .98, .signals_least = 1, .signals_most = 1,
        .dnskey_least = 1, .dnskey_most = 2, .queries_least = 30, .edns = 97, .dnssec_ok = 95,
        .udp_size = 4096},
    [KIND_UNBOUND] = {"unbound", "resolvers that follow RFC 5011 and signal with each priming", ROLE_ISP,
        TRUTH_READY, .sources = 90, .users = .07, .active = .98, .signals_least = 1, .signals_most = 2,
        .dnskey_least = 1, .dnskey_most = 2, .queries_least = 30, .edns = 99, .dnssec_ok = 99,
        .udp_size = 4096},
    [KIND_STATIC] = {"static-old", "validators with a configured old key that nobody looks after",
        ROLE_COMPANY, TRUTH_READY, .sources = 4, .users = .0001, .old = 1, .weight = 1, .risk = 1,
        .active = .95, .signals_least = 1, .signals_most = 1, .dnskey_least = 1, .dnskey_most = 2,
        .queries_least = 30, .edns = 97, .dnssec_ok = 95, .udp_size = 4096},
    [KIND_LATE] = {"late", "validators that somebody configures anew by hand, late", ROLE_ISP, TRUTH_READY,
        .sources = 10, .users = .012, .old = 1, .mended = 1, .weight = 1, .risk = 1,
        .mend_from = "2017-10-10", .mend_to = "2018-08-25", .active = .98, .signals_least = 1,
        .signals_most = 1, .dnskey_least = 1, .dnskey_most = 2, .queries_least = 30, .edns = 97,
        .dnssec_ok = 95, .udp_size = 4096},
    [KIND_FORWARDER] = {"forwarder", "pass on what those behind them say, with RD", ROLE_ISP, TRUTH_RELAY,
        .sources = 36, .users = 0, .old = .1, .active = .95, .signals_least = 1, .signals_most = 1,
        .dnskey_most = 1, .queries_least = 20, .queries_most = 200, .edns = 60, .dnssec_ok = 40,
        .recursion = 97, .udp_size = 1280},
    [KIND_NAT] = {"nat", "several resolvers behind one address: both sets on one day", ROLE_COMPANY,
        TRUTH_MIXED, .sources = 18, .users = .002, .old = .22, .weight = 1, .risk = .1, .active = .98,
        .signals_least = 1, .signals_most = 1, .dnskey_least = 1, .dnskey_most = 4, .queries_least = 30,
        .edns = 90, .dnssec_ok = 85, .udp_size = 4096},
    [KIND_EPHEMERAL] = {"ephemeral", "containers and virtual machines: one day, new addresses each day",
        ROLE_CLOUD, TRUTH_EPHEMERAL, .sources = 105, .old = .045, .alive = ephemeral_alive,
        .stale = ephemeral_stale, .life_least = 1, .life_most = 1, .active = 1, .signals_least = 1,
        .signals_most = 1, .dnskey_least = 1, .dnskey_most = 1, .queries_least = 3, .queries_most = 12,
        .edns = 100, .dnssec_ok = 100, .udp_size = 4096},
    [KIND_APPLICATION] = {"application",
        "one phone application with an anchor of its own: the same three names", ROLE_MOBILE,
        TRUTH_APPLICATION, .sources = 125, .old = 1, .alive = application_alive, .stale = application_stale,
        .life_least = 2, .life_most = 7, .active = .8, .signals_least = 1, .signals_most = 1,
        .dnskey_least = 1, .dnskey_most = 1, .queries_least = 4, .queries_most = 15, .edns = 100,
        .dnssec_ok = 100, .checking_disabled = 100, .udp_size = 4096, .names = 3},
    [KIND_UPGRADED] = {"upgraded", "validators that signal only since a release of January 2018",
        ROLE_COMPANY, TRUTH_READY, .sources = 150, .users = .015, .old = .18, .mended = .96, .weight = .01,
        .risk = 1, .mend_from = "2018-05-10", .mend_to = "2018-08-31", .active = .98, .signals_least = 1,
        .signals_most = 2, .dnskey_least = 1, .dnskey_most = 2, .queries_least = 30, .edns = 99,
        .dnssec_ok = 99, .udp_size = 4096},
    [KIND_SILENT] = {"silent", "validators that never signal", ROLE_ISP, TRUTH_SILENT, .sources = 170,
        .users = .1, .old = .03, .mended = .9, .weight = .1, .risk = 1, .mend_from = "2017-09-15",
        .mend_to = "2018-09-01", .active = .9, .dnskey_least = 1, .dnskey_most = 2, .queries_least = 30,
        .edns = 97, .dnssec_ok = 95, .udp_size = 1680},
    [KIND_NON_VALIDATOR] = {"non-validator", "resolvers that do not validate", ROLE_ISP, TRUTH_NON_VALIDATOR,
        .sources = 260, .users = .6, .active = .3, .queries_least = 30, .edns = 50, .dnssec_ok = 2,
        .udp_size = 512},
    [KIND_ZOMBIE] = {"zombie", "name a key of another time that was never this roll's", ROLE_COMPANY,
        TRUTH_NEITHER, .sources = 8, .active = .9, .signals_least = 1, .signals_most = 1, .dnskey_least = 1,
        .dnskey_most = 2, .queries_least = 12, .queries_most = 40, .edns = 90, .dnssec_ok = 90,
        .udp_size = 4096},
    [KIND_BROKEN] = {"broken", "cannot validate whatever they trust, and ask again and again", ROLE_COMPANY,
        TRUTH_FAILING, .sources = 3, .old = .34, .active = 1, .signals_least = 100, .signals_most = 300,
        .dnskey_least = 300, .dnskey_most = 800, .queries_least = 20, .queries_most = 60, .edns = 100,
        .dnssec_ok = 100, .udp_size = 4096},
    [KIND_RESTORED] = {"restored",
        "follow RFC 5011; once restored from an old image, they wait a hold-down again", ROLE_COMPANY,
        TRUTH_READY, .sources = 6, .users = .0006, .old = 1, .weight = 1, .risk = 1,
        .mend_from = "2017-11-01", .mend_to = "2018-09-10", .active = .98, .signals_least = 1,
        .signals_most = 1, .dnskey_least = 1, .dnskey_most = 2, .queries_least = 30, .edns = 97,
        .dnssec_ok = 95, .udp_size = 4096},
    [KIND_SPOOFED] = {"spoofed", "forged: one signal from an address that asks nothing else", ROLE_ISP,
        TRUTH_EPHEMERAL, .sources = 3, .old = .3, .life_least = 1, .life_most = 1, .active = 1,
        .signals_least = 1, .signals_most = 1},
};

const struct kind_row *population_usual_kinds(void)
{
    return usual;
}

/* Which letters have a collector, and since when: three at first, more in the middle of the story. */
void population_usual_letter(unsigned letter, struct letter *ret)
{
    static const struct {
        const char *collector, *from, *lost_from, *lost_to;
    } rows[POPULATION_LETTERS] = {
        [0] = {"synthetic-a", "2017-12-22", NULL, NULL},
        [1] = {"synthetic-b", "2017-08-21", NULL, NULL},
        [2] = {"synthetic-c", "2018-01-12", NULL, NULL},
        [3] = {"synthetic-d", "2017-08-21", NULL, NULL},
        [5] = {"synthetic-f", "2017-08-21", "2018-03-10", "2018-03-12"},
        [7] = {"synthetic-h", "2018-01-05", NULL, NULL},
        [9] = {"synthetic-j", "2017-12-22", NULL, NULL},
        [11] = {"synthetic-l", "2018-01-19", NULL, NULL},
        [12] = {"synthetic-m", "2018-01-26", NULL, NULL},
    };
    *ret = (struct letter){.collector = rows[letter].collector};
    if (rows[letter].collector)
        utc_parse(rows[letter].from, &ret->from_us);
    if (rows[letter].lost_from) {
        utc_parse(rows[letter].lost_from, &ret->lost_from_us);
        utc_parse(rows[letter].lost_to, &ret->lost_to_us);
    }
}

const char *truth_name(enum truth truth)
{
    static const char *const names[TRUTH_COUNT] = {"ready", "old-only", "neither", "mixed", "relay",
        "ephemeral", "application", "failing", "silent", "non-validator"};
    return names[truth];
}

/* What may be set, by name. */
static double *field_of(struct kind_row *row, const char *name)
{
    const struct {
        const char *name;
        double *field;
    } fields[] = {{"sources", &row->sources}, {"users", &row->users}, {"old", &row->old},
        {"mended", &row->mended}, {"weight", &row->weight}, {"risk", &row->risk}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].field;
    return NULL;
}

int population_set(struct population *population, const char *text, struct err_note *note)
{
    const char *dot = strchr(text, '.'), *equals = dot ? strchr(dot, '=') : NULL;
    char field[16] = "", *end = NULL;
    double *value = NULL;
    if (!equals || equals - dot - 1 >= (long)sizeof field)
        return err_set(note, ERR_USAGE, "'%s': KIND.FIELD=NUMBER is expected", text);
    memcpy(field, dot + 1, (size_t)(equals - dot - 1));
    for (int i = 0; i < KIND_COUNT; i++)
        if (strlen(population->kinds[i].name) == (size_t)(dot - text) &&
            strncmp(population->kinds[i].name, text, (size_t)(dot - text)) == 0)
            value = field_of(&population->kinds[i], field);
    if (!value)
        return err_set(note, ERR_USAGE, "'%s': no such kind or field", text);
    double number = strtod(equals + 1, &end);
    double most = strcmp(field, "sources") == 0 ? 100000 : 1;
    if (end == equals + 1 || *end || !isfinite(number) || number < 0 || number > most)
        return err_set(note, ERR_USAGE, "'%s': a number from 0 to %g is expected", text, most);
    *value = number;
    return 0;
}
