/* The idea: the frames are cut here, the few control frames are read and written by libfstrm, and one table
 * says which of them may come when. */
#include "io/capture/frames.h"

#include "io/capture/dnstap.h"

#include <fstrm.h>
#include <stdio.h>
#include <string.h>

static const char CONTENT_TYPE[] = DNSTAP_CONTENT_TYPE;

static int fail(struct frames *frames, const char *fault)
{
    snprintf(frames->fault, sizeof frames->fault, "%s", fault);
    return ERR_DATA;
}

bool frames_is(const uint8_t *head, size_t length)
{
    if (length < FRAMES_CONTROL_HEAD + 4 || frames_u32(head) != 0)
        return false;
    uint32_t size = frames_u32(head + 4);
    return size >= 4 && size <= FRAMES_CONTROL_MOST && frames_u32(head + 8) == FSTRM_CONTROL_START;
}

size_t frames_size(struct frames *frames, const uint8_t *bytes, size_t ready)
{
    if (ready < FRAMES_LENGTH)
        return FRAMES_LENGTH;
    uint32_t length = frames_u32(bytes);
    if (length > CAPTURE_MAX_RECORD) {
        snprintf(frames->fault, sizeof frames->fault, "a frame claims %u octets, more than the %u allowed",
            length, (unsigned)CAPTURE_MAX_RECORD);
        return 0;
    }
    if (length > 0)
        return FRAMES_LENGTH + length;
    if (ready < FRAMES_CONTROL_HEAD)
        return FRAMES_CONTROL_HEAD;
    length = frames_u32(bytes + FRAMES_LENGTH);
    if (length < 4 || length > FRAMES_CONTROL_MOST) {
        snprintf(frames->fault, sizeof frames->fault,
            "a control frame claims %u octets, not between 4 and %u", length, (unsigned)FRAMES_CONTROL_MOST);
        return 0;
    }
    return FRAMES_CONTROL_HEAD + length;
}

/* ---- control frames ---- */

static const struct step {
    fstrm_control_type type;
    enum frames_state from, to;
    bool socket; /* only there */
    fstrm_control_type answer;
} steps[] = {
    {FSTRM_CONTROL_START, FRAMES_BEGIN, FRAMES_OPEN, false, 0},
    {FSTRM_CONTROL_READY, FRAMES_BEGIN, FRAMES_READY, true, FSTRM_CONTROL_ACCEPT},
    {FSTRM_CONTROL_START, FRAMES_READY, FRAMES_OPEN, true, 0},
    {FSTRM_CONTROL_STOP, FRAMES_OPEN, FRAMES_BEGIN, false, FSTRM_CONTROL_FINISH},
    /* A file that goes on after a writer that did not get to its STOP. */
    {FSTRM_CONTROL_START, FRAMES_OPEN, FRAMES_OPEN, false, 0},
};

static const struct step *find_step(const struct frames *frames, fstrm_control_type type)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i].type == type && steps[i].from == frames->state && (frames->socket || !steps[i].socket))
            return &steps[i];
    return NULL;
}

static int fail_type(struct frames *frames, fstrm_control_type type)
{
    static const char *const expected[] = {[FRAMES_BEGIN] = "START",
        [FRAMES_READY] = "START, after READY",
        [FRAMES_OPEN] = "a data frame or STOP"};
    const char *name = fstrm_control_type_to_str(type);
    snprintf(frames->fault, sizeof frames->fault, "control frame %.40s where %s is expected",
        name ? name + (strncmp(name, "FSTRM_CONTROL_", 14) == 0 ? 14 : 0) : "of unknown type",
        expected[frames->state]);
    return ERR_DATA;
}

/* A frame that names none leaves it open: as libfstrm, we take it for ours. */
static int check_content(struct frames *frames, const struct fstrm_control *control)
{
    if (fstrm_control_match_field_content_type(
            control, (const uint8_t *)CONTENT_TYPE, sizeof CONTENT_TYPE - 1) == fstrm_res_success)
        return 0;
    const uint8_t *name = NULL;
    size_t length = 0;
    char shown[65];
    if (fstrm_control_get_field_content_type(control, 0, &name, &length) != fstrm_res_success)
        length = 0;
    if (length > sizeof shown - 1)
        length = sizeof shown - 1;
    for (size_t i = 0; i < length; i++)
        shown[i] = name[i] >= 0x20 && name[i] < 0x7f ? (char)name[i] : '?';
    shown[length] = '\0';
    snprintf(frames->fault, sizeof frames->fault, "the frames are \"%s\", not \"%s\"", shown, CONTENT_TYPE);
    return ERR_DATA;
}

static int write_answer(
    struct frames *frames, fstrm_control_type type, uint8_t answer[FRAMES_ANSWER_ROOM], size_t *ret_length)
{
    struct fstrm_control *control = fstrm_control_init();
    size_t length = FRAMES_ANSWER_ROOM;
    bool good = fstrm_control_set_type(control, type) == fstrm_res_success;
    if (type == FSTRM_CONTROL_ACCEPT)
        good = good && fstrm_control_add_field_content_type(control, (const uint8_t *)CONTENT_TYPE,
                           sizeof CONTENT_TYPE - 1) == fstrm_res_success;
    good = good && fstrm_control_encode(control, answer, &length, FSTRM_CONTROL_FLAG_WITH_HEADER) ==
                       fstrm_res_success;
    fstrm_control_destroy(&control);
    if (!good)
        return fail(frames, "libfstrm did not write an answer");
    *ret_length = length;
    return 0;
}

static int judge(struct frames *frames, const struct fstrm_control *control, fstrm_control_type *ret_answer)
{
    fstrm_control_type type = 0;
    if (fstrm_control_get_type(control, &type) != fstrm_res_success)
        return fail(frames, "a control frame without a type");
    const struct step *step = find_step(frames, type);
    if (!step)
        return fail_type(frames, type);
    if (type != FSTRM_CONTROL_STOP && check_content(frames, control) != 0)
        return ERR_DATA;
    if (type == FSTRM_CONTROL_READY)
        frames->answered = true;
    *ret_answer = frames->answered ? step->answer : 0;
    if (type == FSTRM_CONTROL_STOP)
        frames->answered = false;
    frames->state = step->to;
    return 0;
}

static int take_control(struct frames *frames, const uint8_t *bytes, size_t size, size_t *ret_length,
    uint8_t answer[FRAMES_ANSWER_ROOM])
{
    struct fstrm_control *control = fstrm_control_init();
    fstrm_control_type type = 0;
    int rc = fstrm_control_decode(control, bytes, size, FSTRM_CONTROL_FLAG_WITH_HEADER) == fstrm_res_success
                 ? judge(frames, control, &type)
                 : fail(frames, "malformed control frame");
    fstrm_control_destroy(&control);
    *ret_length = 0;
    return rc == 0 && type != 0 ? write_answer(frames, type, answer, ret_length) : rc;
}

int frames_take(struct frames *frames, const uint8_t *bytes, size_t size, const uint8_t **ret_data,
    size_t *ret_length, uint8_t answer[FRAMES_ANSWER_ROOM])
{
    if (frames_u32(bytes) == 0) {
        *ret_data = NULL;
        return take_control(frames, bytes, size, ret_length, answer);
    }
    if (frames->state != FRAMES_OPEN)
        return fail(frames, "a data frame where START is expected");
    *ret_data = bytes + FRAMES_LENGTH;
    *ret_length = size - FRAMES_LENGTH;
    return 0;
}
