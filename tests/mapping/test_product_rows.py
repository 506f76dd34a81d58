"""Rows that say which product a line is, and the placeholder for custom items."""

import attrs
import pytest

from avbc.acctvantage.records import Product
from avbc.bigcommerce.models import ConfigurableField, OrderProduct
from avbc.mapping import product_names, waiting_demand
from avbc.mapping.product_names import ProductName, ProductNames
from avbc.money import ZERO
from avbc.settings import ProductMapping, ProductSettings

ROWS = (
    ProductMapping(product_id=77, variant_id=582, part_number="BY-BOTH"),
    ProductMapping(variant_id=583, part_number="BY-VARIANT"),
    ProductMapping(product_id=77, part_number="BY-PRODUCT"),
    ProductMapping(sku="AMZ-*", name="*mug*", part_number="BY-SKU-AND-NAME"),
    ProductMapping(sku="AMZ-*", part_number="BY-SKU"),
    ProductMapping(name="Engraving & more", part_number="BY-NAME"),
)


def named(part_number: str, row: int) -> ProductName:
    return ProductName(part_number, f"products.mapping[{row}].part_number")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"product_id": 77, "variant_id": 582, "sku": "MUG"}, named("BY-BOTH", 0)),
        ({"product_id": 78, "variant_id": 583, "sku": "MUG"}, named("BY-VARIANT", 1)),
        ({"product_id": 77, "variant_id": 584, "sku": "AMZ-1"}, named("BY-PRODUCT", 2)),
        ({"product_id": 77}, named("BY-PRODUCT", 2)),
        ({"product_id": 7, "sku": "amz-1", "name": "Red MUG, large"}, named("BY-SKU-AND-NAME", 3)),
        ({"product_id": 7, "sku": "Amz-1", "name": "Towel"}, named("BY-SKU", 4)),
        ({"product_id": 7, "sku": "AMZ", "name": "Towel"}, ProductName("AMZ")),
        ({"product_id": 7, "sku": "X AMZ-1", "name": "Towel"}, ProductName("X AMZ-1")),
        ({"product_id": 7, "name": "engraving &amp; more"}, named("BY-NAME", 5)),
        ({"product_id": 0, "name": "Engraving & more"}, named("BY-NAME", 5)),
        ({"product_id": 0, "variant_id": 0, "sku": "MUG"}, None),
        ({"product_id": 7, "sku": ""}, ProductName("")),
        ({"type": "giftcertificate", "name": "Engraving & more"}, None),
    ],
)
def test_the_first_row_that_fits_comes_before_the_sku(line, found):
    assert ProductNames(ProductSettings(mapping=ROWS)).of(OrderProduct(**line)) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ({"product_id": 0, "sku": "MUG"}, ProductName("ANY", "products.placeholder_product")),
        ({"product_id": 0, "name": "Engraving & more"}, named("BY-NAME", 5)),
        ({"product_id": 7, "sku": "MUG"}, ProductName("MUG")),
        ({"product_id": 7, "sku": ""}, ProductName("")),
        ({"type": "giftcertificate"}, None),
    ],
)
def test_the_placeholder_is_for_custom_items_alone(line, found):
    screen = ProductSettings(mapping=ROWS, placeholder_product="ANY")
    assert ProductNames(screen).of(OrderProduct(**line)) == found


TEES = {"rows": {"mapping": (ProductMapping(sku="TEE-*", part_number="tee"),)}}
TEE = {"tee": (Product("TEE", "T-shirt", "Goods"),)}


def decisions(mapped):
    return {each.field: each for each in mapped.decisions}


def test_a_mapped_line_is_its_part_number_and_explained(make_order, map_it):
    order = make_order([make_order.item("TEE-RED", "19.95", 2)])
    mapped = map_it(order, products=TEE, **TEES)
    assert mapped.problems == ()
    [line] = mapped.bundle.order.lines
    assert (line.kind, line.part_number, line.description, line.quantity, line.amount) == (
        "product",
        "TEE",
        "Item TEE-RED",
        2,
        order.lines[0].total_ex_tax,
    )
    assert (line.memo, line.store_line_id, line.to_ship) == ("SKU: TEE-RED", 101, 2)
    decided = decisions(mapped)["lines[0]"]
    assert decided.setting == "products.mapping[0].part_number"
    assert decided.reason == "2 x TEE, as the setting has it for 'Item TEE-RED'"


def test_the_sku_is_in_the_memo_only_where_it_is_another(make_order, map_it):
    rows = {"mapping": (ProductMapping(name="*", part_number="Mug"),)}
    order = make_order([make_order.item("MUG"), make_order.item("")])
    lines = map_it(order, rows=rows).bundle.order.lines
    assert [(line.part_number, line.memo) for line in lines] == [("MUG", ""), ("MUG", "")]


def test_a_row_comes_before_a_product_of_that_sku(make_order, map_it, products):
    rows = {"mapping": (ProductMapping(product_id=201, part_number="TEE"),)}
    order = make_order([make_order.item("MUG"), make_order.item("MUG")])
    lines = map_it(order, products={**products, **TEE}, rows=rows).bundle.order.lines
    assert [line.part_number for line in lines] == ["TEE", "MUG"]


