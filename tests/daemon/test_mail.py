#!/usr/bin/python3
"""Mail servers that accept, refuse, put off and offer no TLS, each beside a healthy webhook.

    test_mail.py PATH_OF_VIGIE

Needs python3-aiosmtpd.
"""

import base64
import email
import email.policy
import time

import harness

COUNT = 6

CONFIG = """
sources:
  posts: { type: file, path: posts.ndjson, follow: true }
notifiers:
  mail: { type: email, url: "smtp://127.0.0.1:%d", from: vigie@example.org, to: a@example.org%s }
  crm:  { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


class Mail(harness.Case):
    def watch(self, mode, tls=", tls: none"):
        self.smtp = self.helper("smtpd.py", "--mode", mode)
        self.crm = self.receiver()
        self.vigie_ = self.vigie(CONFIG % (self.smtp.port, tls, self.crm.url))
        self.write("posts.ndjson", "")
        self.vigie_.start()
        self.wanted = set()
        for number in range(COUNT):
            began = time.monotonic()
            self.append("posts.ndjson", harness.posts([number], f"parc solaire no {number}"))
            self.wanted.add(f"p{number}")
            self.crm.wait_for_posts(self.wanted)
            took = time.monotonic() - began
            self.assertLess(took, 1.0 * harness.SLOW, "the webhook had to wait for the mail")
        return self.vigie_

    def wait_for_states(self, **wanted):
        """Of the mails; the webhook's are all sent."""
        wanted = {"pending": 0, "sent": 0, "dead": 0, **wanted}
        harness.wait_until(
            f"mails in the store: {wanted}",
            lambda: self.vigie_.states("--target", "mail") == wanted,
            40,
        )
        harness.wait_until(
            "webhook's all sent",
            lambda: self.vigie_.states("--target", "crm")
            == {"pending": 0, "sent": COUNT, "dead": 0},
        )

    def finish(self):
        self.assertEqual(self.vigie_.stop(), 0)
        self.assertEqual(self.vigie_.store_problems(), [])
        self.assertEqual(sorted(self.crm.posts), sorted(self.wanted))

    def check_mails(self):
        """Each post in one mail, no Message-ID twice."""
        mails = [
            email.message_from_bytes(base64.b64decode(event["data"]), policy=email.policy.default)
            for event in self.smtp.of("mail")
        ]
        texts = sorted(m.get_body(("plain",)).get_content() for m in mails)
        self.assertEqual(len(texts), COUNT)
        for number, text in enumerate(texts):
            self.assertIn(f"parc solaire no {number}", text)
        self.assertEqual(len({m["Message-ID"] for m in mails}), COUNT)

    def test_a_server_that_accepts_gets_each_alert_once(self):
        self.watch("accept")
        self.wait_for_states(sent=COUNT)
        self.check_mails()
        self.finish()

    def test_a_server_that_refuses_makes_dead_letters(self):
        vigie = self.watch("refuse")
        self.wait_for_states(dead=COUNT)
        for row in vigie.deliveries("--target", "mail"):
            self.assertIn("550", row["message"])
            self.assertEqual(row["attempts"], 1)
        vigie.wait_for_log("warn: notifier 'mail': delivery msg_[0-9a-f]+ given up: .*550")
        self.assertEqual(self.smtp.of("mail"), [])
        self.finish()

    def test_a_server_that_puts_off_gets_it_at_the_next_try(self):
        # It knows recipients, so that it puts off the first mail only.
        vigie = self.watch("greylist")
        self.wait_for_states(sent=COUNT)
        refused = self.smtp.of("refused")
        self.assertEqual(len(refused), 1)
        vigie.wait_for_log("warn: notifier 'mail': will try again: .*451")
        tried = [row["attempts"] for row in vigie.deliveries("--target", "mail")]
        self.assertEqual(sorted(tried), [1] * (COUNT - 1) + [2])
        self.assertGreaterEqual(self.smtp.of("mail")[-1]["at"] - refused[0]["at"], 5 - 0.1)
        self.check_mails()
        self.finish()

    def test_a_server_without_tls_gets_nothing_unless_told_so(self):
        vigie = self.watch("accept", tls="")
        vigie.wait_for_log("warn: notifier 'mail': will try again: .*TLS")
        self.wait_for_states(pending=COUNT)
        for row in vigie.deliveries("--target", "mail"):
            self.assertIn("TLS", row["message"])
            self.assertGreaterEqual(row["attempts"], 1)
        self.assertNotEqual(self.smtp.of("connected"), [])
        self.assertEqual(self.smtp.of("mail"), [])
        self.finish()

    def test_a_server_that_hangs_holds_up_only_its_mails(self):
        vigie = self.watch("hang", tls=", tls: none, timeout: 1s")
        self.wait_for_states(pending=COUNT)
        vigie.wait_for_log("warn: notifier 'mail': will try again")
        self.finish()


if __name__ == "__main__":
    harness.main()
