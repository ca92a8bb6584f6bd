-- What rollcall asks of ClickHouse: SQL that 18.16 and today's versions share. {name} is filled in by click_sql.c:
-- {sighting} {traffic} {segment} are the tables to read from and write to (Distributed where there is a cluster),
-- {database} {cluster} {table} identifiers, others values or parts.

-- name: version
SELECT version()

-- ---- tables ----

-- A row of struct tally_row.
-- name: sighting_columns
segment FixedString(16),
collector String,
hour_us Int64,
zone String,
kind UInt8,
transport UInt8,
tags String,
source FixedString(16),
count UInt64,
recursion_desired UInt64,
dnssec_ok UInt64,
checking_disabled UInt64,
octets UInt32,
truncated UInt64,
udp_size UInt16,
first_us Int64,
last_us Int64

-- A row of struct tally_traffic.
-- name: traffic_columns
segment FixedString(16),
collector String,
hour_us Int64,
source FixedString(16),
queries UInt64,
answers UInt64,
tcp UInt64,
edns UInt64,
dnssec_ok UInt64,
recursion_desired UInt64,
checking_disabled UInt64,
dnskey UInt64,
truncated UInt64,
udp_size_least UInt16,
udp_size_most UInt16,
names UInt64,
ports UInt32,
first_us Int64,
last_us Int64

-- A struct sightings_segment: rows whose segment is not here do not count.
-- name: segment_columns
id FixedString(16),
collector String,
input String,
input_id FixedString(16),
first_record UInt64,
end_record UInt64,
last_record_hash UInt64,
from_us Int64,
to_us Int64,
written_us Int64,
packets UInt64,
messages UInt64,
dropped UInt64,
overlapped UInt64,
malformed UInt64,
invalid UInt64,
too_big UInt64,
reassembly UInt64,
span_from Array(Int64),
span_to Array(Int64),
span_packets Array(UInt64),
prints String,
state String

-- name: create_database
CREATE DATABASE IF NOT EXISTS {database}

-- name: create_sighting
CREATE TABLE IF NOT EXISTS {database}.sighting_local ({columns}) ENGINE = MergeTree()
PARTITION BY toYYYYMM(toDateTime(intDiv(hour_us, 1000000), 'UTC')) ORDER BY (hour_us, zone, kind, tags)

-- name: create_traffic
CREATE TABLE IF NOT EXISTS {database}.traffic_local ({columns}) ENGINE = MergeTree()
PARTITION BY toYYYYMM(toDateTime(intDiv(hour_us, 1000000), 'UTC')) ORDER BY (hour_us, source)

-- Few rows, some with a megabyte in them: a fine index, so that one of them can be read alone.
-- name: create_segment
CREATE TABLE IF NOT EXISTS {database}.segment_local ({columns}) ENGINE = MergeTree()
ORDER BY (collector, input_id, first_record) SETTINGS index_granularity = 32

-- name: create_distributed
CREATE TABLE IF NOT EXISTS {database}.{table} ({columns})
ENGINE = Distributed({cluster}, {database}, {local}, {key})

-- name: sighting_key
cityHash64(source)

-- All segments of an input go to one shard: it has all of them or none.
-- name: segment_key
cityHash64(collector, input_id)

-- name: clusters
SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster

-- name: shards
SELECT DISTINCT shard_num, host_name, toUInt16(port) FROM system.clusters WHERE cluster = {cluster} ORDER BY shard_num

-- name: addresses
SELECT toUInt32(shard_num), toUInt32(replica_num), host_name, toUInt16(port), toUInt8(is_local) FROM system.clusters
WHERE cluster = {cluster} ORDER BY shard_num, replica_num

-- name: engines
SELECT name, engine, engine_full FROM system.tables
WHERE database = {database_name} AND name IN ('sighting', 'traffic', 'segment', 'sighting_local', 'traffic_local', 'segment_local')

-- name: columns
SELECT table, name, type FROM system.columns
WHERE database = {database_name} AND table IN ('sighting', 'traffic', 'segment', 'sighting_local', 'traffic_local', 'segment_local')

-- name: probe
SELECT count() FROM remote({address}, system, one)

-- Whether every shard has the tables.
-- name: try
SELECT count() FROM {table} WHERE segment = {id}

-- name: try_segment
SELECT count() FROM {table} WHERE id = {id}

-- ---- writing ----

-- name: insert_rows
INSERT INTO {table} ({names}) FORMAT RowBinary

-- Whether all rows of a segment are there, each once.
-- name: written
SELECT count() FROM {table} WHERE segment = {id} AND hour_us >= {from} AND hour_us <= {to}

-- name: committed
SELECT count() FROM {segment} WHERE collector = {collector} AND input_id = {input} AND first_record = {first} AND id = {id}

-- ---- segments of an input ----

-- An input is in order when its segments follow each other from record 0 on, none twice: as sets, their begins are 0 and
-- all ends but the last. Equal sums of hashes tell that.
-- name: in_order
countIf(first_record = 0) = 1 AND uniqExact(first_record) = count() AND countIf(end_record <= first_record) = 0
AND sum(cityHash64(first_record)) - cityHash64(toUInt64(0)) = sum(cityHash64(end_record)) - cityHash64(max(end_record))

-- name: input
SELECT max(end_record), {in_order} FROM (
SELECT DISTINCT id, first_record, end_record FROM {segment} WHERE collector = {collector} AND input_id = {input})
HAVING count() > 0

