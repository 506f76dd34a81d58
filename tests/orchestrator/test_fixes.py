"""Each piece of advice on the worklist is followed as it is written, to its end.

After it the order goes through, or the item is gone. A code that can be an item has a row here, or
a reason why no program can follow its advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, cast

import attrs
import pytest
import sqlalchemy as sa

import avbc
from avbc.acctvantage import OrderBundle, SqlGateway
from avbc.bigcommerce.models import Order
from avbc.errors import FinalError
from avbc.orchestrator import Customisation, Orchestrator, WorklistItem
from avbc.settings import (
    FormFieldMapping,
    PaymentMethodMapping,
    ProductMapping,
    Settings,
    ShippingMethodMapping,
)
from avbc.testing import FakeOrder, FakeStore, OrderFactory, example, order_of_shape
from avbc.testing.values import Row

NEW, DOWNLOADED, CANCELLED = 11, 9, 5

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@attrs.define
class World:
    """A store and books in which something is wrong, and what a person can do about it."""

    store: FakeStore
    books: SqlGateway
    web: Orchestrator
    change: Change
    good: FakeOrder
    """The order as it is right in BigCommerce."""
    item: WorklistItem

    @property
    def order_id(self) -> int:
        return self.good.id

    def load(self, text: str) -> None:
        """Have these records in AcctVantage."""
        self.books.load(text)

    def sql(self, statement: str, **values: object) -> None:
        with self.books.engine.begin() as connection:
            assert connection.execute(sa.text(statement), values).rowcount > 0


def correct_the_order(world: World) -> None:
    """In BigCommerce."""
    order = world.store.order(world.order_id)
    for name in ("products", "shipping", "coupons", "fees", "transactions", "taxes"):
        setattr(order, name, getattr(world.good.copy(), name))
    kept = ("id", "status_id", "status", "custom_status", "staff_notes", "date_modified")
    header = {key: value for key, value in world.good.header.items() if key not in kept}
    world.store.edit_order(world.order_id, **header)


def correct_the_books(world: World) -> None:
    world.load(example.books_toml)


def correct_the_settings(world: World) -> None:
    world.web.use(world.change())


def nothing(_: World) -> None:
    """The order is entered by hand, which this store and these books do not see."""


Break = Callable[[FakeOrder], object]


@attrs.frozen
class Advice:
    """What is wrong, what the item says, and how that is followed."""

    says: str
    """A part of the fix, in its words."""
    follow: Callable[[World], object] = correct_the_order
    breaks: Break = lambda _: None
    shape: str = "plain"
    books: Callable[[str], str] = lambda text: text
    settings: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict[str, Any])
    customise: Callable[..., Any] | None = None
    sql: str = ""


def header(**values: object) -> Break:
    return lambda order: order.header.update(values)


def part(name: str, **values: object) -> Break:
    """Change the first of the lines, the addresses or the coupons."""

    def change(order: FakeOrder) -> None:
        rows: list[Row] = getattr(order, name)
        rows[0].update(values)

    return change


def clear(*names: str, **values: object) -> Break:
    def change(order: FakeOrder) -> None:
        for name in names:
            getattr(order, name).clear()
        order.header.update(values)

    return change


def without(*parts: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        for each in parts:
            assert each in text
            text = text.replace(each, "")
        return text

    return changed


def replaced(old: str, new: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return changed


def product_line(sku: str) -> str:
    return next(line for line in example.books_toml.splitlines() if f'"{sku}"' in line)


def paid(**changes: object) -> Callable[[World], None]:
    """The payment is as it is to be, in BigCommerce."""
    return lambda world: world.store.edit_order(world.order_id, **changes)


def cancel(world: World) -> None:
    world.web.follow_orders()  # as the timer does after each import
    world.store.edit_order(world.order_id, status_id=CANCELLED)


def with_alias(*skus: str) -> Callable[[str], str]:
    def changed(text: str) -> str:
        for sku in skus:
            line = product_line(sku)
            text = text.replace(line, line.replace("{ part", '{ aliases = ["TEA"], part', 1))
        return text

    return changed


PO_NUMBERS: Mapping[str, object] = {
    "form_fields": (FormFieldMapping(bigcommerce="PO*", acctvantage="po_number"),)
}


def asked(*answers: tuple[str, str]) -> Break:
    """Give the billing address these checkout form fields."""

    def change(order: FakeOrder) -> None:
        fields = [{"name": name, "value": value} for name, value in answers]
        billing = cast("Row", order.header["billing_address"])
        order.header["billing_address"] = {**billing, "form_fields": fields}

    return change


def shipped_by(ship_via: str) -> dict[str, object]:
    return {"methods": (ShippingMethodMapping(bigcommerce="*am*el*", ship_via=ship_via),)}


def in_german(order: FakeOrder) -> None:
    order.header["customer_locale"] = "de"
    order.shipping[0]["shipping_method"] = "Kamel"


def methods(*rows: tuple[str, str]) -> dict[str, object]:
    made = tuple(PaymentMethodMapping(bigcommerce=one, receipt_type=two) for one, two in rows)
    return {"payment_methods": made}


def no_pieces(order: FakeOrder) -> None:
    order.products[0].update(quantity=0, total_ex_tax="0", total_inc_tax="0")
    order.header.update(items_total=0)


def a_line_of_none(order: FakeOrder) -> None:
    order.products[0].update(quantity=0)
    order.header.update(items_total=sum(int(str(line["quantity"])) for line in order.products))


def take_a_line_off(world: World) -> None:
    """Over the API, in full: its amounts are not in the order's either, and are not paid."""
    order = world.store.order(world.order_id)
    line, good = order.products[0], world.good.products[0]
    for side in ("ex_tax", "inc_tax", "tax"):
        line[f"total_{side}"] = "0.0000"
        off = Decimal(str(good[f"total_{side}"]))
        for name in (f"subtotal_{side}", f"total_{side}"):
            order.header[name] = str(Decimal(str(order.header[name])) - off)
    line["discounted_total_inc_tax"] = "0.0000"
    order.transactions[0]["amount"] = float(str(order.header["total_inc_tax"]))
    left = sum(int(str(each["quantity"])) for each in order.products)
    world.store.edit_order(world.order_id, items_total=left)


