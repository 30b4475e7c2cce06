#!/usr/bin/python3
"""Streams over WebSocket that drop, stall, refuse and resume, by the server of python3-websockets.

    test_websocket_source.py PATH_OF_VIGIE
"""

import asyncio
import http
import json
import threading
import time
import urllib.parse

import harness

try:
    import websockets
    import websockets.server
except ImportError:
    print("SKIP: python3-websockets is not installed")
    raise SystemExit(77)

CONFIG = """
sources:
  stream: { type: websocket, url: "%s"%s }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""

RESUME = ", resume_path: time_us, resume_overlap: 5"


def post(number):
    """As harness.post, with the time to resume at; over several lines, as JSON may be."""
    record = json.loads(harness.post(number))
    record["time_us"] = 1000 + number
    return json.dumps(record, indent=1 if number % 7 == 0 else None)


def names(numbers):
    return {f"p{i}" for i in (range(numbers) if isinstance(numbers, int) else numbers)}


class Stream:
    """Calls await script(number, connection, cursor) for each connection, in a thread of its own."""

    def __init__(self, script, refuse=None, port=0):
        self.script = script
        self.refuse = refuse
        self.connections = []  # (when, path, headers)
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.port = port
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.ready.wait(harness.WAIT_S)

    def _run(self):
        asyncio.set_event_loop(self.loop)

        async def begin():
            self.server = await websockets.server.serve(
                self._serve,
                "127.0.0.1",
                self.port,
                process_request=self._process,
                ping_interval=None,
                close_timeout=1,
            )
            self.port = self.server.sockets[0].getsockname()[1]
            self.ready.set()

        self.loop.run_until_complete(begin())
        self.loop.run_forever()
        self.server.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    async def _process(self, path, headers):
        self.connections.append((time.monotonic(), path, dict(headers)))
        return self.refuse(len(self.connections) - 1, path, headers) if self.refuse else None

    async def _serve(self, connection):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(connection.path).query)
        cursor = int(query["cursor"][0]) if "cursor" in query else None
        try:
            await self.script(len(self.connections) - 1, connection, cursor)
        except websockets.exceptions.ConnectionClosed:
            pass

    def url(self, path="/subscribe?wanted=posts"):
        return f"ws://127.0.0.1:{self.port}{path}"

    def wait_for(self, count, seconds=harness.WAIT_S):
        harness.wait_until(f"{count} connections", lambda: len(self.connections) >= count, seconds)
        return list(self.connections)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(harness.WAIT_S)


def cut(connection):
    """Ends it without a close frame."""
    connection.transport.abort()


class WebSocketSource(harness.Case):
    def watch(self, script, options="", environment=None, refuse=None):
        self.stream = Stream(script, refuse)
        self.addCleanup(self.stream.close)
        self.crm = self.receiver()
        self.vigie_ = self.vigie(
            CONFIG % (self.stream.url(), options, self.crm.url), environment=environment
        )
        return self.vigie_.start()

    def finish(self, wanted):
        """Each alert of the posts came, once."""
        self.crm.wait_for_posts(names(wanted))
        count = len(names(wanted))
        harness.wait_until(
            "all sent", lambda: self.vigie_.states() == {"pending": 0, "sent": count, "dead": 0}
        )
        self.assertEqual(sorted(self.crm.posts), sorted(names(wanted)))
        self.assertEqual(self.vigie_.stop(), 0)
        self.assertEqual(self.vigie_.store_problems(), [])

    def test_a_stream_that_drops_goes_on_at_its_cursor(self):
        async def script(number, connection, cursor):
            first = cursor - 1000 if cursor else 0
            for i in range(first, 10 * (number + 1)):
                await connection.send(post(i))
            if number == 1:
                cut(connection)
            elif number < 4:
                await connection.close(1012, "restart")
            else:
                await connection.wait_closed()

        vigie = self.watch(script, RESUME)
        connections = self.stream.wait_for(5)
        self.crm.wait_for_posts(names(50))
        paths = [path for _, path, _ in connections]
        self.assertEqual(paths[0], "/subscribe?wanted=posts")
        self.assertEqual(
            paths[1:], [f"/subscribe?wanted=posts&cursor={1000 + i - 5}" for i in (9, 19, 29, 39)]
        )
        vigie.wait_for_log(r"warn: source 'stream': .*code 1012.*restart.*again")
        self.assertEqual(vigie.source("stream")["reconnects"], 4)
        self.finish(50)

    def test_after_kill_9_nothing_is_lost(self):
        async def script(_, connection, cursor):
            for i in range(max(cursor - 1000, 0) if cursor else 0, 1500):
                await connection.send(post(i))
                await asyncio.sleep(0.002)
            await connection.wait_closed()

        vigie = self.watch(script, RESUME)
        for kill in range(5):
            self.crm.wait_for(150 * (kill + 1))
            vigie.kill9()
            before = len(self.stream.connections)
            vigie.start()
            self.assertIn("cursor=", self.stream.wait_for(before + 1)[before][1])
        self.crm.wait_for_posts(names(1500))
        self.assertEqual(set(self.crm.posts), names(1500))
        self.assertEqual(len(set(self.crm.ids)), 1500)

    def test_a_stream_that_stalls_is_connected_anew(self):
        async def script(number, connection, _):
            await connection.send(post(number))
            if number < 2:  # answers no ping
                connection.transport.pause_reading()
            await asyncio.sleep(60)

        vigie = self.watch(script, ", stall: 1s")
        connections = self.stream.wait_for(3)
        for before, after in zip(connections, connections[1:]):
            self.assertGreaterEqual(after[0] - before[0], 1 - 0.05)
        vigie.wait_for_log("warn: source 'stream': no byte for 1 s")
        # Answers to pings count as life: no other connection in twice the time.
        end = time.monotonic() + 2
        harness.wait_until("two seconds later", lambda: time.monotonic() > end)
        self.assertEqual(len(self.stream.connections), 3)
        self.finish(3)

    def test_it_subscribes_on_each_connection_and_reads_fragments(self):
        said = []

        async def script(number, connection, _):
            said.append([await connection.recv(), await connection.recv()])
            text = post(number)
            await connection.send([text[:5], text[5:50], text[50:]])
            if number == 0:
                await connection.close()
            else:
                await connection.wait_closed()

        self.watch(script, """, send: ['{"type":"hello"}', '{"tag":"é"}']""")
        self.stream.wait_for(2)
        self.finish(2)
        self.assertEqual(said, [['{"type":"hello"}', '{"tag":"é"}']] * 2)

    def test_the_token_is_sent_and_shown_to_nobody(self):
        async def script(_, connection, __):
            await connection.send(post(0))
            await connection.wait_closed()

        vigie = self.watch(
            script, ', token: { env: TOKEN }, headers: "X-A: b"', {"TOKEN": "s3cret-token"}
        )
        self.crm.wait_for_posts(names(1))
        headers = self.stream.connections[0][2]
        self.assertEqual(headers["authorization"], "Bearer s3cret-token")
        self.assertEqual(headers["x-a"], "b")
        self.assertNotIn("s3cret", vigie.log + json.dumps(vigie.status()) + str(vigie.metrics()))
        self.finish(1)

    def test_a_place_that_is_too_old_is_given_up_and_said(self):
        def refuse(number, path, _):
            if number == 1:
                return (http.HTTPStatus.BAD_REQUEST, [], b'{"error":"CursorTooOld"}')
            return None

        async def script(number, connection, cursor):
            await connection.send(post(number))
            if number == 0:
                cut(connection)
            else:
                self.assertIsNone(cursor)
                await connection.wait_closed()

        vigie = self.watch(script, RESUME + ", resume_too_old: CursorTooOld", refuse=refuse)
        connections = self.stream.wait_for(3)
        self.assertIn("cursor=", connections[1][1])
        self.assertNotIn("cursor=", connections[2][1])
        vigie.wait_for_log("warn: source 'stream': the server no longer has all.*may be missing")
        self.finish([0, 2])

    def test_a_refusal_is_said_and_not_hammered(self):
        vigie = self.watch(
            None, refuse=lambda *_: (http.HTTPStatus.BAD_REQUEST, [], b"no \x1b[31mcollection")
        )
        vigie.wait_for_log(
            r"warn: source 'stream': the server answered HTTP 400: no .*collection.*again in [5-9] s"
        )
        self.assertNotIn("\x1b", vigie.log)
        self.assertEqual(len(self.stream.connections), 1)

    def test_what_is_no_post_is_counted_and_harms_nothing(self):
        async def script(_, connection, __):
            for text in ("[1]", '{"solaire', "", "null", "solaire", '{"id":1}'):
                await connection.send(text)
            await connection.send('{"id":"x","text":"solaire\n}')
            await connection.send("x" * (1024 * 1024 + 1))
            await connection.send(post(0))
            await connection.wait_closed()

        vigie = self.watch(script)
        self.crm.wait_for_posts(names(1))
        self.assertEqual(vigie.source("stream")["state"], "live")
        rejected = vigie.source("stream")["rejected"]
        self.assertEqual(rejected["message too long"], 1)
        self.assertGreaterEqual(sum(rejected.values()), 5, rejected)
        self.finish(1)

    def test_records_can_be_dropped_by_a_value(self):
        async def script(_, connection, __):
            for i in range(4):
                record = json.loads(post(i))
                record["meta"] = {"domain": "canary" if i % 2 else "fr"}
                await connection.send(json.dumps(record))
            await connection.wait_closed()

        self.watch(script, ', drop: "meta.domain=canary"')
        self.finish([0, 2])


if __name__ == "__main__":
    harness.main()
