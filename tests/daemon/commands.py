#!/usr/bin/python3
"""check, explain, deliveries and status as people call them: what they print, where, and how they
exit.

    tests/daemon/commands.py VIGIE MAKE_STORE
"""

import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

VIGIE, MAKE_STORE = (os.path.abspath(path) for path in sys.argv[1:3])

RULES = """\
lists:
  bruit: [crème solaire]
rules:
  - name: solaire
    any: [solaire]
    none: [list:bruit]
    where: { lang: fr }
  - { name: edf, any: [=EDF] }
"""

TESTS = """\
tests:
  - { post: { text: Une centrale solaire, lang: fr }, matches: [solaire] }
  - { post: EDF, matches: [edf] }
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def vigie(self, *args, given=""):
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8",
                       "TZ": "Europe/Paris"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        done = subprocess.run(
            [VIGIE, *args],
            cwd=self.folder,
            input=given.encode(),
            capture_output=True,
            timeout=30,
            env=environment,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def gives(self, args, code, out="", err="", given=""):
        self.assertEqual(self.vigie(*args, given=given), (code, out, err))

    def misused(self, args, complaint):
        code, out, err = self.vigie(*args)
        self.assertEqual((code, out), (2, ""))
        self.assertIn(complaint, err)
        self.assertIn(f"usage: vigie {args[0]} ", err)
        self.assertIn(f"'vigie {args[0]} --help' tells more\n", err)


class AllCommands(Case):
    def test_each_has_help_on_standard_output(self):
        for name in ("run", "match", "check", "explain", "backtest", "deliveries", "status"):
            for option in ("--help", "-h"):
                code, out, err = self.vigie(name, option)
                self.assertEqual((code, err), (0, ""))
                self.assertTrue(out.startswith(f"usage: vigie {name} "), out)
                self.assertIn("--json" if name != "run" else "--once", out)
                self.assertIn("Exit status: 0 ", out)
                self.assertTrue(all(len(line) <= 80 for line in out.splitlines()), out)

    def test_all_help_fits_a_terminal_and_names_each_command(self):
        code, out, err = self.vigie("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(all(len(line) <= 80 for line in out.splitlines()), out)
        self.assertIn("\n  backtest ", out)

    def test_an_unknown_option_is_bad_usage(self):
        for name in ("run", "match", "check", "explain", "backtest", "deliveries", "status"):
            self.misused([name, "--nonsense"], "nonsense")

    def test_a_configuration_that_is_not_there_is_said(self):
        for args in (["check", "-c", "no.yaml"], ["explain", "-c", "no.yaml", "a", "b"],
                     ["deliveries", "-c", "no.yaml"], ["status", "-c", "no.yaml"]):
            self.gives(args, 2, "", "no.yaml: error: cannot open: No such file or directory\n")

    def test_the_configuration_is_looked_for_at_home(self):
        os.makedirs(os.path.join(self.folder, ".config/vigie"))
        self.write(".config/vigie/vigie.yaml", RULES + TESTS)
        self.gives(["check"], 0, "2 passed, 0 failed\n")
        code, _, _ = self.vigie("explain", "edf", "EDF")
        self.assertEqual(code, 0)


class Check(Case):
    def test_a_good_file_says_only_that_its_tests_pass(self):
        self.write("r.yaml", RULES + TESTS)
        self.gives(["check", "r.yaml"], 0, "2 passed, 0 failed\n")
        self.gives(["check", "-c", "r.yaml"], 0, "2 passed, 0 failed\n")

    def test_a_failed_test_is_shown_with_its_place_and_what_it_missed(self):
        self.write("r.yaml", RULES + TESTS + (
            '  - { post: "EDF\\e[2J", matches: [solaire] }\n'
            f"  - {{ post: {{ title: {'é' * 61}, text: EDF }}, matches: [] }}\n"))
        self.gives(["check", "r.yaml"], 1,
                   'r.yaml:12:5: test failed: missing solaire; unexpected edf; "EDF\\x1b[2J"\n'
                   "    solaire does not match\n"
                   "      no  solaire\n"
                   "      no  lang: fr (the post has none)\n"
                   "    edf matches\n"
                   "      yes =EDF\n"
                   '              text 0..3 "EDF" exact\n'
                   f'r.yaml:13:5: test failed: unexpected edf; "{"é" * 60}..."\n'
                   "    edf matches\n"
                   "      yes =EDF\n"
                   '              text 0..3 "EDF" exact\n'
                   "2 passed, 2 failed\n")

    def test_all_errors_are_shown_and_no_test_is_run(self):
        self.write("r.yaml", "rules:\n  - { name: A, any: [list:x] }\n" + TESTS + "nonsense: 1\n")
        code, out, err = self.vigie("check", "r.yaml")
        self.assertEqual((code, out), (2, ""))
        places = [line.split(": ")[0] for line in err.splitlines() if ": error: " in line]
        self.assertEqual(places, ["r.yaml:2:13", "r.yaml:2:27", "r.yaml:4:65", "r.yaml:5:28",
                                  "r.yaml:6:1"])

    def test_notes_say_what_is_slow_untested_and_unused(self):
        self.write("r.yaml", "lists: { a: [b] }\nrules: [{ name: lent, regex: '\\d+' }]\n")
        self.gives(["check", "r.yaml"], 0, "0 passed, 0 failed\n",
                   "r.yaml:1:10: note: no rule uses the list 'a'\n"
                   "    lists: { a: [b] }\n"
                   "             ^\n"
                   "r.yaml:2:17: note: the rule 'lent' is slow: no word must be there\n"
                   "    rules: [{ name: lent, regex: '\\d+' }]\n"
                   "                    ^\n"
                   "  hint: every post has to be parsed for '\\d+'; add a term to all\n"
                   "r.yaml:2:17: note: no test expects the rule 'lent' to match\n"
                   "    rules: [{ name: lent, regex: '\\d+' }]\n"
                   "                    ^\n")

    def test_a_secret_that_is_not_there_is_an_error(self):
        self.write("r.yaml", "notifiers:\n  crm: { type: webhook, url: { env: NOT_SET } }\n")
        code, _, err = self.vigie("check", "r.yaml")
        self.assertEqual(code, 2)
        self.assertIn("r.yaml:2:37: error: environment variable is not set: 'NOT_SET'\n", err)

    def test_a_file_of_terms_is_checked_as_such(self):
        self.write("words.txt", "solaire\n# nothing\nélectricité\n")
        self.gives(["check", "words.txt"], 0, "0 passed, 0 failed\n")
        self.write("words.txt", "solaire\n/(/\n")
        code, out, err = self.vigie("check", "words.txt")
        self.assertEqual((code, out), (2, ""))
        self.assertTrue(err.startswith("words.txt:2:"), err)

    def test_json_has_messages_and_failures(self):
        self.write("r.yaml", RULES + TESTS + "  - { post: a, matches: [edf] }\n")
        code, out, err = self.vigie("check", "--json", "r.yaml")
        self.assertEqual((code, err), (1, ""))
        self.assertEqual(json.loads(out), {
            "messages": [], "passed": 2, "failed": 1,
            "failures": [{"file": "r.yaml", "line": 12, "column": 5, "missing": ["edf"],
                          "unexpected": [], "missing_terms": [], "unexpected_terms": [],
                          "why": "    edf does not match\n      no  =EDF\n",
                          "post": {"type": "post", "text": "a"}}]})
        self.write("r.yaml", "rules: 1\n")
        code, out, err = self.vigie("check", "--json", "r.yaml")
        self.assertEqual((code, err), (2, ""))
        self.assertEqual([m["level"] for m in json.loads(out)["messages"]], ["error"])

    def test_one_file_at_a_time(self):
        self.misused(["check", "a", "b"], "one file at a time: 'b'")
        self.misused(["check", "-c", "a", "b"], "one file at a time: 'b'")

    def test_a_full_disk_is_no_success(self):
        self.write("r.yaml", RULES + TESTS)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([VIGIE, "check", "r.yaml"], cwd=self.folder, stdout=full,
                                  stderr=subprocess.DEVNULL, timeout=30, check=False)
        self.assertEqual(done.returncode, 2)


SOLAIRE_NO = """\
solaire does not match
no  all of
yes   solaire
          text 7..14 "solaire" exact
