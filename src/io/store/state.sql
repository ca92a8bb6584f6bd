-- Every statement on state.db, by name.

-- name: roll_add
INSERT INTO roll (plan_name, document, start_us, changed_us) VALUES (?, ?, ?, ?);

-- name: roll_change
UPDATE roll SET document = ?, changed_us = max(?, changed_us + 1) WHERE id = ? AND changed_us = ?;

-- name: roll_get
SELECT id, plan_name, document, start_us, changed_us FROM roll WHERE id = ?;

-- name: rolls
SELECT id, plan_name, document, start_us, changed_us FROM roll ORDER BY id;

-- name: participant_add
INSERT INTO participant (roll_id, token, zone, label, contact, country, users, ttl_s, joined_us, left_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: participant_leave
UPDATE participant SET left_us = max(?, joined_us, 1) WHERE id = ? AND left_us = 0;

-- name: participant_find
SELECT id, roll_id, token, zone, label, contact, country, users, ttl_s, joined_us, left_us
FROM participant WHERE substr(token, 1, 8) = substr(?, 1, 8);

-- name: participant_zone
SELECT id FROM participant WHERE zone = ?;

-- name: participants
SELECT id, roll_id, token, zone, label, contact, country, users, ttl_s, joined_us, left_us
FROM participant ORDER BY id;

-- name: participants_after
SELECT id, roll_id, token, zone, label, contact, country, users, ttl_s, joined_us, left_us
FROM participant WHERE id > ? ORDER BY id;

-- name: participants_left
SELECT id, left_us FROM participant WHERE left_us <> 0 ORDER BY id;

-- name: roll_changes
SELECT id, changed_us FROM roll ORDER BY id;

-- name: participant_count
SELECT count(*) FROM participant WHERE left_us = 0;

-- name: participant_last
SELECT max((SELECT coalesce(max(id), 0) FROM participant),
           (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'participant'));

-- name: participant_skip
UPDATE sqlite_sequence SET seq = ? WHERE name = 'participant';

-- name: participant_skip_first
INSERT INTO sqlite_sequence (name, seq) VALUES ('participant', ?);

-- name: key_add
INSERT INTO zone_key (zone, id, flags, private_text, made_us) VALUES (?, ?, ?, ?, ?);

-- name: keys
SELECT zone, id, flags, private_text, made_us FROM zone_key WHERE zone = ? ORDER BY seq;

-- name: verdict_add
INSERT INTO verdict (participant_id, at_us, verdict, state, summary, document) VALUES (?, ?, ?, ?, ?, ?);

-- name: verdicts
SELECT participant_id, at_us, verdict, state, summary, document FROM verdict WHERE participant_id = ? ORDER BY id;

-- name: verdicts_latest
SELECT participant_id, at_us, verdict, state, summary, document FROM verdict
WHERE id IN (SELECT max(id) FROM verdict GROUP BY participant_id) ORDER BY participant_id;

-- name: verdicts_recent
SELECT participant_id, at_us, verdict, state, summary, document FROM verdict ORDER BY id DESC LIMIT ?;

-- name: verdict_refresh
UPDATE verdict SET summary = ?, document = ? WHERE id = (SELECT max(id) FROM verdict WHERE participant_id = ?);

-- name: setting_set
INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: setting
SELECT value FROM setting WHERE name = ?;

-- name: observation_add
INSERT INTO observation (participant_id, at_us, kind, source, port, qtype, flags, udp_size, tags, answer, nonce,
    rcode, qname) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: observations
SELECT participant_id, at_us, kind, source, port, qtype, flags, udp_size, tags, answer, nonce, rcode, qname
FROM observation WHERE participant_id = ? ORDER BY id;

-- name: observation_prune
DELETE FROM observation WHERE id IN (SELECT id FROM observation WHERE at_us < ? LIMIT ?);
