#!/usr/bin/python3
"""kill -9 at random moments under load: nothing is lost, and what comes twice was in flight.

    test_kill.py PATH_OF_VIGIE

VIGIE_SEED repeats a run as far as the scheduler allows; VIGIE_LONG=1 kills 2000 times.
"""

import collections
import os
import random
import threading
import time

import harness

KILLS = 2000 if harness.long_run() else 100
IN_FLIGHT = 4  # that a webhook is given at once
AHEAD = 400  # alerts that may wait: the load is what the receiver can take
SEED = int(os.environ.get("VIGIE_SEED", time.time_ns() % 1_000_000))

CONFIG = """
sources:
  posts: { type: file, path: posts.ndjson, follow: true }
notifiers:
  crm: { type: webhook, url: "%s", headers: ["X-Run: %d"] }
rules:
  - { name: solaire, any: [solaire] }
"""


class Writer(threading.Thread):
    """Lets the file grow in pieces that end anywhere, two posts in three of no interest."""

    def __init__(self, path, receiver):
        super().__init__(daemon=True)
        self.path, self.receiver = path, receiver
        self.random = random.Random(SEED + 1)
        self.wanted = set()
        self.ended = threading.Event()

    def piece(self, number):
        lines = []
        for i in range(number, number + 3 * self.random.randint(1, 30)):
            interesting = i % 3 == 0
            lines.append(harness.post(i, "parc solaire" if interesting else "rien du tout"))
            if interesting:
                self.wanted.add(f"p{i}")
        return len(lines), "\n".join(lines).encode() + b"\n"

    def run(self):
        number = 0
        with open(self.path, "ab", buffering=0) as file:
            while not self.ended.is_set():
                count, data = self.piece(number)
                number += count
                cut = self.random.randrange(len(data))
                file.write(data[:cut])
                self.ended.wait(self.random.random() / 100)
                file.write(data[cut:])
                while len(self.wanted) - len(self.receiver.requests) > AHEAD:
                    if self.ended.wait(0.005):
                        break


class Kill(harness.Case):
    def start_run(self, vigie, run):
        """Each run tells in a header which it is: a request may be read after its kill."""
        vigie.configure(vigie.config.replace("X-Run: 0", f"X-Run: {run}"))
        vigie.start(ready=False)

    def check_duplicates(self, requests):
        """In one run no id comes twice. Of each run at most as many come again in a later one as
        could be in flight when it was killed, with the same bytes."""
        first = {}
        runs = collections.defaultdict(set)
        for request in requests:
            before = first.setdefault(request.id, request)
            self.assertEqual(before.body, request.body, request.id)
            run = int(request.headers["x-run"])
            self.assertNotIn(request.id, runs[run], f"sent twice in run {run}")
            runs[run].add(request.id)
        ids_of_posts = collections.defaultdict(set)
        for request in first.values():
            ids_of_posts[request.post].add(request.id)
        self.assertEqual([p for p, ids in ids_of_posts.items() if len(ids) > 1], [])
        last = {}
        again = collections.Counter()
        for run in sorted(runs):
            for delivery in runs[run]:
                if delivery in last:
                    again[last[delivery]] += 1
                last[delivery] = run
        self.assertLessEqual(max(again.values(), default=0), IN_FLIGHT, again)
        return sum(again.values())

    def run_test(self, delay):
        rng = random.Random(SEED)

        def slow(_):
            time.sleep(rng.random() / 200)  # a receiver that works on it: kills hit it
            return 204

        crm = self.receiver(slow)
        vigie = self.vigie(CONFIG % (crm.url, 0))
        writer = Writer(self.path("posts.ndjson"), crm)
        self.addCleanup(writer.ended.set)
        writer.start()
        for run in range(KILLS):
            self.start_run(vigie, run)
            delay(vigie, rng)
            self.assertIsNone(vigie.process.poll(), vigie.log)
            vigie.kill9()
        self.start_run(vigie, KILLS)
        writer.ended.set()
        writer.join()
        crm.wait_for_posts(writer.wanted, 60 * harness.SLOW)
        harness.wait_until("nothing pending", lambda: not vigie.deliveries("--state", "pending"))
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(set(crm.posts), writer.wanted)
        twice = self.check_duplicates(crm.requests)
        self.assertEqual(vigie.deliveries("--state", "pending"), [])
        self.assertEqual(vigie.deliveries("--state", "dead"), [])
        self.assertEqual(vigie.store_problems(), [])
        print(f"{KILLS} kills, {len(writer.wanted)} alerts, {twice} came twice")
        return twice

    def test_what_is_killed_while_it_works_loses_nothing(self):
        def delay(vigie, rng):
            vigie.wait_ready()
            time.sleep(rng.uniform(0.005, 0.3))

        # A kill that never hits a delivery proves little.
        self.assertGreater(self.run_test(delay), 0)

    def test_what_is_killed_while_it_starts_loses_nothing(self):
        self.run_test(lambda vigie, rng: time.sleep(rng.uniform(0, 0.06 * harness.SLOW)))


if __name__ == "__main__":
    print(f"VIGIE_SEED={SEED}")
    harness.main()
