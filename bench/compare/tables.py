# SPDX-License-Identifier: MIT
"""From the runs to the tables."""

from collections import defaultdict
from statistics import median

NOISY = 0.25  # spread of a cell from which on it is marked


def number(value):
    """Two or three digits that mean something."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 0.1 or value == 0:
        return f"{value:.2f}"
    return f"{value:.2g}"


class Cell:
    """One figure of one competitor, of one size of the pool: by round."""

    def __init__(self, figure):
        self.figure = figure
        self.by_round = {}

    def best(self):
        values = self.by_round.values()
        return max(values) if self.figure.more_is_better else min(values)

    def median(self):
        return median(self.by_round.values())

    def spread(self):
        """Half of the rounds lie within this share of the median."""
        if self.figure.is_difference:
            return 0
        values = sorted(self.by_round.values())
        low, high = values[len(values) // 4], values[-1 - len(values) // 4]
        middle = self.median()
        return (high - low) / middle if middle > 0 else 0

    def ratio(self, reference):
        """Median of the rounds' ratios to the reference; None without."""
        if self.figure.is_difference:
            return None
        both = [value / reference.by_round[r]
                for r, value in self.by_round.items()
                if reference.by_round.get(r, 0) > 0]
        return median(both) if both else None


class Results:
    """All cells of a comparison."""

    def __init__(self, runs, workloads):
        self.workloads = workloads
        self.cells = {}
        self.errors = defaultdict(list)
        self.names = {}
        by_name = {w.name: w for w in workloads}
        for run in runs:
            if run["workload"] in by_name:
                self._add(run, by_name[run["workload"]])

    def _add(self, run, workload):
        place = (run["workload"], run["workers"], run["competitor"])
        context, result = run["context"], run["result"]
        if context:
            self.names[run["competitor"]] = (
                context.get("pool", run["competitor"]),
                context.get("version", "?"),
                context.get("caller_helps") == "yes")
        if "error" in result:
            self.errors[place].append(result["error"])
            return
        for figure in workload.figures:
            cell = self.cells.setdefault(place + (figure.key,), Cell(figure))
            cell.by_round[run["round"]] = result[figure.key] * figure.scale

    def noisy(self):
        """(cells with a wide spread, cells that can have one)"""
        cells = [c for c in self.cells.values()
                 if len(c.by_round) > 2 and c.median() > 0
                 and not c.figure.is_difference]
        return sum(c.spread() > NOISY for c in cells), len(cells)

    def label(self, competitor):
        name, _, helps = self.names.get(competitor, (competitor, "", False))
        return f"{name} (caller helps)" if helps else name

    def competitors(self, workload):
        """Those that have it, the best of the smallest pool first."""
        figure = workload.figures[0]
        sign = -1 if figure.more_is_better else 1
        order = {}
        for (name, workers, competitor, key), cell in self.cells.items():
            if name == workload.name and key == figure.key:
                rank = (workers, sign * cell.median())
                order[competitor] = min(order.get(competitor, rank), rank)
        failed = [c for (name, _, c) in self.errors if name == workload.name]
        return sorted(order, key=order.get) + sorted(
            set(failed) - set(order))

    def _cell_text(self, place, figure, reference):
        cell = self.cells.get(place + (figure.key,))
        if not cell:
            return ["ERROR" if place in self.errors else "", "", ""]
        other = self.cells.get(place[:2] + (reference, figure.key))
        ratio = cell.ratio(other) if other else None
        mark = " ~" if cell.spread() > NOISY else ""
        return [number(cell.best()), number(cell.median()) + mark,
                number(ratio)]

    def table(self, workload, reference):
        """The workload's table, a list of rows; None if nobody ran it."""
        competitors = self.competitors(workload)
        sizes = sorted({key[1] for key in self.cells
                        if key[0] == workload.name})
        if not competitors:
            return None
        columns = [(n, figure) for n in sizes for figure in workload.figures]
        head = [""]
        for workers, figure in columns:
            head += [f"{workers}w {figure.unit}: best", "median",
                     f"x {reference}"]
        rows = [head]
        for competitor in competitors:
            row = [self.label(competitor)]
            for workers, figure in columns:
                place = (workload.name, workers, competitor)
                row += self._cell_text(place, figure, reference)
            rows.append(row)
        return rows

    def _medians(self, workload, competitor):
        """Medians of its first figure, one for each size of the pool."""
        key = workload.figures[0].key
        cells = (self.cells.get((workload.name, n, competitor, key))
                 for n in (1, 2))
        return " / ".join(number(c.median()) for c in cells if c)

    def overview(self, workloads):
        """One row per competitor, one column per workload."""
        order = {}
        for workload in workloads:
            for competitor in self.competitors(workload):
                order.setdefault(competitor, len(order))
        if not order:
            return None
        return [[""] + [w.name for w in workloads]] + [
            [self.label(c)] + [self._medians(w, c) for w in workloads]
            for c in order]


def markdown(rows):
    """The rows as a table that reads well as it is, too."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row):
        cells = [row[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([line(rows[0]), rule] + [line(r) for r in rows[1:]])
