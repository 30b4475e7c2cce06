#!/usr/bin/python3
"""What 1,000 real regexes cost beside 500 keywords, and beside others who search for regexes.

    tests/bench/regexes.py VIGIE [ROUNDS]

The regexes are SpamAssassin's, logcheck's, OWASP's and Sigma's, each a rule. "with a literal" are
those for which vigie need not parse each post; "as they come" are taken from all. Peers look at raw
lines and stop at the first regex that matches; their counts are not compared. Each command runs
ROUNDS times, all in turn, and the least time counts.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

DATA = os.environ.get("VIGIE_DATA", "")
PATIENCE_SECONDS = 60
COUNT = 1000


def real_regexes():
    """Pairs of pattern and flags, as the files have them."""
    found = []
    folder = os.path.join(DATA, "regexes")
    with open(os.path.join(folder, "spamassassin_rules.tsv"), encoding="utf-8", errors="replace") as f:
        for line in f:
            cell = (line.rstrip("\n").split("\t") + [""] * 4)[3]
            end = cell.rfind("/")
            if cell.startswith("/") and end > 1 and all(c in "imsx" for c in cell[end + 1 :]):
                found.append((cell[1:end], "".join(sorted(set(cell[end + 1 :])))))
    for name in ("logcheck_ere.txt", "owasp_crs_rx.txt", "sigma_re.txt"):
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
            found += [(line.rstrip("\n"), "") for line in f if line.strip()]
    return sorted(set(found))


def rules_yaml(regexes, keywords):
    quoted = lambda text: "'" + text.replace("'", "''") + "'"
    lines = ["rules:"]
    lines += [f"  - {{ name: k{i}, any: [{quoted(word)}] }}" for i, word in enumerate(keywords)]
    lines += [f"  - name: r{i}\n    any: [{quoted('/' + p + '/' + f)}]" for i, (p, f) in enumerate(regexes)]
    return "\n".join(lines) + "\n"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def check(vigie, path):
    done = subprocess.run([vigie, "check", "--json", path], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)["messages"]


def sort_out(vigie, folder):
    """Those that compile: with a literal, and all."""
    path = os.path.join(folder, "all.yaml")
    regexes = real_regexes()
    write(path, rules_yaml(regexes, []))
    bad = {m["line"] for m in check(vigie, path) if m["level"] == "error"}
    good = [r for i, r in enumerate(regexes) if 3 + 2 * i not in bad]
    write(path, rules_yaml(good, []))
    slow = {m["line"] for m in check(vigie, path) if "is slow" in m["message"]}
    with_literal = [r for i, r in enumerate(good) if 2 + 2 * i not in slow]
    print(f"{len(regexes)} regexes, {len(good)} compile, {len(with_literal)} of these with a literal")
    return with_literal, good


def run(command):
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return PATIENCE_SECONDS, "given up"
    return time.perf_counter() - start, done.stdout.decode("utf-8", "replace").strip()[-24:]


def measure(title, commands, rounds):
    least, shown = {}, {}
    for _ in range(rounds):
        for name, command in commands:
            if least.get(name, 0) > 10:
                continue  # slow peers need no more
            seconds, out = run(command)
            least[name] = min(least.get(name, 1e9), seconds)
            shown[name] = out
    print(f"\n{title}")
    base = least[commands[0][0]]
    for name, _ in commands:
        print(f"  {name:44} {least[name]:8.3f} s {least[name] / base:8.2f} times the keywords   ({shown[name]})")
    sys.stdout.flush()


def main():
    vigie = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    if not os.path.isdir(DATA):
        print("skipped: VIGIE_DATA is not there")
        return 77
    folder = tempfile.mkdtemp(prefix="vigie-bench-")
    try:
        with_literal, everything = sort_out(vigie, folder)
        rng = random.Random(1)
        chosen = rng.sample(with_literal, COUNT)
        mixed = rng.sample(everything, COUNT)
        with open(os.path.join(DATA, "keywords/fortune500_us.txt"), encoding="utf-8") as f:
            words = [w.strip() for w in f if w.strip() and w[0] not in "/#@$="][:500]
        sets = [
            ("500 keywords", rules_yaml([], words)),
            ("... and 1,000 regexes with a literal", rules_yaml(chosen, words)),
            ("... and 1,000 regexes as they come", rules_yaml(mixed, words)),
        ]
        files = [(n, write(os.path.join(folder, f"set{i}.yaml"), text)) for i, (n, text) in enumerate(sets)]
        patterns = write(
            os.path.join(folder, "patterns"),
            "".join((f"(?{f})" if f else "") + p + "\n" for p, f in chosen if "x" not in f),
        )
        one = "|".join(f"(?{f}:{p})" if f else f"(?:{p})" for p, f in chosen if "x" not in f)
        for corpus in ("fr_tweets_2022.ndjson", "reddit_titles.ndjson"):
            path = os.path.join(DATA, "ndjson", corpus)
            commands = [(n, [vigie, "match", "-r", f, "--count", path]) for n, f in files]
            if shutil.which("rg"):
                commands.append(("ripgrep -P, those with a literal", ["rg", "-j1", "--no-mmap", "-c", "-P", "-f", patterns, path]))
                commands.append(("ripgrep, those with a literal", ["rg", "-j1", "--no-mmap", "-c", "-f", patterns, path]))
            commands.append(("grep -P, those with a literal", ["grep", "-c", "-P", "-e", one, path]))
            measure(f"{corpus}, {os.path.getsize(path) / 1e6:.0f} MB", commands, rounds)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
