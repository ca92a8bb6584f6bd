-- Every statement on queries.db, by name.

-- name: query_add
INSERT INTO query (participant_id, at_us, kind, source, port, qtype, flags, udp_size, tags, answer, nonce, rcode,
    qname) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: queries
SELECT participant_id, at_us, kind, source, port, qtype, flags, udp_size, tags, answer, nonce, rcode, qname
FROM query WHERE participant_id = ? ORDER BY id;

-- name: query_prune
DELETE FROM query WHERE id IN (SELECT id FROM query WHERE at_us < ? LIMIT ?);

-- name: query_last_participant
SELECT coalesce(max(participant_id), 0) FROM query;
