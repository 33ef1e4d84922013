# SPDX-License-Identifier: MIT
"""What the other scripts share: which files are ours."""
import pathlib

FOLDERS = ["src", "include", "bench", "tests", "docs", ".ci"]


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


def report(problems, summary):
    """Prints, and returns the exit status."""
    for problem in problems:
        print(problem)
    print(f"{summary}, {len(problems)} problems")
    return 1 if problems else 0
