# SPDX-License-Identifier: MIT
"""Usage: control.py ROOT NAME COMMAND...

Negative controls: the check NAME fails when there is something to be found.
Makes each change below, one at a time, in a copy of our folders, runs COMMAND
with the copy in ROOT's place, and expects that it fails and says why."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

import sources

CLOCK = "src/platform/clock.c"
WAKE = "src/sched/wake.c"
DEQUE = "src/concurrent/deque.c"
ARGUMENTS = "src/concurrent/README.md"
SYMBOLS = "tests/abi/symbols.expected"
BASE = "include/filch/base.h"

# check: file, what is there, what is there instead, what the check says
CONTROLS = {
    "floors": [
        (WAKE, "sched/room.h", "executor/run.h", "a higher floor"),
        (WAKE, "<errno.h>", "<unistd.h>", "only for platform/"),
        (WAKE, "<errno.h>", "<stdatomic.h>", "only for concurrent/"),
        (WAKE, "\nbool", "\n#ifdef X\n#endif\nbool", "only below task/"),
    ],
    "layout": [
        (CLOCK, "SPDX-License", "License", "no SPDX-License-Identifier"),
        (CLOCK, "    clock_gettime", 66 * " " + "clock_gettime", "columns"),
        (CLOCK, "{\n", "{\n" + 79 * "    ;\n", "lines"),
        (CLOCK, "#include", 600 * "\n" + "#include", "lines"),
    ],
    "names": [(CLOCK, "timespec now", "timespec _now", "_now")],
    "documented": [
        ("src/sched/pool.h", "/* Any thread. Takes a free place. */", "",
         "no comment above it"),
        ("src/sched/registry.h", "/* Who opens a pool. */", "",
         "no comment above it"),
    ],
    "orders": [
        (DEQUE, "/* acquire: pairs with the CAS of the thief before "
         "[DEQUE-steal] */", "", "with what does it pair?"),
        (WAKE, "1); /* [WAKE-token] */\n", "1);\n\n",
         "with what does it pair?"),
        (DEQUE, "[DEQUE-last]", "[DEQUE-lost]", "no README argues for it"),
        (ARGUMENTS, "**[DEQUE-grow]**", "DEQUE-grow",
         "no README argues for it"),
        (ARGUMENTS, "**[DEQUE-grow]**", "**[DEQUE-last]** **[DEQUE-grow]**",
         "more than once"),
        (ARGUMENTS, "**[DEQUE-grow]**", "**[DEQUE-shrink]** **[DEQUE-grow]**",
         "[DEQUE-shrink]: not in the source"),
        ("tests/model/mutants.list", "DEQUE-push |", "DEQUE-pull |",
         "no README argues for it"),
        (DEQUE, "load_acquire(", "atomic_load(", "the order in its name"),
    ],
    "implicit": [(WAKE, "load_relaxed(&pool->doors_used)", "pool->doors_used",
                  "implicit")],
    "links": [
        ("README.md", "(docs/guide.md)", "(docs/guild.md)", "not there"),
        ("src/algorithm/README.md", "#fork-and-join", "#fork-or-join",
         "no such heading"),
        ("README.md", "\ntests/run\n", "\ntests/walk\n", "not an executable"),
    ],
    "references": [
        (WAKE, "/* Who is told", "/* fl_pool_tell: who is told",
         "fl_pool_tell: not in the code"),
        (WAKE, "/* Who is told", "/* pool_tell(): who is told",
         "pool_tell: not in the code"),
        ("README.md", "`filch_stopping()`", "`filch_halting()`",
         "filch_halting: not in the code"),
        ("src/task/region.h", "../sched/README.md", "../shed/README.md",
         "no such file"),
        ("src/sched/README.md", "tests/stress/open_close",
         "tests/stress/open_shut", "no such file"),
    ],
    "snippets": [
        ("README.md", "    int sum = 0;", "    int sum = zero;", "zero"),
        ("include/filch/algorithm.h", "x[i] *= 2", "x[i] *= 3",
         "an example that is not in header_examples.c"),
    ],
    "exports": [
        (SYMBOLS, "filch_after@FILCH_0.1\n", "", "exported, not expected"),
        (SYMBOLS, "filch_after@FILCH_0.1", "filch_after@FILCH_0.2",
         "expected, not exported"),
        (BASE, "FILCH_API int64_t filch_now", "int64_t filch_now",
         "exported, not declared"),
        (BASE, "filch_now(void)", "filch_then(void)",
         "declared, not exported"),
    ],
    "abi": [
        ("tests/abi/filch.abi", "name='FILCH_RUNNING' value='1'",
         "name='FILCH_RUNNING' value='7'", "FILCH_RUNNING"),
        ("tests/abi/filch.abi", "<elf-symbol name='filch_after'",
         "<elf-symbol name='filch_before'", "1 Added function"),
    ],
    "format": [(CLOCK, "    struct", "  struct", "should be clang-formatted")],
    "headers": [
        ("src/platform/clock.h", "#include <stdint.h>", "", "alone"),
        ("include/filch/sort.h", "size_t size", "size_t class", "c++17"),
    ],
    "doxygen": [(BASE, "/** Any thread. Wait-free. The time now. */", "",
                 "filch_now")],
    "mutants": [("src/task/waiter.c", "fl_futex_wake(", "fl_futex_call(",
                 "not in the source")],
}


def copy(root, to):
    """Our files, and none of what is built."""
    for folder in sources.FOLDERS:
        shutil.copytree(root / folder, to / folder)
    for path in root.iterdir():
        if path.is_file():
            shutil.copy(path, to)


def seen(command, said):
    """Why the check has not said it; None if it has."""
    done = subprocess.run(command, text=True, timeout=100,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 77:
        print(done.stdout)
        sys.exit(77)
    if done.returncode == 0:
        return "passes all the same"
    return None if said in done.stdout else "says:\n" + done.stdout


def problem_of(root, command, control):
    """What is wrong with a control; None if nothing is."""
    file, old, new, said = control
    path = root / file
    text = path.read_text()
    if old not in text:
        return "not in the file"
    path.write_text(text.replace(old, new, 1))
    problem = seen(command, said)
    path.write_text(text)
    return problem


def main():
    root, name, *command = sys.argv[1:]
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        copy(pathlib.Path(root), pathlib.Path(folder))
        inside = [folder + word[len(root):]
                  if word == root or word.startswith(root + "/tests/")
                  else word for word in command]
        for control in CONTROLS[name]:
            problem = problem_of(pathlib.Path(folder), inside, control)
            if problem:
                problems.append(f"{control[0]}: {control[1]!r} -> "
                                f"{control[2]!r}: {problem}")
    return sources.report(problems, f"{name}: {len(CONTROLS[name])} controls")


sys.exit(main())
