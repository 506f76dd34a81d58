"""The most memory that a process held while it imported: 20,000 orders against 2,000.

`python benchmarks/memory.py --orders 1000` imports in this process and prints its peak in bytes,
and the seconds the import took.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import example
from figure import Figure, compared

from avbc.testing import StoreProcess

AIM = 1.10
_STATUS = Path("/proc/self/status")


def figures(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """Measure, each in a process of its own."""
    few, many = 2_000, 100_000 if full else 20_000
    if quick:  # In this process: it shows only that it runs.
        few = many = 5
        (small, _), (large, seconds) = [_import(few)] * 2
    else:
        (small, _), (large, seconds) = _child(few), _child(many)
    name = f"peak memory (RSS) of importing {many:,} orders ({seconds:.0f} s)"
    yield compared(
        name, megabytes(large), f"{few:,} orders: {megabytes(small)}", large / small, AIM
    )


def _child(orders: int) -> tuple[float, float]:
    command = [sys.executable, __file__, "--orders", str(orders)]
    peak, seconds = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, text=True
    ).stdout.split()
    return float(peak), float(seconds)


def megabytes(size: float) -> str:
    """A size in bytes, for the table."""
    return f"{size / 2**20:,.0f} MiB"


def peak() -> int:
    """The most memory that this process held, in bytes.

    Linux's own count begins with this program; that of getrusage includes what the process was
    before it became this program.
    """
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def _import(orders: int) -> tuple[float, float]:
    """The peak of this process in bytes, and the seconds that it took."""
    place = example.RAM_DISK if example.RAM_DISK.exists() else None
    with (
        StoreProcess(orders=orders, plain=True) as server,
        example.orchestrator(server.api_url, place=place) as (web, _),
    ):
        began = time.perf_counter()
        report = web.import_orders()
        assert len(report.imported) == orders, report
        return peak(), time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, required=True)
    print(*_import(parser.parse_args().orders))
