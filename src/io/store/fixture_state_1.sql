-- A state.db of schema version 1, as the first release wrote it. Never changed: what it holds must be readable for ever.
PRAGMA application_id = 1380152180;
PRAGMA user_version = 1;
CREATE TABLE roll (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_name TEXT NOT NULL,
    document TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT;
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
INSERT INTO roll VALUES (1, 'testzone', 'name: testzone', 1700000000000000, 1700000000000000);
INSERT INTO roll VALUES (2, 'testzone-fast', 'name: testzone-fast', 1700000100000000, 1700000200000000);
INSERT INTO participant VALUES (1, 1, 'abcdefghijklmnopqrstuvwxyz234567', 'q3v5n7k2x4mz.rolls.test.', 'Société «Ñ»',
    'noc@example.net', 'FR', 250000, 172800, 1700000000000000, 0);
INSERT INTO participant VALUES (4, 2, '765432zyxwvutsrqponmlkjihgfedcba', 'left.rolls.test.', '<b>x</b>', '', '', -1, 60,
    1700000100000000, 1700000300000000);
INSERT INTO zone_key VALUES (1, 'q3v5n7k2x4mz.rolls.test.', 'ksk-1', 257, 'Private-key-format: v1.3', 1700000000000000);
INSERT INTO zone_key VALUES (2, 'q3v5n7k2x4mz.rolls.test.', 'zsk-1', 256, 'Private-key-format: v1.3', 1700000000000000);
INSERT INTO verdict VALUES (1, 1, 1700000050000000, 3, 0, 'nothing seen yet', '{}');
INSERT INTO verdict VALUES (2, 1, 1700000060000000, 0, 3, 'trusts the new key', '{"verdict":"ready"}');
INSERT INTO observation VALUES (1, 1, 1700000055000000, 11, x'00000000000000000000ffff7f000001', 0, 1, 4, 0, x'', 1, '', 0,
    'www.q3v5n7k2x4mz.rolls.test.');
INSERT INTO setting VALUES ('parent', 'rolls.test.');
