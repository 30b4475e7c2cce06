#!/usr/bin/python3
"""Networks that are polled, or refilled after a break, against servers that play them: the right
address is asked for, the right posts come, and none twice, whatever the servers do.

    test_polling.py PATH_OF_VIGIE
"""

import http
import http.server
import json
import random
import threading
import time
import urllib.parse

import harness
import test_http_source

try:
    import test_websocket_source
except SystemExit:
    test_websocket_source = None

CONFIG = """
sources:
  net: %s
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            self.server.requests.append((self.command, self.path, headers, body))
        status, more, answer = self.server.answer(url.path, query, headers, body)
        data = json.dumps(answer).encode() if status != 304 else b""
        try:
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Api:
    """Answers by answer(path, query, headers, body) -> (status, headers, JSON)."""

    def __init__(self, answer):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.answer = answer
        self.server.requests = []
        self.server.lock = threading.Lock()
        self.requests = self.server.requests
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.host}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def paths(self):
        return [path for _, path, _, _ in list(self.requests)]


def good(answer, **headers):
    return 200, {name.replace("_", "-"): value for name, value in headers.items()}, answer


class Polling(harness.Case):
    def serve(self, answer):
        api = Api(answer)
        self.addCleanup(api.close)
        return api

    def watch(self, source, environment=None):
        self.crm = self.receiver()
        self.vigie_ = self.vigie(CONFIG % (source, self.crm.url), environment=environment)
        return self.vigie_.start()

    def post_of(self, post_id):
        self.crm.wait_for_posts({post_id})
        return next(r for r in self.crm.requests if r.post == post_id).alert["post"]

    # --- Hacker News ---

    def test_hackernews_asks_for_each_item_and_drops_what_is_gone(self):
        items = {
            101: {"id": 101, "type": "story", "by": "ann", "title": "Du solaire", "time": 1700000000,
                  "url": "https://a.example/"},
            102: {"id": 102, "type": "comment", "by": "bob", "parent": 101, "time": 1700000001,
                  "text": "<p>Le <i>solaire</i> &amp; l&#x27;eau</p>"},
            103: {"id": 103, "deleted": True, "text": "solaire", "time": 1},
            104: {"id": 104, "dead": True, "text": "solaire", "time": 1},
            106: {"id": 106, "type": "comment", "by": "eve", "text": "solaire", "time": 1700000002},
        }
        state = {"max": 100, "late": 0}

        def answer(path, query, headers, body):
            if path == "/v0/maxitem.json":
                newest, state["max"] = state["max"], 106
                return good(newest)
            number = int(path.removeprefix("/v0/item/").removesuffix(".json"))
            if number == 106 and state["late"] < 2:
                state["late"] += 1
                return good(None)  # there is a number, but not yet an item
            return good(items.get(number))

        api = self.serve(lambda *a: good(None) if a[0] == "/v0/item/105.json" else answer(*a))
        self.watch(
            f'{{ type: hackernews, url: "{api.url}/v0/maxitem.json", interval: 100ms, '
            f'item_url: "{api.url}/v0/item/{{id}}.json" }}'
        )
        self.crm.wait_for_posts({"101", "102", "106"})
        self.assertEqual(sorted(self.crm.posts), ["101", "102", "106"])
        comment = self.post_of("102")
        self.assertEqual(comment["url"], "https://news.ycombinator.com/item?id=102")
        self.assertEqual(comment["text"], "Le solaire & l'eau")
        self.assertEqual(comment["author"]["handle"], "bob")
        self.assertEqual(comment["in_reply_to"], "101")
        self.assertEqual(comment["created_at"], "2023-11-14T22:13:21Z")
        self.assertEqual(self.post_of("101")["links"], ["https://a.example/"])

    def test_hackernews_search_asks_for_what_is_newer(self):
        def hit(number, text):
            return {"objectID": str(number), "comment_text": text, "author": "ann",
                    "created_at_i": 1700000000 + number, "parent_id": 7, "story_title": "solaire"}

        def answer(path, query, headers, body):
            hits = [hit(2, "solaire"), hit(1, "rien")]
            if "numericFilters" in query:
                hits = [hit(3, "le <b>solaire</b>"), *hits]
            return good({"hits": hits, "nbHits": len(hits)})

        api = self.serve(answer)
        self.watch(
            f'{{ type: hackernews-search, interval: 100ms, url: "{api.url}/api/v1/search_by_date?query=s&'
            'tags=(story,comment)&hitsPerPage=1000" }'
        )
        post = self.post_of("3")
        self.assertEqual(self.crm.posts, ["3"])
        self.assertEqual(post["text"], "le solaire")
        self.assertEqual(post["url"], "https://news.ycombinator.com/item?id=3")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(api.paths()[1]).query)
        self.assertEqual(query["numericFilters"], [f"created_at_i>{1700000002 - 900}"])

    # --- Reddit ---

    def test_reddit_gets_a_token_and_follows_pages(self):
        def child(number):
            return {"kind": "t3", "data": {
                "name": f"t3_{number}", "title": f"Parc solaire {number}", "selftext": "",
                "author": "ann", "author_fullname": "t2_a", "permalink": f"/r/france/comments/{number}/x/",
                "created_utc": 1700000000.0 + number, "url": "https://a.example/", "over_18": False}}

        state = {"newest": 10, "token": 0}

        def answer(path, query, headers, body):
            if path == "/token":
                state["token"] += 1
                return good({"access_token": f"t{state['token']}", "expires_in": 86400})
            if headers.get("authorization") != f"Bearer t{state['token']}" or state["token"] == 1:
                return 401, {}, {"message": "Unauthorized", "error": 401}
            newest = int(query["after"].removeprefix("t3_")) - 1 if "after" in query else state["newest"]
            children = [child(n) for n in range(newest, newest - 3, -1)]
            if "after" not in query:
                state["newest"] = 17
            return good(
                {"kind": "Listing", "data": {"after": f"t3_{newest - 2}", "children": children}},
                X_Ratelimit_Remaining="595.0", X_Ratelimit_Reset="60", X_Ratelimit_Used="5",
            )

        api = self.serve(answer)
        self.watch(
            f'{{ type: reddit, subreddit: france, agent: "linux:vigie:1 (by /u/me)", interval: 100ms, '
            f'oauth_url: "{api.url}/token", oauth_client_id: abc, oauth_client_secret: {{ env: S }}, '
            f'url: "{api.url}/r/france/new?limit=100&raw_json=1" }}',
            {"S": "shh"},
        )
        self.crm.wait_for_posts({f"t3_{n}" for n in range(11, 18)})
        self.assertEqual(len(self.crm.posts), 7)
        post = self.post_of("t3_17")
        self.assertEqual(post["url"], "https://www.reddit.com/r/france/comments/17/x/")
        self.assertEqual(post["author"], {"id": "t2_a", "handle": "ann"})
        self.assertEqual(post["created_at"], "2023-11-14T22:13:37Z")
        self.assertEqual(post["sensitive"], False)
        method, path, headers, body = api.requests[0]
        self.assertEqual((method, path), ("POST", "/token"))
        self.assertEqual(headers["user-agent"], "linux:vigie:1 (by /u/me)")
        self.assertEqual(body, "grant_type=client_credentials")
        self.assertEqual(headers["authorization"], "Basic YWJjOnNoaA==")
        self.assertEqual(api.requests[1][2]["user-agent"], "linux:vigie:1 (by /u/me)")
        self.assertNotIn("shh", self.vigie_.log)

    # --- Lemmy, Discourse, GitHub ---

    def poll(self, options, first, then, path):
        """What a list brings that grew from first to then; both are whole answers."""
        state = {"count": 0}

        def answer(*_):
            state["count"] += 1
            return good(first if state["count"] == 1 else then)

        api = self.serve(answer)
        self.watch(f'{{ {options}, interval: 100ms, url: "{api.url}{path}" }}')
        return api

    def test_lemmy_brings_posts(self):
        def view(number, **more):
            return {"post": {"id": number, "name": f"Un parc solaire {number}", "body": "à Rennes",
                             "ap_id": f"https://l.example/post/{number}", "url": "https://a.example/",
                             "published": "2026-01-02T03:04:05.678901Z", "nsfw": True, "deleted": False,
                             "removed": False, **more},
                    "creator": {"name": "ann", "display_name": "Ann", "actor_id": "https://l.example/u/ann"},
                    "community": {"name": "energie"}}

        self.poll("type: lemmy, host: l.example", {"posts": [view(1)], "next_page": None},
                  {"posts": [view(3, removed=True), view(2), view(1)], "next_page": "Pa"},
                  "/api/v3/post/list?sort=New")
        post = self.post_of("https://l.example/post/2")
        self.assertEqual(len(self.crm.posts), 1)
        self.assertEqual(post["url"], "https://l.example/post/2")
        self.assertEqual(post["title"], "Un parc solaire 2")
        self.assertEqual(post["text"], "à Rennes")
        self.assertEqual(post["author"], {"id": "https://l.example/u/ann", "handle": "ann", "name": "Ann"})
        self.assertEqual(post["tags"], ["energie"])
        self.assertEqual(post["created_at"][:19], "2026-01-02T03:04:05")
        self.assertEqual(post["sensitive"], True)

    def test_lemmy_comments_brings_comments(self):
        def view(number):
            return {"comment": {"id": number, "content": "du solaire", "published": "2026-01-02T03:04:05Z",
                                "ap_id": f"https://l.example/comment/{number}"},
                    "creator": {"name": "ann"}, "post": {"ap_id": "https://l.example/post/9", "nsfw": False},
                    "community": {"name": "energie"}}

        self.poll("type: lemmy-comments, host: l.example", {"comments": []},
                  {"comments": [view(1)]}, "/api/v3/comment/list?sort=New")
        post = self.post_of("https://l.example/comment/1")
        self.assertEqual(post["in_reply_to"], "https://l.example/post/9")
        self.assertEqual(post["type"], "reply")

    def test_discourse_brings_posts(self):
        def post(number):
            return {"id": number, "topic_id": 5, "topic_slug": "le-parc", "post_number": 3, "user_id": 8,
                    "username": "ann", "name": "Ann A", "cooked": "<p>du <em>solaire</em></p>",
                    "topic_title": "Le parc", "created_at": "2026-01-02T03:04:05.000Z"}

        api = self.poll("type: discourse, host: f.example", {"latest_posts": [post(51)]},
                        {"latest_posts": [post(53), post(52), post(51)]}, "/posts.json")
        got = self.post_of("52")
        self.assertEqual(got["url"], "https://f.example/t/le-parc/5/3")
        self.assertEqual(got["text"], "du solaire")
        self.assertEqual(got["title"], "Le parc")
        self.assertEqual(got["author"], {"id": "8", "handle": "ann", "name": "Ann A"})
        self.assertEqual(set(self.crm.posts), {"52", "53"})
        self.assertEqual(set(api.paths()), {"/posts.json"})

    def test_github_keeps_to_the_interval_and_sends_the_validator_back(self):
        event = {"id": "900", "type": "IssueCommentEvent", "actor": {"id": 4, "login": "ann"},
                 "repo": {"name": "a/b"}, "created_at": "2026-01-02T03:04:05Z",
                 "payload": {"action": "created", "issue": {"title": "Bug", "html_url": "https://g/1",
                             "body": "no", "labels": [{"name": "energie"}]},
                             "comment": {"body": "le solaire", "html_url": "https://g/1#c"}}}
        push = {"id": "901", "type": "PushEvent", "actor": {"id": 4, "login": "ann"},
                "created_at": "2026-01-02T03:04:06Z",
                "payload": {"commits": [{"message": "un"}, {"message": "du solaire"}]}}
        state = {"count": 0}

        def answer(path, query, headers, body):
            state["count"] += 1
            if state["count"] == 1:
                return good([{"id": "899", "type": "WatchEvent", "payload": {}}], ETag='W/"1"')
            if state["count"] == 2:
                return 304, {"ETag": 'W/"1"'}, None
            return good([push, event], ETag='W/"2"', X_Poll_Interval="60")

        api = self.serve(answer)
        self.watch(f'{{ type: github, of: repos/a/b, interval: 100ms, url: "{api.url}/repos/a/b/events" }}')
        post = self.post_of("900")
        self.assertEqual(post["url"], "https://g/1#c")
        self.assertEqual(post["text"], "le solaire")
        self.assertEqual(post["title"], "Bug")
        self.assertEqual(post["tags"], ["energie"])
        self.assertEqual(self.post_of("901")["text"], "un\ndu solaire")
        time.sleep(0.5)
        self.assertEqual(len(api.requests), 3)
        self.assertEqual(api.requests[1][2]["if-none-match"], 'W/"1"')
        self.assertEqual(api.requests[2][2]["accept"], "application/vnd.github+json")

    # --- Mastodon ---

    def status(self, number, word="solaire"):
        return {"id": str(number), "uri": f"https://m.example/{number}", "content": f"<p>du {word}</p>",
                "created_at": "2026-01-02T03:04:05Z", "account": {"acct": "ann", "id": "2"}}

    def timeline(self, statuses, page=3):
        """The oldest that are newer, as min_id has it; the newest of them first."""

        def answer(path, query, headers, body):
            newer = sorted(n for n in statuses if n > int(query["min_id"]))[:page]
            return good([self.status(n) for n in reversed(newer)])

        return answer

    def test_mastodon_fills_what_it_missed_from_the_timeline(self):
        base = 1 << 40  # far above the overlap
        statuses = [base + n for n in range(0, 10)]
        late = threading.Event()

        def script(number, connection):
            connection.begin("text/event-stream")
            if number == 0:
                for n in (0, 1):
                    connection.send(f"event: update\ndata: {json.dumps(self.status(base + n))}\n\n")
                late.wait(10)
                return  # the connection breaks
            connection.send(":thump\n")
            data = json.dumps(self.status(base + 10))
            connection.send(f"event: update\ndata: {data}\n\n")
            connection.hold()

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        api = self.serve(self.timeline(statuses))
        self.watch(
            '{ type: mastodon, host: h.example, token: { env: T }, refill_overlap: 0, '
            f'url: "{stream.url()}", refill_url: "{api.url}/api/v1/timelines/public?limit=3" }}',
            {"T": "s3cret"},
        )
        self.crm.wait_for_posts({str(base), str(base + 1)})
        self.assertEqual(api.requests, [])
        late.set()
        self.crm.wait_for_posts({str(base + n) for n in range(11)})
        self.assertEqual(len(self.crm.posts), 11)
        self.assertEqual(api.requests[0][2]["authorization"], "Bearer s3cret")
        asked = [int(urllib.parse.parse_qs(urllib.parse.urlsplit(p).query)["min_id"][0]) for p in api.paths()]
        self.assertEqual(asked, [base + 1, base + 4, base + 7, base + 9])
        # After a restart it goes on behind the newest.
        self.assertEqual(self.vigie_.stop(), 0)
        self.vigie_.start()
        harness.wait_until("one more refill", lambda: len(api.requests) > 4)
        self.assertIn(f"min_id={base + 10}", api.paths()[4])

    def test_mastodon_killed_while_it_fills_a_gap_loses_nothing(self):
        rng = random.Random(7)
        base = 1 << 40
        total = 60
        statuses = [base + n for n in range(total)]

        def script(number, connection):
            connection.begin("text/event-stream")
            first = base if number == 0 else base + total - 1
            connection.send(f"event: update\ndata: {json.dumps(self.status(first))}\n\n")
            connection.hold()

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        answer = self.timeline(statuses, page=2)

        def slow(*arguments):
            time.sleep(0.01)
            return answer(*arguments)

        api = self.serve(slow)
        self.watch(
            '{ type: mastodon, host: h.example, token: { env: T }, refill_overlap: 0, '
            f'url: "{stream.url()}", refill_url: "{api.url}/t" }}',
            {"T": "s3cret"},
        )
        self.crm.wait_for_posts({str(base)})
        harness.wait_until("a cursor", lambda: self.vigie_.source("net")["state"] == "live")
        time.sleep(1.2)  # cursors are written once a second
        for _ in range(6):
            self.vigie_.kill9()
            self.vigie_.start()
            time.sleep(rng.uniform(0.02, 0.3))
        self.crm.wait_for_posts({str(n) for n in statuses}, 30 * harness.SLOW)
        ids = {}
        for request in self.crm.requests:
            ids.setdefault(request.post, set()).add(request.id)
        self.assertEqual([p for p, several in ids.items() if len(several) > 1], [])

    def test_a_gap_that_cannot_be_filled_is_told(self):
        def script(number, connection):
            connection.begin("text/event-stream")
            if number < 2:
                data = json.dumps(self.status((1 << 40) + number))
                connection.send(f"event: update\ndata: {data}\n\n")
            if number == 0:
                time.sleep(0.2)
                return
            connection.hold()

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        # Each page is full of what is new, without end.
        api = self.serve(
            lambda path, query, headers, body: good([self.status(int(query["min_id"]) + 1, "vent")])
        )
        self.watch(
            '{ type: mastodon, host: h.example, token: { env: T }, refill_overlap: 0, refill_pages: 3, '
            f'url: "{stream.url()}", refill_url: "{api.url}/t" }}',
            {"T": "s3cret"},
        )
        self.vigie_.wait_for_log("more came than may be fetched afterwards")
        self.assertEqual(len(api.requests), 3)

    def test_a_timeline_that_fails_is_tried_again(self):
        base = 1 << 40
        tries = []

        def script(number, connection):
            connection.begin("text/event-stream")
            if number == 0:
                connection.send(f"event: update\ndata: {json.dumps(self.status(base))}\n\n")
                time.sleep(0.2)
                return
            connection.hold()

        stream = test_http_source.Stream(script)
        self.addCleanup(stream.close)
        answer = self.timeline([base, base + 1])

        def fail_once(*arguments):
            tries.append(time.monotonic())
            return (503, {}, {}) if len(tries) == 1 else answer(*arguments)

        api = self.serve(fail_once)
        self.watch(
            '{ type: mastodon, host: h.example, token: { env: T }, refill_overlap: 0, '
            f'url: "{stream.url()}", refill_url: "{api.url}/t" }}',
            {"T": "s3cret"},
        )
        self.crm.wait_for_posts({str(base), str(base + 1)}, 20)
        self.assertGreater(tries[1] - tries[0], 5)

    def test_more_than_the_server_lists_is_a_gap(self):
        state = {"count": 0}

        def answer(*_):
            state["count"] += 1
            first = 10 * state["count"]
            return good([{"id": n, "text": "solaire"} for n in (first + 1, first)])

        api = self.serve(answer)
        self.watch(f'{{ type: poll, url: "{api.url}/l", interval: 200ms }}')
        self.vigie_.wait_for_log("more came between two rounds than the server lists")
        self.crm.wait_for_posts({"20", "21"})

    # --- kill -9 ---

    def test_what_is_killed_while_it_polls_loses_nothing(self):
        rng = random.Random(5)
        newest = {"n": 0}

        def answer(path, query, headers, body):
            newest["n"] += rng.randint(0, 3)
            top = int(query["before"]) - 1 if "before" in query else newest["n"]
            page = [{"id": n, "text": "du solaire"} for n in range(top, max(top - 4, 0), -1)]
            return good(page)

        api = self.serve(answer)
        self.watch(
            f'{{ type: poll, url: "{api.url}/l", interval: 100ms, since: all, next: record, next_path: id, '
            "next_parameter: before, pages: 1000 }"
        )
        for _ in range(12):
            time.sleep(rng.uniform(0.01, 0.3))
            self.vigie_.kill9()
            self.vigie_.start()
        last = newest["n"]
        self.crm.wait_for_posts({str(n) for n in range(1, last + 1)})
        ids = {}
        for request in self.crm.requests:
            ids.setdefault(request.post, set()).add(request.id)
        self.assertEqual([p for p, several in ids.items() if len(several) > 1], [])


class Sockets(harness.Case):
    def setUp(self):
        super().setUp()
        if not test_websocket_source:
            self.skipTest("no python3-websockets")

    def serve(self, script, refuse=None):
        stream = test_websocket_source.Stream(script, refuse)
        self.addCleanup(stream.close)
        return stream

    def watch(self, source, environment=None):
        self.crm = self.receiver()
        self.vigie_ = self.vigie(CONFIG % (source, self.crm.url), environment=environment)
        return self.vigie_.start()

    # --- Bluesky ---

    def event(self, seq, **more):
        return json.dumps({"$type": "message", "payload": {
            "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": seq, "did": "did:plc:a",
            "time": "2026-08-02T03:04:05.123456Z", "rev": "3l", "operation": "create",
            "collection": "app.bsky.feed.post", "rkey": f"r{seq}",
            "record": {"$type": "app.bsky.feed.post", "text": "du solaire", "langs": ["fr"],
                       "createdAt": "2026-08-02T03:04:05Z"}, "cid": "b", **more}})

    def test_bluesky_goes_on_at_the_number_of_the_last_event(self):
        said = []

        async def script(number, connection, cursor):
            if number == 0:
                await connection.send(self.event(41))
                await connection.send(self.event(42))
                await connection.send(self.event(43, operation="delete", record=None))
                return
            await connection.send(self.event(42))
            await connection.send(self.event(44))
            async for message in connection:
                said.append(message)

        stream = self.serve(script)
        self.watch(
            f'{{ type: bluesky, url: "{stream.url("/xrpc/x?collections=app.bsky.feed.post&kinds=commit")}" }}'
        )
        uri = "at://did:plc:a/app.bsky.feed.post/r%d"
        self.crm.wait_for_posts({uri % 41, uri % 42, uri % 44})
        self.assertEqual(len(self.crm.posts), 3)
        self.assertEqual(stream.connections[1][1], "/xrpc/x?collections=app.bsky.feed.post&kinds=commit&cursor=42")
        post = next(r for r in self.crm.requests if r.post == uri % 41).alert["post"]
        self.assertEqual(post["url"], "https://bsky.app/profile/did:plc:a/post/r41")
        self.assertEqual(post["lang"], ["fr"])
        self.assertEqual(said, [])  # a data frame would end the connection

    def test_bluesky_begins_anew_where_its_number_is_too_old(self):
        async def script(number, connection, cursor):
            await connection.send(self.event(41 if number == 0 else 99))
            if number == 0:
                return
            await connection.wait_closed()

        def refuse(number, path, headers):
            if "cursor=" in path:
                return http.HTTPStatus.BAD_REQUEST, {}, b'{"error":"CursorTooOld","message":"floor is 90"}'
            return None

        stream = self.serve(script, refuse)
        self.watch(f'{{ type: bluesky, url: "{stream.url()}" }}')
        self.crm.wait_for_posts({"at://did:plc:a/app.bsky.feed.post/r99"})
        self.assertIn("no longer has all that came since", self.vigie_.log)

    def test_an_error_frame_ends_the_connection_and_is_told(self):
        async def script(number, connection, cursor):
            await connection.send('{"$type":"error","error":"ConsumerTooSlow","message":"\\u001b[31mslow"}')
            await connection.wait_closed()

        stream = self.serve(script)
        self.watch(f'{{ type: bluesky, url: "{stream.url()}" }}')
        self.vigie_.wait_for_log("the server refuses: .*ConsumerTooSlow.*again in [56] s")

    def test_bluesky_v1_that_begins_later_than_asked_is_a_gap(self):
        def event(time_us):
            return json.dumps({"did": "did:plc:a", "time_us": time_us, "kind": "commit", "commit": {
                "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"r{time_us}",
                "record": {"text": "du solaire"}}})

        async def script(number, connection, cursor):
            await connection.send(event(1700000000000000 + number * 3600000000))
            if number == 0:
                return
            await connection.wait_closed()

        stream = self.serve(script)
        self.watch(f'{{ type: bluesky-v1, url: "{stream.url()}" }}')
        self.vigie_.wait_for_log("the server (may|does) not go back as far as it was asked to")
        self.crm.wait_for(2)

    # --- Mastodon ---

    def test_mastodon_over_websocket_reads_the_text_within_the_message(self):
        status = {"id": "7", "content": "<p>du solaire</p>", "url": "https://m.example/7",
                  "account": {"acct": "ann", "id": "2"}, "created_at": "2026-01-02T03:04:05Z"}
        said = []

        async def script(number, connection, cursor):
            said.append(await connection.recv())
            for event, payload in (("delete", "7"), ("update", json.dumps(status, indent=1)),
                                   ("filters_changed", None), ("notification", json.dumps(status))):
                await connection.send(json.dumps({"stream": ["public"], "event": event, "payload": payload}))
            await connection.wait_closed()

        stream = self.serve(script)
        self.watch(
            f'{{ type: mastodon-websocket, host: h.example, token: {{ env: T }}, url: "{stream.url("/s")}" }}',
            {"T": "s3cret"},
        )
        self.crm.wait_for(1)
        self.assertEqual(json.loads(said[0]), {"type": "subscribe", "stream": "public"})
        self.assertEqual(self.crm.posts, ["7"])
        self.assertEqual(self.crm.requests[0].alert["post"]["text"], "du solaire")
        self.assertEqual(self.vigie_.source("net")["rejected"], {})

    def test_mastodon_over_websocket_is_refilled(self):
        base = 1 << 40

        def status(number):
            return {"id": str(base + number), "content": "<p>du solaire</p>",
                    "account": {"acct": "ann", "id": "2"}}

        async def script(number, connection, cursor):
            await connection.recv()
            if number == 0:
                await connection.send(json.dumps({"event": "update", "payload": json.dumps(status(0))}))
                return
            await connection.wait_closed()

        def answer(path, query, headers, body):
            newer = [n for n in range(4) if base + n > int(query["min_id"])]
            return good([status(n) for n in reversed(newer)])

        stream = self.serve(script)
        api = Api(answer)
        self.addCleanup(api.close)
        self.watch(
            "{ type: mastodon-websocket, host: h.example, token: { env: T }, refill_overlap: 0, "
            f'url: "{stream.url("/s")}", refill_url: "{api.url}/t" }}',
            {"T": "s3cret"},
        )
        self.crm.wait_for_posts({str(base + n) for n in range(4)})
        self.assertEqual(len(self.crm.posts), 4)

    def test_mastodon_over_websocket_tells_a_refused_subscription(self):
        async def script(number, connection, cursor):
            await connection.send('{"error":"Unknown stream type","status":400}')
            await connection.wait_closed()

        stream = self.serve(script)
        self.watch(
            f'{{ type: mastodon-websocket, host: h.example, token: {{ env: T }}, url: "{stream.url("/s")}" }}',
            {"T": "s3cret"},
        )
        self.vigie_.wait_for_log("the server refuses: .*Unknown stream type")

    # --- Nostr ---

    def note(self, number, **more):
        return {"id": f"{number:064x}", "pubkey": "ab" * 32, "created_at": 1700000000, "kind": 1,
                "tags": [["t", "energie"]], "content": f"du solaire {number}", "sig": "00", **more}

    def test_nostr_takes_no_history_at_first_and_all_of_it_after_a_break(self):
        said = []

        async def script(number, connection, cursor):
            said.append(json.loads(await connection.recv()))
            send = lambda *message: connection.send(json.dumps(message))
            if number == 0:
                await send("EVENT", "vigie", self.note(1))  # some relays do not mind the limit
                await send("EOSE", "vigie")
                await send("NOTICE", "du solaire")
                await send("EVENT", "vigie", self.note(2, created_at=9999999999))
                return
            await send("EVENT", "vigie", self.note(2))
            await send("EVENT", "vigie", self.note(3))
            await send("EOSE", "vigie")
            await send("EVENT", "vigie", self.note(4))
            await connection.wait_closed()

        stream = self.serve(script)
        begun = int(time.time())
        self.watch(f'{{ type: nostr, relay: r.example, url: "{stream.url("/")}" }}')
        wanted = {f"{n:064x}" for n in (2, 3, 4)}
        self.crm.wait_for_posts(wanted)
        self.assertEqual(set(self.crm.posts), wanted)
        self.assertEqual(said[0], ["REQ", "vigie", {"kinds": [1], "limit": 0}])
        since = said[1][2].pop("since")
        self.assertEqual(said[1], ["REQ", "vigie", {"kinds": [1]}])
        self.assertTrue(begun - 601 <= since <= time.time() - 599, since)
        post = self.crm.requests[0].alert["post"]
        self.assertEqual(post["author"]["id"], "ab" * 32)
        self.assertEqual(post["url"], f"https://njump.me/{post['id']}")

    def test_nostr_tells_why_a_relay_closes_the_subscription(self):
        async def script(number, connection, cursor):
            await connection.send('["CLOSED","vigie","auth-required: we only serve members"]')
            await connection.wait_closed()

        stream = self.serve(script)
        self.watch(f'{{ type: nostr, relay: r.example, url: "{stream.url("/")}" }}')
        self.vigie_.wait_for_log("the server refuses: .*auth-required: we only serve members")


if __name__ == "__main__":
    harness.main()
