#!/usr/bin/env python3
"""generate.py [--seed N] DIR [KIND…]: captures with planted truth: DIR/KIND.NAME and DIR/KIND.json for each kind
(see truth.py). --list tells the kinds.

What is planted is entered into the truth as it is made and never read back: reader.py is the one that reads. The same seed gives the same octets."""
import argparse
import os
import sys
import time as clock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import packets as wire  # noqa: E402
import truth  # noqa: E402
from scene import A, AAAA, ACK, BEGIN, COOKIE, DNSKEY, HOUR, KEY_TAG, NS, NULL, PADDING, RST, SOA, SYN, TXT  # noqa: E402
from scene import Connection, Exchange, Scene, mix_case, zone_text  # noqa: E402


# ---- scenes: what is said ----

def plain(scene):
    """Every kind of word, query and answer over UDP."""
    for _ in range(60):
        scene.udp(scene.anything())


def signals(scene):
    """1 to 12 tags, unsorted, doubled, in any case, NULL and A, several zones."""
    rng = scene.rng
    for count in range(1, 13):
        for kind in (NULL, A):
            tags = [rng.choice([rng.randrange(65536), rng.choice([0, 65535, 20326])]) for _ in range(count)]
            found = scene.signal(tags, text=b"_ta-" + b"-".join(b"%04x" % tag for tag in tags), kind=kind)
            found.labels = mix_case(rng, found.labels)
            found.lower = rng.random() < 0.5
            scene.udp(found)
    for text in (b"_ta-4f66-4f66-9728", b"_ta-9728-4f66", b"_TA-4F66-9728", b"_tA-9728-4f66-9728"):
        scene.udp(scene.signal([20326, 38696], text=text))


def malformed(scene):
    """Labels that begin as a signal and are none, each with one fault."""
    faults = [(b"_ta-", "empty"), (b"_ta-4f6", "short"), (b"_ta-4f66-97", "short"), (b"_ta-04f66", "long"), (b"_ta-4f66-097280", "long"),
        (b"_ta-zz66", "hex"), (b"_ta-4f66-972g", "hex"), (b"_ta-4f66-", "hyphen"), (b"_TA-4F66-", "hyphen"), (b"_ta--4f66", "short")]
    for label, reason in faults:
        for kind in (NULL, A):
            scene.udp(scene.invalid(label, reason, kind), scene.rng.choice(["both", "query", "answer"]))
    scene.udp(scene.signal())


def decoys(scene):
    """What looks like a signal and is none: nothing of it may be counted as one."""
    rng = scene.rng

    def ask(labels, kind=NULL, good=True, **more):
        found = Exchange(scene, labels, kind, good=good, **{k: v for k, v in more.items() if k in ("klass", "options", "edns")})
        for key in ("opcode", "questions", "records", "query_answers", "before_opt"):
            if key in more:
                setattr(found, key, more[key])
        return scene.udp(found)
    tag = b"_ta-4f66"
    signal = wire.name([tag])
    for kind in (TXT, NS, AAAA, 255, 0, 65535):
        ask([tag], kind)
        ask([tag, b"example"], kind)
    for labels in ([b"www", tag], [b"www", tag, b"example"], [b"example", tag], [b"_ta"], [b"ta-4f66"], [b"x_ta-4f66"], [b"_ta_4f66"], [b"-ta-4f66"]):
        ask(labels)
    ask([tag], klass=3, good=False)
    ask([tag], klass=255, good=False)
    ask([tag], questions=2, good=False)
    ask([tag], questions=0, good=False)
    for opcode in (4, 5, 1, 2):
        ask([tag], opcode=opcode, good=False)
    ask([b"example"], A, records=[wire.record(signal, NULL, b""), wire.record(b"\xc0\x0c", NS, signal)])
    ask([b"example"], SOA, query_answers=[], records=[wire.record(b"\xc0\x0c", SOA, signal + signal + bytes(20))])
    ask([b"example"], NULL, records=[wire.record(b"\xc0\x0c", NULL, signal + b"\0\12\0\1")])
    for kind in (A, NULL, NS, SOA):
        ask([b"example"], kind, options=[(KEY_TAG, b"\x4f\x66")])
    for label in (b"root-key-sentinel-is-ta-2032", b"root-key-sentinel-is-ta-203260", b"root-key-sentinel-is-ta-99999",
            b"root-key-sentinel-is-ta-2032x",            b"root-key-sentinel-no-ta-20326", b"root-key-sentinel-is-ta-20326x", b"xroot-key-sentinel-is-ta-20326"):
        ask([label, b"example"], A)
    ask([b"www", b"root-key-sentinel-is-ta-20326"], A)
    in_answer = scene.dnskey()
    in_answer.records.append(wire.opt(1232, 0, [(KEY_TAG, b"\x4f\x66")]))  # RFC 8145 §4.2: responders MUST NOT
    in_answer.edns = True
    in_answer.do = 0
    scene.udp(in_answer)
    odd_datagrams(scene, tag)
    scene.truth.loose.add("coverage")  # whether these are messages is a matter of taste
    for _ in range(5):
        scene.udp(rng.choice([scene.signal, scene.dnskey])())


