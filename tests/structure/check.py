#!/usr/bin/env python3
"""Checks what the compiler cannot: that the rooms of src/ have the shape that ARCHITECTURE.md describes.

Prints one line for each finding, `file:line: the problem, and its remedy`, and exits with 1 when there is any.
"""

import json
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

from headers import check_header_budgets, check_serving_headers
from words import check_words

Finding = namedtuple("Finding", "place text")

# Rooms that meet only at the ports of core/.
STRANGERS = ("gate", "target", "store", "audit")

# Programs for developers, which put the rooms together themselves and which nothing includes.
TOOLS = ("lab",)

# Outside libraries that belong to certain rooms: the first part of the include, and the rooms that may write it.
OWNERS = {
    "openssl": ("crypto", "net"),
    "sodium.h": ("crypto",),
    "sodium": ("crypto",),
    "sqlite3.h": ("db",),
    "libpq-fe.h": ("db",),
    "hiredis": ("db",),
    "curl": (),  # other servers are asked through client/
    "simdjson.h": ("json",),
    "nghttp2": ("http",),
    "CLI": ("app",),
    "unicase.h": ("cel",),
    "uninorm.h": ("cel",),
}

LINES_AT_MOST = 500

# path -> why it is longer than LINES_AT_MOST.
LONG_FILES = {}

# Package registries: which one answers is the affair of the machine. In parts, so that this file names none either.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
]

SOURCE = (".cc", ".h")
TEXT = SOURCE + (".mjs", ".js", ".py", ".sh", ".json", ".yaml", ".yml", ".cmake", ".txt", ".md", ".cfg", ".conf", ".lua", "")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
ROOM_CALL = re.compile(r"gatehouse_room\(\s*(\w+)([^)]*)\)")
ROOM_ORDER = re.compile(r"foreach\(\s*room\s+IN\s+ITEMS\s+([^)]*)\)")
REASON_LIST = re.compile(r"^#define GATEHOUSE_REASONS\(X\)((?:.*\\\n)*.*)$", re.M)


class Tree:
    """The project's own files, each read once: path relative to the top -> text."""

    def __init__(self, texts):
        self.texts = texts
        self.order = self._order()
        self.uses = self._uses()

    @classmethod
    def of_checkout(cls, top):
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=top, check=True, capture_output=True,
        ).stdout.decode()
        texts = {}
        for name in filter(None, listed.split("\0")):
            path = Path(top, name)
            if path.suffix in TEXT and path.is_file() and not is_material(name):
                texts[name] = path.read_text(encoding="utf-8", errors="replace")
        return cls(texts)

    def _order(self):
        found = ROOM_ORDER.search(self.texts.get("src/CMakeLists.txt", ""))
        return found.group(1).split() if found else []

    def _uses(self):
        uses = {}
        for path, text in self.texts.items():
            if not re.fullmatch(r"src/\w+/CMakeLists\.txt", path):
                continue
            for name, rest in ROOM_CALL.findall(re.sub(r"#.*", "", text)):
                words = rest.split()
                used = words[words.index("USES") + 1:] if "USES" in words else []
                if "LIBRARIES" in used:
                    used = used[: used.index("LIBRARIES")]
                uses[name] = used
        return uses

    def sources(self):
        for path, text in sorted(self.texts.items()):
            if path.startswith("src/") and path.endswith(SOURCE) and path.count("/") >= 2:
                yield path, path.split("/")[1], text


def is_material(name):
    """Data that tests read, byte for byte, is not text of the project's."""
    return name.startswith(("tests/fuzz/corpus/", "tests/data/", "tests/golden/")) or "/node_modules" in name


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_room_order(tree):
    """A room's USES line names only rooms that stand before it in src/CMakeLists.txt."""
    for room, used in sorted(tree.uses.items()):
        place = f"src/{room}/CMakeLists.txt:1"
        if room not in tree.order:
            yield Finding(place, f"the room {room} is not in the list of src/CMakeLists.txt")
            continue
        for other in used:
            if other not in tree.order:
                yield Finding(place, f"{room} USES {other}, which is not a room")
            elif tree.order.index(other) >= tree.order.index(room):
                yield Finding(place, f"{room} USES {other}, which stands above it; dependencies go downwards only")
            if room in STRANGERS and other in STRANGERS:
                yield Finding(place, f"{room} USES {other}; {', '.join(STRANGERS)} meet only at the ports of core/")


def check_includes(tree):
    """A file includes its own room, the rooms of its USES line, and the outside libraries that its room owns."""
    rooms = set(tree.uses) | set(tree.order)
    for path, room, text in tree.sources():
        for found in INCLUDE.finditer(text):
            quote, target = found.groups()
            place = f"{path}:{line_of(text, found.start())}"
            first = target.split("/")[0]
            if quote == '"':
                yield from check_own_include(tree, rooms, place, room, target, first)
            owners = OWNERS.get(first)
            if owners is not None and room not in owners and first not in rooms:
                yield Finding(place, f"{'only ' + ' and '.join(owners) if owners else 'no room'} may include <{target}>; ask that room for what you need")


