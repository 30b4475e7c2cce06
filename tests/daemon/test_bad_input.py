#!/usr/bin/python3
"""Whatever stands in a line, the next good post is found, and what was wrong is counted: through
`vigie match`, the file source and the http source. Run as `test_bad_input.py PATH_OF_VIGIE`."""

import collections
import json
import socket
import subprocess
import threading

import harness

RULES = "rules: [{ name: solaire, any: [solaire] }]\n"

LONG = "line too long"
NO_OBJECT = "not a JSON object"
CONTROL = "not JSON: control character in a string"
DEEP = "JSON nested too deeply"
GARBAGE = "not JSON: trailing garbage"

# What the record "bad" becomes: found, rejected for this reason, or (None) no match and no error.
FOUND = "found"
CASES = [
    (b'{"id":"bad","text":"solaire \xff\xfe\xc0\xaf\xed\xa0\x80"}', FOUND),
    (b'{"id":"bad","text":"\xffsolaire"}', FOUND),
    (b'{"id":"bad","text":"solaire \x00"}', CONTROL),
    (b'\x00{"id":"bad","text":"solaire"}', NO_OBJECT),
    (b'{"id":"bad","text":"solaire"}\x00', GARBAGE),
    (b'{"id":"bad","text":"solaire \\u0000"}', FOUND),
    (b'{"id":"bad","text":"solaire \\ud800 et"}', FOUND),
    (b'{"id":"bad","text":"solaire \\udc00\\ud800"}', FOUND),
    (b'{"id":"bad","text":"solaire \x1b[31m"}', CONTROL),
    (b'{"id":"bad","text":"solaire \\x"}', "not JSON: bad escape"),
    (b"[" * 100_000 + b"]" * 100_000, NO_OBJECT),
    (b'{"id":"bad","text":"solaire","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", DEEP),
    (b'{"id":"bad","text":"solaire","x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, DEEP),
    (b'{"a":' * 100_000, DEEP),
    (b'{"id":"bad","text":"solaire ' + b"x" * 20_000_000 + b'"}', LONG),
    (b'{"id":"bad","text":"solaire"' + b" " * 20_000_000 + b"}", LONG),
    (b"x" * 20_000_000, LONG),
    (b'{"id":"bad","text":42}', None),
    (b'{"id":"bad","text":42,"title":"solaire"}', FOUND),
    (b'{"id":"bad","text":{"a":"solaire"}}', None),
    (b'{"id":"bad","text":{"a":"b"},"title":"solaire"}', FOUND),
    (b'{"id":"bad","text":null,"title":"solaire"}', FOUND),
    (b'{"id":"bad","text":["solaire","b"]}', FOUND),
    (b'{"id":"bad","text":true}', None),
    (b'{"id":"bad","text":"solaire"}}', GARBAGE),
    (b'{"id":"bad","text":"solaire"}{"id":"bad","text":"solaire"}', GARBAGE),
    (b'{"id":"bad","text":"solaire"} fin', GARBAGE),
    (b'{"id":"bad","text":"solaire",}', "not JSON: expected a key"),
    (b'{"id":"bad","text":"solaire","n":NaN}', "not JSON: expected a value"),
    (b"", None),
    (b"   \t ", None),
    (b"\r", None),
    (b"\n\r\n\n", None),
    (b'{"id":"bad","text":"solaire"}\r', FOUND),
    (b' \t{"id":"bad","text":"solaire"} \t', FOUND),
    (b'{"id":"bad","text":"solaire', "not JSON: unterminated string"),
    (b'{"id":"bad","text":"sol', "not JSON: unterminated string"),
    (b'{"id":"bad","text":"solaire\\', "not JSON: bad escape"),
    (b'{"id":"bad","text":["sol', "not JSON: unterminated string"),
    (b'{"id":"bad","text":"solaire"', "not JSON: unexpected end"),
    (b'{"id":"bad","te', "not JSON: unterminated string"),
    (b"{", "not JSON: unexpected end"),
    (b'[{"id":"bad","text":"solaire"}]', NO_OBJECT),
    (b'"solaire"', NO_OBJECT),
    (b"42", NO_OBJECT),
    (b"null", NO_OBJECT),
    (b'data: {"id":"bad","text":"solaire"}', NO_OBJECT),
    (b'\xef\xbb\xbf{"id":"bad","text":"solaire"}', FOUND),
    ('{"id":"bad","text":"solaire"}'.encode("utf-16-le"), "not JSON: expected a key"),
    (b"\x1f\x8b\x08\x00solaire\xff", NO_OBJECT),
]


def good(name):
    return b'{"id":"%s","text":"une centrale solaire"}\n' % name.encode()


def whole_input():
    """A good post, then each bad line with a good one behind it; what must be found, in order, and
    how often each reason must be given."""
    data, wanted, reasons = [good("first")], ["first"], collections.Counter()
    for n, (record, fate) in enumerate(CASES):
        data += [record.replace(b'"bad"', b'"bad%d"' % n), b"\n", good(f"good{n}")]
        wanted += [f"bad{n}", f"good{n}"] if fate == FOUND else [f"good{n}"]
        if fate not in (FOUND, None):
            reasons[fate] += 1
    return b"".join(data), wanted, dict(reasons)


class Stream:
    """Answers every request with these bytes, and stays open. Asked again it brings nothing."""

    def __init__(self, data, content_type="application/x-ndjson"):
        self.data = data
        self.content_type = content_type
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.peers = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        data = self.data
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            self.peers.append(peer)
            while b"\r\n\r\n" not in peer.recv(65536):
                pass
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {self.content_type}\r\n\r\n"
            peer.sendall(head.encode() + data)
            data = b""

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # closing alone wakes nobody who accepts
        self.listener.close()
        for peer in self.peers:
            peer.close()


class BadInput(harness.Case):
    def match(self, data, *arguments):
        rules = self.write("rules.yaml", RULES)
        done = subprocess.run(
            [harness.PROGRAM, "match", "-r", rules, "--json", *arguments],
            input=data,
            capture_output=True,
            timeout=120,
            check=False,
        )
        self.assertIn(done.returncode, (0, 1), done.stderr[-2000:])
        ids = [json.loads(text)["post"].get("id") for text in done.stdout.splitlines()]
        counts = {}
        for said in done.stderr.decode().splitlines():
            number, found, reason = said.removeprefix("vigie: ").partition(" rejected: ")
            if found and number.isdigit():
                counts[reason] = int(number)
        return ids, counts

    def test_each_bad_line_alone_spoils_nothing_for_match(self):
        for record, fate in CASES:
            with self.subTest(record[:60]):
                ids, counts = self.match(good("before") + record + b"\n" + good("after"))
                found = ["bad"] if fate == FOUND else []
                self.assertEqual(ids, ["before", *found, "after"])
                self.assertEqual(counts, {} if fate in (FOUND, None) else {fate: 1})

    def test_each_bad_line_at_the_end_without_a_line_end_spoils_nothing(self):
        for record, fate in CASES:
            if len(record) < 1_000_000:
                with self.subTest(record[:60]):
                    ids, counts = self.match(good("before") + record)
                    self.assertEqual(ids, ["before"] + (["bad"] if fate == FOUND else []))
                    self.assertEqual(counts, {} if fate in (FOUND, None) else {fate: 1})

    def test_all_of_them_in_one_input_give_the_same_with_any_number_of_threads(self):
        data, wanted, reasons = whole_input()
        for threads in ("1", "3"):
            ids, counts = self.match(data, "-j", threads)
            self.assertEqual(ids, wanted)
            self.assertEqual(counts, reasons)

    def test_a_post_without_an_id_is_found(self):
        ids, counts = self.match(b'{"text":"solaire"}\n' + good("after"))
        self.assertEqual((ids, counts), ([None, "after"], {}))

    def daemon(self, source, wanted, reasons, options=""):
        crm = self.receiver()
        vigie = self.vigie(
            RULES
            + f"sources: {{ s: {source} }}\n"
            + f"notifiers: {{ crm: {{ type: webhook, url: {crm.url} }} }}\n"
            + options
        ).start()
        crm.wait_for_posts(wanted)
        harness.wait_until(
            "all that is bad is counted", lambda: vigie.source("s")["rejected"] == reasons
        )
        self.assertEqual(sorted(crm.posts), sorted(wanted))

        status = vigie.command("status", "-c", vigie.config_path, "--json")
        return vigie, status

    def check_shown(self, vigie, reasons):
        """Where an operator looks."""
        metrics = vigie.metrics()
        for reason, count in reasons.items():
            name = f'vigie_source_rejected_total{{source="s",reason="{reason}"}}'
            self.assertEqual(metrics.get(name), count, name)

    def test_the_file_source_finds_what_is_good_and_counts_what_is_bad(self):
        data, wanted, reasons = whole_input()
        with open(self.path("posts.ndjson"), "wb") as file:
            file.write(data)
        vigie, _ = self.daemon("{ type: file, path: posts.ndjson, follow: true }", wanted, reasons)
        self.check_shown(vigie, reasons)
        self.assertEqual(vigie.source("s")["state"], "live")
        self.assertEqual(vigie.stop(), 0)

    def test_the_http_source_finds_what_is_good_and_counts_what_is_bad(self):
        data, wanted, reasons = whole_input()
        stream = Stream(data)
        self.addCleanup(stream.close)
        url = f"http://127.0.0.1:{stream.port}/"
        vigie, _ = self.daemon(f'{{ type: http, url: "{url}" }}', wanted, reasons)
        self.check_shown(vigie, reasons)
        self.assertEqual(vigie.source("s")["state"], "live")
        self.assertEqual(vigie.stop(), 0)

    def test_what_is_bad_is_shown_by_the_status_command(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with open(self.path("posts.ndjson"), "wb") as file:
            file.write(good("a") + b"no json\n" + good("b"))
        vigie, status = self.daemon(
            "{ type: file, path: posts.ndjson, follow: true }",
            ["a", "b"],
            {NO_OBJECT: 1},
            f'http: {{ listen: "127.0.0.1:{port}" }}\n',
        )
        self.assertEqual(status.returncode, 0, status.stderr)
        (source,) = json.loads(status.stdout)["sources"]
        self.assertEqual(source["rejected"], {NO_OBJECT: 1})
        plain = vigie.command("status", "-c", vigie.config_path)
        self.assertIn(NO_OBJECT, plain.stdout)

    def test_an_event_stream_with_bad_events_goes_on(self):
        text = b""
        wanted = []
        for n, (record, fate) in enumerate(CASES):
            if b"\n" in record or b"\r" in record or fate == LONG:
                continue  # its framing, not its records
            text += b"data: " + record.replace(b'"bad"', b'"bad%d"' % n) + b"\n\n: keep-alive\n\n"
            text += b"data: " + good(f"good{n}") + b"\n"
            wanted += [f"bad{n}", f"good{n}"] if fate == FOUND else [f"good{n}"]
        stream = Stream(text, "text/event-stream")
        self.addCleanup(stream.close)
        crm = self.receiver()
        vigie = self.vigie(
            RULES
            + f'sources: {{ s: {{ type: http, url: "http://127.0.0.1:{stream.port}/" }} }}\n'
            + f"notifiers: {{ crm: {{ type: webhook, url: {crm.url} }} }}\n"
        ).start()
        crm.wait_for_posts(wanted)
        self.assertEqual(sorted(crm.posts), sorted(wanted))
        self.assertGreater(sum(vigie.source("s")["rejected"].values()), 10)
        self.assertEqual(vigie.stop(), 0)


if __name__ == "__main__":
    harness.main()
