# SPDX-License-Identifier: MIT
"""Usage: snippets.py ROOT CC LIBFILCH.A

Compiles every ```c block of the pages, as C11, with warnings as errors. The
rule, for those who write them:
- a block that has `int main(` is a whole program: compiled alone, linked;
  those of README.md at the root are also run, there, and exit 0;
- a block with a line that starts a function, a type, an include or a macro in
  the first column is file scope: it sees the file-scope blocks before it on
  the page, and so do the later blocks;
- any other is the inside of a function with the parameters
  `filch_executor *ex, filch_future *f, filch_ctx *cx`, which it may declare
  anew; it sees the page's file-scope blocks;
- a line that is only `...` is left out;
- what a block needs and the reader does not: before it, in a comment
  `<!-- c` ... `-->`, lines of their own; taken as file scope.
Blocks that are no programs have <filch.h> and the usual headers included.

The examples in the public headers' comments stand as they are in a test,
tests/unit/executor/header_examples.c: paragraph by paragraph, but for white
space, comments, and lines that are only `...`."""
import pathlib
import re
import subprocess
import sys
import tempfile

import sources

BLOCK = re.compile(r"^(?:```c|<!-- c)[ ]*\n(.*?)^(?:```|-->)",
                   re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^ \*\n((?: \*     .*\n)+)", re.MULTILINE)
FILE_SCOPE = re.compile(
    r"^(?:#\s*(?:include|define)|static |typedef |extern "
    r"|(?:struct|enum|union) \w+ \{|[A-Za-z_][\w \*]*\([^;]*\)\n?\s*\{"
    r"|[A-Za-z_][\w \*]*\(.*\)$)", re.MULTILINE)
CONTROL = re.compile(r"^(?:if|for|while|switch|filch_with|filch_blocking)\b",
                     re.MULTILINE)
PRELUDE = """
#include <errno.h>
#include <filch.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>
"""
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic",
         "-Werror"]
FRAGMENT_FLAGS = ["-fsyntax-only", "-Wno-unused", "-Wno-unused-parameter",
                  "-Wno-return-type",
                  "-Wno-uninitialized", "-Wno-maybe-uninitialized",
                  "-Wno-unknown-warning-option"]


def is_file_scope(code):
    """Whether the block stands outside of any function."""
    starts = FILE_SCOPE.finditer(code)
    return any(not CONTROL.match(match.group()) for match in starts)


def run(command, code, **more):
    """The command's output if it fails, else ''."""
    done = subprocess.run(command, input=code, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)
    failed = f"{command[0]}: exit {done.returncode}\n{done.stdout}"
    return failed if done.returncode else ""


class Checker:
    """Compiles blocks."""

    def __init__(self, root, compiler, library):
        self.root = root
        self.library = library
        self.cc = [compiler, "-I", str(root / "include"), *FLAGS]

    def program(self, code, runs):
        """Compiles, links and perhaps runs a whole program."""
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/program"
            problem = run([*self.cc, "-x", "c", "-", "-x", "none",
                           self.library, "-lck", "-pthread", "-o", path],
                          code)
            if problem or not runs:
                return problem
            return run([path], "", cwd=self.root)

    def fragment(self, code):
        """Compiles what is no program."""
        return run([*self.cc, *FRAGMENT_FLAGS, "-x", "c", "-"],
                   PRELUDE + code)

    def page(self, page):
        """Yields the page's problems."""
        context, text = "", page.read_text()
        for match in BLOCK.finditer(text):
            code = re.sub(r"^\s*\.\.\.\s*$", "", match.group(1), flags=re.M)
            if "int main(" in code:
                problem = self.program(code, page == self.root / "README.md")
            elif match.group().startswith("<!--") or is_file_scope(code):
                context += code
                problem = self.fragment(context)
            else:
                problem = self.fragment(
                    context + "int inside(filch_executor *ex, "
                    "filch_future *f, filch_ctx *cx);\n"
                    "int inside(filch_executor *ex, filch_future *f, "
                    "filch_ctx *cx)\n{{\n" + code + "}}\n")
            if problem:
                line = text.count("\n", 0, match.start()) + 1
                yield f"{page}:{line}: {problem}"


def squeeze(code):
    """C without comments and white space."""
    return "".join(sources.code(code, with_strings=True).split())


def missing_examples(root):
    """Yields the headers' examples that no test contains."""
    test = root / "tests/unit/executor/header_examples.c"
    tested = squeeze(test.read_text())
    for header in sorted((root / "include").rglob("*.h")):
        text = header.read_text()
        for match in EXAMPLE.finditer(text):
            example = re.sub(r"^ \*", "", match.group(1), flags=re.MULTILINE)
            pattern = re.escape(squeeze(example))
            if not re.search(pattern.replace(r"\.\.\.", ".*"), tested):
                line = text.count("\n", 0, match.start()) + 2
                yield f"{header}:{line}: an example that is not in {test.name}"


def main():
    root = pathlib.Path(sys.argv[1])
    checker = Checker(root, sys.argv[2], sys.argv[3])
    pages = sources.files(root, ".md")
    problems = [line for page in pages for line in checker.page(page)]
    problems += missing_examples(root)
    count = sum(len(BLOCK.findall(page.read_text())) for page in pages)
    return sources.report(problems, f"{count} blocks")


sys.exit(main())
