#!/usr/bin/python3
"""`vigie match` at its edges: what reaches the terminal, what happens when nobody reads, and what it
says of mistakes. Run as `test_match_edges.py PATH_OF_VIGIE`."""

import json
import signal
import subprocess
import time
import unicodedata

import harness
from matching import POST, Match, line


class Shown(Match):
    DATA = line({"id": "1", "text": "Énergie SOLAIRE et solaire"})

    def test_hits_are_marked_when_colour_is_asked_for(self):
        for option in ("--color=always", "--color"):
            done = self.match("-r", self.rules, option, data=self.DATA)
            self.assertEqual(
                done.stdout.decode(),
                "\033[36msolaire\033[0m\t1\tÉnergie \033[1;31mSOLAIRE\033[0m et "
                "\033[1;31msolaire\033[0m\n",
            )

    def test_there_is_no_colour_in_a_pipe_or_when_not_wanted(self):
        for options in ((), ("--color=auto",), ("--color=never",)):
            done = self.match("-r", self.rules, *options, data=self.DATA)
            self.assertEqual(done.stdout.decode(), "solaire\t1\tÉnergie SOLAIRE et solaire\n")

    def test_control_characters_of_posts_do_not_reach_the_terminal(self):
        nasty = "solaire \x1b[2J\x07\r\n\t\x9b31m \u202e\x7f fin"
        record = json.dumps({"id": "a\x1b[1mb", "title": "t\x1b]0;x\x07", "text": nasty})
        for option in ("--color=never", "--color=always"):
            done = self.match("-r", self.rules, option, data=record.encode() + b"\n")
            shown = done.stdout.decode()
            for code in ("\033[36m", "\033[0m", "\033[1;31m"):
                shown = shown.replace(code, "")
            self.assertEqual(shown.count("\n"), 1)
            self.assertEqual(shown.count("\t"), 2, shown)
            body = shown.rstrip("\n").replace("\t", "")
            bad = [c for c in body if unicodedata.category(c) == "Cc"]
            self.assertEqual(bad, [], repr(shown))

    def test_control_characters_of_file_names_do_not_either(self):
        done = self.match("-r", self.rules, self.path("a\x1b[2Jb"))
        self.assertNotIn(b"\x1b", done.stderr)
        bad = self.put("c\x1b[2Jd", b"no json\n")
        done = self.match("-r", self.rules, bad)
        self.assertIn(b"rejected", done.stderr)
        self.assertNotIn(b"\x1b", done.stderr)


