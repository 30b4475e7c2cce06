"""A real mail server on loopback: Dovecot with one user, a Maildir and a certificate of its own."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

import harness

DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin")
USER, PASSWORD = "veille@example.org", "sésame \"ouvre\\toi"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain
auth_failure_delay = 0
mail_location = maildir:{folder}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
default_login_user = {login}
default_internal_user = {login}
default_internal_group = {login_group}
imap_capability = {capability}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = home={folder}
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip


class Dovecot:
    def __init__(self, folder, capability=""):
        self.folder = folder
        self.process = None
        self.count = 0
        root = os.getuid() == 0
        user = "mail" if root else pwd.getpwuid(os.getuid()).pw_name
        group = "mail" if root else grp.getgrgid(os.getgid()).gr_name
        # Its login processes run as somebody who may read nothing.
        login = "nobody" if root else user
        login_group = "nogroup" if root else group
        self.owner = (pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
        os.makedirs(folder)
        os.chmod(os.path.dirname(folder), 0o755)
        os.chmod(folder, 0o755)
        certificate(folder)
        self.port, self.tls_port = free_port(), free_port()
        with open(f"{folder}/users", "w", encoding="utf-8") as file:
            file.write(f"{USER}:{PASSWORD}::::::\n")
        with open(f"{folder}/dovecot.conf", "w", encoding="utf-8") as file:
            file.write(
                CONFIG.format(
                    folder=folder, user=user, group=group, login=login, login_group=login_group,
                    port=self.port, tls_port=self.tls_port, capability=capability,
                )  # fmt: skip
            )
        self.make("")
        self.up()

    def box(self, name):
        return os.path.join(self.folder, "mail", "." + name if name else "")

    def make(self, name):
        """A folder, by its name as the server sees it (modified UTF-7)."""
        for sub in ("tmp", "new", "cur"):
            os.makedirs(os.path.join(self.box(name), sub))
        for path, _, _ in os.walk(os.path.join(self.folder, "mail")):
            os.chown(path, *self.owner)

    def deliver(self, message, name=""):
        """As a delivery agent does: written aside, then moved to new/."""
        self.count += 1
        file_name = f"{time.time_ns()}.M{self.count}.test"
        aside = os.path.join(self.box(name), "tmp", file_name)
        with open(aside, "wb") as file:
            file.write(message)
        os.chown(aside, *self.owner)
        os.chmod(aside, 0o600)
        os.rename(aside, os.path.join(self.box(name), "new", file_name))

    def files(self, name=""):
        """{folder of the Maildir: names}, in which flags and \\Recent show."""
        box = self.box(name)
        return {sub: sorted(os.listdir(os.path.join(box, sub))) for sub in ("new", "cur")}

    def up(self):
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", f"{self.folder}/dovecot.conf"])

        def answers():
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.settimeout(5)
                    return s.recv(100).startswith(b"* OK")
            except OSError:
                return False

        harness.wait_until("dovecot answers", answers)

    def down(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(harness.WAIT_S)
            self.process = None

    def number_anew(self, name=""):
        """Another UIDVALIDITY, as after a folder was made anew."""
        self.down()
        for file in os.listdir(self.box(name)):
            if file.startswith("dovecot"):
                os.unlink(os.path.join(self.box(name), file))
        path = os.path.join(self.box(name), "dovecot-uidlist")
        with open(path, "w", encoding="ascii") as file:
            file.write("3 V77 N1\n")
        os.chown(path, *self.owner)
        self.up()

    @property
    def log(self):
        with open(f"{self.folder}/dovecot.log", encoding="utf-8", errors="replace") as file:
            return file.read()
