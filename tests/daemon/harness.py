"""What the end-to-end tests share: the daemon as a process, receivers that misbehave on demand,
and waiting. A test file reads

    import harness

    class Something(harness.Case):
        def test_a_sentence(self):
            crm = self.receiver()
            vigie = self.vigie(config)      # in self.folder, which is removed afterwards
            vigie.start()
            ...

    if __name__ == "__main__":
        harness.main()

and is run as `test_NAME.py PATH_OF_VIGIE`. Nothing sleeps for a fixed time: all waits poll until
something is so, or fail with what was waited for after WAIT_S.
"""

import functools
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

WAIT_S = 20
# Sanitizers make all slow; limits on how long something may take are multiplied by this.
SLOW = 1
PROGRAM = None
HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = os.path.join(HERE, "..", "net")

# Answers of a Receiver beside a status.
CLOSE = "close"  # reads the request, closes without an answer
BREAK = "break"  # closes in the middle of the answer
HANG = "hang"  # reads the request, never answers


def wait_until(what, condition, seconds=WAIT_S):
    """The first value of condition() that is true. With sanitizers three times as long."""
    if SLOW > 1:
        seconds *= 3
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(min(0.01 + waited / 20, 0.1))


def post(number, text="une centrale solaire"):
    """A line of a posts file, without its line end."""
    return json.dumps({"id": f"p{number}", "text": text})


def posts(numbers, text="une centrale solaire"):
    return "".join(post(number, text) + "\n" for number in numbers)


class Request:
    def __init__(self, handler, body):
        self.at = time.monotonic()
        self.wall = time.time()
        self.method = handler.command
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = body
        self.answer = None  # once the whole answer is written

    @property
    def id(self):
        return self.headers.get("webhook-id")

    @functools.cached_property
    def json(self):
        return json.loads(self.body)

    @property
    def alert(self):
        return self.json["data"]

    @functools.cached_property
    def post(self):
        """The id of the post that the alert is about; None if it came without."""
        return self.alert["post"].get("id")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self, body)
        answer = self.server.receiver.take(request)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        if status == HANG:
            self.server.receiver.released.wait()
        if status in (HANG, CLOSE):
            self.close_connection = True
            return
        if status == BREAK:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        request.answer = status

    do_GET = do_POST

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments, **options):
        self.open = set()
        super().__init__(*arguments, **options)

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def hang_up(self):
        """Else connections that are kept alive outlive the server."""
        for request in list(self.open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, *_):
        pass  # whoever was killed does not read its answer


