"""truth: what a capture holds, as generate.py planted it and as reader.py finds it, in one form, and how two of them differ.

A document is
  rows      one for each hour, zone, kind, tag set, transport and source, with counts, as `struct tally_row` has them. Kinds: ta-null, ta-a,
            option, is-ta, not-ta, invalid (tags: a class of reason), dnskey, dnskey-answer, too-big, reassembly (the last two without zone)
  traffic   for each source, queries and answers
  coverage  packets, messages, from_us, to_us
  loose     what cannot be compared, since the capture does not tell it: "times", "hours", "flags", "traffic", "coverage"
"""
import json

HOUR = 3600 * 1000000
SIGNALS = ("ta-null", "ta-a", "option")
KEY = ("hour", "zone", "kind", "tags", "transport", "source")
SLACK_US = 2000000  # which packet of several gives a message its time is nobody's business


def tags_text(tags):
    return "-".join(f"{tag:04x}" for tag in sorted(set(tags)))


class Truth:
    def __init__(self):
        self.rows, self.sources, self.packets, self.messages, self.span, self.loose = {}, {}, 0, 0, None, set()

    def see(self, time_us):
        """A packet or frame of the capture."""
        self.packets += 1
        self.span = (min(self.span[0], time_us), max(self.span[1], time_us)) if self.span else (time_us, time_us)

    def message(self, source, answer):
        self.messages += 1
        self.sources.setdefault(source, [0, 0])[1 if answer else 0] += 1

    def add(self, time_us, zone, kind, tags, transport, source, flags=(0, 0, 0), octets=0, truncated=0):
        """`flags`: RD, DO, CD as 0 or 1."""
        row = self.rows.setdefault((time_us // HOUR, zone, kind, tags, transport, source),
            {"count": 0, "rd": 0, "do": 0, "cd": 0, "octets": 0, "truncated": 0, "first": time_us, "last": time_us})
        row["count"] += 1
        for name, flag in zip(("rd", "do", "cd"), flags):
            row[name] += flag
        row["octets"] = max(row["octets"], octets)
        row["truncated"] += truncated
        row["first"], row["last"] = min(row["first"], time_us), max(row["last"], time_us)

    def document(self):
        rows = [{**dict(zip(KEY, key)), **row} for key, row in sorted(self.rows.items())]
        return {"rows": rows, "traffic": {source: {"queries": q, "answers": a} for source, (q, a) in sorted(self.sources.items())},
            "coverage": {"packets": self.packets, "messages": self.messages, "from_us": self.span[0] if self.span else 0,
                "to_us": self.span[1] if self.span else 0}, "loose": sorted(self.loose)}


def totals(document):
    """Per kind, how many."""
    found = {}
    for row in document["rows"]:
        found[row["kind"]] = found.get(row["kind"], 0) + row["count"]
    return found


def by_tagset(document):
    """What `rollcall report --by tagset` must say: {(zone, tags): {...}} of the signals, and {(zone, reason): signals} of malformed ones."""
    sets, bad = {}, {}
    for row in document["rows"]:
        if row["kind"] in SIGNALS:
            line = sets.setdefault((row["zone"], row["tags"]),
                {"sources": set(), "signals": 0, "ta-null": 0, "ta-a": 0, "option": 0, "first": row["first"], "last": row["last"]})
            line["signals"] += row["count"]
            line[row["kind"]] += row["count"]
        elif row["kind"] == "invalid":
            line = bad.setdefault((row["zone"], row["tags"]), {"sources": set(), "signals": 0, "first": row["first"], "last": row["last"]})
            line["signals"] += row["count"]
        else:
            continue
        line["sources"].add(row["source"])
        line["first"], line["last"] = min(line["first"], row["first"]), max(line["last"], row["last"])
    for line in [*sets.values(), *bad.values()]:
        line["sources"] = len(line["sources"])
    return sets, bad


def merge(documents):
    """Of several captures that have nothing in common: their sum."""
    whole = Truth()
    for document in documents:
        for row in document["rows"]:
            key = tuple(row[name] for name in KEY)
            have = whole.rows.setdefault(key, {"count": 0, "rd": 0, "do": 0, "cd": 0, "octets": 0, "truncated": 0,
                "first": row["first"], "last": row["last"]})
            for name in ("count", "rd", "do", "cd", "truncated"):
                have[name] += row[name]
            have["octets"] = max(have["octets"], row["octets"])
            have["first"], have["last"] = min(have["first"], row["first"]), max(have["last"], row["last"])
        for source, seen in document["traffic"].items():
            both = whole.sources.setdefault(source, [0, 0])
            both[0] += seen["queries"]
            both[1] += seen["answers"]
        cover = document["coverage"]
        whole.packets += cover["packets"]
        whole.messages += cover["messages"]
        span = (cover["from_us"], cover["to_us"])
        whole.span = (min(whole.span[0], span[0]), max(whole.span[1], span[1])) if whole.span else span
        whole.loose |= set(document["loose"])
    return whole.document()


def _rows(document, loose):
    found = {}
    for row in document["rows"]:
        key = tuple("" if name == "hour" and "hours" in loose else row[name] for name in KEY)
        have = found.setdefault(key, {"count": 0, "rd": 0, "do": 0, "cd": 0, "octets": 0, "truncated": 0, "first": row["first"], "last": row["last"]})
        for name in ("count", "rd", "do", "cd", "truncated"):
            have[name] += row.get(name, 0)
        have["octets"] = max(have["octets"], row.get("octets", 0))
        have["first"], have["last"] = min(have["first"], row["first"]), max(have["last"], row["last"])
    return found


def _row_differs(have, want, loose, kind):
    names = ["count"] + (["rd", "do", "cd"] if "flags" not in loose and kind not in ("too-big", "reassembly", "dnskey-answer") else [])
    names += ["octets", "truncated"] if kind == "dnskey-answer" else []
    said = [f"{name} {have[name]}, not {want[name]}" for name in names if have[name] != want[name]]
    if "times" not in loose:
        said += [f"{name} {have[name]}, not {want[name]}" for name in ("first", "last") if abs(have[name] - want[name]) > SLACK_US]
    return said


def differences(have, want, limit=12):
    """Lines of text: where `have` is not as `want`. What either calls loose is left out."""
    loose = set(have["loose"]) | set(want["loose"])
    said = []
    mine, planted = _rows(have, loose), _rows(want, loose)
    for key in sorted(set(mine) | set(planted)):
        text = " ".join(str(part) or "-" for part in key)
        if key not in mine:
            said.append(f"missing: {text}: {planted[key]['count']}")
        elif key not in planted:
            said.append(f"too much: {text}: {mine[key]['count']}")
        else:
            said += [f"{text}: {line}" for line in _row_differs(mine[key], planted[key], loose, key[2])]
    if "traffic" not in loose:
        for source in sorted(set(have["traffic"]) | set(want["traffic"])):
            one, other = have["traffic"].get(source), want["traffic"].get(source)
            if one != other:
                said.append(f"traffic of {source}: {one}, not {other}")
    if "coverage" not in loose:
        for name in ("packets", "messages"):
            if have["coverage"][name] != want["coverage"][name]:
                said.append(f"coverage: {name} {have['coverage'][name]}, not {want['coverage'][name]}")
        for name in ("from_us", "to_us") if "times" not in loose else ():
            if abs(have["coverage"][name] - want["coverage"][name]) > 1000:
                said.append(f"coverage: {name} {have['coverage'][name]}, not {want['coverage'][name]}")
    return said[:limit] + ([f"… {len(said) - limit} more"] if len(said) > limit else [])


def write(document, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
