"""Listing orders as typed models, compared with the two clients on PyPI, and typing by itself.

The CPU time of this process is compared, of small rounds that take turns: other work on the machine
changes the time that they wait, and affects all alike. The peers' host and scheme are patched here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import httpx
import orjson
from bigc.api_client import BigCommerceV2APIClient
from bigc.resources import BigCommerceOrdersV2API
from bigcommerce.api import BigcommerceApi
from figure import Figure, compared, cpus, interleaved, milliseconds, ratio, walls
from page_server import PAGE_SIZE, PageServer, bodies
from replay import API_URL

from avbc.bigcommerce import BigCommerce, read_object
from avbc.bigcommerce.endpoints.orders import EVERYTHING, Include
from avbc.bigcommerce.models import Order

AIM = 0.65
AIM_OF_TYPING = 2.7
_LINKS: tuple[Include, ...] = ()
_FORMS = [("headers", _LINKS), ("lines and fees embedded", EVERYTHING)]


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    pages, size, rounds = (1, 10, 1) if quick else (8, PAGE_SIZE, 15)
    with (
        PageServer(pages, size) as server,
        closing(BigCommerce(f"{server.url}/stores/abc123/v3/", "example-token")) as store,
    ):
        bigc = BigCommerceOrdersV2API(_Bigc(server.url))
        count = pages * size
        for form, include in _FORMS:
            name = f"listing {count} orders, typed, {form}"
            asked = (
                {"include": ",".join(include), "consignment_structure": "object"} if include else {}
            )
            variants: dict[str, Callable[[], object]] = {
                "avbc": lambda include=include: _walk(store.orders.list(include=include), count),
                "typed": lambda asked=asked: _walk(_typed(bigc.all(params=asked)), count),
                "bigc": lambda asked=asked: _walk(bigc.all(params=asked), count),
            }
            if not quick:
                interleaved(variants, 1)  # connections, caches and imports
            times = interleaved(variants, rounds)
            ours, typed, dicts = (cpus(times[of]) for of in ("avbc", "typed", "bigc"))
            peer = "bigc 1.1.0 with the same typing"
            yield _against(f"{name}: CPU", ours, peer, typed, AIM)
            yield _against(f"{name}: time", walls(times["avbc"]), peer, walls(times["typed"]))
            yield _against(f"{name}: CPU", ours, "bigc 1.1.0, dicts, no typing", dicts)
        slow = _bigcommerce(server.url)
        times = interleaved(
            {
                "avbc": lambda: _walk(store.orders.list(), count),
                "bigcommerce": lambda: _walk(slow.Orders.iterall(), count),
            },
            1 if quick else 2,
        )
        yield _against(
            f"listing {count} orders, typed, headers: time",
            walls(times["avbc"]),
            "bigcommerce 0.23.4, dicts, no typing",
            walls(times["bigcommerce"]),
        )
    for form, include in _FORMS:
        of_form = bodies(min(pages, 2), size, embedded=bool(include))
        yield from _without_connection(form, include, of_form, rounds)


def _without_connection(
    form: str, include: Sequence[Include], pages: Sequence[bytes], rounds: int
) -> Iterator[Figure]:
    """From bytes to typed orders, with all checks, by the client but without a connection."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        if number > len(pages):
            return httpx.Response(204)
        return httpx.Response(200, content=pages[number - 1])

    def parse() -> None:
        for page in pages:
            orjson.loads(page)

    count = sum(len(orjson.loads(page)) for page in pages)
    with BigCommerce(API_URL, "example-token", transport=httpx.MockTransport(answer)) as store:
        orders = store.orders.list
        variants: dict[str, Callable[[], object]] = {
            "walk": lambda: _walk(orders(include=include), count),
            "keep": lambda: _walk(list(orders(include=include)), count),
            "pages": lambda: [page.count for page in store.pages(orders.call(include=include))],
            "orjson": parse,
        }
        interleaved(variants, 1)
        times = {name: cpus(spent) for name, spent in interleaved(variants, rounds).items()}
    kilobytes = sum(map(len, pages)) / count / 1000
    name, walk = f"{count} orders of {kilobytes:.1f} KB, {form}", times["walk"]
    peer = "orjson's dicts"
    yield _against(
        f"{name}: bytes to typed orders, CPU", walk, peer, times["orjson"], AIM_OF_TYPING
    )
    yield _against(f"{name}: CPU of a walk", walk, "of its pages, each as a whole", times["pages"])
    yield _against(f"{name}: CPU of a list that is kept", times["keep"], "of a walk", walk)


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
    """What we do, on top of bigc: each order is typed when its turn comes."""
    return (read_object(row, Order, "order") for row in rows)


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