def fractions(order: FakeOrder) -> None:
    order.products[0].update(total_ex_tax="45.0040", total_inc_tax="48.7140")
    order.header.update(total_tax="4.3740")


def no_discounts_on_lines(order: FakeOrder) -> None:
    for line in order.products:
        line.update(applied_discounts=[], discounted_total_inc_tax="0.0000")
    order.coupons.clear()


TWO_READINGS = header(
    discount_amount="5.0000",
    store_credit_amount="0.4100",
    total_inc_tax="51.9600",
    total_ex_tax="48.0000",
    total_tax="3.9600",
    subtotal_tax="3.3000",
)

COMPARE = "Compare the order's amounts in BigCommerce"
BY_HAND = "enter the order by hand"
ON_ORDER = "Correct the order in BigCommerce"

IMPORT: list[tuple[str, Advice]] = [
    # Amounts
    ("amount_unreadable", Advice(COMPARE, breaks=header(shipping_cost_ex_tax="8.00001"))),
    ("amount_unreadable", Advice(BY_HAND, nothing, header(shipping_cost_ex_tax="8.00001"))),
    ("amount_negative", Advice(COMPARE, breaks=header(handling_cost_inc_tax="-1.0000"))),
    (
        "quantity_invalid",
        Advice("Correct or remove the line in BigCommerce", breaks=no_pieces),
    ),
    (
        "quantity_invalid",
        Advice(
            "quantity 0 and no amounts", take_a_line_off, a_line_of_none, "digital_and_physical"
        ),
    ),
    ("line_does_not_foot", Advice(COMPARE, breaks=part("products", total_ex_tax="46.0000"))),
    (
        "line_discount_does_not_foot",
        Advice(
            "Compare the order's discounts in BigCommerce",
            breaks=part("products", discounted_total_inc_tax="40.0000"),
        ),
    ),
    ("lines_do_not_foot", Advice(COMPARE, breaks=header(subtotal_ex_tax="46.0000"))),
    ("shipping_does_not_foot", Advice(COMPARE, breaks=part("shipping", cost_ex_tax="9.0000"))),
    (
        "handling_does_not_foot",
        Advice(COMPARE, breaks=part("shipping", handling_cost_inc_tax="9.0000")),
    ),
    (
        "wrapping_does_not_foot",
        Advice(COMPARE, breaks=part("products", wrapping_cost_inc_tax="9.0000")),
    ),
    ("cost_does_not_foot", Advice(COMPARE, breaks=header(shipping_cost_tax="1.0000"))),
    ("total_does_not_foot", Advice(COMPARE, breaks=header(total_inc_tax="99.0000"))),
    ("tax_does_not_foot", Advice(COMPARE, breaks=header(total_tax="1.0000"))),
    ("ex_tax_does_not_foot", Advice(COMPARE, breaks=header(total_ex_tax="52.0000"))),
    (
        "discount_does_not_foot",
        Advice(
            COMPARE, breaks=header(total_ex_tax="900.0000"), shape="tax_inclusive_with_discounts"
        ),
    ),
    (
        "discounts_do_not_foot",
        Advice(
            "Compare the order's discounts in BigCommerce",
            breaks=part("coupons", discount=1),
            shape="new_coupon",
        ),
    ),
    ("tenders_exceed_total", Advice(ON_ORDER, breaks=header(store_credit_amount="900.0000"))),
    (
        "tender_does_not_foot",
        Advice(
            "Check the order's payments",
            breaks=header(store_credit_amount="1.0000"),
            shape="split_tender",
        ),
    ),
    (
        "transactions_do_not_foot",
        Advice("Check the order's payments", breaks=part("transactions", amount=1), shape="paypal"),
    ),
    ("reading_ambiguous", Advice("Enter the order by hand", nothing, TWO_READINGS)),
    ("rounding_too_large", Advice(COMPARE, breaks=fractions)),
    ("payment_declined", Advice("or cancel it", cancel, header(payment_status="declined"))),
    # The order as a whole
    ("lines_incomplete", Advice("Compare the order's lines", breaks=header(items_total=7))),
    ("order_empty", Advice("Enter it by hand", nothing, clear("products", items_total=0))),
    ("currency_differs", Advice("Enter the order by hand", nothing, shape="foreign_currency")),
    (
        "bundle_missing",
        Advice(ON_ORDER, breaks=part("products", parent_order_product_id=99)),
    ),
    ("ship_to_unknown", Advice(ON_ORDER, breaks=part("products", order_address_id=99))),
    # Products
    ("sku_missing", Advice("Give the product a SKU", breaks=part("products", sku=""))),
    ("sku_unknown", Advice("correct the SKU in BigCommerce", breaks=part("products", sku="?"))),
    (
        "sku_unknown",
        Advice(
            "Create the product in AcctVantage",
            correct_the_books,
            books=without(product_line("SET-TEA") + "\n"),
        ),
    ),
    (
        "sku_ambiguous",
        Advice(
            "Take the alias off all products but one",
            lambda world: world.load(with_alias("SET-TEA")(example.books_toml)),
            part("products", sku="TEA"),
            books=with_alias("SET-TEA", "MUG-BLUE"),
        ),
    ),
    (
        "part_number_unknown",
        Advice(
            "Create the product in AcctVantage",
            correct_the_books,
            books=without(product_line("SET-TEA") + "\n"),
            settings={"products": {"mapping": (ProductMapping(name="*", part_number="SET-TEA"),)}},
        ),
    ),
    (
        "part_number_unknown",
        Advice(
            "correct products.placeholder_product",
            correct_the_settings,
            part("products", product_id=0),
            settings={"products": {"placeholder_product": "ANYTHING"}},
        ),
    ),
    (
        "product_class_inactive",
        Advice(
            "Activate the product class",
            correct_the_books,
            books=replaced('["Goods", "Freight"]', '["Freight"]'),
        ),
    ),
    # Payment
    (
        "payment_method_missing",
        Advice("Set the order's payment method", breaks=header(payment_method="")),
    ),
    (
        "payment_method_unmapped",
        Advice(
            "Give 'Pigeon' a Receipt Type",
            lambda world: world.web.use(
                world.change(
                    gl={
                        "payment_methods": (
                            *world.web.settings.gl.payment_methods,
                            PaymentMethodMapping(bigcommerce="Pigeon", receipt_type="Check"),
                        )
                    }
                )
            ),
            header(payment_method="Pigeon"),
        ),
    ),
    (
        "receipt_type_unknown",
        Advice(
            "Create it in AcctVantage",
            correct_the_books,
            books=without('"Visa/MC", '),
        ),
    ),
    (
        "receipt_type_unknown",
        Advice(
            "map the payment method to another one",
            correct_the_settings,
            settings={
                "gl": {
                    "payment_methods": (
                        PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Moon"),
                    )
                }
            },
        ),
    ),
    (
        "tender_unmapped",
        Advice(
            "Create a Receipt Type 'StoreCredit' in AcctVantage",
            correct_the_books,
            settings={"gl": methods()},
            shape="store_credit_only",
            books=without(', "StoreCredit"'),
        ),
    ),
    (
        "tender_unmapped",
        Advice(
            "give 'Store Credit' one in the Payment Methods Mapping",
            lambda world: world.web.use(world.change(gl=methods(("Store Credit", "Check")))),
            settings={"gl": methods()},
            shape="store_credit_only",
            books=without(', "StoreCredit"'),
        ),
    ),
    (
        "tender_unmapped",
        Advice(
            "Map StoreCredit to a Receipt Type",
            correct_the_settings,
            settings={"gl": methods(("Store Credit", "Purchase Order"))},
            shape="store_credit_only",
        ),
    ),
    (
        "client_not_on_open_ar",
        Advice(
            "and put the client on open A/R in AcctVantage",
            lambda world: world.load(
                example.books_toml.replace(
                    "clients = [",
                    "clients = [\n"
                    f'{{ name = "Open", email = "{email(world.good)}", open_ar = true }},',
                )
            ),
            shape="purchase_order_without_open_ar",
        ),
    ),
    (
        "client_not_on_open_ar",
        Advice(
            "set gl.purchase_orders_from_new_clients",
            lambda world: world.web.use(
                world.change(gl={"purchase_orders_from_new_clients": True})
            ),
            shape="purchase_order_without_open_ar",
        ),
    ),
    (
        "po_numbers_differ",
        Advice(
            "Have the right one in all of these fields",
            breaks=asked(("PO", "1"), ("PO of the site", "2")),
            settings={"order_status": PO_NUMBERS},
        ),
    ),
    (
        "po_numbers_differ",
        Advice(
            "map only one of them to po_number",
            correct_the_settings,
            asked(("PO", "1"), ("PO of the site", "2")),
            settings={"order_status": PO_NUMBERS},
        ),
    ),
    (
        "payment_declined",
        Advice(
            "Get the order paid", paid(payment_status="captured"), header(payment_status="declined")
        ),
    ),
    (
        "payment_void",
        Advice(
            "Get the order paid", paid(payment_status="captured"), header(payment_status="void")
        ),
    ),
    (
        "payment_held",
        Advice(
            "Approve", paid(payment_status="captured"), header(payment_status="held for review")
        ),
    ),
    (
        "payment_refunded",
        Advice(
            "get it paid again", paid(payment_status="captured"), header(payment_status="refunded")
        ),
    ),
    (
        "payment_status_unknown",
        Advice("", paid(payment_status="captured"), header(payment_status="on the moon")),
    ),
    (
        "transaction_currency_differs",
        Advice(
            "Enter the order by hand", nothing, part("transactions", currency="EUR"), "captured"
        ),
    ),
    # Discounts and accounts
    ("coupon_unknown", Advice(BY_HAND, nothing, no_discounts_on_lines, "new_coupon")),
    (
        "coupon_type_unsupported",
        Advice("Enter the order by hand", nothing, part("coupons", type=4), "new_coupon"),
    ),
    (
        "coupon_type_unsupported",
        Advice(
            'set gl.unsupported_coupons = "amount"',
            lambda world: world.web.use(world.change(gl={"unsupported_coupons": "amount"})),
            part("coupons", type=4),
            "new_coupon",
        ),
    ),
    (
        "discount_gl_code_missing",
        Advice(
            "Set gl.default_discount_gl_code",
            correct_the_settings,
            shape="automatic_discount",
            settings={"gl": {"default_discount_gl_code": ""}},
        ),
    ),
    (
        "gl_code_unknown",
        Advice(
            "correct gl.default_discount_gl_code",
            correct_the_settings,
            shape="automatic_discount",
            settings={"gl": {"default_discount_gl_code": "1"}},
        ),
    ),
    (
        "gl_code_unknown",
        Advice(
            "Create it in AcctVantage and in the books",
            correct_the_books,
            shape="automatic_discount",
            books=replaced('["40200-000-000", ', "["),
        ),
    ),
    (
        "promotion_inactive",
        Advice(
            "Activate the promotion",
            correct_the_books,
            shape="coupon_amount",
            books=replaced('value = "5.00",', 'value = "5.00", inactive = true,'),
        ),
    ),
    # Shipping
    (
        "ship_via_missing",
        Advice(
            "Set shipping.default_ship_via",
            correct_the_settings,
            shape="no_shipping_method",
            settings={"shipping": {"default_ship_via": ""}},
        ),
    ),
    (
        "ship_via_unknown",
        Advice(
            "set shipping.auto_create_missing_shipping_methods",
            correct_the_settings,
            part("shipping", shipping_method="Camel"),
            settings={"shipping": {"auto_create_missing_shipping_methods": False}},
        ),
    ),
    (
        "ship_via_unknown",
        Advice(
            "give the shipping method another one in shipping.methods",
            lambda world: world.web.use(world.change(shipping=shipped_by("UPS Ground"))),
            part("shipping", shipping_method="Camel"),
            settings={"shipping": {"auto_create_missing_shipping_methods": False}},
        ),
    ),
    (
        "ship_via_unknown",
        Advice(
            "correct shipping.methods[0].ship_via",
            lambda world: world.web.use(world.change(shipping=shipped_by("UPS Ground"))),
            part("shipping", shipping_method="Camel"),
            settings={"shipping": shipped_by("UPS Gruond")},
        ),
    ),
    (
        "shipping_method_translated",
        Advice(
            "Give 'Kamel' a Ship Via in shipping.methods",
            lambda world: world.web.use(world.change(shipping=shipped_by("UPS Ground"))),
            in_german,
        ),
    ),
    # Clients
    (
        "client_ambiguous",
        Advice(
            "take the email off all but one",
            lambda world: world.sql(
                "UPDATE clients SET email = '', email_key = '' WHERE name = 'Two'"
            ),
            books=lambda text: text,
            sql="two clients",
        ),
    ),
    (
        "client_name_missing",
        Advice(
            "Complete the billing address",
            breaks=lambda order: order.header.update(
                billing_address={
                    **order.header["billing_address"],  # type: ignore[dict-item]
                    "first_name": "",
                    "last_name": "",
                    "company": "",
                    "email": "",
                }
            ),
        ),
    ),
    # Around the mapping
    ("order_unreadable", Advice(ON_ORDER, breaks=header(total_inc_tax=None))),
    ("order_unreadable", Advice("enter it by hand", nothing, header(total_inc_tax=None))),
]


