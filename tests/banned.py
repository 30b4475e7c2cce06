#!/usr/bin/python3
"""Finds what this project has decided against; CONTRIBUTING.md gives the reasons.

    tests/banned.py [ROOT]       checks the tree; one line a finding; exit 1 if there are any
    tests/banned.py --self-test  proves on made-up files that each kind of fault is found
"""

import fnmatch
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ctext  # noqa: E402

# (functions, where they are allowed, why not elsewhere). *_gen.c makes tables while building.
CALLS = [
    ("strcpy strcat sprintf vsprintf strncpy strncat gets alloca", [], "writes without a limit"),
    ("strtok atoi atol atoll atof", [], "keeps state or hides errors: use base/str.h"),
    ("system popen", [], "runs a shell"),
    ("gmtime localtime asctime ctime", [], "not safe with threads"),
    ("rand srand random", [], "not random: use getrandom"),
    ("sleep usleep nanosleep", ["tests/*"], "blocks: time is an argument, waiting is a timer"),
    ("signal", [], "use sigaction"),
    (
        "malloc calloc realloc free strdup strndup reallocarray aligned_alloc posix_memalign"
        " asprintf vasprintf",
        ["base/*", "tests/*"],
        "use base/mem.h, base/arena.h or base/buf.h",
    ),
    ("printf vprintf puts putchar", ["daemon/cmd_*", "tests/*", "*_gen.c"], "only commands print"),
    (
        "fprintf vfprintf fputs fputc perror",
        ["base/log.c", "daemon/*", "tests/*", "*_gen.c"],
        "only base/log.h and commands write to standard error",
    ),
    ("getopt getopt_long", ["tests/*"], "use daemon/arguments.h"),
    ("strerror strerror_r", ["base/log.c", "tests/*"], "use error_text() of base/log.h"),
]

# Whole words in C that are never right.
WORDS = [(r"typedef\s+(struct|union|enum)\b", "a struct keeps its name: no typedef")]

