#!/usr/bin/python3
"""`vigie backtest` as a user meets it: its numbers against those of `vigie match`, its report, what
a change of rules changes, the archive of a real store. Run as `test_backtest.py PATH_OF_VIGIE`."""

import collections
import json
import os
import random
import re
import stat
import subprocess

import harness

EXAMPLES = os.path.join(harness.HERE, "..", "..", "examples")
POSTS = os.path.join(EXAMPLES, "posts.ndjson")
CONFIG = os.path.join(EXAMPLES, "vigie.yaml")

RULES = """
lists:
  marques: [Heliora, "=AXE"]
rules:
  - name: solaire
    about: Projets
    any: [solaire, éolien]
    severity: critical
  - name: marques
    any: [list:marques]
  - name: puissance
    regex: ['\\b\\d+ ?kWc\\b']
    severity: low
  - name: muet
    any: [zzzz]
"""


def line(number, text, hour=0, minute=0, **more):
    record = {
        "id": f"p{number}",
        "text": text,
        "author": {"handle": f"a{number % 3}"},
        "lang": "fr",
        "created_at": f"2026-03-0{1 + hour // 24}T{hour % 24:02}:{minute:02}:00Z",
        **more,
    }
    return json.dumps(record, ensure_ascii=False) + "\n"


def made_posts():
    """Ten posts over nine hours: six match, one of them two rules."""
    texts = [
        "une centrale solaire",
        "rien",
        "Heliora et le solaire, solaire, SOLAIRE",
        "36 kWc",
        "rien",
        "l'éolien en mer",
        "AXE",
        "axe",
        "rien",
        "solaire encore",
    ]
    return "".join(line(i, text, hour=max(0, i - 1)) for i, text in enumerate(texts))


class Backtest(harness.Case):
    def setUp(self):
        super().setUp()
        self.rules = self.write("rules.yaml", RULES)
        self.posts = self.write("posts.ndjson", made_posts())

    def run_it(self, *arguments, data="", command="backtest"):
        return subprocess.run(
            [harness.PROGRAM, command, *arguments],
            input=data,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            cwd=self.folder,
            env={**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""},
        )

    def text(self, *arguments, code=0, data=""):
        done = self.run_it(*arguments, data=data)
        self.assertEqual((done.returncode, done.stderr), (code, ""))
        return done.stdout

    def json(self, *arguments, code=0, data=""):
        return json.loads(self.text("--json", *arguments, code=code, data=data))

    def rule(self, report, name):
        return next(rule for rule in report["rules"] if rule["rule"] == name)

    def changes(self, report, name):
        return next(rule for rule in report["against"]["rules"] if rule["rule"] == name)

    def refused(self, *arguments, says, code=2, data=""):
        done = self.run_it(*arguments, data=data)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, done.stderr)


