# SPDX-License-Identifier: MIT
"""Usage: links.py ROOT

What the pages point to is there: relative links, and the commands of ours
(docs/examples/run, tests/run, ...) in their ```sh blocks, executable."""
import os
import pathlib
import re
import sys

import sources

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"^(?:\./)?((?:docs|tests|bench|src|\.ci)/\S+)")


def links(page):
    """The page's relative links."""
    targets = LINK.findall(FENCED.sub("", page.read_text()))
    return [target for target in targets if "://" not in target]


def commands(page):
    """The commands of ours that the page gives."""
    for block in BLOCK.findall(page.read_text()):
        for line in block.splitlines():
            match = OURS.match(line.strip())
            if match:
                yield match.group(1)


def main():
    root = pathlib.Path(sys.argv[1])
    pages = sources.files(root, ".md")
    problems, count = [], 0
    for page in pages:
        for target in links(page):
            count += 1
            if not (page.parent / target).exists():
                problems.append(f"{page}: {target}: not there")
        for command in commands(page):
            count += 1
            if not os.access(root / command, os.X_OK):
                problems.append(f"{page}: {command}: not an executable")
    return sources.report(problems, f"{len(pages)} pages, {count} references")


sys.exit(main())
