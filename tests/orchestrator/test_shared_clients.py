"""Stores that share shoppers and one set of books: one shopper is one client of the books."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import pytest

from avbc.acctvantage import Client, ClientTaken, CreatedOrder, OrderBundle, SalesOrder, SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, example, item
from avbc.testing.factories import Person

pytestmark = pytest.mark.one_python

CODES = ("ONE", "TWO", "TRE", "FOR", "FIV", "SIX")
SHOPPERS = 8
NEW, IMPORT_ERROR = 11, 12

Change = Callable[..., Settings]


class Seam:
    """Books at which something happens right before an order is written."""

    def __init__(self, books: object, before: Callable[[], object]) -> None:
        self._books = books
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        self._before()
        created: CreatedOrder = self._books.create_order(bundle)  # type: ignore[attr-defined]
        return created

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        self._before()
        updated: SalesOrder = self._books.update_order(bundle)  # type: ignore[attr-defined]
        return updated


def once(call: Callable[[], object]) -> Callable[[], object]:
    """Make a call the first time, and no other."""
    calls = [call]
    return lambda: calls.pop()() if calls else None


class Shop:
    """A store of the company, with its own Import Source Code."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.store = FakeStore(store_hash=code.lower())
        self.factory = OrderFactory()
        settings = example.settings_dict(self.store.api_url)
        settings["order_status"] = {**settings["order_status"], "import_source_code": code}
        self.settings = Settings.from_dict(settings)

    def sell(self, buyer: Person) -> FakeOrder:
        return self.store.add_order(self.factory.order([item("MUG-RED")], buyer=buyer))

    def take(self, books: Any, *, by_email: bool = True) -> ImportReport:
        """Import what is new, as a process of its own does."""
        status = attrs.evolve(self.settings.order_status, match_clients_by_email=by_email)
        settings = attrs.evolve(self.settings, order_status=status)
        with ExitStack() as stack:
            client = BigCommerce(
                settings.store.api_url,
                "example-token",
                transport=self.store.transport(),
                retries=Retries(attempts=1),
                sleep=lambda _: None,
            )
            stack.enter_context(client)
            web = stack.enter_context(Orchestrator(settings, books, store=client))
            return web.import_orders()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, books_toml: Path) -> str:
    """The URL of example books that processes can share."""
    made = (
        f"sqlite:///{quote(str(tmp_path))}/books.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgresql_url"))
    )
    with SqlGateway(made) as books:
        books.load(books_toml)
    return made


def shopper(number: int, place: int) -> Person:
    """A shopper, who is a customer of every second store and a guest of the others."""
    customer_id = 100 * (place + 1) + number if (number + place) % 2 else 0
    return Person(
        "Ana", f"Buyer {number}", email=f"buyer{number}@example.com", customer_id=customer_id
    )


def shared(books: SqlGateway) -> dict[str, int]:
    """How many clients each shopper is."""
    return Counter(each.email for each in books.clients() if each.email.startswith("buyer"))


def test_six_importers_at_once_make_one_client_of_a_shopper(url: str) -> None:
    """All of them have looked the shoppers up before one of them writes anything."""
    shops = [Shop(code) for code in CODES]
    all_have_looked = threading.Barrier(len(shops), timeout=60)

    def work(place: int) -> list[ImportReport]:
        shop = shops[place]
        with SqlGateway(url) as books:
            for number in range(SHOPPERS):
                shop.sell(shopper(number, place))
            first = shop.take(Seam(books, once(all_have_looked.wait)))
            for number in range(SHOPPERS):
                shop.sell(shopper(number, place))
            return [first, shop.take(books)]

    with ThreadPoolExecutor(len(shops)) as pool:
        reports = [report for pair in pool.map(work, range(len(shops))) for report in pair]
    with SqlGateway(url) as books:
        assert shared(books) == {f"buyer{number}@example.com": 1 for number in range(SHOPPERS)}
        assert len(books.sales_orders()) == 2 * len(shops) * SHOPPERS
    assert [len(report.imported) for report in reports] == [SHOPPERS] * 2 * len(shops)


GUEST = Person("Ana", "Rivera", email="Ana.Rivera@example.com")
CUSTOMER = attrs.evolve(GUEST, email="ana.rivera@EXAMPLE.com", customer_id=20)
OF_A_COMPANY = attrs.evolve(CUSTOMER, company="Mugs & More")


def client_of(books: SqlGateway, import_id: str) -> Client:
    (order,) = books.sales_orders([import_id])
    (client,) = [each for each in books.clients() if each.id == order.client_id]
    return client


def codes(report: ImportReport) -> list[str]:
    return [problem.code for _, outcome in report for problem in outcome.problems]


def between(books: SqlGateway, first: Person, second: Person) -> tuple[ImportReport, ImportReport]:
    """What ONE and TWO report where ONE imports between TWO's look-up and its write."""
    one, two = Shop("ONE"), Shop("TWO")
    one.sell(first)
    two.sell(second)
    inner: list[ImportReport] = []
    outer = two.take(Seam(books, once(lambda: inner.append(one.take(books)))))
    return inner[0], outer


