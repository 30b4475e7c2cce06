#!/usr/bin/python3
"""What 1,000 real regexes cost beside keywords, and beside others who search for regexes.

    tests/bench/regexes.py VIGIE [ROUNDS]

The regexes are SpamAssassin's, logcheck's, OWASP's and Sigma's, each a rule. "with a literal" are
those that `vigie check` calls neither slow nor easy to stall; "as they come" are taken from all. Peers
look at raw lines and stop at the first regex that matches; their counts are not compared. They take
no more than some dozens of such regexes at once. Each command runs ROUNDS times, all in turn; the
processor time of the least counts, making the rules ready included (0.15 s for a thousand regexes).

The regexes are put beside 500 names of companies, which few posts hold, so that hardly any is parsed;
beside 10,000 rules of one keyword of the posts' own, which up to half of the posts hold; and beside 10,000 of
three clauses (AND, NOT, NEAR) of the same, which few match. As they come they hold `.` and `^.`, for which each post is parsed.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile

import peers

DATA = os.environ.get("VIGIE_DATA", "")
PATIENCE_SECONDS = 60
COUNT, FEW = 1000, 50


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
    lines += [f"- {{ name: k{i}, any: [{quoted(word)}] }}" for i, word in enumerate(keywords)]
    lines += [f"- name: x{i}\n  any: [{quoted('/' + p + '/' + f)}]" for i, (p, f) in enumerate(regexes)]
    return "\n".join(lines) + "\n"


def bases(folder, words):
    """Pairs of name and rules without regexes."""
    rare = random.Random(6).sample(peers.words_that_occur("reddit_titles.ndjson", "fr_tweets_2022.ndjson"), 30_000)
    found = [("500 keywords", rules_yaml([], words))]
    for name, clauses in (("10,000 keywords", False), ("10,000 rules of three clauses", True)):
        path = peers.write_rules(os.path.join(folder, "base.yaml"), rare, clauses, True)
        with open(path, encoding="utf-8") as f:
            found.append((name, f.read()))
    return found


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def check(vigie, folder, regexes):
    """By regex: the levels and texts of what is said; in parts, as messages have a ceiling."""
    said = [[] for _ in regexes]
    path = os.path.join(folder, "part.yaml")
    for begin in range(0, len(regexes), 200):
        write(path, rules_yaml(regexes[begin : begin + 200], []))
        done = subprocess.run([vigie, "check", "--json", path], stdout=subprocess.PIPE, check=False)
        for message in json.loads(done.stdout)["messages"]:
            said[begin + (message["line"] - 2) // 2].append((message["level"], message["message"]))
    return said


def sort_out(vigie, folder):
    """Those without a complaint, and all that compile."""
    regexes = real_regexes()
    said = check(vigie, folder, regexes)
    good = [r for r, s in zip(regexes, said) if not any(level == "error" for level, _ in s)]
    said = check(vigie, folder, good)
    fine = [r for r, s in zip(good, said) if not any("is slow" in m or "to stall" in m for _, m in s)]
    print(f"{len(regexes)} regexes, {len(good)} compile, {len(fine)} of these are called neither slow nor easy to stall")
    return fine, good


def run(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        return PATIENCE_SECONDS, "given up"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    shown = done.stdout.decode("utf-8", "replace").strip()[-24:]
    return seconds, shown if done.returncode < 2 else "failed"


def others(one, path):
    found = [(f"grep -P, {FEW} of those", ["grep", "-c", "-P", "-e", one, path])]
    if shutil.which("rg"):
        found.append((f"ripgrep -P, {FEW} of those", ["rg", "-j1", "--no-mmap", "-c", "-P", "-e", one, path]))
        found.append((f"ripgrep, {FEW} of those", ["rg", "-j1", "--no-mmap", "-c", "-e", one, path]))
    return found


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
        groups = []
        for i, (name, text) in enumerate(bases(folder, words)):
            sets = [
                (name, text),
                ("... and 1,000 regexes with a good literal", text + rules_yaml(chosen, []).split("\n", 1)[1]),
                ("... and 1,000 regexes as they come", text + rules_yaml(mixed, []).split("\n", 1)[1]),
            ]
            groups.append([(n, write(os.path.join(folder, f"set{i}{j}.yaml"), t)) for j, (n, t) in enumerate(sets)])
        few = [r for r in chosen if "x" not in r[1]][:FEW]
        alone = write(os.path.join(folder, "few.yaml"), rules_yaml(few, []))
        groups[0].append((f"{FEW} of those alone", alone))
        one = "|".join(f"(?{f}:{p})" if f else f"(?:{p})" for p, f in few)
        for corpus in ("fr_tweets_2022.ndjson", "reddit_titles.ndjson"):
            path = os.path.join(folder, corpus)
            with open(os.path.join(DATA, "ndjson", corpus), "rb") as f:
                data = f.read()
            with open(path, "wb") as f:
                for _ in range(max(1, 150_000_000 // len(data))):
                    f.write(data)  # long enough that getting ready does not count
            title = f"{corpus}, {os.path.getsize(path) / 1e6:.0f} MB"
            for files in groups:
                commands = [(n, [vigie, "match", "-r", f, "--count", "-j1", path]) for n, f in files]
                commands += others(one, path) if files is groups[0] else []
                measure(title, commands, rounds)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
