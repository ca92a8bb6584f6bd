/* A server that reads the other shards' rows for us packs, sends, unpacks and repacks each of them: that is
 * as much work as all the rest. So who streams asks each shard for its own rows, where the hosts of the URL
 * are the shards for certain: all of them describe the cluster alike, each says of one shard that it is that,
 * no shard has several replicas, and none is left over. In any other case, and if one is away, rows come
 * through the Distributed tables, as all answers do. */
#include "io/store/sightings_click.h"
#include "click_statements.h"

#include <stdlib.h>
#include <string.h>

/* A cluster as one host knows it. */
struct known {
    struct text words; /* that hosts must have in common */
    unsigned shards, locals, local;
    bool is_plain; /* shards 1, 2, 3 …, of one host each */
};

static int take_address(void *context, const struct click_value *values, struct err_note *note)
{
    (void)note;
    struct known *known = context;
    known->is_plain &= values[0].number == ++known->shards && values[1].number == 1;
    if (values[4].number) {
        known->local = known->shards;
        known->locals++;
    }
    text_printf(&known->words, "%u ", (unsigned)values[3].number);
    text_add_bytes(&known->words, (const char *)values[2].bytes, values[2].length);
    text_add(&known->words, "\n");
    return 0;
}

/* Which shard the host of `click` is, from 1 on; 0: that is not certain. `*words`: of the hosts before. */
static unsigned shard_of(struct sightings_click *store, struct click *click, struct text *words)
{
    struct known known = {.is_plain = true};
    struct click *own = store->click;
    struct err_note why;
    const struct click_sql_value values[] = {{"cluster", CLICK_SQL_STRING, .text = store->cluster}, {0}};
    text_start(&known.words);
    store->click = click;
    int rc = sightings_click_run(store, click_addresses, values, "44s21", take_address, &known, &why);
    store->click = own;
    bool certain = rc == 0 && !known.words.failed && known.is_plain && known.locals == 1 &&
                   known.shards == store->url.host_count &&
                   (!words->length || strcmp(words->string, known.words.string) == 0);
    if (certain && !words->length)
        text_add(words, known.words.string);
    text_free(&known.words);
    return certain && !words->failed ? known.local : 0;
}

void sightings_click_shards_free(struct sightings_click *store, struct sightings_click_shards *shards)
{
    for (unsigned i = 0; i < shards->count; i++)
        if (shards->clicks[i] != store->click)
            click_free(shards->clicks[i]);
    shards->count = 0;
}

bool sightings_click_shards(struct sightings_click *store, struct sightings_click_shards *ret_shards)
{
    unsigned count = store->url.host_count;
    bool taken[CLICK_URL_MAX_HOSTS] = {false}, certain = store->distributed && !store->skips;
    struct err_note why;
    struct text words;
    text_start(&words);
    ret_shards->count = 0;
    for (unsigned i = 0; certain && i < count; i++) {
        struct click *click = store->click;
        certain = i == store->host || click_new(&store->url, i, &click, &why) == 0;
        if (!certain)
            break;
        ret_shards->clicks[ret_shards->count++] = click;
        unsigned shard = shard_of(store, click, &words);
        certain = shard && !taken[shard - 1];
        if (certain)
            taken[shard - 1] = true;
    }
    text_free(&words);
    if (!certain)
        sightings_click_shards_free(store, ret_shards);
    return certain;
}
