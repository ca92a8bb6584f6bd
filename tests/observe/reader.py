#!/usr/bin/env python3
"""reader.py [--port N] FILE…: what captures say about trust anchors, read slowly and plainly.

A second opinion on `rollcall observe`, made from the RFCs and from the descriptions of the file formats, and not from its sources: everything
is held in memory, every name is walked, every octet of a TCP stream has its place. Prints the document that truth.py describes; a malformed
file is named on stderr and what came before is counted."""
import argparse
import datetime
import ipaddress
import json
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import truth  # noqa: E402

NULL, A, AAAA, OPT, DNSKEY = 10, 1, 28, 41, 48
UDP, TCP, ICMP, ICMP6 = 17, 6, 1, 58
PAIR_US = 30 * 1000000
FRAGMENT_US = 60 * 1000000


class Malformed(Exception):
    """The file does not hold what it should from this offset on."""

    def __init__(self, offset, text):
        super().__init__(f"offset {offset}: {text}")
        self.offset = offset


# ---- files ----

def by_tool(name, data):
    if not shutil.which(name):
        raise Malformed(0, f"no {name} here to read this with")
    done = subprocess.run([name, "-dc"], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout


def unpack(data):
    """The octets of a file without its compression; those before the fault, if it is damaged."""
    head = data[:6]
    if head[:2] == b"\x1f\x8b":
        whole = b""
        while data[:2] == b"\x1f\x8b":
            member = zlib.decompressobj(31)
            try:
                whole += member.decompress(data)
            except zlib.error:
                break
            data = member.unused_data
        return whole
    if head == b"\xfd7zXZ\0":
        return lzma.decompress(data)
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xf0 == 0x50):
        return by_tool("zstd", data)
    if head[:4] == b"\x04\x22\x4d\x18":
        return by_tool("lz4", data)
    return data


