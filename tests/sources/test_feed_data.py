#!/usr/bin/python3
"""Compares what we read in feeds with what other readers expect there, field by field.

    test_feed_data.py PATH_OF_FEED_DUMP [--all]     --all also lists the differences that are known

feedparser's tests have their expectation as a Python expression in a comment, gofeed's as a JSON
file beside the feed. The full-size feeds have none: python3-feedparser is asked, where installed.
Texts are compared as plain text, since that is what we make of them. At least 98 % of what can be
compared must agree, and each difference must be in EXCEPTIONS, with its reason.
"""

import ast
import calendar
import datetime
import json
import os
import re
import subprocess
import sys
import warnings

DATA = os.environ.get("VIGIE_DATA", "")
DUMP = sys.argv[1] if len(sys.argv) > 1 else ""
LEAST = 0.98

# (end of path, field): why ours differs.
OPAQUE = "an id is text and no link: it is not resolved"
FIRST = "of several links the first is taken"
EXCEPTIONS = {
    ("entity_in_doctype.xml", "entries.0.guid"): "what a document declares is never expanded",
    ("item_description_not_a_doctype.xml", "entries.0.description"):
        "a browser shows nothing of <!' ...>",
    ("entry_created_multiple_values.xml", "entries.0.created_parsed"):
        "of several dates the first is taken",
    ("rdf_channel_links.xml", "feed.link"): FIRST,
    ("rdf_item_links.xml", "entry.link"): FIRST,
    ("rss_channel_item_links.xml", "entry.link"): FIRST,
    ("rss_channel_links.xml", "feed.link"): FIRST,
    ("entry_id_xml_base.xml", "entry.id"): OPAQUE,
    ("atp.rss", "entry.author"): "dc:creator names a person, itunes:author a show",
}
# The same where the peer is plainly wrong: not compared, but counted.
PEER_WRONG = {
    ("kc0011.rss", "entry.(published|updated)"): "feedparser reads 2020/1/10 as November 2020",
    ("cloudblog.rss", "entry.content"): "feedparser takes the description of a preview in <og>",
}

# ---- what there is to compare with ----


def expression(path):
    with open(path, "rb") as f:
        head = f.read(4000)
    for encoding in ("utf-8", "windows-1252"):
        try:
            found = re.search(r"Expect:\s*(.*?)\s*\n(?=\s*(?:-->|\w+:))", head.decode(encoding), re.S)
            return found.group(1) if found else None
        except UnicodeDecodeError:
            continue
    return None


def steps_of(node):
    """entries[0]['title'] as ['entries', 0, 'title']; None if it is something else."""
    steps = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            steps.append(node.slice.value)
        elif isinstance(node, ast.Attribute):
            steps.append(node.attr)
        else:
            return None
        node = node.value
    return [node.id] + steps[::-1]


