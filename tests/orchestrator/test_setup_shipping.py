"""What the setup check proposes for shipping methods and checkout form fields of recent orders."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from avbc.orchestrator import Orchestrator
from avbc.orchestrator.reports import Check
from avbc.settings import FormFieldMapping, Settings, ShippingMethodMapping
from avbc.testing import FakeStore, OrderFactory, Shipping, item

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
STRICT = {"auto_create_missing_shipping_methods": False}


def checks(web: Orchestrator, area: str) -> dict[str, Check]:
    return {check.item: check for check in web.check_setup().checks if check.area == area}


def add(store: FakeStore, factory: OrderFactory, method: str, **options: Any) -> None:
    shipping = [Shipping(method)]
    store.add_order(factory.order([item("MUG-BLUE")], shipping=shipping, **options))


@pytest.mark.parametrize("case", [("UPS Ground (2 to 4 days)", "UPS Ground"), ("Zeppelin", "")])
def test_an_unmapped_method_comes_with_its_row(
    join: Join,
    change: Change,
    store: FakeStore,
    factory: OrderFactory,
    case: tuple[str, str],
) -> None:
    method, ship_via = case
    add(store, factory, method)
    check = checks(join(settings=change(shipping=STRICT)), "ship via")[method]
    assert check.state == "error"
    # One that is to be filled in is a comment.
    text = check.toml if ship_via else re.sub("^# ", "", check.toml, flags=re.MULTILINE)
    (row,) = tomllib.loads(text)["shipping"]["methods"]
    assert row == {"bigcommerce": method, "ship_via": ship_via}
    assert ("# one of: UPS Ground" in check.toml) == (not ship_via)
    # It is followed.
    rows = (ShippingMethodMapping(bigcommerce=method, ship_via=ship_via or "UPS Ground"),)
    web = join(settings=change(shipping={**STRICT, "methods": rows}))
    assert checks(web, "ship via")[method].state == "ok"


def test_a_name_that_may_be_a_translation_is_an_error_with_its_row(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    add(store, factory, "Expressversand", customer_locale="de")
    add(store, factory, "Drone", customer_locale="de")
    add(store, factory, "Drone")
    found = checks(web, "ship via")
    assert found["Expressversand"].state == "error"
    assert "may be a translation" in found["Expressversand"].found
    assert 'bigcommerce = "Expressversand"' in found["Expressversand"].toml
    # An order in the store's own language has this one, too: it is a new method.
    assert (found["Drone"].state, found["Drone"].toml) == ("ok", "")


def test_form_fields(join: Join, change: Change, store: FakeStore, factory: OrderFactory) -> None:
    asked = [("Your P.O. number", "17"), ("Dock", "4"), ("Upon arrival", "Ring")]
    add(store, factory, "UPS Ground", form_fields=asked)
    found = checks(join(), "form field")
    assert {name: check.state for name, check in found.items()} == {
        "Your P.O. number": "warning",
        "Dock": "ok",
        "Upon arrival": "ok",
    }
    (row,) = tomllib.loads(found["Your P.O. number"].toml)["order_status"]["form_fields"]
    for target in ("po_number", "memo"):
        rows = (FormFieldMapping(**{**row, "acctvantage": target}),)
        web = join(settings=change(order_status={"form_fields": rows}))
        assert checks(web, "form field")["Your P.O. number"].state == "ok"
