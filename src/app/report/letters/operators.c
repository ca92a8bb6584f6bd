/* One walk over the networks; of each, one over its sources in the order of their addresses. */
#include "app/report/letters/operators.h"

#include "app/report/inside.h"
#include "app/report/letters/letter_set.h"
#include "app/report/letters/operators_list.h"
#include "app/report/readiness_inside.h"
#include "io/json/json.h"
#include "io/proc/folder.h"

#include <stdio.h>
#include <string.h>

static const struct folder_kind kind = {"operators.json", "rollcall.operators/1"};

/* The lists of a letter. */
static const struct {
    enum classify_class class;
    enum letter_field field;
} lists[] = {
    {CLASSIFY_OLD_ONLY, LETTER_LIST_PROVED},
    {CLASSIFY_FAILING, LETTER_LIST_FAILING},
    {CLASSIFY_OLD_ONLY_WEAK, LETTER_LIST_WEAK},
    {CLASSIFY_NEITHER, LETTER_LIST_NEITHER},
    {CLASSIFY_MIXED, LETTER_LIST_MIXED},
    {CLASSIFY_SILENT, LETTER_LIST_SILENT},
};
enum { LISTS = sizeof lists / sizeof *lists };

struct work {
    const struct readiness *readiness;
    const struct sightings_answer *told;
    const struct letters_wish *wish;
    struct letter_set set;
    size_t *chosen;
    struct letter_terms terms; /* of the network at hand, as all that follows */
    char network[ADDRESS_TEXT + 8], file[FOLDER_MAX_NAME + 1], csv_file[FOLDER_MAX_NAME + 1];
    const char *name;
    uint64_t counts[CLASSIFY_CLASSES];
    struct text list[LISTS], csv, letter;
    struct folder *folder; /* of all, as what follows */
    struct json *index;
    struct letters_done done;
    struct err_note *note;
};

/* ---- names ---- */

