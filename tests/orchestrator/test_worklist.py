"""The worklist: what waits for a person, kept in the journal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

import avbc
from avbc.acctvantage import SqlGateway
from avbc.mapping import Problem
from avbc.orchestrator import CycleReport, JobOutcome, Orchestrator
from avbc.orchestrator.engine.attention import Attention
from avbc.orchestrator.engine.journal import Journal, JournalUnreachable
from avbc.orchestrator.engine.open_items import OpenItems, Raised, Settled
from avbc.orchestrator.worklist import Worklist, WorklistItem
from avbc.settings import Settings
from avbc.settings.screens import PaymentMethodMapping
from avbc.testing import FakeStore, OrderFactory
from avbc.testing.fakestore.routes import TRANSACTIONS_READ

NEW = 11
Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

AT = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)


def item(key: str, message: str = "It waits.", area: str = "job") -> WorklistItem:
    return WorklistItem("some_code", key, 0, key, AT, message, "Do something.", area)


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = Journal(url)
    yield opened
    opened.close()


def test_an_item_is_news_once_and_again_when_it_changes(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item("WEB1"))])
    items.set_reported(items.unreported())
    items.apply([Raised(item("WEB1"))])
    assert items.unreported() == []
    items.apply([Raised(item("WEB1", "It waits longer."))])
    assert [each.message for each in items.unreported()] == ["It waits longer."]


def test_an_item_goes_when_its_cause_goes_and_is_news_when_it_is_back(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item("WEB1"))])
    items.set_reported(items.all())
    items.apply([Settled("job", ("WEB1",))])
    assert items.all() == []
    items.apply([Raised(item("WEB1"))])
    assert items.unreported() == items.all() != []


def test_what_a_person_settled_is_back_when_it_changes(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item("WEB1"))])
    (only,) = items.all()
    items.hide(only)
    items.apply([Raised(item("WEB1"))])
    assert items.all() == []
    items.apply([Raised(item("WEB1", "It changed."))])
    assert [each.message for each in items.all()] == ["It changed."]


def test_the_rest_of_an_area_goes_and_other_areas_and_stores_stay(journal: Journal) -> None:
    items, others = OpenItems(journal, "WEB@abc"), OpenItems(journal, "WEB@xyz")
    others.apply([Raised(item("WEB1"))])
    items.apply([Raised(item("WEB1")), Raised(item("WEB2")), Raised(item("A", area="other"))])
    items.apply([Settled("job", but=frozenset([("job", "some_code", "WEB2")]))])
    assert [each.key for each in items.all()] == ["A", "WEB2"]
    items.apply([Settled("job")])
    assert [each.key for each in items.all()] == ["A"]
    assert [each.key for each in others.all()] == ["WEB1"]


def test_ten_thousand_items_are_listed_in_a_second(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item(f"WEB{number}")) for number in range(10_000)])
    started = time.process_time()
    worklist = Worklist(tuple(items.all()))
    assert len(worklist) == 10_000
    assert time.process_time() - started < 1


# As a person reads it


def test_the_text_fits_the_terminal_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    words = " ".join(f"word{number}" for number in range(60)) + " " + "x" * 200
    worklist = Worklist((item("WEB1", words), item("WEB2", "\x1b[31mred\nline")))
    for columns, width in (("", 100), ("40", 60), ("120", 120)):
        monkeypatch.setenv("COLUMNS", columns)
        lines = str(worklist).splitlines()
        assert max(map(len, lines)) <= width
        assert "".join(words.split()) in "".join("".join(lines).split())
    assert "\x1b" not in str(worklist)
    assert str(worklist).startswith(
        "2 items wait for a person.\n\nWEB1, since 2026-01-02 12:05 UTC"
    )
    assert repr(worklist).startswith("<Worklist: 2 items wait for a person.")
    assert str(Worklist()) == "Nothing waits for a person."
    assert Worklist().ok
    assert not worklist.ok


def test_what_is_about_one_order_is_together_the_oldest_first() -> None:
    later = AT + timedelta(hours=1)
    worklist = Worklist(
        (item("WEB1"), item("WEB2"), attrs.evolve(item("WEB1", area="other"), since=later))
    )
    assert [each.import_id for each in worklist] == ["WEB1", "WEB1", "WEB2"]
    assert str(worklist).count("WEB1, since") == 1


def test_html_is_escaped_and_rows_are_plain_data() -> None:
    worklist = Worklist((item("<b>", "<script>"),))
    assert "<script>" not in worklist._repr_html_()
    assert "&lt;script&gt;" in worklist._repr_html_()
    (row,) = worklist.to_dicts()
    assert json.loads(json.dumps(row)) == row
    assert row["since"] == "2026-01-02T12:05:00+00:00"
    assert list(worklist.to_frame()["message"]) == ["<script>"]


def test_ten_thousand_items_are_printed_in_a_second() -> None:
    words = "No product has this part number, and no alias is it, so it is not known what was sold."
    worklist = Worklist(tuple(item(f"WEB{number}", words) for number in range(10_000)))
    started = time.process_time()
    assert "WEB9999" in str(worklist)
    assert time.process_time() - started < 1


# From runs


@pytest.fixture
def refused(add: Callable[..., int], factory: OrderFactory) -> Callable[[], int]:
    return lambda: add(factory.plain(), payment_method="Pigeon Post")


def test_a_refused_order_is_on_the_worklist_until_it_is_imported(
    join: Join, store: FakeStore, refused: Callable[[], int], change: Change
) -> None:
    order_id = refused()
    web = join()
    web.import_orders()
    (only,) = web.worklist()
    assert (only.code, only.order_id, only.import_id, only.area) == (
        "payment_method_unmapped",
        order_id,
        f"WEB{order_id}",
        "import_orders",
    )
    assert list(web.worklist().of(order_id)) == [only]
    rows = [
        *web.settings.gl.payment_methods,
        PaymentMethodMapping(bigcommerce="Pigeon Post", receipt_type="Check"),
    ]
    web.use(change(gl={"payment_methods": tuple(rows)}))
    store.edit_order(order_id, status_id=NEW)
    web.import_orders()
    assert web.worklist().ok


def test_a_preview_puts_nothing_on_the_worklist(join: Join, refused: Callable[[], int]) -> None:
    calls: list[object] = []
    refused()
    web = join(on_attention=calls.append)
    web.preview_orders()
    assert web.worklist().ok
    assert calls == []


@pytest.mark.parametrize("kind", ["memory", "file", "postgresql"])
def test_an_item_is_reported_once_and_not_after_a_restart(
    join: Join,
    refused: Callable[[], int],
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    url = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path}/journal.db"}.get(kind, "")
    url = url or request.getfixturevalue("postgresql_url")
    calls: list[list[WorklistItem]] = []
    refused()
    web = join(journal=url, on_attention=calls.append)
    web.import_orders()
    web.import_orders()
    assert [len(items) for items in calls] == [1]
    if kind != "memory":
        web.close()
        again = join(journal=url, on_attention=calls.append)
        again.import_orders()
        assert len(again.worklist()) == 1
        assert len(calls) == 1
        refused()
        again.import_orders()
        assert [len(items) for items in calls] == [1, 1]


def test_what_the_callback_raises_loses_nothing(
    join: Join, refused: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[list[WorklistItem]] = []

    def fail_once(items: list[WorklistItem]) -> None:
        calls.append(items)
        if len(calls) == 1:
            raise OSError("no mail server")

    refused()
    web = join(on_attention=fail_once)
    report = web.import_orders()
    assert len(report.refused) == 1
    assert "on_attention failed" in caplog.text
    assert report.unreported == "on_attention raised OSError, which the log shows"
    assert report.unreported in report.summary()
    cycle = CycleReport("Store", AT, AT, (JobOutcome("import_orders", report),))
    assert cycle.headline.endswith(f"New items were not reported: {report.unreported}.")
    assert web.import_orders().unreported == ""
    web.import_orders()
    assert [len(items) for items in calls] == [1, 1]
    assert calls[0] == calls[1]


def test_the_callback_may_use_the_orchestrator_and_holds_nobody_up(
    join: Join, refused: Callable[[], int], store: FakeStore, tmp_path: Path
) -> None:
    """The run's turn is over: what the callback starts finds it free."""
    url = f"sqlite:///{tmp_path}/journal.db"
    stopped: list[str] = []

    def act(items: list[WorklistItem]) -> None:
        other = join(journal=url)
        stopped.append(other.import_orders().stopped)
        other.settle(items[0])

    refused()
    web = join(journal=url, on_attention=act)
    web.import_orders()
    assert stopped == [""]
    assert web.worklist().ok


