#!/usr/bin/python3
"""Counts single tests, not executables.

    tests/tally.py BUILD/meson-logs/testlog.json
    tests/tally.py --text EXIT_STATUS FILE    the same for what one program has printed
    tests/tally.py --self-test

Prints "PASSED FAILED SKIPPED", and on standard error the tail of what failed and why things
were skipped. Understands cmocka, Python's unittest and a last line "N passed, N failed";
anything else counts as one test.
"""

import json
import os
import re
import sys
import unittest

TAIL_LINES = 40


def total(pattern, text):
    return sum(int(number) for number in re.findall(pattern, text, re.MULTILINE))


def count_cmocka(text, ok):
    passed = total(r"^\[  PASSED  \] (\d+) test", text)
    failed = total(r"^\[  FAILED  \] (?:.*: )?(\d+) test\(s\), listed", text)
    skipped = total(r"^\[  SKIPPED \] (?:.*: )?(\d+) test\(s\), listed", text)
    if passed + failed + skipped == 0:
        # It died before its summary: what was reported until then, and the one it died in.
        passed = len(re.findall(r"^\[       OK \] ", text, re.MULTILINE))
    return passed, failed or (0 if ok else 1), skipped


def count_unittest(text, ok):
    ran = total(r"^Ran (\d+) tests? in ", text)
    failed = total(r"^FAILED \(.*?failures=(\d+)", text) + total(r"^FAILED \(.*?errors=(\d+)", text)
    skipped = total(r"^(?:OK|FAILED) \(.*?skipped=(\d+)", text)
    failed = failed or (0 if ok else 1)
    return max(0, ran - failed - skipped), failed, skipped


def count_line(text, ok):
    found = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", text, re.MULTILINE)
    passed, failed, skipped = (int(number or 0) for number in found[-1])
    return passed, failed or (0 if ok else 1), skipped


def count(text, ok):
    if re.search(r"^\[==========\] ", text, re.MULTILINE):
        return count_cmocka(text, ok)
    if re.search(r"^Ran \d+ tests? in ", text, re.MULTILINE):
        return count_unittest(text, ok)
    if re.search(r"^\d+ passed, \d+ failed", text, re.MULTILINE):
        return count_line(text, ok)
    return (1, 0, 0) if ok else (0, 1, 0)


def show_failure(name, result, text):
    print(f"--- FAILED: {name} ({result})", file=sys.stderr)
    lines = [line for line in text.splitlines() if not re.match(r"\[( RUN  |       OK )", line)]
    for line in lines[-TAIL_LINES:]:
        print(f"    {line}", file=sys.stderr)


def show_skips(name, text):
    for test in sorted(set(re.findall(r"^\[  SKIPPED \] (\w+)$", text, re.MULTILINE))):
        print(f"    skipped: {name}: {test}", file=sys.stderr)


def tally_meson(path):
    sums = [0, 0, 0]
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            test = json.loads(line)
            text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
            result = test["result"]
            if result == "SKIP":
                counted = (0, 0, 1)
                print(f"    skipped: {test['name']}", file=sys.stderr)
            else:
                counted = count(text, result in ("OK", "EXPECTEDFAIL"))
            if counted[1]:
                show_failure(test["name"], result, text)
            if counted[2]:
                show_skips(test["name"], text)
            sums = [a + b for a, b in zip(sums, counted)]
    return sums


class SelfTest(unittest.TestCase):
    def test_cmocka_summaries_are_added_up(self):
        text = (
            "[==========] a: Running 4 test(s).\n[ RUN      ] x\n[       OK ] x\n"
            "[==========] a: 4 test(s) run.\n[  PASSED  ] 2 test(s).\n"
            "[  SKIPPED ] a: 1 test(s), listed below:\n[  SKIPPED ] y\n"
            "[  FAILED  ] a: 1 test(s), listed below:\n[  FAILED  ] z\n\n 1 FAILED TEST(S)\n"
        )
        self.assertEqual(count(text, False), (2, 1, 1))
        self.assertEqual(count(text + text, False), (4, 2, 2))

    def test_a_cmocka_program_that_died_counts_one_failure(self):
        text = "[==========] a: Running 4 test(s).\n[ RUN      ] x\n[       OK ] x\n[ RUN      ] y\n"
        self.assertEqual(count(text, False), (1, 1, 0))

    def test_success_with_a_bad_exit_is_a_failure(self):
        text = "[==========] a: Running 1 test(s).\n[  PASSED  ] 1 test(s).\n"
        self.assertEqual(count(text, True), (1, 0, 0))
        self.assertEqual(count(text, False), (1, 1, 0))
        self.assertEqual(count("3 passed, 0 failed\n", False), (3, 1, 0))

    def test_unittest_summaries_are_read(self):
        self.assertEqual(count("Ran 5 tests in 0.1s\n\nOK\n", True), (5, 0, 0))
        text = "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=3)\n"
        self.assertEqual(count(text, False), (3, 3, 3))

    def test_a_last_line_is_read(self):
        self.assertEqual(count("1 passed, 0 failed\n7 passed, 2 failed\n", False), (7, 2, 0))
        self.assertEqual(count("7 passed, 2 failed, 1 skipped\n", False), (7, 2, 1))

    def test_anything_else_is_one_test(self):
        self.assertEqual(count("fine\n", True), (1, 0, 0))
        self.assertEqual(count("", False), (0, 1, 0))


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    if sys.argv[1] == "--text":
        with open(sys.argv[3], encoding="utf-8", errors="replace") as file:
            text = file.read()
        sums = count(text, sys.argv[2] == "0")
        if sums[1]:
            show_failure(os.path.basename(sys.argv[3]), f"exit status {sys.argv[2]}", text)
    else:
        sums = tally_meson(sys.argv[1])
    print(*sums)
    return 0


if __name__ == "__main__":
    sys.exit(main())
