# SPDX-License-Identifier: MIT
"""Usage: links.py ROOT

What the pages point to is there: relative links, the headings that they name,
and the commands of ours (docs/examples/run, tests/run, ...) in their ```sh
blocks, executable."""
import os
import pathlib
import re
import sys

import sources

LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.*)", re.MULTILINE)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"^(?:\./)?((?:docs|tests|bench|src|\.ci)/\S+)")


def links(page):
    """The page's relative links: (file, heading)."""
    found = LINK.findall(FENCED.sub("", page.read_text()))
    return [link for link in found if "://" not in link[0]]


def anchors(page):
    """What links to the page's headings are called."""
    headings = HEADING.findall(FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
            for heading in headings}


def problem_of(page, file, heading):
    """What is wrong with a link; None if nothing is."""
    target = page.parent / file if file else page
    if not target.exists():
        return "not there"
    if heading and heading not in anchors(target):
        return "no such heading: " + heading
    return None


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
        for file, heading in links(page):
            count += 1
            problem = problem_of(page, file, heading)
            if problem:
                problems.append(f"{page}: {file}: {problem}")
        for command in commands(page):
            count += 1
            if not os.access(root / command, os.X_OK):
                problems.append(f"{page}: {command}: not an executable")
    return sources.report(problems, f"{len(pages)} pages, {count} references")


sys.exit(main())
