#!/usr/bin/python3
"""A webhook receiver to try vigie with; nothing but Python's standard library.

    VIGIE_DEMO_SECRET=whsec_... examples/receiver.py [--port N] [--port-file F] [--log F]

Checks each delivery as Standard Webhooks 1.0 says (signature, age, id), prints a line for it,
and forgets deliveries that it has seen: a sender that was not sure may send again.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import http.server
import json
import os
import signal
import sys
import time

MAX_BODY_BYTES = 1024 * 1024
MAX_AGE_S = 5 * 60

COLOURS = {"critical": "1;31", "normal": "33", "low": "36"}


def coloured(text, code):
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


def printable(text):
    """Posts are written by strangers: no control characters go to the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def signature(key, delivery_id, timestamp, body):
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def refusal(key, headers, body, now):
    """Why the delivery is not to be believed, or None."""
    delivery_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not delivery_id or not timestamp.isascii() or not timestamp.isdigit():
        return "webhook-id or webhook-timestamp is missing"
    if abs(now - int(timestamp)) > MAX_AGE_S:
        return "too old, or from the future"
    wanted = signature(key, delivery_id, timestamp, body)
    for given in headers.get("webhook-signature", "").split(" "):
        version, _, value = given.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), wanted.encode()):
            return None
    return "the signature is wrong"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            self.answer(413 if length.isdigit() else 411)
            return
        body = self.rfile.read(int(length))
        reason = refusal(self.server.key, self.headers, body, time.time())
        if reason:
            self.server.note("refused", self.headers.get("webhook-id", ""), reason)
            print(coloured(f"  webhook  refused: {reason}", "1;31"), flush=True)
            self.answer(401)
            return
        self.accept(self.headers["webhook-id"], body)
        self.answer(204)

    def accept(self, delivery_id, body):
        if delivery_id in self.server.seen:
            self.server.note("again", delivery_id, "")
            return
        self.server.seen.add(delivery_id)
        alert = json.loads(body).get("data", {})
        post = alert.get("post", {})
        rule, severity = alert.get("rule", "?"), alert.get("severity", "normal")
        self.server.note("verified", delivery_id, f"{post.get('id', '')} {rule}")
        handle = post.get("author", {}).get("handle", "")
        line = f"  webhook  {rule:<12} @{printable(handle)}: {printable(post.get('text', ''))}"
        print(coloured(line[:100], COLOURS.get(severity, "0")), flush=True)

    def log_message(self, *arguments):
        pass  # one line a delivery is enough


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, key, log):
        super().__init__(("127.0.0.1", port), Handler)
        self.key = key
        self.seen = set()
        self.log = log

    def note(self, what, delivery_id, text):
        if self.log:
            self.log.write(f"{what} {printable(delivery_id)} {text}\n")
            self.log.flush()


def secret_key():
    secret = os.environ.get("VIGIE_DEMO_SECRET", "")
    if not secret.startswith("whsec_"):
        sys.exit("receiver: VIGIE_DEMO_SECRET is to be whsec_ and base64 of 24 to 64 bytes")
    try:
        return base64.b64decode(secret[len("whsec_") :], validate=True)
    except binascii.Error:
        sys.exit("receiver: what follows whsec_ in VIGIE_DEMO_SECRET is not base64")


def main():
    parser = argparse.ArgumentParser(description="Prints and verifies webhook deliveries.")
    parser.add_argument("--port", type=int, default=8477, help="0: any that is free")
    parser.add_argument("--port-file", help="the port is written to this file once it is open")
    parser.add_argument("--log", help="a line for each delivery goes to this file")
    options = parser.parse_args()

    key = secret_key()
    log = open(options.log, "a", encoding="utf-8") if options.log else None
    server = Server(options.port, key, log)
    # Leaves by the same way as at the end of a terminal session.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if options.port_file:
        with open(options.port_file + ".new", "w", encoding="ascii") as file:
            file.write(f"{server.server_address[1]}\n")
        os.rename(options.port_file + ".new", options.port_file)
    else:
        print(f"listening on http://127.0.0.1:{server.server_address[1]}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
