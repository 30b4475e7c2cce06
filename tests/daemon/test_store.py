#!/usr/bin/python3
"""What the store promises: one daemon at a time, nothing lost on a full disk or at the end, and no
alert twice when posts are read again.

    test_store.py PATH_OF_VIGIE
"""

import os
import shutil
import sqlite3
import subprocess
import threading
import time

import harness

STOP_S = 6  # five for what is in flight, and one

CONFIG = """
sources:
  posts: { type: file, path: posts.ndjson, follow: true }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


def names(count):
    return {f"p{i}" for i in range(count)}


class OneAtATime(harness.Case):
    def test_a_second_daemon_on_a_store_is_refused_and_told_who_has_it(self):
        crm = self.receiver()
        self.write("posts.ndjson", "")
        vigie = self.vigie(CONFIG % crm.url)
        vigie.start()
        began = time.monotonic()
        second = vigie.command("run", "-c", vigie.config_path)
        self.assertEqual(second.returncode, 2, second.stderr)
        self.assertRegex(second.stderr, rf"\b{vigie.pid}\b")
        self.assertIn("in use", second.stderr)
        self.assertLess(time.monotonic() - began, 5 * harness.SLOW)
        # The first one is none the worse.
        self.append("posts.ndjson", harness.posts(range(5)))
        crm.wait_for_posts(names(5))
        self.assertEqual(vigie.stop(), 0)
        # And a store is free again after any end.
        vigie.start()
        vigie.kill9()
        vigie.start()
        self.assertEqual(vigie.stop(), 0)


class BrokenDisk(harness.Case):
    def test_a_disk_that_fails_stops_the_daemon_and_nothing_is_lost(self):
        library = os.environ.get("FAILING_DISK_LIBRARY", "")
        if not library:
            self.skipTest("no library that breaks a disk")
        crm = self.receiver()
        sign = self.path("broken")
        self.write("posts.ndjson", harness.posts(range(3)))
        vigie = self.vigie(CONFIG % crm.url)
        whole = vigie.environment
        vigie.environment = {
            **whole,
            "LD_PRELOAD": library,
            "FAILING_DISK": sign,
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }
        vigie.start()
        crm.wait_for_posts(names(3))
        harness.wait_until("all noted", lambda: vigie.states()["sent"] == 3)
        self.write("broken", "")
        self.append("posts.ndjson", harness.posts(range(3, 6)))
        self.assertEqual(vigie.process.wait(20), 74)
        self.assertIn("the store failed", vigie.log)
        vigie.process = None
        os.unlink(sign)
        vigie.environment = whole
        vigie.start()
        crm.wait_for_posts(names(6))
        self.assertEqual(sorted(crm.posts), sorted(names(6)), "none twice")
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(vigie.store_problems(), [])


class FullDisk(harness.Case):
    DISK = 32 << 20

    def mount(self):
        folder = self.path("disk")
        os.mkdir(folder)
        if os.geteuid() != 0:
            self.skipTest("a small disk needs root")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.DISK}", "tmpfs", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            self.skipTest(f"no small disk here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        return folder

    @staticmethod
    def fill(path):
        with open(path, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass

    def start(self, folder):
        self.crm = self.receiver()
        vigie = self.vigie(CONFIG % self.crm.url + "store: { path: disk/vigie.db }\n")
        vigie.store_path = os.path.join(folder, "vigie.db")
        self.write("posts.ndjson", "")
        return vigie.start()

    def finish(self, vigie, count):
        self.crm.wait_for_posts(names(count), 60)
        harness.wait_until(
            "all sent", lambda: vigie.states() == {"pending": 0, "sent": count, "dead": 0}
        )
        self.assertEqual(sorted(self.crm.posts), sorted(names(count)), "none twice")
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(vigie.store_problems(), [])

    def test_on_a_full_disk_intake_stops_and_goes_on_by_itself(self):
        folder = self.mount()
        vigie = self.start(folder)
        text = "parc solaire " + "x" * 3000
        self.append("posts.ndjson", harness.posts(range(5), text))
        self.crm.wait_for_posts(names(5))

        self.fill(os.path.join(folder, "filler"))
        self.append("posts.ndjson", harness.posts(range(5, 600), text))
        vigie.wait_for_log("warn: source 'posts': cannot store alerts")
        source = harness.wait_until(
            "the source waits",
            lambda: (s := vigie.source("posts"))["state"] == "retrying" and s,
        )
        self.assertIn("could not be stored", source["message"])
        # More comes meanwhile, and the disk is full for a second attempt as well.
        self.append("posts.ndjson", harness.posts(range(600, 650), text))
        before = vigie.source("posts")["records"]
        vigie.wait_for_log("(?s)cannot store alerts.*cannot store alerts")
        self.assertEqual(vigie.source("posts")["records"], before, "no intake")
        self.assertEqual(vigie.get("/healthz")[0], 200)
        self.assertLess(len(self.crm.requests), 600)

        os.unlink(os.path.join(folder, "filler"))
        self.finish(vigie, 650)

    def test_a_disk_that_is_full_when_answers_come_sends_nothing_twice(self):
        folder = self.mount()
        vigie = self.start(folder)

        one_by_one = threading.Lock()
        filler = os.path.join(folder, "filler")

        def answers(_):
            with one_by_one:  # nobody is answered while the disk fills up
                if len(self.crm.requests) >= 20 and not os.path.exists(filler):
                    self.fill(filler)
            return 204

        self.crm.answers = answers
        # Few enough that the answers do not fit what the store's log has taken already.
        self.append("posts.ndjson", harness.posts(range(200)))
        vigie.wait_for_log("(?s)error: cannot note deliveries.*cannot note deliveries")
        # Nothing more is sent until what was answered could be noted.
        sent = len(self.crm.requests)
        vigie.wait_for_log("(?s)(cannot note deliveries.*){3}")
        self.assertEqual(len(self.crm.requests), sent)
        self.crm.answers = 204
        os.unlink(filler)
        self.finish(vigie, 200)


class End(harness.Case):
    COUNT = 500

    def start(self, answers):
        self.crm = self.receiver(answers)
        self.write("posts.ndjson", harness.posts(range(self.COUNT)))
        vigie = self.vigie(CONFIG % self.crm.url)
        vigie.start()
        harness.wait_until(
            "all of it in the store",
            lambda: sum(vigie.status()["deliveries"].values()) == self.COUNT,
        )
        return vigie

    def stop_in_time(self, vigie):
        began = time.monotonic()
        self.assertEqual(vigie.stop(STOP_S * harness.SLOW), 0)
        self.assertLess(time.monotonic() - began, STOP_S * harness.SLOW)
        return vigie.states()

    def test_what_is_pending_at_the_end_is_sent_once_by_the_next_run(self):
        def slow(_):
            time.sleep(0.05)
            return 204

        vigie = self.start(slow)
        self.crm.wait_for(20)
        states = self.stop_in_time(vigie)
        self.assertGreater(states["pending"], 0)
        self.assertEqual(states["sent"], len(self.crm.requests), "what was in flight is noted")
        self.crm.answers = 204
        vigie.start()
        self.crm.wait_for_posts(names(self.COUNT))
        harness.wait_until("none pending", lambda: not vigie.deliveries("--state", "pending"))
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(sorted(self.crm.posts), sorted(names(self.COUNT)))
        self.assertEqual(vigie.store_problems(), [])

    def test_a_receiver_that_hangs_does_not_hold_up_the_end(self):
        vigie = self.start(harness.HANG)
        self.crm.wait_for(4)
        states = self.stop_in_time(vigie)
        self.assertEqual(states, {"pending": self.COUNT, "sent": 0, "dead": 0})
        hung = {request.id: request.body for request in self.crm.requests}
        self.assertEqual(len(hung), 4)
        self.crm.answers = 204
        vigie.start()
        self.crm.wait_for_posts(names(self.COUNT))
        self.assertEqual(vigie.stop(), 0)
        again = self.crm.requests[4:]
        self.assertEqual(len(again), self.COUNT)
        # Those that hung come again under their id, with the same bytes.
        self.assertEqual({r.id: r.body for r in again if r.id in hung}, hung)

    def test_a_second_signal_ends_it_at_once(self):
        vigie = self.start(harness.HANG)
        self.crm.wait_for(4)
        began = time.monotonic()
        vigie.terminate()
        vigie.wait_for_log("stopping")
        vigie.terminate()
        vigie.wait(2 * harness.SLOW)
        self.assertLess(time.monotonic() - began, 2 * harness.SLOW)
        self.assertEqual(vigie.states()["pending"], self.COUNT)


class Replay(harness.Case):
    COUNT = 300

    def setUp(self):
        super().setUp()
        self.crm = self.receiver()
        # A third without an id: what they say is what they are.
        lines = [
            harness.post(i) if i % 3 else '{"text":"parc solaire no %d"}' % i
            for i in range(self.COUNT)
        ]
        self.write("posts.ndjson", "\n".join(lines) + "\n")
        self.vigie_ = self.vigie(CONFIG % self.crm.url)
        self.vigie_.start()
        self.wait_for_all()

    def wait_for_all(self):
        self.crm.wait_for(self.COUNT)
        harness.wait_until(
            "all sent",
            lambda: self.vigie_.states() == {"pending": 0, "sent": self.COUNT, "dead": 0},
        )

    def check_read_again(self, more=0):
        """All was read anew, and nothing was added but what is new."""
        vigie = self.vigie_
        self.append("posts.ndjson", harness.posts(range(1000, 1000 + more + 1)))
        self.COUNT += more + 1
        # The last line is a new one: once it has come, all before it was read.
        self.crm.wait_for_posts({"p1000"})
        self.assertEqual(vigie.source("posts")["records"], self.COUNT)
        self.wait_for_all()
        self.assertEqual(len(self.crm.requests), self.COUNT)
        self.assertEqual(len(set(self.crm.ids)), self.COUNT)
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(vigie.store_problems(), [])

    def test_without_a_cursor_all_is_read_again_and_no_alert_is_added(self):
        self.assertEqual(self.vigie_.stop(), 0)
        database = sqlite3.connect(self.vigie_.store_path)
        with database:
            self.assertEqual(database.execute("DELETE FROM cursor").rowcount, 1)
        database.close()
        self.vigie_.start()
        self.check_read_again()

    def test_a_copy_of_the_file_is_read_again_and_no_alert_is_added(self):
        self.assertEqual(self.vigie_.stop(), 0)
        path = self.path("posts.ndjson")
        shutil.copy(path, path + ".copy")
        os.rename(path + ".copy", path)
        self.vigie_.start()
        self.check_read_again()

    def test_a_file_that_was_not_changed_is_not_read_again(self):
        self.assertEqual(self.vigie_.stop(), 0)
        self.vigie_.start()
        self.append("posts.ndjson", harness.posts([1000]))
        self.crm.wait_for_posts({"p1000"})
        self.assertEqual(self.vigie_.source("posts")["records"], 1)
        self.assertEqual(len(self.crm.requests), self.COUNT + 1)


if __name__ == "__main__":
    harness.main()
