"""Ship Vias (manual 2.3.2, 2.3.3)."""

import attrs
import pytest

from avbc.acctvantage.records import ShipVia
from avbc.mapping import MappingRules, ship_via_for


@pytest.fixture
def choose(settings, reference):
    def run(method, *, books=reference, **shipping):
        changed = attrs.evolve(settings, shipping=attrs.evolve(settings.shipping, **shipping))
        return ship_via_for(method, MappingRules(changed, books))

    return run


CREATE = {"auto_create_missing_shipping_methods": True, "default_shipment_product_class": "Freight"}


@pytest.mark.parametrize(
    ("method", "changes", "name", "code"),
    [
        ("UPS Ground", {}, "UPS Ground", None),
        (" ups  ground ", {}, "UPS Ground", None),
        ("UPS&#32;Ground", {}, "UPS Ground", None),
        ("", {}, "UPS Ground", None),
        ("None", {}, "UPS Ground", None),
        ("", {"default_ship_via": ""}, None, "ship_via_missing"),
        ("", {"default_ship_via": "Gone"}, None, "ship_via_unknown"),
        ("", {"default_ship_via": "Gone", **CREATE}, "Gone", None),
        ("Drone", {}, None, "ship_via_unknown"),
        ("Drone", CREATE, "Drone", None),
        (
            "Drone",
            {**CREATE, "default_shipment_product_class": "Gems"},
            None,
            "product_class_inactive",
        ),
    ],
)
def test_a_method_finds_its_ship_via(choose, method, changes, name, code):
    ruling = choose(method, **changes)
    assert (ruling.value.name if ruling.value else None) == name
    assert [problem.code for problem in ruling.problems] == ([code] if code else [])


def test_a_created_ship_via_has_the_product_class(choose):
    assert choose("Drone &amp; Co", **CREATE).value.create == ShipVia("Drone & Co", "Freight")


def test_a_found_ship_via_is_not_created(choose):
    assert choose("ups ground", **CREATE).value.create is None


def test_the_default_says_which_setting_decided(choose):
    assert choose("").decisions[0].setting == "shipping.default_ship_via"


def test_without_the_warehouse_no_class_is_called_inactive(choose):
    assert choose("Drone", warehouse="Gone", **CREATE).value.create == ShipVia("Drone", "Freight")


def test_of_two_that_fold_alike_the_first_stands(choose, reference):
    books = attrs.evolve(reference, ship_vias=(ShipVia("Ups ground"), ShipVia("UPS Ground")))
    assert choose("UPS GROUND", books=books).value.name == "Ups ground"