static void name_prefix(struct work *w, const uint8_t prefix[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char address[ADDRESS_TEXT];
    bool is_ip4 = memcmp(prefix, mapped, sizeof mapped) == 0;
    snprintf(w->network, sizeof w->network, "%s/%d", address_text(prefix, address), is_ip4 ? 24 : 48);
    if (is_ip4)
        snprintf(w->file, sizeof w->file, "%u.%u.%u.0_24", prefix[12], prefix[13], prefix[14]);
    else
        snprintf(w->file, sizeof w->file, "%02x%02x-%02x%02x-%02x%02x_48", prefix[0], prefix[1], prefix[2],
            prefix[3], prefix[4], prefix[5]);
}

/* Numbers only: what others call the network is no part of a file's name. */
static void name_network(struct work *w, const struct readiness_network *network)
{
    if (network->as) {
        snprintf(w->network, sizeof w->network, "AS%u", network->as);
        snprintf(w->file, sizeof w->file, "%s", w->network);
    } else {
        name_prefix(w, network->prefix);
    }
    snprintf(w->csv_file, sizeof w->csv_file, "%.90s.csv", w->file);
    strcat(w->file, ".txt");
    w->name = network->as ? networks_as_name(w->readiness->wish->networks, network->as) : NULL;
}

/* ---- one network ---- */

static void list_source(struct work *w, const struct classify_source *source)
{
    if (!readiness_role(source->class).at_risk)
        return;
    struct operators_told told = operators_list_told(w->told, source->evidence.source);
    operators_list_csv(w->network, source, &told, &w->csv);
    for (size_t i = 0; i < LISTS; i++)
        if (lists[i].class == source->class && w->counts[source->class] <= OPERATORS_MAX_LISTED)
            operators_list_add(source, &told, &w->list[i]);
}

static void list_sources(struct work *w, const struct readiness_network *network)
{
    memset(w->counts, 0, sizeof w->counts);
    for (size_t i = 0; i < LISTS; i++)
        text_clear(&w->list[i]);
    text_clear(&w->csv);
    text_clear(&w->letter);
    operators_list_csv_head(&w->csv);
    for (size_t i = 0; i < network->source_count; i++) {
        struct classify_source source;
        classify_source(w->readiness->classify, network->sources[i], &source);
        w->counts[source.class]++;
        list_source(w, &source);
    }
    for (size_t i = 0; i < LISTS; i++)
        if (w->counts[lists[i].class] > OPERATORS_MAX_LISTED)
            text_printf(&w->list[i], "and %llu more: %s\n",
                (unsigned long long)(w->counts[lists[i].class] - OPERATORS_MAX_LISTED), w->csv_file);
}

static void fill_terms(struct work *w, const struct readiness_network *network)
{
    letter_terms_counts(w->counts, &w->terms);
    letter_terms_place(network->country, &w->terms);
    letter_terms_hold(&w->terms, LETTER_NETWORK_NAMED, w->name && *w->name);
    w->terms.values[LETTER_NETWORK].text = w->network;
    w->terms.values[LETTER_NETWORK_NAME].text = w->name;
    w->terms.values[LETTER_CSV].text = w->csv_file;
    for (size_t i = 0; i < LISTS; i++)
        w->terms.values[lists[i].field].text = w->list[i].string;
}

static void add_entry(
    struct work *w, const struct readiness_network *network, const struct template *template)
{
    struct json *entry = json_add_object(w->index);
    json_set_string(entry, "file", w->file);
    json_set_string(entry, "csv", w->csv_file);
    json_set_string(entry, "network", w->network);
    json_set_string(entry, "name", w->name);
    json_set_string(entry, "country", network->country[0] ? network->country : NULL);
    json_set_string(entry, "language", template->language);
    struct json *sources = json_set_object(entry, "sources");
    for (int c = 0; c < CLASSIFY_CLASSES; c++)
        json_set_int(sources, classify_name((enum classify_class)c), (int64_t)w->counts[c]);
}

/* A network has one letter: in the first language in which its country is addressed. */
static int write_network(struct work *w, const struct readiness_network *network)
{
    if (letter_set_for(&w->set, network->country, w->chosen) == 0)
        return err_set(w->note, ERR_NOINPUT,
            "%s: no template addresses %s, and none all others (a line 'countries: *')", w->set.where,
            network->country[0] ? network->country : "networks whose country is not known");
    const struct template *template = &w->set.templates[w->chosen[0]];
    fill_terms(w, network);
    bool failed = letter_terms_write(&w->terms, template, &w->letter) || w->csv.failed;
    for (size_t i = 0; i < LISTS; i++)
        failed = failed || w->list[i].failed;
    if (failed)
        return err_set(w->note, ERR_NOMEM, "no memory for the letter to %s", w->network);
    int rc = folder_add(w->folder, w->file, w->letter.string, w->letter.length, w->note);
    rc = rc ? rc : folder_add(w->folder, w->csv_file, w->csv.string, w->csv.length, w->note);
    add_entry(w, network, template);
    w->done.letters++;
    w->done.places++;
    return rc;
}

static bool is_wished(const struct letters_wish *wish, const char *country)
{
    for (size_t i = 0; i < wish->country_count; i++)
        if (strcmp(wish->countries[i], country) == 0)
            return true;
    return wish->country_count == 0;
}

static int each_network(void *context, const struct readiness_network *network)
{
    struct work *w = context;
    if (!is_wished(w->wish, network->country))
        return 0;
    name_network(w, network);
    list_sources(w, network);
    return readiness_upper(w->counts) ? write_network(w, network) : 0;
}

/* ---- all ---- */

static int write_all(struct work *w)
{
    int rc = folder_begin(w->wish->directory, &kind, &w->folder, w->note);
    if (rc)
        return rc;
    struct json *root = letters_index(w->readiness, w->wish, kind.schema);
    w->index = json_set_array(root, "networks");
    rc = readiness_networks(w->readiness, each_network, w);
    if (rc == ERR_NOMEM)
        err_set(w->note, rc, "no memory for the networks");
    rc = rc ? rc : folder_end(w->folder, root, w->note);
    json_free(root);
    folder_free(w->folder);
    return rc;
}

int operators_write(const struct readiness *readiness, const struct sightings_answer *told,
    const struct letters_wish *wish, struct arena *arena, struct letters_done *ret_done,
    struct err_note *note)
{
    struct work w = {.readiness = readiness, .told = told, .wish = wish, .note = note};
    int rc = letters_check_whole(readiness, note);
    rc = rc ? rc : letter_set_read(&letter_terms_operator, wish->templates, arena, &w.set, note);
    if (rc)
        return rc;
    w.chosen = arena_alloc(arena, (w.set.count + 1) * sizeof *w.chosen);
    if (!w.chosen || letter_terms_roll(readiness, &wish->terms, arena, &w.terms))
        return err_set(note, ERR_NOMEM, "no memory for the letters");
    for (size_t i = 0; i < LISTS; i++)
        text_start(&w.list[i]);
    text_start(&w.csv);
    text_start(&w.letter);
    rc = write_all(&w);
    for (size_t i = 0; i < LISTS; i++)
        text_free(&w.list[i]);
    text_free(&w.csv);
    text_free(&w.letter);
    if (rc == 0)
        *ret_done = w.done;
    return rc;
}
