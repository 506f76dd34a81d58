"""Ids, bodies and answers that the client must not let through, and those beside them."""

from __future__ import annotations

import gzip
import math
import random
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
from bench.badorders import API_URL
from bench.ends import Damage
from bench.habits import habit_row
from bench.tally import Row

from avbc.bigcommerce import AnswerTooLarge, BigCommerce, Call, Retries
from avbc.errors import AvbcError

_BAD_IDS: tuple[Any, ...] = (
    "../../../x", "218", "218?include=fees", "", " 7", 2.5, 7.0, Decimal(7), None, True, False,
    [7], {7}, b"7", 0, math.nan, math.inf, float(2**70), "७", object(),
)  # fmt: skip


class _Recording(httpx.BaseTransport):
    """Answers with one body, and keeps what was sent."""

    def __init__(self, body: bytes = b"{}", **headers: str) -> None:
        self.sent: list[httpx.Request] = []
        self._body, self._headers = body, headers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        return httpx.Response(200, content=self._body, headers=self._headers)


def _client(transport: httpx.BaseTransport, **options: Any) -> BigCommerce:
    return BigCommerce(
        API_URL,
        "example-token",
        transport=transport,
        retries=Retries(attempts=1),
        sleep=lambda _: None,
        **options,
    )


def ids(choose: random.Random) -> str:
    """An id in the path of a request: a whole number above 0, or nothing is sent."""
    good = choose.choice([1, 218, choose.randrange(1, 10**18), 2**63])
    value = (
        good if choose.random() < 0.3 else choose.choice([*_BAD_IDS, -good, f"{good}", good + 0.5])
    )
    transport = _Recording()
    wanted = type(value) is int and value > 0
    with _client(transport) as store:
        asked: list[Callable[[], object]] = [
            lambda: store.orders.get(value),
            lambda: list(store.transactions.list(value)),
            lambda: list(store.order_shipments.list(value)),
            lambda: store.orders.update(value, status_id=9),
        ]
        try:
            with suppress(AvbcError):  # of the empty answer
                choose.choice(asked)()
        except (TypeError, ValueError):
            return "a good id is refused" if wanted or transport.sent else ""
    paths = [request.url.path for request in transport.sent]
    if not wanted:
        return f"{value!r} was sent to {paths}"
    is_there = bool(paths) and all(str(value) in path.split("/") for path in paths)
    return "" if is_there else f"{value!r} is in none of {paths}"


_NOT_JSON: tuple[Any, ...] = (
    math.nan, math.inf, 0.1, Decimal("NaN"), Decimal("-Infinity"), "half \ud83d", {1: 2},
    {"\udfff": 1}, object(), {1, 2}, b"bytes",
)  # fmt: skip
_IS_JSON: tuple[Any, ...] = (
    None, True, 0, -(10**30), Decimal("19.90"), Decimal("1E+3"), "", "né \U0001f381", "a\r\nb\x00",
    [], {},
)  # fmt: skip


def bodies(choose: random.Random) -> str:
    """A body that is JSON is sent as it is; any other is refused, and nothing is sent."""
    is_good = choose.random() < 0.4
    value = choose.choice(_IS_JSON if is_good else _NOT_JSON)
    for _ in range(choose.randint(0, 4)):
        value = (
            [*choose.sample(_IS_JSON, 2), value] if choose.random() < 0.5 else {"x": value, "y": 1}
        )
    transport = _Recording()
    call = Call("PUT", "/v2/orders/7", lambda body: body, body={"value": value})
    with _client(transport) as store:
        try:
            store.send(call)
        except AvbcError as error:
            if is_good or transport.sent:
                return f"{value!r:.100} ends with {error!r:.200}"
            return ""
    return "" if is_good and len(transport.sent) == 1 else f"{value!r:.100} was sent"


def answers(choose: random.Random) -> str:
    """An answer up to the limit is read, packed or not; a byte more is refused."""
    limit = choose.choice([1000, 4096, 65_536])
    size = limit + choose.choice([-1, 0, 1, 2, limit * 50, -(limit // 2)])
    body = b"[" + b" " * (size - 2) + b"]"
    packed = choose.random() < 0.6
    headers = {"Content-Type": "application/json"}
    if packed:
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    call = Call("GET", "/v2/time", lambda answer: answer)
    with _client(_Recording(body, **headers), largest_answer=limit) as store:
        try:
            found: object = store.send(call)
        except AnswerTooLarge:
            return f"{size} bytes of {limit} are refused, {packed=}" if size <= limit else ""
    if size > limit:
        return f"{size} bytes of {limit} are read, {packed=}"
    return "" if found == [] else f"{found!r} was read"


TRIES = {"ids in paths": ids, "bodies of requests": bodies, "sizes of answers": answers}


def try_client(name: str, count: int, seed: int) -> Row:
    """Try something of the client so often."""
    started = time.monotonic()
    row = Row(habit_row(name))
    for number in range(count):
        choose = random.Random(f"{seed} {name} {number}")
        wrong = TRIES[name](choose)
        row.count(0, Damage(other=[wrong] if wrong else []), f"try {number}")
    row.seconds = time.monotonic() - started
    return row
