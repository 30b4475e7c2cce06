#!/usr/bin/python3
"""One daemon, one good stream, and beside it all that hostile.py can do to a protocol, at once: the
good one's posts arrive as ever, memory stays below a ceiling, the hostile servers are not hammered,
the processor is not kept busy, and the daemon stops when told to.

    test_hostile_servers.py PATH_OF_VIGIE [CLASS...]
"""

import os
import statistics
import sys
import threading
import time

import harness

sys.path.insert(0, harness.SERVERS)

import hostile  # noqa: E402
from test_http_source import Stream

# Eight feeds at once may each be a document of 8 MiB, packed and unpacked, and one is being read.
MEMORY_MAX_MB = 320
# The first seconds, in which everything is tried once, may cost something; then there is rest.
BUSY_S, QUIET_S, REST_WITHIN_S = 7, 2, 40
PROCESSOR_MAX = 0.4  # of one, in the quiet seconds
# Of the good one's posts, if the machine has nothing else to do; else more by as much as it has.
WAITED_MEDIAN_MAX_S, WAITED_MAX_S = 1, 8
CONNECTIONS_MAX = 20  # of each in all that time: 250 ms more each time gives 8 in 9 s

ONLY = os.environ.get("VIGIE_WAYS", "").split()  # to look at some alone

CONFIG = """
sources:
  good: { type: http, url: "%s" }
%s
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


def memory_mb(pid):
    """The most that it ever held."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Good:
    """A stream with a post every 100 ms, and when each was sent."""

    def __init__(self):
        self.sent = {}
        self.ended = threading.Event()
        self.stream = Stream(self.script)

    def script(self, _, connection):
        connection.begin("application/x-ndjson")
        while not self.ended.wait(0.1):
            number = len(self.sent)
            self.sent[f"p{number}"] = time.monotonic()
            connection.send(harness.post(number) + "\n")
        connection.hold()

    def close(self):
        self.ended.set()
        self.stream.close()


class Hostile(harness.Case):
    def source(self, name, path, scheme="http"):
        url = f"{scheme}://127.0.0.1:{self.server.port}/{path}"
        return f"  {name.replace('_', '-')}: {{ {self.kind % url} }}"

    def rest(self, vigie):
        """What it uses of a processor, once that is little; or after all that time."""
        end = time.monotonic() + REST_WITHIN_S * harness.SLOW
        while True:
            began, before = time.monotonic(), processor_s(vigie.pid)
            harness.wait_until("some time later", lambda: time.monotonic() > began + QUIET_S)
            used = (processor_s(vigie.pid) - before) / (time.monotonic() - began)
            if used < PROCESSOR_MAX or time.monotonic() > end:
                return used

    def run_all(self, kind, ways, tls):
        self.kind = kind
        self.server = self.helper("hostile.py")
        good = Good()
        self.addCleanup(good.close)
        crm = self.receiver()
        names = [way.__name__ for way in ways if not ONLY or way.__name__ in ONLY]
        sources = [self.source(name, name) for name in names]
        sources.append(self.source("no-tls", "tls", tls))
        names.append("tls")
        vigie = self.vigie(CONFIG % (good.stream.url(), "\n".join(sources), crm.url))
        vigie.start()
        began = time.monotonic()
        harness.wait_until("all tried", lambda: time.monotonic() > began + BUSY_S)
        for name in names:
            self.assertGreater(len(self.server.of(name)), 0, f"{name} was never asked")
        used = self.rest(vigie)
        memory = memory_mb(vigie.pid)
        good.ended.set()
        crm.wait_for_posts(good.sent)
        counts = {name: len(self.server.of(name)) for name in names}
        stopped = time.monotonic()
        self.assertEqual(vigie.stop(), 0)
        stopped = time.monotonic() - stopped

        self.assertGreater(len(good.sent), 20)
        waited = [r.at - good.sent[r.post] for r in crm.requests]
        self.assertEqual(sorted(crm.posts), sorted(good.sent), "an alert too many")
        print(
            f"{len(names)} ways: {memory:.0f} MB, {100 * used:.0f} % of a processor, at most "
            f"{max(counts.values())} connections, stopped in {stopped:.1f} s, the good one "
            f"waited {statistics.median(waited):.2f} s, at most {max(waited):.2f} s"
        )
        slow = harness.SLOW * max(1, os.getloadavg()[0] / os.cpu_count())
        self.assertLess(statistics.median(waited), WAITED_MEDIAN_MAX_S * slow)
        self.assertLess(max(waited), WAITED_MAX_S * slow)
        hammered = {name: n for name, n in counts.items() if n > CONNECTIONS_MAX}
        self.assertEqual(hammered, {})
        self.assertLess(stopped, 5 * slow)
        if harness.SLOW == 1:
            self.assertLess(memory, MEMORY_MAX_MB)
            self.assertLess(used, PROCESSOR_MAX, "it comes to no rest")
        self.assertEqual(vigie.store_problems(), [])


class Lines(Hostile):
    def test_hostile_streams_of_lines_harm_nobody_else(self):
        kind = 'type: http, url: "%s", format: ndjson, stall: 2s'
        self.run_all(kind, hostile.EVERYWHERE + hostile.LINE_WAYS, "https")


class Events(Hostile):
    def test_hostile_streams_of_events_harm_nobody_else(self):
        kind = 'type: http, url: "%s", format: sse, stall: 2s'
        self.run_all(kind, hostile.EVERYWHERE + hostile.EVENT_WAYS, "https")


class Sockets(Hostile):
    def source(self, name, path, scheme="ws"):
        return super().source(name, path, scheme)

    def test_hostile_websockets_harm_nobody_else(self):
        kind = 'type: websocket, url: "%s", stall: 2s'
        self.run_all(kind, hostile.EVERYWHERE + hostile.SOCKET_WAYS, "wss")


class Feeds(Hostile):
    def test_hostile_feeds_harm_nobody_else(self):
        kind = 'type: feed, url: "%s", allow_private: true, since: all, interval: 10s'
        self.run_all(kind, hostile.EVERYWHERE + hostile.FEED_WAYS, "https")


if __name__ == "__main__":
    harness.main()
