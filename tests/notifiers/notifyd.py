#!/usr/bin/python3
"""A notification service for tests, on the session bus (needs python3-dbus and python3-gi).

    notifyd.py [--caps body,body-markup] [--hang METHOD]

Prints "ready", then one JSON line for each call of Notify, and ends when its standard input closes.
--hang: calls of that method get no answer. The first id is 7, so that it is no accident.
"""
import argparse
import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = 'org.freedesktop.Notifications'


def say(what):
    sys.stdout.write(what + '\n')
    sys.stdout.flush()


class Service(dbus.service.Object):
    def __init__(self, bus, options):
        super().__init__(bus, '/org/freedesktop/Notifications')
        self.options = options
        self.last = 6

    def answer(self, method, reply, *values):
        if self.options.hang != method:
            reply(*values)

    @dbus.service.method(NAME, in_signature='', out_signature='as', async_callbacks=('ok', 'bad'))
    def GetCapabilities(self, ok, bad):
        self.answer('GetCapabilities', ok, self.options.caps.split(','))

    @dbus.service.method(NAME, in_signature='', out_signature='ssss')
    def GetServerInformation(self):
        return 'notifyd', 'vigie', '1', '1.2'

    @dbus.service.method(NAME, in_signature='susssasa{sv}i', out_signature='u',
                         async_callbacks=('ok', 'bad'), byte_arrays=True)
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout, ok, bad):
        if not replaces:
            self.last += 1
        say(json.dumps(dict(
            app=str(app), replaces=int(replaces), summary=str(summary), body=str(body),
            actions=[str(a) for a in actions], timeout=int(timeout),
            hints={str(k): [type(v).__name__, v if isinstance(v, (int, str)) else str(v)]
                   for k, v in hints.items()})))
        self.answer('Notify', ok, dbus.UInt32(replaces or self.last))

    @dbus.service.signal(NAME, signature='uu')
    def NotificationClosed(self, number, reason):
        pass


def main():
    args = argparse.ArgumentParser()
    args.add_argument('--caps', default='body,body-markup')
    args.add_argument('--hang')
    options = args.parse_args()
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    service = Service(bus, options)
    name = dbus.service.BusName(NAME, bus, do_not_queue=True)
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    say('ready')
    loop.run()
    del service, name


main()