def test_two_processes_do_not_both_report(
    join: Join, refused: Callable[[], int], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    calls: list[str] = []
    other = join(journal=url, on_attention=lambda _: calls.append("other"))

    def report(_: list[WorklistItem]) -> None:
        calls.append("web")
        other.import_orders()  # while the first is still reporting

    refused()
    join(journal=url, on_attention=report).import_orders()
    other.import_orders()
    assert calls == ["web"]


def test_a_death_between_the_report_and_its_mark_has_it_reported_again(
    join: Join, refused: Callable[[], int], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    calls: list[list[WorklistItem]] = []

    class Died(BaseException):
        pass

    def die(items: list[WorklistItem]) -> None:
        calls.append(items)
        raise Died

    refused()
    with pytest.raises(Died):
        join(journal=url, on_attention=die).import_orders()
    web = join(journal=url, on_attention=calls.append)
    web.import_orders()
    web.import_orders()
    assert len(calls) == 2
    assert calls[0] == calls[1]


def test_what_a_person_settled_is_not_reported(join: Join, refused: Callable[[], int]) -> None:
    calls: list[object] = []
    order_id = refused()
    quiet = join()
    quiet.import_orders()
    assert quiet.settle(order_id).ok
    loud = join(on_attention=calls.append)
    loud.import_orders()
    assert calls == []


def test_settling_what_is_not_there_says_so(join: Join, refused: Callable[[], int]) -> None:
    order_id = refused()
    web = join()
    web.import_orders()
    (only,) = web.worklist()
    with pytest.raises(avbc.NoSuchItem, match="about order 99 is on the worklist"):
        web.settle(99)
    for wrong, error in ((0, ValueError), (-1, ValueError), (True, TypeError), (None, TypeError)):
        with pytest.raises(error, match=r"^what: "):
            web.settle(wrong)  # type: ignore[arg-type]  # a caller's error
    with pytest.raises(avbc.NoSuchItem, match=r"nothing about 'gl\.tax_area' is on the worklist"):
        web.settle("gl.tax_area")
    with pytest.raises(avbc.NoSuchItem, match="has changed since it was read"):
        web.settle(attrs.evolve(only, message="Something else."))
    assert web.settle(only).ok
    with pytest.raises(avbc.NoSuchItem, match=f"WEB{order_id} is on the worklist"):
        web.settle(only)


@pytest.mark.no_cover
def test_a_death_leaves_no_refused_order_that_is_not_on_the_worklist(
    live_on: Callable[..., None],
    join: Join,
    refused: Callable[[], int],
    add: Callable[..., int],
    factory: OrderFactory,
) -> None:
    wanted = {f"WEB{refused()}" for _ in range(2)}
    add(factory.plain())

    def state(world: FakeStore, books: SqlGateway) -> object:
        orders = world.state.orders.items()
        statuses = {number: order.header["status_id"] for number, order in orders}
        waiting = {each.import_id for each in join(books=books).worklist()}
        assert waiting == wanted
        return statuses

    live_on("import_orders", state)


def test_what_the_journal_did_not_take_is_written_with_the_next_flush(
    web: Orchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    attention = Attention(web._integration, "job")
    attention.replace("A", [Problem("code", "field", "", "It waits.")], order_id=0, import_id="")
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "change", lambda *_: (_ for _ in ()).throw(JournalUnreachable()))
        with pytest.raises(JournalUnreachable):
            attention.flush()
    attention.flush()
    assert [each.key for each in web.worklist()] == ["A"]
    attention.replace("A", [], order_id=0, import_id="")
    attention.flush()
    assert web.worklist().ok


def test_a_journal_that_cannot_be_written_is_reported(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    factory: OrderFactory,
    add: Callable[..., int],
) -> None:
    order_id = add(factory.plain())
    web.import_orders()
    web.follow_orders()
    tables = ("worklist", "fingerprints", "journal", "watermarks")
    with books.engine.begin() as connection:
        for table in tables:
            for event in ("insert", "update", "delete"):
                connection.exec_driver_sql(
                    f"create trigger no_{table}_{event} before {event} on avbc_{table} "
                    "begin select raise(abort, 'it is read-only'); end"
                )
    store.edit_order(order_id, status_id=5)
    cycles: list[avbc.CycleReport] = []

    def end(report: avbc.CycleReport) -> None:
        cycles.append(report)
        web.stop()

    web.run(on_report=end)
    follow = next(job for job in cycles[0].jobs if job.method == "follow_orders")
    assert not cycles[0].ok
    assert not follow.ok
    assert "it is read-only" in str(cycles[0])
    waiting = web.worklist()
    assert not waiting.ok
    assert "it is read-only" in str(waiting)
    assert "Nothing waits" not in str(waiting)
    # Nothing of it was lost: the next run finds it, and says so.
    with books.engine.begin() as connection:
        for table in tables:
            for event in ("insert", "update", "delete"):
                connection.exec_driver_sql(f"drop trigger no_{table}_{event}")
    assert web.follow_orders().unrecorded == ""
    assert [each.code for each in web.worklist()] == ["order_stopped_in_store"]
    assert web.worklist().missing == ""


def test_changes_without_items_cost_no_statement(
    web: Orchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    attention = Attention(web._integration, "job")
    attention.replace("0", [], order_id=0, import_id="")
    attention.flush()
    statements: list[str] = []
    monkeypatch.setattr(Journal, "change", lambda *_: statements.append("change"))
    monkeypatch.setattr(Journal, "read", lambda *_: statements.append("read"))
    started = time.process_time()
    for number in range(100_000):
        attention.replace(str(number), [], order_id=0, import_id="")
        if number % 32 == 0:
            attention.flush()
    attention.flush()
    assert statements == []
    assert time.process_time() - started < 2


@pytest.mark.one_python
def test_ten_thousand_items_are_raised_and_settled_in_seconds(join: Join, tmp_path: Path) -> None:
    """Each flush asks by the whole primary key, and does not read what is there already."""
    web = join(journal=f"sqlite:///{tmp_path}/journal.db")
    for problems in ([Problem("some_code", "field", "", "It waits.")], []):
        attention = Attention(web._integration, "job")
        started = time.process_time()
        for number in range(10_000):
            attention.replace(str(number), problems, order_id=number, import_id=str(number))
            if number % 500 == 0:
                attention.flush()
        attention.flush()
        assert len(web.worklist()) == 10_000 * len(problems)
        assert time.process_time() - started < 10


def test_an_item_that_goes_and_is_back_in_one_flush_is_there(web: Orchestrator) -> None:
    waits = [Problem("some_code", "field", "", "It waits.")]
    attention = Attention(web._integration, "job")
    attention.replace("A", waits, order_id=0, import_id="")
    attention.flush()
    attention.replace("A", [], order_id=0, import_id="")
    attention.replace("A", waits, order_id=0, import_id="")
    attention.replace("B", waits, order_id=0, import_id="")
    attention.replace("B", [], order_id=0, import_id="")
    attention.flush()
    assert [each.key for each in web.worklist()] == ["A"]


@pytest.mark.parametrize(
    "heading", ["warehouse shipping.warehouse", " Warehouse  shipping.warehouse"]
)
def test_an_item_without_an_order_is_settled_by_its_heading(
    join: Join, change: Change, refused: Callable[[], int], heading: str
) -> None:
    order_id = refused()
    join().import_orders()
    web = join(settings=change(shipping={"warehouse": "Moon"}))
    web.check_setup()
    before = {each.about for each in web.worklist()}
    left = {each.about for each in web.settle(heading)}
    assert before - left == {"warehouse shipping.warehouse"}
    assert f"WEB{order_id}" in left
    assert not web.settle(f"web{order_id}").of(order_id)


def test_digits_are_an_order_before_they_are_anything_else(web: Orchestrator) -> None:
    waits = Problem("some_code", "field", "", "It waits.")
    attention = Attention(web._integration, "job")
    attention.add(waits, key="1042")
    attention.add(waits, key="WEB1042", order_id=1042, import_id="WEB1042")
    attention.flush()
    assert [each.key for each in web.settle("1042")] == ["1042"]
    assert web.settle("1042").ok


# From checks


def test_what_check_setup_finds_is_on_the_worklist_until_it_is_corrected(
    join: Join, change: Change
) -> None:
    calls: list[list[WorklistItem]] = []
    web = join(on_attention=calls.append)
    good = web.settings
    web.use(change(shipping={"warehouse": "Moon"}))
    web.check_setup()
    web.check_setup()
    (only,) = web.worklist()
    assert (only.code, only.key, only.area) == (
        "check_failed",
        "warehouse shipping.warehouse",
        "check_setup",
    )
    assert [[each.key for each in items] for items in calls] == [[only.key]]
    web.use(good)
    web.check_setup()
    assert web.worklist().ok


def test_counts_of_the_latest_orders_do_not_make_it_news(
    join: Join, add: Callable[..., int], factory: OrderFactory
) -> None:
    calls: list[list[WorklistItem]] = []
    web = join(on_attention=calls.append)
    for _ in range(2):
        add(factory.plain(), payment_method="Pigeon Post")
        web.check_setup()
    assert len(calls) == 1


def test_what_could_not_be_checked_stays(join: Join, store: FakeStore) -> None:
    all_scopes = store.scopes
    store.scopes = {*all_scopes} - TRANSACTIONS_READ
    web = join()
    web.test_connection()
    (scope,) = web.worklist()
    store.scopes = all_scopes
    store.fail("GET /v3/orders/0/transactions", "503", times=100)
    assert any(check.state == "unknown" for check in web.test_connection().checks)
    assert list(web.worklist()) == [scope]


def test_what_was_checked_goes_though_something_else_could_not_be(
    join: Join, change: Change, store: FakeStore
) -> None:
    web = join(settings=change(shipping={"warehouse": "Moon"}))
    web.check_setup()
    web.use(change())
    store.fail("GET /v2/payments/methods", "503", times=100)
    assert any(check.state == "unknown" for check in web.check_setup().checks)
    assert web.worklist().ok


def test_what_test_connection_finds_is_on_the_worklist(join: Join) -> None:
    calls: list[list[WorklistItem]] = []
    web = join(token="wrong", on_attention=calls.append)
    report = web.test_connection()
    assert not report.ok
    assert [each.key for each in web.worklist()] == ["store.access_token"]
    assert len(calls) == 1


# Journals of earlier versions


def test_a_journal_without_a_worklist_gets_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    journal = Journal(url)
    journal.remember("status", [("WEB1", "9")])
    with journal._database.engine.begin() as connection:
        connection.exec_driver_sql("drop table avbc_worklist")
        connection.exec_driver_sql("update avbc_journal_version set version = 2")
    journal.close()
    with closing(Journal(url)) as again:
        OpenItems(again, "WEB@abc").apply([Raised(item("WEB1"))])
        assert len(OpenItems(again, "WEB@abc").all()) == 1
        assert again.fingerprints("status", ["WEB1"]) == {"WEB1": "9"}
