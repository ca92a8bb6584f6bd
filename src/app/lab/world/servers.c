/* The idea: one table, read twice, as rows and as a list of addresses. Root servers have their real
 * addresses, as of the hints file of 2023-11-27; those that b.root-servers.net and h.root-servers.net had
 * before stand in programs that are still in use. All others are of the blocks for tests of networks (RFC
 * 2544 §C.2.2, RFC 5180 §8). */
#include "app/lab/world/servers.h"

/* number, group, former, address. Those of the root of today come first. */
#define TABLE(ROW)                                                                                           \
    ROW(0, 0, false, "198.41.0.4")                                                                           \
    ROW(0, 0, false, "2001:503:ba3e::2:30")                                                                  \
    ROW(1, 0, false, "170.247.170.2")                                                                        \
    ROW(1, 0, false, "2801:1b8:10::b")                                                                       \
    ROW(2, 0, false, "192.33.4.12")                                                                          \
    ROW(2, 0, false, "2001:500:2::c")                                                                        \
    ROW(3, 0, false, "199.7.91.13")                                                                          \
    ROW(3, 0, false, "2001:500:2d::d")                                                                       \
    ROW(4, 0, false, "192.203.230.10")                                                                       \
    ROW(4, 0, false, "2001:500:a8::e")                                                                       \
    ROW(5, 0, false, "192.5.5.241")                                                                          \
    ROW(5, 0, false, "2001:500:2f::f")                                                                       \
    ROW(6, 0, false, "192.112.36.4")                                                                         \
    ROW(6, 0, false, "2001:500:12::d0d")                                                                     \
    ROW(7, 0, false, "198.97.190.53")                                                                        \
    ROW(7, 0, false, "2001:500:1::53")                                                                       \
    ROW(8, 0, false, "192.36.148.17")                                                                        \
    ROW(8, 0, false, "2001:7fe::53")                                                                         \
    ROW(9, 0, false, "192.58.128.30")                                                                        \
    ROW(9, 0, false, "2001:503:c27::2:30")                                                                   \
    ROW(10, 0, false, "193.0.14.129")                                                                        \
    ROW(10, 0, false, "2001:7fd::1")                                                                         \
    ROW(11, 0, false, "199.7.83.42")                                                                         \
    ROW(11, 0, false, "2001:500:9f::42")                                                                     \
    ROW(12, 0, false, "202.12.27.33")                                                                        \
    ROW(12, 0, false, "2001:dc3::35")                                                                        \
    ROW(1, 0, true, "199.9.14.201")                                                                          \
    ROW(1, 0, true, "2001:500:200::b")                                                                       \
    ROW(1, 0, true, "192.228.79.201")                                                                        \
    ROW(1, 0, true, "2001:500:84::b")                                                                        \
    ROW(7, 0, true, "128.63.2.53")                                                                           \
    ROW(7, 0, true, "2001:500:1::803f:235")                                                                  \
    ROW(SERVERS_TLD, 0, false, "198.18.1.1")                                                                 \
    ROW(SERVERS_TLD, 0, false, "2001:2:0:1::1")                                                              \
    ROW(SERVERS_TLD, 0, false, "198.18.1.2")                                                                 \
    ROW(SERVERS_TLD, 0, false, "2001:2:0:1::2")                                                              \
    ROW(SERVERS_TLD, 1, false, "198.18.2.1")                                                                 \
    ROW(SERVERS_TLD, 1, false, "2001:2:0:2::1")                                                              \
    ROW(SERVERS_TLD, 1, false, "198.18.2.2")                                                                 \
    ROW(SERVERS_TLD, 1, false, "2001:2:0:2::2")                                                              \
    ROW(SERVERS_LEAF, 0, false, "198.18.3.1")                                                                \
    ROW(SERVERS_LEAF, 0, false, "2001:2:0:3::1")                                                             \
    ROW(SERVERS_LEAF, 0, false, "198.18.3.2")                                                                \
    ROW(SERVERS_LEAF, 0, false, "2001:2:0:3::2")                                                             \
    ROW(SERVERS_RECURSING, 0, false, "198.18.0.53")                                                          \
    ROW(SERVERS_RECURSING, 0, false, "2001:2::53")

#define AS_ROW(number_, group_, former_, address_) {number_, group_, former_, address_},
#define AS_ADDRESS(number_, group_, former_, address_) address_,

const struct servers_row servers_table[] = {TABLE(AS_ROW)};
const char *const servers_addresses[] = {TABLE(AS_ADDRESS)};

size_t servers_count(void)
{
    return sizeof servers_table / sizeof *servers_table;
}
