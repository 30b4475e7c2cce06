#!/usr/bin/python3
"""How fast `vigie match --count` is, beside its peers on the same files in the same run.

    tests/bench/match.py VIGIE LINES [ROUNDS]

VIGIE is the program, LINES a program that only splits the file at newlines: the ceiling. Peers
that are not installed are left out. Each command runs ROUNDS times, all of them in turn, and the
least time counts: other users of the machine only ever add to it. Line tools look at raw bytes and answer
another question (a keyword that is a JSON key "matches" every post); their counts are not compared.

The corpora are made of $VIGIE_DATA; without it there is nothing to measure and the exit code is 77.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

DATA = os.environ.get("VIGIE_DATA", "")
AHOCORASICK = """
import json, sys, ahocorasick
a = ahocorasick.Automaton()
for w in open(sys.argv[1], encoding='utf-8'):
    w = w.strip().lower()
    if w: a.add_word(w, w)
a.make_automaton()
n = 0
for line in open(sys.argv[2], 'rb'):
    try: text = json.loads(line).get('text') or ''
    except ValueError: continue
    n += any(True for _ in a.iter(text.lower()))
print(n)
"""
NODE = """
const fs = require('fs');
const words = fs.readFileSync(process.argv[1], 'utf8').split('\\n').filter(w => w);
const re = new RegExp('\\\\b(?:' + words.map(w => w.replace(/[.*+?^${}()|[\\]\\\\]/g, '\\\\$&')).join('|') + ')\\\\b', 'i');
let n = 0;
for (const line of fs.readFileSync(process.argv[2], 'utf8').split('\\n')) {
  if (!line) continue;
  try { if (re.test(JSON.parse(line).text || '')) n++; } catch (e) {}
}
console.log(n);
"""


def made_up_words(count, seed=1):
    """Pronounceable words that occur nowhere."""
    rng = random.Random(seed)
    words = set()
    while len(words) < count:
        n = rng.randint(6, 11)
        words.add("".join(rng.choice("bcdfghklmnpqrstvwxz" if i % 2 else "aeiouy") for i in range(n)))
    return sorted(words)


def repeat(out, source, size):
    with open(source, "rb") as f:
        data = f.read()
    if not data.endswith(b"\n"):
        data += b"\n"
    with open(out, "wb") as f:
        for _ in range(max(1, size // len(data))):
            f.write(data)


def words_of(name, count=None):
    with open(os.path.join(DATA, "keywords", name), encoding="utf-8") as f:
        words = [w.strip() for w in f if w.strip()]
    # /e/ and the like would be regexes to vigie
    words = [w for w in words if not w.startswith(("/", "#", "@", "$", "="))]
    return words[:count]


def write_words(path, words):
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(words) + "\n")
    return path


PATIENCE_SECONDS = 30


def run(command):
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return PATIENCE_SECONDS, "given up"
    return time.perf_counter() - start, done.stdout.decode("utf-8", "replace").strip()[-24:]


def peers(vigie, lines, words, corpus, slow, jobs):
    found = [("split at newlines", [lines, corpus])]
    for n in jobs:
        found.append((f"vigie -j{n}", [vigie, "match", "-r", words, "--count", f"-j{n}", corpus]))
    if shutil.which("rg"):
        found.append(("ripgrep -j1", ["rg", "-j1", "--no-mmap", "-i", "-F", "--count-matches", "-f", words, corpus]))
    if slow and subprocess.run(["/usr/bin/python3", "-c", "import ahocorasick"], stderr=subprocess.DEVNULL).returncode == 0:
        found.append(("Python json + ahocorasick", ["/usr/bin/python3", "-c", AHOCORASICK, words, corpus]))
    if slow and shutil.which("node"):
        found.append(("Node JSON.parse + RegExp", ["node", "--max-old-space-size=4096", "-e", NODE, words, corpus]))
    return found


def measure(title, commands, corpus, rounds):
    size = os.path.getsize(corpus)
    with open(corpus, "rb") as f:
        posts = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
    least, shown = {}, {}
    for i in range(rounds):
        for name, command in commands:
            if i >= 1 and least[name] > 3:
                continue  # slow peers need no more
            seconds, out = run(command)
            least[name] = min(least.get(name, 1e9), seconds)
            shown[name] = out
    print(f"\n{title}: {size / 1e6:.0f} MB, {posts} posts")
    base = least["vigie -j1"]
    for name, _ in commands:
        s = least[name]
        print(
            f"  {name:28} {s:8.3f} s {size / s / 1e9:7.3f} GB/s {posts / s:10.0f} posts/s"
            f"   vigie -j1 is {s / base:6.2f} times as fast   ({shown[name]})"
        )
    sys.stdout.flush()
    return base


def both(command):
    """How long the same command takes twice at once: what two threads could reach here."""
    start = time.perf_counter()
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    for process in started:
        process.wait()
    return time.perf_counter() - start


def scaling(vigie, words, corpus, rounds):
    one = [vigie, "match", "-r", words, "--count", "-j1", corpus]
    two = [vigie, "match", "-r", words, "--count", "-j2", corpus]
    times = [(run(one)[0], run(two)[0], both(one)) for _ in range(2 * rounds)]
    least = [min(column) for column in zip(*times)]
    print(
        f"\ntwo threads are {least[0] / least[1]:.2f} times as fast as one; "
        f"two processes at once do {2 * least[0] / least[2]:.2f} times the work of one"
    )
    sys.stdout.flush()


def main():
    vigie, lines = sys.argv[1], sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    if not os.path.isdir(DATA):
        print("skipped: VIGIE_DATA is not there")
        return 77
    folder = tempfile.mkdtemp(prefix="vigie-bench-")
    try:
        tweets = os.path.join(folder, "tweets-v1.1.ndjson")
        events = os.path.join(folder, "jetstream.ndjson")
        french = os.path.join(folder, "french.ndjson")
        repeat(tweets, os.path.join(DATA, "tweets-v1.1/tweets_v11.ndjson"), 200_000_000)
        repeat(events, os.path.join(DATA, "jetstream/events_v1.ndjson"), 200_000_000)
        repeat(french, os.path.join(DATA, "ndjson/fr_tweets_2022.ndjson"), 110_000_000)
        rare = write_words(os.path.join(folder, "rare-1000"), made_up_words(1000))
        brands = write_words(os.path.join(folder, "brands-1000"), words_of("brands_simple_icons_3k.txt", 1000))
        many = write_words(os.path.join(folder, "rare-100000"), made_up_words(100_000, 2))
        companies = write_words(os.path.join(folder, "companies-500"), words_of("fortune500_us.txt"))
        all_words = words_of("brands_simple_icons_3k.txt") + words_of("fr_communes_35k.txt")
        all_words += words_of("geonames_cities_150k.txt")
        cities = write_words(os.path.join(folder, "names-150000"), sorted(set(all_words))[:150_000])
        measure("tweets v1.1, 1,000 words that do not occur", peers(vigie, lines, rare, tweets, True, [1, 2]), tweets, rounds)
        measure("tweets v1.1, 1,000 brands", peers(vigie, lines, brands, tweets, False, [1]), tweets, rounds)
        measure("tweets v1.1, 100,000 words that do not occur", peers(vigie, lines, many, tweets, False, [1]), tweets, rounds)
        measure("Jetstream events, 1,000 words that do not occur", peers(vigie, lines, rare, events, False, [1, 2]), events, rounds)
        large = os.path.join(folder, "jetstream-large.ndjson")
        repeat(large, os.path.join(DATA, "jetstream/events_v1.ndjson"), 800_000_000)
        scaling(vigie, rare, large, rounds)
        os.unlink(large)
        measure("French tweets, 500 companies", peers(vigie, lines, companies, french, False, [1, 2]), french, rounds)
        measure("French tweets, 150,000 brands, communes and cities", peers(vigie, lines, cities, french, False, [1]), french, rounds)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