def test_options_stay_in_the_memo_of_a_mapped_line(make_order, map_it):
    more = {"configurable_fields": (ConfigurableField(name="Engrave", value="Ana"),)}
    order = make_order([make_order.item("TEE-RED", more=more)])
    [line] = map_it(order, products=TEE, **TEES).bundle.order.lines
    assert line.memo == "Engrave: Ana\nSKU: TEE-RED"


def test_a_part_number_that_the_books_lack_names_its_row(make_order, map_it):
    """The SKU is not tried instead, though the books have a product of it."""
    rows = {"mapping": (ProductMapping(product_id=201, part_number="GONE"),)}
    mapped = map_it(make_order([make_order.item("MUG")]), rows=rows)
    [problem] = mapped.errors
    assert (problem.code, problem.field, problem.value) == (
        "part_number_unknown",
        "products.mapping[0].part_number",
        "GONE",
    )
    assert problem.message == (
        "AcctVantage has no product with part number 'GONE', which "
        "products.mapping[0].part_number names for 'Item MUG'."
    )
    assert "correct products.mapping[0].part_number" in problem.fix


def test_the_class_of_a_mapped_product_must_be_active(make_order, map_it):
    gem = {"tee": (Product("TEE", "T-shirt", "Gems"),)}
    mapped = map_it(make_order([make_order.item("TEE-RED")]), products=gem, **TEES)
    [problem] = mapped.errors
    assert (problem.code, problem.field) == (
        "product_class_inactive",
        "products.mapping[0].part_number",
    )


def test_a_component_of_a_bundle_is_mapped_too(make_order, map_it, products):
    component = {"parent_order_product_id": 101, "is_bundled_product": True}
    order = make_order([make_order.item("SET"), make_order.item("TEE-RED", more=component)])
    mapped = map_it(order, products={**products, **TEE}, **TEES)
    assert mapped.problems == ()
    lines = mapped.bundle.order.lines
    assert [(line.part_number, line.component_of) for line in lines] == [
        ("SET", None),
        ("TEE", 101),
    ]
    assert lines[1].amount == ZERO


ANY = {"any": (Product("ANY", "Custom item", "Goods", kind="service"),)}


def test_a_custom_item_is_booked_under_the_placeholder(make_order, map_it):
    order = make_order(
        [make_order.item("X-1", "12.50", 3, more={"product_id": 0, "name": "Hand-carved sign"})]
    )
    mapped = map_it(order, products=ANY, rows={"placeholder_product": "any"})
    assert mapped.problems == ()
    [line] = mapped.bundle.order.lines
    assert (line.kind, line.part_number, line.description, line.memo, line.to_ship) == (
        "product",
        "ANY",
        "Hand-carved sign",
        "SKU: X-1",
        3,
    )
    assert decisions(mapped)["lines[0]"].setting == "products.placeholder_product"


def test_an_unknown_placeholder_refuses_the_orders_that_need_it(make_order, map_it):
    rows = {"placeholder_product": "GONE"}
    assert map_it(make_order([make_order.item("MUG")]), rows=rows).problems == ()
    mapped = map_it(make_order([make_order.item("MUG", more={"product_id": 0})]), rows=rows)
    [problem] = mapped.errors
    assert (problem.code, problem.field) == (
        "part_number_unknown",
        "products.placeholder_product",
    )


def test_what_waits_counts_as_the_import_books_it(make_order):
    order = make_order(
        [
            make_order.item("TEE-RED", "1.00", 2),
            make_order.item("tee-blue", "1.00", 3),
            make_order.item("MUG", "1.00", 5),
            make_order.item("X", "1.00", 7, more={"product_id": 0}),
            make_order.item("TEE-1", "1.00", 1, more={"type": "giftcertificate"}),
        ]
    )
    screen = ProductSettings(mapping=TEES["rows"]["mapping"])
    assert waiting_demand([order], screen=screen) == {"tee": 5, "mug": 5}
    with_placeholder = attrs.evolve(screen, placeholder_product="ANY")
    assert waiting_demand([order], screen=with_placeholder) == {"tee": 5, "mug": 5, "any": 7}
    assert waiting_demand([order], {"tee": "shirt"}, screen) == {"shirt": 5, "mug": 5}


def test_thousands_of_rows_cost_a_line_nothing(monkeypatch):
    """Only the rows that may fit are compared, in the order that they have in the settings."""
    compared = []
    fits = product_names.fits
    monkeypatch.setattr(
        product_names, "fits", lambda pattern, text: compared.append(pattern) or fits(pattern, text)
    )
    many = [ProductMapping(sku=f"SKU-{number}", part_number="A") for number in range(5000)]
    rows = (
        *many,
        ProductMapping(sku="*-9", part_number="B"),
        ProductMapping(name="x", part_number="C"),
    )
    names = ProductNames(ProductSettings(mapping=rows))
    assert names.of(OrderProduct(product_id=1, sku="sku-4999")) == named("A", 4999)
    assert names.of(OrderProduct(product_id=1, sku="SKU-5009")) == ProductName("SKU-5009")
    assert names.of(OrderProduct(product_id=1, sku="SKU-5-9")) == named("B", 5000)
    assert names.of(OrderProduct(product_id=1, sku="SKU-9")) == named("A", 9)
    assert len(compared) < 10