class Numbers(Backtest):
    def test_each_number_of_a_made_file_is_right(self):
        report = self.json("-r", self.rules, self.posts)
        self.assertEqual(
            report["input"],
            {
                "files": [self.posts],
                "records": 10,
                "posts": 10,
                "no_posts": 0,
                "rejected": 0,
                "outside": 0,
                "undated": 0,
                "timed": 10,
                "first": "2026-03-01T00:00:00Z",
                "last": "2026-03-01T08:00:00Z",
            },
        )
        whole = report["all"]
        self.assertEqual(whole["posts"], 6)
        self.assertEqual(whole["share"], 0.6)
        self.assertEqual(whole["per_hour"], 6 / 8)
        self.assertEqual(whole["by_several_rules"], 1)
        self.assertEqual(whole["by_severity"], {"low": 1, "normal": 1, "critical": 4})
        self.assertEqual((whole["authors"], whole["authors_exact"]), (2, True))
        solar = self.rule(report, "solaire")
        self.assertEqual(solar["about"], "Projets")
        self.assertEqual(solar["severity"], "critical")
        self.assertEqual(solar["posts"], 4)
        self.assertEqual(solar["per_hour"], 0.5)
        self.assertEqual(solar["busiest_hour"], {"from": "2026-03-01T00:00:00Z", "posts": 1})
        self.assertEqual(solar["first"], "2026-03-01T00:00:00Z")
        self.assertEqual(solar["last"], "2026-03-01T08:00:00Z")
        # a term counts once a post
        self.assertEqual(
            solar["top_terms"], [{"term": "solaire", "posts": 3}, {"term": "éolien", "posts": 1}]
        )
        self.assertEqual(
            solar["top_authors"], [{"author": "@a0", "posts": 2}, {"author": "@a2", "posts": 2}]
        )
        self.assertEqual(solar["top_languages"], [{"language": "fr", "posts": 4}])
        self.assertEqual(
            self.rule(report, "marques")["top_terms"],
            [
                {"term": "=AXE", "list": "marques", "posts": 1},
                {"term": "Heliora", "list": "marques", "posts": 1},
            ],
        )
        self.assertEqual(self.rule(report, "muet")["posts"], 0)
        self.assertEqual(
            report["overlaps"], [{"rules": ["solaire", "marques"], "posts": 1}]
        )
        self.assertNotIn("against", report)

    def test_examples_show_the_first_the_last_and_where_the_hits_are(self):
        report = self.json("-r", self.rules, "--examples", "2", self.posts)
        examples = self.rule(report, "solaire")["examples"]
        self.assertEqual([e["link"] for e in examples], ["p0", "p9"])
        first = examples[0]
        self.assertEqual(first["author"], "@a0")
        self.assertEqual(first["created_at"], "2026-03-01T00:00:00Z")
        hit = first["hits"][0]
        self.assertEqual(first["text"].encode()[hit["from"] : hit["to"]].decode(), "solaire")
        self.assertEqual((hit["term"], hit["way"]), ("solaire", "exact"))
        report = self.json("-r", self.rules, "--examples", "0", self.posts)
        self.assertEqual(self.rule(report, "solaire")["examples"], [])

    def compare_with_match(self, *arguments):
        """Counts posts and terms a rule, which match prints one by one."""
        done = self.run_it("--json", *arguments, command="match")
        posts, terms = collections.Counter(), collections.defaultdict(collections.Counter)
        for text in done.stdout.splitlines():
            found = json.loads(text)
            posts[found["rule"]] += 1
            for term in {hit["term"] for hit in found["hits"]}:
                terms[found["rule"]][term] += 1
        report = self.json(*arguments)
        self.assertEqual({r["rule"]: r["posts"] for r in report["rules"] if r["posts"]}, posts)
        for rule in report["rules"]:
            for top in rule["top_terms"]:
                self.assertEqual(top["posts"], terms[rule["rule"]][top["term"]])
        return report

    def test_the_example_gives_what_match_finds(self):
        report = self.compare_with_match("-r", CONFIG, POSTS)
        self.assertEqual(report["input"]["posts"], 201)
        self.assertEqual(self.rule(report, "solaire")["posts"], 60)

    def test_real_posts_give_what_match_finds_whatever_the_number_of_threads(self):
        data = os.environ.get("VIGIE_DATA", "")
        path = os.path.join(data, "ndjson", "fr_tweets_2022.ndjson")
        if not data or not os.path.exists(path):
            self.skipTest("no VIGIE_DATA")
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()[:: 1 if harness.long_run() else 10]
        path = self.write("real.ndjson", "".join(lines))
        report = self.compare_with_match("-r", CONFIG, path)
        self.assertEqual(report["input"]["posts"], len(lines))
        words = self.write("words.txt", "de\nmacron\nfrance\n")
        one = self.text("-r", words, "--json", path)
        self.assertEqual(self.text("-r", words, "-j4", "--json", path), one)
        self.assertGreater(self.rule(json.loads(one), "terms")["posts"], len(lines) // 4)

    def test_any_number_of_threads_and_a_pipe_give_the_same_bytes(self):
        random.seed(5)
        words = ["solaire", "éolien", "Heliora", "AXE", "7 kWc", "rien", "et", "la"]
        text = "".join(
            line(
                i,
                " ".join(random.choices(words, k=random.randrange(1, 9))),
                hour=random.randrange(48),
                author={"handle": f"a{int(random.paretovariate(0.3)) % 30000}"},
            )
            for i in range(10000)
        )
        posts = self.write("many.ndjson", text)
        old = self.write("old.yaml", RULES.replace("éolien", "et"))
        for more in ([], ["--json"], ["--against", old], ["--against", old, "--json"]):
            code = 1 if "--against" in more else 0
            one = self.text("-r", self.rules, *more, posts, code=code)
            self.assertEqual(self.text("-r", self.rules, *more, "-j4", posts, code=code), one)
            piped = self.text("-r", self.rules, *more, "-j3", data=text, code=code)
            self.assertEqual(
                piped.replace('"-"', f'"{posts}"').replace("on standard input", f"in {posts}"), one
            )

    def test_a_block_in_which_many_rules_find_much_is_counted_to_its_end(self):
        rules = "rules:\n" + "".join(f"  - {{ name: r{i}, any: [a, b] }}\n" for i in range(200))
        many = self.write("many.yaml", rules)
        posts = self.write("short.ndjson", '{"text":"a b"}\n' * 1000 + "bad\n" + '{"text":"b"}\n')
        for jobs in ("-j1", "-j2"):
            done = self.run_it("-r", many, "--json", "--examples", "0", jobs, posts)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout)
            self.assertEqual({rule["posts"] for rule in report["rules"]}, {1001})
            self.assertEqual(report["input"]["rejected"], 1)
            self.assertEqual(report["rules"][199]["top_terms"][0], {"term": "b", "posts": 1001})
            self.assertRegex(done.stderr, "short.ndjson: byte 15000: rejected: ")

    def test_more_authors_than_are_counted_are_estimated_and_the_report_says_so(self):
        text = "".join(
            line(i, "solaire", author={"handle": f"a{i}" if i % 10 else "often"})
            for i in range(9000)
        )
        report = self.json("-r", self.rules, data=text)
        solar = self.rule(report, "solaire")
        self.assertFalse(solar["authors_exact"])
        self.assertTrue(7400 < solar["authors"] < 8900, solar["authors"])
        often = solar["top_authors"][0]
        self.assertEqual((often["author"], often["posts"]), ("@often", 900))
        self.assertIn("over", solar["top_authors"][1])
        shown = self.text("-r", self.rules, data=text)
        self.assertRegex(shown, r"about [78]\d\d\d authors")
        self.assertRegex(shown, r"authors +@often 900, @a\d+ ~\d")