PCAP = {b"\xa1\xb2\xc3\xd4": (">", 1000), b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\x3c\x4d": (">", 1), b"\x4d\x3c\xb2\xa1": ("<", 1)}


def pcap(data):
    """(time_us, link, octets, wire length). draft-ietf-opsawg-pcap."""
    order, unit = PCAP[data[:4]]
    if len(data) < 24:
        raise Malformed(0, "the header is not whole")
    link = struct.unpack(order + "I", data[20:24])[0] & 0xffff
    at = 24
    while at < len(data):
        if at + 16 > len(data):
            raise Malformed(at, "a record header is not whole")
        seconds, fraction, have, wire = struct.unpack(order + "IIII", data[at:at + 16])
        if have > 262144:
            raise Malformed(at, "a record of impossible size")
        if at + 16 + have > len(data):
            raise Malformed(at, "a record is not whole")
        yield seconds * 1000000 + fraction * unit // 1000, link, data[at + 16:at + 16 + have], wire
        at += 16 + have


def options(body, order):
    """Of a pcapng block: code, value."""
    at = 0
    while at + 4 <= len(body):
        code, length = struct.unpack(order + "HH", body[at:at + 4])
        if code == 0:
            return
        yield code, body[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def interface(body, order):
    """link, snap length, ticks of a second, offset in seconds"""
    link, _, snap = struct.unpack(order + "HHI", body[:8])
    ticks, offset = 1000000, 0
    for code, value in options(body[8:], order):
        if code == 9 and len(value) == 1:
            ticks = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
        elif code == 14 and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
    return link, snap, ticks, offset


def pcapng(data):
    """draft-ietf-opsawg-pcapng. A Simple Packet Block has no time: it gets that of the packet before."""
    at, order, interfaces, last = 0, "<", [], 0
    while at < len(data):
        if at + 12 > len(data):
            raise Malformed(at, "a block is not whole")
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            magic = data[at + 8:at + 12]
            if magic not in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"):
                raise Malformed(at, "a section of no byte order")
            order, interfaces = ">" if magic[0] == 0x1a else "<", []
        kind, length = struct.unpack(order + "II", data[at:at + 8])
        if length < 12 or length % 4 or at + length > len(data):
            raise Malformed(at, "a block is not whole")
        if struct.unpack(order + "I", data[at + length - 4:at + length])[0] != length:
            raise Malformed(at, "a block has two lengths")
        body = data[at + 8:at + length - 4]
        if kind == 1:
            interfaces.append(interface(body, order))
        elif kind in (2, 6):  # 2 is the obsolete one: a short number, and a count of drops beside it
            number, high, low, have, wire = struct.unpack(order + "IIIII", body[:20])
            if kind == 2:
                number = struct.unpack(order + "H", body[:2])[0]
            if number >= len(interfaces) or 20 + have > len(body):
                raise Malformed(at, "a packet of no interface, or longer than its block")
            link, _, ticks, offset = interfaces[number]
            last = (high << 32 | low) * 1000000 // ticks + offset * 1000000
            yield last, link, body[20:20 + have], wire
        elif kind == 3:
            if not interfaces:
                raise Malformed(at, "a packet of no interface")
            wire = struct.unpack(order + "I", body[:4])[0]
            have = min(wire, interfaces[0][1] or wire, len(body) - 4)
            yield last, interfaces[0][0], body[4:4 + have], wire
        at += length


def protobuf(data):
    """{field: value}, the last of each: integers, or octets."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            octet = data[at]
            at += 1
            value |= (octet & 127) << shift
            shift += 7
            if octet < 128:
                return value
    while at < len(data):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 1:
            found[key >> 3], at = data[at:at + 8], at + 8
        elif key & 7 == 5:
            found[key >> 3], at = struct.unpack("<I", data[at:at + 4])[0], at + 4
        elif key & 7 == 2:
            length = varint()
            if at + length > len(data):
                raise ValueError("a field longer than what it lies in")
            found[key >> 3], at = data[at:at + length], at + length
        else:
            raise ValueError("a wire type of no meaning")
    return found


TRANSPORTS = {1: "udp", 2: "tcp"}


def dnstap_messages(frame):
    """(time_us, message, client, client port, server, server port, transport) of a frame. dnstap.proto

    Of what a server was asked (AUTH and CLIENT), not of what it asked others.
    """
    fields = protobuf(frame)
    if fields.get(15) != 1 or 14 not in fields:
        return
    said = protobuf(fields[14])
    if said.get(1) not in (1, 2, 5, 6):
        return
    ends = (said.get(4, b""), said.get(6, 0), said.get(5, b""), said.get(7, 0), TRANSPORTS.get(said.get(3), "other"))
    for message, seconds, nano in ((10, 8, 9), (14, 12, 13)):
        if message in said:
            time = said.get(seconds, said.get(8, said.get(12, 0))) * 1000000 + said.get(nano, 0) // 1000
            yield (time, said[message], *ends)


def frames(data):
    """(offset, data frame) of Frame Streams."""
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise Malformed(at, "a frame is not whole")
        length = struct.unpack(">I", data[at:at + 4])[0]
        if length == 0:
            if at + 8 > len(data):
                raise Malformed(at, "a control frame is not whole")
            control = struct.unpack(">I", data[at + 4:at + 8])[0]
            if control > 512 or at + 8 + control > len(data):
                raise Malformed(at, "a control frame is not whole")
            if data[at + 8:at + 12] == b"\0\0\0\3":
                return
            at += 8 + control
            continue
        if at + 4 + length > len(data):
            raise Malformed(at, "a frame is not whole")
        yield at, data[at + 4:at + 4 + length]
        at += 4 + length


# ---- packets ----

def ethernet_payload(kind, data):
    """Past VLAN tags and PPPoE."""
    while kind in (0x8100, 0x88a8, 0x9100) and len(data) >= 4:
        kind, data = struct.unpack(">H", data[2:4])[0], data[4:]
    if kind == 0x8864:
        return pppoe(data)
    return data if kind in (0x0800, 0x86dd) else None


def pppoe(data):
    """RFC 2516: its own length ends it."""
    if len(data) < 8 or data[0] != 0x11 or data[1] != 0:
        return None
    length = struct.unpack(">H", data[4:6])[0]
    return ppp(data[6:6 + length])


def ppp(data):
    if data[:2] == b"\xff\x03":
        data = data[2:]
    if data[:1] and data[0] & 1:
        return data[1:] if data[0] in (0x21, 0x57) else None
    return data[2:] if data[:2] in (b"\x00\x21", b"\x00\x57") else None


def network(link, data):
    """The IP packet (and what follows it) in a frame, or None."""
    if link == 1 and len(data) >= 14:
        return ethernet_payload(struct.unpack(">H", data[12:14])[0], data[14:])
    if link == 113 and len(data) >= 16:
        return ethernet_payload(struct.unpack(">H", data[14:16])[0], data[16:])
    if link == 276 and len(data) >= 20:
        return ethernet_payload(struct.unpack(">H", data[:2])[0], data[20:])
    if link in (0, 108) and len(data) >= 4:
        return data[4:]
    if link == 9:
        return ppp(data)
    if link == 51:
        return pppoe(data)
    return data if link in (101, 228, 229) else None


class Packets:
    """Takes frames, in the order of the capture; gives datagrams, TCP segments and ICMP errors."""

    def __init__(self, port):
        self.port, self.index = port, 0
        self.fragments = {}
        self.datagrams, self.segments, self.errors = [], [], []

    def frame(self, time, link, data, wire):
        self.index += 1
        packet = network(link, data)
        if packet:
            self.internet(time, packet, wire > len(data))

    def internet(self, time, packet, cut):
        version = packet[0] >> 4
        if version == 4 and len(packet) >= 20:
            self.four(time, packet, cut)
        elif version == 6 and len(packet) >= 40:
            self.six(time, packet, cut)

    def four(self, time, packet, cut):
        head, total = (packet[0] & 15) * 4, struct.unpack(">H", packet[2:4])[0]
        if head < 20 or total < head or (total > len(packet) and not cut):
            return
        ident, bits = struct.unpack(">HH", packet[4:8])
        ends = (packet[12:16], packet[16:20])
        payload, length = packet[head:total], total - head
        if bits & 0x3fff:
            self.fragment(time, (ends, packet[9], ident), packet[9], bits % 0x2000 * 8, bool(bits & 0x2000), payload, length)
        else:
            self.transport(time, ends, packet[9], payload, length)

    def six(self, time, packet, cut):
        length = struct.unpack(">H", packet[4:6])[0]
        if length > len(packet) - 40 and not cut:
            return
        self.headers(time, (packet[8:24], packet[24:40]), packet[6], packet[40:40 + length], length)

    def headers(self, time, ends, kind, payload, length):
        """RFC 8200 §4."""
        while kind in (0, 43, 60, 51, 135, 44):
            if len(payload) < 8:
                return
            if kind == 44:
                bits, ident = struct.unpack(">HI", payload[2:8])
                kind, payload, length = payload[0], payload[8:], length - 8
                if bits & 0xfff9:
                    self.fragment(time, (ends, 6, ident), kind, bits & 0xfff8, bool(bits & 1), payload, length)
                    return
                continue
            size = (payload[1] + 2) * 4 if kind == 51 else (payload[1] + 1) * 8
            if size > length:
                return
            kind, payload, length = payload[0], payload[size:], length - size
        self.transport(time, ends, kind, payload, length)

    def fragment(self, time, key, kind, offset, more, payload, length):
        if len(payload) < length:
            return
        pieces = [piece for piece in self.fragments.get(key, []) if abs(time - piece[0]) <= FRAGMENT_US]
        if all(piece[1] != offset for piece in pieces):
            pieces.append((time, offset, more, payload, kind))
        self.fragments[key] = pieces
        whole, done = b"", False
        for _, at, goes_on, part, _ in sorted(pieces, key=lambda piece: piece[1]):
            if at != len(whole):
                return
            whole, done = whole + part, not goes_on
        if done:
            del self.fragments[key]
            self.headers(time, key[0], min(pieces, key=lambda piece: piece[1])[4], whole, len(whole))

    def transport(self, time, ends, kind, payload, length):
        if kind == UDP and len(payload) >= 8:
            source, destination, size = struct.unpack(">HHH", payload[:6])
            if self.port in (source, destination) and 8 <= size <= length:
                self.datagrams.append((self.index, time, ends[0], source, ends[1], destination, payload[8:size], size - 8))
        elif kind == TCP and len(payload) >= 20:
            source, destination, sequence = struct.unpack(">HHI", payload[:8])
            head, flags = (payload[12] >> 4) * 4, payload[13]
            if self.port in (source, destination) and 20 <= head <= length:
                self.segments.append((self.index, time, (ends[0], source, ends[1], destination), sequence, flags, payload[head:], length - head))
        elif kind in (ICMP, ICMP6) and len(payload) >= 8:
            self.error(time, kind, payload)

    def error(self, time, kind, payload):
        """RFC 792, 1191, 4443: about which packet of ours?"""
        told = {(ICMP, 3, 4): "too-big", (ICMP, 11, 1): "reassembly", (ICMP6, 2, 0): "too-big", (ICMP6, 3, 1): "reassembly"}
        what = told.get((kind, payload[0], 0 if (kind, payload[0]) == (ICMP6, 2) else payload[1]))
        inner = payload[8:]
        if not what or not inner:
            return
        if inner[0] >> 4 == 4 and len(inner) >= 20:
            client, upper, first = inner[16:20], inner[9], not struct.unpack(">H", inner[6:8])[0] & 0x1fff
            inner = inner[(inner[0] & 15) * 4:]
        elif inner[0] >> 4 == 6 and len(inner) >= 40:
            client, upper, inner, first = inner[24:40], inner[6], inner[40:], True
            while upper in (0, 43, 60, 44) and len(inner) >= 8:
                if upper == 44:
                    first = not struct.unpack(">H", inner[2:4])[0] & 0xfff8
                size = 8 if upper == 44 else (inner[1] + 1) * 8
                upper, inner = inner[0], inner[size:]
        else:
            return
        if upper in (UDP, TCP) and (not first or (len(inner) >= 2 and struct.unpack(">H", inner[:2])[0] == self.port)):
            self.errors.append((time, what, client))


# ---- TCP ----

def plausible(data):
    """A length (RFC 7766 §8) and so many octets, with the header of a query or answer. The end of a question, "…org. MX IN", looks much like a
    header that promises a long message: without that message it is none."""
    if len(data) < 14:
        return False
    length, _, flags, questions = struct.unpack(">HHHH", data[:8])
    return 17 <= length <= len(data) - 2 and not flags & 0x7840 and questions == 1 and read_name(data[2:], 12) is not None


class Stream:
    """One direction of a connection: each octet in its place, with the packet that brought it."""

    def __init__(self, base, synced):
        self.base, self.synced, self.octets, self.starts, self.newest = base, synced, {}, set(), 0

    def put(self, sequence, data, index, time):
        offset = (sequence - self.base + 0x80000000) % 0x100000000 - 0x80000000
        # Relative to what came last, so that more than 2^31 octets are no matter here; captures of the tests are small.
        self.starts.add(offset)
        for i, octet in enumerate(data):
            if offset + i >= 0 or not self.synced:
                self.octets.setdefault(offset + i, (octet, index, time))

    def runs(self):
        run, before = [], None
        for place in sorted(self.octets):
            if before is not None and place != before + 1:
                yield run
                run = []
            run.append(place)
            before = place
        if run:
            yield run

    def messages(self):
        """(index, time, message)"""
        for run in self.runs():
            data = bytes(self.octets[place][0] for place in run)
            at = 0
            if not (self.synced and run[0] == 0):
                begins = [place - run[0] for place in sorted(self.starts) if run[0] <= place <= run[-1]]
                at = next((place for place in begins if plausible(data[place:])), len(data))
            while at + 2 <= len(data):
                length = struct.unpack(">H", data[at:at + 2])[0]
                if at + 2 + length > len(data):
                    break
                brought = max(self.octets[place][1:] for place in run[at:at + 2 + length])
                yield (*brought, data[at + 2:at + 2 + length])
                at += 2 + length


def streams(segments):
    """(index, time, source, source port, destination, destination port, message) of all TCP connections."""
    open_now, every = {}, []
    for index, time, ends, sequence, flags, data, length in segments:
        if flags & 2:
            base = (sequence + 1) % 0x100000000
            if ends not in open_now or open_now[ends].base != base:
                open_now[ends] = Stream(base, True)
                every.append((ends, open_now[ends]))
            sequence = base
        elif ends not in open_now and data:
            open_now[ends] = Stream(sequence, False)
            every.append((ends, open_now[ends]))
        if data and len(data) == length:
            open_now[ends].put(sequence, data, index, time)
    for ends, stream in every:
        for index, time, message in stream.messages():
            yield (index, time, *ends, message)


# ---- DNS ----

def read_name(message, at):
    """(labels, end) of a name without compression, or None. RFC 1035 §3.1"""
    labels, size = [], 1
    while at < len(message):
        length = message[at]
        if length == 0:
            return labels, at + 1
        size += length + 1
        if length > 63 or size > 255 or at + 1 + length > len(message):
            return None
        labels.append(message[at + 1:at + 1 + length])
        at += 1 + length
    return None


def skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += message[at] + 1
    return at + 1


def presentation(labels):
    def octet(c):
        return "\\" + chr(c) if c in b'.\\"();@$' else chr(c).lower() if 0x21 <= c <= 0x7e else f"\\{c:03d}"
    return "".join("".join(octet(c) for c in label) + "." for label in labels) or "."


def find_opt(message, at):
    """(UDP size, flags, [(code, value)]) of the OPT record, or None. RFC 6891"""
    counts = struct.unpack(">HHH", message[6:12])
    try:
        for _ in range(sum(counts)):
            at = skip_name(message, at)
            kind, size, ttl, length = struct.unpack(">HHIH", message[at:at + 10])
            data = message[at + 10:at + 10 + length]
            if len(data) < length:
                return None
            if kind == OPT:
                found, i = [], 0
                while i + 4 <= len(data):
                    code, long = struct.unpack(">HH", data[i:i + 4])
                    found.append((code, data[i + 4:i + 4 + long]))
                    i += 4 + long
                return size, ttl & 0xffff, found
            at += 10 + length
    except (struct.error, IndexError):
        pass
    return None


def fault_of(label):
    """The class of what is wrong with a label that begins with "_ta-", or None. RFC 8145 §5.1"""
    rest = label[4:].split(b"-")
    if rest == [b""]:
        return "empty"
    for place, tag in enumerate(rest):
        if tag == b"" and place == len(rest) - 1:
            return "hyphen"
        if any(c not in b"0123456789abcdefABCDEF" for c in tag):
            return "hex"
        if len(tag) != 4:
            return "short" if len(tag) < 4 else "long"
    return None


def option_fault(values):
    """RFC 8145 §4.1: tags of two octets, at least one."""
    if any(len(value) % 2 for value in values):
        return "option-odd"
    return "option-empty" if any(not value for value in values) else None


class Message:
    """What a DNS message says; `kind` is None when nothing about trust anchors."""

    def __init__(self, data, wire):
        self.good = False
        if len(data) < 12:
            return
        self.id, bits, questions = struct.unpack(">HHH", data[:6])
        name = read_name(data, 12)
        if bits >> 11 & 15 or questions != 1 or name is None or name[1] + 2 > len(data):
            return
        labels, at = name
        self.type = struct.unpack(">H", data[at:at + 2])[0]
        if at + 4 <= len(data) and data[at + 2:at + 4] != b"\0\1":
            return
        self.good, self.wire = True, wire
        self.answer, self.truncated = bool(bits & 0x8000), bits >> 9 & 1
        opt = find_opt(data, at + 4)
        self.flags = (bits >> 8 & 1, opt[1] >> 15 if opt else 0, bits >> 4 & 1)
        self.question = (tuple(label.lower() for label in labels), self.type)
        self.says = self.judge(labels)
        self.option = None
        values = [value for code, value in opt[2] if code == 14] if opt else []
        if self.type == DNSKEY and not self.answer and values:
            fault = option_fault(values)
            tags = [struct.unpack(">H", value[i:i + 2])[0] for value in values for i in range(0, len(value) - 1, 2)]
            self.option = ("invalid", presentation(labels), fault) if fault else ("option", presentation(labels), truth.tags_text(tags))

    def judge(self, labels):
        """(kind, zone, tags) or None"""
        first, zone = labels[0].lower() if labels else b"", presentation(labels[1:])
        if self.type == DNSKEY:
            return "dnskey", presentation(labels), ""
        if first.startswith(b"_ta-") and self.type in (NULL, A):
            fault = fault_of(first)
            if fault:
                return "invalid", zone, fault
            return "ta-null" if self.type == NULL else "ta-a", zone, truth.tags_text(int(tag, 16) for tag in first[4:].split(b"-"))
        for kind, prefix in (("is-ta", b"root-key-sentinel-is-ta-"), ("not-ta", b"root-key-sentinel-not-ta-")):
            digits = first[len(prefix):]
            if first.startswith(prefix) and len(digits) == 5 and digits.isdigit() and int(digits) < 65536 and self.type in (A, AAAA):
                return kind, zone, f"{int(digits):04x}"
        return None


def address(octets):
    found = ipaddress.ip_address(octets)
    return str(getattr(found, "ipv4_mapped", None) or found)


class Counter:
    """Messages in the order of the capture: a question and its answer are one."""

    def __init__(self):
        self.truth, self.waiting = truth.Truth(), {}

    def take(self, time, source, source_port, destination, destination_port, transport, data, wire):
        message = Message(data, wire)
        if not message.good:
            return
        client, server = ((destination, destination_port), (source, source_port)) if message.answer else \
            ((source, source_port), (destination, destination_port))
        who = address(client[0])
        self.truth.message(who, message.answer)
        second = self.is_second((client, server, transport, message.id, message.question), time, message.answer)
        if message.says and not second:
            self.truth.add(time, *self.sort(message.says), transport, who, message.flags)
        if message.option:
            self.truth.add(time, *self.sort(message.option), transport, who, message.flags)
        if message.answer and message.type == DNSKEY:
            self.truth.add(time, message.says[1], "dnskey-answer", "", transport, who, octets=wire, truncated=message.truncated)

    @staticmethod
    def sort(says):
        return says[1], says[0], says[2]

    def is_second(self, key, time, answer):
        waiting = self.waiting.setdefault(key, [])
        for place, (when, was_answer) in enumerate(waiting):
            if was_answer != answer and abs(time - when) <= PAIR_US:
                del waiting[place]
                return True
        waiting.append((time, answer))
        return False


def read_dnstap(data, counter):
    for at, frame in frames(data):
        try:
            said = list(dnstap_messages(frame))
        except (IndexError, ValueError, struct.error) as wrong:
            raise Malformed(at, "a frame is no dnstap") from wrong
        if said:
            counter.truth.see(said[0][0])
        for time, message, client, client_port, server, server_port, transport in said:
            if len(message) > 2 and message[2] & 0x80:
                counter.take(time, server, server_port, client, client_port, transport, message, len(message))
            else:
                counter.take(time, client, client_port, server, server_port, transport, message, len(message))


LOG_LINE = re.compile(rb"^(\S+)(?: (\d\d:\d\d:\d\d\.\d+))? .*trust-anchor-telemetry '(.*)/IN' from (\S+?)((?: \d+)*)$")


def read_log(data, counter):
    """Lines as named writes them in the category trust-anchor-telemetry; times without a zone are UTC."""
    for line in data.split(b"\n"):
        found = LOG_LINE.match(line)
        if not found:
            continue
        day, hour, name, client, tags = (part.decode() if part else "" for part in found.groups())
        moment = datetime.datetime.strptime(f"{day} {hour}", "%d-%b-%Y %H:%M:%S.%f") if hour else datetime.datetime.fromisoformat(day.rstrip("Z"))
        when = round(moment.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000000)
        counter.truth.see(when)
        name = name.lower().rstrip(".") + "."
        if tags:
            counter.truth.add(when, name, "option", truth.tags_text(map(int, tags.split())), "unknown", client)
            continue
        label, _, zone = name.partition(".")
        counter.truth.add(when, zone or ".", "ta-null", truth.tags_text(int(tag, 16) for tag in label[4:].split("-")), "unknown", client)
    counter.truth.loose |= {"flags", "traffic", "coverage"}


def read_packets(records, counter, port):
    packets, fault = Packets(port), None
    try:
        for time, link, data, wire in records:
            counter.truth.see(time)
            packets.frame(time, link, data, wire)
    except Malformed as found:
        fault = found
    messages = [(*datagram[:6], "udp", *datagram[6:]) for datagram in packets.datagrams]
    messages += [(*found[:6], "tcp", found[6], len(found[6])) for found in streams(packets.segments)]
    for message in sorted(messages, key=lambda m: m[0]):
        counter.take(*message[1:])
    for time, what, client in packets.errors:
        counter.truth.add(time, "", what, "", "udp", address(client))
    if fault:
        raise fault


def read(paths, port=53):
    """The document of one stream of capture that lies in these files, and the fault that ended it, or None."""
    counter, fault = Counter(), None
    for path in paths:
        with open(path, "rb") as file:
            data = unpack(file.read())
        try:
            if data[:4] in PCAP:
                read_packets(pcap(data), counter, port)
            elif data[:4] == b"\x0a\x0d\x0d\x0a":
                read_packets(pcapng(data), counter, port)
            elif data[:4] == b"\0\0\0\0":
                read_dnstap(data, counter)
            elif b"trust-anchor-telemetry '" in data:
                read_log(data, counter)
            else:
                raise Malformed(0, "no capture")
        except Malformed as found:
            fault = f"{path}: {found}"
    return counter.truth.document(), fault


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=53)
    parser.add_argument("files", nargs="+")
    asked = parser.parse_args()
    found, fault = read(asked.files, asked.port)
    json.dump(found, sys.stdout, indent=1)
    print()
    if fault:
        print(fault, file=sys.stderr)
    return 65 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
