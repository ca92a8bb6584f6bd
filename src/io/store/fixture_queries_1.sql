-- A queries.db of schema version 1, as the first release wrote it. Never changed.
PRAGMA application_id = 1380151669;
PRAGMA user_version = 1;
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
INSERT INTO query VALUES (1, 1, 1700000051000000, 2, x'20010db8000000000000000000000053', 40000, 10, 14, 1232, x'4f669728', 0,
    '', 0, '_ta-4f66-9728.q3v5n7k2x4mz.rolls.test.');
