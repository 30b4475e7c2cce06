#!/usr/bin/python3
"""The schema as editors use it: what vigie takes is valid, what it refuses for its shape is not.
Run as `test_schema.py PATH_OF_VIGIE`. After a change of the tables:
`build/vigie schema > examples/vigie.schema.json`."""

import glob
import json
import os
import re
import subprocess
import sys
import unittest

import harness

try:
    import jsonschema
    import yaml
except ImportError:

    class Schema(unittest.TestCase):
        def test_it_is_a_schema(self):
            self.skipTest("python3-jsonschema or python3-yaml is not installed")

    harness.main()
    sys.exit(0)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# What a table of keys can see.
SHAPE = re.compile(
    r"error: (unknown key|missing key|expected |not supported yet|out of range|not in an included"
    r"|a rule needs|unknown type of|no value)"
)


class Loader(yaml.SafeLoader):
    """Plain scalars as YAML 1.2 reads them, as editors do: yes and 08:30 are texts."""

    yaml_implicit_resolvers = {}


Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"), list("~nN") + [""])
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789"))


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader)


class Schema(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = subprocess.run(
            [harness.PROGRAM, "schema"], capture_output=True, timeout=30, check=True
        )
        cls.text = done.stdout.decode()
        cls.schema = json.loads(cls.text)
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def mistakes(self, value):
        return [f"{list(e.absolute_path)}: {e.message}" for e in self.validator.iter_errors(value)]

    def test_it_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(self.schema)

    def test_the_example_is_valid_and_names_the_schema_beside_it(self):
        for path in glob.glob(os.path.join(ROOT, "examples", "*.yaml")):
            self.assertEqual(self.mistakes(load(path)), [], path)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(
                    file.readline(), "# yaml-language-server: $schema=vigie.schema.json\n"
                )

    def test_the_schema_in_examples_is_the_programs_own(self):
        if "desktop" not in self.schema["definitions"]["notifier"]["properties"]["type"]["enum"]:
            self.skipTest("this build lacks a kind")
        with open(os.path.join(ROOT, "examples", "vigie.schema.json"), encoding="utf-8") as file:
            self.assertTrue(file.read() == self.text,
                            "run: build/vigie schema > examples/vigie.schema.json")

    def test_what_vigie_takes_is_valid(self):
        good = """
store: { path: x.db, keep: 30d }
http: { listen: "127.0.0.1:1" }
timezone: Europe/Paris
sources:
  a: { type: file, path: x, follow: true, map: mine }
  b: { type: http, url: { env: URL }, token: { file: t }, stall: 90s, headers: ["A: b"] }
  c: { type: ingest, token: [{ env: A }, { file: b }], secret: { env: C } }
  d: { type: x, token: { env: A } }
maps:
  mine: { text: a.b, title: [c, d], id: { path: e }, more_text: { paths: [f], html: true } }
lists: { w: [a, 2024, "list"], f: { file: x.txt } }
rules:
  - { name: a, any: [2024, list:w], none: x, where: { lang: fr, type: [post, reply] } }
  - { name: b, regex: '\\d', severity: low, notify: [p], tests: [{ post: 1, matches: true }] }
  - name: 42
    all: x
    tests:
tests:
  - { post: x, matches: [] }
  - { post: { text: x, author: ada, lang: [fr, en] }, matches: a, terms: [x] }
  - { post: { text: x, author: { handle: ada, followers: 3 }, type: reply }, matches: [a, b] }
notifiers:
  p: { type: print }
  w: { type: webhook, url: "http://x", secret: { env: S }, timeout: 10s }
  e: { type: exec, command: [a, b] }
notify: p
include: [a.yaml, b]
"""
        self.assertEqual(self.mistakes(yaml.load(good, Loader)), [])

    def test_each_mistake_of_shape_is_seen(self):
        cases = [
            "rulse: []",
            "store: { pathh: x }",
            "store: { keep: 30 }",
            "store: { keep: 30 d }",
            "store: { archive: some }",
            "sources: { a: { type: fiel, path: x } }",
            "sources: { a: { path: x } }",
            "sources: { a: { type: file } }",
            "sources: { a: { type: file, path: x, url: y } }",
            "sources: { a: { type: file, path: x, follow: yes } }",
            "sources: { A: { type: file, path: x } }",
            "sources: { a: { type: http, url: x, token: secret } }",
            "sources: { a: { type: ingest, token: secret } }",
            "sources: { a: { type: ingest, secret: [{ env: A }, secret] } }",
            "sources: { a: { type: x } }",
            "sources: { a: { type: http, url: { env: A, file: b } } }",
            "maps: { m: { txt: a } }",
            "maps: { m: { text: { path: a, htlm: true } } }",
            "lists: { a: x }",
            "lists: { a: { fil: x } }",
            "lists: { a: [[x]] }",
            "rules: { a: b }",
            "rules: [{ any: x }]",
            "rules: [{ name: a }]",
            "rules: [{ name: a, none: x }]",
            "rules: [{ name: a, any: [] }]",
            "rules: [{ name: a, any: { b: c } }]",
            "rules: [{ name: A b, any: x }]",
            "rules: [{ name: a, any: x, severity: hgih }]",
            "rules: [{ name: a, any: x, where: { language: fr } }]",
            "rules: [{ name: a, any: x, where: { type: tweet } }]",
            "rules: [{ name: a, any: x, tests: [{ post: x }] }]",
            "tests: [{ matches: [] }]",
            "tests: [{ post: { txt: x }, matches: [] }]",
            "tests: [{ post: { text: x, author: { folowers: 3 } }, matches: [] }]",
            "tests: [{ post: { text: x, type: tweet }, matches: [] }]",
            "tests: [{ post: { text: x, author: { followers: -2 } }, matches: [] }]",
            "notifiers: { a: { type: webhok } }",
            "notifiers: { a: { type: webhook } }",
            "notifiers: { a: { type: exec, command: x, timeout: 10 } }",
        ]
        for text in cases:
            with self.subTest(text):
                self.assertNotEqual(self.mistakes(yaml.load(text, Loader)), [])

    def test_the_bad_ones_among_the_golden_files_are_bad(self):
        seen = 0
        for folder in ("daemon", "rules"):
            for path in sorted(glob.glob(os.path.join(ROOT, "tests", folder, "bad", "*.yaml"))):
                with open(path[:-5] + ".txt", encoding="utf-8") as file:
                    if not SHAPE.search(file.read()):
                        continue
                try:
                    value = load(path)
                except yaml.YAMLError:
                    continue
                seen += 1
                self.assertNotEqual(self.mistakes(value), [], path)
        self.assertGreater(seen, 8)

    def test_each_key_has_a_description_and_each_default_is_valid(self):
        count = 0
        stack = [self.schema]
        while stack:
            value = stack.pop()
            if isinstance(value, list):
                stack.extend(value)
                continue
            if not isinstance(value, dict):
                continue
            stack.extend(value.values())
            for key, schema in value.get("properties", {}).items():
                if "const" in schema or key == "type" and set(schema) == {"enum"}:
                    continue
                count += 1
                self.assertTrue(schema.get("description"), key)
                if "default" in schema:
                    whole = {**schema, "definitions": self.schema["definitions"]}
                    jsonschema.Draft7Validator(whole).validate(schema["default"])
        self.assertGreater(count, 50)

    def test_the_command_says_what_is_wrong(self):
        done = subprocess.run(
            [harness.PROGRAM, "schema", "x"], capture_output=True, text=True, check=False
        )
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no arguments are taken: 'x'", done.stderr)


if __name__ == "__main__":
    harness.main()
