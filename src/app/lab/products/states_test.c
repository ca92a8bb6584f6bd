/* What resolvers' state files say, of real ones and of each boundary. */
#include "app/lab/products/mkeys.h"
#include "app/lab/products/states.h"
#include "io/file/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };
#define NOW (INT64_C(1795619800) * UTC_SECOND) /* just after the files were written */

static char *fixture(const char *name, size_t *ret_length)
{
    char path[1024], *bytes;
    struct err_note note;
    snprintf(path, sizeof path, "%s/tests/%s", getenv("ROLLCALL_SOURCE"), name);
    if (file_read_all(path, 1 << 20, &bytes, ret_length, &note))
        fail_msg("%s", note.text);
    return bytes;
}

static void show(const struct product_states *states, char *out, size_t capacity)
{
    *out = '\0';
    for (size_t i = 0; i < states->count; i++)
        snprintf(out + strlen(out), capacity - strlen(out), "%u %s ", states->keys[i].tag,
            rfc5011_state_name(states->keys[i].state));
}

/* The journal alone, as named leaves it at first; the zone alone; the journal over an older zone. */
static void test_mkeys(void **state)
{
    size_t zone_length, journal_length;
    char *zone = fixture("fixtures/lab/managed-keys.bind", &zone_length);
    char *journal = fixture("fixtures/lab/managed-keys.bind.jnl", &journal_length);
    const struct {
        bool zone, journal;
        int64_t now_us;
        const char *wanted;
    } cases[] = {
        {false, true, NOW, "45616 Valid "},
        {false, true, NOW - 100 * UTC_SECOND, "45616 AddPend "}, /* before it was trusted */
        {true, false, NOW, "45616 AddPend "},
        {true, false, NOW + 30 * UTC_DAY, "45616 Valid "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab_key_state keys[MOST];
        struct product_states states = {.keys = keys, .capacity = MOST};
        struct err_note note = {""};
        char shown[256];
        struct mkeys_source source = {.name = "managed-keys.bind"};
        if (cases[i].zone)
            source.zone = zone, source.zone_length = zone_length;
        if (cases[i].journal)
            source.journal = (const uint8_t *)journal, source.journal_length = journal_length;
        assert_int_equal(mkeys_read(&source, cases[i].now_us, &states, &note), 0);
        show(&states, shown, sizeof shown);
        assert_string_equal(shown, cases[i].wanted);
    }
    free(zone);
    free(journal);
}

/* A journal cut anywhere is whole up to a transaction, or is said to be damaged; never read beyond its end.
 */
static void test_cut_journal(void **state)
{
    size_t length;
    char *journal = fixture("fixtures/lab/managed-keys.bind.jnl", &length);
    (void)state;
    for (size_t cut = 0; cut < length; cut += cut < 80 ? 1 : 13) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, journal, cut);
        struct lab_key_state keys[MOST];
        struct product_states states = {.keys = keys, .capacity = MOST};
        struct err_note note = {""};
        struct mkeys_source source = {.name = "k", .journal = part, .journal_length = cut};
        assert_int_equal(mkeys_read(&source, NOW, &states, &note), ERR_DATA);
        assert_non_null(strstr(note.text, "k.jnl: "));
        free(part);
    }
    free(journal);
}

#define KEY "257 3 8 AwEAAQ=="
#define TAG "1803 "

static void test_texts(void **state)
{
    static const struct {
        void (*read)(const char *text, size_t length, struct product_states *states);
        const char *text, *wanted;
    } cases[] = {
        {states_autotrust, ". 1 IN DNSKEY " KEY " ;{id = 1 (ksk)} ;;state=1 [ ADDPEND ] ;;count=3",
            TAG "AddPend "},
        {states_autotrust, ". IN DNSKEY " KEY " ;;state=4 [ REVOKED ]\n", TAG "Revoked "},
        {states_autotrust, ". IN DNSKEY 385 3 8 AwEAAQ== ;;state=4 [ REVOKED ]\n",
            TAG "Revoked "},                                         /* one key */
        {states_autotrust, ". DS 20326 8 2 E06D\n", "20326 Valid "}, /* as it was brought */
        {states_autotrust, "lab. IN DNSKEY " KEY " ;;state=2 [ VALID ]\n", ""},
        {states_autotrust, ". IN DNSKEY 257 3 8 ;;state=2\n", ""}, /* no key */
        {states_autotrust, ". IN DNSKEY " KEY " ;;state=9 [ ? ]\n", TAG "Valid "},
        {states_autotrust, ";;REVOKED\n; The zone has all keys revoked\n", ""},
        {states_keyfile, ". 3600 DNSKEY " KEY " ; Valid: ; KeyTag:1\n", TAG "Valid "},
        {states_keyfile, "; . 3600 DNSKEY " KEY " ; AddPend:1700000000 ; KeyTag:1\n", TAG "AddPend "},
        {states_keyfile, ". 3600 DNSKEY " KEY " ; Missing:1700000000 ; KeyTag:1\n", TAG "Missing "},
        {states_keyfile, "; . 3600 DNSKEY " KEY "\n", ""}, /* a remark: kresd does not take it either */
        {states_keyfile, ". IN DS 38696 8 2 683D\n. IN DS 20326 8 2 E06D", "38696 Valid 20326 Valid "},
        {states_keyfile, ". (\n IN DS 38696 ; a remark\n 8 2\n 683D )\n", "38696 Valid "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab_key_state keys[MOST];
        struct product_states states = {.keys = keys, .capacity = MOST};
        char shown[256];
        cases[i].read(cases[i].text, strlen(cases[i].text), &states);
        show(&states, shown, sizeof shown);
        if (strcmp(shown, cases[i].wanted) != 0)
            fail_msg("case %zu: \"%s\" is not \"%s\"", i, shown, cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mkeys), cmocka_unit_test(test_cut_journal), cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
