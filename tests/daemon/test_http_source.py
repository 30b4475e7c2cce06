#!/usr/bin/python3
"""Streams over HTTP that drop, stall and refuse.

    test_http_source.py PATH_OF_VIGIE
"""

import http.server
import json
import threading
import time

import harness

CONFIG = """
sources:
  stream: { type: http, url: "%s"%s }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


class Connection:
    """One request of the daemon, and the way to answer it piece by piece."""

    def __init__(self, handler):
        self.at = time.monotonic()
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.handler = handler

    @property
    def last_id(self):
        return self.headers.get("last-event-id")

    def refuse(self, status, **headers):
        self.handler.send_response_only(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", "0")
        self.handler.end_headers()

    def begin(self, kind):
        self.handler.send_response_only(200)
        self.handler.send_header("Content-Type", kind)
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()

    def send(self, text):
        data = text.encode()
        self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, number):
        self.send(f"id: e{number}\nevent: update\ndata: {harness.post(number)}\n\n")

    def hold(self):
        """Until the daemon goes away."""
        try:
            self.handler.connection.recv(1)
        except OSError:
            pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.close_connection = True
        connection = Connection(self)
        with self.server.lock:
            self.server.connections.append(connection)
            number = len(self.server.connections) - 1
        try:
            self.server.script(number, connection)
        except OSError:
            pass  # the daemon was killed, or had enough

    def log_message(self, *arguments):
        pass


class Stream(http.server.ThreadingHTTPServer):
    """Calls script(number, connection) for each request, in a thread of its own."""

    daemon_threads = True

    def __init__(self, script, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.script = script
        self.connections = []
        self.lock = threading.Lock()
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def close(self):
        self.shutdown()
        self.server_close()

    def wait_for(self, count, seconds=harness.WAIT_S):
        harness.wait_until(f"{count} requests", lambda: len(self.connections) >= count, seconds)
        return list(self.connections)

    def handle_error(self, *_):
        pass


def number_after(last_id):
    return int(last_id[1:]) + 1 if last_id else 0


def names(count):
    return {f"p{i}" for i in range(count)}


class HttpSource(harness.Case):
    def watch(self, script, options="", environment=None):
        self.stream = Stream(script)
        self.addCleanup(self.stream.close)
        self.crm = self.receiver()
        self.vigie_ = self.vigie(
            CONFIG % (self.stream.url(), options, self.crm.url), environment=environment
        )
        return self.vigie_.start()

    def finish(self, count, once=True):
        """Each alert of `count` posts came, once."""
        self.crm.wait_for_posts(names(count))
        harness.wait_until(
            "all sent", lambda: self.vigie_.states() == {"pending": 0, "sent": count, "dead": 0}
        )
        if once:
            self.assertEqual(sorted(self.crm.posts), sorted(names(count)))
        self.assertEqual(self.vigie_.stop(), 0)
        self.assertEqual(self.vigie_.store_problems(), [])

    def test_a_stream_of_events_that_drops_goes_on_behind_the_last_one(self):
        def script(number, connection):
            first = number_after(connection.last_id)
            connection.begin("text/event-stream")
            for i in range(first, first + 10):
                connection.event(i)
            if number < 4:
                connection.send("id: half\ndata: {")  # breaks off within an event
                return
            connection.hold()

        self.watch(script)
        connections = self.stream.wait_for(5)
        self.crm.wait_for_posts(names(50))
        ids = [connection.last_id for connection in connections]
        self.assertEqual(ids, [None, "e9", "e19", "e29", "e39"])
        self.vigie_.wait_for_log("warn: source 'stream': .*again")
        self.assertEqual(self.vigie_.source("stream")["reconnects"], 4)
        self.finish(50)

    def test_after_kill_9_a_stream_of_events_goes_on_behind_what_is_stored(self):
        def script(_, connection):
            connection.begin("text/event-stream")
            for i in range(number_after(connection.last_id), 3000):
                connection.event(i)
                time.sleep(0.002)
            connection.hold()

        vigie = self.watch(script)
        for kill in range(8):
            self.crm.wait_for(150 * (kill + 1))
            vigie.kill9()
            before = len(self.stream.connections)
            # An alert that came is stored, and with it the place behind its event.
            stored = max(int(name[1:]) for name in self.crm.posts)
            vigie.start()
            connection = self.stream.wait_for(before + 1)[before]
            self.assertIsNotNone(connection.last_id)
            self.assertGreater(number_after(connection.last_id), stored)
        self.finish(3000, once=False)
        self.assertEqual(set(self.crm.posts), names(3000))
        extra = len(self.crm.requests) - len(set(self.crm.ids))
        self.assertEqual(len(set(self.crm.ids)), 3000)
        self.assertLessEqual(extra, 4 * 8)

    def test_lines_that_drop_go_on_and_what_is_repeated_adds_nothing(self):
        def script(number, connection):
            connection.begin("application/x-ndjson")
            for i in range(10 * number, 10 * number + 20):  # half of it was there before
                connection.send(harness.post(i) + "\n" * (1 + i % 2))
            connection.send('{"id":"half')
            if number == 3:
                connection.hold()

        self.watch(script)
        self.stream.wait_for(4)
        self.finish(50)

    def test_a_stream_that_stalls_is_connected_anew(self):
        def script(number, connection):
            connection.begin("text/event-stream")
            for i in range(3 * number, 3 * number + 3):
                connection.event(i)
            while number == 2:  # alive, by comments alone
                connection.send(":\n\n")
                time.sleep(0.2)
            connection.hold()

        vigie = self.watch(script, ", stall: 1s")
        connections = self.stream.wait_for(3)
        for before, after in zip(connections, connections[1:]):
            self.assertGreaterEqual(after.at - before.at, 1 - 0.05)
        vigie.wait_for_log("warn: source 'stream': no byte for 1 s")
        self.crm.wait_for_posts(names(9))
        # Comments count as life: no other connection in twice the time.
        end = time.monotonic() + 2
        harness.wait_until("two seconds later", lambda: time.monotonic() > end)
        self.assertEqual(len(self.stream.connections), 3)
        self.finish(9)

    def test_the_token_is_sent_and_shown_to_nobody(self):
        def script(_, connection):
            if connection.headers.get("authorization") != "Bearer s3cret-token":
                connection.refuse(401)
                return
            connection.begin("text/event-stream")
            connection.event(0)
            connection.hold()

        vigie = self.watch(script, ", token: { env: TOKEN }", {"TOKEN": "s3cret-token"})
        self.crm.wait_for_posts(names(1))
        shown = vigie.log + json.dumps(vigie.status()) + str(vigie.metrics())
        with open(f"/proc/{vigie.pid}/cmdline", encoding="utf-8") as file:
            shown += file.read()
        self.assertNotIn("s3cret", shown)
        self.finish(1)
        with open(vigie.store_path, "rb") as file:
            self.assertNotIn(b"s3cret", file.read())

    def test_a_wrong_token_is_said_and_not_hammered(self):
        vigie = self.watch(
            lambda _, connection: connection.refuse(401),
            ", token: { env: TOKEN }",
            {"TOKEN": "wrong"},
        )
        vigie.wait_for_log(r"warn: source 'stream': .*401.*again in [5-9] s")
        self.assertEqual(len(self.stream.connections), 1)

    def test_what_a_busy_server_asks_for_is_waited_for(self):
        def script(number, connection):
            if number == 0:
                connection.refuse(503, Retry_After="7")
                return
            connection.begin("application/x-ndjson")
            connection.send(harness.posts(range(3)))
            connection.hold()

        too_many = Stream(lambda _, connection: connection.refuse(429, Retry_After="100"))
        self.addCleanup(too_many.close)
        vigie = self.watch(script, f' }}\n  other: {{ type: http, url: "{too_many.url()}"')
        vigie.wait_for_log(r"warn: source 'other': .*429.*again in 1[0-2]\d s")
        self.assertEqual(vigie.source("other")["state"], "retrying")
        connections = self.stream.wait_for(2)
        self.assertGreaterEqual(connections[1].at - connections[0].at, 7 - 0.05)
        self.assertLess(connections[1].at - connections[0].at, 7 * 1.2 + 2 * harness.SLOW)
        self.assertEqual(len(too_many.connections), 1, "it said 100 seconds")
        self.finish(3)

    def test_a_server_that_is_not_there_is_found_once_it_is(self):
        def script(_, connection):
            connection.begin("application/x-ndjson")
            connection.send(harness.posts(range(3)))
            connection.hold()

        vigie = self.watch(script)
        self.crm.wait_for_posts(names(3))
        self.assertEqual(vigie.stop(), 0)
        port = self.stream.server_port
        self.stream.close()
        vigie.start()
        vigie.wait_for_log("warn: source 'stream': not reached: .*again")
        again = Stream(script, port)
        self.addCleanup(again.close)
        harness.wait_until("live", lambda: vigie.source("stream")["state"] == "live")
        self.finish(3)


if __name__ == "__main__":
    harness.main()
