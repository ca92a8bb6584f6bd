/* The idea: the words "vlan" and "pppoes" move all that follows in a filter's text, also behind an "or", so
 * one text cannot say "this, or the same in a tag, or the same in PPPoE" without reading it twice. Each form
 * is compiled by itself instead, and the programs are put one behind the other: where one would say "no", it
 * goes on to the next. The kernel takes VLAN tags out of packets that it hands over, and libpcap's programs
 * know where it keeps them. */
#include "base/text.h"
#include "io/capture/live.h"

#include <stdlib.h>
#include <string.h>

static const char *const forms[] = {
    "(%s)", /* must compile; the others only where the link type has tags, or PPPoE */
    "vlan and (%s)",
    "vlan and vlan and (%s)",
    "pppoes and (%s)",
    "vlan and pppoes and (%s)",
    "vlan and vlan and pppoes and (%s)",
};

/* A fragment behind the first has no ports; behind an extension header of IPv6 the kernel's filter does not
 * find them. Types of ICMPv6 below 128 are errors. */
static const char others[] = " or ip[6:2] & 0x3fff != 0"
                             " or icmp[0] = 3 or icmp[0] = 11"
                             " or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60"
                             " or (ip6[6] = 58 and ip6[40] < 128)";

static void write_form(struct text *text, const char *form, const uint16_t *ports, size_t port_count)
{
    const char *inside = strstr(form, "%s");
    text_add_bytes(text, form, (size_t)(inside - form));
    text_add(text, "((udp or tcp) and (");
    for (size_t i = 0; i < port_count; i++)
        text_printf(text, "%sport %u", i ? " or " : "", ports[i]);
    text_add(text, "))");
    text_add(text, others);
    text_add(text, inside + 2);
}

/* Where the last program says "no", it goes on with what now comes behind it. Jumps are relative. */
static int append(struct bpf_program *all, const struct bpf_program *more)
{
    struct bpf_insn *grown = realloc(all->bf_insns, (all->bf_len + more->bf_len) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    for (unsigned i = 0; i < all->bf_len; i++)
        if (grown[i].code == (BPF_RET | BPF_K) && grown[i].k == 0)
            grown[i] = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, all->bf_len - i - 1);
    memcpy(grown + all->bf_len, more->bf_insns, more->bf_len * sizeof *grown);
    all->bf_insns = grown;
    all->bf_len += more->bf_len;
    return 0;
}

int live_filter(pcap_t *pcap, const uint16_t *ports, size_t port_count, struct bpf_program *ret_filter,
    struct err_note *note)
{
    struct bpf_program all = {0};
    int err = 0;
    for (size_t i = 0; !err && i < sizeof forms / sizeof *forms; i++) {
        struct bpf_program one;
        struct text text;
        text_start(&text);
        write_form(&text, forms[i], ports, port_count);
        if (text.failed) {
            err = ERR_NOMEM;
        } else if (pcap_compile(pcap, &one, text.string, 1, PCAP_NETMASK_UNKNOWN) == 0) {
            err = append(&all, &one);
            pcap_freecode(&one);
        } else if (i == 0) {
            err = err_set(note, ERR_INTERNAL, "cannot compile the filter: %s", pcap_geterr(pcap));
        }
        text_free(&text);
    }
    if (err) {
        free(all.bf_insns);
        return err == ERR_NOMEM ? err_set(note, err, "out of memory") : err;
    }
    *ret_filter = all;
    return 0;
}
