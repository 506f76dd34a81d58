"""The page to look at: one HTML file that loads nothing and shows texts as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.clock import Clock
from avbc.orchestrator import JournalEntry, Orchestrator
from avbc.orchestrator.engine.cycles import scope_of
from avbc.testing import FakeStore, OrderFactory, Payment, item, order_of_shape

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
CANCELED = 5
VOID = {"meta", "br"}


class Page(HTMLParser):
    """What a page has: its elements, its texts by element, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.headings: list[str] = []
        self.texts: list[str] = []
        self.tips: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._open and self._open[-1] in {"h1", "h2", "h3"}:
            self.headings.append(data)
        if self._open[-2:] == ["rect", "title"]:
            self.tips.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture
def web(join: Callable[..., Orchestrator]) -> Orchestrator:
    return join(clock=Clock(now=lambda: NOW))


@pytest.fixture
def page(web: Orchestrator, tmp_path: Path) -> Callable[..., Page]:
    def written(**options: int) -> Page:
        file = web.page(tmp_path / "avbc.html", **options)
        return Page(file.read_text(encoding="utf-8"))

    return written


def add(store: FakeStore, factory: OrderFactory, days_ago: int, method: str = "Credit Card") -> int:
    state = "captured" if method == "Credit Card" else "offline"
    order = factory.order([item("MUG-RED")], payment=Payment(method, state=state))
    order.header["date_created"] = format_datetime(NOW - timedelta(days=days_ago))
    return store.add_order(order).id


def test_an_empty_page(page: Callable[..., Page]) -> None:
    empty = page()
    assert empty.headings == [
        "Example store (WEB): orders and books",
        "Worklist",
        "Last cycles",
        "Orders and money",
        "What was refused, and why",
    ]
    assert "None in these 30 days." in empty.text
    assert "latest order" not in empty.text
    assert "No cycle has run yet." in empty.text
    assert "Nothing in the last 30 days." in empty.text
    assert empty.elements["svg"] == 0