class Times(Backtest):
    def test_without_times_nothing_is_said_an_hour(self):
        text = '{"text":"solaire"}\n{"text":"rien"}\n'
        shown = self.text("-r", self.rules, data=text)
        self.assertIn("no times: how many an hour is not known", shown)
        self.assertNotIn("AN HOUR", shown)
        report = self.json("-r", self.rules, data=text)
        self.assertNotIn("per_hour", self.rule(report, "solaire"))
        self.assertNotIn("first", report["input"])

    def test_posts_without_a_time_among_others_are_said(self):
        text = line(1, "solaire", hour=3) + '{"text":"solaire"}\n{"text":"Heliora"}\n'
        shown = self.text("-r", self.rules, data=text)
        self.assertIn("2 posts have no time and count for no hour", shown)
        self.assertRegex(shown, r"marques +normal +1 +33\.3 % +no times\n")

    def test_the_busiest_hour_is_named(self):
        text = "".join(line(i, "solaire", hour=h) for i, h in enumerate([1, 5, 5, 5, 9, 30]))
        shown = self.text("-r", self.rules, data=text)
        self.assertRegex(shown, r"solaire +critical +6 +100\.0 % +0\.21 +2026-03-01 05:00 \(3\)")
        self.assertIn("0.21 an hour (5.0 a day), most from 2026-03-01 05:00 (3)", shown)

    def test_since_and_until_leave_posts_out_of_all_numbers(self):
        text = made_posts() + '{"text":"solaire"}\n'
        report = self.json(
            "-r", self.rules, "--since", "2026-03-01T02:00:00Z", "--until",
            "2026-03-01T08:00:00+00:00", data=text,
        )
        self.assertEqual(report["input"]["posts"], 6)
        self.assertEqual(report["input"]["outside"], 4)
        self.assertEqual(report["input"]["undated"], 1)
        self.assertEqual(self.rule(report, "solaire")["posts"], 1)
        shown = self.text("-r", self.rules, "--since", "2026-03-02", data=text, code=1)
        self.assertIn("left out: 10 posts outside of the time asked for", shown)
        self.assertIn("left out: 1 post without a time", shown)

    def test_a_duration_counts_from_now(self):
        report = self.json("-r", self.rules, "--until", "1d", self.posts)
        self.assertEqual(report["input"]["posts"], 10)
        self.json("-r", self.rules, "--since", "1h", self.posts, code=1)

    def test_what_is_no_time_is_refused(self):
        for bad in ("yesterday", "2026-02-30", "7", "2026", "", "7d ago"):
            self.refused("-r", self.rules, "--since", bad, says="a time is like")
        self.refused(
            "-r", self.rules, "--since", "2026-03-02", "--until", "2026-03-02",
            says="--since must be before --until",
        )


