#!/usr/bin/python3
"""Proves that the folders are floors: who includes whom, and how long things are.

    tests/floors.py [ROOT]       checks the tree; one line a finding; exit 1 if there are any
    tests/floors.py --self-test  proves on a made-up tree that each kind of fault is found

The tables below decide. ARCHITECTURE.md tells them to people; where it says something else,
that is a finding too.
"""

import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ctext  # noqa: E402

# folder: (floor, folders that it may include beside itself; a folder of folders stands for all)
FLOORS = {
    "base": (0, ""),
    "model": (1, "base"),
    "conf": (1, "base"),
    "net": (1, "base"),
    "rules/text": (2.1, "base"),
    "rules/regex": (2.2, "rules/text base"),
    "rules/language": (2.3, "rules/text rules/regex model conf base"),
    "rules/compile": (2.4, "rules/text rules/regex rules/language model base"),
    "rules/scan": (2.5, "rules/text rules/regex rules/language rules/compile model base"),
    "rules/match": (2.5, "rules/text rules/regex rules/language rules/compile model base"),
    "rules/advice": (2.6, "rules model conf base"),
    "alerts": (2, "model conf base"),
    "sources": (2, "model conf net base"),
    "notifiers": (2, "model conf net base"),
    "store": (2, "model base"),
    "web": (3, "model store alerts base"),
    "daemon": (4, "all"),
}

# library: (what its headers look like, the files that may include them)
LIBRARIES = {
    "OpenSSL": (r"openssl/.*", ["base/digest.c"]),
    "yajl": (r"yajl/.*", ["base/json_yajl.c"]),
    "utf8proc": (r"utf8proc\.h", ["base/fold_gen.c"]),
    "libyaml": (r"yaml\.h", ["conf/yaml.c"]),
    "libuv": (r"uv\.h", ["net/*.c", "net/loop.h"]),
    "libcurl": (r"curl/.*", ["net/*.c"]),
    "wslay": (r"wslay/.*", ["net/*.c"]),
    "zlib": (r"zlib\.h", ["net/gunzip.c"]),
    "PCRE2": (r"pcre2.*\.h", ["rules/regex/regex.c"]),
    "Vectorscan": (r"hs/.*|hs\.h", ["rules/regex/literals.c"]),
    "libstemmer": (r"libstemmer\.h", ["rules/text/stem.c"]),
    "libxml2": (r"libxml/.*", ["sources/feed_xml.c"]),
    "GMime": (r"gmime/.*", ["sources/mail_parse.c", "notifiers/email.c"]),
    "GLib": (r"glib.*\.h|gio/.*", ["sources/mail_parse.c", "notifiers/email.c", "notifiers/desktop.c"]),
    "libnotify": (r"libnotify/.*", ["notifiers/desktop.c"]),
    "SQLite": (r"sqlite3\.h", ["store/*.c", "store/*.h"]),
    "libmicrohttpd": (r"microhttpd\.h", ["web/*.c"]),
    "libsystemd": (r"systemd/.*", ["daemon/*.c"]),
    "cmocka": (r"cmocka\.h", ["tests/*"]),
}

# What C11, POSIX.1-2008 and Linux bring; anything else in <> is a library.
SYSTEM = re.compile(
    r"(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal"
    r"|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath"
    r"|threads|time|uchar|wchar|wctype"
    r"|dirent|dlfcn|endian|fcntl|fnmatch|ftw|getopt|glob|grp|iconv|langinfo|libgen|malloc|mqueue"
    r"|netdb|poll|pthread|pwd|regex|sched|search|semaphore|spawn|strings|syslog|termios"
    r"|ucontext|unistd|utime|x86intrin|[a-z]*mmintrin|immintrin|cpuid"
    r"|(sys|arpa|netinet|net|linux|asm|sanitizer)/[a-z0-9_/-]+)\.h"
)

MAX_LINES = {".c": 600, ".h": 150}
MAX_FUNCTION_LINES = 60

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]*)"|<([^>]*)>)', re.MULTILINE)


def folder_of(path):
    """The floor that a file is on: its folder, with one more below if that is a floor."""
    parts = path.split("/")[:-1]
    both = "/".join(parts[:2])
    return both if both in FLOORS else "".join(parts[:1])


def matches(path, pattern):
    """A pattern's star stays within one folder, but tests/* is all below it."""
    if pattern == "tests/*":
        return path.startswith("tests/")
    return re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]*"), path) is not None


def may_include(folder, other):
    if folder in ("tests", "") or folder == other:
        return True
    if folder not in FLOORS:
        return other == "base"
    allowed = FLOORS[folder][1].split()
    if other in allowed or (allowed == ["all"] and other in FLOORS):
        return True
    parent = other.rpartition("/")[0]
    return parent in allowed and FLOORS[other][0] < FLOORS[folder][0]