-- name: input_links
SELECT DISTINCT id, collector, input_id, first_record, end_record FROM {segment}
WHERE collector = {collector} AND input_id = {input}

-- name: links_in_disorder
SELECT DISTINCT id, collector, input_id, first_record, end_record FROM {segment}
WHERE {of_collector} AND (collector, input_id) GLOBAL IN (
SELECT collector, input_id FROM (
SELECT DISTINCT id, collector, input_id, first_record, end_record FROM {segment} WHERE {of_collector})
GROUP BY collector, input_id HAVING NOT ({in_order}))
ORDER BY collector, input_id

-- name: mark
SELECT end_record, last_record_hash, state FROM {segment}
WHERE collector = {collector} AND input_id = {input} AND end_record = {end} AND {counted} LIMIT 1

-- name: covers
SELECT id, input_id, input, from_us, to_us, span_from, span_to, span_packets, prints FROM {segment}
WHERE collector = {collector} AND input_id != {input} AND from_us < {to} AND to_us >= {from}
AND (from_us != 0 OR to_us != 0) AND {counted}
ORDER BY from_us, to_us, written_us, id

-- name: state_before
SELECT state FROM {segment} WHERE collector = {collector} AND id GLOBAL IN (
SELECT last_id FROM (
SELECT input_id, argMax(id, end_record) AS last_id, max(to_us) AS last_us, max(written_us) AS written
FROM {segment} WHERE collector = {collector} AND {counted} GROUP BY input_id)
WHERE last_us >= {from} AND last_us <= {to} AND last_us != 0 ORDER BY last_us DESC, written DESC LIMIT 1)
LIMIT 1

-- ---- questions ----

-- name: lines
SELECT {fields}, kind = 6 AS invalid, uniqExact(source), sumIf(count, kind = 1), sumIf(count, kind = 2),
sumIf(count, kind = 3), sumIf(count, kind = 6), min(first_us), max(last_us)
FROM {sighting} WHERE kind IN (1, 2, 3, 6) AND {of_zone} AND {in_time} GROUP BY {group}, invalid

-- Each tag of a set; what is malformed has none, the empty set makes no line.
-- name: lines_by_key
SELECT zone, arrayJoin(if(kind = 6, [tags], arrayDistinct(splitByChar('-', tags)))) AS word, kind = 6 AS invalid,
uniqExact(source), sumIf(count, kind = 1), sumIf(count, kind = 2),
sumIf(count, kind = 3), sumIf(count, kind = 6), min(first_us), max(last_us)
FROM {sighting} WHERE kind IN (1, 2, 3, 6) AND (kind = 6 OR tags != '') AND {of_zone} AND {in_time} GROUP BY zone, word, invalid

-- Different addresses: with a valid signal in the question's zone, and any at all. One set of them, instead of two that are
-- counted: the addresses are most of the work.
-- name: totals
SELECT sum(signal), count() FROM (
SELECT source, max(said) AS signal FROM (
SELECT source, max(kind != 6 AND {of_zone}) AS said FROM {sighting} WHERE kind IN (1, 2, 3, 6) AND {in_time} GROUP BY source
UNION ALL
SELECT source, toUInt8(0) AS said FROM {traffic} WHERE {in_time} GROUP BY source)
GROUP BY source)

-- name: in_time
hour_us >= {from} AND hour_us < {to} AND {of_collector}
AND segment GLOBAL IN (SELECT id FROM {segment} WHERE {of_collector} AND {counted})

-- name: coverage
SELECT collector, minIf(from_us, from_us != 0 OR to_us != 0), maxIf(to_us, from_us != 0 OR to_us != 0),
uniqExact(input_id), sum(packets), sum(messages), sum(dropped), sum(overlapped), sum(malformed), sum(invalid), sum(too_big),
sum(reassembly) FROM (
SELECT DISTINCT id, collector, input_id, from_us, to_us, packets, messages, dropped, overlapped, malformed, invalid,
too_big, reassembly FROM {segment} WHERE {of_collector} AND {counted})
GROUP BY collector ORDER BY collector

-- name: spans
SELECT collector, span_begin, span_end FROM {segment} ARRAY JOIN span_from AS span_begin, span_to AS span_end
WHERE {of_collector} AND {counted} ORDER BY collector

-- ---- all rows ----

-- What counts is asked once, so that rows of all shards, and traffic, are of the same segments: it goes along as table `ids`.
-- name: ids
SELECT DISTINCT id FROM {segment} WHERE {of_collector} AND {counted}

-- Rows as they lie, by the block: to sum them by day first takes ClickHouse many times as long as to send them, for there are
-- about as many sources as rows. The last column is what click_stream() wants. ICMP errors are of no zone.
-- name: scan_rows
SELECT collector, hour_us, zone, kind, transport, tags, source, count, recursion_desired, dnssec_ok, checking_disabled, octets,
truncated, udp_size, first_us, last_us, toUInt8(1)
FROM {table} WHERE ({of_zone} OR (zone = '' AND kind IN (9, 10)))
AND hour_us >= {from} AND hour_us < {to} AND {of_collector} AND segment IN ids

-- name: scan_traffic
SELECT collector, hour_us, source, queries, answers, tcp, edns, dnssec_ok, recursion_desired, checking_disabled, dnskey,
truncated, udp_size_least, udp_size_most, names, ports, first_us, last_us, toUInt8(1)
FROM {table} WHERE hour_us >= {from} AND hour_us < {to} AND {of_collector} AND segment IN ids