def comparisons(node):
    """All PATH == VALUE of an expression that is an `and` of such."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for value in node.values:
            yield from comparisons(value)
    elif isinstance(node, ast.Compare) and all(isinstance(o, ast.Eq) for o in node.ops):
        sides = [node.left] + node.comparators
        try:
            value = ast.literal_eval(sides[-1])
        except ValueError:
            return
        for side in sides[:-1]:
            steps = steps_of(side)
            if steps:
                yield steps, value


def feedparser_cases(root):
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            wanted = expression(path) if name.endswith(".xml") else None
            if not wanted:
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tree = ast.parse(wanted, mode="eval").body
            except SyntaxError:
                continue
            for steps, value in comparisons(tree):
                yield path, steps, value


def person(entry, key):
    return entry["authors"][0].get(key) if entry["authors"] else None


def joined(author):
    name, email = author.get("name"), author.get("email")
    return f"{name} ({email})" if name and email else name or email


def whole_author(entry):
    return joined(entry["authors"][0]) if entry["authors"] else None


PERSON = {"name": "name", "email": "email", "url": "url", "href": "url", "uri": "url"}


def ours_for_feedparser(feed, steps):
    """(kind, value) of what feedparser has there; None where we have no such field."""
    if steps[0] == "entries" and len(steps) > 2 and isinstance(steps[1], int):
        if steps[1] >= len(feed["entries"]):
            return "text", None
        at, rest, of_entry = feed["entries"][steps[1]], steps[2:], True
    elif steps[0] in ("feed", "channel"):
        at, rest, of_entry = feed, steps[1:], False
    else:
        return None
    key = ".".join(str(step) for step in rest)
    if key in ("title", "title_detail.value"):
        return "text", at.get("title")
    if key in ("id", "guid"):
        return "exact", at.get("id")
    if key == "link":
        return "exact", at.get("link")
    if of_entry and key in ("summary", "description", "summary_detail.value"):
        # feedparser takes the content for a summary that is missing.
        return "text", at.get("summary") or at.get("content")
    if not of_entry and key in ("subtitle", "description", "tagline", "subtitle_detail.value",
                                "tagline_detail.value"):
        return "text", at.get("summary")
    if key == "content.0.value":
        return "text", at.get("content")
    if key == "author":
        return "exact", whole_author(at)
    if rest[0] == "author_detail" and rest[1] in PERSON:
        return "exact", person(at, PERSON[rest[1]])
    if rest[0] == "authors" and len(rest) == 3 and rest[2] in PERSON:
        people = at["authors"]
        return "exact", people[rest[1]].get(PERSON[rest[2]]) if rest[1] < len(people) else None
    if of_entry and key in ("published_parsed", "created_parsed"):
        return "time", at.get("published")
    if key == "updated_parsed":
        return "time", at.get("updated") or at.get("published")
    if key == "category":
        return "exact", at["tags"][0] if at["tags"] else None
    if rest[0] == "tags" and len(rest) == 3 and rest[2] == "term":
        return "exact", at["tags"][rest[1]] if rest[1] < len(at["tags"]) else None
    if of_entry and rest[0] == "enclosures" and len(rest) == 3:
        part = {"url": "url", "href": "url", "type": "type", "length": "length"}.get(rest[2])
        links = at["enclosures"]
        return part and ("exact", links[rest[1]].get(part) if rest[1] < len(links) else None)
    if key == "ttl":
        return "exact", str(at["ttl"])
    if key == "language":
        return "exact", at.get("lang")
    return None


def gofeed_pairs(feed, wanted, atom):
    """(field, kind, ours, theirs) of a gofeed expectation."""
    def of_both(at, want, prefix):
        yield prefix + "title", "text", at.get("title"), want.get("title")
        for i, tag in enumerate(want.get("categories", [])):
            ours = at["tags"][i] if i < len(at["tags"]) else None
            if tag.get("term") or tag.get("value"):
                yield f"{prefix}tags.{i}", "text", ours, tag.get("term") or tag.get("value")
        for i, author in enumerate(want.get("authors", [])):
            ours = at["authors"][i] if i < len(at["authors"]) else {}
            for key in ("name", "email", "uri"):
                yield (f"{prefix}authors.{i}.{key}", "text", ours.get(PERSON[key]),
                       author.get(key))
        yield prefix + "updated", "time", at.get("updated"), want.get(
            "updatedParsed") or want.get("lastBuildDateParsed")

    yield from of_both(feed, wanted, "feed.")
    yield "feed.id", "exact", feed.get("id"), wanted.get("id")
    yield "feed.summary", "text", feed.get("summary"), wanted.get("subtitle") or wanted.get(
        "description")
    yield "feed.language", "exact", feed.get("lang"), wanted.get("language")
    if not atom:
        yield "feed.link", "exact", feed.get("link"), wanted.get("link")
        yield "feed.ttl", "exact", str(feed["ttl"]), wanted.get("ttl")
        yield "feed.skipHours", "exact", feed["skip_hours"], sum(
            1 << int(hour) % 24 for hour in wanted.get("skipHours", [])) or None
        days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        yield "feed.skipDays", "exact", feed["skip_days"], sum(
            1 << days.index(day) for day in wanted.get("skipDays", [])) or None
    items = wanted.get("entries" if atom else "items") or []
    yield "entries", "exact", len(feed["entries"]), len(items) or None
    for want, at in zip(items, feed["entries"]):
        yield from of_both(at, want, "entry.")
        if atom:
            yield "entry.id", "exact", at.get("id"), want.get("id")
            yield "entry.summary", "text", at.get("summary"), want.get("summary")
            yield "entry.content", "text", at.get("content"), (want.get("content") or {}).get(
                "value")
            yield "entry.published", "time", at.get("published"), want.get("publishedParsed")
            links = [link for link in want.get("links", []) if link.get("rel") == "alternate"]
            yield "entry.link", "exact", at.get("link"), links[0].get("href") if links else None
            continue
        yield "entry.id", "exact", at.get("id"), (want.get("guid") or {}).get("value")
        yield "entry.link", "exact", at.get("link"), want.get("link")
        yield "entry.summary", "text", at.get("summary"), want.get("description")
        yield "entry.content", "text", at.get("content"), want.get("content")
        yield "entry.author", "exact", whole_author(at), want.get("author")
        yield "entry.published", "time", at.get("published"), want.get("pubDateParsed")
        for i, enclosure in enumerate(want.get("enclosures", [])):
            ours = at["enclosures"][i] if i < len(at["enclosures"]) else {}
            for key in ("url", "type", "length"):
                yield f"entry.enclosures.{i}.{key}", "exact", ours.get(key), enclosure.get(key)


def split_tags(tags):
    """Some feeds have one text with commas where a list belongs."""
    return [tag.strip() for tag in tags.split(",")] if tags and isinstance(tags, str) else tags


def json_pairs(feed, wanted):
    yield "feed.title", "text", feed.get("title"), wanted.get("title")
    yield "feed.link", "exact", feed.get("link"), wanted.get("home_page_url")
    yield "feed.self", "exact", feed.get("self"), wanted.get("feed_url")
    yield "feed.next", "exact", feed.get("next"), wanted.get("next_url")
    for want, at in zip(wanted.get("items", []), feed["entries"]):
        yield "entry.id", "exact", at.get("id"), want.get("id")
        yield "entry.link", "exact", at.get("link"), want.get("url")
        yield "entry.title", "text", at.get("title"), want.get("title")
        yield "entry.summary", "text", at.get("summary"), want.get("summary")
        yield "entry.content", "text", at.get("content"), want.get("content_text") or want.get(
            "content_html")
        yield "entry.published", "time", at.get("published"), want.get("date_published")
        yield "entry.updated", "time", at.get("updated"), want.get("date_modified")
        authors = want.get("authors") or [want.get("author") or {}]
        yield "entry.author", "exact", person(at, "name"), authors[0].get("name")
        yield "entry.tags", "exact", at["tags"] or None, split_tags(want.get("tags"))


def peer_pairs(feed, peer):
    """feedparser's own reading of a whole feed."""
    yield "feed.title", "text", feed.get("title"), peer.feed.get("title")
    yield "entries", "exact", len(feed["entries"]), len(peer.entries)
    for want, at in zip(peer.entries, feed["entries"]):
        yield "entry.id", "exact", at.get("id"), want.get("id")
        yield "entry.link", "exact", at.get("link"), want.get("link")
        yield "entry.title", "text", at.get("title"), want.get("title")
        if "content" in want:
            yield "entry.content", "text", at.get("content"), want.content[0].value
        elif want.get("summary"):
            yield "entry.summary", "text", at.get("summary"), want.summary
        yield "entry.author", "member", [joined(a) for a in at["authors"]], want.get("author")
        yield "entry.published", "time", at.get("published") or at.get("updated"), want.get(
            "published_parsed")
        yield "entry.updated", "time", at.get("updated") or at.get("published"), want.get(
            "updated_parsed")
        for i, tag in enumerate(want.get("tags", [])[:64]):
            yield f"entry.tags.{i}", "member", at["tags"], tag.get("term") or tag.get("label")