def odd_datagrams(scene, tag):
    """Datagrams that hold no message, or lie about their length."""
    client, server, port, _ = scene.ends()
    query = wire.message(7, [tag], NULL)

    def send(datagram, kind=wire.UDP, cut=None):
        packet = wire.ip(client, server, kind, datagram)
        scene.add(scene.tick(), packet if cut is None else packet[:cut])
    send(wire.udp(client, port, server, 53, query, length=8 + len(query) + 9))
    send(wire.udp(client, port, server, 53, query, length=5))
    send(wire.udp(client, port, server, 53, query, length=8 + 14))  # the name is cut
    send(wire.udp(client, port, server, 53, b""))
    send(wire.udp(client, port, server, 53, query[:11]))
    send(wire.udp(client, port, server, 53, query[:12]))
    send(wire.udp(client, port, server, 53, query[:12] + b"\x44_ta-" + b"4f66-" * 12 + b"4f66" + b"\0\0\12\0\1"))  # 13 tags: no label is so long
    send(wire.udp(client, port, server, 53, query[:12] + b"\xc0\x0c\0\12\0\1"))  # a name that is its own end
    send(wire.udp(client, port, server, 53, query[:12] + b"\x08_ta-4f66" + b"\x3f" + b"a" * 63 + (b"\x3f" + b"b" * 63) * 3 + b"\0\0\12\0\1"))
    send(wire.udp(client, port, server, 80, query))
    send(wire.udp(client, port, server, 5353, query))
    send(wire.udp(client, port, server, 53, query), kind=132)
    send(wire.udp(client, port, server, 53, query), cut=-4)
    send(wire.udp(client, port, server, 53, query)[:6])
    whole = wire.ip(client, server, wire.UDP, wire.udp(client, port, server, 53, query))
    scene.add(scene.tick(), (b"\x4f" if ":" not in client else b"\x50") + whole[1:])
    scene.add(scene.tick(), b"\x45")


def options(scene):
    """The EDNS option: unsorted, twice in a query, after other options, malformed, and up to 64 tags."""
    rng = scene.rng
    many = [[rng.sample(range(65536), count)] for count in (30, 64)]
    for values in ([[20326]], [[38696, 20326]], [[20326], [20326, 38696]], [[38696], [19036]], [[0, 65535, 0]], *many):
        for before in ((), [(COOKIE, rng.randbytes(8))], [(PADDING, bytes(40)), (65001, b"")]):
            for shown in ("both", "query"):
                found = scene.dnskey(values, before=before)
                if rng.random() < 0.5:
                    found.options.append((COOKIE, rng.randbytes(8)))
                if rng.random() < 0.3:
                    found.before_opt.append(wire.record(wire.name([b"example"]), A, bytes(4)))
                scene.udp(found, shown)
    for value, reason in ((b"", "option-empty"), (b"\x4f", "option-odd"), (b"\x4f\x66\x97", "option-odd"), (bytes(63), "option-odd")):
        zone = rng.choice([[], [b"example"]])
        scene.udp(Exchange(scene, zone, DNSKEY, ("dnskey", zone_text(zone), ""), ("invalid", zone_text(zone), reason), [(KEY_TAG, value)]))
    scene.udp(scene.dnskey([[20326]]), "answer")  # an answer tells nothing of the option


def sentinels(scene):
    for _ in range(30):
        found = scene.sentinel()
        if scene.rng.random() < 0.5:
            found.labels = mix_case(scene.rng, found.labels)
        scene.udp(found, scene.rng.choice(["both", "both", "query", "answer"]))


def dnskeys(scene):
    """Answers of many sizes, truncated ones, unanswered questions."""
    for size in (0, 1, 200, 500, 1000, 1400, 3000, 5000):
        found = scene.dnskey(size=size)
        scene.udp(found)
        scene.udp(scene.dnskey(), scene.rng.choice(["both", "query", "answer"]))


def unanswered(scene):
    for _ in range(60):
        scene.udp(scene.anything(), scene.rng.choice(["both", "query", "query"]))


def query_only(scene):
    for _ in range(60):
        scene.udp(scene.anything(), "query")


def answer_only(scene):
    for _ in range(60):
        scene.udp(scene.anything(), "answer")


def answer_first(scene):
    """A capture that has answers before their queries, up to seconds, as several taps or queues give."""
    for _ in range(60):
        scene.udp(scene.anything(), delay=scene.rng.choice([-1, -400, -5000, 0, 1, 3000000]))


