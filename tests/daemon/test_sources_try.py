#!/usr/bin/python3
"""vigie sources: lists, and tries against servers that bring all there is, or fail.

    test_sources_try.py PATH_OF_VIGIE
"""

import json
import os
import re
import socket
import ssl
import subprocess
import threading

import harness
import test_http_source
import test_websocket_source

FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Le Toit</title>
<item><title>Premier</title><link>http://example.org/1</link><guid>g1</guid>
<description>Des panneaux &lt;b&gt;solaires&lt;/b&gt;</description>
<author>ana</author><pubDate>Sun, 22 Nov 2026 14:07:29 GMT</pubDate></item>
<item><title>Second</title><link>http://example.org/2</link><guid>g2</guid>
<description>Rien</description></item>
</channel></rss>"""

PAGE = """<html><head><title>Un site</title>
<link rel="alternate" type="application/rss+xml" href="/feed.xml">
<link rel="alternate" type="application/atom+xml" href="/atom.xml">
</head><body>bonjour</body></html>"""

LOGIN = '<html><head><title>Login</title></head><body><input type="password"></body></html>'

# A form that nobody knows.
OWN = [
    {
        "uid": f"n{i}",
        "payload": {"words": f"Ceci est le message numéro {i} sur le solaire", "kind": "x"},
        "sender": {"username": f"user{i}"},
        "stamp": {"created_at": f"2026-11-22T14:07:2{i}Z"},
        "permalink": f"https://example.org/{i}",
    }
    for i in range(3)
]


def certificate(folder, name, host, authority=None, days=10):
    """Makes name.key and name.pem for that host, signed by the authority or by itself."""
    path = os.path.join(folder, name)
    run = lambda *command: subprocess.run(command, check=True, capture_output=True)
    kind = "IP" if re.match(r"[\d.]+$", host) else "DNS"
    extension = path + ".ext"
    with open(extension, "w", encoding="ascii") as file:
        file.write(f"subjectAltName={kind}:{host}\n" if authority else "basicConstraints=CA:TRUE\n")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", path + ".key",
        "-out", path + ".csr", "-subj", f"/CN={host}")
    signer = (["-CA", authority + ".pem", "-CAkey", authority + ".key", "-CAcreateserial"]
              if authority else ["-signkey", path + ".key"])
    run("openssl", "x509", "-req", "-in", path + ".csr", *signer, "-days", str(days),
        "-extfile", extension, "-out", path + ".pem")
    return path


class Try(harness.Case):
    def setUp(self):
        super().setUp()
        self.environment = {
            **os.environ,
            "HOME": self.folder,
            "XDG_CONFIG_HOME": "",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    def call(self, *arguments, **options):
        return subprocess.run(
            [harness.PROGRAM, *arguments], capture_output=True, text=True, cwd=self.folder,
            env=self.environment, timeout=60, check=False, **options)

    def try_(self, *arguments, code=0, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        done = self.call("sources", "try", *arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def serve(self, answers):
        """answers: by path (content type, body), a status, or a function of the connection."""

        def script(_, connection):
            answer = answers.get(connection.path.split("?")[0], 404)
            if callable(answer):
                answer(connection)
            elif isinstance(answer, int):
                connection.refuse(answer)
            else:
                connection.begin(answer[0])
                connection.send(answer[1])
                connection.handler.wfile.write(b"0\r\n\r\n")

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        return stream

    # ---- what answers ----

    def test_a_feed_is_recognised_and_its_posts_are_shown(self):
        stream = self.serve({"/feed.xml": ("application/rss+xml", FEED)})
        done = self.try_(stream.url("/feed.xml"), "-n", "2")
        self.assertIn('a feed (RSS), "Le Toit", 2 entries', done.stdout)
        self.assertIn("2026-11-22T14:07:29Z  ana", done.stdout.replace("@", ""))
        self.assertIn("Des panneaux solaires", done.stdout)
        self.assertIn("http://example.org/1", done.stdout)
        self.assertIn("found: text 2/2 title 2/2 id 2/2 url 2/2 author 1/2 time 1/2", done.stdout)
        self.assertIn("missing: language, tags", done.stdout)

    def test_the_yaml_that_is_shown_is_right_and_brings_the_same(self):
        stream = self.serve({"/feed.xml": ("application/rss+xml", FEED)})
        done = self.try_(stream.url("/feed.xml"), "-n", "2")
        yaml = done.stdout[done.stdout.index("\nsources:"):]
        self.assertIn("allow_private: true", yaml)
        path = self.write("v.yaml", yaml + "store: { path: s.db }\n")
        name = re.search(r"sources:\n  ([\w-]+):", yaml).group(1)
        again = self.try_("-c", path, name, "-n", "2", "--json")
        self.assertEqual([json.loads(line)["title"] for line in again.stdout.splitlines()],
                         ["Second", "Premier"])
        self.assertFalse(os.path.exists(self.path("s.db")))

    def test_a_page_lists_the_feeds_that_it_names_and_the_first_is_tried(self):
        stream = self.serve({"/": ("text/html", PAGE), "/feed.xml": ("text/xml", FEED)})
        done = self.try_(stream.url())
        self.assertIn('a web page, "Un site"', done.stdout)
        self.assertIn("it names 2 feeds", done.stdout)
        self.assertIn(stream.url("/atom.xml"), done.stdout)
        self.assertIn("Premier", done.stdout)
        self.assertIn(f"url: {stream.url('/feed.xml')}", done.stdout)

    def test_a_login_page_is_told_as_one(self):
        stream = self.serve({"/": ("text/html", LOGIN)})
        done = self.try_(stream.url(), code=1)
        self.assertIn("asks for a password", done.stdout)
        self.assertIn("hint: it may have an API", done.stderr)

    def test_what_is_said_stands_in_its_order_where_both_streams_are_one(self):
        url = self.serve({"/": ("text/html", "<title>T</title>nothing")}).url()
        done = subprocess.run([harness.PROGRAM, "sources", "try", url], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        self.assertRegex(done.stdout, r"(?s)a web page.*hint: it names no feed")

    def test_events_are_recognised_without_waiting_for_one(self):
        def script(connection):
            connection.begin("text/event-stream")
            connection.event(1)
            connection.event(2)
            connection.hold()

        stream = self.serve({"/": script})
        done = self.try_(stream.url(), "-n", "2")
        self.assertIn("a stream of events (SSE)", done.stdout)
        self.assertIn("type: http", done.stdout)
        self.assertEqual(len(stream.connections), 2)

    def test_json_lines_are_recognised_while_the_stream_goes_on(self):
        def script(connection):
            connection.begin("application/json")
            connection.send(harness.posts(range(1)))
            connection.hold()

        done = self.try_(self.serve({"/": script}).url(), "-n", "1")
        self.assertIn("a stream of JSON lines", done.stdout)
        self.assertIn("read by the map 'post'", done.stdout)

    def test_a_map_is_proposed_for_json_that_nobody_knows(self):
        lines = "".join(json.dumps(post) + "\n" for post in OWN)
        done = self.try_(self.serve({"/": ("application/x-ndjson", lines)}).url(), code=1,
                         *["--for", "2s"])
        yaml = done.stdout[done.stdout.index("\nsources:"):]
        for line in ["text: payload.words", "id: uid", "author.handle: sender.username",
                     "created_at: stamp.created_at", "url: permalink"]:
            self.assertIn(line, yaml)
        # With it the posts are read.
        self.write("lines.ndjson", lines)
        yaml = re.sub(r"type: http\n    url: .*", "type: file\n    path: lines.ndjson", yaml)
        name = re.search(r"sources:\n  ([\w-]+):", yaml).group(1)
        done = self.try_("-c", self.write("v.yaml", yaml), name, "--json")
        post = json.loads(done.stdout.splitlines()[1])
        self.assertEqual(post["text"], OWN[1]["payload"]["words"])
        self.assertEqual((post["id"], post["url"]), ("n1", "https://example.org/1"))
        self.assertEqual(post["author"]["handle"], "user1")
        self.assertEqual(post["created_at"], "2026-11-22T14:07:21Z")

    def test_a_document_with_a_list_is_told_with_the_place_of_the_list(self):
        document = json.dumps({"meta": {"n": 3}, "data": {"children": OWN}})
        stream = self.serve({"/": ("application/json", document)})
        done = self.call("sources", "try", stream.url(), "--for", "3s", stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn("a JSON document with a list at 'data.children' of 3 objects", done.stdout)
        self.assertIn("text: payload.words", done.stdout)

    def test_a_redirect_is_told(self):
        def script(connection):
            connection.refuse(302, Location="/feed.xml")

        stream = self.serve({"/": script, "/feed.xml": ("text/xml", FEED)})
        self.assertIn(f"led on to {stream.url('/feed.xml')}", self.try_(stream.url()).stdout)

    def test_a_websocket_is_tried(self):
        async def script(_, connection, __):
            for number in range(3):
                await connection.send(harness.post(number))
            await connection.wait_closed()

        stream = test_websocket_source.Stream(script)
        self.addCleanup(stream.close)
        done = self.try_(stream.url("/live"), "-n", "3", "--json")
        self.assertEqual(len(done.stdout.splitlines()), 3)

    # ---- presets, files, names ----

    def test_a_preset_is_tried_with_its_parameters(self):
        def script(connection):
            connection.begin("text/event-stream")
            connection.send('event: update\ndata: {"id":"1","content":"<p>solaire</p>",'
                            '"account":{"acct":"ana"},"created_at":"2026-11-22T14:07:29Z"}\n\n')
            connection.hold()

        stream = self.serve({"/x": script})
        self.environment["TOKEN"] = "secret"
        done = self.try_("mastodon", "host=h.example", "token=env:TOKEN",
                         f"url={stream.url('/x')}", "-n", "1")
        self.assertIn("@ana", done.stdout)
        self.assertIn("read by the map 'mastodon'", done.stdout)
        self.assertIn("token: { env: TOKEN }", done.stdout)
        self.assertNotIn("secret", done.stdout + done.stderr)
        self.assertEqual(stream.connections[0].headers["authorization"], "Bearer secret")

    def test_a_preset_without_its_parameter_says_which(self):
        done = self.try_("mastodon", code=2)
        self.assertIn("mastodon needs 'host'", done.stderr)

    def test_a_log_is_recognised_and_json_goes_on_to_match(self):
        self.write("a.log", "Nov 22 14:07:29 web1 sshd[812]: Failed password\n")
        self.assertIn("format: text", self.try_("a.log").stdout)
        done = self.try_("a.log", "--json")
        self.write("terms", "failed\n")
        found = self.call("match", "-r", "terms", "--json", input=done.stdout)
        self.assertEqual(found.returncode, 0, found.stderr)
        post = json.loads(found.stdout)["post"]
        self.assertEqual(post["author"], {"handle": "sshd"})
        self.assertEqual((post["title"], post["tags"]), ("web1 sshd[812]", ["web1"]))

    def test_a_list_of_feeds_is_recognised(self):
        stream = self.serve({"/feed.xml": ("text/xml", FEED)})
        self.write("feeds.opml", '<opml version="2.0"><body><outline type="rss" '
                   f'xmlUrl="{stream.url("/feed.xml")}"/></body></opml>')
        self.assertIn("Premier", self.try_("feeds.opml", "allow_private=true").stdout)

    def test_standard_input_is_tried(self):
        done = self.try_("-", "--json", input=harness.posts(range(3)))
        self.assertEqual(len(done.stdout.splitlines()), 3)

    def test_a_source_of_the_configuration_moves_no_cursor(self):
        self.write("in.ndjson", harness.posts(range(9)))
        config = self.write("v.yaml", "store: { path: v.db }\nsources:\n"
                            "  mine: { type: file, path: in.ndjson, follow: true }\n"
                            "  broken: { type: http, url: 'http://h/', token: { env: NOT_SET } }\n")
        for _ in range(2):
            done = self.try_("-c", config, "mine", "-n", "2", "--json")
            self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines()],
                             ["p0", "p1"])
        self.assertFalse(os.path.exists(self.path("v.db")))

    # ---- what fails ----

    def test_a_name_that_is_none_is_hinted(self):
        config = self.write("v.yaml", "sources: { journal-mixte: { type: file, path: a } }\n")
        for name, hint in [("journal-mixt", "did you mean 'journal-mixte'"),
                           ("blueksy", "did you mean 'bluesky'"),
                           ("www.example.org/feed", "https://www.example.org/feed"),
                           ("zzz", "vigie sources presets")]:
            self.assertIn(hint, self.try_("-c", config, name, code=2).stderr)
        self.assertIn("which source?", self.try_(code=2).stderr)
        self.assertIn("no such file", self.try_("/nowhere/x", code=2).stderr)
        self.assertIn("KEY=VALUE", self.try_("bluesky", "x", code=2).stderr)
        self.assertIn("begins with http", self.try_("gopher://x", code=2).stderr)
        self.assertIn("unknown key", self.try_("bluesky", "hots=x", code=2).stderr)
        self.assertIn("cannot be tried", self.try_("ingest", "open=true", code=2).stderr)
        self.assertIn("does not exist", self.try_("-c", "none.yaml", "x", code=2).stderr)
        self.assertIn("--for", self.try_("bluesky", "--for", "x", code=2).stderr)
        self.assertIn("-n takes", self.try_("bluesky", "-n", "0", code=2).stderr)

    def test_statuses_say_what_to_do(self):
        for status, word in [(401, "token"), (403, "right"), (404, "spelled"), (429, "wait"),
                             (503, "later")]:
            done = self.try_(self.serve({"/": status}).url(), code=69)
            self.assertIn(f"HTTP {status}", done.stderr)
            self.assertIn(word, done.stderr)

    def test_nobody_there_and_no_name_are_told(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for address in [f"http://127.0.0.1:{port}/", f"ws://127.0.0.1:{port}/"]:
            self.assertIn("nothing listens there", self.try_(address, code=69).stderr)
        done = self.try_("https://nowhere.invalid/", code=69)
        self.assertIn("nobody knows that name", done.stderr)

    def test_a_silent_server_is_given_up_in_time(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            self.assertIn("in time", self.try_(url, "--for", "1s", code=69).stderr)

    def test_a_stream_without_posts_in_time_is_told_apart_from_no_connection(self):
        def script(connection):
            connection.begin("text/event-stream")
            connection.hold()

        done = self.try_(self.serve({"/": script}).url(), "--for", "1s", code=1)
        self.assertIn("connected, but no post came", done.stderr)

    def serve_tls(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(name + ".pem", name + ".key")
        stream = self.serve({"/feed.xml": ("text/xml", FEED)})
        # The same server behind TLS.
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def pump(source, target):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
            except OSError:
                pass
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        def accept():
            while True:
                try:
                    raw, _ = listener.accept()
                except OSError:
                    return
                try:
                    outside = context.wrap_socket(raw, server_side=True)
                except (ssl.SSLError, OSError):
                    raw.close()
                    continue
                inside = socket.create_connection(("127.0.0.1", stream.server_port))
                for ends in ((outside, inside), (inside, outside)):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def test_certificates_are_told_in_plain_words(self):
        authority = certificate(self.folder, "ca", "Our CA")
        good = certificate(self.folder, "good", "127.0.0.1", authority)
        other = certificate(self.folder, "other", "other.example", authority)
        port = self.serve_tls(good)
        url = f"https://127.0.0.1:{port}/feed.xml"
        self.assertIn("ca_file=FILE", self.try_(url, code=69).stderr)
        ca = f"ca_file={authority}.pem"
        done = self.try_(url, ca)
        self.assertIn("Premier", done.stdout)
        self.assertIn(f"ca_file: {authority}.pem", done.stdout)
        wrong = f"https://127.0.0.1:{self.serve_tls(other)}/feed.xml"
        self.assertIn("for another name", self.try_(wrong, ca, code=69).stderr)
        plain = self.serve({"/": ("text/xml", FEED)})
        done = self.try_(f"https://127.0.0.1:{plain.server_port}/", code=69)
        self.assertIn("no TLS is spoken there", done.stderr)

    def test_what_a_server_sends_reaches_no_terminal(self):
        bad = FEED.replace("Premier", "A\x9bB&#155;").replace("Le Toit", "T\u202e\x9b")
        bad = bad.replace("Rien", "&lt;p&gt;x\u202ey")
        done = self.try_(self.serve({"/feed.xml": ("text/xml; charset=utf-8", bad)}).url("/feed.xml"))
        page = LOGIN.replace("Login", "L\x1b]0;x\x07\x9b\u202e")
        more = self.try_(self.serve({"/": ("text/html", page)}).url(), code=1)
        for text in (done.stdout, done.stderr, more.stdout, more.stderr):
            self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202e]")

    # ---- lists ----

    def test_sources_are_listed_without_secrets(self):
        config = self.write("v.yaml", """
