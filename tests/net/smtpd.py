#!/usr/bin/python3
"""An SMTP server for tests (needs python3-aiosmtpd).

    smtpd.py [--mode MODE] [--folder DIR] [--cert CERT --key KEY] [--tls none|starttls|smtps]
             [--auth USER:PASSWORD] [--host ADDRESS]

Binds a free port of 127.0.0.1, prints the port as its first line, then one JSON line for each thing
that happened, and exits when its standard input closes. Modes:

  accept        takes every mail
  refuse        550 to the envelope's recipient
  refuse-one    550 to recipients that start with "bad", takes the others
  refuse-data   554 after the mail
  greylist      451 to the first try of each recipient, then takes it
  busy          421 instead of a greeting
  hang          accepts connections and never speaks
  hang-data     reads the mail and never answers

--tls starttls offers STARTTLS (with --cert and --key), smtps speaks TLS from the start, none (the
default) offers nothing. --auth: login is needed, and is offered after TLS only unless --tls none.

Lines: {"event":"mail","from":...,"to":[...],"data":base64,"tls":bool,"user":text|null},
{"event":"refused","to":...}, {"event":"auth","user":...,"good":bool},
{"event":"connected"}. With --folder each mail is written there as 1.eml,
2.eml ... as it came, and its line has no "data": whoever sends large mails must use that, or read the
lines, since the server waits when the pipe is full.
"""
import argparse
import asyncio
import base64
import json
import os
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(**what):
    sys.stdout.write(json.dumps(what) + '\n')
    sys.stdout.flush()


class Handler:
    def __init__(self, options):
        self.options = options
        self.seen = set()
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        mode = self.options.mode
        if mode == 'refuse' or (mode == 'refuse-one' and address.startswith('bad')):
            say(event='refused', to=address)
            return '550 5.1.1 no such user here'
        if mode == 'greylist' and address not in self.seen:
            self.seen.add(address)
            say(event='refused', to=address)
            return '451 4.7.1 greylisted, try again'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if self.options.mode == 'hang-data':
            await asyncio.sleep(3600)
        if self.options.mode == 'refuse-data':
            say(event='refused', to=envelope.rcpt_tos)
            return '554 5.7.1 looks like spam'
        self.count += 1
        if self.options.folder:
            path = os.path.join(self.options.folder, '%d.eml' % self.count)
            with open(path + '.new', 'wb') as file:
                file.write(envelope.content)
            os.rename(path + '.new', path)
        user = session.auth_data.login.decode() if session.authenticated else None
        line = {'event': 'mail', 'from': envelope.mail_from, 'to': envelope.rcpt_tos,
                'tls': session.ssl is not None or self.options.tls == 'smtps', 'user': user}
        if not self.options.folder:
            line['data'] = base64.b64encode(envelope.content).decode()
        say(**line)
        return '250 OK queued'


class Speaker(SMTP):
    """As aiosmtpd's, but the mail is kept byte for byte and connections are told."""

    def connection_made(self, transport):
        if not self.transport:
            say(event='connected')
        super().connection_made(transport)


async def silent(options, reader, writer):
    say(event='connected')
    if options.mode == 'busy':
        writer.write(b'421 4.3.2 too busy, come back later\r\n')
        await writer.drain()
        writer.close()
        return
    await reader.read()


async def serve(options):
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
    loop = asyncio.get_running_loop()
    smtps = context if options.tls == 'smtps' else None
    if options.mode in ('hang', 'busy'):
        server = await asyncio.start_server(lambda r, w: silent(options, r, w), options.host, 0)
    else:
        handler = Handler(options)

        def check(server, session, envelope, mechanism, data):
            wanted = options.auth.split(':', 1)
            good = isinstance(data, LoginPassword) and [
                data.login.decode(), data.password.decode()] == wanted
            say(event='auth', user=data.login.decode(), good=good)
            return AuthResult(success=good, handled=False, auth_data=data)

        def speaker():
            return Speaker(
                handler, hostname='misbehave.test', loop=loop,
                tls_context=context if options.tls == 'starttls' else None,
                authenticator=check if options.auth else None,
                auth_required=bool(options.auth),
                auth_require_tls=options.tls == 'starttls')

        server = await loop.create_server(speaker, options.host, 0, ssl=smtps)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def wait_for_end():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    args = argparse.ArgumentParser()
    args.add_argument('--mode', default='accept', choices=[
        'accept', 'refuse', 'refuse-one', 'refuse-data', 'greylist', 'busy', 'hang', 'hang-data'])
    args.add_argument('--tls', default='none', choices=['none', 'starttls', 'smtps'])
    args.add_argument('--folder')
    args.add_argument('--cert')
    args.add_argument('--key')
    args.add_argument('--auth')
    args.add_argument('--host', default='127.0.0.1')
    options = args.parse_args()
    threading.Thread(target=wait_for_end, daemon=True).start()
    asyncio.run(serve(options))


if __name__ == '__main__':
    main()
