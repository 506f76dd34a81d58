"""Compares avbc with peers and floors, and prints one table.

`nox -s bench` runs it, or `python benchmarks/run.py`.
Nothing here is a test: nothing fails on a slow machine. `--quick` shows in half a minute that
everything runs; its numbers mean nothing. `--full` also grows the books to 100,000 orders and
1,000,000 products. `--json` and `--plot` save the figures beside the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import attrs
import growth
import import_cpu
import import_time
import listing
import memory
import plots
import pushing
import quota
import requests_per_order
from figure import Figure

from avbc.tables import text_table

COLUMNS = ["figure", "ours", "peer or floor", "ratio", "aim", "met"]
_PACKAGES = ["httpx", "orjson", "attrs", "cattrs", "sqlalchemy", "bigc", "bigcommerce"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure avbc against peers and floors.")
    parser.add_argument(
        "--quick", action="store_true", help="a few orders and rounds, to see that it runs"
    )
    parser.add_argument("--full", action="store_true", help="also 100,000 orders, 1,000,000 SKUs")
    parser.add_argument("--json", type=Path, help="save the figures here, too")
    parser.add_argument("--plot", type=Path, help="draw them here, as SVG")
    options = parser.parse_args(arguments)
    quick: bool = options.quick
    began = time.perf_counter()
    machine = (
        f"CPython {platform.python_version()} on {os.cpu_count()} cores of {platform.system()} "
        f"{platform.machine()}; "
        + ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    )
    print(machine)
    figures = [
        attrs.evolve(figure, met=None) if quick else figure
        for figure in measured(quick=quick, full=options.full)
    ]
    print(text_table([figure.row() for figure in figures], COLUMNS))
    if options.json is not None:
        kept = {"machine": machine, "figures": [attrs.asdict(figure) for figure in figures]}
        options.json.write_text(json.dumps(kept, indent=1) + "\n")
    if options.plot is not None:
        plots.shares(figures, options.plot)
    print(
        "Ratios are ours to theirs, the medians of the ratios of each round. "
        f"{time.perf_counter() - began:.0f} s in all."
    )
    if quick:
        print("With --quick: too few orders and rounds for the numbers to mean anything.")


def measured(*, quick: bool, full: bool = False) -> Iterator[Figure]:
    """All figures: one after another, since most of them are timed."""
    for measure in (
        requests_per_order.figures,
        listing.figures,
        import_cpu.figures,
        import_time.figures,
        quota.figures,
    ):
        yield from _told(measure, quick=quick)
    for measure in (pushing.figures, growth.figures, memory.figures):
        yield from _told(measure, quick=quick, full=full)


def _told(measure: Callable[..., Iterator[Figure]], **options: bool) -> Iterator[Figure]:
    began, name = time.perf_counter(), measure.__module__.replace("_", " ")
    print(f"  measuring {name} ...", file=sys.stderr, flush=True)
    yield from measure(**options)
    print(f"  measured {name} in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
