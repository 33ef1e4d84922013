# SPDX-License-Identifier: MIT
"""Usage: report.py COVERAGE.JSON UNCOVERED

From gcovr's JSON: prints a table of lines and branches per folder, and writes
the lines that have not been run, and those that have not gone both ways."""
import collections
import json
import pathlib
import sys


def share(some, of):
    """A share in per cent."""
    return f"{some} of {of}, {100 * some / of:.1f} %" if of else "none"


def branches(line):
    """Those that the compiler has not made up."""
    return [branch for branch in line["branches"]
            if not branch.get("throw") and not branch.get("fallthrough_only")]


def count(lines):
    """Lines run, lines, branches taken, branches."""
    ways = [way for line in lines for way in branches(line)]
    return collections.Counter(
        lines_run=sum(line["count"] > 0 for line in lines), lines=len(lines),
        taken=sum(way["count"] > 0 for way in ways), ways=len(ways))


def uncovered(name, lines):
    """Yields what has not been run in a file."""
    text = pathlib.Path(name).read_text().splitlines()
    for line in lines:
        number = line["line_number"]
        missing = sum(way["count"] == 0 for way in branches(line))
        what = "not run" if not line["count"] else \
            f"{missing} not taken" if missing else None
        if what:
            yield f"{name}:{number}: {what}: {text[number - 1].strip()}\n"


def main():
    coverage, listing = sys.argv[1:]
    files = json.loads(pathlib.Path(coverage).read_text())["files"]
    totals, gaps = collections.defaultdict(collections.Counter), []
    for file in sorted(files, key=lambda file: file["file"]):
        lines = [line for line in file["lines"]
                 if not line["gcovr/noncode"]]
        counted = count(lines)
        totals[str(pathlib.Path(file["file"]).parent)].update(counted)
        totals["all"].update(counted)
        gaps += uncovered(file["file"], lines)
    pathlib.Path(listing).write_text("".join(gaps))
    print("| folder | lines | branches |\n|---|---|---|")
    for folder, total in sorted(totals.items(), key=lambda item: item[0]):
        print(f"| {folder} | {share(total['lines_run'], total['lines'])} "
              f"| {share(total['taken'], total['ways'])} |")


main()
