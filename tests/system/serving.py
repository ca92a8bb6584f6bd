"""serving: a running `rollcall serve` for system tests, and DNS messages by hand. Not a test itself.

    with Serving() as server:
        answer = ask(server.address, query("rolls.lab", 48))"""
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

A, NS, SOA, NULL, TXT, OPT, DNSKEY, TSIG = 1, 2, 6, 10, 16, 41, 48, 250
PARENT, PROBE = "rolls.lab", "probe.lab"  # the defaults of rollcall serve


class Serving:
    """Starts the program and waits until it answers; ends it with SIGTERM, which must give exit code 0."""

    def __init__(self, *options, port=None):
        self.port = port or int(os.environ.get("TEST_PORT", 23100))
        self.address = ("127.0.0.1", self.port)
        self.program = os.environ.get("ROLLCALL", "build/src/cmd/rollcall")
        self.state = tempfile.TemporaryDirectory(prefix="rollcall-state.")
        self.options = options
        self.process = None

    def __enter__(self):
        self.log = open(os.path.join(self.state.name, "log"), "w+b")
        self.process = subprocess.Popen([self.program, "serve", "--dns", f"127.0.0.1:{self.port}", "--web", f"127.0.0.1:{self.port + 1}",
            "--state", os.path.join(self.state.name, "state"), *self.options], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            if ask(self.address, query(PARENT, SOA), timeout=0.2):
                return self
            time.sleep(0.05)
        said = self.said()
        self.__exit__(None, None, None)
        raise SystemExit(f"rollcall serve does not answer; it said:\n{said}")

    def enrol(self, **wish):
        """Enrols a participant and waits until its zone is served. Its name."""
        body = json.dumps({"label": "test", "plan": "testzone", **wish}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port + 1}/api/participants", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            zone = json.load(reply)["zone"].rstrip(".")
        for _ in range(200):
            answer = ask(self.address, query(zone, SOA), timeout=1)
            if answer and Message(answer).types(0):
                return zone
            time.sleep(0.05)
        raise SystemExit(f"{zone} is not served 10 s after its enrolment")

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """Exit code after SIGTERM; negative: the signal that ended it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.log.close()
        self.state.cleanup()


def name_wire(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def opt(size=1232, version=0, flags=0, options=b""):
    return b"\0" + struct.pack(">HHBBHH", OPT, size, 0, version, flags, len(options)) + options


def query(name, rtype, flags=0, additional=None, ident=0x4711, opcode=0):
    """`additional`: records in wire form, one element each."""
    additional = additional or []
    question = name_wire(name) + struct.pack(">HH", rtype, 1) if name is not None else b""
    return struct.pack(">HHHHHH", ident, flags | opcode << 11, 1 if question else 0, 0, 0, len(additional)) + question + b"".join(additional)


def ask_tcp(address, message, timeout=3):
    with socket.create_connection(address, timeout) as stream:
        stream.sendall(struct.pack(">H", len(message)) + message)
        return read_frame(stream)


def read_frame(stream):
    def read(length):
        data = b""
        while len(data) < length:
            more = stream.recv(length - len(data))
            if not more:
                return None
            data += more
        return data
    prefix = read(2)
    return read(struct.unpack(">H", prefix)[0]) if prefix else None


def ask(address, message, timeout=3):
    """The answer's octets over UDP, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.connect(address)
        try:
            sock.send(message)
            return sock.recv(65535)
        except OSError:
            return None


class Message:
    """A parsed message. Raises ValueError if it is malformed."""

    def __init__(self, data):
        self.size = len(data)
        try:
            self.ident, self.flags, *counts = struct.unpack_from(">HHHHHH", data)
            at, self.questions, self.sections = 12, [], []
            for _ in range(counts[0]):
                name, at = self._name(data, at)
                self.questions.append((name, *struct.unpack_from(">HH", data, at)))
                at += 4
            for count in counts[1:]:
                section = []
                for _ in range(count):
                    name, at = self._name(data, at)
                    rtype, rclass, ttl, length = struct.unpack_from(">HHIH", data, at)
                    at += 10 + length
                    section.append((name, rtype, rclass, ttl, data[at - length:at]))
                self.sections.append(section)
        except (struct.error, IndexError) as error:
            raise ValueError(f"malformed message: {error}") from error
        if at != len(data):
            raise ValueError(f"message ends at {at} of {len(data)}")
        self.opts = [record for record in self.sections[2] if record[1] == OPT]
        self.rcode = (self.flags & 15) | (self.opts[0][3] >> 24 << 4 if self.opts else 0)

    @staticmethod
    def _name(data, at):
        labels, end = [], None
        for _ in range(128):
            length = data[at]
            if length >= 0xC0:
                end = end or at + 2
                at = struct.unpack_from(">H", data, at)[0] & 0x3FFF
            elif length == 0:
                return ".".join(labels), end or at + 1
            else:
                labels.append(data[at + 1:at + 1 + length].decode("latin-1").lower())
                at += 1 + length
        raise ValueError("a name without end")

    def flag(self, bit):
        return bool(self.flags & bit)

    def types(self, section):
        return [record[1] for record in self.sections[section]]

    def options(self):
        """[(code, octets)] of the OPT record."""
        found, data = [], self.opts[0][4] if self.opts else b""
        while data:
            code, length = struct.unpack_from(">HH", data)
            found.append((code, data[4:4 + length]))
            data = data[4 + length:]
        return found


QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
