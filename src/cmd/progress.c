#include "cmd/progress.h"

#include "base/utc.h"
#include "cmd/cmd.h"
#include "io/proc/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR = 24 };
static const int64_t AFTER = 2 * UTC_SECOND, EVERY = UTC_SECOND / 5;

void progress_start(struct progress *progress, bool quiet)
{
    *progress = (struct progress){.off = quiet || !isatty(STDERR_FILENO), .start_us = clock_mono_us()};
}

bool progress_due(const struct progress *progress, int64_t *ret_us)
{
    int64_t now_us = clock_mono_us();
    if (progress->off || now_us - progress->start_us < AFTER || now_us - progress->shown_us < EVERY)
        return false;
    *ret_us = now_us - progress->start_us;
    return true;
}

void progress_bar(struct text *line, double share)
{
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    int full = (int)(share * BAR);
    text_printf(line, "[%.*s%*s] %3.0f %%  ", full, "########################", BAR - full, "", 100 * share);
}

void progress_draw(struct progress *progress, const struct text *line)
{
    size_t columns = cmd_screen().columns; /* a line that wraps could not be drawn again */
    fprintf(stderr, "\r%.*s\033[K", (int)(columns > 1 ? columns - 1 : 0), line->string);
    progress->shown_us = clock_mono_us();
}

void progress_wipe(struct progress *progress)
{
    if (progress->shown_us)
        fputs("\r\033[K", stderr);
    progress->shown_us = 0;
}
