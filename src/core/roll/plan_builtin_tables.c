/* What the built-in plans hold. Each date says where it is from; what no source confirms is marked as
 * planned.
 *
 * Of the root, only key-signing keys are here: its zone-signing keys roll every quarter beside any plan.
 * Slots: a quarter of the root's key ceremonies is nine of ten days each, and a key's life changes at the
 * first day of a slot. */
#include "core/roll/plan_builtin.h"

/* The root: DNSKEY TTL 2 days; signatures 21 days since 2017 (RSSAC003); RFC 5011 §2.4 hold-downs. */
#define ROOT .zone = ".", .dnskey_ttl_s = 172800, .signature_s = 21 * 86400, .hold_s = 30 * 86400
#define KSK_2010                                                                                             \
    .id = "KSK-2010", .algorithm = 8, .bits = 2048, .tag = 19036, .revoked_tag = 19164,                      \
    .ds_sha256 = "49AAC11D7B6F6446702E54A1607371607A1A41855200FD2CE1CDDE32F24E8FB5"
#define KSK_2017                                                                                             \
    .id = "KSK-2017", .algorithm = 8, .bits = 2048, .tag = 20326, .revoked_tag = 20454,                      \
    .ds_sha256 = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define KSK_2024                                                                                             \
    .id = "KSK-2024", .algorithm = 8, .bits = 2048, .tag = 38696, .revoked_tag = 38824,                      \
    .ds_sha256 = "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"

#define FIRST_2010 "in use: root-anchors.xml, validFrom"
#define PUBLISHED_2017 "signed key response of 2017-Q3, phase D"
#define SLOT_9 "the slot after eight with the revoked key"

