#!/usr/bin/python3
"""Posts that are sent to the daemon: by real clients, by broken ones and by hostile ones.

    test_ingest.py PATH_OF_VIGIE
"""

import base64
import gzip
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import harness

TOKEN = "a-token-that-is-long-enough"
KEY = base64.b64encode(bytes(range(32))).decode()
OLD_KEY = base64.b64encode(bytes(range(32, 64))).decode()
GITHUB = "It's a Secret to Everybody"
ENVIRONMENT = {
    "TOKEN": TOKEN,
    "TOKEN_NEW": TOKEN + "-new",
    "KEY": "whsec_" + KEY,
    "OLD_KEY": "whsec_" + OLD_KEY,
    "GITHUB": GITHUB,
}
CONFIG = """
sources:
  interne: { type: ingest, %s }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""
WITH_TOKEN = "token: { env: TOKEN }"
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
PATH = "/api/v1/posts"
ALL_GOOD = {"skipped": 0, "rejected_count": 0, "rejected": []}


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()

    @property
    def json(self):
        return json.loads(self.body)


class Case(harness.Case):
    def ingest(self, options=WITH_TOKEN, extra="", config=CONFIG):
        """(vigie, crm): the daemon and who is told."""
        crm = self.receiver()
        vigie = self.vigie(config % (options, crm.url) + extra, environment=ENVIRONMENT)
        return vigie.start(), crm

    def send(self, vigie, body, headers=JSON, token=TOKEN, path=PATH, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", vigie.port, timeout=harness.WAIT_S)
        try:
            headers = dict(headers)
            if token:
                headers["Authorization"] = f"Bearer {token}"
            connection.request(method, path, body=body, headers=headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, vigie, *pieces, pause=0):
        """What comes back until the daemon closes, which it does at its deadline at the latest."""
        with socket.create_connection(("127.0.0.1", vigie.port)) as connection:
            connection.settimeout(15 * harness.SLOW)
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)
                connection.shutdown(socket.SHUT_WR)
                answer = b""
                while data := connection.recv(65536):
                    answer += data
            except (ConnectionResetError, BrokenPipeError):
                pass
            return answer

    def head(self, vigie, *headers):
        lines = [f"POST {PATH} HTTP/1.1", f"Host: 127.0.0.1:{vigie.port}"]
        lines += [f"Authorization: Bearer {TOKEN}", "Content-Type: application/json", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def whsec(key, identity, seconds, body):
    signed = f"{identity}.{seconds}.".encode() + body
    digest = hmac.new(base64.b64decode(key), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def webhook(body, key=KEY, identity="msg_1", seconds=None, signature=None):
    seconds = int(time.time()) if seconds is None else seconds
    return {
        **JSON,
        "webhook-id": identity,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature or whsec(key, identity, seconds, body),
    }


class Posts(Case):
    def test_an_object_an_array_and_lines_become_alerts(self):
        vigie, crm = self.ingest()
        answer = self.send(vigie, harness.post(1))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        self.assertEqual(answer.json, {"accepted": 1, "matched": 1, **ALL_GOOD})
        pretty = json.dumps(
            [json.loads(harness.post(i, f"solaire\n{i}")) for i in (2, 3)], indent=2
        )
        answer = self.send(vigie, pretty, path=PATH + "/interne")
        self.assertEqual(answer.json, {"accepted": 2, "matched": 2, **ALL_GOOD})
        answer = self.send(vigie, harness.posts([4]) + harness.posts([5], "rien"), NDJSON)
        self.assertEqual(answer.json, {"accepted": 2, "matched": 1, **ALL_GOOD})
        crm.wait_for_posts({"p1", "p2", "p3", "p4"})
        alert = next(r.alert for r in crm.requests if r.post == "p2")
        self.assertEqual(alert["post"]["text"], "solaire\n2")
        self.assertEqual(alert["post"]["source"], "interne")
        source = vigie.source("interne")
        self.assertEqual(source["records"], 5)
        self.assertEqual(
            vigie.metrics()['vigie_ingest_requests_total{source="interne",status="200"}'], 3
        )

    def test_what_fired_is_on_disk_when_it_is_answered(self):
        vigie, _ = self.ingest()
        self.assertEqual(self.send(vigie, harness.post(1)).json["matched"], 1)
        vigie.kill9()
        self.assertEqual(len(vigie.deliveries()), 1)

    def test_bad_records_are_listed_with_their_place_and_the_good_ones_taken(self):
        vigie, crm = self.ingest()
        body = '[{"id":"p1","text":"solaire"},\n 7,\n {"text":}, {"id":"p2","text":"solaire"}]'
        answer = self.send(vigie, body)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json["accepted"], 2)
        self.assertEqual(answer.json["rejected_count"], 2)
        places = [(r["index"], r["line"], r["column"]) for r in answer.json["rejected"]]
        self.assertEqual(places, [(1, 2, 2), (2, 3, 10)])
        self.assertEqual(answer.json["rejected"][0]["reason"], "not a JSON object")
        crm.wait_for_posts({"p1", "p2"})
        self.assertEqual(sum(vigie.source("interne")["rejected"].values()), 2)

    def test_if_all_is_bad_it_is_400_with_the_reasons(self):
        vigie, _ = self.ingest()
        answer = self.send(vigie, "nonsense\n[1]\n", NDJSON)
        self.assertEqual(answer.status, 400)
        self.assertEqual([r["line"] for r in answer.json["rejected"]], [1, 2])
        answer = self.send(vigie, "[" + ",".join(["7"] * 500) + "]")
        self.assertEqual(answer.json["rejected_count"], 500)
        self.assertEqual(len(answer.json["rejected"]), 100)
        self.assertEqual(self.send(vigie, "").status, 400)
        self.assertEqual(self.send(vigie, "[]").json["accepted"], 0)

    def test_records_without_text_are_no_posts_and_no_mistakes(self):
        vigie, _ = self.ingest()
        answer = self.send(vigie, '{"zen":"Design for failure.","hook_id":1}')
        self.assertEqual((answer.status, answer.json["skipped"]), (200, 1))

    def test_a_map_says_where_the_text_is(self):
        extra = "maps: { mine: { text: issue.body, title: issue.title, url: issue.html_url } }\n"
        vigie, crm = self.ingest(WITH_TOKEN + ", map: mine", extra)
        issue = {"issue": {"title": "Toit", "body": "un parc solaire", "html_url": "https://e/1"}}
        self.assertEqual(self.send(vigie, json.dumps(issue)).json["matched"], 1)
        post = crm.wait_for(1)[0].alert["post"]
        self.assertEqual((post["title"], post["url"]), ("Toit", "https://e/1"))

    def test_gzip_is_unpacked(self):
        vigie, crm = self.ingest()
        packed = {**NDJSON, "Content-Encoding": "gzip"}
        lines = harness.posts(range(20000))
        answer = self.send(vigie, gzip.compress(lines.encode()), packed)
        self.assertEqual(answer.json, {"accepted": 20000, "matched": 20000, **ALL_GOOD})
        two = gzip.compress(harness.posts([30000]).encode())
        two += gzip.compress(harness.posts([30001]).encode())
        self.assertEqual(self.send(vigie, two, packed).json["accepted"], 2)
        whole = gzip.compress(harness.posts([40000]).encode())
        for bad in (b"", whole[:-1], whole[:-6] + b"\0" * 6, whole + b"x", b"no gzip", whole[:9]):
            answer = self.send(vigie, bad, packed)
            self.assertEqual(answer.status, 400, bad)
        for coding in ("br", "gzip, gzip", "deflate"):
            answer = self.send(vigie, whole, {**NDJSON, "Content-Encoding": coding})
            self.assertEqual(answer.status, 415)
            self.assertEqual(answer.headers["accept-encoding"], "gzip")
        del crm

    def test_a_bomb_is_refused_and_nothing_of_it_taken(self):
        vigie, _ = self.ingest()
        lines = harness.post(1).encode() + b"\n" + b" " * (64 << 20)
        answer = self.send(
            vigie, gzip.compress(lines), {**NDJSON, "Content-Encoding": "gzip"}
        )
        self.assertEqual(answer.status, 413)
        self.assertEqual(vigie.deliveries(), [])
        with open(f"/proc/{vigie.pid}/status", encoding="ascii") as file:
            peak = next(line for line in file if line.startswith("VmHWM"))
        if harness.SLOW == 1:
            self.assertLess(int(peak.split()[1]), 80000, peak)

    def test_other_types_are_415_and_too_much_is_413(self):
        vigie, _ = self.ingest()
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=latin-1",
            "application/jsonp",
            "",
        ):
            answer = self.send(vigie, harness.post(1), {"Content-Type": kind})
            self.assertEqual(answer.status, 415, kind)
            self.assertIn("application/json", answer.json["error"])
        kinds = ('Application/JSON;charset="UTF-8"', "application/json ; charset=utf-8 ; v=1")
        for kind in kinds:
            answer = self.send(vigie, harness.post(1), {"Content-Type": kind})
            self.assertEqual(answer.status, 200, kind)
        answer = self.raw(vigie, self.head(vigie, f"Content-Length: {(8 << 20) + 1}"))
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)
        self.assertEqual(vigie.deliveries(), vigie.deliveries()[:1])

    def test_a_large_body_keeps_nobody_waiting(self):
        vigie, _ = self.ingest(WITH_TOKEN + ", rate: 1000000/s")
        body = harness.posts(range(120000), "rien du tout").encode()
        self.assertLess(len(body), 8 << 20)

        def longest_wait():
            done = []
            thread = threading.Thread(target=lambda: done.append(self.send(vigie, body, NDJSON)))
            longest = 0
            thread.start()
            while thread.is_alive():
                began = time.monotonic()
                vigie.get("/healthz")
                longest = max(longest, time.monotonic() - began)
            thread.join()
            self.assertEqual(done[0].json["accepted"], 120000)
            return longest

        # Others want the machine, too: one of several times is enough.
        self.assertTrue(any(longest_wait() < 0.5 * harness.SLOW for _ in range(4)))


class Access(Case):
    def test_tokens_open_and_nothing_else_does(self):
        vigie, _ = self.ingest("token: [{ env: TOKEN }, { env: TOKEN_NEW }]")
        for token in (TOKEN, TOKEN + "-new"):
            self.assertEqual(self.send(vigie, harness.post(1), token=token).status, 200)
        bodies = set()
        for token in (None, TOKEN[:-1], TOKEN + "x", ""):
            answer = self.send(vigie, harness.post(2), token=token)
            self.assertEqual(answer.status, 401)
            self.assertIn("Bearer", answer.headers["www-authenticate"])
            bodies.add(answer.body)
        answer = self.send(vigie, b"x" * 500000, token="wrong")
        self.assertEqual(answer.status, 401)
        self.assertEqual(len(bodies), 1)
        self.assertEqual(len(vigie.deliveries()), 1)
        self.assertNotIn(TOKEN, vigie.log)
        self.assertEqual(vigie.log.count("was refused"), 1)

    def test_webhooks_are_known_by_either_secret_for_five_minutes(self):
        vigie, crm = self.ingest("secret: [{ env: KEY }, { env: OLD_KEY }]")
        body = harness.post(1).encode()
        now = int(time.time())
        good = [
            webhook(body),
            webhook(body, OLD_KEY),
            webhook(body, seconds=now - 250),
            webhook(body, seconds=now + 250),
            webhook(body, signature="v1,x v1a,y " + whsec(KEY, "msg_1", now, body), seconds=now),
        ]
        for headers in good:
            answer = self.send(vigie, body, headers, token=None)
            self.assertEqual(answer.status, 200, headers)
        bad = [
            webhook(body + b" "),
            webhook(body, base64.b64encode(b"another key of 32 bytes or so...").decode()),
            webhook(body, seconds=now - 320),
            webhook(body, seconds=now + 320),
            {**webhook(body), "webhook-id": "msg_2"},
            {**webhook(body), "webhook-timestamp": "now"},
            {**webhook(body), "webhook-signature": ""},
            JSON,
        ]
        for headers in bad:
            answer = self.send(vigie, body, headers, token=None)
            self.assertEqual(answer.status, 401, headers)
        crm.wait_for(1)
        self.assertEqual(len(vigie.deliveries()), 1)

    def test_github_signs_what_it_sends_as_it_is(self):
        vigie, _ = self.ingest("secret: { env: GITHUB }, signature: github")
        body = json.dumps(json.loads(harness.post(1)), indent=1).encode()
        packed = gzip.compress(body)
        for sent, more in ((body, {}), (packed, {"Content-Encoding": "gzip"})):
            digest = hmac.new(GITHUB.encode(), sent, hashlib.sha256).hexdigest()
            headers = {**JSON, **more, "X-Hub-Signature-256": "sha256=" + digest}
            self.assertEqual(self.send(vigie, sent, headers, token=None).status, 200)
            answer = self.send(vigie, sent + b" ", headers, token=None)
            self.assertEqual(answer.status, 401)
        digest = hmac.new(GITHUB.encode(), body, hashlib.sha1).hexdigest()
        headers = {**JSON, "X-Hub-Signature": "sha1=" + digest}
        self.assertEqual(self.send(vigie, body, headers, token=None).status, 401)

    def test_a_replay_is_taken_and_tells_nobody_again(self):
        vigie, crm = self.ingest(WITH_TOKEN + ", secret: { env: KEY }")
        body = b'[{"text":"solaire"},{"text":"solaire"}]'
        for _ in range(3):
            answer = self.send(vigie, body, webhook(body, identity="msg_7"), token=None)
            self.assertEqual(answer.status, 200)
        self.assertEqual(len(vigie.deliveries()), 2)
        for key in ("k1", "k1", "k2"):
            self.send(vigie, body, {**JSON, "Idempotency-Key": key})
        self.assertEqual(len(vigie.deliveries()), 6)
        self.send(vigie, body)
        self.send(vigie, body)  # by what they say: both texts are the same
        self.assertEqual(len(vigie.deliveries()), 7)
        crm.wait_for(7)
        self.assertIn("msg_7#1", crm.posts)
        self.assertIn("k2#0", crm.posts)

    def test_web_pages_cannot_post(self):
        vigie, _ = self.ingest("open: true")
        self.assertEqual(self.send(vigie, harness.post(1), token=None).status, 200)
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{vigie.port}", ""):
            answer = self.send(vigie, harness.post(2), {**JSON, "Origin": origin}, token=None)
            self.assertEqual(answer.status, 403)
        answer = self.send(vigie, harness.post(2), {**JSON, "Host": "evil.example"}, token=None)
        self.assertEqual(answer.status, 421)
        answer = self.send(vigie, "", {"Origin": "https://evil.example"}, method="OPTIONS")
        self.assertEqual(answer.status, 405)
        self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertEqual(len(vigie.deliveries()), 1)

    def test_a_proxy_asks_by_name_for_posts_only(self):
        vigie, _ = self.ingest(
            extra='http: { listen: "127.0.0.1:0", hosts: [vigie.example.org] }\n'
        )
        headers = {**JSON, "Host": "vigie.example.org"}
        self.assertEqual(self.send(vigie, harness.post(1), headers).status, 200)
        for path in ("/metrics", "/api/v1/status", "/healthz"):
            self.assertEqual(vigie.get(path)[0], 200)
            status, _, _ = vigie.get(path, {"Host": "vigie.example.org"})
            self.assertEqual(status, 421)

    def test_two_sources_have_no_short_path(self):
        config = CONFIG.replace(
            "notifiers:", "  autre: { type: ingest, token: { env: TOKEN_NEW } }\nnotifiers:"
        )
        vigie, _ = self.ingest(config=config)
        statuses = [
            self.send(vigie, harness.post(1), path=PATH + name).status
            for name in ("", "/", "/interne", "/autre", "/nobody", "/interne/", "/interne?x=1")
        ]
        self.assertEqual(statuses, [404, 404, 200, 401, 404, 404, 200])
        self.assertEqual(vigie.get(PATH + "/interne")[0], 405)

    def test_the_rate_is_kept(self):
        vigie, _ = self.ingest(WITH_TOKEN + ", rate: 60/m")
        self.assertEqual(self.send(vigie, harness.posts(range(65)), NDJSON).status, 200)
        answer = self.send(vigie, harness.post(100))
        self.assertEqual(answer.status, 429)
        self.assertIn(int(answer.headers["retry-after"]), range(1, 8))

    def test_a_header_that_is_there_twice_is_refused(self):
        vigie, _ = self.ingest()
        answer = self.raw(
            vigie, self.head(vigie, "Content-Length: 2", "Content-Type: text/plain") + b"{}"
        )
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)


class Clients(Case):
    @unittest.skipUnless(shutil.which("curl"), "SKIP: curl is not installed")
    def test_curl_sends_a_large_file_after_asking(self):
        vigie, _ = self.ingest()
        path = self.path("posts.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.write(harness.posts(range(30000), "rien"))
        base = ["curl", "-sS", "-H", f"Authorization: Bearer {TOKEN}"]
        base += ["-H", "Content-Type: application/x-ndjson"]
        url = f"http://127.0.0.1:{vigie.port}{PATH}"
        for more in (
            ["--data-binary", "@" + path],
            ["-H", "Expect: 100-continue", "--data-binary", "@" + path],
            ["-H", "Transfer-Encoding: chunked", "--data-binary", "@" + path],
            ["-T", path, "-X", "POST"],
        ):
            done = subprocess.run([*base, *more, url], capture_output=True, check=True, timeout=30)
            self.assertEqual(json.loads(done.stdout)["accepted"], 30000, more)

    def test_bytes_one_at_a_time_are_fine(self):
        vigie, _ = self.ingest()
        body = harness.post(1).encode()
        request = self.head(vigie, f"Content-Length: {len(body)}") + body
        answer = self.raw(vigie, *(request[i : i + 1] for i in range(len(request))), pause=0.001)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def test_requests_in_a_row_are_answered_in_a_row(self):
        vigie, _ = self.ingest()
        requests = b""
        for i in range(20):
            body = harness.post(i).encode()
            requests += self.head(vigie, f"Content-Length: {len(body)}") + body
        answer = self.raw(vigie, requests)
        self.assertEqual(answer.count(b"HTTP/1.1 200 "), 20)
        self.assertEqual(len(vigie.deliveries()), 20)

    def test_a_body_that_breaks_off_is_not_taken(self):
        vigie, _ = self.ingest()
        body = harness.posts(range(3)).encode()
        answer = self.raw(vigie, self.head(vigie, f"Content-Length: {len(body) + 1}") + body)
        self.assertNotIn(b" 200 ", answer)
        chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n"
        answer = self.raw(vigie, self.head(vigie, "Transfer-Encoding: chunked") + chunk)
        self.assertNotIn(b" 200 ", answer)
        answer = self.raw(vigie, self.head(vigie, "Transfer-Encoding: chunked") + b"zz\r\n")
        self.assertNotIn(b" 200 ", answer)
        self.assertEqual(vigie.deliveries(), [])
        self.assertEqual(self.send(vigie, harness.post(1)).status, 200)

    def test_slow_clients_do_not_keep_others_out(self):
        vigie, _ = self.ingest()
        slow = []
        self.addCleanup(lambda: [s.close() for s in slow])
        half = self.head(vigie, "Content-Length: 100000")
        for i in range(200):
            connection = socket.create_connection(("127.0.0.1", vigie.port))
            slow.append(connection)
            connection.sendall(half[: random.randrange(1, len(half))] if i % 2 else half + b"x")
        for i in range(20):
            self.assertEqual(self.send(vigie, harness.post(i)).status, 200)

    def test_two_hundred_clients_at_once_are_all_served(self):
        vigie, _ = self.ingest()
        failed = []
        served = []

        def client(number):
            body = harness.posts(range(number * 10, number * 10 + 10))
            for _ in range(20):  # tries
                try:
                    answer = self.send(vigie, body, NDJSON)
                except OSError:
                    continue
                if answer.status == 200:
                    served.append(number)
                    return
                if answer.status not in (429, 503):
                    failed.append(answer.status)
                time.sleep(0.2)
            failed.append("no success")

        threads = [threading.Thread(target=client, args=[i]) for i in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(len(served), 200)
        self.assertEqual(len(vigie.deliveries()), 2000)

    def test_after_a_stop_nothing_is_taken(self):
        vigie, _ = self.ingest()
        stop = threading.Event()
        answers = []

        def client():
            i = 0
            while not stop.is_set():
                try:
                    answers.append((f"p{i}", self.send(vigie, harness.post(i)).status))
                except OSError:
                    return
                i += 1

        thread = threading.Thread(target=client)
        thread.start()
        harness.wait_until("some posts", lambda: len(answers) > 20)
        self.assertEqual(vigie.stop(), 0)
        stop.set()
        thread.join()
        taken = {post for post, status in answers if status == 200}
        self.assertLessEqual({status for _, status in answers}, {200, 503})
        self.assertGreaterEqual(len(vigie.deliveries()), len(taken))


class Proxy(Case):
    """nginx with TLS in front, which passes on all that it is asked for."""

    CONFIG = """
