/* What a run leaves for who keeps its directory: every packet of its network, under virtual times, and what
 * its servers were asked about trust anchors. None of it changes a verdict: what cannot be kept is said, and
 * the run goes on. */
#include "app/lab/drive_inside.h"

#include "io/file/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Octets. The worst storm seen (kresd, offline) has 52 million. */
#define MOST_PACKETS (UINT64_C(256) << 20)

/* The first reason is the one that counts. */
static void lacks(struct drive *drive, const struct err_note *why)
{
    if (!drive->spec->seen->unkept.text[0])
        drive->spec->seen->unkept = *why;
}

void drive_kept_begin(struct drive *drive)
{
    char path[DRIVE_PATH];
    struct err_note why;
    if (!drive->spec->kept)
        return;
    snprintf(path, sizeof path, "%s/packets.pcap", drive->spec->directory);
    if (packet_log_new(path, MOST_PACKETS, &drive->packets, &why))
        lacks(drive, &why);
}

void drive_kept_packets(struct drive *drive)
{
    struct err_note why;
    if (drive->packets && packet_log_take(drive->packets, drive_now(drive), &why))
        lacks(drive, &why);
}

static void write_queries(struct drive *drive)
{
    char path[DRIVE_PATH], when[UTC_TEXT];
    struct err_note why;
    size_t count;
    const struct lab_query *log = lab_server_log(drive->server, &count);
    snprintf(path, sizeof path, "%s/queries.tsv", drive->spec->directory);
    FILE *file = fopen(path, "we");
    bool good = file && fputs("time\tserver\ttransport\tname\ttype\tanswer octets\ttruncated\n", file) >= 0;
    for (size_t i = 0; i < count && good; i++)
        good = fprintf(file, "%s\t%u\t%s\t%s\t%u\t%u\t%d\n", utc_format(log[i].at_us, when), log[i].server,
                   log[i].tcp ? "tcp" : "udp", log[i].qname, log[i].qtype, log[i].answer_size,
                   log[i].truncated) > 0;
    if (file && fclose(file) != 0)
        good = false;
    if (good)
        return;
    file_error(&why, path, "is not whole");
    lacks(drive, &why);
}

void drive_kept_end(struct drive *drive)
{
    struct err_note why;
    drive_kept_packets(drive);
    if (packet_log_end(drive->packets, &why))
        lacks(drive, &why);
    drive->packets = NULL;
    if (drive->spec->kept)
        write_queries(drive);
}
