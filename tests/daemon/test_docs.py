#!/usr/bin/python3
"""What the documentation shows is true: each YAML block is read and checked, whole files are clean,
commands and options exist. Run as `test_docs.py PATH_OF_VIGIE`."""

import glob
import json
import os
import re
import subprocess

import harness

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FIRST_LINE = "# yaml-language-server: $schema=vigie.schema.json\n"
SECRET = "whsec_" + 32 * "A"
OWN_MAPS = ("wiki", "relay")  # which the pages show elsewhere
FEEDS = '<opml version="2.0"><body><outline xmlUrl="https://example.org/a"/></body></opml>'
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)


def pages():
    return sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")) + [os.path.join(ROOT, "README.md")])


def blocks():
    """(page, text) of each block of YAML."""
    for path in pages():
        with open(path, encoding="utf-8") as file:
            for match in BLOCK.finditer(file.read()):
                yield os.path.relpath(path, ROOT), match[1]


def section(heading):
    """Of docs/sources.md: what stands below a heading, up to the next one."""
    with open(os.path.join(ROOT, "docs", "sources.md"), encoding="utf-8") as file:
        text = file.read()
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#|\Z)", re.sub(
        r"^```.*?^```$", "", text, flags=re.M | re.S), re.M | re.S)
    if not found:
        raise AssertionError(f"no '{heading}' in docs/sources.md")
    return found[1]


