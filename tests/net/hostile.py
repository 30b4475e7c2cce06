#!/usr/bin/python3
"""A server whose every path is a way to do harm: the name of a function of this file.

    hostile.py            prints its port, then a line of JSON for each connection: {"event": NAME}

It speaks for itself and not through http.server, which would be too well-behaved, and it ends when
its standard input closes. Whatever greets with TLS gets nonsense, as "tls"."""

import base64
import gzip
import hashlib
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import zlib

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
OK = b"HTTP/1.1 200 OK\r\n"
LINES = OK + b"Content-Type: application/x-ndjson\r\n"
EVENTS = OK + b"Content-Type: text/event-stream\r\n"
FEED = OK + b"Content-Type: application/rss+xml\r\n"
MB = 1 << 20


class Peer:
    """One connection. Sending raises OSError when the daemon is gone."""

    def __init__(self, server, connection):
        self.server, self.socket = server, connection
        self.head = b""

    def send(self, data):
        self.socket.sendall(data)

    def wait(self, seconds):
        if self.server.ended.wait(seconds):
            raise OSError("the test ends")

    def hold(self):
        """Until the daemon goes away."""
        while not self.server.ended.is_set():
            if not self.socket.recv(65536):
                return

    def flood(self, data):
        """Some 50 MB/s: more would say what this machine can do, not the daemon."""
        while not self.server.ended.is_set():
            self.send(data)
            time.sleep(len(data) / 50e6)

    def drip(self, data, seconds=0.1):
        for i in range(len(data)):
            self.send(data[i : i + 1])
            self.wait(seconds)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def body(self, head, data):
        self.send(head + b"Content-Length: %d\r\n\r\n" % len(data))
        self.send(data)

    def upgrade(self):
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", self.head)
        accept = base64.b64encode(hashlib.sha1((key.group(1) if key else b"") + GUID).digest())
        self.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def frame(self, first, data, length=None):
        n = len(data) if length is None else length
        size = bytes([n]) if n < 126 else b"\x7e" + n.to_bytes(2, "big")
        if n > 65535:
            size = b"\x7f" + n.to_bytes(8, "big")
        self.send(bytes([first]) + size + data)


# --- whatever the protocol ---


def silence(peer):
    peer.hold()


def close_at_once(peer):
    peer.socket.close()


def reset_at_once(peer):
    peer.reset()


def headers_without_end(peer):
    peer.send(OK)
    peer.flood(b"X-Header: " + b"x" * 1000 + b"\r\n")


def header_line_without_end(peer):
    peer.send(OK + b"X-Header: ")
    peer.flood(b"x" * 65536)


def headers_in_drips(peer):
    peer.drip(OK + b"X-A: b\r\n" * 100 + b"\r\n")


