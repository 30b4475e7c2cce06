#!/usr/bin/python3
"""Webhook receivers that fail in every way, each beside one that is well.

    test_receivers.py PATH_OF_VIGIE [Connections | Answers]
"""

import sqlite3
import time

import harness
from harness import BREAK, CLOSE, HANG

COUNT = 12
FIRST_RETRY_S = (5.0, 6.0)  # five seconds and up to a fifth


CONFIG = """
sources:
  posts: { type: file, path: posts.ndjson, follow: true }
notifiers:
  ill:  { type: webhook, url: "%s", timeout: 1s }
  well: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


class Receivers(harness.Case):
    def watch(self, answers, up=True):
        """A daemon that has both receivers and COUNT alerts for them; the one that is well has got
        each at once."""
        self.ill = self.receiver(answers, up=up)
        self.well = self.receiver()
        self.vigie_ = self.vigie(CONFIG % (self.ill.url, self.well.url))
        self.write("posts.ndjson", "")
        self.vigie_.start()
        self.wanted = set()
        self.bring(COUNT)
        return self.vigie_

    def bring(self, count):
        """One post after the other, each timed from its line to the healthy receiver."""
        took = []
        for number in range(len(self.wanted), len(self.wanted) + count):
            began = time.monotonic()
            self.append("posts.ndjson", harness.posts([number]))
            self.wanted.add(f"p{number}")
            self.well.wait_for_posts(self.wanted)
            took.append(self.well.requests[-1].at - began)
        self.check_at_once(took)
        self.check_nothing_lost()

    def check_nothing_lost(self):
        """Each alert is, for each target, sent, pending or dead; what is sent was accepted."""
        for name, receiver in (("ill", self.ill), ("well", self.well)):
            rows = self.vigie_.deliveries("--target", name)
            self.assertEqual(len(rows), len(self.wanted), name)
            sent = {row["id"] for row in rows if row["state"] == "sent"}
            accepted = {r.id for r in list(receiver.requests) if r.answer == 204}
            self.assertLessEqual(sent, accepted, name)

    def check_sent_once(self, receiver):
        """Exactly the wanted ones were accepted, none twice, and each attempt was the same."""
        accepted = [r.post for r in list(receiver.requests) if r.answer == 204]
        self.assertEqual(sorted(accepted), sorted(self.wanted))
        bodies = {}
        for request in list(receiver.requests):
            self.assertEqual(bodies.setdefault(request.id, request.body), request.body)
        self.assertEqual(len(bodies), len(self.wanted))

    def check_retried(self):
        """All came in the end, after the first step of the schedule."""
        harness.wait_until(
            "all of it sent",
            lambda: self.vigie_.states() == {"pending": 0, "sent": 2 * len(self.wanted), "dead": 0},
        )
        self.check_sent_once(self.ill)
        self.check_sent_once(self.well)
        self.assertEqual(len(self.well.requests), len(self.wanted))
        self.assertEqual(self.vigie_.stop(), 0)
        self.assertEqual(self.vigie_.store_problems(), [])

    def gaps(self):
        """Between the first and the second attempt of each delivery."""
        times = {}
        for request in list(self.ill.requests):
            times.setdefault(request.id, []).append(request.at)
        return [at[1] - at[0] for at in times.values() if len(at) > 1]

    def check_one_answer(self, first, at_least=FIRST_RETRY_S[0], message="", busy=False):
        """The first attempt of each delivery gets this answer, later ones are accepted."""
        seen = set()

        def answers(request):
            again = request.id in seen
            seen.add(request.id)
            return 204 if again else first

        vigie = self.watch(answers)
        if not busy:
            rows = harness.wait_until(
                "each tried once",
                lambda: (r := vigie.deliveries("--target", "ill", "--state", "pending"))
                and len(r) == COUNT
                and all(row["attempts"] == 1 for row in r)
                and r,
            )
            for row in rows:
                self.assertIn(message, row["message"])
        self.check_retried()
        gaps = self.gaps()
        self.assertEqual(len(gaps), COUNT)
        self.assertGreaterEqual(min(gaps), at_least - 0.01)
        return gaps


class Connections(Receivers):
    def test_a_receiver_that_is_down_gets_everything_once_it_is_up(self):
        vigie = self.watch(204, up=False)
        self.assertEqual(vigie.states("--target", "ill")["pending"], COUNT)
        vigie.wait_for_log("warn: notifier 'ill': .*(refused|connect)")
        self.ill.up()
        vigie.wait_for_log("info: notifier 'ill': works again")
        # Said once each, however many deliveries there were.
        self.assertEqual(vigie.log.count("will try again"), 1)
        self.check_retried()

    def test_a_receiver_that_goes_down_and_comes_back_gets_the_rest(self):
        vigie = self.watch(204)
        self.ill.wait_for_posts(self.wanted)
        self.ill.down()
        self.bring(COUNT)
        harness.wait_until(
            "the rest pending", lambda: vigie.states("--target", "ill")["pending"] == COUNT
        )
        self.ill.up()
        self.check_retried()

    def test_a_receiver_that_closes_without_an_answer_is_tried_again(self):
        self.check_one_answer(CLOSE)

    def test_a_receiver_that_breaks_off_in_its_answer_is_tried_again(self):
        self.check_one_answer(BREAK)

    def test_a_receiver_that_never_answers_is_tried_again_after_the_timeout(self):
        # Twelve in fours, each a second: the last is first tried after the first was due again.
        self.check_one_answer(HANG, at_least=FIRST_RETRY_S[0] + 1, busy=True)


class Answers(Receivers):
    answer = 204

    def test_a_receiver_that_answers_500_is_tried_again(self):
        self.check_one_answer(500, message="500")

    def test_a_receiver_that_answers_429_is_left_alone_as_long_as_it_says(self):
        """All of it: the deliveries that were not answered so wait as well."""
        asked = []

        def answers(request):
            asked.append(request.at)
            return (429, {"Retry-After": "8"}) if len(asked) == 1 else 204

        self.watch(answers)
        self.assertIn("429", self.vigie_.deliveries("--target", "ill")[-1]["message"])
        self.check_retried()
        early = [at for at in asked if at - asked[0] < 8 - 0.01]
        self.assertLessEqual(len(early), 4, "what was in flight, and no more")
        self.assertLess(asked[-1] - asked[0], 8 + 3 * harness.SLOW)

    def test_a_receiver_that_refuses_makes_dead_letters_which_can_be_revived(self):
        self.answer = 400
        vigie = self.watch(lambda _: self.answer)
        harness.wait_until(
            "all dead", lambda: vigie.states("--target", "ill")["dead"] == COUNT
        )
        self.assertEqual(len(self.ill.requests), COUNT, "a refusal is final")
        self.assertIn("400", vigie.deliveries("--target", "ill")[0]["message"])
        vigie.wait_for_log("warn: notifier 'ill': delivery msg_[0-9a-f]+ given up: .*400")
        self.assertEqual(vigie.metrics()["vigie_deliveries_dead"], COUNT)
        self.answer = 204
        done = vigie.command("deliveries", "-c", vigie.config_path, "retry", "--state", "dead")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_retried()

    def test_after_a_day_of_failures_an_alert_is_a_dead_letter(self):
        self.answer = 500
        vigie = self.watch(lambda _: self.answer)
        harness.wait_until("each tried once", lambda: len(set(self.ill.ids)) == COUNT)
        self.assertEqual(vigie.stop(), 0)
        database = sqlite3.connect(vigie.store_path)
        with database:
            database.execute(
                "UPDATE delivery SET created_at = created_at - 86400000000, due_at = 0"
                " WHERE target = 'ill'"
            )
        database.close()
        vigie.start()
        harness.wait_until("all dead", lambda: vigie.states("--target", "ill")["dead"] == COUNT)
        vigie.wait_for_log("warn: notifier 'ill': delivery msg_[0-9a-f]+ given up: .*500")
        self.assertEqual(vigie.target("ill")["rejected"], COUNT)
        self.assertNotIn("will try again", vigie.log)
        self.assertEqual(vigie.stop(), 0)

    def test_a_receiver_that_is_gone_is_switched_off_until_it_is_switched_on(self):
        self.answer = 410
        vigie = self.watch(lambda _: self.answer)
        vigie.wait_for_log("error: notifier 'ill': switched off .*410.*retry --target ill")
        asked = len(self.ill.requests)
        self.assertLessEqual(asked, 4, "what was in flight, and no more")
        self.assertTrue(vigie.target("ill")["off"])
        self.assertFalse(vigie.target("well")["off"])
        self.assertEqual(vigie.metrics()['vigie_target_off{target="ill"}'], 1)
        self.assertEqual(vigie.metrics()['vigie_target_off{target="well"}'], 0)
        self.bring(COUNT)
        self.assertEqual(vigie.states("--target", "ill")["pending"], 2 * COUNT)

        self.assertEqual(vigie.stop(), 0)
        vigie.start()
        harness.wait_until("still off after a restart", lambda: vigie.target("ill")["off"])
        self.bring(1)
        self.assertEqual(len(self.ill.requests), asked)

        self.answer = 204
        done = vigie.command("deliveries", "-c", vigie.config_path, "retry", "--target", "ill")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.ill.wait_for_posts(self.wanted)
        harness.wait_until("on again", lambda: not vigie.target("ill")["off"])
        self.check_retried()


if __name__ == "__main__":
    harness.main()