# ---- comparing ----


def read(path, base=""):
    out = subprocess.run([DUMP, path, "", base], capture_output=True, check=True, timeout=30)
    return json.loads(out.stdout)


def seconds(value):
    if value is None:
        return None
    if isinstance(value, (tuple, list)):
        return calendar.timegm(tuple(value)[:6] + (0, 0, 0))
    value = re.sub(r"(\.\d{1,6})\d*", r"\1", value).replace("Z", "+00:00")
    value = re.sub(r"\.(\d{1,5})(?=\+)", lambda m: "." + m.group(1).ljust(6, "0"), value)
    return int(datetime.datetime.fromisoformat(value).timestamp())


def as_texts(values):
    """What our own HTML to text makes of them."""
    out = subprocess.run([DUMP, "--text"], capture_output=True, check=True, timeout=60,
                         input=b"".join(value.encode("utf-8", "replace") + b"\0" for value in values))
    return [text.decode() for text in out.stdout.split(b"\0")[:-1]]


def listed(table, path, field):
    return next((why for (end, name), why in table.items()
                 if path.endswith(end) and re.fullmatch(name, field)), None)


def folded(text):
    return " ".join((text or "").split())


class Tally:
    def __init__(self, name):
        self.name, self.pending, self.left_out = name, [], 0

    def add(self, path, field, kind, ours, theirs):
        # An expectation that a field is missing or empty says little: gofeed drops defaults.
        if listed(PEER_WRONG, path, field):
            self.left_out += 1
        elif theirs is not None and theirs != "":
            self.pending.append((path, field, kind, ours, theirs))

    def agrees(self, kind, ours, theirs, text):
        if kind == "text":
            return folded(ours) in (folded(text), folded(theirs))
        if kind == "time":
            return seconds(ours) == seconds(theirs)
        if kind == "member":
            return any(folded(tag) in (folded(theirs), folded(text)) for tag in ours)
        if isinstance(theirs, str):
            return folded(None if ours is None else str(ours)) in (folded(theirs), folded(text))
        return ours == theirs

    def finish(self, show_all):
        texts = iter(as_texts([row[4] for row in self.pending if isinstance(row[4], str)]))
        bad, unknown = 0, 0
        for path, field, kind, ours, theirs in self.pending:
            text = next(texts) if isinstance(theirs, str) else ""
            if self.agrees(kind, ours, theirs, text):
                continue
            bad += 1
            reason = listed(EXCEPTIONS, path, field)
            unknown += reason is None
            if reason is None or show_all:
                print(f"  {os.path.basename(path)} {field}: {ascii(ours)[:150]} instead of "
                      f"{ascii(theirs)[:150]}{f' ({reason})' if reason else ''}")
        count = len(self.pending)
        share = 1 - bad / count if count else 1
        print(f"{self.name}: {count - bad} of {count} fields agree, {100 * share:.2f} %; "
              f"{bad - unknown} differences are known, {unknown} are not; "
              f"{self.left_out} not compared, the peer being wrong")
        return share >= LEAST and not unknown