def late_answers(scene):
    """Up to 29 s, with other exchanges between."""
    for _ in range(60):
        scene.udp(scene.anything(), delay=scene.rng.choice([100, 4000000, 15000000, 29000000]))


def alike(scene):
    """Different questions that share what they can: id, port, client; or all but the client."""
    rng = scene.rng
    for _ in range(8):
        one = scene.signal([20326])
        for step in range(4):
            other = scene.signal([20326] if step == 3 else [20326, step], zone=[] if step else [b"example"])
            other.id, other.port = one.id, one.port
            if step != 3:
                other.client, other.server = one.client, one.server
            scene.udp(other, delay=rng.randrange(1, 900000))


def retries(scene):
    """The same query sent again, same id and port: two queries, whether one or both are answered."""
    for _ in range(20):
        found = scene.anything()
        how = scene.rng.choice(["qqa", "qqaa", "qaqa", "qq"])
        for letter in how:
            time = scene.tick()
            scene.add(time, scene.both_ways(found)[letter == "a"])
            if letter == "q":
                scene.count(found, "udp", "query", time, time)
            else:
                scene.truth.message(found.client, True)
                if found.kind == DNSKEY:
                    scene.truth.add(time, found.says[1], "dnskey-answer", "", "udp", found.client, octets=len(found.answer()),
                        truncated=found.truncated)


# ---- scenes: how it travels ----

def dressed(scene):
    """IPv4 with options, IPv6 with extension headers."""
    rng = scene.rng

    def dress(address):
        if ":" not in address:
            return {"options": rng.choice([b"\x94\4\0\0", b"\1\1\1\1", rng.randbytes(0) + b"\x07\x27\x04" + bytes(36), b""])}
        some = [(0, bytes([0, 0, 5, 2, 0, 0, 1, 0])), (60, bytes([0, 1, 1, 12]) + bytes(12)), (43, bytes([0, 2, 4, 0]) + bytes(20)),
            (60, bytes([0, 0, 1, 4, 0, 0, 0, 0])), (44, bytes(4) + rng.randbytes(4)), (51, bytes([0, 4]) + bytes(22))]
        return {"headers": [header for header in some if rng.random() < 0.4]}
    for _ in range(60):
        scene.udp(scene.anything(), dress=dress)
    query = wire.message(7, [b"_ta-4f66"], NULL)
    for header in ((59, bytes(8)), (50, bytes(8)), (0, bytes([0, 200]) + bytes(6))):  # no next header, encrypted, longer than the packet
        client, server = "2001:db8::1", "2001:db8::53"
        scene.add(scene.tick(), wire.ip(client, server, wire.UDP, wire.udp(client, 999, server, 53, query), headers=[header]))
    scene.truth.loose.add("coverage")


def big(scene):
    """An exchange whose query and answer are long enough to be cut."""
    rng = scene.rng
    found = rng.choice([lambda: scene.dnskey([[20326, 38696]], before=[(PADDING, bytes(rng.randrange(200, 1800)))]), scene.signal])()
    if found.kind != DNSKEY:
        found.options, found.edns = [(PADDING, bytes(rng.randrange(300, 900)))], True
    found.records = [wire.record(b"\xc0\x0c", found.kind, rng.randbytes(rng.randrange(800, 3000)))]
    return found


