-- queries.db, schema version 1: what was asked, kept for a set number of days.
-- flags: 1 TCP, 2 EDNS, 4 DO, 8 CD. source: 16 octets. tags: two octets each, network order.
CREATE TABLE query (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant_id INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    source BLOB NOT NULL,
    port INTEGER NOT NULL,
    qtype INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    udp_size INTEGER NOT NULL,
    tags BLOB NOT NULL,
    answer INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    rcode INTEGER NOT NULL,
    qname TEXT NOT NULL
) STRICT;

CREATE INDEX query_participant ON query (participant_id);
CREATE INDEX query_at ON query (at_us);
