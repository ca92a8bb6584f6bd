#include "io/capture/capture_try.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- octets ---- */

void made_bytes(struct made *made, const void *bytes, size_t length)
{
    if (made->capacity - made->length < length) {
        made->capacity = 2 * (made->length + length);
        made->bytes = realloc(made->bytes, made->capacity);
        if (!made->bytes)
            abort();
    }
    if (length > 0)
        memcpy(made->bytes + made->length, bytes, length);
    made->length += length;
}

void made_fill(struct made *made, uint8_t octet, size_t length)
{
    for (size_t i = 0; i < length; i++)
        made_bytes(made, &octet, 1);
}

void made_u16(struct made *made, unsigned value)
{
    uint16_t number = (uint16_t)value;
    if (made->swapped)
        number = __builtin_bswap16(number);
    made_bytes(made, &number, sizeof number);
}

void made_u32(struct made *made, uint32_t value)
{
    if (made->swapped)
        value = __builtin_bswap32(value);
    made_bytes(made, &value, sizeof value);
}

void made_u64(struct made *made, uint64_t value)
{
    if (made->swapped)
        value = __builtin_bswap64(value);
    made_bytes(made, &value, sizeof value);
}

void made_free(struct made *made)
{
    free(made->bytes);
    *made = (struct made){0};
}

/* Octets that count up from their number, so that a record that is put together wrongly shows. */
static void made_payload(struct made *made, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        uint8_t octet = (uint8_t)(length + i);
        made_bytes(made, &octet, 1);
    }
}

/* ---- pcap ---- */

void made_pcap(struct made *made, uint32_t magic, unsigned minor, uint32_t link)
{
    made_u32(made, magic);
    made_u16(made, 2);
    made_u16(made, minor);
    made_u64(made, 0);
    made_u32(made, 65535);
    made_u32(made, link);
}

void made_record(struct made *made, uint32_t seconds, uint32_t fraction, uint32_t length, uint32_t wire)
{
    made_u32(made, seconds);
    made_u32(made, fraction);
    made_u32(made, length);
    made_u32(made, wire);
    made_payload(made, length);
}

/* ---- pcapng ---- */

size_t made_block(struct made *made, uint32_t type)
{
    size_t begin = made->length;
    made_u32(made, type);
    made_u32(made, 0);
    return begin;
}

void made_end(struct made *made, size_t begin)
{
    while ((made->length - begin) % 4)
        made_fill(made, 0, 1);
    uint32_t length = (uint32_t)(made->length - begin + 4);
    made_u32(made, length);
    memcpy(made->bytes + begin + 4, made->bytes + made->length - 4, 4);
}

void made_option(struct made *made, unsigned code, const void *value, size_t length)
{
    made_u16(made, code);
    made_u16(made, (unsigned)length);
    made_bytes(made, value, length);
    made_fill(made, 0, (4 - length % 4) % 4);
}

void made_section(struct made *made)
{
    size_t begin = made_block(made, 0x0a0d0d0a);
    made_u32(made, 0x1a2b3c4d);
    made_u16(made, 1);
    made_u16(made, 0);
    made_u64(made, UINT64_MAX);
    made_end(made, begin);
}

void made_interface(struct made *made, unsigned link, uint32_t snap, int resolution, int64_t offset_s)
{
    size_t begin = made_block(made, 1);
    made_u16(made, link);
    made_u16(made, 0);
    made_u32(made, snap);
    made_option(made, 2, "eth0", 4);
    if (resolution >= 0)
        made_option(made, 9, &(uint8_t){(uint8_t)resolution}, 1);
    if (offset_s) {
        struct made value = {.swapped = made->swapped};
        made_u64(&value, (uint64_t)offset_s);
        made_option(made, 14, value.bytes, 8);
        made_free(&value);
    }
    made_option(made, 0, "", 0);
    made_end(made, begin);
}

void made_packet(struct made *made, uint32_t interface, uint64_t ticks, uint32_t length, uint32_t wire)
{
    size_t begin = made_block(made, 6);
    made_u32(made, interface);
    made_u32(made, (uint32_t)(ticks >> 32));
    made_u32(made, (uint32_t)ticks);
    made_u32(made, length);
    made_u32(made, wire);
    made_payload(made, length);
    made_end(made, begin);
}

/* ---- compression ---- */

struct made made_compressed(const struct made *made, const char *filter)
{
    struct made out = {.capacity = made->length + made->length / 8 + 65536};
    out.bytes = malloc(out.capacity);
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    if (!out.bytes || !archive || !entry)
        abort();
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "x");
    if (archive_write_set_format_raw(archive) != ARCHIVE_OK ||
        archive_write_add_filter_by_name(archive, filter) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK ||
        archive_write_open_memory(archive, out.bytes, out.capacity, &out.length) != ARCHIVE_OK ||
        archive_write_header(archive, entry) != ARCHIVE_OK ||
        archive_write_data(archive, made->bytes, made->length) != (la_ssize_t)made->length ||
        archive_write_close(archive) != ARCHIVE_OK) {
        fprintf(stderr, "%s: %s\n", filter, archive_error_string(archive));
        abort();
    }
    archive_entry_free(entry);
    archive_write_free(archive);
    return out;
}

/* ---- reading ---- */

static void try_record(const struct capture_record *record, struct text *text)
{
    if (record->what == CAPTURE_LINE) {
        text_printf(text, "%.*s\n", (int)(record->length < 60 ? record->length : 60), record->bytes);
        return;
    }
    text_printf(
        text, "%lld %u %u %u", (long long)record->time_us, record->link, record->length, record->wire_length);
    for (uint32_t i = 0; i < record->length; i++)
        if (record->bytes[i] != (uint8_t)(record->bytes[0] + i)) {
            text_printf(text, " wrong octet %u", i);
            break;
        }
    text_add(text, "\n");
}

void try_capture(struct capture *capture, struct text *text)
{
    struct capture_batch batch = {0};
    struct err_note note = {""};
    uint64_t records = 0;
    int err = 0;
    while (!err && !batch.end && !(err = capture_next(capture, &batch, &note))) {
        records += batch.count;
        if (batch.count > CAPTURE_BATCH)
            abort();
        for (size_t i = 0; i < batch.count; i++)
            try_record(&batch.records[i], text);
    }
    if (capture_state(capture).records != records)
        text_add(text, "miscounted\n");
    if (err)
        text_printf(text, "%d %s\n", err, note.text);
    else
        text_add(text, "end\n");
    /* Nothing comes after an error or the end. */
    if (capture_next(capture, &batch, &note) != 0 || batch.count > 0 || !batch.end)
        abort();
    capture_close(capture);
}

void try_memory(const struct made *made, size_t block, bool as_log, struct text *text)
{
    struct capture *capture;
    struct err_note note = {""};
    /* Octets of exactly this length, so that a read past them shows. */
    uint8_t *copy = malloc(made->length ? made->length : 1);
    if (!copy)
        abort();
    if (made->length > 0)
        memcpy(copy, made->bytes, made->length);
    int err = capture_open_memory(copy, made->length, block, as_log, &capture, &note);
    if (err)
        text_printf(text, "%d %s\n", err, note.text);
    else
        try_capture(capture, text);
    free(copy);
}
