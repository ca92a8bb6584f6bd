"""scene: what happens in a capture, and the truth about it. Knows what it plants and never reads it back."""
import random

import packets as wire
import truth

HOUR = truth.HOUR
BEGIN = 1792800000 * 1000000  # 2026-10-24T00:00:00Z, a whole hour
A, NS, SOA, NULL, MX, TXT, AAAA, DNSKEY = 1, 2, 6, 10, 15, 16, 28, 48
KEY_TAG, PADDING, COOKIE = 14, 12, 10
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

ZONES = [[], [], [b"example"], [b"test-42", b"Rollcall", b"example"], [b"a.b", b"Example"], [b"\xe9t\xe9", b"org"]]
ROOT_TAGS = [[20326], [20326, 38696], [19036], [19036, 20326], [38696]]
SERVERS = ["192.0.2.53", "2001:db8::53"]


def zone_text(labels):
    """Lower case, final dot, escaped."""
    def octet(c):
        char = chr(c)
        return f"\\{c:03d}" if c < 33 or c > 126 else "\\" + char if char in '.\\"();@$' else char.lower()
    return "".join("".join(map(octet, label)) + "." for label in labels) or "."


def mix_case(rng, labels):
    """0x20: draft-vixie-dnsext-dns0x20."""
    return [bytes(c ^ 0x20 if (65 <= c <= 90 or 97 <= c <= 122) and rng.random() < 0.5 else c for c in label) for label in labels]


class Exchange:
    """A question of a client, and its answer. `says`: (kind, zone, tags) of the question; `option_says`: of the query only."""

    def __init__(self, scene, labels, kind, says=None, option_says=None, options=(), edns=None, klass=1, good=True):
        rng = scene.rng
        self.labels, self.kind, self.klass, self.good = labels, kind, klass, good
        self.says, self.option_says, self.options = says, option_says, list(options)
        self.client, self.server, self.port, self.id = scene.ends()
        self.rd, self.cd = int(rng.random() < 0.2), int(rng.random() < 0.3)
        self.edns = bool(options) or (rng.random() < 0.8 if edns is None else edns)
        self.do = int(self.edns and rng.random() < 0.8)
        self.size = rng.choice([512, 1232, 1400, 4096])
        self.records, self.authority, self.truncated, self.lower, self.rcode = [], [], 0, False, rng.choice([0, 3])
        self.opcode, self.questions, self.before_opt, self.query_answers = 0, 1, [], []

    def flags(self):
        return (self.rd, self.do, self.cd)

    def query(self):
        extra = [*self.before_opt] + ([wire.opt(self.size, self.do, self.options)] if self.edns else [])
        bits = self.opcode << 11 | self.rd << 8 | self.cd << 4
        return wire.message(self.id, self.labels, self.kind, bits, self.klass, self.query_answers, (), extra, self.questions)

    def answer(self):
        labels = [label.lower() for label in self.labels] if self.lower else self.labels
        bits = 0x8400 | self.opcode << 11 | self.truncated << 9 | self.rd << 8 | self.cd << 4 | self.rcode
        return wire.message(self.id, labels, self.kind, bits, self.klass, self.records, self.authority,
            [wire.opt(1232, self.do)] if self.edns else [], self.questions)


