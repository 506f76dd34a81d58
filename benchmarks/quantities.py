"""What it takes to push the quantities of a large store, and to find those that changed.

`python benchmarks/quantities.py --push FOLDER --products 1000000` pushes the books that `--prepare
FOLDER --products 1000000` made, in this process: all quantities, then those that changed. It prints
the CPU seconds of each and by how many bytes the process's peak rose.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from example import RAM_DISK, joined, write_products
from figure import Figure, limited
from memory import megabytes, peak

from avbc import Orchestrator

FIRST_SECONDS, LATER_SECONDS = 25.0, 5.0
"""CPU for 1,000,000 quantities."""
FIRST_PEAK = 60 * 2**20


def figures(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """Measure the first push of so many quantities, and one after 1 % of them changed."""
    count = 100 if quick else 1_000_000 if full else 100_000
    with tempfile.TemporaryDirectory(dir=RAM_DISK if RAM_DISK.exists() else None) as folder:
        if quick:  # In this process: it shows only that it runs.
            _prepare(Path(folder), count)
            first, first_peak, later, _ = _push(Path(folder), count)
        else:
            _child("--prepare", folder, "--products", str(count))
            first, first_peak, later, _ = map(
                float, _child("--push", folder, "--products", str(count)).split()
            )
    share = count / 1_000_000
    for name, seconds, most in (
        (f"the first push of {count:,} quantities", first, FIRST_SECONDS),
        (f"finding and pushing 1 % changes among {count:,} quantities", later, LATER_SECONDS),
    ):
        yield limited(f"CPU of {name}", seconds, most * share, lambda value: f"{value:.1f} s")
    name = f"memory (RSS) that the first push of {count:,} quantities adds"
    yield limited(name, first_peak, FIRST_PEAK, megabytes)


def _child(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True, text=True
    ).stdout


def _prepare(folder: Path, count: int) -> None:
    """Write books, in a process of its own: what it takes is not counted."""
    with joined(httpx.MockTransport(_taken), folder) as (_, books, _place):
        write_products(books, folder, count, price="9.95", quantity=5)


def _push(folder: Path, count: int) -> tuple[float, ...]:
    with joined(httpx.MockTransport(_taken), folder) as (web, books, _):
        spent = [*_pushed(web, count)]
        write_products(books, folder, count, price="9.95", quantity=6, step=100)
        return (*spent, *_pushed(web, -(-count // 100)))


def _pushed(web: Orchestrator, count: int) -> tuple[float, int]:
    """CPU seconds of a push, and by how much the process's peak rose."""
    before, began = peak(), time.process_time()
    report = web.push_inventory()
    assert len(report.sent) == count, report
    return time.process_time() - began, peak() - before


def _taken(request: httpx.Request) -> httpx.Response:
    """A store that takes all quantities. A fake store of a million products takes most memory."""
    if request.url.path.endswith("/locations"):
        return httpx.Response(
            200, json={"data": [{"id": 1, "code": "MAIN", "enabled": True}], "meta": {}}
        )
    if request.url.path.endswith("/count"):
        return httpx.Response(200, json={"count": 0, "statuses": []})
    return httpx.Response(200, json={"transaction_id": "1"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--prepare", type=Path)
    parser.add_argument("--push", type=Path)
    parser.add_argument("--products", type=int, default=1_000_000)
    asked = parser.parse_args()
    if asked.prepare is not None:
        _prepare(asked.prepare, asked.products)
    elif asked.push is not None:
        print(*_push(asked.push, asked.products))
    else:
        for figure in figures():
            print(figure)
