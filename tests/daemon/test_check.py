#!/usr/bin/python3
"""`vigie check` as a test runner, a lint and a measure of costs. Run as `test_check.py VIGIE`."""

import json
import os
import subprocess
import xml.etree.ElementTree

import harness

RULES = """
lists:
  bruit: [crème solaire]
rules:
  - name: solaire
    any: [solaire, '"panneau solaire"', '=EDF']
    none: list:bruit
    tests:
      - { post: Le SOLAIRE, matches: true }
      - { post: La lune, matches: false }
      - { post: Un panneau solaire, matches: true, terms: [solaire, panneau solaire] }
  - { name: lune, any: lune }
tests:
  - { post: lune et solaire, matches: [lune, solaire], terms: [solaire, lune] }
"""


class Check(harness.Case):
    def check(self, *arguments, text=None, name="r.yaml", given=None):
        if text is not None:
            self.write(name, text)
        done = subprocess.run(
            [harness.PROGRAM, "check", *arguments], cwd=self.folder, input=given,
            capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def junit(self, text):
        code, _, _ = self.check("-r", "r.yaml", "--junit", "j.xml", text=text)
        return code, xml.etree.ElementTree.parse(self.path("j.xml")).getroot()


class Tests(Check):
    def test_a_rule_is_tested_beside_it_and_with_its_terms(self):
        code, out, err = self.check("r.yaml", text=RULES)
        self.assertEqual((code, out), (0, "4 passed, 0 failed\n"), err)

    def test_terms_that_differ_are_named_with_what_was_found(self):
        self.check(text=RULES + "  - { post: Le solaire EDF, matches: solaire, terms: [=EDF, vent] }\n")
        code, out, _ = self.check("-r", "r.yaml")
        self.assertEqual(code, 1)
        self.assertEqual(
            out,
            "r.yaml:15:5: test failed: missing terms vent; unexpected terms solaire;"
            ' "Le solaire EDF"\n'
            "    solaire matches\n"
            "      yes solaire\n"
            '              text 3..10 "solaire" exact\n'
            "      yes =EDF\n"
            '              text 11..14 "EDF" exact\n'
            "4 passed, 1 failed\n",
        )

    def test_a_failure_says_which_clause_said_no_and_what_was_near(self):
        text = RULES + "  - { post: 'Des panneaux solaires, edf', matches: solaire }\n"
        code, out, _ = self.check("r.yaml", text=text)
        self.assertEqual(code, 1)
        self.assertIn(
            "    solaire does not match\n"
            '      no  any of: solaire, "panneau solaire", =EDF\n'
            '              near: text 13..21 "solaires" inside a longer word, by solaire\n'
            '              near: text 23..26 "edf" with other letters, by =EDF\n', out)
        text = RULES + "  - { post: Ma crème solaire, matches: solaire }\n"
        _, out, _ = self.check("r.yaml", text=text)
        self.assertIn("      no  none of\n      yes   list:bruit\n"
                      '                text 3..17 "crème solaire" exact, by crème solaire\n', out)

    def test_tests_in_included_files_count_and_say_where_they_are(self):
        self.write("more.yaml", "rules: [{ name: vent, any: vent, tests: ["
                   "{ post: vent, matches: true }, { post: pluie, matches: true }] }]\n"
                   "tests: [{ post: vent, matches: [] }]\n")
        code, out, _ = self.check("r.yaml", text=RULES + "include: more.yaml\n")
        self.assertEqual(code, 1)
        self.assertRegex(out, r'(?m)^more\.yaml:2:9: test failed: unexpected vent; "vent"$')
        self.assertRegex(out, r'(?m)^more\.yaml:1:73: test failed: missing vent; "pluie"$')
        self.assertTrue(out.endswith("\n5 passed, 2 failed\n"), out)

    def test_rules_of_a_configuration_are_tested_without_its_secrets(self):
        text = RULES + "notifiers: { a: { type: webhook, url: { env: NOT_SET } } }\n"
        self.assertEqual(self.check("-c", "r.yaml", text=text)[0], 2)
        self.assertEqual(self.check("-r", "r.yaml")[:2], (0, "4 passed, 0 failed\n"))

    def test_options_that_make_no_sense_together_are_refused(self):
        for arguments, said in (
            (["-c", "a", "-r", "b"], "-c and -r exclude each other"),
            (["-r", "a", "b"], "one file at a time: 'b'"),
            (["--map", "x", "a"], "--map is for --sample"),
        ):
            code, out, err = self.check(*arguments)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(said, err)


class Junit(Check):
    def test_suites_are_files_and_cases_are_tests(self):
        self.write("more.yaml", "tests: [{ post: solaire, matches: [] }]\n")
        code, root = self.junit(RULES + "include: more.yaml\n")
        self.assertEqual(code, 1)
        self.assertEqual((root.tag, root.attrib["tests"], root.attrib["failures"]),
                         ("testsuites", "5", "1"))
        suites = {s.attrib["name"]: s for s in root}
        self.assertEqual(sorted(suites), ["more.yaml", "r.yaml"])
        for suite in suites.values():
            self.assertEqual(suite.attrib["tests"], str(len(suite.findall("testcase"))))
            self.assertEqual(suite.attrib["failures"], str(len(suite.findall("testcase/failure"))))
            self.assertEqual(suite.attrib["errors"], "0")
        names = [c.attrib["name"] for c in suites["r.yaml"]]
        self.assertEqual(names, ['line 14: "lune et solaire"', 'line 9: "Le SOLAIRE"',
                                 'line 10: "La lune"', 'line 11: "Un panneau solaire"'])
        failure = suites["more.yaml"].find("testcase/failure")
        self.assertEqual(failure.attrib["message"], "unexpected solaire;")
        self.assertIn("more.yaml:1:9: unexpected solaire;\n    solaire matches\n", failure.text)

    def test_any_text_gives_xml_that_parsers_take(self):
        hostile = '\\x01\\x0b\\x1b[2J]]>&<a b=\\"c\\">\'\\uFFFE\\uFFFF\\x85\\u2028\\r\\n\\t\\U0001F600 é'
        text = ("rules: [{ name: a, any: ['\"x <&>\"'] }]\n"
                f'tests:\n  - {{ post: "solaire {hostile}", matches: a }}\n'
                f'  - {{ post: "x {hostile}", matches: [] }}\n')
        code, root = self.junit(text)
        self.assertEqual(code, 1)
        self.assertEqual(len(root.findall("testsuite/testcase/failure")), 2)
        name = root.find("testsuite/testcase").attrib["name"]
        self.assertIn("\\x01\\x0b\\x1b[2J]]>&<a b=\"c\">'", name)
        self.assertIn("é", name)

    def test_only_what_the_readers_of_junit_know_is_there(self):
        _, root = self.junit(RULES + "  - { post: x, matches: lune }\n")
        known = {
            "testsuites": {"name", "tests", "failures", "errors"},
            "testsuite": {"name", "tests", "failures", "errors"},
            "testcase": {"name", "classname"},
            "failure": {"message", "type"},
        }
        for element in root.iter():
            self.assertIn(element.tag, known)
            self.assertEqual(set(element.attrib), known[element.tag])

    def test_a_configuration_with_errors_is_an_error_there_too(self):
        code, root = self.junit("rules: [{ name: a, anny: '<x>' }]\n")
        self.assertEqual(code, 2)
        self.assertEqual((root.attrib["tests"], root.attrib["errors"]), ("1", "1"))
        self.assertIn("unknown key: 'anny'", root.find("testsuite/testcase/error").text)

    def test_a_dash_is_standard_output_and_nothing_else_goes_there(self):
        self.check("r.yaml", "--junit", "j.xml", text=RULES + "  - { post: x, matches: lune }\n")
        with open(self.path("j.xml"), encoding="utf-8") as file:
            written = file.read()
        self.write("s.ndjson", '{"text":"solaire"}\n')
        for more in ([], ["--sample", "s.ndjson"]):
            code, out, err = self.check("r.yaml", "--junit", "-", *more)
            self.assertEqual((code, out), (1, written))
            self.assertIn("test failed: missing lune;", err)
            self.assertTrue(err.endswith("4 passed, 1 failed\n"), err)
        self.assertEqual("What each rule costs" in err, True)
        self.assertFalse(os.path.exists(self.path("-")))

    def test_errors_of_a_configuration_leave_the_xml_alone_on_standard_output(self):
        code, out, err = self.check("r.yaml", "--junit", "-", text="rules: [{ name: a, anny: x }]\n")
        self.assertEqual(code, 2)
        self.assertEqual(xml.etree.ElementTree.fromstring(out).attrib["errors"], "1")
        self.assertIn("unknown key: 'anny'", err)

    def test_two_formats_do_not_share_standard_output(self):
        code, out, err = self.check("r.yaml", "--json", "--junit", "-", text=RULES)
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--json and --junit - exclude each other", err)

    def test_a_file_that_cannot_be_written_is_said(self):
        code, out, err = self.check("r.yaml", "--junit", "no/j.xml", text=RULES)
        self.assertEqual((code, out), (2, "4 passed, 0 failed\n"))
        self.assertIn("cannot write 'no/j.xml'", err)
        self.assertEqual(self.check("r.yaml", "--junit", "/dev/full")[0], 2)


class Notes(Check):
    def test_notes_never_fail_a_check_and_say_what_is_slow(self):
        self.write("l.txt", "Heliora\n/e/\n")
        code, out, err = self.check("-r", "r.yaml", text=(
            "lists: { l: { file: l.txt } }\n"
            "rules:\n  - { name: a, any: [list:l, x] }\n  - { name: b, all: avec, none: avec }\n"))
        self.assertEqual((code, out), (0, "0 passed, 0 failed\n"))
        self.assertIn("note: the rule 'a' is slow: no word must be there", err)
        self.assertIn("hint: every post has to be parsed for '/e/'; add a term to all", err)
        self.assertIn("warning: the rule 'b' can never match: it excludes what it needs", err)
        self.assertIn("note: no test expects the rule 'a' to match", err)
        _, out, _ = self.check("-r", "r.yaml", "--json")
        self.assertIn("note", [m["level"] for m in json.loads(out)["messages"]])

    def test_a_name_that_is_taken_says_by_which_file(self):
        self.write("more.yaml", "rules: [{ name: a, any: x }]\n")
        code, _, err = self.check("r.yaml", text="rules: [{ name: a, any: x }]\ninclude: more.yaml\n")
        self.assertEqual(code, 2)
        self.assertIn("more.yaml:1:17: error: the name 'a' is taken by the rule at r.yaml:1\n", err)


class Sample(Check):
    def sample(self, count=200):
        lines = []
        for i in range(count):
            text = "pour la lune" if i % 2 else "rien"
            if i % 40 == 0:
                text = "centrale pour solaire, solaire"
            lines.append(json.dumps({"id": str(i), "text": text}))
        return "\n".join(lines) + "\n"

    RULES = """
rules:
  - { name: rare, any: solaire }
  - { name: dear, any: pour, where: { lang: de } }
  - { name: regex, regex: ['\\d'] }
  - { name: never, any: neige }
tests: [{ post: solaire, matches: rare }]
"""

    def test_the_cost_of_each_rule_is_that_of_the_sample(self):
        self.write("s.ndjson", self.sample())
        code, out, _ = self.check("-r", "r.yaml", "--sample", "s.ndjson", text=self.RULES)
        self.assertEqual(code, 0)
        self.assertEqual(
            out,
            "What each rule costs in 200 records of s.ndjson:\n"
            "   parsed  per 1000   matches  rule\n"
            "      200   1000.00         0  regex\n"
            "                                hint: no word must be there, so every post is parsed:"
            " add a term to all\n"
            "      105    525.00         0  dear: waits for 1 (pour 105)\n"
            "                                hint: 'pour' causes 100 % of that, and few of these"
            " posts match: a rarer word beside it, in its phrase or in all, makes the rule cheap\n"
            "        5     25.00         5  rare: waits for 1 (solaire 5)\n"
            "        0      0.00         0  never: waits for 1\n"
            "1 passed, 0 failed\n",
        )

    def test_json_holds_the_same(self):
        code, out, _ = self.check("-r", "r.yaml", "--json", "--sample", "-", text=self.RULES,
                                  given=self.sample().encode())
        self.assertEqual(code, 0)
        report = json.loads(out)
        self.assertEqual(report["sample"]["records"], 200)
        self.assertFalse(report["sample"]["cut"])
        costs = {cost["rule"]: cost for cost in report["costs"]}
        self.assertEqual([c["rule"] for c in report["costs"]], ["regex", "dear", "rare", "never"])
        self.assertEqual(costs["rare"], {
            "rule": "rare", "always": False, "words": 1, "literals": 0, "parsed": 5,
            "parsed_per_thousand": 25, "matches": 5, "top": [{"word": "solaire", "posts": 5}]})
        self.assertTrue(costs["regex"]["always"])
        self.assertIn("'pour' causes 100 %", costs["dear"]["hint"])

    def test_lists_phrases_regexes_and_other_scripts_are_counted_too(self):
        rules = ("lists: { l: [lune, vent] }\nrules:\n"
                 "  - { name: l, any: [list:l, '\"chat noir\"', 太陽光, '#EnergieVerte'] }\n"
                 "  - { name: r, regex: ['solaires? \\d+'], none: list:l }\n")
        texts = ["la lune", "un noir chat", "un chat noir", "屋根の太陽光発電", "#EnergieVerte",
                 "solaire 3", "solaires", "rien"]
        self.write("s.txt", "".join(text + "\n" for text in texts))
        _, out, err = self.check("-r", "r.yaml", "--json", "--sample", "s.txt", "--map", "text",
                                 text=rules)
        costs = {cost["rule"]: cost for cost in json.loads(out)["costs"]}
        self.assertEqual(costs["l"]["matches"], 4, err)
        self.assertGreaterEqual(costs["l"]["parsed"], 4)
        self.assertIn("lune", [w["word"] for w in costs["l"]["top"]])
        self.assertEqual((costs["r"]["parsed"], costs["r"]["matches"]), (2, 1))

    def test_what_a_phrase_waits_for_is_named(self):
        rules = ("rules:\n"
                 "  - { name: p, any: [Crème solaire, vent] }\n"
                 "  - { name: q, query: '\"chat noir\" OR chat' }\n"
                 "  - { name: all, all: [solaire, crème] }\n")
        texts = ["ma crème solaire", "CRÈME, solaire !", "crème fraîche", "le vent", "un chat noir"]
        self.write("s.txt", "".join(text + "\n" for text in texts))
        _, out, err = self.check("-r", "r.yaml", "--json", "--sample", "s.txt", "--map", "text",
                                 text=rules)
        costs = {cost["rule"]: cost for cost in json.loads(out)["costs"]}
        self.assertEqual(costs["p"]["top"], [{"word": "creme solaire", "posts": 2},
                                             {"word": "vent", "posts": 1}], err)
        self.assertEqual(costs["q"]["top"], [{"word": "chat", "posts": 1}])
        self.assertEqual((costs["all"]["parsed"], costs["all"]["matches"]), (2, 2))
        self.assertIn(costs["all"]["top"], ([{"word": "solaire + creme", "posts": 2}],
                                            [{"word": "creme + solaire", "posts": 2}]))

    def test_each_kind_of_term_and_query_is_counted(self):
        rules = ("rules:\n"
                 "  - { name: near, query: '(parc OR toit) NEAR/3 solaire -lune' }\n"
                 "  - { name: star, any: ['éolien*'] }\n"
                 "  - { name: fuzzy, any: [photovoltaïque~1] }\n"
                 "  - { name: stem, any: ['stem:panneau'], language: fr }\n"
                 "  - { name: site, any: ['site:example.com'], where: { lang: fr } }\n"
                 "  - { name: title, any: ['title:vent'] }\n")
        posts = [{"text": "un toit tout solaire"}, {"text": "solaire, et bien loin de là un toit"},
                 {"text": "des éoliennes"}, {"text": "photovoltaque"}, {"text": "les panneaux"},
                 {"text": "x https://a.example.com/b", "lang": "fr"}, {"text": "vent"},
                 {"text": "a", "title": "le vent"}]
        self.write("s.ndjson", "".join(json.dumps(post) + "\n" for post in posts))
        _, out, err = self.check("-r", "r.yaml", "--json", "--sample", "s.ndjson", text=rules)
        costs = {cost["rule"]: cost for cost in json.loads(out)["costs"]}
        self.assertEqual({name: cost["matches"] for name, cost in costs.items()},
                         dict.fromkeys(("near", "star", "fuzzy", "stem", "site", "title"), 1), err)
        for name, cost in costs.items():
            self.assertLess(cost["parsed"], len(posts), name)

    def test_a_sample_that_cannot_be_read_is_said(self):
        for arguments, said in ((["--sample", "no.ndjson"], "cannot read 'no.ndjson'"),
                                (["--sample", "r.yaml", "--map", "no"], "no such map: 'no'")):
            code, _, err = self.check("-r", "r.yaml", *arguments, text=self.RULES)
            self.assertEqual(code, 2)
            self.assertIn(said, err)


if __name__ == "__main__":
    harness.main()
