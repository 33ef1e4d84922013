# SPDX-License-Identifier: MIT
"""Usage: layout.py ROOT

Every source file names its licence in its first lines; no line is longer
than 80 columns, no C function longer than 80 lines (signature to brace), no
file longer than 600."""
import sys

import sources

LINES_MAX = 80
FILE_LINES_MAX = 600
COLUMNS_MAX = 80
LICENCE = "SPDX-License-Identifier: MIT"
OTHER = [".py", ".sh", ".cmake", ".map", ".txt"]


def functions(lines):
    """Yields (first, last) line index of each function. The format puts the
    braces of a function, and of nothing else, alone in the first column."""
    for start, line in enumerate(lines):
        if line != "{":
            continue
        first = start
        while first > 0 and lines[first - 1].strip() \
                and lines[first - 1][-1] not in ";}/":
            first -= 1
        last = next((n for n in range(start, len(lines))
                     if lines[n].startswith("}")), len(lines) - 1)
        yield first, last


def check(path):
    """Yields the file's violations."""
    lines = path.read_text().splitlines()
    if not any(LICENCE in line for line in lines[:2]):
        yield f"{path}:1: no {LICENCE}"
    if len(lines) > FILE_LINES_MAX:
        yield f"{path}: {len(lines)} lines"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{path}:{number}: {len(line)} columns"
    if path.suffix in sources.C:
        for first, last in functions(lines):
            if last - first + 1 > LINES_MAX:
                yield f"{path}:{first + 1}: {last - first + 1} lines"


def scripts(root):
    """Files without a suffix that start with #!."""
    return [path for path in sources.files(root, "")
            if path.read_bytes()[:2] == b"#!"]


def main():
    root = sys.argv[1]
    paths = sources.files(root, *sources.C, *OTHER) + scripts(root)
    problems = [line for path in paths for line in check(path)]
    return sources.report(problems, f"{len(paths)} files")


sys.exit(main())