daemon off; master_process off; pid %(folder)s/nginx.pid; error_log stderr; worker_rlimit_nofile 512;
events { worker_connections 128; }
http {
  access_log off; client_max_body_size 16m; client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/f; uwsgi_temp_path %(folder)s/u;
  scgi_temp_path %(folder)s/s;
  server {
    listen 127.0.0.1:%(port)d ssl;
    ssl_certificate %(folder)s/cert.pem; ssl_certificate_key %(folder)s/key.pem;
    location / {
      proxy_pass http://127.0.0.1:%(vigie)d; proxy_set_header Host $host; proxy_http_version 1.1;
      %(more)s
    }
  }
}
"""

    def proxy(self, vigie, more=""):
        port = free_port()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"]
            + ["/CN=vigie.example.org", "-keyout", "key.pem", "-out", "cert.pem", "-addext"]
            + ["subjectAltName=DNS:vigie.example.org"],
            cwd=self.folder, check=True, capture_output=True)
        self.write("nginx.conf", self.CONFIG % {
            "folder": self.folder, "port": port, "vigie": vigie.port, "more": more})
        with open(self.path("nginx.log"), "wb") as log:
            process = subprocess.Popen(
                [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", self.folder, "-c",
                 self.path("nginx.conf")], stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0

        harness.wait_until("nginx listens", listens)
        return port

    def ask(self, port, path, *arguments, data=None):
        """(status, body) by curl, which checks the certificate."""
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.path("cert.pem"), "--resolve",
             f"vigie.example.org:{port}:127.0.0.1", "-w", "\n%{http_code}", *arguments,
             f"https://vigie.example.org:{port}{path}"],
            input=data, capture_output=True, check=True, timeout=30)
        body, _, status = done.stdout.decode().rpartition("\n")
        return int(status), body

    @unittest.skipUnless(
        shutil.which("nginx", path="/usr/sbin:/usr/bin") and shutil.which("curl"),
        "SKIP: nginx or curl is not installed")
    def test_posts_come_in_through_it_and_nothing_else_goes_out(self):
        vigie, crm = self.ingest(
            extra='http: { listen: "127.0.0.1:0", hosts: vigie.example.org }\n')
        post = ["-H", f"Authorization: Bearer {TOKEN}", "-H", "Content-Type: application/x-ndjson",
                "--data-binary", "@-"]
        large = (harness.posts(range(10)) + harness.posts(range(10, 40000), "rien")).encode()
        for more in ("", "proxy_request_buffering off;"):
            port = self.proxy(vigie, more)
            status, body = self.ask(port, PATH, *post, data=large)
            self.assertEqual((status, json.loads(body)["accepted"]), (200, 40000))
            status, _ = self.ask(port, PATH, "-H", "Content-Type: application/json", "-d", "{}")
            self.assertEqual(status, 401)
            for path in ("/metrics", "/api/v1/status", "/healthz"):
                self.assertEqual(self.ask(port, path)[0], 421)
        crm.wait_for(1)


class Trouble(Case):
    def test_while_the_disk_is_full_it_is_503_and_afterwards_nothing_is_lost_or_twice(self):
        folder = self.path("disk")
        os.mkdir(folder)
        if os.geteuid() != 0:
            self.skipTest("a small disk needs root")
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            self.skipTest("no small disk here")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        vigie, crm = self.ingest(extra="store: { path: disk/vigie.db }\n")
        vigie.store_path = os.path.join(folder, "vigie.db")
        filler = os.path.join(folder, "filler")
        self.assertEqual(self.send(vigie, harness.post("first")).status, 200)
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        text = "parc solaire " + "x" * 3000
        batches = [harness.posts(range(i, i + 50), text) for i in range(0, 2000, 50)]
        refused = []
        for batch in batches:
            answer = self.send(vigie, batch, NDJSON)
            self.assertIn(answer.status, (200, 503))
            if answer.status == 503:
                self.assertGreater(int(answer.headers["retry-after"]), 0)
                refused.append(batch)
        self.assertTrue(refused)
        self.assertEqual(vigie.source("interne")["state"], "retrying")
        # What was answered 200 is on the disk, whatever becomes of the daemon.
        vigie.kill9()
        os.unlink(filler)
        vigie.start()
        for batch in refused:
            harness.wait_until(
                "it is taken", lambda: self.send(vigie, batch, NDJSON).status == 200)
        crm.wait_for_posts({f"p{i}" for i in range(2000)} | {"pfirst"}, 60 * harness.SLOW)
        self.assertEqual(len(crm.posts), len(set(crm.posts)), "none twice")
        self.assertEqual(vigie.stop(), 0)

    def test_a_reload_changes_the_rules_and_not_the_endpoints(self):
        vigie, _ = self.ingest()
        vigie.configure(vigie.config.replace("[solaire]", "[vent]"))
        vigie.process.send_signal(signal.SIGHUP)
        vigie.wait_for_log("rules reloaded")
        self.assertEqual(self.send(vigie, harness.post(1)).json["matched"], 0)
        self.assertEqual(self.send(vigie, harness.post(2, "du vent")).json["matched"], 1)


KILLS = 300 if harness.long_run() else 20


class Kill(Case):
    def test_what_was_acknowledged_is_told_exactly_once_over_kills(self):
        """Clients that send again what was not acknowledged, and a daemon killed at random."""
        crm = self.receiver()
        rng = random.Random(int(os.environ.get("VIGIE_SEED", "7")))
        port = free_port()
        extra = f'http: {{ listen: "127.0.0.1:{port}" }}\n'
        vigie = self.vigie(CONFIG % (WITH_TOKEN, crm.url) + extra, environment=ENVIRONMENT)
        acknowledged = set()
        ended = threading.Event()

        def client(number):
            batch = 0
            while not ended.is_set():
                key = f"c{number}b{batch}"
                # posts without an id of their own, too
                body = json.dumps(
                    [{"id": f"{key}a", "text": "solaire"}, {"text": f"solaire {key}"}]
                )
                while True:
                    try:
                        vigie._port = port
                        answer = self.send(vigie, body, {**JSON, "Idempotency-Key": key})
                    except (OSError, http.client.HTTPException):
                        if ended.wait(0.005):
                            return
                        continue
                    if answer.status == 200:
                        acknowledged.update({f"{key}a", f"{key}#1"})
                        break
                    if ended.wait(0.02):
                        return
                batch += 1
                if len(acknowledged) - len(crm.requests) > 400:
                    ended.wait(0.05)

        threads = [threading.Thread(target=client, args=[i], daemon=True) for i in range(4)]
        for thread in threads:
            thread.start()
        self.addCleanup(ended.set)
        for _ in range(KILLS):
            vigie.start()
            time.sleep(rng.uniform(0.005, 0.25) * harness.SLOW)
            self.assertIsNone(vigie.process.poll(), vigie.log)
            vigie.kill9()
        ended.set()
        for thread in threads:
            thread.join()
        vigie.start()
        crm.wait_for_posts(acknowledged, 60 * harness.SLOW)
        harness.wait_until("nothing pending", lambda: not vigie.deliveries("--state", "pending"))
        self.assertEqual(vigie.stop(), 0)
        ids = {}
        for request in crm.requests:
            ids.setdefault(request.post, set()).add(request.id)
        # What was sent to the webhook but not noted before a kill is sent again, as the same alert.
        self.assertEqual({p for p, alerts in ids.items() if len(alerts) > 1}, set())
        self.assertEqual(vigie.store_problems(), [])
        self.assertGreater(len(acknowledged), 0)
        print(f"{KILLS} kills, {len(acknowledged)} posts acknowledged")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


if __name__ == "__main__":
    harness.main()
