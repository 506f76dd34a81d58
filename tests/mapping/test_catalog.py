"""Product details for the store, by a field map."""

import json
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.acctvantage.records import Product
from avbc.bigcommerce.models import ProductDraft, VariantDraft
from avbc.mapping import (
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    FieldRule,
    changed_fields,
    only_variant_fields,
    product_draft,
    product_text,
    variant_draft,
    with_fields,
)
from avbc.unset import UNSET

D = Decimal

MUG = Product(
    part_number=" MUG-1 ",
    name="Mug &amp; saucer",
    product_class="Goods",
    sales_memo="Stoneware <12 oz>\nHand & heart",
    list_price=D("9.95"),
    sell_price=D("8.950"),
    weight=D("1.2"),
    length=D(4),
    width=D(3),
    height=D(5),
)
NEW = {
    "sku",
    "name",
    "type",
    "description",
    "price",
    "sale_price",
    "weight",
    "depth",
    "width",
    "height",
    "inventory_tracking",
}


def codes(ruling):
    return [(problem.code, problem.field) for problem in ruling.problems]


def test_a_new_product_has_all_of_the_map():
    draft = product_draft(MUG).value
    assert set(draft.given()) == NEW
    assert draft == ProductDraft(
        sku="MUG-1",
        name="Mug & saucer",
        type="physical",
        description="Stoneware &lt;12 oz&gt;<br>\nHand &amp; heart",
        price=D("9.95"),
        sale_price=D("8.950"),
        weight=D("1.2"),
        depth=D(4),
        width=D(3),
        height=D(5),
        inventory_tracking="product",
    )


def test_an_old_product_keeps_what_the_merchant_may_choose():
    draft = product_draft(MUG, product_id=7).value
    assert set(draft.given()) == NEW - {"type", "inventory_tracking"} | {"id"}


def test_what_the_books_do_not_know_is_not_sent():
    bare = Product("MUG", "Mug", "Goods", list_price=D(5), weight=D(0))
    assert set(product_draft(bare, product_id=7).value.given()) == {
        "id",
        "sku",
        "name",
        "price",
        "weight",
    }


@pytest.mark.parametrize(
    ("listed", "sell", "price", "sale"),
    [
        ("9.95", "8.95", "9.95", "8.95"),
        ("9.95", "9.95", "9.95", "0"),
        ("9.95", "12", "9.95", "0"),
        ("9.95", None, "9.95", None),
        (None, "8.95", "8.95", "0"),
        (None, None, None, None),
        ("0", "0", "0", "0"),
    ],
)
def test_a_sale_is_a_sell_price_below_the_list_price(listed, sell, price, sale):
    product = attrs.evolve(MUG, list_price=listed and D(listed), sell_price=sell and D(sell))
    draft = product_draft(product, product_id=7).value
    assert draft.price == (UNSET if price is None else D(price))
    assert draft.sale_price == (UNSET if sale is None else D(sale))


@pytest.mark.parametrize(
    ("kind", "tracking"),
    [("inventory", "product"), ("assembly", "product"), ("non_inventory", "none"), ("kit", "none")],
)
def test_what_has_stock_of_its_own_is_tracked(kind, tracking):
    assert product_draft(attrs.evolve(MUG, kind=kind)).value.inventory_tracking == tracking


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"part_number": " "}, [("product_field_missing", "sku")]),
        ({"name": ""}, [("product_field_missing", "name")]),
        ({"list_price": None, "sell_price": None}, [("product_field_missing", "price")]),
        ({"weight": None}, [("product_field_missing", "weight")]),
        (
            {"weight": None, "name": ""},
            [("product_field_missing", "name"), ("product_field_missing", "weight")],
        ),
        ({"name": "x" * 251}, [("text_too_long", "name")]),
        ({"part_number": "x" * 256}, [("text_too_long", "sku")]),
        ({"list_price": D(-1)}, [("amount_negative", "price")]),
        ({"weight": D("NaN")}, [("amount_unreadable", "weight")]),
        ({"sell_price": D("NaN")}, [("amount_unreadable", "sale_price")]),
        ({"list_price": D("Infinity")}, [("amount_unreadable", "price")]),
        ({"width": D("1e40")}, [("amount_unreadable", "width")]),
    ],
)
def test_a_new_product_that_lacks_something_is_a_problem(changes, expected):
    ruling = product_draft(attrs.evolve(MUG, **changes))
    assert (ruling.value, codes(ruling)) == (None, expected)


def test_an_old_product_that_lacks_something_keeps_it():
    ruling = product_draft(attrs.evolve(MUG, weight=None, name=""), product_id=7)
    assert ruling.problems == ()
    assert {"weight", "name"} & set(ruling.value.given()) == set()


def test_names_and_skus_of_the_greatest_length_pass():
    assert product_draft(attrs.evolve(MUG, name="x" * 250, part_number="y" * 255)).problems == ()


# --- what changed ---


def test_only_what_changed_is_sent():
    cheaper = attrs.evolve(MUG, list_price=D("9.50"), name="Mug")
    ruling = product_draft(cheaper, product_id=7, before=product_text(MUG))
    assert ruling.value == ProductDraft(id=7, price=D("9.50"), name="Mug")
    assert ("changes", "name, price") in [
        (decision.field, decision.value) for decision in ruling.decisions
    ]


def test_nothing_changed_leaves_the_id_alone():
    same = attrs.evolve(MUG, sell_price=D("8.95"), part_number="MUG-1", kind="kit")
    assert product_text(same) == product_text(MUG)
    assert product_draft(same, product_id=7, before=product_text(MUG)).value.given() == ("id",)
    assert variant_draft(same, variant_id=8, before=product_text(MUG)).value.given() == ("id",)