const struct builtin_plan plan_builtin_tables[] = {
    {
        .name = "root-2017",
        .title =
            "The root's first roll as it was planned, KSK-2010 to KSK-2017; see root-2018 for what happened",
        ROOT,
        .keys =
            {
                {KSK_2010,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2010-07-15", FIRST_2010},
                            {PLAN_SIGN, "2010-07-15", FIRST_2010},
                            {PLAN_STOP, "2017-10-11", "operational plan of 2016; did not happen", true},
                            {PLAN_REVOKE, "2018-01-11", "operational plan of 2016; did not happen", true},
                            {PLAN_WITHDRAW, "2018-03-22", "operational plan of 2016; did not happen", true},
                        }},
                {KSK_2017, .steps =
                               {
                                   {PLAN_PUBLISH, "2017-07-11", PUBLISHED_2017},
                                   {PLAN_SIGN, "2017-10-11",
                                       "operational plan of 2016; postponed on 2017-09-27", true},
                               }},
            },
    },
    {
        .name = "root-2018",
        .title = "The root's first roll as it happened: postponed on 2017-09-27, rolled on 2018-10-11",
        ROOT,
        .keys =
            {
                {KSK_2010,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2010-07-15", FIRST_2010},
                            {PLAN_SIGN, "2010-07-15", FIRST_2010},
                            {PLAN_STOP, "2018-10-11T16:00:00Z",
                                "RRset captured that day: signed by 20326 alone"},
                            {PLAN_REVOKE, "2019-01-11T14:00:00Z", "M. Larson on dns-operations, 2019-01-11"},
                            {PLAN_WITHDRAW, "2019-03-22", SLOT_9},
                        }},
                {KSK_2017, .steps =
                               {
                                   {PLAN_PUBLISH, "2017-07-11", PUBLISHED_2017},
                                   {PLAN_SIGN, "2018-10-11T16:00:00Z",
                                       "RRset captured that day: signed by 20326 alone"},
                               }},
            },
        .history =
            {
                {"postpone", "2017-09-27", "ICANN",
                    "RFC 8145 reports: of 12,000 sources, 5 % (6 to 8 % a day) knew only KSK-2010",
                    {
                        {"KSK-2010", PLAN_STOP, "2017-10-11", "open"},
                        {"KSK-2010", PLAN_REVOKE, "2018-01-11", "open"},
                        {"KSK-2010", PLAN_WITHDRAW, "2018-03-22", "open"},
                        {"KSK-2017", PLAN_SIGN, "2017-10-11", "open"},
                    }},
                {"note", "2018-02-01", "ICANN",
                    "plan to restart the roll, for public comment: 2018-10-11 is proposed", {{0}}},
                {"resume", "2018-09-16", "ICANN Board", "resolution: proceed with the roll on 2018-10-11",
                    {
                        {"KSK-2010", PLAN_STOP, "open", "2018-10-11T16:00:00Z"},
                        {"KSK-2010", PLAN_REVOKE, "open", "2019-01-11T14:00:00Z"},
                        {"KSK-2010", PLAN_WITHDRAW, "open", "2019-03-22"},
                        {"KSK-2017", PLAN_SIGN, "open", "2018-10-11T16:00:00Z"},
                    }},
            },
    },
    {
        .name = "root-2024",
        .title = "The root's second roll, KSK-2017 to KSK-2024: 2026-10-11 by plan, revocation 2027-01-11",
        ROOT,
        .keys =
            {
                {KSK_2017, .steps =
                               {
                                   {PLAN_PUBLISH, "2017-07-11", PUBLISHED_2017},
                                   {PLAN_SIGN, "2018-10-11T16:00:00Z",
                                       "RRset captured that day: signed by 20326 alone"},
                                   {PLAN_STOP, "2026-10-11",
                                       "IANA's announced date; outcome not confirmed here", true},
                                   {PLAN_REVOKE, "2027-01-11",
                                       "announced; ICANN's FAQ says the first quarter", true},
                                   {PLAN_WITHDRAW, "2027-03-22", "derived: " SLOT_9, true},
                               }},
                {KSK_2024,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2025-01-11", "IANA; captured in the root zone of 2026-10-04"},
                            {PLAN_SIGN, "2026-10-11", "IANA's announced date; outcome not confirmed here",
                                true},
                        }},
            },
    },
    /* A roll of the root in half a year, to be rehearsed: root-2024's keys, timers and order, with the
     * distances at which resolvers were first measured. Nobody plans it; day 60 is 50 days after publication:
     * hold-down 30, refresh 1, and 19 to spare. */
    {
        .name = "root-180",
        .title = "A template for rehearsals: the roll of root-2024 within 180 days; new key on day 10, roll "
                 "60, revocation 100, withdrawal 130",
        ROOT,
        .relative = true,
        .keys =
            {
                {KSK_2017, .steps =
                               {
                                   {PLAN_PUBLISH, "PT0S"},
                                   {PLAN_SIGN, "PT0S"},
                                   {PLAN_STOP, "P60D"},
                                   {PLAN_REVOKE, "P100D"},
                                   {PLAN_WITHDRAW, "P130D", "30 days revoked"},
                               }},
                {KSK_2024, .steps = {{PLAN_PUBLISH, "P10D"}, {PLAN_SIGN, "P60D"}}},
            },
    },
    /* The proposal (public comment of 2026, SAC133) names phases AA (2027-Q2) to HH (2030-Q3), the ECDSA KSK
     * made in 2027, the RSA KSK retired in 2029, DD: signatures before keys, EE: double signing. Quarters
     * between those named are placed here with equal care and no source: each such step says so. In AA to CC
     * nothing changes in the zone; the RSA ZSK of 1536 bits takes over before DD, so that doubly signed
     * answers stay below 1,232 octets. Key tags do not exist yet. One RSA and one ECDSA ZSK stand for each
     * quarter's own. */
    {
        .name = "root-algorithm",
        .title = "The proposed roll of the root's algorithm, RSA/SHA-256 to ECDSA P-256, phases AA to HH; "
                 "dates by quarter",
        ROOT,
        .keys =
            {
                {KSK_2024,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2025-01-11", "IANA"},
                            {PLAN_SIGN, "2026-10-11", "plan root-2024", true},
                            {PLAN_REVOKE, "2029-07-11", "FF: RSA KSK retired in 2029; quarter assumed", true},
                            {PLAN_WITHDRAW, "2030-01-11",
                                "GG: RSA keys leave before their signatures; assumed", true},
                        }},
                {.id = "KSK-ECDSA",
                    .algorithm = 13,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2028-07-11",
                                "EE: double signing; quarter assumed. Made in 2027 (AA to CC)", true},
                            {PLAN_SIGN, "2028-07-11", "EE: both algorithms sign every RRset", true},
                        }},
                {.id = "ZSK-RSA-2048",
                    .zsk = true,
                    .algorithm = 8,
                    .bits = 2048,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2025-01-11", "stands for each quarter's ZSK"},
                            {PLAN_SIGN, "2025-01-11", "stands for each quarter's ZSK"},
                            {PLAN_STOP, "2028-01-01", "CC: ends for 1536 bits; quarter assumed", true},
                            {PLAN_WITHDRAW, "2028-01-11", "CC; quarter assumed", true},
                        }},
                {.id = "ZSK-RSA-1536",
                    .zsk = true,
                    .algorithm = 8,
                    .bits = 1536,
                    .steps =
                        {
                            {PLAN_PUBLISH, "2027-12-20",
                                "CC: shorter for the time of two algorithms; quarter assumed", true},
                            {PLAN_SIGN, "2028-01-01", "CC; quarter assumed", true},
                            {PLAN_WITHDRAW, "2030-01-11", "GG: with the RSA KSK; assumed", true},
                            {PLAN_STOP, "2030-07-11", "HH (2030-Q3): the last RSA signature goes", true},
                        }},
                {.id = "ZSK-ECDSA",
                    .zsk = true,
                    .algorithm = 13,
                    .steps =
                        {
                            {PLAN_SIGN, "2028-04-11",
                                "DD: signatures before their keys (RFC 6840, 5.11); assumed", true},
                            {PLAN_PUBLISH, "2028-07-11", "EE: double signing; quarter assumed", true},
                        }},
            },
    },
    /* A test zone in real time. Every step falls on the weekday of the start.
     *   day  7  one week with one key: an operator joins and sees AD before anything moves;
     *   day 49  42 days after publication: 30 days of hold-down, 7 days for which an older RRset can be
     * replayed (the validity of signatures; a replay restarts the hold-down), 1 day of refresh, 4 days for
     * retries and for resolvers that were off; day 56  a week in which the new key alone signs, longer than
     * TTL and refresh: who breaks, breaks now; day 91  35 days: RFC 5011 §2.4.2's 30 and the same margin. */
    {
        .name = "testzone",
        .title = "What a test zone does in real time: new key on day 7, alone signing on day 49, old key "
                 "revoked on day 56",
        .zone = "testzone.example.",
        .relative = true,
        .dnskey_ttl_s = 60,
        .signature_s = 7 * 86400,
        .hold_s = 30 * 86400,
        .keys =
            {
                {.id = "KSK-1",
                    .algorithm = 13,
                    .steps =
                        {
                            {PLAN_PUBLISH, "PT0S"},
                            {PLAN_SIGN, "PT0S"},
                            {PLAN_STOP, "P49D"},
                            {PLAN_REVOKE, "P56D", "after a week of the new key alone"},
                            {PLAN_WITHDRAW, "P91D", "30 days and a margin of 5"},
                        }},
                {.id = "KSK-2",
                    .algorithm = 13,
                    .steps =
                        {
                            {PLAN_PUBLISH, "P7D", "a week to join"},
                            {PLAN_SIGN, "P49D", "hold-down 30 days, replay 7, refresh 1, margin 4"},
                        }},
                {.id = "ZSK",
                    .zsk = true,
                    .algorithm = 13,
                    .steps = {{PLAN_PUBLISH, "PT0S"}, {PLAN_SIGN, "PT0S"}}},
            },
    },
    /* The same in minutes, for resolvers whose timers are shortened (hold-down 60 s). */
    {
        .name = "testzone-fast",
        .title = "The same in four minutes, for resolvers whose timers are shortened: hold-down 60 s",
        .zone = "testzone-fast.example.",
        .relative = true,
        .dnskey_ttl_s = 10,
        .signature_s = 3600,
        .hold_s = 60,
        .refresh_s = 5,
        .retry_s = 2,
        .keys =
            {
                {.id = "KSK-1",
                    .algorithm = 13,
                    .steps =
                        {
                            {PLAN_PUBLISH, "PT0S"},
                            {PLAN_SIGN, "PT0S"},
                            {PLAN_STOP, "PT150S"},
                            {PLAN_REVOKE, "PT190S"},
                            {PLAN_WITHDRAW, "PT240S"},
                        }},
                {.id = "KSK-2",
                    .algorithm = 13,
                    .steps =
                        {
                            {PLAN_PUBLISH, "PT30S"},
                            {PLAN_SIGN, "PT150S", "twice the hold-down"},
                        }},
                {.id = "ZSK",
                    .zsk = true,
                    .algorithm = 13,
                    .steps = {{PLAN_PUBLISH, "PT0S"}, {PLAN_SIGN, "PT0S"}}},
            },
    },
};

const size_t plan_builtin_table_count = sizeof plan_builtin_tables / sizeof *plan_builtin_tables;
