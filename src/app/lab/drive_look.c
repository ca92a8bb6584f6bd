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
    return asker_take(drive->asker);
}

static int ask(struct drive *drive, const char *name, enum evidence_answer *ret_answer, struct err_note *note)
{
    if (drive->spec->wish->product->kind == LAB_ONESHOT)
        return drive_resolver_question(drive, name, ret_answer, note);
    asker_ask(drive->asker, name);
    int err = drive_rest(drive, are_answered, note);
    *ret_answer = asker_result(drive->asker);
    return err;
}

int drive_look(struct drive *drive, struct err_note *note)
{
    static const char *const zones[] = {"ok.lab.", "bogus.lab.", "plain.lab."};
    enum evidence_answer results[] = {ANSWER_TIMEOUT, ANSWER_TIMEOUT, ANSWER_TIMEOUT};
    enum lab_phase before = drive_phase(drive, LAB_ASKING);
    int64_t at_us = drive_now(drive);
    unsigned number = drive->looks++;
    arena_reset(drive->arena);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        const char *name = arena_printf(drive->arena, "d%u.%s", number, zones[i]);
        int err =
            name ? ask(drive, name, &results[i], note) : err_set(note, ERR_NOMEM, "no memory for questions");
        if (err)
            return err;
    }
    kept_look(&drive->kept,
        (struct rehearsal_look){at_us, meaning[results[0]], meaning[results[1]], meaning[results[2]]});
    drive_resolver_states(drive);
    drive_phase(drive, before);
    return 0;
}
