#!/usr/bin/python3
"""Mails as posts, from a real Dovecot and from servers that misbehave.

    test_imap_source.py PATH_OF_VIGIE [CLASS...]
"""

import os
import random
import socket
import threading
import time

import dovecot
import harness

CONFIG = """
sources:
  lettres:
    type: imap
    url: "%s"
    user: %s
    password: { env: IMAP_PASSWORD }
    %s
notifiers:
  crm: { type: webhook, url: "%s" }
rules:
  - { name: solaire, any: [solaire] }
"""


def mail(number, text="une centrale solaire", more=""):
    return (
        f"From: Jeanne <jeanne@example.org>\r\nSubject: mail {number}\r\n"
        f"Message-ID: <p{number}>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n{more}\r\n{text}\r\n"
    ).encode()


def names(numbers):
    return {f"p{i}" for i in numbers}


class Watching(harness.Case):
    def watch(self, url, user, options="", password=dovecot.PASSWORD, start=True):
        self.crm = self.receiver()
        self.vigie_ = self.vigie(
            CONFIG % (url, user, "\n    ".join(options.split(", ")), self.crm.url),
            environment={"IMAP_PASSWORD": password},
        )
        return self.vigie_.start() if start else self.vigie_

    def finish(self, wanted):
        """Each alert of the mails came, once."""
        self.crm.wait_for_posts(names(wanted))
        count = len(wanted)
        harness.wait_until(
            "all sent", lambda: self.vigie_.states() == {"pending": 0, "sent": count, "dead": 0}
        )
        self.assertEqual(sorted(self.crm.posts), sorted(names(wanted)))
        self.assertEqual(self.vigie_.stop(), 0)
        self.assertEqual(self.vigie_.store_problems(), [])


