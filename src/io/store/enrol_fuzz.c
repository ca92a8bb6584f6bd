/* The fields of an enrolment, one a line: label, contact, country, users, zone label. What is let in must be
 * what enrol.h promises. */
#include "io/store/enrol.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void must_be_clean(const char *text)
{
    for (size_t left = strlen(text), length; left > 0; left -= length, text += length) {
        unsigned code = 0;
        length = text_utf8(text, left, &code);
        must(length > 0 && code >= 0x20 && !(code >= 0x7f && code < 0xa0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1), *at = copy, *fields[5] = {NULL};
    struct err_note note;
    char country[3];
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    copy[size] = '\0';
    for (size_t i = 0; i < 5; i++)
        fields[i] = strsep(&at, "\n");
    struct enrol_wish wish = {.label = fields[0],
        .contact = fields[1],
        .country = fields[2],
        .users = fields[3] ? strtoll(fields[3], NULL, 10) : -1,
        .zone_label = fields[4]};
    int err = enrol_check(&wish, country, &note);
    must(err == 0 || err == ERR_USAGE);
    must(err == 0 || note.text[0] != '\0');
    if (err == 0) {
        must_be_clean(wish.label);
        must(text_columns(wish.label) >= 1 && text_columns(wish.label) <= ENROL_MAX_LABEL);
        must_be_clean(wish.contact ? wish.contact : "");
        must(!wish.contact || strlen(wish.contact) <= ENROL_MAX_CONTACT);
        must(strlen(country) == 0 || strlen(country) == 2);
        must(wish.users >= -1 && wish.users <= 10000000000);
        must(!wish.zone_label || (strlen(wish.zone_label) <= 63 &&
                                     strspn(wish.zone_label, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
                                         strlen(wish.zone_label)));
    }
    free(copy);
    return 0;
}