def compare_feedparser():
    tally, feeds, left_out = Tally("feedparser"), {}, 0
    for path, steps, value in feedparser_cases(os.path.join(DATA, "feedparser")):
        if path not in feeds:
            feeds[path] = read(path)
        if "entries" not in feeds[path]:
            tally.add(path, "feed", "exact", feeds[path].get("reason"), "a feed")
            continue
        found = ours_for_feedparser(feeds[path], steps)
        if not found:
            left_out += 1
            continue
        tally.add(path, ".".join(str(step) for step in steps), found[0], found[1], value)
    print(f"feedparser: {left_out} expectations are about fields that we do not have")
    return tally


def compare_gofeed():
    tally, root = Tally("gofeed"), os.path.join(DATA, "gofeed/testdata/parser")
    for kind in ("rss", "atom"):
        for name in sorted(os.listdir(os.path.join(root, kind))):
            path = os.path.join(root, kind, name)
            if not name.endswith(".xml") or not os.path.exists(path[:-3] + "json"):
                continue
            with open(path[:-3] + "json", encoding="utf-8") as f:
                wanted = json.load(f)
            feed = read(path)
            if "entries" not in feed:
                tally.add(path, "feed", "exact", feed.get("reason"), "a feed")
                continue
            for pair in gofeed_pairs(feed, wanted, kind == "atom"):
                tally.add(path, *pair)
    for name in sorted(os.listdir(os.path.join(root, "json"))):
        path = os.path.join(root, "json", name)
        if name.endswith("_expected.json"):
            with open(path, encoding="utf-8") as f:
                wanted = json.load(f)
            for pair in json_pairs(read(path.replace("_expected", "")), wanted):
                tally.add(path, *pair)
    return tally


def compare_real():
    tally = Tally("full-size feeds")
    root = os.path.join(DATA, "real-feeds/Tests/RSParserTests/Resources")
    try:
        import feedparser
    except ImportError:
        feedparser = None
        print("skipped: XML feeds of full size, without python3-feedparser")
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if name.endswith(".json"):
            with open(path, encoding="utf-8") as f:
                try:
                    wanted = json.load(f)
                except ValueError:
                    continue
            if "jsonfeed.org" in str(wanted.get("version")):
                for pair in json_pairs(read(path), wanted):
                    tally.add(path, *pair)
        elif feedparser and name.endswith((".rss", ".atom", ".xml", ".rdf")):
            with open(path, "rb") as f:
                peer = feedparser.parse(f.read(), sanitize_html=False, resolve_relative_uris=False)
            for pair in peer_pairs(read(path), peer):
                tally.add(path, *pair)
    return tally


def main():
    if not os.path.isdir(os.path.join(DATA, "feedparser")):
        print("skipped: comparison of feeds, VIGIE_DATA is not there")
        return 77
    results = [compare().finish("--all" in sys.argv)
               for compare in (compare_feedparser, compare_gofeed, compare_real)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
