"""packets: DNS messages, IP packets, frames and capture files from their parts. For generate.py; knows no truth."""
import gzip
import ipaddress
import lzma
import shutil
import struct
import subprocess

UDP, TCP, ICMP, ICMP6 = 17, 6, 1, 58


# ---- DNS ----

def name(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def opt(size=1232, do=0, options=(), rcode=0):
    data = b"".join(struct.pack(">HH", code, len(value)) + value for code, value in options)
    return b"\0" + struct.pack(">HHIH", 41, size, rcode << 24 | do << 15, len(data)) + data


def record(owner, kind, data, ttl=3600, klass=1):
    return owner + struct.pack(">HHIH", kind, klass, ttl, len(data)) + data


def message(ident, labels, kind, flags=0, klass=1, answer=(), authority=(), additional=(), questions=1):
    question = (name(labels) + struct.pack(">HH", kind, klass)) * questions
    return struct.pack(">HHHHHH", ident, flags, questions, len(answer), len(authority), len(additional)) + question + \
        b"".join([*answer, *authority, *additional])


# ---- IP ----

def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def octets(address):
    return ipaddress.ip_address(address).packed


def ip(source, destination, kind, payload, ident=0, bits=0, options=b"", headers=()):
    """`bits`: of IPv4, flags and offset. `options`: of IPv4. `headers`: of IPv6, (number, octets with the first to be filled in)."""
    if ":" not in source:
        options += b"\0" * (-len(options) % 4)
        head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), ident, bits, 61, kind, 0) + \
            octets(source) + octets(destination) + options
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload
    chain, following = b"", kind
    for number, body in reversed(headers):
        chain, following = bytes([following]) + body[1:] + chain, number
    return struct.pack(">IHBB", 0x60000000, len(chain) + len(payload), following, 60) + octets(source) + octets(destination) + chain + payload


def udp(source, source_port, destination, destination_port, payload, length=None):
    head = struct.pack(">HHHH", source_port, destination_port, 8 + len(payload) if length is None else length, 0)
    pseudo = octets(source) + octets(destination) + struct.pack(">II", 8 + len(payload), UDP)
    return head[:6] + struct.pack(">H", checksum(pseudo + head + payload) or 0xffff) + payload