def rows(text):
    """(option, default) of the rows of the first table with options or keys."""
    table = re.search(r"^\| (?:option|key) \| default \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    for line in table[1].splitlines() if table else ():
        names, default = line.split("|")[1:3]
        for name in re.findall(r"`([a-z_]+)`", names):
            yield name, default.strip()


def is_whole(text):
    return re.search(r"^sources:", text, re.M) and re.search(r"^rules:", text, re.M)


class Docs(harness.Case):
    def call(self, *arguments, **environment):
        done = subprocess.run(
            [harness.PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60, check=False, env={**os.environ, **environment})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def check_rules(self, name, text):
        self.write("t.yaml", text)
        code, out, err = self.call("check", "-r", "t.yaml")
        self.assertEqual(code, 0, f"{name}\n{text}\n{err}{out}")
        self.assertNotRegex(err, r": (error|warning): ", name)
        if is_whole(text):
            self.assertEqual(err, "", name)

    def test_whole_files_name_the_schema_in_their_first_line(self):
        whole = [(name, text) for name, text in blocks() if is_whole(text)]
        self.assertTrue(whole)
        for name, text in whole:
            self.assertTrue(text.startswith(FIRST_LINE), name)

    def test_blocks_with_rules_are_right_and_their_tests_pass(self):
        count = 0
        for name, text in blocks():
            if text.startswith("where:"):
                text = "rules:\n- name: r\n  any: [x]\n  " + text
            elif text.startswith("- name:"):
                text = "rules:\n" + text
            if not re.search(r"^(rules|lists):", text, re.M):
                continue
            self.check_rules(name, text)
            count += 1
        self.assertGreaterEqual(count, 5)

    def test_blocks_of_sources_and_the_rest_are_right(self):
        for name, text in blocks():
            if not re.match(r"(#.*\n)*(sources|notifiers|maps|store|http):", text):
                continue
            text = text.replace("type: desktop", "type: print")  # not in every build
            secrets = {key: SECRET if "SECRET" in key else "http://localhost/x"
                       for key in re.findall(r"\{ env: (\w+) \}", text)}
            for path in re.findall(r"\{ file: ([\w.-]+) \}", text):
                os.chmod(self.write(path, "secret\n"), 0o600)
            for path in re.findall(r"\bopml: ([\w.-]+)", text):
                self.write(path, FEEDS)
            if not re.search(r"^rules:", text, re.M):
                text += "rules: [{ name: r, any: x }]\n"
            own = {name for name in re.findall(r"\bmap: ([\w-]+)", text) if name in OWN_MAPS}
            if own and not re.search(r"^maps:", text, re.M):
                text += "maps: { " + ", ".join(f"{m}: {{ text: a }}" for m in sorted(own)) + " }\n"
            self.write("t.yaml", text)
            _, _, err = self.call("check", "-c", "t.yaml", **secrets)
            self.assertNotRegex(err, r": error: ", f"{name}\n{text}\n{err}")

    def test_examples_are_clean(self):
        for path in glob.glob(os.path.join(ROOT, "examples", "*.yaml")):
            code, out, err = self.call("check", "-r", path)
            self.assertEqual((code, err), (0, ""), path)
            self.assertRegex(out, r"^[1-9]\d* passed, 0 failed\n$", path)

    def test_the_examples_of_sources_are_right_also_those_that_need_an_account(self):
        path = os.path.join(ROOT, "examples", "networks.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith(FIRST_LINE))
        for name in ("as it stands", "whole"):
            if name == "whole":
                text = re.sub(r"^  # (?=\w+: +\{)", "  ", text, flags=re.M)
            self.write("networks.yaml", text)
            secrets = {key: SECRET for key in re.findall(r"\{ env: (\w+) \}", text)}
            wanted = secrets if name == "whole" else {}
            code, _, err = self.call("check", "-c", "networks.yaml", **wanted)
            self.assertEqual((code, err), (0, ""), name)
        used = set(re.findall(r"type: ([a-z-]+)", text))
        families = {name.split("-")[0] for name in self.presets()}
        self.assertEqual(set(), families - {name.split("-")[0] for name in used})
        self.assertLess({"feed", "file", "imap", "ingest", "poll"}, used)

    def test_files_that_are_named_exist(self):
        for page in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"):
            with open(os.path.join(ROOT, page), encoding="utf-8") as file:
                named = re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.(?:c|h|py|sh|yaml))`", file.read())
            for path in named:
                if re.search("[A-Z]{3}", path):
                    continue  # FOLDER stands for any
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)), f"{page}: {path}")

    # --- tables ---

    def presets(self):
        code, out, _ = self.call("sources", "presets", "--json")
        self.assertEqual(code, 0)
        return {preset["name"]: preset for preset in map(json.loads, out.splitlines())}

    def schemas(self):
        """The properties of each type and preset: {name: {option: schema}}, and what is required."""
        code, out, _ = self.call("schema")
        self.assertEqual(code, 0)
        kinds = {name[len("source-"):]: schema for name, schema in json.loads(out)["definitions"].items()
                 if name.startswith("source-")}
        return ({name: schema["properties"] for name, schema in kinds.items()},
                {name: set(schema.get("required", [])) for name, schema in kinds.items()})

    def test_tables_of_options_are_what_the_program_has(self):
        properties, required = self.schemas()
        common = {option for option, _ in rows(section("# Sources"))}
        self.assertEqual(common, {"type", "map", "absent"})
        refill = dict(rows(section("### Refilling")))
        for kind in ("feed", "file", "http", "imap", "ingest", "poll", "websocket"):
            shown = dict(rows(section(f"## {kind}")))
            if kind in ("http", "websocket"):
                shown.update(refill)
            self.assertEqual(set(shown), set(properties[kind]) - common, kind)
            for option, default in shown.items():
                where = f"{kind}: {option}: {default}"
                real = properties[kind][option].get("default")
                real = json.dumps(real) if isinstance(real, (bool, int)) else real
                self.assertEqual(option in required[kind], default == "required", where)
                if default == "":
                    continue  # said where it is told first
                written = re.fullmatch(r"`(.*)`", default)
                self.assertEqual(written[1] if written else None, real, where)

    def test_the_table_of_presets_is_what_the_program_has(self):
        table = {}
        for row in re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \| (.*) \|$", section("## Presets"), re.M):
            table[row[0]] = row[1] + "; " + row[2]
        presets = self.presets()
        self.assertEqual(sorted(presets), sorted(table))
        for name, preset in presets.items():
            for parameter in preset["parameters"]:
                key, default = parameter["name"], parameter["default"]
                if key == "timeline":
                    continue  # follows from another
                self.assertIn(f"`{key}`", table[name], name)
                plain = default and "{" not in default and key != "host"
                if plain and f"`{key}` (" in table[name]:
                    self.assertIn(f"`{key}` (`{default}`", table[name], name)
            for option in preset["needs"]:
                self.assertIn(f"`{option}`", table[name], name)

    def test_commands_and_options_that_are_shown_exist(self):
        shown = re.compile(r"(?<![\w/.-])(?:build/)?vigie (sources try|[a-z]+)((?:(?! vigie )[^`\n|#;&])*)")
        helps = {}
        for path in pages():
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for line in re.findall(r"^    .*|`[^`\n]*`", text, re.M):
                for command, rest in shown.findall(line):
                    if command not in helps:
                        code, helps[command], _ = self.call(*command.split(), "--help")
                        self.assertEqual(code, 0, f"{path}: vigie {command}")
                    for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest):
                        self.assertRegex(helps[command], rf"(?<![\w-]){option}(?![\w-])",
                                         f"{path}: vigie {command}{rest}")


if __name__ == "__main__":
    harness.main()
