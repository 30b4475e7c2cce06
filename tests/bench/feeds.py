#!/usr/bin/python3
"""What 1,500 feeds cost one daemon: CPU, memory, how evenly they are asked, and how long a new
entry takes from its feed's answer to the alert. Run as

    feeds.py PATH_OF_VIGIE [FEEDS [INTERVAL_S]]

The feeds are on many hosts (names under .localhost, which libcurl takes to loopback), of all
sizes; some say 304, some ignore validators, a few fail. The interval is short, so that rounds can
be watched; the CPU of a day with the usual interval of 15 minutes is that of a round, spread over
it. Fails if a goal is missed."""

import asyncio
import json
import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

FEEDS = 1500
INTERVAL_S = 60
REAL_INTERVAL_S = 15 * 60
IDLE_CPU_GOAL = 1.0  # percent, at the usual interval
MEMORY_GOAL_MB = 60
EVENNESS_GOAL = 1.5  # the busiest twentieth of a round against the mean
DELAY_GOAL_MS = 100

CONFIG = """
store: {{ path: vigie.db }}
sources:
  presse: {{ type: feed, opml: feeds.opml, interval: {interval}s, allow_private: true }}
notifiers:
  hook: {{ type: webhook, url: "http://127.0.0.1:{hook}/" }}
rules:
  - name: solaire
    any: [solaire, photovoltaïque, panneau solaire]
"""

WORDS = (
    "la mairie annonce un nouveau projet pour le quartier de la gare et les habitants "
    "demandent une réunion publique avant le début des travaux prévus cet été"
).split()


def text(dice, words):
    return " ".join(dice.choice(WORDS) for _ in range(words))


class Feed:
    def __init__(self, number, dice):
        self.number = number
        # The sizes of the wild: most have 10 to 30 entries, few whole articles.
        self.words = dice.choice([20, 40, 60, 150, 150, 400])
        self.items = []
        self.next = 0
        self.conditional = dice.random() < 0.6
        self.fails = dice.random() < 0.03
        for _ in range(dice.choice([10, 15, 20, 20, 30, 50])):
            self.add(dice)
        self.asked_at = []

    def add(self, dice, extra=""):
        self.next += 1
        name = f"f{self.number}-{self.next}"
        self.items.insert(
            0,
            f"<item><guid isPermaLink='false'>{name}</guid><title>{text(dice, 8)} {extra}</title>"
            f"<link>http://example.org/{name}</link><pubDate>Wed, 01 Jul 2026 10:00:00 +0200"
            f"</pubDate><description>&lt;p&gt;{text(dice, self.words)}&lt;/p&gt;</description>"
            "</item>",
        )
        self.items = self.items[:50]
        return name

    def body(self):
        return (
            "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
            + "".join(self.items)
            + "</channel></rss>"
        ).encode()