no    none of
yes     list:bruit
            text 0..14 "Crème solaire" folded, by crème solaire
yes   lang: fr (the post: fr)
"""


class Explain(Case):
    def setUp(self):
        super().setUp()
        self.write("r.yaml", RULES)

    def test_a_text_is_explained(self):
        self.gives(["explain", "-r", "r.yaml", "--lang", "fr", "solaire", "Crème solaire"], 1,
                   SOLAIRE_NO)
        self.gives(["explain", "-c", "r.yaml", "edf", "d'EDF"], 0,
                   'edf matches\nyes =EDF\n        text 2..5 "EDF" exact\n')

    def test_a_post_comes_as_json_or_text_from_a_file_or_standard_input(self):
        post = json.dumps({"text": "Crème solaire", "lang": ["fr"]})
        self.gives(["explain", "-r", "r.yaml", "solaire", "-"], 1, SOLAIRE_NO, given=post)
        self.gives(["explain", "-r", "r.yaml", "--post", "-", "solaire"], 1, SOLAIRE_NO,
                   given=post)
        self.gives(["explain", "-r", "r.yaml", "--lang=fr", "solaire", "-"], 1, SOLAIRE_NO,
                   given="Crème solaire\n")
        self.write("post.json", json.dumps(json.loads(post), indent=2))
        self.gives(["explain", "-r", "r.yaml", "--post", "post.json", "solaire"], 1, SOLAIRE_NO)

    def test_several_posts_are_too_many(self):
        code, out, err = self.vigie("explain", "-r", "r.yaml", "solaire", "-",
                                    given='{"text": "a"}\n{"text": "b"}\n')
        self.assertEqual((code, out), (2, ""))
        self.assertIn("  hint: one post is explained; there are several here\n", err)

    def test_json_holds_the_same(self):
        code, out, err = self.vigie("explain", "-r", "r.yaml", "--json", "edf", "edf")
        self.assertEqual((code, err), (1, ""))
        self.assertEqual(json.loads(out), {
            "rule": "edf", "matches": False, "post": {"type": "post", "text": "edf"},
            "tree": {"kind": "term", "matches": False, "file": "r.yaml", "line": 8, "column": 24,
                     "term": "=EDF", "hit_count": 0, "hits": [],
                     "near": {"why": "letters", "term": "=EDF", "field": "text", "from": 0,
                              "to": 3, "text": "edf"}}})

    def test_without_a_post_the_rule_is_shown(self):
        self.gives(["explain", "-r", "r.yaml", "solaire"], 0, "solaire -list:bruit lang:fr\n")
        self.gives(["explain", "-r", "r.yaml", "--yaml", "solaire"], 0,
                   "  - name: solaire\n    all: [solaire]\n    none: ['list:bruit']\n"
                   "    where: { lang: [fr] }\n")
        self.write("q.yaml", "rules:\n- { name: q, query: 'a AND (b OR c) NEAR/2 \"d\\u0007 e\"' }\n"
                   "- { name: p, query: \"a \\\"\\e b\\\"\" }\n")
        self.gives(["explain", "-r", "q.yaml", "q"], 0,
                   'a (b OR c) NEAR/2 "d\\u0007 e"\n')
        self.gives(["explain", "-r", "q.yaml", "p"], 0, 'a "\\x1b b"\n')
        self.gives(["explain", "-r", "q.yaml", "--yaml", "q"], 0,
                   "  - name: q\n    query: 'a (b OR c) NEAR/2 \"d\\u0007 e\"'\n")

    def test_near_shows_the_nearest_miss(self):
        self.write("n.yaml", "rules:\n- { name: n, query: 'a ONEAR/1 b' }\n")
        self.gives(["explain", "-r", "n.yaml", "n", "a x x b"], 1,
                   'n does not match\nno  within 1 word, in this order\n'
                   '        text 0..1 "a", 6..7 "b": 2 words between, at most 1\n'
                   'yes   a\n          text 0..1 "a" exact\n'
                   'yes   b\n          text 6..7 "b" exact\n')
        code, out, _ = self.vigie("explain", "-r", "n.yaml", "--json", "n", "b a")
        self.assertEqual(code, 1)
        self.assertEqual(json.loads(out)["tree"]["nearest"], {
            "field": "text", "from": 0, "to": 1, "other_from": 2, "other_to": 3, "words": 0,
            "reversed": True})

    def test_maps_say_where_the_text_is(self):
        self.write("c.yaml", RULES + "maps: { mine: { text: body } }\n")
        args = ["explain", "-c", "c.yaml", "edf", "-", "--map"]
        self.gives(args + ["mine"], 0, 'edf matches\nyes =EDF\n        text 0..3 "EDF" exact\n',
                   given='{"body": "EDF"}')
        self.gives(args + ["text"], 0, 'edf matches\nyes =EDF\n        text 10..13 "EDF" exact\n',
                   given='{"body": "EDF"}')
        self.gives(args + ["min"], 2, "", "error: no such map: 'min'\n", given="{}")

    def test_the_post_can_be_given_fields(self):
        self.write("r.yaml", "rules: [{ name: a, any: x,"
                   " where: { from: ada, source: web, type: reply } }]\n")
        code, _, _ = self.vigie("explain", "-r", "r.yaml", "a", "x", "--from", "@Ada",
                                "--source", "web", "--type", "reply")
        self.assertEqual(code, 0)
        code, _, _ = self.vigie("explain", "-r", "r.yaml", "a", "x", "--from", "Ada",
                                "--source", "web")
        self.assertEqual(code, 1)

    def test_the_text_may_be_json_too(self):
        code, out, _ = self.vigie("explain", "-r", "r.yaml", "edf", '{"title": "EDF", "text": "a"}')
        self.assertEqual((code, out), (0, 'edf matches\nyes =EDF\n        title 0..3 "EDF" exact\n'))
        code, out, _ = self.vigie("explain", "-r", "r.yaml", "edf", "{EDF}")
        self.assertEqual((code, out), (0, 'edf matches\nyes =EDF\n        text 1..4 "EDF" exact\n'))

    def test_a_forgotten_option_and_an_unknown_rule_are_helped(self):
        self.misused(["explain", "r.yaml", "edf", "a"], "the file of rules comes after -r: 'r.yaml'")
        self.gives(["explain", "-r", "r.yaml", "zzzzzz", "a"], 2, "",
                   "vigie explain: no such rule: 'zzzzzz'\n  hint: the rules are solaire, edf\n")

    def test_what_is_no_post_is_said(self):
        args = ["explain", "-r", "r.yaml", "edf", "-"]
        code, out, err = self.vigie(*args, given='{"text": }')
        self.assertEqual((code, out), (2, ""))
        self.assertTrue(err.startswith("vigie explain: byte 9: not JSON: "), err)
        self.gives(args, 2, "", "vigie explain: this record is no post\n", given='{"a": 1}')
        self.gives(["explain", "-r", "r.yaml", "edf", "--post", "no"], 2, "",
                   "vigie explain: cannot read no: No such file or directory\n")

    def test_a_post_has_a_ceiling(self):
        args = ["explain", "-r", "r.yaml", "edf", "-"]
        at = "x" * (1024 * 1024)
        self.assertEqual(self.vigie(*args, given=at)[0], 1)
        self.gives(args, 2, "", "vigie explain: cannot read standard input: "
                   "longer than a post may be\n", given=at + "x")

    def test_an_unknown_rule_gets_a_hint(self):
        self.gives(["explain", "-r", "r.yaml", "solair", "x"], 2, "",
                   "vigie explain: no such rule: 'solair'\n  hint: did you mean 'solaire'?\n")

    def test_errors_of_the_rules_are_shown(self):
        self.write("r.yaml", "rules: [{ name: a }]\n")
        code, out, err = self.vigie("explain", "-r", "r.yaml", "a", "x")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("r.yaml:1:", err)

    def test_bad_usage_is_said(self):
        self.misused(["explain"], "which rule, and which text?")
        self.misused(["explain", "--json", "a"], "which text?")
        self.misused(["explain", "--yaml", "--json", "a"], "shows a rule, not a post")
        self.misused(["explain", "a", "b", "c"], "a text with spaces needs quotes")
        self.misused(["explain", "a", "b", "--post", "c"], "too many arguments")
        self.misused(["explain", "-c", "a", "-r", "b", "c", "d"], "one file of rules")
        self.misused(["explain", "a", "b", "--type", "c"], "no such type of post: 'c'")


class Deliveries(Case):
    def setUp(self):
        super().setUp()
        subprocess.run([MAKE_STORE, os.path.join(self.folder, "v.db")], timeout=30, check=True)
        self.write("v.yaml", "store: { path: v.db }\n"
                   "notifiers: { crm: { type: webhook, url: { env: NOT_SET } } }\n")

    def states(self, *args):
        _, out, _ = self.vigie("deliveries", "--store", "v.db", "--json", *args)
        rows = [json.loads(line) for line in out.splitlines()]
        return sorted(f"{row['rule']} {row['target']} {row['state']}" for row in rows)

    def test_the_list_is_a_table_safe_for_the_terminal(self):
        code, out, err = self.vigie("deliveries", "-c", "v.yaml")
        self.assertEqual((code, err), (0, ""))
        self.assertNotIn("\033", out)
        lines = out.splitlines()
        start = lines[0].index("STATE")
        self.assertEqual(lines[0], "ID".ljust(start) +
                         "STATE    TARGET       RULE       ATTEMPTS  WHEN                  MESSAGE")
        rest = sorted(line[start:] for line in lines[1:])
        self.assertEqual(rest, [
            "dead     crm          solaire    1         2026-01-02T03:04:07Z  410\\nGone\\x1b[2J",
            "pending  crm          sav-panne  0         2026-01-02T03:05:05Z",
            "pending  ecran        sav-panne  0         2026-01-02T03:05:05Z",
            "pending  veille-mail  sav-panne  0         2026-01-02T03:05:05Z",
            "pending  veille-mail  solaire    1         2026-01-02T03:04:35Z  421 later",
            "sent     ecran        solaire    1         2026-01-02T03:04:06Z",
        ])
        self.assertTrue(all(line.startswith("msg_") for line in lines[1:]))

    def test_json_is_one_object_a_delivery(self):
        code, out, err = self.vigie("deliveries", "--store", "v.db", "--json", "--state=dead",
                                    "list")
        self.assertEqual((code, err), (0, ""))
        row = json.loads(out)
        self.assertTrue(row.pop("id").startswith("msg_"))
        self.assertEqual(len(row.pop("alert")), 32)
        self.assertEqual(row, {
            "state": "dead", "target": "crm", "rule": "solaire", "severity": "critical",
            "attempts": 1, "created_at": "2026-01-02T03:04:05Z",
            "changed_at": "2026-01-02T03:04:07Z", "message": "410\nGone\033[2J"})

    def test_filters_narrow_the_list(self):
        self.assertEqual(len(self.states()), 6)
        self.assertEqual(self.states("--target", "ecran", "--rule", "solaire"),
                         ["solaire ecran sent"])
        self.assertEqual(len(self.states("--state", "pending", "--rule", "sav-panne")), 3)
        code, out, err = self.vigie("deliveries", "--store", "v.db", "-n", "2")
        self.assertEqual((code, len(out.splitlines())), (0, 3))
        self.assertEqual(err, "the newest 2; --limit N shows more\n")
        self.gives(["deliveries", "--store", "v.db", "--rule", "no"], 1)
        self.gives(["deliveries", "--store", "v.db", "--rule", "no", "--json"], 1)

    def test_what_is_dead_can_be_made_due_again(self):
        self.gives(["deliveries", "--store", "v.db", "--state", "dead", "retry"], 0,
                   "1 delivery due again\n")
        self.assertEqual(self.states("--state", "dead"), [])
        self.gives(["deliveries", "--store", "v.db", "--state", "dead", "retry"], 1,
                   "0 deliveries due again\n")
        self.gives(["deliveries", "--store", "v.db", "--all", "--json", "retry"], 0,
                   '{"changed":5}\n')
        self.assertIn("solaire ecran sent", self.states())

    def test_deliveries_can_be_dropped(self):
        self.gives(["deliveries", "-c", "v.yaml", "drop", "--rule", "sav-panne"], 0,
                   "3 deliveries dropped\n")
        self.assertEqual(len(self.states()), 3)
        _, out, _ = self.vigie("deliveries", "--store", "v.db", "--state", "sent", "--json")
        delivery = json.loads(out)["id"]
        self.gives(["deliveries", "-c", "v.yaml", "drop", "--id", delivery], 0,
                   "1 delivery dropped\n")
        self.gives(["deliveries", "--store", "v.db", "drop", "--all"], 0,
                   "2 deliveries dropped\n")
        self.gives(["deliveries", "--store", "v.db", "list"], 1)

    def test_nothing_is_changed_without_saying_what(self):
        self.misused(["deliveries", "--store", "v.db", "drop"], "which deliveries?")
        self.misused(["deliveries", "--store", "v.db", "retry"], "which deliveries?")
        self.misused(["deliveries", "--store", "v.db", "drop", "--all", "--id", "x"],
                     "--all and a filter")
        self.misused(["deliveries", "--store", "v.db", "-n", "3", "drop"], "which deliveries?")
        self.assertEqual(len(self.states()), 6)

    def test_bad_usage_is_said(self):
        self.misused(["deliveries", "-c", "a", "--store", "b"], "exclude each other")
        self.misused(["deliveries", "lst"], "list, retry or drop: 'lst'")
        self.misused(["deliveries", "list", "list"], "list, retry or drop: 'list'")
        self.misused(["deliveries", "--state", "late"], "pending, sent or dead: 'late'")
        for limit in ("0", "-1", "10001", "x", ""):
            self.misused(["deliveries", "--limit", limit], f"--limit takes 1 to 10000: '{limit}'")
        self.misused(["deliveries", "--state", "sent", "retry"], "not sent again")

    def test_a_store_that_is_not_there_is_said_and_not_made(self):
        code, out, err = self.vigie("deliveries", "--store", "no.db")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("no.db", err)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "no.db")))


STATUS = {
    "version": "0.1.0", "started_at": "2026-01-02T03:04:05Z", "rules": 7,
    "sources": [
        {"name": "posts", "type": "file", "state": "live", "since": "2026-01-02T03:04:06Z",
         "message": "live", "records_per_minute": 12, "lag_seconds": 1.25,
         "silent_seconds": 300, "absent": True, "gaps_24h": {"count": 2, "seconds": 60, "possible": 0},
         "records": 200, "candidates": 60, "posts": 58, "skipped": 2,
         "matches": 31, "bytes": 40000, "reconnects": 0,
         "rejected": {"not JSON: trailing garbage": 3, "record too long": 1}},
        {"name": "b", "type": "http", "state": "retrying", "since": None, "message": "HTTP 500\033[2J; again in 5 s",
         "blind_since": "2026-01-02T05:00:00Z",
         "parts": {"ill": [{"name": "https://a.example/feed", "state": "failing",
                            "since": "2026-01-02T04:00:00Z", "reason": "HTTP 404\033"}],
                   "count": 120, "waiting": 0, "well": 119, "failing": 1, "gone": 2},
         "records": 0, "candidates": 0, "posts": 0, "skipped": 0, "matches": 0, "bytes": 0,
         "reconnects": 4, "rejected": {}}],
    "deliveries": {"pending": 2, "sent": 29, "dead": 0},
    "targets": [{"name": "crm", "type": "webhook", "in_flight": 1, "sent": 29, "retried": 3,
                 "rejected": 0, "off": False}],
    "regexes": [{"of": "list", "name": "bruit", "regex": "/(a+)+$/i", "given_up": 10, "not_begun": 7,
                 "set_aside": True}],
    "gaps": [{"source": "b", "from": "2026-01-02T05:00:00Z", "kind": "lasts", "reason": 50 * "é"},
             {"source": "posts", "from": "2026-01-02T03:00:00.5Z", "to": "2026-01-02T03:01:00Z",
              "kind": "lost", "reason": "no byte for 90 s"}]}

STATUS_TABLE = """\
vigie 0.1.0, running since 2 Jan 04:04:05, rules: 7
deliveries: pending 2, sent 29, dead 0

