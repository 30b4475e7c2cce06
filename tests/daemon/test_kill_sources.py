#!/usr/bin/python3
"""kill -9 at random moments while a stream or a feed is read that can go on where it was: no post is
lost, and each has one alert.

    test_kill_sources.py PATH_OF_VIGIE [CLASS...]

VIGIE_SEED repeats a run as far as the scheduler allows; VIGIE_LONG=1 kills 400 times each.
"""

import collections
import os
import random
import re
import time

import harness
from test_http_source import Stream

KILLS = 400 if harness.long_run() else 20
IN_FLIGHT = 4  # that a webhook is given at once
AHEAD = 200  # posts that may wait for the receiver
SEED = int(os.environ.get("VIGIE_SEED", time.time_ns() % 1_000_000))

CONFIG = """
sources:
  posts: { %s }
notifiers:
  crm: { type: webhook, url: "%s", headers: ["X-Run: %d"] }
rules:
  - { name: solaire, any: [solaire] }
"""


class Posts:
    """The posts of a network, which go on whether anybody listens or not; two in three are of no
    interest. Waits when the receiver is too far behind."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.began = time.monotonic()
        self.ended = False
        self.end = None

    def interesting(self, number):
        return number % 3 == 0

    def count(self):
        """How many there are by now: some 1,000 a second."""
        if self.ended:
            return self.end
        by_time = int((time.monotonic() - self.began) * 1000)
        return min(by_time, 3 * (len(set(self.receiver.ids)) + AHEAD))

    def finish(self):
        self.end = self.count()
        self.ended = True

    def text(self, number):
        return f"numero {number} parc solaire" if self.interesting(number) else "rien du tout"

    def wanted(self):
        return {i for i in range(self.count()) if self.interesting(i)}

    def of(self, request):
        """By its text: a feed's entries have ids of vigie's own."""
        return int(re.search(rb"numero (\d+) parc", request.body).group(1))

    def accepted(self):
        return {self.of(r) for r in list(self.receiver.requests) if r.answer}


class Kill(harness.Case):
    def start_run(self, vigie, run):
        """Each run tells in a header which it is: a request may be read after its kill."""
        vigie.configure(vigie.config.replace("X-Run: 0", f"X-Run: {run}"))
        vigie.start(ready=False)

    def check_alerts(self, requests):
        """One alert for each post; what came twice was in flight at a kill, and is the same."""
        alerts = collections.defaultdict(set)
        first, last, again = {}, {}, collections.Counter()
        for request in requests:
            alerts[self.posts.of(request)].add(request.id)
            self.assertEqual(first.setdefault(request.id, request).body, request.body)
            run = int(request.headers["x-run"])
            if request.id in last:
                self.assertNotEqual(last[request.id], run, f"sent twice in run {run}")
                again[last[request.id]] += 1
            last[request.id] = run
        twice = {post: ids for post, ids in alerts.items() if len(ids) > 1}
        self.assertEqual(twice, {}, "two alerts for one post")
        self.assertLessEqual(max(again.values(), default=0), IN_FLIGHT, again)
        return sum(again.values())

    def run_test(self, make_source):
        rng = random.Random(SEED)

        def slow(_):
            time.sleep(rng.random() / 500)  # kills hit deliveries
            return 204

        crm = self.receiver(slow)
        self.posts = Posts(crm)
        vigie = self.vigie(CONFIG % (make_source(), crm.url, 0))
        for run in range(KILLS):
            self.start_run(vigie, run)
            if run % 2:
                vigie.wait_ready()
            time.sleep(rng.uniform(0.01, 0.5) * harness.SLOW)
            self.assertIsNone(vigie.process.poll(), vigie.log)
            vigie.kill9()
        self.start_run(vigie, KILLS)
        self.posts.finish()
        wanted = self.posts.wanted()
        try:
            harness.wait_until(
                "every alert", lambda: wanted <= self.posts.accepted(), 60 * harness.SLOW
            )
        except AssertionError:
            missing = sorted(wanted - self.posts.accepted())
            self.fail(f"{len(missing)} of {len(wanted)} alerts never came: {missing[:10]}")
        harness.wait_until("nothing pending", lambda: not vigie.deliveries("--state", "pending"))
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(self.posts.accepted(), wanted)
        self.assertGreater(len(wanted), KILLS)
        twice = self.check_alerts(crm.requests)
        self.assertEqual(vigie.deliveries("--state", "dead"), [])
        self.assertEqual(vigie.store_problems(), [])
        print(f"{KILLS} kills, {len(wanted)} alerts, {twice} sent twice")


class Events(Kill):
    def test_events_with_ids_are_all_there_and_once(self):
        def script(_, connection):
            connection.begin("text/event-stream")
            last = connection.last_id
            number = int(last[1:]) + 1 if last else 0
            while True:
                pieces = []
                for i in range(number, self.posts.count()):
                    data = harness.post(i, self.posts.text(i))
                    pieces.append(f"id: e{i}\ndata: {data}\n\n")
                    number = i + 1
                text = "".join(pieces) or ":\n\n"
                cut = len(text) // 2
                connection.send(text[:cut] or ":")
                connection.send(text[cut:])
                time.sleep(0.01)

        self.stream = Stream(script)
        self.addCleanup(self.stream.close)
        self.run_test(lambda: f'type: http, url: "{self.stream.url()}"')
        self.assertGreater(sum(1 for c in self.stream.connections if c.last_id), KILLS // 3)


class Sockets(Kill):
    def test_messages_behind_a_time_are_all_there_and_once(self):
        import asyncio
        import json

        import test_websocket_source as sockets

        async def script(_, connection, cursor):
            number = max(0, cursor - 1000) if cursor else 0
            while True:
                for i in range(number, self.posts.count()):
                    post = {"id": f"p{i}", "text": self.posts.text(i), "time_us": 1000 + i}
                    await connection.send(json.dumps(post))
                    number = i + 1
                await asyncio.sleep(0.01)

        self.stream = sockets.Stream(script)
        self.addCleanup(self.stream.close)
        source = f'type: websocket, url: "{self.stream.url()}", resume_path: time_us'
        self.run_test(lambda: source + ", resume_overlap: 5")
        asked = [path for _, path, _ in self.stream.connections if "cursor=" in path]
        self.assertGreater(len(asked), KILLS // 3)


class Feeds(Kill):
    """A feed is asked every ten seconds at most, but at once after a start: the kills make it so."""

    def test_entries_of_a_feed_are_all_there_and_once(self):
        kept = 1500

        def script(_, connection):
            count = self.posts.count()
            items = "".join(
                f"<item><guid isPermaLink='false'>p{i}</guid><title>{self.posts.text(i)}</title>"
                "</item>"
                for i in reversed(range(max(0, count - kept), count))
            )
            body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()
            tag = f'"{count}"'
            if connection.headers.get("if-none-match") == tag:
                connection.handler.send_response_only(304)
                connection.handler.end_headers()
                return
            connection.handler.send_response_only(200)
            connection.handler.send_header("Content-Type", "application/rss+xml")
            connection.handler.send_header("ETag", tag)
            connection.handler.send_header("Content-Length", str(len(body)))
            connection.handler.end_headers()
            for at in range(0, len(body), 16384):
                connection.handler.wfile.write(body[at : at + 16384])
                time.sleep(0.002)

        self.stream = Stream(script)
        self.addCleanup(self.stream.close)
        source = f'type: feed, url: "{self.stream.url()}", allow_private: true, since: all'
        self.run_test(lambda: source + ", interval: 10s")


if __name__ == "__main__":
    print(f"VIGIE_SEED={SEED}")
    harness.main()
