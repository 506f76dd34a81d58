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


PICKING = [("Open", 9, False), ("Picked", 8, False), ("Shipped/Invoice", 2, False)]


@pytest.mark.parametrize(
    ("rows", "ours", "now", "value", "code"),
    [
        (PICKING, "Picked", 9, 8, None),
        (PICKING, "Picked", 8, 8, None),
        (PICKING, "Shipped/Invoice", 8, 2, None),
        (PICKING, "Open", 8, None, "status_backwards"),
        # What was shipped in the store is shipped, with a row for it or without.
        (PICKING, "Picked", 2, None, "status_backwards"),
        (PICKING, "Picked", 3, None, "status_backwards"),
        (PICKING, "Picked", 10, None, "status_backwards"),
        (PICKING, "Shipped/Invoice", 3, 2, None),
        (PICKING, "Shipped/Invoice", 10, None, "status_backwards"),
        ([("Posted", 10, False)], "Posted", 2, 10, None),
        ([("Packed", 3, False)], "Packed", 2, None, "status_backwards"),
        ([("Packed", 3, False)], "Packed", 9, 3, None),
        # A mapping that is read the other way round does not make shipped goods come back.
        ([("Open", 2, False), ("Picked", 9, False)], "Picked", 2, None, "status_backwards"),
        # The row may say so.
        ([("Picked", 8, True)], "Picked", 10, 8, None),
        ([("Open", 9, True), ("Picked", 8, False)], "Open", 8, 9, None),
        ([("Open", 9, False), ("Picked", 8, True)], "Open", 8, None, "status_backwards"),
        # A status without a row has no place: nothing comes before it or after it.
        (PICKING, "Open", 7, 9, None),
        (PICKING, "Open", 777, 9, None),
        # Of several rows for one status the latest counts: the order may be that far.
        (
            [("Open", 9, False), ("Committed", 8, False), ("Picked", 9, False)],
            "Committed",
            9,
            None,
            "status_backwards",
        ),
        ([("Open", 9, False), ("Committed", 9, False), ("Picked", 8, False)], "Picked", 9, 8, None),
        # A row for a status that the books lack has no place.
        ([("Boxed", 8, False), ("Picked", 9, False)], "Picked", 8, 9, None),
        ([("Boxed", 8, False), ("Picked", 9, False)], "Boxed", 9, 8, None),
        ([("Boxed", 8, False)], "Boxed", 10, None, "status_backwards"),
        # By name, in any case.
        ([("OPEN", 9, False), (" picked", "completed", False)], "open", 10,
         None, "status_backwards"),
    ],
)  # fmt: skip
def test_push_never_moves_backwards(mapped, rows, *, ours, now, value, code):
    ruling = status_for_store(ours, mapped(*rows), now)
    assert (ruling.value.id if ruling.value else None) == value
    assert codes(ruling) == ([code] if code else [])


def test_a_push_that_would_go_back_says_what_to_do(mapped):
    rules = mapped(*PICKING)
    (problem,) = status_for_store("Picked", rules, 10).problems
    assert str(problem.message) == (
        "The order is 'Completed' in the store, and AcctVantage's 'Picked' would move it back to "
        "'Awaiting Pickup'."
    )
    assert problem.field == "order_status.mapping[1]"
    assert "may_move_backwards = true on the row for 'Picked'" in problem.fix
    # Each of the three is followed.
    allowed = [*PICKING[:1], ("Picked", 8, True), *PICKING[2:]]
    assert status_for_store("Picked", mapped(*allowed), 10).value.id == 8
    assert status_for_store("Picked", rules, 8).value.id == 8
    assert status_for_store("Posted", mapped(*PICKING, ("Posted", 10, False)), 10).value.id == 10


@pytest.mark.parametrize(
    "written", ["picked", " PICKED ", "PréparÉ", "pre\u0301pare\u0301", "Préparé"]
)
def test_the_books_statuses_compare_one_way_in_both_directions(mapped, reference, written):
    rules = mapped((written, 9, False))
    named = attrs.evolve(reference, order_statuses=("Open", "Picked", "Préparé"))
    rules = attrs.evolve(rules, reference=named)
    ours = "Picked" if "icked" in written.lower() else "Préparé"
    assert status_for_store(ours, rules, 8).value.id == 9
    # What is written in the books is their own spelling.
    ruling = status_for_books(9, "Open", rules)
    assert (ruling.value, codes(ruling)) == (ours, [])
    assert status_for_books(9, ours, rules).value == ours


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
