# SPDX-License-Identifier: MIT
"""bench/run's second half: measures, interleaved, and prints the tables."""

import argparse
import json
import os
import re
import shlex
import sys
import time

import machine
import runner
import tables
from workloads import SUITES, Group


def parse():
    """The command line."""
    p = argparse.ArgumentParser(prog="bench/run")
    p.add_argument("suite", choices=sorted(SUITES))
    p.add_argument("--quick", action="store_true",
                   help="smaller workloads, fewer rounds: some 4 minutes")
    p.add_argument("--rounds", type=int, help="default: 7, quick: 3")
    p.add_argument("--only", default="", metavar="REGEX",
                   help="only workloads whose name matches")
    p.add_argument("--against", default="", metavar="REGEX",
                   help="only competitors whose name matches")
    p.add_argument("--also", action="append", default=[],
                   metavar="NAME=PATH",
                   help="one more competitor: a program with the workloads")
    p.add_argument("--reference", default="filch", metavar="NAME",
                   help="whom the ratios compare with")
    p.add_argument("--from", dest="source", metavar="FILE",
                   help="do not measure: tables from a kept runs.jsonl")
    p.add_argument("--build", default="build/bench", help=argparse.SUPPRESS)
    return p.parse_args()


def measure(args, workloads):
    """Measures; returns the folder of the results, the machine, the runs."""
    found = runner.find(args.build, args.suite, args.also)
    competitors = [c for c in found if re.search(args.against, c.name)]
    rounds = args.rounds or (3 if args.quick else 7)
    slow_rounds = min(rounds, 2) if args.quick else rounds
    folder = os.path.join(args.build, "results",
                          time.strftime("%Y%m%d-%H%M%S"))
    os.makedirs(folder)
    head, runs = machine.describe(args.build), []
    with open(os.path.join(folder, "runs.jsonl"), "w",
              encoding="utf-8") as file:

        def keep(run):
            runs.append(run)
            print(json.dumps(run), file=file, flush=True)

        before = machine.ticks()
        runner.measure(runner.plan(competitors, workloads, rounds,
                                   slow_rounds), args.quick, keep)
        head.update(machine.since(before))
        print(json.dumps({"machine": head}), file=file)
    return folder, head, runs


def read(path):
    """The machine and the runs in a kept file."""
    head, runs = {}, []
    with open(path, encoding="utf-8") as file:
        for line in map(json.loads, file):
            if "machine" in line:
                head = line["machine"]
            else:
                runs.append(line)
    return head, runs


def preface(head, runs, results):
    """Lines on the machine, the versions, the rounds, the noise."""
    versions = ", ".join(f"{name} {version}" for name, version, _ in sorted(
        results.names.values()) if version != "-")
    noisy, cells = results.noisy()
    lines = [f"- {key}: {value}" for key, value in head.items()] + [
        f"- versions: {versions}",
        f"- rounds: {1 + max(r['round'] for r in runs)}, interleaved; load "
        f"average up to {max(r['load'] for r in runs):.1f}",
        f"- spread over {tables.NOISY:.0%} (marked ~): {noisy} of {cells} "
        "cells",
        "- 1w, 2w: pool of 1, of 2 workers; overviews: medians, 1w / 2w"]
    if cells and noisy > cells / 4:
        lines.append("- WARNING: the machine is noisy; believe the ratios, "
                     "and those with care")
    return lines


def shell_command(runs, workload, reference):
    """What was run for the workload, of the reference if it has it."""
    own = [r for r in runs if r["workload"] == workload.name]
    best = next((r for r in own if r["competitor"] == reference), own[0])
    return shlex.join(best["command"])


def details(group, results, runs, reference):
    """A group's overview, and each of its workloads' tables."""
    lines = []
    overview = results.overview(group.workloads)
    if overview and len(group.workloads) > 1:
        lines += ["", f"## {group.title}", "", tables.markdown(overview)]
    for workload in group.workloads:
        rows = results.table(workload, reference)
        if rows:
            lines += ["", f"### {workload.title} ({workload.name})", "",
                      tables.markdown(rows), "",
                      "    " + shell_command(runs, workload, reference)]
    return lines


def report(head, runs, suite, reference):
    """The whole text; and whether every run was right."""
    results = tables.Results(
        runs, [w for group in suite for w in group.workloads])
    lines = preface(head, runs, results)
    for group in suite:
        lines += details(group, results, runs, reference)
    for place, errors in sorted(results.errors.items()):
        lines.append(f"ERROR {place[0]}/workers:{place[1]} {place[2]}: "
                     f"{errors[0]} ({len(errors)} times)")
    return "\n".join(lines), not results.errors


def chosen(args):
    """The suite, without the workloads that --only leaves out."""
    return [Group(g.title, tuple(w for w in g.workloads
                                 if re.search(args.only, w.name)))
            for g in SUITES[args.suite]]


def main():
    """Returns the exit status."""
    args = parse()
    suite = chosen(args)
    folder = None
    if args.source:
        head, runs = read(args.source)
    else:
        folder, head, runs = measure(
            args, [w for group in suite for w in group.workloads])
    if not runs:
        print("bench/run: nothing to run", file=sys.stderr)
        return 2
    text, is_right = report(head, runs, suite, args.reference)
    print(text)
    if folder:
        with open(os.path.join(folder, "tables.md"), "w",
                  encoding="utf-8") as file:
            print(text, file=file)
        print(f"\nkept in {folder}: runs.jsonl, tables.md", file=sys.stderr)
    return 0 if is_right else 1


sys.exit(main())