def test_orders_and_money_by_day_and_receipt_type(
    page: Callable[..., Page], web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    today = [add(store, factory, 0), add(store, factory, 0, "Cash on Delivery")]
    add(store, factory, 1)
    add(store, factory, 40)
    web.run_cycle()
    orders = {order.import_id: order for order in web.books.sales_orders()}
    assert len(orders) == 4
    seen = page()
    assert set(seen.tips) == {
        "Mar 2, Visa/MC: 1",
        "Mar 2, Check: 1",
        "Mar 1, Visa/MC: 1",
        *(
            f"Mar 2, {receipt.receipt_type}: {receipt.amount:,.2f}"
            for receipt in web.books.receipts([f"WEB{number}" for number in today])
        ),
        f"Mar 1, Visa/MC: {orders[f'WEB{today[1] + 1}'].total:,.2f}",
    }
    assert "3 in all." in seen.text
    # As many days as are asked for.
    assert len(page(days=1).tips) == 4
    assert "4 in all." in page(days=60).text
    assert "The last cycle ended at" in seen.text
    assert "imported 4" in seen.text


def test_a_timer_that_has_stopped_is_seen(
    join: Callable[..., Orchestrator], tmp_path: Path
) -> None:
    now = [NOW]
    web = join(clock=Clock(now=lambda: now[0]))
    web.run_cycle()
    for minutes, says in ((1, "The next one is due at"), (60, "see whether the timer still runs")):
        now[0] = NOW + timedelta(minutes=minutes)
        assert says in web.page(tmp_path / "avbc.html").read_text(encoding="utf-8")


def test_orders_from_before_are_shown_where_there_are_no_later_ones(
    page: Callable[..., Page], web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    """The latest days with orders are what an accountant looks for."""
    for days_ago in (900, 901, 930):
        add(store, factory, days_ago, "Cash on Delivery")
    web.run_cycle()
    seen = page()
    assert "None in these 30 days. The latest order is of 2023-09-14." in " ".join(
        seen.text.split()
    )
    assert {"Sep 14, Check: 1", "Sep 13, Check: 1"} <= set(seen.tips)
    assert "2 in all." in seen.text
    assert "2 in all." in page(days=10).text
    assert "3 in all." in page(days=31).text


def test_what_was_refused_and_what_became_of_it(
    page: Callable[..., Page], web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    refused = store.add_order(order_of_shape("unknown_sku", factory))
    web.import_orders()
    seen = page()
    assert f"WEB{refused.id}" in seen.texts
    assert any("NO-SUCH-SKU" in text for text in seen.texts)
    assert "1 item waits for a person." in seen.text
    assert "1 refusal in the last 30 days." in seen.text
    assert "imported" not in seen.texts
    for line in refused.products:
        line["sku"] = "MUG-RED"
    web.import_orders(retry_errors=True)
    later = page()
    assert "imported" in later.texts
    assert "Nothing waits for a person." in later.text


def test_texts_are_escaped_and_nothing_is_loaded(
    join: Callable[..., Orchestrator],
    change: Callable[..., object],
    store: FakeStore,
    factory: OrderFactory,
    tmp_path: Path,
) -> None:
    settings = change(store={"description": "<script>alert(1)</script>"})
    web = join(settings=settings, clock=Clock(now=lambda: NOW))
    order = order_of_shape("unknown_sku", factory)
    for line in order.products:
        line["sku"] = "<img src=x onerror=alert(1)>"
    store.add_order(order)
    web.import_orders()
    text = web.page(tmp_path / "avbc.html").read_text(encoding="utf-8")
    seen = Page(text)
    assert seen.elements["script"] == seen.elements["img"] == seen.elements["link"] == 0
    assert "<img src=x onerror=alert(1)>" in seen.text
    names = {name for name, _ in seen.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "action"}
    assert all(value and value[0] == "#" for name, value in seen.attributes if name == "href")
    assert "url(" not in text
    assert re.search(r"default-src 'none'", text)


def test_it_can_be_read_with_the_keyboard(page: Callable[..., Page]) -> None:
    """Links lead to each section; the rest are headings and folds."""
    empty = page()
    ids = {value for name, value in empty.attributes if name == "id"}
    links = {str(value)[1:] for name, value in empty.attributes if name == "href"}
    labels = {value for name, value in empty.attributes if name == "aria-labelledby"}
    assert ids == links == labels == {"worklist", "cycles", "orders", "refused"}


def test_a_folder_or_number_of_days_that_is_none(web: Orchestrator, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        web.page(tmp_path / "gone" / "avbc.html")
    for days in (0, 367):
        with pytest.raises(ValueError, match="from 1 to 366"):
            web.page(tmp_path / "avbc.html", days=days)
    assert list(tmp_path.iterdir()) == []


def test_books_and_journal_in_each_database(
    join: Callable[..., Orchestrator], both: SqlGateway, store: FakeStore, tmp_path: Path
) -> None:
    """The store is not asked, and what was done for other stores or long ago is not shown."""
    factory = OrderFactory()
    refused = store.add_order(order_of_shape("unknown_sku", factory)).id
    add(store, factory, 0)
    web = join(books=both, clock=Clock(now=lambda: NOW))
    web.import_orders()
    other, before = f"OTH{refused}", NOW - timedelta(days=31)
    web._integration.journal.write(
        [
            JournalEntry(NOW, "import", "refused", refused, other, "of another store"),
            JournalEntry(before, "import", "refused", 7, "WEB7", "long ago"),
        ]
    )
    asked = len(store.log)
    seen = Page(web.page(tmp_path / "avbc.html").read_text(encoding="utf-8"))
    assert len(store.log) == asked
    assert len(seen.tips) == 2
    assert f"WEB{refused}" in seen.texts
    assert "1 refusal in the last 30 days." in seen.text
    assert not {other, "WEB7"} & set(seen.texts)


def test_a_store_that_does_not_answer_and_many_refusals(
    page: Callable[..., Page], web: Orchestrator
) -> None:
    scope, journal = scope_of(web.settings), web._integration.journal
    last, now = web.cycles.read(scope)
    web.cycles.write(scope, attrs.evolve(last, began=now, ended=now, unanswered=3))
    journal.write(
        [
            JournalEntry(NOW, "import", "refused", number, f"WEB{number}", "No.", f"run {number}")
            for number in range(1, 102)
        ]
    )
    seen = page()
    assert "The store did not answer in 3 cycles in a row." in seen.text
    assert "101 refusals in the last 30 days, of which the latest 100 are below." in seen.text
    assert "WEB1" not in seen.texts
