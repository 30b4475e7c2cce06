#!/usr/bin/python3
"""`vigie match` as a user meets it: what it prints, in which order, and what it says when something
is wrong. Run as `test_match.py PATH_OF_VIGIE`."""

import json
import os
import random
import re
import subprocess
import unicodedata

import harness
from matching import BLUESKY, MASTODON, X, TWEET, POST, RULES, Match, line


class Json(Match):
    def test_a_match_is_one_object_of_the_shape_that_is_promised(self):
        text = "Énergie SOLAIRE, 36 kWc, chez Heliora"
        found = self.json(data=line({"id": "7", "text": text, "lang": "fr"}))
        self.assertEqual(
            found,
            [
                {
                    "rule": "solaire",
                    "severity": "critical",
                    "about": "Projets",
                    "post": {"id": "7", "type": "post", "lang": ["fr"], "text": text},
                    "hits": [
                        {"term": "solaire", "field": "text", "from": 9, "to": 16, "way": "folded"}
                    ],
                },
                {
                    "rule": "marques",
                    "severity": "normal",
                    "post": {"id": "7", "type": "post", "lang": ["fr"], "text": text},
                    "hits": [
                        {
                            "term": "Heliora",
                            "list": "marques",
                            "field": "text",
                            "from": 31,
                            "to": 38,
                            "way": "exact",
                        }
                    ],
                },
                {
                    "rule": "puissance",
                    "severity": "low",
                    "post": {"id": "7", "type": "post", "lang": ["fr"], "text": text},
                    "hits": [
                        {
                            "term": "\\b\\d+ ?kWc\\b",
                            "field": "text",
                            "from": 18,
                            "to": 24,
                            "way": "regex",
                        }
                    ],
                },
            ],
        )

    def spans(self, raw, field="text"):
        """What stands at the hits of a record given as bytes, by the post in the output."""
        matches = self.json(data=raw + b"\n")
        found = []
        for match in matches:
            for hit in match["hits"]:
                text = match["post"][hit["field"]].encode()
                self.assertEqual(hit["field"], field)
                self.assertLess(hit["from"], hit["to"])
                found.append((hit["term"], text[hit["from"] : hit["to"]].decode(), hit["way"]))
        return found

    def test_spans_are_bytes_of_the_original_text(self):
        cases = [
            ('{"id":"1","text":"été Solaire"}', [("solaire", "Solaire", "folded")]),
            ('{"id":"1","text":"😀🇫🇷 solaire 😀"}', [("solaire", "solaire", "exact")]),
            ('{"id":"1","text":"\\u00e9t\\u00e9 \\"sola\\u0069re\\""}', [("solaire", "solaire", "exact")]),
            ('{"id":"1","text":"\\ud83d\\ude00\\n\\tSOLAIRE\\\\"}', [("solaire", "SOLAIRE", "folded")]),
            ('{"id":"1","text":"\\ud800 solaire"}', [("solaire", "solaire", "exact")]),
            ('{"id":"1","text":"l’été ﬁn: ＳＯＬＡＩＲＥ"}', [("solaire", "ＳＯＬＡＩＲＥ", "folded")]),
            ('{"id":"1","text":"so\u200blaire, ok"}', [("solaire", "so\u200blaire", "exact")]),
            ('{"id":"1","text":"😀 #EnergieSolaire"}', [("solaire", "Solaire", "folded")]),
            ('{"id":"1","text":"é 屋根の太陽光発電"}', [("太陽光", "太陽光", "exact")]),
            ('{"id":"1","text":"ü @Volticime"}', [("@volticime", "Volticime", "folded")]),
            ('{"id":"1","text":"Œ WATT & SEVE !"}', [("Watt & Sève", "WATT & SEVE", "folded")]),
            ('{"id":"1","text":"é 36 kWc"}', [("\\b\\d+ ?kWc\\b", "36 kWc", "regex")]),
        ]
        for raw, wanted in cases:
            with self.subTest(raw):
                self.assertEqual(self.spans(raw.encode()), wanted)

    def test_spans_cover_decomposed_letters_whole(self):
        decomposed = unicodedata.normalize("NFD", "café")
        for raw in (f"un {decomposed}.", f"é {decomposed} é"):
            found = self.spans(line({"id": "1", "text": raw}).rstrip())
            self.assertEqual([(term, text) for term, text, _ in found], [("café", decomposed)])
        escaped = b'{"id":"1","text":"un cafe\\u0301 noir"}'
        self.assertEqual([text for _, text, _ in self.spans(escaped)], [decomposed])

    def test_hits_in_a_title_say_so(self):
        raw = line({"id": "1", "title": "Été solaire", "text": "rien"}).rstrip()
        self.assertEqual(self.spans(raw, "title"), [("solaire", "solaire", "exact")])

    def test_exact_letters_are_not_found_in_others(self):
        self.assertEqual(self.json(data=line({"id": "1", "text": "l'axe et J'axe"})), [])
        found = self.json(data=line({"id": "1", "text": "d'AXE"}))
        self.assertEqual([m["hits"][0]["term"] for m in found], ["=AXE"])

    def test_every_line_of_output_is_valid_whatever_the_post_holds(self):
        nasty = "solaire \x00\x01\x1b[31m\u2028\ud800 \\ \" \x7f </script> \U0010ffff"
        record = json.dumps({"id": "1\x1b[2J", "text": nasty}).encode() + b"\n"
        (match,) = self.json(data=record)
        self.assertEqual(match["post"]["id"], "1\x1b[2J")
        hit = match["hits"][0]
        self.assertEqual(match["post"]["text"].encode()[hit["from"] : hit["to"]], b"solaire")


