/* What its users get, once a virtual day: names that were never asked before, so that nothing is cached of
 * them. */
#include "app/lab/drive_inside.h"

static const uint8_t meaning[] = {
    [ANSWER_AD] = REHEARSAL_AD,
    [ANSWER_NO_AD] = REHEARSAL_PLAIN,
    [ANSWER_SERVFAIL] = REHEARSAL_SERVFAIL,
    [ANSWER_OTHER] = REHEARSAL_ODD,
    [ANSWER_TIMEOUT] = REHEARSAL_NOTHING,
};

static bool are_answered(struct drive *drive)
{
    bool all = true;
    for (size_t i = 0; i < drive->asker_count; i++)
        all &= asker_take(drive->askers[i]);
    return all;
}

/* Of each view, at once. */
static int ask(
    struct drive *drive, const char *name, enum evidence_answer ret_answers[LAB_VIEWS], struct err_note *note)
{
    if (drive->spec->wish->product->kind == LAB_ONESHOT)
        return drive_resolver_question(drive, name, ret_answers, note);
    for (size_t i = 0; i < drive->asker_count; i++)
        asker_ask(drive->askers[i], name);
    int err = drive_rest(drive, are_answered, note);
    for (size_t i = 0; i < drive->asker_count; i++)
        ret_answers[i] = asker_result(drive->askers[i]);
    return err;
}

enum { NAMES = 3 };

/* How far from what users should get; the signed name counts most, then the bogus one. */
static unsigned badness(enum evidence_answer results[NAMES][LAB_VIEWS], size_t view)
{
    static const uint8_t of_signed[] = {[REHEARSAL_AD] = 0,
        [REHEARSAL_PLAIN] = 1,
        [REHEARSAL_ODD] = 2,
        [REHEARSAL_SERVFAIL] = 3,
        [REHEARSAL_NOTHING] = 4};
    static const uint8_t of_bogus[] = {[REHEARSAL_AD] = 3,
        [REHEARSAL_PLAIN] = 3,
        [REHEARSAL_ODD] = 2,
        [REHEARSAL_SERVFAIL] = 0,
        [REHEARSAL_NOTHING] = 1};
    unsigned plain = meaning[results[2][view]];
    return 64U * of_signed[meaning[results[0][view]]] + 8U * of_bogus[meaning[results[1][view]]] + plain;
}

/* The look is that of the view that is worst off. */
static struct rehearsal_look worst_of(
    const struct drive *drive, int64_t at_us, enum evidence_answer results[NAMES][LAB_VIEWS])
{
    size_t worst = 0;
    bool alike = true;
    for (size_t i = 1; i < drive->asker_count; i++) {
        alike &= badness(results, i) == badness(results, 0);
        if (badness(results, i) > badness(results, worst))
            worst = i;
    }
    return (struct rehearsal_look){.at_us = at_us,
        .secure = meaning[results[0][worst]],
        .bogus = meaning[results[1][worst]],
        .plain = meaning[results[2][worst]],
        .view = alike ? 0 : (uint8_t)(worst + 1)};
}

int drive_look(struct drive *drive, struct err_note *note)
{
    static const char *const zones[NAMES] = {"ok.lab.", "bogus.lab.", "plain.lab."};
    enum evidence_answer results[NAMES][LAB_VIEWS];
    enum lab_phase before = drive_phase(drive, LAB_ASKING);
    int64_t at_us = drive_now(drive);
    unsigned number = drive->looks++;
    arena_reset(drive->arena);
    for (size_t i = 0; i < NAMES; i++) {
        const char *name = arena_printf(drive->arena, "d%u.%s", number, zones[i]);
        for (size_t view = 0; view < LAB_VIEWS; view++)
            results[i][view] = ANSWER_TIMEOUT;
        int err =
            name ? ask(drive, name, results[i], note) : err_set(note, ERR_NOMEM, "no memory for questions");
        if (err)
            return err;
    }
    kept_look(&drive->kept, worst_of(drive, at_us, results));
    drive_resolver_states(drive);
    drive_phase(drive, before);
    return 0;
}
