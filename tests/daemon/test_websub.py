#!/usr/bin/python3
"""Feeds whose hub pushes (WebSub), and feeds while the daemon is killed, with real servers.

test_websub.py PATH_OF_VIGIE
"""

import hashlib
import hmac
import http.client
import http.server
import socket
import sqlite3
import threading
import urllib.parse

import harness

CONFIG = """
http: { listen: "127.0.0.1:%(port)d", public_url: "http://127.0.0.1:%(port)d/" }
sources:
  presse: { type: feed, url: "%(feed)s", allow_private: true, interval: %(interval)s }
notifiers:
  crm: { type: webhook, url: "%(hook)s" }
rules:
  - { name: solaire, any: [solaire] }
"""


class Feed(http.server.BaseHTTPRequestHandler):
    """A feed at /feed and its hub at /hub."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.polls += 1
        body = server.document(server.entries)
        self.answer(200, body, "application/atom+xml")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.subscriptions.append(dict(urllib.parse.parse_qsl(body)))
        self.answer(202, b"", "text/plain")

    def answer(self, status, body, kind):
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Site(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Feed)
        self.polls, self.subscriptions = 0, []
        self.entries = [("old", "un vieux parc solaire")]
        self.hub = True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/feed"

    def document(self, entries):
        links = f"<link rel='self' href='{self.url}'/>"
        if self.hub:
            links += "<link rel='hub' href='/hub'/>"
        items = "".join(
            f"<entry><id>tag:e,2026:{name}</id><title>{text}</title></entry>"
            for name, text in entries
        )
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{links}{items}</feed>".encode()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def request(method, url, body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    path = parts.path + ("?" + parts.query if parts.query else "")
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


class WebSub(harness.Case):
    def begin(self, interval="1h"):
        self.site = Site()
        self.addCleanup(self.site.server_close)
        self.addCleanup(self.site.shutdown)
        self.crm = self.receiver()
        port = free_port()
        vigie = self.vigie(
            CONFIG
            % {"port": port, "feed": self.site.url, "hook": self.crm.url, "interval": interval}
        )
        vigie.start(ready=False)
        self.daemon = vigie
        return vigie

    def subscribe(self, count=1):
        harness.wait_until("a subscription", lambda: len(self.site.subscriptions) >= count)
        form = self.site.subscriptions[count - 1]
        query = urllib.parse.urlencode(
            {
                "hub.mode": "subscribe",
                "hub.topic": form["hub.topic"],
                "hub.challenge": "a b&c=1",
                "hub.lease_seconds": "864000",
            }
        )
        self.assertEqual(
            request("GET", form["hub.callback"] + "?" + query), (200, b"a b&c=1")
        )
        return form

    def push(self, form, entries, algorithm="sha256", secret=None):
        body = self.site.document(entries)
        key = (secret or form["hub.secret"]).encode()
        signature = algorithm + "=" + hmac.new(key, body, algorithm).hexdigest()
        return request(
            "POST",
            form["hub.callback"],
            body,
            {"X-Hub-Signature": signature, "Content-Type": "application/atom+xml"},
        )[0]

    def told(self):
        return sorted(r.json["data"]["post"]["title"] for r in self.crm.requests)

    def test_what_a_hub_brings_is_told_at_once(self):
        self.begin()
        form = self.subscribe()
        self.assertEqual(form["hub.topic"], self.site.url)
        for n, algorithm in enumerate(("sha1", "sha256", "sha384", "sha512")):
            status = self.push(form, [(f"n{n}", f"parc solaire {n}")], algorithm)
            self.assertEqual(status // 100, 2)
        self.assertEqual(self.push(form, [("x", "parc solaire faux")], secret="no") // 100, 2)
        harness.wait_until("four alerts", lambda: len(self.told()) >= 4)
        self.assertEqual(self.told(), [f"parc solaire {n}" for n in range(4)])
        self.assertEqual(self.site.polls, 1)

    def test_a_subscription_that_nobody_wants_is_refused(self):
        self.begin()
        form = self.subscribe()
        unknown = form["hub.callback"][:-1] + ("0" if form["hub.callback"][-1] != "0" else "1")
        self.assertEqual(request("POST", unknown, b"x")[0], 410)
        self.assertEqual(request("GET", unknown + "?hub.mode=subscribe")[0], 404)
        query = "?hub.mode=subscribe&hub.challenge=x&hub.topic=http%3A%2F%2Felsewhere%2F"
        self.assertEqual(request("GET", form["hub.callback"] + query)[0], 404)

    def test_a_push_after_a_kill_is_still_ours(self):
        vigie = self.begin()
        form = self.subscribe()
        # Before that a kill costs the subscription, and a new one is made.
        harness.wait_until("its key on disk", lambda: self.cursors("presse") == 1)
        vigie.kill9()
        vigie.start(ready=False)
        again = self.subscribe(2)
        self.assertEqual(again["hub.callback"], form["hub.callback"])
        self.push(form, [("n", "parc solaire")])
        harness.wait_until("an alert", lambda: self.told() == ["parc solaire"])

    def test_what_came_while_killed_is_told_once(self):
        self.site_without_hub()
        for n in range(6):
            polls = self.site.polls
            self.site.entries.insert(0, (f"n{n}", f"parc solaire {n}"))
            self.daemon.start(ready=False)
            harness.wait_until("a poll", lambda before=polls: self.site.polls > before)
            if n % 2:
                harness.wait_until("its alert", lambda count=n: len(set(self.told())) > count)
            self.daemon.kill9()
        self.daemon.start(ready=False)
        harness.wait_until("all alerts", lambda: len(set(self.told())) >= 6)
        # A delivery that was under way when the daemon was killed comes again with its id.
        ids = {r.id: r.json["data"]["post"]["title"] for r in self.crm.requests}
        self.assertEqual(sorted(ids.values()), [f"parc solaire {n}" for n in range(6)])

    def cursors(self, name):
        store = sqlite3.connect(f"file:{self.daemon.store_path}?mode=ro", uri=True)
        try:
            sql = "SELECT count(*) FROM cursor WHERE source LIKE ?"
            return store.execute(sql, (name,)).fetchone()[0]
        finally:
            store.close()

    def site_without_hub(self):
        self.begin()
        self.site.hub = False
        harness.wait_until("the first poll", lambda: self.site.polls)
        harness.wait_until(
            "the baseline on disk",
            lambda: self.cursors("presse/%") == 1,
        )
        self.daemon.kill9()


if __name__ == "__main__":
    harness.main()
