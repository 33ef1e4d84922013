# SPDX-License-Identifier: MIT
"""Usage: names.py ROOT

No identifier of ours starts with an underscore: those are the compiler's and
libc's. Theirs, which the sources may use, are listed here."""
import re
import sys

import sources

THEIRS = re.compile(r"""
    _(Alignas|Alignof|Atomic|Bool|Generic|Noreturn|Static_assert|Thread_local)
  | _(GNU|POSIX_C|DEFAULT)_SOURCE | _SC_\w+ | _exit | _Exit | _setjmp | _longjmp
  | __\w+__                                 # __attribute__, __FILE__, ...
  | __(func|cplusplus|has_\w+|extension|thread|VA_ARGS__)
  | __(builtin|atomic|ATOMIC|asan|lsan|tsan|sanitizer|SANITIZE|gcov)_\w+
  | __(wrap|real)_\w+                       # the linker's --wrap
""", re.VERBOSE)
WORD = re.compile(r"(?<![\w.#])_\w+")  # not name##_part


def check(path):
    """Yields the file's violations."""
    text = sources.code(path.read_text())
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#\s*include", line):
            continue
        for word in WORD.findall(line):
            if not THEIRS.fullmatch(word):
                yield f"{path}:{number}: {word}"


def main():
    paths = sources.files(sys.argv[1], *sources.C)
    problems = [line for path in paths for line in check(path)]
    return sources.report(problems, f"{len(paths)} files")


sys.exit(main())
