#!/usr/bin/python3
"""Presets against servers that replay real events: the right address is asked for, the right posts come.

    test_presets.py PATH_OF_VIGIE
"""

import json
import os
import subprocess

import harness
import test_http_source
import test_websocket_source

DATA = os.environ.get("VIGIE_DATA")

CONFIG = """
sources:
  stream: %s
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: all, any: ["%s"] }
"""

# A network of one's own: JSON in a JSON message's parameter, a map, a dropped kind of record.
OWN = """
about: A network that nobody knows.
parameters:
  port: {}
  tag: { default: a }
source:
  type: websocket
  url: "ws://127.0.0.1:{port}/live?tag={tag}"
  send: '{"subscribe": ["{tag}"]}'
  drop: kind=noise
fields:
  text: said.words
  id: number
"""


class Presets(harness.Case):
    def watch(self, source, word, environment=None):
        self.crm = self.receiver()
        self.vigie_ = self.vigie(CONFIG % (source, self.crm.url, word), environment=environment)
        return self.vigie_.start()

    def serve_socket(self, lines):
        said = []

        async def script(_, connection, __):
            for line in lines:
                await connection.send(line)
            async for message in connection:
                said.append(message)

        stream = test_websocket_source.Stream(script)
        self.addCleanup(stream.close)
        return stream, said

    def serve_events(self, script):
        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        return stream

    def lines(self, path):
        if not DATA:
            print("SKIP: VIGIE_DATA is not set")
            self.skipTest("no data")
        with open(os.path.join(DATA, path), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_each_preset_is_whole(self):
        parameters = {
            "bluesky": "",
            "bluesky-v1": "",
            "discourse": "host: h.example",
            "github": "of: repos/a/b",
            "github-search": "words: solar",
            "hackernews": "",
            "hackernews-search": "words: solar",
            "lemmy": "host: h.example",
            "lemmy-comments": "host: h.example",
            "mastodon": "host: h.example, token: { env: HOME }",
            "mastodon-tag": "host: h.example, tag: été, token: { env: HOME }",
            "mastodon-websocket": "host: h.example, token: { env: HOME }",
            "nostr": "relay: r.example",
            "reddit": "subreddit: france, agent: 'linux:a:1 (by /u/b)', oauth_client_id: c, "
            "oauth_client_secret: { env: HOME }",
            "wikimedia": "",
            "x": "token: { env: HOME }",
        }
        folder = os.path.join(os.path.dirname(__file__), "..", "..", "sources", "presets")
        files = {name[:-5] for name in os.listdir(folder) if name.endswith(".yaml")}
        self.assertEqual(files, set(parameters))
        sources = "".join(
            f"  {name}: {{ type: {name}, {more} }}\n" for name, more in parameters.items()
        )
        path = self.write("all.yaml", f"store: {{ path: s.db }}\nsources:\n{sources}")
        done = subprocess.run(
            [harness.PROGRAM, "check", "-c", path], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_example_is_right(self):
        path = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "networks.yaml")
        done = subprocess.run(
            [harness.PROGRAM, "check", "-c", path], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_bluesky_v1_brings_the_posts_of_jetstream(self):
        lines = self.lines("jetstream/events_v1.ndjson")
        wanted = set()
        for line in map(json.loads, lines):
            commit = line.get("commit", {})
            record = commit.get("record", {})
            if commit.get("collection") == "app.bsky.feed.post" and " the " in record.get("text", ""):
                wanted.add(f"at://{line['did']}/app.bsky.feed.post/{commit['rkey']}")
        stream, said = self.serve_socket(lines)
        # The preset speaks TLS; what it asks for is the same without.
        address = stream.url("/subscribe?wantedCollections=app.bsky.feed.post")
        self.watch(f'{{ type: bluesky-v1, url: "{address}" }}', "the")
        self.crm.wait_for(len(wanted))
        self.assertGreater(len(wanted), 3)
        self.assertLessEqual(wanted, set(self.crm.posts))
        self.assertEqual(said, [])
        self.assertEqual(self.vigie_.stop(), 0)
        self.vigie_.start()
        last = json.loads(lines[-1])["time_us"]
        path = stream.wait_for(2)[1][1]
        self.assertTrue(path.endswith(f"&cursor={last - 5000000}"), path)

    def test_wikimedia_brings_changes_but_no_canaries(self):
        lines = [json.loads(line) for line in self.lines("wikimedia/data/wikimedia.ndjson")]
        canary = json.loads(json.dumps(lines[0]))
        canary["meta"].update(domain="canary", id="canary")
        for i, line in enumerate(lines):
            line["title"] = f"{line['title']} xyzzy{i}"
        canary["title"] = "xyzzy0 xyzzy99"

        def script(_, connection):
            connection.begin("text/event-stream; charset=utf-8")
            for i, line in enumerate([canary, *lines]):
                data = json.dumps(line)
                connection.send(f':ok\n\nevent: message\nid: [{{"n":{i}}}]\ndata: {data}\n\n')
            connection.hold()

        stream = self.serve_events(script)
        self.watch(
            f'{{ type: wikimedia, agent: "vigie (me@example.org)", url: "{stream.url()}" }}',
            "xyzzy99",
        )
        self.crm.wait_for(1)
        connection = stream.connections[0]
        self.assertEqual(connection.headers["user-agent"], "vigie (me@example.org)")
        post = self.crm.requests[0].alert["post"]
        self.assertEqual(post["id"], lines[99]["meta"]["id"])
        self.assertEqual(post["url"], lines[99]["meta"]["uri"])
        self.assertEqual(post["author"]["handle"].lstrip("@"), lines[99]["user"])
        self.assertEqual(len(self.crm.requests), 1)

    def test_mastodon_brings_statuses_by_the_token(self):
        status = {
            "id": "1",
            "uri": "https://h.example/1",
            "content": "<p>du <b>solaire</b></p>",
            "created_at": "2026-01-01T00:00:00Z",
            "account": {"acct": "a", "id": "2"},
        }

        def script(_, connection):
            connection.begin("text/event-stream")
            connection.send(":)\n:thump\n")
            connection.send("event: delete\ndata: 1\n\n")
            connection.send("event: filters_changed\ndata: undefined\n\n")
            connection.send(f"event: update\ndata: {json.dumps(status)}\n\n")
            connection.hold()

        stream = self.serve_events(script)
        vigie = self.watch(
            f'{{ type: mastodon, host: h.example, token: {{ env: T }}, url: "{stream.url()}" }}',
            "solaire",
            {"T": "s3cret"},
        )
        self.crm.wait_for(1)
        self.assertEqual(stream.connections[0].headers["authorization"], "Bearer s3cret")
        self.assertEqual(vigie.source("stream")["rejected"], {})

    def test_a_preset_of_ones_own_is_found_by_its_path(self):
        stream, said = self.serve_socket(
            [
                '{"number":1,"said":{"words":"du solaire"}}',
                '{"number":2,"kind":"noise","said":{"words":"du solaire"}}',
                '{"number":3,"said":{"words":"encore du solaire"}}',
            ]
        )
        self.write("own.yaml", OWN)
        self.watch(f"""{{ type: own.yaml, port: {stream.port}, tag: 'é"&' }}""", "solaire")
        self.crm.wait_for_posts({"1", "3"})
        self.assertEqual(set(self.crm.posts), {"1", "3"})
        self.assertEqual(stream.connections[0][1], "/live?tag=%C3%A9%22%26")
        harness.wait_until("a subscription", lambda: said)
        self.assertEqual(json.loads(said[0]), {"subscribe": ['é"&']})

    def test_addresses_and_tags_are_taken_as_people_paste_them(self):
        paths = []

        def script(_, connection):
            paths.append(connection.path)
            connection.begin("application/json")
            connection.send('{"id":"1","text":"du solaire"}\n')
            connection.hold()

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        self.write("pasted.yaml", "parameters: { host: {}, tag: { cut: '#' } }\n"
                   "source: { type: http, url: 'http://{host}/tag/{tag}' }\n")
        host = stream.url("/").replace("http:", "https:")
        self.watch(f"{{ type: pasted.yaml, host: '{host}', tag: '#été' }}", "solaire")
        self.crm.wait_for_posts({"1"})
        self.assertEqual(paths, ["/tag/%C3%A9t%C3%A9"])

    def test_mistakes_are_told_where_they_stand(self):
        self.write("bad.yaml", "source: { url: x }\n")
        for i, (before, cases) in enumerate(
            (
                ("a: {}", "from: a"),
                ("", "from: b, cases: { x: y }"),
                ("a: {}", "from: a, cases: { x: [y] }"),
                ("a: {}", "from: a, cases: { x: y }"),
            )
        ):
            before = before and before + ","
            self.write(
                f"cases{i + 1}.yaml",
                f"parameters: {{ {before} b: {{ {cases} }} }}\n"
                "source: { type: http, url: 'https://h/{b}' }\n",
            )
        self.write("Bad.yaml", OWN)
        for source, message in (
            ("{ type: mastodon }", "mastodon needs 'host'"),
            ("{ type: mastodon, host: h, stream: publik }", "unknown value: 'publik'"),
            ("{ type: mastodon, host: h, stream: publik }", "public, public/local"),
            ("{ type: mastodon, host: 'a/b?c' }", "cannot stand in an address: 'host'"),
            ("{ type: mastodon, host: h }", "mastodon needs 'token'"),
            ("{ type: mastodon, host: h }", "hint: write 'token: {env: NAME}'"),
            ("{ type: x, stal: 3s }", "did you mean 'stall'?"),
            ("{ type: x, stal: 3s }", "x needs 'token'"),
            ("{ type: reddit, subreddit: s }", "reddit needs 'agent'"),
            ("{ type: reddit, subreddit: s }", "reddit needs 'oauth_client_id'"),
            ("{ type: none.yaml }", "c.yaml:3:14: error: cannot open the preset 'none.yaml': No such"),
            ("{ type: mastodon, host: 'u@h' }", "cannot stand in an address: 'host'"),
            ("{ type: mastodon, host: [a] }", "expected a text: 'host'"),
            ("{ type: bluesky, hots: a }", "unknown key: 'hots'"),
            ("{ type: bluesky, token: a }", "token"),
            ("{ type: blusky }", "did you mean 'bluesky'?"),
            ("{ type: bad.yaml }", "source without a type"),
            ("{ type: Bad.yaml }", "bad name of a preset's file"),
            ("{ type: none.yaml }", "none.yaml"),
            ("{ type: cases1.yaml }", "from needs a map of cases"),
            ("{ type: cases2.yaml }", "not a parameter before this one: 'b'"),
            ("{ type: cases3.yaml }", "expected a text: 'x'"),
            ("{ type: cases4.yaml, a: y }", "unknown value: 'y'"),
            ("{ type: cases4.yaml, a: y }", "a is one of: x; or give 'b' too"),
        ):
            path = self.write("c.yaml", f"store: {{ path: s.db }}\nsources:\n  a: {source}\n")
            done = subprocess.run(
                [harness.PROGRAM, "check", "-c", path], capture_output=True, text=True, check=False
            )
            self.assertNotEqual(done.returncode, 0, source)
            self.assertIn(message, done.stdout + done.stderr)


if __name__ == "__main__":
    harness.main()
