#!/usr/bin/python3
"""An HTTP server for tests that misbehaves on demand.

    misbehave.py [--tls CERT KEY] [--tls-version 1.2] [--host ADDRESS]

Binds a free port of 127.0.0.1 (or ADDRESS), prints the port as its first line and exits when its
standard input closes. What it does is chosen by the path; parameters go into the query:

  /ok                     200, "ok\n"; any method                   ?type= &body= (text to answer)
  /status/N               answers N                                 ?body= &retry_after= &location=
  /slow                   a body in drips                           ?count=5 &delay_ms=100 &size=1
  /hang                   reads the request, answers nothing
  /hang-body              headers and 5 bytes of 1000, then nothing
  /close                  closes without an answer
  /close-body             5 bytes of 1000, then closes
  /close-chunked          a chunk without the last one, then closes
  /redirect/N             N redirects, then /ok                     ?to=URL: one redirect there
  /gzip                   "ok\n", gzipped if that was accepted
  /bomb                   gzip that unfolds to ?mb=100 MiB of zeros
  /bomb-stream            chunked gzip of ?mb=2000 MiB of zeros, a kilobyte for each
  /packed                 "ok\n" gzipped ?times=1 times and called ?as=gzip; &transfer=1: by
                          Transfer-Encoding
  /early                  ?count=5 times "103 Early Hints", then /ok; &endless=1: never stops
  /drip-headers           ?count=20 header lines, one each ?delay_ms=100; &letters=1: one line by
                          letters
  /big                    ?bytes=N of 'x'                           &chunked=1: without a length
  /headers                ?count=N headers of ?size=10 bytes        &endless=1: never stops
  /long-length            Content-Length: 10, 3 bytes, closes
  /short-length           Content-Length: 3, then 10 bytes
  /chunked                "one\n", "two\n" as two chunks
  /retry-after            429, Retry-After: ?seconds=7, or ?date=HTTP-date as it is
  /gone                   410
  /garbage                what is not HTTP
  /echo                   the request: {"method","path","query","headers":{lower case},"body":base64}
  /sse                    events with ids 1..: ?count=3 &delay_ms=0 &retry=MS &hold=1 (then stays
                          open, with a comment each 100 ms); goes on after Last-Event-ID
  /ndjson                 {"id":N,"text":"post N"} lines: ?count=3 &delay_ms=0 &keepalives=0 (blank
                          lines between) &hold=1
  /raw                    answers the bytes ?hex= as they are, then closes
  /flaky/NAME             503 for the first ?failures=2 requests of that NAME, then 200
  /store/NAME             PUT or POST keeps the body; GET gives it with its Content-Type, an ETag and
                          Last-Modified, and 304 if the client has it. ?status= answers another one
  /requests               all requests so far but those to /requests and /store, as in /echo, JSON
                          array; DELETE forgets them. ?path=/PREFIX picks
  /counters               {"requests":N,"connections":N,"open":N,"sent_bytes":N, "aborted":N}
"""
import argparse
import base64
import gzip
import hashlib
import json
import os
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shared:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests = []
        self.flaky = {}
        self.store = {}
        self.counters = dict(requests=0, connections=0, open=0, sent_bytes=0, aborted=0)

    def add(self, name, n=1):
        with self.lock:
            self.counters[name] += n


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version = 'misbehave'
    sys_version = ''
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.server.shared.add('connections')
        self.server.shared.add('open')

    def finish(self):
        self.server.shared.add('open', -1)
        try:
            super().finish()
        except OSError:
            pass

    def handle(self):
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.server.shared.add('aborted')

    # One function for all methods.
    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.body = self.read_body()
        parts = url.path.strip('/').split('/', 1)
        name, self.rest = parts[0], parts[1] if len(parts) > 1 else ''
        self.server.shared.add('requests')
        if name not in ('requests', 'store', 'counters'):
            with self.server.shared.lock:
                self.server.shared.requests.append(self.as_json(url))
        serve = getattr(self, 'on_' + name.replace('-', '_'), None)
        if serve:
            serve(url)
        else:
            self.answer(404, b'no such path\n')

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = serve

    def read_body(self):
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            body = b''
            while True:
                n = int(self.rfile.readline().split(b';')[0], 16)
                body += self.rfile.read(n)
                self.rfile.readline()
                if n == 0:
                    return body
        return self.rfile.read(int(self.headers.get('Content-Length', 0)))

    def as_json(self, url):
        return dict(method=self.command, path=url.path, query=url.query,
                    headers={k.lower(): v for k, v in self.headers.items()},
                    body=base64.b64encode(self.body).decode())

    def number(self, name, fallback):
        return int(self.query.get(name, fallback))

    def send(self, data):
        self.wfile.write(data)
        self.server.shared.add('sent_bytes', len(data))

    def start(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()

    def answer(self, status, body, headers=None, type_='text/plain; charset=utf-8'):
        all_headers = dict(headers or {})
        if body or status not in (204, 304):
            all_headers.setdefault('Content-Type', type_)
            all_headers.setdefault('Content-Length', len(body))
        self.start(status, all_headers)
        if self.command != 'HEAD' and status not in (204, 304):
            self.send(body)

    def json(self, value):
        self.answer(200, json.dumps(value).encode(), type_='application/json')

    def chunk(self, data):
        self.send(b'%x\r\n%s\r\n' % (len(data), data))

    def wait(self, ms):
        time.sleep(ms / 1000)

    def hang(self):
        """Until the client goes away."""
        self.close_connection = True
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass

    def hold(self, keepalive):
        """Keeps a stream open until the client goes away."""
        while True:
            self.wait(100)
            self.chunk(keepalive)

    def on_ok(self, _):
        body = self.query.get('body', 'ok\n').encode()
        self.answer(200, body, type_=self.query.get('type', 'text/plain; charset=utf-8'))

    def on_status(self, _):
        headers = {}
        if 'retry_after' in self.query:
            headers['Retry-After'] = self.query['retry_after']
        if 'location' in self.query:
            headers['Location'] = self.query['location']
        self.answer(int(self.rest), self.query.get('body', 'status\n').encode(), headers)

    def on_slow(self, _):
        count, size = self.number('count', 5), self.number('size', 1)
        self.start(200, {'Content-Type': 'text/plain', 'Content-Length': count * size})
        for _ in range(count):
            self.send(b'x' * size)
            self.wait(self.number('delay_ms', 100))

    def on_hang(self, _):
        self.hang()

    def on_hang_body(self, _):
        self.start(200, {'Content-Length': 1000})
        self.send(b'hello')
        self.hang()

    def on_close(self, _):
        self.close_connection = True

    def on_close_body(self, _):
        self.start(200, {'Content-Length': 1000})
        self.send(b'hello')
        self.close_connection = True

    def on_close_chunked(self, _):
        self.start(200, {'Transfer-Encoding': 'chunked'})
        self.chunk(b'hello')
        self.close_connection = True

    def on_redirect(self, _):
        left = int(self.rest or 1)
        to = self.query.get('to') or ('/redirect/%d' % (left - 1) if left > 1 else '/ok')
        self.answer(302, b'elsewhere\n', {'Location': to})

    def on_gzip(self, _):
        if 'gzip' in self.headers.get('Accept-Encoding', ''):
            self.answer(200, gzip.compress(b'ok\n'), {'Content-Encoding': 'gzip'})
        else:
            self.answer(200, b'ok\n')

    def on_bomb(self, _):
        body = gzip.compress(bytes(self.number('mb', 100) << 20), 9)
        self.answer(200, body, {'Content-Encoding': 'gzip'})

    def on_bomb_stream(self, _):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        first = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
        again = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
        self.start(200, {'Content-Encoding': 'gzip', 'Transfer-Encoding': 'chunked'})
        self.chunk(first)
        for _ in range(self.number('mb', 2000) - 1):
            self.chunk(again)
        self.send(b'0\r\n\r\n')

    def on_packed(self, _):
        body = b'ok\n'
        for _ in range(self.number('times', 1)):
            body = gzip.compress(body)
        if 'transfer' in self.query:
            self.start(200, {'Transfer-Encoding': self.query.get('as', 'gzip, chunked')})
            self.chunk(body)
            self.send(b'0\r\n\r\n')
        else:
            self.answer(200, body, {'Content-Encoding': self.query.get('as', 'gzip')})

    def on_early(self, _):
        i = 0
        while 'endless' in self.query or i < self.number('count', 5):
            self.send(b'HTTP/1.1 103 Early Hints\r\nLink: </%d>\r\n\r\n' % i)
            i += 1
        self.answer(200, b'ok\n')

    def on_drip_headers(self, _):
        self.send(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n')
        for i in range(self.number('count', 20)):
            self.send(b'x' if 'letters' in self.query else b'X-%d: y\r\n' % i)
            self.wait(self.number('delay_ms', 100))
        self.send(b': y\r\n\r\nok\n' if 'letters' in self.query else b'\r\nok\n')

    def on_big(self, _):
        left, chunked = self.number('bytes', 1 << 20), 'chunked' in self.query
        self.start(200, {'Transfer-Encoding': 'chunked'} if chunked else {'Content-Length': left})
        while left:
            piece = b'x' * min(left, 65536)
            left -= len(piece)
            self.chunk(piece) if chunked else self.send(piece)
        if chunked:
            self.send(b'0\r\n\r\n')

    def on_headers(self, _):
        self.send(b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n')
        size, i = self.number('size', 10), 0
        while 'endless' in self.query or i < self.number('count', 10):
            self.send(b'X-%d: %s\r\n' % (i, b'h' * size))
            i += 1
        self.send(b'\r\nok\n')

    def on_long_length(self, _):
        self.start(200, {'Content-Length': 10})
        self.send(b'abc')
        self.close_connection = True

    def on_short_length(self, _):
        self.start(200, {'Content-Length': 3})
        self.send(b'abcdefghij')
        self.close_connection = True

    def on_chunked(self, _):
        self.start(200, {'Transfer-Encoding': 'chunked'})
        self.chunk(b'one\n')
        self.chunk(b'two\n')
        self.send(b'0\r\n\r\n')

    def on_retry_after(self, _):
        after = self.query.get('date') or self.query.get('seconds', '7')
        self.answer(429, b'slow down\n', {'Retry-After': after})

    def on_gone(self, _):
        self.answer(410, b'gone\n')

    def on_garbage(self, _):
        self.send(b'\x00\x01\x02 this is not HTTP\r\n\r\n')
        self.close_connection = True

    def on_echo(self, url):
        self.json(self.as_json(url))

    def on_sse(self, _):
        self.start(200, {'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked'})
        first = int(self.headers.get('Last-Event-ID') or 0) + 1
        if 'retry' in self.query:
            self.chunk(b'retry: %s\n\n' % self.query['retry'].encode())
        for i in range(first, self.number('count', 3) + 1):
            self.chunk(b'id: %d\ndata: {"id":"%d","text":"post %d"}\n\n' % (i, i, i))
            self.wait(self.number('delay_ms', 0))
        if 'hold' in self.query:
            self.hold(b': still here\n\n')
        self.send(b'0\r\n\r\n')

    def on_ndjson(self, _):
        self.start(200, {'Content-Type': 'application/x-ndjson', 'Transfer-Encoding': 'chunked'})
        for i in range(1, self.number('count', 3) + 1):
            self.chunk(b'{"id":"%d","text":"post %d"}\r\n' % (i, i))
            for _ in range(self.number('keepalives', 0)):
                self.chunk(b'\r\n')
            self.wait(self.number('delay_ms', 0))
        if 'hold' in self.query:
            self.hold(b'\r\n')
        self.send(b'0\r\n\r\n')

    def on_raw(self, _):
        self.send(bytes.fromhex(self.query.get('hex', '')))
        self.close_connection = True

    def on_flaky(self, _):
        shared = self.server.shared
        with shared.lock:
            shared.flaky[self.rest] = shared.flaky.get(self.rest, 0) + 1
            failing = shared.flaky[self.rest] <= self.number('failures', 2)
        self.answer(503 if failing else 200, b'not yet\n' if failing else b'ok\n')

    def on_store(self, _):
        shared = self.server.shared
        if self.command in ('PUT', 'POST'):
            tag = '"%s"' % hashlib.sha256(self.body).hexdigest()[:16]
            entry = dict(body=self.body, tag=tag, modified=self.date_time_string(),
                         type=self.headers.get('Content-Type', 'text/plain'))
            with shared.lock:
                shared.store[self.rest] = entry
            self.answer(204, b'')
            return
        with shared.lock:
            entry = shared.store.get(self.rest)
        if not entry:
            self.answer(404, b'nothing stored\n')
            return
        headers = {'ETag': entry['tag'], 'Last-Modified': entry['modified']}
        if self.headers.get('If-None-Match') == entry['tag']:
            self.answer(304, b'', headers)
        else:
            self.answer(self.number('status', 200), entry['body'], headers, entry['type'])

    def on_requests(self, _):
        shared = self.server.shared
        with shared.lock:
            if self.command == 'DELETE':
                shared.requests.clear()
            prefix = self.query.get('path', '')
            found = [r for r in shared.requests if r['path'].startswith(prefix)]
        self.json(found)

    def on_counters(self, _):
        with self.server.shared.lock:
            counters = dict(self.server.shared.counters)
        self.json(counters)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host, context):
        self.shared = Shared()
        self.context = context
        if ':' in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, 0), Handler)

    def finish_request(self, request, client_address):
        # Here, in the connection's own thread, so that a slow handshake holds up nobody.
        if self.context:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError):
                self.shared.add('aborted')
                return
        super().finish_request(request, client_address)
        if self.context:
            try:
                request.close()
            except OSError:
                pass

    def handle_error(self, *_):
        self.shared.add('aborted')


def main():
    args = argparse.ArgumentParser()
    args.add_argument('--tls', nargs=2, metavar=('CERT', 'KEY'))
    args.add_argument('--tls-version', choices=('1.1', '1.2', '1.3'))
    args.add_argument('--host', default='127.0.0.1')
    options = args.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        if options.tls_version:
            version = ssl.TLSVersion['TLSv' + options.tls_version.replace('.', '_')]
            context.set_ciphers('ALL:@SECLEVEL=0')  # else it would not speak the old ones either
            context.minimum_version = context.maximum_version = version
    server = Server(options.host, context)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == '__main__':
    main()