class Order(Match):
    def make_files(self, count=4, records=3000):
        """Files of posts of all lengths, in all some MB, so that there are many blocks and lines
        over their borders; the last line of one lacks its end."""
        dice = random.Random(7)
        words = ["solaire", "lune", "café", "Heliora", "36 kWc", "été", "😀", "rien", "太陽光"]
        paths, wanted = [], []
        for f in range(count):
            lines = []
            for n in range(records):
                size = dice.choice((1, 3, 8, 30)) if n % 500 else 9000
                text = " ".join(dice.choice(words) for _ in range(size))
                lines.append(line({"id": f"{f}-{n}", "text": text}))
                if re.search("solaire|café|Heliora|36 kWc|太陽光", text):
                    wanted.append(f"{f}-{n}")
            data = b"".join(lines)
            paths.append(self.put(f"{f}.ndjson", data[:-1] if f == 1 else data))
        return paths, wanted

    def test_output_is_in_the_order_of_the_input_with_any_number_of_threads(self):
        paths, wanted = self.make_files()
        outputs = {}
        for threads in ("1", "2", "3", "8"):
            done = self.match("-r", self.rules, "--json", "-j", threads, *paths)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            outputs[threads] = done.stdout
        ids = []
        for text in outputs["1"].splitlines():
            post = json.loads(text)["post"]["id"]
            if not ids or ids[-1] != post:
                ids.append(post)
        self.assertEqual(ids, wanted)
        for threads in ("2", "3", "8"):
            self.assertTrue(outputs[threads] == outputs["1"], f"-j {threads} differs")

        with self.subTest("where blocks end makes no difference"):
            whole = b"".join(self.read(path).rstrip(b"\n") + b"\n" for path in paths)
            piped = self.match("-r", self.rules, "--json", data=whole)
            self.assertTrue(piped.stdout == outputs["1"])
            # A pipe that brings odd pieces.
            command = [harness.PROGRAM, "match", "-r", self.rules, "--json", "-j", "2"]
            with open(self.path("out"), "wb") as out, subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out
            ) as process:
                for at in range(0, len(whole), 77_777):
                    process.stdin.write(whole[at : at + 77_777])
                    process.stdin.flush()
                process.stdin.close()
                self.assertEqual(process.wait(60), 0)
            self.assertTrue(self.read("out") == outputs["1"])

        with self.subTest("counts are those of the matches"):
            for threads in ("1", "8"):
                done = self.match("-r", self.rules, "--count", "-j", threads, *paths)
                self.assertEqual(done.stdout, b"%d\n" % len(wanted))

    def test_matches_come_while_the_input_goes_on(self):
        for threads in ("1", "2", "4"):
            with subprocess.Popen(
                [harness.PROGRAM, "match", "-r", self.rules, "--json", "-j", threads],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as process:
                for n in range(5):
                    process.stdin.write(line({"id": str(n), "text": "solaire"}))
                    process.stdin.flush()
                    timer = subprocess.Popen(["sleep", "20"])  # guards the blocking read
                    answer = process.stdout.readline()
                    self.assertIsNone(timer.poll(), "the match came too late")
                    timer.kill()
                    timer.wait()
                    self.assertEqual(json.loads(answer)["post"]["id"], str(n))
                process.stdin.close()
                self.assertEqual(process.wait(20), 0)

    def test_a_line_of_the_longest_length_is_read_and_a_longer_one_is_not(self):
        limit = 1024 * 1024
        start, end = b'{"id":"big","text":"solaire","x":"', b'"}'
        for before in (0, 1, 200_000, 262_144 - 20, 900_000):
            first = start + b"a" * max(0, before - len(start) - 3) + end + b"\n" if before else b""
            for extra in (0, 1):
                big = start + b"x" * (limit + extra - len(start) - len(end)) + end
                data = first.replace(b"big", b"f") + big + b"\n" + line(POST)
                for threads in ("1", "2"):
                    done = self.match("-r", self.rules, "--json", "-j", threads, data=data)
                    ids = [json.loads(t)["post"]["id"] for t in done.stdout.splitlines()]
                    wanted = (["f"] if before else []) + ([] if extra else ["big"]) + ["444"]
                    self.assertEqual(ids, wanted, f"{before} bytes before, {extra} too many")
                    said = b"vigie: 1 rejected: line too long\n" if extra else b""
                    self.assertEqual(done.stderr, said)


class Options(Match):
    def test_count_prints_the_number_of_matching_posts_and_nothing_else(self):
        both = line({"id": "1", "text": "Heliora solaire 36 kWc"})
        done = self.match("-r", self.rules, "--count", data=both + line(POST) + line({"text": "x"}))
        self.assertEqual((done.stdout, done.stderr, done.returncode), (b"2\n", b"", 0))
        done = self.match("-r", self.rules, "--count", data=line({"text": "x"}))
        self.assertEqual((done.stdout, done.stderr, done.returncode), (b"0\n", b"", 1))

    def test_stats_go_to_standard_error(self):
        done = self.match("-r", self.rules, "--count", "--stats", data=line(POST) * 3)
        self.assertEqual(done.stdout, b"3\n")
        self.assertRegex(done.stderr.decode(), r"(?m)^3 records, .* GB/s$")
        self.assertRegex(done.stderr.decode(), r"(?m)^3 decoded, 3 posts match, 3 matches, 0 rej")

    def test_standard_input_is_read_without_a_file_and_as_a_dash(self):
        path = self.put("p.ndjson", line({"id": "file", "text": "solaire"}))
        data = line({"id": "stdin", "text": "solaire"})
        ids = lambda *files: [m["post"]["id"] for m in self.json(*files, data=data)]
        self.assertEqual(ids(), ["stdin"])
        self.assertEqual(ids("-"), ["stdin"])
        self.assertEqual(ids(path, "-", path), ["file", "stdin", "file"])

    def test_rules_may_be_a_list_of_words(self):
        words = self.write("mots.txt", "# commentaire\nsolaire\n\n=IA\nénergie verte\n")
        data = line({"id": "1", "text": "L'IA solaire, ENERGIE VERTE"})
        done = self.match("-r", words, "--json", data=data)
        match = json.loads(done.stdout)
        self.assertEqual(match["rule"], "terms")
        terms = sorted(hit["term"] for hit in match["hits"])
        self.assertEqual(terms, ["=IA", "solaire", "énergie verte"])

    def test_rules_come_from_a_configuration_whatever_its_name(self):
        for name in ("vigie.yaml", "vigie.conf"):
            config = self.write(name, RULES + "\nsources: { a: { type: file, path: x } }\n")
            done = self.match("-c", config, "--count", data=line(POST))
            self.assertEqual((done.stdout, done.stderr), (b"1\n", b""))

    def test_the_default_configuration_is_used(self):
        os.makedirs(self.path(".config/vigie"))
        self.write(".config/vigie/vigie.yaml", RULES)
        done = self.match("--count", data=line(POST))
        self.assertEqual((done.stdout, done.stderr), (b"1\n", b""))

    def test_secrets_are_not_needed_to_match(self):
        config = self.write(
            "vigie.yaml",
            RULES + "\nnotifiers: { w: { type: webhook, url: 'https://example.org/', "
            "secret: { env: VIGIE_TEST_UNSET } } }\n",
        )
        done = self.match("-c", config, "--count", data=line(POST))
        self.assertEqual((done.stdout, done.stderr), (b"1\n", b""))

    def test_exit_status_tells_found_nothing_and_trouble(self):
        path = self.put("p.ndjson", line(POST))
        self.assertEqual(self.match("-r", self.rules, path).returncode, 0)
        self.assertEqual(self.match("-r", self.rules, data=b"").returncode, 1)
        self.assertEqual(self.match("-r", self.rules, path, self.path("none")).returncode, 2)
        self.assertEqual(self.match("--help").returncode, 0)

    def test_an_unreadable_file_among_good_ones_is_told_and_passed_over(self):
        one = self.put("1.ndjson", line({"id": "1", "text": "solaire"}))
        two = self.put("2.ndjson", line({"id": "2", "text": "solaire"}))
        missing = self.path("none.ndjson")
        for threads in ("1", "3"):
            done = self.match(
                "-r", self.rules, "--json", "-j", threads, one, missing, self.folder, two
            )
            ids = [json.loads(t)["post"]["id"] for t in done.stdout.splitlines()]
            self.assertEqual((ids, done.returncode), (["1", "2"], 2))
            self.assertIn(f"cannot read '{missing}': No such file", done.stderr.decode())
            self.assertIn(f"cannot read '{self.folder}': Is a directory", done.stderr.decode())


class Maps(Match):
    WANTED = [
        ("bluesky", BLUESKY, "at://did:plc:abc/app.bsky.feed.post/3kabc"),
        ("mastodon", MASTODON, "111"),
        ("x", X, "222"),
        ("tweet-v1", TWEET, "333"),
        ("post", POST, "444"),
    ]

    def test_each_built_in_map_finds_text_and_author(self):
        authors = {"mastodon": "jo", "x": "ana", "tweet-v1": "li", "post": "max"}
        for name, record, post_id in self.WANTED:
            with self.subTest(name):
                (match,) = self.json("--map", name, data=line(record))
                self.assertEqual(match["post"]["id"], post_id)
                self.assertIn("une centrale solaire", match["post"]["text"])
                self.assertEqual(match["post"]["lang"], ["fr"])
                self.assertEqual(match["post"]["author"].get("handle"), authors.get(name))

    def test_html_becomes_text_before_it_is_matched(self):
        (match,) = self.json("--map", "mastodon", data=line(MASTODON))
        text = match["post"]["text"]
        self.assertEqual(text, "une centrale solaire & un café\nla suite")
        spans = [text.encode()[h["from"] : h["to"]].decode() for h in match["hits"]]
        self.assertEqual(spans, ["solaire", "café"])

    def test_auto_recognises_records_of_all_forms_in_one_file(self):
        records = [record for _, record, _ in self.WANTED]
        wanted = [post_id for _, _, post_id in self.WANTED]
        for arguments in ((), ("--map", "auto")):
            found = self.json(*arguments, data=b"".join(line(r) for r in records * 3))
            self.assertEqual([m["post"]["id"] for m in found], wanted * 3)

    def test_text_takes_each_line_as_it_is(self):
        data = "Énergie SOLAIRE\nrien\n{\"text\": \"café\"}\nsolaire \udcff".encode(
            errors="surrogateescape"
        )
        found = self.json("--map", "text", data=data)
        texts = [m["post"]["text"] for m in found]
        self.assertEqual(texts, ["Énergie SOLAIRE", '{"text": "café"}', "solaire \ufffd"])
        hit = found[0]["hits"][0]
        self.assertEqual(texts[0].encode()[hit["from"] : hit["to"]], b"SOLAIRE")

    def test_a_map_of_the_configuration_says_where_things_are(self):
        config = self.write(
            "vigie.yaml",
            RULES
            + """
maps:
  forum:
    text: { path: message.body, html: true }
    title: message.subject
    id: message.nr
    author.handle: [message.nick, message.from.name]
    lang: locale
""",
        )
        record = {
            "message": {
                "nr": 12,
                "subject": "Centrale",
                "body": "<p>une centrale sol<wbr>aire</p>",
                "from": {"name": "zoé"},
            },
            "text": "café",
            "locale": "fr",
        }
        done = self.match("-c", config, "--map", "forum", "--json", data=line(record))
        self.assertEqual(done.stderr, b"")
        (match,) = [json.loads(text) for text in done.stdout.splitlines()]
        post = match["post"]
        self.assertEqual((post["id"], post["title"], post["lang"]), ("12", "Centrale", ["fr"]))
        self.assertEqual(post["author"], {"handle": "zoé"})
        self.assertEqual([h["term"] for h in match["hits"]], ["solaire"])

    def test_what_is_no_post_is_passed_over_in_silence(self):
        like = json.loads(json.dumps(BLUESKY))
        like["commit"]["collection"] = "app.bsky.feed.like"
        account = {"did": "did:plc:abc", "kind": "account", "account": {"active": True}}
        self.assertEqual(self.json(data=line(like) + line(account)), [])


if __name__ == "__main__":
    harness.main()
