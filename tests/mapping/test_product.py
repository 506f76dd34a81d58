"""The product that a SKU means."""

import attrs
import pytest

from avbc.acctvantage.records import Product
from avbc.mapping import MappingRules, product_for

MUG = Product("MUG", "Mug", "Goods", aliases=("CUP",))
BOWL = Product("BOWL", "Bowl", "Goods", aliases=("CUP", "MUG"))
GEM = Product("GEM", "Gem", "Gems")
BOOKS = {
    "mug": (MUG, BOWL),
    "cup": (MUG, BOWL),
    "bowl": (BOWL, BOWL),
    "gem": (GEM,),
    "straße": (MUG,),
    "none": (),
}


@pytest.mark.parametrize(
    ("sku", "part_number", "code"),
    [
        ("MUG", "MUG", None),  # a part number comes before another product's alias
        (" mUg ", "MUG", None),
        ("BOWL", "BOWL", None),  # the same product twice is one
        ("CUP", None, "sku_ambiguous"),
        ("GONE", None, "sku_unknown"),
        ("none", None, "sku_unknown"),
        ("", None, "sku_missing"),
        ("  ", None, "sku_missing"),
        ("GEM", None, "product_class_inactive"),
    ],
)
def test_a_sku_means_one_product(rules, sku, part_number, code):
    ruling = product_for(sku, BOOKS, rules)
    assert (ruling.value.part_number if ruling.value else None) == part_number
    assert [problem.code for problem in ruling.problems] == ([code] if code else [])


def test_candidates_are_listed(rules):
    assert product_for("cup", BOOKS, rules).problems[0].candidates == ("MUG", "BOWL")


def test_skus_fold_as_text_not_as_ascii(rules):
    assert product_for("STRASSE", {"strasse": (MUG,)}, rules).value is MUG


def test_without_the_warehouse_no_class_is_called_inactive(settings, reference):
    rules = MappingRules(settings, attrs.evolve(reference, warehouses=()))
    assert product_for("GEM", BOOKS, rules).value is GEM


def test_classes_compare_without_case(rules):
    assert (
        product_for("x", {"x": (attrs.evolve(MUG, product_class="goods "),)}, rules).value
        is not None
    )