def conditional_lines(code):
    """The numbers of the lines that stand between #if and #endif."""
    inside = set()
    depth = 0
    for number, line in enumerate(code.splitlines(), 1):
        if re.match(r"\s*#\s*endif", line):
            depth -= 1
        if depth > 0:
            inside.add(number)
        if re.match(r"\s*#\s*if", line):
            depth += 1
    return inside


class Tree:
    """The sources below a root and what is wrong with them."""

    def __init__(self, root):
        self.root = root
        self.findings = []
        self.paths = ctext.files(root, ".c", ".h")
        self.text = {path: ctext.read(root, path) for path in self.paths}
        self.conditional = {}
        self.includes = {path: self.read_includes(path) for path in self.paths}

    def find(self, path, line, message):
        self.findings.append(f"{path}:{line}: {message}")

    def read_includes(self, path):
        """[(line, name, quoted)]; an include inside a comment is none."""
        text = self.text[path]
        code = ctext.bare(text)
        found = []
        self.conditional[path] = conditional_lines(code)
        for match in INCLUDE.finditer(text):
            at = text.index("#", match.start())
            if code[at] == "#":
                quoted = match.group(1) is not None
                found.append((ctext.line_of(text, at), match.group(1 if quoted else 2), quoted))
        return found

    def check(self):
        for path in self.paths:
            for line, name, quoted in self.includes[path]:
                if quoted:
                    self.check_ours(path, line, name)
                else:
                    self.check_library(path, line, name)
            self.check_order(path)
            self.check_once(path)
            self.check_length(path)
        self.check_cycles()
        self.check_page()
        return self.findings

    def check_ours(self, path, line, name):
        folder = folder_of(path)
        if name not in self.text and not self.generated(name):
            self.find(path, line, f"not a file of the tree, written from the root: '{name}'")
            return
        other = folder_of(name)
        if other == "tests" and folder != "tests":
            self.find(path, line, f"only tests include tests: '{name}'")
        elif other != "tests" and not may_include(folder, other):
            self.find(path, line, f"{folder}/ may not include {other}/: '{name}'")
        if name.endswith(".c"):
            self.find(path, line, f"a .c file is never included: '{name}'")

    def generated(self, name):
        """A header that a folder's meson.build makes is named there."""
        folder, _, base = name.rpartition("/")
        meson = os.path.join(folder, "meson.build")
        return (
            folder != ""
            and os.path.exists(os.path.join(self.root, meson))
            and f"'{base}'" in ctext.read(self.root, meson)
        )

    def check_library(self, path, line, name):
        if SYSTEM.fullmatch(name):
            return
        for library, (headers, users) in LIBRARIES.items():
            if re.fullmatch(headers, name):
                if not any(matches(path, user) for user in users + ["tests/*"]):
                    self.find(path, line, f"{library} belongs in {', '.join(users)}: <{name}>")
                return
        self.find(path, line, f"a library that the floors do not know: <{name}>")

    def check_order(self, path):
        """The own header first, then <>, then ours; each block sorted. What stands inside #if
        may stand where it is needed."""
        listed = [item for item in self.includes[path] if item[0] not in self.conditional[path]]
        if path.endswith(".c"):
            own = path[:-2] + ".h"
            if own in self.text and (not listed or listed[0][1] != own):
                self.find(path, listed[0][0] if listed else 1, f"own header comes first: '{own}'")
        # A file without a header of its own name may begin with the one that it implements, and
        # anything of the tests with what every test includes.
        begins = path.endswith(".c") or folder_of(path) == "tests"
        if begins and listed and listed[0][2]:
            if folder_of(listed[0][1]) in (folder_of(path), "tests"):
                listed = listed[1:]
        ours = False
        for (line, name, quoted), following in zip(listed, listed[1:] + [None]):
            if ours and not quoted:
                self.find(path, line, f"system and library headers stand before ours: <{name}>")
            ours = ours or quoted
            if following and following[0] == line + 1 and following[2] == quoted:
                if following[1] < name:
                    self.find(path, following[0], f"not sorted: '{following[1]}'")

    def check_once(self, path):
        if path.endswith(".h"):
            directive = re.search(r"^[ \t]*#.*$", ctext.bare(self.text[path]), re.MULTILINE)
            if not directive or directive.group().split() != ["#pragma", "once"]:
                self.find(path, 1, "a header begins with #pragma once")

    def check_length(self, path):
        text = self.text[path]
        limit = MAX_LINES[path[-2:]]
        lines = text.count("\n")
        if lines > limit:
            self.find(path, limit, f"{lines} lines, the limit is {limit}")
        code = ctext.without_directives(ctext.bare(text))
        for first, last, start, end in ctext.functions(code):
            inside = last - first - 1 - ctext.table_lines(code[start:end])
            if inside > MAX_FUNCTION_LINES:
                self.find(
                    path, first, f"function of {inside} lines, the limit is {MAX_FUNCTION_LINES}"
                )

    def check_cycles(self):
        """Walks from each header; one that meets itself again is a cycle."""
        graph = {
            path: [name for _, name, quoted in self.includes[path] if quoted and name in self.text]
            for path in self.paths
        }
        done = set()
        for start in self.paths:
            trail = [(start, iter(graph[start]))]
            while trail:
                path, rest = trail[-1]
                name = next(rest, None)
                if name is None:
                    done.add(path)
                    trail.pop()
                elif name in [step[0] for step in trail]:
                    self.find(path, 1, f"includes go round in a circle: '{name}'")
                elif name not in done:
                    trail.append((name, iter(graph[name])))

    def check_page(self):
        page = "ARCHITECTURE.md"
        if not os.path.exists(os.path.join(self.root, page)):
            return
        rows = {}
        for number, line in enumerate(ctext.read(self.root, page).splitlines(), 1):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) >= 4 and re.fullmatch(r"\d(\.\d)?", cells[0]):
                rows[cells[1].strip("`").rstrip("/")] = (number, cells)
        for folder, (floor, allowed) in FLOORS.items():
            if folder not in rows:
                self.find(page, 1, f"the floors table lacks {folder}/")
                continue
            number, cells = rows[folder]
            if cells[0] != str(floor):
                self.find(page, number, f"{folder}/ is on floor {floor}")
            if sorted(re.findall(r"[a-z/]+", cells[3])) != sorted(allowed.split()):
                self.find(page, number, f"{folder}/ may include: {allowed or '-'}")
            for library, (_, users) in LIBRARIES.items():
                named = [user.split("/")[-1] for user in users if folder_of(user) == folder]
                named = [user for user in named if "*" not in user and user.endswith(".c")]
                for user in named if library != "GLib" else []:
                    if user not in cells[-1]:
                        self.find(page, number, f"{library} is included in {folder}/{user}")
        for folder in rows:
            if folder not in FLOORS:
                self.find(page, rows[folder][0], f"the floors table of the checks lacks {folder}/")


