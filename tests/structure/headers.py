"""The headers that the rooms' headers include: each file that includes one pays for all of it, in every compilation.

Run by itself, it prints the table.
"""

import re
from collections import deque, namedtuple

Finding = namedtuple("Finding", "place text")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)

# The lines of the project's headers that the heaviest header of a room pulls in, itself included, at most: about a sixth more than it was
# when the line was written. Raise a number only with the reason in the commit; lower it where a header has become leaner.
LINES_AT_MOST = {
    "app": 11700,
    "audit": 1450,
    "base": 150,
    "cel": 1450,
    "client": 2900,
    "core": 2250,
    "crypto": 850,
    "db": 950,
    "doc": 600,
    "gate": 6950,
    "http": 770,
    "json": 300,
    "net": 1450,
    "openapi": 1890,
    "policy": 4800,
    "review": 4700,
    "schema": 1650,
    "server": 8000,
    "store": 850,
    "target": 4700,
    "trial": 650,
    "well_known": 1550,
}

# Rooms that serve requests, and the headers by which configuration and documents are read: no file of the first reaches one of the second.
SERVING = ("client", "core", "gate", "target", "store", "audit", "server", "well_known")
READING = (
    "cel/compile.h", "doc/load.h", "doc/reader.h", "openapi/load.h", "policy/compile.h", "policy/load.h", "schema/compiler.h",
)


class Headers:
    def __init__(self, texts):
        self.lines = {}
        self.includes = {}
        for path, text in texts.items():
            if re.fullmatch(r"src/\w+/[\w/]+\.(h|cc)", path):
                name = path.removeprefix("src/")
                self.lines[name] = text.count("\n")
                self.includes[name] = [target for _, target in INCLUDE.findall(text)]

    def closure(self, name):
        seen = {name}
        waiting = deque([name])
        while waiting:
            for other in self.includes.get(waiting.popleft(), ()):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return seen

    def weight(self, name):
        """The lines of the project's own headers that an include of `name` reads."""
        return sum(self.lines.get(one, 0) for one in self.closure(name))

    def chain(self, name, target):
        """The shortest way from `name` to `target`, or nothing."""
        before = {name: None}
        waiting = deque([name])
        while waiting:
            at = waiting.popleft()
            if at == target:
                way = []
                while at is not None:
                    way.append(at)
                    at = before[at]
                return way[::-1]
            for other in self.includes.get(at, ()):
                if other not in before:
                    before[other] = at
                    waiting.append(other)
        return []

    def heaviest_chain(self, name):
        """From `name` down, at each step the include that pulls in most."""
        way = [name]
        while True:
            below = [one for one in self.includes.get(way[-1], ()) if one in self.lines and one not in way]
            if not below:
                return way
            way.append(max(below, key=self.weight))

    def rooms(self):
        """room -> (its heaviest header, the lines that it pulls in, how many outside headers)."""
        found = {}
        for name in self.lines:
            if not name.endswith(".h") or name.endswith("testing.h") or name.startswith("lab/"):
                continue
            room = name.split("/")[0]
            weight = self.weight(name)
            if room not in found or weight > found[room][1]:
                outside = sum(1 for one in self.closure(name) if one not in self.lines)
                found[room] = (name, weight, outside)
        return found


def check_header_budgets(tree):
    """No room's headers pull in more than their budget says."""
    headers = Headers(tree.texts)
    for room, (name, weight, _) in sorted(headers.rooms().items()):
        most = LINES_AT_MOST.get(room)
        if most is None:
            yield Finding(f"src/{name}:1", f"the room {room} has no line in LINES_AT_MOST of tests/structure/headers.py; {weight} lines now")
        elif weight > most:
            way = " > ".join(headers.heaviest_chain(name))
            yield Finding(f"src/{name}:1", f"pulls in {weight} lines of the project's headers, more than the {most} of its room: {way}")


def check_serving_headers(tree):
    """Code that serves requests includes no header that reads configuration."""
    headers = Headers(tree.texts)
    serving = [
        name for name in sorted(headers.lines)
        if name.split("/")[0] in SERVING and not name.endswith(("_test.cc", "_bench.cc", "testing.h"))
    ]
    for target in READING:
        chains = [chain for chain in (headers.chain(name, target) for name in serving) if chain]
        if chains:
            shortest = min(chains, key=len)
            yield Finding(f"src/{shortest[0]}:1", f"reaches {target}, and so do {len(chains) - 1} other files: {' > '.join(shortest)}; declare what it needs instead")


def table(texts):
    headers = Headers(texts)
    lines = ["room       lines  budget  outside  heaviest header"]
    for room, (name, weight, outside) in sorted(headers.rooms().items(), key=lambda one: -one[1][1]):
        lines.append(f"{room:10} {weight:5}  {LINES_AT_MOST.get(room, 0):6}  {outside:7}  {name}")
    return "\n".join(lines)


if __name__ == "__main__":
    from pathlib import Path

    import check

    print(table(check.Tree.of_checkout(Path(__file__).resolve().parents[2]).texts))
