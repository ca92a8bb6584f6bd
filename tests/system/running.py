"""running: rollcall serve with a configuration, and validating resolvers that ask it. Not a test itself."""
import base64
import http.client
import json
import os
import re
import signal
import subprocess
import time

ROLLCALL = os.environ.get("ROLLCALL", "build/src/cmd/rollcall")
SERVERS = os.environ.get("ROLLCALL_SERVERS", "")
WORK = os.environ.get("TEST_DIR") or os.path.join("/tmp", f"rollcall-test.{os.getpid()}")
PORT = int(os.environ.get("TEST_PORT", 27100))
results = []


def check(name, good, detail=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'FAILED'} {name}" + (f": {detail}" if detail and not good else ""), flush=True)
    return bool(good)


def skipped(name, why):
    print(f"skipped {name}: {why}", flush=True)


def in_time(seconds, test):
    """What `test` gives as soon as it is true, or its last result."""
    deadline = time.monotonic() + seconds
    while True:
        result = test()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(0.05)


def program(name):
    """The path of a server program, or None."""
    for directory in ([f"{SERVERS}/bin"] if SERVERS else []) + os.environ["PATH"].split(":") + ["/usr/sbin", "/usr/local/sbin"]:
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            return path
    return None


class Server:
    """`rollcall serve`. `config`: lines of a configuration file, written anew at each start."""

    def __init__(self, name, *options, config="", before=(), env=None, dns=PORT, web=PORT + 1):
        self.directory = os.path.join(WORK, name)
        os.makedirs(self.directory, exist_ok=True)
        os.chmod(self.directory, 0o755)
        self.state, self.file = os.path.join(self.directory, "state"), os.path.join(self.directory, "rollcall.yaml")
        self.dns, self.web, self.options, self.before, self.env = dns, web, options, before, env
        self.process, self.code = None, None
        self.configure(config)

    def configure(self, config):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f'dns: ["127.0.0.1:{self.dns}"]\nweb: 127.0.0.1:{self.web}\nstate: {self.state}\n{config}\n')

    def spawn(self):
        self.log = open(os.path.join(self.directory, "log"), "a+", encoding="utf-8", errors="replace")
        self.mark = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen([*self.before, ROLLCALL, "serve", "--config", self.file, *self.options], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log, env={**os.environ, **(self.env or {})})

    def start(self, seconds=30):
        """Seconds until it said that it serves."""
        begin = time.monotonic()
        self.spawn()
        if not in_time(seconds, lambda: self.process.poll() is not None or "rollcall serves DNS" in self.said()) or self.process.poll() is not None:
            said = self.said()
            self.stop()
            raise AssertionError(f"rollcall serve does not run: {said}")
        return time.monotonic() - begin

    def said(self, since=None):
        """What it said since its last start, or since `since`, a place that place() gave."""
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            file.seek(self.mark if since is None else since)
            return file.read()

    def place(self):
        return os.path.getsize(self.log.name)

    def hup(self, seconds=5):
        """Sends SIGHUP; what it says to that."""
        mark = self.place()
        self.process.send_signal(signal.SIGHUP)
        in_time(seconds, lambda: "SIGHUP:" in self.said(mark))
        return self.said(mark)

    def stop(self, seconds=20):
        """Exit code after SIGTERM; negative: the signal that ended it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.code = self.process.wait() if self.process else None
        return self.code

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def api(self, method, path, body=None):
        """(status, document)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=5)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                {"Content-Type": "application/json"} if body is not None else {})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if "json" in answer.getheader("Content-Type", "") else text.decode(errors="replace")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def enrol(self, plan, label="a resolver"):
        """What the API gives for an enrolment; waits until the zone answers."""
        status, answer = self.api("POST", "/api/participants", {"label": label, "plan": plan})
        if status != 201:
            raise AssertionError(f"enrolment: {status} {answer}")
        if not in_time(20, lambda: dig(self.dns, answer["zone"], "SOA").status == "NOERROR"):
            raise AssertionError(f"the zone {answer['zone']} does not answer")
        return answer


class Answer:
    """What dig printed: status, flags, size, and records as lists of fields."""

    def __init__(self, text):
        def find(pattern, default=None):
            match = re.search(pattern, text)
            return match.group(1) if match else default
        self.text = text
        self.status = find(r"status: (\w+)")
        self.flags = find(r";; flags: ([a-z ]*);", "").split()
        self.size = int(find(r";; MSG SIZE\s+rcvd: (\d+)", "0"))
        self.ede = find(r"; EDE: (\d+)")
        self.tcp = "(TCP)" in text
        self.sections, section = {"ANSWER": [], "AUTHORITY": [], "ADDITIONAL": []}, None
        for line in text.splitlines():
            head = re.match(r";; (ANSWER|AUTHORITY|ADDITIONAL) SECTION:", line)
            if head:
                section = head.group(1)
            elif line.startswith(";") or not line.strip():
                section = section if line.strip() else None
            elif section:
                self.sections[section].append(line.split())
        self.answer = self.sections["ANSWER"]

    def of(self, rtype, section="ANSWER"):
        """The RDATA of each record of that type."""
        return [" ".join(fields[4:]) for fields in self.sections[section] if fields[3] == rtype]

    def __str__(self):
        return f"{self.status} [{' '.join(self.flags)}] {self.size} octets: " + "; ".join(" ".join(f) for f in self.answer)[:300]


