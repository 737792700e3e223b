"""The words of the project's prose: a sentence names its actor (CONTRIBUTING.md, "Words")."""

import re
from collections import namedtuple

Finding = namedtuple("Finding", "place text")

# Words that leave the actor unnamed. Names with hyphens, such as a rule's id, are not prose.
UNNAMED = re.compile(r"(?<![\w-])(nobody|somebody|everybody|anybody|whoever|whomever)(?![\w-])", re.IGNORECASE)

COMMENT = re.compile(r"(?:^|\s)//(.*)")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')

# Between backticks stands code.
CODE = re.compile(r"`[^`]*`")

# Written by ./dev, in part from outside test suites.
GENERATED = ("docs/conformance.md", "docs/performance.md")


def prose_of_code(line):
    """The comment of a line, or else its string literals that are sentences."""
    comment = COMMENT.search(line)
    literals = " ".join(text for text in LITERAL.findall(line) if text.count(" ") >= 2)
    return f"{comment.group(1)} {literals}" if comment else literals


def check_words(tree):
    """Comments, messages and pages name their actors."""
    for name, text in tree.texts.items():
        code = name.startswith("src/") and name.endswith((".h", ".cc")) and not name.endswith(("_test.cc", "_bench.cc"))
        page = name.endswith(".md") and name not in GENERATED
        if not code and not page:
            continue
        for number, line in enumerate(text.split("\n"), 1):
            for word in UNNAMED.findall(CODE.sub("", prose_of_code(line) if code else line)):
                yield Finding(f"{name}:{number}", f'"{word}" leaves the actor unnamed; name it: a client, a caller, a principal, a worker, an operator')
