/* capture_try: for tests only: files put together octet by octet, and what reading them gives, as text. */
#ifndef IO_CAPTURE_CAPTURE_TRY_H
#define IO_CAPTURE_CAPTURE_TRY_H

#include "base/text.h"
#include "io/capture/capture_inside.h"

/* Octets that grow. */
struct made {
    uint8_t *bytes;
    size_t length, capacity;
    bool swapped; /* numbers in the order that this machine does not have */
};

void made_bytes(struct made *made, const void *bytes, size_t length);
void made_fill(struct made *made, uint8_t octet, size_t length);
void made_u16(struct made *made, unsigned value);
void made_u32(struct made *made, uint32_t value);
void made_u64(struct made *made, uint64_t value);
void made_free(struct made *made);

void made_pcap(struct made *made, uint32_t magic, unsigned minor, uint32_t link);
/* A record with `length` octets that count up from `first`. */
void made_record(struct made *made, uint32_t seconds, uint32_t fraction, uint32_t length, uint32_t wire);

/* Begins a pcapng block; made_end() writes its padding and both lengths, and returns where it began. */
size_t made_block(struct made *made, uint32_t type);
void made_end(struct made *made, size_t begin);
void made_option(struct made *made, unsigned code, const void *value, size_t length);
void made_section(struct made *made);
void made_interface(struct made *made, unsigned link, uint32_t snap, int resolution, int64_t offset_s);
void made_packet(struct made *made, uint32_t interface, uint64_t ticks, uint32_t length, uint32_t wire);

/* The same, compressed: "gzip", "xz", "zstd", "lz4", "bzip2". */
struct made made_compressed(const struct made *made, const char *filter);

/* Reads to the end. One line for each record: time, link, length, wire length, for lines of a log the line;
 * octets that are not those of made_record() are said. Then "end", or the error and its note. A line for each
 * empty batch would make tests depend on blocks: there is none. Frees the capture. */
void try_capture(struct capture *capture, struct text *text);

/* The same of octets in memory; an error of opening gives its line. */
void try_memory(const struct made *made, size_t block, bool as_log, struct text *text);

#endif
