# SPDX-License-Identifier: MIT
"""What the other scripts share: which files are ours, what in a C file is a
comment."""
import pathlib
import re

FOLDERS = ["src", "include", "bench", "tests", "docs", ".ci"]
C = [".c", ".h", ".cpp", ".hpp", ".cc"]
NO_CODE = re.compile(r"""
    (?P<comment> /\*.*?\*/ | //[^\n]* )
  | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\])'  # strings, characters
""", re.VERBOSE | re.DOTALL)


def files(root, *suffixes):
    """The files below our folders, and at the top, with one of the
    suffixes ("" stands for a script without one)."""
    root = pathlib.Path(root)
    found = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (root / folder).rglob("*")
    return sorted(path for path in found
                  if path.is_file() and path.suffix in suffixes
                  and "__pycache__" not in path.parts)


def line_of(text, at):
    """The number of the line at an index."""
    return text.count("\n", 0, at) + 1


def comments(text):
    """Yields (line, comment) of C."""
    for match in NO_CODE.finditer(text):
        if match["comment"]:
            yield line_of(text, match.start()), match.group()


def code(text, with_strings=False):
    """C without comments and strings; its lines stay where they are."""
    return NO_CODE.sub(
        lambda match: match.group() if with_strings and not match["comment"]
        else "\n" * match.group().count("\n"), text)


def report(problems, summary):
    """Prints, and returns the exit status."""
    for problem in problems:
        print(problem)
    print(f"{summary}, {len(problems)} problems")
    return 1 if problems else 0
