#!/usr/bin/python3
"""The daemon's life: starting, stopping, reloading, and who is told what. Run as
`test_run.py PATH_OF_VIGIE`."""

import json
import os
import re
import signal
import threading

import harness

RULES = "rules: [{ name: solaire, any: [solaire] }]\n"
FOLLOW = "sources: { s: { type: file, path: posts.ndjson, follow: true } }\n"
ONCE = "sources: { s: { type: file, path: posts.ndjson } }\n"


def hooks(**receivers):
    inner = ", ".join(f"{n}: {{ type: webhook, url: {r.url} }}" for n, r in receivers.items())
    return f"notifiers: {{ {inner} }}\n"


class Life(harness.Case):
    def test_it_says_when_it_is_ready_and_stops_cleanly_when_asked(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            crm = self.receiver()
            vigie = self.vigie(RULES + FOLLOW + hooks(crm=crm), name=f"v{number}").start()
            self.assertIn("watching 1 source", vigie.log)
            self.append("posts.ndjson", harness.posts([number]))
            crm.wait_for_posts([f"p{number}"])
            vigie.process.send_signal(number)
            self.assertEqual(vigie.wait(), 0)
            self.assertIn("stopping", vigie.log)
            self.assertNotIn("error", vigie.log)
            self.assertEqual(vigie.store_problems(), [])

    def test_what_came_before_the_stop_is_not_told_again_after_it(self):
        crm = self.receiver()
        vigie = self.vigie(RULES + FOLLOW + hooks(crm=crm)).start()
        self.append("posts.ndjson", harness.posts(range(50)))
        crm.wait_for_posts(f"p{n}" for n in range(50))
        self.assertEqual(vigie.stop(), 0)
        self.append("posts.ndjson", harness.posts(range(50, 60)))
        vigie.start()
        crm.wait_for_posts(f"p{n}" for n in range(60))
        self.assertEqual(vigie.stop(), 0)
        self.assertEqual(len(crm.posts), 60)
        self.assertEqual(len(set(crm.ids)), 60)

    def test_lines_appended_to_a_followed_file_are_seen_at_once(self):
        crm = self.receiver()
        vigie = self.vigie(RULES + FOLLOW + hooks(crm=crm))
        self.append("posts.ndjson", "")
        vigie.start()
        waits = []
        for n in range(21):
            before = len(crm.requests)
            start = harness.time.monotonic()
            self.append("posts.ndjson", harness.posts([n]))
            request = crm.wait_for(before + 1)[-1]
            waits.append(request.at - start)
        self.assertLess(sorted(waits)[10], 0.5 * harness.SLOW)  # not the look of every second
        self.assertEqual(vigie.stop(), 0)

    def test_once_ends_when_all_is_read_and_delivered(self):
        crm = self.receiver()
        self.write("posts.ndjson", harness.posts(range(300)))
        vigie = self.vigie(RULES + ONCE + hooks(crm=crm))
        done = vigie.command("run", "--once", "-c", vigie.config_path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(crm.posts), sorted(f"p{n}" for n in range(300)))
        self.assertEqual(vigie.states(), {"pending": 0, "sent": 300, "dead": 0})

    def test_once_ends_without_any_match(self):
        crm = self.receiver()
        self.write("posts.ndjson", harness.posts(range(3), "rien"))
        vigie = self.vigie(RULES + ONCE + hooks(crm=crm))
        self.assertEqual(vigie.command("run", "--once", "-c", vigie.config_path).returncode, 0)
        self.write("posts.ndjson", "")
        self.assertEqual(vigie.command("run", "--once", "-c", vigie.config_path).returncode, 0)
        self.assertEqual(crm.requests, [])

    def test_standard_input_is_a_source(self):
        crm = self.receiver()
        config = RULES + 'sources: { s: { type: file, path: "-" } }\n' + hooks(crm=crm)
        vigie = self.vigie(config)
        done = vigie.command(
            "run", "--once", "-c", vigie.config_path, input=harness.posts(range(5))
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(crm.posts), [f"p{n}" for n in range(5)])

    def test_nothing_to_do_and_bad_usage_are_refused(self):
        vigie = self.vigie(RULES)
        for config, said in (
            (RULES, "has no sources"),
            (FOLLOW, "has no rules"),
            (RULES + FOLLOW + "bogus: 1\n", "unknown key: 'bogus'"),
            (RULES + FOLLOW + "notifiers: { a: { type: webhook } }\n", "url"),
            (RULES + FOLLOW + "store: { path: /proc/none/vigie.db }\n", "/proc/none"),
        ):
            vigie.configure(config)
            done = vigie.command("run", "-c", vigie.config_path)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)
        for arguments, said in (
            (["-c", "none.yaml"], "none.yaml"),
            (["--bogus"], "vigie run: no such option: '--bogus'"),
            (["-c", vigie.config_path, "more"], "too many arguments: 'more'"),
            (["--log", "loud"], "--log takes"),
        ):
            done = vigie.command("run", *arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(said, done.stderr)

    def test_two_daemons_do_not_share_a_store(self):
        crm = self.receiver()
        first = self.vigie(RULES + FOLLOW + hooks(crm=crm)).start()
        done = first.command("run", "-c", first.config_path)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("vigie.db", done.stderr)
        self.assertEqual(first.stop(), 0)


class Pages(harness.Case):
    def test_health_metrics_and_status_tell_what_is_going_on(self):
        crm = self.receiver()
        vigie = self.vigie(RULES + FOLLOW + hooks(crm=crm)).start()
        text = harness.posts(range(7)) + harness.posts([8, 9], "rien") + "no json\n"
        self.append("posts.ndjson", text)
        crm.wait_for(7)
        harness.wait_until("all noted", lambda: vigie.target("crm")["sent"] == 7)
        status, _, body = vigie.get("/healthz")
        self.assertEqual((status, body), (200, b"ok\n"))
        page = vigie.status()
        self.assertEqual((page["rules"], page["reloads"], page["failed_reloads"]), (1, 0, 0))
        self.assertEqual(page["deliveries"], {"pending": 0, "sent": 7, "dead": 0})
        source = page["sources"][0]
        wanted = {"state": "live", "records": 10, "posts": 7, "matches": 7, "bytes": len(text)}
        self.assertEqual({key: source[key] for key in wanted}, wanted)
        self.assertEqual(source["rejected"], {"not a JSON object": 1})
        metrics = vigie.metrics()
        for name, value in {
            'vigie_source_records_total{source="s"}': 10,
            'vigie_source_matches_total{source="s"}': 7,
            'vigie_source_rejected_total{source="s",reason="not a JSON object"}': 1,
            'vigie_source_live{source="s"}': 1,
            'vigie_deliveries_total{target="crm",result="sent"}': 7,
            "vigie_deliveries_pending": 0,
            "vigie_rules": 1,
        }.items():
            self.assertEqual(metrics.get(name), value, name)
        self.assertEqual(vigie.get("/none")[0], 404)
        self.assertEqual(vigie.stop(), 0)


class Reload(harness.Case):
    def setUp(self):
        super().setUp()
        self.crm = self.receiver()
        self.rest = FOLLOW + hooks(crm=self.crm)
        self.daemon = self.vigie(RULES + self.rest)
        self.head = self.read(self.daemon.config_path)[len(RULES) :]
        self.daemon.start()

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def reload(self, rules):
        """Hands over new rules and waits for what the daemon says to them."""
        before = self.daemon.status()
        self.daemon.configure(rules + self.head)
        self.daemon.process.send_signal(signal.SIGHUP)

        def answered():
            now = self.daemon.status()
            good = now["reloads"] - before["reloads"]
            bad = now["failed_reloads"] - before["failed_reloads"]
            return (good, bad) if good or bad else None

        return harness.wait_until("the reload is over", answered)

    def test_new_rules_apply(self):
        new = "rules: [{ name: lune, any: [lune], severity: critical }, { name: b, any: [bus] }]\n"
        self.assertEqual(self.reload(new), (1, 0))
        self.assertIn("rules reloaded: 2", self.daemon.log)
        self.append("posts.ndjson", harness.posts([1], "solaire"))
        self.append("posts.ndjson", harness.posts([2], "la lune"))
        request = self.crm.wait_for(1)[0]
        self.assertEqual((request.post, request.alert["rule"]), ("p2", "lune"))
        self.assertEqual(request.alert["severity"], "critical")
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.crm.posts, ["p2"])

    def test_a_broken_file_keeps_the_old_rules_and_says_where_it_is_broken(self):
        for broken, said in (
            ("rules: [{ name: lune, any: [lune], severty: low }]\n", r":1:36: error: unknown key"),
            ("rules: [{ name: lune, any: [@x] }]\n", r":1:29: error: text that starts with '@'"),
            ("rules:\n\t- x\n", r":2:1: error: a tab"),
            ("rules: [{ name: lune, any: [lune], notify: [bob] }]\n", r":1:45: error: .*bob"),
        ):
            with self.subTest(broken):
                self.assertEqual(self.reload(broken), (0, 1))
                self.assertRegex(self.daemon.log, re.escape(self.daemon.config_path) + said)
                self.assertIn("the old ones stay", self.daemon.log)
        os.unlink(self.daemon.config_path)
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait_for_log("No such file")
        self.append("posts.ndjson", harness.posts([1], "solaire et lune"))
        self.assertEqual(self.crm.wait_for(1)[0].alert["rule"], "solaire")
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_rule_for_a_notifier_that_is_not_open_yet_is_refused(self):
        self.head = self.head.replace("notifiers: {", "notifiers: { new: { type: print },")
        rules = "rules: [{ name: solaire, any: [solaire], notify: [new] }]\n"
        self.assertEqual(self.reload(rules), (0, 1))
        self.assertIn("rule 'solaire' tells 'new': new notifiers need a restart", self.daemon.log)
        self.append("posts.ndjson", harness.posts([1]))
        self.crm.wait_for_posts(["p1"])
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_reload_tells_nothing_again(self):
        self.append("posts.ndjson", harness.posts(range(20)))
        self.crm.wait_for_posts(f"p{n}" for n in range(20))
        for n in range(3):
            rules = "rules: [{ name: solaire, any: [solaire, centrale%d, centrale] }]\n" % n
            self.assertEqual(self.reload(rules), (1, 0))
        self.append("posts.ndjson", harness.posts([99], "une centrale"))
        self.crm.wait_for_posts(["p99"])
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(len(self.crm.posts), 21)
        self.daemon.start()
        self.append("posts.ndjson", harness.posts([100]))
        self.crm.wait_for_posts(["p100"])
        self.assertEqual(len(self.crm.posts), 22)

    def test_fifty_reloads_under_load_half_of_them_broken_lose_nothing(self):
        count = 0
        stop = threading.Event()

        def write():
            nonlocal count
            with open(self.path("posts.ndjson"), "a", encoding="utf-8") as file:
                while not stop.is_set():
                    file.write(harness.posts(range(count, count + 5)))
                    file.flush()
                    count += 5
                    stop.wait(0.005)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for n in range(50):
                broken = n % 2
                extra = "severty: low" if broken else f"about: number {n}"
                rules = "rules: [{ name: solaire, any: [solaire, mot%d], %s }]\n" % (n, extra)
                self.assertEqual(self.reload(rules), (0, 1) if broken else (1, 0))
        finally:
            stop.set()
            writer.join()
        self.assertGreater(count, 100)
        self.crm.wait_for_posts((f"p{n}" for n in range(count)), 60)
        status = self.daemon.status()
        self.assertEqual((status["reloads"], status["failed_reloads"]), (25, 25))
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(len(self.crm.posts), count)  # each once

    def test_signals_in_a_burst_are_no_trouble(self):
        self.daemon.configure("rules: [{ name: lune, any: [lune] }]\n" + self.head)
        for _ in range(200):
            self.daemon.process.send_signal(signal.SIGHUP)
        harness.wait_until("a reload", lambda: self.daemon.status()["reloads"] > 0)
        self.append("posts.ndjson", harness.posts([1], "lune"))
        self.crm.wait_for_posts(["p1"])
        self.daemon.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.daemon.stop(), 0)

    def test_it_stops_cleanly_while_it_is_asked_to_reload(self):
        """Rules that take long to read, so that it is still at it."""
        words = "".join(f"w{i}\n" for i in range(60_000))
        self.write("words.txt", words)
        self.daemon.configure("lists: { l: { file: words.txt } }\nrules: [{ name: lune, any: [list:l] }]\n" + self.head)
        for second in (signal.SIGHUP, signal.SIGTERM):
            with self.subTest(second=second):
                self.daemon.process.send_signal(signal.SIGHUP)
                self.daemon.process.send_signal(signal.SIGTERM)
                for _ in range(20):
                    self.daemon.process.send_signal(second)
                self.assertEqual(self.daemon.wait(), 0)
                self.daemon.start()
                self.daemon.wait_ready()