class Scene:
    def __init__(self, kind, seed):
        self.rng, self.truth = random.Random(f"{kind}/{seed}"), truth.Truth()
        self.packets, self.exchanges, self.used = [], [], set()
        self.now = BEGIN + self.rng.randrange(24) * HOUR + self.rng.randrange(60, 1800) * 1000000 + self.rng.randrange(1000000)
        self.families, self.port = (4, 6), 53
        self.pool = {4: [f"198.51.100.{self.rng.randrange(1, 255)}" for _ in range(12)],
            6: [f"2001:db8:{self.rng.randrange(65536):x}::{self.rng.randrange(1, 65536):x}" for _ in range(8)]}

    def ends(self):
        """client, server, port, id of an exchange: never the same twice."""
        while True:
            family = self.rng.choice(self.families)
            client, port = self.rng.choice(self.pool[family]), self.rng.randrange(1024, 65536)
            if (client, port) not in self.used and port != self.port:
                self.used.add((client, port))
                return client, SERVERS[family == 6], port, self.rng.randrange(65536)

    def tick(self, most_us=200000):
        """A moment later; the last ten seconds of an hour are left out, so that packets of one exchange lie in one hour."""
        self.now += self.rng.randrange(1, most_us)
        if self.now % HOUR > HOUR - 10000000:
            self.now += HOUR - self.now % HOUR + 1000000
        return self.now

    # ---- what is asked ----

    def signal(self, tags=None, labels=None, text=None, kind=NULL, zone=None):
        """A key tag query. `text`: the label as it is written, where not the plain one."""
        zone = self.rng.choice(ZONES) if zone is None else zone
        tags = self.rng.choice(ROOT_TAGS) if tags is None else tags
        text = text or b"_ta-" + truth.tags_text(tags).encode()
        return Exchange(self, labels or [text, *zone], kind, ("ta-null" if kind == NULL else "ta-a", zone_text(zone), truth.tags_text(tags)))

    def invalid(self, label, reason, kind=NULL):
        zone = self.rng.choice(ZONES)
        return Exchange(self, [label, *zone], kind, ("invalid", zone_text(zone), reason))

    def sentinel(self):
        way, tag, zone = self.rng.choice(["is", "not"]), self.rng.choice([20326, 38696, 42, 0, 65535]), self.rng.choice(ZONES)
        label = f"root-key-sentinel-{way}-ta-{tag:05d}".encode()
        return Exchange(self, [label, *zone], self.rng.choice([A, AAAA]), (way + "-ta", zone_text(zone), f"{tag:04x}"))

    def dnskey(self, values=None, size=None, before=()):
        """A DNSKEY query. `values`: lists of tags, one for each instance of the option."""
        zone = self.rng.choice(ZONES)
        options = list(before) + [(KEY_TAG, b"".join(tag.to_bytes(2, "big") for tag in value)) for value in values or []]
        says = ("option", zone_text(zone), truth.tags_text([tag for value in values for tag in value])) if values else None
        found = Exchange(self, zone, DNSKEY, ("dnskey", zone_text(zone), ""), says, options)
        for _ in range(self.rng.randrange(4) if size is None else 1):
            key = self.rng.randbytes(self.rng.randrange(68, 520) if size is None else size)
            found.records.append(wire.record(b"\xc0\x0c", DNSKEY, b"\1\1\3\10" + key))
        found.truncated = int(self.rng.random() < 0.3)
        return found

    def ordinary(self):
        rng = self.rng
        first = rng.choice([b"www", b"_tcp", b"_ta", b"ta-4f66", b"x_ta-4f66", b"_ta_4f66", b"_tb-4f66", b"*", b"a" * 63, b"\0\xff"])
        rest = rng.choice([[], [b"com"], [b"example", b"org"], [b"b" * 63, b"c" * 63, b"d" * 55]])
        found = Exchange(self, [first, *rest], rng.choice([A, AAAA, NS, MX, NULL, TXT]))
        found.rcode = rng.choice([0, 3, 5])
        return found

    def anything(self):
        return self.rng.choices([self.signal, self.ordinary, self.dnskey, self.sentinel, lambda: self.dnskey([self.rng.choice(ROOT_TAGS)]),
            lambda: self.signal(kind=A), lambda: self.invalid(b"_ta-zz66", "hex")], [6, 4, 3, 1, 2, 1, 1])[0]()

    # ---- what is seen of it ----

    def count(self, asked, transport, shown, query_time, answer_time):
        """Enters into the truth what of an exchange the capture shows: "query", "answer" or "both"."""
        if not asked.good:
            return
        times = {"query": [query_time], "answer": [answer_time], "both": [query_time, answer_time]}[shown]
        if shown != "answer":
            self.truth.message(asked.client, False)
        if shown != "query":
            self.truth.message(asked.client, True)
        if asked.says:
            self.truth.add(min(times), asked.says[1], asked.says[0], asked.says[2], transport, asked.client, asked.flags())
        if asked.option_says and shown != "answer":
            self.truth.add(query_time, asked.option_says[1], asked.option_says[0], asked.option_says[2], transport, asked.client, asked.flags())
        if asked.kind == DNSKEY and asked.says and shown != "query":
            self.truth.add(answer_time, asked.says[1], "dnskey-answer", "", transport, asked.client, octets=len(asked.answer()),
                truncated=asked.truncated)

    def add(self, time, packet):
        self.packets.append((time, packet))

    def both_ways(self, asked, dress=None):
        """The two packets of an exchange over UDP. `dress`: arguments for packets.ip()."""
        dress = dress or (lambda _: {})
        out = wire.udp(asked.client, asked.port, asked.server, self.port, asked.query())
        back = wire.udp(asked.server, self.port, asked.client, asked.port, asked.answer())
        return (wire.ip(asked.client, asked.server, wire.UDP, out, self.rng.randrange(65536), **dress(asked.client)),
            wire.ip(asked.server, asked.client, wire.UDP, back, self.rng.randrange(65536), **dress(asked.server)))

    def udp(self, asked, shown="both", delay=None, dress=None):
        """`delay`: of the answer after the query, in microseconds; negative: the capture has them the other way round."""
        query_time = self.tick()
        answer_time = query_time + (self.rng.randrange(50, 3000) if delay is None else delay)
        query, answer = self.both_ways(asked, dress)
        if shown != "answer":
            self.add(query_time, query)
        if shown != "query":
            self.add(answer_time, answer)
        self.count(asked, "udp", shown, query_time, answer_time)
        self.exchanges.append((asked, shown, query_time, answer_time))
        return asked

    def sort(self):
        self.packets.sort(key=lambda packet: packet[0])