class Text(Backtest):
    def test_the_report_of_a_made_file_is_as_it_should_look(self):
        self.assertEqual(
            self.text("-r", self.rules, "--examples", "1", "posts.ndjson"),
            """10 posts in posts.ndjson
  from 2026-03-01 00:00 to 2026-03-01 08:00 UTC, 8.0 hours
6 posts match (60.0 %), 0.75 an hour, most from 2026-03-01 00:00 (1), 2 authors
  4 critical, 1 normal, 1 low; 1 by more than one rule

RULE       SEVERITY  POSTS   SHARE  AN HOUR  BUSIEST HOUR
solaire    critical      4  40.0 %     0.50  2026-03-01 00:00 (1)
marques    normal        2  20.0 %     0.25  2026-03-01 01:00 (1)
puissance  low           1  10.0 %     0.12  2026-03-01 02:00 (1)

found nothing: muet

found by two rules:
  1  solaire + marques

solaire: Projets
  4 posts (40.0 %), 0.50 an hour, most from 2026-03-01 00:00 (1), 2 authors
  terms      solaire 3, éolien 1
  authors    @a0 2, @a2 2
  languages  fr 4
  2026-03-01 00:00  @a0  p0
    une centrale [solaire]

marques
  2 posts (20.0 %), 0.25 an hour, most from 2026-03-01 01:00 (1), 2 authors
  terms      =AXE 1 (marques), Heliora 1 (marques)
  authors    @a0 1, @a2 1
  languages  fr 2
  2026-03-01 01:00  @a2  p2
    [Heliora] et le solaire, solaire, SOLAIRE

puissance
  1 post (10.0 %), 0.12 an hour, most from 2026-03-01 02:00 (1), 1 author
  terms      \\b\\d+ ?kWc\\b 1
  authors    @a0 1
  languages  fr 1
  2026-03-01 02:00  @a0  p3
    [36 kWc]
""",
        )

    def test_lines_are_short(self):
        text = self.text("-r", CONFIG, POSTS)
        for shown in text.splitlines():
            self.assertLessEqual(len(shown), 80, shown)

    def test_only_the_rules_asked_for_are_reported(self):
        report = self.json("-r", self.rules, "--rule", "marques", "--rule", "muet", self.posts)
        self.assertEqual([rule["rule"] for rule in report["rules"]], ["marques", "muet"])
        self.assertEqual(report["all"]["posts"], 2)
        self.assertEqual(report["overlaps"], [])
        self.assertNotIn("solaire:", self.text("-r", self.rules, "--rule", "marques", self.posts))

    def test_nothing_found_says_so_and_exits_with_1(self):
        shown = self.text("-r", self.rules, "--rule", "muet", self.posts, code=1)
        self.assertIn("0 posts match (0.0 %)", shown)
        self.assertIn("found nothing: muet", shown)
        self.assertIn("0 posts on standard input", self.text("-r", self.rules, code=1))

    def test_what_strangers_wrote_reaches_no_terminal_unescaped(self):
        hostile = "solaire \x1b[2J\x9b31m \u202e back \u2028 line\r\n\ttab \x00 end"
        record = {
            "id": "\x1b]0;id\x07",
            "text": hostile,
            "author": {"handle": "\x1b[31mme\u202e\n"},
            "lang": "\x1b[1m",
            "created_at": "2026-03-01T00:00:00Z",
        }
        data = json.dumps(record) + "\n"
        other = self.write("other.yaml", "rules: [{ name: r, any: [solaire] }]")
        for more in (["--color=never"], ["--against", other, "--color=never"], ["--json"]):
            shown = self.text("-r", self.rules, *more, data=data, code=int("--against" in more))
            json_may = "" if "--json" in more else "\x80-\x9f\u202e"
            self.assertNotRegex(shown, "[\x00-\x09\x0b-\x1f\x7f\u2028" + json_may + "]")
        self.assertIn("\\x1b[31mme", self.text("-r", self.rules, data=data).lower())
        colored = self.text("-r", self.rules, "--color=always", data=data)
        self.assertIn("\x1b[1;31msolaire\x1b[0m", colored)
        self.assertEqual(set(re.findall("\x1b[^m]*m", colored)), {
            "\x1b[1m", "\x1b[1;31m", "\x1b[0m"})

    def test_colour_is_for_terminals_unless_asked_for(self):
        self.assertNotIn("\x1b", self.text("-r", self.rules, self.posts))
        self.assertIn("\x1b[1msolaire\x1b[0m", self.text("-r", self.rules, "--color", self.posts))

    def test_a_list_of_terms_a_map_and_several_files_work(self):
        words = self.write("words.txt", "solaire\n")
        lines = self.write("lines.txt", "le solaire\nrien\n")
        shown = self.text("-r", words, "--map", "text", lines, lines)
        self.assertIn("4 posts in 2 files", shown)
        self.assertIn("2 posts match (50.0 %)", shown)

    def test_records_that_are_no_posts_are_not_among_them(self):
        like = {"did": "did:plc:a", "time_us": 1, "kind": "commit", "commit": {
            "operation": "create", "collection": "app.bsky.feed.like", "record": {}}}
        shown = self.text("-r", self.rules, data=json.dumps(like) + "\n" + line(1, "solaire"))
        self.assertIn("1 post on standard input", shown)
        self.assertIn("1 post matches (100.0 %)", shown)
        self.assertIn("left out: 1 record that is no post", shown)


