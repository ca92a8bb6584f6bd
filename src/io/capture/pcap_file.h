/* pcap_file: what pcap and pcapng files have in common. */
#ifndef IO_CAPTURE_PCAP_FILE_H
#define IO_CAPTURE_PCAP_FILE_H

#include "io/capture/capture.h"

#include <string.h>

static inline uint32_t pcap_u32(const uint8_t *at, bool swapped)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
}

static inline uint16_t pcap_u16(const uint8_t *at, bool swapped)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap16(value) : value;
}

/* The LINKTYPE_ number. Old files have the DLT_ number of their system for raw IP (12; 14 on OpenBSD), which
 * never was a LINKTYPE_. */
static inline uint16_t pcap_link(uint32_t link)
{
    link &= 0xffff; /* above: the length of the FCS, which the IP length cuts off anyway */
    return link == 12 || link == 14 ? CAPTURE_LINK_RAW : (uint16_t)link;
}

#endif
