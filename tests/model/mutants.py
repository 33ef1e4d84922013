#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the checker see it when the library is wrong?

mutants.py CC OBJECTS [ARGUMENT...]

Makes each mutation of mutants.list, one at a time, in a copy of the source,
builds its model with it, and expects that to fail. OBJECTS: a folder with the
checker's own objects. Prints the table of README.md. Exits 1 if one survives.

mutants.py --look: only whether each of them is in the source.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent
ROOT = MODEL.parent.parent
SRC = ROOT / "src"
WRAP = "-Wl," + ",".join(
    "--wrap=" + f
    for f in ("malloc", "calloc", "realloc", "aligned_alloc", "free"))

# Orders that the library does not use, for mutants.
ORDERS = """
#include <stdatomic.h>
#define exchange_relaxed(p, v) \\
    atomic_exchange_explicit((p), (v), memory_order_relaxed)
#define fetch_and_relaxed(p, v) \\
    atomic_fetch_and_explicit((p), (v), memory_order_relaxed)
#define cas_release(p, e, v) atomic_compare_exchange_strong_explicit( \\
    (p), (e), (v), memory_order_release, memory_order_relaxed)
"""


def programs():
    lines = (MODEL / "programs.list").read_text().splitlines()
    words = [line.split() for line in lines if not line.startswith("#")]
    return {w[0]: [str(path.relative_to(SRC)) for pattern in w[1:]
                   for path in sorted(SRC.glob(pattern))] for w in words}


def mutants():
    for line in (MODEL / "mutants.list").read_text().splitlines():
        if line.startswith("#"):
            continue
        argument, program, file, which, change = (
            part.strip() for part in line.split(" | ", 4))
        old, new = change.split(" => ")
        new, _, excuse = new.partition(" ## ")
        yield argument, program, file, int(which), old, new, excuse


def mutate(text, which, old, new):
    at = -1
    for _ in range(which):
        at = text.find(old, at + 1)
        if at < 0:
            raise SystemExit("mutants.list: not in the source: " + old)
    return text[:at] + new + text[at + len(old):]


def compile_one(cc, overlay, source, output):
    subprocess.run(
        [cc, "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-w",
         "-fsanitize=thread", "-DFL_PLAIN_C11", "-D__x86_64__",
         "-Dmemset=model_memset", "-Dabort=model_abort",
         "-include", overlay / "orders.h", f"-I{overlay}", f"-I{SRC}",
         f"-I{ROOT}/include", f"-I{MODEL}", f"-I{MODEL}/ck",
         "-c", source, "-o", output], check=True)


def reason(output):
    found = re.search(r"FAILED in execution (\d+): (.*)", output)
    return found.group(2) if found else output.strip()[-60:] or "crash"


def try_mutant(cc, objects, mutant):
    _, scene, file, which, old, new, excuse = mutant
    program = scene.partition("/")[0]
    bound = [scene] if "/" in scene else []
    bound += ["--most", "20000"] if excuse else []
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        overlay = pathlib.Path(folder)
        (overlay / "orders.h").write_text(ORDERS)
        mutated = overlay / file
        mutated.parent.mkdir(parents=True)
        mutated.write_text(
            mutate((SRC / file).read_text(), which, old, new))
        built = []
        for source in ["statics_begin.c", *programs()[program],
                       "statics_end.c", program + ".c"]:
            path = MODEL / source if "/" not in source else SRC / source
            built.append(overlay / (source.replace("/", "_") + ".o"))
            compile_one(cc, overlay, mutated if source == file else path,
                        built[-1])
        binary = overlay / "model"
        own = sorted(pathlib.Path(objects).rglob("*.o"))
        subprocess.run([cc, "-o", binary, *built, *own, WRAP, "-ldl"],
                       check=True)
        try:
            run = subprocess.run([binary, *bound], capture_output=True,
                                 text=True, timeout=300)
            killed, said = run.returncode != 0, reason(run.stdout)
        except subprocess.TimeoutExpired:
            killed, said = False, "no end"
    return mutant, killed, said, time.monotonic() - begin


def look():
    """Are all of them in the source? (Quick: nothing is compiled.)"""
    all_of_them = list(mutants())
    for _, _, file, which, old, new, _ in all_of_them:
        mutate((SRC / file).read_text(), which, old, new)
    print(len(all_of_them), "mutations are in the source")


def main():
    cc, objects, *wanted = sys.argv[1:]
    chosen = [m for m in mutants() if not wanted or m[0] in wanted]
    survivors = 0
    print("| argument | mutation | what is reported | seconds |")
    print("|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, killed, said, took in pool.map(
                lambda m: try_mutant(cc, objects, m), chosen):
            excuse = mutant[6]
            survivors += killed == bool(excuse)
            if excuse:
                said = "reported, though: " + said if killed else excuse
            elif not killed:
                said = "SURVIVED: " + said
            change = f"`{mutant[4]}` → `{mutant[5]}`".replace("|", "\\|")
            print(f"| {mutant[0]} | {pathlib.Path(mutant[2]).name}: {change} "
                  f"| {said} | {took:.1f} |",
                  flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} as expected")
    return 1 if survivors else 0


if __name__ == "__main__" and sys.argv[1:] == ["--look"]:
    look()
elif __name__ == "__main__":
    sys.exit(main())
