-- state.db, schema version 1: what a person relies on. Times are microseconds since 1970 (UTC).
-- Rows are ordered by their ids, never by a time: a clock may be set back.
CREATE TABLE roll (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_name TEXT NOT NULL,
    document TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT;

-- Ids are never used again (AUTOINCREMENT): queries.db names participants by them.
CREATE TABLE participant (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    roll_id INTEGER NOT NULL REFERENCES roll (id),
    token TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL COLLATE NOCASE UNIQUE,
    label TEXT NOT NULL,
    contact TEXT NOT NULL,
    country TEXT NOT NULL,
    users INTEGER NOT NULL,
    ttl_s INTEGER NOT NULL,
    joined_us INTEGER NOT NULL,
    left_us INTEGER NOT NULL
) STRICT;

-- A token is found by its first eight characters; the rest is compared in constant time.
CREATE INDEX participant_token ON participant (substr(token, 1, 8));

CREATE TABLE zone_key (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    zone TEXT NOT NULL COLLATE NOCASE,
    id TEXT NOT NULL,
    flags INTEGER NOT NULL,
    private_text TEXT NOT NULL,
    made_us INTEGER NOT NULL,
    UNIQUE (zone, id)
) STRICT;

CREATE TABLE verdict (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant_id INTEGER NOT NULL REFERENCES participant (id),
    at_us INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    state INTEGER NOT NULL,
    summary TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE INDEX verdict_participant ON verdict (participant_id);

-- What agents report, in the same columns as queries.db's table.
CREATE TABLE observation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    participant_id INTEGER NOT NULL REFERENCES participant (id),
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

CREATE INDEX observation_participant ON observation (participant_id);
CREATE INDEX observation_at ON observation (at_us);

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