class Server(Watching):
    """Dovecot."""

    def setUp(self):
        super().setUp()
        if not dovecot.DOVECOT:
            print("SKIP: dovecot-imapd is not installed")
            self.skipTest("dovecot-imapd is not installed")

    def server(self, **options):
        self.dovecot = dovecot.Dovecot(self.path("dovecot"), **options)
        self.addCleanup(self.dovecot.down)
        return self.dovecot

    def read(self, options="", scheme="imaps", folder="", **more):
        port = self.dovecot.tls_port if scheme == "imaps" else self.dovecot.port
        url = f"{scheme}://127.0.0.1:{port}/{folder}"
        ca = f"ca_file: {self.dovecot.folder}/cert.pem"
        return self.watch(url, dovecot.USER, ", ".join(filter(None, [ca, options])), **more)

    def live(self):
        harness.wait_until("live", lambda: self.vigie_.source("lettres")["state"] == "live")
        self.vigie_.wait_for_log("'lettres': live")

    def test_a_new_mail_is_an_alert_within_seconds_and_nothing_is_changed(self):
        server = self.server()
        server.deliver(mail(0))
        before = server.files()
        vigie = self.read()
        self.live()
        began = time.monotonic()
        server.deliver(mail(1, "Le parc =?utf-8?Q?photovolta=C3=AFque?= solaire"))
        self.crm.wait_for_posts({"p1"})
        self.assertLess(time.monotonic() - began, 5 * harness.SLOW)
        post = self.crm.requests[0].alert["post"]
        self.assertEqual(post["title"], "mail 1")
        self.assertEqual(post["author"]["name"], "Jeanne")
        self.finish([1])
        after = server.files()
        self.assertEqual(after["cur"], [])
        self.assertEqual(len(after["new"]), 2)
        self.assertEqual([n for n in after["new"] if n in before["new"]], before["new"])
        self.assertNotIn("password", vigie.log)

    def test_all_mails_of_a_folder_count_if_wanted(self):
        server = self.server()
        server.make("Liste &AOk-olien")
        for i in range(450):
            server.deliver(mail(i, "solaire" if i % 3 == 0 else "rien"), "Liste &AOk-olien")
        self.read("since: all", folder="Liste%20éolien")
        self.finish(range(0, 450, 3))

    def test_starttls_is_used_and_wanted(self):
        self.server()
        self.read(scheme="imap")
        self.live()
        self.dovecot.deliver(mail(1))
        self.finish([1])
        self.assertIn("TLS", self.dovecot.log)

    def test_without_idle_the_server_is_asked(self):
        server = self.server(capability="IMAP4rev1")
        self.read("interval: 1s")
        self.live()
        for i in range(3):
            server.deliver(mail(i))
            self.crm.wait_for_posts(names(range(i + 1)))
        self.finish(range(3))

    def test_a_wrong_password_waits_long_and_is_not_told(self):
        self.server()
        vigie = self.read(password="wrong-and-secret")
        vigie.wait_for_log(r"the login is refused: .*in (6\d|7\d) s")
        self.assertNotIn("wrong-and-secret", vigie.log)
        self.assertEqual(vigie.source("lettres")["state"], "retrying")
        self.assertEqual(vigie.stop(), 0)

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        server = self.server()
        url = f"imaps://127.0.0.1:{server.tls_port}/"
        vigie = self.watch(url, dovecot.USER)
        vigie.wait_for_log("not reached: .*certificate")
        self.assertNotIn("Login", server.log)

    def test_a_folder_that_is_not_there_is_told(self):
        self.server()
        vigie = self.read(folder="Rien")
        vigie.wait_for_log("the folder cannot be opened: .*exist")

    def test_a_server_that_goes_away_is_followed_again(self):
        server = self.server()
        self.read()
        self.live()
        server.deliver(mail(1))
        self.crm.wait_for_posts({"p1"})
        server.down()
        self.vigie_.wait_for_log("retry|goodbye|lost|not reached")
        server.deliver(mail(2))
        server.up()
        self.finish([1, 2])

    def test_numbers_given_anew_are_a_baseline_and_told(self):
        server = self.server()
        vigie = self.read()
        self.live()
        server.deliver(mail(1))
        self.crm.wait_for_posts({"p1"})
        vigie.stop()
        server.number_anew()
        server.deliver(mail(2))
        vigie.start()
        vigie.wait_for_log("numbered the mails anew")
        gap = vigie.status()["gaps"][0]
        self.assertEqual((gap["source"], gap["kind"]), ("lettres", "possible"))
        self.assertIn("numbered", gap["reason"])
        server.deliver(mail(3))
        self.finish([1, 3])

    def test_a_killed_daemon_loses_and_doubles_nothing(self):
        server = self.server()
        vigie = self.read("since: all")
        chance = random.Random(int(os.environ.get("VIGIE_SEED", "1")))
        number = 0
        for _ in range(12):
            for _ in range(chance.randint(1, 30)):
                server.deliver(mail(number))
                number += 1
            time.sleep(chance.random() / 4)
            vigie.kill9()
            vigie.start(ready=False)
        vigie.wait_ready()
        self.crm.wait_for_posts(names(range(number)))
        # What was in flight when it was killed may come again, with the same id.
        self.assertEqual(len({r.id for r in self.crm.requests}), number)
        harness.wait_until("all sent", lambda: vigie.states()["pending"] == 0)
        self.assertEqual(vigie.states(), {"pending": 0, "sent": number, "dead": 0})
        self.assertEqual(server.files()["cur"], [])

    def test_a_large_mail_is_read_at_its_beginning(self):
        server = self.server()
        self.read("since: all")
        parts = (
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
            "--b\r\n\r\nun parc solaire\r\n--b\r\nContent-Type: application/pdf\r\n\r\n",
        )
        server.deliver(mail(1, parts[1] + "x" * 70 * 400000, parts[0]))
        server.deliver(mail(2))
        server.deliver(mail(3, parts[1] + ("A" * 76 + "\r\n") * 100000, parts[0]))
        self.crm.wait_for_posts(names([1, 2, 3]))
        self.vigie_.wait_for_log("mail 1 has 2[0-9] MB: only its beginning is read")
        self.finish([1, 2, 3])


class Connection:
    """What a scripted server sees of one."""

    def __init__(self, connection, number):
        self.socket, self.number = connection, number
        self.file = connection.makefile("rb")

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def command(self):
        """(tag, rest) of the next one."""
        line = self.file.readline()
        if not line:
            raise ConnectionError
        tag, _, rest = line.decode().rstrip("\r\n").partition(" ")
        return tag, rest


