"""web_client: the web side alone (tests/system/web_site.c) for tests, and HTTP by hand. Not a test itself."""
import os
import socket
import subprocess
import tempfile

PORT = int(os.environ.get("TEST_PORT", 24100))


class Site:
    """A running web_site. `tokens`: by participant's number, (token, zone)."""

    def __init__(self, *words, port=PORT):
        self.words, self.port = words, port

    def __enter__(self):
        self.state = tempfile.TemporaryDirectory(prefix="rollcall-web.")
        program = os.path.join(os.environ.get("ROLLCALL_BUILD", "build"), "tests/system/web_site")
        self.process = subprocess.Popen([program, self.state.name, str(self.port), *self.words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1)
        self.tokens = {}
        for line in self.process.stdout:
            if line.startswith("http://"):
                self.url = line.strip()
                return self
            _, number, token, zone = line.split()
            self.tokens[int(number)] = (token, zone)
        raise SystemExit(f"web_site did not start: exit {self.process.wait()}")

    def judge(self, number, verdict, text):
        self.process.stdin.write(f"{number} {verdict} {text}\n")

    def stop(self):
        """Exit code after SIGTERM."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.process.stdin.close()
        self.process.stdout.close()
        self.state.cleanup()

    # --- HTTP ---

    def dial(self, source=None, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout, source_address=(source, 0) if source else None)

    def ask(self, method, path, body=None, headers=None, source=None):
        """(status, headers in lower case, body) of one request over a connection of its own."""
        lines = [f"{method} {path} HTTP/1.1", "Host: test", "Connection: close"]
        body = body.encode() if isinstance(body, str) else body
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        with self.dial(source) as stream:
            stream.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
            try:
                stream.sendall(body or b"")
            except OSError:
                pass  # it may have refused already
            return parse(read_all(stream))

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, body, kind="application/json", **options):
        headers = {"Content-Type": kind, **options.pop("headers", {})}
        return self.ask("POST", path, body, headers, **options)


def read_all(stream):
    data = b""
    try:
        while True:
            more = stream.recv(65536)
            if not more:
                return data
            data += more
    except OSError:
        return data


def parse(data):
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0]:
        return 0, {}, b""
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return int(lines[0].split()[1]), headers, body
