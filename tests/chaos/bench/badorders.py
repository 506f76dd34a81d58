"""Generated orders through the whole import.

Decoding, mapping, books, and the status back to the store.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import attrs
import httpx

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.bigcommerce.answers import parse
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.decoding import read_object, read_rows
from avbc.bigcommerce.models import Order, OrderProduct
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.orchestrator.reports import RESULTS, Outcome
from avbc.settings import Settings
from avbc.testing import example
from bench.nonsense import Sample, huge_order, samples
from bench.oracle import faults_of
from bench.tally import Damage, Row

API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"
BATCH = 125
DOWNLOADED, IMPORT_ERROR = 9, 12
_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which no request can hold: it comes back as the replacement sign."""
_PATH = re.compile(r"/stores/abc123/v[23]/orders/([0-9]+)(?:/([a-z]+))?$")


class RawStore(httpx.BaseTransport):
    """A store that sends what it is given, byte for byte, and keeps the statuses that are set."""

    def __init__(self, orders: Sequence[Sample]) -> None:
        self._orders = {sample.id: sample for sample in orders}
        self.written: dict[int, list[dict[str, Any]]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/store"):
            return _answer({"id": "abc123", "timezone": {"name": "America/Chicago"}})
        parts = _PATH.search(request.url.path)
        if parts is None:
            return self._page(request)
        order_id, part = int(parts[1]), parts[2]
        sample = self._orders.get(order_id)
        if request.method == "PUT":
            if sample is None:
                return httpx.Response(404, json=[{"status": 404, "message": "Not found"}])
            body = json.loads(request.read())
            self.written.setdefault(order_id, []).append(body)
            return httpx.Response(
                200, json={**example_order(), "id": order_id, "status_id": body["status_id"]}
            )
        if sample is None:
            return httpx.Response(404, json=[{"status": 404, "message": "Not found"}])
        if part == "transactions":
            return _answer({"data": sample.transactions, "meta": {}})
        rows = sample.lines if part == "products" else sample.coupons
        query = parse_qs(request.url.query.decode())
        limit, page = (
            int(query.get(name, [default])[0]) for name, default in [("limit", "50"), ("page", "1")]
        )
        return _answer(rows[(page - 1) * limit : page * limit] if isinstance(rows, list) else rows)

    def _page(self, request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode())
        first = int(query.get("min_id", ["0"])[0])
        rows = [
            sample.body
            for number, sample in sorted(self._orders.items())
            if number >= first and number not in self.written
        ]
        return _answer(rows[: int(query["limit"][0])])


def _answer(value: object) -> httpx.Response:
    content = json.dumps(value).encode()
    return (
        httpx.Response(204)
        if value == []
        else httpx.Response(200, content=content, headers={"Content-Type": "application/json"})
    )


@cache
def example_order() -> dict[str, Any]:
    """A good row, for answers to writes."""
    return cast("dict[str, Any]", next(iter(example.plain_orders(1))).to_json())


class Clock:
    """A clock that moves by waiting on it, so that waits cost nothing."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Books:
    """Books in memory that are emptied between batches, and keep their compiled statements."""

    def __init__(self) -> None:
        self.gateway = SqlGateway()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "books.toml"
            file.write_text(example.books_toml, encoding="utf-8")
            self.gateway.load(file)
        self.keep()

    def keep(self) -> None:
        """Let them be emptied to what they hold now."""
        with closing(self.gateway.engine.raw_connection()) as connection:
            self._filled = cast("Any", connection.driver_connection).serialize()

    def reset(self) -> None:
        """Empty them."""
        with closing(self.gateway.engine.raw_connection()) as connection:
            cast("Any", connection.driver_connection).deserialize(self._filled)


@cache
def _books() -> Books:
    return Books()


def try_orders(orders: Sequence[Sample], row: Row) -> None:
    """Import orders and judge each: imported right, or refused with a reason."""
    books = _books()
    books.reset()
    store = RawStore(orders)
    settings = Settings.from_dict(example.settings_dict(API_URL))
    clock = Clock()
    try:
        with (
            BigCommerce(
                API_URL,
                "example-token",
                transport=store,
                retries=Retries(attempts=1),
                sleep=clock.sleep,
                clock=clock,
            ) as client,
            Orchestrator(settings, books.gateway, store=client) as web,
        ):
            report = web.import_orders()
            again = web.import_orders()
    except Exception as error:  # noqa: BLE001  # what the bench looks for
        if len(orders) > 1:
            # One of them is at fault: find out which.
            middle = len(orders) // 2
            for some in (orders[:middle], orders[middle:]):
                try_orders(some, row)
            return
        row.count(1, Damage(lost=[str(orders[0])]), str(orders[0]))
        row.complain(str(orders[0]), f"{type(error).__name__}: {error}"[:500])
        return
    _judge(orders, store, report, row)
    torn = {sample.id: sample for sample in orders if _is_torn(sample)}
    # Another order may have made known by now the coupon that could not be asked for.
    known = [each.id for each in torn.values() if not _is_torn(attrs.evolve(each, coupons=[]))]
    may_be = {"postponed": [0, *torn], "imported": known}
    left = [outcome for name, outcome in again if outcome.order_id not in may_be.get(name, ())]
    if left:
        row.complain("again", f"the next run finds {left[:3]}")


def _judge(orders: Sequence[Sample], store: RawStore, report: ImportReport, row: Row) -> None:
    books = _books().gateway
    entered = {order.store_order_id: order for order in books.sales_orders()}
    receipts: dict[str, list[Any]] = {}
    for receipt in books.receipts():
        receipts.setdefault(receipt.order_import_id, []).append(receipt)
    ends: dict[int, list[tuple[str, Outcome]]] = {}
    for name in RESULTS:
        for outcome in report.outcomes(name):
            ends.setdefault(outcome.order_id, []).append((name, outcome))
    nameless = ends.pop(0, [])
    for sample in orders:
        ended = Damage()
        found = ends.pop(sample.id, [])
        if not _is_new(sample) and not found:
            # It has another status now: a store would not have listed it, and it is left alone.
            row.count(1, ended, str(sample))
            continue
        order = entered.pop(sample.id, None)
        results = [name for name, _ in found]
        if not found:
            # A row whose id cannot be read is told, but not by its id.
            if not nameless or _has_id(sample):
                ended.lost.append("it is in no list of the report")
        elif len(found) > 1:
            ended.doubled.append(f"it is in the report as {results}")
        elif results[0] == "imported":
            _judge_imported(sample, order, receipts.get(f"WEB{sample.id}", []), store, ended)
        elif results[0] == "refused":
            _judge_refused(sample, found[0][1], order is not None, store, ended)
        elif results[0] != "postponed" or not _is_torn(sample):
            ended.other.append(f"{results[0]}: {found[0][1].problems}"[:400])
        row.count(1, ended, str(sample))
    for number in [*ends, *entered]:
        row.complain(f"order {number}", "nobody placed it")


def _has_id(sample: Sample) -> bool:
    return isinstance(sample.body, dict) and str(sample.body.get("id")).removesuffix(".0") == str(
        sample.id
    )


def _is_new(sample: Sample) -> bool:
    return not isinstance(sample.body, dict) or sample.body.get("status_id") in (11, "11", None, "")


def _is_torn(sample: Sample) -> bool:
    """Whether the store answers a question about the order with something else.

    That is no fault of the order, so it waits.
    """
    parts = (sample.lines, sample.transactions, sample.coupons)
    return not all(isinstance(part, list) and _is_json(part) for part in parts) or any(
        isinstance(row, dict) and str(row.get("order_id", sample.id)) != str(sample.id)
        for part in parts
        for row in part
    )


def _is_json(rows: list[Any]) -> bool:
    """Whether rows can be sent as JSON, which has no infinite numbers."""
    try:
        json.dumps(rows, allow_nan=False)
    except ValueError:
        return False
    return True


def _judge_imported(
    sample: Sample, order: Any, receipts: Sequence[Any], store: RawStore, ended: Damage
) -> None:
    if order is None:
        ended.lost.append("it is imported, and not in the books")
        return
    if [body["status_id"] for body in store.written.get(sample.id, [])] != [DOWNLOADED]:
        ended.lost.append(f"its status was set to {store.written.get(sample.id)}")
    read = read_object(_sent(sample.body), Order, "order")
    if not read.lines_complete:
        read.products = tuple(read_rows(_sent(sample.lines), OrderProduct, "lines"))
    for fault in faults_of(sample.body, read, order, receipts, sample.transactions):
        (
            ended.off
            if "entered" in fault or "off by" in fault or "receipts of" in fault
            else ended.other
        ).append(fault)


def _sent(value: object) -> Any:
    """A value as the client has it from the wire."""
    return parse(Call("GET", "/v2/orders", lambda body: body), 200, json.dumps(value).encode())


def _judge_refused(
    sample: Sample, outcome: Outcome, is_entered: bool, store: RawStore, ended: Damage
) -> None:
    errors = [problem for problem in outcome.problems if problem.severity == "error"]
    if sample.importable:
        ended.lost.append(f"a good order is refused: {errors}"[:400])
    if is_entered:
        ended.other.append("it is refused, and in the books")
    if not errors or not all(
        problem.code and problem.message and problem.fix for problem in errors
    ):
        ended.other.append(f"refused without a reason: {outcome.problems}"[:300])
    bodies = store.written.get(sample.id, [])
    if not bodies or bodies[-1]["status_id"] != IMPORT_ERROR:
        ended.lost.append(f"its status was set to {bodies}"[:200])
    before = sample.body.get("staff_notes") if isinstance(sample.body, dict) else None
    notes = str(bodies[0].get("staff_notes", "")) if bodies else ""
    if (
        isinstance(before, str)
        and "[AcctVantage import error: " not in before
        and not notes.startswith(_HALF.sub("\ufffd", before))
    ):
        ended.other.append(
            f"the merchant's notes were changed from {before!r:.80} to {notes!r:.80}"
        )


def generated_orders(count: int, seed: int, *, share: tuple[int, int] = (0, 1)) -> Row:
    """Generate orders and import them.

    Args:
        count: How many, all shares together.
        seed: Of the random choices.
        share: Which part of how many parts, where several work on it.
    """
    started = time.monotonic()
    row = Row("generated orders")
    for batch in range(share[0], -(-count // BATCH), share[1]):
        choose = random.Random(f"{seed} {batch}")
        found = samples(choose, min(BATCH, count - batch * BATCH), 1 + batch * BATCH)
        if batch % 40 == 0:
            found[0] = attrs.evolve(huge_order(found[0].id), importable=True)
        try_orders(found, row)
    row.seconds = time.monotonic() - started
    return row