def email(order: FakeOrder) -> str:
    address = order.header["billing_address"]
    assert isinstance(address, dict)
    return str(address["email"])


@pytest.fixture
def world(join: Join, store: FakeStore, change: Change) -> Iterator[Callable[[str, Advice], World]]:
    """Import a broken order; the item of the code is on the worklist."""
    stack = ExitStack()

    def made(code: str, advice: Advice) -> World:
        shape = advice.shape
        good = OrderFactory().plain() if shape == "plain" else order_of_shape(shape)
        broken = good.copy()
        advice.breaks(broken)
        store.add_order(broken)
        books = stack.enter_context(SqlGateway("sqlite://"))
        web = join(
            books=books,
            settings=change(**advice.settings),
            customise=[advice.customise] if advice.customise else [],
        )
        new = World(store, books, web, change, good, None)  # type: ignore[arg-type]
        new.load(advice.books(example.books_toml))
        if advice.sql == "two clients":
            rows = "".join(
                f'{{ name = "{name}", email = "{email(good)}" }},' for name in ("One", "Two")
            )
            new.load(example.books_toml.replace("clients = [", f"clients = [\n{rows}"))
        elif advice.sql:
            new.sql(advice.sql)
        report = web.import_orders()
        assert [each.order_id for each in report.refused] == [good.id]
        new.item = next(item for item in web.worklist().of(good.id) if item.code == code)
        return new

    with stack:
        yield made


