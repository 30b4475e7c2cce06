#!/usr/bin/python3
"""What the daemon tells of its sources: gaps with their bounds, blindness, silence, each once.

    test_gaps.py PATH_OF_VIGIE
"""

import asyncio
import datetime
import http
import json
import sqlite3
import threading
import time
import unittest

import harness
from test_http_source import Stream

try:
    import websockets
    import test_websocket_source as sockets
except ImportError:
    websockets = None

CONFIG = """
sources:
  stream: { type: http, url: "%s"%s }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
%s
"""
WATCHDOG = "watchdog: { notify: [crm], blind_after: 1s }"


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def now_text():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def fresh_post(number):
    return json.dumps({"id": f"p{number}", "text": "rien", "created_at": now_text()})


class Present:
    """A server of lines that exist only as long as they pass: while `up` is set it sends one every
    fifth of a second, and an end that is none of its own once it is cleared. While `talks` is clear
    it sends comments (blank lines) only, while `mute` is set nothing."""

    def __init__(self):
        self.up = threading.Event()
        self.up.set()
        self.talks = threading.Event()
        self.talks.set()
        self.mute = threading.Event()
        self.last_sent = 0
        self.ended = []
        self.began = []
        self.last_ids = []
        self.sse = False
        self.number = 0

    def __call__(self, _, connection):
        if not self.up.is_set():
            return  # no answer at all
        self.began.append(time.time())
        self.last_ids.append(connection.last_id)
        connection.begin("text/event-stream" if self.sse else "application/x-ndjson")
        while self.up.is_set():
            self.number += 1
            if self.mute.is_set():
                time.sleep(0.02)
                continue
            self.last_sent = time.time()
            if not self.talks.is_set():
                connection.send("\n")
            elif self.sse:
                connection.send(f"id: e{self.number}\ndata: {fresh_post(self.number)}\n\n")
            else:
                connection.send(fresh_post(self.number) + "\n")
            time.sleep(0.2)
        connection.send("")  # the last chunk
        self.ended.append(time.time())


