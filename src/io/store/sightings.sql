-- Every statement on a store of sightings, by name.

-- name: collector_add
INSERT INTO collector (name) VALUES (?);

-- name: collector_id
SELECT id FROM collector WHERE name = ?;

-- name: collectors
SELECT id, name FROM collector;

-- name: zone_add
INSERT INTO zone (name) VALUES (?);

-- name: zone_id
SELECT id FROM zone WHERE name = ?;

-- name: zones
SELECT id, name FROM zone;

-- name: tagset_add
INSERT INTO tagset (tags) VALUES (?);

-- name: tagset_id
SELECT id FROM tagset WHERE tags = ?;

-- name: tagsets
SELECT id, tags FROM tagset;

-- name: input_mark
SELECT end_record, last_record_hash, state FROM input
WHERE collector = (SELECT id FROM collector WHERE name = ?) AND input_id = ?;

-- name: input_state_before
SELECT state FROM input
WHERE collector = (SELECT id FROM collector WHERE name = ?) AND to_us BETWEEN ? AND ? AND to_us <> 0
ORDER BY to_us DESC, id DESC LIMIT 1;

-- name: input_advance
INSERT INTO input (collector, input_id, name, end_record, last_record_hash, to_us, state) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (collector, input_id) DO UPDATE SET name = excluded.name, end_record = excluded.end_record,
    last_record_hash = excluded.last_record_hash, to_us = max(to_us, excluded.to_us), state = excluded.state
RETURNING id;

-- name: segment_add
INSERT INTO segment (input, first_record, end_record, from_us, to_us, written_us, packets, messages, dropped, overlapped,
    malformed, invalid, too_big, reassembly, spans, prints) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: segment_any
SELECT EXISTS (SELECT 1 FROM segment);

-- name: segment_covers
SELECT i.input_id, i.name, s.from_us, s.to_us, s.spans, s.prints FROM input i JOIN segment s ON s.input = i.id
WHERE i.collector = (SELECT id FROM collector WHERE name = ?) AND i.input_id <> ? AND s.from_us < ? AND s.to_us >= ?
    AND (s.from_us <> 0 OR s.to_us <> 0)
ORDER BY s.from_us, s.id;

-- name: segment_coverage
SELECT c.id, i.id, s.from_us, s.to_us, s.packets, s.messages, s.dropped, s.overlapped, s.malformed, s.invalid, s.too_big,
    s.reassembly, s.spans
FROM segment s LEFT JOIN input i ON i.id = s.input LEFT JOIN collector c ON c.id = i.collector
ORDER BY c.name, i.id;

-- The first and the last collector that rows name, and of one the kinds: found in the order of the keys, not by reading all.
-- name: row_collectors
SELECT coalesce((SELECT min(collector) FROM sighting), 1), coalesce((SELECT max(collector) FROM sighting), 0),
    coalesce((SELECT min(collector) FROM traffic), 1), coalesce((SELECT max(collector) FROM traffic), 0);

-- name: row_kinds
SELECT coalesce((SELECT min(kind) FROM sighting WHERE collector = ?1), 1),
    coalesce((SELECT max(kind) FROM sighting WHERE collector = ?1), 1);

-- As many rows at once as the parameters are repeated (sightings_sqlite.c: TOGETHER); NULL where there are fewer.
-- name: sighting_add
INSERT INTO sighting (collector, kind, hour, zone, tagset, transport, source, count, first_us, lasting_us,
    recursion_desired, dnssec_ok, checking_disabled, octets, truncated, udp_size)
SELECT * FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) * 32) WHERE column1 IS NOT NULL
ON CONFLICT DO UPDATE SET
    count = count + excluded.count,
    first_us = min(first_us, excluded.first_us),
    lasting_us = max(first_us + lasting_us, excluded.first_us + excluded.lasting_us) - min(first_us, excluded.first_us),
    recursion_desired = recursion_desired + excluded.recursion_desired,
    dnssec_ok = dnssec_ok + excluded.dnssec_ok,
    checking_disabled = checking_disabled + excluded.checking_disabled,
    octets = max(octets, excluded.octets),
    truncated = truncated + excluded.truncated,
    udp_size = max(udp_size, excluded.udp_size);

-- name: sighting_scan
SELECT hour, zone, tagset, source, count, first_us, lasting_us FROM sighting
WHERE collector = ? AND kind = ? AND hour >= ? AND hour < ?;

-- name: sighting_rows
SELECT hour, zone, tagset, transport, source, count, first_us, lasting_us, recursion_desired, dnssec_ok, checking_disabled,
    octets, truncated, udp_size FROM sighting
WHERE collector = ? AND kind = ? AND hour >= ? AND hour < ? AND zone BETWEEN ? AND ?;

-- name: traffic_block
SELECT source, rows FROM traffic WHERE collector = ? AND hour = ? AND source <= ? ORDER BY source DESC LIMIT 1;

-- name: traffic_next
SELECT source, rows FROM traffic WHERE collector = ? AND hour = ? AND source > ? ORDER BY source LIMIT 1;

-- name: traffic_drop
DELETE FROM traffic WHERE collector = ? AND hour = ? AND source = ?;

-- name: traffic_add
INSERT INTO traffic (collector, hour, source, rows) VALUES (?, ?, ?, ?);

-- name: traffic_scan
SELECT hour, rows FROM traffic WHERE collector = ? AND hour >= ? AND hour < ?;
