# SPDX-License-Identifier: MIT
"""Usage: documented.py ROOT

What a private header declares for other files (functions, types, variables)
has a comment right above it, or above the first of its group: declarations
without an empty line between them. What a header is about (struct fl_deque in
deque.h) is described at its head. Public headers are Doxygen's affair."""
import pathlib
import re
import sys

import sources

STARTS = re.compile(r"(?!typedef struct \w+ \w+;|struct \w+;|_Static_assert)"
                    r"[A-Za-z_]")


def declarations(lines):
    """Yields (line, is it in a group with a comment) of each that starts in
    the first column."""
    inside, grouped = False, False
    for number, line in enumerate(lines, 1):
        above = lines[number - 2] if number > 1 else ""
        if not inside and STARTS.match(line):
            grouped = above.endswith("*/") or (
                grouped and bool(above) and not above.startswith("#"))
            yield number, grouped
        if STARTS.match(line) or inside:
            inside = not re.search(r"^[^ ].*;$|^\}|^ .*\);$", line)


def check(path):
    """Yields the file's violations."""
    lines = path.read_text().splitlines()
    for number, is_documented in declarations(lines):
        if not is_documented and \
                lines[number - 1] != f"struct fl_{path.stem} {{":
            yield f"{path}:{number}: no comment above it"


def main():
    paths = sorted((pathlib.Path(sys.argv[1]) / "src").rglob("*.h"))
    problems = [line for path in paths for line in check(path)]
    return sources.report(problems, f"{len(paths)} headers")


sys.exit(main())
