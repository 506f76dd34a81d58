"""Compares avbc with peers and floors, and prints one table.

`nox -s bench` runs it, or `python benchmarks/run.py`. It takes less than ten minutes.
Nothing here is a test: nothing fails on a slow machine. `--quick` shows in some seconds that
everything runs; its numbers mean nothing, and the tests run it. `--full` also grows the books to
100,000 orders and 1,000,000 products. `--only` runs some benchmarks. `--json` saves the figures,
`--saved` takes them from there instead of measuring, `--plot` draws them, and `--page` puts them
into docs/performance.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import attrs
import backtest
import growth
import import_cpu
import import_time
import job_requests
import jobs
import listing
import memory
import plots
import pushing
import quantities
import quota
import requests_per_order
from figure import Figure

from avbc.tables import text_table

COLUMNS = ["figure", "ours", "peer or floor", "ratio", "aim", "met"]
BENCHES: Mapping[str, Sequence[Callable[..., Iterator[Figure]]]] = {
    "requests": [requests_per_order.figures, job_requests.figures, pushing.figures],
    "quota": [quota.figures],
    "listing": [listing.figures],
    "import": [import_cpu.figures],
    "jobs": [jobs.figures],
    "start": [import_time.figures],
    "growth": [quantities.figures, growth.figures, memory.figures, backtest.figures],
}
"""What is measured, one after another, since most of it is timed."""
_SIZED = BENCHES["growth"]
"""What `--full` makes larger."""
_PACKAGES = ["httpx", "orjson", "attrs", "cattrs", "sqlalchemy", "bigc", "bigcommerce"]
DOCS = Path(__file__).parents[1] / "docs"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure avbc against peers and floors.")
    parser.add_argument(
        "--quick", action="store_true", help="the least of each, to see that it runs"
    )
    parser.add_argument("--full", action="store_true", help="also 100,000 orders, 1,000,000 SKUs")
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES))
    parser.add_argument("--json", type=Path, help="save the figures here, too")
    parser.add_argument(
        "--saved", type=Path, nargs="+", help="figures to take instead of measuring"
    )
    parser.add_argument("--plot", type=Path, nargs="?", const=DOCS / "_static", help="draw them")
    parser.add_argument(
        "--page", type=Path, nargs="?", const=DOCS / "performance.md", help="fill it"
    )
    options = parser.parse_args(arguments)
    quick: bool = options.quick
    began = time.perf_counter()
    if quick:
        gc.freeze()  # What was imported is not searched for garbage again and again.
    if options.saved:
        machine, figures = _read(options.saved)
    else:
        machine, figures = _machine(), list(_measured(options.only, quick=quick, full=options.full))
    print(machine)
    print(text_table([figure.row() for figure in figures], COLUMNS))
    if options.json is not None:
        kept = {"machine": machine, "figures": [attrs.asdict(figure) for figure in figures]}
        options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if options.plot is not None:
        for group, members in _groups(figures):
            if group != "requests":  # They are all at their floors.
                plots.draw(members, options.plot / f"performance-{group}.svg")
    if options.page is not None:
        _fill(options.page, machine, figures)
    print(
        "Ratios are ours to theirs, the medians of the ratios of each round. "
        f"{time.perf_counter() - began:.0f} s in all."
    )
    if quick:
        print("With --quick: too few orders and rounds for the numbers to mean anything.")


def _machine() -> str:
    packages = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    today = datetime.now().astimezone().date()
    return (
        f"{today}, CPython {platform.python_version()} on {os.cpu_count()} cores of "
        f"{platform.system()} {platform.machine()}; {packages}"
    )


def _measured(names: Sequence[str], *, quick: bool, full: bool) -> Iterator[Figure]:
    for name in names:
        for measure in BENCHES[name]:
            began, what = time.perf_counter(), measure.__module__.replace("_", " ")
            print(f"  measuring {what} ...", file=sys.stderr, flush=True)
            sized = {"full": full} if measure in _SIZED else {}
            for figure in measure(quick=quick, **sized):
                yield attrs.evolve(figure, group=name)
            took = time.perf_counter() - began
            print(f"  measured {what} in {took:.0f} s", file=sys.stderr, flush=True)


def _groups(figures: Sequence[Figure]) -> Iterator[tuple[str, list[Figure]]]:
    for group, members in groupby(figures, key=lambda figure: figure.group):
        yield group, list(members)


def _read(paths: Sequence[Path]) -> tuple[str, list[Figure]]:
    """Take figures that were saved: of the first machine, since all should be of one."""
    saved = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    figures = [Figure(**each) for run in saved for each in run["figures"]]
    return saved[0]["machine"], figures


def _fill(page: Path, machine: str, figures: Sequence[Figure]) -> None:
    """Put the figures of each group between its marks, and say on which machine they were taken.

    Where they were drawn, the drawing is above them.
    """
    text = _between(page.read_text(encoding="utf-8"), "machine", f"{machine}.")
    for group, members in _groups(figures):
        rows = [figure.row() for figure in members]
        lines = [COLUMNS, ["---"] * len(COLUMNS), *([row[key] for key in COLUMNS] for row in rows)]
        content = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        drawing = f"_static/performance-{group}.svg"
        if (page.parent / drawing).exists():
            content = f"![The figures of {group} as bars]({drawing})\n\n{content}"
        text = _between(text, group, content)
    page.write_text(text, encoding="utf-8")


def _between(text: str, mark: str, content: str) -> str:
    begin, end = f"<!-- figures: {mark} -->", "<!-- end of figures -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    found, count = re.subn(
        pattern, lambda _: f"{begin}\n\n{content}\n\n{end}", text, flags=re.DOTALL
    )
    if not count:
        sys.exit(f"the page has no place for the figures of {mark}: {begin}")
    return found


if __name__ == "__main__":
    main()
