"""The setup check of the part numbers that the settings name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator, SetupReport
from avbc.settings import ProductMapping, Settings
from avbc.testing import FakeStore

Check = Callable[..., SetupReport]


@pytest.fixture
def check(join: Callable[..., Orchestrator], change: Callable[..., Settings]) -> Check:
    return lambda **products: join(settings=change(products=products)).check_setup()


def found(report: SetupReport) -> dict[str, str]:
    return {each.item: each.state for each in report.checks if each.area == "part number"}


def test_part_numbers_are_looked_up_in_the_books(store: FakeStore, check: Check) -> None:
    rows = (
        ProductMapping(sku="A*", part_number="mug-red"),
        ProductMapping(name="B", part_number="GONE"),
    )
    report = check(mapping=rows, placeholder_product="NOWHERE")
    assert found(report) == {
        "products.mapping[0].part_number": "ok",
        "products.mapping[1].part_number": "error",
        "products.placeholder_product": "error",
    }
    said = {each.item: each for each in report.checks if each.area == "part number"}
    assert said["products.mapping[0].part_number"].found == "MUG-RED"
    gone = said["products.mapping[1].part_number"]
    assert gone.found == (
        "AcctVantage has no product with part number 'GONE', which "
        "products.mapping[1].part_number names."
    )
    assert "correct products.mapping[1].part_number" in gone.fix


def test_without_rows_nothing_is_asked(
    check: Check, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "find_products", None)
    assert found(check()) == {}


def test_pushes_that_go_to_what_is_booked_otherwise_are_a_warning(
    store: FakeStore, check: Check, books: SqlGateway
) -> None:
    rows = (
        ProductMapping(sku="mug-blue", part_number="MUG-RED"),
        ProductMapping(sku="MUG-RED", part_number="mug-red"),
        ProductMapping(sku="TOWEL-ST", name="Old*", part_number="MUG-RED"),
    )
    report = check(mapping=rows)
    (warning,) = (each for each in report.warnings if each.area == "part number")
    assert (warning.item, "'MUG-BLUE' are pushed to it" in warning.found) == (
        "products.mapping[0].sku",
        True,
    )
    assert "Untick the Sync to Webstore of 'MUG-BLUE'" in warning.fix
    # The fix, followed.
    with books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE products SET sync_to_webstore = false WHERE part_number = 'MUG-BLUE'"
        )
    assert "warning" not in found(check(mapping=rows)).values()