# In every file. Split so that this file does not find itself.
EVERYWHERE = [
    (r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", "not committed: file an issue"),
    (r"(?<![\w.-])/(wo" r"rk|ro" r"ot|home/(?!me/)[a-z]+)/", "a path of one machine"),
    (r"^(<<<<<<< |>>>>>>> )", "a merge that was not finished"),
]

BINARY = (".png", ".gz", ".zst", ".db", ".ico", ".woff2")
# Inputs of tests: anything may stand in them.
INPUTS = re.compile(r"tests/fuzz/corpus/|(^|/)(golden|data)/")


def call_pattern(names):
    """A call by name; a member of a struct that is called so is another thing."""
    return re.compile(r"(?<![\w.])(?<!->)(" + "|".join(names.split()) + r")\s*\(")


PATTERNS = [(call_pattern(names), allowed, why) for names, allowed, why in CALLS]


def c_findings(path, text):
    code = ctext.bare(text)
    for pattern, allowed, why in PATTERNS:
        if not any(fnmatch.fnmatch(path, place) for place in allowed):
            for match in pattern.finditer(code):
                yield ctext.line_of(code, match.start()), f"{match.group(1)}: {why}"
    for pattern, why in WORDS:
        for match in re.finditer(pattern, code):
            yield ctext.line_of(code, match.start()), why
    yield from macro_findings(code)
    yield from function_findings(code)


def macro_findings(code):
    for match in re.finditer(r"^[ \t]*#[ \t]*define\b(?:[^\n]*\\\n)*[^\n]*", code, re.MULTILINE):
        if re.search(r"\breturn\b", match.group()):
            yield ctext.line_of(code, match.start()), "a macro that returns hides a way out"


def function_findings(code):
    plain = ctext.without_directives(code)
    conditions = [ctext.line_of(code, m.start()) for m in re.finditer(r"(?m)^[ \t]*#[ \t]*if", code)]
    for first, last, start, end in ctext.functions(plain):
        body = plain[start:end]
        for match in re.finditer(r"\bgoto\s+(\w+)\s*;", body):
            label = re.search(r"(?m)^\s*" + match.group(1) + r"\s*:(?!:)", body)
            if label and label.start() < match.start():
                yield first + ctext.line_of(body, match.start()) - 1, "goto goes down only"
        for line in conditions:
            if first < line < last:
                yield line, "no #if inside a function: give the other case its own function"


def text_findings(text):
    for pattern, why in EVERYWHERE:
        for match in re.finditer(pattern, text, re.MULTILINE):
            yield ctext.line_of(text, match.start()), f"'{match.group().strip()}': {why}"


def check(root):
    findings = []
    for path in ctext.files(root):
        if path.endswith(BINARY) or INPUTS.search(path) or not os.path.isfile(
            os.path.join(root, path)
        ):
            continue
        text = ctext.read(root, path)
        found = list(text_findings(text))
        if path.endswith((".c", ".h")):
            found += c_findings(path, text)
        findings += [f"{path}:{line}: {what}" for line, what in sorted(found)]
    return findings


class SelfTest(unittest.TestCase):
    def findings(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
            return check(root)

    def finds(self, path, text, *wanted):
        found = self.findings(path, text)
        self.assertEqual(len(found), len(wanted), found)
        for line, want in zip(found, wanted):
            self.assertIn(want, line)

    def test_every_banned_function_is_found_where_it_is_not_allowed(self):
        for names, _, _ in CALLS:
            for name in names.split():
                self.finds("model/a.c", f"int f(void)\n{{\n\t{name} (x);\n}}\n", f"a.c:3: {name}:")

    def test_every_function_is_let_through_where_it_is_allowed(self):
        for names, allowed, _ in CALLS:
            for place in allowed:
                for name in names.split():
                    path = place.replace("*", "a/b") + ("" if place.endswith(".c") else ".c")
                    self.finds(path, f"int f(void)\n{{\n\t{name}(x);\n}}\n")

    def test_comments_strings_members_and_longer_words_are_no_calls(self):
        text = (
            "/* malloc(1) */\n// system(x)\nconst char *s = \"say \\\" printf(x)\";\n"
            "void g(struct t *t)\n{\n\tt->free(t);\n\tt->f.signal(1);\n\tmy_free(t);\n"
            "\tuv_signal_stop(t);\n\tint rand = 0;\n\tuse(&rand);\n\tchar c = '\"';\n}\n"
            "void h(void) __attribute__((format(printf, 1, 2)));\n"
        )
        self.finds("model/a.c", text)

    def test_notes_to_oneself_are_found_in_any_file(self):
        for word in ("TO" + "DO", "FIX" + "ME", "X" + "XX"):
            self.finds("docs/a.md", f"one\n{word}: later\n", "docs/a.md:2:")
            self.finds("base/a.c", f"/* {word} */\n", "base/a.c:1:")

    def test_paths_of_one_machine_are_found(self):
        for path in ("/wo" + "rk/main", "/home" + "/ada/x", "/ro" + "ot/.config"):
            self.finds("tools/a.sh", f"cd {path}\n", "a path of one machine")
        self.finds("tools/a.sh", "cd /tmp/x; ls a/wo" + "rk/b ~/home/x ./root/\n")

    def test_typedefs_of_structs_are_found(self):
        self.finds("base/a.h", "typedef struct a a_t;\n", "no typedef")

    def test_a_macro_that_returns_is_found_also_over_several_lines(self):
        self.finds("base/a.h", "#define A(x) \\\n\tif (x) \\\n\t\treturn\n", "a.h:1: a macro")

    def test_goto_upwards_is_found_and_downwards_is_not(self):
        up = "void f(void)\n{\nagain:\n\tg();\n\tgoto again;\n}\n"
        down = "void f(void)\n{\n\tgoto out;\nout:\n\tg();\n}\n"
        self.finds("base/a.c", up, "a.c:5: goto goes down only")
        self.finds("base/a.c", down)
        self.finds("base/a.c", down + down + "int g(void)\n{\nout:\n\treturn 1;\n}\n")

    def test_a_condition_of_the_preprocessor_inside_a_function_is_found(self):
        text = "#if A\n#endif\nvoid f(void)\n{\n#ifdef B\n\tg();\n#endif\n}\n"
        self.finds("base/a.c", text, "a.c:5: no #if inside a function")


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    findings = check(os.path.normpath(root))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
