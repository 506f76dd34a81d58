"""A backtest of many orders: CPU time against parsing the same pages, and the memory that it takes.

Nothing is written, and nothing but orders is asked for. A server makes each page from one: it has
as many orders as are asked for, and needs no memory for them. The floor asks for the same pages by
a bare httpx client and parses them with orjson.
`python benchmarks/backtest.py --orders 2000` backtests in this process and prints CPU seconds, the
process's peak in bytes, and the CPU seconds of the floor.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import attrs
import httpx
import orjson
from example import joined
from figure import Figure, compared, spent
from memory import AIM as AIM_OF_MEMORY
from memory import megabytes, peak
from page_server import FIRST_ID, PAGE_SIZE, LargeStore

AIM = 10.0


def figures(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """Measure, each number of orders in a process of its own."""
    few, many = 2_000, 100_000 if full else 20_000
    if quick:  # In this process: it shows only that it runs.
        few = many = 5  # a page that is not full
        small = large = _backtested(few)
    else:
        small, large = _child(few), _child(many)
    cpu, most, floor = large
    yield compared(
        f"CPU per order of a backtest of {many:,} orders",
        f"{cpu / many * 1e6:,.0f} us",
        f"orjson on the same pages: {floor / many * 1e6:,.0f} us",
        cpu / floor,
        AIM,
    )
    yield compared(
        f"peak memory (RSS) of a backtest of {many:,} orders",
        megabytes(most),
        f"{few:,} orders: {megabytes(small[1])}",
        most / small[1],
        AIM_OF_MEMORY,
    )


def _child(orders: int) -> tuple[float, ...]:
    command = [sys.executable, __file__, "--orders", str(orders)]
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    return tuple(map(float, out.split()))


def _backtested(orders: int) -> tuple[float, ...]:
    """CPU seconds, the peak of this process in bytes, and the CPU seconds of the floor."""
    with (
        LargeStore(orders) as server,
        joined(f"{server.url}/stores/abc123/v3/") as (web, _, _folder),
    ):
        shipping = attrs.evolve(web.settings.shipping, auto_create_missing_shipping_methods=False)
        other = attrs.evolve(web.settings, shipping=shipping)
        since = datetime.now(UTC) - timedelta(days=3650)
        # The connection is made once, and what the books refer to is read once.
        web.import_orders()

        def backtest() -> None:
            report = web.backtest(other, since=since)
            assert report.unchanged == orders, report

        cpu = spent(backtest).cpu
        most = peak()

        def parse() -> None:
            first, count = FIRST_ID, 0
            while page := client.get("", params={**asked, "min_id": first}).content:
                count += len(orjson.loads(page))
                first += PAGE_SIZE
            assert count == orders, count

        asked = {"sort": "id:asc", "include": "consignments.line_items,fees", "limit": PAGE_SIZE}
        with httpx.Client(base_url=f"{server.url}/stores/abc123/v2/orders") as client:
            client.get("", params={"status_id": 0})
            return cpu, most, spent(parse).cpu


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=20_000)
    print(*_backtested(parser.parse_args().orders))
