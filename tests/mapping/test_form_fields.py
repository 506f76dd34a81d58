"""Checkout form fields: the PO number and the memo of the sales order."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.bigcommerce.models import FormField
from avbc.mapping import difference, fingerprint, is_fingerprint_of
from avbc.mapping.edits import form_field_differences
from avbc.mapping.form_fields import answers, form_values
from avbc.settings import FormFieldMapping

PO = FormFieldMapping(bigcommerce="PO*", acctvantage="po_number")
NOTE = FormFieldMapping(bigcommerce="*note*", acctvantage="memo")


def fields(*pairs):
    return tuple(FormField(name=name, value=value) for name, value in pairs)


@pytest.fixture(scope="session")
def asked(make_order):
    """An order with form fields on the billing address and on its shipping addresses."""

    def make(billing=(), *shipping, **header):
        order = make_order(shipping=[("UPS Ground", "8.00")] * max(1, len(shipping)), **header)
        consignments = tuple(
            attrs.evolve(consignment, form_fields=fields(*pairs))
            for consignment, pairs in zip(order.consignments.shipping, shipping, strict=False)
        )
        if consignments:
            order.consignments = attrs.evolve(order.consignments, shipping=consignments)
        order.billing_address.form_fields = fields(*billing)
        return order

    return make


def mapped(map_it, order, *rows, **changes):
    return map_it(order, order_status={"form_fields": rows}, **changes)


@pytest.mark.parametrize(
    ("billing", "shipping", "memo"),
    [
        ([], [], ""),
        (
            [("Delivery Instructions", "Leave in backyard")],
            [],
            "Delivery Instructions: Leave in backyard",
        ),
        ([("Dock", "4"), ("Gate", "12")], [], "Dock: 4\nGate: 12"),
        ([("Dock", "4")], [("Dock", "4")], "Dock: 4"),
        ([("Dock", "4")], [(" dock ", "4 ")], "Dock: 4"),
        ([("Dock", "4")], [("Dock", "5")], "Dock: 4\nDock: 5"),
        ([("Dock", ""), ("Gate", " \n ")], [("Dock", "5")], "Dock: 5"),
        ([("Lines", "one\r\ntwo\n")], [], "Lines: one\ntwo"),
        ([("Say\nwhat", "yes")], [], "Say what: yes"),
        ([("", "alone")], [], "alone"),
        ([("A {0} %s", "{1} %(x)s &amp; <b>")], [], "A {0} %s: {1} %(x)s & <b>"),
        ([("Emoji ☕", "\x00a\ud800b")], [], "Emoji ☕: ab"),
    ],
)
def test_what_no_row_names_goes_to_the_memo(asked, map_it, billing, shipping, memo):
    assert mapped(map_it, asked(billing, shipping)).bundle.order.memo == memo


def test_the_shoppers_comment_comes_first(asked, map_it):
    order = asked([("Dock", "4")], customer_message="Ring twice")
    made = mapped(map_it, order)
    assert made.bundle.order.memo == "Ring twice\nDock: 4"
    (decision,) = (each for each in made.decisions if each.field == "memo")
    assert decision.value == made.bundle.order.memo
    assert decision.setting == "order_status.form_fields"


def test_a_row_gives_the_po_number(asked, map_it):
    order = asked([("PO number", " 4500\n017 "), ("Dock", "4")], [("PO number", "4500 017")])
    made = mapped(map_it, order, NOTE, PO)
    assert (made.bundle.order.po_number, made.bundle.order.memo) == ("4500 017", "Dock: 4")
    (decision,) = (each for each in made.decisions if each.field == "po_number")
    assert (decision.value, decision.setting) == ("4500 017", "order_status.form_fields[1]")
    assert "PO number" in decision.reason


def test_the_first_row_that_fits_counts(asked, map_it):
    order = asked([("PO note", "see mail")])
    made = mapped(map_it, order, NOTE, PO)
    assert (made.bundle.order.po_number, made.bundle.order.memo) == ("", "PO note: see mail")
    made = mapped(map_it, order, PO, NOTE)
    assert (made.bundle.order.po_number, made.bundle.order.memo) == ("see mail", "")


@pytest.mark.parametrize("paid_by", ["PO-77", None])
def test_it_comes_before_the_payments_reference_and_the_order_id(asked, map_it, paid_by):
    order = asked(
        [("PO", "4500017")],
        payment_method="Invoice",
        payment_provider_id=paid_by,
        payment_status="",
    )
    new = {"purchase_orders_from_new_clients": True}
    made = mapped(map_it, order, PO, gl=new)
    assert (made.bundle.order.po_number, made.bundle.receipts) == ("4500017", ())
    assert [each.value for each in made.decisions if each.field == "po_number"] == ["4500017"]
    assert mapped(map_it, order, gl=new).bundle.order.po_number == (paid_by or "1042")


def test_two_different_po_numbers_are_a_problem(asked, map_it):
    order = asked([("PO", "1"), ("PO 2", "po-2")], [("PO", "PO-2")])
    made = mapped(map_it, order, PO)
    (problem,) = made.problems
    assert (problem.code, problem.value) == ("po_numbers_differ", "PO: 1; PO 2: po-2")
    assert made.bundle is None


def test_a_text_is_no_po_number_and_is_not_cut(asked, map_it):
    text = "Please bill our head office and send the goods to the site"
    made = mapped(map_it, asked([("PO", text), ("PO 2", "17")]), PO)
    (problem,) = made.problems
    assert (problem.code, problem.severity) == ("po_number_too_long", "warning")
    assert made.bundle.order.po_number == "17"
    assert made.bundle.order.memo == f"PO: {text}"


def test_an_answer_that_is_not_in_the_books_is_a_difference(asked, map_it):
    order = asked([("PO", "17"), ("Dock", "4"), ("Lines", "one\ntwo")])
    made = mapped(map_it, order, PO)
    booked = made.bundle.order
    assert list(form_field_differences(booked, order)) == []
    assert list(form_field_differences(attrs.evolve(booked, memo=f"X. {booked.memo}"), order)) == []
    edited = asked([("PO", "18"), ("Dock", "5"), ("Lines", "one\ntwo")])
    assert [str(each) for each in form_field_differences(booked, edited)] == [
        "form field PO: nothing in AcctVantage, 18 in the store",
        "form field Dock: nothing in AcctVantage, 5 in the store",
    ]
    # An answer that the old one only begins with.
    assert len(list(form_field_differences(booked, asked([("Dock", "")])))) == 0
    longer = attrs.evolve(booked, memo="Dock: 42")
    assert len(list(form_field_differences(longer, asked([("Dock", "4")])))) == 1
    assert [each.field for each in difference(booked, (), mapped(map_it, edited, PO).bundle)][
        :1
    ] == ["po_number"]


TEXT = st.text(max_size=12)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=4)


@given(places=st.lists(PAIRS, min_size=3, max_size=3))
def test_every_answer_is_on_the_sales_order_once_and_the_order_is_no_edit_of_itself(
    asked, map_it, rules, places
):
    order = asked(*places)
    found = answers(order)
    values = form_values(order, rules).value
    assert len(values.memo) == len(found) == len(set(found))
    made = map_it(order)
    assert made.bundle is not None, made.problems
    assert list(form_field_differences(made.bundle.order, order)) == []
    assert is_fingerprint_of(made.bundle.order.fingerprint, order)
    swapped = asked(*places[::-1])
    assert (fingerprint(swapped) == fingerprint(order)) == (
        sorted(found) == sorted(answers(swapped))
    )