def test_what_the_books_do_not_know_any_more_is_no_change():
    before = product_text(MUG)
    assert product_draft(
        attrs.evolve(MUG, sales_memo=""), product_id=7, before=before
    ).value.given() == ("id",)


@pytest.mark.parametrize("before", ["", "{", "[]", "null", "[" * 100_000])
def test_without_a_readable_text_everything_changed(before):
    assert (
        product_draft(MUG, product_id=7, before=before).value
        == product_draft(MUG, product_id=7).value
    )


def test_the_text_is_short_and_holds_no_more_than_it_must():
    long = attrs.evolve(MUG, sales_memo="x" * 10_000)
    assert len(product_text(long)) < 400
    assert product_text(long) != product_text(attrs.evolve(MUG, sales_memo="x" * 10_001))
    assert list(json.loads(product_text(MUG))) == sorted(json.loads(product_text(MUG)))


# --- variants ---


def test_a_variant_has_only_fields_of_variants():
    ruling = variant_draft(MUG, variant_id=8)
    assert ruling.value == VariantDraft(
        id=8,
        sku="MUG-1",
        price=D("9.95"),
        sale_price=D("8.950"),
        weight=D("1.2"),
        depth=D(4),
        width=D(3),
        height=D(5),
    )
    assert {decision.field for decision in ruling.decisions if "not sent" in decision.reason} == {
        "name",
        "description",
    }


def test_a_sale_that_ended_is_null_on_a_variant():
    ended = attrs.evolve(MUG, sell_price=D("9.95"))
    assert variant_draft(ended, variant_id=8, before=product_text(MUG)).value == VariantDraft(
        id=8, sale_price=None
    )
    assert product_draft(ended, product_id=7, before=product_text(MUG)).value == ProductDraft(
        id=7, sale_price=D(0)
    )


def test_problems_stop_a_variant_too():
    assert codes(variant_draft(attrs.evolve(MUG, list_price=D(-1)), variant_id=8)) == [
        ("amount_negative", "price")
    ]


def test_variant_fields_are_those_of_both():
    assert {"sku", "price", "sale_price", "weight", "upc", "mpn"} <= VARIANT_FIELDS
    assert (
        not {"id", "name", "description", "option_values", "inventory_level", "categories"}
        & VARIANT_FIELDS
    )


def test_whether_only_variant_fields_changed():
    assert only_variant_fields(
        product_text(MUG), product_text(attrs.evolve(MUG, list_price=D(12), weight=D(2)))
    )
    assert not only_variant_fields(
        product_text(MUG), product_text(attrs.evolve(MUG, list_price=D(12), name="Cup"))
    )
    assert not only_variant_fields("", product_text(MUG))


# --- the map is data ---


def test_fields_are_put_in_left_out_and_replaced():
    fields = with_fields(
        PRODUCT_FIELDS,
        FieldRule("upc", "UPC", lambda product: product.aliases[0], longest=14),
        FieldRule("name", "Description", lambda product: product.description),
        FieldRule(
            "categories",
            "Webstore Category",
            lambda product: {"Mugs": (3, 4)}.get(product.webstore_category),
        ),
        FieldRule("is_visible", "Sync to Webstore", lambda product: product.sync_to_webstore),
    )
    fields = tuple(rule for rule in fields if rule.name != "description")
    product = attrs.evolve(
        MUG, aliases=("012345678905",), description="Blue mug", webstore_category="Mugs"
    )
    draft = product_draft(product, fields, product_id=7).value
    assert (draft.upc, draft.name, draft.categories, draft.is_visible) == (
        "012345678905",
        "Blue mug",
        (3, 4),
        True,
    )
    assert "description" not in draft.given()
    assert draft.body()["categories"] == [3, 4]
    assert codes(product_draft(attrs.evolve(product, aliases=("0" * 15,)), fields)) == [
        ("text_too_long", "upc")
    ]
    assert product_draft(
        product, fields, product_id=7, before=product_text(product, fields)
    ).value.given() == ("id",)
    assert json.loads(product_text(product, fields))["categories"] == [3, 4]


def test_a_list_that_did_not_change_is_not_sent_again():
    fields = (FieldRule("categories", "Webstore Category", lambda _product: (3, 4)),)
    assert changed_fields(product_text(MUG, fields), product_text(MUG, fields)) == frozenset()


@pytest.mark.parametrize("name", ["pricee", "id", "inventory_level", "option_values"])
def test_a_field_that_the_store_does_not_have_is_a_mistake_of_the_program(name):
    fields = (*PRODUCT_FIELDS, FieldRule(name, "Anything", lambda _product: "1"))
    with pytest.raises(ValueError, match=name):
        product_draft(MUG, fields)
    with pytest.raises(ValueError, match=name):
        variant_draft(MUG, fields, variant_id=8)


# --- for all products ---

amounts = (
    st.none()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.decimals(D(0), D(999), places=2)
)
some_products = st.builds(
    Product,
    st.text(max_size=300),
    st.text(max_size=300),
    st.just("Goods"),
    sales_memo=st.text(max_size=80),
    list_price=amounts,
    sell_price=amounts,
    weight=amounts,
    length=amounts,
)


@given(some_products, some_products)
def test_whatever_the_product_the_change_leads_to_the_new_one(old, new):
    for ruling in (
        product_draft(new),
        product_draft(new, product_id=7),
        variant_draft(new, variant_id=8),
    ):
        assert (ruling.value is None) == bool(ruling.errors)
    before, after = product_text(old), product_text(new)
    assert product_text(new) == after
    changes = product_draft(new, product_id=7, before=before).value
    if changes is not None:
        whole = product_draft(new, product_id=7).value
        assert set(changes.given()) == changed_fields(before, after) | {"id"}
        assert all(getattr(changes, name) == getattr(whole, name) for name in changes.given())