def pieces(scene, packet):
    body = len(packet) - (20 if packet[0] >> 4 == 4 else 40)
    sizes, left = [], body
    while left > 16:
        sizes.append(min(8 * scene.rng.randrange(1, 90), left // 8 * 8))
        left -= sizes[-1]
    return wire.fragments(packet, sizes, scene.rng.randrange(2 ** 32))


def fragments(scene):
    """In order, out of order, twice, interleaved, and never complete."""
    rng = scene.rng
    for _ in range(12):
        batch = []
        for found in [big(scene) for _ in range(3)]:
            for packet, answer in zip(scene.both_ways(found), (False, True)):
                parts = pieces(scene, packet)
                if rng.random() < 0.5:
                    rng.shuffle(parts)
                if rng.random() < 0.3 and len(parts) > 1:
                    parts.insert(rng.randrange(len(parts)), rng.choice(parts))
                batch.append((found, answer, parts))
        interleave(scene, batch)
    for _ in range(10):
        found = big(scene)
        parts = pieces(scene, scene.both_ways(found)[0])
        if len(parts) > 1:
            del parts[rng.randrange(len(parts))]
            for part in parts:
                scene.add(scene.tick(2000), part)
    stale_fragments(scene)
    for _ in range(5):
        scene.udp(scene.signal())


def interleave(scene, batch):
    done = {}
    while any(parts for _, _, parts in batch):
        found, answer, parts = scene.rng.choice([entry for entry in batch if entry[2]])
        time = scene.tick(2000)
        scene.add(time, parts.pop(0))
        if not parts:
            done.setdefault(id(found), (found, {}))[1][answer] = time
    for found, times in done.values():
        scene.count(found, "udp", "both", times[False], times[True])


def stale_fragments(scene):
    """The first half of one datagram, an hour later all of another with the same identification: nothing of the first may come into it."""
    one, two = big(scene), big(scene)
    while one.client == two.client and one.labels == two.labels or (":" in one.client) != (":" in two.client):
        one, two = big(scene), big(scene)
    two.client, two.server = one.client, one.server
    scene.add(scene.tick(), wire.fragments(scene.both_ways(one)[0], [64], 4711)[0])
    scene.now += HOUR
    parts = wire.fragments(scene.both_ways(two)[0], [32, 64], 4711)
    for part in reversed(parts):
        time = scene.tick(2000)
        scene.add(time, part)
    scene.count(two, "udp", "query", time, time)


def tcp_whole(scene):
    for _ in range(20):
        connection = Connection(scene, [scene.anything()])
        connection.send([(0, len(connection.out))], how=scene.rng.choice([1, RST]))


def tcp_split(scene):
    """A query of two segments cut at every place, also inside its length; of three; of single octets."""
    length = len(Connection(scene, [scene.signal([20326, 38696], zone=[])]).out)
    for cut in range(1, length):
        found = scene.signal([20326, 38696], zone=[])
        found.edns, found.do = False, 0
        connection = Connection(scene, [found])
        cut = min(cut, len(connection.out) - 1)
        connection.send([(0, cut), (cut, len(connection.out))])
    for _ in range(8):
        connection = Connection(scene, [scene.anything()])
        cuts = sorted(scene.rng.sample(range(1, len(connection.out)), 2))
        connection.send([(0, cuts[0]), (cuts[0], cuts[1]), (cuts[1], len(connection.out))])
    connection = Connection(scene, [scene.signal()])
    connection.send([(i, i + 1) for i in range(len(connection.out))])


def tcp_pipelined(scene):
    """Several queries in one segment, and segments that end anywhere."""
    for _ in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(scene.rng.randrange(2, 9))])
        end = len(connection.out)
        cuts = sorted(scene.rng.sample(range(1, end), scene.rng.choice([0, 1, 3, 6])))
        connection.send(list(zip([0, *cuts], [*cuts, end])))


def cut_up(scene, connection):
    end = len(connection.out)
    cuts = sorted(scene.rng.sample(range(1, end), min(5, end - 1)))
    return list(zip([0, *cuts], [*cuts, end]))


def tcp_retransmitted(scene):
    """Segments again, at once and later; keep-alives, which carry an octet that was sent."""
    for _ in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(3)])
        segments = cut_up(scene, connection)
        again = []
        for number, segment in enumerate(segments):
            again.append(segment)
            if scene.rng.random() < 0.5:
                again.append(scene.rng.choice(segments[:number + 1]))
            if scene.rng.random() < 0.2:
                again.append((segment[1] - 1, segment[1]))
        connection.send(again)


def tcp_overlapping(scene):
    """Sent again with other boundaries."""
    for _ in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(3)])
        segments = [(max(0, start - scene.rng.randrange(12)), end) for start, end in cut_up(scene, connection)]
        segments.insert(3, (0, segments[2][1]))
        connection.send(segments)


def tcp_disorder(scene):
    for _ in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(3)])
        segments = cut_up(scene, connection)
        scene.rng.shuffle(segments)
        connection.send(segments)


def tcp_odd(scene):
    """Data with SYN (RFC 7413), sequence numbers past 2^32, one pair of ports for two connections."""
    rng = scene.rng
    for number in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(2)], first=2 ** 32 - rng.randrange(2, 60))
        if number % 3 == 0:
            end = rng.choice([len(connection.out), 20])
            connection.segment(0, SYN, 0, connection.out[:end])
            connection.segment(1, SYN | ACK, 0)
            connection.send([(end, len(connection.out))] if end < len(connection.out) else [(end - 3, end)], hello=False)
        else:
            connection.send(cut_up(scene, connection))
        if number % 3 == 1:
            again = scene.anything()
            again.client, again.server, again.port = connection.client, connection.server, connection.port
            again.id = connection.asked[0].id ^ 1
            other = Connection(scene, [again])
            scene.now += 1000000
            other.send(cut_up(scene, other))


