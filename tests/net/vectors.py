#!/usr/bin/python3
"""Turns the event-source vectors into lines that a C test reads without a JSON parser.

    vectors.py FILE

First line: how many. Then for each vector one line of words, in hex ("-" for empty): name, stream,
retry in decimal (-1: none is told), then type, data and last id of each event. Event ids are "-" also
where there is none yet."""
import json
import sys


def word(data):
    return data.hex() or '-'


with open(sys.argv[1], encoding='utf-8') as file:
    vectors = json.load(file)
print(len(vectors))
for v in vectors:
    words = [word(v['name'].encode()), v['stream_hex'] or '-', str(v.get('retry_ms', -1))]
    for event in v['expect']:
        words += [word(event[key].encode()) for key in ('type', 'data', 'lastEventId')]
    print(' '.join(words))
sys.stdout.flush()
sys.stdin.read()