class Against(Backtest):
    def setUp(self):
        super().setUp()
        self.new = self.write(
            "new.yaml",
            """
rules:
  - { name: solaire, any: [solaire, centrale], none: [encore], severity: low }
  - { name: marques, any: ["=AXE", Heliora] }
  - { name: rien, any: [rien] }
  - { name: muet, any: [zzzz] }
""",
        )

    def test_what_is_gained_and_lost_is_counted_a_rule(self):
        report = self.json("-r", self.new, "--against", self.rules, self.posts, code=1)
        got = {
            rule["rule"]: (rule["state"], rule["old"], rule["new"], rule["gained"], rule["lost"])
            for rule in report["against"]["rules"]
        }
        self.assertEqual(
            got,
            {
                "solaire": ("kept", 4, 2, 0, 2),
                "marques": ("kept", 2, 2, 0, 0),
                "rien": ("new", 0, 3, 3, 0),
                "muet": ("kept", 0, 0, 0, 0),
                "puissance": ("removed", 1, 0, 0, 1),
            },
        )
        against = report["against"]
        self.assertFalse(against["same"])
        self.assertEqual(
            [against[key] for key in ("old", "new", "gained", "lost")], [6, 6, 3, 3]
        )
        # of what both find the tested rules' terms are shown
        self.assertNotIn("list", self.rule(report, "marques")["top_terms"][0])
        lost = self.changes(report, "solaire")
        self.assertEqual([e["link"] for e in lost["lost_examples"]], ["p5", "p9"])
        self.assertEqual(lost["lost_examples"][0]["hits"][0]["term"], "éolien")
        self.assertEqual(lost["old_severity"], "critical")
        self.assertEqual(lost["gained_examples"], [])
        gained = self.changes(report, "rien")["gained_examples"]
        self.assertEqual([e["link"] for e in gained], ["p1", "p4", "p8"])

    def test_the_report_marks_what_is_gained_and_lost(self):
        shown = self.text(
            "-r", "new.yaml", "--against", "rules.yaml", "--examples", "1", "posts.ndjson", code=1
        )
        self.assertEqual(
            shown,
            """10 posts in posts.ndjson
  from 2026-03-01 00:00 to 2026-03-01 08:00 UTC, 8.0 hours
old: 6 match the rules of rules.yaml
new: 6 match the rules of new.yaml
     3 gained, 3 lost

RULE       OLD  NEW  GAINED  LOST
rien         -    3      +3        new rule
solaire      4    2            -2  severity: low, was critical
puissance    1    -            -1  removed rule

find the same: marques, muet

rien
  3 gained, 0 lost
  + 2026-03-01 00:00  @a1  p1
    [rien]

solaire
  0 gained, 2 lost
  - 2026-03-01 04:00  @a2  p5
    l'[éolien] en mer

puissance
  0 gained, 1 lost
  - 2026-03-01 02:00  @a0  p3
    [36 kWc]
""",
        )
        colored = self.text(
            "-r", self.new, "--against", self.rules, "--color", self.posts, code=1
        )
        self.assertIn("\x1b[32m  + \x1b[0m2026", colored)
        self.assertIn("\x1b[31m  - \x1b[0m2026", colored)

    def test_the_same_rules_are_no_difference(self):
        shown = self.text("-r", self.rules, "--against", self.rules, self.posts)
        self.assertIn("0 gained, 0 lost", shown)
        self.assertIn("find the same: solaire, marques, puissance, muet", shown)
        self.assertNotIn("RULE", shown)

    def test_a_rule_can_be_picked_also_one_that_was_removed(self):
        report = self.json(
            "-r", self.new, "--against", self.rules, "--rule", "puissance", self.posts, code=1
        )
        self.assertEqual([r["rule"] for r in report["against"]["rules"]], ["puissance"])
        self.json("-r", self.new, "--against", self.rules, "--rule", "marques", self.posts)

    def test_every_example_and_count_agrees_with_match(self):
        """The differences of two rule files on the example, computed from match alone."""
        old = self.write(
            "old.yaml",
            "rules: [{name: solaire, any: [solaire, panneaux]}, {name: ia, any: [ia, mails]}]",
        )

        def found(path):
            done = self.run_it("--json", "-r", path, POSTS, command="match")
            pairs = collections.defaultdict(collections.Counter)
            for text in done.stdout.splitlines():
                match = json.loads(text)
                pairs[match["rule"]][match["post"]["url"]] += 1
            return pairs

        before, after = found(old), found(CONFIG)
        report = self.json("-r", CONFIG, "--against", old, "--examples", "100", POSTS, code=1)
        for rule in report["against"]["rules"]:
            name = rule["rule"]
            gained, lost = after[name] - before[name], before[name] - after[name]
            for way, expected in (("gained", gained), ("lost", lost)):
                examples = collections.Counter(e["link"] for e in rule[way + "_examples"])
                self.assertEqual(examples, expected)
                self.assertEqual(rule[way], expected.total())

    def test_mistakes_of_both_rule_files_come_in_one_run_with_their_places(self):
        bad = self.write("bad.yaml", "rules:\n  - { name: a, any: [x], severty: low }\n")
        worse = self.write("worse.yaml", "rules:\n  - { name: b, ayn: [x] }\n")
        self.refused(
            "-r", bad, "--against", worse, self.posts,
            says=["bad.yaml:2:", "worse.yaml:2:", "did you mean 'any'?"],
        )
        self.refused("-r", self.rules, "--against", "/none.yaml", self.posts, says="/none.yaml")


