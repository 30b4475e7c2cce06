"""What the static checks share: the tree's files, and C text without comments and strings."""

import os
import re

SKIPPED = {".git", "__pycache__"}


def files(root, *endings):
    """Paths of all files of the tree, relative to root, sorted; build folders are left out."""
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [
            name
            for name in subfolders
            if name not in SKIPPED and not (folder == root and name.startswith("build"))
        ]
        for name in names:
            if name not in SKIPPED and (not endings or name.endswith(endings)):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


# A comment, a string or a character constant, whichever begins first.
TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)


def bare(text):
    """The text with comments blanked and strings emptied; every line keeps its number."""

    def blank(found):
        token = found.group()
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[0]
        return "".join("\n" if c == "\n" else " " for c in token)

    return TOKEN.sub(blank, text)


def without_directives(text):
    """The same with preprocessor lines blanked, their continuations too."""
    return re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
        lambda found: "\n" * found.group().count("\n"),
        text,
        flags=re.MULTILINE,
    )


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def functions(code):
    """(first line, last line, start, end) of each function's braces; code is bare."""
    found = []
    depth = 0
    start = None
    before = ""
    for at, c in enumerate(code):
        if c == "{":
            if depth == 0 and before == ")":
                start = at
            depth += 1
        elif c == "}":
            depth = max(0, depth - 1)
            if depth == 0 and start is not None:
                found.append((line_of(code, start), line_of(code, at), start, at))
                start = None
        if not c.isspace():
            before = c
    return found


def table_lines(body):
    """How many lines stand inside the initialisers of a function's tables: data, not code."""
    lines = 0
    depth = 0
    start = None
    before = ""
    for at, c in enumerate(body):
        if c == "{":
            if start is None and before == "=":
                start, depth = at, 0
            depth += 1
        elif c == "}":
            depth -= 1
            if start is not None and depth == 0:
                lines += max(0, body.count("\n", start, at) - 1)
                start = None
        if not c.isspace():
            before = c
    return lines