@pytest.mark.one_python
@pytest.mark.parametrize(
    ("code", "advice"), IMPORT, ids=[f"{code}-{advice.says}" for code, advice in IMPORT]
)
def test_advice_about_an_import_is_followed(
    world: Callable[[str, Advice], World], code: str, advice: Advice
) -> None:
    made = world(code, advice)
    assert advice.says.casefold() in made.item.fix.casefold()
    advice.follow(made)
    if advice.follow is nothing:
        assert f"settle({made.order_id})" in made.item.fix
        made.web.settle(made.order_id)
    elif advice.follow is cancel:
        made.web.follow_orders()
    else:
        assert f"import_order({made.order_id})" in made.item.fix
        report = made.web.import_order(made.order_id)
        assert [each.order_id for each in report.imported] == [made.order_id], str(report)
        assert made.books.sales_orders([f"WEB{made.order_id}"])
        assert made.store.order(made.order_id).header["status_id"] == DOWNLOADED
    assert made.web.worklist().ok


# Around the mapping


def refuse(order: Order, bundle: OrderBundle) -> OrderBundle:
    raise FinalError("We do not ship anvils.")


def rename(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(bundle, order=attrs.evolve(bundle.order, import_id="MINE"))


def drop_a_line(order: Order, bundle: OrderBundle) -> OrderBundle:
    return attrs.evolve(bundle, order=attrs.evolve(bundle.order, lines=()))


CUSTOMISED: list[tuple[str, Customisation]] = [
    ("refused_by_customisation", refuse),
    ("customisation_refused", rename),
    ("customisation_does_not_foot", drop_a_line),
]


@pytest.mark.parametrize(("code", "customisation"), CUSTOMISED)
def test_the_order_goes_through_when_the_customisation_is_corrected(
    join: Join, store: FakeStore, code: str, customisation: Customisation
) -> None:
    order_id = store.add_order(OrderFactory().plain()).id
    join(customise=[customisation]).import_orders()
    corrected = join()
    (only,) = corrected.worklist()
    assert only.code == code
    assert f"import_order({order_id})" in only.fix
    assert len(corrected.import_order(order_id).imported) == 1
    assert corrected.worklist().ok


def test_the_order_goes_through_when_the_record_in_acctvantage_is_corrected(
    join: Join, store: FakeStore, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = store.add_order(OrderFactory().plain()).id

    def refuse(*_: object) -> None:
        raise avbc.BooksRefused("the client is on hold")

    web = join()
    with monkeypatch.context() as wrong:
        wrong.setattr(books, "create_order", refuse)
        web.import_orders()
    (only,) = web.worklist()
    assert only.code == "books_refused"
    assert "or the record in AcctVantage" in only.fix
    assert len(web.import_order(order_id).imported) == 1
    assert web.worklist().ok