class Connection:
    """A TCP connection; octets of each side are addressed by their place in the stream."""

    def __init__(self, scene, asked, first=None):
        self.scene, self.asked = scene, asked
        self.client, self.server, self.port = asked[0].client, asked[0].server, asked[0].port
        for exchange in asked:
            exchange.client, exchange.server, exchange.port = self.client, self.server, self.port
        self.begin = (scene.rng.randrange(2 ** 32) if first is None else first, scene.rng.randrange(2 ** 32))
        self.out = b"".join(self.framed(exchange.query()) for exchange in asked)
        self.back = b"".join(self.framed(exchange.answer()) for exchange in asked)
        self.reached, self.options = [0, 0], scene.rng.choice([b"", b"\1\1\x08\x0a" + scene.rng.randbytes(8)])

    @staticmethod
    def framed(message):
        return len(message).to_bytes(2, "big") + message

    def place(self, number):
        """Where in the stream of queries number `number` begins."""
        return sum(len(exchange.query()) + 2 for exchange in self.asked[:number])

    def segment(self, side, flags, offset, payload=b"", lost=False):
        """`side`: 0 client, 1 server. Octets `payload` from `offset` of the stream (0: the first after SYN)."""
        ends = ((self.client, self.port), (self.server, self.scene.port))
        sender, receiver = ends[side], ends[1 - side]
        acknowledged = self.begin[1 - side] + 1 + self.reached[1 - side]
        sequence = self.begin[side] + 1 + offset - (1 if flags & SYN else 0)
        self.reached[side] = max(self.reached[side], offset + len(payload))
        time = self.scene.tick(2000)
        if not lost:
            packet = wire.tcp(sender[1], receiver[1], sequence, acknowledged if flags & ACK else 0, flags, payload, self.options)
            self.scene.add(time, wire.ip(sender[0], receiver[0], wire.TCP, packet, self.scene.rng.randrange(65536)))
        return time

    def hello(self):
        self.segment(0, SYN, 0)
        self.segment(1, SYN | ACK, 0)
        self.segment(0, ACK, 0)

    def data(self, start, end, side=0, lost=False):
        stream = self.back if side else self.out
        return self.segment(side, ACK | PSH, start, stream[start:end], lost)

    def answers(self, size=1400):
        """All answers in segments of `size`, each acknowledged."""
        self.segment(1, ACK, 0)
        time = self.scene.now
        for start in range(0, len(self.back), size):
            time = self.data(start, min(start + size, len(self.back)), 1)
            self.segment(0, ACK, len(self.out))
        return time

    def bye(self, how=FIN):
        self.segment(0, how | ACK, len(self.out))
        if how == FIN:
            self.segment(1, FIN | ACK, len(self.back))
            self.segment(0, ACK, len(self.out) + 1)

    def count(self, query_time, answer_time, only_answers=()):
        for number, exchange in enumerate(self.asked):
            self.scene.count(exchange, "tcp", "answer" if number in only_answers else "both", query_time, answer_time)

    def send(self, segments, hello=True, how=FIN):
        """The common case: client's octets in these (start, end), then answers."""
        if hello:
            self.hello()
        for start, end in segments:
            time = self.data(start, end)
        self.count(time, self.answers(self.scene.rng.choice([1400, 1400, 536, 37])))
        self.bye(how)
