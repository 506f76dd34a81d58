"""What an item says is all that there is to do, and following it goes well."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from avbc.mapping import Problem
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.attention import kept_problem
from avbc.settings import Settings
from avbc.testing import FakeStore, Line, OrderFactory, Payment

NEW, DOWNLOADED, SHIPPED = 11, 9, 2

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

OFFLINE = Payment("Cash on Delivery", state="offline")


def unknown(sku: str) -> Line:
    return Line(sku, sku.title(), Decimal(5), product_id=9)


def test_an_item_names_all_problems_of_its_code(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    lines = [unknown("NOPE-1"), unknown("NOPE-2")]
    order_id = store.add_order(factory.order(lines, payment=OFFLINE)).id
    web.import_orders()
    (item,) = web.worklist().of(order_id)
    assert item.code == "sku_unknown"
    assert "NOPE-1" in item.message
    assert "NOPE-2" in item.message
    assert item.fix.count("import_order(") == 1
    # The same problems are the same item: it is not reported again.
    web.import_order(order_id)
    assert web.worklist().of(order_id) == [item]


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ("Create it.", "Create it. Correct what is wrong, then call import_order(7) again."),
        (
            "Enter the order by hand.",
            (
                "Enter the order by hand. Correct what is wrong, then call import_order(7) again. "
                "If you entered it by hand, call settle(7)."
            ),
        ),
        (
            "Change it by hand, then call import_order(7).",
            "Change it by hand, then call import_order(7).",
        ),
    ],
)
def test_an_order_that_keeps_its_status_is_only_imported_by_its_id(fix: str, expected: str) -> None:
    again = "Correct what is wrong, then call import_order(7) again."
    kept = Problem("status_kept", "status_id", "2", "It keeps its status.", again, "warning")
    problem = kept_problem(kept, [Problem("some_code", "", "", "It is wrong.", fix)], 7)
    assert problem.code == "status_kept"
    assert problem.message == "It is wrong. It keeps its status."
    assert problem.fix == expected