def tcp_middle(scene):
    """The capture begins in the middle of connections: at a message, and inside of one, which is lost."""
    for _ in range(8):
        connection = Connection(scene, [scene.anything() for _ in range(3)])
        connection.send([(connection.place(i), connection.place(i + 1)) for i in range(3)], hello=False)
    for _ in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(4)])
        start = scene.rng.randrange(1, connection.place(1))
        places = [start, connection.place(1), connection.place(2), len(connection.out)]
        times = [connection.data(a, b) for a, b in zip(places, places[1:])]
        connection.count(times[-1], connection.answers(), only_answers=(0,))
        connection.bye()


def tcp_lost(scene):
    """A segment that the capture missed: the queries in it are gone (their answers tell of them), those after it are not."""
    rng = scene.rng
    for _ in range(12):
        connection = Connection(scene, [scene.anything() for _ in range(5)])
        connection.hello()
        gone = rng.choice([1, 2, 3])
        for number in range(5):
            start, end = connection.place(number), connection.place(number + 1)
            cut = rng.randrange(start + 1, end)
            if number == gone:  # one end of it, or all of it
                how = rng.choice(["head", "tail", "all"])
                connection.data(start, cut, lost=how != "tail")
                connection.data(cut, end, lost=how != "head")
            else:
                connection.data(start, end)
        connection.count(scene.now, connection.answers(), only_answers=(gone,))
        connection.bye()
        scene.now += 1000000


def tcp_large(scene):
    """Answers of many segments, up to the longest that a length of two octets tells."""
    for size in (3000, 20000, 64000):
        found = scene.dnskey(size=size)
        connection = Connection(scene, [scene.anything(), found, scene.anything()])
        connection.hello()
        time = connection.data(0, len(connection.out))
        connection.count(time, connection.answers())
        connection.bye()
    scene.udp(scene.signal())


def tcp_many(scene):
    """Connections side by side, all with a message that is not whole yet."""
    rng, each, began = scene.rng, [], scene.now
    for _ in range(100):
        before, scene.now = len(scene.packets), began
        connection = Connection(scene, [scene.anything() for _ in range(rng.randrange(1, 4))])
        connection.send(cut_up(scene, connection))
        each.append([packet for _, packet in scene.packets[before:]])
        del scene.packets[before:]
    scene.now = began
    while each:
        packets = rng.choice(each)
        scene.now += rng.randrange(200)
        scene.add(scene.now, packets.pop(0))
        each = [packets for packets in each if packets]


def icmp(scene):
    """Errors about answers count; those about anything else do not, and no DNS inside of them does."""
    rng = scene.rng
    inside = [("too-big", 4, 3, 4), ("reassembly", 4, 11, 1), ("too-big", 6, 2, 0), ("reassembly", 6, 3, 1),
        (None, 4, 3, 1), (None, 4, 3, 3), (None, 4, 11, 0), (None, 4, 5, 1), (None, 4, 8, 0), (None, 6, 1, 4),
        (None, 6, 3, 0), (None, 6, 4, 0), (None, 6, 128, 0)]
    for what, family, kind, code in inside * 3:
        scene.families = (family,)
        found = rng.choice([scene.signal, scene.dnskey, lambda: big(scene)])()
        quote, client = scene.both_ways(found)[1], found.client
        how = rng.choice(["answer", "answer", "tcp", "first", "later", "query", "other"])
        if how == "tcp":
            quote = wire.ip(found.server, client, wire.TCP, wire.tcp(53, found.port, 1, 1, ACK, Connection.framed(found.answer())))
        elif how == "first":
            quote = (wire.fragments(quote, [8 * rng.randrange(1, 20)], 99))[0]
        elif how == "later":
            quote = wire.fragments(quote, [16], 99)[-1]
        elif how == "query":
            quote = scene.both_ways(found)[0]
        elif how == "other":
            quote = wire.ip(found.server, client, wire.UDP, wire.udp(found.server, 80, client, found.port, found.query()))
        quote = quote[:rng.choice([48, 128, 548]) if family == 4 else rng.choice([100, 1200])]
        payload = bytes([kind, code, 0, 0]) + (1280).to_bytes(4, "big") + quote
        sender = rng.choice([client, "203.0.113.1" if family == 4 else "2001:db8:ffff::1"])
        time = scene.tick()
        scene.add(time, wire.ip(sender, found.server, wire.ICMP if family == 4 else wire.ICMP6, payload))
        if what and how not in ("query", "other"):
            scene.truth.add(time, "", what, "", "udp", client)
    scene.families = (4, 6)
    for _ in range(5):
        scene.udp(scene.signal())


def mix(scene):
    """All of it at once."""
    rng = scene.rng
    for step in (plain, unanswered, signals, decoys, options, dressed, fragments, tcp_pipelined, tcp_retransmitted, tcp_whole, tcp_lost, icmp):
        if rng.random() < 0.6:
            step(scene)
    plain(scene)


