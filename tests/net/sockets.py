#!/usr/bin/python3
"""A WebSocket server for tests that does what the path says, byte for byte, by hand.

    sockets.py [--tls CERT KEY]

Binds a free port of 127.0.0.1, prints it as its first line and exits when its standard input closes.
Prints a line for each frame that it gets, "OPCODE PAYLOAD" (of a close its code), and "gone" when the client has gone.

  /raw?hex=          upgrades, then sends these bytes       &one=1: a byte a write  &hold=1: stays
                     &request=1: the request is sent first, as a text
  /answer?hex=       answers these bytes instead; {accept} stands for the right key
                     &one=1 a byte a write, &hold=1
  /flood?count=&bytes=   so many text messages of so many bytes, then a close 1000
  /pong              upgrades, answers pings, says nothing
  /deaf              upgrades, sends pings without end and never reads
"""

import base64
import hashlib
import os
import socket
import ssl
import sys
import threading
import urllib.parse

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LOCK = threading.Lock()


def say(text):
    with LOCK:
        try:
            print(text, flush=True)
        except OSError:
            os._exit(0)  # nobody listens any more


def frame(opcode, payload):
    size = len(payload)
    head = bytes([0x80 | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65536:
        return head + b"\x7e" + size.to_bytes(2, "big") + payload
    return head + b"\x7f" + size.to_bytes(8, "big") + payload


class Connection(threading.Thread):
    def __init__(self, sock, context):
        super().__init__(daemon=True)
        self.sock = sock
        self.context = context
        self.buffer = b""

    def read(self, count):
        while len(self.buffer) < count:
            piece = self.sock.recv(65536)
            if not piece:
                raise EOFError
            self.buffer += piece
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_frame(self):
        first, second = self.read(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self.read(2), "big")
        mask = self.read(4)
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(self.read(size)))
        code = str(int.from_bytes(payload[:2], "big"))
        text = code if first & 15 == 8 else payload.decode("latin-1")
        say(f"{first & 15} {text}".rstrip())
        return first & 15, payload

    def send(self, data, one):
        if not one:
            self.sock.sendall(data)
            return
        for byte in data:
            self.sock.sendall(bytes([byte]))

    def read_until_gone(self, pongs):
        while True:
            opcode, payload = self.read_frame()
            if opcode == 9 and pongs:
                self.sock.sendall(frame(10, payload))

    def serve(self):
        if self.context:
            self.sock = self.context.wrap_socket(self.sock, server_side=True)
        while b"\r\n\r\n" not in self.buffer:
            piece = self.sock.recv(65536)
            if not piece:
                raise EOFError
            self.buffer += piece
        request, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = request.decode("latin-1").split("\r\n")
        if lines[0].startswith("CONNECT "):  # a proxy as well, to ourselves
            say(lines[0])
            self.sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self.serve()
            return
        headers = dict(line.split(": ", 1) for line in lines[1:])
        target = urllib.parse.urlsplit(lines[0].split(" ")[1])
        query = dict(urllib.parse.parse_qsl(target.query))
        key = headers["Sec-WebSocket-Key"]
        digest = hashlib.sha1((key + GUID).encode()).digest()
        accept = base64.b64encode(digest).decode()
        data = bytes.fromhex(query.get("hex", ""))
        one = "one" in query
        if target.path == "/answer":
            self.send(data.replace(b"{accept}", accept.encode()), one)
            if "hold" in query:
                self.read_until_gone(False)
            return
        upgrade = (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\n"
            f"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        ).encode()
        if "request" in query:
            upgrade += frame(1, request)
        if target.path == "/flood":
            payload = b"x" * int(query["bytes"])
            data = frame(1, payload) * int(query["count"]) + frame(8, b"\x03\xe8")
        self.send(upgrade + data, one)
        if target.path == "/deaf":
            while True:
                self.sock.sendall(frame(9, b"x" * 125) * 100)
        if target.path in ("/pong", "/flood") or "hold" in query:
            self.read_until_gone(target.path == "/pong")

    def run(self):
        try:
            self.serve()
        except (OSError, EOFError):
            say("gone")
        finally:
            self.sock.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    context = None
    if sys.argv[1:2] == ["--tls"]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    say(listener.getsockname()[1])

    def accept():
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Connection(sock, context).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
