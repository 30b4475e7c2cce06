#!/usr/bin/python3
"""Real counterparts: sources behind nginx with TLS, whose certificate an authority of our own has
signed. It passes streams on from scripted servers, serves feeds itself and offers HTTP/2.

    test_nginx.py PATH_OF_VIGIE
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import harness
from test_http_source import Stream, names, number_after

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
if not NGINX or not shutil.which("openssl"):
    print("SKIP: nginx or openssl is not installed")
    raise SystemExit(77)
try:
    import test_websocket_source as sockets
except SystemExit:
    sockets = None

CONFIG = """
sources:
  posts: { %s }
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""

NGINX_CONFIG = """
daemon off; master_process off; pid nginx.pid; error_log stderr;
events { worker_connections 128; }
http {
  log_format seen '$server_protocol $status $uri $sent_http_content_encoding $http_if_none_match';
  access_log seen.log seen;
  types { application/rss+xml xml; application/x-ndjson ndjson; }
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;
  scgi_temp_path s;
  server {
    listen 127.0.0.1:%(port)d ssl http2;
    ssl_certificate server.pem; ssl_certificate_key server.key;
    root www; gzip on; gzip_types application/rss+xml; gzip_min_length 1;
    location /stream {
      proxy_pass http://127.0.0.1:%(stream)d; proxy_buffering off; proxy_http_version 1.1;
      proxy_read_timeout 60s;
    }
    location /socket {
      proxy_pass http://127.0.0.1:%(socket)d; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }
    location /old { return 301 /feed.xml; }
  }
}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx(harness.Case):
    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def certify(self):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=Own Authority", "-keyout",
                     "ca.key", "-out", "ca.pem")
        self.openssl("req", *key, "-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1",
                     "-keyout", "server.key", "-out", "server.csr")
        self.openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out",
                     "server.pem")

    def begin(self, stream=1, socket_=1):
        self.certify()
        os.mkdir(self.path("www"))
        self.port = free_port()
        self.write("nginx.conf", NGINX_CONFIG % {
            "port": self.port, "stream": stream, "socket": socket_})
        self.nginx = None
        self.start_nginx()
        self.crm = self.receiver()

    def start_nginx(self):
        with open(self.path("nginx.log"), "ab") as log:
            self.nginx = subprocess.Popen(
                [NGINX, "-p", self.folder, "-c", self.path("nginx.conf")], stderr=log)
        self.addCleanup(self.nginx.wait)
        self.addCleanup(self.nginx.kill)

        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0

        harness.wait_until("nginx listens", listens)

    def stop_nginx(self):
        self.nginx.send_signal(signal.SIGTERM)
        self.nginx.wait()

    def watch(self, kind, path, options="", scheme="https", trust=True):
        ca = f', ca_file: "{self.path("ca.pem")}"' if trust else ""
        url = f"{scheme}://127.0.0.1:{self.port}{path}"
        vigie = self.vigie(CONFIG % (f'type: {kind}, url: "{url}"{ca}{options}', self.crm.url))
        return vigie.start()

    def seen(self):
        """(protocol, status, path, encoding, If-None-Match) of each request that it answered."""
        with open(self.path("seen.log"), encoding="utf-8") as file:
            return [line.split(" ", 4) for line in file.read().splitlines()]

    def finish(self, vigie, wanted):
        self.crm.wait_for_posts(wanted)
        self.assertEqual(sorted(set(self.crm.posts)), sorted(wanted))
        self.assertEqual(vigie.stop(), 0)

    def test_lines_come_through_as_they_are_sent(self):
        sent = {}

        def script(_, connection):
            connection.begin("application/x-ndjson")
            for i in range(10):
                connection.send(harness.post(i) + "\n")
                sent[f"p{i}"] = time.monotonic()
                self.crm.wait_for(i + 1)  # not only when there is a buffer full
            connection.hold()

        stream = Stream(script)
        self.addCleanup(stream.close)
        self.begin(stream=stream.server_port)
        vigie = self.watch("http", "/stream")
        self.finish(vigie, names(10))

    def test_events_go_on_behind_a_proxy_that_was_gone(self):
        def script(number, connection):
            connection.begin("text/event-stream")
            first = number_after(connection.last_id)
            for i in range(first, 10 if number == 0 else 20):
                connection.event(i)
            connection.hold()

        stream = Stream(script)
        self.addCleanup(stream.close)
        self.begin(stream=stream.server_port)
        vigie = self.watch("http", "/stream")
        self.crm.wait_for_posts(names(10))
        self.stop_nginx()
        vigie.wait_for_log("warn: source 'posts': ")
        self.start_nginx()
        self.finish(vigie, names(20))
        self.assertEqual(stream.connections[1].last_id, "e9")
        # It offers HTTP/2; we do not ask for it.
        self.assertEqual({protocol for protocol, *_ in self.seen()}, {"HTTP/1.1"})

    def test_messages_come_through_a_websocket_proxy(self):
        if not sockets:
            self.skipTest("python3-websockets is not installed")

        async def script(_, connection, cursor):
            for i in range(cursor - 1000 if cursor else 0, 30 if cursor else 20):
                await connection.send(json.dumps({"id": f"p{i}", "text": "solaire",
                                                  "time_us": 1000 + i}))
            await asyncio.sleep(60)

        server = sockets.Stream(script)
        self.addCleanup(server.close)
        self.begin(socket_=server.port)
        vigie = self.watch("websocket", "/socket", ", resume_path: time_us", "wss")
        self.crm.wait_for_posts(names(20))
        self.stop_nginx()
        vigie.wait_for_log("warn: source 'posts': ")
        self.start_nginx()
        self.finish(vigie, names(30))

    def write_feed(self, count):
        items = "".join(
            f"<item><guid isPermaLink='false'>{i}</guid><title>solaire {i}</title></item>"
            for i in range(count)
        )
        self.write("new.xml", f"<rss version='2.0'><channel>{items}</channel></rss>")
        os.rename(self.path("new.xml"), self.path("www/feed.xml"))

    def feed(self, path):
        self.begin()
        self.write_feed(3)
        options = ", allow_private: true, since: all, interval: 10s"
        vigie = self.watch("feed", path, options)
        self.crm.wait_for(3)
        self.assertEqual(vigie.stop(), 0)
        return vigie

    def asked(self, vigie, count):
        """Starts it, which asks at once, and waits for that."""
        vigie.start()
        harness.wait_until("the feed is asked", lambda: len(self.seen()) >= count)

    def test_a_feed_is_asked_for_packed_and_only_if_it_changed(self):
        vigie = self.feed("/feed.xml")
        self.assertEqual(self.seen()[0][1:4], ["200", "/feed.xml", "gzip"])
        self.asked(vigie, 2)
        harness.wait_until("live", lambda: vigie.source("posts")["state"] == "live")
        self.assertEqual(self.seen()[1][1], "304")
        self.assertNotEqual(self.seen()[1][4], "-")
        self.assertEqual(vigie.stop(), 0)
        self.write_feed(5)
        self.asked(vigie, 3)
        self.crm.wait_for(5)
        self.assertEqual(self.seen()[2][1], "200")
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(len(self.crm.requests), 5)

    def test_a_feed_that_moved_is_asked_for_where_it_is_now(self):
        vigie = self.feed("/old")
        self.assertEqual([line[1:3] for line in self.seen()],
                         [["301", "/old"], ["200", "/feed.xml"]])
        self.asked(vigie, 3)
        self.assertEqual(self.seen()[2][1:3], ["304", "/feed.xml"])
        self.assertEqual(vigie.stop(), 0)

    def test_an_authority_nobody_knows_is_not_trusted(self):
        self.begin()
        for kind, scheme, path, options in (
            ("http", "https", "/stream", ""),
            ("websocket", "wss", "/socket", ""),
            ("feed", "https", "/feed.xml", ", allow_private: true"),
        ):
            vigie = self.watch(kind, path, options, scheme, trust=False)
            vigie.wait_for_log("certificate problem")
            self.assertEqual(vigie.stop(), 0)
        self.assertEqual(self.seen(), [])


if __name__ == "__main__":
    harness.main()