class Told(harness.Case):
    def run_once(self, config, records):
        """Runs over the records; what it printed."""
        self.write("posts.ndjson", "".join(json.dumps(r) + "\n" for r in records))
        vigie = self.vigie(config)
        done = vigie.command("run", "--once", "-c", vigie.config_path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(vigie.states()["pending"], 0)
        return done.stdout

    def test_a_rule_tells_its_own_then_the_files_then_all(self):
        rules = """
rules:
  - { name: own, any: [un], notify: [a] }
  - { name: two, any: [deux], notify: [a, c] }
  - { name: none, any: [trois] }
"""
        records = [{"id": n, "text": t} for n, t in (("1", "un"), ("2", "deux"), ("3", "trois"))]
        for notify, third in (("", "abc"), ("notify: [b]\n", "b"), ("notify: [b, c]\n", "bc")):
            a, b, c = self.receiver(), self.receiver(), self.receiver()
            name = f"v{third}"
            self.write("posts.ndjson", "".join(json.dumps(r) + "\n" for r in records))
            vigie = self.vigie(rules + notify + ONCE + hooks(a=a, b=b, c=c), name=name)
            done = vigie.command("run", "--once", "-c", vigie.config_path)
            self.assertEqual(done.returncode, 0, done.stderr)
            wanted = {"a": ["1", "2"], "b": [], "c": ["2"]}
            for letter in third:
                wanted[letter] = wanted[letter] + ["3"]
            got = {"a": sorted(a.posts), "b": sorted(b.posts), "c": sorted(c.posts)}
            self.assertEqual(got, wanted, notify)

    def test_a_post_that_two_rules_match_is_two_alerts(self):
        crm = self.receiver()
        rules = "rules: [{ name: un, any: [a] }, { name: deux, any: [b] }]\n"
        self.run_once(rules + ONCE + hooks(crm=crm), [{"id": "1", "text": "a b"}])
        self.assertEqual(sorted(r.alert["rule"] for r in crm.requests), ["deux", "un"])
        self.assertEqual(len(set(crm.ids)), 2)

    def test_a_program_gets_the_alert_as_json_and_no_shell_sees_its_arguments(self):
        script = self.write(
            "on-match",
            "#!/usr/bin/python3\nimport json, sys\n"
            "with open(sys.argv[1], 'a') as f:\n"
            "    f.write(json.dumps([sys.argv[2:], json.load(sys.stdin)]) + '\\n')\n",
        )
        os.chmod(script, 0o755)
        out, pwned = self.path("out"), self.path("pwned")
        arguments = [f"$(touch {pwned})", f"`touch {pwned}`", f"; touch {pwned} #", "*", "a b", ""]
        command = json.dumps([script, out, *arguments])
        config = f"notifiers: {{ p: {{ type: exec, command: {command} }} }}\n"
        text = f"solaire $(touch {pwned}) `touch {pwned}` '; touch {pwned}; \" \n é 😀"
        self.run_once(RULES + ONCE + config, [{"id": "1", "text": text, "author": "zoé"}])
        with open(out, encoding="utf-8") as file:
            (line,) = file.read().splitlines()
        given, alert = json.loads(line)
        self.assertEqual(given, arguments)
        self.assertFalse(os.path.exists(pwned))
        self.assertEqual(alert["rule"], "solaire")
        self.assertEqual(alert["post"]["text"], text)
        self.assertEqual(alert["post"]["author"], {"handle": "zoé"})
        self.assertEqual(alert["post"]["source"], "s")
        (hit,) = alert["hits"]
        self.assertEqual(text.encode()[hit["from"] : hit["to"]], b"solaire")

    def test_print_writes_a_line_an_alert(self):
        records = [{"id": str(n), "text": f"solaire {n}\n\x1b[31m"} for n in range(30)]
        out = self.run_once(RULES + ONCE + "notifiers: { e: { type: print } }\n", records)
        lines = out.splitlines()
        self.assertEqual(len(lines), 30)
        for n, line in enumerate(sorted(lines, key=lambda t: int(re.search(r"solaire (\d+)", t)[1]))):
            self.assertRegex(line, rf"normal solaire s: .*solaire {n}")
        self.assertNotIn("\x1b", out)

    def test_print_can_write_json(self):
        config = RULES + ONCE + "notifiers: { e: { type: print, format: json } }\n"
        out = self.run_once(config, [{"id": "1", "text": "été solaire"}])
        alert = json.loads(out)
        self.assertEqual((alert["rule"], alert["post"]["id"]), ("solaire", "1"))

    def test_where_limits_a_rule_by_language_source_author_and_type(self):
        crm = self.receiver()
        rules = """
rules:
  - { name: fr, any: [solaire], where: { lang: [fr, en] } }
  - { name: b, any: [solaire], where: { source: b } }
  - { name: zoe, any: [solaire], where: { from: [zoé, "@ana"] } }
  - { name: posts, any: [solaire], where: { type: [post, quote] } }
  - { name: both, any: [solaire], where: { lang: fr, from: ana } }
"""
        sources = (
            "sources: { a: { type: file, path: posts.ndjson }, "
            "b: { type: file, path: b.ndjson } }\n"
        )
        self.write("b.ndjson", json.dumps({"id": "b1", "text": "solaire", "type": "repost"}) + "\n")
        records = [
            {"id": "1", "text": "solaire", "lang": "fr-CA", "type": "repost"},
            {"id": "2", "text": "solaire", "lang": "de", "type": "quote"},
            {"id": "3", "text": "solaire", "author": "ZOÉ", "type": "reply"},
            {"id": "4", "text": "solaire", "author": "ana", "lang": "fr", "type": "repost"},
            {"id": "5", "text": "solaire", "author": "anab", "lang": "frr", "type": "repost"},
            {"id": "6", "text": "solaire"},
        ]
        self.run_once(rules + sources + hooks(crm=crm), records)
        found = {}
        for request in crm.requests:
            found.setdefault(request.alert["rule"], []).append(request.post)
        self.assertEqual(
            {rule: sorted(ids) for rule, ids in found.items()},
            {
                "fr": ["1", "4"],
                "b": ["b1"],
                "zoe": ["3", "4"],
                "posts": ["2", "6"],
                "both": ["4"],
            },
        )


if __name__ == "__main__":
    harness.main()
