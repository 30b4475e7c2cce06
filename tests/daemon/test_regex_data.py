#!/usr/bin/python3
"""The cases of the Rust regex crate's test data that mean something here: Unicode, flags and word
boundaries. Run as `test_regex_data.py PATH_OF_VIGIE`; skipped without $VIGIE_DATA/regex-testdata.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib

FILES = ("empty", "flags", "unicode", "word-boundary", "word-boundary-special")

# What a case asks for that no post or no pattern of ours can have.
NOT_OURS = {
    "bounds": "a search in a part of a text",
    "anchored": "a search at one place only",
    "line-terminator": "another end of lines",
    "match-limit": "the first matches only",
}

# By name: why PCRE2, as we use it, says otherwise.
EXCEPTIONS = {
    "unicode/class8": "flag i does not widen \\p{Lu} to small letters",
}

# PCRE2 knows the short names only.
CATEGORIES = dict(
    pair.split("=")
    for pair in """
    Cased_Letter=L& Close_Punctuation=Pe Connector_Punctuation=Pc Control=Cc Currency_Symbol=Sc
    Dash_Punctuation=Pd Decimal_Number=Nd Enclosing_Mark=Me Final_Punctuation=Pf Format=Cf
    Initial_Punctuation=Pi Letter=L Letter_Number=Nl Line_Separator=Zl Lowercase_Letter=Ll
    Mark=M Math_Symbol=Sm Modifier_Letter=Lm Modifier_Symbol=Sk Nonspacing_Mark=Mn Number=N
    Open_Punctuation=Ps Other=C Other_Letter=Lo Other_Number=No Other_Punctuation=Po Other_Symbol=So
    Paragraph_Separator=Zp Private_Use=Co Punctuation=P Separator=Z Space_Separator=Zs
    Spacing_Mark=Mc Symbol=S Titlecase_Letter=Lt Unassigned=Cn Uppercase_Letter=Lu""".split()
)
UNKNOWN_PROPERTIES = ("grapheme_cluster_break", "gcb", "word_break", "wb", "sentence_break", "sb", "age")


def translate(regex):
    for name, short in CATEGORIES.items():
        regex = regex.replace("{" + name + "}", "{" + short + "}")
    return regex


def reason_to_skip(case):
    for key, reason in NOT_OURS.items():
        if key in case:
            return reason
    if case.get("unicode") is False:
        return "classes of ASCII only; here they are Unicode's"
    if "(?-u" in case["regex"]:
        return "classes of ASCII only; here they are Unicode's"
    if any(r"\p{" + name + mark in case["regex"] for name in UNKNOWN_PROPERTIES for mark in "=:"):
        return "properties that PCRE2 does not know"
    if r"\b{" in case["regex"] or r"\<" in case["regex"] or r"\>" in case["regex"]:
        return "Rust's own signs for the start and the end of a word"
    if case.get("utf8") is False or case.get("unescape"):
        return "bytes that are not UTF-8"
    return None


def load(folder):
    cases, skipped = [], {}
    for name in FILES:
        with open(os.path.join(folder, name + ".toml"), "rb") as file:
            for case in tomllib.load(file)["test"]:
                case["name"] = f"{name}/{case['name']}"
                reason = reason_to_skip(case)
                if reason:
                    skipped[reason] = skipped.get(reason, 0) + 1
                else:
                    cases.append(case)
    return cases, skipped


def rules_of(cases):
    lines = ["rules:"]
    for i, case in enumerate(cases):
        flags = "i" if case.get("case-insensitive") else ""
        term = f"/{translate(case['regex'])}/{flags}".replace("'", "''")
        lines.append(f"  - {{ name: r{i}, any: ['{term}'] }}")
    return "\n".join(lines) + "\n"


def run(vigie, cases):
    """By case: the spans found in its own haystack; None: the pattern is refused."""
    with tempfile.TemporaryDirectory(prefix="vigie-test-") as folder:
        rules, posts = os.path.join(folder, "r.yaml"), os.path.join(folder, "p.ndjson")
        found = [None] * len(cases)
        kept = list(range(len(cases)))
        with open(rules, "w", encoding="utf-8") as file:
            file.write(rules_of(cases))
        done = subprocess.run([vigie, "check", "--json", rules], stdout=subprocess.PIPE, check=False)
        messages = json.loads(done.stdout)["messages"]
        bad = {m["line"] - 2 for m in messages if m["level"] == "error"}
        kept = [i for i in kept if i not in bad]
        with open(rules, "w", encoding="utf-8") as file:
            file.write(rules_of([cases[i] for i in kept]))
        with open(posts, "w", encoding="utf-8") as file:
            for i in kept:
                found[i] = []
                file.write(json.dumps({"id": str(i), "text": cases[i]["haystack"]}) + "\n")
        done = subprocess.run(
            [vigie, "match", "-r", rules, "--json", posts], stdout=subprocess.PIPE, check=False, text=True
        )
        for line in done.stdout.splitlines():
            match = json.loads(line)
            i = int(match["post"]["id"])
            if match["rule"] == f"r{kept.index(i)}":
                found[i] = [[hit["from"], hit["to"]] for hit in match["hits"]]
        return found


def spans(case):
    """As [from, to], the groups left out."""
    return [m if isinstance(m[0], int) else m[0] for m in (m["span"] if isinstance(m, dict) else m for m in case["matches"])]


def main():
    folder = os.path.join(os.environ.get("VIGIE_DATA", ""), "regex-testdata", "testdata")
    if not os.path.isdir(folder):
        print("skipped: VIGIE_DATA has no regex-testdata")
        return 77
    cases, skipped = load(folder)
    wrong = passed = empty = 0
    for case, found in zip(cases, run(sys.argv[1], cases)):
        expected = spans(case)
        if found is None and any(a == b for a, b in expected):
            empty += 1  # what can match nothing at all is refused
            continue
        if case["name"] in EXCEPTIONS:
            continue
        if found == expected:
            passed += 1
            continue
        print(f"{case['name']}: {case['regex']!r} in {case['haystack']!r}: found {found}, not {expected}")
        wrong += 1
    for reason, count in sorted(skipped.items()):
        print(f"{count} left out: {reason}")
    print(f"{len(EXCEPTIONS)} exceptions, {empty} refused since they match the empty string")
    print(f"{passed} passed, {wrong} failed")
    return 1 if wrong or passed < 80 else 0


if __name__ == "__main__":
    sys.exit(main())
