from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import attrs
import pytest

from avbc.acctvantage import BooksUnreachable, SqlGateway
from avbc.bigcommerce import ScopeMissing
from avbc.orchestrator import Check, Orchestrator, SetupReport
from avbc.settings import (
    FormFieldMapping,
    PaymentMethodMapping,
    ProductMapping,
    Settings,
    SettingsError,
    ShippingMethodMapping,
    StatusMapping,
)
from avbc.testing import FakeStore, OrderFactory, Payment, Shipping, example, item, order_of_shape
from avbc.testing.contract.examples import make_bundle

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def found(report: SetupReport, area: str, state: str | None = None) -> dict[str, Check]:
    return {
        check.item: check
        for check in report.checks
        if check.area == area and state in (None, check.state)
    }


@pytest.fixture
def quiet(change: Change) -> Settings:
    """Settings with nothing to find: moves stay among the paid statuses; no statuses are pushed."""
    return change(order_status={"updates": "off", "import_error_status": "Awaiting Pickup"})


def test_settings_that_fit(join: Join, quiet: Settings, store: FakeStore) -> None:
    store.add_order(OrderFactory().plain())
    before = {number: dict(order.header) for number, order in store.state.orders.items()}
    report = join(settings=quiet).check_setup()
    assert (report.errors, report.warnings) == ([], [])
    assert report.toml == ""
    assert "fit the store and the books" in str(report)
    assert {entry.method for entry in store.log} == {"GET"}
    assert {number: dict(order.header) for number, order in store.state.orders.items()} == before


def test_a_source_code_of_another_store(
    join: Join, store: FakeStore, books: SqlGateway, quiet: Settings, change: Change
) -> None:
    setting = "order_status.import_source_code"
    bundle = make_bundle(1)
    for number, store_hash in enumerate([store.store_hash, "", "other1", "other2"], 1):
        order = make_bundle(number).order
        books.create_order(
            attrs.evolve(bundle, order=attrs.evolve(order, store_hash=store_hash), receipts=())
        )
    report = join(settings=quiet).check_setup()
    (check,) = found(report, "source code", "error").values()
    assert check.item == setting
    assert "orders of the store other1, other2 under 'WEB'" in check.found
    assert check.fix == "Give this store an Import Source Code that no other store has."
    # What it says is followed.
    web = join(settings=change(order_status={"import_source_code": "SHP"}))
    assert found(web.check_setup(), "source code", "ok")[setting].found == "SHP"
    order_id = store.add_order(OrderFactory(first_id=2).plain()).id
    assert [outcome.import_id for outcome in web.import_orders().imported] == [f"SHP{order_id}"]


def test_statuses_that_the_store_does_not_have(join: Join, change: Change) -> None:
    rows = (
        StatusMapping(acctvantage="Shipped/Invoice", bigcommerce="Sent"),
        StatusMapping(acctvantage="Gone", bigcommerce="Shipped"),
    )
    report = join(
        settings=change(order_status={"new_order_status": "Fresh", "mapping": rows})
    ).check_setup()
    wrong = found(report, "status", "error")
    assert set(wrong) == {
        "order_status.new_order_status",
        "order_status.mapping[0].bigcommerce",
        "order_status.mapping[1].acctvantage",
    }
    assert (
        "There are: Incomplete (id 0), Pending (id 1), Shipped (id 2) and 12 more."
        in wrong["order_status.new_order_status"].fix
    )
    assert "Shipped/Invoice" in wrong["order_status.mapping[1].acctvantage"].fix


def test_a_label_that_is_also_another_statuss_name_is_ambiguous(
    join: Join, quiet: Settings
) -> None:
    store = FakeStore(status_labels={9: "Awaiting Fulfillment"})
    report = join(settings=quiet, transport=store.transport()).check_setup()
    assert "id" in found(report, "status", "error")["order_status.new_order_status"].fix


def test_the_same_status_twice_under_two_names(join: Join, change: Change) -> None:
    report = join(settings=change(order_status={"downloaded_order_status": 11})).check_setup()
    assert (
        "again and again"
        in found(report, "status", "error")["order_status.downloaded_order_status"].found
    )


