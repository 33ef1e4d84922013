# SPDX-License-Identifier: MIT
"""Usage: references.py ROOT

What comments and pages name is there: our identifiers (filch_open, FL_CHECK),
functions, as name(), and files (tests/run, ../sched/README.md; a file's suffix
may be left out)."""
import glob
import os.path
import pathlib
import re
import sys

import sources

OURS = re.compile(r"\b(?:filch|FILCH|fl|FL)_\w+(?:\.\.\.|\*)?")
CALLED = re.compile(r"(?<![\w.>-])([a-z]\w+)\(\)")
FILE = re.compile(r"(?<![\w/.~:$}-])((?:\.\./)+[\w./-]*\w"
                  r"|(?:src|tests|docs|include|bench|\.ci)/[\w./*-]*[\w*])")
CODE = [".sh", ".txt", ".json", ".in", ".map", ".cmake", ""]
# libc's, which we speak of and do not call.
THEIRS = {"qsort_r", "longjmp"}


def identifiers(root):
    """All words of our code."""
    words = set(THEIRS)
    for path in sources.files(root, *sources.C):
        words.update(re.findall(
            r"\w+", sources.code(path.read_text(), with_strings=True)))
    for path in sources.files(root, *CODE):
        words.update(re.findall(r"\w+", path.read_text(errors="ignore")))
    return words


def spoken(path):
    """Yields (line, text) of what is not code."""
    text = path.read_text()
    if path.suffix == ".md":
        yield from enumerate(text.splitlines(), 1)
    else:
        yield from sources.comments(text)


def exists(root, path, name):
    """Is there such a file, below the root or seen from the other one?"""
    for folder in (root, path.parent):
        found = os.path.normpath(folder / name)
        if glob.glob(found) or glob.glob(found + ".*"):
            return True
    return False


def check(root, path, words):
    """Yields the file's violations."""
    for line, text in spoken(path):
        for name in {*OURS.findall(text), *CALLED.findall(text)}:
            start = name.rstrip(".*")
            if start not in words and not (
                    start.endswith("_") and any(
                        word.startswith(start) for word in words)):
                yield f"{path}:{line}: {name}: not in the code"
        for name in FILE.findall(text):
            if not exists(root, path, name):
                yield f"{path}:{line}: {name}: no such file"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    words = identifiers(root)
    paths = sources.files(root, ".md", *sources.C)
    problems = [line for path in paths for line in check(root, path, words)]
    return sources.report(problems, f"{len(paths)} files")


sys.exit(main())