def tcp(source_port, destination_port, sequence, acknowledged, flags, payload=b"", options=b""):
    options += b"\1" * (-len(options) % 4)
    return struct.pack(">HHIIBBHHH", source_port, destination_port, sequence & 0xffffffff, acknowledged & 0xffffffff, (5 + len(options) // 4) << 4,
        flags, 65535, 0, 0) + options + payload


def fragments(packet, sizes, ident):
    """The packet in pieces; `sizes`: of all but the last, multiples of 8. IPv6: what follows the fixed header is the fragmentable part."""
    pieces, at = [], 0
    head, body = (packet[:20], packet[20:]) if packet[0] >> 4 == 4 else (packet[:40], packet[40:])
    for size in [*sizes, len(body)]:
        part, more = body[at:at + size], at + size < len(body)
        if not part:
            break
        if packet[0] >> 4 == 4:
            ends = [str(ipaddress.ip_address(head[place:place + 4])) for place in (12, 16)]
            pieces.append(ip(*ends, head[9], part, ident & 0xffff, more << 13 | at // 8))
        else:
            extra = bytes([head[6], 0]) + struct.pack(">HI", at | more, ident)
            pieces.append(head[:4] + struct.pack(">H", len(part) + 8) + bytes([44]) + head[7:40] + extra + part)
        at += size
    return pieces


# ---- links ----

def ethernet(packet, rng, tags=(), pppoe=False):
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    frame = rng.randbytes(12)
    for tag in tags:
        frame += struct.pack(">HH", tag, rng.randrange(1, 4095))
    if pppoe:
        packet = pppoe_header(packet)
        kind = 0x8864
    frame += struct.pack(">H", kind) + packet
    short = 60 - len(frame)
    return frame + (rng.randbytes(short) if rng.random() < 0.5 else b"\0" * short) if short > 0 else frame


def pppoe_header(packet):
    kind = b"\x00\x21" if packet[0] >> 4 == 4 else b"\x00\x57"
    return struct.pack(">BBHH", 0x11, 0, 0x1234, len(packet) + 2) + kind + packet


def ethertype(packet):
    return 0x0800 if packet[0] >> 4 == 4 else 0x86dd


def cooked(packet, rng):
    return struct.pack(">HHH", rng.choice([0, 4]), 1, 6) + rng.randbytes(8) + struct.pack(">H", ethertype(packet)) + packet


def cooked2(packet, rng):
    return struct.pack(">HHIHBB", ethertype(packet), 0, rng.randrange(1, 9), 1, rng.choice([0, 4]), 6) + rng.randbytes(8) + packet


def family(packet, rng):
    return 2 if packet[0] >> 4 == 4 else rng.choice([10, 24, 28, 30])


# name -> (LINKTYPE number, function of packet, rng, byte order of the file)
LINKS = {
    "ethernet": (1, lambda p, rng, order: ethernet(p, rng)),
    "vlan": (1, lambda p, rng, order: ethernet(p, rng, (0x8100,))),
    "qinq": (1, lambda p, rng, order: ethernet(p, rng, rng.choice([(0x88a8, 0x8100), (0x8100, 0x8100), (0x9100, 0x8100)]))),
    "pppoe": (1, lambda p, rng, order: ethernet(p, rng, rng.choice([(), (0x8100,)]), True)),
    "pppoe-bare": (51, lambda p, rng, order: pppoe_header(p) + rng.randbytes(rng.choice([0, 6]))),
    "ppp": (9, lambda p, rng, order: rng.choice([b"\xff\x03", b""]) + (b"\0\x21" if p[0] >> 4 == 4 else b"\0\x57") + p),
    "sll": (113, lambda p, rng, order: cooked(p, rng)),
    "sll2": (276, lambda p, rng, order: cooked2(p, rng)),
    "raw": (101, lambda p, rng, order: p),
    "null": (0, lambda p, rng, order: struct.pack(order + "I", family(p, rng)) + p),
    "loop": (108, lambda p, rng, order: struct.pack(">I", family(p, rng)) + p),
    "ipv4": (228, lambda p, rng, order: p),
    "ipv6": (229, lambda p, rng, order: p),
}


# ---- files. Packets: (time_us, link number, octets, wire length) ----

def pcap(packets, link, order="<", nano=False, fcs=False, snap=262144):
    magic = 0xa1b23c4d if nano else 0xa1b2c3d4
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link | (0x24000000 if fcs else 0))
    unit = 1000 if nano else 1
    body = [struct.pack(order + "IIII", time // 1000000, time % 1000000 * unit, len(data), wire) + data for time, _, data, wire in packets]
    return head + b"".join(body)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def section(order, options=b""):
    return block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1) + options)


def interface(order, link, resolution=None, offset=0, snap=0, rng=None):
    options = option(order, 2, b"eth0") if rng and rng.random() < 0.5 else b""
    if resolution is not None:
        options += option(order, 9, bytes([resolution]))
    if offset:
        options += option(order, 14, struct.pack(order + "q", offset))
    if options:
        options += option(order, 0, b"")
    return block(order, 1, struct.pack(order + "HHI", link, 0, snap) + options)


def ticks(time_us, resolution, offset):
    unit = 1000000 if resolution is None else 2 ** (resolution & 127) if resolution & 128 else 10 ** resolution
    return -(-(time_us - offset * 1000000) * unit // 1000000)  # up, so that the reader, who cuts, finds the same microsecond


def enhanced(order, number, when, data, wire, options=b""):
    body = struct.pack(order + "IIIII", number, when >> 32, when & 0xffffffff, len(data), wire) + data + b"\0" * (-len(data) % 4)
    return block(order, 6, body + options)


def obsolete(order, number, when, data, wire):
    return block(order, 2, struct.pack(order + "HHIIII", number, 0xffff, when >> 32, when & 0xffffffff, len(data), wire) + data)


def simple(order, data, wire):
    return block(order, 3, struct.pack(order + "I", wire) + data)


def noise(order, rng):
    """A block that is no packet: names, statistics, custom, and a kind that nobody knows."""
    kind = rng.choice([4, 5, 0xbad, 0x40000bad, 0x80000001])
    custom = struct.pack(order + "I", 32473) + rng.randbytes(rng.randrange(40))
    body = {4: struct.pack(order + "HH", 0, 0), 5: struct.pack(order + "III", 0, 0x5e000, 0)}.get(kind, custom)
    return block(order, kind, body)


# ---- dnstap ----

def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def fixed(number, value):
    return varint(number << 3 | 5) + struct.pack("<I", value)


def dnstap(kind, client, client_port, server, server_port, protocol, query=None, response=None, identity=b"ns1"):
    """`query`, `response`: (time_us, octets) or None."""
    said = field(1, kind) + field(2, 2 if ":" in client else 1) + field(3, protocol) + field(4, octets(client)) + field(5, octets(server))
    said += field(6, client_port) + field(7, server_port)
    for part, numbers in ((query, (8, 9, 10)), (response, (12, 13, 14))):
        if part:
            time, data = part
            said += field(numbers[0], time // 1000000) + fixed(numbers[1], time % 1000000 * 1000) + field(numbers[2], data)
    return field(1, identity) + field(2, b"generator") + field(14, said) + field(15, 1)


def frame_stream(frames):
    kind = b"protobuf:dnstap.Dnstap"

    def control(number, content=b""):
        body = struct.pack(">I", number) + (struct.pack(">II", 1, len(content)) + content if content else b"")
        return struct.pack(">II", 0, len(body)) + body
    return control(2, kind) + b"".join(struct.pack(">I", len(frame)) + frame for frame in frames) + control(3)


# ---- compression ----

def by_tool(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def halves(data, pack, cut=None):
    cut = len(data) // 2 if cut is None else cut
    return pack(data[:cut]) + pack(data[cut:])


COMPRESSIONS = {
    "gz": lambda data: gzip.compress(data, 6, mtime=0),
    "gz-concatenated": lambda data: halves(data, lambda part: gzip.compress(part, 6, mtime=0)),
    "xz": lzma.compress,
    "xz-concatenated": lambda data: halves(data, lzma.compress),
    "zst": lambda data: by_tool(["zstd", "-qc", "-1"], data),
    "zst-concatenated": lambda data: b"\x50\x2a\x4d\x18\4\0\0\0skip" + halves(data, lambda part: by_tool(["zstd", "-qc", "-1"], part)),
    "lz4": lambda data: by_tool(["lz4", "-qc"], data),
    "lz4-concatenated": lambda data: halves(data, lambda part: by_tool(["lz4", "-qc"], part)),
}


def can(compression):
    tool = {"zst": "zstd", "lz4": "lz4"}.get(compression.split("-")[0])
    return not tool or shutil.which(tool) is not None