def untimed(scene):
    """What can be told without times."""
    for step in (plain, tcp_pipelined, tcp_disorder, icmp, unanswered):
        step(scene)


# ---- scenes: time ----

def days(scene):
    """Several days; exchanges at, just before and across the full hour."""
    for _ in range(80):
        scene.now = BEGIN + scene.rng.randrange(72) * HOUR + scene.rng.choice([0, 1, HOUR - 1, HOUR - 100, HOUR // 2])
        found, delay = scene.anything(), scene.rng.choice([50, 200, 1000000])
        query, answer = scene.both_ways(found)
        scene.add(scene.now, query)
        scene.add(scene.now + delay, answer)
        scene.count(found, "udp", "both", scene.now, scene.now + delay)


def time_back(scene):
    """The clock is set back, by seconds and by hours; packets stay as they came."""
    for _ in range(80):
        scene.udp(scene.anything())
        if scene.rng.random() < 0.2:
            scene.now -= scene.rng.choice([1000, 5000000, 90 * 1000000, HOUR, 5 * HOUR])
            scene.tick()


def zero_time(scene):
    """No clock at all."""
    scene.now = 0
    scene.tick = lambda most_us=0: 0
    for _ in range(40):
        scene.udp(scene.anything(), delay=0)


SCENES = [plain, signals, malformed, decoys, options, sentinels, dnskeys, unanswered, query_only, answer_only, answer_first, late_answers,
    alike, retries, dressed, fragments, tcp_whole, tcp_split, tcp_pipelined, tcp_retransmitted, tcp_overlapping, tcp_disorder, tcp_odd, tcp_middle,
    tcp_lost, tcp_large, tcp_many, icmp, mix, days, time_back, zero_time]
IN_ORDER_OF_MAKING = (time_back, zero_time)


# ---- files ----

def frames(scene, link, order="<"):
    """Packets of a scene as frames of that link; those of the other family are left out of ipv4 and ipv6 links by the scene."""
    number, dress = wire.LINKS[link]
    found = []
    for time, packet in scene.packets:
        data = dress(packet, scene.rng, order)
        found.append((time, number, data, len(data)))
        scene.truth.see(time)
    return found


def as_pcap(scene, link, order="<", nano=False):
    return wire.pcap(frames(scene, link, order), wire.LINKS[link][0], order, nano)


def pcap_fcs(scene):
    """Link types whose upper bits tell of a frame check sequence."""
    found = [(time, link, data + scene.rng.randbytes(4), length + 4) for time, link, data, length in frames(scene, "ethernet")]
    return wire.pcap(found, 1, fcs=True)


RESOLUTIONS = [None, 6, 9, 3, 7, 0x80 | 20, 0x80 | 30, 0x80 | 10]


def pcapng(scene, simple=False):
    """Sections of either byte order, interfaces of different links, clocks and offsets, and blocks that are no packets."""
    rng, out, kinds = scene.rng, b"", ["ethernet", "vlan", "raw", "sll", "sll2", "null", "loop", "qinq", "ppp", "pppoe-bare"]
    packets = list(scene.packets)
    while packets:
        order, interfaces = rng.choice("<>"), []
        out += wire.section(order, rng.choice([b"", wire.option(order, 4, b"a generator") + wire.option(order, 0, b"")]))
        for _ in range(rng.randrange(20, 200)):
            if not packets:
                break
            if not interfaces or (rng.random() < 0.03 and len(interfaces) < 9):
                interfaces.append((rng.choice(kinds), rng.choice(RESOLUTIONS), rng.choice([0, 0, 3600, -7200, 1700000000])))
                link, resolution, offset = interfaces[-1]
                out += wire.interface(order, wire.LINKS[link][0], resolution, offset, rng=rng)
            if rng.random() < 0.1:
                out += wire.noise(order, rng)
            out += packet_block(scene, order, interfaces, packets.pop(0), simple)
    return out


def packet_block(scene, order, interfaces, packet, simple):
    rng, (time, data) = scene.rng, packet
    number = rng.randrange(len(interfaces))
    way = rng.choice(["enhanced", "obsolete", "simple"]) if simple and scene.truth.packets else "enhanced"
    if way == "simple":
        number = 0
    link, resolution, offset = interfaces[number]
    data = wire.LINKS[link][1](data, rng, order)
    scene.truth.see(time)
    if way == "simple":
        return wire.simple(order, data, len(data))
    when = wire.ticks(time, resolution, offset)
    if way == "obsolete":
        return wire.obsolete(order, number, when, data, len(data))
    comment = wire.option(order, 1, b"seen") + wire.option(order, 2, b"\0\0\0\1") + rng.choice([wire.option(order, 0, b""), b""])
    return wire.enhanced(order, number, when, data, len(data), comment if rng.random() < 0.3 else b"")


def pcapng_simple(scene):
    """With Simple Packet Blocks, which have no time, and obsolete ones."""
    scene.truth.loose |= {"times", "hours"}
    return pcapng(scene, True)


def dnstap(scene):
    """All message types (only what the server was asked counts), over all transports; a query in the frame of its answer; frames of no message."""
    rng, found, scene.truth = scene.rng, [], truth.Truth()
    for asked, shown, query_time, answer_time in scene.exchanges:
        kinds = rng.choice([(1, 2), (1, 2), (1, 2), (5, 6), (5, 6), (3, 4), (7, 8), (9, 10), (11, 12), (13, 14)])
        protocol = rng.choice([1, 1, 1, 2, 3, 4, 7])
        ends = (asked.client, asked.port, asked.server, 53, protocol)
        query, answer = (query_time, asked.query()), (answer_time, asked.answer())
        together = shown == "both" and rng.random() < 0.3
        if shown != "answer" and not together:
            found.append((query_time, wire.dnstap(kinds[0], *ends, query=query)))
        if shown != "query":
            found.append((answer_time, wire.dnstap(kinds[1], *ends, query=query if together else None, response=answer)))
        if kinds in ((1, 2), (5, 6)):
            scene.count(asked, {1: "udp", 2: "tcp"}.get(protocol, "other"), shown, query_time, answer_time)
        if rng.random() < 0.1:
            other = [wire.field(1, b"ns1") + wire.field(15, 1), wire.field(15, 7), wire.dnstap(1, *ends), b"\x08\x01"]
            found.append((answer_time, rng.choice(other)))
    scene.truth.loose |= {"coverage"}
    return wire.frame_stream([frame for _, frame in sorted(found, key=lambda entry: entry[0])])


LOG_TIMES = ["%d-%b-%Y %H:%M:%S.{ms}", "%Y-%m-%dT%H:%M:%S.{ms}", "%Y-%m-%dT%H:%M:%S.{ms}Z"]


def named_log(scene):
    """Lines of named's category trust-anchor-telemetry in all forms of print-time, and lines of other things."""
    rng, lines, scene.truth = scene.rng, [], truth.Truth()
    for asked, _, query_time, _ in scene.exchanges:
        head = clock.strftime(rng.choice(LOG_TIMES), clock.gmtime(query_time // 1000000)).format(ms=f"{query_time // 1000 % 1000:03d}") + " "
        head += rng.choice(["", "trust-anchor-telemetry: info: ", "info: ", "trust-anchor-telemetry: "])
        if rng.random() < 0.2:
            lines.append(rng.choice([head + f"client @0x7f {asked.client}#53 (.): query: . IN DNSKEY +E(0)K (192.0.2.53)", "", "garbage \xff"]))
        says = asked.option_says if asked.kind == DNSKEY else asked.says
        if not says or says[0] not in ("ta-null", "option"):
            continue
        tags = "".join(f" {int(tag, 16)}" for tag in says[2].split("-")) if says[0] == "option" else ""
        name = "".join(zone_text([label]) if not lower else zone_text([label]).upper() for label, lower in
            [(label, rng.random() < 0.3 and label.isalnum()) for label in asked.labels])
        lines.append(f"{head}trust-anchor-telemetry '{name[:-1] if len(name) > 1 else '.'}/IN' from {asked.client}{tags}")
        scene.truth.add(query_time, says[1], says[0], says[2], "unknown", asked.client)
    scene.truth.loose |= {"flags", "traffic", "coverage"}
    return "".join(line + "\n" for line in lines).encode()


def make(kind, seed, scene_of, container, name, families=(4, 6), port=53, way=""):
    """(file name, octets, document) of one capture."""
    scene = Scene(kind, seed)
    scene.families, scene.port = families, port
    scene_of(scene)
    if scene_of not in IN_ORDER_OF_MAKING:
        scene.sort()
    data = container(scene)
    return f"{kind}.{name}", data, {**scene.truth.document(), "port": port, "way": way}


def snap(scene):
    """Frames cut at a snap length: what lies before the cut counts."""
    cut, found = scene.rng.choice([70, 84, 96, 128]), []
    for _ in range(80):
        asked = scene.rng.choice([scene.signal, scene.dnskey, scene.ordinary, scene.sentinel, lambda: scene.dnskey([[20326, 38696]]),
            lambda: big_query(scene)])()
        time = scene.tick()
        head = 14 + (48 if ":" in asked.client else 28)
        question = head + 12 + len(wire.name(asked.labels)) + 2  # up to the type
        shown = scene.rng.choice(["query", "both", "answer"])
        query, answer = scene.both_ways(asked)
        for packet, is_answer in ((query, False), (answer, True)):
            if shown == "both" or (shown == "answer") == is_answer:
                frame = wire.ethernet(packet, scene.rng)
                found.append((time + is_answer, 1, frame[:cut], len(frame)))
                scene.truth.see(time + is_answer)
        if question > cut:
            asked.good = question <= cut
        elif head + len(asked.query()) > cut:
            asked.option_says = None
        scene.count(asked, "udp", shown, time, time + 1)
    scene.truth.loose |= {"flags", "traffic", "coverage"}
    return wire.pcap(found, 1, snap=cut)


def snap_tcp(scene):
    """Queries over TCP that lie before the cut, and answers that do not: each question is there once, whatever is made of its answer."""
    for _ in range(12):
        asked = [scene.signal(zone=[]) for _ in range(scene.rng.randrange(1, 4))]
        for found in asked:
            found.records = [wire.record(b"\xc0\x0c", NULL, bytes(700))]
        connection = Connection(scene, asked)
        connection.send([(connection.place(number), connection.place(number + 1)) for number in range(len(asked))])
    scene.truth.loose |= {"flags", "traffic", "coverage"}


def cut_frames(scene):
    """As a capture with a snap length of 160 has them."""
    return wire.pcap([(time, link, data[:160], length) for time, link, data, length in frames(scene, "ethernet")], 1, snap=160)


def big_query(scene):
    """Its option lies behind any cut."""
    return scene.dnskey([[20326]], before=[(PADDING, bytes(200))])


def nothing(scene):
    pass


def log_scene(scene):
    """What named logs: key tag queries of type NULL that are well formed, and the option."""
    for _ in range(60):
        scene.udp(scene.rng.choice([scene.signal, lambda: scene.dnskey([scene.rng.sample(range(65536), 3)])])(), "query")


def port_scene(scene):
    """Of a server on another port."""
    plain(scene)
    tcp_split(scene)


def kinds():
    """{kind: function of (kind, seed)}"""
    table = {}

    def enter(kind, scene_of, container, name="pcap", **more):
        table[kind] = lambda seed: make(kind, seed, scene_of, container, name, **more)

    def packed(compression):
        return lambda scene: wire.COMPRESSIONS[compression](as_pcap(scene, "ethernet"))
    for scene_of in SCENES:
        enter("scene-" + scene_of.__name__.replace("_", "-"), scene_of, lambda scene: as_pcap(scene, "ethernet"))
    for link in wire.LINKS:
        families = {"ipv4": (4,), "ipv6": (6,)}.get(link, (4, 6))
        enter("link-" + link, plain if link in ("ipv4", "ipv6") else mix, lambda scene, link=link: as_pcap(scene, link), families=families)
    for order, order_name in (("<", "little"), (">", "big")):
        for nano in (False, True):
            enter(f"pcap-{order_name}-{'nano' if nano else 'micro'}", mix, lambda scene, o=order, n=nano: as_pcap(scene, "null", o, n))
    enter("pcap-fcs", mix, pcap_fcs)
    enter("pcap-snap", nothing, snap)
    enter("pcap-snap-tcp", snap_tcp, cut_frames)
    enter("pcapng", mix, pcapng, "pcapng")
    enter("pcapng-simple", untimed, pcapng_simple, "pcapng")
    enter("pcapng-named-pcap", mix, pcapng)
    enter("dnstap", plain, dnstap, "dnstap")
    enter("dnstap-unanswered", unanswered, dnstap, "fstrm")
    enter("dnstap-options", options, dnstap, "pcap")
    for compression in wire.COMPRESSIONS:
        if wire.can(compression):
            enter("packed-" + compression, mix, packed(compression), "pcap." + compression.split("-")[0])
    enter("packed-gz-named-xz", mix, packed("gz"), "pcap.xz")
    enter("packed-dnstap-zst" if wire.can("zst") else "packed-dnstap-gz", plain,
        lambda scene: wire.COMPRESSIONS["zst" if wire.can("zst") else "gz"](dnstap(scene)), "dnstap.bin")
    enter("port", port_scene, lambda scene: as_pcap(scene, "sll"), port=5300)
    enter("named-log", log_scene, named_log, "log", way="--named-log")
    table["empty"] = lambda seed: make("empty", seed, nothing, lambda scene: as_pcap(scene, "ethernet"), "pcap")
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("directory", nargs="?")
    parser.add_argument("kinds", nargs="*")
    asked, table = parser.parse_args(), kinds()
    if asked.list or not asked.directory:
        print("\n".join(table))
        return 0
    os.makedirs(asked.directory, exist_ok=True)
    for kind in asked.kinds or table:
        name, data, document = table[kind](asked.seed)
        with open(os.path.join(asked.directory, name), "wb") as file:
            file.write(data)
        truth.write(document, os.path.join(asked.directory, kind + ".json"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