def interim_without_end(peer):
    peer.flood(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def redirect_to_itself(peer):
    peer.body(b"HTTP/1.1 302 Found\r\nLocation: /redirect_to_itself\r\n", b"")


def redirect_far_away(peer):
    peer.body(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\n", b"")


def redirect_to_a_file(peer):
    peer.body(b"HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\n", b"")


def redirect_with_a_long_body(peer):
    peer.send(b"HTTP/1.1 302 Found\r\nLocation: /redirect_with_a_long_body\r\n\r\n")
    peer.flood(b"x" * 65536)


def not_http(peer):
    peer.send(b"SSH-2.0-OpenSSH_9.2p1\r\n" + bytes(range(256)) * 16)


def wrong_status_for_ever(peer):
    peer.body(b"HTTP/1.1 500 Oops\r\nRetry-After: 0\r\n", b"x" * 1000)


def chunk_too_large(peer):
    peer.send(LINES + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n")
    peer.flood(b"x" * 65536)


def body_of_no_content(peer):
    peer.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello" + LINES + b"\r\n{}\n")


EVERYWHERE = [
    silence,
    close_at_once,
    reset_at_once,
    headers_without_end,
    header_line_without_end,
    headers_in_drips,
    interim_without_end,
    redirect_to_itself,
    redirect_far_away,
    redirect_to_a_file,
    redirect_with_a_long_body,
    not_http,
    wrong_status_for_ever,
    chunk_too_large,
    body_of_no_content,
]

# --- lines ---


def line_without_end(peer):
    peer.send(LINES + b"\r\n")
    peer.flood(b"x" * 65536)


def lines_of_nothing(peer):
    peer.send(LINES + b"\r\n")
    peer.flood(b"\n" * 65536)


def lines_of_garbage(peer):
    peer.send(LINES + b"\r\n")
    for _ in range(20):
        peer.send(b"\x00\xff{solaire}\n" * 4096)
    peer.hold()


def deep_json(peer):
    peer.send(LINES + b"\r\n")
    for opening in (b"[", b'{"text":'):
        for depth in (65, 1000, 100_000):
            peer.send(b'{"text":"solaire","a":' + opening * depth + b"1\n")
    peer.send(b'{"id":"d","text":"solaire","a":' + b"[" * 500_000 + b"]" * 500_000 + b"}\n")
    peer.hold()


def keys_without_end(peer):
    peer.send(LINES + b'\r\n{"text":"solaire"')
    for i in range(100_000):
        peer.send(b',"key%d":%d' % (i, i))
    peer.send(b"}\n")
    peer.hold()


def gzip_unasked(peer):
    peer.send(LINES + b"Content-Encoding: gzip\r\n\r\n")
    peer.send(gzip.compress(bytes(20 * MB)))
    peer.hold()


def transfer_bomb(peer):
    peer.send(LINES + b"Transfer-Encoding: gzip\r\n\r\n")
    peer.send(gzip.compress(bytes(20 * MB)))
    peer.hold()


def half_a_record_and_out(peer):
    peer.send(LINES + b'\r\n{"id":"x","te')
    peer.socket.close()


def one_record_and_out(peer):
    peer.send(LINES + b'\r\n{"id":"same","text":"rien"}\n')
    peer.socket.close()


def length_too_short(peer):
    peer.body(LINES, b'{"id":"x","text":"rien"}\n')
    peer.send(b'{"id":"y","text":"rien"}\n' + LINES + b"Content-Length: 3\r\n\r\n{}\n")


def length_too_long(peer):
    peer.send(LINES + b'Content-Length: 9000000000000000000\r\n\r\n{"id":"x"}\n')
    peer.socket.close()


def body_in_drips(peer):
    peer.send(LINES + b"\r\n")
    peer.drip(b'{"id":"drip","text":"' + b"rien " * 1000 + b'"}\n', 0.02)


LINE_WAYS = [
    line_without_end,
    lines_of_nothing,
    lines_of_garbage,
    deep_json,
    keys_without_end,
    gzip_unasked,
    transfer_bomb,
    half_a_record_and_out,
    one_record_and_out,
    length_too_short,
    length_too_long,
    body_in_drips,
]

# --- server-sent events ---


def comments_without_end(peer):
    peer.send(EVENTS + b"\r\n")
    peer.flood(b": nothing\n" * 4096)


def data_without_end(peer):
    peer.send(EVENTS + b"\r\n")
    peer.flood(b"data: x\n" * 4096)


def field_without_end(peer):
    peer.send(EVENTS + b"\r\ndata: ")
    peer.flood(b"x" * 65536)


def id_without_end(peer):
    peer.send(EVENTS + b"\r\nid: ")
    peer.flood(b"x" * 65536)


def ids_that_would_be_headers(peer):
    peer.send(EVENTS + b'\r\nid: a\x01b\x7f\ndata: {"id":"x","text":"rien"}\n\n')
    peer.socket.close()


def retry_for_ever(peer):
    peer.send(EVENTS + b"\r\nretry: 0\n\n")
    peer.socket.close()


def one_event_and_out(peer):
    peer.send(EVENTS + b'\r\nretry: 0\nid: 1\ndata: {"id":"same","text":"rien"}\n\n')
    peer.socket.close()


EVENT_WAYS = [
    comments_without_end,
    data_without_end,
    field_without_end,
    id_without_end,
    ids_that_would_be_headers,
    retry_for_ever,
    one_event_and_out,
]

# --- WebSocket ---


def masked_frame(peer):
    peer.upgrade()
    peer.send(b"\x81\x85\x00\x00\x00\x00hello")
    peer.hold()


def reserved_bits(peer):
    peer.upgrade()
    peer.frame(0xF1, b"hello")
    peer.hold()


def unknown_opcode(peer):
    peer.upgrade()
    peer.frame(0x83, b"hello")
    peer.hold()


def length_of_64_bits(peer):
    peer.upgrade()
    peer.send(b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff")
    peer.flood(b"x" * 65536)


def length_of_63_bits(peer):
    peer.upgrade()
    peer.send(b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff")
    peer.flood(b"x" * 65536)


def fragments_without_end(peer):
    peer.upgrade()
    peer.frame(0x01, b"x")
    peer.flood((b"\x00\x7e\x04\x00" + b"x" * 1024) * 64)


def empty_fragments_without_end(peer):
    peer.upgrade()
    peer.frame(0x01, b"")
    peer.flood(b"\x00\x00" * 32768)


def pings_without_end(peer):
    peer.upgrade()
    peer.flood((b"\x89\x7d" + b"p" * 125) * 512)


def pongs_without_end(peer):
    peer.upgrade()
    peer.flood(b"\x8a\x00" * 32768)


def binary_without_end(peer):
    peer.upgrade()
    peer.flood((b"\x82\x7e\x04\x00" + b"x" * 1024) * 64)


def not_utf8(peer):
    peer.upgrade()
    peer.frame(0x81, b"\xed\xa0\x80")
    peer.hold()


def half_a_frame(peer):
    peer.upgrade()
    peer.send(b"\x81\x7e\x10\x00half")
    peer.hold()


def wrong_accept_key(peer):
    peer.head = b""
    peer.upgrade()
    peer.hold()


def upgrade_without_end(peer):
    peer.send(b"HTTP/1.1 101 Switching Protocols\r\n")
    peer.flood(b"X: y\r\n" * 4096)


def message_and_out(peer):
    peer.upgrade()
    peer.frame(0x81, b'{"id":"same","text":"rien"}')
    peer.socket.close()


def close_and_talk_on(peer):
    peer.upgrade()
    peer.frame(0x88, b"\x03\xe8")
    peer.flood((b"\x81\x7e\x04\x00" + b"x" * 1024) * 64)


SOCKET_WAYS = [
    masked_frame,
    reserved_bits,
    unknown_opcode,
    length_of_64_bits,
    length_of_63_bits,
    fragments_without_end,
    empty_fragments_without_end,
    pings_without_end,
    pongs_without_end,
    binary_without_end,
    not_utf8,
    half_a_frame,
    wrong_accept_key,
    upgrade_without_end,
    message_and_out,
    close_and_talk_on,
]

# --- feeds ---


def laughs(peer):
    entities = b'<!ENTITY a "solaire">'
    for i in range(1, 12):
        entities += b'<!ENTITY a%d "%s">' % (i, (b"&a%d;" % (i - 1) if i > 1 else b"&a;") * 10)
    peer.body(
        FEED,
        b'<?xml version="1.0"?><!DOCTYPE rss [' + entities + b"]><rss version='2.0'><channel>"
        b"<title>t</title><item><title>&a11;</title></item></channel></rss>",
    )


def quadratic_entity(peer):
    peer.body(
        FEED,
        b'<!DOCTYPE rss [<!ENTITY a "' + b"x" * 50_000 + b'">]><rss><channel><item><title>'
        + b"&a;" * 50_000
        + b"</title></item></channel></rss>",
    )


def outside_entity(peer):
    peer.body(
        FEED,
        b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY % b SYSTEM '
        b'"http://127.0.0.1:9/x.dtd">%b;]><rss><channel><item><title>&a;</title></item></channel>'
        b"</rss>",
    )


def deep_xml(peer):
    peer.body(FEED, b"<rss><channel><item>" + b"<a>" * 2_000_000)


def deep_json_feed(peer):
    head = OK + b"Content-Type: application/feed+json\r\n"
    peer.body(head, b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * 4_000_000)


def attributes_without_end(peer):
    attributes = b"".join(b' a%d="b"' % i for i in range(200_000))
    peer.body(FEED, b"<rss><channel><item" + attributes + b"></item></channel></rss>")


def attribute_without_end(peer):
    peer.send(FEED + b'\r\n<rss><channel><item a="')
    peer.flood(b"x" * 65536)


def names_without_end(peer):
    peer.body(FEED, b"<rss><" + b"n" * (7 * MB))


def namespaces_without_end(peer):
    spaces = b"".join(b' xmlns:n%d="u:%d"' % (i, i) for i in range(100_000))
    peer.body(FEED, b"<rss" + spaces + b"><channel></channel></rss>")


def namespaces_of_all_around(peer):
    spaces = b"".join(b' xmlns:z%d="u"' % i for i in range(250))
    outer = b"".join(b"<a%s>" % spaces.replace(b":z", b":z%d_" % i) for i in range(250))
    peer.body(FEED, b"<rss xmlns:q='u'>" + outer + b"<q:a/>" * 1_000_000)


def attributes_of_many(peer):
    tag = b"<a" + b"".join(b" a%d=''" % i for i in range(1000)) + b"/>"
    peer.body(FEED, b"<rss><channel>" + tag * 1000)


def entries_without_end(peer):
    item = b"<item><guid>%d</guid><title>rien</title></item>"
    items = b"".join(item % i for i in range(100_000))
    peer.body(FEED, b"<rss version='2.0'><channel>" + items + b"</channel></rss>")


def one_huge_entry(peer):
    peer.body(
        FEED,
        b"<rss version='2.0'><channel><item><guid>1</guid><description>"
        + b"rien &lt;b&gt; " * 500_000
        + b"</description></item></channel></rss>",
    )


def feed_bomb(peer):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(b"<rss><channel>" + bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    peer.send(FEED + b"Content-Encoding: gzip\r\n\r\n" + first)
    peer.flood(again)


def feed_packed_twice(peer):
    data = gzip.compress(gzip.compress(bytes(100 * MB)))
    peer.body(FEED + b"Content-Encoding: gzip, gzip\r\n", data)


def feed_packed_for_a_large_window(peer):
    # A zstd frame whose header asks for 128 MiB.
    peer.body(FEED + b"Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd\x00\x88" + bytes(64))


def feed_in_drips(peer):
    peer.send(FEED + b"Content-Length: 1000000\r\n\r\n")
    peer.drip(b"<rss><channel>" * 10_000)


def comments_in_xml(peer):
    peer.body(FEED, b"<rss><channel>" + b"<!-- - ->" * 700_000)


def instructions_in_xml(peer):
    peer.body(FEED, b"<?xml-stylesheet " * 400_000)


FEED_WAYS = [
    laughs,
    quadratic_entity,
    outside_entity,
    deep_xml,
    deep_json_feed,
    attributes_without_end,
    attribute_without_end,
    names_without_end,
    namespaces_without_end,
    namespaces_of_all_around,
    attributes_of_many,
    entries_without_end,
    one_huge_entry,
    feed_bomb,
    feed_packed_twice,
    feed_packed_for_a_large_window,
    feed_in_drips,
    comments_in_xml,
    instructions_in_xml,
]

BEHAVIOURS = {
    function.__name__: function
    for function in EVERYWHERE + LINE_WAYS + EVENT_WAYS + SOCKET_WAYS + FEED_WAYS
}


class Server:
    def __init__(self):
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _tell(self, name):
        with self.lock:
            print(json.dumps({"event": name}), flush=True)

    def _greet(self, peer):
        """The name of the behaviour asked for; None if there is none."""
        while b"\r\n\r\n" not in peer.head:
            piece = peer.socket.recv(65536)
            peer.head += piece
            if not piece:
                return None
            if peer.head[0] == 22:
                self._tell("tls")
                peer.send(bytes(range(255, -1, -1)) * 64)
                return None
        return peer.head.split(b" ", 2)[1].decode(errors="replace").strip("/").split("?")[0]

    def _serve(self, connection):
        peer = Peer(self, connection)
        try:
            connection.settimeout(60)
            name = self._greet(peer)
            if name:
                self._tell(name)
                BEHAVIOURS[name](peer)
        except OSError:
            pass  # the daemon had enough
        finally:
            connection.close()


def main():
    server = Server()
    threading.Thread(target=server.run, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
