-- The store of `observe`, schema version 1: who said what about trust anchors. Times are microseconds since 1970 (UTC),
-- hours are numbered since then. Names and tag sets come many times and have small numbers.
CREATE TABLE collector (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE zone (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Tags as "4f66-9728"; of malformed signals the reason.
CREATE TABLE tagset (
    id INTEGER PRIMARY KEY,
    tags TEXT NOT NULL UNIQUE
) STRICT;

-- Where each input stands.
CREATE TABLE input (
    id INTEGER PRIMARY KEY,
    collector INTEGER NOT NULL REFERENCES collector (id),
    input_id BLOB NOT NULL,
    name TEXT NOT NULL,
    end_record INTEGER NOT NULL,
    last_record_hash INTEGER NOT NULL,
    to_us INTEGER NOT NULL, -- the latest of its segments
    state BLOB NOT NULL,
    UNIQUE (collector, input_id)
) STRICT;
CREATE INDEX input_to ON input (collector, to_us);

-- What was counted, in stretches, each in one transaction with its rows.
CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    input INTEGER NOT NULL REFERENCES input (id),
    first_record INTEGER NOT NULL,
    end_record INTEGER NOT NULL,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    written_us INTEGER NOT NULL,
    packets INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    overlapped INTEGER NOT NULL,
    malformed INTEGER NOT NULL,
    invalid INTEGER NOT NULL,
    too_big INTEGER NOT NULL,
    reassembly INTEGER NOT NULL,
    spans BLOB NOT NULL,
    prints BLOB NOT NULL,
    UNIQUE (input, first_record)
) STRICT;
CREATE INDEX segment_to ON segment (input, to_us);

-- Rows of all segments of a collector, added up. `source` has 4 octets for IPv4, 16 for IPv6; first_us counts from
-- the begin of the hour, lasting_us from there.
CREATE TABLE sighting (
    collector INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    zone INTEGER NOT NULL,
    tagset INTEGER NOT NULL,
    transport INTEGER NOT NULL,
    source BLOB NOT NULL,
    count INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    lasting_us INTEGER NOT NULL,
    recursion_desired INTEGER NOT NULL,
    dnssec_ok INTEGER NOT NULL,
    checking_disabled INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    udp_size INTEGER NOT NULL,
    PRIMARY KEY (collector, kind, hour, zone, tagset, transport, source)
) STRICT, WITHOUT ROWID;

-- Ordinary traffic of the sources of an hour, in blocks of some hundred (sightings_traffic.h) by the address that each
-- begins with, of 16 octets.
CREATE TABLE traffic (
    collector INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    source BLOB NOT NULL,
    rows BLOB NOT NULL,
    UNIQUE (collector, hour, source)
) STRICT;