class SelfTest(unittest.TestCase):
    """Each test writes a small tree with one fault and wants exactly that fault."""

    def findings(self, **files):
        """The name folder__base_ending stands for folder/base.ending."""
        paths = {}
        for name, text in files.items():
            folder, _, base = name.partition("__")
            base, _, ending = base.rpartition("_")
            paths[os.path.join(folder, f"{base}.{ending}")] = text
        return self.findings_of(paths)

    def findings_of(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = os.path.join(root, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            return Tree(root).check()

    def finds(self, wanted, **files):
        found = self.findings(**files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(wanted, found[0])

    ONCE = "/* a header */\n#pragma once\n"

    def test_a_clean_tree_has_no_findings(self):
        found = self.findings(
            base__str_h=self.ONCE,
            model__post_h=self.ONCE + '#include "base/str.h"\n',
            model__post_c='#include "model/post.h"\n\n#include <errno.h>\n#include <stdio.h>\n',
            conf__yaml_c="#include <yaml.h>\n",
            daemon__main_c='#include "base/str.h"\n#include "model/post.h"\n',
            tests__test_c="#include <cmocka.h>\n#include <sqlite3.h>\n",
        )
        self.assertEqual(found, [])

    def test_a_lower_floor_may_not_include_a_higher_one(self):
        self.finds(
            "base/ may not include model/",
            model__post_h=self.ONCE,
            base__str_c='#include "model/post.h"\n',
        )

    def test_folders_of_one_floor_may_not_include_each_other(self):
        self.finds(
            "sources/ may not include notifiers/",
            notifiers__notifier_h=self.ONCE,
            sources__file_c='#include "notifiers/notifier.h"\n',
        )

    def test_floors_within_a_folder_are_floors(self):
        files = {
            "rules/text/text.h": self.ONCE,
            "rules/scan/scan.c": '#include "rules/text/text.h"\n',
            "rules/advice/lint.h": self.ONCE + '#include "rules/text/text.h"\n',
        }
        self.assertEqual(self.findings_of(files), [])
        files["rules/text/text.c"] = '#include "rules/text/text.h"\n\n#include "rules/advice/lint.h"\n'
        found = self.findings_of(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn("rules/text/ may not include rules/advice/", found[0])

    def test_a_library_stays_in_its_file(self):
        self.finds("PCRE2 belongs in rules/regex/regex.c", conf__match_c="#include <pcre2.h>\n")
        self.finds("SQLite belongs in store/*.c, store/*.h", daemon__app_c="#include <sqlite3.h>\n")

    def test_a_library_nobody_knows_is_found(self):
        self.finds("do not know: <zlib.h>", net__http_c="#include <zlib.h>\n")

    def test_includes_are_written_from_the_root(self):
        self.finds(
            "written from the root: 'str.h'",
            base__str_h=self.ONCE,
            base__buf_h=self.ONCE + '#include "str.h"\n',
        )

    def test_the_own_header_comes_first(self):
        self.finds(
            "own header comes first",
            base__str_h=self.ONCE,
            base__str_c='#include <stdio.h>\n\n#include "base/str.h"\n',
        )

    def test_a_second_file_of_a_module_may_begin_with_its_header(self):
        text = '#include "base/str.h"\n\n#include <stdio.h>\n'
        self.assertEqual(self.findings(base__str_h=self.ONCE, base__str_plain_c=text), [])

    def test_ours_come_last_and_blocks_are_sorted(self):
        self.finds(
            "stand before ours: <stdio.h>",
            base__str_h=self.ONCE,
            model__main_c='#include "base/str.h"\n\n#include <stdio.h>\n',
        )
        self.finds("not sorted: 'errno.h'", base__str_c="#include <stdio.h>\n#include <errno.h>\n")

    def test_an_include_under_a_condition_may_stand_where_it_is_needed(self):
        text = '#include "base/str.h"\n\n#if X\n#include <stdio.h>\n#endif\n'
        self.assertEqual(self.findings(base__str_h=self.ONCE, model__main_c=text), [])

    def test_anything_of_the_tests_may_begin_with_check_h(self):
        text = self.ONCE + '#include "tests/check.h"\n\n#include <stdlib.h>\n'
        self.assertEqual(self.findings(tests__check_h=self.ONCE, tests__data_h=text), [])

    def test_circles_of_headers_are_found(self):
        self.finds(
            "in a circle",
            base__a_h=self.ONCE + '#include "base/b.h"\n',
            base__b_h=self.ONCE + '#include "base/a.h"\n',
        )

    def test_a_header_without_pragma_once_is_found(self):
        self.finds("#pragma once", base__str_h="#ifndef STR_H\n#define STR_H\n#endif\n")

    def test_a_file_is_found_one_line_past_its_limit(self):
        self.assertEqual(self.findings(base__a_c="\n" * 600), [])
        self.finds("601 lines", base__a_c="\n" * 601)
        self.finds("151 lines", base__a_h=self.ONCE + "\n" * 149)

    def test_a_function_is_found_one_line_past_its_limit(self):
        body = "int f(void)\n{\n%s}\n"
        self.assertEqual(self.findings(base__a_c=body % ("\tg();\n" * 60)), [])
        self.finds("function of 61 lines", base__a_c=body % ("\tg();\n" * 61))

    def test_tables_do_not_count(self):
        table = "static const int t[] = {\n" + "\t{ 1 },\n" * 100 + "};\n"
        self.assertEqual(self.findings(base__a_c=table), [])
        self.assertEqual(self.findings(base__a_c="int f(void)\n{\n" + table + "}\n"), [])
        body = "int f(void)\n{\n" + table + "\tg();\n" * 59 + "}\n"
        self.finds("function of 61 lines", base__a_c=body)

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(self.findings(base__a_c="/*\n#include <zlib.h>\n*/\n"), [])

    def test_only_tests_include_tests_and_nobody_a_c_file(self):
        self.finds(
            "only tests include tests",
            tests__check_h=self.ONCE,
            base__a_c='#include "tests/check.h"\n',
        )
        self.finds("a .c file is never included", base__a_c="", base__b_c='#include "base/a.c"\n')

    def page(self, change=("", "")):
        rows = ""
        for folder, (floor, allowed) in FLOORS.items():
            rows += f"| {floor} | {folder}/ | what | {allowed or '-'} | "
            rows += " ".join(user for _, users in LIBRARIES.values() for user in users) + " |\n"
        self.assertIn(change[0], rows)
        return rows.replace(*change, 1)

    def test_a_page_that_says_something_else_is_found(self):
        self.assertEqual(self.findings(__ARCHITECTURE_md=self.page()), [])
        changed = {
            "| 2.5 | rules/match/ |": "| 2.4 | rules/match/ |",
            "model store alerts base": "model store base",
            "| 4 | daemon/ |": "| 4 | demon/ |",
            "json_yajl.c": "json.c",
        }
        for old, new in changed.items():
            self.assertNotEqual(self.findings(__ARCHITECTURE_md=self.page((old, new))), [], old)


def main():
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    findings = Tree(os.path.normpath(root)).check()
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
