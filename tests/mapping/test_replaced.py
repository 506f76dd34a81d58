"""Which values of the store a push would replace."""

from __future__ import annotations

from decimal import Decimal

import pytest

from avbc.bigcommerce.models import CustomUrlDraft, Product, ProductDraft, Variant, VariantDraft
from avbc.mapping.field_map import FieldValue, values_text
from avbc.mapping.replaced import replaced_values


def marked(there: Product | Variant, pushed: str = "", **values: object) -> list[str]:
    make = ProductDraft if isinstance(there, Product) else VariantDraft
    return [str(each) for each in replaced_values(there, make(id=7, **values), pushed)]


@pytest.mark.parametrize(
    ("field", "there", "sent", "expected"),
    [
        ("name", "Lamp", "Lamp", []),
        ("name", "Lamp", "LAMP", ["name Lamp -> LAMP"]),
        ("name", "", "Lamp", []),
        ("description", "<p>a</p>\r\n<p>b</p>", "<p>a</p> <p>b</p>", []),
        ("description", "x" * 70, "y", [f"description {'x' * 70} -> y"]),
        ("price", Decimal("40.0000"), Decimal(40), []),
        ("price", Decimal(0), Decimal(40), ["price 0.00 -> 40.00"]),
        ("sale_price", Decimal(30), Decimal(0), ["sale_price 30.00 -> 0.00"]),
        ("sale_price", Decimal(0), Decimal(30), []),
        ("weight", Decimal(0), Decimal(1), []),
        ("is_visible", False, True, ["is_visible no -> yes"]),
        ("sort_order", 3, 3, []),
        ("categories", (3, 1), (1, 3), []),
        ("categories", (3, 1), (1, 2), ["categories (1, 3) -> (1, 2)"]),
        ("categories", (), (1, 2), []),
    ],
)
def test_values_of_products(
    *, field: str, there: FieldValue, sent: FieldValue, expected: list[str]
) -> None:
    assert marked(Product(id=7, **{field: there}), **{field: sent}) == expected


@pytest.mark.parametrize(
    ("field", "pushed", "sent"),
    [
        ("price", Decimal("40.00"), Decimal(49)),
        ("description", "x" * 100, "y"),
        ("categories", (3, 1), (1, 2)),
    ],
)
def test_what_was_pushed_last_is_no_replacement(
    *, field: str, pushed: FieldValue, sent: FieldValue
) -> None:
    there = Product(id=7, **{field: pushed})
    assert marked(there, values_text({field: pushed}), **{field: sent}) == []
    assert len(marked(there, values_text({field: sent}), **{field: sent})) == 1
    assert len(marked(there, "no text of a push", **{field: sent})) == 1


def test_what_is_no_value_of_a_field_map_is_left_out() -> None:
    assert marked(Product(id=7), custom_url=CustomUrlDraft(url="/mug/"), brand_name="Mugs") == []


def test_a_variant_without_a_price_is_sold_at_its_products() -> None:
    there = Variant(id=7, price=None, calculated_price=Decimal(20))
    assert marked(there, price=Decimal(18)) == ["price 20.00 -> 18.00"]
    assert marked(there, price=Decimal(20)) == []
    own = Variant(id=7, price=Decimal(18), sale_price=Decimal(9), calculated_price=Decimal(9))
    assert marked(own, price=Decimal(18), sale_price=None) == ["sale_price 9.00 -> (empty)"]
