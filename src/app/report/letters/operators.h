/* operators: for each network the addresses in it that are not proved to be ready, with what each was seen to
 * do and what to look for, ready to be mailed to its operator; nothing is sent. A network is an AS, or where
 * none is known a /24 or /48. Each that has such an address gets two files, with its own addresses and no
 * others:
 *
 *     AS64500.txt   the letter (192.0.2.0_24.txt, 2001-0db8-0001_48.txt of a prefix), by a template
 *     AS64500.csv   the same, one line an address, for programs: all classes at risk, `silent` among them
 *
 * beside an index, operators.json ("rollcall.operators/1"):
 *
 *     {"schema", "plan", "zone", "from", "to", "roll", "networks": [{"file", "csv", "network", "name",
 * "country", "language", "sources": {class: number}}], "files": [{"file", "sha256"}]}
 *
 * Who saw an address is not told: names of collectors are nobody's business outside. The directory is written
 * whole or not at all (io/proc/folder.h). */
#ifndef APP_REPORT_OPERATORS_H
#define APP_REPORT_OPERATORS_H

#include "app/report/letters/letters.h"

enum { OPERATORS_MAX_LISTED = 1000 }; /* addresses of one class in a letter; the rest are in the CSV only */

/* `told`: what each source told, by source (SIGHTINGS_BY_SOURCE), of the same zone and time. wish->countries:
 * networks most of whose sources are in one of these. Errors as those of letters_write(). */
int operators_write(const struct readiness *readiness, const struct sightings_answer *told,
    const struct letters_wish *wish, struct arena *arena, struct letters_done *ret_done,
    struct err_note *note);

#endif