class Gaps(harness.Case):
    def watch(self, options="", watchdog="", server=None):
        self.server = server or Present()
        self.stream = Stream(self.server)
        self.addCleanup(self.stream.close)
        self.addCleanup(self.server.up.clear)
        self.crm = self.receiver()
        self.vigie_ = self.vigie(CONFIG % (self.stream.url(), options, self.crm.url, watchdog))
        self.vigie_.start()
        self.wait_for_state("live")
        return self.vigie_

    def wait_for_state(self, *states):
        harness.wait_until(
            f"state {states}", lambda: self.vigie_.source("stream")["state"] in states
        )

    def wait_for_records(self, more=1):
        before = self.vigie_.source("stream")["records"]
        harness.wait_until(
            "more records", lambda: self.vigie_.source("stream")["records"] >= before + more
        )

    def rows(self):
        """(from, to, kind, told, reason) as they are on disk."""
        database = sqlite3.connect(self.vigie_.store_path)
        try:
            return database.execute(
                "SELECT from_at / 1e6, to_at / 1e6, kind, told, reason FROM gap ORDER BY from_at"
            ).fetchall()
        finally:
            database.close()

    def alive(self):
        database = sqlite3.connect(self.vigie_.store_path)
        try:
            row = database.execute("SELECT alive_at / 1e6 FROM source").fetchone()
            return row[0] if row else 0
        finally:
            database.close()

    def notices(self):
        return [r.alert for r in self.crm.requests if r.alert["rule"] == "watchdog"]

    def wait_for_notices(self, count):
        harness.wait_until(f"{count} notices", lambda: len(self.notices()) >= count)
        return self.notices()

    def end(self):
        self.assertEqual(self.vigie_.stop(), 0)
        self.assertEqual(self.vigie_.store_problems(), [])

    # --- gaps ---

    def test_a_stream_of_the_present_that_breaks_is_a_gap_from_its_end_to_its_return(self):
        self.watch()
        self.wait_for_records(3)
        self.server.up.clear()
        self.wait_for_state("retrying")
        self.assertEqual([row[1] for row in self.rows()], [0])  # on disk while it lasts
        source = self.vigie_.source("stream")
        self.assertAlmostEqual(seconds_of(source["blind_since"]), self.server.ended[0], delta=0.3)
        self.assertEqual(self.vigie_.metrics()['vigie_source_blind{source="stream"}'], 1)
        self.server.up.set()
        self.wait_for_state("live")
        (begin, end, kind, told, reason), = self.rows()
        self.assertAlmostEqual(begin, self.server.ended[0], delta=0.3)
        self.assertAlmostEqual(end, self.server.began[-1], delta=0.3)
        self.assertEqual((kind, told, reason), (0, 0, "the server ended the stream"))
        status = self.vigie_.status()
        source = status["sources"][0]
        self.assertNotIn("blind_since", source)
        self.assertEqual(source["gaps_24h"]["count"], 1)
        self.assertEqual(source["gaps_24h"]["seconds"], int(end - begin))
        self.assertEqual(status["gaps"][0]["kind"], "lost")
        self.assertAlmostEqual(seconds_of(status["gaps"][0]["to"]), end, delta=0.001)
        metrics = self.vigie_.metrics()
        self.assertEqual(metrics['vigie_source_gaps_total{source="stream"}'], 1)
        lost = metrics['vigie_source_lost_seconds_total{source="stream"}']
        self.assertAlmostEqual(lost, end - begin, delta=0.001)
        self.assertEqual(metrics['vigie_source_state{source="stream",state="live"}'], 1)
        self.assertEqual(self.notices(), [])  # nobody asked
        self.end()

    def test_a_stream_that_stalls_is_blind_since_its_last_byte(self):
        self.watch(options=", stall: 2s")
        self.wait_for_records(3)
        self.server.mute.set()
        last_sent = self.server.last_sent
        harness.wait_until("the gap", self.rows)
        self.server.mute.clear()
        self.wait_for_state("live")
        (begin, end, _, _, reason), = self.rows()
        self.assertAlmostEqual(begin, last_sent, delta=0.3)
        self.assertGreater(end - begin, 1.5)
        self.assertRegex(reason, "^no byte for 2 s")
        self.end()

    def test_the_end_of_a_quiet_stream_is_where_its_gap_begins(self):
        self.watch()
        self.wait_for_records(3)
        self.server.mute.set()
        time.sleep(1.5)
        self.server.up.clear()
        self.wait_for_state("retrying")
        self.assertAlmostEqual(self.rows()[0][0], self.server.ended[0], delta=0.3)
        self.server.mute.clear()
        self.server.up.set()
        self.wait_for_state("live")
        self.assertEqual(len(self.rows()), 1)
        self.end()

    def test_heartbeats_are_signs_of_life(self):
        self.watch(options=", absent: off")
        self.wait_for_records(3)
        self.server.talks.clear()
        self.wait_for_state("live")
        silent = time.time() + 0.5
        harness.wait_until("a later sign of life on disk", lambda: self.alive() > silent)
        self.end()

    def test_events_with_ids_have_no_gap_but_are_caught_up_with(self):
        server = Present()
        server.sse = True
        self.watch(server=server)
        self.wait_for_records(3)
        self.server.up.clear()
        self.wait_for_state("retrying")
        self.server.up.set()
        self.wait_for_state("catching up")
        self.wait_for_state("live")
        self.assertIsNotNone(self.server.last_ids[-1])
        self.assertEqual(self.rows(), [])
        self.assertEqual(self.vigie_.source("stream")["gaps_24h"]["count"], 0)
        self.vigie_.kill9()
        self.vigie_.start()
        self.wait_for_state("catching up", "live")
        self.wait_for_state("live")
        self.assertEqual(self.rows(), [])
        self.end()

    def test_a_daemon_that_was_killed_was_blind_until_it_came_back(self):
        self.watch()
        self.wait_for_records(3)
        harness.wait_until("a sign of life on disk", self.alive)
        self.vigie_.kill9()
        killed = time.time()
        time.sleep(1)
        self.vigie_.start()
        self.wait_for_state("live")
        self.vigie_.kill9()
        self.vigie_.start()
        self.wait_for_state("live")
        first, _ = self.rows()  # one each time
        self.assertLessEqual(first[0], killed + 0.1)
        self.assertGreaterEqual(first[0], killed - 6)
        self.assertAlmostEqual(first[1], self.server.began[-2], delta=0.3)
        self.assertEqual(first[2], 0)
        self.end()

    def test_a_clean_stop_knows_to_the_second_when_it_was(self):
        self.watch()
        self.wait_for_records(3)
        self.assertEqual(self.vigie_.stop(), 0)
        stopped = time.time()
        self.vigie_.start()
        self.wait_for_state("live")
        (begin, _, kind, _, _), = self.rows()
        self.assertAlmostEqual(begin, stopped, delta=1)
        self.assertEqual(kind, 0)
        self.end()

    def test_status_shows_gaps_with_the_daemon_and_without(self):
        self.watch()
        self.wait_for_records(3)
        self.server.up.clear()
        self.wait_for_state("retrying")
        port = self.vigie_.port
        config = self.write(
            "asking.yaml", f"http: {{ listen: 127.0.0.1:{port} }}\nstore: {{ path: vigie.db }}\n"
        )
        done = self.vigie_.command("status", "-c", config)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\n  stream: blind since \d\d:\d\d:\d\d\n")
        self.assertRegex(
            done.stdout, r"\nstream  \d\d:\d\d:\d\d +- +lasts +the server ended the stream\n"
        )
        self.server.up.set()
        self.wait_for_state("live")
        self.end()
        done = self.vigie_.command("status", "-c", config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no daemon at", done.stderr)
        self.assertRegex(done.stdout, r"\nstream  \d\d:\d\d:\d\d +\d\d:\d\d:\d\d +lost ")
        done = self.vigie_.command("status", "-c", config, "--json")
        told = json.loads(done.stdout)
        self.assertFalse(told["running"])
        self.assertEqual([g["kind"] for g in told["gaps"]], ["lost"])
        self.assertRegex(told["gaps"][0]["from"], r"Z$")

    # --- alerts ---

    def test_blindness_is_told_once_and_its_end_once_also_over_kill_9(self):
        self.watch(watchdog=WATCHDOG)
        self.wait_for_records(3)
        self.server.up.clear()
        blind, = self.wait_for_notices(1)
        self.assertRegex(
            blind["post"]["title"], r"^vigie is blind on stream since \d\d:\d\d$"
        )
        self.assertIn("the server ended the stream", blind["post"]["text"])
        begin = self.rows()[0][0]
        self.assertEqual(self.rows()[0][3], 1)
        self.vigie_.kill9()
        self.vigie_.start()
        self.wait_for_state("retrying")
        time.sleep(1.5)  # longer than blind_after
        self.assertEqual(len(self.notices()), 1)
        self.server.up.set()
        _, seen = self.wait_for_notices(2)
        self.assertRegex(
            seen["post"]["title"], r"^blind \d\d:\d\d:\d\d to \d\d:\d\d:\d\d on stream$"
        )
        self.assertIn("is missing", seen["post"]["text"])
        self.assertIn("the server ended the stream", seen["post"]["text"])
        (first, end, kind, told, _), = self.rows()
        self.assertEqual((first, kind, told), (begin, 0, 1))
        self.assertAlmostEqual(end, self.server.began[-1], delta=0.3)
        self.vigie_.kill9()
        self.vigie_.start()
        self.wait_for_state("live")
        self.wait_for_records()
        told = [n["post"]["id"] for n in self.notices()]
        self.assertEqual(told.count(blind["post"]["id"]), 1)
        self.assertEqual(told.count(seen["post"]["id"]), 1)
        self.end()

    def test_a_break_shorter_than_asked_for_is_recorded_and_not_told(self):
        self.watch(watchdog="watchdog: { blind_after: 10m }")
        self.wait_for_records(3)
        self.server.up.clear()
        self.wait_for_state("retrying")
        self.server.up.set()
        self.wait_for_state("live")
        self.assertEqual(len(self.rows()), 1)
        self.assertEqual(self.notices(), [])
        self.end()

    # --- silence ---

    def test_silence_is_told_and_its_end(self):
        self.watch(options=", absent: 1s", watchdog=WATCHDOG)
        self.wait_for_records(3)
        self.assertFalse(self.vigie_.source("stream")["absent"])
        self.server.talks.clear()
        absent, = self.wait_for_notices(1)
        self.assertRegex(absent["post"]["title"], r"^stream is silent since \d\d:\d\d$")
        source = self.vigie_.source("stream")
        self.assertTrue(source["absent"])
        self.assertGreaterEqual(source["silent_seconds"], 1)
        self.assertEqual(source["state"], "live")
        self.assertEqual(self.vigie_.metrics()['vigie_source_absent{source="stream"}'], 1)
        self.server.talks.set()
        _, brings = self.wait_for_notices(2)
        self.assertEqual(brings["post"]["title"], "stream brings posts again")
        self.assertFalse(self.vigie_.source("stream")["absent"])
        self.assertEqual(self.rows(), [])
        self.end()

    # --- rate and lag ---

    def test_rate_and_lag_are_told_without_any_match(self):
        self.watch()
        self.wait_for_records(8)
        source = self.vigie_.source("stream")
        self.assertEqual(source["candidates"], 0)
        self.assertGreater(source["records_per_minute"], 5)
        self.assertLess(source["lag_seconds"], 2)
        self.assertAlmostEqual(
            seconds_of(source["last_post_written_at"]), time.time(), delta=3
        )
        self.assertAlmostEqual(seconds_of(source["last_record_at"]), time.time(), delta=3)
        self.end()


@unittest.skipUnless(websockets, "python3-websockets is not installed")
class Replays(harness.Case):
    """A stream over WebSocket that is resumed by time, as Jetstream is."""

    def watch(self, script, refuse=None, options=""):
        self.stream = sockets.Stream(script, refuse)
        self.addCleanup(self.stream.close)
        self.crm = self.receiver()
        self.vigie_ = self.vigie(
            sockets.CONFIG % (self.stream.url(), ", resume_path: time_us" + options, self.crm.url)
        )
        return self.vigie_.start()

    def gaps(self):
        return self.vigie_.status().get("gaps", [])

    def wait_for_state(self, state):
        harness.wait_until(
            f"state {state}", lambda: self.vigie_.source("stream")["state"] == state
        )

    @staticmethod
    def record(ago):
        return json.dumps({"text": "rien", "time_us": int((time.time() - ago) * 1e6)})

    def test_it_catches_up_until_what_comes_is_as_new_as_the_return(self):
        go_on = threading.Event()

        async def script(number, connection, cursor):
            await connection.send(self.record(30 if number == 0 else 29))
            if number == 0:
                return
            while not go_on.is_set():
                await asyncio.sleep(0.02)
            await connection.send(self.record(0))
            await connection.wait_closed()

        self.watch(script)
        self.wait_for_state("catching up")
        self.assertIn("blind_since", self.vigie_.source("stream"))
        go_on.set()
        self.wait_for_state("live")
        self.assertNotIn("blind_since", self.vigie_.source("stream"))
        self.assertEqual(self.gaps(), [])
        self.assertEqual(self.vigie_.stop(), 0)

    def test_a_server_that_quietly_goes_back_less_far_leaves_a_gap(self):
        async def script(number, connection, cursor):
            await connection.send(self.record(600 if number == 0 else 300))
            if number:
                await connection.send(self.record(0))
                await connection.wait_closed()

        self.watch(script)
        gap, = harness.wait_until(
            "a gap", lambda: [g for g in self.gaps() if g["kind"] != "lasts"]
        )
        self.assertIn(gap["kind"], ("lost", "possible"))
        begin, end = seconds_of(gap["from"]), seconds_of(gap["to"])
        self.assertAlmostEqual(end - begin, 300, delta=2)
        self.assertIn("does not go back" if gap["kind"] == "lost" else "may not", gap["reason"])
        self.wait_for_state("live")
        self.assertEqual(len(self.gaps()), 1)
        self.assertEqual(self.vigie_.stop(), 0)

    def test_a_cursor_that_is_too_old_is_a_gap_until_the_stream_is_live_again(self):
        def refuse(number, path, headers):
            if "cursor=" in path:
                return http.HTTPStatus.BAD_REQUEST, [], b"FutureCursor: too old"
            return None

        async def script(number, connection, cursor):
            await connection.send(self.record(0))
            if number:
                await connection.wait_closed()

        self.watch(script, refuse, ", resume_too_old: 'too old'")
        gap, = harness.wait_until(
            "a gap", lambda: [g for g in self.gaps() if g["kind"] == "lost"]
        )
        self.assertLess(seconds_of(gap["to"]) - seconds_of(gap["from"]), 10)
        self.wait_for_state("live")
        self.assertEqual(self.vigie_.stop(), 0)


if __name__ == "__main__":
    harness.main()
