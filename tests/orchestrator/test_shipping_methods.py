"""Shipping methods by rows and in other languages; buyers and labels that are not yet known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import FormFieldMapping, Settings, ShippingMethodMapping
from avbc.testing import FakeStore, OrderFactory, Payment, Person, Shipping, item

SINCE = datetime(2000, 1, 1, tzinfo=UTC)
ROWS = (
    ShippingMethodMapping(bigcommerce="UPS Ground (*)", ship_via="UPS Ground"),
    ShippingMethodMapping(bigcommerce="Paketversand", ship_via="UPS Ground"),
)
PURCHASE = Payment("Purchase Order", state="offline")

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def shipped_by(store: FakeStore, factory: OrderFactory, *methods: str, locale: str = "en") -> int:
    lines = [item("MUG-BLUE", consignment=place) for place in range(len(methods))]
    shipping = [Shipping(method) for method in methods]
    return store.add_order(factory.order(lines, shipping=shipping, customer_locale=locale)).id


def test_many_methods_share_a_ship_via_and_none_is_created(
    join: Join, change: Change, store: FakeStore, factory: OrderFactory, books: SqlGateway
) -> None:
    before = books.ship_vias()
    order_id = shipped_by(
        store, factory, "UPS Ground (2 to 4 days)", "ups ground (5 days)", "Paketversand"
    )
    web = join(settings=change(shipping={"methods": ROWS}))
    assert len(web.preview_orders().imported) == 1
    assert len(web.import_orders().imported) == 1
    (booked,) = books.sales_orders()
    assert {booked.ship_via, *(line.ship_via for line in booked.lines)} == {"UPS Ground"}
    assert books.ship_vias() == before
    decided = {each.field: each.setting for each in web.explain(order_id).decisions}
    assert decided["ship_via"] == "shipping.methods[0].ship_via"
    assert decided["ship_tos[2].ship_via"] == "shipping.methods[1].ship_via"
    # Without the rows it would be two Ship Vias more.
    assert len(join().backtest(change(), since=SINCE).changed) == 0
    (effect,) = web.backtest(change(), since=SINCE).changed
    assert effect.order_id == order_id


def test_a_name_in_the_shoppers_language_makes_no_ship_via(
    join: Join, change: Change, store: FakeStore, factory: OrderFactory, books: SqlGateway
) -> None:
    before = books.ship_vias()
    order_id = shipped_by(store, factory, "Expressversand", locale="de")
    web = join()
    assert web.settings.shipping.auto_create_missing_shipping_methods
    (foreseen,) = web.preview_orders().refused
    assert [problem.code for problem in foreseen.problems] == ["shipping_method_translated"]
    for report in (web.import_orders(), web.import_order(order_id)):
        (refused,) = report.refused
        assert [problem.code for problem in refused.problems] == ["shipping_method_translated"]
        assert "'de'" in refused.problems[0].message
    assert books.ship_vias() == before
    rows = (ShippingMethodMapping(bigcommerce="Expressversand", ship_via="UPS Ground"),)
    mapped = join(settings=change(shipping={"methods": rows}))
    assert len(mapped.import_order(order_id).imported) == 1
    assert mapped.worklist().ok


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("de", "de"), ("", "en")])
def test_a_new_name_in_the_stores_own_language_is_created(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, locale: str, language: str
) -> None:
    store.state.information["language"] = language
    shipped_by(store, factory, "Drone", locale=locale)
    assert len(web.import_orders().imported) == 1


def test_labels_of_statuses_in_any_language_are_not_compared(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, books: SqlGateway
) -> None:
    order_id = shipped_by(store, factory, "UPS Ground", locale="de")
    header = store.state.orders[order_id].header
    header["status"] = "Versand ausstehend"
    store.edit_order(order_id, custom_status="Versendet")
    assert len(web.import_orders().imported) == 1
    header["status"] = "Storniert"
    store.edit_order(order_id, custom_status="Shipped")
    web.follow_orders()
    assert web.worklist().ok
    assert web.reconcile(since=SINCE).ok
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    assert len(web.push_order_statuses().sent) == 1


@pytest.fixture
def purchase(store: FakeStore, factory: OrderFactory) -> Callable[..., int]:
    def made(customer_id: int = 0) -> int:
        buyer = Person("Lin", "Okafor", email="lin@example.com", customer_id=customer_id)
        order = factory.order(
            [item("MUG-BLUE")], buyer=buyer, payment=PURCHASE, form_fields=[("PO", "4500017")]
        )
        return store.add_order(order).id

    return made


@pytest.fixture
def load(books: SqlGateway, tmp_path: Path) -> Callable[[str], None]:
    """Have these records in AcctVantage."""

    def loaded(text: str) -> None:
        path = tmp_path / "books.toml"
        path.write_text(text, encoding="utf-8")
        books.load(path)

    return loaded


PO = {"form_fields": (FormFieldMapping(bigcommerce="PO", acctvantage="po_number"),)}


@pytest.mark.parametrize("buyer", [(0, True), (0, False), (71, True), (71, False)])
def test_the_fix_of_a_purchase_order_by_a_new_buyer_is_followed(
    join: Join,
    change: Change,
    purchase: Callable[..., int],
    load: Callable[[str], None],
    buyer: tuple[int, bool],
) -> None:
    customer_id, by_email = buyer
    order_id = purchase(customer_id)
    settings = change(order_status={"match_clients_by_email": by_email, **PO})
    web = join(settings=settings)
    (refused,) = web.import_orders().refused
    (problem,) = refused.problems
    assert problem.code == "client_not_on_open_ar"
    assert "no client yet" in problem.message
    (only,) = web.worklist().of(order_id)
    assert "open A/R" in only.fix
    known = 'import_id = "WEB71"' if customer_id and not by_email else 'email = "lin@example.com"'
    assert known.split('"')[1] in only.fix
    must_match = not by_email and not customer_id
    assert ("set order_status.match_clients_by_email" in only.fix) == must_match
    load(f'clients = [{{ name = "Okafor", {known}, open_ar = true }}]')
    if must_match:
        web.use(change(order_status={"match_clients_by_email": True, **PO}))
    assert len(web.import_order(order_id).imported) == 1
    assert web.worklist().ok


@pytest.mark.parametrize("customer_id", [0, 71])
def test_the_setting_lets_new_buyers_in_and_decides_nothing_else(
    join: Join, change: Change, books: SqlGateway, purchase: Callable[..., int], customer_id: int
) -> None:
    order_id = purchase(customer_id)
    lets_in = {"purchase_orders_from_new_clients": True}
    web = join(settings=change(order_status=PO, gl=lets_in))
    assert len(web.preview_orders().imported) == 1
    (imported,) = web.import_orders().imported
    assert imported.problems == ()
    (booked,) = books.sales_orders()
    assert (booked.po_number, books.receipts()) == ("4500017", [])
    decided = {each.field: each.setting for each in web.explain(order_id).decisions}
    assert decided["client.open_ar"] == "gl.purchase_orders_from_new_clients"
    # It is owed: the books and the store agree that nothing was received.
    assert (found := web.reconcile(since=SINCE)).ok, str(found)
    web.follow_orders()
    assert web.worklist().ok
    # The client is there now, and no one has put it on open A/R.
    purchase(customer_id)
    (refused,) = web.import_orders().refused
    assert [problem.code for problem in refused.problems] == ["client_not_on_open_ar"]
    assert refused.problems[0].fix.startswith("Put the client on open A/R")
