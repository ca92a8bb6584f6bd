/* live: the filter of a live capture, apart from the capture so that it can be tried without an interface. */
#ifndef IO_CAPTURE_LIVE_H
#define IO_CAPTURE_LIVE_H

#include "base/err.h"

#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

enum { LIVE_MAX_PORTS = 16 };

/* Compiles the filter for UDP and TCP of these ports, fragments, packets with IPv6 extension headers, and
 * ICMP errors; as they are, in one or two VLAN tags, and in PPPoE, each where the link type has it. Freed
 * with pcap_freecode(). ERR_INTERNAL, ERR_NOMEM. */
int live_filter(pcap_t *pcap, const uint16_t *ports, size_t port_count, struct bpf_program *ret_filter,
    struct err_note *note);

#endif