@pytest.mark.parametrize(
    ("shoppers", "import_id", "contacts", "warnings"),
    [
        ((GUEST, GUEST), None, [], []),
        ((GUEST, CUSTOMER), "TWO20", [], []),
        ((CUSTOMER, GUEST), "ONE20", [], []),
        ((CUSTOMER, CUSTOMER), "ONE20", [], ["client_import_id_kept"]),
        ((CUSTOMER, attrs.evolve(GUEST, first_name="Ben")), "ONE20", ["Ben"], []),
        ((OF_A_COMPANY, GUEST), "ONE20", ["Ana"], []),
        ((GUEST, OF_A_COMPANY), "TWO20", [], []),
    ],
)
def test_an_order_is_mapped_anew_where_its_client_came_meanwhile(
    books: SqlGateway,
    shoppers: tuple[Person, Person],
    import_id: str | None,
    contacts: Sequence[str],
    warnings: Sequence[str],
) -> None:
    """As if its shopper had been looked up after the other import."""
    reports = between(books, *shoppers)
    assert [len(report.imported) for report in reports] == [1, 1]
    assert [codes(report) for report in reports] == [[], warnings]
    client = client_of(books, "ONE1001")
    assert client == client_of(books, "TWO1001")
    assert client.import_id == import_id
    assert [each.first_name for each in client.contacts] == contacts
    (order,) = books.sales_orders(["TWO1001"])
    assert order.client == client.name


def test_an_edited_order_is_mapped_anew_too(both: SqlGateway) -> None:
    one, two = Shop("ONE"), Shop("TWO")
    edited = two.sell(attrs.evolve(CUSTOMER, email="other@example.com", customer_id=21))
    two.take(both)
    one.sell(GUEST)
    address = {**two.store.order(edited.id).header["billing_address"], "email": GUEST.email}
    two.store.edit_order(edited.id, customer_id=20, billing_address=address, status_id=NEW)
    report = two.take(Seam(both, once(lambda: one.take(both))))
    assert [outcome.import_id for outcome in report.updated] == ["TWO1001"]
    assert client_of(both, "ONE1001") == client_of(both, "TWO1001")


def test_without_the_setting_each_store_has_its_own_client(both: SqlGateway) -> None:
    one, two = Shop("ONE"), Shop("TWO")
    one.sell(GUEST)
    two.sell(GUEST)
    asked: list[None] = []

    def meanwhile() -> None:
        asked.append(None)
        if len(asked) == 1:
            one.take(both, by_email=False)

    assert len(two.take(Seam(both, meanwhile), by_email=False).imported) == 1
    assert client_of(both, "ONE1001") != client_of(both, "TWO1001")
    assert len(asked) == 1


def test_two_clients_who_share_an_email_on_purpose_stay_a_question(
    both: SqlGateway, tmp_path: Path
) -> None:
    """A person loads them between the look-up and the write."""
    file = tmp_path / "clients.csv"
    file.write_text(f"name,email\nRivera,{GUEST.email}\nMugs,{GUEST.email}\n", encoding="utf-8")
    two = Shop("TWO")
    order = two.sell(GUEST)
    report = two.take(Seam(both, once(lambda: both.load_clients(file))))
    assert codes(report) == ["client_ambiguous"]
    assert two.store.order(order.id).header["status_id"] == IMPORT_ERROR
    assert both.sales_orders() == []


def test_an_order_whose_client_is_taken_again_waits_for_the_next_run(books: SqlGateway) -> None:
    """It is mapped anew once in a run."""
    two = Shop("TWO")
    order = two.sell(GUEST)
    asked: list[None] = []

    def taken() -> None:
        asked.append(None)
        raise ClientTaken("order TWO1001: another import wrote its client")

    report = two.take(Seam(books, taken))
    assert [outcome.order_id for outcome in report.postponed] == [order.id]
    assert codes(report) == ["try_again"]
    assert len(asked) == 2
    assert len(two.take(books).imported) == 1


@pytest.mark.parametrize("by_email", [True, False])
def test_a_customer_is_the_client_that_it_is_bound_to(books: SqlGateway, by_email: bool) -> None:
    """Whatever the email of the order is, and whether clients are matched by email or not."""
    one, two = Shop("ONE"), Shop("TWO")
    one.sell(GUEST)
    one.take(books)
    client = client_of(books, "ONE1001")
    assert client.id is not None
    books.bind_client(client.id, "TWO", 20)
    two.sell(attrs.evolve(CUSTOMER, last_name="Stone", email="new@example.com"))
    two.take(books, by_email=by_email)
    found = client_of(books, "TWO1001")
    assert (found.id, [each.last_name for each in found.contacts]) == (client.id, ["Stone"])
    assert books.sales_orders(["TWO1001"])[0].client == client.name
