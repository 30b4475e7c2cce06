#!/usr/bin/python3
"""What many keywords and rules cost, beside other engines on the same files in the same run.

    tests/bench/peers.py VIGIE LINES [PEER...]

PEER are programs made of peer_*: they take the keywords and the file. They and the line tools look
at raw lines, so their counts are others; a peer that takes longer than 30 s is given up.
Keywords are names of $VIGIE_DATA, words that occur in the posts, and made-up ones, the same each
time. Without the data there is nothing to measure and the exit code is 77.
"""

import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from match import DATA, PATIENCE_SECONDS, made_up_words, repeat, run, words_of, write_words

MANY = 1_040_000


def words_that_occur(*files):
    """Words of the posts that stand in few of them: a dictionary."""
    seen = collections.Counter()
    for name in files:
        with open(os.path.join(DATA, "ndjson", name), encoding="utf-8") as f:
            for line in f:
                seen.update(set(re.findall(r"[^\W\d_]{5,}", line.split('"text": "', 1)[-1])))
    return sorted(w for w, n in seen.items() if 2 <= n <= 20)


def keyword_files(folder):
    common = words_that_occur("reddit_titles.ndjson", "fr_tweets_2022.ndjson")
    few = random.Random(5).sample(common, 500)
    names = []
    for name in ("fr_communes_35k.txt", "geonames_cities_150k.txt", "brands_simple_icons_3k.txt", "fortune500_us.txt"):
        names += words_of(name)
    many = dict.fromkeys(names + common)
    for word in made_up_words(MANY, 3):
        if len(many) == MANY:
            break
        many[word] = None
    rare = few + made_up_words(MANY - len(few), 4)
    return (
        write_words(os.path.join(folder, "few"), few),
        write_words(os.path.join(folder, "rare"), rare),
        write_words(os.path.join(folder, "many"), list(many)),
        common,
    )


def line_tools(words, corpus, programs):
    found = []
    if shutil.which("rg"):
        found.append(("ripgrep", ["rg", "-j1", "--no-mmap", "-iwF", "-c", "-f", words, corpus]))
    if shutil.which("ugrep"):
        found.append(("ugrep", ["ugrep", "-J1", "-iwF", "-c", "-f", words, corpus]))
    for program in programs:
        found.append((os.path.basename(program), [program, words, corpus]))
    return found


def least(command, rounds):
    best, out = run(command)
    for _ in range(rounds - 1):
        if best > 3:
            break
        best = min(best, run(command)[0])
    return best, out


def table(title, commands, corpus, rounds=3):
    size = os.path.getsize(corpus)
    print(f"\n{title}: {size / 1e6:.0f} MB")
    base = None
    for name, command in commands:
        seconds, out = least(command, rounds)
        base = base or seconds
        if seconds >= PATIENCE_SECONDS or not out:
            why = f"gave up after {PATIENCE_SECONDS} s" if seconds >= PATIENCE_SECONDS else "failed"
            print(f"  {name:24} {why}")
            continue
        print(f"  {name:24} {seconds:8.3f} s {size / seconds / 1e6:8.0f} MB/s {seconds / base:7.2f} times vigie's   ({out})")
    sys.stdout.flush()
    return base


def vigie_match(vigie, rules, corpus):
    return [vigie, "match", "-r", rules, "--count", "-j1", corpus]


def cost(command):
    """Seconds, processor seconds and MB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def ready(vigie, words):
    """The cost until the rules stand: on a file of one post."""
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
        f.write('{"id":"1","text":"rien"}\n')
        f.flush()
        return [min(c) for c in zip(*(cost(vigie_match(vigie, words, f.name)) for _ in range(3)))]


def matching_seconds(vigie, words, corpus):
    """Processor seconds beside those to get ready."""
    whole = min(cost(vigie_match(vigie, words, corpus))[1] for _ in range(3))
    return whole - ready(vigie, words)[1]


def write_rules(path, words, clauses, near):
    rng = random.Random(9)
    with open(path, "w", encoding="utf-8") as f:
        f.write("rules:\n")
        for i in range(10_000):
            a, b, c = (words[(i * 3 + k) % len(words)] for k in range(3))
            d = rng.choice(words)
            f.write(f"- name: r{i}\n")
            if not clauses:
                f.write(f"  any: [{a!r}]\n")
            elif near and i % 3 == 0:
                f.write(f"  query: '\"{a}\" NEAR/8 (\"{b}\" OR \"{d}\") -\"{c}\"'\n")
            else:
                f.write(f"  all: [{a!r}, {b!r}]\n  none: [{c!r}]\n")
    return path


def has_near(vigie, folder):
    path = os.path.join(folder, "near.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write("rules:\n- name: r\n  query: 'a NEAR/3 b'\n")
    return subprocess.run([vigie, "match", "-r", path, "--count", os.devnull], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode in (0, 1)  # as grep: 1 is no match


def main():
    vigie, lines, programs = sys.argv[1], sys.argv[2], sys.argv[3:]
    if not os.path.isdir(DATA):
        print("skipped: VIGIE_DATA is not there")
        return 77
    folder = tempfile.mkdtemp(prefix="vigie-peers-")
    try:
        french, reddit = (os.path.join(folder, n) for n in ("french.ndjson", "reddit.ndjson"))
        repeat(french, os.path.join(DATA, "ndjson/fr_tweets_2022.ndjson"), 74_000_000)
        repeat(reddit, os.path.join(DATA, "ndjson/reddit_titles.ndjson"), 60_000_000)
        few, rare_words, many, common = keyword_files(folder)
        for title, corpus in (("French tweets", french), ("Reddit titles", reddit)):
            bases = []
            for what, words in (
                ("500 keywords", few),
                (f"those and {MANY - 500} that do not occur", rare_words),
                (f"{MANY} keywords, names and words of which most posts hold some", many),
            ):
                commands = [("vigie", vigie_match(vigie, words, corpus)), ("split at newlines", [lines, corpus])]
                table(f"{title}, {what}", commands + line_tools(words, corpus, programs), corpus)
                bases.append(matching_seconds(vigie, words, corpus))
            print(f"  vigie: {MANY} keywords take {bases[1] / bases[0]:.2f} times as long as 500 where as many posts")
            print(f"  match, {bases[2] / bases[0]:.2f} times where most do (processor time, once ready)")
        seconds, _, memory = ready(vigie, many)
        print(f"\n{MANY} keywords: ready in {seconds:.2f} s (2 s are allowed), {memory:.0f} MB (250)")
        near = has_near(vigie, folder)
        rare = random.Random(6).sample(common, 30_000)
        plain = write_rules(os.path.join(folder, "plain.yaml"), rare, False, near)
        clauses = write_rules(os.path.join(folder, "clauses.yaml"), rare, True, near)
        one = table("French tweets, 10,000 rules of one keyword", [("vigie", vigie_match(vigie, plain, french))], french)
        three = table(
            f"French tweets, 10,000 rules of three clauses (AND, NOT{', NEAR' if near else ''})",
            [("vigie", vigie_match(vigie, clauses, french))],
            french,
        )
        print(f"  three clauses take {three / one:.2f} times as long as one (2 are allowed)")
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