sources:
  mine: { type: file, path: in.ndjson }
  press: { type: feed, url: ["https://user:pw@h.example/f?key=SECRET", "https://b.example/"] }
  bluesky: { type: bluesky }
  m: { type: mastodon, host: h.example, token: { env: NOT_SET } }
""")
        done = self.call("sources", "-c", config)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual(rows, [["mine", "file", "in.ndjson"],
                                ["press", "feed", "https://h.example/f?... and 1 more"],
                                ["bluesky", "bluesky", "-"], ["m", "mastodon", "h.example"]])
        done = self.call("sources", "list", "-c", config, "--json")
        self.assertEqual(json.loads(done.stdout.splitlines()[0]),
                         {"name": "mine", "type": "file", "place": "in.ndjson"})
        self.assertEqual(self.call("sources", "-c", self.write("e.yaml", "{}\n")).returncode, 1)
        self.assertEqual(self.call("sources", "lits").returncode, 2)

    def test_presets_are_listed_with_their_parameters(self):
        done = self.call("sources", "presets", "--json")
        presets = {p["name"]: p for p in map(json.loads, done.stdout.splitlines())}
        folder = os.path.join(os.path.dirname(__file__), "..", "..", "sources", "presets")
        self.assertEqual(set(presets),
                         {name[:-5] for name in os.listdir(folder) if name.endswith(".yaml")})
        parameters = {p["name"]: p["default"] for p in presets["mastodon"]["parameters"]}
        self.assertIsNone(parameters["host"])
        self.assertEqual(parameters["stream"], "public")
        text = self.call("sources", "presets").stdout
        self.assertIn("host=(required)", text)
        self.assertIn("token=(required)", text)
        self.assertEqual(presets["reddit"]["needs"], ["oauth_client_id", "oauth_client_secret"])
        self.assertEqual(presets["bluesky"]["needs"], [])


if __name__ == "__main__":
    harness.main()