class Archive(Backtest):
    CONFIG = """
store: { path: vigie.db }
sources:
  posts: { type: file, path: posts.ndjson }
notifiers:
  out: { type: print }
rules:
  - { name: solaire, any: [solaire] }
  - { name: marques, any: [Heliora] }
"""

    def setUp(self):
        super().setUp()
        self.config = self.write("vigie.yaml", self.CONFIG)

    def watch(self):
        done = self.run_it("-c", self.config, "--once", command="run")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_posts_that_matched_are_there_and_the_report_says_that_only_they_are(self):
        self.watch()
        shown = self.text("-c", self.config)
        self.assertIn("3 posts in the archive of ", shown)
        self.assertIn("the archive holds only posts that a rule matched", shown)
        self.assertIn("3 posts match (100.0 %)", shown)
        self.assertIn("sources    posts 3", shown)
        report = self.json("-c", self.config)
        self.assertEqual(report["input"]["archive"], self.path("vigie.db"))
        self.assertEqual(report["input"]["first"], "2026-03-01T00:00:00Z")
        self.assertEqual(self.rule(report, "marques")["posts"], 1)
        self.assertEqual(self.rule(report, "solaire")["top_sources"][0]["source"], "posts")

    def test_other_rules_are_tried_on_it_and_compared(self):
        self.watch()
        changed = self.CONFIG.replace(
            "any: [solaire] }", "any: [centrale], where: { source: posts } }"
        )
        new = self.write("new.yaml", changed)
        report = self.json("-c", new, "--against", self.config, code=1)
        self.assertEqual(self.changes(report, "solaire")["lost"], 2)
        self.assertEqual(self.changes(report, "solaire")["new"], 1)
        other = self.write("other.yaml", changed.replace("source: posts", "source: other"))
        report = self.json("-c", other, "--rule", "solaire", code=1)
        self.assertEqual(report["input"]["posts"], 3)

    def test_it_is_read_while_the_daemon_runs_and_left_as_it_was(self):
        vigie = self.vigie(self.CONFIG.replace("posts.ndjson }", "posts.ndjson, follow: true }"))
        vigie.start()
        harness.wait_until("three posts matched", lambda: sum(vigie.states().values()) == 4)
        report = json.loads(vigie.command("backtest", "-c", vigie.config_path, "--json").stdout)
        self.assertEqual(report["input"]["posts"], 3)
        with open(self.posts, "a", encoding="utf-8") as file:
            file.write(line(20, "solaire"))
        harness.wait_until("one more", lambda: sum(vigie.states().values()) == 5)
        report = json.loads(vigie.command("backtest", "-c", vigie.config_path, "--json").stdout)
        self.assertEqual(report["input"]["posts"], 4)
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(vigie.store_problems(), [])

    def test_a_store_that_nobody_may_write_is_read(self):
        self.watch()
        before = os.stat(self.path("vigie.db")).st_mtime_ns
        self.text("-c", self.config)
        self.assertEqual(os.stat(self.path("vigie.db")).st_mtime_ns, before)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("vigie.db")).st_mode), 0o600)

    def test_an_empty_archive_is_nothing_found(self):
        self.write("posts.ndjson", "")
        self.watch()
        done = self.run_it("-c", self.config)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the archive is empty", done.stderr)

    def test_no_store_is_an_error_that_says_what_to_do(self):
        self.refused("-c", self.config, says=["vigie.db", "name files to look through"])
        self.assertFalse(os.path.exists(self.path("vigie.db")))

    def test_a_store_that_is_none_is_an_error(self):
        self.write("vigie.db", "not a database, but long enough to be looked at" * 100)
        self.refused("-c", self.config, says="vigie.db")

    def test_files_are_read_instead_where_they_are_named(self):
        self.assertIn("10 posts in", self.text("-c", self.config, self.posts))
        shown = self.text("-c", self.config, "-", data=made_posts())
        self.assertIn("10 posts on standard input", shown)


