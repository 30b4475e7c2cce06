#!/usr/bin/python3
"""Desktops without a bus, and with one that never answers: webhooks notice nothing.

    test_desktop.py PATH_OF_VIGIE
"""

import os
import socket
import statistics
import threading
import time

import harness

COUNT = 15
STOP_S = 6  # five for what is in flight, and one

CONFIG = """
sources:
  posts: { type: file, path: posts.ndjson, follow: true }
notifiers:
%s
  crm:   { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""
DESKTOP = "  bulle: { type: desktop }"


class SilentBus:
    """Accepts connections, reads, and never says a word."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(32)
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                self.connections.append(self.listener.accept()[0])
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who accepts
        self.listener.close()
        for connection in self.connections:
            connection.close()


class Desktop(harness.Case):
    def start(self, desktop, environment, name):
        self.crm = self.receiver()
        quiet = {
            "XDG_RUNTIME_DIR": self.folder,
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.path('nowhere')}",
            **environment,
        }
        config = CONFIG.replace("posts.ndjson", name + ".ndjson")
        vigie = self.vigie(
            config % (DESKTOP if desktop else "", self.crm.url), environment=quiet, name=name
        )
        if not quiet["DBUS_SESSION_BUS_ADDRESS"]:
            del vigie.environment["DBUS_SESSION_BUS_ADDRESS"]
        if desktop:
            done = vigie.command("check", "-c", vigie.config_path)
            if "this build lacks" in done.stderr:
                self.skipTest("this build lacks libnotify")
        self.write(name + ".ndjson", "")
        return vigie.start()

    def latencies(self, name):
        """From a line in the file to the receiver, over some seconds."""
        took = []
        for number in range(COUNT):
            began = time.monotonic()
            self.append(name + ".ndjson", harness.posts([number]))
            self.crm.wait_for_posts({f"p{number}"})
            took.append(self.crm.requests[-1].at - began)
            time.sleep(0.05)
        return took

    def check(self, environment):
        """As fast as a daemon without a desktop, in the same run."""
        plain = self.start(False, {}, "plain")
        without = self.latencies("plain")
        self.assertEqual(plain.stop(), 0)
        vigie = self.start(True, environment, "desktop")
        with_desktop = self.latencies("desktop")
        self.assertEqual(sorted(self.crm.posts), sorted(f"p{i}" for i in range(COUNT)))
        print(
            f"to the webhook: {statistics.median(without) * 1000:.1f} ms without a desktop,"
            f" {statistics.median(with_desktop) * 1000:.1f} ms with,"
            f" at most {max(with_desktop) * 1000:.1f}"
        )
        # A median that is not more than noise above.
        self.assertLess(
            statistics.median(with_desktop), 2 * statistics.median(without) + 0.05 * harness.SLOW
        )
        self.check_at_once(with_desktop)
        return vigie

    def check_end(self, vigie):
        """Nothing lost, and a clean end soon."""
        harness.wait_until(
            "webhook's all sent",
            lambda: vigie.states("--target", "crm") == {"pending": 0, "sent": COUNT, "dead": 0},
        )
        self.assertEqual(
            vigie.states("--target", "bulle"), {"pending": COUNT, "sent": 0, "dead": 0}
        )
        began = time.monotonic()
        self.assertEqual(vigie.stop(STOP_S * harness.SLOW), 0)
        self.assertLess(time.monotonic() - began, STOP_S * harness.SLOW)
        self.assertEqual(vigie.store_problems(), [])
        self.assertEqual(
            vigie.states("--target", "bulle"), {"pending": COUNT, "sent": 0, "dead": 0}
        )

    def test_without_a_bus_webhooks_are_as_fast_and_bubbles_wait(self):
        os.mkdir(self.path("runtime"))
        vigie = self.check(
            {"DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": self.path("runtime")}
        )
        vigie.wait_for_log("warn: notifier 'bulle': will try again: there is no session bus")
        self.check_end(vigie)

    def test_with_a_bus_that_is_gone_webhooks_are_as_fast_and_bubbles_wait(self):
        vigie = self.check({})
        vigie.wait_for_log("warn: notifier 'bulle': will try again: the session bus does not")
        self.check_end(vigie)

    def test_with_a_bus_that_never_answers_webhooks_are_as_fast_and_bubbles_wait(self):
        bus = SilentBus(self.path("bus"))
        self.addCleanup(bus.close)
        vigie = self.check({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.path('bus')}"})
        harness.wait_until("the bus was asked", lambda: bus.connections)
        vigie.wait_for_log("warn: notifier 'bulle': will try again: the desktop does not answer")
        self.check_end(vigie)


if __name__ == "__main__":
    harness.main()
