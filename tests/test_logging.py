"""What is logged, under which names, with which extras: as docs/logging.md says."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, example, order_of_shape
from avbc.testing.contract import make_bundle

DOCUMENT = (Path(__file__).parents[1] / "docs/logging.md").read_text(encoding="utf-8")
EXTRAS = set(re.findall(r"^\| `(\w+)` \| (?:int|str|float)", DOCUMENT, re.MULTILINE))
LOGGERS = {
    (name, level)
    for name, level in re.findall(r"^\| `(avbc\.\w+)` \| (\w+) \|", DOCUMENT, re.MULTILINE)
}
# What every record has.
ORDINARY = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"}
KINDS = [
    {"order_id", "import_id"},
    {"call", "attempt", "wait", "status"},
    {"attempt", "wait"},
    set(),
]


class Clock:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def web(store: FakeStore, tmp_path: Path) -> Iterator[Orchestrator]:
    settings = Settings.from_dict(example.settings_dict(store.api_url))
    (tmp_path / "books.toml").write_text(example.books_toml, encoding="utf-8")
    clock = Clock()
    client = BigCommerce(
        store.api_url,
        "example-token",
        transport=store.transport(),
        retries=Retries(attempts=3),
        clock=clock,
        sleep=clock.sleep,
    )
    with client, SqlGateway() as books, Orchestrator(settings, books, store=client) as web:
        books.load(tmp_path / "books.toml")
        yield web


@pytest.fixture
def busy_day(
    web: Orchestrator, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> list[logging.LogRecord]:
    """A good order, one with a problem, one that waits, a busy store, and a pushed status."""
    factory = OrderFactory()
    good = store.add_order(factory.plain()).id
    store.add_order(order_of_shape("unknown_sku", factory))
    late = store.add_order(order_of_shape("captured", factory)).id
    store.fail("GET /v2/orders", "429")
    store.fail(f"GET /v3/orders/{late}/transactions", "refused", times=3)
    with caplog.at_level(logging.DEBUG, "avbc"):
        assert len(web.import_orders().imported) == 1
        web.books.set_order_status(f"WEB{good}", "Shipped/Invoice")
        web.push_order_statuses()
        web.preview_orders()
    return [record for record in caplog.records if record.name.startswith("avbc")]


def extras_of(record: logging.LogRecord) -> set[str]:
    return record.__dict__.keys() - ORDINARY


def test_every_record_is_of_a_logger_and_level_that_is_documented(
    busy_day: list[logging.LogRecord],
) -> None:
    assert {(record.name, record.levelname) for record in busy_day} <= LOGGERS


def test_extras_are_named_alike_everywhere_and_documented(
    busy_day: list[logging.LogRecord],
) -> None:
    assert set().union(*KINDS) == EXTRAS
    assert all(extras_of(record) in KINDS for record in busy_day)
    assert set().union(*map(extras_of, busy_day)) == EXTRAS
    types = {
        "order_id": int,
        "import_id": str,
        "call": str,
        "attempt": int,
        "wait": (int, float),
        "status": (int, type(None)),
    }
    for record in busy_day:
        for name in extras_of(record):
            assert isinstance(record.__dict__[name], types[name]), name


def test_orders_are_logged_with_their_ids_and_problems(busy_day: list[logging.LogRecord]) -> None:
    told = [
        (record.levelname, record.getMessage())
        for record in busy_day
        if record.getMessage().startswith("order 1")
    ]
    assert sorted(told) == [
        ("INFO", "order 1001: imported"),
        ("INFO", "order 1003: would be imported"),
        ("WARNING", "order 1002: refused (sku_unknown)"),
        ("WARNING", "order 1003: postponed (store_failed)"),
    ]
    about = [record for record in busy_day if "order_id" in extras_of(record)]
    assert {(record.__dict__["order_id"], record.__dict__["import_id"]) for record in about} == {
        (1001, "WEB1001"),
        (1002, "WEB1002"),
        (1003, "WEB1003"),
    }


def test_attempts_and_waits_are_logged(busy_day: list[logging.LogRecord]) -> None:
    calls = [record for record in busy_day if record.name == "avbc.bigcommerce"]
    repeated = [
        (record.__dict__["call"], record.__dict__["attempt"])
        for record in calls
        if record.levelno == logging.INFO
    ]
    assert repeated.count(("GET /v3/orders/1003/transactions", 2)) == 1
    assert repeated.count(("GET /v3/orders/1003/transactions", 3)) == 1
    assert ("GET /v2/orders", 2) in repeated
    assert {record.__dict__["status"] for record in calls} >= {200, 429, None}
    waits = [record.__dict__["wait"] for record in calls if "waits" in record.getMessage()]
    assert waits
    assert all(wait > 0 for wait in waits)


def test_no_customer_is_named(busy_day: list[logging.LogRecord], store: FakeStore) -> None:
    people = [order.header["billing_address"] for order in store.state.orders.values()]
    words = {
        str(person[key])
        for person in people
        if isinstance(person, dict)
        for key in ("email", "last_name", "street_1")
    }
    text = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in busy_day)
    assert words
    assert [word for word in words if word and word in text] == []


def test_a_transaction_that_is_repeated_is_logged(
    postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = sa.make_url(postgresql_url)
    admin = sa.create_engine(
        url.update_query_dict({"application_name": "admin"}), isolation_level="AUTOCOMMIT"
    )
    with (
        SqlGateway(postgresql_url) as books,
        admin.connect() as connection,
        caplog.at_level(logging.DEBUG, "avbc"),
    ):
        books.create_order(make_bundle(1))
        ended = sa.text(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name "
            "= :name"
        )
        assert connection.execute(ended, {"name": url.query["application_name"]}).scalars().all()
        assert books.create_order(make_bundle(2)).created
    admin.dispose()
    records = [record for record in caplog.records if record.name == "avbc.acctvantage"]
    assert records
    assert records[0].getMessage().startswith("order WEB2: attempt 2 follows in ")
    assert {frozenset(extras_of(record)) for record in records} == {frozenset({"attempt", "wait"})}


def test_loggers_are_all_below_avbc_and_orders_have_their_ids() -> None:
    """Read off the source: no other name, and no record that names an order in its text only."""
    names, without_ids = set(), []
    for path in Path(avbc.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "getLogger":
                names |= {ast.literal_eval(argument) for argument in node.args}
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "_log":
                texts = [
                    part.value
                    for part in node.args
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                if any("order %d" in text for text in texts) and "extra" not in {
                    keyword.arg for keyword in node.keywords
                }:
                    without_ids.append(f"{path.name}:{node.lineno}")
    assert names - {"avbc"} <= {name for name, _ in LOGGERS}
    assert without_ids == []
