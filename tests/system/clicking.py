"""clicking: ClickHouse servers on loopback, one for each shard, run from the unpacked package. Not a test itself."""
import os
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from running import WORK, in_time, program

CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>{home}/server.log</log><errorlog>{home}/error.log</errorlog><size>50M</size><count>1</count></logger>
  <http_port>{http}</http_port> <tcp_port>{native}</tcp_port>
  <interserver_http_port>{between}</interserver_http_port> <interserver_http_host>127.0.0.1</interserver_http_host>
  <listen_host>127.0.0.1</listen_host> <max_connections>256</max_connections> <max_concurrent_queries>100</max_concurrent_queries>
  <keep_alive_timeout>3</keep_alive_timeout> <mark_cache_size>268435456</mark_cache_size> <timezone>{timezone}</timezone>
  <path>{home}/data/</path> <tmp_path>{home}/tmp/</tmp_path> <user_files_path>{home}/files/</user_files_path>
  <format_schema_path>{home}/schemas/</format_schema_path>
  <users_config>users.xml</users_config> <default_profile>default</default_profile> <default_database>default</default_database>
  <mlock_executable>false</mlock_executable>
  <remote_servers>{clusters}</remote_servers>
</yandex>
"""
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles>
    <default><max_memory_usage>4000000000</max_memory_usage></default>
    <reader><readonly>1</readonly></reader>
  </profiles>
  <users>{users}</users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows>
    <execution_time>0</execution_time></interval></default></quotas>
</yandex>
"""
USER = "<{name}><password>{password}</password><networks><ip>127.0.0.1</ip></networks><profile>{profile}</profile><quota>default</quota></{name}>"


def available():
    return program("clickhouse-server")


class Shard:
    """One server. Ports from `port`: HTTP, native, between servers."""

    def __init__(self, name, port, clusters, users=(), timezone="UTC"):
        self.home, self.port = os.path.join(WORK, name), port
        os.makedirs(self.home, exist_ok=True)
        listed = "".join(f"<{cluster}>" + "".join(
            f"<shard><internal_replication>false</internal_replication><replica><host>127.0.0.1</host><port>{native}</port></replica></shard>"
            for native in natives) + f"</{cluster}>" for cluster, natives in clusters.items())
        people = "".join(USER.format(name=user, password=password, profile=profile)
            for user, password, profile in (("default", "", "default"), *users))
        for file, text in (("config.xml", CONFIG.format(home=self.home, http=port, native=port + 1, between=port + 2, clusters=listed,
                timezone=timezone)), ("users.xml", USERS.format(users=people))):
            with open(os.path.join(self.home, file), "w", encoding="utf-8") as out:
                out.write(text)
        self.process = None

    def start(self, seconds=60):
        self.log = open(os.path.join(self.home, "log"), "ab")
        self.process = subprocess.Popen([program("clickhouse-server"), f"--config-file={self.home}/config.xml"], cwd=self.home,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        in_time(seconds, lambda: self.process.poll() is not None or self.ready())
        if not self.ready():
            self.kill()
            with open(os.path.join(self.home, "log"), encoding="utf-8", errors="replace") as said:
                raise AssertionError(f"clickhouse-server does not run: {said.read()[-2000:]}")
        return self

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=1) as answer:
                return answer.read() == b"Ok.\n"
        except OSError:
            return False

    def sql(self, query, body=None, **settings):
        """The answer's text; raises AssertionError with ClickHouse's words."""
        url = f"http://127.0.0.1:{self.port}/?" + urllib.parse.urlencode({"query": query, **settings})
        try:
            with urllib.request.urlopen(url, data=body or b"", timeout=60) as answer:
                return answer.read().decode(errors="replace").rstrip("\n")
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode(errors="replace")[:500]) from error

    def kill(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            self.log.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()


def shards(count, port, name="shard", cluster="pair", **options):
    """`count` shards of one cluster, 3 ports each, not started."""
    natives = [port + 3 * i + 1 for i in range(count)]
    return [Shard(f"{name}{i}", port + 3 * i, {cluster: natives} if cluster else {}, **options) for i in range(count)]