SOURCE  TYPE  STATE     SINCE           A MINUTE  LAG    SILENT  RECORDS  MATCHES  GAPS
posts   file  live      2 Jan 04:04:06  12        1.2 s  5 min   200      31       2
b       http  retrying  -               -         -      -       0        0        -
  posts: silent for longer than it should be
  b: HTTP 500\\x1b[2J; again in 5 s
  b: blind since 2 Jan 06:00:00
  b: 1 of 120 parts fail, gone: 2
    https://a.example/feed: failing since 2 Jan 05:00:00: HTTP 404\\x1b
  posts: 3 rejected: not JSON: trailing garbage
  posts: 1 rejected: record too long

GAP OF  FROM            TO              KIND   REASON
b       2 Jan 06:00:00  -               lasts  éééééééééééééééééééééééééééééééé…
posts   2 Jan 04:00:00  2 Jan 04:01:00  lost   no byte for 90 s

NOTIFIER  TYPE     IN FLIGHT  SENT  RETRIED  REJECTED  OFF
crm       webhook  1          29    3        0         false

REGEX OF  NAME   GIVEN UP  NOT BEGUN  SET ASIDE  REGEX
list      bruit  10        7          true       /(a+)+$/i
"""


class Daemon(http.server.BaseHTTPRequestHandler):
    """Answers as the server says that it should."""

    def do_GET(self):  # the name is the library's
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args):
        pass


class Status(Case):
    def serve(self, answer, status=200):
        server = http.server.HTTPServer(("127.0.0.1", 0), Daemon)
        server.answer, server.status, server.asked = answer, status, []
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()

        def stop():
            server.shutdown()
            thread.join()
            server.server_close()

        self.addCleanup(stop)
        self.configure(server.server_address[1])
        return server

    def configure(self, port):
        self.port = port
        self.write("v.yaml", f"http: {{ listen: 127.0.0.1:{port} }}\n"
                   "notifiers: { crm: { type: webhook, url: { env: NOT_SET } } }\n")

    def test_the_table_shows_sources_and_notifiers(self):
        server = self.serve(json.dumps(STATUS).encode())
        self.gives(["status", "-c", "v.yaml"], 0, STATUS_TABLE)
        self.assertEqual(server.asked, ["/api/v1/status"])

    def test_json_is_what_the_daemon_says(self):
        answer = json.dumps(STATUS)
        self.serve(answer.encode())
        self.gives(["status", "-c", "v.yaml", "--json"], 0, answer + "\n")

    def test_a_daemon_without_sources_is_shown(self):
        self.serve(b'{"version":"1","sources":[],"targets":[]}')
        self.gives(["status", "-c", "v.yaml"], 0,
                   "vigie 1, running since -, rules: -\ndeliveries: pending -, sent -, dead -\n\n")

    def test_whoever_else_answers_is_not_believed(self):
        for answer in (b"<html>", b"{}", b"", b'{"version":{}'):
            self.serve(answer)
            self.gives(["status", "-c", "v.yaml"], 1, "",
                       "vigie status: what answers is no vigie\n")
        self.serve(b"{}", status=404)
        self.gives(["status", "-c", "v.yaml"], 1, "",
                   f"vigie status: no daemon at 127.0.0.1:{self.port}: it answers 404\n")

    def test_nobody_there_is_said(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))  # bound, but nobody listens
            self.configure(free.getsockname()[1])
            code, out, err = self.vigie("status", "-c", "v.yaml")
        self.assertEqual((code, out), (1, ""))
        self.assertTrue(err.startswith(f"vigie status: no daemon at 127.0.0.1:{self.port}: "), err)

    def test_a_daemon_that_hangs_is_not_waited_for(self):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            self.configure(mute.getsockname()[1])
            code, out, err = self.vigie("status", "-c", "v.yaml")
        self.assertEqual((code, out), (1, ""))
        self.assertTrue(err.startswith("vigie status: no daemon at "), err)

    def test_without_listen_nobody_can_ask(self):
        self.write("v.yaml", "rules: []\n")
        self.gives(["status", "-c", "v.yaml"], 2, "",
                   "vigie status: v.yaml: http.listen is not set, so nobody can ask\n")
        self.misused(["status", "now"], "takes no argument: 'now'")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