class Output(Match):
    def test_a_closed_pipe_ends_it_quietly_and_at_once(self):
        path = self.put("big.ndjson", line(POST) * 400_000)
        for threads in ("1", "2"):
            for ignored in (False, True):
                start = time.monotonic()
                with subprocess.Popen(
                    [harness.PROGRAM, "match", "-r", self.rules, "-j", threads, path],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    restore_signals=not ignored,
                ) as process:
                    self.assertIn(b"une centrale", process.stdout.readline())
                    process.stdout.close()
                    error = process.stderr.read()
                    code = process.wait(20)
                self.assertEqual(error, b"")
                self.assertEqual(code, 2 if ignored else -signal.SIGPIPE)
                self.assertLess(time.monotonic() - start, 2 * harness.SLOW)

    def test_a_full_disk_under_the_output_is_told(self):
        path = self.put("p.ndjson", line(POST))
        for option in ("--json", "--count", "--color=never"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(
                    [harness.PROGRAM, "match", "-r", self.rules, option, path],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    check=False,
                )
            self.assertEqual(done.returncode, 2)
            self.assertEqual(
                done.stderr.decode(), "vigie: error: cannot write: No space left on device\n"
            )


class Mistakes(Match):
    def complaint(self, *arguments, data=b""):
        done = self.match(*arguments, data=data)
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, b"")
        self.assertLess(len(done.stderr.splitlines()), 12)
        return done.stderr.decode()

    def test_wrong_options_are_named(self):
        self.assertIn("vigie match: no such option: '--bogus'", self.complaint("--bogus"))
        self.assertIn("usage: vigie match", self.complaint("--bogus"))
        self.assertIn("-r needs its FILE", self.complaint("-r"))
        for jobs in ("x", "-1", "257", ""):
            self.assertIn(f"'{jobs}'", self.complaint("-r", self.rules, "-j", jobs))
        self.assertIn("auto, always or never", self.complaint("--color=blue"))
        both = self.complaint("-c", self.rules, "-r", self.rules)
        self.assertIn("-c and -r exclude each other", both)

    def test_missing_rules_are_named(self):
        self.assertIn("No such file", self.complaint("-c", "none.yaml"))
        self.assertIn("none.yaml", self.complaint("-r", "none.yaml"))
        self.assertIn("none.txt", self.complaint("-r", "none.txt"))
        self.assertIn("Is a directory", self.complaint("-r", self.folder))

    def test_without_a_configuration_it_says_how_to_name_one(self):
        said = self.complaint("posts.ndjson")
        self.assertIn("no configuration: ", said)
        self.assertIn("-c FILE", said)

    def test_a_configuration_without_rules_is_an_error(self):
        for text in ("", "rules: []\n", "sources: { a: { type: file, path: x } }\n"):
            said = self.complaint("-c", self.write("empty.yaml", text))
            self.assertIn("has no rules", said)

    def test_an_unknown_map_is_an_error(self):
        self.assertIn("no such map: 'tweets'", self.complaint("-r", self.rules, "--map", "tweets"))
        self.assertIn("no such map: 'tweets'", self.complaint("-c", self.rules, "--map", "tweets"))
        words = self.write("mots.txt", "solaire\n")
        self.assertIn("no such map: 'tweets'", self.complaint("-r", words, "--map", "tweets"))

    def test_bad_yaml_is_shown_with_its_place(self):
        cases = [
            ("rules:\n\t- name: a\n", ":2:1: error: a tab"),
            ("rules:\n  - name: a\n    any: [@x]\n", ":3:11: error: text that starts with '@'"),
            ("rules:\n  - name: a\n    any: [#tag]\n", ":3:11: error: text that starts with '#'"),
            ("rules:\n  - name: a\n    any:\n      - #tag\n", 'hint: write it as "#word"'),
            ("rules:\n  - name: a\n    any: #tag\n", 'hint: write it as "#word"'),
            ("rules:\n  - name: a\n    any: [x]\n    severty: low\n", "did you mean 'severity'?"),
            ("rules:\n  - name: Mon Alerte\n    any: [x]\n", ":2:11: error: the name of a rule"),
            ("rules:\n  - name: a\n    regex: ['(a']\n", ":3:"),
            ("rules:\n  a:\n    any: [x]\n", ":2:3: error: expected a list of rules"),
            ("rules:\n  - name: a\n", "a rule needs any"),
        ]
        for text, wanted in cases:
            with self.subTest(text):
                said = self.complaint("-r", self.write("bad.yaml", text))
                self.assertIn(wanted, said)
                self.assertIn("bad.yaml", said)

    def test_all_mistakes_of_a_file_are_told_in_one_run(self):
        text = "rules:\n  - name: a\n    any: []\n    x: 1\n  - name: b\n    regex: ['[']\n"
        said = self.complaint("-r", self.write("bad.yaml", text))
        for place in (":3:", ":4:", ":6:"):
            self.assertIn("bad.yaml" + place, said)

    def test_input_that_is_no_ndjson_gets_a_hint(self):
        array = json.dumps([POST, POST], indent=1).encode()
        for data in (array, json.dumps([POST]).encode(), b"id,text\n1,solaire\n"):
            done = self.match("-r", self.rules, data=data)
            self.assertEqual(done.returncode, 1)
            self.assertIn("hint: a post is a JSON object on one line", done.stderr.decode())
            self.assertLess(len(done.stderr.splitlines()), 8)

    def test_options_before_the_command_are_explained(self):
        done = subprocess.run(
            [harness.PROGRAM, "-c", "x"], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("options come after a command", done.stderr)
        done = subprocess.run([harness.PROGRAM, "mach"], capture_output=True, text=True, check=False)
        self.assertIn("did you mean 'match'?", done.stderr)


if __name__ == "__main__":
    harness.main()
