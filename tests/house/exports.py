# SPDX-License-Identifier: MIT
"""Usage: exports.py ROOT LIBFILCH.SO

The shared library exports exactly what the public headers declare, which is
what tests/abi/symbols.expected says, each with its version; it needs nothing
but libc and ck."""
import pathlib
import re
import subprocess
import sys

import sources

DECLARATION = re.compile(
    r"^FILCH_API\s(?:[^;{]*?\b(?=\w+\()|extern[^;{(]*?(?=\w+;))(\w+)",
    re.MULTILINE)
NEEDED = re.compile(r"\(NEEDED\).*\[(.*)\]")
SONAME = re.compile(r"\(SONAME\).*\[(.*)\]")
ALLOWED = re.compile(r"(libc|libck|ld-linux[\w-]*)\.so\.\d+")


def output(*command):
    """What the command prints."""
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def declared(root):
    """The names that the public headers declare."""
    headers = (pathlib.Path(root) / "include").rglob("*.h")
    return {name for header in headers
            for name in DECLARATION.findall(header.read_text())}


def exported(library):
    """Names with their versions: {"filch_now@FILCH_0.1"}."""
    lines = output("nm", "-D", "--defined-only", library).splitlines()
    return {line.split()[-1].replace("@@", "@") for line in lines
            if " A " not in line}


def differences(first, second, title):
    """Yields what is in the first set only."""
    return [f"{title}: {name}" for name in sorted(first - second)]


def main():
    root, library = sys.argv[1:3]
    symbols = exported(library)
    names = {symbol.partition("@")[0] for symbol in symbols}
    headers = declared(root)
    listed = pathlib.Path(root, "tests/abi/symbols.expected").read_text()
    expected = set(listed.split())
    dynamic = output("readelf", "-dW", library)
    problems = differences(headers, names, "declared, not exported")
    problems += differences(names, headers, "exported, not declared")
    problems += differences(expected, symbols, "expected, not exported")
    problems += differences(symbols, expected, "exported, not expected")
    problems += [f"without a version: {symbol}" for symbol in sorted(symbols)
                 if "@FILCH_" not in symbol]
    problems += [f"needs {name}" for name in NEEDED.findall(dynamic)
                 if not ALLOWED.fullmatch(name)]
    if not re.search(r"libfilch\.so\.\d+", "".join(SONAME.findall(dynamic))):
        problems.append("no versioned soname")
    if not headers:
        problems.append("no declaration found")
    return sources.report(problems, f"{len(symbols)} symbols")


sys.exit(main())
