"""What the tests of `vigie match` share: rules, records of each form, and the command."""

import json
import os
import subprocess

import harness

RULES = """
lists:
  marques: [Heliora, "Watt & Sève", "=AXE"]
rules:
  - name: solaire
    about: Projets
    any: [solaire, café, "#SolarEnergy", "@volticime", 太陽光]
    severity: critical
  - name: marques
    any: [list:marques]
  - name: puissance
    regex: ['\\b\\d+ ?kWc\\b']
    severity: low
"""

BLUESKY = {
    "did": "did:plc:abc",
    "time_us": 1700000000000000,
    "kind": "commit",
    "commit": {
        "rev": "3k",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3kabc",
        "record": {
            "$type": "app.bsky.feed.post",
            "createdAt": "2024-01-01T00:00:00Z",
            "langs": ["fr"],
            "text": "une centrale solaire",
        },
    },
}
MASTODON = {
    "id": "111",
    "created_at": "2024-01-01T00:00:00.000Z",
    "language": "fr",
    "url": "https://mastodon.example/@jo/111",
    "content": "<p>une centrale <b>sol</b>aire &amp; un caf&eacute;<br>la suite</p>",
    "account": {"id": "7", "username": "jo", "acct": "jo", "display_name": "Jo"},
    "media_attachments": [],
}
X = {
    "data": {
        "id": "222",
        "text": "une centrale solaire &amp; la suite",
        "author_id": "8",
        "lang": "fr",
        "created_at": "2024-01-01T00:00:00.000Z",
    },
    "includes": {"users": [{"id": "8", "username": "ana", "name": "Ana"}]},
    "matching_rules": [{"id": "1", "tag": "t"}],
}
TWEET = {
    "id": 333,
    "id_str": "333",
    "created_at": "Mon Jan 01 00:00:00 +0000 2024",
    "full_text": "une centrale solaire",
    "lang": "fr",
    "user": {"id_str": "9", "screen_name": "li", "name": "Li"},
    "entities": {"hashtags": [], "urls": [], "user_mentions": []},
}
POST = {"id": "444", "text": "une centrale solaire", "author": "max", "lang": "fr"}


def line(record):
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


class Match(harness.Case):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)

    def match(self, *arguments, data=b"", **options):
        options.setdefault("env", {**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": ""})
        return subprocess.run(
            [harness.PROGRAM, "match", *arguments],
            input=data,
            capture_output=True,
            timeout=120,
            check=False,
            cwd=self.folder,
            **options,
        )

    def json(self, *arguments, data=b""):
        done = self.match("-r", self.rules, "--json", *arguments, data=data)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, b"")
        return [json.loads(text) for text in done.stdout.splitlines()]

    def put(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()
