#!/usr/bin/python3
"""vigie watch: words without any file; and lines of a log as posts.

    test_watch.py PATH_OF_VIGIE
"""

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import harness
import test_http_source
import test_websocket_source

NOTIFYD = os.path.join(os.path.dirname(__file__), "..", "notifiers", "notifyd.py")

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>%s</channel></rss>"""
ITEM = "<item><title>solaire %d</title><guid>g%d</guid></item>"


class Commands(harness.Case):
    def setUp(self):
        super().setUp()
        self.run_folder = self.path("run")
        os.mkdir(self.run_folder, 0o700)
        self.environment = {
            **os.environ,
            "HOME": self.folder,
            "XDG_RUNTIME_DIR": self.run_folder,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        self.addCleanup(self.check_nothing_is_left)

    def check_nothing_is_left(self):
        self.assertEqual([n for n in os.listdir(self.run_folder) if "vigie" in n], [])

    def watch(self, *arguments, code=0, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        done = subprocess.run(
            [harness.PROGRAM, "watch", *arguments], capture_output=True, text=True,
            cwd=self.folder, env=self.environment, timeout=60, check=False, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def ids(self, *arguments, **options):
        lines = self.watch(*arguments, "--json", **options).stdout.splitlines()
        return [json.loads(line)["post"]["id"] for line in lines]

    def start(self, *arguments, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen([harness.PROGRAM, "watch", *arguments], text=True,
                                   cwd=self.folder, env=self.environment, **options)

        def end():
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()

        self.addCleanup(end)
        return process

    def interrupt(self, process):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20 * harness.SLOW)
        return process.returncode, out, err

    def events(self, text="une centrale solaire"):
        def script(_, connection):
            connection.begin("text/event-stream")
            connection.send(f"data: {harness.post(1, text)}\n\n")
            connection.hold()

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        return stream


class Words(Commands):
    def setUp(self):
        super().setUp()
        texts = ["une centrale solaire", "la centrale du solaire", "un panneau", "rien", "EDF", "edf"]
        self.write("p.ndjson", "".join(
            json.dumps({"id": str(i), "text": text, "lang": "fr" if i % 2 else "en"}) + "\n"
            for i, text in enumerate(texts)))

    def test_any_word_is_enough_and_a_phrase_is_one_word(self):
        source = ("--from", "p.ndjson")
        self.assertEqual(self.ids("panneau", "solaire", *source), ["0", "1", "2"])
        self.assertEqual(self.ids("centrale solaire", *source), ["0"])
        self.assertEqual(self.ids('"centrale solaire"', *source), ["0"])
        self.assertEqual(self.ids("=EDF", *source), ["4"])
        self.assertEqual(self.ids("/pan.eau/", *source), ["2"])

    def test_not_lang_and_query_narrow_it(self):
        source = ("--from", "p.ndjson")
        self.assertEqual(self.ids("centrale", "--not", "du", *source), ["0"])
        self.assertEqual(self.ids("centrale", "--lang", "fr", *source), ["1"])
        self.assertEqual(self.ids("centrale", "--lang", "fr,en", *source), ["0", "1"])
        self.assertEqual(self.ids("--query", "centrale NEAR/0 solaire", *source), ["0"])
        self.assertEqual(self.ids("centrale", "--query", "-lang:fr solaire", *source), ["0"])

    def test_nothing_found_is_another_exit_code(self):
        done = self.watch("introuvable", "--from", "p.ndjson", code=1)
        self.assertEqual(done.stdout, "")
        self.assertIn("6 posts seen, 0 matched", done.stderr)

    def test_standard_input_is_read_where_nothing_else_is_named(self):
        with open(self.path("p.ndjson"), encoding="utf-8") as file:
            self.assertEqual(self.ids("panneau", stdin=file), ["2"])
        with open(self.path("p.ndjson"), encoding="utf-8") as file:
            self.assertEqual(self.ids("panneau", input=file.read()), ["2"])
        done = self.watch("Failed", input="Nov 22 14:07:29 web1 sshd[812]: Failed password\n")
        self.assertRegex(done.stdout,
                         r"^\d{4}-11-22 14:07:29 stdin @sshd: web1 sshd\[812\] \| Failed password\n$")

    def test_a_pipe_whose_first_line_comes_late_is_waited_for(self):
        process = self.start("panneau", "--json", stdin=subprocess.PIPE)
        time.sleep(0.3)
        with open(self.path("p.ndjson"), encoding="utf-8") as file:
            out, _ = process.communicate(file.read(), timeout=20 * harness.SLOW)
        self.assertEqual(json.loads(out)["post"]["id"], "2")

    def test_the_format_can_be_said(self):
        line = '{"text":"solaire","id":"1"}\n'
        text = json.loads(self.watch("solaire", "--json", "--format", "text", input=line).stdout)
        self.assertEqual(text["post"]["text"], line.strip())

    def test_lines_of_journalctl_are_posts(self):
        line = json.dumps({"__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1795356449000000",
                           "_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd",
                           "MESSAGE": "Failed password"}) + "\n"
        post = json.loads(self.watch("failed", "--json", input=line).stdout)["post"]
        self.assertEqual((post["id"], post["text"]), ("s=1;i=2", "Failed password"))
        self.assertEqual((post["author"]["handle"], post["tags"]), ("sshd", ["web1"]))
        self.assertEqual(post["created_at"], "2026-11-22T14:07:29Z")

    def test_mistakes_are_told(self):
        for arguments, word in [
            ((), "which words"), (("x", "--from", "blueksy"), "did you mean 'bluesky'"),
            (("x", "--from", "mastodon"), "mastodon needs 'host'"),
            (("x", "--from", "mastodon host"), "KEY=VALUE"),
            (("x", "--from", "p.ndjson", "--notify", "desk"), "--notify takes"),
            (("x", "--from", "p.ndjson", "--format", "xml"), "--format takes"),
            (("--query", "(x", "--from", "p.ndjson"), "never closed"),
            (("list:none", "--from", "p.ndjson"), "none"),
            (("", "--from", "p.ndjson"), "empty argument"),
            (("a\x1bb", "--from", "p.ndjson"), "control character"),
            (("x", "--from", "."), "a folder"),
            (("x", "--from", "http://127.0.0.1:1/"), "nothing listens"),
            (("x", "--from", "http://127.0.0.1:1/"), "--from 'http://127.0.0.1:1/ type=feed'"),
            (("x", "--from", "none.ndjson"), "no such source"),
            (("x", "--lnag", "fr", "--from", "p.ndjson"), "lang"),
        ]:
            self.assertIn(word, self.watch(*arguments, code=2).stderr, arguments)

    def test_a_terminal_without_source_is_asked_for_one(self):
        outside, inside = pty.openpty()
        try:
            done = self.watch("x", code=2, stdin=inside)
        finally:
            os.close(outside)
            os.close(inside)
        self.assertIn("--from bluesky", done.stderr)


class Output(Commands):
    HOSTILE = "un solaire \x1b[31m \x1b]0;titre\x07 \x9b \u202e \r\n fin"

    def on_terminal(self, *arguments):
        """What a terminal gets."""
        outside, inside = pty.openpty()
        process = self.start(*arguments, stdout=inside)
        os.close(inside)
        seen = b""
        try:
            while select.select([outside], [], [], 20)[0]:
                piece = os.read(outside, 65536)
                if not piece:
                    break
                seen += piece
        except OSError:
            pass  # the other side is gone
        os.close(outside)
        process.wait(20)
        return seen.decode()

    def test_a_terminal_gets_colours_and_nothing_of_hostile_text(self):
        post = {"id": "1", "text": self.HOSTILE, "title": "t\x1b[2J", "author": "a\x1b[1mb",
                "url": "http://x/\x1b[5m"}
        self.write("p.ndjson", json.dumps(post) + "\n")
        seen = self.on_terminal("solaire", "--from", "p.ndjson")
        self.assertIn("\x1b[1;31msolaire\x1b[0m", seen)
        rest = re.sub(r"\x1b\[(0|2|36|1;31)m", "", seen).replace("\r\n", "")
        self.assertNotRegex(rest, "[\x00-\x1f\x7f-\x9f\u202e]")
        self.assertIn(r"\x1b[31m", rest)
        self.assertNotIn("\x1b", self.on_terminal("solaire", "--from", "p.ndjson", "--color=never"))

    def test_a_pipe_gets_no_colours_and_json_is_one_alert_a_line(self):
        self.write("p.ndjson", json.dumps({"id": "1", "text": self.HOSTILE}) + "\n")
        self.assertNotIn("\x1b", self.watch("solaire", "--from", "p.ndjson").stdout)
        always = self.watch("solaire", "--from", "p.ndjson", "--color=always").stdout
        self.assertIn("\x1b[1;31msolaire", always)
        alert = json.loads(self.watch("solaire", "--from", "p.ndjson", "--json").stdout)
        self.assertEqual(alert["post"]["text"], self.HOSTILE)
        self.assertEqual(alert["hits"][0]["term"], "solaire")
        self.assertEqual(self.watch("solaire", "--from", "p.ndjson", "-q").stdout, "")

    def test_who_reads_no_more_ends_it(self):
        self.write("p.ndjson", harness.posts(range(20000)))
        process = self.start("solaire", "--from", "p.ndjson", "-f")
        process.stdout.readline()
        process.stdout.close()
        self.append("p.ndjson", harness.posts(range(20000, 40000)))
        self.assertIsNotNone(process.wait(30))


class Sources(Commands):
    def test_several_sources_of_all_kinds_are_watched_at_once(self):
        async def script(_, connection, __):
            await connection.send(harness.post(2))
            await connection.wait_closed()

        socket_ = test_websocket_source.Stream(script)
        self.addCleanup(socket_.close)
        self.write("a.log", "Nov 22 14:07:29 web1 x[1]: le solaire\n")
        self.write("b.ndjson", harness.posts([3]))
        process = self.start("solaire", "--from", self.events().url(), "--from", socket_.url("/live"),
                             "--from", "a.log", "--from", "b.ndjson", "--from", "b.ndjson", "--json")
        found = sorted(json.loads(process.stdout.readline())["post"]["source"] for _ in range(5))
        self.assertEqual(found, ["127-0-0-1", "127-0-0-1-2", "a-log", "b-ndjson", "b-ndjson-2"])
        code, out, err = self.interrupt(process)
        self.assertEqual((code, out), (0, ""))
        self.assertIn("5 posts seen, 5 matched", err)

    def test_a_preset_with_its_parameters_is_one_argument(self):
        process = self.start("solaire", "--from", f"wikimedia agent=me url={self.events().url()} "
                             "map=post", "--json")
        self.assertEqual(json.loads(process.stdout.readline())["post"]["source"], "wikimedia")
        self.assertEqual(self.interrupt(process)[0], 0)

    def test_a_feed_brings_what_is_new_and_with_all_what_it_holds(self):
        def script(_, connection):
            connection.begin("application/rss+xml")
            connection.send(FEED % "".join(ITEM % (i, i) for i in range(3)))
            connection.handler.wfile.write(b"0\r\n\r\n")

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        process = self.start("solaire", "--from", stream.url(), "--all")
        titles = sorted(process.stdout.readline().rsplit(": ", 1)[1] for _ in range(3))
        self.assertEqual(titles, [f"solaire {i}\n" for i in range(3)])
        self.assertEqual(self.interrupt(process)[0], 0)

    def test_ctrl_c_without_a_match_is_told_by_the_exit_code(self):
        stream = self.events("rien")
        process = self.start("solaire", "--from", stream.url())
        stream.wait_for(2)
        time.sleep(0.5)
        code, out, err = self.interrupt(process)
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"[01] posts seen, 0 matched")

    def test_a_file_is_followed(self):
        self.write("a.log", "")
        process = self.start("Failed", "--from", "a.log", "-f", "--format", "text")
        time.sleep(0.3)
        self.append("a.log", "Nov 22 14:07:29 web1 sshd[812]: Failed password\n")
        self.assertIn("Failed password", process.stdout.readline())
        self.assertEqual(self.interrupt(process)[0], 0)


class Notify(Commands):
    def test_a_webhook_is_told_and_waited_for(self):
        crm = self.receiver()
        self.write("p.ndjson", harness.posts(range(5)))
        done = self.watch("solaire", "--from", "p.ndjson", "--notify", crm.url)
        self.assertEqual(len(done.stdout.splitlines()), 5)
        self.assertEqual(sorted(crm.posts), [f"p{i}" for i in range(5)])

    def test_a_mail_goes_by_this_machines_server(self):
        self.write("p.ndjson", harness.posts([1]))
        process = self.start("solaire", "--from", "p.ndjson", "--notify", "mail=me@example.org",
                             "--notify", "stdout")
        self.assertIn("solaire", process.stdout.readline())
        self.assertIn(self.interrupt(process)[0], (0,))

    def test_a_bubble_comes_on_the_desktop(self):
        if not shutil.which("dbus-daemon"):
            self.skipTest("dbus-daemon is missing")
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (bus.kill(), bus.wait(), bus.stdout.close()))
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        service = subprocess.Popen(
            ["/usr/bin/python3", NOTIFYD], env=self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (service.kill(), service.wait(), service.stdin.close(),
                                 service.stdout.close()))
        if service.stdout.readline().strip() != "ready":
            self.skipTest("python3-dbus or python3-gi is missing")
        self.write("p.ndjson", harness.posts([1]))
        done = self.start("solaire", "--from", "p.ndjson", "--notify", "desktop")
        bubble = json.loads(service.stdout.readline())
        self.assertIn("centrale", bubble["summary"] + bubble["body"])
        done.wait(20)
        self.assertEqual(done.returncode, 0, done.stderr.read())


CONFIG = """
sources:
  log: { type: file, path: a.log, follow: true, format: text }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: failed, any: [failed, error] }
  - { name: sshd, where: { from: sshd, tag: web1 } }
