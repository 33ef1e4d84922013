# SPDX-License-Identifier: MIT
"""Usage: floors.py ROOT

A file under src/ includes lower floors, its own folder and public headers.
OS headers stand on the platform floor only, ck_*.h and <stdatomic.h> on the
concurrent floor only, and above it no #if but an include guard."""
import pathlib
import re
import sys

FLOORS = ["platform", "concurrent", "task", "sched", "backend", "executor",
          "algorithm", "observe"]
PLAIN_C = {"assert.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h",
           "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h",
           "stdlib.h", "stdnoreturn.h", "string.h"}
# ck_ec.h uses struct timespec without including what declares it.
CONCURRENT = {"stdatomic.h", "time.h"}
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')
CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b\s*(\w*)")


def system_header_problem(floor, header):
    """What is wrong with <header> on this floor; None if nothing is."""
    if header in PLAIN_C or header.split("/")[0] in ("filch", "filch.h"):
        return None
    if floor == "concurrent" and header in CONCURRENT:
        return None
    if header.startswith("ck_") or header == "stdatomic.h":
        return None if floor == "concurrent" else "only for concurrent/"
    return None if floor == "platform" else "only for platform/"


def private_header_problem(floor, header):
    """What is wrong with "header" on this floor; None if nothing is."""
    target = header.split("/")[0]
    if target not in FLOORS or "/" not in header:
        return 'to be written "floor/file.h"'
    if FLOORS.index(target) > FLOORS.index(floor):
        return "a higher floor"
    return None


def conditions(lines):
    """(number, line) of each condition, without a leading include guard."""
    found = [(n, line, CONDITION.match(line)) for n, line in lines]
    found = [entry for entry in found if entry[2]]
    if found and found[0][2].group(1) == "ifndef":
        number, _, match = found[0]
        defines = "#define " + match.group(2)
        after = [line for n, line in lines if n == number + 1]
        if after and after[0].strip() == defines:
            found = found[1:]
    return [(n, line) for n, line, _ in found]


def check(path, floor):
    """Yields the file's violations."""
    lines = list(enumerate(path.read_text().splitlines(), 1))
    for number, line in lines:
        match = INCLUDE.match(line)
        if not match:
            continue
        system, header = match.group(1) == "<", match.group(2)
        judge = system_header_problem if system else private_header_problem
        problem = judge(floor, header)
        if problem:
            yield f"{path}:{number}: {header}: {problem}"
    if FLOORS.index(floor) > FLOORS.index("concurrent"):
        for number, line in conditions(lines):
            yield f"{path}:{number}: {line.strip()}: only below task/"


def main():
    src = pathlib.Path(sys.argv[1]) / "src"
    problems, count = [], 0
    for path in sorted(src.rglob("*.[ch]")):
        floor = path.relative_to(src).parts[0]
        count += 1
        if floor not in FLOORS:
            problems.append(f"{path}: not on a floor")
        else:
            problems += check(path, floor)
    if count == 0:
        problems.append(f"{src}: no file found")
    print("\n".join(problems + [f"{count} files, {len(problems)} problems"]))
    return 1 if problems else 0


sys.exit(main())
