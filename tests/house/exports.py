# SPDX-License-Identifier: MIT
"""Usage: exports.py ROOT LIBFILCH.SO

The shared library exports exactly what the public headers declare, each with
a version of ours, and needs nothing but libc and ck."""
import pathlib
import re
import subprocess
import sys

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
    """Names with their versions: {"filch_now": "FILCH_0.1"}."""
    lines = output("nm", "-D", "--defined-only", library).splitlines()
    symbols = [line.split()[-1] for line in lines if " A " not in line]
    return dict((name + "@").replace("@@", "@").split("@")[:2]
                for name in symbols)


def main():
    root, library = sys.argv[1:3]
    headers, symbols = declared(root), exported(library)
    dynamic = output("readelf", "-dW", library)
    problems = []
    problems += [f"declared, not exported: {name}"
                 for name in sorted(headers - symbols.keys())]
    problems += [f"exported, not declared: {name}"
                 for name in sorted(symbols.keys() - headers)]
    problems += [f"without a version: {name}"
                 for name, version in sorted(symbols.items())
                 if not version.startswith("FILCH_")]
    problems += [f"needs {name}" for name in NEEDED.findall(dynamic)
                 if not ALLOWED.fullmatch(name)]
    if not re.search(r"libfilch\.so\.\d+", "".join(SONAME.findall(dynamic))):
        problems.append("no versioned soname")
    if not headers:
        problems.append("no declaration found")
    print("\n".join(problems + [f"{len(symbols)} symbols, "
                                f"{len(problems)} problems"]))
    return 1 if problems else 0


sys.exit(main())
