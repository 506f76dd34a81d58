"""Listing 20 pages of 250 orders, compared with the two clients on PyPI.

Their host and scheme are patched here and nowhere else.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from bigc.api_client import BigCommerceV2APIClient
from bigc.resources import BigCommerceOrdersV2API
from bigcommerce.api import BigcommerceApi
from figure import Figure, compared, cpus, interleaved, milliseconds, ratio, walls
from page_server import PAGE_SIZE, PageServer

from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.decoding import read_rows
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order

AIM = 0.75
_EMBEDDED = {"include": "consignments.line_items,fees", "consignment_structure": "object"}


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    pages, rounds, slow_rounds = (2, 2, 1) if quick else (20, 13, 2)
    count = pages * PAGE_SIZE
    with (
        PageServer(pages) as server,
        closing(BigCommerce(f"{server.url}/stores/abc123/v3/", "example-token")) as store,
    ):
        bigc = BigCommerceOrdersV2API(_Bigc(server.url))
        slow = _bigcommerce(server.url)
        headers: dict[str, Callable[[], object]] = {
            "avbc": lambda: _walk(store.orders.list(), count),
            "typed": lambda: _walk(_typed(bigc.all()), count),
            "bigc": lambda: _walk(bigc.all(), count),
        }
        embedded: dict[str, Callable[[], object]] = {
            "avbc": lambda: _walk(store.orders.list(include=EVERYTHING), count),
            "typed": lambda: _walk(_typed(bigc.all(params=_EMBEDDED)), count),
        }
        interleaved(headers, 1)  # connections, caches and imports
        interleaved(embedded, 1)
        name = f"listing {pages} x {PAGE_SIZE} orders, typed"
        times = interleaved(headers, rounds)
        ours = times["avbc"]
        for unit, seconds in (("time", walls), ("CPU", cpus)):
            yield _against(
                f"{name}: {unit}",
                seconds(ours),
                "bigc 1.1.0 with the same typing",
                seconds(times["typed"]),
                AIM,
            )
        yield _against(
            f"{name}: time", walls(ours), "bigc 1.1.0, dicts, no typing", walls(times["bigc"])
        )
        times = interleaved(
            headers | {"bigcommerce": lambda: _walk(slow.Orders.iterall(), count)}, slow_rounds
        )
        yield _against(
            f"{name}: time",
            walls(times["avbc"]),
            "bigcommerce 0.23.4, dicts, no typing",
            walls(times["bigcommerce"]),
        )
        times = interleaved(embedded, rounds)
        name = f"{name}, lines and fees embedded"
        for unit, seconds in (("time", walls), ("CPU", cpus)):
            yield _against(
                f"{name}: {unit}",
                seconds(times["avbc"]),
                "bigc 1.1.0 with the same typing",
                seconds(times["typed"]),
            )


def _against(
    name: str, ours: list[float], peer: str, theirs: list[float], aim: float | None = None
) -> Figure:
    return compared(
        name, milliseconds(ours), f"{peer}: {milliseconds(theirs)}", ratio(ours, theirs), aim
    )


def _walk(orders: Iterable[object], count: int) -> None:
    seen = sum(1 for _ in orders)
    assert seen == count, f"{seen} orders of {count}"


def _typed(rows: Iterator[dict[str, Any]]) -> Iterator[Order]:
    """What we do, on top of bigc, and page by page as we do it."""
    while page := list(itertools.islice(rows, PAGE_SIZE)):
        yield from read_rows(page, Order, "orders")


class _Bigc(BigCommerceV2APIClient):
    def __init__(self, url: str) -> None:
        super().__init__("abc123", "example-token")
        self._url = url

    def _prepare_url(self, path: str) -> str:
        return f"{self._url}/stores/abc123/v2/{path.lstrip('/')}"


def _bigcommerce(url: str) -> BigcommerceApi:
    api = BigcommerceApi(
        client_id="example-client", store_hash="abc123", access_token="example-token"
    )
    api.connection.full_path = lambda path: f"{url}/stores/abc123/v2/{path}"
    return api


if __name__ == "__main__":
    for figure in figures():
        print(figure)