class Refusals(Backtest):
    def test_bad_usage_exits_with_2_and_says_what_is_wrong(self):
        for arguments, says in (
            (["-r", self.rules, "-c", "x"], "-c and -r exclude each other"),
            (["-r", self.rules, "--examples", "101"], "--examples takes 0 to 100: '101'"),
            (["-r", self.rules, "--examples", "-1"], "--examples takes 0 to 100"),
            (["-r", self.rules, "-j", "x"], "-j takes 1 to 256"),
            (["-r", self.rules, "--color=red"], "--color takes auto, always or never: 'red'"),
            (["-r", self.rules, "--map", "nope", self.posts], "no such map: 'nope'"),
            (["-c", self.rules, "--map", "text"], "--map is for files"),
            (["-r", self.rules, "--wrong"], "--wrong"),
            ([], "no configuration"),
        ):
            self.refused(*arguments, says=says)

    def test_a_rule_that_is_not_there_comes_with_the_nearest(self):
        self.refused(
            "-r", self.rules, "--rule", "solair", self.posts,
            says=["no such rule: 'solair'", "did you mean 'solaire'?"],
        )

    def test_no_rules_and_no_file_are_errors(self):
        empty = self.write("empty.yaml", "rules: []\n")
        self.refused("-r", empty, self.posts, says="has no rules")
        self.refused("-r", "/none.yaml", self.posts, says="/none.yaml")

    def test_a_missing_file_does_not_hide_what_the_others_give(self):
        done = self.run_it("-r", self.rules, "/none.ndjson", self.posts)
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot read '/none.ndjson'", done.stderr)
        self.assertIn("6 posts match", done.stdout)

    def test_records_that_are_rejected_are_counted_and_shown(self):
        done = self.run_it("-r", self.rules, data='{"text": 1\nno json\n' + line(1, "solaire"))
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"vigie: -: byte \d+: rejected: not JSON")
        self.assertRegex(done.stderr, r"vigie: 2 rejected|vigie: 1 rejected")
        self.assertIn("1 post on standard input", done.stdout)

    def test_somebody_at_a_terminal_is_told_what_is_waited_for(self):
        for command in ("match", "backtest"):
            terminal, other = os.openpty()
            try:
                os.write(terminal, b"\x04")
                done = subprocess.run(
                    [harness.PROGRAM, command, "-r", self.rules],
                    stdin=other, capture_output=True, check=False, timeout=60,
                )
            finally:
                os.close(terminal)
                os.close(other)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"reading posts from the terminal, Ctrl-D ends", done.stderr)

    def test_a_closed_pipe_is_no_reason_to_complain(self):
        posts = self.write("many.ndjson", made_posts() * 20)
        command = f"'{harness.PROGRAM}' backtest -r '{self.rules}' --json '{posts}' | head -c 1"
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, check=False, timeout=60
        )
        self.assertEqual(done.stderr, b"")


if __name__ == "__main__":
    harness.main()
