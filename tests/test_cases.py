"""Bodies of real stores: each is read, imported, credited, refused or answered as it should be.

The bodies are beside the repository, with the values that a right import makes of them.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries, StoreError
from avbc.bigcommerce.models import CustomerDraft
from avbc.money import to_minor_unit
from avbc.settings import Settings
from avbc.testing import FakeStore, example

CASES = Path(__file__).parents[2] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside the tests")


@attrs.frozen
class Case:
    """A body with what is expected of it."""

    name: str
    kind: str
    status: int
    path: str
    expect: dict[str, Any]
    body: Any
    extra: dict[str, Any]

    @property
    def order(self) -> dict[str, Any]:
        """The order with its lines and addresses."""
        return {
            **self.body,
            "products": self.extra["products"],
            "shipping_addresses": self.extra["shipping_addresses"],
        }


def _read(path: Path) -> Case:
    data = json.loads(path.read_text(encoding="utf-8"))
    names = [field.name for field in attrs.fields(Case)]
    return Case(**{"extra": {}} | {name: data[name] for name in names if name in data})


def cases(*kinds: str) -> list[Any]:
    return [
        pytest.param(case, id=case.name)
        for path in sorted(CASES.glob("*.json"))
        if (case := _read(path)).kind in kinds
    ]


def case(name: str) -> Case:
    return _read(CASES / f"{name}.json")


# Orders


@pytest.fixture(params=["embedded", "links"])
def store(request: pytest.FixtureRequest) -> FakeStore:
    return FakeStore(embeds=request.param == "embedded")


Joined = Callable[..., tuple[avbc.Orchestrator, SqlGateway]]


@pytest.fixture
def join(store: FakeStore, tmp_path: Path) -> Iterator[Joined]:
    """Join the store to books that know what an order sells, in the order's currency."""
    opened: list[Any] = []

    def joined(case: Case, **gl: object) -> tuple[avbc.Orchestrator, SqlGateway]:
        parts = "".join(
            f'    {{ part_number = "{line["sku"]}", name = "{line["name"]}", '
            'product_class = "Goods" },\n'
            for line in case.extra["products"]
        )
        currency = case.body["default_currency_code"]
        head, _, _ = example.books_toml.partition("products = [")
        text = f"{head}products = [\n{parts}]\n".replace('"USD"', f'"{currency}"')
        (tmp_path / "books.toml").write_text(text, encoding="utf-8")
        books = SqlGateway("sqlite://")
        opened.append(books)
        books.load(tmp_path / "books.toml")
        values: Any = example.settings_dict(store.api_url)
        values["order_status"]["new_order_status"] = case.body["status_id"]
        values["gl"] |= gl
        values["gl"]["payment_methods"] += [{"bigcommerce": "Manual", "receipt_type": "Check"}]
        client = BigCommerce(
            store.api_url,
            "example-token",
            transport=store.transport(),
            retries=Retries(attempts=1),
            sleep=lambda _: None,
        )
        web = avbc.Orchestrator(Settings.from_dict(values), books, store=client)
        opened.extend([client, web])
        return web, books

    yield joined
    for each in reversed(opened):
        each.close()


def cents(amount: Decimal, currency: str) -> str:
    return str(to_minor_unit(amount, currency))


@pytest.mark.parametrize("case", cases("order"))
def test_an_order(store: FakeStore, join: Joined, case: Case) -> None:
    store.add_order(case.order)
    web, books = join(case)
    report = web.import_orders()
    assert case.expect["outcome"] == "accepted"
    assert [outcome.order_id for outcome in report.imported] == [case.body["id"]], str(report)
    (order,) = books.sales_orders()
    currency = case.body["default_currency_code"]
    expect = case.expect
    assert cents(order.total, currency) == expect["total"]
    assert cents(order.tax, currency) == expect["tax"]
    assert cents(order.freight, currency) == expect["freight"]
    assert abs(order.discount - Decimal(expect["discount"])) <= Decimal("0.0001")
    parts = order.subtotal - order.discount + order.freight + order.tax + order.rounding
    assert parts == order.total
    assert abs(order.rounding) < Decimal("0.005")
    receipts = [[each.state, cents(each.amount, currency)] for each in books.receipts()]
    assert receipts == expect["receipts"]


@pytest.mark.parametrize("case", cases("refund"))
def test_a_refund(store: FakeStore, join: Joined, case: Case) -> None:
    web, books = join(case, import_refunds=True)
    store.add_order(case.order)
    web.import_orders()
    store.add_refund(case.extra["refund"])
    report = web.import_refunds()
    assert [change.problems for change in report.sent] == [()], str(report)
    (credit,) = books.credits()
    expect = case.expect
    assert cents(credit.total, "USD") == expect["total"]
    assert cents(credit.tax, "USD") == expect["tax"]
    lines = [
        [each.kind, cents(each.amount, "USD"), cents(each.tax, "USD")] for each in credit.lines
    ]
    assert lines == expect["lines"]


