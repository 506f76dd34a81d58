"""Ship Vias (manual 2.3.2, 2.3.3)."""

import attrs
import pytest

from avbc.acctvantage.records import ShipVia
from avbc.bigcommerce.models import Consignments, PickupConsignment
from avbc.mapping import MappingRules, ship_via_for
from avbc.mapping.translated import may_be_translated
from avbc.settings import ShippingMethodMapping


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


def test_a_default_that_is_not_there_may_be_a_slip(choose):
    (problem,) = choose("", default_ship_via="Gone").problems
    assert "correct shipping.default_ship_via, or set" in problem.fix
    (problem,) = choose("Gone", default_ship_via="Gone").problems
    assert "another one in shipping.methods, or set" in problem.fix


def test_without_the_warehouse_no_class_is_called_inactive(choose):
    assert choose("Drone", warehouse="Gone", **CREATE).value.create == ShipVia("Drone", "Freight")


def test_of_two_that_fold_alike_the_first_stands(choose, reference):
    books = attrs.evolve(reference, ship_vias=(ShipVia("Ups ground"), ShipVia("UPS Ground")))
    assert choose("UPS GROUND", books=books).value.name == "Ups ground"


def row(pattern, ship_via):
    return ShippingMethodMapping(bigcommerce=pattern, ship_via=ship_via)


ROWS = (row("UPS Ground (*)", "ups ground"), row("Pickup*", "Store pickup"), row("Drone", "Gone"))


@pytest.mark.parametrize("create", [{}, CREATE])
@pytest.mark.parametrize(
    ("method", "name", "code", "setting"),
    [
        ("UPS Ground (2 to 4 days)", "UPS Ground", None, "shipping.methods[0].ship_via"),
        ("UPS&reg; Ground", None, "ship_via_unknown", ""),
        ("ups  ground (5 days)", "UPS Ground", None, "shipping.methods[0].ship_via"),
        ("Pickup at the dock", "Store pickup", None, "shipping.methods[1].ship_via"),
        # A row names what is in the books: nothing is created for a slip in it.
        ("Drone", None, "ship_via_unknown", "shipping.methods[2].ship_via"),
    ],
)
def test_rows_come_before_the_name_and_before_new_ship_vias(  # noqa: PLR0917
    choose, create, method, name, code, setting
):
    ruling = choose(method, methods=ROWS, **create)
    if not setting:  # no row: as without rows
        assert ruling == choose(method, **create)
        return
    assert (ruling.value and ruling.value.name) == name
    assert [problem.code for problem in ruling.problems] == ([code] if code else [])
    if code:
        assert setting in ruling.problems[0].fix
    else:
        assert ruling.value.create is None
        assert ruling.decisions[0].setting == setting


def test_a_row_comes_before_the_ship_via_of_the_same_name(choose):
    rows = (row("UPS Ground", "Store pickup"), row("*", "UPS Ground"))
    assert choose("UPS Ground", methods=rows).value.name == "Store pickup"
    assert choose("Anything", methods=rows).value.name == "UPS Ground"


@pytest.mark.parametrize("method", ["", "None"])
def test_an_order_without_a_method_has_the_default_whatever_the_rows_say(choose, method):
    rows = (row("*", "Store pickup"),)
    assert choose(method, methods=rows).value.name == "UPS Ground"


@pytest.mark.parametrize(
    ("locale", "language", "translated"),
    [
        ("de", "en", True),
        ("de-AT", "de", False),
        ("es-419", "en-US", True),
        ("en-US", "en", False),
        ("EN_gb", "en", False),
        ("", "en", False),
        ("de", "", False),
    ],
)
@pytest.mark.parametrize("create", [{}, CREATE])
def test_no_ship_via_is_created_for_a_name_that_may_be_a_translation(  # noqa: PLR0917
    settings, reference, locale, language, translated, create
):
    assert may_be_translated(locale, language) == translated
    shipping = attrs.evolve(settings.shipping, methods=ROWS, **create)
    rules = MappingRules(attrs.evolve(settings, shipping=shipping), reference, (), language)
    ruling = ship_via_for("Expressversand", rules, locale=locale)
    codes = [problem.code for problem in ruling.problems]
    if translated:
        assert codes == ["shipping_method_translated"]
    else:
        assert codes == ([] if create else ["ship_via_unknown"])
    # Names that are known, and orders without a method, are as ever.
    for method in ("UPS Ground", "UPS Ground (2)", ""):
        assert ship_via_for(method, rules, locale=locale).value.name == "UPS Ground"


@pytest.mark.parametrize(
    ("method", "rows", "name"),
    [
        ("Store pickup", (), "Store pickup"),
        ("Abholung", (), "UPS Ground"),
        ("Abholung", (row("Abhol*", "Store pickup"),), "Store pickup"),
    ],
)
def test_a_row_may_name_a_pickup_method(make_order, map_it, method, rows, name):
    order = make_order([make_order.item(address=0)], shipping=())
    pickup = PickupConsignment(id=9, pickup_method_display_name=method)
    order.consignments = Consignments(pickups=(pickup,))
    assert map_it(order, shipping={"methods": rows}).bundle.order.ship_via == name