def dig(port, name, rtype="A", *options, address="127.0.0.1"):
    """`options`: without them no EDNS flags; "+dnssec", "+cd", "+tcp" …"""
    command = ["dig", f"@{address}", "-p", str(port), name, rtype, "+tries=1", "+time=5", "+nocookie", "+ignore", *options]
    return Answer(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False).stdout)


def tag(rdata):
    """The key tag of a DNSKEY's RDATA in text (RFC 4034 App. B)."""
    flags, protocol, algorithm, *key = rdata.split()
    octets = int(flags).to_bytes(2, "big") + bytes([int(protocol), int(algorithm)]) + base64.b64decode("".join(key))
    total = sum(octet << 8 if i % 2 == 0 else octet for i, octet in enumerate(octets))
    return (total + (total >> 16 & 0xFFFF)) & 0xFFFF


class Resolver:
    """A validating resolver on a port of its own that asks a platform for everything below `zones`. `anchors`: lines of DNSKEY or DS records."""

    def __init__(self, product, directory, port, server_port, zones, anchors, options=""):
        self.product, self.port, self.directory = product, port, os.path.join(WORK, directory)
        os.makedirs(self.directory, exist_ok=True)
        conf = os.path.join(self.directory, product + ".conf")
        write = getattr(self, "_" + product)
        with open(conf, "w", encoding="utf-8") as file:
            file.write(write(server_port, zones, anchors, options))
        arguments = {"unbound": ["-d", "-c", conf], "named": ["-g", "-4", "-n", "1", "-c", conf]}[product]
        self.command = [program(product), *arguments]

    def _unbound(self, server_port, zones, anchors, options):
        lines = ["server:", "    interface: 127.0.0.1", f"    port: {self.port}", "    do-ip6: no", f'    directory: "{self.directory}"', '    username: ""',
            '    chroot: ""', '    pidfile: ""', "    use-syslog: no", '    logfile: ""', "    val-log-level: 2", '    module-config: "validator iterator"',
            "    do-not-query-localhost: no", "    ede: yes", '    local-zone: "lab." nodefault', options]
        lines += [f'    trust-anchor: "{anchor}"' for anchor in anchors]
        for zone in zones:
            lines += ["forward-zone:", f'    name: "{zone}"', f"    forward-addr: 127.0.0.1@{server_port}"]
        return "\n".join(lines + ["remote-control:", "    control-enable: no", ""])

    def _named(self, server_port, zones, anchors, options):
        trust = ""
        for anchor in anchors:
            owner, _, rtype, *rdata = anchor.split()
            kind, head, tail = ("static-ds", 3, rdata[3:]) if rtype == "DS" else ("static-key", 3, rdata[3:])
            trust += f'    "{owner}" {kind} {" ".join(rdata[:head])} "{"".join(tail)}";\n'
        forward = "".join(f'zone "{zone}" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {server_port}; }}; }};\n' for zone in zones)
        return (f'options {{ directory "{self.directory}"; pid-file none; session-keyfile none; listen-on port {self.port} {{ 127.0.0.1; }}; '
                "listen-on-v6 { none; }; recursion yes; allow-query { 127.0.0.0/8; }; dnssec-validation yes; servfail-ttl 0; empty-zones-enable no; "
                f"{options} }};\ncontrols {{ }};\ntrust-anchors {{\n{trust}}};\n{forward}")

    def __enter__(self):
        self.log = open(os.path.join(self.directory, "log"), "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if not in_time(15, lambda: self.process.poll() is not None or dig(self.port, "version.bind", "TXT", "-c", "CH").status) or self.process.poll() is not None:
            self.log.seek(0)
            raise AssertionError(f"{self.product} does not run: {self.log.read()[-2000:]}")
        return self

    def ask(self, name, rtype="A", *options):
        return dig(self.port, name, rtype, *options)

    def secure(self, name, rtype="A"):
        """'AD', 'insecure', or the status of what is no good answer."""
        answer = self.ask(name, rtype, "+adflag", "+tcp")
        return answer.status if answer.status != "NOERROR" or not answer.answer else "AD" if "ad" in answer.flags else "insecure"

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def anchor_of(port, zone):
    """The zone's KSKs as it serves them: lines for a Resolver."""
    return [f"{zone} IN DNSKEY {rdata}" for rdata in dig(port, zone, "DNSKEY", "+tcp").of("DNSKEY") if rdata.startswith("257 ")]


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def plan_file(path, name, steps, hold="PT10S", ttl="PT2S"):
    """A dated plan; `steps`: {key: {step: seconds since 1970}}; a key whose name begins with Z is a zone-signing one."""
    lines = ["format: rollcall.plan/1", f"name: {name}", f"title: of the test {name}", f"zone: {name}.example.", f"dnskey-ttl: {ttl}",
        "signature-validity: PT1H", f"add-hold-down: {hold}", f"remove-hold-down: {hold}", "refresh: PT1S", "retry: PT1S", "keys:"]
    for key, dates in steps.items():
        lines += [f"  - id: {key}", f"    role: {'zsk' if key.startswith('Z') else 'ksk'}", "    algorithm: ECDSAP256SHA256", "    steps:"]
        lines += [f"      - {step}: {utc(at)}" for step, at in dates.items()]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def end():
    raise SystemExit(0 if all(results) and results else 1)
