#!/usr/bin/python3
"""Reads a mail as a mail program would, with Python's email package: mail.py FILE.

Prints a JSON line: all headers in order as [name, decoded value], the parts, the defects found, and
what of the raw bytes breaks RFC 5322 (a CR or LF alone, a line over 998 bytes, a byte over 127).
"""
import email
import email.policy
import json
import re
import sys


def main():
    raw = open(sys.argv[1], 'rb').read()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    broken = []
    if re.search(rb'\r(?!\n)|(?<!\r)\n', raw):
        broken.append('bare')
    if max(map(len, raw.split(b'\r\n'))) > 998:
        broken.append('long')
    if max(raw) > 127:
        broken.append('8bit')
    defects = [str(d) for part in mail.walk() for d in part.defects]
    defects += [str(d) for _, value in mail.items() for d in getattr(value, 'defects', ())]
    parts = [[part.get_content_type(), part.get_content_charset(),
              part.get_content().replace('\r\n', '\n')]
             for part in mail.iter_parts()]
    print(json.dumps(dict(
        headers=[[name, str(value)] for name, value in mail.items()], type=mail.get_content_type(),
        parts=parts, defects=defects, broken=broken), ensure_ascii=False))


main()
