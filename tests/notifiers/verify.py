#!/usr/bin/python3
"""Looks at webhooks that misbehave.py got, as a receiver would: with Python's own hmac and json.

    verify.py PORT PATH [SECRET...]

Prints a JSON line for each request at PATH: its headers of interest, the body's keys, and how many
of its signatures are good for one of the secrets.
"""
import base64
import hashlib
import hmac
import json
import sys
import urllib.request


def good(request, body, secrets):
    headers = request['headers']
    text = headers['webhook-id'] + '.' + headers['webhook-timestamp'] + '.'
    expected = set()
    for secret in secrets:
        key = base64.b64decode(secret[len('whsec_'):], validate=True)
        digest = hmac.new(key, text.encode() + body, hashlib.sha256).digest()
        expected.add('v1,' + base64.b64encode(digest).decode())
    return sum(s in expected for s in headers.get('webhook-signature', '').split())


def main():
    port, path, secrets = sys.argv[1], sys.argv[2], sys.argv[3:]
    with urllib.request.urlopen('http://127.0.0.1:%s/requests?path=%s' % (port, path)) as answer:
        requests = json.load(answer)
    print(len(requests))
    for request in requests:
        body = base64.b64decode(request['body'])
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = {}
        headers = request['headers']
        print(json.dumps(dict(
            method=request['method'], id=headers.get('webhook-id'),
            timestamp=headers.get('webhook-timestamp'), type=headers.get('content-type'),
            good=good(request, body, secrets),
            signatures=len(headers.get('webhook-signature', '').split()),
            authorization=headers.get('authorization'), extra=headers.get('x-extra'),
            length=len(body), truncated=parsed.get('truncated'), event=parsed.get('type'),
            time=parsed.get('timestamp'), rule=parsed.get('data', {}).get('rule'),
            text=parsed.get('data', {}).get('post', {}).get('text', '')[:20]), sort_keys=True))


main()
