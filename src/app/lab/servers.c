/* The idea: one table. Root servers have their real addresses, as of the hints file of 2023-11-27; those that
 * b.root-servers.net and h.root-servers.net had before stand in programs that are still in use. All others
 * are of the blocks for tests of networks (RFC 2544 §C.2.2, RFC 5180 §8). */
#include "app/lab/servers.h"

const struct servers_row servers_table[] = {
    {0, 0, false, "198.41.0.4"},
    {0, 0, false, "2001:503:ba3e::2:30"},
    {1, 0, false, "170.247.170.2"},
    {1, 0, false, "2801:1b8:10::b"},
    {1, 0, true, "199.9.14.201"},
    {1, 0, true, "2001:500:200::b"},
    {1, 0, true, "192.228.79.201"},
    {1, 0, true, "2001:500:84::b"},
    {2, 0, false, "192.33.4.12"},
    {2, 0, false, "2001:500:2::c"},
    {3, 0, false, "199.7.91.13"},
    {3, 0, false, "2001:500:2d::d"},
    {4, 0, false, "192.203.230.10"},
    {4, 0, false, "2001:500:a8::e"},
    {5, 0, false, "192.5.5.241"},
    {5, 0, false, "2001:500:2f::f"},
    {6, 0, false, "192.112.36.4"},
    {6, 0, false, "2001:500:12::d0d"},
    {7, 0, false, "198.97.190.53"},
    {7, 0, false, "2001:500:1::53"},
    {7, 0, true, "128.63.2.53"},
    {7, 0, true, "2001:500:1::803f:235"},
    {8, 0, false, "192.36.148.17"},
    {8, 0, false, "2001:7fe::53"},
    {9, 0, false, "192.58.128.30"},
    {9, 0, false, "2001:503:c27::2:30"},
    {10, 0, false, "193.0.14.129"},
    {10, 0, false, "2001:7fd::1"},
    {11, 0, false, "199.7.83.42"},
    {11, 0, false, "2001:500:9f::42"},
    {12, 0, false, "202.12.27.33"},
    {12, 0, false, "2001:dc3::35"},
    {SERVERS_TLD, 0, false, "198.18.1.1"},
    {SERVERS_TLD, 0, false, "2001:2:0:1::1"},
    {SERVERS_TLD, 0, false, "198.18.1.2"},
    {SERVERS_TLD, 0, false, "2001:2:0:1::2"},
    {SERVERS_TLD, 1, false, "198.18.2.1"},
    {SERVERS_TLD, 1, false, "2001:2:0:2::1"},
    {SERVERS_TLD, 1, false, "198.18.2.2"},
    {SERVERS_TLD, 1, false, "2001:2:0:2::2"},
    {SERVERS_LEAF, 0, false, "198.18.3.1"},
    {SERVERS_LEAF, 0, false, "2001:2:0:3::1"},
    {SERVERS_LEAF, 0, false, "198.18.3.2"},
    {SERVERS_LEAF, 0, false, "2001:2:0:3::2"},
    {SERVERS_RECURSING, 0, false, "198.18.0.53"},
    {SERVERS_RECURSING, 0, false, "2001:2::53"},
};

size_t servers_count(void)
{
    return sizeof servers_table / sizeof *servers_table;
}