"""


class Lines(harness.Case):
    """format: text in the daemon."""

    def line(self, number, text="Failed"):
        return f"Nov 22 14:07:{number:02} web1 cron[{number}]: {text} {number}\n"

    def test_lines_are_told_once_over_kills_and_rotation(self):
        crm = self.receiver()
        vigie = self.vigie(CONFIG % crm.url)
        self.write("a.log", self.line(0) + self.line(1))
        vigie.start()

        # What was not yet known as sent is sent again after a kill, with the same id.
        def wait_for(count):
            harness.wait_until(f"{count} alerts", lambda: len(set(crm.ids)) >= count)

        wait_for(2)
        vigie.kill9()
        self.append("a.log", self.line(2))
        vigie.start()
        wait_for(3)
        os.rename(self.path("a.log"), self.path("a.log.1"))
        # The same line in the new file is another event.
        self.write("a.log", self.line(2) + self.line(3))
        wait_for(5)
        texts = sorted({r.id: r.alert["post"]["text"] for r in crm.requests}.values())
        self.assertEqual(texts, ["Failed 0", "Failed 1", "Failed 2", "Failed 2", "Failed 3"])
        vigie.stop()

    def test_colours_and_bad_bytes_keep_no_word_from_being_found(self):
        crm = self.receiver()
        vigie = self.vigie(CONFIG % crm.url)
        with open(self.path("a.log"), "wb") as file:
            file.write(b"\x1b[1;31merror\x1b[0m in caf\xe9\n" + b"x" * 1100000 + b" error\n")
            file.write(b"error\xff\x00!\n2026-11-22T14:07:29Z web1 sshd[1]: quiet\n")
        vigie.start()
        crm.wait_for(3)
        posts = [(r.alert["rule"], r.alert["post"]["text"]) for r in crm.requests]
        self.assertEqual(sorted(posts), [("failed", "error in caf\ufffd"), ("failed", "error\ufffd!"),
                                         ("sshd", "quiet")])
        self.assertEqual(vigie.source("log")["rejected"], {"line too long": 1})
        vigie.stop()

    def test_a_map_beside_it_is_a_mistake(self):
        config = (CONFIG % "http://h/").replace("format: text", "format: text, map: post")
        done = self.vigie(config).command("check", "-c", self.path("vigie.yaml"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("format: text has no map 'post'", done.stderr)

    def test_match_reads_lines_the_same_way(self):
        self.write("a.log", self.line(0) + "sans en-tête: failed\n")
        self.write("terms", "failed\n")
        done = subprocess.run(
            [harness.PROGRAM, "match", "-r", "terms", "--format", "text", "--json", "a.log"],
            capture_output=True, text=True, cwd=self.folder, check=False)
        posts = [json.loads(line)["post"] for line in done.stdout.splitlines()]
        self.assertEqual([p["text"] for p in posts], ["Failed 0", "sans en-tête: failed"])
        self.assertEqual(posts[0]["author"]["handle"], "cron")


if __name__ == "__main__":
    harness.main()
