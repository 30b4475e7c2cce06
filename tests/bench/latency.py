#!/usr/bin/python3
"""How long from a line that arrives at a source to the webhook's request, with the durable commit
in between: for a followed file, a FIFO and a stream over HTTP. Run as

    latency.py PATH_OF_VIGIE [POSTS]

The disk is that of the temporary folder (TMPDIR); what its fsync costs is printed too, since each
alert waits for one. Fails if a median is over the goal."""

import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

GOAL_MS = 3.0
POSTS = 300
WAIT_S = 20

CONFIG = """
store: {{ path: vigie.db }}
sources:
  file: {{ type: file, path: posts.ndjson, follow: true }}
  fifo: {{ type: file, path: posts.fifo, follow: true }}
  http: {{ type: http, url: "http://127.0.0.1:{stream}/", format: ndjson }}
notifiers:
  hook: {{ type: webhook, url: "http://127.0.0.1:{hook}/" }}
rules:
  - name: solaire
    any: [solaire, photovoltaïque, panneau solaire]
"""


def listen():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    return listener, listener.getsockname()[1]


class Hook:
    """Answers each request at once, and notes when its first bytes came, by the post's id."""

    def __init__(self):
        self.listener, self.port = listen()
        self.came = {}
        self.changed = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            peer = self.listener.accept()[0]
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        data = b""
        while True:
            piece = peer.recv(65536)
            at = time.perf_counter()
            if not piece:
                return
            data += piece
            while b"\r\n\r\n" in data:
                head, rest = data.split(b"\r\n\r\n", 1)
                length = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                if len(rest) < length:
                    break
                peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                post = json.loads(rest[:length])["data"]["post"]["id"]
                data = rest[length:]
                with self.changed:
                    self.came.setdefault(post, at)
                    self.changed.notify_all()

    def wait(self, post):
        with self.changed:
            if not self.changed.wait_for(lambda: post in self.came, WAIT_S):
                sys.exit(f"the alert for {post} never came")
        return self.came[post]


class Stream:
    """An endless answer of lines to whoever asks."""

    def __init__(self):
        self.listener, self.port = listen()
        self.peer = None
        self.ready = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        self.peer = self.listener.accept()[0]
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while b"\r\n\r\n" not in self.peer.recv(65536):
            pass
        self.peer.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        self.ready.set()

    def write(self, line):
        self.peer.sendall(b"%x\r\n%s\r\n" % (len(line), line))


def measure(name, write, hook, posts, dice):
    """Milliseconds of each post, in order."""
    took = []
    for n in range(posts):
        post = f"{name}-{n}"
        line = json.dumps({"id": post, "text": f"une centrale solaire, {n}"}).encode() + b"\n"
        start = time.perf_counter()
        write(line)
        took.append((hook.wait(post) - start) * 1e3)
        time.sleep(dice.uniform(0.001, 0.006))  # so that no rhythm of the daemon's is met
    return took


def fsync_ms(folder):
    path = os.path.join(folder, "fsync")
    took = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)


def run(program, posts, folder):
    hook, stream, dice = Hook(), Stream(), random.Random(1)
    config = os.path.join(folder, "vigie.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(stream=stream.port, hook=hook.port))
    file_path, fifo_path = (os.path.join(folder, f"posts.{kind}") for kind in ("ndjson", "fifo"))
    open(file_path, "wb").close()
    os.mkfifo(fifo_path)
    print(f"fdatasync of 4 KB here: {fsync_ms(folder):.2f} ms")
    with subprocess.Popen([program, "run", "-c", config, "--log", "warn"]) as daemon:
        try:
            stream.ready.wait(WAIT_S)
            file = os.open(file_path, os.O_WRONLY | os.O_APPEND)
            fifo = os.open(fifo_path, os.O_WRONLY)
            good = True
            ways = [
                ("file", lambda line: os.write(file, line)),
                ("fifo", lambda line: os.write(fifo, line)),
                ("http", stream.write),
            ]
            for name, write in ways:
                measure(name + "-warm", write, hook, 5, dice)
                took = sorted(measure(name, write, hook, posts, dice))
                median = statistics.median(took)
                good = good and median <= GOAL_MS
                p90, p99 = took[int(len(took) * 0.9)], took[int(len(took) * 0.99)]
                print(
                    f"{name}: median {median:.2f} ms, p90 {p90:.2f} ms, p99 {p99:.2f} ms, "
                    f"worst {took[-1]:.2f} ms over {len(took)} posts",
                    flush=True,
                )
        finally:
            daemon.terminate()
    print(f"goal: a median of {GOAL_MS:g} ms or less: {'held' if good else 'MISSED'}")
    return 0 if good else 1


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    posts = int(sys.argv[2]) if len(sys.argv) > 2 else POSTS
    with tempfile.TemporaryDirectory(prefix="vigie-latency-") as folder:
        return run(sys.argv[1], posts, folder)


if __name__ == "__main__":
    sys.exit(main())
