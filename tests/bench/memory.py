#!/usr/bin/python3
"""What the rules cost in memory and in time to start: the daemon with 1,000 rules, and
`vigie match` with the 150,634 names of cities, where VIGIE_DATA has them. Run as

    memory.py PATH_OF_VIGIE

Fails if a goal is missed."""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

DAEMON_GOAL_MB = 30
MATCH_GOAL_MB = 100
READY_GOAL_MS = 500
RULES = 1000
CITIES = "keywords/geonames_cities_150k.txt"
WAIT_S = 60

SYLLABLES = "ba co di fé gu la mi no pra ré sol tu va xi zen".split()


def word(n):
    """A made-up word for each number."""
    text = ""
    for _ in range(4):
        text += SYLLABLES[n % len(SYLLABLES)]
        n //= len(SYLLABLES)
    return text


def rule(n):
    w = [word(n * 7 + i * 1009) for i in range(7)]
    return (
        f"  - name: regle-{n}\n    about: Une règle parmi beaucoup\n"
        f'    any: [{w[0]}, {w[1]}, "{w[2]} {w[3]}", "#{w[4]}"]\n    none: [{w[5]}, {w[6]}]\n'
        "    where: { lang: [fr, en] }\n"
    )


def memory_mb(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"{key}:\s+(\d+)", file.read()).group(1)) / 1024


def settled_mb(pid):
    """Once it no longer changes."""
    last, same = 0.0, 0
    for _ in range(100):
        now = memory_mb(pid, "VmRSS")
        same = same + 1 if now == last else 0
        if same == 5:
            break
        last = now
        time.sleep(0.05)
    return last


def wait_for(path, pattern):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with open(path, encoding="utf-8") as file:
            if re.search(pattern, file.read()):
                return
        time.sleep(0.01)
    sys.exit(f"the daemon does not say '{pattern}'")


def measure_daemon(program, folder):
    """After a few matches, and after 20 reloads, in MB."""
    config, log = os.path.join(folder, "vigie.yaml"), os.path.join(folder, "log")
    posts = os.path.join(folder, "posts.ndjson")
    with open(posts, "w", encoding="utf-8") as file:
        for n in range(2000):
            file.write('{"id":"%d","text":"%s est là","lang":"fr"}\n' % (n, word(n * 7)))
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            "store: { path: vigie.db }\nhttp: { listen: '127.0.0.1:0' }\n"
            "sources: { p: { type: file, path: posts.ndjson, follow: true } }\n"
            "notifiers: { out: { type: print } }\n"
            "rules:\n" + "".join(rule(n) for n in range(RULES))
        )
    with open(log, "w", encoding="utf-8") as out, open(os.devnull, "w", encoding="utf-8") as null:
        daemon = subprocess.Popen([program, "run", "-c", config], stdout=null, stderr=out)
    try:
        wait_for(log, f"with {RULES} rules")
        first = settled_mb(daemon.pid)
        for n in range(20):
            daemon.send_signal(signal.SIGHUP)
            wait_for(log, r"(?s)(rules reloaded.*){%d}" % (n + 1))
        return first, settled_mb(daemon.pid), memory_mb(daemon.pid, "VmHWM")
    finally:
        daemon.terminate()
        daemon.wait()


def measure_match(program, words):
    """(milliseconds until the rules are ready, milliseconds of the whole run over one post, MB)"""
    post = b'{"id":"1","text":"une centrale solaire pr\xc3\xa8s de Rennes"}\n'
    command = [program, "match", "-r", words, "--count", "--stats"]
    start = time.perf_counter()
    done = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    done.stdin.write(post)
    done.stdin.close()
    said = done.stderr.read().decode()
    _, status, usage = os.wait4(done.pid, 0)
    took_ms = (time.perf_counter() - start) * 1e3
    done.returncode = os.waitstatus_to_exitcode(status)
    if done.returncode != 0:
        sys.exit(f"vigie match: {done.returncode}\n{said}")
    ready_ms = float(re.search(r"rules ready in ([\d.]+) ms", said).group(1))
    return ready_ms, took_ms, usage.ru_maxrss / 1024


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program, good = sys.argv[1], True
    with tempfile.TemporaryDirectory(prefix="vigie-memory-") as folder:
        first, later, most = measure_daemon(program, folder)
    print(
        f"daemon with {RULES} rules: {first:.1f} MB, after 20 reloads {later:.1f} MB "
        f"(at most {most:.1f} MB); goal: under {DAEMON_GOAL_MB} MB"
    )
    good = good and max(first, later) < DAEMON_GOAL_MB
    words = os.path.join(os.environ.get("VIGIE_DATA", ""), CITIES)
    if not os.path.exists(words):
        print(f"skipped: match with many keywords, without VIGIE_DATA/{CITIES}")
        return 0 if good else 1
    with open(words, encoding="utf-8") as file:
        count = sum(1 for line in file if line.strip())
    runs = [measure_match(program, words) for _ in range(7)]
    ready, took = (statistics.median(run[i] for run in runs) for i in (0, 1))
    most = max(run[2] for run in runs)
    print(
        f"match with {count} keywords: ready in {ready:.0f} ms, one post in {took:.0f} ms all in "
        f"all, {most:.1f} MB; goal: {READY_GOAL_MS} ms and under {MATCH_GOAL_MB} MB"
    )
    good = good and ready <= READY_GOAL_MS and most < MATCH_GOAL_MB
    print("goals: " + ("held" if good else "MISSED"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
