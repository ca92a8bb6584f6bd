-- The tables of `rollcall observe --store clickhouse://…` made by hand: where rollcall may not make tables, on a shard whose
-- HTTP address is not in the URL, or with other engines (ReplicatedMergeTree). Run it on every shard, with the names of
-- your cluster (here `pair`, of remote_servers) and database (here `rollcall`), for example
--     sed "s/'pair'/'NAME'/; s/rollcall\./DATABASE./g; s/'rollcall'/'DATABASE'/; s/EXISTS rollcall;/EXISTS DATABASE;/" docs/clickhouse.sql | clickhouse-client --multiquery
-- Columns must be these; order keys and partitions may be others. Without a cluster leave out the last three tables.
-- Why segments: docs/decisions/0010-segments.md.
--
-- To look at it yourself:
--     SELECT IPv6NumToString(source), toDateTime(intDiv(first_us, 1000000)), zone, tags, count FROM rollcall.sighting
--     WHERE kind = 1 AND segment GLOBAL IN (SELECT id FROM rollcall.segment) LIMIT 10
-- Kinds: 1 _ta- with NULL, 2 with A, 3 EDNS option, 4 sentinel is-ta, 5 not-ta, 6 malformed, 7 DNSKEY question, 8 its answer,
-- 9 packet too big, 10 reassembly failed. Transports: 0 UDP, 1 TCP, 2 other, 3 unknown.
--
-- Rows that an interrupted writer left behind belong to no segment and do not count. To be rid of them, while nobody writes:
--     ALTER TABLE rollcall.sighting_local DELETE WHERE segment NOT IN (SELECT id FROM rollcall.segment)

CREATE DATABASE IF NOT EXISTS rollcall;

CREATE TABLE IF NOT EXISTS rollcall.sighting_local (
    segment FixedString(16), collector String, hour_us Int64, zone String, kind UInt8, transport UInt8, tags String,
    source FixedString(16), count UInt64, recursion_desired UInt64, dnssec_ok UInt64, checking_disabled UInt64,
    octets UInt32, truncated UInt64, udp_size UInt16, first_us Int64, last_us Int64
) ENGINE = MergeTree() PARTITION BY toYYYYMM(toDateTime(intDiv(hour_us, 1000000), 'UTC')) ORDER BY (hour_us, zone, kind, tags);

CREATE TABLE IF NOT EXISTS rollcall.traffic_local (
    segment FixedString(16), collector String, hour_us Int64, source FixedString(16), queries UInt64, answers UInt64,
    tcp UInt64, edns UInt64, dnssec_ok UInt64, recursion_desired UInt64, checking_disabled UInt64, dnskey UInt64,
    truncated UInt64, udp_size_least UInt16, udp_size_most UInt16, names UInt64, ports UInt32, first_us Int64, last_us Int64
) ENGINE = MergeTree() PARTITION BY toYYYYMM(toDateTime(intDiv(hour_us, 1000000), 'UTC')) ORDER BY (hour_us, source);

CREATE TABLE IF NOT EXISTS rollcall.segment_local (
    id FixedString(16), collector String, input String, input_id FixedString(16), first_record UInt64, end_record UInt64,
    last_record_hash UInt64, from_us Int64, to_us Int64, written_us Int64, packets UInt64, messages UInt64,
    dropped UInt64, overlapped UInt64, malformed UInt64, invalid UInt64, too_big UInt64, reassembly UInt64,
    span_from Array(Int64), span_to Array(Int64), span_packets Array(UInt64), prints String, state String
) ENGINE = MergeTree() ORDER BY (collector, input_id, first_record) SETTINGS index_granularity = 32;

CREATE TABLE IF NOT EXISTS rollcall.sighting AS rollcall.sighting_local
    ENGINE = Distributed('pair', 'rollcall', 'sighting_local', cityHash64(source));
CREATE TABLE IF NOT EXISTS rollcall.traffic AS rollcall.traffic_local
    ENGINE = Distributed('pair', 'rollcall', 'traffic_local', cityHash64(source));
CREATE TABLE IF NOT EXISTS rollcall.segment AS rollcall.segment_local
    ENGINE = Distributed('pair', 'rollcall', 'segment_local', cityHash64(collector, input_id));
