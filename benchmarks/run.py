"""Compares avbc with peers and floors, and prints one table.

`nox -s bench` runs it, or `python benchmarks/run.py`.
Nothing here is a test: nothing fails on a slow machine. `--quick` shows in half a minute that
everything runs; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import attrs
import import_cpu
import import_time
import listing
import memory
import pushing
import quota
import requests_per_order
from figure import Figure

from avbc.report import text_table

COLUMNS = ["figure", "ours", "peer or floor", "ratio", "aim", "met"]
_PACKAGES = ["httpx", "orjson", "attrs", "cattrs", "sqlalchemy", "bigc", "bigcommerce"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure avbc against peers and floors.")
    parser.add_argument(
        "--quick", action="store_true", help="a few orders and rounds, to see that it runs"
    )
    quick: bool = parser.parse_args(arguments).quick
    began = time.perf_counter()
    print(
        f"CPython {platform.python_version()} on {os.cpu_count()} cores of {platform.system()} "
        f"{platform.machine()}; ",
        end="",
    )
    print(", ".join(f"{package} {version(package)}" for package in _PACKAGES))
    figures = [
        attrs.evolve(figure, met=None) if quick else figure for figure in measured(quick=quick)
    ]
    show([figure.row() for figure in figures])
    print(
        "Ratios are ours to theirs, the medians of the ratios of each round. "
        f"{time.perf_counter() - began:.0f} s in all."
    )
    if quick:
        print("With --quick: too few orders and rounds for the numbers to mean anything.")


def measured(*, quick: bool) -> Iterator[Figure]:
    """All figures.

    What is timed runs alone. The quota's windows are mostly waiting, and memory is not timed: these
    two overlap.
    """
    for measure in (
        requests_per_order.figures,
        pushing.figures,
        listing.figures,
        import_cpu.figures,
        import_time.figures,
    ):
        yield from _told(measure, quick=quick)
    with ThreadPoolExecutor(1) as pool:
        windows = pool.submit(lambda: list(_told(quota.figures, quick=quick)))
        yield from _told(memory.figures, quick=quick)
        yield from windows.result()


def _told(measure: Callable[..., Iterator[Figure]], *, quick: bool) -> Iterator[Figure]:
    began, name = time.perf_counter(), measure.__module__.replace("_", " ")
    print(f"  measuring {name} ...", file=sys.stderr, flush=True)
    yield from measure(quick=quick)
    print(f"  measured {name} in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def show(rows: Sequence[dict[str, str]]) -> None:
    """Print the table, by rich where it is installed."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        print(text_table(rows, COLUMNS))
        return
    table = Table(*COLUMNS)
    for row in rows:
        style = "red" if row["met"] == "NO" else ""
        table.add_row(*(row[column] for column in COLUMNS), style=style)
    console = Console()
    console.width = max(console.width, 180)
    console.print(table)


if __name__ == "__main__":
    main()
