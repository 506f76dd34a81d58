"""Statuses: what a name means, and both directions of the mapping (manual 2.1.6, 2.1.7)."""

import attrs
import pytest

from avbc.bigcommerce.models import OrderStatus
from avbc.mapping import (
    MappingRules,
    new_order_status,
    status_for_books,
    status_for_store,
    store_status,
)
from avbc.settings import SettingsError, StatusMapping


def codes(ruling):
    return [problem.code for problem in ruling.problems]


@pytest.fixture
def mapped(settings, reference, statuses):
    def rules(*rows, **order_status):
        mapping = tuple(
            StatusMapping(acctvantage=ours, bigcommerce=theirs, may_move_backwards=back)
            for ours, theirs, back in rows
        )
        changed = attrs.evolve(
            settings,
            order_status=attrs.evolve(settings.order_status, mapping=mapping, **order_status),
        )
        return MappingRules(changed, reference, statuses)

    return rules


@pytest.mark.parametrize(
    ("wanted", "id_"),
    [
        ("Awaiting Fulfillment", 11),
        ("awaiting  FULFILLMENT", 11),
        ("To pick", 11),
        (11, 11),
        ("11", 11),
        ("Completed", 10),
    ],
)
def test_a_status_goes_by_name_label_or_id(statuses, wanted, id_):
    named = [
        attrs.evolve(status, custom_label="To pick") if status.id == 11 else status
        for status in statuses
    ]
    assert store_status(wanted, named).value.id == id_


@pytest.mark.parametrize("wanted", ["Nowhere", "", 99, "0011", "9" * 5000])
def test_an_unknown_status_is_a_problem_that_lists_what_there_is(statuses, wanted):
    ruling = store_status(wanted, statuses, "order_status.new_order_status")
    assert ruling.value is None
    assert codes(ruling) == ["status_unknown"]
    assert ruling.problems[0].field == "order_status.new_order_status"
    assert "Awaiting Fulfillment (id 11)" in ruling.problems[0].candidates


def test_a_label_that_is_another_status_name_must_be_written_as_an_id():
    statuses = [
        OrderStatus(id=1, name="Pending"),
        OrderStatus(id=11, name="Awaiting Fulfillment", custom_label="Pending"),
    ]
    ruling = store_status("pending", statuses)
    assert codes(ruling) == ["status_ambiguous"]
    assert ruling.problems[0].candidates == ("Pending (id 1)", "Pending (id 11)")
    assert store_status(1, statuses).value.name == "Pending"


def test_push_reads_left_to_right(mapped):
    rules = mapped(("Shipped/Invoice", "Shipped", False), ("Posted", 10, False))
    ruling = status_for_store("shipped/invoice", rules)
    assert ruling.value.id == 2
    assert [decision.setting for decision in ruling.decisions][-1] == "order_status.mapping[0]"
    assert status_for_store("Posted", rules).value.name == "Completed"


def test_push_of_an_unmapped_status_is_reported_and_not_guessed(mapped):
    ruling = status_for_store("Picked", mapped(("Shipped/Invoice", "Shipped", False)))
    assert (ruling.value, codes(ruling)) == (None, ["status_unmapped"])
    assert ruling.problems[0].fix.startswith("Add a row with 'Picked' to the Order Status Mapping")


def test_push_to_a_status_that_the_store_lacks(mapped):
    ruling = status_for_store("Picked", mapped(("Picked", "Being packed", False)))
    assert (ruling.value, codes(ruling)) == (None, ["status_unknown"])
    assert ruling.problems[0].field == "order_status.mapping[0].bigcommerce"


@pytest.mark.parametrize(
    ("rows", "store", "current", "value", "code"),
    [
        ([("Picked", "Awaiting Shipment", False)], 9, "Open", "Picked", None),
        ([("Picked", "Awaiting Shipment", False)], 9, "picked", "picked", None),
        ([("Picked", "Awaiting Shipment", False)], 2, "Open", None, "status_unmapped"),
        ([("Picked", "Awaiting Shipment", False)], 777, "Open", None, "status_unmapped"),
        # Never backwards, unless the row says so.
        ([("Picked", "Awaiting Shipment", False)], 9, "Packed", None, "status_backwards"),
        ([("Picked", "Awaiting Shipment", True)], 9, "Packed", "Picked", None),
        # Never posted, and a posted order stays as it is.
        ([("Posted", "Completed", True)], 10, "Shipped/Invoice", None, "status_posting_refused"),
        ([("Posted/Completed", "Completed", True)], 10, "Packed", None, "status_posting_refused"),
        ([("Posted", "Completed", False)], 10, "Posted", "Posted", None),
        ([("Open", "Pending", True)], 1, "Posted", None, "status_posting_refused"),
        # A row for Posted yields to another one.
        (
            [("Posted", "Completed", False), ("Shipped/Invoice", "Completed", False)],
            10,
            "Packed",
            "Shipped/Invoice",
            None,
        ),
        # Several rows: kept if it is one of them, otherwise not guessed.
        ([("Picked", 9, False), ("Packed", 9, False)], 9, "Packed", "Packed", None),
        ([("Picked", 9, False), ("Packed", 9, False)], 9, "Open", None, "status_ambiguous"),
        # A status that the books do not have.
        ([("Boxed", 9, False)], 9, "Open", None, "order_status_unknown"),
        ([("Picked", 9, False)], 9, "Strange", None, "order_status_unknown"),
        # A row whose store status does not exist takes no part.
        ([("Packed", "Gone", False), ("Picked", 9, False)], 9, "Open", "Picked", None),
    ],
)
def test_pull_reads_right_to_left(mapped, rows, *, store, current, value, code):
    ruling = status_for_books(store, current, mapped(*rows))
    assert ruling.value == value
    assert codes(ruling) == ([code] if code else [])


def test_a_new_order_gets_the_configured_status_as_the_books_write_it(mapped):
    assert new_order_status(mapped(new_sales_order_status="COMMITTED")).value == "Committed"


def test_a_new_order_never_gets_a_status_that_the_books_lack(mapped):
    ruling = new_order_status(mapped(new_sales_order_status="Gone"))
    assert (ruling.value, codes(ruling)) == (None, ["order_status_unknown"])


@pytest.mark.parametrize("written", ["Posted/Completed", "posted", "Completed"])
def test_the_settings_refuse_to_post_new_orders(mapped, written):
    with pytest.raises(SettingsError, match="must not be Posted"):
        mapped(new_sales_order_status=written)
