"""program: `rollcall observe` and `rollcall report` as the tests run them, and what a store of theirs holds, in the form of truth.py."""
import contextlib
import datetime
import ipaddress
import json
import os
import re
import sqlite3
import subprocess

import truth

ROLLCALL = os.environ.get("ROLLCALL", "build/src/cmd/rollcall")
KINDS = {1: "ta-null", 2: "ta-a", 3: "option", 4: "is-ta", 5: "not-ta", 6: "invalid", 7: "dnskey", 8: "dnskey-answer", 9: "too-big", 10: "reassembly"}
TRANSPORTS = ["udp", "tcp", "other", "unknown"]
LIMIT_S = 120

# Of the program's reasons, the class that truth.py knows.
REASONS = [(r"option.*odd|odd.*option|not.*even|half a", "option-odd"), (r"option.*(empty|no key tag|without)|empty.*option", "option-empty"), (r"no key tag", "empty"),
    (r"fewer than four", "short"), (r"more than four", "long"), (r"hexadecimal", "hex"), (r"hyphen", "hyphen")]


def reason(text):
    return next((name for pattern, name in REASONS if re.search(pattern, text)), text)


class Run:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out) if self.out.strip() else None

    def __str__(self):
        return f"exit {self.code}, said: {self.err.decode(errors='replace').strip()[-600:]}"


def run(*arguments, data=None, before=(), limit=LIMIT_S, env=None):
    return Run(subprocess.run([*before, ROLLCALL, *map(str, arguments)], input=data if data is not None else b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=False, timeout=limit, env={**os.environ, **(env or {})}))


def observe(store, *files, collector="test", **more):
    """`files`: also options."""
    return run("observe", "--store", store, "--collector", collector, "--json", *files, **more)


def rows_of(store, statement):
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        return database.execute(statement).fetchall()


def address(octets):
    found = ipaddress.ip_address(octets)
    return str(getattr(found, "ipv4_mapped", None) or found)


def traffic(block):
    """(address, numbers) of each row of a block of traffic, as io/store/sightings_traffic.c writes it."""
    at, source = 0, bytes(16)
    while at < len(block):
        shared = block[at]
        source, at = source[:shared] + block[at + 1:at + 17 - shared], at + 17 - shared
        numbers = []
        while len(numbers) < 13:
            number = shift = 0
            while True:
                number, shift, at = number | (block[at] & 127) << shift, shift + 7, at + 1
                if block[at - 1] < 128:
                    break
            numbers.append(number)
        at += 12
        yield source, numbers


def stored(store):
    """The document of all that a store holds."""
    found = truth.Truth()
    for kind, hour, zone, tags, transport, source, count, first, lasting, rd, do, cd, octets, truncated in rows_of(store,
            "SELECT kind, hour, zone.name, tagset.tags, transport, source, sum(count), min(first_us), max(first_us + lasting_us), sum(recursion_desired), "
            "sum(dnssec_ok), sum(checking_disabled), max(octets), sum(truncated) FROM sighting JOIN zone ON zone.id = zone JOIN tagset ON tagset.id = tagset "
            "GROUP BY 1, 2, 3, 4, 5, 6"):
        word, hour_us = KINDS[kind], hour * truth.HOUR
        error = word in ("too-big", "reassembly")
        tags = reason(tags) if word == "invalid" else "" if error else tags
        key = (hour, "" if error else zone, word, tags, "udp" if error else TRANSPORTS[transport], address(source))
        row = found.rows.setdefault(key, {"count": 0, "rd": 0, "do": 0, "cd": 0, "octets": 0, "truncated": 0, "first": hour_us + first, "last": hour_us + lasting})
        for name, value in zip(("count", "rd", "do", "cd", "truncated"), (count, rd, do, cd, truncated)):
            row[name] += value
        row["octets"] = max(row["octets"], octets)
        row["first"], row["last"] = min(row["first"], hour_us + first), max(row["last"], hour_us + lasting)
    for block, in rows_of(store, "SELECT rows FROM traffic"):
        for source, numbers in traffic(block):
            both = found.sources.setdefault(address(source), [0, 0])
            both[0], both[1] = both[0] + numbers[2], both[1] + numbers[3]
    (found.packets, found.messages), = rows_of(store, "SELECT ifnull(sum(packets), 0), ifnull(sum(messages), 0) FROM segment")
    (begin, end), = rows_of(store, "SELECT min(from_us), max(to_us) FROM segment WHERE from_us != 0 OR to_us != 0")
    found.span = (begin, end) if begin is not None else None
    return found.document()


def dump(store):
    """All that a store holds, to see whether anything changed."""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        return "\n".join(database.iterdump())


def stored_differences(store, want):
    """truth.differences() of what a store holds."""
    try:
        return truth.differences(stored(store), want)
    except sqlite3.Error as error:
        return [f"the store: {error}"]


def moment(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000000)


def tags_of(row):
    tags = row["tags"]
    return truth.tags_text(tags) if isinstance(tags, list) else re.sub("^_ta-", "", tags)


def report_differences(store, want, limit=8):
    """Lines: where `report --by tagset` does not say what the document says."""
    done = run("report", "--store", store, "--by", "tagset", "--format", "json")
    if done.code:
        return [f"report: {done}"]
    sets, bad = truth.by_tagset(want)
    said, document = [], done.json
    have = {(row["zone"], tags_of(row)): row for row in document["rows"]}
    if len(have) != len(document["rows"]):
        said.append("report: a tag set has two rows")
    for key in sorted(set(have) | set(sets)):
        line, row = sets.get(key), have.get(key)
        if not line or not row:
            said.append(f"report: {key} {'missing' if line else 'too much'}")
            continue
        for theirs, ours in (("sources", "sources"), ("signals", "signals"), ("ta_null", "ta-null"), ("ta_a", "ta-a"), ("options", "option")):
            if row[theirs] != line[ours]:
                said.append(f"report: {key}: {theirs} {row[theirs]}, not {line[ours]}")
        if "times" not in want["loose"] and (abs(moment(row["first"]) - line["first"]) > truth.SLACK_US or abs(moment(row["last"]) - line["last"]) > truth.SLACK_US):
            said.append(f"report: {key}: {row['first']} to {row['last']}, not {line['first']} to {line['last']}")
    have = {}
    for row in document["malformed"]:
        key = (row["zone"], reason(row["reason"]))
        have[key] = have.get(key, 0) + row["signals"]
    want_bad = {key: line["signals"] for key, line in bad.items()}
    if have != want_bad:
        said.append(f"report: malformed {have}, not {want_bad}")
    return said[:limit]
