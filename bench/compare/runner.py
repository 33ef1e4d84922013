# SPDX-License-Identifier: MIT
"""Runs the competitors' programs, interleaved, and keeps what they say."""

import json
import os
import random
import re
import subprocess
import sys
import time

import machine

NAME = re.compile(r"^(.*?)/workers:(\d+)")
TIMEOUT_S = 120


class Competitor:
    """One program that has the workloads."""

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.cells = self._list()

    def _list(self):
        out = subprocess.run(self.command + ["--benchmark_list_tests=true"],
                             capture_output=True, text=True, check=True,
                             timeout=TIMEOUT_S).stdout
        found = (NAME.match(line) for line in out.splitlines())
        return {(m.group(1), int(m.group(2))) for m in found if m}


def find(build, suite, also):
    """The suite's programs in the build tree, and those named on the command
    line."""
    folder = os.path.join(build, "bench", suite)
    programs = [os.path.join(folder, name) for name in sorted(
        os.listdir(folder))]
    found = [Competitor(os.path.basename(p), [p]) for p in programs
             if os.path.isfile(p) and os.access(p, os.X_OK)]
    java = os.path.join(build, "java")
    if suite == "executor" and os.path.exists(
            os.path.join(java, "ForkJoin.class")):
        found.append(Competitor("java", [
            "java", "-XX:+UseParallelGC", "-cp", java, "ForkJoin"]))
    for name_and_path in also:
        name, path = name_and_path.split("=", 1)
        found.append(Competitor(name, [path]))
    return found


def _error(text):
    return {"error": text.strip().splitlines()[-1][:200] if text.strip()
            else "no output"}


def _run(command):
    """The process's one benchmark as a dict, and its context."""
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return _error(f"not finished in {TIMEOUT_S} s"), {}
    try:
        report = json.loads(done.stdout)
        result = report["benchmarks"][0]
    except (ValueError, LookupError):
        return _error(f"{done.stderr}\nexit status {done.returncode}"), {}
    if result.get("error_occurred"):
        return _error(result.get("error_message", "")), report["context"]
    return result, report["context"]


class Progress:
    """A line on stderr: what is running, how far, how long to go."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.start = time.monotonic()

    def show(self, text):
        spent = time.monotonic() - self.start
        left = (spent / self.done * (self.total - self.done) if self.done
                else 0)
        line = f"[{self.done}/{self.total}, {left:.0f} s left] {text}"
        if sys.stderr.isatty():
            print(f"\r\033[K{line[:78]}", end="", file=sys.stderr, flush=True)
        elif self.done % 50 == 0:
            print(line, file=sys.stderr, flush=True)
        self.done += 1

    def end(self):
        spent = time.monotonic() - self.start
        end = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{end}measured for {spent:.0f} s", file=sys.stderr)


def plan(competitors, workloads, rounds, slow_rounds):
    """The runs in order: round by round; in a round the workloads in random
    order; for each, and each size of the pool, the competitors in random
    order, one right after the other."""
    runs = []
    for number in range(rounds):
        cells = [(w, n) for w in workloads for n in (1, 2)
                 if number < slow_rounds or not w.is_slow]
        random.shuffle(cells)
        for workload, workers in cells:
            able = [c for c in competitors
                    if (workload.name, workers) in c.cells]
            random.shuffle(able)
            runs += [(number, workload, workers, c) for c in able]
    return runs


def measure(runs, is_quick, keep):
    """Does the runs, and hands each outcome to keep()."""
    progress = Progress(len(runs))
    for number, workload, workers, competitor in runs:
        command = competitor.command + [
            f"--benchmark_filter=^{workload.name}/workers:{workers}/",
            "--benchmark_format=json"] + (["--quick"] if is_quick else [])
        progress.show(f"{workload.name} {workers} {competitor.name}")
        start = time.monotonic()
        result, context = _run(command)
        keep({"round": number, "workload": workload.name, "workers": workers,
              "competitor": competitor.name, "command": command,
              "wall_s": time.monotonic() - start, "load": machine.load(),
              "context": context, "result": result})
    progress.end()
