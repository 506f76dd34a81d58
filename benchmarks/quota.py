"""An import under a Standard plan's quota, 150 requests in 30 seconds, at 100 ms latency.

It takes the windows' real time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import example
from figure import Figure

from avbc.testing import StoreProcess

QUOTA = 150
WINDOW = 30.0
LATENCY_MS = 100
OTHERS = 50


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure both at the same time: they mostly wait."""
    with ThreadPoolExecutor() as pool:
        alone, shared = (
            pool.submit(_import, 20 if quick else 210, 0),
            pool.submit(_import, 15 if quick else 140, OTHERS),
        )
        yield from _figures("", *alone.result())
        yield from _figures(f", other applications use {OTHERS}", *shared.result())


def _import(orders: int, others: int) -> tuple[list[int], int, int]:
    """Returns our requests of each window, how many there were to have, and the 429s earned."""
    with StoreProcess(
        orders=orders, plain=True, latency_ms=LATENCY_MS, quota=QUOTA, other_apps=others
    ) as server:
        with example.orchestrator(server.api_url) as (web, _):
            report = web.import_orders()
        assert len(report.imported) == orders, report
        return (
            _windows([request.at for request in server.log]),
            QUOTA - others,
            sum(request.status == 429 for request in server.log),
        )


def _windows(times: Sequence[float]) -> list[int]:
    """Count the requests of each window; the first request after one has ended opens the next."""
    counts: list[int] = []
    opened = float("-inf")
    for at in times:
        if at - opened >= WINDOW:
            opened = at
            counts.append(0)
        counts[-1] += 1
    return counts


def _figures(name: str, windows: Sequence[int], available: int, refused: int) -> Iterator[Figure]:
    full = windows[:-1] or windows
    share = sum(full) / (available * len(full))
    label = f"{QUOTA} per {WINDOW:.0f} s, {LATENCY_MS} ms latency{name}"
    ours = f"{share:.0%} in {len(full)} of {len(windows)} windows ({', '.join(map(str, windows))})"
    yield Figure(
        f"share of the quota used while orders wait: {label}", ours, f"all: {available}", share
    )
    yield Figure(f"429s earned: {label}", f"{refused}", "none", aim="0", met=refused == 0)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
