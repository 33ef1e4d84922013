# SPDX-License-Identifier: MIT
"""Usage: orders.py ROOT

Memory orders are argued. In src/, an atomic operation with an order above
relaxed has a comment, beside or above its statement or a neighbour's, that
says with what it pairs: "pairs with ...", or the label of an argument, as in
[DEQUE-push]. A label in the source or among the mutants stands in bold, or as
a heading, in one README of src/, and each of those in the source. Operations
have their order in their name: <stdatomic.h> is spelled out in atomic.h only.
"""
import pathlib
import re
import sys

import sources

ORDERED = re.compile(r"\b(?:load|store|exchange|fetch|cas|fence)_\w*"
                     r"(?:acquire|release|acq_rel|seq_cst)\(")
BARE = re.compile(r"\b(?:atomic_(?!init\b)\w+|__(?:atomic|sync)_\w+)\s*\(")
LABEL = r"\[([A-Z]+(?:-(?:[a-z]+|\.\.\.))?)\]"
ARGUED = re.compile(LABEL + "|pairs with")
DEFINED = re.compile(r"\*\*" + LABEL + r"\*\*|^#+ " + LABEL, re.MULTILINE)
ENDS = re.compile(r"(?:^|[;{}:]|\*/|\belse|\bdo)\s*$")


def statement(lines, at):
    """First and last line of the statement around a line, with the comment
    behind it."""
    first = last = at
    while first > 0 and not ENDS.search(lines[first - 1]):
        first -= 1
    while not re.search(r"[;{]", lines[last]):
        last += 1
    text = "\n".join(lines[first:last + 1])
    while text.count("/*") > text.count("*/"):
        last += 1
        text += lines[last]
    return first, last


def comment_above(lines, first):
    """The comment that ends above a line, unless it is of a statement that
    ends there."""
    above = first
    if first > 0 and lines[first - 1].endswith("*/"):
        above -= 1
        while "/*" not in lines[above]:
            above -= 1
    text = "\n".join(lines[above:first])
    return "" if re.match(r".*[;{}]\s*/\*", text) else text


def unargued(path):
    """Yields the lines of operations that nothing is said of."""
    text = path.read_text()
    lines, argued_until = text.splitlines(), -2
    for at, line in enumerate(sources.code(text).splitlines()):
        if not ORDERED.search(line):
            continue
        first, last = statement(lines, at)
        words = comment_above(lines, first) + "\n".join(lines[first:last + 1])
        if ARGUED.search(words) or first == argued_until + 1:
            argued_until = last
        elif at > argued_until:
            yield at + 1


def labels(src):
    """Those in the source's comments: {label: where}."""
    found = {}
    for path in sorted(src.rglob("*.[ch]")):
        for line, comment in sources.comments(path.read_text()):
            for label in re.findall(LABEL, comment):
                found.setdefault(label, f"{path}:{line}")
    return found


def defined(src):
    """Those that a README argues for, as often as it does."""
    return ["".join(match) for readme in sorted(src.rglob("README.md"))
            for match in DEFINED.findall(readme.read_text())]


def label_problems(root):
    """Yields labels that lead nowhere."""
    used, arguments = labels(root / "src"), defined(root / "src")
    mutants = (root / "tests/model/mutants.list").read_text()
    mutated = dict.fromkeys(re.findall(r"^(\w+[-\w]*) \|", mutants, re.M),
                            "tests/model/mutants.list")
    for label, where in (mutated | used).items():
        family = label.endswith("-...")
        if not any(name == label or family and name.startswith(label[:-3])
                   for name in arguments):
            yield f"{where}: [{label}]: no README argues for it"
    for label in sorted(set(arguments)):
        if arguments.count(label) > 1:
            yield f"[{label}]: argued for more than once"
        if label not in used:
            yield f"[{label}]: not in the source"


def main():
    root = pathlib.Path(sys.argv[1])
    problems, count = list(label_problems(root)), 0
    for path in sorted((root / "src").rglob("*.[ch]")):
        if path.name == "atomic.h":
            continue
        problems += [f"{path}:{line}: with what does it pair?"
                     for line in unargued(path)]
        code = sources.code(path.read_text())
        problems += [f"{path}:{sources.line_of(code, match.start())}: "
                     f"{match.group()}: not with the order in its name"
                     for match in BARE.finditer(code)]
        count += len(ORDERED.findall(code))
    return sources.report(problems, f"{count} ordered operations")


sys.exit(main())
