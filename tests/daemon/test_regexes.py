#!/usr/bin/python3
"""Regexes that take too long, in the program as a whole. Run as `test_regexes.py PATH_OF_VIGIE`."""

import json
import os
import signal
import subprocess

import harness

EVIL = r"(?:a|aa)+$(?<=c)"
RULES = (
    "rules:\n"
    f"  - {{ name: mauvais, regex: ['{EVIL}'] }}\n"
    "  - { name: bon, regex: ['evil \\w+'] }\n"
)
FOLLOW = "sources: { s: { type: file, path: posts.ndjson, follow: true } }\n"
TEXT = "evil " + "a" * 1000


class Daemon(harness.Case):
    def test_a_regex_that_takes_too_long_is_set_aside_and_a_reload_brings_it_back(self):
        crm = self.receiver()
        config = RULES + FOLLOW + f"notifiers: {{ crm: {{ type: webhook, url: {crm.url} }} }}\n"
        vigie = self.vigie(config).start()
        self.append("posts.ndjson", harness.posts(range(50), TEXT))
        crm.wait_for_posts(f"p{n}" for n in range(50))
        said = [line for line in vigie.log.splitlines() if "regex" in line]
        self.assertEqual(len(said), 2, said)
        self.assertIn("rule 'mauvais'", said[0])
        self.assertIn("set aside", said[1])
        entry = vigie.status()["regexes"]
        self.assertEqual(
            entry,
            [{"of": "rule", "name": "mauvais", "regex": EVIL, "given_up": 10, "not_begun": 40, "set_aside": True}],
        )
        metrics = vigie.metrics()
        label = f'{{rule="mauvais",regex="{EVIL}"}}'
        self.assertEqual(metrics["vigie_regex_given_up_total" + label], 10)
        self.assertEqual(metrics["vigie_regex_not_begun_total" + label], 40)
        self.assertEqual(metrics["vigie_regex_set_aside" + label], 1)
        self.assertEqual(vigie.get("/healthz")[2], b"ok\nregexes set aside: 1\n")
        vigie.process.send_signal(signal.SIGHUP)
        harness.wait_until("it is reloaded", lambda: vigie.status()["reloads"] == 1)
        self.assertEqual(vigie.status()["regexes"], [])
        self.assertEqual(vigie.get("/healthz")[2], b"ok\n")
        self.assertEqual(vigie.stop(), 0)


class Match(harness.Case):
    def match(self, *options):
        with open(os.path.join(self.folder, "posts.ndjson"), "w", encoding="utf-8") as file:
            file.write("".join(json.dumps({"id": str(n), "text": TEXT}) + "\n" for n in range(600)))
        with open(os.path.join(self.folder, "rules.yaml"), "w", encoding="utf-8") as file:
            file.write(RULES)
        return subprocess.run(
            [harness.PROGRAM, "match", "-r", "rules.yaml", "--json", *options, "posts.ndjson"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )

    def test_all_threads_together_count_and_never_set_aside(self):
        one, two = self.match("-j1"), self.match("-j2", "--stats")
        self.assertEqual(one.stdout, two.stdout)
        self.assertEqual(len(one.stdout.splitlines()), 600)
        for done in (one, two):
            self.assertIn("600 searches by a regex were given up", done.stderr)
            self.assertIn(f"rule 'mauvais': 600 times: {EVIL}", done.stderr)
        self.assertIn("600 regex searches given up", two.stderr)

    def found(self, regex, post, posts_map):
        """Whether `vigie match` finds the regex in a post as its platform writes it."""
        with open(os.path.join(self.folder, "rules.yaml"), "w", encoding="utf-8") as file:
            file.write(f"rules: [{{ name: r, regex: ['{regex}'] }}]\n")
        done = subprocess.run(
            [harness.PROGRAM, "match", "-r", "rules.yaml", "--map", posts_map, "--count"],
            input=json.dumps(post),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return done.stdout == "1\n"

    def test_a_pattern_sees_the_text_and_not_how_it_was_escaped(self):
        tweet = {"id_str": "1", "text": "x AT&amp;T inc. a&lt;b c", "user": {"id_str": "2"}}
        toot = {"id": "1", "uri": "u", "content": "<p>un <b>&eacute;t&eacute;</b>  chaud</p><p>R&amp;D dept</p>"}
        for regex in ("AT&T inc", "a<b c", "t&t", r"&\w inc\."):
            self.assertEqual(self.found(regex, tweet, "tweet-v1"), regex != "t&t", regex)
        for regex in ("un été chaud", "^R&D dept$", r"été\schaud\s+R"):
            self.assertEqual(self.found(regex, toot, "mastodon"), not regex.startswith("^"), regex)

    def test_check_notes_regexes_that_are_slow_or_easy_to_stall(self):
        with open(os.path.join(self.folder, "rules.yaml"), "w", encoding="utf-8") as file:
            file.write("rules: [{ name: r, regex: ['(a+)+$', 'on\\d', 'e', 'solaires?', 'https?://\\S+'] }]\n")
        done = subprocess.run(
            [harness.PROGRAM, "check", "--json", "rules.yaml"], cwd=self.folder, stdout=subprocess.PIPE, check=True
        )
        said = [m["message"] for m in json.loads(done.stdout)["messages"] if "regex" in m["message"]]
        self.assertEqual(
            said,
            [
                "the regex '(a+)+$' is easy to stall: a post that repeats 'a' is enough",
                "the regex 'on\\d' is slow: 'on' is all that must be there",
                "the regex 'e' matches nearly every post",
                "the regex 'https?://\\S+' is slow: 'http' is all that must be there",
            ],
        )


if __name__ == "__main__":
    harness.main()