class Scripted:
    """A server that plays script(connection) for each one, in a thread of its own."""

    def __init__(self, script):
        self.script = script
        self.commands = []
        self.count = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets.append(connection)
            self.count += 1
            threading.Thread(
                target=self._play, args=(Connection(connection, self.count - 1),), daemon=True
            ).start()

    def _play(self, connection):
        try:
            self.script(connection)
        except OSError:
            pass
        finally:
            connection.socket.close()

    def close(self):
        # Closing alone wakes nobody who accepts, and would leave him the next one's connections.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Box:
    """A server that does what it should, but where `special` answers a command itself (True)."""

    def __init__(self, mails, special=lambda c, tag, rest: False, offers="IMAP4rev1 IDLE",
                 send=None):  # fmt: skip
        self.mails = mails  # {uid: bytes}
        self.special, self.offers = special, offers
        self.send_ = send
        self.seen = []
        self.validity = 5

    def __call__(self, c):
        if self.send_:
            c.send = lambda text: self.send_(c, text if isinstance(text, bytes) else text.encode())
        c.send("* OK ready\r\n")
        while True:
            tag, rest = c.command()
            self.seen.append(rest)
            if not self.special(c, tag, rest):
                self.answer(c, tag, rest)

    def answer(self, c, tag, rest):
        word = rest.split(" ")[0].upper()
        if word == "CAPABILITY":
            c.send(f"* CAPABILITY {self.offers}\r\n")
        elif word == "EXAMINE":
            c.send(
                f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] .\r\n"
                f"* OK [UIDNEXT {max(self.mails, default=0) + 1}] .\r\n"
            )
        elif word == "UID":
            self.fetch(c, rest)
        elif word == "IDLE":
            c.send("+ idling\r\n")
            self.idle(c)
        c.send(f"{tag} OK done\r\n")

    def idle(self, c):
        c.file.readline()

    def fetch(self, c, rest):
        _, _, wanted, what = rest.split(" ", 3)
        low, _, high = wanted.partition(":")
        top = max(self.mails, default=0)
        if wanted == "*":
            uids = [top]
        elif high:
            low, high = int(low), top if high == "*" else int(high)
            uids = [u for u in self.mails if min(low, high) <= u <= max(low, high)]
        else:
            uids = [int(u) for u in wanted.split(",")]
        for i, uid in enumerate(uids, 1):
            data = self.mails.get(uid)
            if data is None:
                continue
            if "BODY.PEEK[]" in what:
                c.send(f"* {i} FETCH (UID {uid} BODY[] {{{len(data)}}}\r\n".encode() + data + b")\r\n")
            else:
                c.send(f"* {i} FETCH (UID {uid} RFC822.SIZE {len(data)})\r\n")