def test_a_row_for_the_new_status_under_another_name(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> None:
    rows = [("Shipped/Invoice", "Shipped"), ("Open", 9), ("Committed", 12), ("picked", 11)]
    settings = change(
        order_status={
            "mapping": tuple(StatusMapping(acctvantage=a, bigcommerce=b) for a, b in rows)
        }
    )
    place = "order_status.mapping[3].bigcommerce"
    wrong = found(join(settings=settings).check_setup(), "status", "error")
    assert set(wrong) == {place}
    assert "imported again and again" in wrong[place].found
    assert wrong[place].fix == "Choose another status for 'picked', or remove the row."
    order_id = store.add_order(OrderFactory().plain()).id
    web = join(settings=settings)
    web.import_orders()
    books.set_order_status(f"WEB{order_id}", "Picked")
    for preview in (True, False):
        with pytest.raises(SettingsError) as refused:
            web.push_order_statuses(preview=preview)
        (fault,) = refused.value.faults
        fix = "choose another status for 'picked', or remove the row"
        assert (fault.key, fault.message) == (place, f"{wrong[place].found}; {fix}")
    assert store.order(order_id).header["status_id"] == 9
    # Both of what it says is followed.
    screen = settings.order_status
    other = attrs.evolve(screen.mapping[3], bigcommerce="Awaiting Pickup")
    for mapping in ((*screen.mapping[:3], other), screen.mapping[:3]):
        repaired = attrs.evolve(settings, order_status=attrs.evolve(screen, mapping=mapping))
        assert not found(join(settings=repaired).check_setup(), "status", "error")
        join(settings=repaired).push_order_statuses(preview=True)
    # The store's statuses of this import are no changes, so these rows are right in a pull.
    pulling = attrs.evolve(settings, order_status=attrs.evolve(screen, updates="pull"))
    assert not found(join(settings=pulling).check_setup(), "status", "error")


def test_a_row_for_the_new_status_by_the_merchants_label(
    join: Join, change: Change, books: SqlGateway
) -> None:
    store = FakeStore(status_labels={11: "To pick"})
    rows = (StatusMapping(acctvantage="Picked", bigcommerce="to  PICK"),)
    web = join(settings=change(order_status={"mapping": rows}), transport=store.transport())
    place = "order_status.mapping[0].bigcommerce"
    assert "'To pick' (id 11)" in found(web.check_setup(), "status", "error")[place].found
    with pytest.raises(SettingsError, match="'To pick'"):
        web.push_order_statuses()


def test_two_rows_of_a_pull_that_are_one_status(join: Join, change: Change) -> None:
    rows = [("Picked", "Awaiting Pickup"), ("Packed", 8), ("Posted", "awaiting pickup")]
    mapping = tuple(StatusMapping(acctvantage=a, bigcommerce=b) for a, b in rows)
    pulling = change(order_status={"updates": "pull", "mapping": mapping})
    place = "order_status.mapping[1].bigcommerce"
    wrong = found(join(settings=pulling).check_setup(), "status", "error")
    assert set(wrong) == {place}
    assert wrong[place].fix == "Remove one of the two rows."
    with pytest.raises(SettingsError, match="mapping\\[0\\] has"):
        join(settings=pulling).pull_order_statuses()
    for kept in (mapping[1:], (mapping[0], mapping[2])):
        repaired = join(settings=change(order_status={"updates": "pull", "mapping": kept}))
        assert not found(repaired.check_setup(), "status", "error")
        repaired.pull_order_statuses()


def test_incomplete_orders_are_never_new(join: Join, change: Change) -> None:
    report = join(settings=change(order_status={"new_order_status": "0"})).check_setup()
    assert (
        "never finished" in found(report, "status", "error")["order_status.new_order_status"].found
    )


@pytest.mark.parametrize(
    ("new", "downloaded", "import_error", "warned"),
    [
        (11, 9, 12, {"order_status.import_error_status"}),
        (11, 9, 8, set()),
        (11, 13, 4, {"order_status.downloaded_order_status"}),
        (7, 12, 6, set()),
    ],
)
def test_moves_out_of_the_paid_statuses_are_warned_about(
    join: Join,
    store: FakeStore,
    change: Change,
    *,
    new: int,
    downloaded: int,
    import_error: int,
    warned: set[str],
) -> None:
    """Only where Avalara computes the store's tax: nothing is wrong otherwise."""
    statuses = {
        "new_order_status": new,
        "downloaded_order_status": downloaded,
        "import_error_status": import_error,
        "updates": "off",
    }
    web = join(settings=change(order_status=statuses))
    factory = OrderFactory()
    store.add_order(factory.plain())
    assert not found(web.check_setup(), "status", "warning")
    store.add_order(factory.plain()).header["tax_provider_id"] = "AvaTaxProvider"
    warnings = found(web.check_setup(), "status", "warning")
    assert set(warnings) == warned
    assert all("tax document" in check.found for check in warnings.values())


def test_unmapped_statuses_come_with_their_rows(join: Join) -> None:
    report = join().check_setup()
    (unmapped,) = (check for check in report.warnings if check.toml)
    assert unmapped.item == "Committed, Picked, Packed, Posted"
    assert tomllib.loads(report.toml) == {}  # It can be pasted before it is filled in.
    rows = tomllib.loads(report.toml.replace("# ", ""))["order_status"]["mapping"]
    assert rows[0] == {"acctvantage": "Committed", "bigcommerce": ""}


def test_a_new_sales_order_status_that_the_books_do_not_have(join: Join, change: Change) -> None:
    report = join(settings=change(order_status={"new_sales_order_status": "Fresh"})).check_setup()
    assert "order_status.new_sales_order_status" in found(report, "status", "error")


def test_currencies(join: Join, quiet: Settings, store: FakeStore) -> None:
    store.add_order(order_of_shape("foreign_currency"))
    assert (
        "Orders in EUR are refused: 1 of the latest 1."
        in found(join(settings=quiet).check_setup(), "currency", "warning")["EUR"].found
    )
    store.state.information["currency"] = "CAD"
    assert "CAD" in found(join(settings=quiet).check_setup(), "currency", "error")


def test_payment_methods_that_orders_used_are_errors_and_others_warnings(
    join: Join, quiet: Settings, store: FakeStore
) -> None:
    factory = OrderFactory()
    for method in ("Pay by Pigeon", "pay by  pigeon", "Check", "Credit Card"):
        store.add_order(factory.order([item("MUG-RED")], payment=Payment(method, state="offline")))
    store.add_order(order_of_shape("store_credit_only", factory))
    store.state.payment_methods = [
        {"code": "x", "name": "Barter", "test_mode": False},
        {"code": "y", "name": "Credit Card", "test_mode": False},
    ]
    report = join(settings=quiet).check_setup()
    wrong = found(report, "payment method", "error")
    assert set(wrong) == {"pay by  pigeon", "Check"}
    assert "2 of the latest 5 orders" in wrong["pay by  pigeon"].seen
    assert set(found(report, "payment method", "warning")) == {"Barter"}
    rows = tomllib.loads(report.toml)["gl"]["payment_methods"]
    # A Receipt Type of the same name is the likely one; otherwise it is left to be chosen.
    assert rows == [{"bigcommerce": "Check", "receipt_type": "Check"}]
    choices = "one of: Visa/MC, PayPal, Check, StoreCredit, GiftCard, Purchase Order"
    below = report.toml.partition('# bigcommerce = "Barter"\n# receipt_type = ""\n')[2]
    assert " ".join(below.replace("# # ", "").split()).startswith(choices)


def test_receipt_types_that_the_books_do_not_have(join: Join, change: Change) -> None:
    rows = (
        PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Diners"),
        PaymentMethodMapping(bigcommerce="PO", receipt_type="Purchase Order"),
    )
    report = join(settings=change(gl={"payment_methods": rows})).check_setup()
    assert list(found(report, "payment method", "error")) == ["gl.payment_methods[0] 'Credit Card'"]


@pytest.mark.parametrize(("shape", "state"), [("plain", "warning"), ("store_credit", "error")])
def test_redeemed_tenders_need_a_receipt_type(
    join: Join, quiet: Settings, store: FakeStore, *, shape: str, state: str
) -> None:
    bare = SqlGateway("sqlite://")
    bare.load(example.books_toml.replace('"StoreCredit", ', ""))
    rows = tuple(
        row
        for row in quiet.gl.payment_methods
        if row.receipt_type not in {"StoreCredit", "GiftCard"}
    )
    settings = attrs.evolve(quiet, gl=attrs.evolve(quiet.gl, payment_methods=rows))
    store.add_order(order_of_shape(shape))
    report = join(settings=settings, books=bare).check_setup()
    assert found(report, "payment method")["StoreCredit"].state == state
    assert found(report, "payment method")["GiftCard"].state == "ok"
    bare.close()


def test_ship_vias(join: Join, change: Change, store: FakeStore) -> None:
    factory = OrderFactory()
    for method in ("UPS Ground", "Zeppelin", ""):
        store.add_order(factory.order([item("MUG-RED")], shipping=[Shipping(method, Decimal(3))]))
    created = join(settings=change(order_status={"updates": "off"})).check_setup()
    assert "is created" in found(created, "ship via", "ok")["Zeppelin"].found
    strict = join(
        settings=change(
            shipping={"auto_create_missing_shipping_methods": False, "default_ship_via": ""}
        )
    ).check_setup()
    assert set(found(strict, "ship via", "error")) == {"shipping.default_ship_via", "Zeppelin"}
    assert found(strict, "ship via", "ok").keys() == {"UPS Ground"}
    assert set(found(strict, "ship via", "warning")) == {"Flat Rate"}


def test_warehouse_and_product_class(join: Join, change: Change) -> None:
    nowhere = join(settings=change(shipping={"warehouse": "Attic"})).check_setup()
    assert "Main" in found(nowhere, "warehouse", "error")["shipping.warehouse"].fix
    wrong = join(
        settings=change(shipping={"default_shipment_product_class": "Feathers"})
    ).check_setup()
    assert (
        "Goods, Freight"
        in found(wrong, "product class", "error")["shipping.default_shipment_product_class"].fix
    )


def test_product_classes_of_the_store_s_products(join: Join, both: SqlGateway) -> None:
    assert not found(join(books=both).check_setup(), "product class", "error")
    rows = [
        {"part_number": number, "name": number, "product_class": "Goodz"} for number in ("A", "B")
    ]
    both.load({"products": rows})
    check = found(join(books=both).check_setup(), "product class", "error")["Goodz"]
    assert check.found == (
        "2 products with Sync to Webstore (A, B) have it, and it is not active in 'Main': orders "
        "for such a product are refused."
    )
    assert check.fix == (
        "Did you mean 'Goods'? Activate the product class in the warehouse, in AcctVantage and in "
        "the books (SqlGateway.load)."
    )


@pytest.mark.parametrize("area", ["Nowhere", "AvaTax"])
def test_tax_areas(join: Join, change: Change, area: str) -> None:
    report = join(settings=change(gl={"tax_area": area})).check_setup()
    assert area in found(report, "tax area", "error")["gl.tax_area"].found


def test_gl_codes(join: Join, change: Change, store: FakeStore) -> None:
    unset = change(gl={"default_discount_gl_code": "", "gift_certificate_gl_code": "99999"})
    report = join(settings=unset).check_setup()
    assert set(found(report, "GL code", "warning")) == {"gl.default_discount_gl_code"}
    assert set(found(report, "GL code", "error")) == {"gl.gift_certificate_gl_code"}
    store.add_order(order_of_shape("coupon_amount"))
    assert "gl.default_discount_gl_code" in found(
        join(settings=unset).check_setup(), "GL code", "error"
    )


def test_what_the_token_may_not_read_is_unknown_and_no_error(
    join: Join, quiet: Settings, store: FakeStore
) -> None:
    store.scopes = {"store_v2_orders"}
    store.fail("GET /v2/shipping/zones", "503")
    report = join(settings=quiet).check_setup()
    assert report.ok
    unknown = {check.area for check in report.checks if check.state == "unknown"}
    assert unknown == {"currency", "payment method", "ship via", "location", "stock", "product"}


def test_orders_and_books_must_be_readable(join: Join, store: FakeStore) -> None:
    store.scopes -= {"store_v2_orders", "store_v2_orders_read_only"}
    with pytest.raises(ScopeMissing):
        join().check_setup()
    with (
        SqlGateway("postgresql://avbc@127.0.0.1:1/books?connect_timeout=1") as nowhere,
        pytest.raises(BooksUnreachable),
    ):
        join(books=nowhere).check_setup()


def test_where_quantities_go_to(join: Join, change: Change, store: FakeStore) -> None:
    store.add_location("OLD", "Old", enabled=False)
    assert found(join().check_setup(), "location", "ok").keys() == {"shipping.bigcommerce_location"}
    wrong = found(
        join(settings=change(shipping={"bigcommerce_location": "OLD"})).check_setup(),
        "location",
        "error",
    )
    assert "disabled" in wrong["shipping.bigcommerce_location"].found
    assert wrong["shipping.bigcommerce_location"].fix
    off = join(settings=change(shipping={"sync_inventory_levels": False})).check_setup()
    assert not found(off, "location")


def test_when_the_store_takes_its_stock(join: Join, store: FakeStore) -> None:
    store.state.inventory_settings["update_stock_behavior"] = "order_completed_or_shipped"
    assert "twice" in found(join().check_setup(), "stock", "warning")["when it is reduced"].found
    store.scopes -= {"store_v2_information", "store_locations"}
    report = join().check_setup()
    assert found(report, "stock", "unknown")
    assert found(report, "location", "unknown")


# Near names


@pytest.mark.parametrize(
    ("screen", "key", "wrong", "area", "near"),
    [
        (
            "order_status",
            "new_order_status",
            "Awaiting Fullfilment",
            "status",
            "Awaiting Fulfillment",
        ),
        ("order_status", "new_sales_order_status", "Opne", "status", "Open"),
        ("gl", "tax_area", "Big Commerce", "tax area", "BigCommerce"),
        ("gl", "default_discount_gl_code", "40200-000-00", "GL code", "40200-000-000"),
        ("shipping", "warehouse", "Main Warehouse", "warehouse", "Main"),
        ("shipping", "default_shipment_product_class", "Frieght", "product class", "Freight"),
    ],
)
def test_a_name_that_is_nearly_known_comes_with_the_known_one(
    join: Join, change: Change, *, screen: str, key: str, wrong: str, area: str, near: str
) -> None:
    report = join(settings=change(**{screen: {key: wrong}})).check_setup()
    fix = found(report, area, "error")[f"{screen}.{key}"].fix
    assert fix.startswith(f"Did you mean {near!r}?")
    # What it says is followed.
    repaired = join(settings=change(**{screen: {key: near}})).check_setup()
    assert found(repaired, area)[f"{screen}.{key}"].state == "ok"
    far = join(settings=change(**{screen: {key: "Zzyzx"}})).check_setup()
    assert "Did you mean" not in found(far, area, "error")[f"{screen}.{key}"].fix


def test_near_names_of_rows(join: Join, change: Change, store: FakeStore) -> None:
    rows = (PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Visa / MC"),)
    statuses = (StatusMapping(acctvantage="Pickd", bigcommerce="Shiped"),)
    settings = change(gl={"payment_methods": rows}, order_status={"mapping": statuses})
    store.state.payment_methods = [{"code": "x", "name": "PayPal Express", "test_mode": False}]
    report = join(settings=settings).check_setup()
    (method,) = found(report, "payment method", "error").values()
    assert method.fix.startswith("Did you mean 'Visa/MC'?")
    wrong = found(report, "status", "error")
    assert wrong["order_status.mapping[0].acctvantage"].fix.startswith("Did you mean 'Picked'?")
    assert "'Shipped'" in wrong["order_status.mapping[0].bigcommerce"].fix.partition("?")[0]
    offered = found(report, "payment method", "warning")["PayPal Express"]
    assert offered.fix == "Did you mean 'PayPal'? Add a row to gl.payment_methods."


def test_ship_vias_of_rows(join: Join, change: Change) -> None:
    def checked(ship_via: str) -> Check:
        rows = (ShippingMethodMapping(bigcommerce="UPS*", ship_via=ship_via),)
        report = join(settings=change(shipping={"methods": rows})).check_setup()
        return found(report, "ship via")["shipping.methods[0].ship_via"]

    wrong = checked("UPS Grond")
    assert wrong.state == "error"
    assert wrong.fix.startswith("Did you mean 'UPS Ground'? Create it in AcctVantage and in the")
    assert checked("ups ground").state == "ok"


def test_a_shipping_method_that_would_make_a_second_ship_via(
    join: Join, quiet: Settings, store: FakeStore
) -> None:
    name = "UPS Ground (2 to 4 days)"
    store.add_order(OrderFactory().order([item("MUG-RED")], shipping=[Shipping(name, Decimal(3))]))
    report = join(settings=quiet).check_setup()
    check = found(report, "ship via", "warning")[name]
    assert "AcctVantage has 'UPS Ground'" in check.found
    (row,) = tomllib.loads(report.toml)["shipping"]["methods"]
    assert row == {"bigcommerce": name, "ship_via": "UPS Ground"}
    # Each of the two that it says is followed: the row, or a Ship Via of that name.
    rows = (ShippingMethodMapping(**row),)
    mapped = join(settings=attrs.evolve(quiet, shipping=attrs.evolve(quiet.shipping, methods=rows)))
    assert found(mapped.check_setup(), "ship via")[name].found == "UPS Ground"
    with SqlGateway("sqlite://") as other:
        other.load(example.books_toml.replace('{ name = "UPS Ground"', f'{{ name = "{name}"', 1))
        assert (
            found(join(settings=quiet, books=other).check_setup(), "ship via")[name].state == "ok"
        )
    strict = attrs.evolve(quiet.shipping, auto_create_missing_shipping_methods=False)
    refused = join(settings=attrs.evolve(quiet, shipping=strict)).check_setup()
    fix = found(refused, "ship via", "error")[name].fix
    assert fix.startswith("Did you mean 'UPS Ground'?")


# Rows that another row hides


def test_no_row_is_proposed_where_another_row_fits(
    join: Join, change: Change, store: FakeStore
) -> None:
    """The first row that fits counts, so a row after it would change nothing."""
    rows = (ShippingMethodMapping(bigcommerce="UPS*", ship_via="UPS Grnd"),)
    store.add_order(OrderFactory().plain())
    report = join(settings=change(shipping={"methods": rows})).check_setup()
    assert "[[shipping.methods]]" not in report.toml
    wrong = found(report, "ship via", "error")["UPS Ground"]
    assert wrong.fix == (
        "Did you mean 'UPS Ground'? Create it in AcctVantage and in the books (SqlGateway.load), "
        "or correct shipping.methods[0].ship_via."
    )


def test_rows_that_never_apply(join: Join, change: Change) -> None:
    def hidden(area: str, **screens: dict[str, object]) -> dict[str, Check]:
        warnings = found(join(settings=change(**screens)).check_setup(), area, "warning")
        return {item: check for item, check in warnings.items() if item.endswith("]")}

    def method(pattern: str, ship_via: str) -> ShippingMethodMapping:
        return ShippingMethodMapping(bigcommerce=pattern, ship_via=ship_via)

    general, special = method("UPS*", "UPS Ground"), method("ups ground*", "Truck")
    (row,) = hidden("ship via", shipping={"methods": (general, special)}).values()
    assert row.item == "shipping.methods[1]"
    assert row.fix == "Move it before shipping.methods[0], or remove it."
    # Both ends of what it says are followed.
    assert not hidden("ship via", shipping={"methods": (special, general)})
    assert not hidden("ship via", shipping={"methods": (general,)})
    # What makes the same is no mistake, and what fits more is not hidden.
    same = method("UPS Ground (*)", "ups ground")
    assert not hidden("ship via", shipping={"methods": (general, same, method("U*", "Truck"))})

    fields: list[tuple[str, Literal["memo", "po_number"]]]
    fields = [("PO*", "memo"), ("PO number", "po_number")]
    rows = tuple(FormFieldMapping(bigcommerce=name, acctvantage=to) for name, to in fields)
    assert hidden("form field", order_status={"form_fields": rows}).keys() == {
        "order_status.form_fields[1]"
    }
    assert not hidden("form field", order_status={"form_fields": rows[::-1]})


@pytest.mark.parametrize(
    ("first", "second", "is_hidden"),
    [
        ({"sku": "MUG-*"}, {"sku": "MUG-RED"}, True),
        ({"sku": "MUG-*"}, {"sku": "MUG-R*", "name": "Red*"}, True),
        ({"product_id": 7}, {"product_id": 7, "variant_id": 8}, True),
        ({"name": "*"}, {"product_id": 7}, True),
        ({"sku": "MUG-*", "name": "Red*"}, {"sku": "MUG-RED"}, False),
        ({"product_id": 7, "variant_id": 8}, {"product_id": 7}, False),
        ({"sku": "MUG-RED"}, {"sku": "MUG-*"}, False),
        ({"sku": "MUG-*"}, {"product_id": 7}, False),
    ],
)
def test_rows_for_products_that_never_apply(
    join: Join,
    change: Change,
    *,
    first: dict[str, object],
    second: dict[str, object],
    is_hidden: bool,
) -> None:
    rows = (
        ProductMapping(part_number="MUG-RED", **first),  # type: ignore[arg-type]  # as in a table
        ProductMapping(part_number="MUG-BLUE", **second),  # type: ignore[arg-type]  # as in a table
    )
    report = join(settings=change(products={"mapping": rows})).check_setup()
    assert ("products.mapping[1]" in found(report, "part number", "warning")) == is_hidden


def test_a_default_ship_via_that_is_nearly_known(join: Join, change: Change) -> None:
    """No row is for orders without a shipping method: the key itself is to be corrected."""
    key = "shipping.default_ship_via"
    report = join(settings=change(shipping={"default_ship_via": "UPS-Ground"})).check_setup()
    check = found(report, "ship via", "warning")[key]
    assert check.fix == (
        "Did you mean 'UPS Ground'? Correct shipping.default_ship_via. If not: Create 'UPS-Ground' "
        "in AcctVantage and in the books (SqlGateway.load)."
    )
    assert "[[shipping.methods]]" not in report.toml


def test_advice_about_the_token_is_in_one_place(
    join: Join, quiet: Settings, store: FakeStore
) -> None:
    store.scopes = {"store_v2_orders"}
    unknown = [check for check in join(settings=quiet).check_setup().checks if check.fix]
    refused = [check for check in unknown if "(403)" in check.found]
    assert len(refused) >= 4
    for check in refused:
        assert "OAuth scope" in check.found
        assert "test_connection()" in check.fix
        assert len(check.found + check.fix) < 250


# Payment methods


def test_a_method_that_is_mapped_by_its_id_needs_no_row(
    join: Join, change: Change, store: FakeStore
) -> None:
    """Its name is a translation; only with such rows are transactions read, of one order."""
    order = store.add_order(OrderFactory().plain())
    store.edit_order(order.id, payment_method="Carte de crédit")
    (wrong,) = found(join().check_setup(), "payment method", "error").values()
    assert wrong.item == "Carte de crédit"
    transactions = f"GET /v3/orders/{order.id}/transactions"
    assert transactions not in store.counts()
    order.transactions[0]["payment_method_id"] = "card.1"

    def by_id(identity: str) -> SetupReport:
        row = PaymentMethodMapping(
            bigcommerce="Credit Card", receipt_type="Visa/MC", payment_method_id=identity
        )
        return join(settings=change(gl={"payment_methods": (row,)})).check_setup()

    fine = found(by_id("card.1"), "payment method")["Carte de crédit"]
    assert (fine.state, fine.found) == (
        "ok",
        "Visa/MC, by the payment_method_id of its transactions",
    )
    assert found(by_id("card.2"), "payment method")["Carte de crédit"].state == "error"
    store.fail("GET /v3/orders/*/transactions", "503")
    assert found(by_id("card.1"), "payment method")["Carte de crédit"].state == "error"


@pytest.mark.parametrize(
    ("offline", "provider", "is_warned"),
    [(True, "authorizenet", True), (True, None, False), (None, "authorizenet", False)],
)
def test_an_offline_method_whose_orders_name_a_gateway(
    join: Join,
    change: Change,
    store: FakeStore,
    *,
    offline: bool | None,
    provider: str | None,
    is_warned: bool,
) -> None:
    order = store.add_order(OrderFactory().plain())
    store.edit_order(order.id, payment_provider_id=provider)
    row = PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Visa/MC", offline=offline)
    report = join(settings=change(gl={"payment_methods": (row,)})).check_setup()
    warned = [item for item in found(report, "payment method", "warning") if "offline" in item]
    assert bool(warned) == is_warned


def test_test_transactions_that_are_imported_are_a_warning(join: Join, change: Change) -> None:
    key = "gl.import_test_transactions"
    on = join(settings=change(gl={"import_test_transactions": True})).check_setup()
    assert "false" in found(on, "payment method", "warning")[key].fix
    assert key not in found(join().check_setup(), "payment method")


def test_a_name_of_two_statuses_is_not_its_own_near_name(join: Join) -> None:
    store = FakeStore(status_labels={9: "Awaiting Fulfillment"})
    (check,) = found(join(transport=store.transport()).check_setup(), "status", "error").values()
    assert "more than one status" in check.found
    assert check.fix.startswith("Write the status's id.")


def test_every_fix_that_asks_for_a_row_names_its_table(
    join: Join, change: Change, store: FakeStore
) -> None:
    order = OrderFactory().order([item("MUG-RED")], payment=Payment("Pigeon"))
    order.header["store_credit_amount"] = "1.0000"
    store.add_order(order)
    web = join(settings=change(gl={"payment_methods": ()}))
    web.check_setup()
    fixes = [each.fix for each in web.worklist() if " row" in each.fix]
    assert fixes
    assert all("gl.payment_methods" in fix or "shipping.methods" in fix for fix in fixes)
