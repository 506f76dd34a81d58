"""What large books cost: the same questions of few orders and of many.

`python benchmarks/growth.py --orders 100000` asks books of so many orders, in this process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
from example import RAM_DISK
from figure import Figure, compared, limited
from memory import megabytes, peak

from avbc import SqlGateway
from avbc.testing.contract import make_bundle

MOST = 1.5
"""An order's neighbors lie further apart in large books, so the same costs a little more."""
ONE_ORDER = 0.001
WALK_PEAK = 20 * 2**20
_FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


def figures(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """Measure."""
    few, many = (5, 10) if quick else (2_000, 100_000 if full else 20_000)
    small, large = _asked(few), _asked(many)
    for name in ("an empty day of sales_orders_ordered", "one order of sales_orders"):
        yield compared(
            f"CPU of {name}, books of {many:,} orders",
            f"{large[name] * 1e6:.0f} us",
            f"{few:,} orders: {small[name] * 1e6:.0f} us",
            large[name] / small[name],
            MOST,
        )
    yield limited(
        f"CPU of one order of sales_orders, books of {many:,} orders",
        large["one order of sales_orders"],
        ONE_ORDER,
        lambda seconds: f"{seconds * 1e6:,.0f} us",
    )
    yield limited(
        f"memory (RSS) that iter_sales_orders of {many:,} orders adds",
        large["memory of a walk"],
        WALK_PEAK,
        megabytes,
    )


def _asked(orders: int) -> dict[str, float]:
    """CPU seconds of each question, by name, and the bytes that a walk over all orders adds."""
    place = RAM_DISK if RAM_DISK.exists() else None
    with (
        tempfile.TemporaryDirectory(dir=place) as folder,
        SqlGateway(f"sqlite:///{Path(folder) / 'books.db'}") as books,
    ):
        for number in range(1, orders + 1):
            bundle = make_bundle(number)
            # A hundred orders a day.
            at = _FIRST_DAY + timedelta(number // 100)
            books.create_order(
                attrs.evolve(bundle, order=attrs.evolve(bundle.order, ordered_at=at))
            )
        before = _FIRST_DAY - timedelta(1)
        before_walk = peak()
        assert sum(1 for _ in books.iter_sales_orders()) == orders
        return {
            "memory of a walk": peak() - before_walk,
            "an empty day of sales_orders_ordered": _cpu(
                lambda: list(books.sales_orders_ordered("WEB", before, before))
            ),
            "one order of sales_orders": _cpu(lambda: books.sales_orders([f"WEB{orders // 2}"])),
        }


def _cpu(work: Callable[[], object], times: int = 300) -> float:
    """CPU seconds that it takes once, when its statements are known."""
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=20_000)
    for name, value in _asked(parser.parse_args().orders).items():
        print(name, value)