# Everything else: read as it was sent


def serve(case: Case) -> BigCommerce:
    """Answer every request with the body, once; a further page is empty."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if len(asked) > 1:
            return httpx.Response(200, json={"data": [], "meta": {}})
        return httpx.Response(case.status, json=case.body)

    return BigCommerce(
        "https://api.bigcommerce.com/stores/example/v3/",
        "example-token",
        transport=httpx.MockTransport(answer),
        retries=Retries(attempts=1),
    )


def rows(found: Sequence[Any], case: Case) -> list[Any]:
    assert len(found) == case.expect["rows"]
    return list(found)


def test_a_product() -> None:
    with serve(case("products-v3-get-nango")) as store:
        product = store.products.get(77)
    assert (product.id, product.price, product.sku) == (77, 49, "SLCTBS")


def test_a_page_of_variants() -> None:
    one = case("variants-v3-page-nango")
    with serve(one) as store:
        (variant,) = rows(list(store.variants.list(product_id_in=[77])), one)
    assert (variant.id, variant.sku_id, variant.price) == (1, 70, None)


def test_a_page_of_customers() -> None:
    one = case("customers-v3-page-nango")
    with serve(one) as store:
        page = next(store.pages(store.customers.list.call()))
    assert [customer.id for customer in rows(page.items, one)] == [4, 1]


def test_customers_that_were_written() -> None:
    one = case("customers-v3-with-addresses")
    with serve(one) as store:
        written = store.customers.update_many([CustomerDraft(id=681, first_name="Ada")])
    (customer,) = rows(written.saved, one)
    assert customer.id == 681
    assert [address.id for address in customer.addresses] == [367]


def test_addresses_of_a_customer() -> None:
    one = case("customer-addresses-v3-nango")
    with serve(one) as store:
        (address,) = rows(list(store.customer_addresses.list()), one)
    assert (address.id, address.customer_id) == (1, 1)


def test_a_shipment() -> None:
    one = case("shipment-flat-rate-pkr")
    with serve(one) as store:
        (shipment,) = rows(list(store.order_shipments.list(112)), one)
    assert (shipment.id, shipment.order_id) == (1, 112)
    assert [(item.order_product_id, item.quantity) for item in shipment.items] == [(14, 1)]
    assert not shipment.tracking_link
    assert not shipment.generated_tracking_link


def test_a_transaction_with_empty_objects() -> None:
    one = case("transactions-square-empty-objects")
    with serve(one) as store:
        (transaction,) = rows(list(store.transactions.list(121)), one)
    assert (transaction.event, transaction.amount, transaction.currency) == ("purchase", 1, "USD")
    assert (transaction.status, transaction.gateway) == ("ok", "squarev2")
    assert transaction.reference_transaction_id is None


def test_inventory_with_flat_settings() -> None:
    one = case("inventory-items-flat-settings")
    with serve(one) as store:
        (item,) = rows(list(store.inventory.items()), one)
    (location,) = item.locations
    assert (item.identity.sku, location.location_id) == ("ABC-001", 1)
    assert (location.available_to_sell, location.total_inventory_onhand) == (50, 50)
    assert (location.safety_stock, location.settings) == (0, None)


def test_order_statuses() -> None:
    one = case("order-statuses-nango")
    with serve(one) as store:
        statuses = rows(store.order_statuses.list(), one)
    assert sorted(status.id for status in statuses) == list(range(15))


def test_a_missing_scope() -> None:
    one = case("error-403-scope-on-v2")
    with serve(one) as store, pytest.raises(StoreError) as caught:
        store.orders.get(1)
    assert caught.value.status == one.expect["status"]
    assert one.expect["says"] in str(caught.value)
    assert "Orders" in str(caught.value)
    assert "example-token" not in f"{caught.value!r} {caught.value}"


# Webhooks


def signed(body: bytes) -> dict[str, str]:
    number, now = "msg-1", str(int(time.time()))
    digest = hmac.digest(b"example-secret", f"{number}.{now}.".encode() + body, "sha256")
    return {
        "webhook-id": number,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("webhook-docs-order-status", "import order 250"),
        ("webhook-docs-store-order-statusupdated", "look at order 173331"),
    ],
)
def test_a_webhook(name: str, action: str, *, escaped: bool) -> None:
    one = case(name)
    assert one.expect["action"] in (action, "any")
    body = json.dumps(one.body, separators=(",", ":"))
    raw = (body.replace("/", "\\/") if escaped else body).encode()
    store = FakeStore(store_hash="example")
    settings = Settings.from_dict(example.settings_dict(store.api_url))
    client = BigCommerce(store.api_url, "example-token", transport=store.transport())
    with (
        SqlGateway("sqlite://") as books,
        client,
        avbc.Orchestrator(settings, books, store=client) as web,
    ):
        webhook = web.accept_webhook(raw, signed(raw))
    assert str(webhook.action) == action