class Receiver:
    """An HTTP server in a thread. `answers` says what it answers: a status, (status, headers), one
    of CLOSE, BREAK and HANG, or a function of the Request that gives one of these. While it is down
    its port stays its own and refuses connections."""

    def __init__(self, answers=204, up=True):
        self.answers = answers
        self.requests = []  # in the order in which they came; only ever grows
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.server = None
        self.port = 0
        self._bind()
        if up:
            self.up()

    def _bind(self):
        self.server = Server(("127.0.0.1", self.port), Handler, bind_and_activate=False)
        self.server.receiver = self
        self.server.server_bind()
        self.port = self.server.server_address[1]
        self.running = False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def up(self):
        self.server.server_activate()
        self.running = True
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def down(self):
        """Refuses connections from now on."""
        self._stop()
        self._bind()

    def close(self):
        self.released.set()
        self._stop()

    def _stop(self):
        if self.running:
            self.server.shutdown()
        self.running = False
        self.server.hang_up()
        self.server.server_close()

    def take(self, request):
        with self.lock:
            self.requests.append(request)
        return self.answers(request) if callable(self.answers) else self.answers

    @property
    def ids(self):
        return [request.id for request in list(self.requests)]

    @property
    def posts(self):
        return [request.post for request in list(self.requests)]

    @property
    def accepted(self):
        """What was answered with a 2xx, as ids of posts."""
        return {r.post for r in list(self.requests) if r.answer and r.answer // 100 == 2}

    def wait_for(self, count, seconds=WAIT_S):
        wait_until(
            f"{count} requests at the receiver ({self.url})",
            lambda: len(self.requests) >= count,
            seconds,
        )
        return list(self.requests)

    def wait_for_posts(self, wanted, seconds=WAIT_S):
        """Until each of these was accepted."""
        wanted = set(wanted)
        try:
            wait_until("every alert accepted", lambda: wanted <= self.accepted, seconds)
        except AssertionError:
            missing = sorted(wanted - self.accepted)
            raise AssertionError(
                f"{len(missing)} of {len(wanted)} alerts never came: {missing[:10]}"
            ) from None


class Vigie:
    """The daemon. `config` is the YAML; a store in the folder and a server for the status on a free
    port are added if it names none."""

    def __init__(self, config, folder, environment=None, name="vigie"):
        self.folder = folder
        self.config_path = os.path.join(folder, name + ".yaml")
        self.log_path = os.path.join(folder, name + ".log")
        self.store_path = os.path.join(folder, name + ".db")
        if not re.search(r"^store:", config, re.MULTILINE):
            config += f"\nstore: {{ path: {name}.db }}\n"
        if not re.search(r"^http:", config, re.MULTILINE):
            config += '\nhttp: { listen: "127.0.0.1:0" }\n'
        self.config = config
        self.configure(config)
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
        self.process = None
        self.log_start = 0
        self._port = None

    def configure(self, config):
        with open(self.config_path + ".new", "w", encoding="utf-8") as file:
            file.write(config)
        os.rename(self.config_path + ".new", self.config_path)

    # --- life ---

    def start(self, *arguments, ready=True):
        assert not self.process, "it runs already"
        self._port = None
        with open(self.log_path, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [PROGRAM, "run", "-c", self.config_path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
            )
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}:\n{self.log}")
            return "watching" in self.log

        wait_until("the daemon runs", ready)

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds=WAIT_S):
        """The exit code."""
        try:
            code = self.process.wait(seconds if SLOW == 1 else 3 * seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.log}") from None
        self.process = None
        return code

    def stop(self, seconds=WAIT_S):
        """Stops cleanly; the exit code."""
        self.terminate()
        return self.wait(seconds)

    def close(self):
        if self.process:
            self.kill9()

    @property
    def pid(self):
        return self.process.pid

    # --- what it says ---

    @property
    def log(self):
        """Of this run."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            file.seek(self.log_start)
            return file.read()

    def wait_for_log(self, pattern, seconds=WAIT_S):
        try:
            return wait_until(pattern, lambda: re.search(pattern, self.log), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error} in the log:\n{self.log[-3000:]}") from None

    @property
    def port(self):
        if not self._port:
            self._port = int(self.wait_for_log(r"on port (\d+) of loopback").group(1))
        return self._port

    def get(self, path, headers=None, method="GET"):
        """(status, headers in lower case, body) from the daemon's own server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()
        finally:
            connection.close()

    def status(self):
        status, _, body = self.get("/api/v1/status")
        assert status == 200, f"status page: {status}"
        return json.loads(body)

    def source(self, name):
        return next(s for s in self.status()["sources"] if s["name"] == name)

    def target(self, name):
        return next(t for t in self.status()["targets"] if t["name"] == name)

    def metrics(self):
        """{'name{label="value"}': number}"""
        status, _, body = self.get("/metrics")
        assert status == 200, f"metrics: {status}"
        lines = (line for line in body.decode().splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    # --- commands and the store beside it ---

    def command(self, *arguments, **options):
        """A finished process of `vigie ARGUMENTS`."""
        return subprocess.run(
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
            timeout=60,
            check=False,
            **options,
        )

    def deliveries(self, *filters):
        """Of `vigie deliveries --json`, as dicts, at most 10 000."""
        done = self.command(
            "deliveries", "-c", self.config_path, "--json", "--limit", "10000", *filters
        )
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def states(self, *filters):
        """{'sent': 3, ...}"""
        counts = {"pending": 0, "sent": 0, "dead": 0}
        for delivery in self.deliveries(*filters):
            counts[delivery["state"]] += 1
        return counts

    def store_problems(self):
        """What SQLite finds wrong with the store, while no daemon runs; [] if nothing."""
        assert not self.process
        database = sqlite3.connect(self.store_path)
        try:
            rows = [row[0] for row in database.execute("PRAGMA integrity_check")]
            rows += [str(row) for row in database.execute("PRAGMA foreign_key_check")]
        finally:
            database.close()
        return [row for row in rows if row != "ok"]


class Helper:
    """A server of tests/net that prints its port first, then JSON lines."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(SERVERS, script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline() or 0)
        assert self.port, f"{script} does not start: is python3-aiosmtpd there?"
        self.events = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            event["at"] = time.monotonic()
            self.events.append(event)

    def of(self, kind):
        return [event for event in list(self.events) if event["event"] == kind]

    def close(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Case(unittest.TestCase):
    """A test with a folder of its own; what it makes is closed at its end, the last first."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vigie-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def append(self, name, text):
        with open(self.path(name), "a", encoding="utf-8") as file:
            file.write(text)

    def vigie(self, config, **options):
        vigie = Vigie(config, self.folder, **options)
        self.addCleanup(self._close_vigie, vigie)
        return vigie

    def _close_vigie(self, vigie):
        vigie.close()
        # A fault that nobody waited for, such as a sanitizer's.
        if os.path.exists(vigie.log_path):
            with open(vigie.log_path, encoding="utf-8", errors="replace") as file:
                found = re.search(r"(==\d+==ERROR|runtime error:|Assertion)[^\n]*", file.read())
            self.assertIsNone(found, found and found.group())

    def receiver(self, *arguments, **options):
        receiver = Receiver(*arguments, **options)
        self.addCleanup(receiver.close)
        return receiver

    def check_at_once(self, seconds):
        """Of a healthy target beside an ill one: each alert took that long. The middle one tells; a
        single one may have met a busy machine."""
        self.assertLess(statistics.median(seconds), 0.5, "the healthy one had to wait")
        self.assertLess(max(seconds), 5 * SLOW, "the healthy one had to wait")

    def helper(self, script, *arguments):
        helper = Helper(script, *arguments)
        self.addCleanup(helper.close)
        return helper


def long_run():
    return os.environ.get("VIGIE_LONG") == "1"


def sanitized(path):
    with open(path, "rb") as file:
        return b"__asan_init" in file.read()


def main():
    global PROGRAM, SLOW
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PATH_OF_VIGIE [TEST...]")
    PROGRAM = os.path.abspath(sys.argv[1])
    SLOW = 5 if sanitized(PROGRAM) else 1
    unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