def check_own_include(tree, rooms, place, room, target, first):
    if "/" not in target or first not in rooms:
        yield Finding(place, f'"{target}" does not start with a room; write "room/file.h"')
    elif first in TOOLS and room != first:
        yield Finding(place, f"{first} is a tool for developers; nothing includes it")
    elif room in STRANGERS and first in STRANGERS and first != room:
        yield Finding(place, f"{room} includes {target}; {', '.join(STRANGERS)} meet only at the ports of core/")
    elif room not in TOOLS and first != room and first not in tree.uses.get(room, ()):
        named = " ".join(tree.uses.get(room, ())) or "none"
        yield Finding(place, f"{room} includes {target}, but its USES line names {named}; name {first} there or do without")


OUTGOING = re.compile(r"\b(?:net::connect|connect_tls)\s*\(")


def check_outgoing(tree):
    """client/ alone opens connections: a second way out would be a second TLS policy, and second bounds."""
    for path, room, text in tree.sources():
        if room in ("net", "client") or path.endswith(("_test.cc", "_bench.cc", "testing.h")):
            continue
        for found in OUTGOING.finditer(text):
            yield Finding(f"{path}:{line_of(text, found.start())}", f"{room} opens a connection; only client does: use its pool or fetch()")


def check_anonymous_namespaces(tree):
    """No header has an anonymous namespace: each file that includes it would have types of its own under one name."""
    for path, room, text in tree.sources():
        if not path.endswith(".h"):
            continue
        for found in re.finditer(r"^namespace\s*\{", text, re.M):
            yield Finding(f"{path}:{line_of(text, found.start())}", "a header has an anonymous namespace; give it a name, or move it to the .cc")


def check_length(tree):
    """Files are short; a long one has its reason in LONG_FILES."""
    for path, text in sorted(tree.texts.items()):
        if not path.endswith(SOURCE + (".mjs", ".py")) and path != "dev":
            continue
        lines = text.count("\n")
        if lines > LINES_AT_MOST and path not in LONG_FILES:
            yield Finding(f"{path}:{lines}", f"{lines} lines, more than {LINES_AT_MOST}; divide it, or give its reason in LONG_FILES")
    for path, reason in LONG_FILES.items():
        if path not in tree.texts or tree.texts[path].count("\n") <= LINES_AT_MOST:
            yield Finding(f"{path}:1", "is in LONG_FILES and is not long; take it out")
        elif not reason.strip():
            yield Finding(f"{path}:1", "is in LONG_FILES without a reason")


def check_registries(tree):
    """No file says where packages come from: not by host, and not in a lock file's addresses."""
    for path, text in sorted(tree.texts.items()):
        for host in REGISTRIES:
            at = text.find(host)
            if at >= 0:
                yield Finding(f"{path}:{line_of(text, at)}", f"names the registry {host}; the machine decides where packages come from")
        if path.endswith("package-lock.json"):
            for name, package in json.loads(text).get("packages", {}).items():
                if "resolved" in package:
                    yield Finding(f"{path}:1", f"{name} has a `resolved` address; npm config set omit-lockfile-registry-resolved true, then lock anew")


def reasons_of(tree):
    """The entries X(name, …) of the list GATEHOUSE_REASONS, each with its place."""
    for path, room, text in tree.sources():
        found = REASON_LIST.search(text) if room == "core" else None
        if found:
            for entry in re.finditer(r"\bX\((\w+)", found.group(1)):
                yield entry.group(1), f"{path}:{line_of(text, found.start(1) + entry.start())}"


def check_reasons(tree):
    """Every reason for which a request can be refused is met by a test."""
    tests = [
        text for path, text in tree.texts.items()
        if path.endswith("_test.cc") or path.startswith(("tests/cases/", "tests/e2e/"))
    ]
    words = set()
    for text in tests:
        words.update(re.findall(r"Reason::(\w+)", text))
        words.update(re.findall(r"reason\"?:\s*[\"']?(\w+)", text))
        words.update(re.findall(r"[\"'](\w+)[\"']", text))
    reasons = list(reasons_of(tree))
    if not reasons and "core" in tree.uses:
        yield Finding("src/core/CMakeLists.txt:1", "core/ has no list GATEHOUSE_REASONS(X), so nothing shows that each reason is met")
    for name, place in reasons:
        if name not in words:
            yield Finding(place, f"no test meets Reason::{name}; add a case to src/**/*_test.cc, tests/cases or tests/e2e")


# Reads the text of built-in operations, whose keys are those of gatehouse.yaml.
READS_WITHOUT_LIST = ("src/policy/key_reader.h", "src/policy/built_in.cc")


def check_listed_keys(tree):
    """Keys of the configuration are read by the list of keys alone."""
    for name, text in tree.texts.items():
        if not name.startswith("src/policy/") or name in READS_WITHOUT_LIST or name.endswith("_test.cc"):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if re.search(r"\bdoc::Reader\b", line):
                yield Finding(f"{name}:{number}", "reads keys that the reference may lack; use KeyReader (policy/key_reader.h)")


CHECKS = (
    check_room_order, check_includes, check_outgoing, check_anonymous_namespaces, check_header_budgets, check_serving_headers, check_length,
    check_listed_keys, check_registries, check_reasons, check_words,
)


def findings(tree):
    return [finding for check in CHECKS for finding in check(tree)]


def main():
    found = findings(Tree.of_checkout(Path(__file__).resolve().parents[2]))
    for finding in found:
        print(f"{finding.place}: {finding.text}")
    if found:
        print(f"{len(found)} findings", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
