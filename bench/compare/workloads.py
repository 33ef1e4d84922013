# SPDX-License-Identifier: MIT
"""What each workload reports, and how its table reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure of a workload."""

    key: str  # in the benchmark's JSON
    unit: str
    scale: float = 1.0
    more_is_better: bool = False
    is_difference: bool = False  # may be zero: no ratios, no spread


@dataclass(frozen=True)
class Workload:
    """One workload: its table's title and figures."""

    name: str  # without "/workers:N"
    title: str
    figures: tuple
    is_slow: bool = False  # fewer rounds of it in a quick run


@dataclass(frozen=True)
class Group:
    """Workloads that one overview shows side by side."""

    title: str
    workloads: tuple


THROUGHPUT = (Figure("items_per_second", "M tasks/s", 1e-6, True),)
LATENCY = (Figure("p50_us", "p50 us"), Figure("p99_us", "p99 us"))
TAIL = LATENCY + (Figure("p999_us", "p99.9 us"),)
IDLE = (Figure("cpu_us_per_s", "us CPU per s"),
        Figure("switches_per_s", "wake-ups per s"))
PACED = (Figure("cpu_us_per_task", "us CPU per task"),
         Figure("switches_per_task", "switches per task"))
MEMORY = (Figure("bytes_per_task", "bytes in the pool"),
          Figure("handle_bytes", "bytes in the caller"))
FORK = (Figure("s_per_fork", "ns per fork", 1e9),)
TIME = (Figure("real_time", "ms"),)
OVER_IDEAL = TIME + (
    Figure("over_ideal_percent", "% over ideal", is_difference=True),)
LOOP = (Figure("s_per_loop", "ns per loop", 1e9),)


def _latency(kind, what):
    places = (("free", "placed by the scheduler"),
              ("one_cpu", "both on one CPU"),
              ("two_cpus", "each on its own CPU"))
    return tuple(Workload(f"latency_{kind}/{place}",
                          f"One submit and wait, {what}, {text}", LATENCY)
                 for place, text in places)


SUITES = {
    "executor": (
        Group("Throughput, M tasks/s", (
            Workload("bulk/threads:1",
                     "Empty tasks from 1 outside thread, all queued at once",
                     THROUGHPUT),
            Workload("bulk/threads:2",
                     "Empty tasks from 2 outside threads", THROUGHPUT),
            Workload("bulk/threads:4",
                     "Empty tasks from 4 outside threads", THROUGHPUT),
            Workload("waves", "Waves of 1,000 empty tasks", THROUGHPUT),
            Workload("fanout", "Fan-out from inside a worker", THROUGHPUT),
            Workload("fanout_joined",
                     "Fan-out from inside a worker, which waits itself",
                     THROUGHPUT),
            Workload("tree", "Binary tree of tasks, counted", THROUGHPUT),
            Workload("tree_futures",
                     "Binary tree of tasks, each waited for", THROUGHPUT),
        )),
        Group("Latency of one submit and wait, p50 us", (
            *_latency("hot", "back to back"),
            *_latency("asleep", "after 1 ms of idleness"),
        )),
        Group("Little to do: CPU in us, per second or per task", (
            Workload("idle", "An idle pool, all its threads", IDLE, True),
            Workload("paced", "1,000 empty tasks per second", PACED, True),
        )),
        Group("Open loop, p50 us from the intended arrival", tuple(
            Workload(f"open_loop/load:{load}",
                     f"Open loop, 10 us tasks, {load} % of capacity", TAIL,
                     True) for load in (20, 50, 80)
        )),
        Group("Memory, bytes", (
            Workload("memory", "Memory per pending task", MEMORY, True),
        )),
    ),
    "fork": (
        Group("Fork-join: fib ns per fork and join, the others ms", (
            Workload("fib", "fib without cut-off, by the fork", FORK),
            Workload("skynet", "10-ary tree of 1,000,000 leaves", TIME),
            Workload("queens", "All solutions of n queens", TIME),
            Workload("uts", "Unbalanced tree", TIME),
            Workload("matmul", "Cache-oblivious matrix product", TIME),
            Workload("quicksort", "Quicksort", TIME),
        )),
    ),
    "loop": (
        Group("Loops: for_tiny ns per loop, the others ms", (
            Workload("for_trivial", "10,000,000 trivial elements", TIME),
            Workload("for_bodies", "1,000 bodies of 10 us", OVER_IDEAL),
            Workload("for_uneven", "Bodies whose cost grows", TIME),
            Workload("for_nested", "A loop of 1,000 in a loop of 1,000",
                     TIME),
            Workload("for_tiny", "100 trivial elements, by the loop", LOOP),
        )),
        Group("Sums and searching, ms", (
            Workload("reduce", "Sum of doubles", TIME),
            Workload("reduce_reproducible",
                     "Sum of doubles, always the same", TIME),
            Workload("scan", "Prefix sums of longs", TIME),
            Workload("find", "The first match, at three quarters", TIME),
        )),
        Group("Sorting, ms", (
            Workload("sort/random", "Random keys", TIME),
            Workload("sort/sorted", "Sorted keys", TIME),
            Workload("sort/reversed", "Keys in reversed order", TIME),
            Workload("sort/few", "16 different keys", TIME),
        )),
    ),
}