class Misbehaving(Watching):
    def serve(self, script, options="since: all, timeout: 2s"):
        self.scripted = Scripted(script)
        self.addCleanup(self.scripted.close)
        url = f"imap://127.0.0.1:{self.scripted.port}/"
        return self.watch(url, "veille", "tls: none, " + options, password="secret")

    def test_only_what_changes_nothing_is_asked(self):
        box = Box({1: mail(1)})
        self.serve(box)
        self.crm.wait_for_posts({"p1"})
        harness.wait_until("idle", lambda: "IDLE" in box.seen)
        self.finish([1])
        self.assertEqual(
            box.seen,
            ["CAPABILITY", "CAPABILITY", 'LOGIN "veille" "secret"', "CAPABILITY",
             'EXAMINE "INBOX"', "UID FETCH 1:* (UID RFC822.SIZE)",
             "UID FETCH 1 (UID INTERNALDATE BODY.PEEK[])", "IDLE"],
        )  # fmt: skip

    def test_a_byte_at_a_time_is_read_as_well(self):
        def slowly(c, data):
            for i in range(len(data)):
                c.socket.sendall(data[i : i + 1])

        self.serve(Box({i: mail(i) for i in range(1, 6)}, send=slowly))
        self.finish(range(1, 6))

    def test_numbers_far_apart_are_all_found(self):
        uids = [1, 2, 700, 5000, 5001, 3_000_000, 4_000_000_000]
        box = Box({uid: mail(uid) for uid in uids})
        self.serve(box)
        self.finish(uids)
        self.assertLess(len(box.seen), 60)

    def test_a_server_without_the_next_number_is_read(self):
        def special(c, tag, rest):
            if not rest.startswith("EXAMINE"):
                return False
            c.send(f"* 1 EXISTS\r\n* OK [UIDVALIDITY 5] .\r\n{tag} OK [READ-ONLY] .\r\n")
            return True

        box = Box({7: mail(7)}, special)
        self.serve(box, "timeout: 2s, interval: 1s")
        harness.wait_until("idle", lambda: "IDLE" in box.seen)
        box.mails[8] = mail(8)
        self.finish([8])

    def test_an_empty_folder_is_not_asked_for_mails(self):
        def special(c, tag, rest):
            if rest.startswith("EXAMINE") and not box.mails:
                c.send(f"* 0 EXISTS\r\n* OK [UIDVALIDITY 5] .\r\n{tag} OK [READ-ONLY] .\r\n")
                return True
            if rest.startswith("UID") and not box.mails:
                c.send(f"{tag} BAD no mails\r\n")
                return True
            if rest == "NOOP" and box.mails:
                c.send("* 1 EXISTS\r\n")
            return False

        box = Box({}, special, "IMAP4rev1")
        self.serve(box, "timeout: 2s, interval: 1s")
        harness.wait_until("asked", lambda: "NOOP" in box.seen)
        box.mails[1] = mail(1)
        self.finish([1])
        self.assertNotIn("refuses", self.vigie_.log)

    def test_a_mail_that_the_server_cannot_give_keeps_no_other_back(self):
        def special(c, tag, rest):
            if "BODY.PEEK" not in rest or "3" not in rest.split(" ")[2].split(","):
                return False
            c.send(f"{tag} NO cannot read it\r\n")
            return True

        vigie = self.serve(Box({i: mail(i) for i in range(1, 6)}, special))
        self.crm.wait_for_posts(names([1, 2, 4, 5]))
        vigie.wait_for_log("mail 3 is left out: mail not given by the server")
        self.finish([1, 2, 4, 5])

    def broken(self, special, told, mails=None):
        """The server breaks in the middle; the third time all is well, and nothing is lost."""

        def sometimes(c, tag, rest):
            return c.number < 2 and special(c, tag, rest)

        mails = mails or {1: mail(1), 2: mail(2)}
        box = Box(mails, sometimes)
        self.serve(box, "since: all, timeout: 1s")
        self.vigie_.wait_for_log(told)
        return box

    def test_huge_literals_are_refused(self):
        def special(c, tag, rest):
            if "BODY.PEEK" not in rest:
                return False
            c.send("* 1 FETCH (UID 1 BODY[] {4294967290}\r\n")
            return True

        self.broken(special, "the server's answer is too long")
        self.assertEqual(self.vigie_.stop(), 0)

    def test_an_end_of_another_command_is_refused(self):
        def special(c, tag, rest):
            if not rest.startswith("UID"):
                return False
            c.send("v99 OK done\r\n")
            return True

        self.broken(special, "the server answers another command")
        self.assertEqual(self.vigie_.stop(), 0)

    def test_what_is_no_imap_is_refused(self):
        def special(c, tag, rest):
            if not rest.startswith("EXAMINE"):
                return False
            c.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return True

        self.broken(special, "the server's answer is not IMAP")
        self.assertEqual(self.vigie_.stop(), 0)

    def test_a_goodbye_in_between_is_a_break(self):
        def special(c, tag, rest):
            if "BODY.PEEK" not in rest:
                return False
            c.send("* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n* BYE off for the night\x1b[2J\r\n")
            return True

        self.broken(special, "goodbye: off for the night")
        self.assertNotIn("\x1b", self.vigie_.log)
        self.finish([1, 2])

    def test_a_connection_cut_in_a_mail_brings_it_again(self):
        def special(c, tag, rest):
            if "BODY.PEEK" not in rest:
                return False
            whole = mail(1)
            c.send(f"* 1 FETCH (UID 1 BODY[] {{{len(whole)}}}\r\n")
            c.send(whole[: len(whole) // 2])
            c.socket.shutdown(socket.SHUT_RDWR)
            return True

        self.broken(special, "connection lost")
        self.finish([1, 2])

    def test_no_answer_is_noticed(self):
        self.broken(lambda c, tag, rest: rest.startswith("EXAMINE"), "no answer in time")
        self.finish([1, 2])

    def test_no_greeting_is_noticed(self):
        box = Box({1: mail(1)})

        def script(c):
            if c.number == 0:
                time.sleep(3)
            else:
                box(c)

        self.serve(script, "since: all, timeout: 1s")
        self.vigie_.wait_for_log("not reached")
        self.finish([1])

    def test_an_idle_that_ends_at_once_is_not_asked_for_again(self):
        def special(c, tag, rest):
            if rest != "IDLE":
                return False
            c.send(f"{tag} OK done\r\n")
            return True

        box = Box({1: mail(1)}, special)
        self.serve(box, "since: all, interval: 1s")
        self.crm.wait_for_posts({"p1"})
        box.mails[2] = mail(2)
        self.crm.wait_for_posts({"p1", "p2"})
        self.assertEqual(box.seen.count("IDLE"), 1)
        self.finish([1, 2])

    def test_an_idle_that_is_dead_is_noticed(self):
        def special(c, tag, rest):
            if rest != "IDLE":
                return False
            c.send("+ idling\r\n")
            c.file.readline()
            return True  # and DONE is not answered

        box = Box({1: mail(1)}, lambda c, tag, rest: c.number == 0 and special(c, tag, rest))
        self.serve(box, "since: all, timeout: 1s, interval: 1s")
        self.crm.wait_for_posts({"p1"})
        self.vigie_.wait_for_log("no answer in time")
        box.mails[2] = mail(2)
        self.finish([1, 2])

    def test_a_flood_of_nothing_keeps_nobody_from_stopping(self):
        def special(c, tag, rest):
            if not rest.startswith("UID"):
                return False
            while True:
                c.send("* OK still here\r\n" * 1000)

        self.serve(Box({1: mail(1)}, special))
        harness.wait_until("connected", lambda: self.scripted.count)
        self.assertEqual(self.vigie_.source("lettres")["name"], "lettres")
        self.assertEqual(self.vigie_.stop(5), 0)

    def test_a_server_without_tls_learns_no_password(self):
        box = Box({1: mail(1)})
        scripted = Scripted(box)
        self.addCleanup(scripted.close)
        vigie = self.watch(f"imap://127.0.0.1:{scripted.port}/", "veille", password="secret")
        vigie.wait_for_log("not reached: the server offers no TLS")
        self.assertFalse([line for line in box.seen if "secret" in line])

    def test_a_token_is_sent_and_its_refusal_told(self):
        def special(c, tag, rest):
            if not rest.startswith("AUTHENTICATE"):
                return False
            c.send("+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
            c.file.readline()
            c.send(f"{tag} NO [AUTHENTICATIONFAILED] expired\r\n")
            return True

        box = Box({}, special, "IMAP4rev1 SASL-IR AUTH=XOAUTH2")
        scripted = Scripted(box)
        self.addCleanup(scripted.close)
        self.vigie_ = self.vigie(
            CONFIG.replace("password:", "token:")
            % (f"imap://127.0.0.1:{scripted.port}/", "v", "tls: none", "http://127.0.0.1:9/"),
            environment={"IMAP_PASSWORD": "jeton"},
        ).start()
        self.vigie_.wait_for_log("the login is refused: expired")
        self.assertNotIn("jeton", self.vigie_.log)

    def test_on_a_full_disk_no_mail_is_lost(self):
        disk = self.path("disk")
        os.mkdir(disk)
        if os.geteuid() != 0 or os.system(f"mount -t tmpfs -o size=16m tmpfs {disk}"):
            self.skipTest("a small disk needs root")
        self.addCleanup(os.system, f"umount -l {disk}")
        text = "parc solaire " + "x" * 3000
        box = Box({i: mail(i, text) for i in range(1, 4)})
        scripted = Scripted(box)
        self.addCleanup(scripted.close)
        self.crm = self.receiver()
        url = f"imap://127.0.0.1:{scripted.port}/"
        self.vigie_ = self.vigie(
            CONFIG % (url, "v", "tls: none\n    since: all\n    interval: 1s", self.crm.url)
            + "store: { path: disk/vigie.db }\n",
            environment={"IMAP_PASSWORD": "secret"},
        )
        self.vigie_.store_path = os.path.join(disk, "vigie.db")
        self.vigie_.start()
        self.crm.wait_for_posts(names(range(1, 4)))
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        box.mails.update({i: mail(i, text) for i in range(4, 300)})
        self.vigie_.wait_for_log("(?s)cannot store alerts.*cannot store alerts")
        os.unlink(filler)
        self.finish(range(1, 300))

    def test_answers_that_thread_name_their_parent(self):
        answer = mail(2, "solaire\r\n> solaire et cite\r\n", "References: <r@x> <p1>\r\n")
        self.serve(Box({1: mail(1), 2: answer}))
        self.crm.wait_for_posts({"p1", "p2"})
        post = next(r.alert["post"] for r in self.crm.requests if r.post == "p2")
        self.assertEqual(post["in_reply_to"], "p1")
        self.assertEqual(post["text"], "solaire")
        self.finish([1, 2])


if __name__ == "__main__":
    harness.main()