class Server:
    """The feeds and the webhook, on a loop of their own."""

    def __init__(self, feeds):
        self.feeds = feeds
        self.requests = []  # (when, feed)
        self.answered = {}  # item: when its feed's answer was written
        self.pending = {}  # feed: item not told yet
        self.alerted = {}  # item: when
        self.open = {}  # host: how many requests are under way
        self.most_of_a_host = 0
        self.most = 0
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._listen())
        ready.set()
        self.loop.run_forever()

    async def _listen(self):
        feeds = await asyncio.start_server(self._feed, "127.0.0.1", 0, backlog=256)
        hook = await asyncio.start_server(self._hook, "127.0.0.1", 0, backlog=64)
        self.port = feeds.sockets[0].getsockname()[1]
        self.hook_port = hook.sockets[0].getsockname()[1]

    async def _feed(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                number = int(re.match(r"GET /(\d+) ", head).group(1))
                host = re.search(r"(?i)\r\nHost: ([^\r:]+)", head).group(1)
                self.requests.append((time.monotonic(), number))
                self.open[host] = self.open.get(host, 0) + 1
                self.most_of_a_host = max(self.most_of_a_host, self.open[host])
                self.most = max(self.most, sum(self.open.values()))
                await asyncio.sleep(0.05)  # a server somewhere
                self.open[host] -= 1
                writer.write(self._answer(number, head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, number, head):
        feed = self.feeds[number]
        if feed.fails:
            return b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
        tag = f'"{feed.next}"'
        if feed.conditional and f"\r\nIf-None-Match: {tag}\r\n" in head:
            return b"HTTP/1.1 304 Not Modified\r\n\r\n"
        if number in self.pending:
            self.answered[self.pending.pop(number)] = time.monotonic()
        body = feed.body()
        validator = f"ETag: {tag}\r\n" if feed.conditional else ""
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n{validator}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    async def _hook(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(re.search(r"(?i)content-length: (\d+)", head).group(1))
                body = json.loads(await reader.readexactly(length))
                url = body["data"]["post"]["url"]
                self.alerted.setdefault(url.rsplit("/", 1)[1], time.monotonic())
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def publish(self, number, dice, extra):
        def add():
            name = self.feeds[number].add(dice, extra)
            if extra:
                self.pending[number] = name

        self.loop.call_soon_threadsafe(add)


def cpu_s(pid):
    """Of all threads."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def memory_mb(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+)", file.read()).group(1)) / 1024


def written_bytes(pid):
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(re.search(r"write_bytes: (\d+)", file.read()).group(1))


def evenness(times, start, length):
    """The busiest twentieth against the mean."""
    counts = [0] * 20
    for at in times:
        place = math.floor((at - start) / length * 20)
        if 0 <= place < 20:
            counts[place] += 1
    return max(counts) / (sum(counts) / 20) if sum(counts) else 0.0


class Bench:
    def __init__(self, folder, count, interval):
        self.dice = random.Random(1)
        self.count, self.interval, self.folder = count, interval, folder
        self.server = Server([Feed(n, self.dice) for n in range(count)])
        self.good = True
        with open(os.path.join(folder, "feeds.opml"), "w", encoding="utf-8") as file:
            file.write("<opml version='2.0'><body>\n")
            for n in range(count):
                # One feed in five is on a host with others.
                host = f"h{n}" if n % 5 else f"shared{n % 40}"
                url = f"http://{host}.localhost:{self.server.port}/{n}"
                file.write(f"<outline text='f{n}' xmlUrl='{url}'/>\n")
            file.write("</body></opml>\n")

    def say(self, what, value, unit, goal=None):
        held = goal is None or value <= goal
        self.good = self.good and held
        verdict = "" if goal is None else f" (goal {goal:g}: {'held' if held else 'MISSED'})"
        print(f"{what}: {value:.2f} {unit}{verdict}", flush=True)

    def times(self, since):
        return [at for at, _ in self.server.requests if at >= since]

    def first_round(self, pid):
        start = time.monotonic()
        limit = start + self.count * 0.25 + self.interval + 30
        while len({n for _, n in self.server.requests}) < self.count:
            if time.monotonic() > limit:
                missing = self.count - len({n for _, n in self.server.requests})
                sys.exit(f"{missing} feeds were never asked")
            time.sleep(0.2)
        took = time.monotonic() - start
        self.say("first round", took, "s")
        self.say("  CPU", cpu_s(pid) / self.count * 1e3, "ms a feed, start included")
        self.say("  busiest twentieth / mean", evenness(self.times(start), start, took), "")
        # Between now and the next round nobody is asked twice at once: rounds overlap from here.
        time.sleep(self.interval)

    def rounds(self, pid):
        """Two rounds in which one feed in ten brings an entry that no rule wants."""
        start, cpu, written = time.monotonic(), cpu_s(pid), written_bytes(pid)
        length = 2 * self.interval
        for _ in range(40):
            for number in self.dice.sample(range(self.count), self.count // 200):
                self.server.publish(number, self.dice, "")
            time.sleep(length / 40)
        asked = self.times(start)
        used = cpu_s(pid) - cpu
        share = used / length * 100
        a_poll = used / len(asked)
        self.say(f"rounds of {self.interval} s: requests", len(asked) / length, "a second")
        self.say("  CPU", share, "%")
        self.say("  CPU a request", a_poll * 1e3, "ms")
        wanted = a_poll * self.count / REAL_INTERVAL_S * 100
        self.say("  CPU at an interval of 15 min", wanted, "%", IDLE_CPU_GOAL)
        even = max(
            evenness(asked, start + n * self.interval, self.interval) for n in range(2)
        )
        self.say("  busiest twentieth / mean", even, "", EVENNESS_GOAL)
        self.say("  written", (written_bytes(pid) - written) / len(asked) / 1024, "KB a request")

    def delays(self):
        """Entries that a rule wants, from the feed's answer to the webhook."""
        names = self.dice.sample([f.number for f in self.server.feeds if not f.fails], 60)
        for number in names:
            self.server.publish(number, self.dice, "un parc solaire")
        limit = time.monotonic() + 5 * self.interval
        while len(self.server.alerted) < len(names) and time.monotonic() < limit:
            time.sleep(0.1)
        if len(self.server.alerted) < len(names):
            sys.exit(f"only {len(self.server.alerted)} of {len(names)} alerts came")
        took = sorted(
            (at - self.server.answered[name]) * 1e3 for name, at in self.server.alerted.items()
        )
        self.say("answer to alert, median", statistics.median(took), "ms", DELAY_GOAL_MS)
        self.say("answer to alert, worst", took[-1], "ms")

    def run(self, program):
        config = os.path.join(self.folder, "vigie.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(interval=self.interval, hook=self.server.hook_port))
        log = open(os.path.join(self.folder, "log"), "wb")
        with subprocess.Popen(
            [program, "run", "-c", config, "--log", "warn"], stderr=log
        ) as daemon:
            try:
                self.first_round(daemon.pid)
                self.rounds(daemon.pid)
                self.delays()
                self.say("memory (RSS)", memory_mb(daemon.pid, "VmRSS"), "MB", MEMORY_GOAL_MB)
                self.say("memory at its most", memory_mb(daemon.pid, "VmHWM"), "MB")
                self.say("requests at once, most", self.server.most, "")
                self.say("of one host, most", self.server.most_of_a_host, "", 1)
                self.say(
                    "store", os.path.getsize(os.path.join(self.folder, "vigie.db")) / 2**20, "MB"
                )
            finally:
                daemon.terminate()
        return 0 if self.good else 1


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else FEEDS
    interval = int(sys.argv[3]) if len(sys.argv) > 3 else INTERVAL_S
    with tempfile.TemporaryDirectory(prefix="vigie-feeds-") as folder:
        return Bench(folder, count, interval).run(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
