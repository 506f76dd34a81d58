"""What is logged, under which names, with which extras: as docs/logging.md says."""

from __future__ import annotations

import ast
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries, StoreError
from avbc.orchestrator import Job, Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, example, order_of_shape
from avbc.testing.contract import make_bundle

DOCUMENT = (Path(__file__).parents[1] / "docs/logging.md").read_text(encoding="utf-8")
EXTRAS = set(re.findall(r"^\| `(\w+)` \| (?:int|str|float)", DOCUMENT, re.MULTILINE))
DAY = date(2026, 1, 1)
# Which every record of avbc has.
STORE = {"store", "import_source_code"}
WEB = "Example store (WEB): "
LOGGERS = {
    (name, level)
    for name, level in re.findall(r"^\| `(avbc\.\w+)` \| (\w+) \|", DOCUMENT, re.MULTILINE)
}
# What every record has.
ORDINARY = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", *STORE}
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
def web(store: FakeStore) -> Iterator[Orchestrator]:
    settings = Settings.from_dict(example.settings_dict(store.api_url))
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
        books.load(example.books_toml)
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
    assert set().union(*KINDS, STORE) == EXTRAS
    assert all(extras_of(record) in KINDS for record in busy_day)
    assert set().union(*map(extras_of, busy_day)) == EXTRAS - STORE
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
        if record.getMessage().startswith(f"{WEB}order 1")
    ]
    assert sorted(told) == [
        ("INFO", f"{WEB}order 1001: imported"),
        ("INFO", f"{WEB}order 1003: would be imported"),
        ("WARNING", f"{WEB}order 1002: refused (sku_unknown)"),
        ("WARNING", f"{WEB}order 1003: postponed (store_failed)"),
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


def test_what_is_logged_while_a_method_runs_names_the_store_once(
    busy_day: list[logging.LogRecord],
) -> None:
    assert {record.name for record in busy_day} == {"avbc.bigcommerce", "avbc.orchestrator"}
    for record in busy_day:
        assert (record.__dict__["store"], record.__dict__["import_source_code"]) == (
            "Example store",
            "WEB",
        )
        assert record.getMessage().startswith(WEB)
        assert record.getMessage().count("Example store") == 1
        # What is searched for and grouped by is the same for all stores.
        assert "Example" not in record.msg


def test_a_method_names_the_store_in_all_that_it_logs(
    web: Orchestrator,
    store: FakeStore,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """Also those that are no runs, and each record of other stores' methods that it calls."""
    example.populate(store, orders=3)
    called = {
        "import_orders": web.import_orders,
        "follow_orders": web.follow_orders,
        "test_connection": web.test_connection,
        "check_setup": web.check_setup,
        "explain": lambda: web.explain(1001),
        "history": lambda: web.history(1001),
        "reconcile": lambda: web.reconcile(DAY),
        "backtest": lambda: web.backtest(web.settings, DAY),
        "register_webhooks": lambda: web.register_webhooks("https://shop.example/hooks"),
        "check_hooks": web.check_hooks,
        "write_journal": lambda: web.write_journal(tmp_path),
        "prune_journal": web.prune_journal,
        "push_inventory": web.push_inventory,
        "push_products": web.push_products,
        "export_clients": web.export_clients,
    }
    for name, call in called.items():
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "avbc"):
            call()
        assert caplog.records, name
        assert {record.__dict__["store"] for record in caplog.records} == {"Example store"}, name
        assert all(text.startswith(WEB) for text in caplog.messages), name
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "avbc"):
        web.store.time()
    assert {record.__dict__["store"] for record in caplog.records} == {""}


def test_stores_in_threads_are_kept_apart(
    store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    example.populate(store, orders=12)
    settings = [
        attrs.evolve(
            made := Settings.from_dict(example.settings_dict(store.api_url)),
            store=attrs.evolve(made.store, description=description),
            order_status=attrs.evolve(made.order_status, import_source_code=code),
        )
        for description, code in [("50% off\nshop", "OFF"), ("", "TRD")]
    ]

    def preview(one: Settings) -> None:
        with (
            BigCommerce(store.api_url, "example-token", transport=store.transport()) as client,
            SqlGateway() as books,
            Orchestrator(one, books, store=client) as web,
        ):
            books.load(example.books_toml)
            web.preview_orders()

    with caplog.at_level(logging.DEBUG, "avbc"), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(preview, settings)) == [None, None]
    names = {"OFF": ("50% off shop", "50% off shop (OFF): "), "TRD": ("TRD", "TRD: ")}
    for code, (name, begin) in names.items():
        own = [each for each in caplog.records if each.__dict__["import_source_code"] == code]
        assert len([each for each in own if each.name == "avbc.bigcommerce"]) > 5
        assert {each.__dict__["store"] for each in own} == {name}
        assert all(each.getMessage().startswith(begin) for each in own)
        threads = {each.threadName for each in own}
        assert any(thread and thread.startswith("avbc") for thread in threads)
    assert {each.__dict__["import_source_code"] for each in caplog.records} == set(names)


def test_without_a_store_a_line_is_as_it_is(
    store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    client = BigCommerce(store.api_url, "example-token", transport=store.transport())
    with client, caplog.at_level(logging.DEBUG, "avbc"):
        client.orders.list().__iter__().__next__() if store.state.orders else client.time()
    (record,) = caplog.records
    assert record.getMessage().startswith("GET /")
    assert (record.__dict__["store"], record.__dict__["import_source_code"]) == ("", "")


def test_the_timer_names_the_store_once(
    web: Orchestrator, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError("a bug")

    web.import_orders = broken  # type: ignore[method-assign,assignment]
    with caplog.at_level(logging.DEBUG, "avbc"):
        web.run(schedule=[Job("import_orders")], on_report=lambda _: web.stop())
    assert {each.__dict__["store"] for each in caplog.records} == {"Example store"}
    assert [text.count("Example store (WEB)") for text in caplog.messages] == [1] * len(
        caplog.messages
    )
    assert "Example store (WEB): 1 of 1 jobs failed, 0 requests." in caplog.messages


def test_an_error_that_is_raised_has_the_store_as_a_note(
    web: Orchestrator, store: FakeStore
) -> None:
    """A queue logs the traceback of a task: it names no store by itself."""
    store.fail("*", "503", times=9)
    with pytest.raises(StoreError) as caught:
        web.preview_orders()
    assert caught.value.__notes__ == ["Store: Example store (WEB)"]
    assert "Example" not in str(caught.value)


def test_no_settings_of_the_application_are_touched() -> None:
    code = """
import logging
before = dict(vars(logging.getLogger()), factory=logging.getLogRecordFactory())
before["handlers"] = list(logging.getLogger().handlers)
import avbc, avbc.orchestrator, avbc.celery
assert dict(vars(logging.getLogger()), factory=logging.getLogRecordFactory()) == before
assert all(type(each) is logging.NullHandler
           for name in ("avbc", "avbc.orchestrator", "avbc.bigcommerce", "avbc.acctvantage")
           for each in logging.getLogger(name).handlers)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_loggers_are_all_below_avbc_and_orders_have_their_ids() -> None:
    """Read off the source: no other name, and no record that names an order in its text only."""
    names, without_ids = set(), []
    for path in Path(avbc.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "get_logger":
                names |= {ast.literal_eval(argument) for argument in node.args}
            if not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr == "getLogger" and path.name != "logs.py":
                # Those of `get_logger` name the store.
                assert [ast.literal_eval(argument) for argument in node.args] == ["avbc"]
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
    assert names <= {name for name, _ in LOGGERS}
    assert len(names) == 3
    assert without_ids == []
